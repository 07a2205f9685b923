"""XLSX files: what spreadsheets write is read; what is written opens as text and numbers."""

import contextlib
import io
import random
import time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import sheets
from store.errors import BadFileError
from store.sheets import Cell, xlsx_reader
from tests import workbooks
from tests.workbooks import BOOK, BOOK_RELATIONS, SHEET, STRINGS, packed

MONEY = Decimal("88.00")


def lines(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(line.number, line.cells) for line in sheets.read(content)]


def cells(content: bytes) -> list[tuple[str, ...]]:
    return [line.cells for line in sheets.read(content)]


def written(*rows: tuple[Cell, ...]) -> bytes:
    return b"".join(sheets.write(rows, "xlsx"))


def opened(content: bytes) -> list[list[Any]]:
    """The cells as another program sees them."""
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]]


def refused(content: bytes) -> BadFileError:
    with pytest.raises(BadFileError) as caught:
        cells(content)
    return caught.value


# What is written.


def test_text_stays_text_and_numbers_are_numbers() -> None:
    content = written(("007", "咖啡豆", "颜色=白色", 3, -5, MONEY, "", "end"))

    (row,) = opened(content)
    assert [cell.value for cell in row] == ["007", "咖啡豆", "颜色=白色", 3, -5, 88, None, "end"]
    assert [cell.data_type for cell in row[:6]] == ["s", "s", "s", "n", "n", "n"]
    assert row[5].number_format == "0.00"
    assert cells(content) == [("007", "咖啡豆", "颜色=白色", "3", "-5", "88", "", "end")]


@pytest.mark.parametrize("sign", list("=+-@\t\r\n＝＋－＠"))
@pytest.mark.parametrize("before", ["", "'", "''"])
def test_a_formula_is_a_cell_of_text_and_comes_back_as_it_was(sign: str, before: str) -> None:
    cell = f"{before}{sign}cmd|' /c calc'!A1"
    content = written(("a", cell, "#N/A"))

    (row,) = opened(content)
    assert [each.data_type for each in row] == ["s", "s", "s"]
    assert row[1].quotePrefix  # typing F2, Enter does not make it one either
    assert cells(content) == [("a", cell.strip(), "#N/A")]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"])).map(str.strip), max_size=5),
        max_size=5,
    )
)
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    kept = [_without_empty_ends(row) for row in rows if any(row)]

    assert cells(written(*map(tuple, rows))) == kept


def _without_empty_ends(row: list[str]) -> tuple[str, ...]:
    last = max(place for place, cell in enumerate(row) if cell)
    return tuple(row[: last + 1])


# What is read.


def test_what_another_program_saves_is_read() -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["编码", "名称", "价格", "库存"])
    page.append([6901234567892, "手冲壶", 0.1 + 0.2, 12.0])
    page.append([None, None, None, None])
    page.append([True, "  绿茶 ", 88.5, -3])
    page.column_dimensions["A"].width = 40
    page["E5"] = "beyond"
    file = io.BytesIO()
    book.save(file)

    assert lines(file.getvalue()) == [
        (1, ("编码", "名称", "价格", "库存")),
        (2, ("6901234567892", "手冲壶", "0.3", "12")),
        (4, ("TRUE", "绿茶", "88.5", "-3")),
        (5, ("", "", "", "", "beyond")),
    ]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('<c t="s"><v>0</v></c>', "手冲壶"),
        ('<c t="s"><v>1</v></c>', "白色 L"),
        ('<c t="s"><v>2</v></c>', "漢字"),
        ('<c t="s"><v>3</v></c>', "=1+1"),
        (
            '<c t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c>',
            "a b",
        ),
        ('<c t="inlineStr"><is><t>漢</t><rPh sb="0" eb="1"><t>han</t></rPh></is></c>', "漢"),
        ('<c t="str"><f>A1&amp;"x"</f><v>x</v></c>', "x"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ('<c t="str"><f>""</f><v></v></c>', ""),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="d"><v>2026-03-05</v></c>', "2026-03-05"),
        ("<c><v>6.90123456789E+12</v></c>", "6901234567890"),
        ("<c><v>1.0000000000000001E-2</v></c>", "0.01"),
        ("<c><v>1E+300</v></c>", "1E+300"),
        ("<c><v>100</v></c>", "100"),
        ('<c t="str"><v>a_x000D_b_x005F_x0041_</v></c>', "a\rb_x0041_"),
    ],
)
def test_each_kind_of_cell_is_read_as_it_is_shown(cell: str, read: str) -> None:
    table = workbooks.strings(
        "<t>手冲壶</t>",
        '<r><rPr><b/></rPr><t>白色</t></r><r><t xml:space="preserve"> L</t></r>',
        '<t>漢字</t><rPh sb="0" eb="2"><t>han zi</t></rPh><phoneticPr fontId="1"/>',
        "<t>'=1+1</t>",
    )
    rows = f'<row r="3">{cell}<c r="D3" t="str"><v>x</v></c></row>'

    content = packed({STRINGS: table, SHEET: workbooks.sheet(rows)})

    assert lines(content) == [(3, (read, "", "", "x"))]


def test_prefixes_absolute_names_and_missing_strings_make_no_difference() -> None:
    prefixed = (
        f'<x:worksheet xmlns:x="{workbooks.MAIN}"><x:sheetData><x:row><x:c t="str">'
        "<x:v>a</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    content = packed(
        {
            BOOK_RELATIONS: workbooks.relations(r1="worksheet /xl/worksheets/Sheet1.xml"),
            STRINGS: None,
            SHEET: prefixed,
        }
    )

    assert cells(content) == [("a",)]


