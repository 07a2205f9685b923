"""The day's figures, by the orders that were made in it."""

from datetime import datetime, timedelta

import pytest

from store import orders, reports, skus
from store.db import Database
from store.models import SkuStatus
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.reports import Seller, Summary
from store.sealing import Vault
from store.stock import Cause
from tests.conftest import AddSku
from tests.fakes.clock import START, FakeClock

VAULT = Vault("only-for-tests")
TERMS = Terms(shipping_fee_fen=1000)
NEVER = (START - timedelta(days=10), START - timedelta(days=9))
TODAY = (START, START + timedelta(days=1))


def place(db: Database, **quantities: int) -> str:
    lines = tuple(LineRequest(code, quantity) for code, quantity in quantities.items())
    request = OrderRequest("ann", lines)
    return db.run(lambda tx: placing.place(tx, request, terms=TERMS, vault=VAULT)).order_no


def summary(db: Database, period: tuple[datetime, datetime] = TODAY) -> Summary:
    return db.read(lambda tx: reports.summary(tx, start=period[0], end=period[1]))


@pytest.fixture
def goods(add_sku: AddSku) -> None:
    add_sku("A", name="T恤", specs={"颜色": "白色"}, on_hand=10, price_fen=5000, reorder_point=9)
    add_sku("B", on_hand=2, price_fen=1, reorder_point=1)
    add_sku("C", on_hand=9, reorder_point=3)
    add_sku("D")  # alerts off


def test_an_empty_shop_has_a_summary(db: Database) -> None:
    assert summary(db) == Summary(0, 0, 0, 0, 0, 0, 0, (), (), ())


@pytest.mark.usefixtures("goods")
def test_a_day_adds_up(db: Database) -> None:
    paid, sent, gone = place(db, A=2), place(db, A=1, B=2), place(db, C=4)
    db.run(lambda tx: orders.mark_paid(tx, order_no=paid, actor="ann"))
    db.run(lambda tx: orders.ship(tx, order_no=sent, actor="ann"))
    db.run(lambda tx: orders.cancel(tx, order_no=gone, actor="ann"))

    day = summary(db)

    assert (day.orders, day.units, day.cancelled, day.to_ship) == (2, 5, 1, 1)
    assert (day.revenue_fen, day.paid_fen, day.unpaid_orders) == (11000 + 6002, 11000, 1)
    assert day.best == (Seller("A", "T恤 白色", 3, 15000), Seller("B", "product B", 2, 2))
    assert [sku.code for sku in day.low_stock] == ["A"]
    assert [sku.code for sku in day.sold_out] == ["B"]


@pytest.mark.usefixtures("goods")
def test_a_period_has_its_start_in_it_and_not_its_end(db: Database, clock: FakeClock) -> None:
    clock.set(START - timedelta(microseconds=1))
    place(db, A=1)
    clock.set(START)
    place(db, A=1)
    clock.set(TODAY[1])
    place(db, A=1)

    assert summary(db).orders == 1
    assert summary(db, NEVER).orders == 0
    assert summary(db, NEVER).to_ship == 3  # of the moment


@pytest.mark.usefixtures("goods")
def test_best_and_worst_sellers(db: Database) -> None:
    place(db, A=1, C=5)
    place(db, A=1, B=1)
    delisted = Cause("d", "ann")
    db.run(lambda tx: skus.set_status(tx, code="D", status=SkuStatus.DELISTED, cause=delisted))

    def ranked(*, most: int = 10, worst: bool = False) -> list[tuple[str, int]]:
        start, end = TODAY
        found = db.read(
            lambda tx: reports.top_sellers(tx, start=start, end=end, most=most, worst=worst)
        )
        return [(seller.sku, seller.units) for seller in found]

    assert ranked() == [("C", 5), ("A", 2), ("B", 1)]
    assert ranked(most=1) == [("C", 5)]
    assert ranked(worst=True, most=2) == [("B", 1), ("A", 2)]


@pytest.mark.usefixtures("goods")
def test_what_did_not_sell_is_worst(db: Database) -> None:
    place(db, A=1)
    start, end = TODAY

    found = db.read(lambda tx: reports.top_sellers(tx, start=start, end=end, most=2, worst=True))

    assert found == [Seller("B", "product B", 0, 0), Seller("C", "product C", 0, 0)]
