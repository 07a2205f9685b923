"""Where a line says which command it means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.registry import Command, Registry, Saying
from bot.understanding import shapes
from bot.understanding.tokens import GAP, VALUES, Line, pattern

_MOST = 24  # cues looked at more closely; no sensible line has more

_NOTHING = re.compile("")

_Compiled = tuple[Command, Saying, re.Pattern[str], bool]


@dataclass(frozen=True, slots=True)
class Cue:
    """The words of a line that say which command is meant, in cells ``start`` to ``end``."""

    command: Command
    saying: Saying
    match: re.Match[str]
    word: bool  # a declared command word, not only a way to put it

    @property
    def letters(self) -> int:
        """How many letters tell of the command."""
        bound = [
            self.match.span(name)
            for name, words in self.match.groupdict().items()
            if words and not name.startswith(GAP)
        ]
        return sum(
            1
            for cell in self.cells()
            if self.match.string[cell] not in VALUES
            and not any(start <= cell < end for start, end in bound)
        )

    @property
    def bound(self) -> int:
        """How many values the words bind: 补到50 tells more than 补."""
        return sum(
            1 for name, said in self.match.groupdict().items() if said and not name.startswith(GAP)
        )

    def cells(self) -> Iterator[int]:
        """The cells that the words explain."""
        gaps = [self.match.span(name) for name in self.match.groupdict() if name.startswith(GAP)]
        for cell in range(*self.match.span()):
            if not any(start <= cell < end for start, end in gaps):
                yield cell


def silent(command: Command, line: Line) -> Cue:
    """No word at all: a command that the line only sounds like."""
    return Cue(command, Saying(""), next(_NOTHING.finditer(line.masked)), word=False)


def find(line: Line, commands: Registry) -> list[Cue]:
    """The words that may say a command, the most telling first."""
    found: list[Cue] = []
    for command, saying, compiled, word in _compiled(commands, len(list(commands))):
        for match in compiled.finditer(line.masked):
            if match.end() > match.start():
                gives = command.presets.get(match[0].casefold()) if word else None
                said = Saying(saying.pattern, gives, saying.weight) if gives else saying
                found.append(Cue(command, said, match, word))
    found.sort(key=lambda cue: (-cue.letters - cue.saying.weight, cue.match.start()))
    return found[:_MOST]


@lru_cache(maxsize=8)
def _compiled(commands: Registry, _: int) -> tuple[_Compiled, ...]:
    """Every saying as a pattern, once for all messages; anew when a command was added."""
    return tuple(_sayings(commands))


def _sayings(commands: Registry) -> Iterator[_Compiled]:
    for command in commands:
        yield command, Saying(""), shapes.words_of(command.words), True
        for saying in command.says:
            yield command, saying, pattern(saying.pattern), False
