"""The schema of a shop's database: making it, bringing it up to date, and telling whether it is.

Migrations are the numbered files in ``migrations/versions``. Alembic is imported only when there is
something to do, so that a server whose database is up to date starts at once. A new migration is
drafted from the difference between the tables and ``store.models``:
``python -c 'from store import db, schema; schema.draft(db.Database("sqlite:///x.db"), "why")'``.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from store.db import Database, Tx, refusal
from store.errors import BusyError, UnavailableError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
WAIT_S = 120  # how long a process waits while another one migrates
GATE = "schema_gate"
_ENTER = text("INSERT INTO schema_gate VALUES (1) ON DUPLICATE KEY UPDATE id = 1")


def _compared(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name != GATE


# How Alembic compares tables with models, here and in its env.py.
COMPARED: dict[str, Any] = {"compare_type": True, "include_name": _compared}


def upgrade(database: Database) -> None:
    """Bring the database to ``head()``; a new SQLite file is made, readable by its owner alone.

    Safe when several processes do so at once, and after one of them was killed half way. A database
    of a newer version is left alone: migrations keep it usable by the version before. Raises
    ``BusyError`` when another process migrates for longer than ``WAIT_S``, ``UnavailableError``.
    """
    _make_file(database)
    if (current(database) or "") < head():
        _migrate(database, lambda config: _alembic().upgrade(config, "head"))


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to ``revision`` (``base``: no tables). What it drops is lost."""
    _migrate(database, lambda config: _alembic().downgrade(config, revision))


def current(database: Database) -> str | None:
    """The revision the database is at, None when it has no tables yet."""
    path = _file(database)
    return None if path is not None and not path.exists() else database.read(_revision)


@cache
def head() -> str:
    """The newest revision this program knows."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return max(file.stem.partition("_")[0] for file in files)


def check(database: Database) -> list[str]:
    """How the database differs from what this program expects, a line each; empty: not at all."""
    revision = current(database)
    if revision is None:
        return ["the database is empty"]
    behind = [] if revision == head() else [f"revision {revision} instead of {head()}"]
    return behind + database.read(lambda tx: _drift(tx.connection()))


def draft(database: Database, message: str) -> Path:
    """Write a migration from what ``database``, at ``head()``, is to what ``store.models`` says."""
    number = f"{int(head()) + 1:04d}"
    _migrate(
        database,
        lambda config: _alembic().revision(config, message, autogenerate=True, rev_id=number),
    )
    return next((MIGRATIONS / "versions").glob(f"{number}_*.py"))


def _alembic() -> Any:
    from alembic import command  # noqa: PLC0415  (0.2 s that a server whose schema is up to date saves)

    return command


def _revision(tx: Tx) -> str | None:
    try:
        found = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except DBAPIError as error:
        if "no such table" in str(error.orig) or "doesn't exist" in str(error.orig):
            return None
        raise
    return None if found is None else str(found)


def _migrate(database: Database, work: Callable[["Config"], None]) -> None:
    alone = _alone_on_sqlite if database.sqlite else _alone_on_mysql
    try:
        with alone(database) as connection:
            work(_config(connection))
    except DBAPIError as error:
        raise refusal(error) from error


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  (see _alembic)

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextlib.contextmanager
def _alone_on_sqlite(database: Database) -> Iterator[Connection]:
    """A connection that holds SQLite's write lock; all that is done with it is one transaction."""
    with database.engine.connect() as connection:
        connection.detach()  # it is closed afterwards, and its settings with it
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA busy_timeout={WAIT_S * 1000}")
        raw.execute(
            "PRAGMA foreign_keys=OFF"
        )  # or building a table anew would count as deleting its rows
        with connection.begin():
            yield connection
            orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if orphan is not None:
                raise RuntimeError(f"the migration leaves rows without their parents: {orphan}")


@contextlib.contextmanager
def _alone_on_mysql(database: Database) -> Iterator[Connection]:
    """A connection for DDL, while another one holds the gate.

    The server opens the gate by itself when that connection ends, however it ends.
    """
    patience = f"innodb_lock_wait_timeout=5, lock_wait_timeout={WAIT_S}"  # rows, tables
    engine = create_engine(
        database.url.update_query_dict({"charset": "utf8mb4"}),
        poolclass=NullPool,  # and no read time-out: an index of a big table takes minutes
        connect_args={"connect_timeout": 5, "init_command": f"SET time_zone='+00:00', {patience}"},
    )
    with engine.connect() as gate, engine.connect() as connection:
        _pass_gate(gate)
        with connection.begin():
            yield connection


def _pass_gate(gate: Connection) -> None:
    """Hold the lock of a row that is never committed: no killed process can leave it behind.

    DDL commits, hence a connection of its own. Steps look before they act, should a cluster let
    two through.
    """
    if not inspect(gate).has_table(GATE):
        gate.execute(text(f"CREATE TABLE IF NOT EXISTS {GATE} (id INT PRIMARY KEY) ENGINE=InnoDB"))
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            gate.execute(_ENTER)
        except DBAPIError as error:
            gate.rollback()
            if error.orig is None or error.orig.args[0] not in {1205, 1213}:
                raise
            if time.monotonic() > deadline:
                raise BusyError("another process is migrating the database") from error
        else:
            return


def _drift(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  (see _alembic)
    from alembic.migration import MigrationContext  # noqa: PLC0415

    context = MigrationContext.configure(connection, opts=COMPARED)
    found = [_sentence(difference) for difference in compare_metadata(context, SQLModel.metadata)]
    return found + _unlike_checks(connection) + _unlike_collations(connection)


def _sentence(difference: Any) -> str:
    if isinstance(difference, list):  # several changes of one column
        return "; ".join(_sentence(each) for each in difference)
    verb, *what = difference
    named = (str(getattr(part, "name", part)) for part in what if part is not None)
    return f"{verb}: {', '.join(named)}"


def _unlike_checks(connection: Connection) -> list[str]:
    """CHECK constraints, at which Alembic does not look."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    lines = []
    for table in SQLModel.metadata.sorted_tables:
        if table.name in present:
            wanted = {
                str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)
            }
            there = {str(each["name"]) for each in inspector.get_check_constraints(table.name)}
            lines += [f"check constraint: {name}" for name in sorted(wanted ^ there)]
    return lines


def _unlike_collations(connection: Connection) -> list[str]:
    if connection.dialect.name != "mysql":
        return []
    rows = connection.execute(
        text(
            "SELECT table_name, table_collation FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_collation <> 'utf8mb4_bin'"
        )
    ).all()
    ours = set(SQLModel.metadata.tables)
    return [f"collation: {name}, {collation}" for name, collation in rows if name in ours]


def _file(database: Database) -> Path | None:
    name = database.url.database
    return Path(name) if database.sqlite and name and name != ":memory:" else None


def _make_file(database: Database) -> None:
    path = _file(database)
    if path is None or path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # SQLite gives its journals the same mode
    except OSError as error:
        raise UnavailableError(f"the database {path} cannot be made: {error.strerror}") from error
