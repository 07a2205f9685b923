"""What the fake can tell its callback addresses; see the package's docstring."""

from typing import Any

from tests.fakes.wecom.events import AppEvents, Callback, RobotEvents
from tests.fakes.wecom.reading import key_of
from tests.fakes.wecom.records import Aibot, App, Json, Media, Said
from tests.fakes.wecom.world import World


class Callbacks:
    """Makes callbacks, which a ``Pusher`` delivers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._app_events, self._robot_events = AppEvents(world), RobotEvents(world)

    @property
    def corp_id(self) -> str:
        return self.world.company.corp_id

    @property
    def app(self) -> App:
        return self.world.company.app

    @property
    def aibot(self) -> Aibot:
        return self.world.company.aibot

    def app_text(self, user: str, text: str) -> Callback:
        return self._app_events.text(user, text)

    def app_image(self, user: str, content: bytes) -> Callback:
        return self._app_events.image(user, content)

    def app_event(self, user: str, event: str, **fields: Any) -> Callback:
        return self._app_events.event(user, event, fields)

    def app_press(self, said: Said, label: str, user: str = "") -> Callback:
        return self._app_events.press(said, label, user)

    def bot_text(
        self,
        user: str,
        text: str,
        chat: str | None = None,
        quote: str | None = None,
        *,
        mention: bool = True,
    ) -> Callback:
        return self._robot_events.text(user, text, chat, quote, mention=mention)

    def bot_file(self, user: str, name: str, content: bytes) -> Callback:
        media = self._media("file", name, content)
        return self._robot_events.file(user, media, None, live=False)

    def bot_press(self, said: Said, label: str, user: str = "") -> Callback:
        return self._robot_events.press(said, key_of(said, label), user)

    def bot_enter(self, user: str = "zhangsan") -> Callback:
        return self._robot_events.event("enter_chat", {}, user, None)

    def bot_event(self, eventtype: str, detail: Json, user: str = "zhangsan") -> Callback:
        return self._robot_events.event(eventtype, detail, user, None)

    def bot_poll(self, said: Said, callback: Callback) -> Callback:
        stream = said.content.get("stream", said.content)
        return self._robot_events.poll(callback, str(stream["id"]), said)

    def _media(self, kind: str, name: str, content: bytes) -> Media:
        return Media(kind, name, content, "", self.world.now())
