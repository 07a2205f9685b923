"""The audit agrees with an honest life and finds every figure that was tampered with."""

import pytest
from sqlalchemy import text

from store import audit, orders, stock
from store.audit import AuditReport, Fault
from store.db import Database
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.stock import Cause
from tests.conftest import AddSku

VAULT = Vault("only-for-tests")


def check(db: Database) -> AuditReport:
    return db.read(audit.check, snapshot=True)


def place(db: Database, **quantities: int) -> str:
    request = OrderRequest(
        "ann", tuple(LineRequest(code, quantity) for code, quantity in quantities.items())
    )
    return db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no


def tamper(db: Database, statement: str) -> None:
    db.run(lambda tx: tx.execute(text(statement)))


@pytest.fixture
def busy(db: Database, add_sku: AddSku) -> dict[str, str]:
    """A shop in which everything has happened; the order numbers by what became of them."""
    add_sku("A", on_hand=20)
    add_sku("B", on_hand=20)
    add_sku("C")
    numbers = {name: place(db, A=2, B=1) for name in ("open", "paid", "shipped", "cancelled")}
    db.run(lambda tx: orders.mark_paid(tx, order_no=numbers["paid"], actor="ann"))
    db.run(lambda tx: orders.ship(tx, order_no=numbers["shipped"], actor="ann"))
    db.run(lambda tx: orders.cancel(tx, order_no=numbers["cancelled"], actor="ann"))
    db.run(lambda tx: stock.deduct(tx, sku="A", quantity=3, cause=Cause("m1", "ann")))
    db.run(lambda tx: stock.count(tx, sku="B", counted=9, cause=Cause("m2", "ann")))
    db.run(lambda tx: stock.reserve(tx, sku="B", quantity=2, cause=Cause("aside", "ann")))
    return numbers


def test_an_empty_shop_adds_up(db: Database) -> None:
    assert check(db) == AuditReport(0, ())


@pytest.mark.usefixtures("busy")
def test_an_honest_life_adds_up(db: Database) -> None:
    report = check(db)

    assert report == AuditReport(3, ())
    assert report.ok


@pytest.mark.usefixtures("busy")
def test_a_changed_level_is_found(db: Database) -> None:
    tamper(db, "UPDATE sku SET on_hand = on_hand + 1 WHERE code = 'A'")

    assert check(db).faults == (Fault("A", "on_hand", 16, 15),)


@pytest.mark.usefixtures("busy")
def test_a_changed_reservation_is_found_twice_over(db: Database) -> None:
    tamper(db, "UPDATE sku SET reserved = reserved - 1 WHERE code = 'B'")

    assert check(db).faults == (
        Fault("B", "reserved", 3, 4),
        Fault("B", "reserved by orders", 3, 4),
    )


@pytest.mark.usefixtures("busy")
def test_a_lost_movement_is_found(db: Database) -> None:
    tamper(db, "DELETE FROM stock_movement WHERE cause = 'm1'")

    assert check(db).faults == (Fault("A", "on_hand", 15, 18),)


@pytest.mark.usefixtures("busy")
def test_a_changed_after_level_is_found(db: Database) -> None:
    tamper(db, "UPDATE stock_movement SET on_hand_after = 40 WHERE cause = 'm2'")

    (fault,) = check(db).faults

    assert (fault.sku, fault.stored, fault.computed) == ("B", 40, 9)
    assert fault.field.startswith("movement ")
    assert fault.field.endswith(" on_hand_after")


def test_a_changed_total_is_found(db: Database, busy: dict[str, str]) -> None:
    number = busy["open"]
    tamper(db, f"UPDATE orders SET total_fen = 1 WHERE order_no = '{number}'")

    assert check(db).faults == (Fault("", f"order {number} total_fen", 1, 3 * 8800),)


def test_an_order_closed_without_its_release_is_found(db: Database, busy: dict[str, str]) -> None:
    number = busy["open"]
    tamper(db, f"UPDATE orders SET status = 'cancelled' WHERE order_no = '{number}'")

    assert check(db).faults == (
        Fault("A", "reserved by orders", 4, 2),
        Fault("B", "reserved by orders", 4, 3),
        Fault("A", f"order {number} held", 2, 0),
        Fault("B", f"order {number} held", 1, 0),
    )


def test_an_order_both_sold_and_released_is_found(db: Database, busy: dict[str, str]) -> None:
    """Even where every sum agrees."""
    sold, open_ = busy["shipped"], busy["open"]
    tamper(
        db,
        f"UPDATE stock_movement SET cause = 'order:{sold}' "
        f"WHERE cause = 'order:{busy['cancelled']}' AND kind = 'release'",
    )

    found = {fault.field for fault in check(db).faults}

    assert found == {f"order {sold} held", f"order {busy['cancelled']} held"}
    assert f"order {open_} held" not in found


def test_an_order_shipped_without_its_sale_is_found(db: Database, busy: dict[str, str]) -> None:
    number = busy["paid"]
    tamper(db, f"UPDATE orders SET status = 'shipped' WHERE order_no = '{number}'")

    assert Fault("A", f"order {number} sold", 0, 2) in check(db).faults
