"""What the outbox holds is said: in order per chat, again after failures, by the leader alone."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from bot.delivery import FIRST_RETRY_S, LAST_RETRY_S, Leftovers, Sender, quiet_for, wait_s
from bot.lease import Leadership
from bot.messages import Reply
from bot.platforms.base import SendError
from store import inbox, jobs, outbox
from store.db import Database, Tx
from store.errors import LeaseLostError, OrderNotFoundError
from store.models import Outbox
from store.outbox import Parcel
from tests.fakes.platform import FakePlatform

DEADLINE_S = 10.0


def said(_: Tx, parcel: Parcel) -> Reply:
    return Reply(text=parcel.payload["text"])


def bury(tx: Tx, parcel: Parcel, error: SendError) -> None:
    outbox.post(
        tx,
        target="fake:owner",
        topic="notice",
        kind="notice",
        key=f"dead:{parcel.id}",
        payload={"text": str(error)},
    )


class Rig:
    """A sender with its platform; ``results`` are (text, outcome) as they are reported."""

    def __init__(self, db: Database, **options: Callable[..., object]) -> None:
        self.db = db
        self.platform = FakePlatform()
        self.leadership = Leadership(db, owner="a")
        self.results: list[tuple[str, str]] = []
        self._more = threading.Condition()
        settings: dict[str, Callable[..., object]] = {
            "compose": said,
            "announce_dead": bury,
            "on_result": self._note,
            **options,
        }
        self.sender = Sender(
            db,
            self.leadership,
            platforms={"fake": self.platform},
            **settings,  # type: ignore[arg-type]  # each is what its name says
        )

    def post(self, text: str, chat: str = "one", *, urgent: bool = False, kind: str = "x") -> None:
        self.db.run(
            lambda tx: outbox.post(
                tx,
                target=f"fake:{chat}" if ":" not in chat else chat,
                topic="orders",
                kind=kind,
                key=text,
                payload={"text": text},
                urgent=urgent,
            )
        )

    def wait_for(self, results: int) -> list[tuple[str, str]]:
        """The reports, once there are so many."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.results) >= results, DEADLINE_S)
            return list(self.results)

    def row(self, text: str) -> Outbox:
        """The row that ``post`` wrote."""

        def find(tx: Tx) -> Outbox:
            row = tx.exec(select(Outbox).where(col(Outbox.dedupe_key).startswith(f"{text}>"))).one()
            tx.expunge(row)
            return row

        return self.db.read(find)

    def turn(self) -> None:
        """One look at the outbox, everything it found sent."""
        held = self.leadership.held()
        parcels = self.db.run(lambda tx: outbox.claim(tx, sender="a")) if held else []
        for parcel in parcels:
            self.sender.deliver(parcel)

    def _note(self, parcel: Parcel, outcome: str) -> None:
        with self._more:
            self.results.append((parcel.payload["text"], outcome))
            self._more.notify_all()


@pytest.fixture
def rig(db: Database) -> Iterator[Rig]:
    made = Rig(db)
    made.leadership.turn()
    yield made
    made.sender.stop()


def test_a_commit_wakes_the_sender_and_a_chat_hears_things_in_order(rig: Rig) -> None:
    rig.sender.start()
    for number in range(5):
        rig.post(f"{number}")
    rig.wait_for(5)
    assert rig.platform.texts("one") == ["0", "1", "2", "3", "4"]


def test_what_was_said_is_kept_with_its_row(rig: Rig) -> None:
    rig.post("hello")
    rig.turn()
    row = rig.row("hello")
    assert (row.state, row.payload["reply"]["text"]) == ("sent", "hello")


def test_urgent_things_pass_the_others_of_their_chat(rig: Rig) -> None:
    rig.post("first")
    rig.post("second")
    rig.post("sold out", urgent=True)
    for _ in range(3):
        rig.turn()
    assert rig.platform.texts("one") == ["sold out", "first", "second"]


def test_a_chat_that_hangs_delays_nobody_else(rig: Rig) -> None:
    release = threading.Event()

    def hang(chat: str, _: Reply) -> None:
        if chat == "slow":
            assert release.wait(DEADLINE_S)

    rig.platform.before = hang
    rig.sender.start()
    rig.post("stuck", "slow")
    for number in range(10):
        rig.post(f"{number}", f"quick-{number % 3}")
    rig.wait_for(10)
    assert rig.platform.texts("slow") == []
    release.set()
    assert ("stuck", "sent") in rig.wait_for(11)


