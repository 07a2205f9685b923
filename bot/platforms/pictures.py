"""Charts as pictures, for platforms that draw none. Read on a phone: few colours, large letters.

Pillow is imported inside: a shop without such a platform need not pay for it.
"""

import io
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bot.messages import Chart
from bot.texts import visible

if TYPE_CHECKING:
    from PIL import Image, ImageFont

# Debian's fonts-wqy-microhei and fonts-noto-cjk, then what macOS and Windows bring along.
USUAL_FONTS = tuple(
    Path(path)
    for path in (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        "/System/Library/Fonts/PingFang.ttc",
        "/System/Library/Fonts/Hiragino Sans GB.ttc",
        "C:/Windows/Fonts/msyh.ttc",
    )
)
_SCALABLE = frozenset({".ttf", ".ttc", ".otf", ".otc"})
_LOOK_S = 3  # fontconfig may have to build its cache first

WIDTH = 800  # pixels, like everything below
_EDGE = 40
_GAP = 24  # between things that must not touch
_FINE = 2  # drawn so many times larger, then reduced: smooth edges
_COLOURS = 96  # in the file; more than the shades between these few

_PAPER, _INK, _SOFT, _RULE = "#ffffff", "#1f2329", "#7d838c", "#e6e8eb"
_TRACK, _BAR, _BELOW, _AREA = "#f0f2f5", "#3370ff", "#f54a45", "#ebf1ff"

_TITLE, _WORDS, _SMALL = 36, 28, 24  # sizes of letters
_PLOT = 380  # height of columns and curves
_MOST_COLUMNS = 12
_MOST_MARKED = 12  # points of a curve that all have their value beside them


class MissingFontError(Exception):
    """No font on this machine has Chinese (Debian: apt install fonts-wqy-microhei)."""


def font_path(usual: Sequence[Path] = USUAL_FONTS, program: str = "fc-list") -> Path | None:
    """A font file with Chinese: a usual one, or what fontconfig finds; None without any."""
    return next((path for path in usual if path.is_file()), None) or _found(program)


def _found(program: str) -> Path | None:
    asked = shutil.which(program)
    if asked is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603  (fontconfig's own program, nothing of anybody's input)
            [asked, "--format=%{file}\n", ":lang=zh"],
            capture_output=True,
            timeout=_LOOK_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    paths = sorted(map(Path, answer.stdout.decode(errors="replace").splitlines()))
    return next((path for path in paths if path.suffix.lower() in _SCALABLE), None)


def chart_png(
    chart: Chart, title: str = "", *, find: Callable[[], Path | None] = font_path
) -> bytes:
    """The chart as PNG, 800 pixels wide. Raises ``MissingFontError``."""
    path = find()
    if path is None:
        raise MissingFontError("no font with Chinese")
    letters = _Letters(path)
    words = [letters.drawable(label) or "—" for label in chart.labels]
    points = list(zip(words, chart.values, strict=True))
    sheet = _Sheet(letters)
    sheet.title(letters.drawable(title))
    if chart.kind == "line":
        _curve(sheet, points)
    elif _columns_fit(letters, points):
        _columns(sheet, points)
    else:
        _bars(sheet, points)
    return sheet.png()


class _Letters:
    """One font in every size."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    def of(self, size: int) -> "ImageFont.FreeTypeFont":
        """The font in a size, given in the pixels of the large drawing."""
        from PIL import ImageFont  # noqa: PLC0415  (see the module's docstring)

        if size not in self._sizes:
            self._sizes[size] = ImageFont.truetype(self._path, size, index=self._index)
        return self._sizes[size]

    @cached_property
    def _index(self) -> int:
        """Which font of a collection: Noto's first one has Japanese shapes."""
        from PIL import ImageFont  # noqa: PLC0415

        for index in range(16):
            try:
                family = ImageFont.truetype(self._path, 12, index=index).getname()[0] or ""
            except OSError:
                break
            if {"SC", "CN", "GB"} & set(family.split()):
                return index
        return 0

    def width(self, text: str, size: int) -> float:
        """How wide a text is."""
        return self.of(size * _FINE).getlength(text) / _FINE

    def drawable(self, text: str) -> str:
        """``text`` in one line, without characters that the font lacks, such as emoji."""
        shown = "".join(char for char in visible(text) if char.isspace() or self._has(char))
        return " ".join(shown.split())

    def _has(self, char: str) -> bool:
        return self._shape(char) != self._shape("\U0010ffff")  # nobody's, so what is missing

    def _shape(self, char: str) -> tuple[tuple[int, int], bytes]:
        mask = self.of(_WORDS).getmask(char)
        return mask.size, bytes(mask)

    def fitted(self, text: str, size: int, room: float) -> str:
        """``text`` with its middle left out if it is too wide; sizes and colours stand last."""
        if self.width(text, size) <= room:
            return text
        for kept in range(len(text) - 1, 0, -1):
            shorter = text[: kept - kept * 2 // 5] + "…" + text[len(text) - kept * 2 // 5 :]
            if self.width(shorter, size) <= room:
                return shorter
        return "…"


class _Sheet:
    """The paper, in pixels of the finished picture, growing downwards from ``y``."""

    def __init__(self, letters: _Letters) -> None:
        self.letters = letters
        self.y = float(_EDGE)
        self._marks: list[Callable[[_Brush], None]] = []
