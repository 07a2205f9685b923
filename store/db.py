"""The database: the only place that opens, commits, rolls back and retries transactions."""

import logging
import random
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, create_engine

import store.models  # noqa: F401  (registers the tables; without it create_all makes nothing, silently)
from store import clock
from store.errors import BusyError, UnavailableError

logger = logging.getLogger(__name__)
T = TypeVar("T")

WAL_ATTEMPTS = 200  # some 2 s
PATIENCE_S = 3.0  # that what is patient lets others go first; below the 5 s that anything waits
ATTEMPTS = 6  # a deadlock victim wins on the second try; six tries survive 64 threads on one row
# MySQL: lock wait, deadlock, and MariaDB 11's "record has changed since last read".
_MYSQL_RETRY = {1205, 1213, 1020}
_MYSQL_DUPLICATE = 1062
_MYSQL_GONE = {1040, 1053, 1290, 1836, 1927, 2003, 2006, 2013, 2055}


class RetryError(Exception):
    """Raised inside ``work``: run the whole again (somebody else won a unique key meanwhile)."""


class Tx(Session):
    """One transaction: its instant (UTC), and what it changed so far, for ``store.journal``.

    ``here`` is the chat that it answers (``platform:chat id``): it sees the answer, and need not be
    told of a change of goods as well.
    """

    def __init__(self, bind: Connection, now: datetime) -> None:
        super().__init__(bind=bind, autoflush=True, expire_on_commit=False)
        self.now = now
        self.changes: list[dict[str, Any]] = []
        self.here = ""

    @property
    def mysql(self) -> bool:
        """Whether MySQL or MariaDB is underneath."""
        return self.get_bind().dialect.name == "mysql"


_Place = tuple[threading.Lock, float]  # in a queue, and since when (monotonic)


class FairLock:
    """A mutex that serves in order of arrival; what is patient lets the others go first.

    SQLite's busy handler polls: under 32 writers some starve for seconds, others go thrice. One of
    these stands before every write transaction of the process.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[_Place] = deque()
        self._patient: deque[_Place] = deque()
        self._held = False

    @contextmanager
    def hold(self, timeout_s: float, *, patient: bool = False) -> Iterator[None]:
        """Hold the lock; raises ``BusyError`` when it is not had within ``timeout_s``.

        ``patient``: after all others, but not for longer than ``PATIENCE_S``.
        """
        self._acquire(timeout_s, self._patient if patient else self._waiting)
        try:
            yield
        finally:
            self._release()

    @property
    def waiting(self) -> int:
        """How many stand in the queue now."""
        return len(self._waiting) + len(self._patient)

    def _acquire(self, timeout_s: float, queue: "deque[_Place]") -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            place = (turn, time.monotonic())
            queue.append(place)
        if turn.acquire(timeout=timeout_s):
            return
        with self._guard:
            if place in queue:
                queue.remove(place)
                raise BusyError("write lock")
        # The lock was handed over between the time-out and the guard: it is ours after all.

    def _release(self) -> None:
        with self._guard:
            late = self._patient and time.monotonic() - self._patient[0][1] > PATIENCE_S
            queue = self._patient if late or not self._waiting else self._waiting
            if queue:
                queue.popleft()[0].release()
            else:
                self._held = False


class Database:
    """A shop's database by URL, SQLite or MySQL / MariaDB.

    ``busy_timeout_s`` bounds each wait for a lock: SQLite's busy handler, the write queue,
    InnoDB's lock wait. Thread-safe. ``on_commit`` listeners are called after each write commit,
    outside of any lock, and must not block.
    """

    def __init__(
        self,
        url: str,
        *,
        now: clock.Clock = clock.now,
        busy_timeout_s: float = 5.0,
        pool_size: int = 20,
    ) -> None:
        self.url = make_url(url)
        self.now = now
        self.busy_timeout_s = busy_timeout_s
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.retries = 0
        self._write_turn = FairLock()
        self._listeners: list[Callable[[], None]] = []
        self.engine = (
            self._sqlite_engine(pool_size) if self.sqlite else self._mysql_engine(pool_size)
        )

    def run(self, work: Callable[[Tx], T], *, patient: bool = False) -> T:
        """Run ``work`` in one write transaction and commit it.

        ``patient``: on SQLite, where one writes at a time, others go first, for ``PATIENCE_S`` at
        the most: an order or an acknowledgement should not wait for what can wait.

        Deadlocks and lock waits roll the whole back and run ``work`` again, at most ``ATTEMPTS``
        times: ``work`` touches its ``Tx`` only. Raises ``BusyError`` or ``UnavailableError`` when
        the database does not let us in, else whatever ``work`` raises; nothing is written then.
        Only of a connection that is lost during COMMIT nobody knows: look before trying again.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result = self._write(work, patient=patient)
            except (DBAPIError, RetryError) as error:
                self._settle(error, attempt)
            except PoolTimeoutError as error:
                raise BusyError("every connection is in use") from error
            else:
                for listener in self._listeners:
                    listener()
                return result
        raise AssertionError("unreachable")

    def read(self, work: Callable[[Tx], T], *, snapshot: bool = False) -> T:
        """Run ``work`` and write nothing; ``snapshot``: every statement sees the same instant.

        SQLite always reads a snapshot; MySQL only when asked, for it costs a round trip.
        """
        options: dict[str, Any] = {"zhanggui_begin": "BEGIN"}
        if snapshot and not self.sqlite:
            options["isolation_level"] = "REPEATABLE READ"
        try:
            with (
                self.engine.connect().execution_options(**options) as connection,
                Tx(connection, self.now()) as tx,
            ):
                result = work(tx)
                tx.rollback()
                return result
        except DBAPIError as error:
            raise refusal(error) from error
        except PoolTimeoutError as error:
            raise BusyError("every connection is in use") from error

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each write commit of this process."""
        self._listeners.append(listener)

    def check(self) -> None:
        """Raise ``UnavailableError`` when the database does not answer."""
        self.read(lambda tx: tx.execute(text("SELECT 1")))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def _write(self, work: Callable[[Tx], T], *, patient: bool) -> T:
        if not self.sqlite:
            return self._transact(work)
        with self._write_turn.hold(self.busy_timeout_s, patient=patient):
            return self._transact(work)

    def _transact(self, work: Callable[[Tx], T]) -> T:
        with self.engine.connect() as connection, Tx(connection, self.now()) as tx:
            try:
                result = work(tx)
                tx.commit()
            except BaseException:
                # Always: after 1205 MySQL keeps the half that went through. Of the connection, not
                # of the session: a deadlock drops the savepoints, and the session would return to
                # one first and raise 1305 in the place of 1213.
                connection.rollback()
                raise
            return result

    def _settle(self, error: Exception, attempt: int) -> None:
        """Wait before the next attempt, or raise what the caller should see."""
        if isinstance(error, DBAPIError) and not _retryable(error):
            raise refusal(error) from error
        if attempt == ATTEMPTS:
            raise _given_up(error) from error
        self.retries += 1
        logger.info("transaction_retry", extra={"attempt": attempt, "reason": _reason(error)})
        time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  (jitter, not a secret)

    def _sqlite_engine(self, pool_size: int) -> Engine:
        engine = create_engine(
            self.url,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=self.busy_timeout_s,
            connect_args={"timeout": self.busy_timeout_s, "check_same_thread": False},
            hide_parameters=True,  # names and phones do not belong into an error's text
        )
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _mysql_engine(self, pool_size: int) -> Engine:
        wait = max(1, round(self.busy_timeout_s))
        engine = create_engine(
            self.url.set(query={**self.url.query, "charset": "utf8mb4"}),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=self.busy_timeout_s,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            # Locks are taken before anything is read, so each statement may see the newest.
            isolation_level="READ COMMITTED",
            connect_args={
                "connect_timeout": 5,
                "read_timeout": 30,
                "write_timeout": 30,
                "init_command": (
                    f"SET time_zone='+00:00', innodb_lock_wait_timeout={wait}, "
                    "sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
                ),
            },
        )
        event.listen(engine, "connect", _assert_utf8mb4)
        return engine


def database_now(tx: Tx) -> datetime:
    """The database's own clock in UTC: the one clock several processes share."""
    if tx.mysql:
        value = tx.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
    else:
        value = datetime.fromisoformat(
            tx.execute(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")).scalar_one()
        )
    return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]  # scalar_one is Any


