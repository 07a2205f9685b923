"""Timed acts: what is to be done at a time, and what is put back at one.

Each is one row. It is claimed by a guarded UPDATE in the transaction that does it, so it happens
once, or not at all and is tried again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, update
from sqlmodel import col, select

from store import skus
from store.db import Tx
from store.errors import NotUndoableError, TimedActNotFoundError
from store.models import TimedAct, TimedState

OPEN = (TimedState.WAITING.value, TimedState.ON.value)
# The next first; of one moment ends before beginnings, which are not to be laid over them.
_ORDER = (
    col(TimedAct.due_at),
    case((col(TimedAct.state) == TimedState.ON, 0), else_=1),
    col(TimedAct.id),
)
_PUT_BACK = frozenset({"field", "shop"})  # kinds of changes that an end can take back


@dataclass(frozen=True, slots=True)
class Moments:
    """When an act is done (None: now) and when it is put back (None: never), UTC."""

    begins_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimedDraft:
    """What is asked for, where and by whom; see ``store.models.TimedAct``."""

    origin: str
    platform: str
    chat_id: str
    chat_kind: str
    user_id: str
    intent: str
    slots: Mapping[str, Any]
    moments: Moments


@dataclass(frozen=True, slots=True)
class TimedView:
    """A timed act as it stands; ``changes`` name SKUs by their id under ``sku_id``."""

    id: int
    platform: str
    chat_id: str
    chat_kind: str
    user_id: str
    intent: str
    slots: dict[str, Any]
    changes: list[dict[str, Any]]
    state: str
    begins_at: datetime | None
    ends_at: datetime | None
    due_at: datetime

    @property
    def target(self) -> str:
        """The chat as ``platform:chat id``."""
        return f"{self.platform}:{self.chat_id}"

    @property
    def actor(self) -> str:
        """Who asked for it: ``platform:user id``."""
        return f"{self.platform}:{self.user_id}"

    @property
    def begun(self) -> bool:
        """Whether it was done and waits for its end."""
        return self.state == TimedState.ON


def add(tx: Tx, draft: TimedDraft, *, changes: Sequence[Mapping[str, Any]] = ()) -> TimedView:
    """Keep an act for its time; one that was done already (``changes``) waits for its end.

    Noted for undo, which cancels it.
    """
    begins_at, ends_at = draft.moments.begins_at, draft.moments.ends_at
    due_at = begins_at or ends_at
    if due_at is None:
        raise ValueError("neither beginning nor end")
    row = TimedAct(
        origin=draft.origin,
        platform=draft.platform,
        chat_id=draft.chat_id,
        chat_kind=draft.chat_kind,
        user_id=draft.user_id,
        intent=draft.intent,
        slots=dict(draft.slots),
        changes=_kept(changes),
        state=TimedState.WAITING if begins_at else TimedState.ON,
        begins_at=begins_at,
        ends_at=ends_at,
        due_at=due_at,
        created_at=tx.now,
    )
    tx.add(row)
    tx.flush()
    undone = TimedState.CANCELLED if begins_at else TimedState.UNDONE
    _note(tx, row.id or 0, undone, row.state)
    return _view(row)


def begin(tx: Tx, act: TimedView, *, changes: Sequence[Mapping[str, Any]]) -> None:
    """Have a claimed act that was done wait for its end; noted for undo, which cancels that."""
    if act.ends_at is None:
        raise ValueError("it has no end")
    row = tx.get_one(TimedAct, act.id, populate_existing=True)  # not as it was before the claim
    row.state, row.due_at, row.settled_at = TimedState.ON, act.ends_at, None
    row.changes = _kept(changes)
    tx.add(row)
    tx.flush()
    _note(tx, act.id, TimedState.UNDONE, TimedState.ON)


def due(tx: Tx, *, most: int = 100) -> list[int]:
    """Numbers of the acts whose time has come, the earliest first, ends before beginnings."""
    statement = (
        select(TimedAct.id)
        .where(col(TimedAct.state).in_(OPEN), col(TimedAct.due_at) <= tx.now)
        .order_by(*_ORDER)
        .limit(most)
    )
    return [number for number in tx.exec(statement).all() if number is not None]


def claim(tx: Tx, number: int) -> TimedView | None:
    """Take a due act in the transaction that does it, as it stood; None when it is not due.

    It counts as done from here on; the row stays locked until the transaction ends, and a second
    claimer waits and then gets None.
    """
    row = _row(tx, number)
    if row is None or row.state not in OPEN or row.due_at > tx.now:
        return None
    seen = _view(row)
    return seen if _moved(tx, seen, TimedState.DONE) else None


def fail(tx: Tx, number: int) -> TimedView | None:
    """Give a claimed act up that cannot be done; None when there is none of this number."""
    row = _row(tx, number)
    if row is None:
        return None
    row.state, row.settled_at = TimedState.FAILED, tx.now
    tx.add(row)
    tx.flush()
    return _view(row)


def waiting(tx: Tx, *, most: int = 100) -> list[TimedView]:
    """The acts that wait for their time or their end, the next first."""
    statement = select(TimedAct).where(col(TimedAct.state).in_(OPEN)).order_by(*_ORDER).limit(most)
    return [_view(row) for row in tx.exec(statement).all()]


def cancel(tx: Tx, number: int) -> TimedView:
    """Drop an act before its time, or its end, and return it as it stood.

    Raises ``TimedActNotFoundError``. What was done stays as it is.
    """
    row = _row(tx, number)
    if row is None or row.state not in OPEN:
        raise TimedActNotFoundError(number, row.state if row else "")
    seen = _view(row)
    if not _moved(tx, seen, TimedState.CANCELLED):
        raise TimedActNotFoundError(number, TimedState.DONE)
    _note(tx, number, seen.state, TimedState.CANCELLED)
    return seen


def move(tx: Tx, number: int, *, before: str, after: str) -> None:
    """Undo a change of state from ``before`` to ``after``.

    Raises ``NotUndoableError`` when it has changed since, or when its time is over.
    """
    row = _row(tx, number)
    if row is None or row.state != after or (before in OPEN and row.due_at <= tx.now):
        raise NotUndoableError(f"#{number}")
    if not _moved(tx, _view(row), TimedState(before)):
        raise NotUndoableError(f"#{number}")
    _note(tx, number, after, before)


def codes(tx: Tx, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Kept changes as the journal reverses them, their SKUs locked and by their present codes."""
    ids = sorted({change["sku_id"] for change in changes if "sku_id" in change})
    found = skus.by_ids(tx, ids, lock=True)  # by id, and a SKU is never deleted
    known = {number: sku.code for number, sku in zip(ids, found, strict=True)}
    return [
        {**change, "sku": known[change["sku_id"]]} if "sku_id" in change else dict(change)
        for change in changes
    ]


