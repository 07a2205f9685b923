"""What the shop does by itself happens once for each day or hour, however often it is tried."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from bot.lease import Leadership
from bot.scheduler import CLEAN_AT
from store import chats, jobs
from store.db import Database, Tx
from store.errors import LeaseLostError
from store.models import Dialogue, JobRun, Outbox, Sku
from tests.fakes.clock import FakeClock
from tests.office import Office
from tests.shop import fill

SHANGHAI_21 = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.fixture
def office(db: Database) -> Iterator[Office]:
    bind(db, "g1")
    made = Office(db)
    yield made
    made.sender.stop()


def bind(db: Database, chat: str, at: str = "") -> None:
    def work(tx: Tx) -> None:
        chats.bind(tx, platform="console", chat_id=chat, kind="group")
        if at:
            chats.subscribe(tx, platform="console", chat_id=chat, topic="summary", at=at)

    db.run(work)


def summaries(db: Database) -> list[tuple[str, str]]:
    """(chat, day) of every summary that was queued, in order."""
    statement = select(Outbox).where(Outbox.kind == "summary").order_by("id")
    rows = db.read(
        lambda tx: [(row.target, row.payload["day"]) for row in tx.exec(statement).all()]
    )
    return [(target.removeprefix("console:"), day) for target, day in rows]


def test_the_summary_comes_at_its_time_and_once(
    db: Database, clock: FakeClock, office: Office
) -> None:
    clock.set(SHANGHAI_21 - timedelta(seconds=1))
    office.worker.summarise()
    assert summaries(db) == []
    for _ in range(3):
        clock.set(SHANGHAI_21)
        office.worker.summarise()
        clock.advance(minutes=30)
        office.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]


def test_a_summary_missed_while_nobody_ran_comes_late_the_same_day_and_not_the_next(
    db: Database, clock: FakeClock, office: Office
) -> None:
    clock.set(SHANGHAI_21 + timedelta(hours=2, minutes=50))
    office.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]
    clock.set(SHANGHAI_21 + timedelta(days=2, hours=5))  # at two in the morning
    office.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]


def test_a_chat_that_joins_in_the_evening_hears_of_no_day_it_did_not_see(
    db: Database, clock: FakeClock, office: Office
) -> None:
    clock.set(SHANGHAI_21 + timedelta(minutes=5))
    bind(db, "g2")
    office.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]
    clock.set(SHANGHAI_21 + timedelta(days=1))
    office.worker.summarise()
    assert summaries(db)[1:] == [("g1", "2026-03-03"), ("g2", "2026-03-03")]


def test_each_day_has_its_own(db: Database, clock: FakeClock, office: Office) -> None:
    for _ in range(3):
        clock.set(max(clock(), SHANGHAI_21) + timedelta(days=1))
        office.worker.summarise()
    assert [day for _, day in summaries(db)] == ["2026-03-03", "2026-03-04", "2026-03-05"]


def test_a_clock_that_jumps_back_makes_no_second_one(
    db: Database, clock: FakeClock, office: Office
) -> None:
    clock.set(SHANGHAI_21 + timedelta(minutes=1))
    office.worker.summarise()
    clock.set(SHANGHAI_21 - timedelta(hours=2))
    office.worker.summarise()
    clock.set(SHANGHAI_21 + timedelta(minutes=2))
    office.worker.summarise()
    assert len(summaries(db)) == 1


@pytest.mark.parametrize(
    ("zone", "begin", "day"),
    [
        # 02:30 comes twice on the 25th of October and not at all on the 29th of March.
        ("Europe/Berlin", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "2026-10-25"),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "2026-03-29"),
    ],
)
def test_days_with_an_hour_more_or_less_have_one_summary(
    db: Database, clock: FakeClock, zone: str, begin: datetime, day: str
) -> None:
    bind(db, "g1")
    office = Office(db, shop={"timezone": zone}, broadcast={"daily_summary": "02:30"})
    clock.set(begin)
    for _ in range(25 * 6 - 7):
        office.worker.summarise()
        clock.advance(minutes=10)
    assert summaries(db) == [("g1", day)]
    office.sender.stop()


def test_a_chats_own_time_wins(db: Database, clock: FakeClock, office: Office) -> None:
    bind(db, "early", at="18:00")
    bind(db, "late", at="22:30")
    clock.set(SHANGHAI_21 - timedelta(hours=2))
    office.worker.summarise()
    assert [chat for chat, _ in summaries(db)] == ["early"]
    clock.set(SHANGHAI_21)
    office.worker.summarise()
    assert [chat for chat, _ in summaries(db)] == ["early", "g1"]
    clock.set(SHANGHAI_21 + timedelta(hours=2))
    office.worker.summarise()
    assert [chat for chat, _ in summaries(db)] == ["early", "g1", "late"]


def test_a_chat_that_moves_its_time_hears_it_once_that_day(
    db: Database, clock: FakeClock, office: Office
) -> None:
    clock.set(SHANGHAI_21)
    office.worker.summarise()
    bind(db, "g1", at="21:30")
    clock.advance(minutes=40)
    office.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]


def test_without_a_time_there_is_no_summary(db: Database, clock: FakeClock) -> None:
    bind(db, "g1")
    office = Office(db, broadcast={"daily_summary": ""})
    clock.set(SHANGHAI_21)
    office.worker.summarise()
    assert summaries(db) == []
    office.sender.stop()


def test_two_workers_make_one_summary_and_only_the_leader_may(
    db: Database, clock: FakeClock, office: Office
) -> None:
    other = Office(db, owner="b")
    clock.set(SHANGHAI_21)
    with pytest.raises(LeaseLostError):
        other.worker.summarise()
    office.worker.summarise()
    office.leadership.stop()
    other.leadership.turn()
    other.worker.summarise()
    assert summaries(db) == [("g1", "2026-03-02")]
    other.sender.stop()


def test_a_stale_leader_writes_nothing(db: Database, clock: FakeClock, office: Office) -> None:
    held = office.leadership.held()
    assert held is not None
    db.run(lambda tx: jobs.release(tx, held))  # its time passed while the process stood still
    clock.set(SHANGHAI_21)
    with pytest.raises(LeaseLostError):
        office.worker.summarise()
    assert summaries(db) == []


def test_cleaning_happens_once_a_day_and_until_nothing_is_left(
    db: Database, clock: FakeClock, office: Office
) -> None:
    begin = clock()
    for day in range(2):
        db.run(lambda tx: stale_dialogues(tx, 1200))
        local = datetime(2026, 3, 4 + day, CLEAN_AT.hour, CLEAN_AT.minute, tzinfo=UTC)
        clock.set(local - timedelta(hours=8, minutes=1))
        office.worker.clean()
        assert len(db.read(lambda tx: tx.exec(select(Dialogue.id)).all())) == 1200
        clock.advance(minutes=1)
        office.worker.clean()
        assert db.read(lambda tx: tx.exec(select(Dialogue.id)).all()) == []
        office.worker.clean()
    runs = select(JobRun).where(JobRun.job == "cleanup")
    assert len(db.read(lambda tx: tx.exec(runs).all())) == 2
    assert clock() > begin


def test_the_hourly_audit_tells_the_number_of_faults(
    db: Database, clock: FakeClock, office: Office
) -> None:
    fill(db)
    office.worker.audit()
    office.worker.audit()
    assert office.faults == [0]
    db.run(damage)
    office.worker.audit()
    clock.advance(minutes=61)
    office.worker.audit()
    assert office.faults[0] == 0
    assert office.faults[1] > 0


def test_a_worker_starts_works_and_stops(db: Database) -> None:
    office = Office(db)
    office.leadership.stop()
    fresh = Office(db, owner="c")
    fresh.worker.start()
    assert fresh.leadership.held() is not None
    fresh.worker.stop()
    assert fresh.leadership.held() is None
    next_one = Leadership(db, owner="d")
    next_one.turn()
    assert next_one.held() is not None
    office.sender.stop()


def stale_dialogues(tx: Tx, number: int) -> None:
    for n in range(number):
        tx.add(
            Dialogue(
                platform="console",
                chat_id="g1",
                user_id=f"u{n}",
                kind="confirm",
                command={},
                expires_at=tx.now - timedelta(days=3),
                created_at=tx.now,
            )
        )


def damage(tx: Tx) -> None:
    row = tx.exec(select(Sku)).first()
    assert row is not None
    row.on_hand += 1
    tx.add(row)
