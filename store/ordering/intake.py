"""Where orders wait: each customer's in order of arrival, customers in turn, and none for ever.

A committer takes whatever waits and has it decided and written in one transaction
(``store.ordering.placing``): alone an order commits at once, under load a commit is shared.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from zlib import crc32

from store.db import Database
from store.errors import BusyError, UnavailableError
from store.ordering.placing import Asked, Outcome, place_all
from store.ordering.requests import Placed, Terms
from store.sealing import Vault

logger = logging.getLogger(__name__)

MOST_WAITING = 4096  # orders; more are told to try again
MOST_OF_ONE = 256  # orders of one customer: a flood fills its own queue, not everybody's
BATCH = 256  # orders in one transaction; beyond it batches get no cheaper
WAIT_S = 5.0  # longer nobody waits for the answer

Answer = Outcome | Exception
Done = Callable[[Answer], None]


class Intake:
    """Takes orders of a shop and answers each once it is durable. Thread-safe.

    A customer's orders keep their order: they go through one lane, decided by one committer.
    SQLite lets one write at a time, so it has one lane; on MySQL a second decides while the first
    one waits for the disk.
    """

    def __init__(
        self,
        database: Database,
        *,
        terms: Terms,
        vault: Vault,
        most: int = MOST_WAITING,
        batch: int = BATCH,
        wait_s: float = WAIT_S,
    ) -> None:
        self._wait_s = wait_s

        def decide(asked: Sequence[Asked]) -> list[Outcome]:
            return database.run(lambda tx: place_all(tx, asked, terms=terms, vault=vault))

        count = 1 if database.sqlite else 2
        self._lanes = [_Lane(decide, most=most // count, batch=batch) for _ in range(count)]

    def submit(self, asked: Asked, done: Done) -> None:
        """Have an order decided; ``done`` is called with what came of it, in another thread.

        Raises ``BusyError`` when too many wait. What is still waiting after ``wait_s`` ends as a
        ``BusyError`` too, undecided. ``done`` must not block and not raise.
        """
        lane = self._lanes[crc32(asked.request.customer_id.encode()) % len(self._lanes)]
        lane.put(_Waiting(asked, done, time.monotonic() + self._wait_s))

    def place(self, asked: Asked) -> Placed:
        """The same for a thread that waits; raises the refusal."""
        answer: Future[Placed] = Future()

        def done(outcome: Answer) -> None:
            if isinstance(outcome, Placed):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)

        self.submit(asked, done)
        return answer.result()

    @property
    def waiting(self) -> int:
        """How many orders wait now."""
        return sum(lane.waiting for lane in self._lanes)

    def close(self) -> None:
        """Decide what waits, take nothing more, and return when it is done."""
        for lane in self._lanes:
            lane.close()


@dataclass(frozen=True, slots=True)
class _Waiting:
    asked: Asked
    done: Done
    until: float  # monotonic


class _Lane:
    """A queue and the thread that empties it."""

    def __init__(
        self, decide: Callable[[Sequence[Asked]], list[Outcome]], *, most: int, batch: int
    ) -> None:
        self._decide, self._most, self._batch = decide, most, batch
        self._changed = threading.Condition()
        self._turns: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self.waiting = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def put(self, waiting: _Waiting) -> None:
        customer = waiting.asked.request.customer_id
        with self._changed:
            own = self._turns.get(customer)
            if self._closing or self.waiting >= self._most or len(own or ()) >= MOST_OF_ONE:
                raise BusyError("too many orders wait")
            if own is None:
                self._turns[customer] = deque([waiting])
            else:
                own.append(waiting)
            self.waiting += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._commit, name="orders", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _commit(self) -> None:
        """Decide what waits, never wait for more, until there is nothing and no more will come."""
        while taken := self._take():
            now = time.monotonic()
            for late in (one for one in taken if one.until < now):
                _answer(late, BusyError("waited too long"))
            self._settle([one for one in taken if one.until >= now])

    def _take(self) -> list[_Waiting]:
        """One order of each customer in turn, as long as there are any."""
        with self._changed:
            self._changed.wait_for(lambda: self._turns or self._closing)
            taken: list[_Waiting] = []
            while self._turns and len(taken) < self._batch:
                customer, own = self._turns.popitem(last=False)
                taken.append(own.popleft())
                if own:
                    self._turns[customer] = own
            self.waiting -= len(taken)
            return taken

    def _settle(self, taken: Sequence[_Waiting]) -> None:
        """Decide a batch and answer each; what cannot be written with others is tried alone."""
        if not taken:
            return
        try:
            outcomes: Sequence[Answer] = self._decide([one.asked for one in taken])
        except (BusyError, UnavailableError) as error:  # the database's word, to all of them
            outcomes = [error] * len(taken)
        except Exception as error:  # noqa: BLE001  (one of them is poison: its neighbours must not suffer)
            if len(taken) > 1:
                middle = len(taken) // 2
                self._settle(taken[:middle])
                self._settle(taken[middle:])
                return
            outcomes = [error]
        for one, outcome in zip(taken, outcomes, strict=True):
            _answer(one, outcome)


def _answer(waiting: _Waiting, outcome: Answer) -> None:
    """Tell one; whoever hung up must not rob those behind of their answers."""
    try:
        waiting.done(outcome)
    except Exception:
        logger.exception("order_answer_lost")
