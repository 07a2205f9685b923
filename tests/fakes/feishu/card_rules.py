"""Whether Feishu would take a card: 230099 with the reason, as its message service does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.feishu import card_schema as schema
from tests.fakes.feishu.records import Json, RefusalError

MOST_TABLES = 5
MOST_ELEMENTS = 200
_MOST_COLUMNS = 50
_LABEL_CHARS = 100
_ELEMENT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}")
_MARKDOWN_TABLE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$", re.MULTILINE)
_UNKNOWN_PROPERTY, _TOO_MANY, _WRONG = 200621, 11310, 200550


def check_card(card: Json) -> None:
    """Raises ``RefusalError`` (230099). Cards without ``schema: "2.0"`` are hardly checked."""
    if card.get("schema") != "2.0":
        _check_old(card)
        return
    _known(card, schema.CARD, "card")
    _known(_object(card.get("config", {}), "config"), schema.CONFIG, "config")
    _check_header(_object(card.get("header", {}), "header"))
    body = _object(card.get("body"), "body")
    _known(body, schema.BODY, "body")
    seen = _Seen()
    _check_elements(body.get("elements"), seen, _Place())
    _check_counts(seen)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element stands: how deep, and whether inside a form."""

    depth: int = 0
    in_form: bool = False


@dataclass(slots=True)
class _Seen:
    elements: int = 0
    tables: int = 0
    names: set[str] = field(default_factory=set)
    element_ids: set[str] = field(default_factory=set)


def _check_old(card: Json) -> None:
    if "schema" in card and card["schema"] != "1.0":
        raise _refused(_WRONG, f"unknown schema {card['schema']!r}")
    if not {"elements", "i18n_elements", "type", "header"} & card.keys():
        raise _refused(_WRONG, "neither a 1.0 nor a 2.0 card")


def _check_header(header: Json) -> None:
    _known(header, schema.HEADER, "header")
    if header and "title" not in header:
        raise _refused(_WRONG, "header has no title")
    for name in ("title", "subtitle"):
        if name in header:
            _check_text(header[name], name)
    if header.get("template", "default") not in schema.COLOURS:
        raise _refused(_WRONG, "unknown template colour")
    for tag in header.get("text_tag_list", ()):
        _known(tag, {"tag", "element_id", "text", "color"}, "text_tag")
        _check_text(tag.get("text"), "text_tag")


def _check_elements(elements: Any, seen: _Seen, place: _Place) -> None:
    if not isinstance(elements, list):
        raise _refused(_WRONG, "elements is not a list")
    if place.depth > 5:
        raise _refused(_WRONG, "more than 5 levels of nesting")
    for element in elements:
        _check_element(_object(element, "element"), seen, place)


def _check_element(element: Json, seen: _Seen, place: _Place) -> None:
    tag = element.get("tag")
    if not isinstance(tag, str) or tag not in schema.ELEMENTS:
        raise _refused(_WRONG, f"unknown tag {tag!r}")
    _known(element, schema.ELEMENTS[tag], tag)
    if tag in schema.ROOT_ONLY and place.depth:
        raise _refused(_WRONG, f"{tag} stands in another element")
    seen.elements += 1
    _check_id(element, seen)
    _check_name(element, tag, seen, place)
    check = _CHECKS.get(tag)
    if check is not None:
        check(element)
    seen.tables += _tables(element, tag)
    inner = _Place(place.depth + 1, place.in_form or tag == "form")
    for children in _children(element, tag):
        _check_elements(children, seen, inner)


def _children(element: Json, tag: str) -> Iterator[Any]:
    if tag == "column_set":
        yield _columns(element)
    elif "elements" in schema.ELEMENTS[tag]:
        yield element.get("elements", [])


def _columns(element: Json) -> list[Any]:
    columns = element.get("columns", [])
    if not isinstance(columns, list) or any(
        not isinstance(one, dict) or one.get("tag") != "column" for one in columns
    ):
        raise _refused(_WRONG, "columns of a column_set are not of tag column")
    return columns


def _check_id(element: Json, seen: _Seen) -> None:
    element_id = element.get("element_id")
    if element_id is None:
        return
    if not isinstance(element_id, str) or not _ELEMENT_ID.fullmatch(element_id):
        raise _refused(_WRONG, "element_id is not a letter and up to 19 more characters")
    if element_id in seen.element_ids:
        raise _refused(_WRONG, "element_id is not unique")
    seen.element_ids.add(element_id)


def _check_name(element: Json, tag: str, seen: _Seen, place: _Place) -> None:
    """A form and every component in one need a name that is unique on the card."""
    name = element.get("name")
    needed = tag == "form" or (place.in_form and (tag == "button" or tag in schema.FORM_FIELDS))
    if needed and not (isinstance(name, str) and name):
        raise _refused(_WRONG, f"{tag} has no name")
    if name and name in seen.names:
        raise _refused(_WRONG, f"name {name!r} is not unique")
    if name:
        seen.names.add(name)
    if tag == "button" and not place.in_form and "form_action_type" in element:
        raise _refused(_WRONG, "form_action_type outside a form")


