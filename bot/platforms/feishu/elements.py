"""The parts of a reply as elements of a Feishu card (Feishu docs: 卡片 JSON 2.0 结构).

Each part is a ``Block`` that stays whole on one card; what is too large for that becomes several.
"""

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages import Button, Chart, Form, Input, Reply, Table
from bot.platforms.feishu.markup import as_markdown, as_plain, tame
from bot.platforms.wording import numeric, plain_table, split
from bot.texts.platforms import spoken

Element = dict[str, Any]

MOST_COLUMNS = 50
MOST_ROWS = 200
MOST_LABEL = 100  # characters on a button or in an empty field
_PAGE_ROWS = 10
_CELL, _DIGIT = 6, 2.5  # of a hundred: what a phone's card gives to a cell's edges, and to a digit
_MOST_NUMBERS = 72  # of a hundred, for all columns of numbers; the rest is for words
_LINE_BYTES = 2_000  # a longer line is numbered; escaping makes six bytes of one at most
_MOST_WEIGHT = 12_000  # of a text, table or chart
_PAIRED = 20  # half-widths that half a phone shows in a line; what is wider has one of its own
_LONG = 30  # a name of more characters is no heading
_BUTTONS = 5  # in a row, which phones break

# Bars lie, the first one uppermost: the names below upright ones overlap on a phone. Names may take
# half of the width (VChart: axes.maxWidth, else 30%), and values stand at the bars, not on a scale.
_LYING: Element = {
    "direction": "horizontal",
    "xField": "y",
    "yField": "x",
    "axes": [{"orient": "left", "maxWidth": "50%"}, {"orient": "bottom", "visible": False}],
    "label": {"visible": True},
}
_BAR_PX, _AROUND_PX = 30, 50  # a bar, and the title
_MOST_PX = 999


