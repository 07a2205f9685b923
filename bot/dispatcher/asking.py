"""The one open question of a person in a chat: put, found again, closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from bot.dispatcher import cards
from bot.messages import Button, Message, Reply, Role
from bot.registry import Command
from store import dialogues
from store.db import Tx
from store.dialogues import OpenDialogue
from store.timed import TimedView

OPEN_FOR = timedelta(minutes=5)  # a question nobody answered by then is forgotten

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """In whose name a command runs; ``approver`` confirmed it for them."""

    user_id: str
    name: str
    role: Role
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A command about to be run.

    ``doubt``: words that were not understood. ``shown``: the digest of the preview that was
    confirmed. ``asked``: it is to be confirmed by the way it was said. ``said_at``: when its last
    number was, None for now. ``act``: it was confirmed when it was timed, and its time has come.
    """

    command: Command
    slots: Mapping[str, Any]
    doubt: str = ""
    shown: str = ""
    asked: bool = False
    said_at: datetime | None = None
    act: TimedView | None = None

    @classmethod
    def of(cls, command: Command, waiting: Mapping[str, Any]) -> Self:
        """What waited for an answer; questions of the version before lack what is optional here."""
        said_at = waiting.get("said_at")
        return cls(
            command,
            waiting["slots"],
            waiting["doubt"],
            waiting["shown"],
            waiting.get("asked", False),
            datetime.fromisoformat(said_at) if said_at else None,
        )


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks in the chat of one message."""

    tx: Tx
    message: Message
    language: str

    def one_of(
        self, pending: Pending, person: Person, key: str, question: str, options: Options
    ) -> Reply:
        """Ask for the value of slot ``key``; ``options``, label and value, are shown as buttons."""
        waiting = {
            **_stored(pending),
            "shown": pending.shown,
            "awaiting": key,
            "question": question,
            "options": [list(option) for option in options],
        }
        self._open("question", waiting, person)
        buttons = tuple(Button(label, value) for label, value in options)
        return Reply(text=question, buttons=buttons, outcome="clarify")

    def to_confirm(
        self, pending: Pending, person: Person, preview: Reply, reasons: Sequence[str]
    ) -> Reply:
        """Ask whether to do what the preview shows; ``pending.shown`` is what a yes is bound to."""
        ticket = cards.ticket(self.message.key)
        waiting = {**_stored(pending), "shown": pending.shown, "ticket": ticket}
        self._open("confirm", waiting, person)
        return cards.to_confirm(self.language, preview, reasons, ticket)

    def current(self, user_id: str) -> OpenDialogue | None:
        """The person's open question."""
        where = self.message
        return dialogues.current(
            self.tx, platform=where.platform, chat_id=where.chat_id, user_id=user_id
        )

    def everybodys(self) -> list[OpenDialogue]:
        """The open questions of the chat, newest first."""
        where = self.message
        return dialogues.in_chat(self.tx, platform=where.platform, chat_id=where.chat_id)

    def close(self, user_id: str) -> None:
        """Forget the person's question."""
        where = self.message
        dialogues.close(self.tx, platform=where.platform, chat_id=where.chat_id, user_id=user_id)

    def _open(self, kind: str, command: dict[str, Any], person: Person) -> None:
        command = {**command, "raised_by": self.message.key}
        dialogues.ask(
            self.tx,
            platform=self.message.platform,
            chat_id=self.message.chat_id,
            user_id=person.user_id,
            kind=kind,
            command=command,
            ttl=OPEN_FOR,
        )


def _stored(pending: Pending) -> dict[str, Any]:
    return {
        "intent": pending.command.intent,
        "slots": dict(pending.slots),
        "doubt": pending.doubt,
        "asked": pending.asked,
        "said_at": pending.said_at.isoformat() if pending.said_at else None,
    }
