"""The outbox: what must be said, written in the transaction that causes it, sent afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, func, select

from store.db import Tx, database_now
from store.models import Chat, Outbox, Subscription

CLAIM = timedelta(seconds=30)  # a sender that died gives its rows back after this
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # not "now": our clock may run ahead of the database's
MAX_ATTEMPTS = 24  # with a back-off of 1 s doubling to 10 min: given up after about 2 h


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row claimed for sending.

    ``target`` is ``platform:chat id``; ``kind`` says how the payload is rendered.
    """

    id: int
    topic: str
    kind: str
    target: str
    payload: dict[str, Any]
    urgent: bool
    attempts: int
    created_at: datetime


def publish(
    tx: Tx, *, topic: str, kind: str, key: str, payload: dict[str, Any], urgent: bool = False
) -> int:
    """Queue an event for every chat that subscribed to ``topic`` (or to all); returns how many.

    ``key`` names the event: publishing it again to the same chat does nothing.
    """
    chats = tx.exec(
        select(Chat.platform, Chat.chat_id)
        .join(Subscription, col(Subscription.chat_id) == col(Chat.id))
        .where(col(Subscription.topic).in_((topic, "all")), col(Chat.bound_at).is_not(None))
        .distinct()
    ).all()
    for platform, chat_id in chats:
        post(
            tx,
            target=f"{platform}:{chat_id}",
            topic=topic,
            kind=kind,
            key=key,
            payload=payload,
            urgent=urgent,
        )
    return len(chats)


def post(
    tx: Tx,
    *,
    target: str,
    topic: str,
    kind: str,
    key: str,
    payload: dict[str, Any],
    urgent: bool = False,
) -> None:
    """Queue something for one chat; the same ``key`` and target again does nothing."""
    dedupe_key = f"{key}>{target}"
    if tx.exec(select(Outbox.id).where(Outbox.dedupe_key == dedupe_key)).first() is not None:
        return
    tx.add(
        Outbox(
            dedupe_key=dedupe_key,
            topic=topic,
            kind=kind,
            target=target,
            payload=payload,
            urgent=urgent,
            next_attempt_at=AT_ONCE,
            created_at=tx.now,
        )
    )


def claim(tx: Tx, *, sender: str, most: int = 50) -> list[Parcel]:
    """Take rows that are due: per target only the oldest, so that a chat hears things in order.

    Urgent rows pass the others of their target. A claim ends by ``settle`` or after ``CLAIM`` on
    the database's clock.
    """
    now = database_now(tx)
    rows = [row for row in _heads(tx) if _due(row, now)][:most]
    claimed = []
    for row in rows:
        taken = tx.exec(
            update(Outbox)
            .where(
                col(Outbox.id) == row.id,
                col(Outbox.state) == "pending",
                or_(col(Outbox.leased_until).is_(None), col(Outbox.leased_until) <= now),
            )
            .values(leased_by=sender, leased_until=now + CLAIM, attempts=Outbox.attempts + 1)
            .execution_options(synchronize_session=False)
        ).rowcount
        if taken:
            claimed.append(_parcel(row))
    return claimed


def sent(tx: Tx, *, parcel_id: int, sender: str, said: dict[str, Any]) -> bool:
    """Mark a claimed row as said, and keep the reply it became.

    False when the claim was lost meanwhile (somebody else may say it again).
    """
    row = tx.get_one(Outbox, parcel_id)
    return _settle(
        tx,
        parcel_id,
        sender,
        state="sent",
        sent_at=database_now(tx),
        payload={**row.payload, "reply": said},
        leased_by=None,
        leased_until=None,
    )


def put_off(tx: Tx, *, parcel_id: int, sender: str, wait_s: float = 0) -> bool:
    """Give a claimed row back untried; it may be claimed again after ``wait_s``."""
    return _settle(
        tx,
        parcel_id,
        sender,
        attempts=Outbox.attempts - 1,
        next_attempt_at=database_now(tx) + timedelta(seconds=wait_s) if wait_s else AT_ONCE,
        leased_by=None,
        leased_until=None,
    )


def free_claims(tx: Tx, *, but: str) -> int:
    """End the claims of every sender other than ``but``: the lease is ours now, so theirs are void.

    Returns how many.
    """
    freed = (
        update(Outbox)
        .where(
            col(Outbox.state) == "pending",
            col(Outbox.leased_by).is_not(None),
            col(Outbox.leased_by) != but,
        )
        .values(leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )
    return tx.exec(freed).rowcount


def failed(tx: Tx, *, parcel_id: int, sender: str, error: str, retry_after_s: float | None) -> bool:
    """Put a claimed row back for later, or give it up for good.

    Given up: ``retry_after_s`` None, or after too many attempts. Returns True when it is dead.
    """
    row = tx.get_one(Outbox, parcel_id)
    dead = retry_after_s is None or row.attempts >= MAX_ATTEMPTS
    due = database_now(tx) + timedelta(seconds=retry_after_s or 0)
    _settle(
        tx,
        parcel_id,
        sender,
        state="dead" if dead else "pending",
        next_attempt_at=due,
        leased_by=None,
        leased_until=None,
        last_error=error[:200],
    )
    return dead


def backlog(tx: Tx) -> tuple[int, float]:
    """Pending rows, and the age of the oldest in seconds."""
    number, oldest = tx.exec(
        select(func.count(), func.min(Outbox.created_at)).where(Outbox.state == "pending")
    ).one()
    return number, (tx.now - oldest).total_seconds() if number else 0.0


def next_due_s(tx: Tx) -> float | None:
    """Seconds until the next row may be sent, None when nothing is pending."""
    now = database_now(tx)
    waits = [
        max((max(row.next_attempt_at, row.leased_until or now) - now).total_seconds(), 0.0)
        for row in _heads(tx)
    ]
    return min(waits, default=None)


def _heads(tx: Tx) -> list[Outbox]:
    """The one row of each target that may go next: an urgent one first, else the oldest."""
    pending = col(Outbox.state) == "pending"
    firsts = select(func.min(Outbox.id)).where(pending).group_by(col(Outbox.target))
    urgents = firsts.where(col(Outbox.urgent).is_(True))
    heads: dict[str, Outbox] = {}
    for row in tx.exec(
        select(Outbox).where(or_(col(Outbox.id).in_(firsts), col(Outbox.id).in_(urgents)))
    ).all():
        other = heads.get(row.target)
        if other is None or (row.urgent, -(row.id or 0)) > (other.urgent, -(other.id or 0)):
            heads[row.target] = row
    return sorted(heads.values(), key=lambda row: (not row.urgent, row.id))


def _due(row: Outbox, now: datetime) -> bool:
    return row.next_attempt_at <= now and (row.leased_until is None or row.leased_until <= now)


def _parcel(row: Outbox) -> Parcel:
    return Parcel(
        id=row.id or 0,
        topic=row.topic,
        kind=row.kind,
        target=row.target,
        payload=row.payload,
        urgent=row.urgent,
        attempts=row.attempts + 1,
        created_at=row.created_at,
    )


def _settle(tx: Tx, parcel_id: int, sender: str, **values: Any) -> bool:
    statement = (
        update(Outbox)
        .where(
            col(Outbox.id) == parcel_id,
            col(Outbox.leased_by) == sender,
            col(Outbox.state) == "pending",
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return tx.exec(statement).rowcount == 1
