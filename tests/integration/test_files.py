"""SKU files: what a row means, what is refused and why; an export comes back unchanged."""

import time
from collections.abc import Callable

import pytest
from sqlmodel import func, select

from store import audit, catalogue, chats, files, journal, sheets, skus, stock
from store.db import Database, Tx
from store.errors import (
    BadFileError,
    CodeTakenError,
    InsufficientStockError,
    InvalidValueError,
    NameTakenError,
    NotUndoableError,
    SpecNotAllowedError,
    StaleVersionError,
)
from store.files import ImportPlan, StockMode
from store.models import Outbox, Product, SkuStatus
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuPatch, SkuView
from store.stock import Cause
from tests.conftest import AddSku

HEAD = "code,name,specs,price,stock,reorder_point,category,status"
BY_ANN = Cause("import", "ann")


def sheet(*rows: str, head: str = HEAD) -> files.SkuSheet:
    return files.read("\n".join([head, *rows]).encode())


def plan(
    db: Database, *rows: str, head: str = HEAD, stock_mode: StockMode | None = None
) -> ImportPlan:
    read = sheet(*rows, head=head)
    return db.read(lambda tx: files.plan(tx, read, stock_mode=stock_mode, default_reorder_point=5))


def apply(db: Database, planned: ImportPlan, cause: Cause = BY_ANN) -> None:
    db.run(lambda tx: files.apply(tx, planned, cause=cause))


def imported(
    db: Database, *rows: str, head: str = HEAD, stock_mode: StockMode | None = None
) -> ImportPlan:
    planned = plan(db, *rows, head=head, stock_mode=stock_mode)
    assert planned.refused == ()
    apply(db, planned, Cause(f"import {rows}", "ann"))
    assert db.read(audit.check).ok
    return planned


def export(db: Database) -> bytes:
    return db.read(lambda tx: b"".join(sheets.write(files.exported(tx))))


def view(db: Database, code: str) -> SkuView:
    return db.read(lambda tx: skus.view(tx, code))


def all_of(db: Database) -> list[SkuView]:
    return db.read(lambda tx: skus.page(tx, limit=1000))[0]


# What a file adds.


def test_new_rows_become_products_with_their_skus(db: Database) -> None:
    imported(
        db,
        "TX-B-L,T恤,颜色=白色;尺寸=L,88.00,3,2,服装/上衣,on_sale",
        ",T恤,尺寸=L;颜色=黑色,88.5,,,,",
        "SCH,手冲壶,,120,1,,器具,delisted",
    )

    first, second, third = all_of(db)
    assert (first.code, first.specs) == ("TX-B-L", {"颜色": "白色", "尺寸": "L"})
    assert (first.price_fen, first.on_hand, first.reorder_point) == (8800, 3, 2)
    assert (second.code, second.specs) == ("TX-HS-L", {"颜色": "黑色", "尺寸": "L"})
    assert (second.price_fen, second.on_hand, second.reorder_point) == (8850, 0, 5)
    assert second.product_id == first.product_id
    assert second.category == "服装/上衣"
    assert (third.status, third.on_hand) == ("delisted", 1)


@pytest.mark.parametrize(
    "head",
    [
        "编码,名称,规格,价格,库存,预警,分类,状态",
        " Code ,NAME,Specs,PRICE,stock,reorder_point,category,status",
        "ｃｏｄｅ,name,规格,price,库存,预警,category,状态",
    ],
)
def test_headings_are_read_in_either_language_and_width(db: Database, head: str) -> None:
    imported(db, "SCH,手冲壶,容量=1L,120,1,3,器具,在售", head=head)

    (sku,) = all_of(db)
    assert (sku.code, sku.specs, sku.price_fen) == ("SCH", {"容量": "1L"}, 12000)
    assert (sku.on_hand, sku.reorder_point, sku.category) == (1, 3, "器具")


def test_columns_come_in_any_order_and_may_be_missing_or_unknown(db: Database) -> None:
    planned = imported(db, "120,贵,手冲壶", head="价格,备注,名称")

    (sku,) = all_of(db)
    assert (sku.code, sku.name, sku.price_fen) == ("SCH", "手冲壶", 12000)
    assert planned.ignored == ("备注",)


def test_specs_are_read_in_wide_signs_too(db: Database) -> None:
    imported(db, ",T恤,颜色＝白色；尺寸＝L,88", ",T恤, 颜色 = 黑色 ; 尺寸 = L ; ,88")

    assert [sku.specs for sku in all_of(db)] == [
        {"颜色": "白色", "尺寸": "L"},
        {"颜色": "黑色", "尺寸": "L"},
    ]


