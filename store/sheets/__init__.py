"""Sheets: the bytes of a file as rows of text cells, and back. Their meaning is ``store.files``'.

Everything is bounded before it is read: a file is somebody else's.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from store.errors import BadFileError
from store.sheets import delimited, xlsx_reader, xlsx_writer
from store.sheets.delimited import MAX_LINE
from store.sheets.lines import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Cell, Line

Form = Literal["csv", "xlsx"]

MIME: dict[Form, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel 97's own form, and any workbook with a password
# What people send by mistake; as CSV some of it would be text in some encoding.
_OTHERS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF", b"II*\0", b"MM\0*")


def read(content: bytes) -> Iterator[Line]:
    """The rows of a file in which something is written: CSV, or an XLSX file's first sheet.

    Told apart by their first bytes, whatever the file is called. Raises ``BadFileError``, some
    faults only on the way.
    """
    if len(content) > MAX_BYTES:
        raise BadFileError("size", limit=MAX_BYTES)
    if content.startswith(_OLE):
        raise BadFileError("xls")
    if content.startswith(_OTHERS):
        raise BadFileError("form")
    if form_in(content) == "xlsx":
        return xlsx_reader.read(content)
    return delimited.read(content)


def write(rows: Iterable[Iterable[Cell]], form: Form = "csv") -> Iterator[bytes]:
    """A file in pieces; no cell of text in it is ever run as a formula."""
    return xlsx_writer.write(rows) if form == "xlsx" else delimited.write(rows)


def form_in(content: bytes) -> Form:
    """The form of a file's content, by its first bytes."""
    return "xlsx" if content.startswith(_ZIP) else "csv"


def form_of(name: str) -> Form:
    """The form that a file's name asks for by its ending."""
    return "xlsx" if name.lower().endswith(".xlsx") else "csv"


__all__ = [
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_LINE",
    "MAX_ROWS",
    "MIME",
    "Cell",
    "Form",
    "Line",
    "form_in",
    "form_of",
    "read",
    "write",
]
