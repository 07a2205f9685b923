"""The fake as a whole; the package's docstring says what each part of it does."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from tests.fakes.wecom import faults
from tests.fakes.wecom.app_api import AppApi, attachment
from tests.fakes.wecom.live import Live
from tests.fakes.wecom.long_connection import LongConnection
from tests.fakes.wecom.records import (
    Aibot,
    App,
    Frame,
    RefusalError,
    Request,
    Response,
    Said,
    refused,
)
from tests.fakes.wecom.robot_says import ResponseUrls
from tests.fakes.wecom.sealing import encrypt_bytes
from tests.fakes.wecom.server import HttpServer
from tests.fakes.wecom.tokens import Tokens
from tests.fakes.wecom.webhook_api import WebhookApi
from tests.fakes.wecom.world import Company, World

_OFFERED = timedelta(minutes=5)


class FakeWecom(Live):
    """A context manager; nothing is left behind when it ends."""

    def __init__(
        self,
        *,
        corp_id: str = "ww1a2b3c4d5e6f7890",
        app: App | None = None,
        aibot: Aibot | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        paced: bool = True,
        overlong: str = "refuse",
        duplicates: str = "flagged",
    ) -> None:
        company = Company(
            corp_id=corp_id,
            app=app or App(),
            aibot=aibot or Aibot(),
            clock=clock,
            monotonic=monotonic,
            paced=paced,
            overlong=overlong,
            duplicates=duplicates,
        )
        super().__init__(World(company))
        self._tokens = Tokens(self.world)
        self._routes = {
            **AppApi(self.world, self._tokens).routes,
            **WebhookApi(self.world).routes,
            **ResponseUrls(self.world).routes,
        }

    def __enter__(self) -> Self:
        self._http = HttpServer(self._answer, self.world.script, note=self._note)
        self.line = LongConnection(self.world)
        self.world.base_url = self._http.base_url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.heal()
        self.line.server.stop()
        self._http.stop()
        broken = [*self._http.broken, *self.line.server.broken]
        if broken and error is None:
            raise broken[0]

    @property
    def base_url(self) -> str:
        return self._http.base_url

    @property
    def websocket_url(self) -> str:
        return self.line.server.url

    # The world

    def add_user(self, userid: str) -> None:
        self.world.users.add(userid.lower())

    def webhook(self, key: str) -> str:
        self.world.webhooks.add(key)
        return f"{self.base_url}/cgi-bin/webhook/send?key={key}"

    def remove_webhook(self, key: str) -> None:
        self.world.webhooks.discard(key)

    @property
    def app_callback(self) -> bool:
        return self.world.app_callback

    @app_callback.setter
    def app_callback(self, value: bool) -> None:
        self.world.app_callback = value

    def revoke_tokens(self, code: int = 40014) -> None:
        with self.world.changed:
            self._tokens.revoke(code)

    def add_media(self, name: str, content: bytes, *, kind: str = "file") -> str:
        return self.world.keep(kind, name, content, "corp")

    def spoken_in(self, chat_id: str) -> None:
        kind = "single" if chat_id in self.world.users else "group"
        self.world.spoken[chat_id] = kind

    # What arrived

    @property
    def requests(self) -> list[Request]:
        with self.world.changed:
            return list(self.world.requests)

    @property
    def frames(self) -> list[Frame]:
        with self.world.changed:
            return list(self.world.frames)

    @property
    def said(self) -> list[Said]:
        with self.world.changed:
            return list(self.world.said)

    @property
    def dropped(self) -> list[Said]:
        with self.world.changed:
            return list(self.world.dropped)

    def calls(self, part: str) -> list[Request]:
        return [request for request in self.requests if part in request.label]

    def said_in(self, chat: str, channel: str = "") -> list[Said]:
        said = [one for one in self.said if not chat or one.chat == chat]
        return [one for one in said if not channel or one.channel == channel]

    def wait_said(
        self, count: int = 1, *, chat: str = "", channel: str = "", timeout_s: float = 10
    ) -> list[Said]:
        def finished() -> list[Said]:
            return [one for one in self.said_in(chat, channel) if one.finished]

        self.wait_until(lambda: len(finished()) >= count, timeout_s=timeout_s)
        return finished()

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float = 10) -> None:
        if not self.world.wait(condition, timeout_s):
            raise TimeoutError(f"not within {timeout_s} s; said so far: {len(self.said)}")

    # Faults

    def fail(self, path_part: str, *, how: faults.Fault, times: int = 1) -> None:
        self.world.script.add(path_part, how, times)

    def pause(self, how: faults.Fault | None = None) -> None:
        self.world.script.pause(how or faults.hang())

    def resume(self) -> None:
        self.world.script.resume()

    def heal(self) -> None:
        self.world.script.heal()

    # Inside

    def _note(self, request: Request) -> None:
        with self.world.changed:
            if not request.status:  # it just came
                self.world.requests.append(request)
            self.world.notify()

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/media/"):
            return self._download(request.path.removeprefix("/media/"))
        route = self._routes.get(request.label)
        if route is None:
            return refused(40066, "invalid url")
        with self.world.changed:
            try:
                return route(request)
            except RefusalError as refusal:
                return refused(refusal.code, refusal.msg)

    def _download(self, name: str) -> Response:
        media, aes_key = self.world.downloads.get(name, (None, b""))
        if media is None or self.world.now() - media.at > _OFFERED:
            return Response(b"<html>expired</html>", 403, {"Content-Type": "text/html"})
        return attachment(media.name, encrypt_bytes(aes_key, media.content))
