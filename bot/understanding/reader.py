"""A message -> outcome, intent, slots, question. Pure: no database, no clock, no platform."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from bot.registry import COMMANDS, Answer, Command, Registry
from bot.slots import Kind
from bot.understanding import cues, lexer, lists, schedules, tables, wording
from bot.understanding.candidates import Candidate
from bot.understanding.catalogue import Catalogue
from bot.understanding.cues import Cue
from bot.understanding.ear import ear
from bot.understanding.filling import fill
from bot.understanding.judging import Judge
from bot.understanding.normalise import MAX_CHARS, normalise
from bot.understanding.numerals import HANZI
from bot.understanding.polite import bare
from bot.understanding.reading import Reading
from bot.understanding.times import ANY_DAY
from bot.understanding.tokens import MARK, Line

_HEARD = 0.15  # how likely a command is by its sound alone to be looked at
_HALF, _ANSWERED = 0.5, 0.8  # and an answer to a question, which is short and like much else
_HINTED, _HARDLY, _TELLING = 0.04, 0.0001, 3  # and what a question is about
# A blank inside a number said in words: 二 十块.
_TORN = re.compile(
    rf"(?<={HANZI}) +(?={HANZI}|[块元毛角折点打刻])|(?<=[块元毛角点]) +(?={HANZI}(?:[,.!?]|$))"
)
_MOST_BLANKS = 6  # looked at; who tears more words is not understood anyway
# A blank inside a word: 短 款. Beside a number it parts what belongs apart.
_BLANKS = re.compile(
    rf"(?<=[\u3400-\u9fff])(?<!{HANZI})(?<![{lexer.UNITS}块元毛角折]) +(?=[\u3400-\u9fff])(?!{HANZI}|[^\s=]{{1,8}}=)"
    r"(?!编码|货号|分类|类别|库存|现货|数量|预警|价格|售价|单价|规格|[帮请谢]|麻烦)"
)


def read(
    text: str,
    catalogue: Catalogue | None = None,
    *,
    commands: Registry = COMMANDS,
    language: str = "zh",
    now: datetime = ANY_DAY,
) -> Reading:
    """What ``text`` means, over the shop's own ``catalogue`` when there is one.

    ``now``, in the shop's zone, is what 明早9点 counts from.
    """
    whole = normalise(text[: MAX_CHARS + 1])
    if not whole or len(text) > MAX_CHARS or not re.search(r"[^\W_]|\?", whole):
        return Reading()
    reader = Reader(catalogue, commands, language, now)
    return reader.block(whole) if "\n" in whole else reader.line(whole.replace("\t", " "))


class Reader:
    """Reads messages with one catalogue, one set of commands and one clock."""

    def __init__(
        self, catalogue: Catalogue | None, commands: Registry, language: str, now: datetime
    ) -> None:
        self.catalogue, self.commands, self.language, self.now = catalogue, commands, language, now
        self._judge = Judge(catalogue, commands, language)

    def block(self, whole: str) -> Reading:
        """Several lines: a table, a list under a heading, or a command each."""
        return tables.read(self, whole)

    def line(self, whole: str) -> Reading:
        """One line.

        A blank may part two numbers or tear one: a write that the line without such blanks would
        do otherwise is confirmed.
        """
        text = bare(whole)
        reading = self._read(text) if text else Reading()
        if reading.outcome != "execute" or not self._acts(reading):
            return reading
        if any(self._differs(reading, other) for other in self._mended(text)):
            return replace(self._judge.asked(reading, "confirm.ask"), outcome="confirm")
        return reading

    def _acts(self, reading: Reading) -> bool:
        command = self.commands.get(reading.intent)
        return reading.intent == "schedule" or (command is not None and command.acts)

    def _differs(self, reading: Reading, text: str) -> bool:
        """Whether the text would do at once something else than the reading."""
        other = self._read(text)
        acting = other.outcome == "execute" and self._acts(other)
        return acting and not _same(reading, other)

    def _mended(self, text: str) -> Iterator[str]:
        """The line without the blanks that may tear a number, and without each that may tear a word."""
        torn = list(islice(_TORN.finditer(text), _MOST_BLANKS))
        for some in (torn, *([match] for match in torn)):
            if some and self._one_value(joined := _without(text, some), some[0].start()):
                yield joined
        for match in islice(_BLANKS.finditer(text), _MOST_BLANKS):
            yield _without(text, [match])

    def _one_value(self, joined: str, place: int) -> bool:
        """Whether what a blank parted at this place is one value: 二十块."""
        tokens = lexer.line(joined, self.catalogue, self.now).tokens
        return any(token.start < place < token.end for token in tokens)

    def _read(self, text: str) -> Reading:
        line = lexer.line(text, self.catalogue, self.now)
        reading = self._worded(line)
        if reading.outcome == "ignore":
            return self._judge.mused(line) or reading
        return reading

    def _worded(self, line: Line) -> Reading:
        found = cues.find(line, self.commands)
        best = self.best(line, found)
        if best is None:
            return self._judge.wordless(line)
        best = self._with_topic(best, found)
        if not best.command.acts:
            best = self._conditioned(line, found) or best
        planned = schedules.planned(best, self.now)
        if planned is not None:
            return planned
        several = lists.items(best.command, found, line)
        if several is not None and not best.cue.saying.gives:
            return self._judge.listed(best, several, found)
        return self._judge.judged(best, found)

    def best(self, line: Line, found: list[Cue]) -> Candidate | None:
        """The likeliest reading of a line."""
        informed = self.catalogue is not None
        heard = schedules.retold(ear().hear(line.masked), line)
        worded = re.search(r"[^\W_\ue000-\uf8ff]", line.masked) is not None
        said = {cue.command.intent for cue in found}
        sounds = [
            cues.silent(command, line)
            for intent, share in heard.items()
            if worded and share > _HEARD and intent not in said
            if (command := self.commands.get(intent))
        ]
        candidates = []
        for cue in (*found, *sounds):
            others = [other for other in found if other.command is cue.command and other is not cue]
            filled = fill(cue, line, self.catalogue, others)
            again = self._heard_again(line, filled.sounded)
            candidates.append(Candidate(cue, filled, line, informed, again or heard))
        possible = [c for c in candidates if self._possible(c)]
        opened = {c.command.intent for c in possible if self._opens(c)}
        if opened:  # 授权 王老板 店员: what a line begins with is what it is about
            possible = [c for c in possible if c.command.intent in opened]
        return min(possible, key=lambda c: c.cost) if possible else None

    def _heard_again(self, line: Line, cells: tuple[int, int]) -> dict[str, float]:
        """The sound of the line with a name where xzj or 茶背 stood for one."""
        start, end = cells
        if start == end:
            return {}
        masked = line.masked[:start] + MARK["sku"] + line.masked[end:]
        return schedules.retold(ear().hear(masked), line)

    def _opens(self, candidate: Candidate) -> bool:
        """Whether the line begins with the command's word, and a blank after it."""
        end, places = candidate.cue.match.end(), candidate.line.places
        telling = candidate.cue.letters > 1 or not candidate.command.acts  # 查 茶巾
        if not candidate.at_start or not telling:
            return False
        return end == len(places) or (
            places[end][0] > places[end - 1][1] and candidate.line.masked[end] != ","
        )

    def _possible(self, candidate: Candidate) -> bool:
        """An answer to a question has no goods in it, and hardly a word beside its own."""
        command, filled = candidate.command, candidate.filled
        if command.answers is None:
            return True
        if command.answers is Answer.YES and not candidate.cue.letters:
            return False  # a yes is said, never guessed
        if command.answers is Answer.YES and not self._plain_yes(candidate):
            return False
        whole = candidate.cue.word and not (filled.leftover or filled.aside)
        plain = candidate.likely > _HALF and not filled.leftover
        heard = whole or plain or candidate.likely > _ANSWERED
        return heard and not filled.spare and not candidate.line.cells("sku")

    def _plain_yes(self, candidate: Candidate) -> bool:
        """Whether nothing but a yes is said: not 好烦, 行李, 是吗."""
        asked = re.search(r"[?吗呢嘛]|(?<![这那])么|^[对好]了$", candidate.line.text)
        return not asked and not (candidate.filled.leftover or candidate.filled.aside)

    def _conditioned(self, line: Line, found: list[Cue]) -> Candidate | None:
        """A write that hangs on a condition: 要是卖不动就改15块 looks nothing up."""
        if not wording.CONDITION.search(line.masked) or not line.cells("sku"):
            return None
        acting = [cue for cue in found if cue.command.writes and cue.bound and cue.letters]
        best = self.best(line, acting) if acting else None
        return best if best is not None and best.filled.known and best.doubt else None

    # What a command asks for.

    def _with_topic(self, best: Candidate, found: list[Cue]) -> Candidate:
        """The command that 怎么… asks about."""
        rest = best.command.rest
        if rest is None or rest.slot.kind is not Kind.INTENT:
            return best
        said = str(best.filled.slots.get(rest.key, ""))
        named = self.commands.named(said) if said else None
        named = named or self._asked_about(best, found)
        if named is None:
            if not best.cue.word and said:
                best.filled.slots.pop(rest.key, None)
            return best
        best.filled.slots[rest.key] = named.intent
        best.filled.leftover.clear()
        return best

    def _asked_about(self, best: Candidate, found: list[Cue]) -> Command | None:
        """The command that a question is about: by its words, and by what it sounds like."""
        letters: dict[str, int] = {}
        for cue in found:
            if cue.letters > 1 or cue.word:
                intent = cue.command.intent
                letters[intent] = max(letters.get(intent, 0), min(cue.letters, _TELLING))
        own = set(best.cue.cells())
        about = "".join(m for cell, m in enumerate(best.line.masked) if cell not in own)
        heard = ear().hear(about)
        likely = {k for k, share in heard.items() if share > _HINTED}
        asked = [
            command
            for intent in (*letters, *likely)
            if (command := self.commands.get(intent)) and command.answers is None
            if command is not best.command
        ]
        if not asked:
            return None
        return max(
            asked,
            key=lambda c: (
                letters.get(c.intent, 0)
                + math.log(max(heard.get(c.intent, 0.0), _HARDLY))
                + math.log(max(best.heard.get(c.intent, 0.0), _HARDLY))
            ),
        )


def _without(text: str, blanks: Sequence[re.Match[str]]) -> str:
    """The text without these blanks, which stand in order."""
    for blank in reversed(blanks):
        text = text[: blank.start()] + text[blank.end() :]
    return text


def _same(one: Reading, other: Reading) -> bool:
    """Whether two readings would do the same; blanks in names make no difference."""
    return one.intent == other.intent and _joined(one.slots) == _joined(other.slots)


def _joined(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _joined(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_joined(v) for v in value]
    return value.replace(" ", "") if isinstance(value, str) else value
