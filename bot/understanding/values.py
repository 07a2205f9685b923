"""What a cell's value is for a slot: within its bounds, with its sign, in the contract's form."""

from decimal import Decimal
from typing import Any

from bot.slots import Kind, Slot
from bot.understanding import shapes
from bot.understanding.shapes import Bad
from bot.understanding.tokens import Token

NUMBERS = ("units", "int", "digits", "boxes", "decimal", "about", "odd", "minus", "plus")
AMOUNTS = ("money", "decimal", "int", "digits", "odd")
VAGUE = frozenset({"boxes", "about"})  # no plain count: 2箱, 二十左右


def value_of(slot: Slot, token: Token, written: str, *, down: bool = False) -> Any:
    """The value as the slot holds it; ``Bad`` if it cannot be, None if it is none.

    ``down``: it is said positive and means a decrease.
    """
    if slot.kind in {Kind.COUNT, Kind.MONEY}:
        return _number(slot, token, written, down=down)
    if slot.kind is Kind.FACTOR:
        return _factor(token.kind, token.value, down=down)
    return _worded(slot.kind, token, written)


def _number(slot: Slot, token: Token, written: str, *, down: bool) -> int | Bad:
    rule = "money" if slot.kind is Kind.MONEY else "whole"
    value = token.value
    if token.kind == "odd" or not isinstance(value, Decimal):
        return Bad(written, rule)
    if token.kind in VAGUE and not value:
        return Bad(written, rule)
    if token.kind == "minus" and slot.sign > 0 and not down:
        return Bad(written, "range")
    read = shapes.fen if rule == "money" else shapes.count
    found = read(value, written, slot)
    return -found if down and isinstance(found, int) and slot.sign > 0 else found


def _factor(kind: str, value: Decimal, *, down: bool) -> str:
    """``*0.8`` for 8折, ``*1.1`` for 10% up."""
    if kind == "percent":
        value = (1 - value / 100) if down else (1 + value / 100)
    return f"*{value.normalize():f}"


def _worded(kind: Kind, token: Token, written: str) -> Any:
    """A value that is no number, as its slot holds it; None where it is too short or too long."""
    match kind:
        case Kind.SPECS if token.kind in {"spec", "measure"}:
            return dict([token.value])
        case Kind.QUERY | Kind.PHONE:
            return _query(token, written.lstrip("#"), price=kind is Kind.QUERY)
        case Kind.CATEGORY | Kind.LABELLED if token.kind == "category":
            return token.value["category"]
        case Kind.PERIOD if token.kind == "day":
            day = token.value[0] if isinstance(token.value, tuple) else token.value
            return f"{day:%m-%d}"
        case Kind.ORDER | Kind.TRACKING:
            digits = token.value if token.kind == "order" else written.lstrip("# ")
            least, most = (1, 20) if kind is Kind.ORDER else (8, 40)
            return digits if least <= len(digits) <= most else None
    nameless = kind in {Kind.USER, Kind.PERSON} and not isinstance(token.value, str)
    return None if nameless else token.value  # 周五离职了: a day is nobody's name


def _query(token: Token, written: str, *, price: bool) -> str:
    """What to search for: words, or a price limit as ``<5000``."""
    if token.kind in {"spec", "measure"}:
        return str(token.value[1])
    if price and token.kind in AMOUNTS and isinstance(token.value, Decimal):
        return f"<{int(token.value * 100)}"
    return written