@dataclass(frozen=True, slots=True)
class Block:
    """Elements that stay together, and the same in plain words."""

    elements: tuple[Element, ...]
    plain: str


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes a reply as blocks; ``card`` is what its buttons carry.

    ``live``: somebody hears when a button is pressed; if not, buttons and forms are words.
    """

    own_url: str
    card: int = 0
    live: bool = True

    def blocks(self, reply: Reply) -> Iterator[Block]:
        """The reply without its title, in the order in which it is read."""
        yield from self.passages(reply.text)
        yield from self._fields(reply.fields)
        if reply.chart is not None:
            yield from self._chart(reply.chart)
        if reply.table is not None:
            yield from self._table(reply.table)
        yield from self._buttons(reply.buttons)
        if reply.form is not None:
            yield from self._form(reply.form)

    def plain(self, text: str) -> str:
        """``text`` for ``plain_text`` and text messages."""
        return as_plain(tame(text, self.own_url))

    def passages(self, text: str, *, head: str = "") -> Iterator[Block]:
        """Text as markdown that shows its characters; ``head`` stands bold above it."""
        bold, named = (f"**{self._marked(head)}**\n", f"{self.plain(head)}：") if head else ("", "")
        for shown in _passages(tame(text, self.own_url), self.own_url):
            content = bold + as_markdown(shown, self.own_url)
            yield Block((_markdown(content),), named + as_plain(shown))
            bold = named = ""

    def _marked(self, text: str) -> str:
        return as_markdown(tame(text, self.own_url), self.own_url)

    def _fields(self, fields: Sequence[tuple[str, str]]) -> Iterator[Block]:
        """Short ones two in a row, which phones show side by side too."""
        waiting: list[tuple[str, str]] = []
        for name, value in fields:
            short = max(_width(name), _width(value)) <= _PAIRED and "\n" not in name + value
            if waiting and (not short or len(waiting) > 1):
                yield self._row(waiting)
                waiting = []
            if short:
                waiting.append((name, value))
            elif len(name) <= _LONG:
                yield from self.passages(value, head=name)
            else:
                yield from self.passages(f"{name}：{value}")
        if waiting:
            yield self._row(waiting)

    def _row(self, fields: Sequence[tuple[str, str]]) -> Block:
        shown = [f"**{self._marked(name)}**\n{self._marked(value)}" for name, value in fields]
        plain = [f"{self.plain(name)}：{self.plain(value)}" for name, value in fields]
        return Block((_columns(map(_markdown, shown), flow=False),), "\n".join(plain))

    def _table(self, table: Table) -> Iterator[Block]:
        for first in range(0, len(table.head), MOST_COLUMNS):
            some = slice(first, first + MOST_COLUMNS)
            head = [self.plain(name) for name in table.head[some]]
            for rows in _runs([[self.plain(cell) for cell in row[some]] for row in table.rows]):
                if weight([head, rows]) <= _MOST_WEIGHT:
                    yield Block((_native(head, rows),), plain_table(head, rows))
                    continue
                for row in rows:  # one of them is larger than a card should be
                    pairs = zip(head, row, strict=True)
                    yield from self.passages("\n".join(f"{name}：{cell}" for name, cell in pairs))

    def _chart(self, chart: Chart) -> Iterator[Block]:
        """A chart; one that no card could hold is left out, as where there are no charts."""
        labels = _distinct([self.plain(label) for label in chart.labels])
        points = [{"x": x, "y": y} for x, y in zip(labels, chart.values, strict=True)]
        title = {"title": {"text": self.plain(chart.title)}} if chart.title else {}
        spec = {"type": chart.kind, **title, "data": {"values": points}}
        element = _lying(spec, len(points)) if chart.kind == "bar" else _upright(spec)
        if points and weight(element) <= _MOST_WEIGHT:
            yield Block((element,), "")

    def _form(self, form: Form) -> Iterator[Block]:
        if not self.live:
            yield from self.passages(_to_type(form.button, form.inputs))
            return
        submit = self._button(form.button) | {
            "name": f"submit_{self.card}_{form.button.id}",  # what ``events`` reads
            "form_action_type": "submit",
        }
        elements = [*map(self._input, form.inputs), submit]
        element = {"tag": "form", "name": f"form_{form.button.id}", "elements": elements}
        yield Block((element,), self.plain(_to_type(form.button, form.inputs)))

    def _input(self, field: Input) -> Element:
        return {
            "tag": "input",
            "name": field.name,
            "required": field.required,
            "width": "fill",
            "placeholder": plain_text(_short(self.plain(field.label))),
        }

    def _buttons(self, buttons: Sequence[Button]) -> Iterator[Block]:
        if not self.live:
            yield from self.passages("\n".join(map(_to_type, buttons)))
            return
        for button in buttons:
            if len(self.plain(button.label)) > MOST_LABEL:  # whole above, shortened on the button
                yield from self.passages(button.label)
        for first in range(0, len(buttons), _BUTTONS):
            row = buttons[first : first + _BUTTONS]
            plain = "\n".join(self.plain(_to_type(button)) for button in row)
            yield Block((_columns(map(self._button, row), flow=True),), plain)

    def _button(self, button: Button) -> Element:
        value = {"card": str(self.card), "button": button.id}
        return {
            "tag": "button",
            "text": plain_text(_short(self.plain(button.label)) or "·"),
            "type": button.style or "default",
            "behaviors": [{"type": "callback", "value": value}],
        }


def plain_text(content: str) -> Element:
    """Words without markup."""
    return {"tag": "plain_text", "content": content}


def weight(content: object) -> int:
    """Bytes of ``content`` in a request, where a card is JSON inside a JSON string."""
    return len(json.dumps(dumped(content), ensure_ascii=False).encode())


def dumped(content: object) -> str:
    """``content`` as JSON with its characters as they are: escaped ones take twice the bytes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def tags(content: object) -> Counter[str]:
    """How many elements of each kind there are, those inside others included."""
    found: Counter[str] = Counter()
    if isinstance(content, dict) and "tag" in content:
        found[str(content["tag"])] += 1
    inside = content.values() if isinstance(content, dict) else content
    if isinstance(inside, Iterable) and not isinstance(inside, str):
        for each in inside:
            found += tags(each)
    return found


def _markdown(content: str) -> Element:
    return {"tag": "markdown", "content": content}


