"""What every chat platform must be able to do; ``bot.platforms.console`` is the smallest one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.messages import Arrival, Attachment, Message, Reply

FUTURE_S = 300  # a signed timestamp further ahead of our clock than this is refused
CONNECT_S = 0.8
CALL_S = 5.0  # the whole of one call, however slowly the answer drips


class VerificationError(Exception):
    """What came in does not prove where it comes from; the sender is told nothing.

    The text is a word or two for the log, without anything of the request.
    """


class SendError(Exception):
    """The platform did not take a message. The text never holds an address or a secret.

    ``retry_after_s``: it said how long to wait, None when it did not. ``permanent``: trying this
    again is pointless. ``gone``: so is anything else for this chat (the bot was removed, the
    address is dead). ``unreachable``: nobody answered, or not as platforms do: no fault of this
    message. ``uncertain``: it may have been taken all the same.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after_s: float | None = None,
        permanent: bool = False,
        gone: bool = False,
        unreachable: bool = False,
        uncertain: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after_s, self.permanent, self.gone = retry_after_s, permanent or gone, gone
        self.unreachable, self.uncertain = unreachable, uncertain
        self.done = 0  # pieces of the letter that were said before this one failed


class TooLargeError(SendError):
    """What a platform holds ready is larger than is taken; asking again is pointless."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


class EditError(Exception):
    """A card can no longer be changed in place (too old, used up, never could); say it anew."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An HTTP request as it came in; header names are lower-case.

    ``repeated`` names headers and query parameters that came more than once.
    """

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a request held, and the exact body to answer it with once its messages are durable.

    ``polled``: the platform asks for the answer to the message with this ``Message.key``; the body
    is then made by the platform's ``poll_answer``.
    """

    messages: tuple[Message, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    body: bytes = b"{}"
    content_type: str = "application/json"
    polled: str = ""
    poll_handle: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """What messages to a chat go through, as far as speed and faults are concerned.

    ``name`` is shared by all chats that fail together (``feishu``, ``wecom:robot/orders``): it has
    one circuit breaker. Each chat may be told ``burst`` things at once, and one more every
    ``interval_s``; urgent ones have a small allowance beside that.
    """

    name: str
    burst: int = 1000
    interval_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to say in one chat.

    ``key`` is the same whenever the same thing is sent, and no other thing has it: a platform that
    can drops the second. ``card`` is what its buttons carry. ``handle`` is that of the message it
    answers, {} for what the shop says by itself. ``again``: it was sent before, and nobody knows
    whether it arrived. ``attachment`` is the reply's file.
    """

    chat_id: str
    reply: Reply
    key: str
    card: int = 0
    handle: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    attachment: Attachment | None = None


class Platform(Protocol):
    """A chat platform, with all its ways in and out. Safe to use from several threads."""

    name: str

    def receive(self, request: RawRequest) -> Inbound:
        """Verify, decrypt and parse.

        Raises ``VerificationError`` before anything of the request is used.
        """
        ...

    def line(self, chat_id: str) -> Line:
        """What a message to this chat goes through."""
        ...

    def render(self, letter: Letter) -> tuple[Any, ...]:
        """The letter in the platform's own form: as many pieces as its limits ask for, in order.

        Nothing is cut; the same letter gives the same pieces.
        """
        ...

    def send(self, letter: Letter, piece: Any, number: int) -> str:
        """Say piece ``number`` of a letter, within ``CALL_S``.

        Returns what ``edit`` takes to change it in place, "" where that cannot be done. Raises
        ``SendError``.
        """
        ...

    def edit(self, letter: Letter, ref: str) -> str:
        """Show ``letter`` in place of the card ``ref``; returns what the next ``edit`` takes.

        Raises ``EditError`` when that cannot be done (any more), ``SendError``.
        """
        ...

    def direct(self, user_id: str) -> str:
        """The chat that this person alone reads, "" when the platform has none."""
        ...


class Downloads(Protocol):
    """A platform that people can send files through."""

    def download(self, message: Message, number: int) -> bytes:
        """The content of file ``number`` of a message, at most 10 MiB.

        Raises ``SendError``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ears:
    """Where a long connection brings what it hears. Each returns when it is durable.

    Both raise ``StoreError`` when it could not be kept: the platform should deliver it again.
    """

    hear: Callable[[Inbound], None]
    down: Callable[[str, str], None]  # platform, reason: somebody should know


class LongConnection(Protocol):
    """A connection that is held open to a platform, by one process at a time."""

    name: str

    def open(self, ears: Ears) -> None:
        """Connect in the background and keep connected; returns at once."""
        ...

    def close(self) -> None:
        """Hang up, within two seconds."""
        ...

    def state(self) -> str:
        """``off``, ``connecting``, ``connected``, or why it is not.

        ``refused``: the credentials are not taken. ``replaced``: another program took it over.
        """
        ...
