"""One open connection of the intelligent robot, and the frames on it (document 101463).

A frame is text, JSON ``{"cmd", "headers": {"req_id"}, "body"}``. What the robot hears has a
command; what answers a request of ours has none, and the request's ``req_id``.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bot.platforms.base import CALL_S, SendError
from bot.platforms.wecom import codes

logger = logging.getLogger(__name__)

CLOSE_S = 0.8  # for the other side to say goodbye
_MOST_BYTES = 1 << 20
_MOST_SILENT = 2  # pings without a word from the other side


@dataclass(frozen=True, slots=True)
class Frame:
    """Something the robot heard."""

    command: str
    req_id: str
    body: dict[str, Any]


class Link:
    """A connection that is open; dead once ``frames`` ends.

    One thread subscribes and then reads ``frames``; any may ask. No text of an error holds what
    was sent.
    """

    def __init__(self, connection: ClientConnection, *, ping_s: float) -> None:
        self._connection, self._ping_s = connection, ping_s
        self._guard = threading.Lock()
        self._asked: dict[str, Future[Mapping[str, Any]]] = {}
        self._early: list[Frame] = []
        self._silent = 0
        self.subscribed = False

    def subscribe(self, bot_id: str, secret: str) -> None:
        """Say who we are. Raises ``SendError``, ``ConnectionClosed``, ``TimeoutError``."""
        req_id = _new_id("aibot_subscribe")
        answer = self._expect(req_id)
        self.tell("aibot_subscribe", {"bot_id": bot_id, "secret": secret}, req_id=req_id)
        until = time.monotonic() + CALL_S
        while not answer.done():
            frame = self._read(until - time.monotonic())
            self._early += [frame] if frame else []
        self._forget(req_id)
        codes.checked(answer.result())
        self.subscribed = True

    def frames(self) -> Iterator[Frame]:
        """What is heard, until the connection ends. It pings when it is time to."""
        yield from self._early
        ping_at = time.monotonic() + self._ping_s
        while True:
            try:
                if time.monotonic() >= ping_at:
                    ping_at += self._ping_s
                    self._ping()
                frame = self._read(ping_at - time.monotonic())
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
            if frame is not None:
                yield frame

    def request(self, command: str, body: Mapping[str, Any], *, req_id: str) -> Mapping[str, Any]:
        """What is answered within ``CALL_S``. Raises ``SendError``.

        ``req_id`` is that of the message or event it belongs to, "" for none.
        """
        req_id = req_id or _new_id(command)
        answer = self._expect(req_id)
        try:
            self.tell(command, body, req_id=req_id)
            return codes.checked(answer.result(CALL_S))
        except TimeoutError:
            lost = SendError("no answer in time", unreachable=True, uncertain=True)
        except ConnectionClosed:
            lost = SendError("connection lost", unreachable=True, uncertain=True)
        finally:
            self._forget(req_id)
        raise lost

    def tell(self, command: str, body: Mapping[str, Any] | None, *, req_id: str) -> None:
        """Send a frame and wait for nothing. Raises ``ConnectionClosed``."""
        frame = {"cmd": command, "headers": {"req_id": req_id}}
        content = frame if body is None else {**frame, "body": body}
        text = json.dumps(content, ensure_ascii=False)
        self._connection.send(text.encode("utf-8", "replace").decode())

    def close(self) -> None:
        """Hang up, within ``CLOSE_S``; whoever still waits for an answer is told."""
        self._connection.close()
        with self._guard:
            waiting, self._asked = list(self._asked.values()), {}
        for answer in waiting:
            if not answer.done():
                answer.set_exception(SendError("connection lost", unreachable=True, uncertain=True))

    def _expect(self, req_id: str) -> Future[Mapping[str, Any]]:
        with self._guard:
            if req_id in self._asked:
                raise SendError("already being answered", retry_after_s=CALL_S)
            return self._asked.setdefault(req_id, Future())

    def _forget(self, req_id: str) -> None:
        with self._guard:
            self._asked.pop(req_id, None)

    def _ping(self) -> None:
        """Ask for a sign of life; after some that were not answered, hang up."""
        if self._silent >= _MOST_SILENT:
            logger.warning("socket_silent", extra={"platform": "wecom"})
            self._connection.close()
        self._silent += 1
        self.tell("ping", None, req_id=_new_id("ping"))

    def _read(self, wait_s: float) -> Frame | None:
        """A frame that is heard, None for an answer. Raises as ``recv`` of websockets does."""
        document = _document(self._connection.recv(timeout=max(0.0, wait_s)))
        self._silent = 0
        headers = document.get("headers")
        req_id = str(headers.get("req_id", "")) if isinstance(headers, dict) else ""
        if command := document.get("cmd"):
            body = document.get("body")
            return Frame(str(command), req_id, body if isinstance(body, dict) else {})
        with self._guard:
            answer = self._asked.pop(req_id, None)
        if answer is not None:
            answer.set_result(document)
        return None


def dial(url: str, *, ping_s: float) -> Link:
    """A new connection. Raises ``OSError``, ``WebSocketException``."""
    # The library logs every frame, the secret among them, when asked for details.
    mute = logging.getLogger(f"{__name__}.frames")
    mute.disabled = True
    connection = connect(
        url,
        open_timeout=CALL_S,
        close_timeout=CLOSE_S,
        ping_interval=None,  # the platform has a ping of its own
        max_size=_MOST_BYTES,
        logger=mute,
    )
    return Link(connection, ping_s=ping_s)


def _document(text: str | bytes) -> dict[str, Any]:
    """The JSON object of a frame, {} for what is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        logger.warning("socket_frame_malformed", extra={"platform": "wecom"})
        return {}
    return found


def _new_id(command: str) -> str:
    return f"{command}_{uuid.uuid4().hex}"
