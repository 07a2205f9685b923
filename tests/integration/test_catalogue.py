"""What customers see: what may be bought, by product and category."""

import pytest
from sqlalchemy import event

from store import catalogue, journal, skus
from store.catalogue import CategoryView, ProductView
from store.db import Database, Tx
from store.errors import (
    InvalidValueError,
    NameTakenError,
    ProductNotFoundError,
    SpecNotAllowedError,
)
from store.models import SkuStatus
from store.stock import Cause
from tests.conftest import AddSku

BY_ANN = Cause("edit", "ann")


@pytest.fixture
def shop(add_sku: AddSku) -> dict[str, int]:
    """Product ids by name."""
    made = [
        add_sku("TX-B", name="T恤", specs={"颜色": "白色"}, on_hand=3, category="服装/上衣"),
        add_sku("TX-H", name="T恤", specs={"颜色": "黑色"}, category="服装/上衣"),
        add_sku("NZK", name="牛仔裤", on_hand=1, category="服装/裤子"),
        add_sku("SCH", name="手冲壶", on_hand=1, category="器具"),
        add_sku("KFD", name="咖啡豆", on_hand=1),
    ]
    return {sku.name: sku.product_id for sku in made}


def delist(db: Database, *codes: str) -> None:
    for code in codes:
        db.run(
            lambda tx, code=code: skus.set_status(  # type: ignore[misc]
                tx, code=code, status=SkuStatus.DELISTED, cause=Cause(f"delist:{code}", "ann")
            )
        )


def listed(db: Database, *, query: str = "", category: str = "") -> list[str]:
    found, _ = db.read(lambda tx: catalogue.products(tx, query=query, category=category, limit=100))
    return [product.name for product in found]


def one(db: Database, product_id: int) -> ProductView:
    return db.read(lambda tx: catalogue.product(tx, product_id))


@pytest.mark.usefixtures("shop")
def test_a_product_is_listed_once_with_its_skus(db: Database) -> None:
    found, further = db.read(catalogue.products)

    assert [product.name for product in found] == ["T恤", "牛仔裤", "手冲壶", "咖啡豆"]
    assert [(sku.code, sku.available) for sku in found[0].skus] == [("TX-B", 3), ("TX-H", 0)]
    assert further is None


