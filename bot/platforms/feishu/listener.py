"""The child process that holds Feishu's long connection.

``python -m bot.platforms.feishu.listener``: a process of its own, for the SDK's client cannot be
stopped, keeps its event loop in a module and asks for its address without a time limit. It ends
with the connection, whatever happened to it; ``bot.platforms.feishu.connection`` starts it again.
It talks in lines of ASCII JSON:

- in, first: ``{"app_id", "app_secret", "base_url"}``
- out: ``{"connected": true}`` · ``{"alive": true}`` at each sign of life of the other side ·
  ``{"event": number, "payload": text of the envelope}`` · last of all ``{"refused": code}`` when
  Feishu wants no connection of this app, or ``{"lost": kind of error}``
- in, for each event: ``{"event": number, "ok": true, "answer": object or null}``; ``"ok": false``
  when it could not be kept

It ends when its standard input does, so that it never outlives the process that started it.
"""

import json
import logging
import os
import queue
import sys
import threading
import time
from typing import Any, NoReturn, TextIO

_REFUSALS = {400, 401, 403, 404}  # HTTP; the SDK takes every status but 200 for a busy server
ANSWER_S = 2.5  # Feishu waits 3 s for an acknowledgement (Feishu docs: 使用长连接接收事件)


class NotKeptError(Exception):
    """The event could not be kept (in time); the SDK then answers 500 and Feishu sends it again."""


class Line:
    """The way to the parent and back. ``ask`` is for one thread alone."""

    def __init__(self, incoming: TextIO, outgoing: TextIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked = 0

    def first(self) -> dict[str, str]:
        """The credentials. From now on the end of the input is the end of this process."""
        credentials: dict[str, str] = self._heard(self._incoming.readline())
        threading.Thread(target=self._listen, name="parent", daemon=True).start()
        return credentials

    def say(self, said: dict[str, Any]) -> None:
        """One line out."""
        try:
            self._outgoing.write(json.dumps(said) + "\n")
            self._outgoing.flush()
        except OSError:  # nobody is there any more
            os._exit(0)

    def ask(self, payload: str) -> Any:
        """The answer to an event, once it is durable. Raises ``NotKeptError``."""
        self._asked += 1
        self.say({"event": self._asked, "payload": payload})
        until = time.monotonic() + ANSWER_S
        while (answer := self._next(until))["event"] != self._asked:
            pass  # it came too late for the event it answers
        if not answer["ok"]:
            raise NotKeptError
        return answer["answer"]

    def _next(self, until: float) -> dict[str, Any]:
        try:
            return self._answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise NotKeptError from None

    def _listen(self) -> None:
        for line in self._incoming:
            self._answers.put(self._heard(line))
        os._exit(0)

    def _heard(self, line: str) -> Any:
        try:
            return json.loads(line)
        except ValueError:  # half a line: the parent died while writing it
            os._exit(0)


class Handler:
    """Takes the place of the SDK's dispatcher, which refuses every kind it was not told of."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def _do_without_validation(self, payload: bytes) -> Any:  # the name the SDK calls
        return self._line.ask(payload.decode())


def main() -> NoReturn:
    """Hold one connection until it ends."""
    line = Line(sys.stdin, sys.stdout)
    sys.stdout = sys.stderr  # the SDK's logger writes to it, and ours is for lines alone
    logging.disable()  # the SDK logs addresses with tickets in them, and at DEBUG whole messages
    credentials = line.first()
    client = _client(line, credentials)
    try:
        client.start()
    except Exception as error:  # noqa: BLE001  (the edge: each kind of end is told to the parent)
        _end(line, error)
    _end(line, None)


def _client(line: Line, credentials: dict[str, str]) -> Any:
    """The SDK's client, which tells of every sign of life and ends when it is cut off."""
    from lark_oapi.ws.client import Client  # noqa: PLC0415  (seconds; ``first`` must run before)

    class Watched(Client):  # type: ignore[misc]  # lark_oapi ships no types
        async def _connect(self) -> None:
            await super()._connect()
            line.say({"connected": True})

        async def _handle_control_frame(self, frame: Any) -> None:
            line.say({"alive": True})
            await super()._handle_control_frame(frame)

        async def _receive_message_loop(self) -> None:
            # The SDK runs it as a task whose errors nobody would see.
            try:
                await super()._receive_message_loop()
            except Exception as error:  # noqa: BLE001  (the edge, as in ``main``)
                _end(line, error)

    # Connecting again is left to the parent: the SDK waits up to 30 s before its first try and
    # 120 s before each other, and can hang in it for ever.
    return Watched(
        credentials["app_id"],
        credentials["app_secret"],
        event_handler=Handler(line),
        domain=credentials["base_url"],
        auto_reconnect=False,
    )


def _end(line: Line, error: Exception | None) -> NoReturn:
    """Tell what ended it, by code or kind: the text of an error may hold the address."""
    kind, code = type(error).__name__, getattr(error, "code", 0)
    if kind == "ClientException" or (kind == "ServerException" and code in _REFUSALS):
        line.say({"refused": code})
    else:
        line.say({"lost": kind})
    os._exit(1)


if __name__ == "__main__":
    main()
