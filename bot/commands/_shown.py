"""How SKUs and orders are shown in replies."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.messages import Table
from bot.registry import Context
from store import members, names
from store.journal import Reversal
from store.money import short_yuan
from store.orders import OrderView
from store.skus import SkuView
from store.stock import StockLevel

Fields = tuple[tuple[str, str], ...]


def change(before: object, after: object) -> str:
    """``30 → 50``; one value where nothing changed."""
    return f"{before} → {after}" if before != after else f"{after}"


def yuan(fen: int) -> str:
    """``¥88``."""
    return f"¥{short_yuan(fen)}"


def level_title(level: StockLevel) -> str:
    """``咖啡豆 250g（KFD）``."""
    return f"{level.name} {names.specs_text(level.specs)}".strip() + f"（{level.sku}）"


def sku_title(sku: SkuView) -> str:
    """The same of a SKU."""
    return f"{sku.title}（{sku.code}）"


def sku_fields(ctx: Context, sku: SkuView) -> Fields:
    """All that a person asks of one SKU."""
    fields = (
        (ctx.say("field.code"), sku.code),
        (ctx.say("field.price"), yuan(sku.price_fen)),
        (ctx.say("field.available"), str(sku.available)),
        (ctx.say("field.on_hand"), str(sku.on_hand)),
        (ctx.say("field.reserved"), str(sku.reserved)),
        (ctx.say("field.reorder_point"), reorder_point(ctx, sku.reorder_point)),
        (ctx.say("field.category"), sku.category),
        (ctx.say("field.status"), ctx.say(f"status.{sku.status}")),
    )
    return tuple((name, value) for name, value in fields if value)


def reorder_point(ctx: Context, units: int) -> str:
    """The alert level; 0 means alerts are off."""
    return str(units) if units else ctx.say("value.off")


def sku_table(ctx: Context, skus: Iterable[SkuView]) -> Table:
    """One row per SKU."""
    return Table(
        head=tuple(
            ctx.say(f"field.{key}") for key in ("code", "product", "price", "available", "reserved")
        ),
        rows=tuple(
            (sku.code, _name(ctx, sku), yuan(sku.price_fen), str(sku.available), str(sku.reserved))
            for sku in skus
        ),
    )


def order_table(ctx: Context, orders: Iterable[OrderView]) -> Table:
    """One row per order."""
    return Table(
        head=tuple(
            ctx.say(f"field.{key}") for key in ("order_no", "status", "goods", "total", "time")
        ),
        rows=tuple(
            (
                order.order_no,
                ctx.say(f"status.{order.status}"),
                goods(ctx, order),
                yuan(order.total_fen),
                ctx.local(order.created_at),
            )
            for order in orders
        ),
    )


def goods(ctx: Context, order: OrderView) -> str:
    """``咖啡豆 ×2、手冲壶 ×1``."""
    return ctx.listed(f"{line.title} ×{line.quantity}" for line in order.lines)


def schema_text(schema: Iterable[Mapping[str, Any]]) -> str:
    """``颜色=白,黑 尺寸=S,M 包装?``, as it is typed."""
    return " ".join(
        entry["key"]
        + (f"={','.join(entry['values'])}" if entry["values"] else "")
        + ("" if entry["required"] else "?")
        for entry in schema
    )


def value(ctx: Context, field: str, value: Any) -> str:
    """A value of ``store.journal.Reversal`` as people say it."""
    shown = _VALUES.get(field)
    return shown(ctx, value) if shown else str(value) or ctx.say("value.none")


def moment(ctx: Context, at: datetime) -> str:
    """``11-29 周日 18:00``, shop-local; another year is named."""
    local = at.astimezone(ctx.shop.zone)
    year = "" if local.year == ctx.now.astimezone(ctx.shop.zone).year else f"{local.year}-"
    return f"{year}{local:%m-%d} {ctx.say(f'weekday.{local.weekday()}')} {local:%H:%M}"


def reversal(ctx: Context, done: Reversal) -> tuple[str, str]:
    """The field of what was put back, and its values before and after."""
    before, after = (value(ctx, done.field, v) for v in (done.before, done.after))
    return reversed_field(ctx, done), f"{before} → {after}"


def reversed_field(ctx: Context, done: Reversal) -> str:
    """What a reversal is about: ``KFD 价格``."""
    what, field = done.what, _LABELS.get(done.field, done.field)
    if field == "subscription":
        return ctx.say(f"topic.{what}")
    return f"{what} {ctx.say(f'field.{field}')}".strip()


def person(ctx: Context, actor: str) -> str:
    """What to call ``platform:user id``."""
    return members.called(ctx.tx, actor)


def _name(ctx: Context, sku: SkuView) -> str:
    return sku.title if sku.status == "on_sale" else f"{sku.title}（{ctx.say('status.delisted')}）"


_LABELS = {"price_fen": "price", "spec_schema": "specs"}
_VALUES: dict[str, Callable[[Context, Any], str]] = {
    "price_fen": lambda _, fen: yuan(fen),
    "reorder_point": reorder_point,
    "specs": lambda _, specs: names.specs_text(specs),
    "spec_schema": lambda _, schema: schema_text(schema),
    "shop": lambda ctx, is_open: ctx.say("value.open" if is_open else "value.closed"),
    "status": lambda ctx, status: ctx.say(f"status.{status}"),
    "role": lambda ctx, role: ctx.say(f"role.{role}"),
    "language": lambda ctx, spoken: ctx.say(f"language.{spoken}"),
    "timed": lambda ctx, state: ctx.say(f"timed_state.{state}"),
    "subscription": lambda ctx, at: (
        ctx.say("value.off") if at is None else at or ctx.say("value.on")
    ),
}
