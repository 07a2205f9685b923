"""What the server does before the app is asked: sizes, slowness, overload, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from flask import Blueprint, Response, request

from tests.e2e.conftest import ADMIN_TOKEN, LiveServer, Serve, code_of
from webhooks.server.gate import Limits

ORDER = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}]}
HEAD = b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
MEBIBYTE = 1 << 20


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the database has no say in this."""
    return sqlite_url


def parsed(answer: bytes) -> tuple[int, str]:
    """Status and body of an HTTP answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def test_an_order_is_taken_through_the_real_server(serve: Serve) -> None:
    with serve().client() as client:
        body = {"name": "x", "code": "A/B", "price_fen": 1, "stock": 5}
        added = client.post("/api/v1/skus", json=body)
        assert added.headers["Location"] == "/api/v1/skus/A%2FB"
        assert client.get("/api/v1/skus/A%2FB").json()["code"] == "A/B"
        order = {"customer_id": "王", "lines": [{"sku": "a/b", "quantity": 2}]}
        placed = client.post("/api/v1/orders", json=order)
        assert placed.status_code == 201
        assert placed.headers["Content-Type"] == "application/json"
        assert client.get("/api/v1/skus/A%2FB").json()["reserved"] == 2
        assert client.head("/api/v1/products").content == b""


def test_a_chunked_body_is_read_like_any_other(serve: Serve) -> None:
    raw = json.dumps({"name": "x", "code": "A", "price_fen": 1}).encode()
    with serve().client() as client:
        chunks: Iterator[bytes] = iter([raw[:5], raw[5:]])
        added = client.post(
            "/api/v1/skus", content=chunks, headers={"Content-Type": "application/json"}
        )
        assert added.status_code == 201


@pytest.mark.parametrize(
    ("path", "limit"), [("/api/v1/orders", MEBIBYTE), ("/webhooks/feishu", 256 << 10)]
)
def test_an_endless_chunked_body_is_cut_off(serve: Serve, path: str, limit: int) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1 << 14):
            sent += 1 << 16
            yield bytes(1 << 16)

    with serve().client() as client:
        refused = client.post(path, content=endless(), headers={"Content-Type": "application/json"})
    assert (refused.status_code, code_of(refused)) == (413, "too_large")
    assert sent < limit + (40 << 20)  # what the server still reads, and what the network holds


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"Content-Length: 1048577\r\n\r\n", b"", 413),
        (b"Content-Length: 99999999999999999999\r\n\r\n", b"{}", 400),
        (b"Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", b"", 413),
        (b"Content-Length: -1\r\n\r\n", b"", 400),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n", b"{}", 400),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n", 400),
        (b"Content-Length: 5\r\nConnection: close\r\n\r\n", b"{}", 408),
    ],
)
def test_a_lie_about_the_length_is_refused(
    serve: Serve, head: bytes, body: bytes, status: int
) -> None:
    server = serve(limits=Limits(body_timeout_s=0.3, linger_s=0.1))
    assert parsed(server.send(HEAD + head + body))[0] == status


def test_a_body_longer_than_it_says_is_not_part_of_it(serve: Serve) -> None:
    server = serve()
    extra = b"Content-Length: 2\r\nConnection: close\r\n\r\n{}GET /healthz HTTP/1.1\r\n\r\n"
    status, body = parsed(server.send(HEAD + extra))
    assert status == 422
    assert body.count("HTTP/1.1") == 0


def test_a_slow_body_is_given_up_and_holds_no_thread(serve: Serve) -> None:
    server = serve(limits=Limits(body_timeout_s=0.5, linger_s=0.1, workers=1, waiting=0))
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(20)]
    for connection in slow:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200  # the only thread is free
    for connection in slow:
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
        connection.close()
        status, body = parsed(answer)
        assert (status, json.loads(body)["code"]) == (408, "request_timeout")


@pytest.mark.parametrize(
    ("begin", "on"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: shop\r\nX: ", b"a"),
        (b"GET /healthz?", b"a"),
        (b"GET /healthz HTTP/1.1\r\n", b"X: a\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_an_endless_head_is_cut_off(serve: Serve, begin: bytes, on: bytes) -> None:
    server = serve()
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(begin)
        with suppress(ConnectionError):  # the answer may be lost: the server reads no further
            while sent < 64 << 20:
                connection.sendall(on * (4 << 10))
                sent += len(on) * (4 << 10)
    assert sent < 32 << 20  # what the network holds


def test_one_connection_asks_again_and_again(serve: Serve) -> None:
    server = serve()
    ask = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
    assert server.send(ask + ask + last).count(b'{"status":"ok"}') == 3


class Gateway:
    """Routes that show what arrives, and one that waits to be let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.routes = Blueprint("gateway", __name__)
        self.routes.get("/test-wait")(self._wait)
        self.routes.post("/test-echo")(self._echo)

    def _wait(self) -> Response:
        self.entered.release()
        self.go.wait(20)
        return Response("done")

    def _echo(self) -> Response:
        shown = {name: value for name, value in request.headers if name.startswith("X-")}
        return Response(json.dumps({"headers": shown, "length": len(request.get_data())}))


