"""The test databases themselves: what every other database test takes for granted."""

import pytest
from sqlmodel import SQLModel, func, select

from store import skus
from store.db import Database, Tx
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.mariadb import MariaDB, ServerMissingError


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_begins_with_an_empty_shop(db: Database, turn: str) -> None:
    # Each turn leaves rows behind, so the second fails where the first was not cleared.
    assert db.read(_filled_tables) == []
    cause = Cause(key=turn, actor="console:owner")
    draft = skus.SkuDraft(name="茉莉花茶", price_fen=6800, reorder_point=5, stock=20)
    db.run(lambda tx: skus.add(tx, draft, cause=cause))
    assert {"product", "sku", "stock_movement"} <= set(db.read(_filled_tables))


def _filled_tables(tx: Tx) -> list[str]:
    tables = SQLModel.metadata.sorted_tables
    return [
        table.name
        for table in tables
        if tx.execute(select(func.count()).select_from(table)).scalar()
    ]


def test_the_database_tells_the_time_of_the_test(db: Database, clock: FakeClock) -> None:
    clock.advance(days=1)
    assert db.run(lambda tx: tx.now) == clock()


@pytest.mark.mysql
def test_what_was_committed_survives_a_killed_server() -> None:
    try:
        server = MariaDB(durable=True)
    except ServerMissingError as error:
        pytest.skip(str(error))
    with server:
        server.create("shop")
        with server.connect("shop") as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE probe (id INT PRIMARY KEY) ENGINE=InnoDB")
            cursor.execute("INSERT INTO probe VALUES (47)")
        server.kill()
        assert server.pid is None
        server.start()
        with server.connect("shop") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM probe")
            assert cursor.fetchall() == ((47,),)
