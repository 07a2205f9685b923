"""What a Feishu message says: its content as plain text and files (Feishu docs: 接收消息内容)."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.messages import FileRef

_EVERYBODY = "@_all"  # comes with or without an entry in ``mentions``, and is never the bot
# Names are looked up whole: replacing "@_user_1" as text would break "@_user_10".
_PLACEHOLDER = re.compile(r"(@_user_[0-9]+|@_all(?![A-Za-z0-9_]))")
# Feishu makes a link of every address, so that a typed "a.cn" arrives as "[a.cn](http://a.cn)".
_LINK = re.compile(
    r"\[([^\[\]]*)\]\(((?:https?://|mailto:|tel:)[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)",
    re.IGNORECASE,
)
# White space, no-break and zero-width characters: what clients put around a mention.
_BLANK = (
    " \t\r\n\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Who the placeholders of one message (``@_user_1``) stand for.

    ``names`` holds other people's names, ``own`` the placeholders of the bot itself.
    """

    names: Mapping[str, str]
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """The text of a message without the bot's own mention, and the files in it."""

    text: str = ""
    files: tuple[FileRef, ...] = ()


def read(kind: str, content: object, *, message_id: str, mentions: Mentions) -> Said:
    """What a message of this ``message_type`` says; nothing for stickers, voice, cards and such.

    ``content`` is JSON as text (of other kinds sometimes plain words). Raises ``ValueError`` and
    ``RecursionError`` when it does not have the shape of its kind.
    """
    reader = _READERS.get(kind)
    if reader is None:
        return Said()
    found = json.loads(content) if isinstance(content, str) else None
    if not isinstance(found, dict):
        raise ValueError("content")  # noqa: TRY004  (what came in is wrong, not the program)
    return reader(found, message_id, mentions)


def clean(text: str) -> str:
    """The text with a ``?`` for each half of a surrogate pair, which no database takes."""
    return text.encode("utf-8", "replace").decode()


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list. Raises ``ValueError`` when it is none."""
    return [entry for entry in _list(value) if isinstance(entry, dict)]


def _text(content: dict[str, Any], _: str, mentions: Mentions) -> Said:
    typed = _LINK.sub(lambda link: link[1] or link[2], _string(content, "text"))
    return Said(_resolved(typed, mentions))


def _post(content: dict[str, Any], message_id: str, mentions: Mentions) -> Said:
    """Rich text, one line a paragraph; people who paste several lines often send that."""
    paragraphs = [objects(paragraph) for paragraph in _list(content.get("content"))]
    title = content.get("title")
    lines = [title] if title and isinstance(title, str) else []
    lines += ["".join(map(_span, paragraph)) for paragraph in paragraphs]
    pictures = tuple(
        _file(message_id, "image", span, "image_key")
        for paragraph in paragraphs
        for span in paragraph
        if span.get("tag") == "img"
    )
    return Said(_resolved("\n".join(lines), mentions), pictures)


def _image(content: dict[str, Any], message_id: str, _: Mentions) -> Said:
    return Said(files=(_file(message_id, "image", content, "image_key"),))


def _attached(content: dict[str, Any], message_id: str, _: Mentions) -> Said:
    return Said(files=(_file(message_id, "file", content, "file_key"),))


_READERS: Mapping[str, Callable[[dict[str, Any], str, Mentions], Said]] = {
    "text": _text,
    "post": _post,
    "image": _image,
    "file": _attached,
}


def _span(span: dict[str, Any]) -> str:
    """A piece of a paragraph as text; pictures, faces and rules have none."""
    if span.get("tag") == "at":
        return _at(span)
    text = span.get("text")
    if isinstance(text, str) and text:
        return text.rstrip("\n") if span.get("tag") == "code_block" else text
    href = span.get("href")
    return href if isinstance(href, str) else ""


def _at(span: dict[str, Any]) -> str:
    who, name = span.get("user_id"), span.get("user_name")
    if who in {"all", _EVERYBODY}:
        return _EVERYBODY
    if isinstance(who, str) and _PLACEHOLDER.fullmatch(who):
        return who
    return f"@{name}" if name and isinstance(name, str) else ""


def _file(message_id: str, kind: str, holder: dict[str, Any], key: str) -> FileRef:
    """The file behind ``holder[key]``; only together with its message's id can it be fetched."""
    handle = {"message_id": message_id, "file_key": clean(_string(holder, key)), "type": kind}
    name = holder.get("file_name")
    return FileRef(clean(name) if name and isinstance(name, str) else kind, handle)


def _resolved(text: str, mentions: Mentions) -> str:
    """The text with names in place of placeholders, and without calls to the bot or everybody."""
    runs: list[list[str]] = [[]]
    for number, part in enumerate(_PLACEHOLDER.split(text)):
        if not number % 2:
            runs[-1].append(part)
        elif part in mentions.own or part == _EVERYBODY:
            runs.append([])
        else:
            runs[-1].append(f"@{mentions.names[part]}" if part in mentions.names else part)
    return clean(_joined("".join(run) for run in runs))


def _joined(runs: Iterable[str]) -> str:
    """The runs without the blanks around them, a space or their line break between."""
    said: list[str] = []
    broken = False
    for run in runs:
        bare = run.strip(_BLANK)
        before, _, after = run.partition(bare) if bare else (run, "", "")
        broken = broken or "\n" in before
        if bare:
            said += ["\n" if broken else " ", bare] if said else [bare]
            broken = "\n" in after
    return "".join(said)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("no list")  # noqa: TRY004  (the same)
    return value


def _string(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    if not isinstance(value, str):
        raise ValueError(key)  # noqa: TRY004  (the same)
    return value
