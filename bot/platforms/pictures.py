"""Charts as pictures, for platforms that draw none. Read on a phone: few colours, large letters.

Pillow is imported inside: a shop without such a platform need not pay for it.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.messages import Chart
from bot.platforms.fonts import Letters, font_path

if TYPE_CHECKING:
    from PIL import ImageDraw

__all__ = ["WIDTH", "MissingFontError", "chart_png", "font_path"]

WIDTH = 800  # pixels, like everything below
_EDGE = 40
_GAP = 24  # between things that must not touch
_FINE = 2  # drawn so many times larger, then reduced: smooth edges
_HALO = 8  # around words that lie on a curve
_COLOURS = 16  # in the file: four bits a pixel, and enough shades for these few

_PAPER, _INK, _SOFT, _RULE = "#ffffff", "#1f2329", "#7d838c", "#e6e8eb"
_TRACK, _BAR, _BELOW, _AREA = "#f0f2f5", "#3370ff", "#f54a45", "#ebf1ff"

_TITLE, _WORDS, _SMALL = 36, 28, 24  # sizes of letters
_PLOT = 380  # height of columns and curves
_MOST_COLUMNS = 12
_MOST_MARKED = 12  # points of a curve that all have their value beside them


class MissingFontError(Exception):
    """No font on this machine has Chinese (Debian: apt install fonts-wqy-microhei)."""


def chart_png(
    chart: Chart, title: str = "", *, find: Callable[[], Path | None] = font_path
) -> bytes:
    """The chart as PNG, 800 pixels wide. Raises ``MissingFontError``."""
    path = find()
    if path is None:
        raise MissingFontError("no font with Chinese")
    letters = Letters(path)
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


Point = tuple[float, float]


class _Sheet:
    """Paper that is as long as what is drawn on it. All in pixels of the finished picture."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters
        self.y = float(_EDGE)  # where the next thing begins
        self._marks: list[Callable[[ImageDraw.ImageDraw], None]] = []

    def title(self, text: str) -> None:
        """What it is about, above everything."""
        if text:
            shown = self.letters.fitted(text, _TITLE, WIDTH - 2 * _EDGE)
            self.text((_EDGE, self.y + _TITLE / 2), shown, _TITLE, "lm", weight=1)
            self.y += _TITLE + _GAP + 8

    def text(
        self,
        at: Point,
        text: str,
        size: int,
        anchor: str,
        *,
        colour: str = _INK,
        weight: int = 0,
        halo: bool = False,
    ) -> None:
        """Words; ``anchor`` as Pillow has it. ``halo``: what lies behind keeps away from them."""
        font, place = self.letters.of(size * _FINE), _large([at])[0]
        if halo:
            self._marks.append(
                lambda draw: draw.text(
                    place, text, _PAPER, font, anchor, stroke_width=_HALO, stroke_fill=_PAPER
                )
            )
        self._marks.append(
            lambda draw: draw.text(place, text, colour, font, anchor, stroke_width=weight)
        )

    def box(self, first: Point, last: Point, colour: str, *, radius: float = 0) -> None:
        """A filled rectangle with round corners."""
        corners = _large([first, last])
        self._marks.append(lambda draw: draw.rounded_rectangle(corners, radius * _FINE, colour))

    def stroke(self, points: Sequence[Point], colour: str, width: int) -> None:
        """A line through points."""
        places = _large(points)
        self._marks.append(lambda draw: draw.line(places, colour, width * _FINE, joint="curve"))

    def area(self, points: Sequence[Point], colour: str) -> None:
        """What the points enclose."""
        places = _large(points)
        self._marks.append(lambda draw: draw.polygon(places, colour))

    def dot(self, at: Point, radius: float, colour: str) -> None:
        """A point with white around it."""
        (x, y), wide, narrow = _large([at])[0], (radius + 3) * _FINE, radius * _FINE
        self._marks.append(lambda draw: draw.circle((x, y), wide, _PAPER))
        self._marks.append(lambda draw: draw.circle((x, y), narrow, colour))

    def png(self) -> bytes:
        """Everything, as a file."""
        from PIL import Image, ImageDraw  # noqa: PLC0415  (see the module's docstring)

        size = (WIDTH * _FINE, round(self.y + _EDGE) * _FINE)
        image = Image.new("RGB", size, _PAPER)
        draw = ImageDraw.Draw(image)
        for mark in self._marks:
            mark(draw)
        file = io.BytesIO()
        image.reduce(_FINE).quantize(_COLOURS).save(file, "PNG", optimize=True)
        return file.getvalue()


