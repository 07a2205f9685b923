"""The outbox: what must be said, written in the transaction that causes it, sent afterwards."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Protocol

from sqlalchemy import ColumnElement, insert, or_, update
from sqlmodel import col, func, select

from store.db import Tx, database_now
from store.models import Chat, Outbox, Subscription

CLAIM = timedelta(seconds=30)  # a sender that died gives its rows back after this
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # not "now": our clock may run ahead of the database's
MAX_ATTEMPTS = 24  # with a back-off of 1 s doubling to 10 min: given up after about 2 h
PATIENCE = timedelta(days=1)  # with a platform that cannot be reached: a night without network
MOST_MERGED = 200  # rows said as one: with every order's number it fits the smallest message, 4 KiB
MERGED = frozenset({"order_new", "order_changed", "low_stock", "sold_out", "sku_changed"})


class Wait(Protocol):
    """Says how many seconds a target must wait before it may be told something.

    ``edit``: before a card there may be changed.
    """

    def __call__(self, target: str, *, urgent: bool, edit: bool) -> float:
        """The seconds; 0 = now."""
        ...


def at_once(target: str, *, urgent: bool, edit: bool) -> float:  # noqa: ARG001  (a ``Wait``)
    """Nothing holds up anything."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row claimed for sending, or one of several that are said as one.

    ``target`` is ``platform:chat id``; ``kind`` says how the payload is rendered. ``key`` names
    what is said, the same at every attempt. ``ref``: it was said, and is to be changed in place.
    ``unsure``: an attempt failed after which it may have arrived. ``done`` pieces of it were said.
    ``merged`` are the rows said with this one, itself first; empty when it stands alone.
    """

    id: int
    topic: str
    kind: str
    target: str
    payload: dict[str, Any]
    urgent: bool
    attempts: int
    created_at: datetime
    key: str = ""
    ref: str = ""
    revision: int = 0
    unsure: bool = False
    merged: tuple["Parcel", ...] = ()

    @property
    def done(self) -> int:
        """Pieces that were said already."""
        return int(self.payload.get("done", 0))

    @property
    def asked_at(self) -> datetime:
        """When it was last asked for: a card's last change, else when it was written."""
        changed = self.payload.get("changed_at") if self.ref else None
        return datetime.fromisoformat(changed) if changed else self.created_at

    @property
    def ids(self) -> tuple[int, ...]:
        """The numbers of all rows that this settles."""
        return tuple(parcel.id for parcel in self.merged) or (self.id,)


def publish(
    tx: Tx,
    *,
    topic: str,
    kind: str,
    key: str,
    payload: dict[str, Any],
    urgent: bool = False,
    but: str = "",
) -> int:
    """Queue an event for every chat that subscribed to ``topic`` (or to all); returns how many.

    ``key`` names the event: publishing it again to the same chat does nothing. ``but``: a target
    that knows already.
    """
    targets = _subscribed(tx, topic)
    told = [target for target in targets if target != but]
    for target in told:
        post(
            tx,
            target=target,
            topic=topic,
            kind=kind,
            key=key,
            payload=payload,
            urgent=urgent,
        )
    return len(told)


def publish_all(
    tx: Tx,
    *,
    topic: str,
    kind: str,
    events: Sequence[tuple[str, dict[str, Any]]],
    urgent: bool = False,
) -> None:
    """Queue events (key, payload), whose keys are new, for every chat that hears of ``topic``."""
    rows = [
        {
            "dedupe_key": f"{key}>{target}",
            "topic": topic,
            "kind": kind,
            "target": target,
            "payload": payload,
            "urgent": urgent,
            "next_attempt_at": AT_ONCE,
            "created_at": tx.now,
        }
        for target in (_subscribed(tx, topic) if events else ())
        for key, payload in events
    ]
    if rows:
        tx.connection().execute(insert(Outbox), rows)


def _subscribed(tx: Tx, topic: str) -> list[str]:
    """The chats that hear of a topic."""
    chats = tx.exec(
        select(Chat.platform, Chat.chat_id)
        .join(Subscription, col(Subscription.chat_id) == col(Chat.id))
        .where(
            col(Subscription.topic).in_((topic, "all")),
            col(Chat.bound_at).is_not(None),
            Chat.disabled == "",
        )
        .distinct()
    ).all()
    return [f"{platform}:{chat_id}" for platform, chat_id in chats]


