"""Stock changes under lock, with its movement, and never below what orders hold."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from store import audit, chats, skus, stock
from store.db import Database, Tx
from store.errors import (
    InsufficientStockError,
    InvalidValueError,
    NotUndoableError,
    Shortage,
    SkuNotFoundError,
)
from store.models import Outbox, StockMovement
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuPatch
from store.stock import MAX_UNITS, Cause, StockLevel
from tests.conftest import AddSku

VAULT = Vault("only-for-tests")
WRONG_UNITS = [0, -1, MAX_UNITS + 1, 2**31, 2**63, 10**400, 1.5, 2.0, True, "5", "１", None]


def receive(db: Database, quantity: int, cause: str = "c", sku: str = "A") -> StockLevel:
    by = Cause(cause, "ann", "note")
    return db.run(lambda tx: stock.receive(tx, sku=sku, quantity=quantity, cause=by))


def deduct(db: Database, quantity: int, cause: str = "c") -> StockLevel:
    by = Cause(cause, "ann")
    return db.run(lambda tx: stock.deduct(tx, sku="A", quantity=quantity, cause=by))


def count(db: Database, counted: int, cause: str = "c") -> StockLevel:
    by = Cause(cause, "ann")
    return db.run(lambda tx: stock.count(tx, sku="A", counted=counted, cause=by))


def reserve(db: Database, quantity: int, cause: str = "c") -> StockLevel:
    by = Cause(cause, "ann")
    return db.run(lambda tx: stock.reserve(tx, sku="A", quantity=quantity, cause=by))


def order(db: Database, quantity: int) -> str:
    request = OrderRequest("bob", (LineRequest("A", quantity),))
    return db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no


def levels(db: Database, sku: str = "A") -> tuple[int, int]:
    view = db.read(lambda tx: skus.view(tx, sku))
    return view.on_hand, view.reserved


def movements(db: Database) -> list[tuple[str, int, int, int, int]]:
    def work(tx: Tx) -> list[tuple[str, int, int, int, int]]:
        rows = tx.exec(select(StockMovement).order_by(text("id"))).all()
        return [
            (m.kind, m.delta_on_hand, m.delta_reserved, m.on_hand_after, m.reserved_after)
            for m in rows
        ]

    return db.read(work)


def told(db: Database) -> list[tuple[str, int, bool]]:
    def work(tx: Tx) -> list[tuple[str, int, bool]]:
        rows = tx.exec(select(Outbox).where(Outbox.topic == "low_stock")).all()
        return [(row.kind, row.payload["available"], row.urgent) for row in rows]

    return db.read(work)


def test_each_operation_answers_with_the_levels_and_leaves_its_movement(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("A", on_hand=10)
    level = receive(db, 5)
    assert (level.on_hand_before, level.on_hand, level.available) == (10, 15, 15)
    assert deduct(db, 2).on_hand == 13
    assert (reserve(db, 4).reserved, reserve(db, 1, "d").available) == (4, 8)
    assert count(db, 9).on_hand == 9

    assert movements(db) == [
        ("restock", 10, 0, 10, 0),
        ("restock", 5, 0, 15, 0),
        ("deduct", -2, 0, 13, 0),
        ("reserve", 0, 4, 13, 4),
        ("reserve", 0, 1, 13, 5),
        ("stocktake", -4, 0, 9, 5),
    ]
    assert db.read(audit.check).ok


def test_a_count_that_agrees_is_on_record_too(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=10)

    assert count(db, 10).on_hand == 10
    assert movements(db)[-1] == ("stocktake", 0, 0, 10, 0)


def test_nothing_is_taken_that_orders_hold(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=5)
    number = order(db, 3)

    refusals = (
        partial(deduct, db, 3),
        partial(count, db, 2),
        partial(reserve, db, 3),
        partial(deduct, db, MAX_UNITS),
    )
    for refused in refusals:
        with pytest.raises(InsufficientStockError) as caught:
            refused()
        assert caught.value.lines[0].available == 2
    assert deduct(db, 2).available == 0
    with pytest.raises(InsufficientStockError) as caught:
        deduct(db, 1, "d")
    assert caught.value.lines == (Shortage("A", 1, 0),)
    assert caught.value.holders == (number,)
    assert levels(db) == (3, 3)


@pytest.mark.parametrize("units", WRONG_UNITS, ids=lambda units: repr(units)[:20])
def test_only_whole_numbers_of_units_move(db: Database, add_sku: AddSku, units: int) -> None:
    add_sku("A", on_hand=5)

    for operation in (receive, deduct, reserve):
        with pytest.raises(InvalidValueError) as caught:
            operation(db, units)
        assert (caught.value.field, caught.value.limit) == ("quantity", MAX_UNITS)
    if units != 0 or isinstance(units, bool):
        with pytest.raises(InvalidValueError):
            count(db, units)
    assert levels(db) == (5, 0)


@pytest.mark.parametrize("code", ["a", " Ａ ", "ａ", "A\u3000"])
def test_a_sku_is_found_by_any_spelling_of_its_code(
    db: Database, add_sku: AddSku, code: str
) -> None:
    add_sku("A", on_hand=5)

    assert receive(db, 1, sku=code).sku == "A"


def test_unknown_skus_are_named_all_at_once(db: Database, add_sku: AddSku) -> None:
    add_sku("A")

    with pytest.raises(SkuNotFoundError) as caught:
        db.run(lambda tx: stock.lock(tx, ["C", "A", "B", "c"]))
    assert caught.value.skus == ("C", "B")


def test_the_same_cause_moves_a_sku_once(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=5)
    receive(db, 1)

    with pytest.raises(DatabaseError):
        receive(db, 1)
    deduct(db, 1)  # another kind of the same cause
    assert levels(db) == (5, 0)


def test_movements_are_reversed_once_and_only_while_the_units_are_there(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("A", on_hand=0)
    moved = receive(db, 5).movement_id

    def undo(cause: str) -> StockLevel:
        by = Cause(cause, "ann")
        return db.run(lambda tx: stock.reverse(tx, movement_id=moved, cause=by))

    order(db, 1)
    assert undo("u").on_hand == 1  # what the order holds stays
    with pytest.raises(InsufficientStockError):
        undo("again")
    assert db.read(audit.check).ok


def test_a_movement_before_a_count_that_stands_is_not_reversed(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("A", on_hand=10)
    moved = receive(db, 5).movement_id
    counted = count(db, 12)

    def undo(movement: int, cause: str) -> StockLevel:
        by = Cause(cause, "ann")
        return db.run(lambda tx: stock.reverse(tx, movement_id=movement, cause=by))

    with pytest.raises(NotUndoableError):
        undo(moved, "u1")
    back = undo(counted.movement_id, "u2")
    again = undo(back.movement_id, "u3")  # the count stands once more
    with pytest.raises(NotUndoableError):
        undo(moved, "u4")
    undo(again.movement_id, "u5")
    assert undo(moved, "u6").on_hand == 10


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sku SET on_hand = -1",
        "UPDATE sku SET reserved = -1",
        "UPDATE sku SET reserved = on_hand + 1",
        "UPDATE sku SET price_fen = 0",
        "UPDATE sku SET reorder_point = -1",
        "UPDATE stock_movement SET on_hand_after = -1",
    ],
)
def test_the_database_itself_refuses_what_cannot_be(
    db: Database, add_sku: AddSku, statement: str
) -> None:
    add_sku("A", on_hand=5)

    with pytest.raises(DatabaseError):
        db.run(lambda tx: tx.execute(text(statement)))


def test_receipts_from_many_threads_all_count(db: Database, add_sku: AddSku) -> None:
    add_sku("A")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: receive(db, 1, f"c{n}"), range(64)))

    assert levels(db) == (64, 0)
    assert db.read(audit.check).ok


def test_a_count_does_not_erase_what_was_sold_meanwhile(db: Database, add_sku: AddSku) -> None:
    """Counted units are on the shelf; those that orders hold stay promised."""
    add_sku("A", on_hand=50)
    order(db, 10)

    level = count(db, 48)

    assert (level.on_hand, level.reserved, level.available) == (48, 10, 38)


@pytest.fixture
def listening(db: Database) -> None:
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))


@pytest.mark.usefixtures("listening")
def test_low_stock_is_told_once_until_it_has_recovered(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=10, reorder_point=5)
    deduct(db, 4, "6 left")
    assert told(db) == []
    deduct(db, 1, "5 left")
    deduct(db, 1, "4 left")
    order(db, 1)
    assert told(db) == [("low_stock", 5, True)]
    receive(db, 3, "6 again")
    reserve(db, 1, "5 again")
    assert told(db) == [("low_stock", 5, True)] * 2


@pytest.mark.usefixtures("listening")
def test_sold_out_is_urgent_and_takes_the_place_of_low(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=10, reorder_point=5)

    reserve(db, 10, "all of it")

    assert told(db) == [("sold_out", 0, True)]


@pytest.mark.usefixtures("listening")
def test_a_reorder_point_of_zero_means_no_alerts(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=10)
    add_sku("B", on_hand=10, reorder_point=5)
    db.run(
        lambda tx: skus.edit(tx, code="B", patch=SkuPatch(reorder_point=0), cause=Cause("e", "a"))
    )

    deduct(db, 10)
    db.run(lambda tx: stock.deduct(tx, sku="B", quantity=10, cause=Cause("d", "a")))

    assert told(db) == []
