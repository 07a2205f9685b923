"""Sheets: the bytes of a file as rows of text cells, and back. Their meaning is ``store.files``'.

Everything is bounded before it is read: a file is somebody else's.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from store.errors import BadFileError

MAX_BYTES = 10 * 2**20
MAX_ROWS = 100_000
MAX_LINE = 1_000_000  # bytes
MAX_COLUMNS = 200

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP = b"PK\x03\x04"  # an .xlsx by its first bytes
# What a spreadsheet would run: = + - @, their wide twins, and what may hide them from us. An
# apostrophe before it makes it text; one more is added to those that stood there already.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Line:
    """A row by its number in the spreadsheet (the first is 1), with its cells trimmed."""

    number: int
    cells: tuple[str, ...]


def read(content: bytes) -> Iterator[Line]:
    """The rows of a CSV file in which something is written.

    UTF-8 with or without BOM, or GBK. Raises ``BadFileError``, some faults only on the way.
    """
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > MAX_ROWS + 1:  # the headings are no row
                raise BadFileError("rows", limit=MAX_ROWS)
            if len(cells) > MAX_COLUMNS:
                raise BadFileError("columns", row=number, limit=MAX_COLUMNS)
            line = Line(number, tuple(_plain(cell).strip() for cell in cells))
            if any(line.cells):
                yield line
    except csv.Error as error:
        raise BadFileError("quotes", row=number + 1) from error


def write(rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """A CSV file in pieces, formulas neutralised; the BOM makes spreadsheets read UTF-8."""
    yield _BOM
    for row in rows:
        piece = io.StringIO(newline="")
        csv.writer(piece).writerow([_neutral(cell) for cell in row])
        yield piece.getvalue().encode()


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise BadFileError("size", limit=MAX_BYTES)
    if content.startswith(_ZIP):
        raise BadFileError("xlsx")
    if content.startswith(_UTF16):
        raise BadFileError("utf16")
    if b"\0" in content:
        raise BadFileError("nul")
    if max(map(len, content.splitlines()), default=0) > MAX_LINE:
        raise BadFileError("line", limit=MAX_LINE)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFileError("encoding")


def _neutral(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _plain(cell: str) -> str:
    """The cell without the apostrophe that ``_neutral`` puts before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
