"""Slots as they were read -> what handlers take: words into SKUs, digits into orders."""

from collections.abc import Mapping
from typing import Any

from bot.registry import Command, Context, Parameter
from bot.slots import Kind, span
from store import orders, skus
from store.errors import SkuNotFoundError


def arguments(ctx: Context, command: Command, slots: Mapping[str, Any]) -> dict[str, Any]:
    """The handler's arguments.

    Raises ``SkuNotFoundError``, ``AmbiguousSkuError``, ``OrderNotFoundError``,
    ``AmbiguousOrderError``, ``InvalidValueError`` (a day no calendar has).
    """
    return {p.key: _value(ctx, p, slots[p.key]) for p in command.parameters if p.key in slots}


def words(target: Mapping[str, Any]) -> str:
    """A target as a person would say it."""
    return " ".join([target.get("code") or target["name"], *target.get("specs", {}).values()])


def _value(ctx: Context, parameter: Parameter, value: Any) -> Any:
    match parameter.slot.kind:
        case Kind.SKU:
            return skus.one(ctx.tx, words(value))
        case Kind.SKUS:
            return _all(ctx, words(value))
        case Kind.ORDER:
            return orders.find(ctx.tx, value)
        case Kind.PERIOD:
            return span(value, ctx.now, ctx.shop.zone)
    return value


def _all(ctx: Context, said: str) -> tuple[skus.SkuView, ...]:
    found = skus.resolve(ctx.tx, said)
    if not found:
        raise SkuNotFoundError(said, nearest=skus.nearest(ctx.tx, said))
    return tuple(found)
