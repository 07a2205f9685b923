"""How fast chats are told things, and when a line is taken for dead."""

import itertools

import pytest

from bot.pacing import ABREAST, CLOSED, FAILURES, LAST_PROBE_S, OPEN, PROBE_S, PROBING, Pacing
from bot.platforms.base import Line

ROBOT = Line("wecom:robot/orders", burst=4, interval_s=4.3)
LINES = {"wecom:robot/orders": ROBOT, "feishu:a": Line("feishu"), "feishu:b": Line("feishu")}


class Ticking:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def pacing(clock: Ticking) -> Pacing:
    return Pacing(LINES.get, monotonic=clock)


def say(pacing: Pacing, target: str, *, urgent: bool = False, answered: bool = True) -> bool:
    if not pacing.begin(target, urgent=urgent):
        return False
    pacing.end(target, answered=answered)
    return True


def greedy(pacing: Pacing, clock: Ticking, seconds: float, *, urgent: bool = False) -> list[float]:
    """When things were said by somebody who always has more to say."""
    said, end = [], clock.now + seconds
    while clock.now < end:
        if say(pacing, "wecom:robot/orders", urgent=urgent):
            said.append(clock.now)
        else:
            clock.now += 0.1
    return said


def most_in_a_minute(said: list[float]) -> int:
    return max(sum(1 for other in said if at <= other < at + 60) for at in said)


def test_no_minute_has_more_than_the_platform_allows(pacing: Pacing, clock: Ticking) -> None:
    said = greedy(pacing, clock, 300)
    assert most_in_a_minute(said) <= 18
    assert len(said) > 60  # and no minute is wasted


def test_urgent_things_have_an_allowance_beside_the_budget(pacing: Pacing, clock: Ticking) -> None:
    said = greedy(pacing, clock, 10)
    assert pacing.wait_s("wecom:robot/orders", urgent=False) > 0
    assert say(pacing, "wecom:robot/orders", urgent=True)
    both = said + greedy(pacing, clock, 200, urgent=True)
    assert most_in_a_minute(both) <= 20


def test_what_waits_is_spread_out_instead_of_bunched(pacing: Pacing, clock: Ticking) -> None:
    said = greedy(pacing, clock, 120)
    pauses = [b - a for a, b in itertools.pairwise(said)]
    assert max(pauses) < 5


def test_changing_a_card_waits_for_no_token_and_takes_none(pacing: Pacing, clock: Ticking) -> None:
    greedy(pacing, clock, 5)
    for _ in range(20):
        assert pacing.begin("wecom:robot/orders", urgent=True, edit=True)
        pacing.end("wecom:robot/orders", answered=True)
    waits = pacing.wait_s("wecom:robot/orders", urgent=False)
    assert 0 < waits < 4.4
    for _ in range(FAILURES):
        say(pacing, "feishu:a", answered=False)
    assert not pacing.begin("feishu:b", urgent=True, edit=True)  # but for the line


def test_a_platform_that_says_how_long_to_wait_is_obeyed(pacing: Pacing, clock: Ticking) -> None:
    assert pacing.begin("wecom:robot/orders", urgent=False)
    pacing.end("wecom:robot/orders", answered=True, pause_s=60)
    clock.now += 59
    assert not say(pacing, "wecom:robot/orders", urgent=True)
    clock.now += 1.1
    assert say(pacing, "wecom:robot/orders")


def test_a_new_sender_does_not_begin_with_a_full_budget(pacing: Pacing, clock: Ticking) -> None:
    pacing.seed({"wecom:robot/orders": 18, "feishu:a": 3, "gone:x": 1})
    assert not say(pacing, "wecom:robot/orders")
    clock.now += 4.4
    assert say(pacing, "wecom:robot/orders")
    assert say(pacing, "feishu:a")


def test_a_line_nobody_answers_on_opens_and_takes_one_probe_at_a_time(
    pacing: Pacing, clock: Ticking
) -> None:
    for _ in range(FAILURES):
        assert pacing.states().get("feishu", CLOSED) == CLOSED
        assert say(pacing, "feishu:a", answered=False)
    assert pacing.states()["feishu"] == OPEN
    assert not say(pacing, "feishu:b")  # the other chats of the line are spared as well
    assert say(pacing, "wecom:robot/orders")  # the other platform is not

    clock.now += PROBE_S
    assert pacing.begin("feishu:a", urgent=False)
    assert pacing.states()["feishu"] == PROBING
    assert not pacing.begin("feishu:b", urgent=True)
    pacing.end("feishu:a", answered=False)
    assert pacing.wait_s("feishu:a", urgent=False) == pytest.approx(2 * PROBE_S)

    clock.now += 2 * PROBE_S
    assert say(pacing, "feishu:b")
    assert pacing.states()["feishu"] == CLOSED
    assert say(pacing, "feishu:a")


def test_calls_under_way_when_the_line_opened_make_nobody_wait_longer(pacing: Pacing) -> None:
    for _ in range(ABREAST):
        assert pacing.begin("feishu:a", urgent=False)
    for _ in range(FAILURES - 1):
        pacing.end("feishu:a", answered=False)
        assert pacing.begin("feishu:a", urgent=False)
    for _ in range(ABREAST):  # the line opens, and the rest of the calls fail as well
        pacing.end("feishu:a", answered=False)
    assert pacing.wait_s("feishu:a", urgent=False) == pytest.approx(PROBE_S)


def test_probes_become_rarer_up_to_a_bound(pacing: Pacing, clock: Ticking) -> None:
    for _ in range(FAILURES + 12):
        clock.now += LAST_PROBE_S
        assert say(pacing, "feishu:a", answered=False)
    assert pacing.wait_s("feishu:a", urgent=False) == pytest.approx(LAST_PROBE_S)


def test_an_answer_in_between_counts_from_anew(pacing: Pacing) -> None:
    for _ in range(3):
        for _ in range(FAILURES - 1):
            say(pacing, "feishu:a", answered=False)
        say(pacing, "feishu:a")
    assert pacing.states()["feishu"] == CLOSED


def test_a_probe_that_never_went_out_decides_nothing(pacing: Pacing, clock: Ticking) -> None:
    for _ in range(FAILURES):
        say(pacing, "feishu:a", answered=False)
    clock.now += PROBE_S
    assert pacing.begin("feishu:a", urgent=False)
    pacing.end("feishu:a", answered=None)
    assert pacing.states()["feishu"] == OPEN
    assert say(pacing, "feishu:a")


def test_a_hanging_line_holds_few_calls_at_once(pacing: Pacing) -> None:
    began = [pacing.begin("feishu:a", urgent=False) for _ in range(ABREAST + 2)]
    assert began == [True] * ABREAST + [False] * 2
    assert say(pacing, "wecom:robot/orders")
