"""The one open question of one person in one chat."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from store.db import Tx
from store.models import Dialogue


@dataclass(frozen=True, slots=True)
class OpenDialogue:
    """What waits for an answer: ``kind`` is confirm or question, ``user_id`` who was asked."""

    id: int
    kind: str
    user_id: str
    command: dict[str, Any]


def ask(
    tx: Tx,
    *,
    platform: str,
    chat_id: str,
    user_id: str,
    kind: str,
    command: dict[str, Any],
    ttl: timedelta,
) -> int:
    """Open a question; it replaces the one that was open.

    Returns its id, which a button may carry.
    """
    close(tx, platform=platform, chat_id=chat_id, user_id=user_id)
    row = Dialogue(
        platform=platform,
        chat_id=chat_id,
        user_id=user_id,
        kind=kind,
        command=command,
        expires_at=tx.now + ttl,
        created_at=tx.now,
    )
    tx.add(row)
    tx.flush()
    return row.id or 0


def current(
    tx: Tx, *, platform: str, chat_id: str, user_id: str, lock: bool = False
) -> OpenDialogue | None:
    """The open question, None when there is none or it expired; ``lock``: to be rewritten."""
    asked = select(Dialogue).where(
        Dialogue.platform == platform,
        Dialogue.chat_id == chat_id,
        Dialogue.user_id == user_id,
        Dialogue.expires_at > tx.now,
    )
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    row = tx.exec(asked).first()
    return None if row is None else _view(row)


def rewrite(tx: Tx, id_: int, *, command: dict[str, Any], ttl: timedelta) -> None:
    """Keep something else in a row that ``current`` locked, for ``ttl`` from now on."""
    row = tx.get_one(Dialogue, id_)
    row.command, row.expires_at = command, tx.now + ttl
    tx.add(row)
    tx.flush()


def in_chat(tx: Tx, *, platform: str, chat_id: str) -> list[OpenDialogue]:
    """Every open question of a chat, newest first: an owner may confirm another's."""
    rows = tx.exec(
        select(Dialogue)
        .where(
            Dialogue.platform == platform, Dialogue.chat_id == chat_id, Dialogue.expires_at > tx.now
        )
        .order_by(col(Dialogue.id).desc())
    ).all()
    return [_view(row) for row in rows]


def close(tx: Tx, *, platform: str, chat_id: str, user_id: str) -> bool:
    """Drop the question; False when there was none."""
    gone = tx.exec(
        delete(Dialogue).where(
            col(Dialogue.platform) == platform,
            col(Dialogue.chat_id) == chat_id,
            col(Dialogue.user_id) == user_id,
        )
    )
    return gone.rowcount > 0


def _view(row: Dialogue) -> OpenDialogue:
    return OpenDialogue(id=row.id or 0, kind=row.kind, user_id=row.user_id, command=row.command)
