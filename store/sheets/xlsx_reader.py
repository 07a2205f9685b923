"""The first sheet of an XLSX file, read as it comes and never held as a whole.

By our own eyes, for the file is somebody else's: openpyxl builds trees of what it meets, and 19 KB
of nested tags cost it 1.4 GB. Only the parts that say which sheet is the first, its strings and its
cells are looked at; styles, macros, links to other files and whatever else is in there are not.
"""

import posixpath
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from store.errors import BadFileError
from store.sheets.lines import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Line, plain

MAX_PARTS = 1000
MAX_PART = 128 * 2**20  # bytes, unpacked; 100,000 rows take about 60 MB
MAX_RATIO = 100  # a sheet full of equal rows comes to 20
MAX_ASIDE = 100_000  # elements of a part that says where things are
MAX_IDLE = 1_500_000  # elements beyond those that made something; Excel has 1,048,576 rows
MAX_STRINGS = 1_000_000
MAX_TEXT = MAX_BYTES  # characters of all cells: what a CSV file could say
MAX_CELL = 100_000  # characters of one; Excel stops at 32,767
MAX_DEPTH = 50
MAX_NAMES = 2000  # different ones of elements and attributes, which the parser remembers
MAX_TOKEN = 1_000_000  # bytes of a tag, which the parser holds and reads again with each chunk
# Of the processor, for whatever the other bounds have not thought of; 100,000 rows take 3.
MAX_SECONDS = 20.0

_CHUNK = 1 << 16
_EACH = 8  # elements that a string or a cell with something in it may take; three are usual
_ENTRY = b"PK\x01\x02"  # a part in the archive's table
_SMALL = 2**20  # bytes; what is no larger unpacked may be packed as tightly as it likes
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_EXACT = 15  # digits a spreadsheet's number has
_BROKEN = (
    BadZipFile,
    NotImplementedError,  # of zipfile: a way of packing it does not know
    RuntimeError,  # of zipfile: a password
    ValueError,
    EOFError,
    OSError,
    zlib.error,
    expat.ExpatError,
)

Attributes = Mapping[str, str]


def read(content: bytes, *, seconds: float = MAX_SECONDS) -> Iterator[Line]:
    """The rows in which something is written. Raises ``BadFileError``, also on the way.

    ``seconds``: what it may cost of the reading thread's processor time, its caller's share
    included.
    """
    with _explained():
        parts = _Parts(content, seconds)
        sheet, strings = _places(parts)
        table = _Strings()
        if strings is not None:
            for _ in _walked(parts.open(strings), table):
                pass
        yield from _lines(_walked(parts.open(sheet), cells := _Cells(table.found)), cells)


def _lines(steps: Iterable[None], cells: "_Cells") -> Iterator[Line]:
    for _ in steps:
        yield from cells.taken()
        if cells.over:
            return


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise BadFileError("xlsx") from error


class _Parts:
    """The files in the file, by names in lower case."""

    def __init__(self, content: bytes, seconds: float) -> None:
        self._seconds, self._begun = seconds, time.thread_time()
        if content.count(_ENTRY) > MAX_PARTS:
            raise BadFileError("unpacked")
        self._archive = ZipFile(BytesIO(content))
        self._infos = {info.filename.lower(): info for info in self._archive.infolist()}

    def open(self, name: str) -> Iterator[bytes]:
        """The unpacked chunks of a part; refused by what its entry says, which zipfile holds to."""
        info = self._infos.get(name.lower())
        if info is None or info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise BadFileError("xlsx")  # other packers may want gigabytes to unpack
        if info.file_size > MAX_PART or _tight(info):
            raise BadFileError("unpacked")
        with self._archive.open(info) as part:
            while chunk := part.read(_CHUNK):
                if time.thread_time() - self._begun > self._seconds:
                    raise BadFileError("slow", limit=int(self._seconds))
                yield chunk


def _tight(info: ZipInfo) -> bool:
    return info.file_size > max(_SMALL, MAX_RATIO * info.compress_size)


class _Reading:
    """What is done with the elements of a part, by their names without prefix.

    ``begins`` take attributes, ``ends`` the text since the last tag. ``made`` counts what came of
    it, ``idle`` elements may come to nothing; once it is ``over``, what follows is not wanted.
    """

    idle = MAX_ASIDE

    begins: Mapping[str, Callable[[Attributes], None]] = {}
    ends: Mapping[str, Callable[[str], None]] = {}
    made = 0
    over = False


