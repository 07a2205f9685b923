"""An answer to an open question: the value of the one slot that was asked for."""

from dataclasses import replace
from typing import Any

from bot.registry import Command, Parameter
from bot.understanding.catalogue import Catalogue
from bot.understanding.filling import fill
from bot.understanding.normalise import bare, normalise
from bot.understanding.shapes import Bad, Scrap


def answer(
    text: str, command: Command, key: str, catalogue: Catalogue | None = None
) -> Any | Bad | None:
    """The JSON value that ``text`` gives to slot ``key``: ``Bad`` if it cannot be, None if none."""
    line = bare(normalise(text))
    if not line or "\n" in line:
        return None
    filled = fill(_only(command, command.parameter(key)), Scrap(line), catalogue, {})
    if key in filled.bad:
        return filled.bad[key]
    return None if filled.leftover else filled.slots.get(key)


def _only(command: Command, parameter: Parameter) -> Command:
    """The command as if this slot were its only one; a number needs no label then."""
    slot = replace(parameter.slot, bare=True)
    return replace(command, parameters=(Parameter(parameter.key, slot, required=True),))
