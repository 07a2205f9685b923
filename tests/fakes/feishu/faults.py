"""Scripted failures. A fault that is ``taken`` does what was asked for first."""

import json
import threading
from dataclasses import dataclass, field
from enum import Enum

from tests.fakes.feishu.records import JSON_TYPE, Json, Request, Response


class Way(Enum):
    """How the answer goes wrong."""

    INSTEAD = "another answer"
    SLOW = "the right answer, late"
    RESET = "the connection is reset"
    DRIBBLE = "the right answer, byte by byte"
    HANG = "nothing"


@dataclass(frozen=True, slots=True)
class Fault:
    """Made by the functions below."""

    way: Way
    taken: bool
    seconds: float = 0.0
    response: Response | None = None


def answer(
    status: int, document: Json, headers: dict[str, str] | None = None, *, taken: bool = False
) -> Fault:
    """This JSON instead."""
    sent = {"Content-Type": JSON_TYPE, **(headers or {})}
    return Fault(Way.INSTEAD, taken, 0.0, Response(status, json.dumps(document).encode(), sent))


def rate_limited(reset_s: float = 1) -> Fault:
    """The gateway's frequency limit ("Rate limits")."""
    headers = {"x-ogw-ratelimit-limit": "50", "x-ogw-ratelimit-reset": f"{reset_s:g}"}
    return answer(429, {"code": 99991400, "msg": "request trigger frequency limit"}, headers)


def html(status: int = 502) -> Fault:
    """A proxy's page."""
    page = f"<html><body><h1>{status} Bad Gateway</h1></body></html>".encode()
    return Fault(
        Way.INSTEAD, taken=False, response=Response(status, page, {"Content-Type": "text/html"})
    )


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
        """The next ``times`` requests with ``part`` suffer ``fault``."""
        with self._guard:
            self._entries.append(Entry(part, fault, times))

    def pause(self, fault: Fault) -> None:
        """Everything suffers ``fault``."""
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

    def take(self, request: Request) -> Entry | None:
        """The fault of this request, used up by one."""
        with self._guard:
            if self._pause is not None:
                return self._pause
            for entry in self._entries:
                if entry.left > 0 and request.matches(entry.part):
                    entry.left -= 1
                    return entry
            return None
