"""A request as it came, and what goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Request:
    """One request as it came; ``at`` is monotonic, ``status`` stays 0 until it is answered.

    The names of ``headers`` are in lower case.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float
    status: int = 0

    @property
    def label(self) -> str:
        """Such as ``POST /cgi-bin/message/send``; faults are looked up by it."""
        return f"{self.method} {self.path}"


class Answer(Protocol):
    """What the server needs of an answer; each platform may keep more in its own."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> bytes:
        """All of it; the server counts its length."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Without Content-Length."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer and nothing more."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
