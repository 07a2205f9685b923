"""The inbox: a message is durable before it is acknowledged and takes effect at most once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from store.db import RetryError, Tx
from store.models import Inbox

LOOKED_BACK = 200  # messages of the whole shop among which a person's last words are looked for


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message's row; ``reply`` is there when it was handled before."""

    id: int
    duplicate: bool
    reply: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a kept message was said, and what came of it."""

    chat_id: str
    handled: bool
    reply: dict[str, Any] | None


def accept(
    tx: Tx, *, platform: str, message_id: str, chat_id: str, user_id: str, message: dict[str, Any]
) -> Accepted:
    """Keep an arriving message.

    The same id of the same platform again is a duplicate and changes nothing.
    """
    found = tx.exec(
        select(Inbox).where(Inbox.platform == platform, Inbox.message_id == message_id)
    ).first()
    if found is not None:
        return Accepted(found.id or 0, duplicate=True, reply=found.reply)
    row = Inbox(
        platform=platform,
        message_id=message_id,
        chat_id=chat_id,
        user_id=user_id,
        message=message,
        received_at=tx.now,
    )
    tx.add(row)
    try:
        tx.flush()
    except IntegrityError as error:
        raise RetryError from error  # delivered twice at the same instant
    return Accepted(row.id or 0, duplicate=False, reply=None)


def once(tx: Tx, *, platform: str, event_id: str, chat_id: str) -> bool:
    """Whether an event without any message comes for the first time; kept as messages are."""
    accepted = accept(
        tx, platform=platform, message_id=event_id, chat_id=chat_id, user_id="", message={}
    )
    if accepted.duplicate:
        return False
    tx.flush()
    return claim(tx, accepted.id) is not None


def claim(tx: Tx, inbox_id: int) -> dict[str, Any] | None:
    """Take a message for handling in this very transaction; None when it was handled already.

    The row stays locked until the transaction ends: a second claimer waits, and then gets None.
    """
    claimed = tx.exec(
        update(Inbox)
        .where(col(Inbox.id) == inbox_id, col(Inbox.state) == "received")
        .values(state="handled", handled_at=tx.now)
        .execution_options(synchronize_session=False)
    )
    return tx.get_one(Inbox, inbox_id).message if claimed.rowcount == 1 else None


def finish(tx: Tx, inbox_id: int, reply: dict[str, Any] | None) -> None:
    """Keep the reply of a claimed message, for redeliveries."""
    row = tx.get_one(Inbox, inbox_id)
    row.reply = reply
    tx.add(row)


def reply_of(tx: Tx, inbox_id: int) -> dict[str, Any] | None:
    """The stored reply, None while there is none."""
    return tx.get_one(Inbox, inbox_id).reply


def find(tx: Tx, *, platform: str, message_id: str) -> Found | None:
    """A kept message by its platform's id."""
    row = tx.exec(
        select(Inbox).where(Inbox.platform == platform, Inbox.message_id == message_id)
    ).first()
    if row is None:
        return None
    return Found(row.chat_id, handled=row.state == "handled", reply=row.reply)


def lately(
    tx: Tx, *, platform: str, chat_id: str, user_id: str, since: datetime
) -> list[dict[str, Any]]:
    """What a person said in a chat since then and was answered, the newest first."""
    newest = tx.exec(select(func.max(Inbox.id))).one() or 0
    rows = tx.exec(
        select(Inbox)
        .where(
            col(Inbox.id) > newest - LOOKED_BACK,
            Inbox.platform == platform,
            Inbox.chat_id == chat_id,
            Inbox.user_id == user_id,
            Inbox.state == "handled",
            col(Inbox.received_at) >= since,
        )
        .order_by(col(Inbox.id).desc())
    ).all()
    return [row.message for row in rows if row.reply]


def unhandled(tx: Tx, inbox_id: int) -> dict[str, Any] | None:
    """A kept message while it waits."""
    row = tx.get(Inbox, inbox_id)
    return row.message if row is not None and row.state == "received" else None


def rewrite(tx: Tx, inbox_id: int, message: dict[str, Any]) -> None:
    """Put what was learned of a waiting message (its files) into it."""
    row = tx.get_one(Inbox, inbox_id)
    if row.state == "received":
        row.message = message
        tx.add(row)


def waiting(tx: Tx, *, most: int = 100) -> list[int]:
    """Messages that were received and not handled (a crash lies between), oldest first."""
    statement = (
        select(Inbox.id).where(Inbox.state == "received").order_by(col(Inbox.id)).limit(most)
    )
    return [row for row in tx.exec(statement).all() if row is not None]
