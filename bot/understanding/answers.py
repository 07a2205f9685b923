"""An answer to an open question: the value of the one slot that was asked for."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.registry import Command, Parameter
from bot.slots import Kind, Slot
from bot.understanding import lexer
from bot.understanding.catalogue import Catalogue
from bot.understanding.filling import fill_alone
from bot.understanding.normalise import normalise
from bot.understanding.polite import bare
from bot.understanding.shapes import Bad
from bot.understanding.times import ANY_DAY
from bot.understanding.tokens import Line, pattern
from bot.understanding.values import value_of

# What is said around a number of things that were looked at: 货架上还有20个, 20 left.
_THERE = (
    r"(?:(?:现在|目前|货架上?|架上|店里|这里|这边|仓库里?|一共|总共|总计|合计|加起来|我|数了|数出来|数完|"
    r"是|盘了|实际|实数|只|还|都|有|剩下|剩|余|了|,)|(?:there )?(?:are|is|have|has|got|only|still|i counted) ?)*"
)
_SO = r"(?:了|吧|的|呀|啊|哦|整|在|,|\.| ?(?:left|there|in all|on the shelf|pieces?|units?))*"
_ABOUT = (
    r"(?P<about>(?:大概|大约|大致|约莫|约|差不多|将近|接近|估计|可能|也许|好像|应该|最多|最少|至少|不到|"
    r"about|around|roughly|approx(?:imately)?|maybe|nearly|almost|perhaps|at least|at most)[有是]? ?)?"
)
_ISH = r"(?P<ish>左右|上下|以上|以下|来个|多个|多|几个| ?or so| ?ish|\+)?"
_SHELF = pattern(
    rf"{_THERE}{_ABOUT}{_THERE}(?P<n>{{n}}|{{money}}){_ISH}(?P<packs> ?(?:boxes|cases|cartons|crates))?"
    rf"{_ISH.replace('ish', 'ish2')}{_SO}"
)
_STILL = re.compile(r"[还剩余]|left|still")  # says a level, and not how many came
_PACKED = re.compile(r"box|case|carton|crate", re.IGNORECASE)
_NONE = re.compile(
    r"(?:现在|货架上?|架上|这个|已经|都|全|店里|一?[个件]也|一[个件]都)*"
    r"(?:没|没有|没有货|没货|无|无货|空|空的|零|卖完|卖光|卖没|售罄|一个也没有?|一个都没有?)[了的啦呀啊]*"
    r"|(?:there (?:are|is) )?(?:none|nothing|zero|empty|all gone|sold out|none left|nothing left)",
    re.IGNORECASE,
)


def answer(
    text: str,
    command: Command,
    key: str,
    catalogue: Catalogue | None = None,
    now: datetime = ANY_DAY,
) -> Any | Bad | None:
    """The JSON value that ``text`` gives to slot ``key``: ``Bad`` if it cannot be, None if none."""
    counted = tallied(text, command.parameter(key).slot, catalogue, now)
    if counted is not None:
        return counted
    words = bare(normalise(text))
    if not words or "\n" in words:
        return None
    line = lexer.line(words, catalogue, now)
    filled = fill_alone(_only(command, command.parameter(key)), line, catalogue)
    if key in filled.bad:
        return filled.bad[key]
    if filled.vague:  # 2箱: how many are in one?
        return Bad(filled.vague[0], "packed")
    return None if filled.leftover or filled.spare else filled.slots.get(key)


def tallied(
    text: str, slot: Slot, catalogue: Catalogue | None = None, now: datetime = ANY_DAY
) -> int | Bad | None:
    """What ``text`` says of how many, whatever command it sounds like: 还有20个, 没了.

    ``Bad`` for what is no exact number of units (20左右, 2箱, 20块), None where it says something
    else.
    """
    words = bare(normalise(text))
    if slot.kind is not Kind.COUNT or not words or "\n" in words:
        return None
    if slot.least == 0 and _NONE.fullmatch(words):
        return 0
    line = lexer.line(words, catalogue, now)
    match = _SHELF.fullmatch(line.masked)
    if match is None or (slot.least and _STILL.search(line.masked)):
        return None
    rule = _inexact(line, match)
    if rule:
        return Bad(words, rule)
    cell = match.start("n")
    value: int | Bad | None = value_of(slot, line.at[cell], line.words(cell, cell + 1))
    return value


def _inexact(line: Line, match: re.Match[str]) -> str:
    """What keeps a number from being one of units: a guess, money, boxes of some; "" for nothing."""
    kind, written = line.kind(match.start("n")), line.words(*match.span("n"))
    if kind == "money":
        return "priced"
    if match["packs"] or kind == "boxes" or (kind == "units" and _PACKED.search(written)):
        return "packed"
    return "exact" if kind == "about" or match["about"] or match["ish"] or match["ish2"] else ""


def _only(command: Command, parameter: Parameter) -> Command:
    """The command as if this slot were its only one; a number needs no label then."""
    slot = replace(parameter.slot, bare=True)
    return replace(command, parameters=(Parameter(parameter.key, slot, required=True),), needs=())
