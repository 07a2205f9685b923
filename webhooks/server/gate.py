"""The layer in the event loop, before the Flask app.

It reads every body whole before a worker thread is taken, so that a slow or endless one costs no
thread; it bounds what waits; and it answers event streams, which would hold a thread each.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from a2wsgi import WSGIMiddleware
from flask import Flask

from webhooks.api import problems
from webhooks.api.problems import Problem, ProblemError
from webhooks.api.routing import body_limit
from webhooks.app import HEADERS

logger = logging.getLogger(__name__)

BODY_TIMEOUT_S = 10.0
WORKERS = 16  # below the database's 20 connections: the worker's threads need some as well
WAITING = 256  # requests that wait for a thread; 250 orders a second: the last waits one second
HELD_BYTES = 64 << 20  # of bodies, all requests together
STREAMS = 200
SEND_TIMEOUT_S = 20.0  # a stream whose reader takes nothing for so long is dead
LINGER_S = 2.0  # after a refusal: read on so long, or the client sees a reset, not the answer
LINGER_BYTES = 16 << 20

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a stream may want to know of its request; header names are lower-case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]


class Stream(Protocol):
    """Makes the server-sent events that answer a request.

    A ``ProblemError`` before the first one is the answer instead.
    """

    def __call__(self, request: StreamRequest) -> AsyncIterator[bytes]:
        """The events, encoded."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lane(Protocol):
    """Answers requests of one kind in the event loop."""

    def takes(self, method: str, path: str) -> bool:
        """Whether this kind of request is the lane's."""
        ...

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether it can be answered without the app; names are lower-case."""
        ...

    async def answer(self, headers: Mapping[str, str], peer: str, raw: bytes) -> Answer:
        """The answer; it raises nothing. ``peer`` is the other side's address."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the layer takes on; tests pass smaller ones."""

    body_timeout_s: float = BODY_TIMEOUT_S
    workers: int = WORKERS
    waiting: int = WAITING
    held_bytes: int = HELD_BYTES
    streams: int = STREAMS
    send_timeout_s: float = SEND_TIMEOUT_S
    linger_s: float = LINGER_S


class DisconnectedError(Exception):
    """The client went away."""


