"""Migrations: they lead where the models are, and survive company, kills and the way back."""

import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from store import schema
from store.db import Database
from store.errors import UnavailableError
from tests.conftest import scratch_database
from tests.processes import ROOT, ended, go, ready, start

UPGRADE = """
import sys
from store import schema
from store.db import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
schema.upgrade(database)
"""

# Ends the process as a power cut would, just after its n-th CREATE.
UPGRADE_AND_DIE = """
import os, signal, sys
from sqlalchemy import Engine, event
from store import schema
from store.db import Database
left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    global left
    if statement.strip().startswith("CREATE TABLE"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

schema.upgrade(Database(sys.argv[1]))
"""


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table; as SQLite a file that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/shop.db"
        return
    server: str = request.getfixturevalue("mysql_server_url")
    with scratch_database(server, "bare") as url:
        yield url


@pytest.fixture
def bare(bare_url: str) -> Iterator[Database]:
    database = Database(bare_url)
    yield database
    database.close()


def test_upgrade_leads_to_the_models(bare: Database) -> None:
    assert schema.current(bare) is None
    assert schema.check(bare) == ["the database is empty"]

    schema.upgrade(bare)

    assert schema.current(bare) == schema.head()
    assert schema.check(bare) == []


def test_downgrade_leaves_nothing_and_upgrade_comes_back(bare: Database) -> None:
    schema.upgrade(bare)

    schema.downgrade(bare, "base")
    assert schema.current(bare) is None

    schema.upgrade(bare)
    assert schema.check(bare) == []


def test_processes_that_start_at_once_migrate_once(bare: Database, bare_url: str) -> None:
    starting = [start(UPGRADE, bare_url) for _ in range(6)]
    for process in starting:
        ready(process)
    for process in starting:
        go(process)
    for process in starting:
        ended(process)

    assert schema.check(bare) == []


@pytest.mark.parametrize("creates", [1, 2, 9, 20])
def test_a_killed_migration_is_completed_by_the_next(
    bare: Database, bare_url: str, creates: int
) -> None:
    killed = start(UPGRADE_AND_DIE, bare_url, str(creates))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL

    schema.upgrade(bare)

    assert schema.check(bare) == []


def test_a_newer_database_is_left_alone(bare: Database) -> None:
    schema.upgrade(bare)
    bare.run(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    schema.upgrade(bare)

    assert schema.current(bare) == "9999"
    assert f"revision 9999 instead of {schema.head()}" in schema.check(bare)


def test_check_names_what_differs(bare: Database) -> None:
    schema.upgrade(bare)
    engine = create_engine(bare.url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE lease"))
        connection.execute(text("ALTER TABLE product ADD COLUMN colour VARCHAR(9)"))
        connection.execute(text("DROP TABLE order_line"))
        connection.execute(text("CREATE TABLE order_line (id INTEGER PRIMARY KEY)"))
    engine.dispose()

    found = "\n".join(schema.check(bare))

    assert "add_table: lease" in found
    assert "colour" in found
    assert "add_column: order_line, quantity" in found
    assert "check constraint: ck_order_line_quantity" in found


def test_an_up_to_date_database_is_told_without_alembic(bare: Database, bare_url: str) -> None:
    schema.upgrade(bare)
    script = UPGRADE + "print([name for name in sys.modules if name.startswith('alembic')])"

    starting = start(script, bare_url)
    ready(starting)
    go(starting)

    assert ended(starting) == "[]\n"


def test_a_drafted_migration_goes_there_and_back(
    bare: Database, bare_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "store", copy / "store")
    schema.upgrade(bare)
    models = copy / "store" / "models.py"
    models.write_text(
        models.read_text().replace(
            "    description: str",
            '    colour: str = Field(default="", max_length=9, index=True,'
            ' sa_column_kwargs={"server_default": ""})\n    description: str',
        )
    )
    script = """
import sys
from store import schema
from store.db import Database
database = Database(sys.argv[1])
schema.draft(database, "colours")
schema.head.cache_clear()
print(schema.head(), len(schema.check(database)) > 0, flush=True)
schema.upgrade(database)
print(schema.check(database))
schema.downgrade(database, sys.argv[2])
"""
    out = ended(start(script, bare_url, schema.head(), at=copy))

    told = [line for line in out.splitlines() if not line.startswith(("Generating", "  "))]
    assert told == [f"{int(schema.head()) + 1:04d} True", "[]"]
    assert schema.check(bare) == []


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "shop.db"
    database = Database(f"sqlite:///{path}")

    schema.upgrade(database)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    database.close()


def test_a_place_where_no_file_can_be_is_an_expected_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    database = Database(f"sqlite:///{tmp_path}/file/shop.db")

    with pytest.raises(UnavailableError):
        schema.upgrade(database)
