"""Reports: the figures of a period, and what sells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlmodel import col

from store import names, skus
from store.db import Tx
from store.models import Order, OrderLine, OrderStatus, Product, Sku, SkuStatus
from store.skus import SkuView

VOID = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
TO_SHIP = (OrderStatus.CONFIRMED, OrderStatus.PAID)
BEST = 5
MOST_LOW = 50


@dataclass(frozen=True, slots=True)
class Seller:
    """What was sold of a SKU: units, and fen without shipping. ``title`` is its present name."""

    sku: str
    title: str
    units: int
    revenue_fen: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A period in figures; cancelled and expired orders count as ``cancelled`` alone.

    ``revenue_fen`` has shipping in it and refunds taken off; ``paid_fen`` is the part of it that is
    in. Of the moment, not of the period: ``to_ship`` (orders), ``low_stock`` (at or under the
    reorder point, the scarcest first) and ``sold_out``; both leave out SKUs whose alerts are off.
    """

    orders: int
    units: int
    revenue_fen: int
    paid_fen: int
    unpaid_orders: int
    cancelled: int
    to_ship: int
    best: tuple[Seller, ...]
    low_stock: tuple[SkuView, ...]
    sold_out: tuple[SkuView, ...]


def summary(tx: Tx, *, start: datetime, end: datetime) -> Summary:
    """The figures of the orders created in [start, end), and what needs a hand now."""
    low = skus.low_stock(tx, most=MOST_LOW)
    return Summary(
        **_order_figures(tx, start, end),
        units=_units(tx, start, end),
        to_ship=_number(tx, col(Order.status).in_(TO_SHIP)),
        best=tuple(top_sellers(tx, start=start, end=end, most=BEST)),
        low_stock=tuple(sku for sku in low if sku.available),
        sold_out=tuple(sku for sku in low if not sku.available),
    )


def top_sellers(
    tx: Tx,
    *,
    start: datetime,
    end: datetime,
    most: int,
    worst: bool = False,
    category: str = "",
    codes: Sequence[str] = (),
) -> list[Seller]:
    """SKUs by units sold in orders created in [start, end), the best first.

    ``worst``: the SKUs on sale that sold least, the unsold ones first. ``category``, ``codes``:
    only what is in the category, only these SKUs.
    """
    sold = _sold(start, end)
    units, fen = func.coalesce(sold.c.units, 0), func.coalesce(sold.c.fen, 0)
    found = select(col(Sku.code), col(Product.name), col(Sku.specs), units, fen).join(
        Product, col(Product.id) == col(Sku.product_id)
    )
    if worst:
        found = found.outerjoin(sold, sold.c.sku_id == Sku.id).where(
            col(Sku.status) == SkuStatus.ON_SALE
        )
        order: ColumnElement[Any] = units
    else:
        found = found.join(sold, sold.c.sku_id == Sku.id)
        order = units.desc()
    if category:
        found = found.where(skus.called(category))
    if codes:
        found = found.where(col(Sku.code).in_(codes))
    rows = tx.execute(found.order_by(order, col(Sku.code)).limit(most)).all()
    return [_seller(*row) for row in rows]


def _seller(code: str, name: str, specs: dict[str, str], units: int, fen: int) -> Seller:
    title = f"{name} {names.specs_text(specs)}".strip()
    return Seller(code, title, int(units), int(fen))  # MySQL's sums are Decimals


def _order_figures(tx: Tx, start: datetime, end: datetime) -> dict[str, int]:
    void = col(Order.status).in_(VOID)
    fen = Order.total_fen - Order.refunded_fen
    paid = col(Order.paid_at).is_not(None)
    row = tx.execute(
        select(
            _total(case((void, 0), else_=1)),
            _total(case((void, 0), else_=fen)),
            _total(case((~void & paid, fen), else_=0)),
            _total(case((~void & ~paid, 1), else_=0)),
            _total(case((void, 1), else_=0)),
        ).where(_created(start, end))
    ).one()
    figures = ("orders", "revenue_fen", "paid_fen", "unpaid_orders", "cancelled")
    return {name: int(value) for name, value in zip(figures, row, strict=True)}


def _units(tx: Tx, start: datetime, end: datetime) -> int:
    sold = _sold(start, end)
    return int(tx.execute(select(_total(sold.c.units))).scalar_one())


def _number(tx: Tx, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Order).where(condition)
    return int(tx.execute(statement).scalar_one())


def _sold(start: datetime, end: datetime) -> Subquery:
    """Units and fen by ``sku_id``."""
    return (
        select(
            col(OrderLine.sku_id),
            func.sum(OrderLine.quantity).label("units"),
            func.sum(OrderLine.quantity * OrderLine.price_fen).label("fen"),
        )
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(_created(start, end), col(Order.status).not_in(VOID))
        .group_by(col(OrderLine.sku_id))
        .subquery()
    )


def _created(start: datetime, end: datetime) -> ColumnElement[bool]:
    return (col(Order.created_at) >= start) & (col(Order.created_at) < end)


def _total(figure: Any) -> Any:
    return func.coalesce(func.sum(figure), 0)
