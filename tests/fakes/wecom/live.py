"""What the fake does over the robot's long connection; see the package's docstring."""

from dataclasses import replace

from tests.fakes.wecom.callbacks import Callbacks
from tests.fakes.wecom.events import Callback
from tests.fakes.wecom.long_connection import WAITS_S, LongConnection
from tests.fakes.wecom.reading import key_of
from tests.fakes.wecom.records import Heard, Json, Said


class Live(Callbacks):
    """A robot that is spoken to, and whose buttons are pressed."""

    line: LongConnection  # made when the fake starts

    def connected(self, timeout_s: float = WAITS_S) -> bool:
        return self.world.wait(self.line.is_subscribed, timeout_s)

    @property
    def connects(self) -> int:
        return self.line.connects

    @property
    def pings(self) -> int:
        return self.line.pings

    def say(
        self,
        user: str,
        text: str,
        chat: str | None = None,
        quote: str | None = None,
        *,
        mention: bool = True,
        msgid: str = "",
    ) -> Heard:
        callback = self.bot_text(user, text, chat, quote, mention=mention)
        if msgid:
            callback = replace(callback.changed(msgid=msgid), key=msgid)
        return self.line.push(callback)

    def say_file(self, user: str, name: str, content: bytes, chat: str | None = None) -> Heard:
        media = self._media("file", name, content)
        return self.line.push(self._robot_events.file(user, media, chat, live=True))

    def say_image(self, user: str, content: bytes, chat: str | None = None) -> Heard:
        media = self._media("image", "picture.png", content)
        return self.line.push(self._robot_events.file(user, media, chat, live=True))

    def say_mixed(self, user: str, text: str, content: bytes, chat: str | None = None) -> Heard:
        media = self._media("image", "picture.png", content)
        if chat:
            text = f"@{self.aibot.name} {text}"
        return self.line.push(self._robot_events.file(user, media, chat, live=True, text=text))

    def say_voice(self, user: str, text: str) -> Heard:
        fields = {"voice": {"content": text}}
        return self.line.push(self._robot_events.message(user, "voice", fields, None))

    def repeat(self, heard: Heard) -> Heard:
        since = self.world.now()
        callback = Callback(
            "aibot", "message", heard.document, heard.msgid, heard.user, heard.chat, since
        )
        return self.line.push(callback)

    def replies(self, heard: Heard) -> list[Said]:
        with self.world.changed:
            return [said for said in self.world.said if said.req_id == heard.req_id]

    def wait_reply(self, heard: Heard, *, timeout_s: float = 10) -> Said:
        def finished() -> list[Said]:
            return [one for one in self.replies(heard) if one.finished]

        if not self.world.wait(lambda: bool(finished()), timeout_s):
            raise TimeoutError(f"no finished reply within {timeout_s} s")
        return finished()[0]

    def press(
        self, said: Said, label: str, user: str = "", *, timeout_s: float = 5.5
    ) -> Json | None:
        return self.press_key(said, key_of(said, label), user, timeout_s=timeout_s)

    def press_key(
        self, said: Said, key: str, user: str = "", *, timeout_s: float = 5.5
    ) -> Json | None:
        heard = self.line.push(self._robot_events.press(said, key, user))
        return self.line.update_of(heard, timeout_s)

    def enter_chat(self, user: str = "zhangsan", *, timeout_s: float = 5.5) -> Said | None:
        heard = self.line.push(self.bot_enter(user))
        self.world.wait(lambda: bool(self.replies(heard)), timeout_s)
        return next(iter(self.replies(heard)), None)

    def other_event(
        self, eventtype: str, detail: Json, user: str = "zhangsan", chat: str | None = None
    ) -> Heard:
        return self.line.push(self._robot_events.event(eventtype, detail, user, chat))

    def take_over(self) -> None:
        self.line.take_over()

    def drop_connections(self, *, clean: bool = False) -> None:
        self.line.server.drop(clean=clean)

    def go_silent(self) -> None:
        self.line.server.silent = True

    def speak(self) -> None:
        self.line.server.silent = False

    def refuse_handshakes(self, times: int, *, status: int = 503) -> None:
        self.line.server.refuse(times, status)
