"""How SKUs and orders are shown in replies."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.messages import Table
from bot.registry import Context
from store import members, names
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
                goods(order),
                yuan(order.total_fen),
                ctx.local(order.created_at),
            )
            for order in orders
        ),
    )


def goods(order: OrderView) -> str:
    """``咖啡豆 ×2、手冲壶 ×1``."""
    return "、".join(f"{line.title} ×{line.quantity}" for line in order.lines)


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


def person(ctx: Context, actor: str) -> str:
    """What to call ``platform:user id``."""
    return members.called(ctx.tx, actor)


def _name(ctx: Context, sku: SkuView) -> str:
    return sku.title if sku.status == "on_sale" else f"{sku.title}（{ctx.say('status.delisted')}）"


_VALUES: dict[str, Callable[[Context, Any], str]] = {
    "price_fen": lambda _, fen: yuan(fen),
    "reorder_point": reorder_point,
    "specs": lambda _, specs: names.specs_text(specs),
    "spec_schema": lambda _, schema: schema_text(schema),
    "shop": lambda ctx, is_open: ctx.say("value.open" if is_open else "value.closed"),
    "status": lambda ctx, status: ctx.say(f"status.{status}"),
    "role": lambda ctx, role: ctx.say(f"role.{role}"),
    "language": lambda ctx, spoken: ctx.say(f"language.{spoken}"),
    "subscription": lambda ctx, at: (
        ctx.say("value.off") if at is None else at or ctx.say("value.on")
    ),
}