def _kept(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What an end can take back, SKUs by their ids: a code may change in the meantime."""
    kept = []
    for change in changes:
        if change["kind"] not in _PUT_BACK:
            continue
        named = {key: value for key, value in change.items() if key not in {"sku", "id"}}
        kept.append(named | ({"sku_id": change["id"]} if "id" in change else {}))
    return kept


def _moved(tx: Tx, seen: TimedView, state: TimedState) -> bool:
    """Give an act that still stands as it was seen another state."""
    guarded = (
        update(TimedAct)
        .where(
            col(TimedAct.id) == seen.id,
            col(TimedAct.state) == seen.state,
            col(TimedAct.due_at) == seen.due_at,
        )
        .values(state=state, settled_at=None if state in OPEN else tx.now)
        .execution_options(synchronize_session=False)
    )
    return tx.exec(guarded).rowcount == 1


def _row(tx: Tx, number: int) -> TimedAct | None:
    return tx.get(TimedAct, number, populate_existing=True)


def _note(tx: Tx, number: int, before: str, after: str) -> None:
    tx.changes.append({"kind": "timed", "act": number, "before": str(before), "after": str(after)})


def _view(row: TimedAct) -> TimedView:
    return TimedView(
        id=row.id or 0,
        platform=row.platform,
        chat_id=row.chat_id,
        chat_kind=row.chat_kind,
        user_id=row.user_id,
        intent=row.intent,
        slots=row.slots,
        changes=row.changes,
        state=str(row.state),
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        due_at=row.due_at,
    )
