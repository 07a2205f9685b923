"""Who does the background work now: one process at a time, by a lease on the database's clock."""

import logging
import threading
import time
from collections.abc import Callable

from store import jobs
from store.db import Database, Tx
from store.errors import StoreError
from store.jobs import Held

logger = logging.getLogger(__name__)

NAME = "worker"
TTL_S = 10.0
RENEW_S = 3.0
# Without the lease it is asked for this often: a dead holder is replaced within TTL_S + RETRY_S.
RETRY_S = 2.0
# We stop this long before the database would hand the lease on: our clock may run slower than its.
MARGIN_S = 1.0


class Leadership:
    """Takes and renews the lease in a thread of its own; ``held`` says whether we may work.

    ``owner`` names this process, unlike any other. Time is monotonic here and the database's own
    there: the wall clock may jump as it likes.
    """

    def __init__(
        self,
        database: Database,
        *,
        owner: str,
        ttl_s: float = TTL_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = owner
        self._database = database
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._held: Held | None = None
        self._valid_until = 0.0
        self._gained: list[Callable[[Held], None]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def held(self) -> Held | None:
        """The lease while it is certainly ours, else None; costs nothing.

        Between this look and what is done the process may be stopped for long: whoever writes
        calls ``jobs.guard`` in the same transaction.
        """
        return self._held if self._monotonic() < self._valid_until else None

    def on_gain(self, listener: Callable[[Held], None]) -> None:
        """Have ``listener`` called each time the lease becomes ours."""
        self._gained.append(listener)

    def turn(self) -> None:
        """Renew the lease, or ask for it once."""
        began = self._monotonic()
        try:
            held = self._database.run(self._ask)
        except StoreError as error:
            # What we hold stays ours until its time is up.
            logger.warning("lease_unreachable", extra={"reason": str(error)})
            return
        gained = held is not None and held != self._held
        if self._held is not None and held is None:
            logger.warning("lease_lost", extra={"epoch": self._held.epoch})
        self._held = held
        self._valid_until = began + self._ttl_s - MARGIN_S if held else 0.0
        if held is not None and gained:
            logger.info("lease_gained", extra={"epoch": held.epoch})
            for listener in self._gained:
                listener(held)

    def start(self) -> None:
        """Ask for the lease now, and keep it or go on asking in the background."""
        self.turn()
        self._thread = threading.Thread(target=self._loop, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        held, self._held, self._valid_until = self._held, None, 0.0
        if held is not None:
            try:
                self._database.run(lambda tx: jobs.release(tx, held))
            except StoreError as error:
                logger.warning("lease_unreachable", extra={"reason": str(error)})

    def _ask(self, tx: Tx) -> Held | None:
        if self._held is not None and jobs.renew(tx, self._held, ttl_s=self._ttl_s):
            return self._held
        return jobs.acquire(tx, name=NAME, owner=self.owner, ttl_s=self._ttl_s)

    def _loop(self) -> None:
        while not self._stopping.wait(RENEW_S if self._held else RETRY_S):
            try:
                self.turn()
            except Exception:  # an edge: the thread must not die of one failure
                logger.exception("lease_failed")
