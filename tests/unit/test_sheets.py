"""Bytes to rows and back: bounded, in the encodings people have, and no formula gets through."""

import contextlib
import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import sheets
from store.errors import BadFileError


def cells(content: bytes) -> list[tuple[str, ...]]:
    return [line.cells for line in sheets.read(content)]


def written(*rows: tuple[str, ...]) -> bytes:
    return b"".join(sheets.write(rows))


def refused(content: bytes) -> BadFileError:
    with pytest.raises(BadFileError) as caught:
        cells(content)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_encodings_of_chinese_spreadsheets_are_read(encoding: str) -> None:
    assert cells("编码,名称\nSCH,手冲壶\n".encode(encoding)) == [
        ("编码", "名称"),
        ("SCH", "手冲壶"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_as_the_spreadsheet_shows_them(newline: str) -> None:
    text = newline.join(["a,b", "", '"x', 'y",1', " , ", "z,2"])

    found = [(line.number, line.cells) for line in sheets.read(text.encode())]

    assert found == [(1, ("a", "b")), (3, (f"x{newline}y", "1")), (5, ("z", "2"))]


@pytest.mark.parametrize(
    ("content", "rule", "row"),
    [
        (b'a,b\n"x,1\ny,2\n', "quotes", 2),
        (b'a,b\n"x"y,1\n', "quotes", 2),
        (b"a\0,b\n", "nul", None),
        ("编码\n".encode("utf-16"), "utf16", None),
        ("编码\n".encode("utf-16-le"), "nul", None),
        ("编码\n".encode("utf-16-be"), "nul", None),
        (b"a,b\n\xff\xff,1\n", "encoding", None),
        (b"PK\x03\x04and so on", "xlsx", None),
        (b"a" * (sheets.MAX_LINE + 1), "line", None),
        (b"a,b\n" + b"1," * sheets.MAX_COLUMNS + b"\n", "columns", 2),
        (b"," * 100_000, "columns", 1),
        (b"\n" * (sheets.MAX_ROWS + 2), "rows", None),
        (b"a\n" * (sheets.MAX_ROWS + 2), "rows", None),
        (b"a" * (sheets.MAX_BYTES + 1), "size", None),
        (b'"' + b"a\n" * 200_000, "quotes", 1),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_what_is_no_sheet_is_refused_at_once(content: bytes, rule: str, row: int | None) -> None:
    begun = time.monotonic()
    error = refused(content)

    assert (error.rule, error.row) == (rule, row)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("sign", list("=+-@\t\r＝＋－＠"))
@pytest.mark.parametrize("before", ["", "'", "''"])
def test_a_formula_becomes_text_and_comes_back_as_it_was(sign: str, before: str) -> None:
    cell = f"{before}{sign}cmd|x".strip()
    content = written((cell, "after, comma", 'after " quote'))

    (raw,) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))

    assert raw[0] == (cell if cell.startswith("cmd") else f"'{cell}")
    assert cells(content) == [(cell, "after, comma", 'after " quote')]


@pytest.mark.parametrize("number", ["-5", "-0.50"])
def test_a_negative_number_stays_a_number(number: str) -> None:
    assert number.encode() in written((number,))
    assert b"'" not in written((number,))


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).map(
                str.strip
            ),
            min_size=1,
            max_size=5,
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    expected = [tuple(row) for row in rows if any(row)]

    assert cells(b"".join(sheets.write(rows))) == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(BadFileError):
        cells(content)
