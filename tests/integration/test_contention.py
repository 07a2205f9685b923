"""Many at once: nothing is sold twice, nobody fails for another's sake, and waiting has an end."""

import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import text

from store import audit, skus, stock
from store.db import Database, Tx
from store.errors import BusyError, InsufficientStockError
from store.idempotency import Key
from store.models import Order
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft
from store.stock import Cause
from tests.fakes.clock import FakeClock

VAULT = Vault("k" * 32)
HELD_S = 3.0


@pytest.fixture
def goods(db: Database) -> Database:
    db.run(_stocked)
    return db


def _stocked(tx: Tx) -> None:
    for code, units in (("A", 40), ("B", 1000)):
        draft = SkuDraft(f"goods {code}", 100, 0, code=code, stock=units)
        skus.add(tx, draft, cause=Cause(f"setup:{code}", "test"))


def buy(db: Database, customer: str, *codes: str, key: Key | None = None) -> str | None:
    """The order's number, None when there was not enough."""
    request = OrderRequest(customer, tuple(LineRequest(code, 1) for code in codes))
    try:
        placed = db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT, key=key))
    except InsufficientStockError:
        return None
    return placed.order_no


def at_once(threads: int, work: Callable[[int], str | None]) -> list[str | None]:
    """``work(0)`` … ``work(threads - 1)``, all started at the same instant."""
    gate = threading.Barrier(threads)

    def run(n: int) -> str | None:
        gate.wait()
        return work(n)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def level(db: Database, code: str) -> tuple[int, int]:
    view = db.read(lambda tx: skus.view(tx, code))
    return view.on_hand, view.reserved


def assert_sound(db: Database) -> None:
    assert db.read(audit.check, snapshot=True).faults == ()


def test_the_last_forty_units_are_sold_to_forty_of_sixty_four(goods: Database) -> None:
    sold = [number for number in at_once(64, lambda n: buy(goods, f"c{n}", "A")) if number]

    assert len(set(sold)) == len(sold) == 40
    assert level(goods, "A") == (40, 40)
    assert_sound(goods)


def test_lines_in_opposite_orders_never_fail_an_order(goods: Database) -> None:
    def both_ways(n: int) -> str | None:
        codes = ("A", "B") if n % 2 else ("B", "A")
        return [buy(goods, f"c{n}", *codes) for _ in range(2)][-1]

    assert None not in at_once(20, both_ways)
    assert level(goods, "A") == (40, 40)
    assert_sound(goods)


def test_one_key_used_ten_times_at_once_is_one_order(goods: Database) -> None:
    key = Key("k", "same body")
    numbers = at_once(10, lambda _: buy(goods, "ann", "B", key=key))

    assert len(set(numbers)) == 1
    assert level(goods, "B") == (1000, 1)
    assert_sound(goods)


@pytest.mark.mysql
def test_a_lock_wait_ends_in_a_refusal_that_left_nothing(mysql_url: str, clock: FakeClock) -> None:
    db = Database(mysql_url, now=clock, busy_timeout_s=1.0)
    draft = SkuDraft("goods", 100, 0, code="A", stock=5)
    db.run(lambda tx: skus.add(tx, draft, cause=Cause("setup", "test")))
    with holding_mysql(db), pytest.raises(BusyError):
        db.run(receive_then_wait)

    assert db.retries > 0
    assert level(db, "A") == (5, 0)
    assert db.read(lambda tx: tx.get(Order, 1)) is None
    assert_sound(db)
    db.close()


def receive_then_wait(tx: Tx) -> None:
    """A half that goes through, and a half that waits for the row somebody else holds."""
    draft = SkuDraft("other goods", 100, 0, code="OTHER", stock=1)
    skus.add(tx, draft, cause=Cause("half", "test"))
    stock.receive(tx, sku="A", quantity=1, cause=Cause("half", "test"))


class holding_mysql:  # noqa: N801  (reads as a sentence in a with statement)
    """Hold the SKU's row in another connection for as long as the block lasts."""

    def __init__(self, db: Database) -> None:
        self._connection = db.engine.connect()

    def __enter__(self) -> None:
        self._connection.execute(text("SELECT id FROM sku WHERE code = 'A' FOR UPDATE"))

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()
        self._connection.close()


def hold_sqlite(path: str, held: Event, seconds: float) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    held.set()
    time.sleep(seconds)  # this is the fault: a lock held for so long
    connection.execute("ROLLBACK")
    connection.close()


@pytest.fixture
def locked_sqlite(sqlite_url: str) -> Iterator[str]:
    """A database whose write lock another process holds for three seconds."""
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    path = sqlite_url.removeprefix("sqlite:///")
    holder = context.Process(target=hold_sqlite, args=(path, held, HELD_S))
    holder.start()
    held.wait(30)
    yield sqlite_url
    holder.join()


def test_a_busy_sqlite_file_is_waited_for(locked_sqlite: str, clock: FakeClock) -> None:
    db = Database(locked_sqlite, now=clock, busy_timeout_s=30.0)
    draft = SkuDraft("goods", 100, 0, code="A", stock=5)
    db.run(lambda tx: skus.add(tx, draft, cause=Cause("setup", "test")))
    assert level(db, "A") == (5, 0)
    db.close()


def test_a_sqlite_file_that_stays_busy_is_refused(locked_sqlite: str, clock: FakeClock) -> None:
    db = Database(locked_sqlite, now=clock, busy_timeout_s=0.2)
    with pytest.raises(BusyError):
        db.run(lambda tx: stock.receive(tx, sku="A", quantity=1, cause=Cause("c", "test")))
    db.close()