def post(
    tx: Tx,
    *,
    target: str,
    topic: str,
    kind: str,
    key: str,
    payload: dict[str, Any],
    urgent: bool = False,
    wait_s: float = 0,
) -> None:
    """Queue something for one chat, not before ``wait_s``.

    The same ``key`` and target again does nothing.
    """
    dedupe_key = f"{key}>{target}"
    if tx.exec(select(Outbox.id).where(Outbox.dedupe_key == dedupe_key)).first() is not None:
        return
    due = database_now(tx) + timedelta(seconds=wait_s) if wait_s else AT_ONCE
    tx.add(
        Outbox(
            dedupe_key=dedupe_key,
            topic=topic,
            kind=kind,
            target=target,
            payload=payload,
            urgent=urgent,
            next_attempt_at=due,
            created_at=tx.now,
        )
    )


def claim(
    tx: Tx, *, sender: str, most: int = 50, wait_s: Wait = at_once, merge_after: int = 0
) -> list[Parcel]:
    """Take rows that are due: per target only the oldest, so that a chat hears things in order.

    Urgent rows pass the others of their target. Where more than ``merge_after`` rows of one topic
    wait in a row they are taken together (0: never). A claim ends by ``sent``, ``failed``,
    ``put_off``, or after ``CLAIM`` on the database's clock.
    """
    now = database_now(tx)
    heads = [row for row in _heads(tx) if _due(row, now)]
    ready = [row for row in heads if _wait_s(row, wait_s) <= 0][:most]
    return [parcel for head in ready if (parcel := _take(tx, head, now, sender, merge_after))]


def _take(tx: Tx, head: Outbox, now: datetime, sender: str, merge_after: int) -> Parcel | None:
    """Claim a head with all that is said with it; None when another sender was first."""
    run = _run(tx, head, merge_after)
    batch = run[0].id if len(run) > 1 else head.batch
    taken = tx.exec(
        _pending(col(Outbox.id).in_([row.id for row in run]))
        .where(or_(col(Outbox.leased_until).is_(None), col(Outbox.leased_until) <= now))
        .values(
            leased_by=sender, leased_until=now + CLAIM, attempts=Outbox.attempts + 1, batch=batch
        )
    ).rowcount
    if taken != len(run):
        # Another sender holds some of them; what we took of the others comes back by itself.
        return None
    parcels = tuple(_parcel(row) for row in run)
    return replace(parcels[0], merged=parcels) if len(parcels) > 1 else parcels[0]


def _run(tx: Tx, head: Outbox, merge_after: int) -> list[Outbox]:
    """The rows that are said with ``head``, itself first: those of its batch, else its equals."""
    if head.batch is not None:
        # Exactly those of the first attempt: it may have arrived, and its key stands for them.
        rows = tx.exec(
            select(Outbox)
            .where(Outbox.state == "pending", Outbox.batch == head.batch)
            .order_by(col(Outbox.id))
        ).all()
        return list(rows) or [head]
    if not merge_after or not _fresh(head):
        return [head]
    waiting = tx.exec(
        select(Outbox)
        .where(
            Outbox.state == "pending",
            Outbox.target == head.target,
            col(Outbox.urgent).is_(head.urgent),
            col(Outbox.id) >= head.id,
        )
        .order_by(col(Outbox.id))
        .limit(MOST_MERGED)
    ).all()
    run = list(takewhile(lambda row: _fresh(row) and row.topic == head.topic, waiting))
    return run if len(run) > merge_after else [head]


def _fresh(row: Outbox) -> bool:
    """Whether a row may still be said together with others: nobody tried it alone."""
    return row.kind in MERGED and not row.attempts and not row.ref and row.batch is None


