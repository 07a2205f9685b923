"""Ways to read a line: this command, by these words, with these slots, at this cost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.registry import Command
from bot.slots import Kind
from bot.understanding import wording
from bot.understanding.cues import Cue
from bot.understanding.draft import Filled
from bot.understanding.ear import IGNORE, NOT
from bot.understanding.tokens import Line

LONG = 12  # characters: a longer run nobody knows is talk, not a product
_ANYTHING = frozenset({Kind.INTENT, Kind.QUERY, Kind.USER})
_TARGETS = frozenset({Kind.SKU, Kind.SKUS})
# What a part of the line that stays unexplained costs, and what telling words are worth.
_LEFTOVER, _ASIDE, _SPARE = 1.0, 0.5, 3.0
_MISSING, _BAD, _LOST, _WRITE = 2.0, 1.5, 1.5, 0.3
_LETTER, _BOUND = 0.6, 0.4
_SURE, _HALF, _HARDLY = 0.75, 0.5, 0.15
_SOUND, _FAINT = 2.0, 0.002


@dataclass(slots=True)
class Candidate:
    """A reading."""

    cue: Cue
    filled: Filled
    line: Line
    informed: bool  # whether there is a catalogue at all
    heard: Mapping[str, float]  # how likely each command is by the sound of the line

    @property
    def command(self) -> Command:
        """The command that the words say."""
        return self.cue.command

    @property
    def likely(self) -> float:
        """How likely the command is by the sound of the line, 0 to 1."""
        return self.heard.get(self.command.intent, 0.0)

    @property
    def sure(self) -> bool:
        """Whether the sound of the line leaves hardly a doubt about the command."""
        return self.likely > _SURE

    @property
    def certain(self) -> bool:
        """Whether it is likely, and sounds like nothing that is not to be done."""
        return self.likely > _HALF and self.sounds(NOT) + self.sounds(IGNORE) < _HARDLY

    def sounds(self, label: str) -> float:
        """How much the line sounds like something that is no command."""
        return self.heard.get(label, 0.0)

    @property
    def missing(self) -> tuple[str, ...]:
        """What must be said and is not."""
        wanted = dict.fromkeys((*self.command.missing(self.filled.slots), *self.cue.saying.needs))
        said = self.filled.slots.keys() | self.filled.bad.keys()
        return tuple(key for key in wanted if key not in said)

    @property
    def lost(self) -> bool:
        """A product is named that the catalogue does not know."""
        rest = self.command.rest
        return (
            rest is not None
            and rest.slot.kind in _TARGETS
            and rest.key in self.filled.slots
            and not self.filled.known
        )

    @property
    def raw(self) -> str:
        """The words that were taken for a name, a person or a query as they stand."""
        rest = self.command.rest
        value = self.filled.slots.get(rest.key) if rest else None
        if rest is None or value is None or self.filled.known:
            return ""
        if isinstance(value, dict):
            return str(value.get("name", ""))
        return str(value)

    @property
    def doubt(self) -> str:
        """Why a write may not be meant: not, if, whether, said, was; "" for no reason."""
        if wording.INJECTION.search(self.line.masked):
            return "injection"
        said, aside = self.filled.heard
        if wording.ASIDE.search(aside):
            return "aside"
        rest = self.command.rest
        if rest is not None and rest.slot.kind not in _ANYTHING | {Kind.NAME}:
            said = f"{said} {self.raw.casefold()}"
        for name, pattern in wording.DOUBTS.items():
            if pattern.search(said):
                return name
        if self.past_or_future:
            return "past"
        return ""

    @property
    def past_or_future(self) -> bool:
        """Whether a day or a time stands in the line that no slot took."""
        return any(
            token.kind in {"period", "day", "time", "later"} and token.value != "today"
            for token in self.line.tokens
            if self.line.text[token.start : token.end] in self.filled.spare
        )

    @property
    def strong(self) -> bool:
        """Whether the words tell of the command by themselves: two letters, or with a value."""
        return self.cue.letters > 1 or self.cue.saying.weight > 0

    @property
    def at_start(self) -> bool:
        """Whether the line begins with the command word."""
        return self.cue.word and self.cue.match.start() == 0

    @property
    def cost(self) -> float:
        """The lower the likelier."""
        filled = self.filled
        left = min(sum(map(len, filled.leftover)), 14)
        cost = (
            _LEFTOVER * left
            + _ASIDE * min(sum(map(len, filled.aside)), 14)
            + _SPARE * len(filled.spare)
        )
        cost += _MISSING * len(self.missing) + _BAD * len(filled.bad)
        cost -= _LETTER * min(self.cue.letters, 8) + self.cue.saying.weight
        if self.lost and self.informed:
            cost += _LOST + 0.2 * len(self.raw)
        if self.command.writes:
            cost += _WRITE
            if filled.leftover and wording.DOUBTS["question"].search(" ".join(filled.leftover)):
                cost += 2
        if self.at_start:
            cost -= 0.8
        cost -= _BOUND * self.cue.bound
        cost -= _SOUND * math.log(max(self.likely, _FAINT))
        return cost + self._strange

    @property
    def _strange(self) -> float:
        """What a reading costs that makes little sense of what stands in the line."""
        cost = 0.0
        if self._renames_the_known and not self.line.cells("money"):
            cost += 3  # 上架 of a product that is there, without a price
        orders = any(p.slot.kind is Kind.ORDER and p.required for p in self.command.parameters)
        if orders and not self.line.cells("order", "digits") and self.line.cells("sku"):
            cost += 2
        numbers = self.line.cells("order", "digits")
        if not orders and any(self.filled.free[cell] for cell in numbers):
            cost += 2  # nothing but an order has such a number
        if not self.filled.known and self.line.cells("digits") and self._counts:
            cost += 3  # four digits and no product are an order's
        return cost

    @property
    def _renames_the_known(self) -> bool:
        rest = self.command.rest
        if rest is None or rest.slot.kind is not Kind.NAME or not self.line.cells("sku"):
            return False
        named = str(self.filled.slots.get(rest.key, ""))
        goods = [t for t in self.line.tokens if t.kind == "sku"]
        return not named or any(
            self.line.text[t.start : t.end] in named and len(named) <= t.end - t.start + 3
            for t in goods
        )

    @property
    def _counts(self) -> bool:
        slots = self.filled.slots
        return any(p.slot.kind is Kind.COUNT and p.key in slots for p in self.command.parameters)