def test_made_codes_avoid_the_ones_the_file_gives_later(db: Database) -> None:
    imported(db, ",手冲壶,,120", ",守城湖,,120", "SCH,茶壶,,120", "SCH-3,茶杯,,120")

    assert sorted(sku.code for sku in all_of(db)) == ["SCH", "SCH-2", "SCH-3", "SCH-4"]


# What a file changes.


@pytest.fixture
def shop(add_sku: AddSku) -> None:
    add_sku("TX-B", name="T恤", specs={"颜色": "白色"}, on_hand=5, category="服装")
    add_sku("TX-H", name="T恤", specs={"颜色": "黑色"}, on_hand=5)
    add_sku("SCH", name="手冲壶", on_hand=9, reorder_point=3)


@pytest.mark.usefixtures("shop")
def test_a_row_finds_its_sku_by_code_else_by_name_and_specs(db: Database) -> None:
    planned = imported(db, "ｔｘ-b,,,90", ",Ｔ恤,颜色=黑色,91", ",手冲壶,,92")

    assert [(change.row, change.code) for change in planned.changed] == [
        (2, "TX-B"),
        (3, "TX-H"),
        (4, "SCH"),
    ]
    assert [sku.price_fen for sku in all_of(db)] == [9000, 9100, 9200]


@pytest.mark.usefixtures("shop")
def test_each_change_is_told_before_and_after(db: Database) -> None:
    planned = imported(
        db,
        "TX-B,短袖,颜色=米色,90.00,7,1,夏装,下架",
        "TX-H,短袖,,88.00,5,0,夏装,on_sale",
        stock_mode="set",
    )

    first, *others = planned.changed
    assert dict(first.fields) == {
        "name": ("T恤", "短袖"),
        "specs": ({"颜色": "白色"}, {"颜色": "米色"}),
        "price_fen": (8800, 9000),
        "on_hand": (5, 7),
        "reorder_point": (0, 1),
        "category": ("服装", "夏装"),
        "status": ("on_sale", "delisted"),
    }
    assert others == []  # the name and the category were the product's, and are told once
    assert planned.unchanged == 1
    assert (view(db, "TX-H").name, view(db, "TX-H").category) == ("短袖", "夏装")
    assert (view(db, "TX-B").on_hand, view(db, "TX-B").specs) == (7, {"颜色": "米色"})


@pytest.mark.usefixtures("shop")
def test_an_empty_cell_leaves_a_field_alone(db: Database) -> None:
    before = all_of(db)

    planned = imported(db, "TX-B,,,,,,,", "TX-H,T恤,,,,,,", ",手冲壶,,,,,,")

    assert (planned.changed, planned.unchanged) == ((), 3)
    assert all_of(db) == before


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("stock_mode", "on_hand", "left_alone"), [(None, 9, 1), ("set", 12, 0), ("add", 21, 0)]
)
def test_stock_of_known_skus_counts_only_when_told_how(
    db: Database, stock_mode: StockMode | None, on_hand: int, left_alone: int
) -> None:
    planned = imported(db, "SCH,,,,12", stock_mode=stock_mode)

    assert view(db, "SCH").on_hand == on_hand
    assert planned.stock_left_alone == left_alone


@pytest.mark.usefixtures("shop")
def test_the_same_stock_is_left_alone_without_a_word(db: Database) -> None:
    assert plan(db, "SCH,,,,9").stock_left_alone == 0


@pytest.mark.usefixtures("shop")
def test_stock_cannot_be_set_below_what_orders_hold(db: Database) -> None:
    order = OrderRequest("ann", (LineRequest("SCH", 4),))
    db.run(lambda tx: placing.place(tx, order, terms=Terms(), vault=Vault("test")))

    (refused,) = plan(db, "SCH,,,,3", stock_mode="set").refused

    assert isinstance(refused.error, InsufficientStockError)
    assert (refused.column, refused.value) == ("stock", "3")
    assert plan(db, "SCH,,,,4", stock_mode="set").refused == ()


@pytest.mark.usefixtures("shop")
def test_importing_an_unchanged_export_changes_nothing(db: Database, add_sku: AddSku) -> None:
    add_sku("-X.1/A", name="'=1+1", specs={"@": "＝2", "尺寸": "a；b"})
    add_sku("C", name='He said "hi", twice', category="=a/+b")
    add_sku("D", name="emoji 👨‍🌾 茶")
    db.run(
        lambda tx: skus.set_status(
            tx, code="D", status=SkuStatus.DELISTED, cause=Cause("delist", "ann")
        )
    )
    before, exported = all_of(db), export(db)

    planned = db.read(lambda tx: files.plan(tx, files.read(exported), stock_mode="set"))

    assert (planned.new, planned.changed, planned.refused) == ((), (), ())
    assert planned.unchanged == len(before)
    assert exported.startswith(b"\xef\xbb\xbfcode,name,specs,price,stock,")
    assert "\n'-X.1/A,''=1+1,'@=＝2;尺寸=a；b," in exported.decode().replace("\r", "")


