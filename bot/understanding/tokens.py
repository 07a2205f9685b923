"""A line as a row of cells: what has a value is one cell, whatever its length; the rest is letters.

Patterns are written over cells: ``{n}`` is any number, ``{sku}`` any product. So one pattern reads
补货20 and 补货二十 alike, and no digit of a code is taken for a number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bot.understanding.normalise import SILENT

# One private-use character for each kind of value.
KINDS = (
    "sku", "category", "spec", "measure", "int", "digits", "units", "boxes", "decimal", "money",
    "off", "percent", "plus", "minus", "order", "tracking", "phone", "period", "day", "time",
    "later", "all", "mention", "odd", "about", "role", "carrier", "status", "each", "intent",
)  # fmt: skip
MARK = {kind: chr(0xE000 + number) for number, kind in enumerate(KINDS)}
_KIND = {mark: kind for kind, mark in MARK.items()}
# What a placeholder of a pattern stands for.
_NUMBERS = ("int", "digits", "units", "boxes", "decimal", "about", "odd")
_PLACEHOLDERS = {
    "n": _NUMBERS,
    "amount": ("money", "decimal", "int", "digits", "odd"),
    "yuan": ("money", "decimal"),
    "price": ("money", "decimal", "int", "digits", "off", "percent"),
    "off": ("off",),
    "order": ("order", "digits"),
    "thing": ("sku", "category", "spec", "all"),
    "when": ("period", "day", "time", "later"),
}
_EDGE = "(?:(?<![0-9a-z])|(?![0-9a-z]))"  # not inside a Latin word
VALUES = frozenset(MARK.values())
GAP = "gap"  # how the groups of a pattern begin whose cells stay unexplained


@dataclass(frozen=True, slots=True)
class Token:
    """A value in ``text[start:end]``."""

    kind: str
    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a line: ``masked`` has one character for each, ``places`` its span in ``text``.

    Blanks are no cells, but between two Latin words.
    """

    text: str
    tokens: tuple[Token, ...]
    masked: str
    places: tuple[tuple[int, int], ...]
    at: dict[int, Token] = field(repr=False)

    def words(self, start: int, end: int) -> str:
        """The text of the cells ``start`` to ``end``."""
        return self.text[self.places[start][0] : self.places[end - 1][1]] if end > start else ""

    def kind(self, cell: int) -> str:
        """The kind of value in a cell, "" for a letter."""
        return _KIND.get(self.masked[cell], "")

    def cells(self, *kinds: str) -> list[int]:
        """The cells that hold values of these kinds, in order."""
        wanted = {MARK[kind] for kind in kinds}
        return [cell for cell, mark in enumerate(self.masked) if mark in wanted]


def line_of(text: str, tokens: Iterable[Token]) -> Line:
    """Lay a line out in cells. The tokens are in order and do not overlap."""
    ordered = tuple(sorted(tokens, key=lambda token: token.start))
    starts = {token.start: token for token in ordered}
    masked: list[str] = []
    places: list[tuple[int, int]] = []
    at: dict[int, Token] = {}
    position = 0
    while position < len(text):
        token = starts.get(position)
        if token is not None and token.end > position:
            at[len(masked)] = token
            masked.append(MARK[token.kind])
            places.append((token.start, token.end))
            position = token.end
            continue
        char = text[position]
        if SILENT.match(char):
            position += 1
            continue
        if char not in " \t" or _between_words(text, position, masked):
            masked.append(_folded(char))
            places.append((position, position + 1))
        position += 1
    return Line(text, ordered, "".join(masked), tuple(places), at)


def _between_words(text: str, position: int, masked: list[str]) -> bool:
    before = masked[-1] if masked else ""
    after = text[position + 1 : position + 2]
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()


def _folded(char: str) -> str:
    low = char.lower()
    if len(low) != 1:
        return char
    return "," if low in ";:|~" else low


@cache
def pattern(source: str) -> re.Pattern[str]:
    """A pattern over cells: a regular expression in which ``{kind}`` stands for a value.

    ``…`` stands for a few words that the pattern does not explain.
    """

    def cells(match: re.Match[str]) -> str:
        kinds = _PLACEHOLDERS.get(match[1], (match[1],))
        return "[" + "".join(MARK[kind] for kind in kinds) + "]"

    gaps = iter(range(source.count("…")))
    spelled = re.sub("…", lambda _: f"(?P<{GAP}{next(gaps)}>.{{0,20}}?)", source)
    # A value's cell is no letter, so \\b would not hold beside it.
    spelled = spelled.replace(r"\b", _EDGE)
    # Between a word and a value no blank is kept, whatever the pattern's author wrote there.
    spelled = re.sub(r" (?=\(\?P<\w+>|(?:\(\?=)?\{[a-z]+\})", " ?", spelled)
    spelled = re.sub(r"(?<=\}) |(?<=\}\)) ", " ?", spelled)
    return re.compile(re.sub(r"\{([a-z]+)\}", cells, spelled), re.IGNORECASE | re.ASCII)
