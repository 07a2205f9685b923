"""Orders: all lines or none, decided in the contract's order; each step from where it may be."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from store import audit, chats, orders, shop, skus
from store.db import Database, Tx
from store.errors import (
    AmbiguousOrderError,
    IdempotencyKeyReusedError,
    InsufficientStockError,
    InvalidValueError,
    OrderNotFoundError,
    PriceChange,
    PriceChangedError,
    ShopClosedError,
    Shortage,
    SkuNotForSaleError,
    SkuNotFoundError,
    WrongStateError,
)
from store.idempotency import Key
from store.models import Order, Outbox, SkuStatus
from store.ordering import placing
from store.ordering.requests import Contact, LineRequest, OrderRequest, Placed, Terms
from store.orders import OrderView
from store.sealing import Vault
from store.skus import SkuPatch
from store.stock import Cause
from tests.conftest import AddSku
from tests.fakes.clock import START, FakeClock

VAULT = Vault("only-for-tests")
OFFLINE, ONLINE = Terms(), Terms(online=True, reservation=timedelta(minutes=15))
CONTACT = Contact("王小明", "13800005678", "北京市朝阳区建国路 1 号")
BY_ANN = Cause("c", "ann")


@pytest.fixture(autouse=True)
def goods(add_sku: AddSku) -> None:
    add_sku("A", name="T恤", specs={"颜色": "白"}, on_hand=10, price_fen=5000)
    add_sku("B", on_hand=10, price_fen=1)


def request(*lines: tuple[Any, ...], **fields: Any) -> OrderRequest:
    wanted = tuple(LineRequest(*line) for line in lines or (("A", 1),))
    return OrderRequest(**{"customer_id": "bob", "lines": wanted, **fields})


def place(
    db: Database,
    *lines: tuple[Any, ...],
    terms: Terms = OFFLINE,
    key: Key | None = None,
    **fields: Any,
) -> Placed:
    wanted = request(*lines, **fields)
    return db.run(lambda tx: placing.place(tx, wanted, terms=terms, vault=VAULT, key=key))


def view(db: Database, order_no: str) -> OrderView:
    return db.read(lambda tx: orders.view(tx, order_no))


def step(db: Database, name: str, order_no: str, **fields: Any) -> OrderView:
    operation = getattr(orders, name)
    found: OrderView = db.run(lambda tx: operation(tx, order_no=order_no, actor="ann", **fields))
    return found


def levels(db: Database, sku: str = "A") -> tuple[int, int]:
    found = db.read(lambda tx: skus.view(tx, sku))
    return found.on_hand, found.reserved


def count(db: Database) -> int:
    return db.read(lambda tx: tx.exec(select(func.count()).select_from(Order)).one())


# Placing.


def test_an_accepted_order_is_what_was_asked_for(db: Database) -> None:
    placed = place(db, ("b", 3), (" Ａ ", 2), contact=CONTACT, remark=" 快 点\n谢谢 ", channel="h5")

    order = view(db, placed.order_no)
    assert (order.status, order.total_fen, order.shipping_fen) == ("confirmed", 10003, 0)
    assert [(line.sku, line.quantity, line.price_fen, line.total_fen) for line in order.lines] == [
        ("B", 3, 1, 3),
        ("A", 2, 5000, 10000),
    ]
    assert (order.lines[1].title, order.remark, order.channel) == ("T恤 白", "快 点 谢谢", "h5")
    assert (order.created_at, order.expires_at) == (START, None)
    assert orders.contact(order, VAULT) == CONTACT
    assert (levels(db, "A"), levels(db, "B")) == ((10, 2), (10, 3))
    assert not placed.replayed
    assert db.read(audit.check).ok


def test_the_answer_is_the_contracts(db: Database) -> None:
    placed = place(db, ("A", 2), terms=Terms(online=True, shipping_fee_fen=800))

    assert set(placed.answer) == {
        *("order_no", "token", "status", "total_fen", "shipping_fen", "lines", "channel"),
        *("created_at", "expires_at"),
    }
    assert placed.answer["status"] == "pending_payment"
    assert placed.answer["total_fen"] == 10800
    assert placed.answer["expires_at"] == "2026-03-02T02:15:00.000+00:00"
    assert placed.answer["lines"] == [
        {
            "sku": "A",
            "name": "T恤",
            "specs": {"颜色": "白"},
            "quantity": 2,
            "price_fen": 5000,
            "total_fen": 10000,
        }
    ]


def test_order_numbers_are_ten_digits_that_tell_nothing(db: Database) -> None:
    numbers = [place(db, ("B", 1)).order_no for _ in range(10)]

    assert all(len(number) == 10 and number.isdigit() and number[0] != "0" for number in numbers)
    assert len(set(numbers)) == 10
    assert numbers != sorted(numbers)
    tokens = {view(db, number).token for number in numbers}
    assert len(tokens) == 10
    assert min(map(len, tokens)) >= 32


def test_contacts_are_sealed_in_the_database(db: Database) -> None:
    place(db, contact=CONTACT)

    row = db.read(lambda tx: repr(tx.execute(text("SELECT * FROM orders")).all()))
    assert "13800005678" not in row
    assert "王小明" not in row
    assert "朝阳" not in row


def test_equal_skus_are_summed_before_anything_is_checked(db: Database) -> None:
    placed = place(db, ("A", 2), ("B", 1), ("a", 3), ("Ａ", 1))
    assert [(line.sku, line.quantity) for line in view(db, placed.order_no).lines] == [
        ("A", 6),
        ("B", 1),
    ]

    with pytest.raises(InsufficientStockError) as caught:
        place(db, ("A", 3), ("A", 3))
    assert caught.value.lines == (Shortage("A", 6, 4),)


@pytest.mark.parametrize(
    ("goods_fen", "shipping_fen"), [(4999, 800), (5000, 0), (5001, 0), (1, 800)]
)
def test_shipping_is_free_from_a_sum_on(goods_fen: int, shipping_fen: int) -> None:
    terms = Terms(shipping_fee_fen=800, free_from_fen=5000)

    assert terms.shipping_fen(goods_fen) == shipping_fen
    assert Terms(shipping_fee_fen=800).shipping_fen(goods_fen) == 800
    assert Terms().shipping_fen(goods_fen) == 0


def test_all_lines_or_none_and_every_short_one_is_named(db: Database, add_sku: AddSku) -> None:
    add_sku("C", on_hand=5)

    with pytest.raises(InsufficientStockError) as caught:
        place(db, ("A", 11), ("C", 5), ("B", 12))

    assert caught.value.lines == (Shortage("A", 11, 10), Shortage("B", 12, 10))
    assert [levels(db, sku) for sku in "ABC"] == [(10, 0), (10, 0), (5, 0)]
    assert count(db) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        *[({"lines": (LineRequest("A", units),)}, "quantity") for units in (0, -1, 10_000, 2**31)],
        *[({"lines": (LineRequest("A", units),)}, "quantity") for units in (2**63, 10**400)],
        ({"lines": (LineRequest("A", 1.5),)}, "quantity"),  # type: ignore[arg-type]
        ({"lines": (LineRequest("A", quantity=True),)}, "quantity"),
        ({"lines": (LineRequest("A", "1"),)}, "quantity"),  # type: ignore[arg-type]
        ({"lines": (LineRequest("A", 9999), LineRequest("a", 1))}, "quantity"),
        ({"lines": ()}, "lines"),
        ({"lines": tuple(LineRequest(f"S{n}", 1) for n in range(51))}, "lines"),
        ({"lines": (LineRequest("a b", 1),)}, "code"),
        ({"lines": (LineRequest("A", 1, 1), LineRequest("A", 1, 2))}, "price_fen"),
        *[
            ({"customer_id": who}, "customer_id")
            for who in ("", " bob", "x" * 65, "a\nb", "\u202e")
        ],
        ({"remark": "x" * 201}, "remark"),
        ({"remark": "a\u200bb"}, "remark"),
        ({"channel": "telepathy"}, "channel"),
        ({"contact": Contact("", "13800005678")}, "contact"),
        ({"contact": Contact("王\0", "13800005678")}, "contact"),
        *[({"contact": Contact("王", phone)}, "phone") for phone in ("", "12", "x" * 5, "1" * 21)],
        ({"contact": Contact("王", "13800005678", "x" * 201)}, "address"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_request_that_cannot_be_is_refused_whole(
    db: Database, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        db.run(lambda tx: placing.place(tx, request(**fields), terms=OFFLINE, vault=VAULT))
    assert caught.value.field == field
    assert count(db) == 0


def test_fifty_lines_of_the_largest_order_fit(db: Database, add_sku: AddSku) -> None:
    codes = [f"S{number}" for number in range(50)]
    for code in codes:
        add_sku(code, on_hand=9999, price_fen=100_000_000)

    placed = place(db, *((code, 9999) for code in codes))

    assert placed.answer["total_fen"] == 50 * 9999 * 100_000_000
    assert db.read(audit.check).ok


def test_refusals_come_in_the_order_of_the_contract(db: Database, add_sku: AddSku) -> None:
    """Request, shop open, known, on sale, price, stock: each wrong thing hides the later ones."""
    add_sku("OFF", on_hand=1)
    off = SkuStatus.DELISTED
    db.run(lambda tx: skus.set_status(tx, code="OFF", status=off, cause=BY_ANN))
    short, dear = ("B", 11), ("A", 1, 4999)
    assert_refused(db, InsufficientStockError, short)
    assert_refused(db, PriceChangedError, short, dear)
    assert_refused(db, SkuNotForSaleError, short, dear, ("OFF", 1))
    assert_refused(db, SkuNotFoundError, short, dear, ("OFF", 1), ("NONE", 1))
    db.run(lambda tx: shop.set_open(tx, open=False, actor="ann"))
    assert_refused(db, ShopClosedError, short, dear, ("OFF", 1), ("NONE", 1))
    assert_refused(db, InvalidValueError, short, dear, ("OFF", 1), ("NONE", 0))
    db.run(lambda tx: shop.set_open(tx, open=True, actor="ann"))
    assert place(db, ("A", 1, 5000)).order_no


def assert_refused(db: Database, error: type[Exception], *lines: tuple[Any, ...]) -> None:
    with pytest.raises(error):
        place(db, *lines)


def test_refusals_name_all_that_they_are_about(db: Database) -> None:
    with pytest.raises(PriceChangedError) as price:
        place(db, ("A", 1, 4999), ("B", 1, 2))
    assert price.value.lines == (PriceChange("A", 4999, 5000), PriceChange("B", 2, 1))
    with pytest.raises(SkuNotFoundError) as unknown:
        place(db, ("X", 1), ("A", 1), ("Y", 1))
    assert unknown.value.skus == ("X", "Y")


def test_a_new_order_is_told_to_who_listens(db: Database) -> None:
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))
    number = place(db).order_no

    told = db.read(lambda tx: [(row.kind, row.payload) for row in tx.exec(select(Outbox)).all()])
    assert told == [("order_new", {"order_no": number})]


# The same request again.


def key(value: str = "k", fingerprint: str = "f") -> Key:
    return Key(value, fingerprint)


def test_the_same_key_gets_the_same_answer_whatever_happened_since(db: Database) -> None:
    first = place(db, ("A", 10), key=key())
    db.run(lambda tx: shop.set_open(tx, open=False, actor="ann"))
    db.run(lambda tx: skus.edit(tx, code="A", patch=SkuPatch(price_fen=1), cause=BY_ANN))

    again = place(db, ("A", 10), key=key())

    assert (again.answer, again.replayed) == (first.answer, True)
    assert levels(db) == (10, 10)
    assert count(db) == 1


def test_a_key_stands_for_one_request_of_one_customer(db: Database) -> None:
    place(db, key=key())

    with pytest.raises(IdempotencyKeyReusedError):
        place(db, key=key(fingerprint="other"))
    assert not place(db, key=key(), customer_id="eve").replayed
    assert not place(db, key=key("K")).replayed  # keys are told apart by case
    assert count(db) == 3


def test_a_refusal_is_not_remembered(db: Database) -> None:
    with pytest.raises(InsufficientStockError):
        place(db, ("A", 11), key=key())
    assert not place(db, ("A", 1), key=key(fingerprint="another")).replayed


# Reading.


def test_who_has_no_token_finds_no_order(db: Database) -> None:
    number = place(db).order_no
    token = view(db, number).token

    def read(order_no: str, with_token: str) -> OrderView:
        return db.read(lambda tx: orders.for_customer(tx, order_no, with_token))

    assert read(number, token).order_no == number
    for wrong in ("", token[:-1], token.swapcase(), "茶"):
        with pytest.raises(OrderNotFoundError) as other:
            read(number, wrong)
        with pytest.raises(OrderNotFoundError) as none:
            read("1234567890", wrong)
        assert type(other.value) is type(none.value)


def test_an_order_is_named_by_its_last_digits_while_it_is_recent(
    db: Database, clock: FakeClock
) -> None:
    number = place(db).order_no
    rename(db, number, "1000001033")
    rename(db, place(db).order_no, "2000041033")

    def find(digits: str) -> str:
        return db.read(lambda tx: orders.find(tx, digits))

    assert find("1000001033") == "1000001033"
    assert find("001033") == "1000001033"
    with pytest.raises(AmbiguousOrderError) as caught:
        find("1033")
    assert caught.value.candidates == ("2000041033", "1000001033")
    for wrong in ("033", "9999", "", "103x", "１０３３", "%033", "10000010330"):
        with pytest.raises(OrderNotFoundError):
            find(wrong)
    clock.advance(days=31)
    with pytest.raises(OrderNotFoundError):
        find("001033")
    assert find("1000001033") == "1000001033"


def rename(db: Database, order_no: str, to: str) -> None:
    statement = text(f"UPDATE orders SET order_no = '{to}' WHERE order_no = '{order_no}'")
    db.run(lambda tx: tx.execute(statement))


def test_pages_are_newest_first_and_filtered(db: Database, clock: FakeClock) -> None:
    first, second = place(db).order_no, place(db, terms=ONLINE).order_no
    clock.advance(days=1)
    third = place(db).order_no

    def page(tx: Tx, **filters: Any) -> list[str]:
        return [order.order_no for order in orders.page(tx, **filters)[0]]

    assert db.read(page) == [third, second, first]
    assert db.read(lambda tx: page(tx, statuses=["confirmed"])) == [third, first]
    assert db.read(lambda tx: page(tx, start=START, end=clock())) == [second, first]
    some, before = db.read(lambda tx: orders.page(tx, limit=2))
    rest, end = db.read(lambda tx: orders.page(tx, limit=2, before=before))
    assert [order.order_no for order in some + rest] == [third, second, first]
    assert end is None


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (CONTACT, Contact("王**", "138****5678", "北京市朝阳区…")),
        (Contact("王", "1234567"), Contact("王*", "*******", "")),
        (Contact("Ann", "+86 138-0000"), Contact("A**", "+86****0000", "")),
    ],
)
def test_a_contact_is_shown_in_part(contact: Contact, shown: Contact) -> None:
    assert orders.masked(contact) == shown


# Steps.

STEPS = ("cancel", "mark_paid", "ship", "complete")
ALLOWED = {
    "pending_payment": {"cancel": "cancelled", "mark_paid": "paid"},
    "confirmed": {
        "cancel": "cancelled",
        "mark_paid": "paid",
        "ship": "shipped",
        "complete": "completed",
    },
    "paid": {"ship": "shipped", "complete": "completed"},
    "shipped": {"complete": "completed", "mark_paid": "shipped"},
    "completed": {},
    "cancelled": {"cancel": "cancelled"},
    "expired": {},
    "refunding": {},
    "refunded": {},
}
HOLDING = ("pending_payment", "confirmed", "paid")
WAYS = {
    "pending_payment": (),
    "confirmed": (),
    "paid": ("mark_paid",),
    "shipped": ("ship",),
    "completed": ("complete",),
    "cancelled": ("cancel",),
}


def order_in(db: Database, status: str) -> str:
    """An order that came into this state as orders do; without a way there, by decree."""
    number = place(db, ("A", 3), terms=ONLINE if status == "pending_payment" else OFFLINE).order_no
    for name in WAYS.get(status, ("cancel",)):
        step(db, name, number)
    if status not in WAYS:
        decree = text(f"UPDATE orders SET status = '{status}' WHERE order_no = '{number}'")
        db.run(lambda tx: tx.execute(decree))
    assert view(db, number).status == status
    return number


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("status", ALLOWED)
def test_a_step_is_taken_from_where_it_may_be_and_nowhere_else(
    db: Database, status: str, name: str
) -> None:
    number = order_in(db, status)
    before, stock_before = view(db, number), levels(db)
    expected = ALLOWED[status].get(name)

    if expected is None:
        with pytest.raises(WrongStateError) as caught:
            step(db, name, number)
        assert (caught.value.order_no, caught.value.status) == (number, status)
        assert (view(db, number), levels(db)) == (before, stock_before)
        return
    assert step(db, name, number).status == expected
    held = 3 if expected in HOLDING else 0
    gone = 3 if expected in {"shipped", "completed"} else 0
    assert levels(db) == (10 - gone, held)
    assert db.read(audit.check).ok


def test_each_step_notes_its_time(db: Database, clock: FakeClock) -> None:
    number = place(db, terms=ONLINE).order_no
    for name in ("mark_paid", "ship", "complete"):
        clock.advance(minutes=1)
        step(db, name, number)

    done = view(db, number)
    assert done.expires_at is None
    assert done.paid_at == START + timedelta(minutes=1)
    assert done.shipped_at == START + timedelta(minutes=2)
    assert done.completed_at == START + timedelta(minutes=3)


def test_money_that_comes_after_the_parcel_is_noted_once(db: Database) -> None:
    number = place(db).order_no
    step(db, "ship", number)
    paid = step(db, "mark_paid", number)

    assert (paid.status, paid.paid_at) == ("shipped", START)
    with pytest.raises(WrongStateError):
        step(db, "mark_paid", number)


def test_a_parcel_has_its_carrier_and_number(db: Database) -> None:
    number = place(db).order_no
    for wrong in ({"carrier": "x" * 41}, {"tracking_no": "a\nb"}, {"tracking_no": "\u202e1"}):
        with pytest.raises(InvalidValueError):
            step(db, "ship", number, **wrong)

    sent = step(db, "ship", number, carrier=" 顺丰 ", tracking_no="SF123")

    assert (sent.carrier, sent.tracking_no) == ("顺丰", "SF123")


def test_an_unknown_order_takes_no_step(db: Database) -> None:
    for name in STEPS:
        with pytest.raises(OrderNotFoundError):
            step(db, name, "1234567890")


def test_a_step_is_told_when_it_was_not_made_in_a_chat(db: Database) -> None:
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))
    number = place(db).order_no
    step(db, "mark_paid", number)
    step(db, "ship", number, announce=True)

    def told(tx: Tx) -> list[dict[str, Any]]:
        rows = tx.exec(select(Outbox).where(Outbox.kind == "order_changed")).all()
        return [row.payload for row in rows]

    assert db.read(told) == [{"order_no": number, "from": "paid", "to": "shipped", "actor": "ann"}]


def test_an_order_keeps_what_it_was_sold_as(db: Database) -> None:
    number = place(db).order_no
    patch = SkuPatch(name="改名", price_fen=1, specs={"颜色": "黑"}, status="delisted", code="NEW")
    db.run(lambda tx: skus.edit(tx, code="A", patch=patch, cause=BY_ANN))

    line = view(db, number).lines[0]
    assert (line.sku, line.name, line.specs, line.price_fen) == ("A", "T恤", {"颜色": "白"}, 5000)
    assert step(db, "ship", number).status == "shipped"
    assert db.read(audit.check).ok
