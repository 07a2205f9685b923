"""Stock: a SKU's levels change here alone, under lock and with their movement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select

from store import names, outbox
from store.db import Tx
from store.errors import (
    InsufficientStockError,
    InvalidValueError,
    NotUndoableError,
    Shortage,
    SkuNotFoundError,
)
from store.models import (
    MovementKind,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Sku,
    SkuStatus,
    StockMovement,
)

MAX_UNITS = 1_000_000  # one movement, one count: more is a slip of the finger in a small shop
HOLDING = (OrderStatus.PENDING_PAYMENT, OrderStatus.CONFIRMED, OrderStatus.PAID)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why stock moves.

    ``key`` is unique per event (a message, an order, a request), ``actor`` who did it.
    """

    key: str
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A SKU's levels in units after an operation and before it, and the movement it made."""

    sku: str
    name: str
    specs: dict[str, str]
    on_hand: int
    reserved: int
    reorder_point: int
    on_hand_before: int
    movement_id: int

    @property
    def available(self) -> int:
        """Units that may still be sold."""
        return self.on_hand - self.reserved


def receive(tx: Tx, *, sku: str, quantity: int, cause: Cause) -> StockLevel:
    """Add received units to stock on hand. Raises ``SkuNotFoundError``, ``InvalidValueError``."""
    return receive_locked(tx, lock(tx, [sku])[0], quantity=quantity, cause=cause)


def deduct(tx: Tx, *, sku: str, quantity: int, cause: Cause) -> StockLevel:
    """Take units off the shelf, never those that open orders hold.

    Raises ``InsufficientStockError`` (with the orders that hold the rest), ``SkuNotFoundError``.
    """
    row = lock(tx, [sku])[0]
    checked_units(quantity)
    if row.available < quantity:
        raise _short(tx, row, quantity)
    return _move(tx, row, MovementKind.DEDUCT, on_hand=-quantity, reserved=0, cause=cause)


def count(tx: Tx, *, sku: str, counted: int, cause: Cause) -> StockLevel:
    """Set stock on hand to what was counted on the shelf, booked as the difference.

    A count below what open orders hold raises ``InsufficientStockError``. A count that agrees is a
    movement of 0.
    """
    return count_locked(tx, lock(tx, [sku])[0], counted=counted, cause=cause)


def receive_locked(tx: Tx, row: Sku, *, quantity: int, cause: Cause) -> StockLevel:
    """``receive`` for a row that is locked already."""
    units = checked_units(quantity)
    return _move(tx, row, MovementKind.RESTOCK, on_hand=units, reserved=0, cause=cause)


def count_locked(tx: Tx, row: Sku, *, counted: int, cause: Cause) -> StockLevel:
    """``count`` for a row that is locked already."""
    checked_units(counted, least=0)
    if counted < row.reserved:
        raise _short(tx, row, row.on_hand - counted)
    return _move(
        tx, row, MovementKind.STOCKTAKE, on_hand=counted - row.on_hand, reserved=0, cause=cause
    )


def reverse(tx: Tx, *, movement_id: int, cause: Cause) -> StockLevel:
    """Book the opposite of a movement of stock on hand, as far as no order has it.

    Less than all of it is booked when some was sold since or is held by open orders. Raises
    ``InsufficientStockError`` when nothing is left to take back, ``NotUndoableError`` when the
    SKU was counted since: what a count says is there.
    """
    moved = tx.get_one(StockMovement, movement_id)
    code = tx.exec(select(Sku.code).where(Sku.id == moved.sku_id)).one()
    row = lock(tx, [code])[0]
    if _counted_since(tx, moved):
        raise NotUndoableError(row.code)
    delta = -moved.delta_on_hand
    if delta < 0 and row.available <= 0:
        raise _short(tx, row, -delta)
    by = replace(cause, key=f"{cause.key}:{movement_id}")
    units = max(delta, -row.available)
    return _move(tx, row, MovementKind.UNDO, on_hand=units, reserved=0, cause=by)


