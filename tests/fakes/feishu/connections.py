"""The long connection: its address, and the sockets behind it ("使用长连接接收事件")."""

import json
import logging
import random
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response as Welcome
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.feishu import frames
from tests.fakes.feishu.frames import Frame
from tests.fakes.feishu.records import RefusalError, Request, Response, answer_json
from tests.fakes.feishu.world import World, new_id

MOST_CONNECTIONS = 50
FORBIDDEN, AUTH_FAILED, TOO_MANY = 403, 514, 1000040350


@dataclass(slots=True)
class HandshakeFault:
    """How many handshakes are refused still, and with what."""

    left: int = 0
    status: int = AUTH_FAILED
    code: int = 0


class Connections:
    """Serves the sockets; ``acks`` maps the message id of a frame to its ack."""

    def __init__(self, world: World, app_id: str, app_secret: str, *, ping_interval_s: int) -> None:
        self._world, self._app_id, self._secret = world, app_id, app_secret
        self._config = {
            "ReconnectCount": -1,
            "ReconnectInterval": 1,
            "ReconnectNonce": 0,
            "PingInterval": ping_interval_s,
        }
        self.silent = False
        self.pings = self.ever = 0
        self.live: list[ServerConnection] = []
        self.acks: dict[str, Frame] = {}
        self.fault = HandshakeFault()
        self._tickets: set[str] = set()
        self._handlers = 0
        self._server = _serve(self)
        self._thread = threading.Thread(target=self._server.serve_forever, name="fake-feishu-ws")
        self._thread.start()

    def endpoint(self, request: Request) -> Response:
        """POST /callback/ws/endpoint: where to connect to, good for one connection."""
        document = request.document()
        if (document.get("AppID"), document.get("AppSecret")) != (self._app_id, self._secret):
            raise RefusalError(AUTH_FAILED, "app_id or app_secret is invalid", status=200)
        if len(self.live) >= MOST_CONNECTIONS:
            raise RefusalError(TOO_MANY, "the number of connections exceeded the limit", status=200)
        ticket = new_id("ticket")
        self._tickets.add(ticket)
        port = self._server.socket.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/ws?device_id={random.getrandbits(60)}&service_id=33554678"
        data = {"URL": f"{url}&ticket={ticket}", "ClientConfig": self._config}
        return answer_json({"code": 0, "msg": "ok", "data": data})

    def admit(self, connection: ServerConnection, handshake: Handshake) -> Welcome | None:
        """None lets the handshake go on."""
        with self._world.changed:
            if self.fault.left > 0:
                self.fault.left -= 1
                return _refusal(connection, self.fault.status, self.fault.code)
            ticket = parse_qs(urlsplit(handshake.path).query).get("ticket", [""])[0]
            if ticket not in self._tickets:
                return _refusal(connection, FORBIDDEN, 0)
            self._tickets.discard(ticket)
            return None

    def serve(self, connection: ServerConnection) -> None:
        """Read from one socket until it ends."""
        with self._world.changed:
            self.live.append(connection)
            self.ever += 1
            self._handlers += 1
            self._world.wake()
        try:
            for raw in connection:
                self._read(connection, frames.decode(raw if isinstance(raw, bytes) else b""))
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._world.changed:
                self.live.remove(connection)
                self._handlers -= 1
                self._world.wake()

    def push(self, payload: bytes, *, parts: int) -> str:
        """Send an event down one connection, any; returns its message id.

        Raises ``ConnectionError`` without a connection.
        """
        with self._world.changed:
            if not self.live:
                raise ConnectionError("nobody is connected")
            connection = random.choice(self.live)
        message_id = new_id("msg")
        size = -(-len(payload) // parts)
        for number in range(parts):
            piece = payload[number * size : (number + 1) * size]
            connection.send(_event(message_id, piece, parts, number).encode())
        return message_id

    def drop(self, *, clean: bool) -> None:
        """End every connection, with a closing handshake or without a word."""
        with self._world.changed:
            live = list(self.live)
        for connection in live:
            if clean:
                connection.close(1001, "bye")
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Close everything and wait for the threads that read."""
        self._server.shutdown()
        self._thread.join()
        self.drop(clean=False)
        self._world.wait_until(lambda: self._handlers == 0)

    def _read(self, connection: ServerConnection, frame: Frame) -> None:
        if self.silent:
            return
        if frame.method == frames.DATA:
            with self._world.changed:
                self.acks[frame.header("message_id")] = frame
                self._world.wake()
        elif frame.header("type") == "ping":
            with self._world.changed:
                self.pings += 1
                self._world.wake()
            payload = json.dumps(self._config).encode()
            pong = Frame(0, 0, frame.service, frames.CONTROL, (("type", "pong"),), payload)
            connection.send(pong.encode())


def _serve(connections: Connections) -> Server:
    quiet = logging.getLogger("tests.fakes.feishu.connections")
    quiet.setLevel(logging.CRITICAL)  # handshakes refused on purpose are no errors
    return serve(
        connections.serve,
        "127.0.0.1",
        0,
        process_request=connections.admit,
        ping_interval=None,
        close_timeout=0.5,
        logger=quiet,
    )


def _event(message_id: str, payload: bytes, parts: int, number: int) -> Frame:
    headers = {
        "type": "event",
        "message_id": message_id,
        "trace_id": message_id.replace("msg", "trace"),
        "sum": str(parts),
        "seq": str(number),
    }
    log_id = random.getrandbits(63)
    return Frame(number + 1, log_id, 33554678, frames.DATA, tuple(headers.items()), payload)


def _refusal(connection: ServerConnection, status: int, code: int) -> Welcome:
    response = connection.respond(HTTPStatus.FORBIDDEN, "refused")
    response.headers["handshake-status"] = str(status)
    response.headers["handshake-msg"] = "refused"
    response.headers["handshake-autherrcode"] = str(code)
    return response
