"""What the fake remembers for tests to look at, and what people on it do."""

import base64
from collections.abc import Sequence
from datetime import datetime

from tests.fakes.feishu.events import App, Event, Events, Spoken
from tests.fakes.feishu.presses import Presses
from tests.fakes.feishu.records import Json, Request, SentMessage, Upload
from tests.fakes.feishu.world import Clock, World

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GIVEN = Upload("img_v3_given", "image", "a.png", PNG, "message", as_field=False)


class Memory:
    """What the fake knows and was told: the part of it that needs no server."""

    def __init__(self, app: App, clock: Clock, *, paced: bool) -> None:
        self.app_id, self.tenant_key = app.app_id, app.tenant_key
        self.bot_open_id, self.bot_name = app.bot_open_id, app.bot_name
        self.world = World(clock, paced=paced)
        self.presses = Presses(self.world)
        self._events = Events(self.world, self.presses, app)
        self.add_chat, self.add_user = self.world.add_chat, self.world.add_user
        self.direct, self.remove_bot, self.mute = (
            self.world.direct,
            self.world.remove_bot,
            self.world.mute,
        )
        self.recall, self.add_file = self.world.recall, self.world.add_file
        self.wait_until = self.world.wait_until
        self.world.uploads[GIVEN.key] = GIVEN
        self.image = GIVEN.key
        self.group, self.user = self.add_chat(name="一店运营群"), self.add_user(name="王店员")

    @property
    def clock(self) -> Clock:
        """The platform's time."""
        return self.world.clock

    @property
    def requests(self) -> list[Request]:
        """Everything that was asked, in order."""
        with self.world.changed:
            return list(self.world.requests)

    def calls(self, part: str) -> list[Request]:
        """The requests with ``part`` in ``POST /open-apis/…``."""
        return [request for request in self.requests if request.matches(part)]

    @property
    def messages(self) -> list[SentMessage]:
        """Everything that was sent, in order."""
        with self.world.changed:
            return list(self.world.sent)

    def in_chat(self, chat_id: str) -> list[SentMessage]:
        """What was sent to an ``oc_…``, an ``ou_…`` or a custom robot's token."""
        with self.world.changed:
            chat_id = self.world.direct(chat_id) if chat_id in self.world.users else chat_id
            return [message for message in self.world.sent if message.chat_id == chat_id]

    @property
    def uploads(self) -> list[Upload]:
        """Every image and file, in order."""
        with self.world.changed:
            return [upload for upload in self.world.uploads.values() if upload is not GIVEN]

    def wait_messages(
        self, count: int, chat_id: str = "", *, timeout_s: float = 10
    ) -> list[SentMessage]:
        """At least ``count`` messages, of one chat or of all. Raises ``TimeoutError``."""

        def found() -> list[SentMessage]:
            return self.in_chat(chat_id) if chat_id else self.messages

        self.wait_until(lambda: len(found()) >= count, timeout_s=timeout_s)
        return found()


class People(Memory):
    """What people and the platform do, as events."""

    def text(
        self,
        text: str,
        *,
        chat: str = "",
        user: str = "",
        mention: bool = True,
        others: Sequence[str] = (),
        parent: str = "",
        at: datetime | None = None,
    ) -> Event:
        """A text in a group; the mentions stand as placeholders before and after it."""
        mentions = self._events.mentions(bot=mention, others=others)
        keys = [one["key"] for one in mentions]
        words = [*keys[: int(mention)], text, *keys[int(mention) :]]
        content = {"text": " ".join(words)}
        return self._events.message(
            Spoken("text", content, chat or self.group, user or self.user, mentions, parent, at)
        )

    def direct_text(self, text: str, *, user: str = "", at: datetime | None = None) -> Event:
        """A text in a person's own chat with the bot."""
        user = user or self.user
        content = {"text": text}
        return self._events.message(Spoken("text", content, self.direct(user), user, at=at))

    def post(
        self,
        lines: Sequence[str],
        *,
        title: str = "",
        chat: str = "",
        user: str = "",
        mention: bool = True,
    ) -> Event:
        """Rich text, without a locale around it as it is received; the mention comes first."""
        mentions = self._events.mentions(bot=mention, others=())
        rows: list[list[Json]] = [[{"tag": "text", "text": line, "style": []}] for line in lines]
        if mention:
            rows[0].insert(0, {"tag": "at", "user_id": "@_user_1", "user_name": "", "style": []})
        content = {"title": title, "content": rows}
        return self._events.message(
            Spoken("post", content, chat or self.group, user or self.user, mentions)
        )

    def file(self, name: str, content: bytes, *, chat: str = "", user: str = "") -> Event:
        """A file; in the person's own chat unless told otherwise."""
        user = user or self.user
        spoken = Spoken("file", {}, chat or self.direct(user), user)
        return self._events.file(spoken, name, content)

    def image_sent(self, content: bytes, *, chat: str = "", user: str = "") -> Event:
        """A picture; in the person's own chat unless told otherwise."""
        user = user or self.user
        spoken = Spoken("image", {}, chat or self.direct(user), user)
        return self._events.file(spoken, "image.png", content)

    def said(self, kind: str, content: Json, *, chat: str = "", user: str = "") -> Event:
        """A message of any other type (sticker, audio, location, …) or with odd content."""
        return self._events.message(Spoken(kind, content, chat or self.group, user or self.user))

    def press(
        self,
        message: SentMessage,
        label: str,
        *,
        user: str = "",
        inputs: Json | None = None,
        nth: int | None = None,
    ) -> Event:
        """A press on the button with this label. Raises ``PressError``."""
        return self._events.press(message, label, user or self.user, inputs, nth)

    def press_value(
        self,
        message: SentMessage,
        value: object,
        *,
        user: str = "",
        form_value: Json | None = None,
    ) -> Event:
        """A press with any value, wherever it comes from."""
        action = {"tag": "button", "value": value}
        action |= {"form_value": form_value} if form_value is not None else {}
        return self._events.pressed(message, action, user or self.user)

    def bot_joined(self, chat_id: str = "", name: str = "新群", *, user: str = "") -> Event:
        """The bot was put into a group, which exists from then on."""
        chat_id = self.add_chat(chat_id, name)
        return self._events.bot_moved(chat_id, name, user or self.user, joined=True)

    def bot_left(self, chat_id: str, *, user: str = "") -> Event:
        """The bot was put out of a group; sending there fails from then on."""
        self.remove_bot(chat_id)
        name = self.world.chats[chat_id].name
        return self._events.bot_moved(chat_id, name, user or self.user, joined=False)

    def other(self, event_type: str, event: Json) -> Event:
        """An event of any type."""
        return self._events.envelope(event_type, event)
