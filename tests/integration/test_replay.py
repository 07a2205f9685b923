"""A platform that delivers everything again, many times and in any order, changes nothing."""

import random

import pytest
from sqlmodel import func, select

from bot.dispatcher import Dispatcher
from bot.messages import Message, Role
from store import audit
from store.db import Database
from store.models import Inbox, Outbox
from tests import shop
from tests.fakes.clock import FakeClock

TIMES = 10


@pytest.fixture
def dispatcher(db: Database) -> Dispatcher:
    shop.fill(db)
    return Dispatcher(db, vault=shop.VAULT)


def a_day(clock: FakeClock) -> list[Message]:
    """Forty commands that come out the same in any order."""
    return [
        Message(
            platform="console",
            message_id=f"day-{n}",
            chat_id=shop.GROUP,
            chat_kind="group",
            user_id="ann",
            user_name="",
            text=f"手冲壶+{n}" if n % 2 else f"手冲壶-{n % 3 + 1}",
            sent_at=clock(),
        )
        for n in range(1, 41)
    ]


def test_a_days_log_replayed_ten_times_shuffled_is_one_day(
    db: Database, dispatcher: Dispatcher, clock: FakeClock
) -> None:
    day, before = a_day(clock), shop.on_hand(db, "SCH")
    log = day * TIMES
    random.Random(14).shuffle(log)
    replies: dict[str, set[str]] = {}
    for message in log:
        accepted = dispatcher.receive(message)
        reply = dispatcher.handle(accepted.id, role=Role.OWNER)
        assert reply is not None
        replies.setdefault(message.message_id, set()).add(str(reply.to_json()))

    moved = sum(n if n % 2 else -(n % 3 + 1) for n in range(1, 41))
    assert shop.on_hand(db, "SCH") == before + moved
    assert {len(said) for said in replies.values()} == {1}
    assert db.read(lambda tx: tx.exec(select(func.count()).select_from(Inbox)).one()) == len(day)
    kinds = db.read(lambda tx: tx.exec(select(Outbox.kind)).all())
    assert kinds.count("reply") == len(day)
    assert db.read(audit.check, snapshot=True).faults == ()


@pytest.mark.parametrize("hours", [7, 24])
def test_a_redelivery_hours_later_is_still_one(
    db: Database, dispatcher: Dispatcher, clock: FakeClock, hours: int
) -> None:
    message, before = a_day(clock)[0], shop.on_hand(db, "SCH")
    first = dispatcher.answer(message, role=Role.OWNER)
    clock.advance(days=hours / 24)

    assert dispatcher.answer(message, role=Role.OWNER) == first
    assert shop.on_hand(db, "SCH") == before + 1
