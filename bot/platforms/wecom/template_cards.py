"""Replies as template cards (模板卡片类型, document 101032; for applications 90236 and 94888).

The lengths are those the documents advise (个字): beyond them clients show dots. What does not fit
into a card is no card, so that nothing is cut; only where a card takes the place of one that said
it all, fields of an order may be missing that its details show again.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.messages import Button, Reply
from bot.platforms import wording
from bot.platforms.base import Letter
from bot.platforms.wecom.markdown import one_line
from bot.texts import SENTENCES
from bot.texts.platforms import spoken

MOST_BUTTONS = 6
_TITLE = 52  # half-widths: 26 Chinese characters, for letters take half of the room
_TEXT = 112
_KEY = 10  # half-widths
_VALUE = 26
_MOST_FIELDS = 6
_COLON = re.compile("[：:]")
_STYLES = {"primary": 1, "": 2, "danger": 3}
# What an order's card can do without, in the order in which it goes.
_LESSER = ("field.remark", "field.contact", "field.parcel")
# A text_notice must lead somewhere (document 101032; without it 42045).
_SOMEWHERE = "https://work.weixin.qq.com/"

Json = dict[str, Any]


def whole(letter: Letter, *, own_url: str) -> Json | None:
    """The card that says all of a reply, with its buttons; None when it does not fit into one."""
    return _pressable(letter, _content(letter.reply, own_url, "platform.choose"), own_url)


def shortened(letter: Letter, *, own_url: str) -> Json | None:
    """A card with buttons in place of another; None when even its essence does not fit."""
    return _pressable(letter, _essence(letter.reply, own_url, "platform.choose"), own_url)


def buttons(letter: Letter, *, own_url: str) -> tuple[Json, ...]:
    """Cards with a reply's buttons, six each, for when its words stand in a message before."""
    title = wording.harmless(one_line(letter.reply.title), own_url=own_url)
    heading = title if _fits(title, _TITLE) else _heading(title, "platform.choose")
    content = {"main_title": {"title": heading}}
    pressed = letter.reply.buttons
    return tuple(
        _interactive(letter, content, pressed[at : at + MOST_BUTTONS], at // MOST_BUTTONS, own_url)
        for at in range(0, len(pressed), MOST_BUTTONS)
    )


def closed(letter: Letter, *, own_url: str) -> Json | None:
    """A card in place of an application's, with one grey button; None when it does not fit."""
    content = _essence(letter.reply, own_url, "platform.done")
    if content is None:
        return None
    grey = {"text": spoken("platform.done"), "style": 2, "key": f"{letter.card}.done"}
    return {
        "card_type": "button_interaction",
        **content,
        "task_id": task_id(letter, 0),
        "button_list": [grey],
        "replace_text": spoken("platform.done"),
    }


def notice(letter: Letter, *, own_url: str) -> Json | None:
    """A card in place of a robot's, without buttons; None when the reply does not fit."""
    content = _essence(letter.reply, own_url, "platform.done")
    if content is None:
        return None
    leads = {"type": 1, "url": own_url or _SOMEWHERE}
    return {"card_type": "text_notice", **content, "card_action": leads}


def task_id(letter: Letter, number: int) -> str:
    """The same for the same card for ever; an application must not use one twice."""
    digest = hashlib.sha256(letter.key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{letter.card}-{digest}-{number}"


def _pressable(letter: Letter, content: Json | None, own_url: str) -> Json | None:
    if content is None or not 1 <= len(letter.reply.buttons) <= MOST_BUTTONS:
        return None
    return _interactive(letter, content, letter.reply.buttons, 0, own_url)


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


def _essence(reply: Reply, own_url: str, untitled: str) -> Json | None:
    """As much of a reply as fits: all of it, or an order without some of ``_LESSER``."""
    for number in range(len(_LESSER) + 1):
        names = {name for key in _LESSER[:number] for name in SENTENCES[key]}
        fields = tuple(field for field in reply.fields if field[0] not in names)
        content = _content(replace(reply, fields=fields), own_url, untitled)
        if content is not None:
            return content
    return None


def _content(reply: Reply, own_url: str, untitled: str) -> Json | None:
    """Title, text and fields of a card; the text has the fields that do not fit beside it."""
    if reply.table is not None:
        return None
    title, *words = _words(reply, own_url, untitled)
    fields = [
        (wording.harmless(one_line(name)), wording.harmless(one_line(value), own_url=own_url))
        for name, value in reply.fields
    ]
    short = [number for number, field in enumerate(fields) if _short(*field)][:_MOST_FIELDS]
    beside = [fields[number] for number in short]
    rest = (field for number, field in enumerate(fields) if number not in short)
    text = "\n".join([*words, *(f"{name} {value}" for name, value in rest)])
    if len(text) > _TEXT:
        return None
    return {
        "main_title": {"title": title},
        **({"sub_title_text": text} if text else {}),
        **({"horizontal_content_list": _pairs(beside)} if beside else {}),
    }


def _words(reply: Reply, own_url: str, untitled: str) -> Iterator[str]:
    """A title that a card can show, then the lines that are left."""
    title = wording.harmless(one_line(reply.title), own_url=own_url)
    lines = [line for line in wording.harmless(reply.text, own_url=own_url).split("\n") if line]
    if _fits(title, _TITLE):
        yield from (title, *lines)
    elif title:
        yield from (_heading(title, untitled), title, *lines)
    elif lines and _fits(lines[0], _TITLE):
        yield from lines
    else:
        yield from (spoken(untitled), *lines)


def _heading(title: str, untitled: str) -> str:
    """In place of a title too long for a card: its beginning, such as 低库存, if it has one."""
    beginning = _COLON.split(title)[0]
    return beginning if _fits(beginning, _TITLE) else spoken(untitled)


def _short(name: str, value: str) -> bool:
    return _fits(name, _KEY) and 0 < len(value) <= _VALUE


def _fits(text: str, most: int) -> bool:
    """Whether there is a text, and it is at most so many half-widths wide."""
    wide = sum(1 + (unicodedata.east_asian_width(char) in "WFA") for char in text)
    return 0 < wide <= most


def _pairs(fields: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"keyname": name, "value": value} for name, value in fields]
