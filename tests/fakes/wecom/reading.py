"""What a person sees of something that was said, and what can be pressed on it."""

from collections.abc import Iterator
from typing import Any

from tests.fakes.wecom.records import Json, PressError, Said


def text_of(said: Said) -> str:
    """All that is visible, line by line."""
    return "\n".join(line for line in _lines(said) if line)


def buttons_of(said: Said) -> list[str]:
    """The labels of what can be pressed now."""
    return [label for label, _ in _pressable(said.card)]


def key_of(said: Said, label: str) -> str:
    """What the button so labelled carries. Raises ``PressError`` where nobody could press it."""
    found = [key for text, key in _pressable(said.card) if text == label]
    if len(found) != 1:
        raise PressError(f"{len(found)} buttons {label!r} among {buttons_of(said)}")
    return found[0]


def _lines(said: Said) -> Iterator[str]:
    content = said.shown
    if said.file is not None:
        yield f"[{said.msgtype} {said.file.name}]"
    elif said.msgtype == "news":
        for article in content.get("articles", []):
            yield from (article.get("title", ""), article.get("description", ""))
    elif said.msgtype == "stream_with_template_card":
        yield str(said.content.get("stream", {}).get("content", ""))
    elif not said.card:
        yield from (str(content.get(name, "")) for name in ("title", "description", "content"))
    yield from _card_lines(said.card)


def _card_lines(card: Json) -> Iterator[str]:
    yield from _strings(card.get("source"), "desc")
    yield from _strings(card.get("main_title"), "title", "desc")
    yield from _strings(card.get("emphasis_content"), "title", "desc")
    yield from _strings(card, "sub_title_text")
    yield from _strings(card.get("quote_area"), "title", "quote_text")
    for pair in card.get("horizontal_content_list", []):
        yield f"{pair.get('keyname', '')} {pair.get('value', '')}".strip()
    for part in card.get("vertical_content_list", []):
        yield from _strings(part, "title", "desc")
    for jump in card.get("jump_list", []):
        yield from _strings(jump, "title")
    yield from _button_lines(card)


def _button_lines(card: Json) -> Iterator[str]:
    grey = card.get("replace_text")
    if grey:
        yield f"({grey})"
        return
    for button in _buttons(card):
        yield f"[{button.get('text', '')}]"


def _pressable(card: Json) -> list[tuple[str, str]]:
    if card.get("replace_text"):  # 94888: with it the buttons are grey
        return []
    pressed = [button for button in _buttons(card) if button.get("type") != 1]
    return [(str(button.get("text", "")), str(button.get("key", ""))) for button in pressed]


def _buttons(card: Json) -> list[Json]:
    submit = card.get("submit_button")
    return [*card.get("button_list", []), *([submit] if isinstance(submit, dict) else [])]


def _strings(part: Any, *names: str) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (str(part.get(name, "")) for name in names)
