"""The HTTP side: real sockets on 127.0.0.1, one thread per connection, with faults played."""

import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.feishu.faults import Entry, Script, Way
from tests.fakes.feishu.records import Request, Response

_LOOK_S = 0.02


class HttpServer(ThreadingHTTPServer):
    """Answers by ``app`` once ``record`` has the request; ``script`` makes answers go wrong.

    ``broken`` holds the exceptions that are the fake's own mistakes.
    """

    daemon_threads = False  # ``server_close`` then waits for them
    request_queue_size = 128

    def __init__(
        self,
        app: Callable[[Request], Response],
        script: Script,
        *,
        record: Callable[[Request], None],
        wake: Callable[[], None],
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.app, self.script, self.record, self.wake = app, script, record, wake
        self.closing = threading.Event()
        self.broken: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="fake-feishu")
        self._thread.start()

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
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.broken.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def _serve(self) -> None:
        request = self._read()
        self.server.record(request)
        entry = self.server.script.take(request)
        if entry is None:
            self._write(request, self.server.app(request))
        else:
            self._suffer(request, entry)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Say nothing."""

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
            at=time.monotonic(),
        )

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _suffer(self, request: Request, entry: Entry) -> None:
        fault = entry.fault
        response = self.server.app(request) if fault.taken else Response(200, b"")
        if fault.way is Way.INSTEAD:
            self._write(request, fault.response or response)
        elif fault.way is Way.SLOW and self._wait(entry, fault.seconds):
            self._write(request, response)
        elif fault.way is Way.DRIBBLE:
            self._write(request, response, byte_s=fault.seconds)
        else:
            if fault.way is Way.HANG:
                self._wait(entry, float("inf"))
            self._reset()

    def _write(self, request: Request, response: Response, *, byte_s: float = 0.0) -> None:
        request.status = response.status
        head = [f"HTTP/1.1 {response.status} {self._reason(response.status)}"]
        head += [f"{name}: {value}" for name, value in response.headers.items()]
        head += [f"Content-Length: {len(response.body)}", "X-Tt-Logid: 20260101fake", "", ""]
        start = "\r\n".join(head).encode("latin-1")
        self.server.wake()  # before the client can know, so that nobody looks too early
        if not byte_s:
            self.wfile.write(start + response.body)
            return
        self.wfile.write(start)
        for byte in response.body:
            if self.server.closing.wait(byte_s):
                return
            self.wfile.write(bytes([byte]))

    def _reason(self, status: int) -> str:
        return self.responses.get(status, ("Unknown", ""))[0]

    def _wait(self, entry: Entry, seconds: float) -> bool:
        """Whether ``seconds`` passed with the client still there and the fault not healed."""
        until = time.monotonic() + seconds
        while not (entry.over.is_set() or self._gone()):
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
