"""Whatever happens in whatever order, the figures add up; whatever fails, nothing is left of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, text
from sqlmodel import SQLModel

from store import audit, catalogue, chats, codes, files, jobs, journal, members, orders, skus, stock
from store.db import Database, Tx
from store.errors import InsufficientStockError, StoreError, WrongStateError
from store.idempotency import Key
from store.models import SkuStatus
from store.ordering import placing
from store.ordering.requests import Contact, LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft, SkuPatch
from store.stock import Cause
from tests.conftest import AddSku

VAULT = Vault("only-for-tests")
CODES = ("A", "B", "C")


class Shop(RuleBasedStateMachine):
    """A shop with three SKUs, and everything that can move their stock."""

    db: Database
    placed = Bundle("placed")
    shipped = Bundle("shipped")

    def __init__(self) -> None:
        super().__init__()
        self.events = 0
        self.refused = 0

    @initialize()
    def stock_the_shelves(self) -> None:
        for code in CODES:
            draft = SkuDraft(name=code, price_fen=100, reorder_point=3, code=code, stock=5)
            self.db.run(lambda tx, d=draft: skus.add(tx, d, cause=self.cause()))  # type: ignore[misc]

    @rule(sku=st.sampled_from(CODES), units=st.integers(1, 6))
    def receive(self, sku: str, units: int) -> None:
        self.attempt(lambda tx: stock.receive(tx, sku=sku, quantity=units, cause=self.cause()))

    @rule(sku=st.sampled_from(CODES), units=st.integers(1, 6))
    def deduct(self, sku: str, units: int) -> None:
        self.attempt(lambda tx: stock.deduct(tx, sku=sku, quantity=units, cause=self.cause()))

    @rule(sku=st.sampled_from(CODES), units=st.integers(0, 12))
    def count(self, sku: str, units: int) -> None:
        self.attempt(lambda tx: stock.count(tx, sku=sku, counted=units, cause=self.cause()))

    @rule(
        target=placed,
        lines=st.dictionaries(st.sampled_from(CODES), st.integers(1, 4), min_size=1),
        online=st.booleans(),
    )
    def order(self, lines: dict[str, int], *, online: bool) -> str:
        request = OrderRequest("bob", tuple(LineRequest(*line) for line in lines.items()))
        terms = Terms(online=online, shipping_fee_fen=1000)
        done = self.attempt(lambda tx: placing.place(tx, request, terms=terms, vault=VAULT))
        return "" if done is None else str(done.order_no)

    @rule(order_no=placed)
    def pay(self, order_no: str) -> None:
        self.step(orders.mark_paid, order_no)

    @rule(order_no=placed)
    def cancel(self, order_no: str) -> None:
        self.step(orders.cancel, order_no)

    @rule(target=shipped, order_no=placed)
    def ship(self, order_no: str) -> str:
        self.step(orders.ship, order_no)
        return order_no

    @rule(order_no=consumes(placed) | shipped)
    def complete(self, order_no: str) -> None:
        self.step(orders.complete, order_no)

    @rule(sku=st.sampled_from(CODES), status=st.sampled_from(SkuStatus))
    def list_or_delist(self, sku: str, status: SkuStatus) -> None:
        self.attempt(lambda tx: skus.set_status(tx, code=sku, status=status, cause=self.cause()))

    @rule()
    def undo(self) -> None:
        key = self.cause().key
        self.attempt(lambda tx: journal.undo_last(tx, actor="ann", cause_key=key))

    @rule(sku=st.sampled_from(CODES), units=st.integers(1, 6))
    def half_way(self, sku: str, units: int) -> None:
        """An operation that went through, in a transaction that then fails."""

        def work(tx: Tx) -> None:
            stock.receive(tx, sku=sku, quantity=units, cause=self.cause())
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.db.run(work)

    @invariant()
    def everything_adds_up(self) -> None:
        report = self.db.read(audit.check, snapshot=True)
        assert report.faults == ()

    def cause(self) -> Cause:
        self.events += 1
        return Cause(f"event-{self.events}", "ann")

    def step(self, operation: Callable[..., Any], order_no: str) -> None:
        if order_no:
            self.attempt(lambda tx: operation(tx, order_no=order_no, actor="ann"))

    def attempt(self, work: Callable[[Tx], Any]) -> Any:
        """What came of it, None for a refusal, which must have left no trace."""
        before = contents(self.db)

        def journalled(tx: Tx) -> Any:
            done = work(tx)
            journal.record(tx, actor="ann", origin="", intent="test")
            return done

        try:
            return self.db.run(journalled)
        except StoreError:
            assert contents(self.db) == before
            return None


@pytest.mark.parametrize("examples", [60])
def test_every_sequence_of_operations_adds_up_on_sqlite(
    sqlite_template: Path, examples: int
) -> None:
    folder = Path(mkdtemp(prefix="zhanggui-machine-"))

    class OnSQLite(Shop):
        def __init__(self) -> None:
            super().__init__()
            self.db = Database(f"sqlite:///{shutil.copy(sqlite_template, folder / 'shop.db')}")

        def teardown(self) -> None:
            self.db.close()
            for left in folder.iterdir():
                left.unlink()

    run_state_machine_as_test(OnSQLite, settings=bounded(examples))
    folder.rmdir()


@pytest.mark.mysql
def test_every_sequence_of_operations_adds_up_on_mysql(mysql_shop: Any) -> None:
    database = Database(mysql_shop.url)

    class OnMySQL(Shop):
        def __init__(self) -> None:
            super().__init__()
            mysql_shop.empty()
            self.db = database

    run_state_machine_as_test(OnMySQL, settings=bounded(12))
    database.close()


def bounded(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


# What fails half-way leaves nothing, wherever half-way is.

OPERATIONS: dict[str, Callable[[Tx], object]] = {
    "add": lambda tx: skus.add(
        tx,
        SkuDraft("新", 100, 3, code="N", specs={"颜色": "白"}, stock=5, category="甲/乙"),
        cause=Cause("c", "ann"),
    ),
    "edit": lambda tx: skus.edit(
        tx,
        code="A",
        patch=SkuPatch(name="新名", price_fen=1, reorder_point=9, category="丙", code="AA"),
        cause=Cause("c", "ann"),
    ),
    "edit product": lambda tx: catalogue.edit_product(
        tx,
        product_id=skus.view(tx, "A").product_id,
        name="新名",
        description="说明",
        schema=[{"key": "颜色", "values": None, "required": False}],
        cause=Cause("c", "ann"),
    ),
    "receive": lambda tx: stock.receive(tx, sku="A", quantity=1, cause=Cause("c", "ann")),
    "deduct": lambda tx: stock.deduct(tx, sku="A", quantity=3, cause=Cause("c", "ann")),
    "count": lambda tx: stock.count(tx, sku="A", counted=5, cause=Cause("c", "ann")),
    "place": lambda tx: placing.place(
        tx,
        OrderRequest(
            "bob",
            (LineRequest("B", 2), LineRequest("A", 1)),
            contact=Contact("王", "13800005678", "北京"),
        ),
        terms=Terms(),
        vault=VAULT,
        key=Key("k", "f"),
    ),
    "cancel": lambda tx: orders.cancel(tx, order_no=first(tx), actor="ann", announce=True),
    "ship": lambda tx: orders.ship(tx, order_no=first(tx), actor="ann", announce=True),
    "complete": lambda tx: orders.complete(tx, order_no=first(tx), actor="ann", announce=True),
    "mark paid": lambda tx: orders.mark_paid(tx, order_no=first(tx), actor="ann", announce=True),
    "undo": lambda tx: journal.undo_last(tx, actor="ann", cause_key="u"),
    "grant": lambda tx: members.set_role(tx, platform="feishu", user_id="bob", role="staff"),
    "bind": lambda tx: chats.bind(tx, platform="feishu", chat_id="2", kind="group"),
    "unsubscribe": lambda tx: chats.unsubscribe(tx, platform="feishu", chat_id="1", topic="orders"),
    "lease": lambda tx: jobs.acquire(tx, name="worker", owner="a", ttl_s=10),
    "code": lambda tx: codes.redeem(
        tx, purpose="owner", code=codes.issue(tx, purpose="owner", ttl=Terms().reservation)
    ),
    "import": lambda tx: files.apply(
        tx,
        files.plan(
            tx,
            files.read("编码,名称,价格,库存\nA,,2,50\nN,新,1,3\n,又,1,".encode()),
            stock_mode="set",
        ),
        cause=Cause("c", "ann"),
    ),
}


def first(tx: Tx) -> str:
    return orders.page(tx)[0][-1].order_no


@pytest.fixture
def running(db: Database, add_sku: AddSku) -> None:
    """A shop in which every operation has something to do, and somebody listens."""
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))
    add_sku("A", on_hand=10, reorder_point=8, name="茶", specs={"颜色": "白"})
    add_sku("B", on_hand=10)
    request = OrderRequest("bob", (LineRequest("A", 1), LineRequest("B", 1)))
    db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT))

    def typed(tx: Tx) -> None:
        stock.receive(tx, sku="A", quantity=2, cause=Cause("typed", "ann"))
        skus.edit(tx, code="B", patch=SkuPatch(price_fen=7), cause=Cause("typed", "ann"))
        journal.record(tx, actor="ann", origin="", intent="restock")

    db.run(typed)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_that_fails_anywhere_leaves_nothing(db: Database, name: str) -> None:
    operation, before = OPERATIONS[name], contents(db)
    failures = 0
    while fails(db, operation, after=failures):
        assert contents(db) == before
        failures += 1

    assert failures > 0
    assert contents(db) != before
    assert db.read(audit.check).ok


def fails(db: Database, operation: Callable[[Tx], object], *, after: int) -> bool:
    """Whether the operation came to grief on its ``after``-th write."""
    with failing_write(db, after):
        try:
            db.run(operation)
        except ZeroDivisionError:
            return True
    return False


@contextmanager
def failing_write(db: Database, after: int) -> Iterator[None]:
    """The write after the first ``after`` ones fails, as if a bug were there."""
    left = after

    def count(*args: Any) -> None:
        nonlocal left
        if args[2].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            if left == 0:
                raise ZeroDivisionError
            left -= 1

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def contents(db: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = SQLModel.metadata.sorted_tables
    return db.read(
        lambda tx: {
            table.name: sorted(map(repr, tx.execute(text(f"SELECT * FROM {table.name}")).all()))
            for table in tables
        }
    )


def test_a_refusal_in_the_middle_of_a_transaction_takes_the_rest_back(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("A", on_hand=1)
    before = contents(db)

    def work(tx: Tx) -> None:
        stock.receive(tx, sku="A", quantity=1, cause=Cause("c", "ann"))
        stock.deduct(tx, sku="A", quantity=3, cause=Cause("c", "ann"))

    with pytest.raises(InsufficientStockError):
        db.run(work)
    assert contents(db) == before


def test_a_step_that_comes_too_late_takes_nothing(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=1)
    request = OrderRequest("bob", (LineRequest("A", 1),))
    number = db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no
    db.run(lambda tx: orders.complete(tx, order_no=number, actor="ann"))
    before = contents(db)

    for step in (orders.complete, orders.ship, orders.cancel, orders.mark_paid):
        with pytest.raises(WrongStateError):
            db.run(lambda tx, step=step: step(tx, order_no=number, actor="ann"))  # type: ignore[misc]
    assert contents(db) == before
