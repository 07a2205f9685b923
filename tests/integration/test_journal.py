"""One's own last write is taken back by opposite operations, while nothing stands against it."""

from collections.abc import Callable
from typing import Any

import pytest

from store import audit, chats, journal, members, orders, shop, skus, stock
from store.db import Database, Tx
from store.errors import (
    InsufficientStockError,
    NothingToUndoError,
    NotUndoableError,
    StoreError,
)
from store.models import SkuStatus
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft, SkuPatch
from store.stock import Cause
from tests.conftest import AddSku

VAULT = Vault("only-for-tests")


@pytest.fixture(autouse=True)
def goods(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=10, name="T恤", specs={"颜色": "白"}, category="服装")
    add_sku("B", on_hand=10)
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="g1", kind="group"))


def write(db: Database, work: Callable[[Tx], object], actor: str = "ann") -> None:
    def journalled(tx: Tx) -> None:
        work(tx)
        journal.record(tx, actor=actor, origin="feishu:m", intent="test")

    db.run(journalled)


def undo(db: Database, actor: str = "ann", key: str = "u") -> journal.Undone:
    def work(tx: Tx) -> journal.Undone:
        undone = journal.undo_last(tx, actor=actor, cause_key=key)
        journal.record(tx, actor=actor, origin="feishu:u", intent="undo")
        return undone

    return db.run(work)


def state(db: Database) -> tuple[Any, ...]:
    def work(tx: Tx) -> tuple[Any, ...]:
        listed = [
            (sku.code, sku.name, sku.specs, sku.price_fen, sku.on_hand, sku.category, sku.status)
            for sku in skus.page(tx, limit=100)[0]
        ]
        heard = [each.topic for each in chats.subscriptions(tx, "feishu", "g1")]
        return listed, shop.is_open(tx), members.listed(tx), sorted(heard)

    return db.read(work)


def cause(key: str = "m") -> Cause:
    return Cause(key, "ann")


