"""Where HTTP begins: the Flask app behind the gate, the live events, and the server around them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import uvicorn
from flask import Blueprint, Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import parse_cookie

from bot.messages import Role
from webhooks import access
from webhooks.access import Caller
from webhooks.api import events
from webhooks.api.events import Events
from webhooks.app import create_app
from webhooks.server.gate import Gate, Limits, Stream, StreamRequest
from webhooks.server.lane import OrderLane
from webhooks.shop import Shop

CONNECTIONS = 900  # below the usual limit of 1024 open files; more are told to try again
BACKLOG = 2048
DRAIN_S = 20  # longest wait for answers under way when the server is stopped


def create_asgi(
    shop: Shop,
    *,
    blueprints: Iterable[Blueprint] = (),
    streams: Mapping[str, Stream] | None = None,
    limits: Limits | None = None,
) -> Gate:
    """The ASGI application of a shop; ``blueprints`` and ``streams`` (by path) are added to it."""
    app = create_app(shop, *blueprints)
    live = {events.PATH: _events(shop, app), **(streams or {})}
    return Gate(app, streams=live, lane=OrderLane(shop), limits=limits)


def make_server(gate: Gate, *, backlog: int = BACKLOG, drain_s: int = DRAIN_S) -> "Server":
    """A server for sockets that are listening already: ``make_server(...).run(sockets=[...])``."""
    parsing: dict[str, Any] = {"ws": "none"}
    if find_spec("httptools"):
        from webhooks.server.http11 import BoundedProtocol  # noqa: PLC0415  (where it was built)

        parsing["http"] = BoundedProtocol
    config = uvicorn.Config(
        gate,
        **parsing,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # X-Forwarded-For is ours to judge, see webhooks.access
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=drain_s,
        backlog=backlog,
    )
    return Server(config, gate)


class Server(uvicorn.Server):
    """uvicorn, which waits for every answer before it stops; event streams have no end."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self._gate = gate

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then what uvicorn does."""
        self._gate.close()
        await super().shutdown(sockets)


def _events(shop: Shop, app: Flask) -> Stream:
    """The live events, for people and machines of the shop."""
    live = Events(shop.database)
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)

    def caller(request: StreamRequest) -> Caller | None:
        cookie = parse_cookie(request.headers.get("cookie", "")).get(access.COOKIE, "")
        session = shop.access.session_of(cookie, serializer) if cookie and serializer else {}
        return shop.access.caller(request.headers.get("authorization", ""), session)

    async def stream(request: StreamRequest) -> AsyncIterator[bytes]:
        access.needs(await asyncio.to_thread(caller, request), Role.VIEWER)
        after = request.headers.get("last-event-id", "")
        async for event in live.stream(after, allowed=lambda: caller(request) is not None):
            yield event

    return stream
