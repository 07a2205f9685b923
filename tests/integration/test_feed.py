"""The feed: whoever reads it leaves nothing out, whatever becomes visible when."""

from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from store import feed, orders, skus, stock
from store.db import Database, Tx
from store.feed import FeedEvent, Position
from store.models import OrderEvent
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft
from store.stock import Cause
from tests.fakes.clock import START, FakeClock

VAULT = Vault("key-of-the-tests")


def add(db: Database, code: str = "A", units: int = 10, point: int = 0) -> None:
    draft = SkuDraft(name=code, code=code, price_fen=100, reorder_point=point, stock=units)
    db.run(lambda tx: skus.add(tx, draft, cause=Cause(f"add:{code}", "test")))


def order(db: Database, quantity: int = 1) -> str:
    request = OrderRequest(customer_id="w", lines=(LineRequest("A", quantity),))
    return db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no


def everything(db: Database, *, most: int = 500) -> list[FeedEvent]:
    events: list[FeedEvent] = []
    position: Position | None = Position.at(START - timedelta(days=1))
    while position is not None:
        found, position = db.read(partial(feed.page, after=position, most=most))
        events += found
    return events


def test_movements_and_steps_are_events(db: Database, clock: FakeClock) -> None:
    add(db, units=10, point=8)
    clock.advance(seconds=1)
    number = order(db, 3)
    clock.advance(seconds=1)
    db.run(lambda tx: orders.ship(tx, order_no=number, actor="test"))
    told = [(event.name, event.fields) for event in everything(db)]
    assert told == [
        ("stock", {"sku": "A", "available": 10, "on_hand": 10}),
        ("order", {"order_no": number, "status": "confirmed", "total_fen": 300}),
        ("stock", {"sku": "A", "available": 7, "on_hand": 10}),
        ("low_stock", {"sku": "A", "available": 7, "reorder_point": 8}),
        ("order", {"order_no": number, "status": "shipped", "total_fen": 300}),
        ("stock", {"sku": "A", "available": 7, "on_hand": 7}),
    ]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 500])
def test_pages_of_any_size_leave_nothing_out_and_go_forward(
    db: Database, clock: FakeClock, most: int
) -> None:
    add(db)
    for number in range(6):
        order(db)
        if number % 2:  # several rows share an instant
            clock.advance(seconds=1)
    events = everything(db, most=most)
    assert sorted(event.id for event in events) == sorted(event.id for event in everything(db))
    assert len(events) == 1 + 2 * 6
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_an_id_says_when(db: Database) -> None:
    add(db)
    (event,) = everything(db)
    assert feed.moment_of(event.id) == START


@pytest.mark.parametrize(
    "text", ["", "1", "-m1", "1-m", "1-x1", "1-m1 ", "１-m1", "-1-m1", "1" * 18 + "-m1", "1-m1\n"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        feed.moment_of(text)


def test_what_was_seen_is_not_told_again(db: Database) -> None:
    add(db)
    order(db)
    seen = {event.id for event in db.read(lambda tx: feed.fresh(tx, START, set()))}
    assert len(seen) == 3
    assert db.read(lambda tx: feed.fresh(tx, START, seen)) == []
    number = order(db)
    told = db.read(lambda tx: feed.fresh(tx, START, seen))
    assert [event.fields.get("order_no") for event in told] == [number, None]


@pytest.mark.mysql
def test_a_row_that_becomes_visible_late_is_told_then(mysql_url: str, clock: FakeClock) -> None:
    """A transaction that began first may commit last: its row is older, its id lower."""
    with closing(Database(mysql_url, now=clock)) as db:
        add(db, "A")
        add(db, "B")
        with db.engine.connect() as connection, Tx(connection, clock()) as early:
            stock.receive(early, sku="A", quantity=1, cause=Cause("early", "test"))
            clock.advance(seconds=3)
            cause = Cause("late", "test")
            db.run(lambda tx: stock.receive(tx, sku="B", quantity=1, cause=cause))
            seen = {event.id for event in db.read(lambda tx: feed.fresh(tx, START, set()))}
            assert len(seen) == 3
            early.commit()
        told = db.read(lambda tx: feed.fresh(tx, feed.earlier(clock(), 5), seen))
        assert [(event.at, event.fields["sku"]) for event in told] == [(START, "A")]


def test_a_thousand_rows_of_one_instant_are_all_told(db: Database) -> None:
    add(db, units=1)

    def many(tx: Tx) -> None:
        for number in range(1100):
            stock.receive(tx, sku="A", quantity=1, cause=Cause(f"m{number}", "test"))

    db.run(many)
    assert len({event.id for event in everything(db)}) == 1101
    assert len(db.read(lambda tx: feed.fresh(tx, START, set()))) == 1101
    assert db.read(lambda tx: len(tx.exec(select(OrderEvent.id)).all())) == 0
