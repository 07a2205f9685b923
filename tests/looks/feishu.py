"""Feishu cards as HTML (Feishu docs: 卡片 JSON 2.0 结构 and the pages of its components).

What it does not know it refuses: a card with a new element must get a look here first.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

Element = dict[str, Any]

_CHART = 288  # what is left of a phone's card
_SPEC = {"type", "title", "data", "xField", "yField", "direction", "axes", "label"}


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
    head = "".join(map(_heading, columns))
    rows = "".join(
        f"<tr>{''.join(_cell(column, row) for column in columns)}</tr>"
        for row in element["rows"][:page]
    )
    more = len(element["rows"]) > page
    turn = f'<div class="turn">‹ 1 / {-(-len(element["rows"]) // page)} ›</div>' if more else ""
    kind = f'class="{element["row_height"]}"'
    return f"<table {kind}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{turn}"


def _heading(column: Element) -> str:
    width = f' style="width:{column["width"]}"' if "width" in column else ""
    return f"<th{width}>{html.escape(column['display_name'])}</th>"


def _cell(column: Element, row: Element) -> str:
    side = column.get("horizontal_align", "left")
    return f'<td style="text-align:{side}">{html.escape(str(row[column["name"]]))}</td>'


def _chart(element: Element) -> str:
    """Lying bars, the first one uppermost, as VChart draws them; names take half of the width."""
    spec = element["chart_spec"]
    assert spec.keys() <= _SPEC
    assert (spec["type"], spec["direction"]) == ("bar", "horizontal")
    points = [(row[spec["yField"]], row[spec["xField"]]) for row in spec["data"]["values"]]
    title, height = spec.get("title", {}).get("text", ""), int(element["height"].removesuffix("px"))
    top = f'<text class="title" x="0" y="16">{html.escape(title)}</text>' if title else ""
    drawn = top + _bars(points, 26 if title else 0, height)
    return f'<svg class="chart" viewBox="0 0 {_CHART} {height}">{drawn}</svg>'


def _bars(points: list[tuple[str, int]], top: int, foot: int) -> str:
    slot, most = (foot - top) / len(points), max(value for _, value in points)
    names = [_fitted(name) for name, _ in points]
    left = max(map(_wide, names)) + 12
    parts = []
    for n, (name, (_, value)) in enumerate(zip(names, points, strict=True)):
        y, wide = top + slot * (n + 0.5), (_CHART - left - 24) * value / most
        half = min(slot * 0.3, 10)
        parts.append(
            f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{html.escape(name)}</text>'
            f'<rect x="{left}" y="{y - half}" width="{wide}" height="{2 * half}"/>'
            f'<text x="{left + wide + 5}" y="{y + 4}">{value}</text>'
        )
    return "".join(parts)


def _fitted(name: str) -> str:
    while _wide(name) > _CHART / 2 - 12:
        name = f"{name.removesuffix('…')[:-1]}…"
    return name


def _wide(text: str) -> int:
    """Pixels, about."""
    return sum(11 if ord(char) > 255 else 6 for char in text)


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
