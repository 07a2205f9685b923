"""What can be exported in a chat: the rows of each topic, and where to have more of them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from bot import ledger_files
from bot.commands._shown import person
from bot.ledger_files import Wording
from bot.registry import Context
from bot.slots import Span
from store import files, order_files, orders, stock
from store.sheets import Cell

Rows = Iterator[tuple[Cell, ...]]

DATED = frozenset({"orders", "ledger"})  # a period says which of them; goods are as they are now
INSTEAD = {
    "skus": "zhanggui sku export",
    "stock": "zhanggui stock export",
    "orders": "zhanggui orders export",
    "ledger": "zhanggui ledger export",
}


def rows(ctx: Context, topic: str, period: Span | None) -> Rows:
    """The headings in the reader's language and the rows, fetched as they are taken."""
    return _ROWS[topic](ctx, period)


def _headed(ctx: Context, rows: Rows) -> Rows:
    """The rows, under what the reader calls their columns: an import knows either."""
    yield tuple(ctx.say(f"column.{key}") for key in next(rows))
    yield from rows


def _orders(ctx: Context, period: Span | None) -> Rows:
    start, end = _bounds(period)
    fetch = partial(orders.oldest_first, ctx.tx, start=start, end=end)
    return _headed(ctx, order_files.rows(lambda after: fetch(after=after), ctx.shop.zone))


def _ledger(ctx: Context, period: Span | None) -> Rows:
    start, end = _bounds(period)
    fetch = partial(stock.ledger, ctx.tx, start=start, end=end)
    wording = Wording(ctx.shop.zone, ctx.language, partial(person, ctx))
    return ledger_files.rows(lambda after: fetch(after=after), wording)


def _bounds(period: Span | None) -> tuple[datetime | None, datetime | None]:
    return (period.start, period.end) if period else (None, None)


_ROWS: dict[str, Callable[[Context, Span | None], Rows]] = {
    "skus": lambda ctx, _: _headed(ctx, files.exported(ctx.tx)),
    "stock": lambda ctx, _: _headed(ctx, files.exported_stock(ctx.tx)),
    "orders": _orders,
    "ledger": _ledger,
}
