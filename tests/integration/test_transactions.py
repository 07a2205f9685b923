"""One place commits, retries within bounds, and says what the database refuses."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pymysql
import pytest
from sqlalchemy import make_url, text

from store import shop, skus
from store.db import ATTEMPTS, Database, FairLock, RetryError, Tx, database_now
from store.errors import BusyError, SkuNotFoundError, UnavailableError
from store.models import ShopState
from store.skus import SkuPatch
from store.stock import Cause
from tests.conftest import AddSku


def close_shop(tx: Tx) -> None:
    shop.set_open(tx, open=False, actor="ann")


def is_open(db: Database) -> bool:
    return db.read(shop.is_open)


def test_what_is_run_is_committed_and_what_is_read_is_not(db: Database) -> None:
    db.read(close_shop)
    assert is_open(db)

    db.run(close_shop)
    assert not is_open(db)


def test_an_error_takes_everything_back_and_comes_out(db: Database) -> None:
    def work(tx: Tx) -> None:
        close_shop(tx)
        raise SkuNotFoundError("X")

    with pytest.raises(SkuNotFoundError):
        db.run(work)
    assert is_open(db)


def test_an_interrupt_takes_everything_back_too(db: Database) -> None:
    def work(tx: Tx) -> None:
        close_shop(tx)
        tx.flush()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        db.run(work)
    assert is_open(db)


def test_listeners_hear_of_commits_and_of_nothing_else(db: Database) -> None:
    heard: list[str] = []
    db.on_commit(lambda: heard.append("commit"))

    db.read(shop.is_open)
    with pytest.raises(SkuNotFoundError):
        db.run(lambda tx: skus.view(tx, "X"))
    assert heard == []
    db.run(close_shop)
    assert heard == ["commit"]


def test_work_that_asks_for_another_try_gets_it_within_bounds(db: Database) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> int:
        assert shop.is_open(tx)  # the last try left nothing
        close_shop(tx)
        tries.append(1)
        if len(tries) < ATTEMPTS:
            raise RetryError
        return len(tries)

    assert db.run(work) == ATTEMPTS
    assert db.retries == ATTEMPTS - 1


def test_tries_have_an_end(db: Database) -> None:
    def work(tx: Tx) -> None:
        close_shop(tx)
        raise RetryError

    with pytest.raises(BusyError):
        db.run(work)
    assert is_open(db)


@pytest.mark.mysql
def test_a_key_that_is_taken_every_time_is_a_bug_and_no_race(mysql_url: str) -> None:
    database = Database(mysql_url)

    def work(tx: Tx) -> None:
        for _ in range(2):
            tx.execute(text("INSERT INTO shop_state (id, open, changed_by) VALUES (1, 1, '')"))

    with pytest.raises(Exception, match="Duplicate"):
        database.run(work)
    assert database.read(lambda tx: tx.get(ShopState, 1)) is None
    database.close()


def test_a_read_can_be_of_one_instant(db: Database, database_url: str, add_sku: AddSku) -> None:
    add_sku("A", price_fen=1)
    other = Database(database_url)

    def price(tx: Tx) -> int:
        return tx.execute(text("SELECT price_fen FROM sku")).scalar_one()  # type: ignore[no-any-return]

    def work(tx: Tx) -> tuple[int, int]:
        before = price(tx)
        dearer = SkuPatch(price_fen=2)
        other.run(lambda tx: skus.edit(tx, code="A", patch=dearer, cause=Cause("c", "ann")))
        return before, price(tx)

    assert db.read(work, snapshot=True) == (1, 1)
    assert db.read(price) == 2
    other.close()


def test_the_databases_clock_is_utc_whatever_its_zone(db: Database) -> None:
    now = db.read(database_now)

    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_sqlite_survives_power_cuts_and_keeps_foreign_keys(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    def pragma(name: str) -> object:
        return database.read(lambda tx: tx.execute(text(f"PRAGMA {name}")).scalar_one())

    assert [pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")] == [
        "wal",
        2,  # FULL
        1,
    ]
    database.close()


@pytest.mark.mysql
def test_mysql_is_strict_and_keeps_time_in_utc(mysql_url: str) -> None:
    database = Database(mysql_url)
    settings = "SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@tx_isolation"
    mode, zone, charset, isolation = database.read(lambda tx: tx.execute(text(settings)).one())

    assert "STRICT_ALL_TABLES" in mode
    assert (zone, charset, isolation) == ("+00:00", "utf8mb4", "READ-COMMITTED")
    database.close()


# What the database refuses.


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://nobody:nothing@127.0.0.1:1/none",
        "sqlite:////nowhere/at/all/shop.db",
    ],
)
def test_a_database_that_is_not_there_is_an_expected_failure(url: str) -> None:
    database = Database(url)
    for attempt in (database.check, lambda: database.run(close_shop)):
        with pytest.raises(UnavailableError):
            attempt()
    database.close()


@pytest.fixture
def narrow_url(mysql_server_url: str) -> Iterator[str]:
    """A database in MySQL's old UTF-8, which knows no emoji."""
    url = make_url(mysql_server_url)
    connection = pymysql.connect(
        host=str(url.host),
        port=url.port or 3306,
        user=str(url.username),
        password=url.password or "",
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE zhanggui_test_narrow CHARACTER SET utf8mb3")
        yield url.set(database="zhanggui_test_narrow").render_as_string(hide_password=False)
        cursor.execute("DROP DATABASE zhanggui_test_narrow")


@pytest.mark.mysql
def test_a_database_without_emoji_is_refused_with_the_cure(narrow_url: str) -> None:
    database = Database(narrow_url)

    with pytest.raises(UnavailableError, match="ALTER DATABASE"):
        database.check()
    database.close()


@pytest.mark.mysql
def test_a_connection_that_was_cut_is_replaced(mysql_url: str) -> None:
    database = Database(mysql_url, pool_size=1)

    def cut(tx: Tx) -> None:
        mine = tx.execute(text("SELECT CONNECTION_ID()")).scalar_one()
        killer = Database(mysql_url)
        with killer.engine.connect() as connection:
            connection.execute(text(f"KILL {mine}"))
        killer.close()
        close_shop(tx)
        tx.flush()

    with pytest.raises(UnavailableError):
        database.run(cut)
    assert is_open(database)
    database.run(close_shop)
    database.close()


def test_when_every_connection_is_taken_the_wait_has_an_end(database_url: str) -> None:
    database = Database(database_url, pool_size=1, busy_timeout_s=0.2)

    with database.engine.connect(), pytest.raises(BusyError):
        database.read(shop.is_open)
    database.close()


def test_the_write_lock_serves_in_order_of_arrival() -> None:
    lock, served = FairLock(), list[int]()

    def work(number: int) -> None:
        with lock.hold(30):
            served.append(number)

    with lock.hold(1):
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while lock.waiting <= number:
                pass
    for thread in threads:
        thread.join()

    assert served == list(range(8))


def test_a_wait_for_the_write_lock_ends_and_leaves_the_others_their_turn() -> None:
    lock = FairLock()
    with lock.hold(1):
        with pytest.raises(BusyError), lock.hold(0.01):
            pass
        assert lock.waiting == 0
    with lock.hold(0):
        pass
