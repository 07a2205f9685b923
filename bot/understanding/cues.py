"""Where a line says which command it means."""

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.registry import Command, Registry, Saying
from bot.understanding import shapes
from bot.understanding.filling import Cue
from bot.understanding.tokens import Line, pattern

_MOST = 24  # cues looked at more closely; no sensible line has more

_Compiled = tuple[Command, Saying, re.Pattern[str], bool]


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
