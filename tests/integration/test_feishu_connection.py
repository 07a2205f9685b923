"""The long connection: the real child with the real SDK, against a stand-in for Feishu."""

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from bot.platforms.base import Ears, Inbound
from bot.platforms.feishu import events
from bot.platforms.feishu.connection import FeishuConnection
from store.errors import StoreError
from tests import processes
from tests.fakes.feishu import Event, FakeFeishu, faults
from tests.servers import wait_until

START_S = 60  # a child imports the SDK first: seconds, and more on a busy machine
ENDPOINT = "/callback/ws/endpoint"
TOAST = {"type": "info", "content": "收到", "i18n": {"zh_cn": "收到", "en_us": "Got it"}}

PARENT = """
import sys, threading
from bot.platforms.base import Ears
from bot.platforms.feishu import events
from bot.platforms.feishu.connection import FeishuConnection

base_url, app_id, app_secret = sys.stdin.readline().split()
connection = FeishuConnection(
    app_id=app_id, app_secret=app_secret, base_url=base_url,
    parse=lambda envelope: events.parse(envelope, bot_open_id=""),
)
connection.open(Ears(hear=lambda inbound: None, down=lambda platform, reason: None))
print("ready", flush=True)
threading.Event().wait()
"""


class Listening:
    """Ears that keep what they hear; ``before`` runs first and may raise or wait."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.downs: list[tuple[str, str]] = []
        self.before: Callable[[], None] = lambda: None

    def hear(self, inbound: Inbound) -> None:
        self.before()
        self.heard.append(inbound)

    def down(self, platform: str, reason: str) -> None:
        self.downs.append((platform, reason))

    @property
    def ears(self) -> Ears:
        return Ears(hear=self.hear, down=self.down)

    @property
    def texts(self) -> list[str]:
        return [message.text for inbound in self.heard for message in inbound.messages]


@pytest.fixture(scope="module")
def feishu() -> Iterator[FakeFeishu]:
    with FakeFeishu() as fake:
        yield fake


@pytest.fixture(scope="module")
def open_line(feishu: FakeFeishu) -> Iterator[Listening]:
    """One connection for all the tests that leave it as it was."""
    listening = Listening()
    connection = connection_to(feishu)
    connection.open(listening.ears)
    assert feishu.connected(START_S)
    yield listening
    connection.close()


@pytest.fixture
def listening(open_line: Listening) -> Listening:
    open_line.heard.clear()
    open_line.before = lambda: None
    return open_line


def connection_to(feishu: FakeFeishu, *, silence_s: float = 300.0) -> FeishuConnection:
    return FeishuConnection(
        app_id=feishu.app_id,
        app_secret=feishu.app_secret,
        base_url=feishu.base_url,
        parse=partial(events.parse, bot_open_id=feishu.bot_open_id),
        silence_s=silence_s,
    )


def children(parent: int) -> set[int]:
    """The living listeners that a process has started."""
    return {
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(entry) == parent and b"listener" in _command(entry)
    }


def _parent(entry: Path) -> int:
    try:
        state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:  # it has just ended
        return 0
    return 0 if state == "Z" else int(parent)


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    return _parent(Path("/proc") / str(pid)) != 0


def until(condition: Callable[[], object], *, timeout_s: float = START_S) -> None:
    wait_until(lambda: bool(condition()), within_s=timeout_s, what="it did not happen")


def test_an_event_is_acknowledged_once_it_is_durable_and_not_before(
    feishu: FakeFeishu, listening: Listening
) -> None:
    reached, durable = threading.Event(), threading.Event()

    def store() -> None:
        reached.set()
        assert durable.wait(2)

    listening.before = store
    with ThreadPoolExecutor() as pool:
        push = pool.submit(feishu.socket_push, feishu.text("查库存 A"))
        assert reached.wait(5)
        with pytest.raises(TimeoutError):
            push.result(0.3)
        durable.set()
        ack = push.result(5)

    assert (ack.code, ack.answer) == (200, None)
    assert listening.texts == ["查库存 A"]


def test_an_event_in_several_frames_is_one(feishu: FakeFeishu, listening: Listening) -> None:
    said = "查" * 5_000

    assert feishu.socket_push(feishu.direct_text(said), parts=3).code == 200
    assert listening.texts == [said]


@pytest.mark.parametrize("error", [StoreError(), RuntimeError("a bug")])
def test_what_could_not_be_kept_is_not_acknowledged(
    feishu: FakeFeishu, listening: Listening, error: Exception
) -> None:
    def fail() -> None:
        raise error

    listening.before = fail
    refused = feishu.socket_push(feishu.text("入库 A 1"))
    listening.before = lambda: None
    taken = feishu.socket_push(feishu.text("入库 A 2"))

    assert (refused.code, taken.code) == (500, 200)
    assert listening.texts == ["入库 A 2"]


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(
    feishu: FakeFeishu, listening: Listening
) -> None:
    reached, late = threading.Event(), threading.Event()

    def store_slowly() -> None:
        listening.before = fail
        reached.set()
        assert late.wait(10)

    def fail() -> None:
        raise StoreError

    listening.before = store_slowly
    slow = feishu.socket_push(feishu.text("一"))
    assert reached.is_set()
    with ThreadPoolExecutor() as pool:
        push = pool.submit(feishu.socket_push, feishu.text("二"))
        late.set()
        second = push.result(5)

    assert slow.code == 500
    assert slow.seconds < 3
    assert second.code == 500
    assert listening.texts == ["一"]


def test_events_nobody_handles_are_acknowledged(feishu: FakeFeishu, listening: Listening) -> None:
    event = feishu.other("im.message.message_read_v1", {"reader": {}})

    ack = feishu.socket_push(event)

    assert (ack.code, ack.answer) == (200, None)
    assert listening.heard == []


def test_a_press_is_answered_by_a_toast_and_a_foreign_one_by_nothing(
    feishu: FakeFeishu, listening: Listening
) -> None:
    ours = feishu.socket_push(press(feishu, {"card": 7, "button": "b1"}))
    theirs = feishu.socket_push(press(feishu, "x"))

    assert (ours.code, ours.answer) == (200, {"toast": TOAST})
    assert (theirs.code, theirs.answer) == (200, {})
    (inbound,) = listening.heard
    assert inbound.messages[0].press is not None


def press(feishu: FakeFeishu, value: object) -> Event:
    pressed = {
        "operator": {"open_id": feishu.user, "tenant_key": feishu.tenant_key},
        "action": {"tag": "button", "value": value},
        "context": {"open_message_id": "om_9", "open_chat_id": feishu.group},
    }
    return feishu.other(events.PRESS, pressed)


@pytest.mark.usefixtures("listening")
def test_no_secret_is_among_what_other_processes_can_see(feishu: FakeFeishu) -> None:
    (child,) = children(os.getpid())
    seen = [(Path("/proc") / str(child) / name).read_bytes() for name in ("cmdline", "environ")]

    assert not any(feishu.app_secret.encode() in part for part in seen)


def test_a_connection_that_is_lost_or_falls_silent_is_made_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listening, others = Listening(), children(os.getpid())
    with FakeFeishu() as feishu, caplog.at_level(logging.DEBUG):
        connection = connection_to(feishu, silence_s=3)
        connection.open(listening.ears)
        try:
            assert feishu.connected(START_S)
            until(lambda: feishu.pings >= 5)  # longer than the silence that is borne
            assert feishu.connects == 1
            (first,) = children(os.getpid()) - others
            feishu.drop_connections()
            until(lambda: feishu.connects == 2)
            assert not alive(first)

            (second,) = children(os.getpid()) - others
            feishu.go_silent()
            until(lambda: not alive(second))
            feishu.speak()
            until(lambda: feishu.connects > 2 and connection.state() == "connected")
            assert feishu.socket_push(feishu.text("SECRET-TEXT")).code == 200
        finally:
            connection.close()

    assert listening.texts == ["SECRET-TEXT"]
    reasons = [record.__dict__.get("reason") for record in caplog.records]
    assert [reason for reason in reasons if reason] == ["ConnectionClosedError", "silent"]
    told = "".join(str(record.__dict__) for record in caplog.records)
    assert not any(word in told for word in (feishu.app_secret, "SECRET-TEXT", "ticket", "ws://"))


REFUSALS: dict[str, Callable[[FakeFeishu], object]] = {
    "no such secret": lambda feishu: feishu.fail(
        ENDPOINT, faults.answer(200, {"code": 10015, "msg": "wrong app secret"})
    ),
    "a bad request": lambda feishu: feishu.fail(
        ENDPOINT, faults.answer(400, {"code": 10003, "msg": "invalid param"})
    ),
    "a forbidden socket": lambda feishu: feishu.refuse_handshakes(1, status=403),
    "too many sockets": lambda feishu: feishu.refuse_handshakes(1, status=514, code=1000040350),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refused_app_is_told_to_somebody_and_not_tried_again_at_once(why: str) -> None:
    listening, others = Listening(), children(os.getpid())
    with FakeFeishu() as feishu:
        REFUSALS[why](feishu)
        connection = connection_to(feishu)
        connection.open(listening.ears)
        try:
            until(lambda: listening.downs)
            until(lambda: children(os.getpid()) == others)
            time.sleep(1.5)  # a lost connection is made again after 1 s
            assert children(os.getpid()) == others
            assert connection.state() == "connecting"
        finally:
            connection.close()

    ((platform, reason),) = listening.downs
    assert platform == "feishu"
    assert re.fullmatch(r"refused, code [0-9]+", reason)


def test_a_busy_server_is_asked_again_and_nobody_is_told() -> None:
    listening = Listening()
    with FakeFeishu() as feishu:
        feishu.fail(ENDPOINT, faults.html(502))
        connection = connection_to(feishu)
        connection.open(listening.ears)
        try:
            assert feishu.connected(START_S)
        finally:
            connection.close()

    assert len(feishu.calls(ENDPOINT)) == 2
    assert listening.downs == []


def test_hanging_up_takes_not_long_whatever_the_child_does() -> None:
    with FakeFeishu() as feishu:
        connection = connection_to(feishu)
        assert connection.state() == "off"
        before = children(os.getpid())
        connection.open(Listening().ears)
        until(lambda: children(os.getpid()) - before)
        (child,) = children(os.getpid()) - before
        os.kill(child, signal.SIGSTOP)  # it cannot end when it is asked to

        began = time.monotonic()
        connection.close()

        assert time.monotonic() - began < 4
        assert connection.state() == "off"
        until(lambda: not alive(child), timeout_s=1)
        connection.close()  # once more does nothing


def test_a_killed_parent_leaves_no_child() -> None:
    with FakeFeishu() as feishu:
        parent = processes.start(PARENT)
        try:
            assert parent.stdin is not None
            parent.stdin.write(f"{feishu.base_url} {feishu.app_id} {feishu.app_secret}\n")
            parent.stdin.flush()
            processes.ready(parent)
            assert feishu.connected(START_S)
            (child,) = children(parent.pid)
            until(lambda: feishu.pings)
            feishu.go_silent()  # with something to say, the child would notice by that
        finally:
            parent.send_signal(signal.SIGKILL)
            parent.communicate()

        until(lambda: not alive(child), timeout_s=5)
