"""What people say to the intelligent robot, whichever way it comes in (document 100719, 接收消息).

The callback address and the long connection bring the same bodies. There is no list of mentions in
them: what is said in a group still holds the robot's name.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.messages import FileRef, Message, Press

logger = logging.getLogger(__name__)

_MSGID = re.compile(r"[!-~]{1,512}")
_ID = re.compile(r"[!-~]{1,110}")  # with what stands before it at most 120
_KIND = re.compile(r"\w{1,40}", re.ASCII)
_CARD_KEY = re.compile(r"([0-9]{1,18})\.([\w-]{1,64})", re.ASCII)
_HEARD = ("text", "mixed", "image", "file", "voice", "video")
_ZERO_WIDTH = "\u180e\u200b\u200c\u200d\u2060\ufeff"
# The end of a line stays: it parts one command from the next.
_BLANK = rf"(?:[^\S\r\n\u2028\u2029]|[{_ZERO_WIDTH}])"
_SOMEBODY = re.compile(rf"[@＠][^\s{_ZERO_WIDTH}]+")
_MAX_UNIX_S = 10**11
_MAX_URL = 4096


def parse(
    body: dict[str, Any], *, name: str, sent_at: datetime, req_id: str = "", corp_id: str = ""
) -> Message | None:
    """The message or press in a body, None when there is none for us in it.

    ``name`` is the robot's, to be taken off; "" takes off the first word of a group's message that
    begins with @. ``sent_at`` is when it came in. ``req_id`` is that of the long connection's
    frame. Somebody of another company than ``corp_id`` is not heard where both are known.
    """
    sender = body.get("from")
    if not isinstance(sender, dict) or _foreign(sender, corp_id):
        return None
    bare = _bare(body, sender, sent_at)
    if bare is None:
        logger.info("robot_message_malformed")
        return None
    bare = replace(bare, handle={"req_id": req_id} if req_id else {})
    if body.get("msgtype") == "event":
        return _pressed(body.get("event"), bare, arrived=sent_at)
    if body.get("msgtype") not in _HEARD:
        logger.info("robot_message_ignored", extra={"kind": kind_for_log(body.get("msgtype"))})
        return None
    text = without_mention(_text(body), name, guess=bare.chat_kind == "group")
    return replace(bare, text=text, files=tuple(_files(body)))


def message_id(msgid: object) -> str | None:
    """What ``Message.message_id`` is for a ``msgid`` of the robot, None when it cannot be one."""
    if not isinstance(msgid, str) or not _MSGID.fullmatch(msgid):
        return None
    return f"bot:{msgid if _ID.fullmatch(msgid) else hashlib.sha256(msgid.encode()).hexdigest()}"


def without_mention(text: str, name: str, *, guess: bool) -> str:
    """What was said, without the robot's name and the blanks of any kind after it.

    ``guess``: without a configured name, whoever is mentioned first of all is the robot.
    """
    if words := name.split():
        mention = _mention(words)
        # Where it is followed by a blank it was picked, not typed; then no other word of the same
        # beginning is taken for it.
        picked = re.compile(rf"{mention.pattern}(?:{_BLANK}|(?=[\r\n])|$)", re.IGNORECASE)
        text = _taken_out(picked if picked.search(text) else mention, text)
    elif guess and (found := _SOMEBODY.match(text.lstrip())):
        text = text.lstrip()[found.end() :]
    return text.strip().strip(_ZERO_WIDTH).strip()


def press(key: object, items: object) -> Press | None:
    """The press that a card's button key and selected items tell of, None for others' cards.

    The items are as the robot names them (``selected_item``) or as the application does
    (``SelectedItem``); several chosen options are joined by commas.
    """
    found = _CARD_KEY.fullmatch(key) if isinstance(key, str) else None
    if found is None:
        return None
    return Press(card=int(found[1]), button=found[2], inputs=dict(_selected(items)))


def unix_moment(seconds: object, otherwise: datetime) -> datetime:
    """A Unix time as an instant; ``otherwise`` when it is none."""
    if type(seconds) is not int or not 0 < seconds < _MAX_UNIX_S:
        return otherwise
    return datetime.fromtimestamp(seconds, UTC)


def kind_for_log(value: object) -> str:
    """The kind of a message or event, when it is a word."""
    return value if isinstance(value, str) and _KIND.fullmatch(value) else "?"


def _foreign(sender: dict[str, Any], corp_id: str) -> bool:
    # Left out for the company's own robot (document 101027).
    theirs = sender.get("corpid")
    return bool(corp_id and theirs and theirs != corp_id)


def _bare(body: dict[str, Any], sender: dict[str, Any], sent_at: datetime) -> Message | None:
    """Who said it, where and when."""
    number, user, chat = message_id(body.get("msgid")), sender.get("userid"), body.get("chatid")
    if number is None or not _is_id(user):
        return None
    group = body.get("chattype", "group" if chat else "single") == "group"
    if group and not _is_id(chat):
        return None
    user_id = str(user).lower()  # the platform itself answers with lower-cased ids
    return Message(
        platform="wecom",
        message_id=number,
        chat_id=f"bot/{chat}" if group else f"bot/user/{user_id}",
        chat_kind="group" if group else "direct",
        user_id=user_id,
        user_name=str(user),
        text="",
        sent_at=unix_moment(body.get("create_time"), sent_at),
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _pressed(event: object, bare: Message, *, arrived: datetime) -> Message | None:
    kind = event.get("eventtype") if isinstance(event, dict) else None
    if not isinstance(event, dict) or kind != "template_card_event":
        logger.info("robot_event_ignored", extra={"kind": kind_for_log(kind)})
        return None
    detail = event.get(kind)
    if not isinstance(detail, dict):
        return None
    pressed = press(detail.get("event_key"), detail.get("selected_items"))
    if pressed is None:
        return None
    handle = dict(bare.handle)
    if req_id := handle.get("req_id"):
        # The card can be changed for five seconds only (document 101463): a part of one counts.
        seconds = f"{arrived.timestamp():.3f}".removesuffix(".000")
        handle["edit"] = f"event:{req_id}:{seconds}"
    return replace(bare, press=pressed, handle=handle)


def _text(body: dict[str, Any]) -> str:
    """What was said; voice comes as text already. Never what was quoted."""
    said = (part for part in _parts(body) if part.get("msgtype") in ("text", "voice"))
    contents = (_detail(part).get("content") for part in said)
    return _whole("\n".join(text for text in contents if isinstance(text, str)))


def _files(body: dict[str, Any]) -> Iterator[FileRef]:
    """The files of a message, then those of the one it quotes."""
    quote = body.get("quote")
    parts = [*_parts(body), *(_parts(quote) if isinstance(quote, dict) else ())]
    for part in parts:
        url = _detail(part).get("url")
        if part.get("msgtype") in ("image", "file") and _is_url(url):
            aeskey = _detail(part).get("aeskey")
            # Its name comes with the file itself only.
            yield FileRef(
                name=str(part["msgtype"]),
                handle={"url": url, **({"aeskey": aeskey} if _is_id(aeskey) else {})},
            )


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    if body.get("msgtype") != "mixed":
        return [body]
    items = _detail(body).get("msg_item")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _detail(part: dict[str, Any]) -> dict[str, Any]:
    kind = part.get("msgtype")
    found = part.get(kind) if isinstance(kind, str) else None
    return found if isinstance(found, dict) else {}


def _is_url(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _MAX_URL
        and re.fullmatch(r"https?://[!-~]+", value) is not None
    )


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # half of a surrogate pair cannot be stored


def _mention(words: list[str]) -> re.Pattern[str]:
    # A name may hold blanks, which clients show as other ones.
    name = rf"{_BLANK}+".join(re.escape(word) for word in words)
    # @Bot is not the beginning of @Bottle; a Chinese name may be followed by anything.
    end = r"(?![A-Za-z0-9_])" if re.search(r"[A-Za-z0-9_]$", words[-1]) else ""
    return re.compile(rf"[@＠]{name}{end}", re.IGNORECASE)


def _taken_out(mention: re.Pattern[str], text: str) -> str:
    """``text`` without the mentions; the words on both sides do not grow together."""
    return re.sub(
        rf"(?:{mention.pattern}){_BLANK}*",
        lambda found: "" if _begins_word(text, found.start()) else " ",
        text,
        flags=re.IGNORECASE,
    )


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or text[at - 1].isspace() or text[at - 1] in _ZERO_WIDTH


def _selected(items: object) -> Iterator[tuple[str, str]]:
    for item in _many(_field(items, "selecteditem")):
        question = _field(item, "questionkey")
        options = _many(_field(_field(item, "optionids"), "optionid"))
        if isinstance(question, str):
            chosen = (option for option in options if isinstance(option, str))
            yield _whole(question), _whole(",".join(chosen))


def _field(value: object, folded: str) -> object:
    """``selected_item`` and ``SelectedItem`` alike."""
    if not isinstance(value, dict):
        return None
    return next((v for k, v in value.items() if k.replace("_", "").lower() == folded), None)


def _many(value: object) -> list[object]:
    """XML shows a list of one as the one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
