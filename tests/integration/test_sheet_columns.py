"""Sheets as people keep them: specs in columns of their own or in words, titles, signs of money."""

import time

import pytest

from bot.texts import explain
from bot.understanding import specs_said
from store import audit, files, journal, sheets, skus, stock
from store.db import Database, Tx
from store.errors import (
    BadFileError,
    CodeTakenError,
    InvalidValueError,
    SpecNotAllowedError,
    StaleVersionError,
)
from store.files import ImportPlan, StockMode
from store.models import SkuStatus
from store.skus import SkuView
from store.stock import Cause
from tests.conftest import AddSku


def plan(db: Database, text: str, stock_mode: StockMode | None = None) -> ImportPlan:
    keys = db.read(files.spec_keys)
    sheet = files.read(text.encode(), spec_keys=keys)
    return db.read(
        lambda tx: files.plan(
            tx, sheet, stock_mode=stock_mode, default_reorder_point=5, worded=specs_said
        )
    )


def imported(
    db: Database, text: str, stock_mode: StockMode | None = None, *, by: str = "import"
) -> ImportPlan:
    planned = plan(db, text, stock_mode)
    assert planned.refused == ()

    db.run(lambda tx: _written(tx, planned, by))
    assert db.read(audit.check).ok
    return planned


def _written(tx: Tx, planned: ImportPlan, by: str) -> None:
    files.apply(tx, planned, cause=Cause(by, "ann"))
    journal.record(tx, actor="ann", origin=by, intent="import")


def undone(db: Database, key: str) -> None:
    db.run(lambda tx: journal.undo_last(tx, actor="ann", cause_key=key))


def all_of(db: Database) -> list[SkuView]:
    return db.read(lambda tx: skus.page(tx, limit=1000))[0]


def specs_of(db: Database) -> list[dict[str, str]]:
    return [sku.specs for sku in all_of(db)]


# Specs.


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_specs_in_columns_of_their_own_make_a_sku_of_each_row(
    db: Database, form: sheets.Form
) -> None:
    rows: list[tuple[sheets.Cell, ...]] = [
        ("品名", "颜色", "尺码", "售价", "库存"),
        ("T恤", "白色", "L", 59, 10),
        ("T恤", "黑色", "L", 59, 8),
        ("T恤", "黑色", "M", 49, 7),
        ("手冲壶", "", "", 98, 3),
    ]
    sheet = files.read(b"".join(sheets.write(rows, form)))
    planned = db.read(lambda tx: files.plan(tx, sheet))
    assert planned.refused == ()
    assert ("specs", "颜色") in planned.recognised
    assert ("specs", "尺码") in planned.recognised
    db.run(lambda tx: files.apply(tx, planned, cause=Cause("import", "ann")))

    assert [(s.name, s.specs, s.price_fen, s.on_hand) for s in all_of(db)] == [
        ("T恤", {"颜色": "白色", "尺寸": "L"}, 5900, 10),
        ("T恤", {"颜色": "黑色", "尺寸": "L"}, 5900, 8),
        ("T恤", {"颜色": "黑色", "尺寸": "M"}, 4900, 7),
        ("手冲壶", {}, 9800, 3),
    ]
    again = db.read(lambda tx: files.plan(tx, sheet))
    assert (again.unchanged, again.new, again.changed, again.refused) == (4, (), (), ())


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("口味", "口味"),
        ("容量", "容量"),
        ("型号", "型号"),
        ("款式", "款式"),
        ("净重", "重量"),
        ("Color", "颜色"),
        ("ＳＩＺＥ", "尺寸"),
    ],
)
def test_a_spec_is_known_by_its_usual_names(db: Database, heading: str, key: str) -> None:
    imported(db, f"名称,{heading},价格\n样品,甲,9\n样品,乙,9")

    assert specs_of(db) == [{key: "甲"}, {key: "乙"}]


