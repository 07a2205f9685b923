"""A shop behind HTTP: through the Flask test client, and behind a real server on a port."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from flask import Blueprint, Response
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from bot.messages import Role
from bot.settings import Settings
from tests.fakes.clock import FakeClock
from webhooks.access import sign_in
from webhooks.app import build, create_app
from webhooks.server.asgi import create_asgi, make_server
from webhooks.server.gate import Limits, Stream
from webhooks.shop import Shop

ADMIN_TOKEN = "admin-token-of-the-tests"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``json`` is None when it was no JSON."""

    status_code: int
    headers: Headers
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.data) if self.data.startswith((b"{", b"[")) else None


class Api:
    """The shop's API through the test client, with a manager's token unless told otherwise."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = ADMIN_TOKEN,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; ``body`` is sent as JSON, ``raw`` as it is, ``token`` None = a stranger."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        data = json.dumps(body).encode() if raw is None and body is not None else raw
        if data is not None:
            sent["Content-Type"] = "application/json"
        return self._sent(method, path, data, sent | dict(headers or {}))

    def _sent(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        with self.client.open(path, method=method, data=data, headers=headers) as got:
            return Answer(got.status_code, got.headers, got.data)

    def get(self, path: str, **options: Any) -> Answer:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.call("POST", path, body, **options)

    def add_sku(self, code: str = "CF-001", **fields: Any) -> dict[str, Any]:
        """A SKU on sale with 10 units at 88 yuan, unless ``fields`` say otherwise."""
        body = {"name": code, "code": code, "price_fen": 8800, "stock": 10, **fields}
        response = self.post("/api/v1/skus", body)
        assert response.status_code == 201, response.text
        return dict(response.json)

    def order(
        self,
        sku: str = "CF-001",
        quantity: int = 1,
        *,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Answer:
        """A stranger orders."""
        body = {"customer_id": "wang", "lines": [{"sku": sku, "quantity": quantity}], **fields}
        return self.post("/api/v1/orders", body, token=None, headers=headers)

    def untouched(self) -> bool:
        """Whether nothing was ordered or moved since ``filled``."""
        return self.on_hand() == (10, 0) and self.get("/api/v1/orders").json["items"] == []

    def on_hand(self, code: str = "CF-001") -> tuple[int, int]:
        """On hand and reserved."""
        sku = self.get(f"/api/v1/skus/{code}").json
        return sku["on_hand"], sku["reserved"]


class LiveApi(Api):
    """The same over a socket, where orders take the fast lane."""

    def __init__(self, client: httpx.Client) -> None:
        self.live = client

    def _sent(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        got = self.live.request(method, path, content=data, headers=encoded)
        return Answer(got.status_code, Headers(list(got.headers.multi_items())), got.content)


MakeShop = Callable[..., Shop]
Serve = Callable[..., Any]


def code_of(response: Answer | httpx.Response | TestResponse) -> str:
    """The code of a problem; fails when the answer is none."""
    assert response.headers["Content-Type"] == PROBLEM, response.text
    document = json.loads(response.text)
    assert {"type", "title", "status", "code"} <= document.keys()
    return str(document["code"])


@pytest.fixture
def make_shop(database_url: str, clock: FakeClock) -> Iterator[MakeShop]:
    """Makes a shop with settings of its own, section by section."""
    with ExitStack() as shops:

        def make(**sections: dict[str, Any]) -> Shop:
            settings = Settings.model_validate(
                {
                    **sections,
                    "database": {"url": database_url},
                    "server": {"admin_token": ADMIN_TOKEN, **sections.get("server", {})},
                    "orders": {"rate_limit": "", **sections.get("orders", {})},
                    "security": {"data_key": "key-of-the-tests"},
                }
            )
            return shops.enter_context(closing(build(settings, now=clock)))

        yield make


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """A shop with an administration token and no limit on orders."""
    return make_shop()


@pytest.fixture
def api(shop: Shop) -> Api:
    """The API of ``shop``."""
    return Api(create_app(shop).test_client())


@pytest.fixture(params=["app", "lane"])
def both(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Api]:
    """The API through the Flask app, and again where orders take the fast lane."""
    if request.param == "app":
        yield Api(create_app(shop).test_client())
        return
    with _running(create_asgi(shop)) as server, server.client(token=None) as client:
        yield LiveApi(client)


@pytest.fixture
def filled(api: Api) -> Api:
    """A shop with one SKU, 10 of CF-001."""
    api.add_sku()
    return api


SignedIn = Callable[..., Api]


@pytest.fixture
def signed_in(shop: Shop) -> SignedIn:
    """The API as somebody with a role, signed in on the administration pages."""
    door = Blueprint("test_door", __name__)

    @door.get("/test-door/<subject>/<role>")
    def enter(subject: str, role: str) -> Response:
        sign_in(subject, Role.of(role))
        return Response(status=204)

    app = create_app(shop, door)

    def enter_as(role: Role, subject: str = "console:ann") -> Api:
        client = app.test_client()
        assert client.get(f"/test-door/{subject}/{role.word}").status_code == 204
        return Api(client)

    return enter_as


class LiveServer:
    """A real server on a port of its own."""

    def __init__(self, port: int, stop: Callable[[], None]) -> None:
        self.port = port
        self.stop = stop

    def client(self, *, token: str | None = ADMIN_TOKEN) -> httpx.Client:
        """An HTTP client of its own."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30, trust_env=False
        )

    def send(self, data: bytes, *, timeout_s: float = 10) -> bytes:
        """Everything the server says to these bytes until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as connection:
            connection.sendall(data)
            answer = b""
            while chunk := connection.recv(1 << 16):
                answer += chunk
        return answer


@pytest.fixture
def serve(shop: Shop) -> Iterator[Serve]:
    """Serves ``shop`` in a thread, with limits, blueprints and streams of the test's."""
    with ExitStack() as servers:

        def start(
            *,
            shop: Shop = shop,
            limits: Limits | None = None,
            blueprints: tuple[Blueprint, ...] = (),
            streams: Mapping[str, Stream] | None = None,
        ) -> LiveServer:
            gate = create_asgi(shop, limits=limits, blueprints=blueprints, streams=streams)
            return servers.enter_context(_running(gate))

        yield start


@contextmanager
def _running(gate: Any) -> Iterator[LiveServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = make_server(gate, drain_s=5)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()

    def stop() -> None:
        server.should_exit = True  # what SIGTERM does
        thread.join(timeout=20)
        assert not thread.is_alive()

    try:
        yield LiveServer(listener.getsockname()[1], stop)
    finally:
        stop()
        listener.close()
