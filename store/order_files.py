"""Order files: one row per line, without a word of who the customer is but their id."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from store import money, names
from store.orders import LineView, OrderView
from store.sheets import Cell

COLUMNS = (
    "order_no",
    "created_at",
    "status",
    "channel",
    "customer_id",
    "sku",
    "name",
    "specs",
    "quantity",
    "price",
    "total",
    "carrier",
    "tracking_no",
)

Fetch = Callable[[int], tuple[list[OrderView], int | None]]


def rows(fetch: Fetch, zone: ZoneInfo) -> Iterator[tuple[Cell, ...]]:
    """The headings, then the lines of what ``fetch`` gives: orders after an id, and the next id.

    Times are the shop's, money is yuan. What is fetched is asked for when it is needed, so the
    orders may come in one transaction or each page in its own.
    """
    yield COLUMNS
    after: int | None = 0
    while after is not None:
        found, after = fetch(after)
        for order in found:
            for line in order.lines:
                yield _row(order, line, zone)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """``2026-03-05 14:02:33``, as spreadsheets read times."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _row(order: OrderView, line: LineView, zone: ZoneInfo) -> tuple[Cell, ...]:
    return (
        order.order_no,
        local(order.created_at, zone),
        order.status,
        order.channel,
        order.customer_id,
        line.sku,
        line.name,
        names.specs_cell(line.specs),
        line.quantity,
        Decimal(money.to_yuan(line.price_fen)),
        Decimal(money.to_yuan(line.total_fen)),
        order.carrier or "",
        order.tracking_no or "",
    )
