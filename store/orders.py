"""Orders: placing one, reading them, and every step of their life."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from store import cards, names, outbox, stock
from store.db import Tx
from store.errors import (
    AmbiguousOrderError,
    OrderNotFoundError,
    WrongStateError,
)
from store.models import Order, OrderEvent, OrderLine, OrderStatus, Sku
from store.ordering.requests import Contact
from store.sealing import Vault
from store.stock import Cause

WHOLE, SPOKEN = 10, 4  # digits of an order number, and the fewest of its last that name it
RECENT = timedelta(days=30)  # how far back "the last four digits" reach

_MASKED = 8  # digits of a phone number of which some may be shown

# What each step leaves, and where it leads. Shipping and handing over are the sale.
CANCELLABLE = (OrderStatus.PENDING_PAYMENT, OrderStatus.CONFIRMED)
PAYABLE = (OrderStatus.PENDING_PAYMENT, OrderStatus.CONFIRMED)
PAID_LATE: tuple[OrderStatus, ...] = (OrderStatus.SHIPPED,)
SHIPPABLE = (OrderStatus.CONFIRMED, OrderStatus.PAID)
COMPLETABLE = (OrderStatus.CONFIRMED, OrderStatus.PAID, OrderStatus.SHIPPED)


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as it was sold; fen and units."""

    sku: str
    name: str
    specs: dict[str, str]
    quantity: int
    price_fen: int

    @property
    def total_fen(self) -> int:
        """Quantity times price."""
        return self.quantity * self.price_fen

    @property
    def title(self) -> str:
        """Name and specs, as people say it."""
        return f"{self.name} {names.specs_text(self.specs)}".strip()


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One step of an order; both states are equal where only its payment was noted."""

    before: str
    after: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as it stands.

    ``token`` is its customer's key, ``contact_sealed`` is opened by ``contact``.
    """

    order_no: str
    token: str
    status: str
    customer_id: str
    channel: str
    remark: str
    total_fen: int
    shipping_fen: int
    refunded_fen: int
    attention: str | None
    carrier: str | None
    tracking_no: str | None
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None
    contact_sealed: str | None
    lines: tuple[LineView, ...]


def view(tx: Tx, order_no: str) -> OrderView:
    """The order with this number. Raises ``OrderNotFoundError``."""
    row = tx.exec(select(Order).where(Order.order_no == order_no)).first()
    if row is None:
        raise OrderNotFoundError(order_no)
    return _views(tx, [row])[0]


def steps(tx: Tx, order_no: str) -> tuple[OrderStep, ...]:
    """What was done with an order since it came in, oldest first."""
    rows = tx.exec(
        select(OrderEvent)
        .join(Order, col(Order.id) == col(OrderEvent.order_id))
        .where(Order.order_no == order_no, OrderEvent.from_status != "")
        .order_by(col(OrderEvent.id))
    ).all()
    return tuple(
        OrderStep(row.from_status, row.to_status, row.actor, row.created_at) for row in rows
    )


def for_customer(tx: Tx, order_no: str, token: str) -> OrderView:
    """The order, for whoever holds its token; a wrong token is an order that does not exist."""
    order = view(tx, order_no)
    if not compare_digest(order.token.encode(), token.encode()):
        raise OrderNotFoundError(order_no)
    return order


def find(tx: Tx, digits: str) -> str:
    """The order number that ``digits`` name: the whole number, or its last four or more digits.

    Raises ``OrderNotFoundError``, or ``AmbiguousOrderError`` when several recent orders end so.
    """
    if not digits.isascii() or not digits.isdigit() or not SPOKEN <= len(digits) <= WHOLE:
        raise OrderNotFoundError(digits)
    statement = select(Order.order_no).where(col(Order.order_no).endswith(digits, autoescape=True))
    if len(digits) == WHOLE:
        statement = select(Order.order_no).where(Order.order_no == digits)
    else:
        statement = statement.where(col(Order.created_at) > tx.now - RECENT)
    found = tx.exec(statement.order_by(col(Order.id).desc()).limit(6)).all()
    if not found:
        raise OrderNotFoundError(digits)
    if len(found) > 1:
        raise AmbiguousOrderError(digits, tuple(found))
    return found[0]