def refusal(error: DBAPIError) -> Exception:
    """``BusyError`` or ``UnavailableError`` where the database refuses; a bug stays what it is."""
    if _sqlite_busy(error):
        return BusyError("database is locked")
    unusable = ("disk is full", "disk I/O error", "readonly database", "unable to open")
    if (
        error.connection_invalidated
        or _code(error) in _MYSQL_GONE
        or any(s in str(error.orig) for s in unusable)
    ):
        return UnavailableError("the database cannot be reached or written")
    return error


def _tune_sqlite(raw: Any, _: Any) -> None:
    raw.isolation_level = None  # pysqlite would begin late and only for writes; we begin ourselves
    cursor = raw.cursor()
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged order survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """SQLite asks no busy handler here, and processes that start on a new file switch at once."""
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == WAL_ATTEMPTS:
                raise
            time.sleep(random.uniform(0, 0.02))  # noqa: S311  (jitter, not a secret)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: SQLite has no row locks, and SQLAlchemy drops FOR UPDATE there in silence.
    connection.exec_driver_sql(
        connection.get_execution_options().get("zhanggui_begin", "BEGIN IMMEDIATE")
    )


def _assert_utf8mb4(raw: Any, _: Any) -> None:
    cursor = raw.cursor()
    cursor.execute("SELECT @@character_set_database, @@version")
    charset, version = cursor.fetchone()
    cursor.close()
    if charset != "utf8mb4":
        raise UnavailableError(
            f"the database's character set is {charset}; it must be utf8mb4 "
            "(ALTER DATABASE … CHARACTER SET utf8mb4)"
        )
    numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    if numbers < ((10, 6) if "mariadb" in version.lower() else (8, 0)):
        raise UnavailableError(
            f"the database server is {version}; MariaDB 10.6 or MySQL 8.0 and later are supported"
        )


def _given_up(error: Exception) -> Exception:
    """A key that is taken every time is no race but a bug of ours."""
    return error if isinstance(error, IntegrityError) else BusyError("gave up after retries")


def _code(error: DBAPIError) -> int | None:
    first = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return first if isinstance(first, int) else None


def _reason(error: Exception) -> str:
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    return str(_code(error) or "busy")


def _sqlite_busy(error: DBAPIError) -> bool:
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def _retryable(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError):
        # Somebody else won a unique key between our look and our write, which only MySQL lets in.
        return _code(error) == _MYSQL_DUPLICATE
    return isinstance(error, OperationalError | InternalError) and _code(error) in _MYSQL_RETRY
