"""A timed command and a real process: what came due while nobody ran is done at the next start."""

from pathlib import Path

from sqlmodel import select

from store import schema, skus
from store.db import Database
from store.models import Outbox
from tests.fakes.clock import START, FakeClock
from tests.servers import Process, Server, configure, wait_until
from tests.shop import Talk, fill

WAIT_S = 40.0


def test_what_came_due_while_nobody_ran_is_done_once_at_the_start_and_says_how_late(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    configure(tmp_path, url)
    db = Database(url)
    schema.upgrade(db)
    long_ago = FakeClock(START)
    past = Database(url, now=long_ago)
    fill(past)
    Talk(past, long_ago).say("明早9点手冲壶便宜1块", group=True)
    past.close()

    with Server(tmp_path, "serve", "--no-worker") as server:
        server.wait_ready()
        assert _price(db) == 9800
        with Process(tmp_path, "worker", name="first") as first:
            wait_until(lambda: _price(db) == 9700, within_s=WAIT_S, what="the act")
            first.kill()
        with Process(tmp_path, "worker", name="second") as second:
            wait_until(lambda: second.logged("lease_gained") > 0, within_s=WAIT_S, what="a lease")
            second.stop()

    assert _price(db) == 9700
    [payload] = db.read(
        lambda tx: tx.exec(select(Outbox.payload).where(Outbox.topic == "timed")).all()
    )
    assert "应在 03-03 周二 09:00" in payload["reply"]["text"]
    db.close()


def _price(db: Database) -> int:
    return db.read(lambda tx: skus.view(tx, "SCH")).price_fen