def _check_button(element: Json) -> None:
    _check_text(element.get("text"), "button text")
    if len(element["text"]["content"]) > _LABEL_CHARS:
        raise _refused(_WRONG, "button text is longer than 100 characters")
    if element.get("type", "default") not in schema.BUTTON_TYPES:
        raise _refused(_WRONG, "unknown type of button")
    if element.get("form_action_type", "submit") not in {"submit", "reset"}:
        raise _refused(_WRONG, "unknown form_action_type")
    for behavior in element.get("behaviors", ()):
        _check_behavior(_object(behavior, "behavior"))
    if "confirm" in element:
        _check_text(element["confirm"].get("title"), "confirm title")
        _check_text(element["confirm"].get("text"), "confirm text")


def _check_behavior(behavior: Json) -> None:
    kind = behavior.get("type")
    if kind == "callback":
        _known(behavior, {"type", "value"}, "behavior")
    elif kind == "open_url":
        _known(behavior, {"type", "default_url", "android_url", "ios_url", "pc_url"}, "behavior")
    elif kind != "form_action":
        raise _refused(_WRONG, "unknown type of behavior")


def _check_form(element: Json) -> None:
    submits = [one for one in _walk(element["elements"]) if one.get("form_action_type") == "submit"]
    if not submits:
        raise _refused(_WRONG, "form has no submit button")


def _check_input(element: Json) -> None:
    for name in ("placeholder", "label"):
        if name in element:
            _check_text(element[name], name)
    if not 1 <= element.get("max_length", 1000) <= 1000:
        raise _refused(_WRONG, "max_length is not within 1 and 1000")


def _check_select(element: Json) -> None:
    for option in element.get("options", ()):
        _known(option, {"text", "value", "icon"}, "option")
        _check_text(option.get("text"), "option")
        if not isinstance(option.get("value"), str):
            raise _refused(_WRONG, "value of an option is not a string")


def _check_markdown(element: Json) -> None:
    if not isinstance(element.get("content"), str):
        raise _refused(_WRONG, "markdown has no content")


def _check_div(element: Json) -> None:
    if "text" in element:
        _check_text(element["text"], "text")
    for one in element.get("fields", ()):
        _known(one, {"is_short", "text"}, "field")
        _check_text(one.get("text"), "field")


def _check_chart(element: Json) -> None:
    if not isinstance(element.get("chart_spec"), dict) or "type" not in element["chart_spec"]:
        raise _refused(_WRONG, "chart_spec has no type")


def _check_table(element: Json) -> None:
    columns = element.get("columns")
    if not isinstance(columns, list) or not 1 <= len(columns) <= _MOST_COLUMNS:
        raise _refused(_TOO_MANY, "columns of a table")
    if not 1 <= element.get("page_size", 5) <= 10:
        raise _refused(_WRONG, "page_size is not within 1 and 10")
    kinds = {column.get("name"): _column_kind(column) for column in columns}
    if len(kinds) < len(columns) or not all(isinstance(name, str) and name for name in kinds):
        raise _refused(_WRONG, "names of columns are missing or not unique")
    for row in element.get("rows", ()):
        _known(_object(row, "row"), kinds.keys(), "row")
        for name, cell in row.items():
            _check_cell(cell, kinds[name])


def _column_kind(column: Json) -> str:
    _known(_object(column, "column"), schema.TABLE_COLUMN, "column")
    kind = column.get("data_type", "text")
    if kind not in schema.DATA_TYPES:
        raise _refused(_WRONG, f"unknown data_type {kind!r}")
    return str(kind)


def _check_cell(cell: Any, kind: str) -> None:
    numeric = isinstance(cell, int | float) and not isinstance(cell, bool)
    right = {
        "number": numeric,
        "date": numeric,
        "options": isinstance(cell, list) and all(isinstance(one, dict) for one in cell),
        "persons": isinstance(cell, str | list),
    }
    if not right.get(kind, isinstance(cell, str)):
        raise _refused(_WRONG, f"a cell is no {kind}")


def _check_text(text: Any, what: str) -> None:
    text = _object(text, what)
    if text.get("tag") not in {"plain_text", "lark_md"} or not isinstance(text.get("content"), str):
        raise _refused(_WRONG, f"{what} is not plain_text with content")


def _check_counts(seen: _Seen) -> None:
    if seen.tables > MOST_TABLES:
        raise _refused(_TOO_MANY, "card table number over limit")
    if seen.elements > MOST_ELEMENTS:
        raise _refused(_TOO_MANY, "element exceeds the limit")


def _tables(element: Json, tag: str) -> int:
    """Tables in markdown count as well."""
    if tag == "markdown":
        return len(_MARKDOWN_TABLE.findall(element["content"]))
    return int(tag == "table")


def _walk(elements: Any) -> Iterator[Json]:
    for element in elements if isinstance(elements, list) else ():
        yield element
        yield from _walk(element.get("elements") or element.get("columns"))


def _known(found: Json, allowed: Any, what: str) -> None:
    unknown = sorted(set(_object(found, what)) - set(allowed))
    if unknown:
        raise _refused(_UNKNOWN_PROPERTY, f"unknown property {unknown[0]} in {what}")


def _object(found: Any, what: str) -> Json:
    if not isinstance(found, dict):
        raise _refused(_WRONG, f"{what} is not an object")
    return found


def _refused(code: int, why: str) -> RefusalError:
    return RefusalError(
        230099, f"Failed to create card content, ext=ErrCode: {code}; ErrMsg: {why};"
    )


_CHECKS = {
    "button": _check_button,
    "form": _check_form,
    "input": _check_input,
    "select_static": _check_select,
    "multi_select_static": _check_select,
    "markdown": _check_markdown,
    "div": _check_div,
    "chart": _check_chart,
    "table": _check_table,
}