def sent(
    tx: Tx, *, parcel: Parcel, sender: str, said: dict[str, Any], ref: str = "", shown: Any = None
) -> bool:
    """Mark a claimed row as said; keeps the reply it became and ``ref``, which ``refresh`` needs.

    ``shown``: buttons by their id, added to those the card had before, for old ones may still be
    pressed. A row that should be changed again meanwhile stays pending. False when the claim was
    lost (somebody else may say it again).
    """
    row = _held(tx, parcel.id, sender)
    if row is None:
        return False
    changed = row.revision != parcel.revision
    row.payload = {
        **row.payload,
        "reply": row.payload.get("reply", said) if changed else said,
        "buttons": {**row.payload.get("buttons", {}), **(shown or {})},
        "done": 0,
    }
    if not changed:
        row.payload.pop("otherwise", None)  # it has been said, one way or the other
    # A press may have brought a fresh one while the call was under way. One row of several that
    # were said as one must not take the others' words away.
    kept = "" if parcel.merged else ref if row.ref == parcel.ref else row.ref
    row.ref, row.unsure = kept, False
    again = changed and bool(row.ref)
    row.state, row.sent_at = "pending" if again else "sent", database_now(tx)
    row.attempts = 0 if again else row.attempts
    row.leased_by = row.leased_until = None
    tx.add(row)
    others = [number for number in parcel.ids if number != parcel.id]
    if others:
        tx.exec(
            _pending(col(Outbox.id).in_(others), col(Outbox.leased_by) == sender).values(
                state="sent", sent_at=database_now(tx), leased_by=None, leased_until=None
            )
        )
    return True


def show(tx: Tx, *, parcel: Parcel, sender: str, shown: dict[str, str]) -> bool:
    """Write down the buttons of a card before it is sent: it may be pressed before we know more."""
    row = _held(tx, parcel.id, sender)
    if row is None:
        return False
    row.payload = {**row.payload, "buttons": {**row.payload.get("buttons", {}), **shown}}
    tx.add(row)
    return True


def put_off(
    tx: Tx, *, parcel: Parcel, sender: str, wait_s: float = 0, done: int = 0, calm: bool = False
) -> bool:
    """Give a claimed row back; it may be claimed again after ``wait_s``.

    ``done``: pieces of it that were said. ``calm``: it passes nothing any more, for while it waits
    nothing should wait behind it.
    """
    _note_done(tx, parcel, sender, done)
    return _release(
        tx,
        parcel,
        sender,
        attempts=Outbox.attempts - 1,
        **({"urgent": False} if calm else {}),
        next_attempt_at=database_now(tx) + timedelta(seconds=wait_s) if wait_s else AT_ONCE,
    )


def free_claims(tx: Tx, *, but: str) -> int:
    """End the claims of every sender other than ``but``: the lease is ours now, so theirs are void.

    Returns how many.
    """
    # They may have been in the middle of a call: what they claimed may have arrived.
    freed = _pending(col(Outbox.leased_by).is_not(None), col(Outbox.leased_by) != but).values(
        leased_by=None, leased_until=None, unsure=True
    )
    return int(tx.exec(freed).rowcount)


def failed(
    tx: Tx,
    *,
    parcel: Parcel,
    sender: str,
    error: str,
    retry_after_s: float | None,
    unsure: bool = False,
    patient: bool = False,
    done: int = 0,
) -> bool:
    """Put a claimed row back for later, or give it up for good.

    Given up: ``retry_after_s`` None, or after too many attempts. ``unsure``: it may have arrived.
    ``patient``: the fault is not the row's; it is kept for ``PATIENCE`` however often it is tried.
    ``done`` pieces of it were said. Returns True when it is dead.
    """
    _note_done(tx, parcel, sender, done)
    tired = tx.now - parcel.asked_at > PATIENCE if patient else parcel.attempts >= MAX_ATTEMPTS
    over = retry_after_s is None or tired
    dead = over and not parcel.ref  # a card that cannot be changed stays as it was
    due = database_now(tx) + timedelta(seconds=retry_after_s or 0)
    uncertain = {"unsure": True} if unsure else {}
    _release(
        tx,
        parcel,
        sender,
        state="dead" if dead else "sent" if over else "pending",
        next_attempt_at=due,
        last_error=error[:200],
        **uncertain,
    )
    return dead


