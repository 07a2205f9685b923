"""An answer to an open question: the value of the one slot that was asked for."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.registry import Command, Parameter
from bot.understanding import lexer
from bot.understanding.catalogue import Catalogue
from bot.understanding.filling import fill_alone
from bot.understanding.normalise import normalise
from bot.understanding.polite import bare
from bot.understanding.shapes import Bad
from bot.understanding.times import ANY_DAY


def answer(
    text: str,
    command: Command,
    key: str,
    catalogue: Catalogue | None = None,
    now: datetime = ANY_DAY,
) -> Any | Bad | None:
    """The JSON value that ``text`` gives to slot ``key``: ``Bad`` if it cannot be, None if none."""
    words = bare(normalise(text))
    if not words or "\n" in words:
        return None
    line = lexer.line(words, catalogue, now)
    filled = fill_alone(_only(command, command.parameter(key)), line, catalogue)
    if key in filled.bad:
        return filled.bad[key]
    if filled.vague:  # 2箱: how many are in one?
        return Bad(filled.vague[0], "whole")
    return None if filled.leftover or filled.spare else filled.slots.get(key)


def _only(command: Command, parameter: Parameter) -> Command:
    """The command as if this slot were its only one; a number needs no label then."""
    slot = replace(parameter.slot, bare=True)
    return replace(command, parameters=(Parameter(parameter.key, slot, required=True),), needs=())
