"""What Feishu's events say, whichever way they came (Feishu docs: 接收消息, 处理回调).

Both ways in, HTTP and the long connection, hand over the same envelope ``{"schema": "2.0",
"header", "event"}``; whoever calls has made sure that it comes from Feishu.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.messages import Arrival, Mention, Message, Press
from bot.platforms.base import Inbound
from bot.platforms.feishu import content
from bot.platforms.feishu.content import Mentions
from bot.texts.platforms import PLATFORMS

NAME = "feishu"
PRESS = "card.action.trigger"
logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[!-~]{1,120}")
_CARD = re.compile(r"[0-9]{1,18}")
_SUBMIT = re.compile(r"submit_([0-9]{1,18})_([0-9a-f]{12})")  # see ``Pen``
# Seconds, milliseconds (events) or microseconds (card presses), told apart by their length.
_PER_SECOND = {10: 1, 13: 10**3, 16: 10**6}
_GOT = PLATFORMS["platform.heard"]
_TOAST = {"type": "info", "content": _GOT.zh, "i18n": {"zh_cn": _GOT.zh, "en_us": _GOT.en}}
# The answer to a press must come within 3 s, so it only says that it was heard. Whether a card may
# be in it is disputed; the card is changed afterwards by a call of its own.
_HEARD = json.dumps({"toast": _TOAST}, ensure_ascii=False).encode()

_Event = dict[str, Any]


def parse(envelope: _Event, *, bot_open_id: str) -> Inbound:
    """The messages and arrivals of one event; nothing at all for kinds the shop has no use for.

    Only what a person of the bot's own company says becomes a message. Stickers, voice and
    other contents without words become a message with empty text, addressed as usual, so that
    whoever spoke to the bot hears that it was not understood, and nobody else does. An empty
    ``bot_open_id`` is "not known yet": any bot's mention then counts as ours.

    An event that does not have the shape of its kind is acknowledged, for a repetition would not
    be better, and logged by its kind alone.
    """
    kind = kind_of(envelope)
    reader = _READERS.get(kind)
    if reader is None:
        return Inbound()
    try:
        return reader(envelope["header"], _object(envelope, "event"), bot_open_id)
    except (ValueError, RecursionError):
        logger.warning("feishu_event_malformed", extra={"kind": kind})
        return Inbound()


def kind_of(envelope: _Event) -> str:
    """The event's type, such as ``im.message.receive_v1``; "" when it names none."""
    header = envelope.get("header")
    kind = header.get("event_type") if isinstance(header, dict) else None
    return kind if isinstance(kind, str) else ""


