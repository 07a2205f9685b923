"""A chat as its people saw it: what was said to the bot, and what the bot said."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from store.db import Tx
from store.models import Inbox, Outbox

_START = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said, by a person (``text``) or by the bot (``user_id`` None, ``reply``).

    ``id`` names the line for ever; ``cursor`` is what to go on ``after`` from here. ``message_id``
    is the platform's own id of what a person said; ``answers`` is the ``id`` of the line that the
    bot answers, None for what it says by itself. ``file``: a number in ``store.attachments`` of
    what a person sent.
    """

    id: str
    cursor: str
    at: datetime
    user_id: str | None
    user_name: str
    text: str
    reply: dict[str, Any] | None
    message_id: str | None = None
    answers: str | None = None
    file: int | None = None


def lines(tx: Tx, *, platform: str, chat_id: str, after: str = "", most: int = 200) -> list[Line]:
    """The lines of a chat in the order they were said, beyond the cursor ``after``.

    Without a cursor the latest ``most``. Lines may come twice when things were said at the same
    instant (tell them apart by ``id``), none is left out. Raises ``ValueError`` for a broken
    cursor.
    """
    position = _Position(after)
    said = [_said(row) for row in _messages(tx, platform, chat_id, position, most)]
    answered = [_answered(row) for row in _replies(tx, f"{platform}:{chat_id}", position, most)]
    merged = sorted([*said, *answered], key=lambda entry: (entry.at, entry.kind, entry.number))
    chosen = merged[:most] if position.forward else merged[-most:]
    return [position.step(entry) for entry in chosen]


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    number: int
    at: datetime
    user_id: str | None
    user_name: str
    text: str
    reply: dict[str, Any] | None
    message_id: str | None = None
    answers: str | None = None
    file: int | None = None


class _Position:
    """How far a reader is: the last message, and the last thing the bot said."""

    def __init__(self, cursor: str) -> None:
        self.forward = bool(cursor)
        try:
            message, micros, self.reply = (int(part) for part in (cursor or "0.0.0").split("."))
        except ValueError as error:
            raise ValueError("broken cursor") from error
        self.message, self.sent_at = message, _START + timedelta(microseconds=micros)

    def step(self, entry: _Entry) -> Line:
        """Move past an entry."""
        if entry.kind == "m":
            self.message = max(self.message, entry.number)
        elif entry.at >= self.sent_at:
            self.sent_at, self.reply = entry.at, entry.number
        micros = (self.sent_at - _START) // timedelta(microseconds=1)
        return Line(
            id=f"{entry.kind}{entry.number}",
            cursor=f"{self.message}.{micros}.{self.reply}",
            at=entry.at,
            user_id=entry.user_id,
            user_name=entry.user_name,
            text=entry.text,
            reply=entry.reply,
            message_id=entry.message_id,
            answers=entry.answers,
            file=entry.file,
        )


def _messages(tx: Tx, platform: str, chat_id: str, position: _Position, most: int) -> list[Inbox]:
    statement = select(Inbox).where(
        Inbox.platform == platform, Inbox.chat_id == chat_id, col(Inbox.id) > position.message
    )
    order = col(Inbox.id) if position.forward else col(Inbox.id).desc()
    return list(tx.exec(statement.order_by(order).limit(most)).all())


def _replies(tx: Tx, target: str, position: _Position, most: int) -> list[Outbox]:
    # By time, not by id: an urgent row passes the others of its chat.
    statement = select(Outbox).where(
        Outbox.target == target,
        Outbox.state == "sent",
        col(Outbox.sent_at) >= position.sent_at,
        col(Outbox.id) != position.reply,
    )
    order = col(Outbox.sent_at) if position.forward else col(Outbox.sent_at).desc()
    return list(tx.exec(statement.order_by(order).limit(most)).all())


def _said(row: Inbox) -> _Entry:
    name = row.message.get("user_name") or row.user_id
    files = [file.get("handle", {}).get("attachment") for file in row.message.get("files") or ()]
    return _Entry(
        "m",
        row.id or 0,
        row.received_at,
        row.user_id,
        name,
        row.message.get("text", ""),
        None,
        message_id=row.message_id,
        file=next((number for number in files if number), None),
    )


def _answered(row: Outbox) -> _Entry:
    at = row.sent_at or row.created_at
    asked = row.payload.get("inbox_id")
    return _Entry(
        "r",
        row.id or 0,
        at,
        None,
        "",
        "",
        row.payload.get("reply"),
        answers=None if asked is None else f"m{asked}",
    )