def _columns(elements: Iterable[Element], *, flow: bool) -> Element:
    """Elements side by side: ``flow`` breaks the row, else they share the width evenly."""
    width: Element = {"width": "auto"} if flow else {"width": "weighted", "weight": 1}
    columns = [{"tag": "column", **width, "elements": [element]} for element in elements]
    return {"tag": "column_set", "flex_mode": "flow" if flow else "none", "columns": columns}


def _lying(spec: Element, bars: int) -> Element:
    height = min(_MOST_PX, _AROUND_PX + _BAR_PX * bars)
    return {"tag": "chart", "height": f"{height}px", "chart_spec": spec | _LYING}


def _upright(spec: Element) -> Element:
    axes = {"xField": "x", "yField": "y"}
    return {"tag": "chart", "aspect_ratio": "16:9", "chart_spec": spec | axes}


def _native(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    names = [f"c{number}" for number in range(len(head))]
    given = [(title, cells) for title, *cells in zip(head, *rows, strict=True)]
    widths = _widths([max(map(_width, (t, *cells))) if numeric(cells) else 0 for t, cells in given])
    columns = [
        {"name": name, "display_name": title, "data_type": "text", **_aligned(cells), **width}
        for name, (title, cells), width in zip(names, given, widths, strict=True)
    ]
    cells = [dict(zip(names, row, strict=True)) for row in rows]
    return {
        "tag": "table",
        "page_size": max(1, min(len(rows), _PAGE_ROWS)),
        "row_height": "auto",  # else cells end in dots
        "row_max_height": f"{_MOST_PX}px",
        "columns": columns,
        "rows": cells,
    }


def _widths(longest: Sequence[int]) -> list[Element]:
    """Room for each column of numbers, which must not break; none given for one of words.

    ``longest``: a column's longest cell in half-widths, 0 for words. It is a share of the card, or
    where that leaves too little for words as many pixels.
    """
    shares = [math.ceil(_CELL + _DIGIT * most) if most else 0 for most in longest]
    shared = sum(shares) <= _MOST_NUMBERS
    return [
        {"width": f"{share}%" if shared else f"{max(80, 4 * share)}px"} if share else {}
        for share in shares
    ]


def _aligned(cells: Sequence[str]) -> Element:
    """Numbers stand on the right."""
    return {"horizontal_align": "right"} if numeric(cells) else {}


def _runs(rows: list[list[str]]) -> Iterator[list[list[str]]]:
    """Rows that make one table; names of cells add to what they weigh, hence half of it."""
    run: list[list[str]] = []
    weighs = 0
    for row in rows:
        more = weight(row)
        if run and (weighs + more > _MOST_WEIGHT // 2 or len(run) == MOST_ROWS):
            yield run
            run, weighs = [], 0
        run.append(row)
        weighs += more
    if run:
        yield run


def _passages(tamed: str, own_url: str) -> Iterator[str]:
    """Whole lines, as many as one element takes; a line too long for any is numbered."""
    kept: list[str] = []
    weighs = 0
    for line in tamed.split("\n"):
        for part in split(line, _LINE_BYTES) or ("",):
            more = weight(as_markdown(part, own_url))
            if kept and weighs + more > _MOST_WEIGHT:
                yield "\n".join(kept)
                kept, weighs = [], 0
            kept.append(part)
            weighs += more
    if any(kept):
        yield "\n".join(kept)


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels by which a chart keeps its points apart: equal ones would be one point."""
    seen: Counter[str] = Counter()
    made: list[str] = []
    for label in labels:
        seen[label] += 1
        made.append(label if seen[label] == 1 else f"{label} ·{seen[label]}")
    return made


def _to_type(button: Button, inputs: Sequence[Input] = ()) -> str:
    """What to type where no button can be pressed; fields are named in angle brackets."""
    command = button.command
    for field in inputs:
        command = command.replace(f"{{{field.name}}}", f"〈{field.label}〉")
    return spoken("platform.hint", label=button.label, command=command)


def _width(text: str) -> int:
    """How wide text is, in half-widths: a Chinese character has two."""
    return sum(1 + (unicodedata.east_asian_width(char) in "WFA") for char in text)


def _short(text: str) -> str:
    return text if len(text) <= MOST_LABEL else f"{text[: MOST_LABEL - 1]}…"
