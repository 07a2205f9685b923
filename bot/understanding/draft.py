"""What one command finds in one line, while it is being found: cells taken, slots filled."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.registry import Command, Parameter
from bot.slots import Kind, Slot
from bot.understanding import naming, specs
from bot.understanding.catalogue import Catalogue
from bot.understanding.cues import Cue
from bot.understanding.shapes import Bad
from bot.understanding.tokens import VALUES, Line
from bot.understanding.values import VAGUE, value_of

_KEY_SAID = re.compile(specs.KEY_WORDS)
KEYS = {"尺码": "尺寸", "净重": "重量"}
# One of several values; what reads like a price or a label is none.
_ONE = (
    r"(?!¥|[0-9.]+(?:元|块)|库存|现货|预警|分类|编码|价格?|售价)"
    r"(?![^\s=,;:]{1,20}\s?=)[^\s=;,/|]{1,40}"
)
_SEVERAL = re.compile(
    rf"(?:(?P<key>[^\s=,;:/]{{1,20}})\s?=|(?P<word>{specs.KEY_WORDS})(?:有|分|:|\s))\s?"
    rf"(?P<values>{_ONE}(?:\s?[,/|]\s?{_ONE})*)"
)
# Values that say by themselves what they are of, without the key.
_BARE = re.compile(
    rf"(?<![^\s,])(?:(?P<size>[大中小]号?(?:\s?/\s?[大中小]号?)+)"
    rf"|(?P<colour>[{specs.COLOURS}]色?(?:\s?/\s?[{specs.COLOURS}]色?)+))(?![^\s,])"
)
_FIGURE = re.compile(r"[0-9]+(?:\.[0-9]+)?(?P<unit>[件个双条只瓶盒包袋套支本把台箱罐份])?")


def listed(text: str) -> Iterator[tuple[int, int, str, list[str]]]:
    """``颜色=白,黑``: where it stands, the spec and its values, in order.

    A figure after words is no value but a price or a stock. 大/中/小 and 黑/白 need no key.
    """
    for match in _BARE.finditer(text):
        key = "颜色" if match["colour"] else "尺寸"
        yield match.start(), match.end(), key, [one.strip() for one in match[0].split("/")]
    for match in _SEVERAL.finditer(text):
        first = end = match.start("values")
        values: list[str] = []
        for one in re.finditer(r"[^,/|]+", match["values"]):
            value = one[0].strip().rstrip("的")
            if values and (figure := _figure(value)) and figure != _figure(values[0]):
                break
            values.append(value)
            end = first + one.end()
        key = match["key"] or match["word"]
        yield match.start(), end, KEYS.get(key, key), values


def _figure(value: str) -> str:
    """Whether a value is a bare number or counts something; "" for what is no figure."""
    match = _FIGURE.fullmatch(value)
    return ("counted" if match["unit"] else "bare") if match else ""


@dataclass(slots=True)
class Filled:
    """The slots of one command in one line.

    ``leftover``: words that no slot took, in the clause of the command; ``aside``: in others.
    ``spare``: values that none took, such as a second number. ``known``: the catalogue knows the target; ``guessed``: it resembles one it knows.
    ``vague``: numbers that are no plain count, as 2箱 or 二十左右.
    """

    slots: dict[str, Any] = field(default_factory=dict)
    bad: dict[str, Bad] = field(default_factory=dict)
    leftover: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    heard: tuple[str, str] = ("", "")  # all that no slot took, in the command's clause and outside
    spare: list[str] = field(default_factory=list)
    vague: list[str] = field(default_factory=list)
    known: bool = False
    guessed: bool = False
    shared: bool = False  # several names contain the words
    sounded: tuple[int, int] = (0, 0)  # cells of words that are a name by their sound or a part
    free: list[bool] = field(default_factory=list)  # by cell: whether no slot and no word took it


class Draft:
    """The line of which one command takes its slots; a cell is free until something explains it."""

    def __init__(
        self,
        command: Command,
        line: Line,
        catalogue: Catalogue | None,
        cue: Cue | None,
        others: Sequence[Cue] = (),
    ) -> None:
        self.command, self.line, self.catalogue, self.cue = command, line, catalogue, cue
        self.others = others
        self.free = [True] * len(line.masked)
        self.out = Filled()
        hidden = {p.key for p in command.parameters if p.slot.kind is Kind.HIDDEN}
        self.parameters = [p for p in command.parameters if p.key not in hidden]

    def between(self, start: int, end: int) -> list[int]:
        """The cells in which the characters ``start`` to ``end`` of the text stand."""
        return [
            cell
            for cell, (first, last) in enumerate(self.line.places)
            if first < end and last > start
        ]

    def written(self, cell: int) -> str:
        """A cell as it stands in the text."""
        token = self.line.at[cell]
        return self.line.text[token.start : token.end]

    def lead(self, slot: Slot, cell: int) -> int:
        """Where a value begins with the word that leads to it: 到 128."""
        for lead in sorted(slot.leads, key=len, reverse=True):
            start = cell - len(lead)
            if start >= 0 and self.line.masked[start:cell] == lead and all(self.free[start:cell]):
                return start
        return cell

    def value(self, slot: Slot, cell: int, *, down: bool = False) -> Any:
        """The value of a cell as the slot holds it; what is no plain count is noted as vague."""
        token = self.line.at[cell]
        written = self.line.text[token.start : token.end]
        if token.kind in VAGUE and slot.kind in {Kind.COUNT, Kind.MONEY}:
            self.out.vague.append(written)
        return value_of(slot, token, written, down=down)

    def keep(self, parameter: Parameter, value: Any) -> None:
        """Note a value for a slot, or that it cannot be one; None says nothing."""
        if isinstance(value, Bad):
            self.out.bad[parameter.key] = value
        elif value is not None:
            self.out.slots[parameter.key] = value

    def use(self, start: int, end: int) -> None:
        """Take cells: something explains them."""
        self.free[start:end] = [False] * (end - start)

    def letter(self, cell: int) -> bool:
        """Whether a cell is a letter, neither a value nor a stop."""
        return self.line.masked[cell] not in VALUES and self.line.masked[cell] not in ",."

    def named_by(self, cell: int) -> bool:
        """Whether a number is a part of a new name: 可乐330, glued to its letters."""
        rest = self.command.rest
        if rest is None or rest.slot.kind is not Kind.NAME or not cell:
            return False
        glued = self.line.places[cell][0] == self.line.places[cell - 1][1]
        bare = self.line.kind(cell) in {"int", "digits"} and self.line.masked[cell - 1] != " "
        return bare and glued and self.free[cell - 1] and self.letter(cell - 1)

    def cleaned(self, parameter: Parameter, words: str) -> Any:
        """Words without what only leads to them."""
        match parameter.slot.kind:
            case Kind.USER:
                return naming.member(words)
            case Kind.PERSON:
                return naming.customer_name(words)
            case Kind.LABELLED if parameter.key == "category":
                return naming.category(words)
            case Kind.SPECS:
                return {self.spec_key(words): words}
            case Kind.LABELLED if parameter.key == "code":
                return re.sub(r"^[\u4e00-\u9fff]+(?=[0-9A-Za-z])", "", words)
        return naming.called(words) if parameter.key == "name" else words

    def spec_key(self, words: str) -> str:
        """The spec that a new value is of: that of the old one beside it, else by its last letter."""
        cells = self.cue.cells() if self.cue is not None else ()
        old = [c for c in cells if self.line.kind(c) in {"spec", "measure"}]
        if old:
            return str(self.line.at[old[0]].value[0])
        key = _KEY_SAID.search(self.cue.match[0]) if self.cue is not None else None
        return KEYS.get(key[0], key[0]) if key else specs.key_of(words)
