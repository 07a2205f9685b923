"""Events as the platform sends them (schema 2.0), and the presses people can make."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.fakes.feishu.presses import Presses
from tests.fakes.feishu.reading import find_press
from tests.fakes.feishu.records import Json, SentMessage
from tests.fakes.feishu.world import Received, World, new_id


class Event:
    """One event: its envelope, as JSON. Never changed once made."""

    __slots__ = ("_raw",)

    def __init__(self, document: Json) -> None:
        self._raw = json.dumps(document, ensure_ascii=False)

    @property
    def document(self) -> Json:
        """The envelope, a copy."""
        found: Json = json.loads(self._raw)
        return found

    @property
    def event_id(self) -> str:
        """Of its header."""
        return str(self.document["header"]["event_id"])

    @property
    def event_type(self) -> str:
        """Such as ``im.message.receive_v1``."""
        return str(self.document["header"]["event_type"])

    @property
    def message_id(self) -> str:
        """Of the message received, or of the card pressed; "" for other events."""
        event = self.document["event"]
        context = event.get("context", {})
        return str(
            event.get("message", context).get("message_id", context.get("open_message_id", ""))
        )

    @property
    def chat_id(self) -> str:
        """Where it happened."""
        event = self.document["event"]
        chat_id = event.get("message", event).get("chat_id", "")
        return str(chat_id or event.get("context", {}).get("open_chat_id", ""))

    @property
    def token(self) -> str:
        """The delayed-update token of a press, "" for other events."""
        return str(self.document["event"].get("token", ""))

    def encode(self) -> bytes:
        """The envelope in UTF-8."""
        return self._raw.encode()

    def renewed(self) -> "Event":
        """The same under another event id: the documented way in which messages come twice."""
        return self.changed(event_id=new_id("ev"))

    def changed(self, **header: Any) -> "Event":
        """The same with other header fields; None leaves a field out."""
        document = self.document
        merged = {**document["header"], **header}
        document["header"] = {key: value for key, value in merged.items() if value is not None}
        return Event(document)


@dataclass(frozen=True, slots=True)
class App:
    """Whose events these are."""

    app_id: str
    tenant_key: str
    verification_token: str
    bot_open_id: str
    bot_name: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a person sends: the type, the content, where (``chat_id``), who, and beside it."""

    kind: str
    content: Json
    chat_id: str
    user: str
    mentions: tuple[Json, ...] = ()
    parent: str = ""
    at: datetime | None = None


class Events:
    """Makes events of one app, and keeps what people sent so that it can be looked up."""

    def __init__(self, world: World, presses: Presses, app: App) -> None:
        self._world, self._presses, self._app = world, presses, app

    def envelope(self, event_type: str, event: Json, *, create_time: str = "") -> Event:
        """Any event."""
        header = {
            "event_id": new_id("ev"),
            "token": self._app.verification_token,
            "create_time": create_time or str(self._world.now_ms()),
            "event_type": event_type,
            "tenant_key": self._app.tenant_key,
            "app_id": self._app.app_id,
        }
        return Event({"schema": "2.0", "header": header, "event": event})

    def message(self, spoken: Spoken) -> Event:
        """im.message.receive_v1 ("接收消息")."""
        when_ms = round(spoken.at.timestamp() * 1000) if spoken.at else self._world.now_ms()
        sender = {
            "sender_id": _ids(spoken.user),
            "sender_type": "user",
            "tenant_key": self._app.tenant_key,
        }
        message = self._body(spoken, str(when_ms))
        shown = {"id": spoken.user, "id_type": "open_id", "sender_type": "user"}
        with self._world.changed:
            self._world.received[message["message_id"]] = Received(message, shown)
        event = {"sender": sender, "message": message}
        return self.envelope("im.message.receive_v1", event, create_time=str(when_ms + 90))

    def file(self, spoken: Spoken, name: str, content: bytes) -> Event:
        """A file or an image, which can then be downloaded; ``spoken.content`` is made here."""
        draft = self.message(spoken)
        key = self._world.add_file(draft.message_id, name, content, kind=spoken.kind)
        inside = {f"{spoken.kind}_key": key}
        if spoken.kind == "file":
            inside["file_name"] = name
        document = draft.document
        document["event"]["message"]["content"] = json.dumps(inside, ensure_ascii=False)
        with self._world.changed:
            kept = self._world.received[draft.message_id]
            kept.message["content"] = document["event"]["message"]["content"]
        return Event(document)

    def mentions(self, *, bot: bool, others: Sequence[str]) -> tuple[Json, ...]:
        """Entries of ``mentions``: the bot first, then these people."""
        people = [(self._app.bot_open_id, self._app.bot_name, "bot")] if bot else []
        people += [(one, self._world.users.get(one, "店员"), "user") for one in others]
        return tuple(
            {
                "key": f"@_user_{number}",
                "id": {**_ids(open_id), "user_id": ""},
                "mentioned_type": kind,
                "name": name,
                "tenant_key": self._app.tenant_key,
            }
            for number, (open_id, name, kind) in enumerate(people, start=1)
        )

    def press(
        self, message: SentMessage, label: str, user: str, inputs: Json | None, nth: int | None
    ) -> Event:
        """A press on the button with this label, as the card is shown now."""
        action = find_press(message, label, inputs, nth)
        return self.pressed(message, action, user)

    def pressed(self, message: SentMessage, action: Json, user: str) -> Event:
        """card.action.trigger ("卡片回传交互") with any action."""
        event = {
            "operator": {"tenant_key": self._app.tenant_key, **_ids(user)},
            "token": self._presses.token(message.message_id),
            "action": action,
            "host": "im_message",
            "context": {"open_message_id": message.message_id, "open_chat_id": message.chat_id},
        }
        # Sixteen digits, as in the documentation's own sample.
        micro = str(round(self._world.now_s() * 1_000_000))
        return self.envelope("card.action.trigger", event, create_time=micro)

    def bot_moved(self, chat_id: str, name: str, user: str, *, joined: bool) -> Event:
        """im.chat.member.bot.added_v1 and …deleted_v1."""
        event = {
            "chat_id": chat_id,
            "operator_id": _ids(user),
            "external": False,
            "operator_tenant_key": self._app.tenant_key,
            "name": name,
            "i18n_names": {"zh_cn": name, "en_us": "", "ja_jp": ""},
        }
        verb = "added" if joined else "deleted"
        return self.envelope(f"im.chat.member.bot.{verb}_v1", event)

    def _body(self, spoken: Spoken, when: str) -> Json:
        direct = bool(self._world.chats[spoken.chat_id].person)
        return {
            "message_id": new_id("om"),
            **({"root_id": spoken.parent, "parent_id": spoken.parent} if spoken.parent else {}),
            "create_time": when,
            "update_time": when,
            "chat_id": spoken.chat_id,
            "chat_type": "p2p" if direct else "group",
            "message_type": spoken.kind,
            "content": json.dumps(spoken.content, ensure_ascii=False),
            **({"mentions": list(spoken.mentions)} if spoken.mentions else {}),
        }


def _ids(open_id: str) -> Json:
    """No ``user_id``: that takes the scope contact:user.employee_id:readonly."""
    return {"open_id": open_id, "union_id": open_id.replace("ou_", "on_")}
