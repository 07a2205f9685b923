"""Real sockets on 127.0.0.1, one thread per connection, with faults played."""

import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.http.exchange import Answer, Request, Response
from tests.fakes.http.faults import Entry, Script, Way

_LOOK_S = 0.02

Asked = TypeVar("Asked", bound=Request)


class HttpServer(ThreadingHTTPServer, Generic[Asked]):
    """Answers by ``app``; ``script`` makes answers go wrong.

    ``form`` is the platform's kind of request and ``name`` that of the thread. ``broken`` holds
    the exceptions that are the fake's own mistakes. It serves from the moment it is made, so a
    platform sets what its ``came`` and ``answered`` need before it calls this ``__init__``.
    """

    daemon_threads = False  # ``server_close`` then waits for them
    request_queue_size = 128
    signature: ClassVar[Mapping[str, str]] = {}  # headers of every answer

    def __init__(
        self, app: Callable[[Asked], Answer], script: Script, *, form: type[Asked], name: str
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.app, self.script, self.form = app, script, form
        self.closing = threading.Event()
        self.broken: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=name)
        self._thread.start()

    def came(self, request: Asked) -> None:
        """A request is here; neither answered nor looked at yet."""

    def answered(self, request: Asked, answer: Answer) -> None:
        """``answer`` goes out next: before the client can know, so that nobody looks too early."""

    @property
    def base_url(self) -> str:
        """Scheme, address and port."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Close every connection and wait for all threads."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep track of the connection."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Its end."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # theirs
        """A client that went away is no error; anything else is one of the fake."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.broken.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer[Any]

    def _serve(self) -> None:
        request = self._read()
        self.server.came(request)
        entry = self.server.script.take(request.label)
        if entry is None:
            self._write(request, self.server.app(request))
        else:
            self._suffer(request, entry)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Say nothing."""

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        request: Request = self.server.form(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
            at=time.monotonic(),
        )
        return request

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _suffer(self, request: Request, entry: Entry) -> None:
        fault = entry.fault
        answer = self.server.app(request) if fault.taken else Response(200, b"")
        if fault.way is Way.INSTEAD:
            self._write(request, fault.response or answer)
        elif fault.way is Way.TRUNCATED:
            self._write(request, _half(answer))
        elif fault.way is Way.SLOW and self._wait(entry, fault.seconds):
            self._write(request, answer)
        elif fault.way is Way.DRIBBLE:
            self._write(request, answer, byte_s=fault.seconds)
        else:
            if fault.way is Way.HANG:
                self._wait(entry, float("inf"))
            self._reset()

    def _write(self, request: Request, answer: Answer, *, byte_s: float = 0.0) -> None:
        request.status = answer.status
        start = self._head(answer)
        self.server.answered(request, answer)
        if not byte_s:
            self.wfile.write(start + answer.body)
            return
        self.wfile.write(start)
        for byte in answer.body:
            if self.server.closing.wait(byte_s):
                return
            self.wfile.write(bytes([byte]))

    def _head(self, answer: Answer) -> bytes:
        reason, _ = self.responses.get(answer.status, ("Unknown", ""))
        headers = {**answer.headers, **self.server.signature, "Content-Length": len(answer.body)}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([f"HTTP/1.1 {answer.status} {reason}", *lines, "", ""]).encode("latin-1")

    def _wait(self, entry: Entry, seconds: float) -> bool:
        """Whether ``seconds`` passed with the client still there and the fault not healed."""
        until = time.monotonic() + seconds
        while not (entry.over.is_set() or self.server.closing.is_set() or self._gone()):
            left = until - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, _LOOK_S))
        return False

    def _gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _reset(self) -> None:
        """Send RST, which neither ``shutdown`` nor a plain ``close`` does."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())


def _half(answer: Answer) -> Answer:
    return Response(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