@pytest.mark.usefixtures("shop")
def test_a_category_includes_what_is_below_it(db: Database) -> None:
    assert listed(db, category="服装") == ["T恤", "牛仔裤"]
    assert listed(db, category=" 服装 / 裤子 ") == ["牛仔裤"]
    assert listed(db, category="服") == []
    assert listed(db, category="%") == []
    assert listed(db, category=" / ") == ["T恤", "牛仔裤", "手冲壶", "咖啡豆"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("query", ["T恤", "t", "白", "白色 t恤", "TX-", "上衣", "Ｔ恤"])
def test_a_product_is_found_by_any_of_its_skus_and_shown_whole(db: Database, query: str) -> None:
    (found,), _ = db.read(lambda tx: catalogue.products(tx, query=query))

    assert [sku.code for sku in found.skus] == ["TX-B", "TX-H"]


def test_delisted_skus_are_absent_and_with_the_last_their_product(
    db: Database, shop: dict[str, int]
) -> None:
    delist(db, "TX-B", "SCH")

    assert listed(db) == ["T恤", "牛仔裤", "咖啡豆"]
    assert listed(db, query="白色") == []
    assert [sku.code for sku in one(db, shop["T恤"]).skus] == ["TX-H"]
    with pytest.raises(ProductNotFoundError):
        one(db, shop["手冲壶"])


@pytest.mark.usefixtures("shop")
def test_pages_follow_each_other_without_gap_or_overlap(db: Database) -> None:
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page, after = db.read(lambda tx, a=after: catalogue.products(tx, after=a, limit=2))  # type: ignore[misc]
        seen += [product.name for product in page]

    assert seen == ["T恤", "牛仔裤", "手冲壶", "咖啡豆"]
    assert db.read(lambda tx: catalogue.products(tx, after=2**80)) == ([], None)


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(
    db: Database, add_sku: AddSku
) -> None:
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def cost() -> int:
        asked.clear()
        listed(db)
        return len([statement for statement in asked if "SELECT" in statement])

    add_sku("A")
    short = cost()
    for number in range(20):
        add_sku(f"B{number}")

    assert cost() == short == 2


@pytest.mark.parametrize("product_id", [0, -1, 10**6, 2**63, 10**40])
def test_no_product_has_such_an_id(db: Database, product_id: int) -> None:
    with pytest.raises(ProductNotFoundError):
        one(db, product_id)


@pytest.mark.usefixtures("shop")
def test_categories_count_products_at_or_below_them(db: Database, add_sku: AddSku) -> None:
    add_sku("WY", name="卫衣", category="服装")
    delist(db, "SCH")

    top = db.read(catalogue.categories)
    below = db.read(lambda tx: catalogue.categories(tx, "服装"))

    assert top == [CategoryView("服装", "服装", 3, leaf=False)]
    assert below == [
        CategoryView("服装/上衣", "上衣", 1, leaf=True),
        CategoryView("服装/裤子", "裤子", 1, leaf=True),
    ]
    assert db.read(lambda tx: catalogue.categories(tx, "服装/裤子")) == []


def test_an_edit_reaches_all_skus_and_their_search(db: Database, shop: dict[str, int]) -> None:
    edited = db.run(
        lambda tx: catalogue.edit_product(
            tx,
            product_id=shop["T恤"],
            name="短袖",
            description=" 纯棉\n\n  不缩水 ",
            category="夏装",
            schema=[{"key": "颜色", "values": ["白色", "黑色"], "required": True}],
            cause=BY_ANN,
        )
    )

    assert edited == one(db, shop["T恤"])
    assert (edited.name, edited.category) == ("短袖", "夏装")
    assert edited.description == "纯棉\n\n不缩水"
    assert edited.spec_schema[0]["values"] == ["白色", "黑色"]
    assert {sku.name for sku in edited.skus} == {"短袖"}
    assert listed(db, query="短袖") == ["短袖"]
    assert listed(db, query="T恤") == []


def test_a_renamed_product_can_be_named_back(db: Database, shop: dict[str, int]) -> None:
    def rename(tx: Tx) -> None:
        catalogue.edit_product(tx, product_id=shop["T恤"], name="短袖", cause=BY_ANN)
        journal.record(tx, actor="ann", origin="", intent="edit_sku")

    db.run(rename)
    db.run(lambda tx: journal.undo_last(tx, actor="ann", cause_key="u"))

    assert one(db, shop["T恤"]).name == "T恤"


def test_a_refused_edit_changes_nothing(db: Database, shop: dict[str, int]) -> None:
    before = one(db, shop["T恤"])
    narrow = [{"key": "颜色", "values": ["白色"], "required": True}]

    def edit(name: str | None, description: str, schema: list[dict[str, object]]) -> None:
        db.run(
            lambda tx: catalogue.edit_product(
                tx,
                product_id=before.id,
                name=name,
                description=description,
                schema=schema,
                cause=BY_ANN,
            )
        )

    with pytest.raises(SpecNotAllowedError):
        edit("短袖", "新", narrow)
    with pytest.raises(NameTakenError):
        edit("牛仔裤", "新", [])
    for description in ("\u202e", "x" * 2001, "a\x00b", "一行\n" * 1000):
        with pytest.raises(InvalidValueError):
            edit(None, description, [])

    assert one(db, before.id) == before


def test_an_unknown_product_cannot_be_edited(db: Database) -> None:
    with pytest.raises(ProductNotFoundError):
        db.run(lambda tx: catalogue.edit_product(tx, product_id=1, name="x", cause=BY_ANN))
