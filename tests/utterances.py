"""What managers type, with the right reading of each line, and how a reading is held against it."""

import csv
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot import commands  # noqa: F401  (declares them)
from bot.registry import COMMANDS
from bot.understanding import Catalogue, Entry, as_json, read

DATA = Path(__file__).parent / "data"
# What the ear is taught and rules are made for, and what neither ever sees: the honest measure.
UTTERANCES, HELD_OUT = DATA / "utterances", DATA / "heldout"
NOW = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
SHOPS = tuple(sorted(path.stem for path in UTTERANCES.glob("*.jsonl")))
UNSEEN = tuple(sorted(path.stem for path in HELD_OUT.glob("*.jsonl")))


@dataclass(frozen=True, slots=True)
class Utterance:
    """A line, the shop it was typed in, and what it means."""

    shop: str
    text: str
    outcome: str
    intent: str
    slots: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a reading compares with what was meant."""

    utterance: Utterance
    said: Mapping[str, Any]

    @property
    def intent(self) -> bool:
        """Whether the intent is right."""
        return bool(self.said["intent"] == self.utterance.intent)

    @property
    def slots(self) -> bool:
        """Whether intent and slots are right."""
        catalogue = catalogue_of(self.utterance.shop)
        return self.intent and _same(self.said["slots"], self.utterance.slots, catalogue)

    @property
    def writes(self) -> bool:
        """Whether it would act at once and change something."""
        command = COMMANDS.get(self.said["intent"])
        scheduled = self.said["intent"] == "schedule"
        acts = scheduled or (command is not None and command.writes)
        return acts and self.said["outcome"] == "execute"

    @property
    def wrong_write(self) -> bool:
        """A write at once that was not meant, or not so."""
        meant = self.utterance.outcome in {"execute", "confirm"}
        return self.writes and not (meant and self.slots)


@cache
def catalogue_of(shop: str) -> Catalogue:
    """The goods of the shop."""
    with _file(shop, "csv").open(encoding="utf-8-sig") as file:
        return Catalogue(
            Entry(
                row["code"],
                row["name"],
                dict(pair.split("=") for pair in row["specs"].split(";") if pair),
                row["category"],
            )
            for row in csv.DictReader(file)
        )


def utterances(shop: str) -> Iterator[Utterance]:
    """The lines of a shop."""
    for line in _file(shop, "jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Utterance(shop, row["text"], row["outcome"], row["intent"], row["slots"])


def _file(shop: str, ending: str) -> Path:
    return (HELD_OUT if shop in UNSEEN else UTTERANCES) / f"{shop}.{ending}"


def judged(utterance: Utterance) -> Verdict:
    """The reading of a line beside what it means."""
    catalogue = catalogue_of(utterance.shop)
    said = as_json(read(utterance.text, catalogue, now=NOW), utterance.text, catalogue)
    return Verdict(utterance, said)


def mutations(text: str, rng: random.Random, number: int) -> Iterator[str]:
    """The line written otherwise, with the same meaning."""
    for _ in range(number):
        changed = text
        for change in rng.sample(_CHANGES, rng.randint(1, 3)):
            changed = change(changed, rng)
        yield changed


def _blanks(text: str, rng: random.Random) -> str:
    words = [not char.isascii() and char.isalpha() for char in text]
    at = [i for i in range(1, len(text)) if words[i - 1] and words[i]]
    place = rng.choice(at) if at else len(text)
    return f"{text[:place]} {text[place:]}" if rng.random() < 0.3 else f"  {text} "


def _wide(text: str, _: random.Random) -> str:
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789+"})


def _case(text: str, _: random.Random) -> str:
    return text.swapcase()


def _emoji(text: str, rng: random.Random) -> str:
    return f"{text}{rng.choice('🙏👍😂🔥📦')}" if rng.random() < 0.5 else f"📦 {text}"


def _polite(text: str, rng: random.Random) -> str:
    return rng.choice(["麻烦{}", "{}，谢谢", "请{}", "{} 辛苦了", "please {}", "{} 谢谢啦"]).format(
        text
    )


def _ended(text: str, rng: random.Random) -> str:
    return text + rng.choice(["。", "！", "~", "!!", "…"])


def _moved(text: str, rng: random.Random) -> str:
    """Whole clauses in another order; a list or a table has none."""
    clauses = [clause for clause in re.split(r"[，。；,;]\s*", text) if clause]
    if (
        "\n" in text
        or re.search(r"=|[0-9].*，.*[0-9]|、", text)
        or not 1 < len(clauses) < 4
        or re.search(r"[0-9],[0-9]", text)
    ):
        return text
    return "，".join(rng.sample(clauses, len(clauses)))


_CHANGES = (_blanks, _wide, _case, _emoji, _polite, _ended, _moved)


def _same(one: Mapping[str, Any], other: Mapping[str, Any], catalogue: Catalogue) -> bool:
    """Whether slots mean the same; a name may be the words used or the catalogue's."""
    mine, theirs = dict(one), dict(other)
    items = mine.pop("items", None), theirs.pop("items", None)
    if (items[0] is None) != (items[1] is None):
        return False
    if items[0] is not None and items[1] is not None:
        pairs = zip(items[0], items[1], strict=False)
        if len(items[0]) != len(items[1]) or not all(_same(a, b, catalogue) for a, b in pairs):
            return False
    names = mine.pop("name", None), theirs.pop("name", None)
    return _plain(mine) == _plain(theirs) and _same_name(*names, catalogue)


def _same_name(one: str | None, other: str | None, catalogue: Catalogue) -> bool:
    if one is None or other is None:
        return one == other
    if _plain(one) == _plain(other):
        return True
    for said, known in ((one, other), (other, one)):
        alike = catalogue.alike(said)
        within = catalogue.containing(said)
        if (alike and _plain(alike[0]["name"]) == _plain(known)) or known in within:
            return True
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.replace(" ", "").casefold() if isinstance(value, str) else value