def test_a_spec_that_only_this_shop_has_is_a_column_and_another_is_none(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("YX-3", name="鱼线", specs={"线号": "3号"})

    planned = imported(db, "名称,线号,备注,价格\n鱼线,3号,进口,9\n鱼线,5号,进口,12")

    assert planned.ignored == ("备注",)
    assert specs_of(db) == [{"线号": "3号"}, {"线号": "5号"}]


def test_specs_are_called_as_the_product_calls_them(db: Database, add_sku: AddSku) -> None:
    add_sku("TX-W", name="T恤", specs={"Color": "白色", "尺码": "L"})

    planned = imported(db, "名称,颜色,尺寸,价格\nT恤,白,l,59\nT恤,黑色,L,59")

    assert [change.code for change in planned.changed] == ["TX-W"]
    assert specs_of(db)[1] == {"Color": "黑色", "尺码": "L"}


@pytest.mark.parametrize(
    ("cell", "specs"),
    [
        ("白色 L", {"颜色": "白色", "尺寸": "L"}),
        ("白/L", {"颜色": "白色", "尺寸": "L"}),
        ("L、白色", {"尺寸": "L", "颜色": "白色"}),
        ("颜色=白色;尺寸=L", {"颜色": "白色", "尺寸": "L"}),
        ("250g", {"重量": "250g"}),
        ("草莓味", {"口味": "草莓味"}),
        ("礼盒", {"款式": "礼盒"}),
        ("白色 加绒 加厚", {"颜色": "白色", "款式": "加绒 加厚"}),
    ],
)
def test_a_cell_of_specs_may_name_its_keys_or_not(
    db: Database, cell: str, specs: dict[str, str]
) -> None:
    imported(db, f"名称,规格,价格\n样品,{cell},9")

    assert specs_of(db) == [specs]


def test_words_of_specs_are_those_of_the_product(db: Database, add_sku: AddSku) -> None:
    add_sku("BJ-1", name="笔记本", specs={"内页": "横线 加厚", "开本": "A5"})

    planned = imported(db, "名称,规格,价格\n笔记本,A5 方格,9")
    assert specs_of(db)[1] == {"内页": "方格", "开本": "A5"}
    assert planned.new[0].draft.specs == {"内页": "方格", "开本": "A5"}

    (refused,) = plan(db, "名称,规格,价格\n笔记本,B5 圆点 活页,9").refused
    assert isinstance(refused.error, InvalidValueError)
    assert (refused.column, refused.value, refused.error.rule) == ("specs", "B5 圆点 活页", "keys")


def test_specs_that_do_not_fit_are_refused_with_what_was_written(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("SCH", name="手冲壶")
    planned = plan(
        db,
        "名称,颜色,尺码,尺寸,价格\n手冲壶,白色,,,9\n帽子,白色,M,L,9\n围巾,白色,M,M,9",
    )

    first, second = planned.refused
    assert isinstance(first.error, SpecNotAllowedError)
    assert (first.row, first.column, first.value) == (2, "specs", "颜色=白色")
    assert isinstance(second.error, InvalidValueError)
    assert (second.row, second.value, second.error.rule) == (3, "颜色=白色;尺码=M;尺寸=L", "twice")
    assert planned.new[0].draft.specs == {"颜色": "白色", "尺寸": "M"}


def test_a_spec_that_is_said_twice_must_be_the_same(db: Database) -> None:
    planned = plan(db, "名称,规格,颜色,价格\n帽子,白色 L,黑色,9\n围巾,白 L,白色,9")

    (refused,) = planned.refused
    assert (refused.row, refused.column, refused.value) == (2, "specs", "白色 L")
    assert planned.new[0].draft.specs == {"颜色": "白色", "尺寸": "L"}


def test_keys_that_are_written_out_become_those_of_the_product(
    db: Database, add_sku: AddSku
) -> None:
    add_sku("TX", name="T恤", specs={"Color": "白色", "尺码": "L"})

    imported(db, "名称,规格,价格\nT恤,颜色=黑色;尺寸=L,59\nT恤,颜色=白;尺寸=L,59")

    assert [list(sku.specs.items()) for sku in all_of(db)] == [
        [("Color", value), ("尺码", "L")] for value in ("白色", "黑色", "白")
    ]


def test_a_thousand_rows_of_one_product_take_no_longer_each(db: Database) -> None:
    rows = "".join(f"T恤,色{n},L 码{n},5{n}\n" for n in range(1000))
    imported(db, f"名称,颜色,规格,价格\n{rows}")

    begun = time.thread_time()
    assert plan(db, f"名称,颜色,规格,价格\n{rows}").unchanged == 1000
    assert time.thread_time() - begun < 3


@pytest.mark.parametrize(
    ("cells", "rule"),
    [("红", "keys"), ('"红,蓝"', "keys"), ("500ml", "keys"), ("S-XL", "several"), ("红/L", "keys")],
)
def test_words_of_a_spec_that_the_product_lacks_become_no_other(
    db: Database, cells: str, rule: str
) -> None:
    planned = plan(db, f"名称,规格,价格\n新帽,S,9\n新帽,{cells},9\n新帽,加长,9\n新帽,xl,9")

    (refused,) = planned.refused
    assert (refused.row, refused.column) == (3, "specs")
    assert isinstance(refused.error, InvalidValueError)
    assert refused.error.rule == rule
    assert [new.draft.specs for new in planned.new] == [{"尺寸": v} for v in ("S", "加长", "XL")]


def test_a_spec_of_any_kind_takes_words_of_another(db: Database, add_sku: AddSku) -> None:
    add_sku("MK", name="马克杯", specs={"款式": "猫"})
    add_sku("BJ", name="笔记本", specs={"封面": "猫"})

    imported(db, "名称,规格,价格\n马克杯,红色,9\n笔记本,红色,9")

    assert specs_of(db)[2:] == [{"款式": "红色"}, {"封面": "红色"}]


@pytest.mark.parametrize("cell", ["S-XL", "S~XL", "S—XL", "S至XL", "s到xl", "白 S-XL"])
def test_a_range_of_sizes_is_no_single_spec(db: Database, cell: str) -> None:
    (refused,) = plan(db, f"名称,规格,价格\n新帽,{cell},9").refused

    assert isinstance(refused.error, InvalidValueError)
    assert (refused.column, refused.value, refused.error.rule) == ("specs", cell, "several")


@pytest.mark.parametrize(
    ("heading", "cell"),
    [("颜色", "红/蓝"), ("颜色", "红、蓝"), ("颜色", "红 蓝"), ("尺码", "S/M/L"), ("尺码", "S-XL")],
)
def test_several_values_in_a_column_of_one_spec_are_no_value(
    db: Database, heading: str, cell: str
) -> None:
    planned = plan(db, f"名称,{heading},价格\n新帽,{cell},9")

    (refused,) = planned.refused
    assert isinstance(refused.error, InvalidValueError)
    assert (refused.value, refused.error.rule) == (f"{heading}={cell}", "several")
    assert planned.new == ()

    imported(db, f"名称,规格,价格\n新帽,{heading}={cell},9")  # who says so means it
    again = plan(db, f"名称,{heading},价格\n新帽,{cell},9")
    assert (again.unchanged, again.refused) == (1, ())


def test_a_value_of_several_words_is_one(db: Database) -> None:
    imported(db, "名称,颜色,尺码,价格\n新帽,黑色 反光,加大 XL,9")

    assert specs_of(db) == [{"颜色": "黑色 反光", "尺寸": "加大 XL"}]


def test_a_value_keeps_the_spelling_of_the_product(db: Database, add_sku: AddSku) -> None:
    add_sku("TX-H-L", name="T恤", specs={"颜色": "黑色", "尺寸": "L"}, price_fen=5900)

    planned = plan(db, "编码,名称,颜色,尺寸,价格\nTX-H-L,T恤,黑,l,59\n,T恤,黑色,Ｌ,59")

    assert (planned.changed, planned.new) == ((), ())
    assert planned.unchanged + len(planned.refused) == 2
    assert plan(db, "名称,颜色,尺寸,价格\nT恤,黑,l,59").unchanged == 1


def test_a_cell_of_specs_costs_no_more_than_a_shop_can_mean(db: Database) -> None:
    asked: list[str] = []

    def counted(words: str) -> dict[str, str]:
        asked.append(words)
        return specs_said(words)

    long, many, fine = "白 L " * 300, "白 L " * 9, "白 L " * 8
    rows = "".join(f"{n}号帽,{cell},9\n" for n in range(50) for cell in (long, many, fine))
    sheet = files.read(f"名称,规格,价格\n{rows}".encode())
    planned = db.read(lambda tx: files.plan(tx, sheet, worded=counted))

    errors = [row.error for row in planned.refused]
    told = [(e.rule, e.limit) for e in errors if isinstance(e, InvalidValueError)]
    assert told == [("length", 320), ("count", 16)] * 50
    assert [new.draft.specs for new in planned.new] == [{"颜色": "白色", "尺寸": "L"}] * 50
    assert sorted(asked) == ["L", "白"]  # the same words are read once


# Names as the shop shows them.


def test_a_sku_is_found_by_the_name_that_is_shown_of_it(db: Database, add_sku: AddSku) -> None:
    add_sku("KFD", name="咖啡豆", specs={"重量": "250g"}, price_fen=6800)
    add_sku("TX", name="T 恤", specs={"颜色": "白色", "尺寸": "L"})

    planned = imported(
        db, "名称,价格\n咖啡豆 250g,72\nT 恤 白色 L,60\n咖啡豆 500g,130\n红茶 250g,9"
    )

    assert [change.code for change in planned.changed] == ["KFD", "TX"]
    assert [dict(change.fields).keys() for change in planned.changed] == [{"price_fen"}] * 2
    assert [new.draft.name for new in planned.new] == ["咖啡豆 500g", "红茶 250g"]


def test_the_shown_name_beside_its_own_code_renames_nothing(db: Database, add_sku: AddSku) -> None:
    add_sku("KFD", name="咖啡豆", specs={"重量": "250g"})
    planned = plan(db, "编码,名称,价格\nKFD,咖啡豆 250g,72\nNEW,咖啡豆 250g,72")

    assert [dict(change.fields).keys() for change in planned.changed] == [{"price_fen"}]
    assert [type(refused.error) for refused in planned.refused] == [CodeTakenError]


# Numbers and headings.


@pytest.mark.parametrize(
    "cell", ["118", "¥118", "￥118.00", "118元", "118 块", "￥ 118块钱", "１１８元"]
)
def test_a_price_may_bear_its_sign(db: Database, cell: str) -> None:
    imported(db, f"名称,价格\n茶壶,{cell}")

    assert all_of(db)[0].price_fen == 11800


def test_thousands_may_be_set_apart(db: Database) -> None:
    imported(db, '名称,价格,库存,预警\n茶壶,"1,280.50","2,000","1,000"')

    (sku,) = all_of(db)
    assert (sku.price_fen, sku.on_hand, sku.reorder_point) == (128050, 2000, 1000)


def test_a_number_that_its_comma_has_torn_is_none(db: Database) -> None:
    planned = plan(db, "名称,价格,库存\n茶壶,1,280,12\n茶盏,9,5,\n茶杯,9")

    (refused,) = planned.refused
    assert (refused.row, refused.column, refused.value) == (2, "", "12")
    assert [new.draft.name for new in planned.new] == ["茶盏", "茶杯"]


def test_a_note_beside_an_xlsx_table_tears_nothing(db: Database) -> None:
    rows: list[tuple[sheets.Cell, ...]] = [("名称", "价格"), ("茶壶", 9, "", "问老王")]
    sheet = files.read(b"".join(sheets.write(rows, "xlsx")))

    assert db.read(lambda tx: files.plan(tx, sheet)).refused == ()


@pytest.mark.parametrize("above", [1, 9])
def test_titles_may_stand_above_the_headings(db: Database, above: int) -> None:
    title = "商品\n\n" + "春季价目表,,制表：小王\n" * (above - 1)

    planned = imported(db, f"{title}编号,名称,价格\nA-1,茶壶,9")

    assert planned.new[0].row == above + 3
    assert all_of(db)[0].code == "A-1"


def test_headings_further_down_are_no_headings(db: Database) -> None:
    with pytest.raises(BadFileError) as refused:
        plan(db, "春季价目表,制表：小王\n" * 10 + "编码,名称,价格\nA-1,茶壶,9")
    assert refused.value.rule == "heading"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_second_table_takes_nothing_from_the_first(db: Database, form: sheets.Form) -> None:
    rows: list[tuple[sheets.Cell, ...]] = [
        ("品名", "售价"),
        ("毛巾", "12"),
        ("袜子", "13"),
        ("编码", "名称", "价格", "库存"),
        ("X1", "帽子", "14", "1"),
    ]
    sheet = files.read(b"".join(sheets.write(rows, form)))
    planned = db.read(lambda tx: files.plan(tx, sheet))

    assert [new.draft.name for new in planned.new] == ["毛巾", "袜子"]
    assert [refused.row for refused in planned.refused] == [4, 5]


@pytest.mark.parametrize("between", ["", "制表：小王\n"])
def test_headings_of_two_lines_are_those_that_say_more(db: Database, between: str) -> None:
    planned = imported(
        db, f"商品,,价格,,分类\n{between}编码,名称,售价,库存,类目\nX1,帽子,14,1,配饰"
    )

    assert [new.draft.code for new in planned.new] == ["X1"]


# Rows that are no goods.


@pytest.mark.parametrize(
    "name",
    [
        "合计",
        "合 计：",
        "小计：",
        "总计",
        "共1件",
        "共 25 种商品",
        "合计：25件",
        "本页合计(元)",
        "总计 ¥1,350.00元",
        "Total:",
        "Grand total",
        "subtotal",
    ],
)
def test_a_row_of_totals_is_no_product(db: Database, name: str) -> None:
    planned = plan(db, f'编码,名称,价格,库存\n,毛巾,12,5\n,"{name}",350,125\n"{name}",,350,125')

    assert [new.draft.name for new in planned.new] == ["毛巾"]
    errors = [row.error for row in planned.refused]
    assert [(e.field, e.rule) for e in errors if isinstance(e, InvalidValueError)] == [
        ("name", "total"),
        ("code", "total"),
    ]
    assert planned.refused[0].value == name
    assert "合计行，不是商品" in explain(errors[0])


@pytest.mark.parametrize("name", ["合计器", "小计算器", "共和国邮票", "共享充电宝", "total tea"])
def test_goods_may_begin_like_totals(db: Database, name: str) -> None:
    assert plan(db, f"名称,价格\n{name},350").refused == ()


def test_goods_of_a_code_of_their_own_may_be_called_so(db: Database) -> None:
    assert plan(db, "编码,名称,价格\nHJ-1,小计,35").refused == ()


# What was undone.


TEA = "编码,名称,价格,库存\nCZ,茶盏,66,5\nCB,茶杯,12,"


def test_goods_that_were_undone_come_back_with_their_stock(db: Database) -> None:
    imported(db, TEA, by="first")
    undone(db, "undo")
    assert [(s.status, s.on_hand) for s in all_of(db)] == [("delisted", 0)] * 2

    planned = imported(db, TEA.replace("66", "70"), by="again")

    assert [dict(change.fields) for change in planned.changed] == [
        {"price_fen": (6600, 7000), "status": ("delisted", "on_sale"), "on_hand": (0, 5)},
        {"status": ("delisted", "on_sale")},
    ]
    assert (planned.unchanged, planned.stock_left_alone) == (0, 0)
    assert [(s.status, s.on_hand) for s in all_of(db)] == [("on_sale", 5), ("on_sale", 0)]
    assert plan(db, TEA).changed[0].fields == {"price_fen": (7000, 6600)}

    undone(db, "undo again")
    assert [(s.status, s.on_hand) for s in all_of(db)] == [("delisted", 0)] * 2
    assert db.read(audit.check).ok


def test_what_came_back_meanwhile_is_planned_anew(db: Database) -> None:
    imported(db, TEA, by="first")
    undone(db, "undo")
    planned = plan(db, TEA)
    came = Cause("came", "ann")
    db.run(lambda tx: stock.receive(tx, sku="CZ", quantity=2, cause=came))

    with pytest.raises(StaleVersionError):
        db.run(lambda tx: files.apply(tx, planned, cause=Cause("again", "ann")))
    assert all_of(db)[0].on_hand == 2


def test_what_was_sold_out_and_delisted_stays_so(db: Database, add_sku: AddSku) -> None:
    add_sku("CZ", name="茶盏", on_hand=5, price_fen=6600)
    off = SkuStatus.DELISTED
    db.run(lambda tx: stock.deduct(tx, sku="CZ", quantity=5, cause=Cause("sold", "ann")))
    db.run(lambda tx: skus.set_status(tx, code="CZ", status=off, cause=Cause("off", "ann")))

    planned = imported(db, "编码,名称,价格,库存\nCZ,茶盏,66,5")

    assert (planned.unchanged, planned.stock_left_alone) == (1, 1)


def test_what_the_row_says_of_its_status_stands(db: Database) -> None:
    imported(db, TEA, by="first")
    undone(db, "undo")

    planned = imported(db, "编码,名称,价格,库存,状态\nCZ,茶盏,66,5,下架", by="again")

    assert planned.unchanged == 1
