"""What happened, as a stream: stock movements and order steps, from their append-only tables.

Rows carry the time their transaction began and may become visible later and out of order (a lock
was waited for, ids are given out before the commit). So a reader always looks at the last moments
again and tells by ``FeedEvent.id`` what it has seen: a row may come twice, none is left out.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import col, select

from store.db import Tx
from store.models import Order, OrderEvent, Sku, StockMovement

PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"([0-9]{1,17})-[mol][0-9]{1,18}")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event: ``name`` is stock, low_stock or order, ``fields`` its JSON object.

    ``id`` is the event's for ever and in every process: its time, its kind (m, o, l) and its row.
    """

    id: str
    at: datetime
    name: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in one table: everything up to this row, in the order of time and id."""

    at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the feed."""

    movements: Mark
    orders: Mark

    @classmethod
    def at(cls, moment: datetime) -> "Position":
        """Everything from ``moment`` on is still to come."""
        return cls(Mark(moment), Mark(moment))


def moment_of(event_id: str) -> datetime:
    """The time an event's id says. Raises ``ValueError`` for what is no id."""
    match = _ID.fullmatch(event_id)
    if match is None:
        raise ValueError(event_id)
    return _EPOCH + int(match[1]) * _MICROSECOND


def earlier(moment: datetime, seconds: float) -> datetime:
    """``seconds`` before a moment, not before the epoch."""
    return max(moment, _EPOCH + timedelta(seconds=seconds)) - timedelta(seconds=seconds)


def event_id(at: datetime, table: str, row_id: int) -> str:
    """The id of the events of a row; ``table`` is m(ovement) or o(rder event)."""
    return f"{(at - _EPOCH) // _MICROSECOND}-{table}{row_id}"


def page(tx: Tx, after: Position, *, most: int = PAGE) -> tuple[list[FeedEvent], Position | None]:
    """The next events in the order of time, and where to go on (None: that was all there is)."""
    moved = _movements(tx, _beyond(StockMovement, after.movements), most)
    stepped = _order_events(tx, _beyond(OrderEvent, after.orders), most)
    ends = [rows[-1].created_at for rows in (moved, stepped) if len(rows) == most]
    if not ends:
        return _merged(moved, stepped), None
    # Beyond the end of the shorter reach the other table may hold something earlier.
    horizon = min(ends)
    moved = [row for row in moved if row.created_at <= horizon]
    stepped = [row for row in stepped if row.created_at <= horizon]
    position = after
    if moved:
        position = replace(position, movements=Mark(moved[-1].created_at, moved[-1].id))
    if stepped:
        position = replace(position, orders=Mark(stepped[-1].created_at, stepped[-1].id))
    return _merged(moved, stepped), position


def fresh(tx: Tx, since: datetime, seen: Container[str]) -> list[FeedEvent]:
    """The events since a moment that are not among ``seen`` ids, in the order of time."""
    moved = [
        row
        for ids in _unseen(tx, StockMovement, "m", since, seen)
        for row in _movements(tx, col(StockMovement.id).in_(ids), PAGE)
    ]
    stepped = [
        row
        for ids in _unseen(tx, OrderEvent, "o", since, seen)
        for row in _order_events(tx, col(OrderEvent.id).in_(ids), PAGE)
    ]
    return _merged(moved, stepped)


@dataclass(frozen=True, slots=True)
class _Moved:
    id: int
    created_at: datetime
    on_hand: int
    reserved: int
    alert: str
    sku: str
    reorder_point: int

    def events(self) -> Iterator[FeedEvent]:
        name, available = event_id(self.created_at, "m", self.id), self.on_hand - self.reserved
        level = {"sku": self.sku, "available": available, "on_hand": self.on_hand}
        yield FeedEvent(name, self.created_at, "stock", level)
        if self.alert:
            alarm = {"sku": self.sku, "available": available, "reorder_point": self.reorder_point}
            alarmed = event_id(self.created_at, "l", self.id)
            yield FeedEvent(alarmed, self.created_at, "low_stock", alarm)


@dataclass(frozen=True, slots=True)
class _Stepped:
    id: int
    created_at: datetime
    status: str
    order_no: str
    total_fen: int

    def events(self) -> Iterator[FeedEvent]:
        fields = {"order_no": self.order_no, "status": self.status, "total_fen": self.total_fen}
        yield FeedEvent(event_id(self.created_at, "o", self.id), self.created_at, "order", fields)


def _movements(tx: Tx, condition: Any, most: int) -> list[_Moved]:
    statement = (
        select(  # type: ignore[call-overload]  # sqlmodel's stubs stop at four columns
            StockMovement.id,
            StockMovement.created_at,
            StockMovement.on_hand_after,
            StockMovement.reserved_after,
            StockMovement.alert,
            Sku.code,
            Sku.reorder_point,
        )
        .join(Sku, col(StockMovement.sku_id) == col(Sku.id))
        .where(condition)
        .order_by(col(StockMovement.created_at), col(StockMovement.id))
        .limit(most)
    )
    return [_Moved(*row) for row in tx.exec(statement).all()]


def _order_events(tx: Tx, condition: Any, most: int) -> list[_Stepped]:
    statement = (
        select(  # type: ignore[call-overload]  # sqlmodel's stubs stop at four columns
            OrderEvent.id,
            OrderEvent.created_at,
            OrderEvent.to_status,
            Order.order_no,
            Order.total_fen,
        )
        .join(Order, col(OrderEvent.order_id) == col(Order.id))
        .where(condition)
        .order_by(col(OrderEvent.created_at), col(OrderEvent.id))
        .limit(most)
    )
    return [_Stepped(*row) for row in tx.exec(statement).all()]


def _beyond(table: type[StockMovement | OrderEvent], mark: Mark) -> Any:
    created_at, row_id = col(table.created_at), col(table.id)
    return and_(
        created_at >= mark.at,
        or_(created_at > mark.at, row_id > mark.id),
    )


def _unseen(
    tx: Tx,
    table: type[StockMovement | OrderEvent],
    letter: str,
    since: datetime,
    seen: Container[str],
) -> Iterator[list[int]]:
    """The ids of the rows since a moment that were not seen, in portions."""
    rows = tx.exec(select(table.id, table.created_at).where(col(table.created_at) >= since)).all()
    ids = iter([i for i, at in rows if i is not None and event_id(at, letter, i) not in seen])
    while portion := list(islice(ids, PAGE)):
        yield portion


def _merged(moved: Sequence[_Moved], stepped: Sequence[_Stepped]) -> list[FeedEvent]:
    rows: Iterable[_Moved | _Stepped] = (*moved, *stepped)
    ordered = sorted(rows, key=lambda row: (row.created_at, isinstance(row, _Moved), row.id))
    return [event for row in ordered for event in row.events()]