def test_an_export_fills_an_empty_shop_alike(db: Database) -> None:
    rows = (
        "TX-B,T恤,颜色=白色;尺寸=L,88.00,3,2,服装,on_sale",
        "TX-H,T恤,颜色=黑色;尺寸=L,9.00,0,0,服装,delisted",
    )
    imported(db, *rows)

    assert export(db).decode("utf-8-sig").splitlines() == [HEAD, *rows]


# What a file is refused for.


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("row", "error", "column"),
    [
        ("NEW,,,88", InvalidValueError, "name"),
        ("NEW,新,,", InvalidValueError, "price"),
        (",,,88", InvalidValueError, "name"),
        ("NE W,新,,88", InvalidValueError, "code"),
        ("ＮЕＷ,新,,88", InvalidValueError, "code"),  # a Cyrillic Е
        ("N,a\u202eb,,88", InvalidValueError, "name"),
        ("N," + "x" * 101 + ",,88", InvalidValueError, "name"),
        ("N,新,白色=;黑色,88", InvalidValueError, "specs"),
        ("N,新,颜色=,88", InvalidValueError, "specs"),
        ("N,新,颜色=白=黑,88", InvalidValueError, "specs"),
        ("N,新,颜色=白;颜色=黑,88", InvalidValueError, "specs"),
        ("N,新,,0", InvalidValueError, "price"),
        ("N,新,,-1", InvalidValueError, "price"),
        ("N,新,,1.234", InvalidValueError, "price"),
        ("N,新,,1e3", InvalidValueError, "price"),
        ("N,新,,88元5", InvalidValueError, "price"),
        ("N,新,,$88", InvalidValueError, "price"),
        ('N,新,,"1,28"', InvalidValueError, "price"),
        ("N,新,,1000000.01", InvalidValueError, "price"),
        ("N,新,,88,-1", InvalidValueError, "stock"),
        ("N,新,,88,1.5", InvalidValueError, "stock"),
        ("N,新,,88,1_0", InvalidValueError, "stock"),
        ("N,新,,88,1000001", InvalidValueError, "stock"),
        ("N,新,,88," + "9" * 5000, InvalidValueError, "stock"),
        ("N,新,,88,,x", InvalidValueError, "reorder_point"),
        ("N,新,,88,,,a\u200bb", InvalidValueError, "category"),
        ("N,新,,88,,,,gone", InvalidValueError, "status"),
        ("N,T恤,颜色=白色,88", CodeTakenError, "code"),
        ("N,T恤,,88", SpecNotAllowedError, "specs"),
        ("N,T恤,尺寸=L,88", SpecNotAllowedError, "specs"),
        (",T恤,,88", SpecNotAllowedError, "specs"),
        ("TX-B,T恤,颜色=黑色,88", CodeTakenError, "code"),
        ("TX-B,手冲壶,,88", NameTakenError, "name"),
    ],
)
def test_a_bad_row_is_refused_with_its_number_field_and_reason(
    db: Database, row: str, error: type[Exception], column: str
) -> None:
    planned = plan(db, "TX-H,,,89", row)

    (refused,) = planned.refused
    assert (refused.row, type(refused.error), refused.column) == (3, error, column)
    assert len(refused.value) <= 80
    assert len(planned.changed) == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "rows",
    [
        ("N,新,,88", "n,别的,,88"),
        ("N,新,,88", ",新,,88"),
        (",新,,88", ",新,,88"),
        ("TX-B,,,90", "tx-b,,,91"),
        ("TX-B,,,90", ",T恤,颜色=白色,90"),
        ("TX-B,短袖,,", "TX-H,长袖,,"),
        ("TX-B,短袖,,", "TX-H,T恤,,"),
        (",新,颜色=白,88,,,甲", ",新,颜色=黑,88,,,乙"),
        ("TX-B,,,,,,甲", "TX-H,,,,,,乙"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(db: Database, rows: tuple[str, str]) -> None:
    (refused,) = plan(db, *rows).refused

    assert refused.row == 3
    assert isinstance(refused.error, InvalidValueError)
    assert refused.error.rule == "twice"


@pytest.mark.usefixtures("shop")
def test_a_refused_row_claims_nothing(db: Database) -> None:
    planned = plan(
        db, "N,新,颜色=白,0,,,甲", "N,新,尺寸=L,88,,,乙", "TX-B,短袖,尺寸=L,90", "TX-H,长袖,,"
    )

    assert [refused.row for refused in planned.refused] == [2, 4]
    apply(db, planned)
    assert view(db, "N").specs == {"尺寸": "L"}
    assert view(db, "TX-B").name == "长袖"


def test_applying_leaves_the_refused_rows_out(db: Database) -> None:
    apply(db, plan(db, "A,甲,,88", "B,,,88"))

    assert [sku.code for sku in all_of(db)] == ["A"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        ("价格,库存\n1,2".encode(), "heading"),
        ("编码,code\n1,2".encode(), "heading_twice"),
        (b"<html>", "form"),
        ("今天卖得不错\n明天再来".encode(), "form"),
        (b"GIF89a,code,name", "form"),
        (b"\xff\xfea\0", "utf16"),
    ],
)
def test_a_file_that_is_no_sku_file_is_refused_whole(content: bytes, rule: str) -> None:
    with pytest.raises(BadFileError) as caught:
        files.read(content)
    assert caught.value.rule == rule


# All of the plan, or nothing.


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda tx: skus.edit(tx, code="SCH", patch=SkuPatch(price_fen=1), cause=Cause("m", "sue")),
        lambda tx: skus.edit(tx, code="TX-B", patch=SkuPatch(code="N"), cause=Cause("m", "sue")),
        lambda tx: stock.receive(tx, sku="SCH", quantity=1, cause=Cause("m", "sue")),
    ],
    ids=["edited", "code taken", "moved"],
)
def test_nothing_is_written_when_the_shop_changed_since_the_plan(
    db: Database, meanwhile: Callable[[Tx], object]
) -> None:
    planned = plan(db, "TX-H,,,90", "N,新,,88", "SCH,,,95,12", stock_mode="set")
    db.run(meanwhile)
    before = all_of(db)

    with pytest.raises((StaleVersionError, CodeTakenError)):
        apply(db, planned)

    assert all_of(db) == before
    assert db.read(lambda tx: tx.exec(select(func.count()).select_from(Product)).one()) == 2


