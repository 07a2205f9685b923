"""The fast lane: ``POST /api/v1/orders`` answered in the event loop, without Flask and a thread.

It checks, refuses, counts and answers what the Flask route does, by the same functions; whoever
comes with a cookie goes to the Flask app, which knows sessions.
"""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from store import idempotency
from store.errors import StoreError
from store.idempotency import Key
from store.ordering.placing import Asked
from webhooks.api import bodies, problems
from webhooks.api.parameters import IdempotencyHeader
from webhooks.api.problems import ProblemError
from webhooks.api.routing import read
from webhooks.api.schemas import OrderIn
from webhooks.api.skus import REPLAYED
from webhooks.api.till import Turn, asked_for
from webhooks.app import HEADERS
from webhooks.server.gate import Answer
from webhooks.shop import Shop

logger = logging.getLogger(__name__)

PATH = "/api/v1/orders"
_PLAIN = {"Content-Type": bodies.JSON, **HEADERS}


class OrderLane:
    """Answers orders of a shop; lives in one event loop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._turn: Turn | None = None

    def takes(self, method: str, path: str) -> bool:
        """Whether an order is placed."""
        return path == PATH and method == "POST"

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Sessions are the Flask app's."""
        return "cookie" not in headers

    async def answer(self, headers: Mapping[str, str], peer: str, raw: bytes) -> Answer:
        """Place an order; header names are lower-case, ``peer`` is the other side's address."""
        began = time.perf_counter()
        try:
            answer = await self._placed(headers, peer, raw)
        except Exception as error:  # noqa: BLE001  (told apart below; a bug is logged)
            self._shop.till.refused(error, began)
            answer = _refusal(error)
        self._shop.metrics.http("POST", PATH, answer.status)
        return answer

    async def _placed(self, headers: Mapping[str, str], peer: str, raw: bytes) -> Answer:
        caller = self._shop.access.caller(headers.get("authorization", ""), {})
        asked = _asked(headers, raw)
        address = None
        if caller is None:
            address = self._shop.access.address(peer, headers.get("x-forwarded-for", ""))
        if self._turn is None:
            self._turn = Turn()
        placed = await self._shop.till.take_in_loop(asked, address, self._turn)
        head = {**_PLAIN, **REPLAYED} if placed.replayed else _PLAIN
        return Answer(HTTPStatus.CREATED, head, bodies.encode(placed.answer))


def _asked(headers: Mapping[str, str], raw: bytes) -> Asked:
    """The order in a request; raises ``ProblemError``, ``InvalidValueError``."""
    said = headers.get("idempotency-key")
    if said is not None:
        read(IdempotencyHeader, {"Idempotency-Key": said})
    if not raw:
        raise ProblemError("invalid_request", "The body is empty.", status=400)
    bodies.check_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
    value = bodies.decode(raw)
    body = cast("OrderIn", read(OrderIn, value))
    return asked_for(body, Key(said, idempotency.fingerprint(value)) if said else None)


def _refusal(error: Exception) -> Answer:
    if isinstance(error, StoreError):
        found = problems.of_store(error)
    elif isinstance(error, ProblemError):
        found = error.problem
    else:
        found, reference = problems.of_bug()
        told = {"reference": reference, "method": "POST", "route": PATH}
        logger.error("internal_error", exc_info=error, extra=told)
    headers = {"Content-Type": problems.CONTENT_TYPE, **HEADERS, **dict(found.headers)}
    return Answer(found.status, headers, found.encode())
