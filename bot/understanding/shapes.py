"""Values as slots take them: bounds, labels and choices."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from bot.slots import Slot
from bot.understanding.tokens import pattern


@dataclass(frozen=True, slots=True)
class Bad:
    """Something stands where a value belongs and is none: ``rule`` whole, range or money."""

    written: str
    rule: str


def count(value: Decimal, written: str, slot: Slot) -> int | Bad:
    """A whole number within the slot's bounds, with its sign."""
    if value != int(value):
        return Bad(written, "whole")
    whole = int(value)
    return slot.sign * whole if slot.least <= whole <= slot.most else Bad(written, "range")


def fen(value: Decimal, written: str, slot: Slot) -> int | Bad:
    """An amount of yuan with at most two decimals, in fen, within the slot's bounds."""
    amount = value * 100
    if amount != int(amount) or not slot.least <= amount <= slot.most:
        return Bad(written, "money")
    return int(amount)


@cache
def labelled(labels: Sequence[str], leads: Sequence[str], value: str) -> re.Pattern[str]:
    """A label, perhaps a word that leads to the value, and the value's cell."""
    label = "|".join(word_of(word) for word in sorted(labels, key=len, reverse=True))
    lead = "|".join(re.escape(word) for word in sorted(leads, key=len, reverse=True))
    optional = f"(?:{lead})?" if lead else ""
    return pattern(rf"(?:{label})[,=的是]?{optional}[,=]? ?(?P<value>{value})")


@cache
def chunk(labels: Sequence[str], leads: Sequence[str]) -> re.Pattern[str]:
    """A label and the word after it, in the text as it is written."""
    label = "|".join(word_of(word) for word in sorted(labels, key=len, reverse=True))
    lead = "|".join(re.escape(word) for word in sorted(leads, key=len, reverse=True))
    return re.compile(
        rf"(?:{label})\s?[:=是]?\s?(?:(?:{lead})\s?)?(?P<value>[^\s,;]+)", re.IGNORECASE | re.ASCII
    )


@cache
def words_of(words: Sequence[str]) -> re.Pattern[str]:
    """Any of these words, the longest first."""
    return pattern("|".join(word_of(word) for word in sorted(words, key=len, reverse=True)))


def word_of(word: str) -> str:
    """A pattern for ``word`` that cuts no Latin word; blanks between Chinese words are no cells."""
    left = r"(?<![0-9a-z])" if word[0].isascii() and word[0].isalnum() else ""
    right = r"(?![0-9a-z])" if word[-1].isascii() and word[-1].isalpha() else ""
    return f"{left}{re.escape(word)}{right}"