def test_a_failure_is_tried_again_later_and_blocks_its_own_chat_only(rig: Rig) -> None:
    def fail(chat: str, _: Reply) -> None:
        if chat == "one":
            raise SendError("502")

    rig.platform.before = fail
    rig.post("a")
    rig.post("behind a")
    rig.post("b", "two")
    rig.turn()
    rig.turn()
    assert rig.results == [("a", "retry"), ("b", "sent")]
    row = rig.row("a")
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "502")


def test_waits_double_up_to_ten_minutes_and_obey_the_platform() -> None:
    for attempt in range(1, 30):
        longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** (attempt - 1))
        assert 0.7 * longest <= wait_s(attempt, None) <= longest
    assert wait_s(1, 42.0) == 42.0
    assert wait_s(1, 1e9) == LAST_RETRY_S


def test_what_is_refused_for_good_dies_with_a_word_to_the_owner(rig: Rig) -> None:
    def refuse(chat: str, _: Reply) -> None:
        if chat == "one":
            raise SendError("robot removed", permanent=True)

    rig.platform.before = refuse
    rig.post("a")
    rig.post("b")
    rig.turn()
    assert rig.row("a").state == "dead"
    rig.turn()
    assert rig.platform.texts("owner") == ["robot removed"]
    assert rig.row("b").state == "dead"


def test_a_row_whose_subject_is_gone_dies_at_once(db: Database) -> None:
    def compose(_tx: Tx, _parcel: Parcel) -> Reply:
        raise OrderNotFoundError("1033")

    rig = Rig(db, compose=compose)
    rig.leadership.turn()
    rig.post("a")
    rig.turn()
    assert rig.results == [("a", "dead")]
    rig.sender.stop()


def test_a_bug_in_one_row_is_tried_again_and_stops_nobody(db: Database) -> None:
    def compose(tx: Tx, parcel: Parcel) -> Reply:
        if parcel.payload["text"] == "poison":
            raise KeyError("bug")
        return said(tx, parcel)

    rig = Rig(db, compose=compose)
    rig.leadership.turn()
    rig.post("poison")
    rig.post("fine", "two")
    rig.turn()
    assert sorted(rig.results) == [("fine", "sent"), ("poison", "retry")]
    for _ in range(outbox.MAX_ATTEMPTS):
        db.run(_due_now)
        rig.turn()
    assert rig.row("poison").state == "dead"
    rig.sender.stop()


def test_a_platform_that_is_off_keeps_its_messages(rig: Rig) -> None:
    rig.post("a", "feishu:group")
    rig.turn()
    assert rig.results == [("a", "retry")]


def test_without_the_lease_nothing_is_sent(db: Database) -> None:
    rig = Rig(db)
    other = Leadership(db, owner="b")
    other.turn()
    rig.leadership.turn()
    rig.post("a")
    assert rig.sender.turn() > 0
    assert rig.row("a").attempts == 0
    rig.sender.stop()


def test_a_lease_lost_between_claim_and_send_gives_the_row_back(rig: Rig) -> None:
    rig.post("a")
    parcel = rig.db.run(lambda tx: outbox.claim(tx, sender="a"))[0]
    rig.leadership.stop()
    rig.sender.deliver(parcel)
    assert rig.platform.said == []
    row = rig.row("a")
    assert (row.state, row.leased_by, row.attempts) == ("pending", None, 0)


def test_a_stale_leader_claims_nothing(rig: Rig) -> None:
    stale = rig.leadership.held()
    assert stale is not None
    rig.db.run(lambda tx: jobs.release(tx, stale))
    rig.post("a")
    with pytest.raises(LeaseLostError):
        rig.sender.turn()
    assert rig.row("a").leased_by is None


def test_the_next_leader_frees_what_a_dead_one_had_claimed(db: Database) -> None:
    rig = Rig(db)
    rig.post("a")
    db.run(lambda tx: outbox.claim(tx, sender="dead"))
    assert rig.row("a").leased_by == "dead"
    rig.leadership.turn()
    rig.turn()
    assert rig.platform.texts("one") == ["a"]
    rig.sender.stop()


