"""SIGKILL in the middle of orders and commands: nothing lost, nothing doubled, everything said."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from store import audit, chats, outbox, schema, skus
from store.db import Database, Tx
from store.skus import SkuDraft
from store.stock import Cause
from tests.mariadb import MariaDB, ServerMissingError
from tests.processes import ROOT, start

pytestmark = pytest.mark.drill

SKUS = 5
UNITS = 100_000
BUYERS = 8
DRAIN_S = 90  # a dead server's lease (10 s) and its claims (30 s) have to end first

COMMANDS = """
import sys
from datetime import UTC, datetime
from bot.dispatcher import Dispatcher
from bot.messages import Message, Role
from store.db import Database
from store.sealing import Vault
url, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dispatcher = Dispatcher(Database(url), vault=Vault("k" * 32))
for n in range(first, last):
    now = datetime.now(UTC)
    message = Message("console", f"m{n}", "terminal", "direct", "ann", "", "S0+1", now)
    reply = dispatcher.answer(message, role=Role.OWNER)
    print(n, dict(reply.fields)["现有"], flush=True)
"""


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'zhanggui.db'}"
        return
    try:
        server = MariaDB(durable=True)
    except ServerMissingError as error:
        pytest.skip(str(error))
    with server:
        yield server.create("kills")


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    database = Database(url)
    schema.upgrade(database)
    database.run(lambda tx: chats.bind(tx, platform="console", chat_id="g", kind="group"))
    database.run(_stocked)
    yield database
    database.close()


def _stocked(tx: Tx) -> None:
    for n in range(SKUS):
        draft = SkuDraft(f"goods {n}", 100, 0, code=f"S{n}", stock=UNITS)
        skus.add(tx, draft, cause=Cause(f"setup:S{n}", "setup"))


class Server:
    """A real ``zhanggui serve``, to be killed and started again on the same port and database."""

    def __init__(self, url: str, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        self._env = os.environ | {
            "ZHANGGUI__DATABASE__URL": url,
            "ZHANGGUI__ORDERS__RATE_LIMIT": "",
            "ZHANGGUI__LOG__LEVEL": "error",
            "PYTHONPATH": str(ROOT),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        script = "from webhooks.cli import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, "serve", "--port", str(self.port)],
            cwd=self._folder,
            env=self._env,
        )
        for _ in range(600):
            assert self._process.poll() is None, "the server did not start"
            try:
                with closing(http.client.HTTPConnection("127.0.0.1", self.port, 1)) as probe:
                    probe.request("GET", "/healthz")
                    probe.getresponse()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server did not answer")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it; by default as a power cut would."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(40)


@dataclass(slots=True)
class Buyers:
    """Customers who keep ordering, and remember what they were answered under which key."""

    port: int
    answered: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _number: int = 0

    def order(self, key: str) -> None:
        """One order of two SKUs under this key; a second answer must equal the first."""
        self.unsure.add(key)
        n = int(key.partition("-")[2])
        lines = [{"sku": f"S{(n + i) % SKUS}", "quantity": 1} for i in (0, 1)]
        body = json.dumps({"customer_id": f"c{n % 50}", "lines": lines})
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("POST", "/api/v1/orders", body, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        assert response.status == 201, answer
        assert self.answered.setdefault(key, answer["order_no"]) == answer["order_no"]
        self.unsure.discard(key)

    def keep_ordering(self, pool: ThreadPoolExecutor) -> None:
        """Order with every thread until ``pause``."""
        self._stop.clear()
        for _ in range(BUYERS):
            pool.submit(self._orders)

    def pause(self) -> None:
        """Stop ordering."""
        self._stop.set()

    def _orders(self) -> None:
        while not self._stop.is_set():
            self._number += 1
            key = f"k{threading.get_ident()}-{self._number}"
            try:
                self.order(key)
            except (OSError, http.client.HTTPException):
                return  # the server is dead: the key stays unsure


def test_no_order_is_lost_or_doubled_and_every_broadcast_is_sent(
    url: str, db: Database, tmp_path: Path, *, short: bool
) -> None:
    server, rng = Server(url, tmp_path), random.Random(7)
    buyers = Buyers(server.port)
    for _ in range(3 if short else 10):
        server.start()
        with ThreadPoolExecutor(BUYERS) as pool:
            buyers.keep_ordering(pool)
            time.sleep(rng.uniform(0.5, 2.0))
            server.kill()
            buyers.pause()
    server.start()
    try:
        assert buyers.answered
        for key in [*sorted(buyers.unsure), *list(buyers.answered)[-20:]]:
            buyers.order(key)
        _until_everything_is_said(db)
    finally:
        server.kill(signal.SIGTERM)

    assert buyers.unsure == set()
    assert _column(db, "SELECT order_no FROM orders") == set(buyers.answered.values())
    assert len(set(buyers.answered.values())) == len(buyers.answered)
    said = "SELECT payload FROM outbox WHERE kind = 'order_new' AND state = 'sent'"
    told = [json.loads(row)["order_no"] for row in _rows(db, said)]
    assert sorted(told) == sorted(buyers.answered.values())
    assert db.read(audit.check, snapshot=True).faults == ()
    if db.sqlite:
        assert _column(db, "PRAGMA integrity_check") == {"ok"}


def test_a_command_takes_effect_once_however_often_it_is_delivered(
    url: str, db: Database, *, short: bool
) -> None:
    rng, last = random.Random(11), 150 if short else 600
    replies: dict[str, str] = {}
    first = 0
    for _ in range(3 if short else 10):
        replies |= _deliver(url, first, last, kill_after=rng.randint(5, 30))
        first = max(
            map(int, replies)
        )  # the last one may have been answered and not handled, or not
    for _ in range(5):
        again = _deliver(url, 0, last)
        assert replies.items() <= again.items()
        replies = again

    assert len(replies) == last
    assert db.read(lambda tx: skus.view(tx, "S0")).on_hand == UNITS + last
    assert db.read(audit.check, snapshot=True).faults == ()


def _deliver(url: str, first: int, last: int, *, kill_after: int | None = None) -> dict[str, str]:
    """Deliver messages to a process of their own, killed after so many answers; its replies."""
    process = start(COMMANDS, url, str(first), str(last))
    assert process.stdout is not None
    replies: dict[str, str] = {}
    for line in process.stdout:
        number, _, reply = line.rstrip("\n").partition(" ")
        replies[number] = reply
        if kill_after is not None and len(replies) >= kill_after:
            process.kill()
            break
    _, errors = process.communicate()
    assert kill_after is not None or process.returncode == 0, errors
    return replies


def _until_everything_is_said(db: Database) -> None:
    end = time.monotonic() + DRAIN_S
    while db.read(outbox.backlog)[0]:
        assert time.monotonic() < end, db.read(outbox.backlog)
        time.sleep(0.5)


def _rows(db: Database, statement: str) -> list[str]:
    return [str(row) for row in db.read(lambda tx: tx.execute(text(statement)).scalars().all())]


def _column(db: Database, statement: str) -> set[str]:
    return set(_rows(db, statement))
