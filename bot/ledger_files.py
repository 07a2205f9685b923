"""Ledger files: every movement of stock as a row, in the words of a language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot import texts
from store import names, order_files
from store.sheets import Cell
from store.stock import LedgerEntry

_COLUMNS = ("time", "who", "kind", "code", "product", "specs", "change", "on_hand", "reserved")
_CAUSES = frozenset({"order", "undo", "import", "http", "demo"})  # other keys are those of messages

Fetch = Callable[[int], tuple[list[LedgerEntry], int | None]]


@dataclass(frozen=True, slots=True)
class Wording:
    """How a shop's ledger is written: its zone, its language, and what people are called."""

    zone: ZoneInfo
    language: str
    called: Callable[[str], str]

    def say(self, key: str, **values: object) -> str:
        """A sentence in the language."""
        return texts.say(self.language, key, **values)


def rows(fetch: Fetch, wording: Wording) -> Iterator[tuple[Cell, ...]]:
    """The headings, then what ``fetch`` gives: movements after an id, and the next id."""
    yield tuple(wording.say(f"field.{key}") for key in (*_COLUMNS, "cause"))
    people: dict[str, str] = {}
    after: int | None = 0
    while after is not None:
        entries, after = fetch(after)
        for entry in entries:
            actor = entry.movement.actor
            if actor not in people:
                people[actor] = wording.called(actor)
            yield _row(entry, wording, people[actor])


def _row(entry: LedgerEntry, wording: Wording, who: str) -> tuple[Cell, ...]:
    moved = entry.movement
    return (
        order_files.local(moved.created_at, wording.zone),
        who,
        wording.say(f"kind.{moved.kind}"),
        moved.sku,
        entry.name,
        names.specs_cell(entry.specs),
        moved.delta_on_hand,
        moved.on_hand,
        moved.reserved,
        "；".join(filter(None, (_cause(moved.cause, wording), moved.note))),
    )


def _cause(key: str, wording: Wording) -> str:
    """What a movement came of, in words."""
    kind, _, number = key.partition(":")
    return wording.say(f"cause.{kind if kind in _CAUSES else 'chat'}", number=number)
