"""What every chat platform must be able to do; ``bot.platforms.console`` is the smallest one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.messages import Message, Reply

FUTURE_S = 300  # a signed timestamp further ahead of our clock than this is refused


class VerificationError(Exception):
    """What came in does not prove where it comes from; the sender is told nothing."""


class SendError(Exception):
    """The platform did not take a message.

    ``retry_after_s``: it said how long to wait, None when it did not. ``permanent``: trying again
    is pointless.
    """

    def __init__(
        self, reason: str, *, retry_after_s: float | None = None, permanent: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after_s, self.permanent = retry_after_s, permanent


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An HTTP request as it came in; header names are lower-case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a request held, and the exact body to answer it with once its messages are durable."""

    messages: tuple[Message, ...] = ()
    body: bytes = b"{}"
    content_type: str = "application/json"


class Platform(Protocol):
    """A chat platform. Implementations are safe to use from several threads."""

    name: str

    def receive(self, request: RawRequest) -> Inbound:
        """Verify, decrypt and parse.

        Raises ``VerificationError`` before anything of the request is used.
        """
        ...

    def render(self, reply: Reply) -> bytes:
        """The reply in the platform's own form."""
        ...

    def send(self, chat_id: str, reply: Reply, *, key: str) -> None:
        """Say it in a chat, giving up after a few seconds. Raises ``SendError``.

        ``key`` is the same when the same thing is sent again: a platform that can drops the second.
        """
        ...
