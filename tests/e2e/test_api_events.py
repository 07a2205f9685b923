"""The live events over a real server: what is told, to whom, and how a stream goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from bot.messages import Role
from store import stock
from store.db import Database, Tx
from store.stock import Cause
from tests.conftest import AddSku
from tests.e2e.conftest import LiveServer, Serve, SignedIn, code_of
from webhooks.api.events import Events
from webhooks.api.problems import ProblemError
from webhooks.server.gate import Limits, StreamRequest
from webhooks.shop import Shop

EVENTS = "/api/v1/events"


class Watcher:
    """A client that listens."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def next(self) -> dict[str, Any]:
        """The next event: id, event, and the fields of data."""
        event: dict[str, Any] = {}
        for line in self._lines:
            if not line and "data" in event:
                return event
            name, _, value = line.partition(": ")
            if name == "data":
                event[name] = json.loads(value)
            elif name in {"id", "event"}:
                event[name] = value
        raise AssertionError("the stream ended")

    def until(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while (event := self.next())["event"] != name:
            pass
        return event

    def rest(self) -> list[str]:
        """Everything that comes until the stream ends."""
        return list(self._lines)


@contextmanager
def watching(server: LiveServer, *, after: str = "") -> Iterator[Watcher]:
    sent = {"Last-Event-ID": after} if after else {}
    with server.client() as client, client.stream("GET", EVENTS, headers=sent) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        yield Watcher(answer)


def add_sku(server: LiveServer, **fields: Any) -> None:
    body = {"name": "咖啡豆", "code": "CF", "price_fen": 100, "stock": 10, **fields}
    with server.client() as client:
        assert client.post("/api/v1/skus", json=body).status_code == 201


def order(server: LiveServer, quantity: int = 1) -> str:
    body = {"customer_id": "w", "lines": [{"sku": "CF", "quantity": quantity}]}
    with server.client(token=None) as client:
        return str(client.post("/api/v1/orders", json=body).json()["order_no"])


def test_what_happens_is_told(serve: Serve) -> None:
    server = serve()
    with watching(server) as watcher:
        add_sku(server, reorder_point=8)
        assert watcher.next()["data"] == {"sku": "CF", "available": 10, "on_hand": 10}
        number = order(server, 3)
        told = [watcher.next() for _ in range(3)]
    assert [(event["event"], event["data"]) for event in told] == [
        ("order", {"order_no": number, "status": "confirmed", "total_fen": 300}),
        ("stock", {"sku": "CF", "available": 7, "on_hand": 10}),
        ("low_stock", {"sku": "CF", "available": 7, "reorder_point": 8}),
    ]


def test_a_resumed_stream_leaves_nothing_out(serve: Serve) -> None:
    server = serve()
    add_sku(server)
    with watching(server) as watcher:
        first = order(server)
        last = watcher.until("order")
        assert last["data"]["order_no"] == first
    missed = {order(server) for _ in range(5)}
    with watching(server, after=last["id"]) as watcher:
        told = [watcher.until("order")["data"]["order_no"] for _ in range(6)]
        assert set(told) == missed | {first}  # what was seen may be told again
        live = order(server)
        assert any(watcher.until("order")["data"]["order_no"] == live for _ in range(7))


def test_a_stream_may_resume_from_the_beginning_of_time(serve: Serve) -> None:
    server = serve()
    add_sku(server)
    numbers = [order(server) for _ in range(5)]
    with watching(server, after="0-m1") as watcher:
        told = [watcher.until("order")["data"]["order_no"] for _ in numbers]
    assert sorted(told) == sorted(numbers)


def test_a_new_stream_begins_now(serve: Serve) -> None:
    server = serve()
    add_sku(server)
    order(server)
    with watching(server) as watcher:
        number = order(server)
        assert watcher.until("order")["data"]["order_no"] == number


def test_what_another_process_wrote_is_told_too(serve: Serve, database_url: str) -> None:
    server = serve()
    add_sku(server)
    with watching(server) as watcher, closing(Database(database_url)) as elsewhere:
        cause = Cause("terminal", "console:ann")
        elsewhere.run(lambda tx: stock.receive(tx, sku="CF", quantity=5, cause=cause))
        assert watcher.next()["data"]["on_hand"] == 15


def test_every_watcher_is_told(serve: Serve) -> None:
    server = serve()
    add_sku(server)
    with watching(server) as one, watching(server) as two:
        number = order(server)
        for watcher in (one, two):
            assert watcher.until("order")["data"]["order_no"] == number


def test_strangers_and_customers_are_told_nothing(serve: Serve) -> None:
    server = serve()
    add_sku(server)
    body = {"customer_id": "w", "lines": [{"sku": "CF", "quantity": 1}]}
    with server.client() as client:
        token = client.post("/api/v1/orders", json=body).json()["token"]
    for wrong in (None, "wrong", token):
        with server.client(token=wrong) as client:
            refused = client.get(EVENTS)
            assert (refused.status_code, code_of(refused)) == (401, "unauthorized")


def test_a_session_may_watch(serve: Serve, signed_in: SignedIn) -> None:
    cookie = signed_in(Role.VIEWER).client.get_cookie("zhanggui_session")
    assert cookie is not None
    server = serve()
    add_sku(server)
    sent = {"Cookie": f"{cookie.key}={cookie.value}"}
    with server.client(token=None) as client, client.stream("GET", EVENTS, headers=sent) as answer:
        assert answer.status_code == 200
        number = order(server)
        assert Watcher(answer).until("order")["data"]["order_no"] == number


def test_a_stream_is_asked_again_whether_it_may_go_on(shop: Shop) -> None:
    async def listen() -> list[bytes]:
        live = Events(shop.database, ping_s=0.01)
        answers = iter([True, False])
        return [event async for event in live.stream("", allowed=lambda: next(answers))]

    assert asyncio.run(listen()) == [b"retry: 2000\n\n", b": ping\n\n"]


def test_a_stream_that_lags_too_far_behind_is_ended(shop: Shop, add_sku: AddSku) -> None:
    add_sku("CF")

    def five(tx: Tx) -> None:
        for number in range(5):
            stock.receive(tx, sku="CF", quantity=1, cause=Cause(f"m{number}", "test"))

    async def listen() -> list[bytes]:
        live = Events(shop.database, queue=3)
        stream = live.stream("")
        assert await anext(stream) == b"retry: 2000\n\n"
        await asyncio.to_thread(shop.database.run, five)
        return [event async for event in stream]

    assert len(asyncio.run(asyncio.wait_for(listen(), 20))) <= 4


@pytest.mark.parametrize("after", ["x", "1", "m1", "-1-m1", "1-m1x"])
def test_an_id_that_is_none_of_ours_is_refused(serve: Serve, after: str) -> None:
    with serve().client() as client:
        refused = client.get(EVENTS, headers={"Last-Event-ID": after})
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")


def test_streams_are_only_listened_to(serve: Serve) -> None:
    with serve().client() as client:
        refused = client.post(EVENTS, json={})
    assert (refused.status_code, code_of(refused)) == (405, "method_not_allowed")
    assert refused.headers["Allow"] == "GET"


def test_there_are_only_so_many_streams(serve: Serve) -> None:
    server = serve(limits=Limits(streams=1))
    with watching(server), server.client() as client:
        refused = client.get(EVENTS)
        assert (refused.status_code, code_of(refused)) == (503, "overloaded")
        assert "Retry-After" in refused.headers


def test_the_end_of_the_server_is_an_orderly_end_of_the_stream(serve: Serve) -> None:
    server = serve()
    with watching(server) as watcher:
        server.stop()
        assert [line for line in watcher.rest() if line] == ["retry: 2000"]


def test_streams_of_others_are_served_the_same_way(serve: Serve) -> None:
    async def count(request: StreamRequest) -> AsyncIterator[bytes]:
        if "to" not in request.query:
            raise ProblemError("forbidden")
        for number in range(int(request.query["to"])):
            yield f"data: {number}\n\n".encode()

    server = serve(streams={"/count": count})
    with server.client() as client:
        assert client.get("/count?to=3").text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
        assert client.get("/count").status_code == 403
        assert client.get("/count?to=0").status_code == 200


def test_a_reader_who_takes_nothing_is_given_up(serve: Serve) -> None:
    ended = asyncio.Event()

    async def flood(_: StreamRequest) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: " + b"x" * 65536 + b"\n\n"
        finally:
            ended.set()

    server = serve(streams={"/flood": flood}, limits=Limits(send_timeout_s=0.2, streams=1))
    with server.client() as client, client.stream("GET", "/flood"):
        for _ in range(500):
            with server.client() as other:
                if other.get("/healthz").status_code == 200 and ended.is_set():
                    break
    assert ended.is_set()
