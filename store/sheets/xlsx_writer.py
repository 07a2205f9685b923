"""Sheets as XLSX, written by openpyxl, which is imported by the first who wants one (80 ms)."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from store.sheets.lines import FORMULA, PIECE, Cell

_MONEY = "0.00"
# ECMA-376, 22.9.2.19 (ST_Xstring): what XML cannot say is written _x000D_, and so is what looks so.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write(rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """The file in pieces; the rows are taken one by one, at the first of them."""
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _cell(sheet: Any, value: Cell) -> Any:
    """What openpyxl takes for a value; left alone it would make ``=1+1`` a formula."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    if isinstance(value, Decimal):
        cell = WriteOnlyCell(sheet)
        cell.value = value
        cell.number_format = _MONEY
        return cell
    if isinstance(value, int):
        return value
    if not (value.startswith("#") or FORMULA.match(value)):
        return _said(value) or None
    cell = WriteOnlyCell(sheet, _said(f"'{value}" if value.startswith("'") else value))
    cell.data_type = "s"  # also what reads #N/A
    cell.quotePrefix = True  # still text when somebody edits it
    return cell


def _said(text: str) -> str:
    return _UNSAYABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
