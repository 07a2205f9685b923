"""What a line sounds like: how likely each command is, learned from what shop people write.

The commands' own words find slots and say why; they know only what somebody thought of. The ear
has heard some ten thousand ways to put things (``tests/data/wordings``, ``tests/data/utterances``)
and weighs every run of up to four cells. It is a table of weights, made by ``./run learn`` and
read once; it knows no product and no number, for these are cells of one mark each.
"""

import gzip
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from bot.understanding.tokens import VALUES

TABLE = Path(__file__).with_name("ear.gz")
# Besides the intents: people among themselves, and what is about the shop and not to be done.
IGNORE, NOT = "ignore", "not"
_LONGEST = 4  # cells in a run; five gained nothing
_HEARD = 160  # cells of a line that are listened to; longer ones are stories
_FAMILIAR = 0.5  # of the pairs of letters in some words
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Ear:
    """Weights of features for each label; ``scale`` makes a row's whole numbers real ones."""

    labels: tuple[str, ...]
    places: Mapping[str, int]
    weights: memoryview
    bias: tuple[float, ...]
    scale: float

    def hear(self, masked: str) -> dict[str, float]:
        """The probability of every label for a line's cells; they sum to one."""
        width, places = len(self.labels), self.places
        known = [places[f] for f in features(masked) if f in places]
        rows = [self.weights[place * width : (place + 1) * width] for place in known]
        factor = self.scale / math.sqrt(len(rows)) if rows else 0.0
        sums = [sum(column) * factor for column in zip(*rows, strict=True)] or [0.0] * width
        scores = [total + bias for total, bias in zip(sums, self.bias, strict=True)]
        top = max(scores)
        shares = [math.exp(score - top) for score in scores]
        whole = sum(shares)
        return {label: share / whole for label, share in zip(self.labels, shares, strict=True)}

    def knows(self, words: str) -> bool:
        """Whether words are of those that people say around a command, and no name."""
        low = words.casefold()
        pairs = _WORD.findall(low) or [low[i : i + 2] for i in range(len(low) - 1)] or [low]
        known = sum(1 for pair in pairs if pair in self.places or f"w:{pair}" in self.places)
        return known >= _FAMILIAR * len(pairs)


def features(masked: str) -> frozenset[str]:
    """The runs of one to four cells, the Latin words and their pairs, and the values in order."""
    return frozenset(_features(masked[:_HEARD]))


def _features(masked: str) -> Iterator[str]:
    framed = f"^{masked}$"
    for length in range(1, _LONGEST + 1):
        for start in range(len(framed) - length + 1):
            yield framed[start : start + length]
    words = _WORD.findall(masked)
    for word in words:
        yield f"w:{word}"
    for pair in pairwise(words):
        yield "w:" + " ".join(pair)
    marks = [mark for mark in masked if mark in VALUES]
    yield "m:" + "".join(marks)
    for mark in marks:
        yield f"h:{mark}"


@cache
def ear(table: Path = TABLE) -> Ear:
    """The ear that was learned, read from its table once."""
    with gzip.open(table) as file:
        head = json.loads(file.readline())
        weights = file.read()
    return Ear(
        labels=tuple(head["labels"]),
        places={feature: place for place, feature in enumerate(head["features"])},
        weights=memoryview(weights).cast("b"),
        bias=tuple(head["bias"]),
        scale=head["scale"],
    )