@pytest.mark.usefixtures("shop")
def test_a_small_import_is_undone_in_one_step(db: Database) -> None:
    planned = plan(db, "TX-B,短袖,,90,7", "SCH,,,95,12", stock_mode="set")
    before = [(sku.name, sku.price_fen, sku.on_hand) for sku in all_of(db)]

    def work(tx: Tx) -> None:
        files.apply(tx, planned, cause=BY_ANN)
        journal.record(tx, actor="ann", origin="", intent="import")

    db.run(work)
    db.run(lambda tx: journal.undo_last(tx, actor="ann", cause_key="undo"))

    assert [(sku.name, sku.price_fen, sku.on_hand) for sku in all_of(db)] == before
    assert db.read(audit.check).ok


def told(db: Database) -> int:
    return db.read(lambda tx: tx.exec(select(func.count()).select_from(Outbox)).one())


@pytest.mark.usefixtures("shop")
def test_a_few_changes_are_told_one_by_one_and_many_are_not(db: Database) -> None:
    db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id="1", kind="group"))
    imported(db, "TX-B,,,90", "SCH,,,95")
    assert told(db) == 2

    new = [f"N{number},新{number},,88" for number in range(files.MOST_TOLD + 1)]
    imported(db, *new)
    imported(db, *(row.replace("88", "89") for row in new))
    assert told(db) == 2


def test_a_large_import_is_quick_and_cannot_be_undone_by_a_word(db: Database) -> None:
    rows = [f"S{n},商品{n // 4},颜色=色{n % 4},88.00,5,5,类{n // 4 % 9}" for n in range(1500)]
    begun = time.monotonic()
    planned = plan(db, *rows)

    def work(tx: Tx) -> None:
        files.apply(tx, planned, cause=BY_ANN)
        journal.record(tx, actor="ann", origin="", intent="import")

    db.run(work)

    assert time.monotonic() - begun < 20
    assert len(db.read(catalogue.categories)) == 9
    assert db.read(audit.check).checked == 1500
    assert db.read(audit.check).ok
    assert plan(db, *rows).unchanged == 1500
    with pytest.raises(NotUndoableError):
        db.run(lambda tx: journal.undo_last(tx, actor="ann", cause_key="undo"))