def reversed_by(cause: str, kind: str) -> int | None:
    """The id of the movement that an undo with this cause reversed; None for any other movement."""
    last = cause.rpartition(":")[2]
    return int(last) if kind == MovementKind.UNDO and last.isdecimal() else None


def reserve(tx: Tx, *, sku: str, quantity: int, cause: Cause) -> StockLevel:
    """Promise units to an order; stock on hand stays as it is.

    Raises ``InsufficientStockError``.
    """
    row = lock(tx, [sku])[0]
    return reserve_locked(tx, row, quantity=checked_units(quantity), cause=cause)


def reserve_locked(tx: Tx, row: Sku, *, quantity: int, cause: Cause) -> StockLevel:
    """``reserve`` for a row that is locked already."""
    if row.available < quantity:
        raise InsufficientStockError(Shortage(row.code, quantity, row.available))
    return _move(tx, row, MovementKind.RESERVE, on_hand=0, reserved=quantity, cause=cause)


def release_locked(tx: Tx, row: Sku, *, quantity: int, cause: Cause) -> StockLevel:
    """Give promised units back: the order will not be served."""
    return _move(tx, row, MovementKind.RELEASE, on_hand=0, reserved=-quantity, cause=cause)


def sell_locked(tx: Tx, row: Sku, *, quantity: int, cause: Cause) -> StockLevel:
    """Promised units leave the shelf: on hand and reserved fall together."""
    return _move(tx, row, MovementKind.SALE, on_hand=-quantity, reserved=-quantity, cause=cause)


