"""Whether Feishu would take a card (Feishu docs: 卡片 JSON 2.0 结构, 表格组件, 表单容器).

JSON 2.0 refuses what it does not know, so a card is held against the list of what it does.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bot.platforms.feishu.elements import MOST_COLUMNS, MOST_LABEL, tags, weight

MOST_BYTES = 30_000
MOST_ELEMENTS = 200
MOST_TABLES = 5
_MOST_PAGE = 10
_TOP = {"schema", "config", "header", "body", "card_link"}
_CONFIG = {"update_multi", "width_mode", "summary", "enable_forward", "streaming_mode"}
_HEADER = {"title", "subtitle", "template", "text_tag_list", "icon", "padding"}
_BODY = {"elements", "direction", "vertical_spacing", "horizontal_spacing", "padding"}
_KNOWN: Mapping[str, set[str]] = {
    "plain_text": {"content"},
    "markdown": {"content", "text_align", "text_size"},
    "column_set": {"columns", "flex_mode", "horizontal_spacing", "background_style"},
    "column": {"width", "weight", "elements", "vertical_align", "background_style"},
    "table": {"columns", "rows", "page_size", "row_height", "header_style"},
    "chart": {"chart_spec", "aspect_ratio", "color_theme", "preview", "height", "media"},
    "button": {"text", "type", "behaviors", "confirm", "name", "form_action_type", "width"},
    "form": {"name", "elements"},
    "input": {"name", "required", "placeholder", "default_value", "label"},
}
_STYLES = {"default", "primary", "danger", "text", "primary_text", "danger_text"}
_ROOT_ONLY = {"table", "form"}
_CHARTS = {"line", "bar", "area", "pie"}


def problems(card: Mapping[str, Any], *, most: int = MOST_BYTES) -> list[str]:
    """What Feishu would refuse in a card, in words for a developer; [] when there is nothing."""
    return [*_frame(card, most), *_body(card.get("body", {}).get("elements", []))]


def _frame(card: Mapping[str, Any], most: int) -> Iterator[str]:
    parts = (("card", card, _TOP), ("config", card.get("config", {}), _CONFIG))
    rest = (("header", card.get("header", {}), _HEADER), ("body", card.get("body", {}), _BODY))
    for name, part, known in (*parts, *rest):
        yield from (f"{name}: unknown {key}" for key in part.keys() - known)
    if card.get("schema") != "2.0":
        yield "schema is not 2.0"
    if card.get("config", {}).get("update_multi") is not True:
        yield "update_multi is not set"
    if weight(card) > most:
        yield f"{weight(card)} bytes"
    if tags(card).total() > MOST_ELEMENTS:
        yield f"{tags(card).total()} elements"


def _body(elements: list[dict[str, Any]]) -> Iterator[str]:
    if not elements:
        yield "nothing in the body"
    if tags(elements)["table"] > MOST_TABLES:
        yield f"{tags(elements)['table']} tables"
    found = [pair for element in elements for pair in _walk(element, ())]
    for element, parents in found:
        yield from _element(element, parents)
    names = Counter(element["name"] for element, _ in found if "name" in element)
    yield from (f"name {name} comes {times} times" for name, times in names.items() if times > 1)


def _walk(
    element: dict[str, Any], parents: tuple[str, ...]
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    yield element, parents
    inside = (*parents, str(element.get("tag")))
    for key in ("elements", "columns"):
        for child in element.get(key, []):
            if "tag" in child:  # a table's columns are no elements
                yield from _walk(child, inside)


def _element(element: dict[str, Any], parents: tuple[str, ...]) -> Iterator[str]:
    tag = str(element.get("tag"))
    if tag not in _KNOWN:
        yield f"unknown element {tag}"
        return
    yield from (f"{tag}: unknown {key}" for key in element.keys() - _KNOWN[tag] - {"tag"})
    if tag in _ROOT_ONLY and parents:
        yield f"{tag} inside {parents[-1]}"
    check = _CHECKS.get(tag)
    if check is not None:
        yield from check(element, parents)


def _markdown(element: dict[str, Any], _: tuple[str, ...]) -> Iterator[str]:
    if not element.get("content"):
        yield "empty markdown"


def _button(element: dict[str, Any], parents: tuple[str, ...]) -> Iterator[str]:
    label = element.get("text", {}).get("content", "")
    if not 1 <= len(label) <= MOST_LABEL:
        yield f"a label of {len(label)} characters"
    if element.get("type") not in _STYLES:
        yield f"button type {element.get('type')}"
    for behavior in element.get("behaviors", []):
        if behavior.get("type") == "callback" and not isinstance(behavior.get("value"), dict):
            yield "a value that is no object"
    if "form" in parents and not (element.get("name") and element.get("form_action_type")):
        yield "a form's button without name or form_action_type"


def _table(element: dict[str, Any], _: tuple[str, ...]) -> Iterator[str]:
    names = [column.get("name") for column in element.get("columns", [])]
    if not 1 <= len(names) <= MOST_COLUMNS or len(set(names)) < len(names):
        yield f"{len(names)} columns, {len(set(names))} of them different"
    if not 1 <= element.get("page_size", 5) <= _MOST_PAGE:
        yield f"page_size {element['page_size']}"
    if any(row.keys() - set(names) for row in element.get("rows", [])):
        yield "a cell without a column"


def _form(element: dict[str, Any], _: tuple[str, ...]) -> Iterator[str]:
    inside = element.get("elements", [])
    if not element.get("name") or not all(child.get("name") for child in inside):
        yield "something in a form has no name"
    if not any(child.get("form_action_type") == "submit" for child in inside):
        yield "a form that nobody can send"


def _chart(element: dict[str, Any], _: tuple[str, ...]) -> Iterator[str]:
    if element.get("chart_spec", {}).get("type") not in _CHARTS:
        yield "an unknown chart"


_CHECKS = {
    "markdown": _markdown,
    "button": _button,
    "table": _table,
    "form": _form,
    "chart": _chart,
}
