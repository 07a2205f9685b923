"""What a customer asks for, the terms on which a shop serves it, and what comes of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from store import names
from store.errors import InvalidValueError

MAX_LINES = 50
MAX_QUANTITY = 9999
MAX_REMARK = 200
CHANNELS = ("api", "h5", "chat", "pos")

_PHONE = re.compile(r"[0-9+() -]{3,20}")


@dataclass(frozen=True, slots=True)
class Contact:
    """Where the goods go."""

    name: str
    phone: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class LineRequest:
    """So many units of a SKU; ``price_fen``: the price the customer saw, None when not quoted."""

    sku: str
    quantity: int
    price_fen: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a customer asks for."""

    customer_id: str
    lines: tuple[LineRequest, ...]
    contact: Contact | None = None
    remark: str = ""
    channel: str = "api"


@dataclass(frozen=True, slots=True)
class Terms:
    """How the shop takes orders.

    Paid online or not, for how long stock is held then, and what shipping costs (fen).
    """

    online: bool = False
    reservation: timedelta = timedelta(minutes=15)
    shipping_fee_fen: int = 0
    free_from_fen: int = 0

    def shipping_fen(self, goods_fen: int) -> int:
        """The fee for goods of this value; ``free_from_fen`` 0: there is no free limit."""
        return (
            0 if self.free_from_fen and goods_fen >= self.free_from_fen else self.shipping_fee_fen
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """An accepted order and its answer; ``replayed``: accepted before, under this key."""

    order_no: str
    answer: dict[str, Any]
    replayed: bool


def checked(request: OrderRequest) -> OrderRequest:
    """The request with normalised codes and equal SKUs summed (first place kept).

    Raises ``InvalidValueError``.
    """
    names.plain_text("customer_id", request.customer_id, most=64)
    if request.customer_id != request.customer_id.strip() or request.channel not in CHANNELS:
        raise InvalidValueError(
            "customer_id" if request.channel in CHANNELS else "channel", "characters"
        )
    remark = " ".join(request.remark.split())
    return OrderRequest(
        customer_id=request.customer_id,
        lines=merged(
            [
                LineRequest(names.sku_code(line.sku), _quantity(line.quantity), line.price_fen)
                for line in request.lines
            ]
        ),
        contact=_checked_contact(request.contact) if request.contact else None,
        remark=names.plain_text("remark", remark, most=MAX_REMARK) if remark else "",
        channel=request.channel,
    )


def phone(text: str) -> str:
    """A phone number as it is kept: digits and ``+ ( ) -``; raises ``InvalidValueError``."""
    number = names.fold_width(text).strip()
    if not _PHONE.fullmatch(number):
        raise InvalidValueError("phone", "characters")
    return number


def _checked_contact(contact: Contact) -> Contact:
    address = " ".join(contact.address.split())
    return Contact(
        name=names.plain_text("contact", contact.name, most=50),
        phone=phone(contact.phone),
        address=names.plain_text("address", address, most=200) if address else "",
    )


def merged(lines: Sequence[LineRequest]) -> tuple[LineRequest, ...]:
    """Lines whose codes are normalised and whose quantities are in range, equal SKUs summed.

    Raises ``InvalidValueError`` for two prices of one SKU, too many units of it, too many lines.
    """
    summed: dict[str, LineRequest] = {}
    for line in lines:
        first = summed.get(line.sku)
        summed[line.sku] = line if first is None else _both(first, line)
    if not 1 <= len(summed) <= MAX_LINES:
        raise InvalidValueError("lines", "count", MAX_LINES)
    return tuple(summed.values())


def _both(first: LineRequest, second: LineRequest) -> LineRequest:
    prices = {p for p in (first.price_fen, second.price_fen) if p is not None}
    if len(prices) > 1:
        raise InvalidValueError("price_fen", "twice")
    units = _quantity(first.quantity + second.quantity)
    return LineRequest(first.sku, units, min(prices, default=None))


def _quantity(quantity: int) -> int:
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidValueError("quantity", "range", MAX_QUANTITY)
    return quantity
