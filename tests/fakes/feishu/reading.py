"""Cards as a person sees and uses them."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.feishu.card_schema import FORM_FIELDS
from tests.fakes.feishu.records import Json, SentMessage

_MARKUP = re.compile(r"</?(?:font|text_tag|at|b|i|u|br|a|link|code|local_datetime)\b[^>]*>|\*\*|~~")
_BACKSLASHED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~<>$&])")
_AT = re.compile(r"<at\s+(?:user_id|id|ids)\s*=\s*[\"']?([^\"'>\s]+)[\"']?\s*/?>")


class PressError(AssertionError):
    """A person could not press that."""


@dataclass(frozen=True, slots=True)
class Pressable:
    """A button and the form it stands in, None outside of one."""

    label: str
    button: Json
    form: Json | None


def text_of(message: SentMessage | Json) -> str:
    """All visible text, line by line: buttons as "[label]", cells joined by " | ".

    Markup is gone and what was escaped stands there as meant.
    """
    content = message.shown if isinstance(message, SentMessage) else message
    if isinstance(content.get("text"), str):
        return str(content["text"])
    if "body" in content or "elements" in content or "header" in content:
        lines = [*_header_lines(content.get("header", {})), *_lines(_elements(content))]
        return "\n".join(line for line in lines if line)
    return "\n".join(_post_lines(content.get("post", content)))


def buttons_of(message: SentMessage | Json) -> list[str]:
    """The labels of the buttons, top to bottom."""
    content = message.shown if isinstance(message, SentMessage) else message
    return [one.label for one in _pressables(_elements(content), None)]


def pinged(message: SentMessage | Json) -> list[str]:
    """Whom the message notifies: user ids, or ``all``."""
    content = message.shown if isinstance(message, SentMessage) else message
    return [
        one
        for text, tag in _strings(content)
        for one in ([text] if tag == "at" else _AT.findall(text))
    ]


def find_press(message: SentMessage, label: str, inputs: Json | None, nth: int | None) -> Json:
    """The ``action`` of a press on this button. Raises ``PressError``."""
    if message.receive_id_type == "hook":
        raise PressError("a custom robot's card cannot call back (200340)")
    found = [one for one in _pressables(_elements(message.shown), None) if one.label == label]
    if not found:
        raise PressError(f"no button {label!r} among {buttons_of(message)}")
    if len(found) > 1 and nth is None:
        raise PressError(f"{len(found)} buttons {label!r}; say which")
    return _action(found[nth or 0], inputs)


def _action(press: Pressable, inputs: Json | None) -> Json:
    button = press.button
    if button.get("disabled"):
        raise PressError(f"{press.label!r} is disabled")
    callbacks = [one for one in button.get("behaviors", ()) if one.get("type") == "callback"]
    submits = button.get("form_action_type") == "submit"
    if not callbacks and not submits:
        raise PressError(f"{press.label!r} calls nothing back")
    action: Json = {"tag": "button"}
    if callbacks:
        action["value"] = callbacks[0].get("value", {})
    if "name" in button:
        action["name"] = button["name"]
    if submits and press.form is not None:
        action["form_value"] = _filled(press.form, inputs or {})
    elif inputs:
        raise PressError(f"{press.label!r} sends no form")
    return action


def _filled(form: Json, inputs: Json) -> Json:
    fields = {one["name"]: one for one in _walk(form["elements"]) if one["tag"] in FORM_FIELDS}
    unknown = inputs.keys() - fields.keys()
    if unknown:
        raise PressError(f"no field {sorted(unknown)} among {sorted(fields)}")
    values = {
        name: inputs.get(name, field.get("default_value", "")) for name, field in fields.items()
    }
    for name, value in values.items():
        _check_value(fields[name], value)
    return values


def _check_value(field: Json, value: Any) -> None:
    name = field["name"]
    if field.get("required") and not value:
        raise PressError(f"{name!r} is required")
    if isinstance(value, str) and len(value) > field.get("max_length", 1000):
        raise PressError(f"{name!r} takes {field.get('max_length', 1000)} characters")
    choices = [one["value"] for one in field.get("options", ()) if "value" in one]
    if value and choices and not set([value] if isinstance(value, str) else value) <= set(choices):
        raise PressError(f"{name!r} offers {choices}")


def _elements(card: Json) -> list[Json]:
    body: Json = card.get("body", card)
    found: list[Json] = body.get("elements", [])
    return found


def _pressables(elements: list[Json], form: Json | None) -> Iterator[Pressable]:
    for element in elements:
        if element.get("tag") == "button":
            yield Pressable(_plain(element.get("text")), element, form)
        inside = form if element.get("tag") != "form" else element
        yield from _pressables(_children(element), inside)


def _children(element: Json) -> list[Json]:
    # "actions" is what the old cards have.
    return [
        *element.get("elements", ()),
        *(element.get("columns", ()) if element.get("tag") == "column_set" else ()),
        *element.get("actions", ()),
    ]


def _walk(elements: list[Json]) -> Iterator[Json]:
    for element in elements:
        yield element
        yield from _walk(_children(element))


def _header_lines(header: Json) -> Iterator[str]:
    yield _plain(header.get("title"))
    yield _plain(header.get("subtitle"))
    for tag in header.get("text_tag_list", ()):
        yield _plain(tag.get("text"))


def _lines(elements: list[Json]) -> Iterator[str]:
    for element in _walk(elements):
        yield from _own_lines(element)


def _own_lines(element: Json) -> Iterator[str]:
    tag = element.get("tag")
    if tag == "button":
        yield f"[{_plain(element.get('text'))}]"
    elif tag == "markdown":
        yield _read(element.get("content", ""))
    elif tag == "table":
        yield from _table_lines(element)
    elif tag == "chart":
        yield from _chart_lines(element["chart_spec"])
    else:
        for name in ("label", "placeholder", "text", "header"):
            yield _plain(element.get(name))
        for one in (*element.get("fields", ()), *element.get("options", ())):
            yield _plain(one.get("text"))


def _table_lines(table: Json) -> Iterator[str]:
    columns = table["columns"]
    yield " | ".join(column.get("display_name", column["name"]) for column in columns)
    for row in table.get("rows", ()):
        yield " | ".join(_cell(row.get(column["name"], ""), column) for column in columns)


def _cell(cell: Any, column: Json) -> str:
    if isinstance(cell, list):
        return " ".join(
            str(one.get("text", one)) if isinstance(one, dict) else str(one) for one in cell
        )
    marked = column.get("data_type") in {"markdown", "lark_md"}
    return _read(str(cell)) if marked else str(cell)


def _chart_lines(spec: Json) -> Iterator[str]:
    yield str(spec.get("title", {}).get("text", ""))
    series = spec.get("data", {})
    for one in series if isinstance(series, list) else [series]:
        for point in one.get("values", ()):
            yield " ".join(str(value) for value in point.values())


def _post_lines(post: Json) -> Iterator[str]:
    for one in post.values():
        if isinstance(one, dict):
            yield from [one["title"]] if one.get("title") else []
            for line in one.get("content", ()):
                yield "".join(_post_text(element) for element in line)


def _post_text(element: Json) -> str:
    if element["tag"] == "md":
        return _read(element["text"])
    if element["tag"] == "at":
        return f"@{element.get('user_name') or element.get('user_id', '')}"
    return str(element.get("text", ""))


def _plain(text: Any) -> str:
    if not isinstance(text, dict):
        return ""
    if "title" in text:  # a panel's header
        return _plain(text["title"])
    content = str(text.get("content", ""))
    return _read(content) if text.get("tag") == "lark_md" else content


def _read(markdown: str) -> str:
    return html.unescape(_BACKSLASHED.sub(r"\1", _MARKUP.sub("", markdown)))


def _strings(found: Any) -> Iterator[tuple[str, str]]:
    """Every text in which ``<at …>`` works, and the user ids of a post's at elements (tag at)."""
    if isinstance(found, list):
        for one in found:
            yield from _strings(one)
    elif isinstance(found, dict) and found.get("tag") == "at":
        yield str(found.get("user_id", "")), "at"
    elif isinstance(found, dict):
        yield from ((text, "") for text in _marked(found))
        for value in found.values():
            yield from _strings(value)


def _marked(element: Json) -> list[str]:
    """Its own strings that are read as markup."""
    tag = element.get("tag")
    if tag == "table":
        cells = [cell for row in element.get("rows", ()) for cell in row.values()]
        return [cell for cell in cells if isinstance(cell, str)]
    name = {None: "text", "md": "text", "markdown": "content", "lark_md": "content"}.get(tag, "")
    return [element[name]] if isinstance(element.get(name), str) else []
