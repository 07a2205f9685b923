"""The WebSocket server under the long connection: frames in, frames out, faults played."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.fakes.http.faults import Entry, Script, Way
from tests.fakes.wecom import records
from tests.fakes.wecom.records import Frame, Json, RefusalError, refused

Answer = Callable[[ServerConnection, Frame], Json]


class SocketServer:
    """``answer`` gives the body of a frame's ack or raises ``RefusalError``.

    ``note`` sees each frame when it came and again before its ack goes, ``acked`` when it has gone;
    ``gone`` hears of a connection's end.
    """

    def __init__(
        self,
        answer: Answer,
        script: Script,
        *,
        note: Callable[[Frame], None],
        acked: Callable[[ServerConnection, Frame], None],
        gone: Callable[[ServerConnection], None],
    ) -> None:
        self._answer, self._script = answer, script
        self._note, self._acked, self._gone = note, acked, gone
        self._guard = threading.Lock()
        self._open: dict[ServerConnection, threading.Thread] = {}
        self._refusals: list[int] = []
        self.silent = False
        self.broken: list[BaseException] = []
        self._closing = threading.Event()
        self._server = serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._greet,
            ping_interval=None,
            close_timeout=0.5,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="fake-wecom-ws")
        self._thread.start()

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def stop(self) -> None:
        """Close every connection and wait for all threads."""
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        with self._guard:
            threads = list(self._open.values())
        self.drop(clean=False)
        for thread in threads:
            thread.join()

    def refuse(self, times: int, status: int) -> None:
        """The next handshakes get this HTTP status."""
        with self._guard:
            self._refusals += [status] * times

    def drop(self, *, clean: bool) -> None:
        """End every connection, with or without saying so."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            if clean:
                connection.close(1001)
            else:
                hang_up(connection)

    def _greet(self, connection: ServerConnection, _request: Request) -> Response | None:
        with self._guard:
            status = self._refusals.pop(0) if self._refusals else None
        return connection.respond(HTTPStatus(status), "no\n") if status else None

    def _serve(self, connection: ServerConnection) -> None:
        with self._guard:
            self._open[connection] = threading.current_thread()
        try:
            for message in connection:
                self._take(connection, message)
        except ConnectionClosed:
            pass
        except BaseException as error:
            self.broken.append(error)
            raise
        finally:
            with self._guard:
                del self._open[connection]
            self._gone(connection)

    def _take(self, connection: ServerConnection, message: str | bytes) -> None:
        frame = _frame(message)
        self._note(frame)
        entry = self._script.take(frame.label)
        if self.silent:
            return
        if entry is None:
            self._ack(connection, frame, self._done(connection, frame))
        else:
            self._suffer(connection, frame, entry)

    def _done(self, connection: ServerConnection, frame: Frame) -> Json:
        try:
            return {"errcode": 0, "errmsg": "ok", **self._answer(connection, frame)}
        except RefusalError as refusal:
            told: Json = json.loads(refused(refusal.code, refusal.msg).body)
            return told

    def _suffer(self, connection: ServerConnection, frame: Frame, entry: Entry) -> None:
        fault = entry.fault
        done = self._done(connection, frame) if fault.taken else {}
        if isinstance(fault.response, records.Response) and fault.response.errcode:
            self._ack(connection, frame, json.loads(fault.response.body))
        elif fault.way is Way.SLOW:
            self._closing.wait(fault.seconds)
            self._ack(connection, frame, done)
        elif fault.way is not Way.HANG:  # nothing that a frame could be
            hang_up(connection)

    def _ack(self, connection: ServerConnection, frame: Frame, answer: Json) -> None:
        frame.errcode = answer["errcode"]
        self._note(frame)
        send(connection, {"headers": {"req_id": frame.req_id}, **answer})
        self._acked(connection, frame)


def send(connection: ServerConnection, document: Json) -> None:
    """A frame. Raises ``ConnectionClosed``."""
    connection.send(json.dumps(document, ensure_ascii=False))


def hang_up(connection: ServerConnection) -> None:
    """End it without a word."""
    with suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)


def _frame(message: str | bytes) -> Frame:
    """What came; a frame that is none has the cmd "" and is refused by whoever answers."""
    try:
        document: Any = json.loads(message)
    except ValueError:
        document = None
    found = document if isinstance(document, dict) else {}
    headers, body = found.get("headers"), found.get("body")
    return Frame(
        cmd=str(found.get("cmd", "")),
        req_id=str(headers.get("req_id", "")) if isinstance(headers, dict) else "",
        body=body if isinstance(body, dict) else {},
        at=time.monotonic(),
    )
