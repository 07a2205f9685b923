"""What every form of a sheet has in common: a row, its cells, their bounds, and no formulas."""

import re
from dataclasses import dataclass
from decimal import Decimal

Cell = str | int | Decimal  # what is written; a number stays one, whatever its sign

MAX_BYTES = 10 * 2**20
MAX_ROWS = 100_000  # with something in them
MAX_COLUMNS = 200
PIECE = 1 << 16  # bytes or characters: what is written goes out in pieces of about this size

# What a spreadsheet would run: = + - @, their wide twins, and what may hide them from us. An
# apostrophe before it makes it text; one more is added to those that stood there already.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True, slots=True)
class Line:
    """A row by its number in the spreadsheet (the first is 1), with its cells trimmed."""

    number: int
    cells: tuple[str, ...]


def plain(cell: str) -> str:
    """The cell without the apostrophe that is put before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
