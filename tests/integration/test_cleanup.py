"""What has served its time goes, in small bites; the record stays."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import SQLModel, func, select

from store import cleanup, codes, dialogues, idempotency, inbox, jobs, outbox
from store.db import Database, Tx
from store.idempotency import Key
from store.models import (
    Dialogue,
    IdempotencyKey,
    Inbox,
    JobRun,
    OneTimeCode,
    Outbox,
    StockMovement,
)
from tests.conftest import AddSku
from tests.fakes.clock import FakeClock

EVERYTHING = (Inbox, IdempotencyKey, Outbox, Dialogue, OneTimeCode, JobRun)


def left(db: Database) -> dict[type[SQLModel], int]:
    def count(tx: Tx) -> dict[type[SQLModel], int]:
        return {
            model: tx.exec(select(func.count()).select_from(model)).one() for model in EVERYTHING
        }

    return db.read(count)


def prune(db: Database, most: int = 500) -> int:
    return db.run(lambda tx: cleanup.prune(tx, most=most))


def in_order(db: Database, *works: Callable[[Tx], object]) -> None:
    for work in works:
        db.run(work)


def fill(db: Database) -> None:
    message = inbox_message("1")

    def said(tx: Tx) -> None:
        outbox.post(tx, target="feishu:1", topic="t", kind="notice", key="k", payload={})
        parcel = outbox.claim(tx, sender="s")[0]
        outbox.sent(tx, parcel=parcel, sender="s", said={})

    in_order(
        db,
        lambda tx: inbox.claim(tx, message(tx)),
        lambda tx: idempotency.begin(tx, scope="s", key=Key("k", "f")),
        said,
        lambda tx: dialogues.ask(
            tx,
            platform="feishu",
            chat_id="1",
            user_id="1",
            kind="confirm",
            command={},
            ttl=timedelta(minutes=5),
        ),
        lambda tx: codes.issue(tx, purpose=codes.OWNER, ttl=timedelta(minutes=30)),
        lambda tx: jobs.once(tx, job="j", slot="s", epoch=1),
    )


def inbox_message(message_id: str) -> Callable[[Tx], int]:
    def accept(tx: Tx) -> int:
        return inbox.accept(
            tx, platform="feishu", message_id=message_id, chat_id="1", user_id="1", message={}
        ).id

    return accept


def test_nothing_goes_before_its_time(db: Database, clock: FakeClock) -> None:
    fill(db)
    clock.advance(minutes=4)
    assert prune(db) == 0

    clock.advance(days=2)
    prune(db)

    rows = left(db)
    assert (rows[Inbox], rows[IdempotencyKey], rows[Outbox], rows[JobRun]) == (1, 1, 1, 1)


def test_everything_goes_in_its_time(db: Database, clock: FakeClock) -> None:
    fill(db)

    clock.advance(days=91)
    assert prune(db) == 6

    assert set(left(db).values()) == {0}
    assert prune(db) == 0


def test_a_message_nobody_handled_stays(db: Database, clock: FakeClock) -> None:
    db.run(inbox_message("1"))

    clock.advance(days=400)

    assert prune(db) == 0


def test_what_was_not_said_stays_and_what_cannot_be_said_stays_longer(
    db: Database, clock: FakeClock
) -> None:
    def post(tx: Tx, key: str) -> None:
        target = f"feishu:{key}"
        outbox.post(tx, target=target, topic="t", kind="notice", key=key, payload={})

    def give_up(tx: Tx) -> None:
        parcel = next(p for p in outbox.claim(tx, sender="s") if p.target == "feishu:dead")
        outbox.failed(tx, parcel=parcel, sender="s", error="", retry_after_s=None)

    in_order(db, lambda tx: post(tx, "dead"), lambda tx: post(tx, "pending"), give_up)

    clock.advance(days=60)
    assert prune(db) == 0
    clock.advance(days=60)
    assert prune(db) == 1


def test_bites_are_small(db: Database, clock: FakeClock) -> None:
    for number in range(7):
        db.run(lambda tx, n=number: inbox.claim(tx, inbox_message(str(n))(tx)))  # type: ignore[misc]
    clock.advance(days=8)

    assert [prune(db, most=3) for _ in range(4)] == [3, 3, 1, 0]


def test_movements_stay_for_ever(db: Database, clock: FakeClock, add_sku: AddSku) -> None:
    add_sku("CF-001", on_hand=5)
    clock.advance(days=4000)
    prune(db)

    kept = db.read(lambda tx: tx.exec(select(func.count()).select_from(StockMovement)).one())

    assert kept == 1