def test_stopping_finishes_what_is_being_sent_and_gives_back_the_rest(db: Database) -> None:
    rig = Rig(db)
    rig.leadership.turn()
    started, release = threading.Event(), threading.Event()

    def slow(_chat: str, _reply: Reply) -> None:
        started.set()
        assert release.wait(DEADLINE_S)

    rig.platform.before = slow
    rig.sender.start()
    rig.post("a")
    assert started.wait(DEADLINE_S)
    stopper = threading.Thread(target=rig.sender.stop)
    stopper.start()
    release.set()
    stopper.join(DEADLINE_S)
    assert rig.row("a").state == "sent"
    rig.post("late")
    assert rig.row("late").leased_by is None


@pytest.mark.parametrize(
    ("local", "hours", "minutes"),
    [
        ("21:59", "22:00-08:00", 0),
        ("22:00", "22:00-08:00", 600),
        ("23:30", "22:00-08:00", 510),
        ("00:00", "22:00-08:00", 480),
        ("07:59", "22:00-08:00", 1),
        ("08:00", "22:00-08:00", 0),
        ("13:30", "12:00-14:00", 30),
        ("14:00", "12:00-14:00", 0),
    ],
)
def test_pushes_wait_for_the_end_of_the_quiet_hours(local: str, hours: str, minutes: int) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime.combine(datetime(2026, 3, 2, tzinfo=UTC), time.fromisoformat(local), zone)
    begin, end = (time.fromisoformat(part) for part in hours.split("-"))
    quiet_s = quiet_for((begin, end), zone, lambda: now)
    assert quiet_s(parcel()) == minutes * 60
    assert quiet_s(parcel(urgent=True)) == 0
    assert quiet_s(parcel(kind="reply")) == 0
    assert quiet_for(None, zone, lambda: now)(parcel()) == 0


def test_the_quiet_hours_end_by_the_clock_on_the_wall_when_it_changes() -> None:
    zone = ZoneInfo("Europe/Berlin")
    before_spring = datetime(2026, 3, 28, 23, 0, tzinfo=zone)
    quiet_s = quiet_for((time(22), time(8)), zone, lambda: before_spring)
    assert quiet_s(parcel()) == 8 * 3600  # that night has one hour less


def test_a_quiet_push_is_put_off_without_counting_as_an_attempt(db: Database) -> None:
    rig = Rig(db, quiet=lambda parcel: 0.0 if parcel.urgent else 3600.0)
    rig.leadership.turn()
    rig.post("push")
    rig.turn()
    row = rig.row("push")
    assert (row.state, row.attempts, row.leased_by) == ("pending", 0, None)
    rig.turn()
    assert rig.platform.said == []
    rig.post("urgent", urgent=True)
    rig.turn()
    assert rig.platform.texts("one") == ["urgent"]
    rig.sender.stop()


def test_messages_left_by_a_crash_are_handled_and_fresh_ones_left_alone(db: Database) -> None:
    def accept(number: int) -> int:
        return db.run(
            lambda tx: inbox.accept(
                tx,
                platform="fake",
                message_id=f"m{number}",
                chat_id="one",
                user_id="u",
                message={"text": "x"},
            )
        ).id

    handled: list[int] = []

    def handle(inbox_id: int) -> None:
        if inbox_id == poison:
            raise RuntimeError("bug")
        db.run(lambda tx: inbox.claim(tx, inbox_id))
        handled.append(inbox_id)

    poison, first = accept(0), accept(1)
    leftovers = Leftovers(db, handle)
    assert leftovers.sweep() == 0  # somebody may be handling it this very moment
    fresh = accept(2)
    leftovers.sweep()
    assert handled == [first]
    leftovers.sweep()
    assert handled == [first, fresh]
    last = accept(3)
    leftovers.sweep(at_once=True)
    assert handled == [first, fresh, last]


def parcel(*, urgent: bool = False, kind: str = "order_new") -> Parcel:
    return Parcel(
        id=1,
        topic="orders",
        kind=kind,
        target="fake:one",
        payload={},
        urgent=urgent,
        attempts=1,
        created_at=datetime.now(UTC),
    )


def _due_now(tx: Tx) -> None:
    for row in tx.exec(select(Outbox)).all():
        row.next_attempt_at = outbox.AT_ONCE - timedelta(seconds=1)
        tx.add(row)
