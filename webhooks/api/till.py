"""Where every entrance has its orders taken: admitted, decided in turn, counted. No Flask here."""

import asyncio
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from store.db import Database
from store.errors import (
    InsufficientStockError,
    PriceChangedError,
    SkuNotForSaleError,
    StoreError,
)
from store.idempotency import Key
from store.ordering import placing
from store.ordering.intake import Answer, Intake
from store.ordering.placing import Asked
from store.ordering.requests import Contact, LineRequest, OrderRequest, Placed, merged
from webhooks.api.limiting import OrderLimiter
from webhooks.api.problems import ProblemError
from webhooks.api.schemas import OrderIn
from webhooks.metrics import ACCEPTED, Metrics

RECENT = 10_000  # accepted orders whose keys are known without asking the database


@dataclass(frozen=True, slots=True)
class Till:
    """Takes the orders of a shop. Thread-safe.

    ``address`` is where an order comes from, None when nobody counts how often (a manager's).
    Raises ``ProblemError`` 429 and what ``store.ordering`` refuses.
    """

    database: Database
    intake: Intake
    limiter: OrderLimiter
    metrics: Metrics
    recent: "_Recent"

    def take(self, asked: Asked, address: str | None) -> Placed:
        """Place an order and wait for it."""
        began = time.perf_counter()
        over = self._over(asked, address)
        if over is not None and not self._remembered(asked):
            raise over
        placed = self.intake.place(asked)
        self._note(asked, placed, began)
        return placed

    async def take_in_loop(self, asked: Asked, address: str | None, turn: "Turn") -> Placed:
        """The same without holding a thread; ``turn`` is of the running loop."""
        began = time.perf_counter()
        over = self._over(asked, address)
        if over is not None and not await asyncio.to_thread(self._remembered, asked):
            raise over
        outcome = await turn.ask(self.intake, asked)
        if isinstance(outcome, Exception):
            raise outcome
        self._note(asked, outcome, began)
        return outcome

    def refused(self, error: Exception, began: float) -> None:
        """Count why an order was not taken, by a refusal or by a fault of ours."""
        self.metrics.order(_outcome(error), _known(error), time.perf_counter() - began)

    def _over(self, asked: Asked, address: str | None) -> ProblemError | None:
        """The refusal of whoever orders too often; the same order again is no new one."""
        if address is None or self.recent.knows(asked):
            return None
        try:
            self.limiter.count(customer_id=asked.request.customer_id, address=address)
        except ProblemError as refusal:
            return refusal
        return None

    def _remembered(self, asked: Asked) -> bool:
        """Whether this is an accepted order asked for again."""
        key = asked.key
        if key is None:
            return False
        customer = asked.request.customer_id
        return self.database.read(lambda tx: placing.remembered(tx, customer, key))

    def _note(self, asked: Asked, placed: Placed, began: float) -> None:
        self.recent.add(asked)
        if not placed.replayed:
            skus = tuple(line["sku"] for line in placed.answer["lines"])
            self.metrics.order(ACCEPTED, skus, time.perf_counter() - began)


class Turn:
    """Carries answers from the committers' threads into one event loop, many at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answered: deque[tuple[asyncio.Future[Answer], Answer]] = deque()
        self._woken = False

    def ask(self, intake: Intake, asked: Asked) -> "asyncio.Future[Answer]":
        """What comes of an order; raises ``BusyError`` when too many wait."""
        future: asyncio.Future[Answer] = self._loop.create_future()

        def done(outcome: Answer) -> None:
            self._answered.append((future, outcome))
            if not self._woken:  # one call into the loop for a whole batch
                self._woken = True
                self._loop.call_soon_threadsafe(self._deliver)

        intake.submit(asked, done)
        return future

    def _deliver(self) -> None:
        self._woken = False
        while self._answered:
            future, outcome = self._answered.popleft()
            if not future.done():
                future.set_result(outcome)


class _Recent:
    """The keys of the last accepted orders."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def add(self, asked: Asked) -> None:
        if asked.key is None:
            return
        with self._guard:
            self._known[asked.scope, asked.key.value] = asked.key.fingerprint
            if len(self._known) > RECENT:
                self._known.popitem(last=False)

    def knows(self, asked: Asked) -> bool:
        if asked.key is None:
            return False
        return self._known.get((asked.scope, asked.key.value)) == asked.key.fingerprint


def make_till(database: Database, intake: Intake, limiter: OrderLimiter, metrics: Metrics) -> Till:
    """A till that knows no orders yet."""
    return Till(database, intake, limiter, metrics, _Recent())


def asked_for(body: OrderIn, key: Key | None) -> Asked:
    """What the store decides on; nothing of HTTP is left in it. Raises ``InvalidValueError``."""
    request = OrderRequest(
        customer_id=body.customer_id,
        lines=merged([LineRequest(line.sku, line.quantity, line.price_fen) for line in body.lines]),
        contact=Contact(**body.contact.model_dump()) if body.contact else None,
        remark=body.remark,
        channel=body.channel,
    )
    return Asked(request, key)  # the model has checked each field by the store's own rules


def _outcome(error: Exception) -> str:
    if isinstance(error, StoreError):
        return error.code
    return error.problem.code if isinstance(error, ProblemError) else "internal_error"


def _known(error: Exception) -> tuple[str, ...]:
    """The SKUs that a refusal names and the shop has; labels must not be made of guesses."""
    if isinstance(error, SkuNotForSaleError):
        return error.skus
    if isinstance(error, InsufficientStockError | PriceChangedError):
        return tuple(line.sku for line in error.lines)
    return ()
