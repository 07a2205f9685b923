"""Sending, answering, changing and looking up messages (im/v1/messages)."""

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.fakes.feishu.card_rules import check_card
from tests.fakes.feishu.contents import check_content
from tests.fakes.feishu.records import (
    Json,
    RefusalError,
    Request,
    Response,
    SentMessage,
    Update,
    answer_json,
)
from tests.fakes.feishu.world import Chat, Pace, Received, World, new_id

UUID_S = 3600
EDITABLE_S = 14 * 86_400
_KB = 1024
_LARGEST = {"text": 150 * _KB}
_LARGEST_STYLED = 30 * _KB
_ID_TYPES = {"chat_id", "open_id", "user_id", "union_id", "email"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a request wants said, after the checks that need no chat."""

    msg_type: str
    content: Json
    uuid: str


class Messages:
    """The message routes. Each runs while the world is held."""

    def __init__(self, world: World, app_id: str, tenant_key: str) -> None:
        self._world, self._app_id, self._tenant_key = world, app_id, tenant_key
        self._per_chat, self._per_message = Pace(5, 1.0), Pace(5, 1.0)

    def create(self, request: Request) -> Response:
        """POST /open-apis/im/v1/messages ("发送消息")."""
        document = self._world.require_json(request)
        kind = request.query.get("receive_id_type", "")
        if kind not in _ID_TYPES:
            raise _invalid("receive_id_type is wrong or missing")
        receive_id = document.get("receive_id")
        if not isinstance(receive_id, str):
            raise _invalid("receive_id is not a string")
        chat = self._chat(kind, receive_id)
        return self._say(self._letter(request, document), chat, (kind, receive_id))

    def reply(self, request: Request, message_id: str) -> Response:
        """POST /open-apis/im/v1/messages/:message_id/reply ("回复消息")."""
        document = self._world.require_json(request)
        chat = self._answered_in(message_id)
        return self._say(self._letter(request, document), chat, ("message_id", message_id))

    def patch(self, request: Request, message_id: str) -> Response:
        """PATCH /open-apis/im/v1/messages/:message_id ("更新已发送的消息卡片")."""
        document = self._world.require_json(request)
        message = self._own_card(message_id)
        card = _parsed(document.get("content"))
        if len(request.body) > _LARGEST_STYLED:
            raise _too_long()
        check_card(card)
        if not (_shared(message.shown) and _shared(card)):
            raise _invalid("config.update_multi is not true before and after")
        self._pace(self._per_message, message_id)
        message.updates.append(Update(card, "patch", time.monotonic()))
        return answer_json({"code": 0, "msg": "success", "data": {}})

    def show(self, message_id: str) -> Response:
        """GET /open-apis/im/v1/messages/:message_id ("获取指定消息的内容")."""
        received, own = self._world.received.get(message_id), self._world.find(message_id)
        if received is not None:
            item = _received_item(received, deleted=message_id in self._world.recalled)
        elif own is not None:
            item = self._item(own)
        else:
            raise _invalid("invalid message_id")
        return answer_json({"code": 0, "msg": "success", "data": {"items": [item]}})

    def _chat(self, kind: str, receive_id: str) -> Chat:
        chat = self._world.chats.get(receive_id)
        if kind != "chat_id":
            chat = self._own_chat(kind, receive_id)
        if chat is None or not chat.bot_in:
            raise RefusalError(230002, "The bot can not be outside the group.")
        if chat.person in self._world.muted:
            raise _unavailable()
        return chat

    def _own_chat(self, kind: str, receive_id: str) -> Chat:
        if kind != "open_id" or receive_id not in self._world.users:
            raise _unavailable()
        return self._world.chats[self._world.direct(receive_id)]

    def _answered_in(self, message_id: str) -> Chat:
        received, own = self._world.received.get(message_id), self._world.find(message_id)
        if received is None and own is None:
            raise _invalid("invalid message_id")
        if message_id in self._world.recalled:
            raise RefusalError(230011, "The message is recalled.")
        chat_id = own.chat_id if own else (received.message["chat_id"] if received else "")
        return self._chat("chat_id", chat_id)

    def _letter(self, request: Request, document: Json) -> Letter:
        msg_type, key = document.get("msg_type"), document.get("uuid", "")
        if not isinstance(msg_type, str):
            raise _invalid("msg_type is missing")
        if not isinstance(key, str) or len(key) > 50:
            raise _invalid("uuid is longer than 50 characters")
        # "请求体最大": the limits are those of the whole request body.
        if len(request.body) > _LARGEST.get(msg_type, _LARGEST_STYLED):
            raise _too_long()
        content = _parsed(document.get("content"))
        check_content(msg_type, content, self._world.uploads)
        return Letter(msg_type, content, key)

    def _say(self, letter: Letter, chat: Chat, to: tuple[str, str]) -> Response:
        message = self._said_already(letter.uuid)
        if message is None:
            self._pace(self._per_chat, chat.chat_id)
            message = self._new(letter, chat, to)
            self._world.sent.append(message)
        return answer_json({"code": 0, "msg": "success", "data": self._item(message)})

    def _said_already(self, key: str) -> SentMessage | None:
        since_ms = self._world.now_ms() - UUID_S * 1000
        for message in reversed(self._world.sent) if key else ():
            if message.uuid == key and message.sent_ms > since_ms:
                return message
        return None

    def _new(self, letter: Letter, chat: Chat, to: tuple[str, str]) -> SentMessage:
        return SentMessage(
            message_id=new_id("om"),
            chat_id=chat.chat_id,
            receive_id=to[1],
            receive_id_type=to[0],
            msg_type=letter.msg_type,
            content=letter.content,
            uuid=letter.uuid,
            reply_to=to[1] if to[0] == "message_id" else "",
            at=time.monotonic(),
            sent_ms=self._world.now_ms(),
        )

    def _own_card(self, message_id: str) -> SentMessage:
        message = self._world.find(message_id)
        if message is None and message_id in self._world.received:
            raise RefusalError(230012, "Bot is NOT the sender of the message.")
        if message is None:
            raise _invalid("invalid message_id")
        if message.recalled:
            raise RefusalError(230011, "The message is recalled.")
        if message.msg_type != "interactive":
            raise _invalid("This message is NOT a card.")
        if self._world.now_ms() - message.sent_ms > EDITABLE_S * 1000:
            raise RefusalError(230031, "Message can only be modified within 14 days after sending.")
        return message

    def _pace(self, pace: Pace, key: str) -> None:
        if self._world.paced and not pace.takes(key):
            raise RefusalError(230020, "This operation triggers the frequency limit.")

    def _item(self, message: SentMessage) -> Json:
        sender = {"id": self._app_id, "id_type": "app_id", "sender_type": "app"}
        return {
            "message_id": message.message_id,
            "root_id": message.reply_to,
            "parent_id": message.reply_to,
            "msg_type": message.msg_type,
            "create_time": str(message.sent_ms),
            "update_time": str(message.sent_ms),
            "deleted": message.recalled,
            "updated": bool(message.updates),
            "chat_id": message.chat_id,
            "sender": {**sender, "tenant_key": self._tenant_key},
            "body": {"content": json.dumps(message.shown, ensure_ascii=False)},
        }


def _received_item(received: Received, *, deleted: bool) -> Json:
    """As in events, but for names: ``msg_type``, ``body``, and mentions with plain ids."""
    message = received.message
    mentions = [
        {"key": one["key"], "id": one["id"]["open_id"], "id_type": "open_id", "name": one["name"]}
        for one in message.get("mentions", ())
    ]
    kept = ("message_id", "root_id", "parent_id", "create_time", "update_time", "chat_id")
    return {
        **{name: message[name] for name in kept if name in message},
        "msg_type": message["message_type"],
        "deleted": deleted,
        "updated": False,
        "sender": received.sender,
        "body": {"content": message["content"]},
        **({"mentions": mentions} if mentions else {}),
    }


def _parsed(content: Any) -> Json:
    if not isinstance(content, str):
        raise _invalid("content is not a string")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _invalid("content is not a string in json format")
    return found


def _shared(card: Json) -> bool:
    return card.get("config", {}).get("update_multi") is True


def _invalid(why: str) -> RefusalError:
    return RefusalError(230001, f"Your request contains an invalid request parameter, ext={why}")


def _unavailable() -> RefusalError:
    return RefusalError(230013, "Bot has NO availability to this user.")


def _too_long() -> RefusalError:
    return RefusalError(230025, "The length of the message content reaches its limit.")
