"""What tests of every kind share: databases, a clock, one policy for random tests.

``db`` gives each test a fresh database twice, on SQLite and on MySQL. The MySQL half
starts a private server, or uses the one that ZHANGGUI_TEST_MYSQL_URL names (its user
must be allowed to create databases called zhanggui_test_*), and is skipped, with the
reason printed, on a machine without a server. ZHANGGUI_REQUIRE_MYSQL=1 makes that fail.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from store import schema, skus
from store.db import Database
from store.skus import SkuDraft, SkuView
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.mariadb import MariaDB, ServerMissingError

SKIPPED = pytest.StashKey[str]()

# No deadline: one slow example on a busy machine is no fault. In CI the same examples
# each time; elsewhere new ones, and the database under .hypothesis keeps what failed.
hypothesis.settings.register_profile("zhanggui", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("zhanggui")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    reason = config.stash.get(SKIPPED, None)
    if reason is not None:
        terminalreporter.write_line(f"The MySQL half was skipped: {reason}", yellow=True)


@pytest.fixture
def clock() -> FakeClock:
    """The time of the test; ``db`` reads it too."""
    return FakeClock()


@pytest.fixture
def db(database_url: str, clock: FakeClock) -> Iterator[Database]:
    """An empty shop's database, brought up by the migrations; once SQLite, once MySQL."""
    database = Database(database_url, now=clock)
    yield database
    database.close()


class AddSku(Protocol):
    """Puts a SKU on the shelf; without a name it is a product of its own."""

    def __call__(
        self,
        code: str,
        *,
        on_hand: int = 0,
        price_fen: int = 8800,
        name: str = "",
        specs: Mapping[str, str] | None = None,
        reorder_point: int = 0,
        category: str | None = None,
    ) -> SkuView: ...


@pytest.fixture
def add_sku(db: Database) -> AddSku:
    """SKUs for a test, in its database."""

    def add(
        code: str,
        *,
        on_hand: int = 0,
        price_fen: int = 8800,
        name: str = "",
        specs: Mapping[str, str] | None = None,
        reorder_point: int = 0,
        category: str | None = None,
    ) -> SkuView:
        draft = SkuDraft(
            name=name or f"product {code}",
            price_fen=price_fen,
            reorder_point=reorder_point,
            code=code,
            specs=specs,
            stock=on_hand,
            category=category,
        )
        return db.run(lambda tx: skus.add(tx, draft, cause=Cause(f"add:{code}", "test")))

    return add


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty shop's database, for tests that open it themselves."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty shop in an SQLite file of its own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'zhanggui.db')}"


@pytest.fixture
def mysql_url(mysql_shop: "MySQLShop") -> str:
    """An empty shop on MySQL: one database, emptied before each test."""
    mysql_shop.empty()
    return mysql_shop.url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file after the migrations; copying it is faster than running them."""
    path = tmp_path_factory.mktemp("template") / "zhanggui.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def mysql_shop(mysql_server_url: str) -> Iterator["MySQLShop"]:
    """A database after the migrations, which tests take in turn."""
    with scratch_database(mysql_server_url) as url:
        _upgrade(url)
        shop = MySQLShop(url)
        yield shop
        shop.close()


@pytest.fixture(scope="session")
def mysql_server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server on which tests may create databases; they drop what they create."""
    given = os.environ.get("ZHANGGUI_TEST_MYSQL_URL")
    if given:
        yield given
        return
    try:
        server = MariaDB()
    except ServerMissingError as error:
        request.config.stash[SKIPPED] = str(error)
        if os.environ.get("ZHANGGUI_REQUIRE_MYSQL"):
            pytest.exit(f"The MySQL half cannot run: {error}", returncode=1)
        pytest.skip(str(error))
    with server:
        yield server.url()


class MySQLShop:
    """Empties one database between tests, which is much faster than making it anew."""

    def __init__(self, url: str) -> None:
        self.url = url
        # A test that left a transaction open fails here in seconds, not after the default 50.
        self._engine = _admin(make_url(url), "SET SESSION innodb_lock_wait_timeout = 5")
        with self._engine.connect() as connection:
            names = connection.execute(text("SHOW TABLES")).scalars().all()
        tables = [name for name in names if name != "alembic_version"]
        self._filled = text(
            " UNION ALL ".join(
                f"SELECT '{name}' FROM DUAL WHERE EXISTS (SELECT 1 FROM `{name}`)"
                for name in tables
            )
        )
        with self._engine.connect() as connection:
            seeded = connection.execute(self._filled).scalars().all()
        assert not seeded, f"migrations leave rows, which emptying would lose: {seeded}"

    def empty(self) -> None:
        """Delete every row but Alembic's own."""
        with self._engine.connect() as connection:
            connection.execute(text("SET SESSION foreign_key_checks = 0"))
            for name in connection.execute(self._filled).scalars().all():
                connection.execute(text(f"DELETE FROM `{name}`"))
            connection.execute(text("SET SESSION foreign_key_checks = 1"))

    def close(self) -> None:
        """Give the connection back."""
        self._engine.dispose()


@contextmanager
def scratch_database(server_url: str, kind: str = "shop") -> Iterator[str]:
    """The URL of a database without any table, which is dropped at the end."""
    name = f"zhanggui_test_{os.getpid()}_{kind}"
    server = _admin(make_url(server_url).set(database=None))
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()


def _admin(url: URL, *setup: str) -> Engine:
    """An engine of plain statements, each committed at once; ``setup`` runs on connecting."""
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        connect_args={"init_command": "; ".join(setup)} if setup else {},
    )


def _upgrade(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.close()