def page(
    tx: Tx,
    *,
    statuses: Iterable[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
    limit: int = 20,
) -> tuple[list[OrderView], int | None]:
    """Orders newest first, created in [start, end), and the id to go on below (None at the end)."""
    statement = select(Order)
    for condition in (
        col(Order.status).in_(list(statuses)) if statuses else None,
        col(Order.created_at) >= start if start else None,
        col(Order.created_at) < end if end else None,
        col(Order.id) < before if before else None,
    ):
        if condition is not None:
            statement = statement.where(condition)
    rows = tx.exec(statement.order_by(col(Order.id).desc()).limit(limit + 1)).all()
    return _views(tx, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def oldest_first(
    tx: Tx,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    after: int = 0,
    limit: int = 500,
) -> tuple[list[OrderView], int | None]:
    """Orders created in [start, end), and the id to go on after (None at the end)."""
    statement = select(Order).where(col(Order.id) > after)
    if start is not None:
        statement = statement.where(col(Order.created_at) >= start)
    if end is not None:
        statement = statement.where(col(Order.created_at) < end)
    rows = tx.exec(statement.order_by(col(Order.id)).limit(limit + 1)).all()
    return _views(tx, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def cancel(tx: Tx, *, order_no: str, actor: str, announce: bool = False) -> OrderView:
    """Give an unpaid order's units back.

    An order that is cancelled already stays so, without an error.

    ``announce``: tell the chats that hear of orders (the step was not made in a chat).
    """
    order = _locked(tx, order_no)
    if order.status == OrderStatus.CANCELLED:
        return view(tx, order_no)
    _step(
        tx,
        order,
        CANCELLABLE,
        OrderStatus.CANCELLED,
        actor=actor,
        announce=announce,
        cancelled_at=tx.now,
    )
    cause = Cause(f"order:{order_no}", actor)
    for row, quantity in _held(tx, order):
        stock.release_locked(tx, row, quantity=quantity, cause=cause)
    return view(tx, order_no)


def mark_paid(tx: Tx, *, order_no: str, actor: str, announce: bool = False) -> OrderView:
    """Note that the money is in.

    On an unpaid shipped order only the time is noted, the state stays.
    """
    order = _locked(tx, order_no)
    if order.status == OrderStatus.SHIPPED and order.paid_at is None:
        to, leaves = OrderStatus.SHIPPED, PAID_LATE
    else:
        to, leaves = OrderStatus.PAID, PAYABLE
    _step(
        tx,
        order,
        leaves,
        to,
        actor=actor,
        announce=announce,
        paid_at=tx.now,
        expires_at=None,
    )
    return view(tx, order_no)


def ship(
    tx: Tx,
    *,
    order_no: str,
    actor: str,
    carrier: str = "",
    tracking_no: str = "",
    announce: bool = False,
) -> OrderView:
    """The goods leave the shelf: the sale."""
    order = _locked(tx, order_no)
    parcel = {
        "carrier": _short_text("carrier", carrier),
        "tracking_no": _short_text("tracking_no", tracking_no),
    }
    _step(
        tx,
        order,
        SHIPPABLE,
        OrderStatus.SHIPPED,
        actor=actor,
        announce=announce,
        shipped_at=tx.now,
        **parcel,
    )
    _sell(tx, order, actor)
    return view(tx, order_no)


def complete(tx: Tx, *, order_no: str, actor: str, announce: bool = False) -> OrderView:
    """The customer has the goods. An order that was not shipped is handed over now: the sale."""
    order = _locked(tx, order_no)
    handed_over = order.status != OrderStatus.SHIPPED
    _step(
        tx,
        order,
        COMPLETABLE,
        OrderStatus.COMPLETED,
        actor=actor,
        announce=announce,
        completed_at=tx.now,
    )
    if handed_over:
        _sell(tx, order, actor)
    return view(tx, order_no)


def contact(order: OrderView, vault: Vault) -> Contact | None:
    """Name, phone and address in full."""
    if order.contact_sealed is None:
        return None
    return Contact(**json.loads(vault.open(order.contact_sealed)))


def masked(contact: Contact) -> Contact:
    """The contact as groups and pages may see it: ``张*``, ``138****5678``, ``北京市朝阳区…``."""
    phone = contact.phone
    return Contact(
        name=contact.name[:1] + "*" * max(len(contact.name) - 1, 1),
        phone=f"{phone[:3]}****{phone[-4:]}" if len(phone) >= _MASKED else "*" * len(phone),
        address=f"{contact.address[:6]}…" if contact.address else "",
    )


def _locked(tx: Tx, order_no: str) -> Order:
    statement = select(Order).where(Order.order_no == order_no).with_for_update()
    row = tx.exec(statement.execution_options(populate_existing=True)).first()
    if row is None:
        raise OrderNotFoundError(order_no)
    return row


def _step(
    tx: Tx,
    order: Order,
    leaves: tuple[OrderStatus, ...],
    to: OrderStatus,
    *,
    actor: str,
    announce: bool,
    **values: Any,
) -> None:
    """Move an order on by an UPDATE guarded by the state it leaves; raises ``WrongStateError``."""
    before = order.status
    guarded = (
        update(Order)
        .where(
            col(Order.id) == order.id, col(Order.status) == before, col(Order.status).in_(leaves)
        )
        .values(status=to, **values)
        .execution_options(synchronize_session=False)
    )
    if tx.exec(guarded).rowcount != 1:
        raise WrongStateError(order.order_no, before)
    tx.refresh(order)
    _event(tx, order, before, to, actor)
    tx.changes.append(
        {"kind": "order", "order_no": order.order_no, "before": before, "after": str(to)}
    )
    cards.refresh(tx, f"order_new:{order.order_no}")
    if announce:
        payload = {"order_no": order.order_no, "from": before, "to": str(to), "actor": actor}
        key = f"order_changed:{order.order_no}:{to}:{'paid' if 'paid_at' in values else ''}"
        outbox.publish(tx, topic="orders", kind="order_changed", key=key, payload=payload)


def _event(tx: Tx, order: Order, before: str, after: str, actor: str) -> None:
    tx.add(
        OrderEvent(
            order_id=order.id or 0,
            from_status=before,
            to_status=after,
            actor=actor,
            created_at=tx.now,
        )
    )


def _held(tx: Tx, order: Order) -> list[tuple[Sku, int]]:
    """The order's SKUs, locked in id order, with the units it holds of each."""
    lines = tx.exec(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    quantities = {line.sku_id: line.quantity for line in lines}
    rows = tx.exec(
        select(Sku)
        .where(col(Sku.id).in_(sorted(quantities)))
        .order_by(col(Sku.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return [(row, quantities[row.id or 0]) for row in rows]


def _sell(tx: Tx, order: Order, actor: str) -> None:
    cause = Cause(f"order:{order.order_no}", actor)
    for row, quantity in _held(tx, order):
        stock.sell_locked(tx, row, quantity=quantity, cause=cause)


def _short_text(field: str, text: str) -> str | None:
    return names.plain_text(field, text, most=40) if text.strip() else None


def _views(tx: Tx, rows: Sequence[Order]) -> list[OrderView]:
    lines: dict[int, list[LineView]] = {row.id or 0: [] for row in rows}
    if rows:
        statement = (
            select(OrderLine)
            .where(col(OrderLine.order_id).in_(lines))
            .order_by(col(OrderLine.position))
        )
        for line in tx.exec(statement).all():
            lines[line.order_id].append(
                LineView(line.sku_code, line.name, line.specs, line.quantity, line.price_fen)
            )
    return [_view(row, tuple(lines[row.id or 0])) for row in rows]


def _view(row: Order, lines: tuple[LineView, ...]) -> OrderView:
    return OrderView(
        order_no=row.order_no,
        token=row.token,
        status=row.status,
        customer_id=row.customer_id,
        channel=row.channel,
        remark=row.remark,
        total_fen=row.total_fen,
        shipping_fen=row.shipping_fen,
        refunded_fen=row.refunded_fen,
        attention=row.attention,
        carrier=row.carrier,
        tracking_no=row.tracking_no,
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        shipped_at=row.shipped_at,
        completed_at=row.completed_at,
        contact_sealed=row.contact_sealed,
        lines=lines,
    )
