"""What can be exported in a chat: the rows of each topic, and what the file is called."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from bot.commands._shown import person
from bot.registry import Context
from bot.slots import Span
from store import files, names, order_files, orders, stock
from store.sheets import Cell
from store.stock import LedgerEntry

Rows = Iterator[tuple[Cell, ...]]

DATED = frozenset({"orders", "ledger"})  # a period says which of them; goods are as they are now
INSTEAD = dict.fromkeys(("skus", "stock"), "zhanggui sku export") | {
    "orders": "zhanggui orders export",
    "ledger": "GET /api/v1/movements",
}
_CAUSES = frozenset({"order", "undo", "import", "http", "demo"})  # other keys are those of messages
_LEDGER = ("time", "who", "kind", "code", "product", "specs", "change", "on_hand", "reserved")


def rows(ctx: Context, topic: str, period: Span | None) -> Rows:
    """The headings and the rows, fetched as they are taken."""
    return _ROWS[topic](ctx, period)


def _orders(ctx: Context, period: Span | None) -> Rows:
    start, end = _bounds(period)
    fetch = partial(orders.oldest_first, ctx.tx, start=start, end=end)
    return order_files.rows(lambda after: fetch(after=after), ctx.shop.zone)


def _ledger(ctx: Context, period: Span | None) -> Rows:
    yield (*(ctx.say(f"field.{key}") for key in _LEDGER), ctx.say("field.cause"))
    start, end = _bounds(period)
    people: dict[str, str] = {}
    after: int | None = 0
    while after is not None:
        entries, after = stock.ledger(ctx.tx, start=start, end=end, after=after)
        for entry in entries:
            actor = entry.movement.actor
            if actor not in people:
                people[actor] = person(ctx, actor)
            yield _moved(ctx, entry, people[actor])


def _moved(ctx: Context, entry: LedgerEntry, who: str) -> tuple[Cell, ...]:
    moved = entry.movement
    return (
        order_files.local(moved.created_at, ctx.shop.zone),
        who,
        ctx.say(f"kind.{moved.kind}"),
        moved.sku,
        entry.name,
        names.specs_cell(entry.specs),
        moved.delta_on_hand,
        moved.on_hand,
        moved.reserved,
        "；".join(filter(None, (_cause(ctx, moved.cause), moved.note))),
    )


def _cause(ctx: Context, key: str) -> str:
    """What a movement came of, in words."""
    kind, _, number = key.partition(":")
    return ctx.say(f"cause.{kind if kind in _CAUSES else 'chat'}", number=number)


def _bounds(period: Span | None) -> tuple[datetime | None, datetime | None]:
    return (period.start, period.end) if period else (None, None)


_ROWS: dict[str, Callable[[Context, Span | None], Rows]] = {
    "skus": lambda ctx, _: files.exported(ctx.tx),
    "stock": lambda ctx, _: files.exported_stock(ctx.tx),
    "orders": _orders,
    "ledger": _ledger,
}