def instant(digits: object) -> datetime:
    """The aware moment of a Unix time in 10, 13 or 16 ASCII digits. Raises ``ValueError``."""
    if not isinstance(digits, str) or not re.fullmatch(r"[0-9]+", digits):
        raise ValueError("no Unix time")
    per_second = _PER_SECOND.get(len(digits))
    if per_second is None:
        raise ValueError("no Unix time")
    return _EPOCH + timedelta(microseconds=int(digits) * (10**6 // per_second))


def _message(header: _Event, event: _Event, bot_open_id: str) -> Inbound:
    sender, message = _object(event, "sender"), _object(event, "message")
    if sender.get("sender_type") != "user" or _foreign(header, sender):
        return Inbound()
    message_id = _identifier(message, "message_id")
    mentions = _mentions(message, bot_open_id)
    said = content.read(
        str(message.get("message_type")),
        message.get("content"),
        message_id=message_id,
        mentions=mentions,
    )
    direct = message.get("chat_type") == "p2p"
    spoken = Message(
        platform=NAME,
        message_id=message_id,
        chat_id=_identifier(message, "chat_id"),
        chat_kind="direct" if direct else "group",
        user_id=_identifier(_object(sender, "sender_id"), "open_id"),
        user_name="",  # an event does not tell it
        text=said.text,
        sent_at=instant(message.get("create_time") or header.get("create_time")),
        addressed=direct or bool(mentions.own),
        files=said.files,
        people=_people(message, mentions),
        handle=_handle(message, message_id),
    )
    return Inbound(messages=(spoken,))


def _press(header: _Event, event: _Event, _: str) -> Inbound:
    operator, action = _object(event, "operator"), _object(event, "action")
    pressed = _pressed(action)
    if pressed is None or _foreign(header, operator):
        return Inbound()
    context = _object(event, "context")
    message = Message(
        platform=NAME,
        message_id=f"press:{_identifier(header, 'event_id')}",
        chat_id=_identifier(context, "open_chat_id"),
        chat_kind="group",  # the event does not tell; direct chats have an oc_… as well
        user_id=_identifier(operator, "open_id"),
        user_name="",
        text="",
        sent_at=instant(header.get("create_time")),
        press=pressed,
        handle={"edit": _identifier(context, "open_message_id")},
    )
    return Inbound(messages=(message,), body=_HEARD)


def _added(header: _Event, event: _Event, _: str) -> Inbound:
    return Inbound(arrivals=(_arrival(header, event, left=False),))


def _deleted(header: _Event, event: _Event, _: str) -> Inbound:
    return Inbound(arrivals=(_arrival(header, event, left=True),))


_READERS: Mapping[str, Callable[[_Event, _Event, str], Inbound]] = {
    "im.message.receive_v1": _message,
    PRESS: _press,
    "im.chat.member.bot.added_v1": _added,
    "im.chat.member.bot.deleted_v1": _deleted,
}


def _arrival(header: _Event, event: _Event, *, left: bool) -> Arrival:
    name = event.get("name")
    return Arrival(
        platform=NAME,
        chat_id=_identifier(event, "chat_id"),
        key=_identifier(header, "event_id"),
        name=content.clean(name) if isinstance(name, str) else "",
        left=left,
    )


def _pressed(action: _Event) -> Press | None:
    """What was pressed, None for anything that is no button of ours.

    The protocol allows a plain string as ``value``, and other apps' cards have their own objects.
    Whether the button that sends a form keeps its ``value`` is disputed, so its name says the same.
    """
    value = action.get("value") or _named(action.get("name"))
    if not isinstance(value, dict):
        return None
    card, button = value.get("card"), value.get("button")
    number = str(card) if isinstance(card, int | str) else ""
    if not _CARD.fullmatch(number) or not isinstance(button, str) or not _ID.fullmatch(button):
        return None
    return Press(int(number), button, _inputs(action.get("form_value")))


def _named(name: object) -> dict[str, str] | None:
    """What the name of a form's button carries."""
    found = _SUBMIT.fullmatch(name) if isinstance(name, str) else None
    return {"card": found[1], "button": found[2]} if found else None


def _inputs(filled: object) -> dict[str, str]:
    """A form's fields by name; several choices of one field are joined by a space."""
    fields = filled if isinstance(filled, dict) else {}
    texts = {name: _filled(value) for name, value in fields.items()}
    return {content.clean(name): text for name, text in texts.items() if text is not None}


def _filled(value: object) -> str | None:
    parts = value if isinstance(value, list) else [value]
    texts = [part for part in parts if isinstance(part, str)]
    return content.clean(" ".join(texts)) if len(texts) == len(parts) else None


def _mentions(message: _Event, bot_open_id: str) -> Mentions:
    """Who is mentioned; the bot is known by its open_id, for older payloads tell no more."""
    names: dict[str, str] = {}
    own: set[str] = set()
    for mention in content.objects(message.get("mentions") or []):
        key, name = str(mention.get("key")), mention.get("name")
        if _is_bot(mention, bot_open_id):
            own.add(key)
        elif isinstance(name, str) and name.strip():
            names[key] = " ".join(name.split())
    return Mentions(names, frozenset(own))


def _people(message: _Event, mentions: Mentions) -> tuple[Mention, ...]:
    """The persons among the mentioned, by the ids that they are known by."""
    found = []
    for mention in content.objects(message.get("mentions") or []):
        who, name = mention.get("id"), mentions.names.get(str(mention.get("key")))
        open_id = who.get("open_id") if isinstance(who, dict) else None
        if name and isinstance(open_id, str) and _ID.fullmatch(open_id):
            found.append(Mention(open_id, content.clean(name)))
    return tuple(found)


def _is_bot(mention: _Event, bot_open_id: str) -> bool:
    if not bot_open_id:
        return mention.get("mentioned_type") == "bot"
    who = mention.get("id")
    return isinstance(who, dict) and who.get("open_id") == bot_open_id


def _handle(message: _Event, message_id: str) -> dict[str, Any]:
    """What an answer needs; ``parent_id`` is the message this one replies to, perhaps a file."""
    parent = message.get("parent_id")
    if isinstance(parent, str) and _ID.fullmatch(parent):
        return {"message_id": message_id, "parent_id": parent}
    return {"message_id": message_id}


def _foreign(header: _Event, person: _Event) -> bool:
    """Whether somebody of another company did it, in a chat that companies share."""
    theirs, ours = person.get("tenant_key"), header.get("tenant_key")
    return bool(theirs and ours) and theirs != ours


def _object(holder: _Event, key: str) -> _Event:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise ValueError(key)  # noqa: TRY004  (what came in is wrong, not the program)
    return value


def _identifier(holder: _Event, key: str) -> str:
    value = holder.get(key)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(key)
    return value