def _walked(chunks: Iterable[bytes], reading: _Reading) -> Iterator[None]:
    """Read a part chunk by chunk, pausing after each."""
    walk = _Walk(reading)
    for chunk in chunks:
        walk.go(chunk)
        yield
        if reading.over:
            return
    walk.end()
    yield


class _Walk:
    """Goes through XML, within bounds; a document type is refused, and so are its entities."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._given = self._depth = self._elements = self._length = 0
        self._said: list[str] = []
        self._names: dict[str, str] = {}
        self._parser = expat.ParserCreate(intern=self._names)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def go(self, chunk: bytes) -> None:
        """Read on."""
        self._parser.Parse(chunk)
        self._given += len(chunk)
        if self._given - self._parser.CurrentByteIndex > MAX_TOKEN or len(self._names) > MAX_NAMES:
            raise BadFileError("xlsx")
        if self._elements > self._reading.idle + _EACH * self._reading.made:
            raise BadFileError("unpacked")

    def end(self) -> None:
        """There is no more; refused when something is still open."""
        self._parser.Parse(b"", True)  # noqa: FBT003  (expat's own)

    def _begin(self, tag: str, attributes: Attributes) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise BadFileError("unpacked")
        self._forget()
        begin = self._reading.begins.get(tag.rpartition(":")[2])
        if begin is not None:
            begin(attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        end = self._reading.ends.get(tag.rpartition(":")[2])
        if end is not None:
            end("".join(self._said))
        self._forget()

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_CELL:
            raise BadFileError("cell", limit=MAX_CELL)
        self._said.append(text)

    def _forget(self) -> None:
        if self._said:
            self._said.clear()
            self._length = 0


def _refuse_doctype(*_: object) -> None:
    raise BadFileError("xlsx")


def _places(parts: _Parts) -> tuple[str, str | None]:
    """The names of the first visible sheet's part and of the strings' part."""
    book = next(iter(_related(parts, "").of("officedocument").values()), "")
    related = _related(parts, book)
    sheets, pages = related.of("worksheet"), _Book()
    for _ in _walked(parts.open(book), pages):
        pass
    found = [sheets[relation] for relation in pages.shown if relation in sheets]
    if not found:
        raise BadFileError("xlsx")
    return found[0], next(iter(related.of("sharedstrings").values()), None)


def _related(parts: _Parts, name: str) -> "_Relations":
    """What a part refers to, or the archive itself."""
    folder, base = posixpath.split(name)
    relations = _Relations(folder)
    for _ in _walked(parts.open(posixpath.join(folder, "_rels", f"{base}.rels")), relations):
        pass
    return relations


class _Relations(_Reading):
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._found: dict[str, tuple[str, str]] = {}
        self.begins = {"Relationship": self._relationship}

    def of(self, kind: str) -> dict[str, str]:
        """Names of parts by relation, of a kind."""
        return {key: name for key, (each, name) in self._found.items() if each == kind}

    def _relationship(self, attributes: Attributes) -> None:
        if attributes.get("TargetMode", "").lower() == "external" or len(self._found) > MAX_PARTS:
            return  # another file, or an address: never followed
        kind = attributes.get("Type", "").rpartition("/")[2].lower()
        target = posixpath.join("/", self._folder, attributes.get("Target", ""))
        self._found[attributes.get("Id", "")] = (kind, posixpath.normpath(target).lstrip("/"))


class _Book(_Reading):
    """``shown``: relations of the sheets, those that can be seen first."""

    def __init__(self) -> None:
        self._pages: list[tuple[bool, str]] = []
        self.begins = {"sheet": self._sheet}

    @property
    def shown(self) -> list[str]:
        return [relation for _, relation in sorted(self._pages, key=lambda page: page[0])]

    def _sheet(self, attributes: Attributes) -> None:
        hidden = attributes.get("state", "visible") != "visible"
        relation = (value for key, value in attributes.items() if key.endswith(":id"))
        if len(self._pages) < MAX_PARTS:
            self._pages.append((hidden, next(relation, "")))


class _Strings(_Reading):
    """The texts that cells refer to by number; how to pronounce them is no part of them."""

    idle = MAX_IDLE

    def __init__(self) -> None:
        self.found: list[str] = []
        self._length = 0
        self._pieces: list[str] = []
        self._spoken = False
        self.begins = {"rPh": self._spoken_begins}
        self.ends = {"t": self._text, "rPh": self._spoken_ends, "si": self._string}

    def _spoken_begins(self, _: Attributes) -> None:
        self._spoken = True

    def _spoken_ends(self, _: str) -> None:
        self._spoken = False

    def _text(self, text: str) -> None:
        if not self._spoken:
            self._pieces.append(text)

    def _string(self, _: str) -> None:
        text = _cleaned("".join(self._pieces))
        self._pieces.clear()
        self._length += len(text)
        if self._length > MAX_TEXT or self.made >= MAX_STRINGS:
            raise BadFileError("unpacked")
        self.found.append(text)
        self.made += 1


class _Cells(_Reading):
    """The rows of a sheet; ``taken`` gives those that are complete."""

    idle = MAX_IDLE

    def __init__(self, strings: list[str]) -> None:
        self._strings = strings
        self._lines: list[Line] = []
        self._rows = self._length = 0
        self._number = self._column = 0
        self._row: dict[int, str] = {}
        self._kind, self._spoken, self._formula = "", False, False
        self._value: str | None = None
        self.begins = {
            "row": self._row_begins,
            "c": self._cell_begins,
            "f": self._formula_begins,
            "rPh": self._spoken_begins,
        }
        self.ends = {
            "v": self._value_ends,
            "t": self._inline_ends,
            "rPh": self._spoken_ends,
            "c": self._cell_ends,
            "row": self._row_ends,
            "sheetData": self._data_ends,
        }

    def taken(self) -> list[Line]:
        """The rows that were completed since it was asked last."""
        lines, self._lines = self._lines, []
        return lines

    def _row_begins(self, attributes: Attributes) -> None:
        said = attributes.get("r", "")
        self._number = int(said) if said else self._number + 1
        self._column = 0

    def _cell_begins(self, attributes: Attributes) -> None:
        place = _PLACE.fullmatch(attributes.get("r", ""))
        self._column = _column(place[1]) if place else self._column + 1
        self._kind = attributes.get("t", "n")
        self._value, self._formula = None, False

    def _formula_begins(self, _: Attributes) -> None:
        self._formula = True

    def _spoken_begins(self, _: Attributes) -> None:
        self._spoken = True

    def _spoken_ends(self, _: str) -> None:
        self._spoken = False

    def _value_ends(self, text: str) -> None:
        self._value = text

    def _inline_ends(self, text: str) -> None:
        if not self._spoken:
            self._value = (self._value or "") + text

    def _cell_ends(self, _: str) -> None:
        if self._formula and self._value is None:
            raise BadFileError("formula", row=self._number)
        text = self._said(self._value) if self._value else ""
        if not text:
            return
        if self._column > MAX_COLUMNS:
            raise BadFileError("columns", row=self._number, limit=MAX_COLUMNS)
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise BadFileError("unpacked")
        self._row[self._column] = text
        self.made += 1

    def _said(self, value: str) -> str:
        if self._kind == "s":
            place = int(value)
            if not 0 <= place < len(self._strings):
                raise BadFileError("xlsx")
            return self._strings[place]
        if self._kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(value, value)
        return _number(value) if self._kind == "n" else _cleaned(value)

    def _row_ends(self, _: str) -> None:
        if not self._row:
            return
        self._rows += 1
        if self._rows > MAX_ROWS + 1:  # the headings are no row
            raise BadFileError("rows", limit=MAX_ROWS)
        row, self._row = self._row, {}
        cells = tuple(row.get(column, "") for column in range(1, max(row) + 1))
        self._lines.append(Line(self._number, cells))

    def _data_ends(self, _: str) -> None:
        self.over = True


def _column(letters: str) -> int:
    """``A`` -> 1, ``AA`` -> 27."""
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - ord("A") + 1
    return column


def _cleaned(text: str) -> str:
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain(text).strip()


def _number(text: str) -> str:
    """A number as the spreadsheet shows it: ``0.30000000000000004`` -> ``0.3``, ``6.9E+12``."""
    value = float(text)
    if abs(value) >= 10**_EXACT or not value:
        return text.strip()
    return format(Decimal(f"{value:.{_EXACT}g}").normalize(), "f")
