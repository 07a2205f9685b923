"""The platform as a whole; its package says what it can do."""

import base64
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.fakes.feishu import faults
from tests.fakes.feishu.connections import AUTH_FAILED, Connections, HandshakeFault
from tests.fakes.feishu.events import App, Event
from tests.fakes.feishu.faults import Fault
from tests.fakes.feishu.messages import Messages
from tests.fakes.feishu.people import People
from tests.fakes.feishu.records import Ack, Json
from tests.fakes.feishu.routes import Routes
from tests.fakes.feishu.server import HttpServer
from tests.fakes.feishu.tokens import Tokens
from tests.fakes.feishu.world import Clock, Robot, new_id, real_time
from tests.fakes.http.faults import Script

_TENANT, _BOT = "1a2b3c4d5e6f7a8b", "商城助手"


class FakeFeishu(People):
    """Feishu on a port of its own. See ``tests.fakes.feishu``."""

    def __init__(
        self,
        *,
        app_id: str = "cli_a1b2c3d4e5f6a7b8",
        app_secret: str = "fake-app-secret",
        encrypt_key: str = "fake-Encrypt-Key-2026",
        verification_token: str = "fakeVerificationToken",
        bot_open_id: str = "ou_b07b07b07b07b07b07b07b07b07b0700",
        clock: Clock = real_time,
        paced: bool = True,
        ping_interval_s: int = 1,
    ) -> None:
        app = App(app_id, _TENANT, verification_token, bot_open_id, _BOT)
        super().__init__(app, clock, paced=paced)
        self.app_secret, self.encrypt_key = app_secret, encrypt_key
        self.verification_token = verification_token
        self._script = Script()
        self._tokens = Tokens(self.world, app_id, app_secret)
        self.revoke_tokens = self._tokens.revoke
        self._sockets = Connections(self.world, app_id, app_secret, ping_interval_s=ping_interval_s)
        routes = Routes(
            self.world,
            tokens=self._tokens,
            messages=Messages(self.world, app_id, self.tenant_key),
            presses=self.presses,
            connections=self._sockets,
            bot={"activate_status": 2, "app_name": self.bot_name, "open_id": bot_open_id},
        )
        self._http = HttpServer(
            routes.answer, self._script, record=self.world.record, wake=self.world.wake
        )
        self.base_url = self._http.base_url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if error is None and self._http.broken:
            raise self._http.broken[0]

    def close(self) -> None:
        """Stop serving; every connection ends."""
        self._script.heal()
        self._sockets.stop()
        self._http.stop()

    def add_robot(self, token: str = "", *, secret: str = "", keyword: str = "") -> str:
        """A group's custom robot; its webhook URL."""
        token = token or new_id("hook")
        with self.world.changed:
            self.world.robots[token] = Robot(token, secret, keyword)
        return f"{self.base_url}/open-apis/bot/v2/hook/{token}"

    def fail(self, path_part: str, how: Fault, *, times: int = 1) -> None:
        """The next ``times`` requests with ``path_part`` in "POST /open-apis/…" suffer ``how``."""
        self._script.add(path_part, how, times)

    def pause(self, how: Fault | None = None) -> None:
        """Every request suffers ``how`` until ``resume``: by default nobody ever answers."""
        self._script.pause(how or faults.hang())

    def resume(self) -> None:
        """The platform answers again."""
        self._script.resume()

    def heal(self) -> None:
        """No scripted faults any more, the pause included."""
        self._script.heal()

    @property
    def connections(self) -> int:
        """Long connections that are open."""
        with self.world.changed:
            return len(self._sockets.live)

    @property
    def connects(self) -> int:
        """Long connections that ever were."""
        return self._sockets.ever

    @property
    def pings(self) -> int:
        """Pings that were answered."""
        return self._sockets.pings

    def connected(self, timeout_s: float = 10, count: int = 1) -> bool:
        """Whether ``count`` long connections are open, or come within ``timeout_s``."""
        return self._happens(lambda: self.connections >= count, timeout_s)

    def socket_push(self, event: Event, *, timeout_s: float = 5, parts: int = 1) -> Ack:
        """Deliver an event over one long connection, any, and wait for its ack.

        Raises ``TimeoutError``, and ``ConnectionError`` without a connection.
        """
        start = time.monotonic()
        message_id = self._sockets.push(event.encode(), parts=parts)
        self.wait_until(lambda: message_id in self._sockets.acks, timeout_s=timeout_s)
        frame = self._sockets.acks[message_id]
        ack: Json = json.loads(frame.payload)
        answer: Json | None = json.loads(base64.b64decode(ack.get("data") or "bnVsbA=="))
        if event.token:
            self.presses.answered(event.token, answer or {})
        seconds = time.monotonic() - start
        return Ack(int(ack["code"]), answer, frame.header("biz_rt"), seconds)

    def drop_connections(self, *, clean: bool = False) -> None:
        """End all long connections: as if the network broke, or (``clean``) with a goodbye."""
        self._sockets.drop(clean=clean)
        self.wait_until(lambda: self.connections == 0)

    def go_silent(self) -> None:
        """The sockets stay open, and nothing that comes in is answered or kept."""
        self._sockets.silent = True

    def speak(self) -> None:
        """The end of ``go_silent``."""
        self._sockets.silent = False

    def refuse_handshakes(self, times: int, *, status: int = AUTH_FAILED, code: int = 0) -> None:
        """The next ``times`` handshakes are refused with these values in their headers."""
        with self.world.changed:
            self._sockets.fault = HandshakeFault(times, status, code)

    def _happens(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        try:
            self.wait_until(condition, timeout_s=timeout_s)
        except TimeoutError:
            return False
        return True
