"""The audit: every stock figure computed anew from the record and compared with what is stored.

The database adds up; only what differs comes back, so that a hundred thousand SKUs are no matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, Subquery, and_, case, cast, func, literal
from sqlmodel import col, select

from store.db import Tx
from store.models import Order, OrderLine, OrderStatus, Sku, StockMovement
from store.stock import HOLDING

SOLD = (OrderStatus.SHIPPED, OrderStatus.COMPLETED)
UNSOLD = (*HOLDING, OrderStatus.CANCELLED, OrderStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Fault:
    """A figure that is not what the record adds up to; units, or fen for ``…_fen``.

    ``sku`` is a code, empty where the fault is an order's alone. ``field`` is the stored figure's
    name, after the order or movement it belongs to where it is not the SKU's own.
    """

    sku: str
    field: str
    stored: int
    computed: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How many SKUs were looked at, and every fault found."""

    checked: int
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return not self.faults


def check(tx: Tx) -> AuditReport:
    """Compare stock with movements and open orders, movements with each other, orders with lines.

    Run it in one snapshot (``Database.read(..., snapshot=True)``), or orders that arrive meanwhile
    look like faults.
    """
    checked = tx.exec(select(func.count()).select_from(Sku)).one()
    statements = (*_levels(), _holds(), *_chains(), _totals(), *_orders())
    faults = [_fault(*row) for statement in statements for row in tx.execute(statement)]
    return AuditReport(checked, tuple(faults))


def _fault(sku: str, field: str, stored: int, computed: int) -> Fault:
    return Fault(sku, field, int(stored), int(computed))  # MySQL's sums are Decimals


def _differing(sku: Any, field: Any, stored: Any, computed: Any) -> Any:
    """Rows ``(sku, field, stored, computed)`` where the two figures are not the same."""
    return select(sku, field, stored, computed).where(stored != computed)


def _levels() -> Iterator[Any]:
    """Each level against the sum of its changes."""
    moved = (
        select(
            col(StockMovement.sku_id),
            func.sum(StockMovement.delta_on_hand).label("on_hand"),
            func.sum(StockMovement.delta_reserved).label("reserved"),
        )
        .group_by(col(StockMovement.sku_id))
        .subquery()
    )
    for name, stored in (("on_hand", Sku.on_hand), ("reserved", Sku.reserved)):
        computed = func.coalesce(moved.c[name], 0)
        statement = _differing(Sku.code, literal(name), stored, computed)
        yield statement.select_from(Sku).outerjoin(moved, moved.c.sku_id == Sku.id)


def _holds() -> Any:
    """What is reserved against what open orders hold, and holds that are no order's."""
    in_orders = (
        select(col(OrderLine.sku_id), func.sum(OrderLine.quantity).label("units"))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(col(Order.status).in_(HOLDING))
        .group_by(col(OrderLine.sku_id))
        .subquery()
    )
    others = (
        select(col(StockMovement.sku_id), func.sum(StockMovement.delta_reserved).label("units"))
        .where(col(StockMovement.delta_reserved) != 0, ~_of_an_order())
        .group_by(col(StockMovement.sku_id))
        .subquery()
    )
    held = func.coalesce(in_orders.c.units, 0) + func.coalesce(others.c.units, 0)
    return (
        _differing(Sku.code, literal("reserved by orders"), Sku.reserved, held)
        .select_from(Sku)
        .outerjoin(in_orders, in_orders.c.sku_id == Sku.id)
        .outerjoin(others, others.c.sku_id == Sku.id)
    )


def _chains() -> Iterator[Any]:
    """The level each movement says it left, against all movements up to it.

    Ids are given under the SKU's lock, so their order is that of the changes.
    """
    for name, delta, after in (
        ("on_hand_after", StockMovement.delta_on_hand, StockMovement.on_hand_after),
        ("reserved_after", StockMovement.delta_reserved, StockMovement.reserved_after),
    ):
        so_far = func.sum(delta).over(
            partition_by=col(StockMovement.sku_id), order_by=col(StockMovement.id)
        )
        chain = select(
            col(StockMovement.id),
            col(StockMovement.sku_id),
            col(after).label("stored"),
            so_far.label("computed"),
        ).subquery()
        field = literal("movement ") + cast(chain.c.id, String) + literal(f" {name}")
        statement = _differing(Sku.code, field, chain.c.stored, chain.c.computed)
        yield statement.join(chain, chain.c.sku_id == Sku.id)


def _totals() -> Any:
    """Each order's total against its lines and shipping."""
    goods = (
        select(
            col(OrderLine.order_id),
            func.sum(OrderLine.quantity * OrderLine.price_fen).label("fen"),
        )
        .group_by(col(OrderLine.order_id))
        .subquery()
    )
    computed = func.coalesce(goods.c.fen, 0) + Order.shipping_fen
    return (
        _differing(literal(""), _order_field("total_fen"), Order.total_fen, computed)
        .select_from(Order)
        .outerjoin(goods, goods.c.order_id == Order.id)
    )


def _orders() -> Iterator[Any]:
    """Each order line against its movements: held while the order is open, then settled once."""
    moved = (
        select(
            StockMovement.cause,
            col(StockMovement.sku_id),
            func.sum(StockMovement.delta_reserved).label("held"),
            func.sum(-StockMovement.delta_on_hand).label("sold"),
        )
        .where(_of_an_order())
        .group_by(StockMovement.cause, col(StockMovement.sku_id))
        .subquery()
    )
    held = case((col(Order.status).in_(HOLDING), OrderLine.quantity), else_=0)
    yield _lines(moved, "held", moved.c.held, held)
    sold = case((col(Order.status).in_(SOLD), OrderLine.quantity), else_=0)
    yield _lines(moved, "sold", moved.c.sold, sold).where(col(Order.status).in_(SOLD + UNSOLD))


def _lines(moved: Subquery, name: str, stored: ColumnElement[int], computed: Any) -> Any:
    cause = literal("order:") + col(Order.order_no)
    return (
        _differing(OrderLine.sku_code, _order_field(name), func.coalesce(stored, 0), computed)
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .outerjoin(moved, and_(moved.c.cause == cause, moved.c.sku_id == OrderLine.sku_id))
    )


def _order_field(name: str) -> Any:
    return literal("order ") + col(Order.order_no) + literal(f" {name}")


def _of_an_order() -> ColumnElement[bool]:
    return col(StockMovement.cause).startswith("order:")
