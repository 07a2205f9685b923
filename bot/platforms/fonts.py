"""A font that has Chinese, and what fits where when it is set in it.

Pillow is imported inside: a shop without a platform that needs pictures need not pay for it.
"""

import shutil
import subprocess
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.texts import visible

if TYPE_CHECKING:
    from PIL import ImageFont

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

_TRIAL = 64  # the size in which letters are measured


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


class Letters:
    """One font in every size."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}
        self._known: dict[str, bool] = {}

    def of(self, size: int) -> "ImageFont.FreeTypeFont":
        """The font in a size, in pixels."""
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
        return self.of(_TRIAL).getlength(text) * size / _TRIAL

    def drawable(self, text: str) -> str:
        """``text`` in one line, without characters that the font lacks, such as emoji."""
        shown = "".join(char for char in visible(text) if char.isspace() or self._has(char))
        return " ".join(shown.split())

    def _has(self, char: str) -> bool:
        if char not in self._known:
            self._known[char] = self._shape(char) != self._missing
        return self._known[char]

    @cached_property
    def _missing(self) -> tuple[tuple[int, int], bytes]:
        return self._shape("\U0010ffff")  # nobody's, so this is what stands for all that is missing

    def _shape(self, char: str) -> tuple[tuple[int, int], bytes]:
        mask = self.of(_TRIAL).getmask(char)
        return mask.size, bytes(mask)

    def fitted(self, text: str, size: int, room: float) -> str:
        """``text`` with its middle left out if it is too wide; sizes and colours stand last."""
        if self.width(text, size) <= room:
            return text
        shorter = [_abridged(text, kept) for kept in range(len(text))]
        most = bisect_right(shorter, room, key=lambda short: self.width(short, size))
        return shorter[max(0, most - 1)]


def _abridged(text: str, kept: int) -> str:
    """``kept`` characters of a text, three fifths of them from its beginning."""
    tail = kept * 2 // 5
    return text[: kept - tail] + "…" + text[len(text) - tail :]
