"""Scripted failures. A fault that is ``taken`` does what was asked for first."""

import threading
from dataclasses import dataclass, field
from enum import Enum

from tests.fakes.http.exchange import Answer, Response


class Way(Enum):
    """How the answer goes wrong."""

    INSTEAD = "another answer"
    SLOW = "the right answer, late"
    RESET = "the connection is reset"
    DRIBBLE = "the right answer, byte by byte"
    TRUNCATED = "the first half of the right answer"
    HANG = "nothing"


@dataclass(frozen=True, slots=True)
class Fault:
    """Made by the functions below and by those of a platform.

    ``response`` is what goes back ``INSTEAD``; ``seconds`` is how late ``SLOW`` is and how long
    each byte of ``DRIBBLE`` takes.
    """

    way: Way
    taken: bool
    seconds: float = 0.0
    response: Answer | None = None


def html(status: int) -> Fault:
    """A proxy's page; each platform has its own usual ``status``."""
    page = f"<html><body><h1>{status} Server Error</h1></body></html>".encode()
    sent = Response(status, page, {"Content-Type": "text/html"})
    return Fault(Way.INSTEAD, taken=False, response=sent)


def slow(seconds: float) -> Fault:
    """The right answer, so much later."""
    return Fault(Way.SLOW, taken=True, seconds=seconds)


def lost() -> Fault:
    """It is done, and the connection is reset in place of an answer."""
    return Fault(Way.RESET, taken=True)


def reset() -> Fault:
    """The connection is reset and nothing done."""
    return Fault(Way.RESET, taken=False)


def empty(*, taken: bool = True) -> Fault:
    """HTTP 200 and no body."""
    return Fault(Way.INSTEAD, taken, response=Response(200, b""))


def truncated() -> Fault:
    """It is done, and the answer ends in the middle."""
    return Fault(Way.TRUNCATED, taken=True)


def dribble(byte_s: float = 0.2) -> Fault:
    """The right answer, one byte every ``byte_s``."""
    return Fault(Way.DRIBBLE, taken=True, seconds=byte_s)


def hang(*, taken: bool = False) -> Fault:
    """No answer at all."""
    return Fault(Way.HANG, taken)


@dataclass(slots=True)
class Entry:
    """One scripted fault; ``over`` ends those that hang in it."""

    part: str
    fault: Fault
    left: float
    over: threading.Event = field(default_factory=threading.Event)


class Script:
    """Which request suffers what. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._entries: list[Entry] = []
        self._pause: Entry | None = None

    def add(self, part: str, fault: Fault, times: int) -> None:
        """The next ``times`` requests with ``part`` in their label suffer ``fault``."""
        with self._guard:
            self._entries.append(Entry(part, fault, times))

    def pause(self, fault: Fault) -> None:
        """Everything suffers ``fault``; an earlier pause is over."""
        self.resume()
        with self._guard:
            self._pause = Entry("", fault, float("inf"))

    def resume(self) -> None:
        """The pause is over; what still hangs in it is reset."""
        with self._guard:
            if self._pause is not None:
                self._pause.over.set()
            self._pause = None

    def heal(self) -> None:
        """No faults any more."""
        self.resume()
        with self._guard:
            for entry in self._entries:
                entry.over.set()
            self._entries.clear()

    def take(self, label: str) -> Entry | None:
        """The fault of this request, used up by one; ``label`` as in ``Request.label``."""
        with self._guard:
            if self._pause is not None:
                return self._pause
            for entry in self._entries:
                if entry.left > 0 and entry.part in label:
                    entry.left -= 1
                    return entry
            return None
