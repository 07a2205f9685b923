"""``GET /api/v1/events``: what happens in the shop, live, for managers' machines and pages.

One reader per process looks into the tables, woken by commits of this process and at most a second
apart for those of others. Everything here runs in the event loop; only reading is done in threads.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from store import feed
from store.db import Database
from store.errors import StoreError
from store.feed import FeedEvent, Position
from webhooks.api.problems import FieldFault, ProblemError

logger = logging.getLogger(__name__)

PATH = "/api/v1/events"
POLL_S = 1.0
PING_S = 15.0  # proxies close what is silent for a minute
QUEUE = 1000  # events a client may lag behind before its stream is closed, to be resumed
RETRY_MS = 2000
IDLE_SHARE = 9  # the reader rests this many times as long as a reading took: a tenth of a core
OVERLAP = 4  # lock waits a transaction may go through between its time and its commit

OPERATION: dict[str, Any] = {
    "get": {
        "tags": ["managers"],
        "summary": "What happens, as server-sent events.",
        "description": (
            "stock {sku, available, on_hand}, order {order_no, status, total_fen} and low_stock "
            "{sku, available, reorder_point}. A resumed stream may repeat events, by their id; it "
            "leaves none out."
        ),
        "operationId": "events_get",
        "security": [{"admin": []}],
        "parameters": [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "id of the last event seen",
                "schema": {"type": "string"},
            }
        ],
        "responses": {
            "200": {
                "description": "OK",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **{
                status: {
                    "description": words,
                    "content": {
                        "application/problem+json": {
                            "schema": {"$ref": "#/components/schemas/ProblemOut"}
                        }
                    },
                }
                for status, words in (
                    ("401", "Unauthorized"),
                    ("403", "Forbidden"),
                    ("422", "Unprocessable Entity"),
                    ("503", "Service Unavailable"),
                )
            },
        },
    }
}


class Events:
    """The live events of a shop; streams share one reader, and without a stream nothing is read."""

    def __init__(
        self,
        database: Database,
        *,
        poll_s: float = POLL_S,
        ping_s: float = PING_S,
        queue: int = QUEUE,
    ) -> None:
        self._database = database
        self._poll_s, self._ping_s, self._queue = poll_s, ping_s, queue
        self._overlap = OVERLAP * database.busy_timeout_s
        self._clients: set[_Client] = set()
        self._seen: dict[str, datetime] = {}
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: asyncio.Task[None] | None = None
        self._joining = asyncio.Lock()
        database.on_commit(self._ring)

    async def stream(
        self, after: str, *, allowed: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[bytes]:
        """Server-sent events from the one with id ``after`` on ("" = from now).

        ``allowed`` is asked again at each ping; the stream ends when it says no. Raises
        ``ProblemError`` 422 for an ``after`` that is no id.
        """
        start = _start(after)
        client = _Client(self._queue)
        await self._join(client)
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            async for event in self._past(start):
                yield _encoded(event)
            while not client.lagging:
                fresh = await client.next(self._ping_s)
                if fresh is None and not await asyncio.to_thread(allowed):
                    return
                yield b": ping\n\n" if fresh is None else _encoded(fresh)
        finally:
            self._clients.discard(client)

    async def _past(self, start: datetime | None) -> AsyncIterator[FeedEvent]:
        """What happened since ``start``, the moments before it once more."""
        if start is None:
            return
        position: Position | None = Position.at(feed.earlier(start, self._overlap))
        while position is not None:
            after = position
            events, position = await asyncio.to_thread(
                self._database.read, lambda tx, after=after: feed.page(tx, after)
            )
            for event in events:
                yield event

    async def _join(self, client: "_Client") -> None:
        """Have the client told of everything from now on."""
        async with self._joining:
            if self._reader is None or self._reader.done():
                self._loop = asyncio.get_running_loop()
                self._seen = {event.id: event.at for event in await self._read({})}
                self._reader = asyncio.create_task(self._follow())
            self._clients.add(client)

    async def _follow(self) -> None:
        idle = 0
        loop = asyncio.get_running_loop()
        while idle < 2 * PING_S / self._poll_s:  # a client that comes back finds the reader running
            idle = 0 if self._clients else idle + 1
            self._bell.clear()  # before reading: what is committed meanwhile rings again
            began = loop.time()
            try:
                self._publish(await self._read(self._seen))
            except StoreError as error:
                logger.warning("events_unreadable", extra={"reason": error.code})
            except Exception:  # an edge: a bug here must not silence every stream for good
                logger.exception("events_failed")
            await asyncio.sleep(min(IDLE_SHARE * (loop.time() - began), self._poll_s))
            await self._rung()

    async def _read(self, seen: dict[str, datetime]) -> list[FeedEvent]:
        since = feed.earlier(self._database.now(), self._overlap)
        for name in [name for name, at in seen.items() if at < since]:
            del seen[name]
        return await asyncio.to_thread(self._database.read, lambda tx: feed.fresh(tx, since, seen))

    def _publish(self, events: list[FeedEvent]) -> None:
        self._seen.update((event.id, event.at) for event in events)
        for client in self._clients:
            client.tell(events)

    async def _rung(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._bell.wait()
        except TimeoutError:
            return

    def _ring(self) -> None:
        """Called in whatever thread committed."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._bell.set)


class _Client:
    """The events one stream has not sent yet."""

    def __init__(self, most: int) -> None:
        self.lagging = False
        self._queue: asyncio.Queue[FeedEvent] = asyncio.Queue(most)

    def tell(self, events: list[FeedEvent]) -> None:
        """Queue events; a client that lags too far behind is to start again from its last one."""
        for event in events:
            if self._queue.full():
                self.lagging = True
                return
            self._queue.put_nowait(event)

    async def next(self, timeout_s: float) -> FeedEvent | None:
        """The next event, None when nothing happened for so long."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._queue.get()
        except TimeoutError:
            return None


def _start(after: str) -> datetime | None:
    if not after:
        return None
    try:
        return feed.moment_of(after)
    except ValueError as error:
        raise ProblemError.fields(FieldFault("Last-Event-ID", "is none of ours")) from error


def _encoded(event: FeedEvent) -> bytes:
    fields = json.dumps(event.fields, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.name}\ndata: {fields}\n\n".encode()
