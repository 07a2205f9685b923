"""Replies as template cards (模板卡片类型, document 101032; for applications 90236 and 94888).

The lengths are those the documents advise, in characters: beyond them clients show dots. What does
not fit into a card is no card, so that nothing is cut.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from bot.messages import Button, Reply
from bot.platforms import wording
from bot.platforms.base import Letter
from bot.platforms.wecom.markdown import one_line

MOST_BUTTONS = 6
_TITLE = 26
_TEXT = 112
_KEY = 5
_VALUE = 26
_MOST_FIELDS = 6
_STYLES = {"primary": 1, "": 2, "danger": 3}
_UNTITLED = "请选择"
_DONE = "已处理"
# A text_notice must lead somewhere (document 101032; without it 42045).
_SOMEWHERE = "https://work.weixin.qq.com/"

Json = dict[str, Any]


def whole(letter: Letter, *, own_url: str) -> Json | None:
    """The card that says all of a reply, with its buttons; None when it does not fit into one."""
    content = _content(letter.reply, own_url)
    if content is None or not 1 <= len(letter.reply.buttons) <= MOST_BUTTONS:
        return None
    return _interactive(letter, content, letter.reply.buttons, 0, own_url)


def buttons(letter: Letter, *, own_url: str) -> tuple[Json, ...]:
    """Cards with a reply's buttons, six each, for when its words stand in a message before."""
    title = wording.harmless(one_line(letter.reply.title), own_url=own_url)
    content = {"main_title": {"title": title if 0 < len(title) <= _TITLE else _UNTITLED}}
    pressed = letter.reply.buttons
    return tuple(
        _interactive(letter, content, pressed[at : at + MOST_BUTTONS], at // MOST_BUTTONS, own_url)
        for at in range(0, len(pressed), MOST_BUTTONS)
    )


def closed(letter: Letter, *, own_url: str) -> Json | None:
    """A card in place of an application's, with one grey button; None when it does not fit."""
    content = _content(letter.reply, own_url)
    if content is None:
        return None
    grey = {"text": _DONE, "style": 2, "key": f"{letter.card}.done"}
    return {
        "card_type": "button_interaction",
        **content,
        "task_id": task_id(letter, 0),
        "button_list": [grey],
        "replace_text": _DONE,
    }


def notice(letter: Letter, *, own_url: str) -> Json | None:
    """A card in place of a robot's, without buttons; None when the reply does not fit."""
    content = _content(letter.reply, own_url)
    if content is None:
        return None
    leads = {"type": 1, "url": own_url or _SOMEWHERE}
    return {"card_type": "text_notice", **content, "card_action": leads}


def task_id(letter: Letter, number: int) -> str:
    """The same for the same card for ever; an application must not use one twice."""
    digest = hashlib.sha256(letter.key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{letter.card}-{digest}-{number}"


def _interactive(
    letter: Letter, content: Json, shown: tuple[Button, ...], number: int, own_url: str
) -> Json:
    return {
        "card_type": "button_interaction",
        **content,
        "task_id": task_id(letter, number),
        "button_list": [_button(letter, button, own_url) for button in shown],
    }


def _button(letter: Letter, button: Button, own_url: str) -> Json:
    return {
        "text": wording.harmless(one_line(button.label), own_url=own_url),
        "style": _STYLES[button.style],
        "key": f"{letter.card}.{button.id}",
    }


def _content(reply: Reply, own_url: str) -> Json | None:
    """Title, text and fields of a card; the rest of the words stands in its text."""
    if reply.table is not None:
        return None
    title, *words = _words(reply, own_url)
    fields = [
        (wording.harmless(one_line(name)), wording.harmless(one_line(value), own_url=own_url))
        for name, value in reply.fields
    ]
    beside = len(fields) <= _MOST_FIELDS and all(_short(*field) for field in fields)
    if not beside:
        words += [f"{name} {value}" for name, value in fields]
    text = "\n".join(words)
    if len(text) > _TEXT:
        return None
    return {
        "main_title": {"title": title},
        **({"sub_title_text": text} if text else {}),
        **({"horizontal_content_list": _pairs(fields)} if fields and beside else {}),
    }


def _words(reply: Reply, own_url: str) -> Iterator[str]:
    """A title that a card can show, then the lines that are left."""
    title = wording.harmless(one_line(reply.title), own_url=own_url)
    lines = [line for line in wording.harmless(reply.text, own_url=own_url).split("\n") if line]
    if 0 < len(title) <= _TITLE:
        yield from (title, *lines)
    elif title:
        yield from (_UNTITLED, title, *lines)
    elif lines and len(lines[0]) <= _TITLE:
        yield from lines
    else:
        yield from (_UNTITLED, *lines)


def _short(name: str, value: str) -> bool:
    return 0 < len(name) <= _KEY and 0 < len(value) <= _VALUE


def _pairs(fields: list[tuple[str, str]]) -> list[Json]:
    return [{"keyname": name, "value": value} for name, value in fields]
