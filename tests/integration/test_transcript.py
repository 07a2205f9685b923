"""A chat's transcript: everything once, in the order it was said, from where a reader was."""

import pytest
from sqlmodel import select

from store import inbox, outbox, transcript
from store.db import Database, Tx
from store.models import Outbox
from store.transcript import Line
from tests.fakes.clock import FakeClock


def said(db: Database, text: str, chat: str = "g") -> None:
    db.run(
        lambda tx: inbox.accept(
            tx,
            platform="console",
            message_id=text,
            chat_id=chat,
            user_id="ann",
            message={"text": text, "user_name": "安"},
        )
    )


def answered(db: Database, clock: FakeClock, text: str, chat: str = "g") -> None:
    """Something the bot said, at the test's time."""

    def work(tx: Tx) -> None:
        outbox.post(
            tx,
            target=f"console:{chat}",
            topic="reply",
            kind="reply",
            key=text,
            payload={"inbox_id": 1},
        )
        tx.flush()
        row = tx.exec(select(Outbox).where(Outbox.dedupe_key == f"{text}>console:{chat}")).one()
        row.state, row.sent_at = "sent", clock()
        row.payload = {**row.payload, "reply": {"text": text}}
        tx.add(row)

    db.run(work)


def read(db: Database, after: str = "", most: int = 200) -> list[Line]:
    return db.read(
        lambda tx: transcript.lines(tx, platform="console", chat_id="g", after=after, most=most)
    )


def words(lines: list[Line]) -> list[str]:
    return [line.reply["text"] if line.reply else line.text for line in lines]


def test_both_sides_appear_in_the_order_they_were_said(db: Database, clock: FakeClock) -> None:
    for number in range(3):
        said(db, f"q{number}")
        clock.advance(seconds=1)
        answered(db, clock, f"a{number}")
        clock.advance(seconds=1)
    said(db, "elsewhere", chat="other")
    assert words(read(db)) == ["q0", "a0", "q1", "a1", "q2", "a2"]


def test_a_reader_goes_on_from_where_it_was(db: Database, clock: FakeClock) -> None:
    said(db, "q0")
    clock.advance(seconds=1)
    answered(db, clock, "a0")
    cursor = read(db)[-1].cursor
    assert read(db, cursor) == []
    clock.advance(seconds=1)
    said(db, "q1")
    answered(db, clock, "a1")
    assert sorted(words(read(db, cursor))) == ["a1", "q1"]


def test_walking_in_small_steps_misses_nothing(db: Database, clock: FakeClock) -> None:
    for number in range(20):
        said(db, f"q{number}")
        answered(db, clock, f"a{number}")
        if number % 3:
            clock.advance(seconds=1)
    first = read(db, most=5)
    assert len(first) == 5
    seen: dict[str, str] = {}
    cursor = "0.0.0"
    for _ in range(60):
        page = read(db, cursor, most=4)
        if not page:
            break
        seen |= dict(zip((line.id for line in page), words(page), strict=True))
        cursor = page[-1].cursor
    assert len(seen) == 40


def test_a_new_reader_gets_the_latest_lines(db: Database, clock: FakeClock) -> None:
    for number in range(10):
        said(db, f"q{number}")
        clock.advance(seconds=1)
    assert words(read(db, most=3)) == ["q7", "q8", "q9"]


def test_what_was_not_sent_yet_was_not_said(db: Database) -> None:
    db.run(
        lambda tx: outbox.post(
            tx, target="console:g", topic="reply", kind="reply", key="x", payload={}
        )
    )
    assert read(db) == []


@pytest.mark.parametrize("cursor", ["x", "1.2", "1.2.x", "1.2.3.4"])
def test_a_broken_cursor_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        read(db, cursor)
