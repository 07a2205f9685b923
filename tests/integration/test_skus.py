"""SKUs: no twins however they are spelled, specs within the schema, codes that stay readable."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import func, select

from store import chats, orders, skus, stock
from store.db import Database, Tx
from store.errors import (
    AmbiguousSkuError,
    CodeTakenError,
    InvalidValueError,
    NameTakenError,
    ProductNotFoundError,
    SkuNotFoundError,
    SpecNotAllowedError,
    StaleVersionError,
)
from store.models import Outbox, Product, SkuStatus
from store.money import MAX_PRICE_FEN
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft, SkuEdit, SkuPatch, SkuView
from store.stock import MAX_UNITS, Cause
from tests.conftest import AddSku

BY_ANN = Cause("c", "ann")


def add(db: Database, **fields: Any) -> SkuView:
    draft = SkuDraft(**{"name": "T恤", "price_fen": 8800, "reorder_point": 0, **fields})
    return db.run(lambda tx: skus.add(tx, draft, cause=BY_ANN))


def edit(db: Database, sku: str, /, version: int | None = None, **fields: Any) -> SkuEdit:
    patch = SkuPatch(**fields)
    return db.run(lambda tx: skus.edit(tx, code=sku, patch=patch, cause=BY_ANN, version=version))


def view(db: Database, code: str) -> SkuView:
    return db.read(lambda tx: skus.view(tx, code))


def resolved(db: Database, words: str) -> list[str]:
    return [sku.code for sku in db.read(lambda tx: skus.resolve(tx, words))]


def found(db: Database, words: str) -> list[str]:
    return [sku.code for sku in db.read(lambda tx: skus.find(tx, words))]


def products(db: Database) -> int:
    return db.read(lambda tx: tx.exec(select(func.count()).select_from(Product)).one())


# Adding.


def test_a_new_sku_is_as_it_was_said(db: Database) -> None:
    sku = add(
        db,
        code=" cf-1 ",
        specs={"颜色": "白色", "尺寸": "L"},
        stock=3,
        reorder_point=2,
        category="服装 / 上衣",
    )

    assert sku == view(db, "CF-1")
    assert (sku.name, sku.specs, sku.title) == ("T恤", {"颜色": "白色", "尺寸": "L"}, "T恤 白色 L")
    assert (sku.price_fen, sku.on_hand, sku.available, sku.reorder_point) == (8800, 3, 3, 2)
    assert (sku.category, sku.status, sku.version) == ("服装/上衣", "on_sale", 1)


@pytest.mark.parametrize("code", ["CF-001", "cf-001", " CF-001 ", "ＣＦ-００１", "\tcf-001\n"])
def test_a_code_has_one_sku_however_it_is_spelled(db: Database, code: str) -> None:
    add(db, name="first", code="CF-001")

    with pytest.raises(CodeTakenError) as caught:
        add(db, name="second", code=code)
    assert (caught.value.sku, caught.value.delisted) == ("CF-001", False)
    assert products(db) == 1


def test_codes_that_differ_are_told_apart_on_every_database(db: Database) -> None:
    for number, code in enumerate(("A", "A-", "A_", "A.", "AA", "A/A", "I", "一")):
        add(db, name=f"n{number}", code=code)

    assert view(db, "a_").code == "A_"


@pytest.mark.parametrize("name", ["T恤", "t恤", " Ｔ恤 ", "T恤\u3000"])
def test_a_name_has_one_product_however_it_is_spelled(db: Database, name: str) -> None:
    first = add(db, specs={"颜色": "白"})

    second = add(db, name=name, specs={"颜色": "黑"})

    assert (second.product_id, second.name) == (first.product_id, "T恤")


@pytest.mark.parametrize("specs", [{"颜色": "白色", "尺寸": "L"}, {"尺寸": "ｌ", "颜色": " 白色"}])
def test_a_product_has_each_specs_once(db: Database, specs: dict[str, str]) -> None:
    add(db, code="FIRST", specs={"颜色": "白色", "尺寸": "L"})

    with pytest.raises(CodeTakenError) as caught:
        add(db, code="SECOND", specs=specs)
    assert caught.value.sku == "FIRST"


def test_a_taken_code_says_when_it_is_only_delisted(db: Database) -> None:
    add(db, code="A")
    db.run(lambda tx: skus.set_status(tx, code="A", status=SkuStatus.DELISTED, cause=BY_ANN))

    for fields in ({"code": "A", "name": "other"}, {"code": "B"}):
        with pytest.raises(CodeTakenError) as caught:
            add(db, **fields)
        assert caught.value.delisted


@pytest.mark.parametrize(
    ("name", "specs", "code"),
    [
        ("手冲壶", {}, "SCH"),
        ("T恤", {"颜色": "白色", "尺寸": "XL"}, "TX-BS-XL"),
        ("Cold Brew 2", {}, "COLDBREW2"),
        ("🍵", {}, "SKU"),
        ("茶" * 100, {}, "C" * 58),
        ("欸", {}, "A"),
    ],
)
def test_a_code_is_made_from_name_and_specs(
    db: Database, name: str, specs: dict[str, str], code: str
) -> None:
    assert add(db, name=name, specs=specs).code == code
    assert add(db, name=f"{name[:99]}。", specs=specs).code == f"{code}-2"


def test_made_codes_fill_the_first_gap(db: Database) -> None:
    for code in ("SCH", "SCH-2", "SCH-4", "SCH-40"):
        add(db, name=f"n{code}", code=code)

    assert [add(db, name=name).code for name in ("手冲壶", "守城湖", "水城河")] == [
        "SCH-3",
        "SCH-5",
        "SCH-6",
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        *[({"price_fen": fen}, "price") for fen in (0, -1, MAX_PRICE_FEN + 1, 1.5, "1", True)],
        *[({"price_fen": fen}, "price") for fen in (None, 2**63, 10**400)],
        *[({"stock": units}, "quantity") for units in (-1, MAX_UNITS + 1, 1.5, True, 2**63)],
        *[({"reorder_point": units}, "threshold") for units in (-1, MAX_UNITS + 1, 1.5)],
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"code": "a b"}, "code"),
        ({"specs": {"颜色": ""}}, "specs"),
        ({"specs": {str(n): "x" for n in range(9)}}, "specs"),
        ({"category": "a\nb"}, "category"),
        ({"category": "x" * 121}, "category"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    db: Database, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        add(db, **fields)
    assert caught.value.field == field
    assert products(db) == 0


def test_the_longest_of_everything_fits_on_every_database(db: Database) -> None:
    sku = add(
        db,
        name="𠀀" * 100,
        code="X" * 64,
        specs={f"{n}{'𠀀' * 39}": "𠀀" * 40 for n in range(8)},
        category="/".join(["类" * 29] * 4),
        price_fen=MAX_PRICE_FEN,
        stock=MAX_UNITS,
        reorder_point=MAX_UNITS,
    )

    assert view(db, sku.code) == sku
    assert found(db, "𠀀") == [sku.code]
    assert add(db, name="茶👨‍🌾" * 20).name == "茶👨‍🌾" * 20


def test_of_many_who_add_the_same_at_once_one_succeeds(db: Database) -> None:
    def attempt(number: int) -> str:
        try:
            return add(db, name="同名", code=f"N-{number % 2}").code
        except CodeTakenError as error:
            return f"taken by {error.sku}"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))

    added = [code for code in outcomes if not code.startswith("taken")]
    assert len(added) == 1
    assert set(outcomes) == {added[0], f"taken by {added[0]}"}


def test_many_who_add_siblings_at_once_all_succeed(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda n: add(db, specs={"尺寸": f"{n}码"}), range(16)))

    assert len({sku.code for sku in added}) == 16
    assert len({sku.product_id for sku in added}) == 1


# Schemas.


def test_the_first_sku_decides_which_specs_a_product_has(db: Database) -> None:
    add(db, specs={"颜色": "白", "尺寸": "L"})

    with pytest.raises(SpecNotAllowedError) as caught:
        add(db, specs={"颜色": "黑", "口味": "甜"})
    assert (caught.value.key, caught.value.allowed) == ("口味", ("颜色", "尺寸"))
    with pytest.raises(SpecNotAllowedError) as caught:
        add(db, specs={"颜色": "黑"})
    assert caught.value.missing == ("尺寸",)
    assert add(db, specs={"尺寸": "M", "颜色": "黑"}).specs == {"颜色": "黑", "尺寸": "M"}


def fix(db: Database, product_id: int, **values: list[str] | None) -> None:
    schema = [
        {"key": key, "values": each, "required": key != "包装"} for key, each in values.items()
    ]
    db.run(lambda tx: skus.set_schema(tx, product_id=product_id, schema=schema))


def test_fixed_values_are_kept_to_in_their_spelling(db: Database) -> None:
    sku = add(db, specs={"颜色": "白"})
    fix(db, sku.product_id, 颜色=["白", "Navy"], 包装=None)

    assert add(db, specs={"颜色": "ＮＡＶＹ"}).specs == {"颜色": "Navy"}
    assert add(db, specs={"包装": "盒", "颜色": "白"}).specs == {"颜色": "白", "包装": "盒"}
    with pytest.raises(SpecNotAllowedError) as caught:
        edit(db, sku.code, specs={"颜色": "红"})
    assert (caught.value.value, caught.value.allowed) == ("红", ("白", "Navy"))


def test_a_schema_cannot_leave_a_sku_on_sale_outside(db: Database) -> None:
    sku = add(db, specs={"颜色": "白"})
    other = add(db, specs={"颜色": "黑"})

    with pytest.raises(SpecNotAllowedError):
        fix(db, sku.product_id, 颜色=["白"])
    db.run(lambda tx: skus.set_status(tx, code=other.code, status=SkuStatus.DELISTED, cause=BY_ANN))
    fix(db, sku.product_id, 颜色=["白"])
    with pytest.raises(ProductNotFoundError):
        fix(db, 10**6, 颜色=None)


def test_a_value_never_seen_is_noticed_under_an_open_schema_only(db: Database) -> None:
    sku = add(db, specs={"颜色": "白色", "尺寸": "L"})

    def unseen(name: str, **specs: str) -> dict[str, tuple[str, ...]]:
        return db.read(lambda tx: skus.unseen_values(tx, name=name, specs=specs))

    assert unseen("T恤", 颜色="白 色", 尺寸="ｌ") == {"颜色": ("白色",)}
    assert unseen("T恤", 颜色="白色") == {}
    assert unseen("别的", 颜色="红") == {}
    fix(db, sku.product_id, 颜色=["白色", "红"], 尺寸=None)
    assert unseen("T恤", 颜色="红", 尺寸="M") == {"尺寸": ("L",)}


# Editing.


def test_an_edit_tells_before_and_after_and_counts_as_one(db: Database) -> None:
    add(db, code="A", stock=3)
    edited = edit(db, "a", name="短袖", price_fen=9900, category="夏装", reorder_point=4)

    assert (edited.before.name, edited.after.name) == ("T恤", "短袖")
    assert edited.changed["price_fen"] == (8800, 9900)
    assert edited.after == view(db, "A")
    assert (edited.before.version, edited.after.version) == (1, 2)


def test_an_edit_that_changes_nothing_is_none(db: Database) -> None:
    add(db, code="A")

    edited = edit(db, "A", name="T恤", price_fen=8800, status="on_sale", code=" a ", specs={})

    assert edited.before == edited.after
    assert edited.changed == {}
    assert view(db, "A").version == 1


def test_stock_movements_make_no_edit_stale(db: Database) -> None:
    add(db, code="A", stock=3)
    db.run(lambda tx: stock.deduct(tx, sku="A", quantity=1, cause=BY_ANN))

    assert edit(db, "A", version=1, price_fen=1).after.version == 2
    with pytest.raises(StaleVersionError) as caught:
        edit(db, "A", version=1, price_fen=2)
    assert caught.value.version == 2
    assert view(db, "A").price_fen == 1


def test_renaming_reaches_the_siblings_and_their_versions(db: Database) -> None:
    add(db, code="A", specs={"颜色": "白"})
    add(db, code="B", specs={"颜色": "黑"})

    edit(db, "A", name="短袖")

    assert (view(db, "B").name, view(db, "B").version) == ("短袖", 2)
    assert found(db, "短袖") == ["A", "B"]
    assert found(db, "T恤") == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"code": "b"}, CodeTakenError),
        ({"specs": {"颜色": "黑"}}, CodeTakenError),
        ({"specs": {}}, SpecNotAllowedError),
        ({"specs": {"尺寸": "L"}}, SpecNotAllowedError),
        ({"name": "ＯＴＨＥＲ"}, NameTakenError),
        ({"price_fen": 0}, InvalidValueError),
        ({"reorder_point": -1}, InvalidValueError),
        ({"name": "新", "price_fen": 1.5}, InvalidValueError),
    ],
)
def test_a_refused_edit_changes_nothing(
    db: Database, fields: dict[str, Any], error: type[Exception]
) -> None:
    before = add(db, code="A", specs={"颜色": "白"})
    add(db, code="B", specs={"颜色": "黑"})
    add(db, name="Other")

    with pytest.raises(error):
        edit(db, "A", **fields)
    assert view(db, "A") == before


def test_a_new_code_leaves_the_old_one_free_and_orders_as_they_were(db: Database) -> None:
    add(db, code="A", stock=5)
    request = OrderRequest("bob", (LineRequest("A", 1),))
    vault = Vault("test")
    number = db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=vault)).order_no

    edit(db, "A", code="NEW", name="新名", price_fen=1)

    line = db.read(lambda tx: orders.view(tx, number)).lines[0]
    assert (line.sku, line.name, line.price_fen) == ("A", "T恤", 8800)
    with pytest.raises(SkuNotFoundError):
        view(db, "A")
    assert found(db, "new") == ["NEW"]
    assert add(db, name="Other", code="A").code == "A"
    db.run(lambda tx: orders.ship(tx, order_no=number, actor="ann"))
    assert view(db, "NEW").on_hand == 4


def test_delisting_again_changes_nothing(db: Database) -> None:
    add(db, code="A")
    for expected in (2, 2):
        db.run(lambda tx: skus.set_status(tx, code="A", status=SkuStatus.DELISTED, cause=BY_ANN))
        assert view(db, "A").version == expected


def test_changes_of_price_state_and_reorder_point_are_told(db: Database) -> None:
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))
    add(db, code="A")
    edit(db, "A", price_fen=1, reorder_point=3, category="夏装")
    db.run(lambda tx: skus.edit(tx, code="A", patch=SkuPatch(name="x"), cause=Cause("d", "ann")))

    (told,) = db.read(lambda tx: [row.payload for row in tx.exec(select(Outbox)).all()])
    assert told["changed"] == {"price_fen": [8800, 1], "reorder_point": [0, 3]}
    assert (told["sku"], told["actor"]) == ("A", "ann")


# Finding.


@pytest.fixture
def shop(add_sku: AddSku) -> None:
    for code, name, specs, category in (
        ("CB-101", "茶杯", {}, "茶具"),
        ("CB-102", "玻璃茶杯", {}, "茶具"),
        ("JGLH-750", "坚果礼盒", {"重量": "750g"}, "零食/礼盒"),
        ("WY-H-L", "卫衣", {"颜色": "黑色", "尺寸": "L"}, "服装"),
        ("WY-H-XL", "卫衣", {"颜色": "黑色", "尺寸": "XL"}, "服装"),
        ("WY-G-XL", "卫衣", {"颜色": "灰色", "尺寸": "XL"}, "服装"),
        ("HD-01", "hoodie", {}, "服装"),
        ("100", "100% 纯棉_袜", {}, ""),
    ):
        add_sku(code, name=name, specs=specs, category=category)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("茶", ["CB-101", "CB-102"]),
        ("茶杯", ["CB-101", "CB-102"]),
        ("玻璃茶杯", ["CB-102"]),
        ("礼盒", ["JGLH-750"]),
        ("jglh", ["JGLH-750"]),  # pinyin initials
        ("ｊＧ", ["JGLH-750"]),
        ("cb-10", ["CB-101", "CB-102"]),  # the beginning of a code
        ("wy-h", ["WY-H-L", "WY-H-XL"]),
        ("黑色", ["WY-H-L", "WY-H-XL"]),
        ("黑", ["WY-H-L", "WY-H-XL"]),
        ("卫衣 xl", ["WY-G-XL", "WY-H-XL"]),
        ("xl 灰 卫", ["WY-G-XL"]),
        ("750g", ["JGLH-750"]),
        ("服装", ["HD-01", "WY-G-XL", "WY-H-L", "WY-H-XL"]),
        ("零食", ["JGLH-750"]),
        ("HOOD", ["HD-01"]),
        ("100%", ["100"]),
        ("棉_袜", ["100"]),
        ("棉%袜", []),
        ("杯茶", []),
        ("茶盒", []),
        ("不存在", []),
        ("", []),
        (" \u3000 ", []),
        ("'; DROP TABLE sku; --", []),
        ("茶 " * 200, ["CB-101", "CB-102"]),
        ("\ud800", []),
        ("x" * 5000, []),
    ],
)
def test_search_finds_by_name_code_specs_category_and_initials(
    db: Database, words: str, codes: list[str]
) -> None:
    assert sorted(found(db, words)) == sorted(codes)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("cb-101", ["CB-101"]),
        ("茶杯", ["CB-101"]),
        ("玻璃茶杯", ["CB-102"]),
        ("卫衣", ["WY-H-L", "WY-H-XL", "WY-G-XL"]),
        ("卫衣 黑色", ["WY-H-L", "WY-H-XL"]),
        ("卫衣黑XL", ["WY-H-XL"]),
        ("卫衣 xl 灰色", ["WY-G-XL"]),
        ("jglh", ["JGLH-750"]),
        ("wy", ["WY-H-L", "WY-H-XL", "WY-G-XL"]),
        ("茶", []),
        ("卫衣 红", []),
        ("卫", []),
        ("", []),
        ("\ud800", []),
        ("x" * 5000, []),
    ],
)
def test_words_name_a_sku_for_certain_or_not_at_all(
    db: Database, words: str, codes: list[str]
) -> None:
    assert sorted(resolved(db, words)) == sorted(codes)


@pytest.mark.usefixtures("shop")
def test_skus_on_sale_are_meant_before_delisted_ones(db: Database) -> None:
    for code in ("WY-H-L", "CB-101"):
        db.run(
            lambda tx, code=code: skus.set_status(  # type: ignore[misc]
                tx, code=code, status=SkuStatus.DELISTED, cause=Cause(f"d{code}", "ann")
            )
        )

    assert resolved(db, "卫衣黑") == ["WY-H-XL"]
    assert resolved(db, "茶杯") == ["CB-101"]
    assert found(db, "茶") == ["CB-102", "CB-101"]


@pytest.mark.usefixtures("shop")
def test_one_sku_or_a_question_or_the_nearest_three(db: Database) -> None:
    def one(words: str) -> str:
        return db.read(lambda tx: skus.one(tx, words)).code

    assert one("玻璃茶杯") == "CB-102"
    with pytest.raises(AmbiguousSkuError) as several:
        one("卫衣 黑")
    assert set(several.value.candidates) == {"WY-H-L", "WY-H-XL"}
    with pytest.raises(SkuNotFoundError) as none:
        one("玻璃杯")
    assert len(none.value.nearest) <= 3
    assert none.value.nearest[0] == "CB-102 玻璃茶杯"


@pytest.mark.usefixtures("shop")
def test_pages_go_by_id_and_take_every_filter(db: Database) -> None:
    def page(tx: Tx, **filters: Any) -> list[str]:
        return [sku.code for sku in skus.page(tx, limit=100, **filters)[0]]

    everything = db.read(page)
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        some, after = db.read(lambda tx, a=after: skus.page(tx, after=a, limit=3))  # type: ignore[misc]
        seen += [sku.code for sku in some]

    assert seen == everything
    assert db.read(lambda tx: page(tx, category="零食")) == ["JGLH-750"]
    assert db.read(lambda tx: page(tx, query="黑", category="服装")) == ["WY-H-L", "WY-H-XL"]
    assert db.read(lambda tx: page(tx, status="delisted")) == []


def test_low_stock_is_the_scarcest_first(db: Database, add_sku: AddSku) -> None:
    add_sku("A", on_hand=3, reorder_point=3)
    add_sku("B", on_hand=1, reorder_point=3)
    add_sku("C", on_hand=4, reorder_point=3)
    add_sku("D", on_hand=0)

    def low(below: int | None = None) -> list[str]:
        return [sku.code for sku in db.read(lambda tx: skus.low_stock(tx, below=below))]

    assert low() == ["B", "A"]
    assert low(below=1) == ["D", "B"]