WRITES: dict[str, Callable[[Tx], object]] = {
    "receive": lambda tx: stock.receive(tx, sku="A", quantity=5, cause=cause()),
    "deduct": lambda tx: stock.deduct(tx, sku="A", quantity=5, cause=cause()),
    "count": lambda tx: stock.count(tx, sku="A", counted=3, cause=cause()),
    "price": lambda tx: skus.edit(tx, code="A", patch=SkuPatch(price_fen=1), cause=cause()),
    "everything": lambda tx: skus.edit(
        tx,
        code="A",
        patch=SkuPatch(
            name="短袖", specs={"颜色": "黑"}, category="夏装", reorder_point=9, code="AA"
        ),
        cause=cause(),
    ),
    "delist": lambda tx: skus.set_status(tx, code="A", status=SkuStatus.DELISTED, cause=cause()),
    "close": lambda tx: shop.set_open(tx, open=False, actor="ann"),
    "grant": lambda tx: members.set_role(tx, platform="feishu", user_id="bob", role="staff"),
    "unsubscribe": lambda tx: chats.unsubscribe(
        tx, platform="feishu", chat_id="g1", topic="orders"
    ),
    "schema": lambda tx: skus.set_schema(
        tx,
        product_id=skus.view(tx, "A").product_id,
        schema=[{"key": "颜色", "values": ["白"], "required": False}],
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_taken_back_and_taken_up_again(db: Database, name: str) -> None:
    before = state(db)
    write(db, WRITES[name])
    after = state(db)

    undo(db, key="u1")
    assert state(db) == before
    undo(db, key="u2")
    assert state(db) == after
    undo(db, key="u3")
    assert state(db) == before
    assert db.read(audit.check).ok


def test_a_new_sku_is_taken_back_by_delisting_it_empty(db: Database) -> None:
    draft = SkuDraft("新", 100, 0, code="N", stock=5)
    write(db, lambda tx: skus.add(tx, draft, cause=cause()))

    undo(db)

    left = db.read(lambda tx: skus.view(tx, "N"))
    assert (left.status, left.on_hand) == ("delisted", 0)


def test_each_takes_back_their_own(db: Database) -> None:
    write(db, WRITES["receive"])
    write(db, lambda tx: stock.receive(tx, sku="B", quantity=1, cause=cause("s")), actor="sue")

    undo(db)

    assert [row[4] for row in state(db)[0]] == [10, 11]
    with pytest.raises(NothingToUndoError):
        undo(db, actor="max")


@pytest.mark.parametrize(
    ("name", "meanwhile", "error"),
    [
        (
            "receive",
            lambda tx: stock.deduct(tx, sku="A", quantity=15, cause=Cause("s", "sue")),
            InsufficientStockError,
        ),
        (
            "receive",
            lambda tx: stock.count(tx, sku="A", counted=14, cause=Cause("s", "sue")),
            NotUndoableError,
        ),
        (
            "price",
            lambda tx: skus.edit(
                tx, code="A", patch=SkuPatch(price_fen=2), cause=Cause("s", "sue")
            ),
            NotUndoableError,
        ),
    ],
)
def test_what_others_did_since_stands(
    db: Database, name: str, meanwhile: Callable[[Tx], object], error: type[StoreError]
) -> None:
    write(db, WRITES[name])
    db.run(meanwhile)
    before = state(db)

    with pytest.raises(error):
        undo(db)
    assert state(db) == before


def test_what_is_sold_of_a_delivery_stays_and_the_rest_is_taken_back(db: Database) -> None:
    write(db, WRITES["receive"])
    db.run(lambda tx: stock.deduct(tx, sku="A", quantity=13, cause=Cause("s", "sue")))

    undone = undo(db, key="u1")

    assert [(r.what, r.before, r.after, r.short) for r in undone.reversals] == [("A", 2, 0, 3)]
    assert undo(db, key="u2").reversals[0].after == 2  # and again as much as was taken back
    assert db.read(audit.check).ok


def test_of_a_batch_the_changes_that_can_be_are_taken_back(db: Database) -> None:
    def batch(tx: Tx) -> None:
        for code in ("A", "B"):
            skus.edit(tx, code=code, patch=SkuPatch(price_fen=1), cause=cause(code))
            stock.receive(tx, sku=code, quantity=5, cause=cause(code))

    before = state(db)[0]
    write(db, batch)
    theirs = SkuPatch(price_fen=2)
    db.run(lambda tx: skus.edit(tx, code="B", patch=theirs, cause=Cause("s", "sue")))
    db.run(lambda tx: stock.deduct(tx, sku="A", quantity=15, cause=Cause("s", "sue")))

    undone = undo(db, key="u1")

    assert [type(error) for error in undone.left] == [NotUndoableError, InsufficientStockError]
    assert [(row[3], row[4]) for row in state(db)[0]] == [(before[0][3], 0), (2, 10)]
    undo(db, key="u2")
    assert [(row[3], row[4]) for row in state(db)[0]] == [(1, 0), (2, 15)]
    assert db.read(audit.check).ok


def test_an_older_write_is_found_by_its_message_and_undone_once(db: Database) -> None:
    def journalled(tx: Tx, origin: str, sku: str) -> None:
        stock.receive(tx, sku=sku, quantity=5, cause=cause(origin))
        journal.record(tx, actor="ann", origin=origin, intent="restock")

    db.run(lambda tx: journalled(tx, "m1", "A"))
    db.run(lambda tx: journalled(tx, "m2", "B"))

    assert db.read(lambda tx: journal.author(tx, "m1")) == "ann"
    db.run(lambda tx: journal.undo_last(tx, actor="max", cause_key="k", origin="m1", owner="ann"))
    assert [row[4] for row in state(db)[0]] == [10, 15]
    for origin in ("m1", "nothing"):
        with pytest.raises(NotUndoableError):
            db.run(
                lambda tx, o=origin: journal.undo_last(tx, actor="ann", cause_key="l", origin=o)  # type: ignore[misc]  # mypy cannot type a default of a lambda
            )


def test_an_orders_step_has_no_way_back(db: Database) -> None:
    request = OrderRequest("bob", (LineRequest("A", 1),))
    number = db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no
    write(db, WRITES["receive"])
    write(db, lambda tx: orders.ship(tx, order_no=number, actor="ann"))

    with pytest.raises(NotUndoableError) as caught:
        undo(db)
    assert caught.value.what == number


def test_reading_and_refusals_are_no_writes(db: Database) -> None:
    write(db, WRITES["receive"])
    write(db, lambda tx: skus.view(tx, "A"))
    db.run(
        lambda tx: journal.record(
            tx, actor="ann", origin="", intent="deduct", outcome="insufficient_stock"
        )
    )

    undo(db)

    assert state(db)[0][0][4] == 10
