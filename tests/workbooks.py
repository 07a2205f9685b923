"""XLSX files made by hand, part by part: what no honest program writes must be written too."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Literal

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
BOOK = "xl/workbook.xml"
BOOK_RELATIONS = "xl/_rels/workbook.xml.rels"


def relations(**targets: str) -> str:
    """A part that refers to others: ``id="kind target"``."""
    pairs = ((key, *said.split(" ", 1)) for key, said in targets.items())
    links = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, kind, target in pairs
    )
    return f'<Relationships xmlns="{RELATIONS}">{links}</Relationships>'


def book(*sheets: tuple[str, str]) -> str:
    """The list of sheets, each its relation and its state."""
    listed = "".join(
        f'<sheet name="{key}" sheetId="{number}" state="{state}" r:id="{key}"/>'
        for number, (key, state) in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'


def sheet(rows: str) -> str:
    """A sheet of these ``row`` elements."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def strings(*items: str) -> str:
    """The table of strings; each item is the inside of an ``si``."""
    return f'<sst xmlns="{MAIN}">{"".join(f"<si>{item}</si>" for item in items)}</sst>'


def inline(*texts: str) -> str:
    """A row of texts."""
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f"<row>{cells}</row>"


PARTS: Mapping[str, str | bytes] = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": relations(r1="officeDocument xl/workbook.xml"),
    BOOK: book(("r1", "visible")),
    BOOK_RELATIONS: relations(
        r1="worksheet worksheets/sheet1.xml", r2="sharedStrings sharedStrings.xml"
    ),
    STRINGS: strings(),
    SHEET: sheet(inline("code", "name", "price") + inline("A", "a", "1")),
}


def packed(
    parts: Mapping[str, str | bytes | None] | None = None,
    *,
    noise: bytes = b"",
    method: Literal[0, 8, 12, 14] = 8,
) -> bytes:
    """The file; ``parts`` replace the usual ones, None leaves one out.

    ``noise``: bytes no packer makes smaller, put into a comment of each part that is replaced so
    that nothing stands out by its ratio. ``method`` as in zipfile: stored, deflated, bzip2, LZMA.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in {**PARTS, **(parts or {})}.items():
            if content is None:
                continue
            body = content.encode() if isinstance(content, str) else content
            if noise and name in (parts or {}):
                body += b"<!--" + noise.hex().encode() + b"-->"
            archive.writestr(name, body)
    return file.getvalue()


def repeated(unit: str, times: int, *, around: Iterable[str] = ("", "")) -> str:
    """``unit`` so many times, between two others."""
    before, after = around
    return before + unit * times + after
