"""A message is durable before it is acknowledged, and taken at most once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store import inbox
from store.db import Database, Tx
from store.inbox import Accepted
from tests.fakes.clock import FakeClock

REPLY = {"title": "已入库", "text": ""}


def accept(db: Database, message_id: str = "m1", platform: str = "feishu") -> Accepted:
    return db.run(
        lambda tx: inbox.accept(
            tx,
            platform=platform,
            message_id=message_id,
            chat_id="g1",
            user_id="ann",
            message={"text": "咖啡豆+50"},
        )
    )


def handle(db: Database, inbox_id: int) -> dict[str, Any] | None:
    def work(tx: Tx) -> dict[str, Any] | None:
        message = inbox.claim(tx, inbox_id)
        if message is not None:
            inbox.finish(tx, inbox_id, REPLY)
        return message

    return db.run(work)


@pytest.mark.parametrize("days", [0, 0.3, 1, 6.9])
def test_a_message_is_known_again_with_its_reply(
    db: Database, clock: FakeClock, days: float
) -> None:
    first = accept(db)
    handle(db, first.id)
    clock.advance(days=days)

    assert first == Accepted(first.id, duplicate=False, reply=None)
    assert accept(db) == Accepted(first.id, duplicate=True, reply=REPLY)


def test_a_message_that_waits_is_a_duplicate_without_a_reply(db: Database) -> None:
    first = accept(db)

    assert accept(db) == Accepted(first.id, duplicate=True, reply=None)


def test_ids_belong_to_their_platform_and_case_matters(db: Database) -> None:
    accepted = [accept(db), accept(db, "M1"), accept(db, "m1", "wecom"), accept(db, "m2")]

    assert [each.duplicate for each in accepted] == [False] * 4


def test_delivered_ten_times_at_once_it_is_one_message(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda _: accept(db), range(10)))

    assert len({each.id for each in accepted}) == 1
    assert [each.duplicate for each in accepted].count(False) == 1


def test_of_many_who_claim_a_message_one_gets_it(db: Database) -> None:
    waiting = accept(db).id

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: handle(db, waiting), range(10)))

    assert [message for message in claimed if message] == [{"text": "咖啡豆+50"}]
    assert db.read(lambda tx: inbox.reply_of(tx, waiting)) == REPLY


def test_a_claim_that_fails_can_be_made_again(db: Database) -> None:
    waiting = accept(db).id

    def fails(tx: Tx) -> None:
        assert inbox.claim(tx, waiting) is not None
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.run(fails)

    assert db.read(inbox.waiting) == [waiting]
    assert handle(db, waiting) == {"text": "咖啡豆+50"}
    assert db.read(inbox.waiting) == []
    assert handle(db, waiting) is None
