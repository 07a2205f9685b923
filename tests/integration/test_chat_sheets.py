"""Sheets in a chat: sent, previewed, confirmed and undone as one; and everything out as a file."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlmodel import col, insert, select

from bot.commands.sheets import MOST_IMPORTED, MOST_ROWS, SHOWN
from bot.messages import FileRef, Reply
from store import attachments, sheets, skus
from store.attachments import Stored
from store.db import Database
from store.errors import SkuNotFoundError
from store.files import MOST_UNDOABLE
from store.models import Sku, StockMovement
from store.sheets import Cell
from store.skus import SkuDraft, SkuPatch
from tests import workbooks
from tests.fakes.clock import FakeClock
from tests.shop import SETUP, Talk, fill, on_hand, place, spoken

Rows = list[tuple[Cell, ...]]


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """A shop with an order of yesterday, and a past."""
    fill(db)
    place(db, ("KFD", 2), ("TX-B-L", 1))
    clock.advance(days=1)
    return Talk(db, clock)


def made(rows: Rows, form: sheets.Form) -> bytes:
    return b"".join(sheets.write(rows, form))


def send(talk: Talk, content: bytes, who: str = "max", name: str = "goods") -> Reply:
    """A file as the reception keeps it, sent without a word."""
    number = talk.db.run(
        lambda tx: attachments.keep(tx, name=name, mime="application/x", content=content)
    )
    return talk.say("", who, files=(FileRef(name, {"attachment": number}),))


def priced(db: Database, code: str) -> int:
    return db.read(lambda tx: skus.view(tx, code)).price_fen


def exists(db: Database, code: str) -> bool:
    try:
        return db.read(lambda tx: skus.view(tx, code)).status == "on_sale"
    except SkuNotFoundError:
        return False


# In.


ENGLISH: Rows = [
    ("Product", "unit_price", "Code", "supplier", "qty"),
    ("咖啡豆", 89, "KFD", "老王", 30),
    ("新茶", "66.00", "007", "老王", 5),
]
CHINESE: Rows = [
    ("货号", "品名", "供应商", "售价(元)", "数量"),
    ("KFD", "咖啡豆", "老王", "89", "30"),
    ("007", "新茶", "老王", 66, 5),
]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (CHINESE, "认出的列：编码←货号、名称←品名、价格←售价(元)、库存←数量。"),
        (ENGLISH, "认出的列：名称←Product、价格←unit_price、编码、库存←qty。"),
    ],
    ids=["zh", "en"],
)
def test_a_sheet_is_shown_written_after_a_yes_and_undone_as_one(
    talk: Talk, rows: Rows, columns: str, form: sheets.Form
) -> None:
    asked = send(talk, made(rows, form))

    shown = spoken(asked)
    assert asked.outcome == "confirm"
    assert columns in shown
    assert f"忽略：{'供应商' if rows is CHINESE else 'supplier'}。" in shown
    assert "2 咖啡豆（KFD） 价格 ¥88 → ¥89" in shown
    assert "3 新茶（007） 新增 ¥66，库存 5" in shown
    assert counts(asked) == ("1", "1", "0", "0")
    assert (priced(talk.db, "KFD"), exists(talk.db, "007")) == (8800, False)

    done = talk.say("是", "max")
    assert (done.outcome, done.error) == ("execute", None)
    assert (priced(talk.db, "KFD"), exists(talk.db, "007")) == (8900, True)

    undone = talk.say("撤销", "max")
    assert undone.error is None
    assert (priced(talk.db, "KFD"), exists(talk.db, "007")) == (8800, False)


def counts(reply: Reply) -> tuple[str, ...]:
    """New, changed, refused, unchanged."""
    fields = dict(reply.fields)
    return tuple(fields[key] for key in ("新增", "修改", "有误", "不变"))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_sheet_that_was_undone_brings_its_goods_back_when_it_is_sent_again(
    talk: Talk, form: sheets.Form
) -> None:
    send(talk, made(CHINESE, form))
    talk.say("是", "max")
    talk.say("撤销", "max")
    assert not exists(talk.db, "007")

    asked = send(talk, made(CHINESE, form))
    assert "新茶（007） 状态 已下架 → 在售、现有 0 → 5" in spoken(asked)
    assert counts(asked) == ("0", "2", "0", "0")

    talk.say("是", "max")
    assert exists(talk.db, "007")
    assert on_hand(talk.db, "007") == 5


PLAIN: Rows = [
    ("2026 春季商品价目表",),
    ("商品", "颜色", "尺码", "线号", "价格", "库存"),
    ("T恤", "白", "L", "", "￥60", 1),
    ("棉袜", "白色", "M", "", "15元", "1,200"),
    ("鱼线", "", "", "3号", "9", 5),
    ("绿茶 250g", "", "", "", "70", 5),
]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_sheet_as_shops_keep_it_is_read(talk: Talk, form: sheets.Form) -> None:
    line = SkuDraft(name="鱼线", price_fen=900, reorder_point=0, code="YX", specs={"线号": "2号"})
    talk.db.run(lambda tx: skus.add(tx, line, cause=SETUP))

    asked = send(talk, made(PLAIN, form))

    assert "认出的列：名称←商品、规格←颜色、规格←尺码、规格←线号、价格、库存。" in asked.text
    assert asked.table is not None
    assert asked.table.rows == (
        ("3", "T恤 白色 L（TX-B-L）", "价格 ¥59 → ¥60"),
        ("6", "绿茶 250g（LC-250）", "价格 ¥68 → ¥70"),
        ("4", "棉袜 白色 M", "新增 ¥15，库存 1200"),
        ("5", "鱼线 3号", "新增 ¥9，库存 5"),
    )
    assert talk.say("是", "max").error is None
    assert priced(talk.db, "TX-B-L") == 6000


def test_a_no_leaves_everything_as_it_was(talk: Talk) -> None:
    send(talk, made(CHINESE, "xlsx"))
    talk.say("取消", "max")
    assert (priced(talk.db, "KFD"), exists(talk.db, "007")) == (8800, False)
    assert "没有等待确认的操作" in talk.say("是", "max").text
    assert priced(talk.db, "KFD") == 8800


BAD: Rows = [
    ("编码", "名称", "价格", "库存"),
    ("KFD", "咖啡豆", "89", "30"),
    ("X-1", "新茶", "六十六", "5"),
    ("X-2", "花茶", "12", "-3"),
    ("KFD", "咖啡豆", "90", "30"),
    ("X-3", "", "12", "1"),
    ("SCH", "手冲壶", "98", "12"),
    ("X-4", "红茶", "12", "1"),
]


def test_each_bad_row_is_named_with_its_reason_before_the_good_ones(talk: Talk) -> None:
    asked = send(talk, made(BAD, "xlsx"))

    assert asked.outcome == "confirm"
    assert asked.table is not None
    assert asked.table.rows == (
        ("3", "有误", "价格「六十六」：价格要写成元，最多两位小数，例如 88.00。"),
        ("4", "有误", "库存「-3」：库存要写成整数，例如 20。"),
        ("5", "有误", "编码「KFD」：编码说了两次，不一样。"),
        ("6", "有误", "名称：名称不能是空的。"),
        ("2", "咖啡豆（KFD）", "价格 ¥88 → ¥89"),
        ("8", "红茶（X-4）", "新增 ¥12，库存 1"),
    )
    assert "有 4 行有误：确认就只导入其余 2 行，取消则什么都不改" in asked.text
    assert "认出的列：编码、名称、价格、库存。" in asked.text
    assert counts(asked) == ("1", "1", "4", "1")
    assert (priced(talk.db, "KFD"), exists(talk.db, "X-4")) == (8800, False)


def test_every_good_row_is_written_after_a_yes_and_none_after_a_no(talk: Talk) -> None:
    send(talk, made(BAD, "csv"))
    talk.say("取消", "max")
    assert (priced(talk.db, "KFD"), exists(talk.db, "X-4")) == (8800, False)

    send(talk, made(BAD, "csv"))
    done = talk.say("是", "max")
    assert (done.outcome, done.error) == ("execute", None)
    assert counts(done) == ("1", "1", "4", "1")
    assert (priced(talk.db, "KFD"), exists(talk.db, "X-4")) == (8900, True)
    assert not any(exists(talk.db, code) for code in ("X-1", "X-2", "X-3"))

    assert talk.say("撤销", "max").error is None
    assert (priced(talk.db, "KFD"), exists(talk.db, "X-4")) == (8800, False)


@pytest.mark.parametrize("rows", [BAD[2:4], [*BAD[2:4], BAD[6]]], ids=["bad", "bad, unchanged"])
def test_a_sheet_with_nothing_good_to_write_is_refused(talk: Talk, rows: Rows) -> None:
    refused = send(talk, made([BAD[0], ("SCH", "", "", "x"), *rows], "csv"))
    assert refused.error == "invalid_request"
    assert "库存「x」" in spoken(refused)
    assert "有 3 行有误，什么都没改" in refused.text
    assert "没有等待确认的操作" in talk.say("是", "max").text


@pytest.mark.parametrize("change", ["price", "code"])
def test_what_changed_since_the_preview_is_shown_again_before_a_row_is_written(
    talk: Talk, change: str
) -> None:
    send(talk, made(CHINESE, "csv"))
    if change == "price":
        dearer = SkuPatch(price_fen=9100)
        talk.db.run(lambda tx: skus.edit(tx, code="KFD", patch=dearer, cause=SETUP))
    else:
        other = SkuDraft(name="别的茶", price_fen=100, reorder_point=0, code="007")
        talk.db.run(lambda tx: skus.add(tx, other, cause=SETUP))

    asked = talk.say("是", "max")

    assert asked.outcome == "confirm"
    assert priced(talk.db, "KFD") == (9100 if change == "price" else 8800)
    assert talk.db.read(lambda tx: skus.view(tx, "SCH")).version == 1


def test_a_long_sheet_is_counted_in_full_and_shown_in_part(talk: Talk) -> None:
    new: Rows = [(f"N-{n}", f"新品{n}", 10, 1) for n in range(SHOWN + 5)]
    asked = send(talk, made([("code", "name", "price", "stock"), *new, CHINESE[1][:1]], "xlsx"))
    assert asked.table is not None
    assert len(asked.table.rows) == SHOWN
    assert f"只列出 {SHOWN} 行" in asked.text
    assert counts(asked) == (str(SHOWN + 5), "0", "0", "1")


def test_a_sheet_of_many_other_columns_names_the_first_of_them_on_one_line(talk: Talk) -> None:
    others = ["\n".join(f"备注{n}") for n in range(150)]
    asked = send(talk, made([("code", *others), ("KFD", *others)], "xlsx"))
    assert "忽略：备 注 0、备 注 1、" in asked.text
    assert "备 注 9…。" in asked.text
    assert len(asked.text) < 500


def test_what_a_chat_cannot_write_in_a_moment_is_for_the_command_line(talk: Talk) -> None:
    rows: Rows = [(f"N-{n}", "x", 1) for n in range(MOST_IMPORTED + 1)]
    refused = send(talk, made([("code", "name", "price"), *rows], "csv"))
    assert refused.error == "invalid_request"
    assert f"超过 {MOST_IMPORTED} 行" in refused.text
    assert "zhanggui sku import" in refused.text


def test_as_many_changes_as_one_word_takes_back_and_no_more(talk: Talk) -> None:
    head: Rows = [("code", "name", "price"), ("KFD", "", 89)]
    new: Rows = [(f"N-{n}", f"新品{n}", 10) for n in range(MOST_UNDOABLE)]

    refused = send(talk, made([*head, *new], "csv"))
    assert refused.error == "invalid_request"
    assert f"改动超过 {MOST_UNDOABLE} 处" in refused.text
    assert not exists(talk.db, "N-1")

    send(talk, made([*head, *new[1:]], "csv"))
    assert talk.say("是", "max").error is None
    assert (priced(talk.db, "KFD"), exists(talk.db, "N-1")) == (8900, True)
    assert talk.say("撤销", "max").error is None
    assert (priced(talk.db, "KFD"), exists(talk.db, "N-1")) == (8800, False)


DOCTYPE = '<!DOCTYPE x [<!ENTITY s SYSTEM "file:///etc/hostname">]><x>&s;</x>'
UNREADABLE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "文件是空的", "The file is empty"),
    "headings alone": (lambda: b"code,name\n", "文件是空的", "The file is empty"),
    "no heading": (lambda: b"a,b\n1,2\n", "「编码」（code）或「名称」（name）", '"code" (编码) or'),
    "words": ("今天卖得不错\n明天再来".encode, "不是 XLSX 或 CSV", "no XLSX or CSV"),
    "two headings": ("编码,货号\n1,2\n".encode, "列「货号」有两个", "two columns"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\0\0", "不是 XLSX 或 CSV", "no XLSX or CSV"),
    "NUL": (lambda: b"code,name\0", "不是 XLSX 或 CSV", "no XLSX or CSV"),
    "UTF-16": (lambda: "编码\n".encode("utf-16"), "UTF-16", "UTF-16"),
    "a quote": (lambda: b'code,name\n"A,1\n', "引号没有成对", "not closed"),
    "columns": (lambda: b"code,name" + b"," * 300, "最多 200 列", "200 at most"),
    "rows": (lambda: b"code\n" + b"A\n" * 100_001, "最多 100000 行", "100000 at most"),
    "line": (lambda: b"code\n" + b"A" * 1_000_001, "有一行太长", "line is too long"),
    "xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧的 .xls", "old .xls"),
    "no workbook": (lambda: b"PK\x03\x04...", "不是能打开的 XLSX", "no XLSX file"),
    "entities": (
        lambda: workbooks.packed({workbooks.SHEET: DOCTYPE}),
        "不是能打开的 XLSX",
        "no XLSX file",
    ),
    "a bomb": (
        lambda: workbooks.packed({workbooks.SHEET: " " * 5_000_000}),
        "展开后太大",
        "once it is unpacked",
    ),
    "a cell": (
        lambda: workbooks.packed({workbooks.SHEET: f"<x>{'y' * 200_000}</x>"}),
        "有一格太长，最多 100000 字",
        "100000 characters",
    ),
    "a formula": (
        lambda: workbooks.packed({workbooks.SHEET: workbooks.sheet("<row><c><f>1</f></c></row>")}),
        "有公式还没算出结果",
        "A formula has no result",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(talk: Talk, name: str) -> None:
    make, chinese, english = UNREADABLE[name]
    refused = send(talk, make())
    assert (refused.error, refused.outcome) == ("invalid_request", "execute")
    assert chinese in refused.text

    talk.say("说英文", "max")
    assert english in send(talk, make()).text


def test_a_file_that_was_too_large_to_keep_is_told_its_limit(talk: Talk) -> None:
    handle = {"attachment": attachments.TOO_LARGE}
    refused = talk.say("", "max", files=(FileRef("", handle),))
    assert "文件太大，最多 10 MB" in refused.text


@pytest.mark.parametrize("who", ["sue", "vic"])
def test_who_may_not_import_is_told_so(talk: Talk, who: str) -> None:
    assert send(talk, made(CHINESE, "csv"), who).error == "forbidden"
    assert priced(talk.db, "KFD") == 8800


# Out.


def file_of(talk: Talk, text: str, who: str = "max") -> Stored:
    told = talk.say(text, who)
    number = told.file
    assert number is not None, spoken(told)
    kept = talk.db.read(lambda tx: attachments.stored(tx, number))
    assert kept is not None
    return kept


def table_of(kept: Stored) -> list[list[Any]]:
    """The cells as a spreadsheet sees them."""
    if kept.name.endswith(".csv"):
        text = kept.content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))
    page = openpyxl.load_workbook(io.BytesIO(kept.content)).worksheets[0]
    return [list(row) for row in page.iter_rows(values_only=True)]


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        (
            "商品",
            ["编码", "名称", "规格", "价格", "库存", "预警", "分类", "状态"],
            ["TX-B-L", "T恤", "颜色=白色;尺寸=L", "59.00", "20", "5", "服装", "on_sale"],
        ),
        (
            "库存",
            ["编码", "名称", "规格", "库存", "占用", "可售", "预警", "分类", "状态"],
            ["TX-B-L", "T恤", "颜色=白色;尺寸=L", "20", "1", "19", "5", "服装", "on_sale"],
        ),
        (
            "订单",
            ["订单号", "下单时间", "状态", "渠道", "顾客", "编码", "名称", "规格", "数量", "价格"],
            ["confirmed", "api", "c1", "TX-B-L", "T恤", "颜色=白色;尺寸=L", "1", "59.00", "59.00"],
        ),
        (
            "流水",
            ["时间", "操作人", "类型", "编码", "商品", "规格", "变化", "现有", "占用", "原因"],
            ["LC-250", "绿茶", "重量=250g", "-2", "2", "0", "聊天里说的"],
        ),
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_each_topic_comes_as_a_file_of_either_form(
    talk: Talk, name: str, head: list[str], row: list[str], form: str
) -> None:
    talk.say("扣减 绿茶 2", "sue")

    kept = file_of(talk, f"导出{name}" if form == "csv" else f"导出{name} excel")

    assert kept.name == f"{name}-20260303-1000.{form}"
    assert kept.mime == sheets.MIME["xlsx" if form == "xlsx" else "csv"]
    assert kept.content.startswith(b"\xef\xbb\xbf" if form == "csv" else b"PK")
    table = table_of(kept)
    assert table[0][: len(head)] == head
    told = [[_plain(cell) for cell in line] for line in table]
    assert any(_within(row, line) for line in told), told


def _plain(cell: Any) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _within(part: list[str], line: list[str]) -> bool:
    """Whether a row holds these cells side by side, 59 for 59.00."""
    short = [cell.removesuffix(".00") for cell in line]
    wanted = [cell.removesuffix(".00") for cell in part]
    spans = range(len(short) - len(wanted) + 1)
    return any(short[start : start + len(wanted)] == wanted for start in spans)


def test_files_of_orders_say_nothing_of_who_the_customer_is(talk: Talk) -> None:
    content = file_of(talk, "导出订单", "ann").content.decode()
    assert "c1" in content
    assert not any(word in content for word in ("王小明", "13812345678", "文三路"))


@pytest.mark.parametrize("topic", ["订单", "流水"])
def test_a_period_says_which(talk: Talk, topic: str) -> None:
    everything = table_of(file_of(talk, f"导出{topic}"))
    assert len(everything) > 1
    assert len(table_of(file_of(talk, f"导出{topic} 今天"))) == 1
    place(talk.db, ("SCH", 1))
    assert len(table_of(file_of(talk, f"导出{topic} 今天"))) == 2
    assert table_of(file_of(talk, f"导出{topic} 昨天")) == everything
    assert "2026-03-02 至 2026-03-02" in talk.say(f"导出{topic} 昨天", "max").text


HOSTILE = ["=HYPERLINK(1)", "+1礼盒", "-2折", "@SUM(1)", "＝1", "＋1", "－1", "＠1"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_is_a_formula_and_codes_stay_text(talk: Talk, form: str) -> None:
    drafts = [
        SkuDraft(name=name, price_fen=100, reorder_point=0, code=f"00{n}")
        for n, name in enumerate(HOSTILE)
    ]
    talk.db.run(lambda tx: skus.add_many(tx, drafts, cause=SETUP))
    for n in range(len(HOSTILE)):
        place(talk.db, ("KFD", 1))
        talk.say(f"补货 00{n} 5", "ann")

    for topic in ("商品", "库存", "流水"):
        kept = file_of(talk, f"导出{topic} {'excel' if form == 'xlsx' else ''}", "ann")
        assert formulas(kept) == []
        read_back = [line.cells for line in sheets.read(kept.content)]
        cells = {cell for line in read_back for cell in line}
        assert {*HOSTILE, *(f"00{n}" for n in range(len(HOSTILE)))} <= cells
    if form == "xlsx":
        kept = file_of(talk, "导出流水 excel", "ann")
        page = openpyxl.load_workbook(io.BytesIO(kept.content)).worksheets[0]
        codes = [cell for cell in page["D"] if str(cell.value).startswith("00")]
        assert {cell.data_type for cell in codes} == {"s"}
    again = send(talk, file_of(talk, f"导出商品 {'excel' if form == 'xlsx' else ''}").content)
    assert counts(again)[:3] == ("0", "0", "0")


def formulas(kept: Stored) -> list[Any]:
    """Cells that a spreadsheet would run: text that begins like one, or an XLSX formula."""
    if kept.name.endswith(".csv"):
        signs = tuple("=+-@\t\r＝＋－＠")
        cells = [cell for line in table_of(kept) for cell in line]
        return [c for c in cells if c.startswith(signs) and not c.lstrip("-").isdecimal()]
    page = openpyxl.load_workbook(io.BytesIO(kept.content)).worksheets[0]
    return [cell.value for line in page.iter_rows() for cell in line if cell.data_type == "f"]


def test_a_ledger_that_is_too_long_for_a_chat_names_the_ways_out(talk: Talk) -> None:
    sku = talk.db.read(lambda tx: tx.exec(select(Sku.id).where(col(Sku.code) == "KFD")).one())
    moment = talk.clock() - timedelta(days=30)
    levels = {"delta_on_hand": 0, "delta_reserved": 0, "on_hand_after": 1, "reserved_after": 0}
    rows = [
        {**levels, "sku_id": sku, "kind": "restock", "cause": f"t:{n}", "actor": "a:b"}
        | {"created_at": moment, "note": "", "alert": ""}
        for n in range(MOST_ROWS + 1)
    ]
    talk.db.run(lambda tx: tx.execute(insert(StockMovement), rows))

    refused = talk.say("导出流水", "max")

    assert refused.file is None
    assert refused.error == "invalid_request"
    assert f"超过 {MOST_ROWS} 行" in refused.text
    assert "导出 流水 本月" in refused.text
    assert "zhanggui ledger export" in refused.text
    assert file_of(talk, "导出流水 昨天").content


@pytest.mark.parametrize("topic", ["商品", "库存", "订单", "流水"])
def test_who_may_not_export_gets_nothing(talk: Talk, topic: str) -> None:
    told = talk.say(f"导出{topic}", "sue")
    assert (told.error, told.file) == ("forbidden", None)


@pytest.mark.parametrize(
    ("topic", "ignored"),
    [("goods", False), ("goods excel", False), ("stock", True), ("stock excel", True)],
)
def test_an_exported_sheet_imports_as_it_is_in_either_language(
    talk: Talk, topic: str, *, ignored: bool
) -> None:
    chinese = file_of(talk, f"导出 {topic}")
    asked = send(talk, chinese.content)
    assert counts(asked) == ("0", "0", "0", "8")
    assert "认出的列：编码、名称、规格、" in asked.text
    assert ("忽略：占用、可售。" in asked.text) == ignored

    talk.say("说英文", "max")
    english = file_of(talk, f"export {topic}")
    assert table_of(english)[0][:3] == ["code", "name", "specs"]
    asked = send(talk, english.content)
    assert [value for _, value in asked.fields] == ["0", "0", "0", "8"]
    assert asked.error is None
    assert on_hand(talk.db, "KFD") == 30