def test_the_first_sheet_that_can_be_seen_is_the_one() -> None:
    shown = workbooks.sheet(workbooks.inline("shown"))
    content = packed(
        {
            BOOK: workbooks.book(("r9", "visible"), ("r1", "hidden"), ("r2", "visible")),
            BOOK_RELATIONS: workbooks.relations(
                r9="chartsheet chartsheets/sheet1.xml",
                r1="worksheet worksheets/sheet1.xml",
                r2="worksheet worksheets/sheet2.xml",
            ),
            "xl/worksheets/sheet2.xml": shown,
        }
    )

    assert cells(content) == [("shown",)]


@pytest.mark.parametrize(
    ("parts", "rule", "row"),
    [
        ({SHEET: workbooks.sheet('<row r="7"><c><f>A1*2</f></c></row>')}, "formula", 7),
        ({SHEET: workbooks.sheet('<row r="2"><c r="ZZ2"><v>1</v></c></row>')}, "columns", 2),
        ({SHEET: workbooks.sheet('<row><c t="s"><v>5</v></c></row>')}, "xlsx", None),
        ({SHEET: workbooks.sheet('<row><c t="s"><v>-1</v></c></row>')}, "xlsx", None),
        ({SHEET: workbooks.sheet("<row><c><v>x</v></c></row>")}, "xlsx", None),
        ({SHEET: workbooks.sheet('<row r="x"/>')}, "xlsx", None),
        ({SHEET: workbooks.sheet("<row>")}, "xlsx", None),
        ({SHEET: f'<worksheet xmlns="{workbooks.MAIN}"><sheetData><row>'}, "xlsx", None),
        ({SHEET: None}, "xlsx", None),
        ({SHEET: b"\xff\xfe"}, "xlsx", None),
        ({BOOK: workbooks.book()}, "xlsx", None),
        ({BOOK_RELATIONS: workbooks.relations()}, "xlsx", None),
        ({"_rels/.rels": None}, "xlsx", None),
        ({"_rels/.rels": workbooks.relations(r1="officeDocument ../../etc/passwd")}, "xlsx", None),
    ],
)
def test_a_workbook_that_makes_no_sense_is_refused(
    parts: dict[str, Any], rule: str, row: int | None
) -> None:
    error = refused(packed(parts))

    assert (error.rule, error.row) == (rule, row)


def test_a_sheet_cut_off_in_the_middle_is_no_shorter_sheet() -> None:
    whole = workbooks.sheet(workbooks.inline("code", "name") * 20)
    assert refused(packed({SHEET: whole[: len(whole) // 2]})).rule == "xlsx"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"PK\x03\x04and so on", "xlsx"),
        (packed()[:-30], "xlsx"),
        (packed(method=12), "xlsx"),
        (packed(method=14), "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "xls"),
        (packed() + bytes(sheets.MAX_BYTES), "size"),
    ],
    ids=["no archive", "cut off", "bzip2", "lzma", "xls", "too large"],
)
def test_a_file_that_is_no_workbook_is_refused(content: bytes, rule: str) -> None:
    assert refused(content).rule == rule


def test_a_password_is_no_fault_of_ours() -> None:
    content = bytearray(packed())
    for flags in (_local(content, b"xl/workbook.xml") + 6, _entry(content, b"xl/workbook.xml") + 8):
        content[flags] |= 1
    assert refused(bytes(content)).rule == "xlsx"


def _local(content: bytearray, name: bytes) -> int:
    return content.rindex(b"PK\x03\x04", 0, content.index(name))


def _entry(content: bytearray, name: bytes) -> int:
    return content.rindex(b"PK\x01\x02", 0, content.rindex(name))


def test_a_workbook_that_takes_too_long_is_given_up() -> None:
    assert list(xlsx_reader.read(packed(), seconds=60))
    with pytest.raises(BadFileError) as caught:
        list(xlsx_reader.read(packed(), seconds=0))
    assert (caught.value.rule, caught.value.limit) == ("slow", 0)


def test_as_many_rows_as_allowed_and_no_more() -> None:
    def rows(number: int) -> bytes:
        noise = random.Random(1).randbytes(200_000)
        row = '<row><c t="str"><v>x</v></c></row>'
        return packed({SHEET: workbooks.sheet(row * number)}, noise=noise)

    assert len(cells(rows(sheets.MAX_ROWS + 1))) == sheets.MAX_ROWS + 1
    assert refused(rows(sheets.MAX_ROWS + 2)).rule == "rows"


@given(st.integers(0, len(packed()) - 1), st.binary(min_size=1, max_size=8))
def test_any_damage_is_rows_or_a_refusal(place: int, damage: bytes) -> None:
    content = packed()
    begun = time.monotonic()
    with contextlib.suppress(BadFileError):
        cells(content[:place] + damage + content[place + len(damage) :])
    assert time.monotonic() - begun < 2


@given(st.binary(max_size=300))
def test_any_xml_is_rows_or_a_refusal(inside: bytes) -> None:
    with contextlib.suppress(BadFileError):
        cells(packed({SHEET: workbooks.sheet("@").encode().replace(b"@", inside)}))