def test_beyond_what_may_wait_the_shop_is_overloaded(serve: Serve) -> None:
    gateway = Gateway()
    server = serve(limits=Limits(workers=1, waiting=1), blueprints=(gateway.routes,))
    with ThreadPoolExecutor(3) as pool, server.client() as client:
        asked = [pool.submit(_wait_at, server.port) for _ in range(3)]
        done, waiting = wait(asked, timeout=10, return_when=FIRST_COMPLETED)
        (refused,) = (future.result() for future in done)
        assert (refused.status_code, code_of(refused)) == (503, "overloaded")
        assert int(refused.headers["Retry-After"]) >= 1
        gateway.go.set()
        assert [future.result().text for future in waiting] == ["done", "done"]
        assert client.get("/healthz").status_code == 200


def test_all_bodies_together_are_bounded(serve: Serve) -> None:
    server = serve(limits=Limits(held_bytes=100_000))
    with server.client() as client:
        body = b'"' + b"x" * 150_000 + b'"'
        refused = client.post(
            "/api/v1/orders", content=body, headers={"Content-Type": "application/json"}
        )
        assert (refused.status_code, code_of(refused)) == (503, "overloaded")
        small = client.post("/api/v1/orders", json=ORDER)
        assert code_of(small) == "sku_not_found"


def test_headers_that_wsgi_would_mix_up_are_dropped(serve: Serve) -> None:
    server = serve(blueprints=(Gateway().routes,))
    data = (
        b"POST /test-echo HTTP/1.1\r\nHost: shop\r\nX_Real: forged\r\nX-Real: true\r\n"
        b"Content-Length: 3\r\nConnection: close\r\n\r\nabc"
    )
    status, body = parsed(server.send(data))
    assert status == 200
    assert json.loads(body) == {"headers": {"X-Real": "true"}, "length": 3}


def test_a_client_that_leaves_is_forgotten(serve: Serve) -> None:
    server = serve(limits=Limits(held_bytes=100_000))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(HEAD + b"Content-Length: 90000\r\n\r\n" + b"x" * 60_000)
    with server.client() as client:
        answer = _until(lambda: client.post("/api/v1/orders", json=ORDER), 404)
        assert code_of(answer) == "sku_not_found"


def _wait_at(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/test-wait", timeout=30)


def _until(ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """Ask until the answer has this status."""
    for _ in range(200):
        answer = ask()
        if answer.status_code == status:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"{status} never came")


def _until_refused(port: int) -> None:
    """Wait until nobody listens any more."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    raise AssertionError("still listening")


SERVER = """
import socket, sys
from bot.settings import Settings
from store import schema
from webhooks.app import build
from webhooks.server.asgi import create_asgi, make_server

settings = Settings.model_validate({
    "database": {"url": sys.argv[1]},
    "server": {"admin_token": sys.argv[2]},
    "security": {"data_key": "k"},
})
shop = build(settings)
listener = socket.create_server(("127.0.0.1", 0))
server = make_server(create_asgi(shop))
assert not {"lark_oapi", "wechatpy", "pypinyin", "alembic"} & set(sys.modules)
print(listener.getsockname()[1], flush=True)
server.run(sockets=[listener])
"""


def test_sigterm_ends_the_streams_first_and_answers_what_was_asked(sqlite_url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, sqlite_url, ADMIN_TOKEN],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    try:
        server = LiveServer(int(process.stdout.readline()), lambda: None)
        with server.client() as client, client.stream("GET", "/api/v1/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 2000"
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert list(lines) == [""]  # an orderly end, nothing cut off
            process.wait(timeout=10)
            assert time.monotonic() - began < 3
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_an_answer_under_way_is_finished_before_the_end(serve: Serve) -> None:
    gateway = Gateway()
    server = serve(blueprints=(gateway.routes,))
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(_wait_at, server.port)
        gateway.entered.acquire(timeout=10)
        stopping = pool.submit(server.stop)
        _until_refused(server.port)
        gateway.go.set()
        assert waiting.result().text == "done"
        stopping.result()
