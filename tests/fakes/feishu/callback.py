"""A callback address that gives set answers: for tests of the fake itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def callback(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[tuple[Any, bytes]]]]:
    """A callback address that gives these answers, and what it heard; the last one repeats."""
    heard: list[tuple[Any, bytes]] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, answer = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = False

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/webhooks/feishu", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