def bury(tx: Tx, target: str, *, error: str) -> int:
    """Give up everything that waits for a chat that is gone; returns how many rows.

    Cards that wait to be changed stay as they are, for the bot may come back.
    """
    given_up = {"last_error": error[:200], "leased_by": None, "leased_until": None}
    tx.exec(_pending(Outbox.target == target, Outbox.ref != "").values(state="sent", **given_up))
    gone = _pending(Outbox.target == target).values(state="dead", **given_up)
    return int(tx.exec(gone).rowcount)


def take(tx: Tx, *, key: str, target: str, more: bool = False) -> bool:
    """Mark a row as said because its reader came for it (see ``Message.polled_s``).

    ``more``: only its first piece, the others are sent. True, also when it came before; False when
    it is being, or was, said the other way.
    """
    row = tx.exec(
        select(Outbox).where(Outbox.dedupe_key == f"{key}>{target}").with_for_update()
    ).first()
    now = database_now(tx)
    if row is None or row.payload.get("polled"):
        return True
    if row.state != "pending" or (row.leased_until is not None and row.leased_until > now):
        return False
    row.payload = {**row.payload, "polled": True, "done": int(more)}
    row.state, row.sent_at = ("pending", None) if more else ("sent", now)
    row.next_attempt_at = AT_ONCE
    tx.add(row)
    return True


def backlog(tx: Tx) -> tuple[int, float]:
    """Pending rows, and the age of the oldest in seconds."""
    number, oldest = tx.exec(
        select(func.count(), func.min(Outbox.created_at)).where(Outbox.state == "pending")
    ).one()
    return number, (tx.now - oldest).total_seconds() if number else 0.0


def dead_since(tx: Tx, since: datetime) -> int:
    """How many rows written after ``since`` were given up."""
    return tx.exec(
        select(func.count()).where(Outbox.state == "dead", col(Outbox.created_at) > since)
    ).one()


def next_due_s(tx: Tx, wait_s: Wait = at_once) -> float | None:
    """Seconds until the next row may be sent, None when nothing is pending."""
    now = database_now(tx)
    waits = [
        max(
            (max(row.next_attempt_at, row.leased_until or now) - now).total_seconds(),
            _wait_s(row, wait_s),
        )
        for row in _heads(tx)
    ]
    return min(waits, default=None)


def recently_said(tx: Tx, *, within_s: float) -> dict[str, int]:
    """How many rows each target was told lately: what a new sender must not add to at once."""
    since = database_now(tx) - timedelta(seconds=within_s)
    found = tx.exec(
        select(Outbox.target, func.count())
        .where(Outbox.state == "sent", col(Outbox.sent_at) >= since)
        .group_by(col(Outbox.target))
    ).all()
    return dict(found)


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


def _wait_s(row: Outbox, wait_s: Wait) -> float:
    return wait_s(row.target, urgent=row.urgent, edit=bool(row.ref))


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
        key=hashlib.sha256(row.dedupe_key.encode()).hexdigest()[:32],
        ref=row.ref,
        revision=row.revision,
        # A claim that ran out unsettled: its sender died, perhaps after the call.
        unsure=row.unsure or row.leased_until is not None,
    )


def _held(tx: Tx, number: int, sender: str) -> Outbox | None:
    """A row that is still ours, locked."""
    return tx.exec(
        select(Outbox)
        .where(Outbox.id == number, Outbox.leased_by == sender, Outbox.state == "pending")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _note_done(tx: Tx, parcel: Parcel, sender: str, done: int) -> None:
    row = _held(tx, parcel.id, sender) if done else None
    if row is not None:
        row.payload = {**row.payload, "done": done}
        tx.add(row)
        tx.flush()


def _release(tx: Tx, parcel: Parcel, sender: str, **values: Any) -> bool:
    ours = _pending(col(Outbox.id).in_(parcel.ids), col(Outbox.leased_by) == sender)
    given = {"leased_by": None, "leased_until": None, **values}
    return bool(tx.exec(ours.values(**given)).rowcount == len(parcel.ids))


def _pending(*conditions: ColumnElement[bool] | bool) -> Any:
    """An UPDATE of pending rows."""
    return (
        update(Outbox)
        .where(col(Outbox.state) == "pending", *conditions)  # type: ignore[arg-type]  # SQLModel types == as bool
        .execution_options(synchronize_session=False)
    )