def _large(points: Iterable[Point]) -> list[Point]:
    return [(round(x * _FINE), round(y * _FINE)) for x, y in points]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels: ``low`` lies at ``start``, ``high`` at ``end``; 0 is between them."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def of(cls, values: Sequence[int], start: float, end: float) -> "_Scale":
        """One that shows all values and 0."""
        low, high = min(0, *values, 0), max(0, *values, 0)
        return cls(low, high if high > low else low + 1, start, end)

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[int]:
        """Round values to draw lines at, about five."""
        rough = max(1, (self.high - self.low) / 4)
        power = 10 ** (len(str(int(rough))) - 1)
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
        return list(range(-(-self.low // step) * step, self.high + 1, step))


def _bars(sheet: _Sheet, points: Sequence[tuple[str, int]]) -> None:
    """Long names: each above its bar, the value at its right."""
    size, pitch, height = (_WORDS, 84, 16) if len(points) <= _MOST_COLUMNS else (_SMALL, 66, 12)
    scale = _Scale.of([value for _, value in points], _EDGE, WIDTH - _EDGE)
    for label, value in points:
        said = f"{value:,}"
        room = WIDTH - 2 * _EDGE - _GAP - sheet.letters.width(said, size)
        middle, top = sheet.y + size / 2, sheet.y + size + 10
        sheet.text((_EDGE, middle), sheet.letters.fitted(label, size, room), size, "lm")
        sheet.text((WIDTH - _EDGE, middle), said, size, "rm", weight=1)
        sheet.box((_EDGE, top), (WIDTH - _EDGE, top + height), _TRACK, radius=height / 2)
        start, end = sorted((scale.at(0), scale.at(value)))
        if value:
            end = max(end, start + height)  # at least a dot
            colour = _BAR if value > 0 else _BELOW
            sheet.box((start, top), (end, top + height), colour, radius=height / 2)
        sheet.y += pitch
    sheet.y -= pitch - size - 10 - height


def _columns_fit(letters: Letters, points: Sequence[tuple[str, int]]) -> bool:
    """Whether names and values fit below and above columns."""
    if not 1 < len(points) <= _MOST_COLUMNS:
        return False
    room = (WIDTH - 2 * _EDGE) / len(points) - _GAP / 2
    texts = [text for label, value in points for text in (label, f"{value:,}")]
    return all(letters.width(text, _SMALL) <= room for text in texts)


def _columns(sheet: _Sheet, points: Sequence[tuple[str, int]]) -> None:
    """Short names: each below its column, the value above it."""
    slot = (WIDTH - 2 * _EDGE) / len(points)
    half = min(40, slot * 0.3)
    top, foot = sheet.y + _SMALL + _GAP / 2, sheet.y + _PLOT
    scale = _Scale.of([value for _, value in points], foot, top)
    for number, (label, value) in enumerate(points):
        x = _EDGE + slot * (number + 0.5)
        upper, lower = sorted((scale.at(value), scale.at(0)))
        if value:
            colour = _BAR if value > 0 else _BELOW
            sheet.box((x - half, upper), (x + half, lower), colour, radius=min(8, lower - upper))
        sheet.text((x, upper - 8), f"{value:,}", _SMALL, "ms", weight=1)
        sheet.text((x, foot + _GAP + _SMALL / 2), label, _SMALL, "mm", colour=_SOFT)
    sheet.stroke([(_EDGE, scale.at(0)), (WIDTH - _EDGE, scale.at(0))], _RULE, 2)
    sheet.y = foot + _GAP + _SMALL


_MOST_BELOW = 160  # pixels for a name below a curve


def _curve(sheet: _Sheet, points: Sequence[tuple[str, int]]) -> None:
    """A line over a scale; as many names and values beside it as have room."""
    if not points:
        return
    letters = sheet.letters
    labels = [letters.fitted(label, _SMALL, _MOST_BELOW) for label, _ in points]
    widest = max(letters.width(label, _SMALL) for label in labels)
    scale = _Scale.of([value for _, value in points], sheet.y + _PLOT, sheet.y + _GAP)
    left = _grid(sheet, scale) + widest / 2
    slot = (WIDTH - _EDGE - widest / 2 - left) / max(1, len(points) - 1)
    places = [(left + slot * n, scale.at(value)) for n, (_, value) in enumerate(points)]
    sheet.area([*places, (places[-1][0], scale.at(0)), (left, scale.at(0))], _AREA)
    sheet.stroke(places, _BAR, 4)
    step = max(1, -int(-(widest + _GAP) // max(slot, 1)))
    for n in range(len(points) - 1, -1, -step):
        sheet.text((places[n][0], scale.start + _GAP + 12), labels[n], _SMALL, "mm", colour=_SOFT)
    _mark(sheet, places, [value for _, value in points], scale.start)
    sheet.y = scale.start + _GAP + _SMALL


def _grid(sheet: _Sheet, scale: _Scale) -> float:
    """Lines at round values; returns where the curve may begin."""
    ticks = {tick: f"{tick:,}" for tick in scale.ticks()}
    left = _EDGE + max(sheet.letters.width(said, _SMALL) for said in ticks.values()) + _GAP / 2
    for tick, said in ticks.items():
        y = scale.at(tick)
        sheet.text((left - _GAP / 2, y), said, _SMALL, "rm", colour=_SOFT)
        sheet.stroke([(left, y), (WIDTH - _EDGE, y)], _RULE, 2)
    return left


def _mark(sheet: _Sheet, places: Sequence[Point], values: Sequence[int], foot: float) -> None:
    """Dots and values: all, or the highest, the last and the lowest, where they do not meet."""
    ranked = sorted(range(len(values)), key=lambda n: (-values[n], n))
    wanted = [ranked[0], len(values) - 1, ranked[-1]]
    if len(values) <= _MOST_MARKED:
        wanted += range(len(values))
    taken: list[tuple[float, float]] = []
    for n in dict.fromkeys(wanted):
        said = f"{values[n]:,}"
        half = sheet.letters.width(said, _SMALL) / 2
        x = min(places[n][0], WIDTH - _EDGE - half)
        if all(x + half < start or x - half > end for start, end in taken):
            taken.append((x - half - 8, x + half + 8))
            y, anchor = _beside(places, n, foot)
            sheet.dot(places[n], 6, _BAR)
            sheet.text((x, y), said, _SMALL, anchor, halo=True, weight=1)


def _beside(places: Sequence[Point], n: int, foot: float) -> tuple[float, str]:
    """Where the value of a point goes: above it, below it at the bottom of a valley."""
    y = places[n][1]
    inner = 0 < n < len(places) - 1
    if inner and places[n - 1][1] < y > places[n + 1][1] and y + 2 * _SMALL < foot:
        return y + 14, "ma"
    return y - 16, "ms"