def lock(tx: Tx, codes: Iterable[str]) -> list[Sku]:
    """These SKUs, each locked until the transaction ends, in the order of ``codes``.

    Rows are locked by ascending id, so that two orders over the same SKUs never wait for each
    other in a ring. Raises ``SkuNotFoundError`` naming every unknown code.
    """
    wanted = [names.sku_code(code) for code in codes]
    # By id in two steps: read through the code index InnoDB would lock in the order of the codes.
    ids = tx.exec(select(Sku.id).where(col(Sku.code).in_(set(wanted)))).all()
    rows = tx.exec(
        select(Sku)
        .where(col(Sku.id).in_(sorted(id_ for id_ in ids if id_ is not None)))
        .order_by(col(Sku.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    by_code = {row.code: row for row in rows}
    missing = [code for code in dict.fromkeys(wanted) if code not in by_code]
    if missing:
        raise SkuNotFoundError(*missing)
    return [by_code[code] for code in wanted]


def holders(tx: Tx, *, sku_id: int, most: int = 5) -> tuple[str, ...]:
    """Numbers of the open orders that hold units of this SKU, newest first."""
    statement = (
        select(Order.order_no)
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .where(OrderLine.sku_id == sku_id, col(Order.status).in_(HOLDING))
        .order_by(col(Order.id).desc())
        .limit(most)
    )
    return tuple(tx.exec(statement).all())


def holding(tx: Tx, *, sku: str, most: int = 5) -> tuple[str, ...]:
    """The same by the SKU's code."""
    sku_id = tx.exec(select(Sku.id).where(Sku.code == names.sku_code(sku))).one()
    return holders(tx, sku_id=sku_id or 0, most=most)


@dataclass(frozen=True, slots=True)
class MovementView:
    """One movement: deltas and levels in units, what it came from, and who did it."""

    id: int
    sku: str
    kind: str
    delta_on_hand: int
    delta_reserved: int
    on_hand: int
    reserved: int
    cause: str
    actor: str
    note: str
    created_at: datetime


def movements(
    tx: Tx, *, sku: str | None = None, before: int | None = None, limit: int = 20
) -> tuple[list[MovementView], int | None]:
    """Movements newest first, of one SKU or of all, and the id to go on below (None at the end)."""
    statement = select(StockMovement, Sku.code).join(Sku)
    if sku is not None:
        statement = statement.where(Sku.code == names.sku_code(sku))
    if before is not None:
        statement = statement.where(col(StockMovement.id) < before)
    rows = tx.exec(statement.order_by(col(StockMovement.id).desc()).limit(limit + 1)).all()
    return [_movement(*row) for row in rows[:limit]], rows[limit - 1][0].id if len(
        rows
    ) > limit else None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A movement with its product's present name and its SKU's present specs."""

    movement: MovementView
    name: str
    specs: dict[str, str]


def ledger(
    tx: Tx,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    after: int = 0,
    limit: int = 500,
) -> tuple[list[LedgerEntry], int | None]:
    """Movements of [start, end), oldest first, and the id to go on after (None at the end)."""
    statement = (
        select(StockMovement, Sku.code, Product.name, Sku.specs)
        .join(Sku, col(Sku.id) == col(StockMovement.sku_id))
        .join(Product, col(Product.id) == col(Sku.product_id))
        .where(col(StockMovement.id) > after)
    )
    if start is not None:
        statement = statement.where(col(StockMovement.created_at) >= start)
    if end is not None:
        statement = statement.where(col(StockMovement.created_at) < end)
    rows = tx.exec(statement.order_by(col(StockMovement.id)).limit(limit + 1)).all()
    entries = [
        LedgerEntry(_movement(row, code), name, dict(specs))
        for row, code, name, specs in rows[:limit]
    ]
    return entries, rows[limit - 1][0].id if len(rows) > limit else None


def movement(tx: Tx, movement_id: int) -> MovementView:
    """The movement with this id."""
    return _movement(
        *tx.exec(
            select(StockMovement, Sku.code).join(Sku).where(StockMovement.id == movement_id)
        ).one()
    )


def _movement(row: StockMovement, code: str) -> MovementView:
    return MovementView(
        id=row.id or 0,
        sku=code,
        kind=row.kind,
        delta_on_hand=row.delta_on_hand,
        delta_reserved=row.delta_reserved,
        on_hand=row.on_hand_after,
        reserved=row.reserved_after,
        cause=row.cause,
        actor=row.actor,
        note=row.note,
        created_at=row.created_at,
    )


def open_many(tx: Tx, rows: Sequence[Sku], *, cause: Cause) -> None:
    """Book the stock that SKUs of this very transaction were written with, as restocks."""
    movements = [_opening(tx, row, cause) for row in rows]
    tx.add_all(movements)
    tx.flush()
    for row, movement in zip(rows, movements, strict=True):
        _note(tx, row, movement)


def checked_units(quantity: int, *, least: int = 1) -> int:
    """``quantity`` when a shop can mean it; raises ``InvalidValueError``."""
    if type(quantity) is not int or not least <= quantity <= MAX_UNITS:
        raise InvalidValueError("quantity", "range", MAX_UNITS)
    return quantity


def _move(
    tx: Tx, row: Sku, kind: MovementKind, *, on_hand: int, reserved: int, cause: Cause
) -> StockLevel:
    """Change a locked row's levels and write the movement.

    The WHERE clause is the guard, the lock saves work.
    """
    before, available_before = row.on_hand, row.available
    guarded = (
        update(Sku)
        .where(
            col(Sku.id) == row.id,
            col(Sku.on_hand) + on_hand >= col(Sku.reserved) + reserved,
            col(Sku.reserved) + reserved >= 0,
        )
        .values(on_hand=Sku.on_hand + on_hand, reserved=Sku.reserved + reserved)
        .execution_options(synchronize_session=False)
    )
    if tx.exec(guarded).rowcount != 1:
        raise InsufficientStockError(Shortage(row.code, max(-on_hand, reserved), row.available))
    # The row is locked, so this is what the database has now; asking it would cost a statement.
    set_committed_value(row, "on_hand", row.on_hand + on_hand)
    set_committed_value(row, "reserved", row.reserved + reserved)
    movement = StockMovement(
        sku_id=row.id or 0,
        kind=kind,
        delta_on_hand=on_hand,
        delta_reserved=reserved,
        on_hand_after=row.on_hand,
        reserved_after=row.reserved,
        cause=cause.key,
        actor=cause.actor,
        note=cause.note,
        # An undo goes back to where people knew the shop was: no news.
        alert="" if kind is MovementKind.UNDO else crossing(row, available_before),
        created_at=tx.now,
    )
    tx.add(movement)
    tx.flush()
    if on_hand and kind is not MovementKind.SALE:
        _note(tx, row, movement)
    level = _level(tx, row, before, movement)
    _announce(tx, level, movement)
    return level


def _counted_since(tx: Tx, moved: StockMovement) -> bool:
    """Whether the SKU was counted after a movement, by a count that still stands."""
    corrections = (MovementKind.STOCKTAKE, MovementKind.UNDO)
    later = tx.exec(
        select(StockMovement)
        .where(
            StockMovement.sku_id == moved.sku_id,
            col(StockMovement.id) > moved.id,
            col(StockMovement.kind).in_(corrections),
        )
        .order_by(col(StockMovement.id))
    ).all()
    counts = {m.id for m in later if m.kind == MovementKind.STOCKTAKE}
    standing, roots = set(counts), dict[int | None, int | None]()
    for movement in later:  # an undo, and an undo of that, and so on
        taken_back = reversed_by(movement.cause, movement.kind)
        if taken_back is not None:
            roots[movement.id] = roots.get(taken_back, taken_back)
            standing ^= {roots[movement.id]} & counts
    return bool(standing)


def _opening(tx: Tx, row: Sku, cause: Cause) -> StockMovement:
    return StockMovement(
        sku_id=row.id or 0,
        kind=MovementKind.RESTOCK,
        delta_on_hand=row.on_hand,
        delta_reserved=0,
        on_hand_after=row.on_hand,
        reserved_after=0,
        cause=cause.key,
        actor=cause.actor,
        note=cause.note,
        created_at=tx.now,
    )


def _note(tx: Tx, row: Sku, movement: StockMovement) -> None:
    """Remember the movement for undo."""
    delta = movement.delta_on_hand
    tx.changes.append({"kind": "stock", "movement": movement.id, "sku": row.code, "delta": delta})


class Levels(Protocol):
    """A SKU as an alert sees it."""

    reorder_point: int
    status: str

    @property
    def available(self) -> int:
        """Units that may still be sold."""
        ...


def crossing(row: Levels, before: int) -> str:
    """What a movement ran into: available fell to nothing, or to the reorder point.

    "sold_out", "low" or ""; a reorder point of 0 turns alerts off.
    """
    if not row.reorder_point or row.available >= before or row.status != SkuStatus.ON_SALE:
        return ""
    if row.available == 0:
        return "sold_out"
    return "low" if row.available <= row.reorder_point < before else ""


def _level(tx: Tx, row: Sku, before: int, movement: StockMovement) -> StockLevel:
    name = tx.get_one(Product, row.product_id).name
    return StockLevel(
        sku=row.code,
        name=name,
        specs=row.specs,
        on_hand=row.on_hand,
        reserved=row.reserved,
        reorder_point=row.reorder_point,
        on_hand_before=before,
        movement_id=movement.id or 0,
    )


def _announce(tx: Tx, level: StockLevel, movement: StockMovement) -> None:
    if not movement.alert:
        return
    payload = {
        "sku": level.sku,
        "name": level.name,
        "specs": level.specs,
        "available": level.available,
        "reorder_point": level.reorder_point,
    }
    event = "sold_out" if movement.alert == "sold_out" else "low_stock"
    outbox.publish(
        tx,
        topic="low_stock",
        kind=event,
        key=f"{event}:{movement.id}",
        payload=payload,
        urgent=True,  # it does not wait behind a thousand orders
    )


def _short(tx: Tx, row: Sku, requested: int) -> InsufficientStockError:
    held = holders(tx, sku_id=row.id or 0) if row.reserved else ()
    return InsufficientStockError(Shortage(row.code, requested, row.available), holders=held)
