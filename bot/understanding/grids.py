"""A grid of one product: sizes across, colours down, a number where they meet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.understanding.reader import Reader

_LEAST = 2  # columns and rows; less is a list
_NOTHING = frozenset({"", "-", "/", "无"})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text cells; ``columns`` says what each holds, empty when no heading said it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(reader: "Reader", title: str, lines: Sequence[str]) -> Table | None:
    """The lines as a table of name, specs and number, None where they are no grid.

    The product stands in the title or in the corner of the grid. Empty cells and dashes are no
    rows; a cell that holds no number is one, and lacks its number there.
    """
    rows = [_cells(line) for line in lines]
    if len(rows) < _LEAST or len(rows[0]) <= _LEAST or any(len(r) > len(rows[0]) for r in rows):
        return None
    name = _named(reader, rows[0][0]) or _named(reader, title)
    if not name or reader.catalogue is None:
        return None
    forms = reader.catalogue.forms(name)
    across = [_value(cell, forms) for cell in rows[0][1:]]
    down = [_value(row[0], forms) for row in rows[1:]]
    if None in across or None in down or not _crossed(across, down):
        return None
    cells = (
        (name, f"{_pair(first)};{_pair(second)}", cell)
        for first, row in zip(down, rows[1:], strict=True)
        for second, cell in zip(across, row[1:], strict=False)
        if cell not in _NOTHING
    )
    return Table(("name", "specs", "quantity"), tuple(cells))


def _cells(line: str) -> list[str]:
    """The cells of a line, an empty first one too: the corner of a grid may hold nothing."""
    parted = re.split(r"\t|\|", line.strip("|")) if re.search(r"[\t|]", line) else line.split(",")
    parted = parted if len(parted) > 1 else line.split()
    return [cell.strip() for cell in parted]


def _named(reader: "Reader", words: str) -> str:
    found = reader.catalogue.locate(words) if reader.catalogue is not None else []
    return str(found[0].target.get("name", "")) if len(found) == 1 else ""


def _value(cell: str, forms: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    return forms.get(cell.casefold())


def _crossed(across: Sequence[Any], down: Sequence[Any]) -> bool:
    """Whether each side holds the values of one spec, and not of the same."""
    keys = {pair[0] for pair in across}, {pair[0] for pair in down}
    return len(keys[0]) == len(keys[1]) == 1 and keys[0] != keys[1]


def _pair(pair: Any) -> str:
    return f"{pair[0]}={pair[1]}"
