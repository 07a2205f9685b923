"""Slots as they were read -> what handlers take: words into SKUs, digits into orders."""

from collections.abc import Mapping
from typing import Any

from bot.registry import Command, Context, Parameter
from bot.slots import Kind, span
from store import orders, skus
from store.errors import SkuNotFoundError

MOST_AT_ONCE = 500  # SKUs that one message may change; a sheet may change more


def arguments(ctx: Context, command: Command, slots: Mapping[str, Any]) -> dict[str, Any]:
    """The handler's arguments.

    Raises ``SkuNotFoundError``, ``AmbiguousSkuError``, ``OrderNotFoundError``,
    ``AmbiguousOrderError``, ``InvalidValueError`` (a day no calendar has).
    """
    return {p.key: _value(ctx, p, slots[p.key]) for p in command.parameters if p.key in slots}


def words(target: Mapping[str, Any]) -> str:
    """A target as a person would say it."""
    named = target.get("code") or target.get("name") or target.get("category", "")
    return " ".join([named, *target.get("specs", {}).values()])


def _value(ctx: Context, parameter: Parameter, value: Any) -> Any:
    match parameter.slot.kind:
        case Kind.SKU:
            return skus.one(ctx.tx, words(value))
        case Kind.SKUS:
            return _several(ctx, value)
        case Kind.ORDER:
            return orders.find(ctx.tx, value)
        case Kind.PERIOD:
            return span(value, ctx.now, ctx.shop.zone)
    return value


def _several(ctx: Context, target: Mapping[str, Any]) -> tuple[skus.SkuView, ...]:
    if "ids" in target:  # a timed act's; locked, for a share is of the price that is changed
        return tuple(skus.by_ids(ctx.tx, target["ids"], lock=True))
    if {"all", "category"} & target.keys():
        return _group(ctx, target)
    return _all(ctx, words(target))


def _group(ctx: Context, target: Mapping[str, Any]) -> tuple[skus.SkuView, ...]:
    """Every SKU of a category, or of the shop."""
    category = str(target.get("category", ""))
    found = skus.listed(ctx.tx, category=category, most=MOST_AT_ONCE)
    if not found:
        raise SkuNotFoundError(*filter(None, [category]))
    return tuple(found)


def _all(ctx: Context, said: str) -> tuple[skus.SkuView, ...]:
    found = skus.resolve(ctx.tx, said)
    if not found:
        raise SkuNotFoundError(said, nearest=skus.nearest(ctx.tx, said))
    return tuple(found)
