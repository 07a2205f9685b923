"""Outgoing calls: each ends within its bounds, and no error of one tells its address.

requests and httpx bound each read, so a server that drips a byte a second holds a thread for ever.
Here every call runs in one event loop and is cancelled as a whole.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import httpx
import requests
from requests.adapters import BaseAdapter

from bot.platforms.base import CALL_S, CONNECT_S, SendError, TooLargeError

T = TypeVar("T")
TIMEOUT = httpx.Timeout(CALL_S, connect=CONNECT_S)
MOST_BYTES = 20 << 20  # of an answer: a file of 10 MiB with room to spare
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object that every platform answers with.

        Raises ``SendError`` (unreachable, uncertain) for anything else: a proxy's error page, a
        redirect, nothing at all.
        """
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SendError(f"HTTP {self.status} without JSON", unreachable=True, uncertain=True)
        return found


class Calls:
    """One event loop in a thread of its own, and the connections it keeps. Thread-safe."""

    def __init__(self) -> None:
        # It tells whole addresses, robots' keys included, at INFO.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], *, whole_s: float = CALL_S) -> T:
        """The result of ``work``, which is cancelled after ``whole_s``. Raises ``SendError``."""
        future = asyncio.run_coroutine_threadsafe(_bounded(work, whole_s), self._running())
        return future.result()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        document: Any = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; ``document`` goes as raw UTF-8 JSON. Redirects are not followed.

        Raises ``SendError`` when nobody answers in time.
        """
        sent = dict(headers or {})
        if document is not None:
            content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            sent.setdefault("Content-Type", "application/json; charset=utf-8")
        made = httpx.Request(
            method, url, params=params, content=content, files=files, data=data, headers=sent
        )
        return self.run(self._answer(made))

    def close(self) -> None:
        """End the loop; calls under way fail."""
        with self._guard:
            loop, client, self._loop, self._client = self._loop, self._client, None, None
        if loop is not None and client is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(client.aclose(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
                self._thread = threading.Thread(
                    target=_turn, args=[self._loop], name="calls", daemon=True
                )
                self._thread.start()
            return self._loop

    async def _answer(self, request: httpx.Request) -> Answer:
        if self._client is None:  # pragma: no cover  (``run`` made it)
            raise SendError("closed", unreachable=True)
        request.extensions["timeout"] = TIMEOUT.as_dict()
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise TooLargeError("the answer is too large")
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body))


class BoundedAdapter(BaseAdapter):
    """Carries the requests of a ``requests.Session`` through ``Calls``."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def send(  # type: ignore[override]  # requests passes keywords we have no use for
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        """The answer. Raises ``SendError`` in place of what requests raises."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        got = self._calls.request(
            request.method or "GET", request.url or "", content=body, headers=headers
        )
        response = requests.Response()
        response.status_code = got.status
        response.headers.update(got.headers)
        response.raw = BytesIO(got.body)
        response.request = request
        response.url = request.url or ""
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing of its own to give back."""


async def _bounded(work: Coroutine[Any, Any, T], whole_s: float) -> T:
    try:
        async with asyncio.timeout(whole_s):
            return await work
    except _NEVER_SENT:
        raise SendError("cannot connect", unreachable=True) from None  # its text holds the address
    except (TimeoutError, httpx.TimeoutException):
        raise SendError(
            "no answer in time", unreachable=True, uncertain=True
        ) from None  # its text holds the address
    except httpx.HTTPError:
        raise SendError(
            "connection lost", unreachable=True, uncertain=True
        ) from None  # its text holds the address


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
