"""Ways to read a message: this command, by this word, at this place, with these slots."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.registry import Command, Registry
from bot.slots import Kind
from bot.understanding import shapes
from bot.understanding.catalogue import Catalogue
from bot.understanding.filling import Filled, fill, target_of
from bot.understanding.shapes import Scrap

# Negation, condition, question, hearsay, past: with one of these left over nothing is written.
UNSURE = re.compile(
    r"不(?!锈|粘|倒翁)|别(?!针|致)|没(?!药)|勿|如果|要是|的话|万一|吗|呢|怎|什么|啥|多少|几|谁|哪|为何|是否"
    r"|已经|刚才|刚刚|昨天|前天|明天|后天|上次|之前|以后|等|再|先|还|大家|我|你|他|她|它|那个|这个|这件|那件|说"
    r"|全部|所有|全场|[?\"@]|\b(?:all|not|never|don't|if|when|should|would|did|was|were|why|how|what)\b",
    re.IGNORECASE,
)
# Left over beside a number these change what the number means: 到 50, 5打, 涨 5, 8折.
CHANGING = re.compile(r"[0-9到打箱折涨降加减%^*/×]")
LONG = 12  # characters: a longer run nobody knows is talk, not a product
_SHORTHAND = re.compile(
    r"(?P<target>.*[^\s+\-])(?P<gap>\s?)(?P<sign>[+-])\s?"
    rf"(?P<number>[0-9][0-9,.]*)\s?[{shapes.UNITS}]?"
)
_ANYTHING = frozenset({Kind.INTENT, Kind.QUERY})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading. ``spaced``: the word stands apart from what follows it."""

    command: Command
    word: str
    at: int
    filled: Filled
    spaced: bool

    @property
    def complete(self) -> bool:
        """Every required slot is there and nothing is wrong with any."""
        slots = self.filled.slots
        return not self.filled.bad and all(
            p.key in slots for p in self.command.parameters if p.required
        )

    @property
    def clean(self) -> bool:
        """Complete, and every word was understood."""
        return self.complete and not self.filled.leftover and not self.odd

    @property
    def odd(self) -> str:
        """The words taken for a target or a name that look like talk."""
        rest = self.command.rest
        value = self.filled.slots.get(rest.key) if rest else None
        if rest is None or value is None or self.filled.known or rest.slot.kind in _ANYTHING:
            return ""
        words = str(value.get("name", "")) if isinstance(value, dict) else str(value)
        if UNSURE.search(words) or not _plausible(rest.slot.kind, words):
            return words
        return ""

    @property
    def lost(self) -> bool:
        """A product is needed, and the catalogue does not know the one that is named."""
        rest = self.command.rest
        needed = rest is not None and rest.slot.kind in {Kind.SKU, Kind.SKUS}
        return needed and not self.filled.known

    @property
    def talk(self) -> bool:
        """Whether a line that begins with the word is people talking: 补货这件事明天再说."""
        filled, command = self.filled, self.command
        if command.answers:
            return bool(filled.leftover)
        if self.spaced or filled.known:
            return False
        if command.rest is None:
            return bool(filled.leftover) and not filled.slots
        return bool(self.odd) or (command.writes and self.lost and len(self.word) == 1)


def candidate(
    line: str, word: str, at: int, command: Command, catalogue: Catalogue | None
) -> Candidate:
    """``line`` read as ``command`` by the ``word`` at this place."""
    scrap = Scrap(line)
    end = at + len(word)
    scrap.take(at, end)
    filler = re.match(r"(?:了下|了|一下|下)(?=[\s,:;])", line[end:])
    if filler:
        scrap.take(end, end + filler.end())
    filled = fill(command, scrap, catalogue, command.presets.get(word, {}))
    before, after = line[:at], line[end:]
    spaced = not before or before.endswith(" ")
    apart = not after or after[0] in " ,:;?#" or filler is not None
    return Candidate(command, word, at, filled, spaced and apart)


def by_sign(line: str, catalogue: Catalogue | None, commands: Registry) -> Candidate | None:
    """``咖啡豆+50`` and ``咖啡豆 -3``; a code's own hyphen is no sign."""
    match = _SHORTHAND.fullmatch(line)
    command = next((c for c in commands if match and c.sign == match["sign"]), None)
    if match is None or command is None or not _signed(match):
        return None
    words = match["target"]
    known = catalogue is not None and catalogue.target(words) is not None
    if not known and not re.search(r"[^\W\d]{2}", words):
        return None
    filled = Filled(slots={"sku": target_of(words, None, catalogue)}, known=known)
    if catalogue is not None and not known and not words.isascii():
        filled.leftover.append(words)  # 小明+1 is said among people
    delta = next(p for p in command.parameters if p.slot.kind is Kind.COUNT)
    value = shapes.count(match["number"], delta.slot)
    if isinstance(value, shapes.Bad):
        filled.bad[delta.key] = value
    else:
        filled.slots[delta.key] = value
    return Candidate(command, match["sign"], 0, filled, spaced=known)


def words_at(line: str, at: int, commands: Registry) -> Iterator[str]:
    """Command words at this place, the longest first; no Latin word is cut."""
    folded = "".join(low if len(low := char.lower()) == 1 else char for char in line)
    if at and _latin(folded[at - 1 : at + 1]):
        return
    for length in range(min(commands.longest, len(folded) - at), 0, -1):
        word = folded[at : at + length]
        if word in commands.words and not _latin(folded[at + length - 1 : at + length + 1]):
            yield word


def _signed(match: re.Match[str]) -> bool:
    if re.search(r"[+=?]", match["target"]):
        return False
    return match["sign"] == "+" or bool(match["gap"]) or not match["target"][-1].isascii()


def _plausible(kind: Kind, words: str) -> bool:
    """Whether words can be what they are taken for; a product nobody knows has a short name."""
    if kind is Kind.SECRET:
        return words.isascii()
    return kind is Kind.NAME or words.isascii() or (" " not in words and len(words) <= LONG)


def _latin(pair: str) -> bool:
    """Whether two neighbouring characters belong to one Latin word."""
    return len(pair) > 1 and pair.isascii() and pair.isalpha()
