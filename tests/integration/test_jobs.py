"""One process at a time does the background work, and each run happens once."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from store import jobs
from store.db import Database, Tx
from store.errors import LeaseLostError
from store.jobs import Held
from store.models import JobRun
from tests.fakes.clock import FakeClock
from tests.processes import ended, go, ready, start

LONG = 60.0
BRIEF = 0.05  # seconds; the database's clock cannot be set, so some leases really end

# Takes the lease, is stopped like a paused machine, and writes as if nothing had happened.
STOPPED_LEADER = """
import os, signal, sys
from store import jobs
from store.db import Database
from store.errors import LeaseLostError
database = Database(sys.argv[1])
held = database.run(lambda tx: jobs.acquire(tx, name="worker", owner="a", ttl_s=0.2))
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)

def write(tx):
    jobs.guard(tx, held)
    return jobs.once(tx, job="summary", slot="stale", epoch=held.epoch)

try:
    database.run(write)
except LeaseLostError:
    print("refused")
"""

PLAN_EVERYTHING = """
import sys
from store import jobs
from store.db import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
firsts = [
    slot for slot in range(40)
    if database.run(lambda tx: jobs.once(tx, job="summary", slot=str(slot), epoch=1))
]
print(*firsts)
"""


def acquire(db: Database, owner: str, ttl_s: float = LONG) -> Held | None:
    return db.run(lambda tx: jobs.acquire(tx, name="worker", owner=owner, ttl_s=ttl_s))


def take_over(db: Database, owner: str) -> Held:
    held = None
    while held is None:
        held = acquire(db, owner)
    return held


def test_one_owner_holds_the_lease_at_a_time(db: Database) -> None:
    first = acquire(db, "a")

    assert first == Held("worker", "a", 1)
    assert acquire(db, "b") is None
    assert acquire(db, "a") == first  # prolonged


def test_of_many_who_ask_at_once_one_gets_it(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda n: acquire(db, f"owner-{n}"), range(16)))

    assert len([held for held in granted if held]) == 1


def test_each_take_over_raises_the_epoch(db: Database) -> None:
    assert acquire(db, "a", BRIEF) == Held("worker", "a", 1)
    assert take_over(db, "b") == Held("worker", "b", 2)


def test_a_released_lease_is_free_at_once_and_keeps_its_epoch(db: Database) -> None:
    held = acquire(db, "a")
    assert held
    db.run(lambda tx: jobs.release(tx, held))

    assert acquire(db, "b") == Held("worker", "b", 2)
    db.run(lambda tx: jobs.release(tx, held))  # late, and no longer a's to give up
    assert acquire(db, "c") is None


def test_a_lease_is_prolonged_while_it_lasts_and_never_after(db: Database) -> None:
    held = acquire(db, "a")
    assert held
    assert db.run(lambda tx: jobs.renew(tx, held, ttl_s=BRIEF))
    take_over(db, "b")

    assert not db.run(lambda tx: jobs.renew(tx, held, ttl_s=LONG))


def test_guard_lets_the_holder_write_and_nobody_else(db: Database) -> None:
    held = acquire(db, "a")
    assert held
    db.run(lambda tx: jobs.guard(tx, held))

    for other in (Held("worker", "a", 2), Held("worker", "b", 1), Held("other", "a", 1)):
        with pytest.raises(LeaseLostError):
            db.run(lambda tx, other=other: jobs.guard(tx, other))  # type: ignore[misc]


def test_our_own_clock_decides_nothing(db: Database, clock: FakeClock) -> None:
    held = acquire(db, "a")
    assert held

    for _ in range(2):
        clock.advance(days=-1)
        db.run(lambda tx: jobs.guard(tx, held))
        assert acquire(db, "b") is None
        clock.advance(days=2)


def test_the_write_of_a_leader_that_was_stopped_is_refused(db: Database, database_url: str) -> None:
    leader = start(STOPPED_LEADER, database_url)
    ready(leader)
    os.waitpid(leader.pid, os.WUNTRACED)
    successor = take_over(db, "b")
    assert db.run(lambda tx: jobs.once(tx, job="summary", slot="fresh", epoch=successor.epoch))

    os.kill(leader.pid, signal.SIGCONT)

    assert ended(leader) == "refused\n"
    runs = db.read(lambda tx: tx.exec(select(JobRun.slot, JobRun.epoch)).all())
    assert [tuple(run) for run in runs] == [("fresh", 2)]


def test_processes_that_plan_the_same_slots_run_each_once(database_url: str) -> None:
    planning = [start(PLAN_EVERYTHING, database_url) for _ in range(3)]
    for process in planning:
        ready(process)
    for process in planning:
        go(process)
    firsts = [int(slot) for process in planning for slot in ended(process).split()]

    assert sorted(firsts) == list(range(40))


def test_a_run_that_fails_may_be_tried_again(db: Database) -> None:
    def fails(tx: Tx) -> None:
        assert jobs.once(tx, job="summary", slot="2026-03-02", epoch=1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.run(fails)

    assert db.run(lambda tx: jobs.once(tx, job="summary", slot="2026-03-02", epoch=1))
    assert not db.run(lambda tx: jobs.once(tx, job="summary", slot="2026-03-02", epoch=2))
    assert db.run(lambda tx: jobs.once(tx, job="backup", slot="2026-03-02", epoch=2))