class Gate:
    """The ASGI application: streams by path, everything else is the WSGI app's.

    It lives in one event loop, so it needs no locks.
    """

    def __init__(
        self,
        app: Flask,
        *,
        streams: Mapping[str, Stream],
        lane: "Lane | None" = None,
        limits: Limits | None = None,
    ) -> None:
        self.app = app
        self._lane = lane
        self._streams = dict(streams)
        self._limits = limits or Limits()
        self._wsgi: Any = WSGIMiddleware(app.wsgi_app, workers=self._limits.workers)  # type: ignore[arg-type]  # a2wsgi's own WSGI types
        self._closing = asyncio.Event()
        self._running = 0
        self._held = 0
        self._streaming = 0

    def close(self) -> None:
        """End every stream and begin no new one: the server is about to stop."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        exchange = _Exchange(scope, receive, send, self._limits.linger_s)
        try:
            if scope["path"] in self._streams:
                await self._stream(exchange)
            elif self._lane is not None and self._lane.takes(exchange.method, exchange.path):
                await self._ride(exchange, self._lane)
            else:
                await self._answer(exchange)
        except DisconnectedError:
            return
        except ProblemError as error:
            await exchange.refuse(error.problem)
        except Exception as error:
            if exchange.started:
                raise  # uvicorn closes the connection: half an answer must not look whole
            found, reference = problems.of_bug()
            logger.exception("internal_error", exc_info=error, extra={"reference": reference})
            await exchange.refuse(found)

    async def _answer(self, exchange: "_Exchange") -> None:
        try:
            await self._read(exchange)
            if self._running >= self._limits.workers + self._limits.waiting:
                raise ProblemError.busy()
            self._running += 1
            try:
                await self._wsgi(exchange.plain_scope(), exchange.whole_body, exchange.send)
            finally:
                self._running -= 1
        finally:
            self._held -= len(exchange.body)

    async def _ride(self, exchange: "_Exchange", lane: "Lane") -> None:
        """Answer in the event loop, unless the lane leaves it to the app."""
        request = exchange.request()
        if not lane.knows(request.headers):
            await self._answer(exchange)
            return
        try:
            await self._read(exchange)
            await exchange.answer(
                await lane.answer(request.headers, exchange.peer, bytes(exchange.body))
            )
        finally:
            self._held -= len(exchange.body)

    async def _read(self, exchange: "_Exchange") -> None:
        """Take the whole body; raises ``ProblemError`` 408, 413 or 503, ``DisconnectedError``."""
        limit = body_limit(exchange.path)
        if exchange.declared_length > limit:
            raise ProblemError("too_large")
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                async for chunk in exchange.chunks():
                    if len(exchange.body) + len(chunk) > limit:
                        raise ProblemError("too_large")
                    if self._held + len(chunk) > self._limits.held_bytes:
                        raise ProblemError.busy()
                    exchange.body += chunk
                    self._held += len(chunk)
        except TimeoutError as error:
            raise ProblemError("request_timeout") from error

    async def _stream(self, exchange: "_Exchange") -> None:
        if exchange.method != "GET":
            raise ProblemError("method_not_allowed", headers={"Allow": "GET"})
        if self._closing.is_set() or self._streaming >= self._limits.streams:
            raise ProblemError.busy()
        self._streaming += 1
        try:
            events = self._streams[exchange.path](exchange.request())
            async with aclosing(events) as open_events:  # type: ignore[type-var]  # generators all
                first = await anext(open_events, b"")
                await exchange.begin_stream()
                await self._until_over(exchange, first, open_events)
            await exchange.end_stream()
        finally:
            self._streaming -= 1

    async def _until_over(
        self, exchange: "_Exchange", first: bytes, events: AsyncIterator[bytes]
    ) -> None:
        """Send events until they end, the client is gone or too slow, or the server stops."""
        tasks = [
            asyncio.create_task(self._pump(exchange, first, events)),
            asyncio.create_task(exchange.gone()),
            asyncio.create_task(self._closing.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _pump(
        self, exchange: "_Exchange", first: bytes, events: AsyncIterator[bytes]
    ) -> None:
        await self._send(exchange, first)
        async for event in events:
            await self._send(exchange, event)

    async def _send(self, exchange: "_Exchange", event: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.send_timeout_s):
                await exchange.send(
                    {"type": "http.response.body", "body": event, "more_body": True}
                )
        except TimeoutError as error:
            raise DisconnectedError from error


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, linger_s: float) -> None:
        self.body = bytearray()
        self.started = False
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self._scope = scope
        self._receive = receive
        self._send = send
        self._complete = False
        self._linger_s = linger_s
        # nginx drops names with underscores too: WSGI cannot tell them from those with hyphens.
        self._headers = [pair for pair in scope["headers"] if b"_" not in pair[0]]

    @property
    def declared_length(self) -> int:
        """What the client says the body's length is; it may lie."""
        said = dict(self._headers).get(b"content-length", b"0")
        return int(said) if said.isdigit() else 0

    def request(self) -> StreamRequest:
        """The request as a stream sees it."""
        headers: dict[str, str] = {}
        for name, value in self._headers:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            joint = "; " if key == "cookie" else ","
            headers[key] = f"{headers[key]}{joint}{text}" if key in headers else text
        query = parse_qsl(self._scope["query_string"].decode("latin-1"), max_num_fields=50)
        return StreamRequest(headers, dict(query))

    def plain_scope(self) -> Scope:
        """The scope with the body's true length: WSGI knows no other way to tell its end."""
        kept = [
            pair
            for pair in self._headers
            if pair[0] not in {b"content-length", b"transfer-encoding"}
        ]
        if self.body:
            kept.append((b"content-length", str(len(self.body)).encode()))
        return {**self._scope, "headers": kept}

    async def whole_body(self) -> Event:
        """What the WSGI app receives."""
        return {"type": "http.request", "body": bytes(self.body), "more_body": False}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in."""
        while not self._complete:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise DisconnectedError
            self._complete = not event.get("more_body", False)
            yield event.get("body", b"")

    async def gone(self) -> None:
        """Return when the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send(self, event: Event) -> None:
        """Send a part of the answer."""
        self.started = True
        await self._send(event)

    @property
    def peer(self) -> str:
        """The address of the other side, "" when there is none (a Unix socket)."""
        client = self._scope.get("client")
        return str(client[0]) if client else ""

    async def answer(self, answer: Answer) -> None:
        """Send an answer that is whole."""
        await self._begin(
            answer.status, {**answer.headers, "Content-Length": str(len(answer.body))}
        )
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def begin_stream(self) -> None:
        """Send the head of a stream; nginx must not collect it."""
        own = {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        await self._begin(200, {**HEADERS, **own})

    async def end_stream(self) -> None:
        """Close the stream so that the client comes back."""
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, found: Problem) -> None:
        """Answer with a problem; a body that is still coming is not waited for long."""
        content = found.encode()
        own = {"Content-Type": problems.CONTENT_TYPE, "Content-Length": str(len(content))}
        if not self._complete and self.method not in {"GET", "HEAD"}:
            own["Connection"] = "close"
        try:
            await self._begin(found.status, {**HEADERS, **own, **dict(found.headers)})
            shown = b"" if self.method == "HEAD" else content
            await self.send({"type": "http.response.body", "body": shown, "more_body": True})
            if "Connection" in own:
                await self._linger()
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        except DisconnectedError:
            return

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        encoded = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _linger(self) -> None:
        """Read on for a moment and forget it."""
        if b"expect" in dict(self._headers):
            return  # the client waits for our word before it sends anything
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(self._linger_s):
                async for chunk in self.chunks():
                    left -= len(chunk)
                    if left < 0:
                        return
        except TimeoutError:
            return
