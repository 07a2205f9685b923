"""What the platform tells: documents 90238-90240 (application), 100719 and 101027 (robot)."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.fakes.wecom.reading import key_of
from tests.fakes.wecom.records import Json, Media, Said
from tests.fakes.wecom.world import World


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback, not yet sealed. ``said`` is the pressed card, or the polled stream."""

    way: str
    trigger: str
    document: Json
    key: str
    user: str
    chat: str
    since: datetime  # of the message it is about, by the fake's clock
    said: Said | None = None

    def plaintext(self) -> str:
        """XML for the application, JSON for the robot."""
        if self.way == "app":
            return _xml("xml", self.document)
        return json.dumps(self.document, ensure_ascii=False)

    def changed(self, **fields: Any) -> "Callback":
        """The same with other fields; None takes one away."""
        document = {k: v for k, v in (self.document | fields).items() if v is not None}
        return replace(self, document=document)


class AppEvents:
    """Callbacks of the self-built application."""

    def __init__(self, world: World) -> None:
        self._world = world

    def text(self, user: str, text: str) -> Callback:
        """Somebody writes to the application."""
        return self._message(user, "text", {"Content": text})

    def image(self, user: str, content: bytes) -> Callback:
        """Somebody sends a picture; media/get has it."""
        media_id = self._world.keep("image", "picture.png", content, "corp")
        url = f"{self._world.base_url}/pictures/{media_id}"
        return self._message(user, "image", {"PicUrl": url, "MediaId": media_id})

    def event(self, user: str, event: str, fields: Mapping[str, Any]) -> Callback:
        """Anything without a MsgId."""
        document = self._document(user, "event", {"Event": event, **fields})
        return Callback("app", "event", document, "", user, user, self._world.now())

    def press(self, said: Said, label: str, user: str) -> Callback:
        """A button; the press brings a new response code."""
        card, user = said.card, user or said.chat
        fields = {
            "EventKey": key_of(said, label),
            "TaskId": card.get("task_id", ""),
            "CardType": card["card_type"],
            "ResponseCode": self._world.new_response_code([said]),
        }
        callback = self.event(user, "template_card_event", fields)
        return replace(callback, trigger="card", said=said)

    def _message(self, user: str, msgtype: str, fields: Json) -> Callback:
        # Above 2**53, as the real ones are.
        msgid = str(7298631749213740000 + next(self._world.numbers))
        document = self._document(user, msgtype, {**fields, "MsgId": int(msgid)})
        return Callback("app", "message", document, msgid, user, user, self._world.now())

    def _document(self, user: str, msgtype: str, fields: Json) -> Json:
        company = self._world.company
        return {
            "ToUserName": company.corp_id,
            "FromUserName": user,
            "CreateTime": int(self._world.now().timestamp()),
            "MsgType": msgtype,
            **fields,
            "AgentID": company.app.agent_id,
        }


class RobotEvents:
    """Callbacks of the intelligent robot; ``live`` ones go over the long connection."""

    def __init__(self, world: World) -> None:
        self._world = world

    def text(
        self, user: str, text: str, chat: str | None, quote: str | None, *, mention: bool
    ) -> Callback:
        """Somebody writes to the robot, in a group with its name before it."""
        content = f"@{self._world.company.aibot.name} {text}" if chat and mention else text
        fields: Json = {"text": {"content": content}}
        if quote is not None:
            fields["quote"] = {"msgtype": "text", "text": {"content": quote}}
        return self.message(user, "text", fields, chat)

    def file(
        self, user: str, media: Media, chat: str | None, *, live: bool, text: str | None = None
    ) -> Callback:
        """A file or a picture; with ``text`` both in one message."""
        part = self._offered(media, live=live)
        if text is None:
            return self.message(user, media.kind, {media.kind: part}, chat)
        said = {"msgtype": "text", "text": {"content": text}}
        mixed = {"msg_item": [said, {"msgtype": media.kind, media.kind: part}]}
        return self.message(user, "mixed", {"mixed": mixed}, chat)

    def message(
        self, user: str, msgtype: str, fields: Json, chat: str | None, msgid: str = ""
    ) -> Callback:
        """Any message."""
        document = self._document(user, chat, msgid) | {"msgtype": msgtype} | fields
        return self._callback("message", document)

    def press(self, said: Said, key: str, user: str) -> Callback:
        """A button of a card."""
        card = said.card
        detail = {
            "card_type": card.get("card_type", ""),
            "event_key": key,
            "task_id": card.get("task_id", ""),
        }
        return replace(self.on_card("template_card_event", detail, said, user), trigger="card")

    def on_card(self, eventtype: str, detail: Json, said: Said, user: str) -> Callback:
        """An event in the chat where something was said."""
        chat = said.chat if self._world.spoken.get(said.chat) == "group" else None
        user = user or (said.chat if chat is None else "zhangsan")
        return replace(self.event(eventtype, detail, user, chat), said=said)

    def event(self, eventtype: str, detail: Json, user: str, chat: str | None) -> Callback:
        """Any event."""
        document = self._document(user, chat, "") | {
            "create_time": int(self._world.now().timestamp()),
            "msgtype": "event",
            "event": {"eventtype": eventtype, eventtype: detail},
        }
        trigger = "enter_chat" if eventtype == "enter_chat" else "event"
        return self._callback(trigger, document)

    def poll(self, callback: Callback, stream_id: str, said: Said) -> Callback:
        """The platform asks for more of a stream; with a msgid of its own and no response_url."""
        kept = {k: v for k, v in callback.document.items() if k in _WHERE}
        document = {
            "msgid": self._world.name("poll-"),
            **kept,
            "msgtype": "stream",
            "stream": {"id": stream_id},
        }
        return replace(self._callback("stream", document), said=said, since=callback.since)

    def _callback(self, trigger: str, document: Json) -> Callback:
        user = str(document["from"]["userid"])
        chat = str(document.get("chatid", user))
        if trigger == "message":  # only then the robot may speak there unprompted
            self._world.spoken[chat] = str(document["chattype"])
        key = str(document["msgid"])
        return Callback("aibot", trigger, document, key, user, chat, self._world.now())

    def _document(self, user: str, chat: str | None, msgid: str) -> Json:
        msgid = msgid or self._world.name("CAIQ")
        return {
            "msgid": msgid,
            "aibotid": self._world.company.aibot.bot_id,
            **({"chatid": chat} if chat else {}),
            "chattype": "group" if chat else "single",
            "from": {"userid": user},
            "response_url": self._world.new_response_url(chat or user, msgid),
        }

    def _offered(self, media: Media, *, live: bool) -> Json:
        """Its address; over the long connection with a key of its own."""
        if not live:
            return {"url": self._world.offer(media, self._world.company.keys("aibot").aes_key)}
        aes_key = os.urandom(32)
        text = base64.b64encode(aes_key).decode().removesuffix("=")
        return {"url": self._world.offer(media, aes_key), "aeskey": text}


_WHERE = frozenset({"aibotid", "chatid", "chattype", "from"})


def _xml(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inside = "".join(_xml(part, found) for part, found in value.items())
    elif isinstance(value, int):
        inside = str(value)
    else:
        inside = f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{name}>{inside}</{name}>"
