"""Feishu cards as HTML (Feishu docs: 卡片 JSON 2.0 结构 and the pages of its components).

What it does not know it refuses: a card with a new element must get a look here first.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

Element = dict[str, Any]

_CHART = (288, 162)  # what is left of a phone's card, in the card's own 16:9


def message(content: Mapping[str, Any]) -> str:
    """A card as it stands in a bubble."""
    body = "".join(map(_element, content["body"]["elements"]))
    header = content.get("header")
    top = f'<h2 class="{header["template"]}">{_plain(header["title"])}</h2>' if header else ""
    return f'<div class="card">{top}<div class="body">{body}</div></div>'


def _element(element: Element) -> str:
    return _ELEMENTS[element["tag"]](element)


def _plain(text: Element) -> str:
    assert text["tag"] == "plain_text"
    return html.escape(text["content"])


def _markdown(element: Element) -> str:
    # What people wrote came as entities, so what is left is markup.
    text = element["content"]
    assert "<" not in text, text
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r'<a href="\2">\1</a>', text)
    return f'<div class="md">{text}</div>'


def _columns(element: Element) -> str:
    shown = "".join(
        f'<div class="{column["width"]}">{"".join(map(_element, column["elements"]))}</div>'
        for column in element["columns"]
    )
    return f'<div class="columns {element["flex_mode"]}">{shown}</div>'


def _button(element: Element) -> str:
    return f'<span class="button {element["type"]}">{_plain(element["text"])}</span>'


def _input(element: Element) -> str:
    star = '<i class="star">*</i>' if element["required"] else ""
    label = f'<div class="md">{_plain(element["label"])}{star}</div>' if "label" in element else ""
    width = element.get("width", "default")
    placeholder = _plain(element["placeholder"]) if "placeholder" in element else ""
    return f'{label}<div class="input {width}">{placeholder}</div>'


def _form(element: Element) -> str:
    return "".join(map(_element, element["elements"]))


def _table(element: Element) -> str:
    columns, page = element["columns"], element["page_size"]
    head = "".join(f"<th>{html.escape(c['display_name'])}</th>" for c in columns)
    rows = "".join(
        f"<tr>{''.join(_cell(column, row) for column in columns)}</tr>"
        for row in element["rows"][:page]
    )
    more = len(element["rows"]) > page
    turn = f'<div class="turn">‹ 1 / {-(-len(element["rows"]) // page)} ›</div>' if more else ""
    kind = f'class="{element["row_height"]}"'
    return f"<table {kind}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{turn}"


def _cell(column: Element, row: Element) -> str:
    side = column.get("horizontal_align", "left")
    return f'<td style="text-align:{side}">{html.escape(str(row[column["name"]]))}</td>'


def _chart(element: Element) -> str:
    spec = element["chart_spec"]
    assert spec["type"] == "bar"
    across = spec.get("direction") == "horizontal"
    label, value = (spec["yField"], spec["xField"]) if across else (spec["xField"], spec["yField"])
    points = [(row[label], row[value]) for row in spec["data"]["values"]]
    draw = _across if across else _upright
    width, height = _CHART
    return f'<svg class="chart" viewBox="0 0 {width} {height}">{draw(points)}</svg>'


def _upright(points: list[tuple[str, int]]) -> str:
    """Columns; of names that would overlap the client draws only some."""
    width, height = _CHART
    foot, slot, most = height - 22, (width - 30) / len(points), max(v for _, v in points)
    parts = [
        f'<text x="24" y="{y + 3}" text-anchor="end">{most * n // 4}</text>'
        f'<path class="rule" d="M30 {y}H{width}"/>'
        for n in range(5)
        for y in [foot - (foot - 14) * n / 4]
    ]
    free = 0.0
    for n, (name, value) in enumerate(points):
        x, tall = 30 + slot * (n + 0.5), (foot - 14) * value / most
        half = min(slot * 0.3, 24)
        parts.append(f'<rect x="{x - half}" y="{foot - tall}" width="{2 * half}" height="{tall}"/>')
        wide = sum(11 if ord(char) > 255 else 6 for char in name)
        if x - wide / 2 >= free:
            free = x + wide / 2 + 4
            parts.append(
                f'<text x="{x}" y="{foot + 15}" text-anchor="middle">{html.escape(name)}</text>'
            )
    return "".join(parts)


def _across(points: list[tuple[str, int]]) -> str:
    """Bars from the left, the first one lowest; long names are shortened."""
    width, height = _CHART
    slot, most, left = height / len(points), max(v for _, v in points), 96
    parts = []
    for n, (name, value) in enumerate(points):
        y, wide = height - slot * (n + 0.5), (width - left - 34) * value / most
        half = min(slot * 0.3, 10)
        short = name if len(name) <= 8 else f"{name[:7]}…"
        parts.append(
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{html.escape(short)}</text>'
            f'<rect x="{left}" y="{y - half}" width="{wide}" height="{2 * half}"/>'
            f'<text x="{left + wide + 5}" y="{y + 4}">{value}</text>'
        )
    return "".join(parts)


_ELEMENTS: dict[str, Callable[[Element], str]] = {
    "markdown": _markdown,
    "column_set": _columns,
    "button": _button,
    "input": _input,
    "form": _form,
    "table": _table,
    "chart": _chart,
    "hr": lambda _: "<hr>",
}
