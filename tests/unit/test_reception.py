"""Messages are kept before any is handled, for the platform waits for that alone."""

import threading
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from bot.messages import Message
from bot.platforms.base import Inbound
from store.errors import BusyError
from store.inbox import Accepted
from webhooks.reception import STAND_BACK_S, Reception

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.dispatcher import Dispatcher

WAIT_S = 10.0


class Clerk:
    """Keeps and handles nothing, and notes in which order it was asked to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.keeping, self.handled = threading.Event(), threading.Event()
        self.before: Callable[[str], None] = lambda _text: None

    def receive(self, message: Message) -> Accepted:
        self.before(message.text)
        self.done.append(f"keep {message.text}")
        return Accepted(len(self.done), duplicate=False, reply=None)

    def wants_files(self, _: Message) -> bool:
        return False

    def handle(self, _: int) -> None:
        self.done.append("handle")
        self.handled.set()


def said(text: str) -> Inbound:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Inbound(messages=(Message("fake", text, text, "group", "ann", "", text, at),))


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


def test_nothing_is_handled_while_another_message_is_being_kept(clerk: Clerk) -> None:
    first_is_in = threading.Event()

    def before(text: str) -> None:
        if text == "slow":
            clerk.keeping.set()
            assert first_is_in.wait(WAIT_S)

    clerk.before = before
    with closing(Reception(cast("Dispatcher", clerk))) as reception:
        slow = threading.Thread(target=reception.hear, args=[said("slow")])
        slow.start()
        assert clerk.keeping.wait(WAIT_S)
        reception.hear(said("first"))
        first_is_in.set()
        slow.join()
        assert clerk.handled.wait(WAIT_S)
    assert clerk.done == ["keep first", "keep slow", "handle", "handle"]


def test_handling_does_not_wait_for_ever(clerk: Clerk) -> None:
    def before(text: str) -> None:
        if text == "slow":
            clerk.keeping.set()
            assert clerk.handled.wait(20 * STAND_BACK_S)

    clerk.before = before
    with closing(Reception(cast("Dispatcher", clerk))) as reception:
        slow = threading.Thread(target=reception.hear, args=[said("slow")])
        slow.start()
        assert clerk.keeping.wait(WAIT_S)
        reception.hear(said("first"))
        slow.join()
    assert clerk.done[:3] == ["keep first", "handle", "keep slow"]


def test_what_could_not_be_kept_holds_up_nobody(clerk: Clerk) -> None:
    def before(text: str) -> None:
        if text == "lost":
            raise BusyError("write lock")

    clerk.before = before
    with closing(Reception(cast("Dispatcher", clerk))) as reception:
        with pytest.raises(BusyError):
            reception.hear(said("lost"))
        reception.hear(said("first"))
        assert clerk.handled.wait(STAND_BACK_S / 2)
