"""Sheets as CSV: UTF-8 with or without BOM, or GBK."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from store.errors import BadFileError
from store.sheets.lines import FORMULA, MAX_COLUMNS, MAX_ROWS, PIECE, Cell, Line, plain

MAX_LINE = 1_000_000  # bytes

_BOM = "\ufeff"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def read(content: bytes) -> Iterator[Line]:
    """The rows in which something is written. Raises ``BadFileError``, also on the way."""
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > MAX_ROWS + 1:  # the headings are no row
                raise BadFileError("rows", limit=MAX_ROWS)
            if len(cells) > MAX_COLUMNS:
                raise BadFileError("columns", row=number, limit=MAX_COLUMNS)
            line = Line(number, tuple(plain(cell).strip() for cell in cells))
            if any(line.cells):
                yield line
    except csv.Error as error:
        raise BadFileError("quotes", row=number + 1) from error


def write(rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """The file in pieces, formulas neutralised; the BOM makes spreadsheets read UTF-8."""
    piece = io.StringIO(_BOM, newline="")
    piece.seek(0, io.SEEK_END)
    writer = csv.writer(piece)
    for row in rows:
        writer.writerow([_neutral(cell) for cell in row])
        if piece.tell() >= PIECE:
            yield _taken(piece)
    yield _taken(piece)


def _taken(piece: io.StringIO) -> bytes:
    text = piece.getvalue()
    piece.seek(0)
    piece.truncate()
    return text.encode()


def _decoded(content: bytes) -> str:
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


def _neutral(cell: Cell) -> str:
    if not isinstance(cell, str):
        return str(cell)
    return f"'{cell}" if FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
