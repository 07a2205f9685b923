"""Several things in one message: done as one, undone as one, or not at all."""

import pytest

from store import skus
from store.db import Database
from store.skus import SkuDraft
from tests.fakes.clock import FakeClock
from tests.shop import SETUP, Talk, fill, on_hand, place, spoken


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


def price(talk: Talk, code: str) -> int:
    return talk.db.read(lambda tx: skus.view(tx, code)).price_fen


def test_several_deliveries_on_one_line_are_booked_and_undone_as_one(talk: Talk) -> None:
    done = talk.say("到货：咖啡豆 5，手冲壶 3，T恤白L 2")

    assert done.outcome == "execute"
    assert done.table is not None
    assert len(done.table.rows) == 3
    assert [on_hand(talk.db, code) for code in ("KFD", "SCH", "TX-B-L")] == [35, 15, 22]

    talk.say("撤销")
    assert [on_hand(talk.db, code) for code in ("KFD", "SCH", "TX-B-L")] == [30, 12, 20]


def test_one_row_that_cannot_be_stops_the_whole_batch_and_is_named(talk: Talk) -> None:
    refused = talk.say("扣减 咖啡豆 5，手冲壶 300")

    assert refused.error == "invalid_request"
    assert "手冲壶" in spoken(refused)
    assert on_hand(talk.db, "KFD") == 30


def test_a_list_of_lines_is_one_batch(talk: Talk) -> None:
    assert talk.say("咖啡豆+5\n手冲壶+2").outcome == "execute"
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (35, 14)


def test_lines_that_want_different_things_are_asked_back(talk: Talk) -> None:
    assert talk.say("咖啡豆+5\n手冲壶下架").outcome == "clarify"
    assert on_hand(talk.db, "KFD") == 30


def test_a_pasted_count_is_shown_first_and_done_after_a_yes(talk: Talk) -> None:
    asked = talk.say("盘点\n名称\t实数\n咖啡豆\t28\n手冲壶\t11")

    assert asked.outcome == "confirm"
    assert "28" in spoken(asked)
    assert on_hand(talk.db, "KFD") == 30
    assert talk.say("是").error is None
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (28, 11)


def test_pasted_goods_come_in_as_a_sheet_does(talk: Talk) -> None:
    asked = talk.say("品名\t单价\t数量\n竹茶盘\t128\t15\n茶巾\t9.9\t200")

    assert (asked.intent, asked.outcome) == ("import", "confirm")
    assert talk.say("是").error is None
    assert "¥128" in spoken(talk.say("查 竹茶盘"))
    assert "200" in spoken(talk.say("查 茶巾"))


def test_the_good_rows_of_a_pasted_table_are_offered_and_the_bad_ones_named(talk: Talk) -> None:
    asked = talk.say("导入商品\n品名\t单价\t数量\n竹茶盘\t\t15\n茶巾\t9.9\t200")

    assert asked.outcome == "confirm"
    assert "1 有误 价格：价格不能是空的。" in spoken(asked)
    assert "有 1 行有误：确认就只导入其余 1 行" in asked.text
    assert talk.say("是").error is None
    assert "¥9.90" in spoken(talk.say("查 茶巾"))
    assert talk.say("查 竹茶盘").error is not None


BAD_CELLS = """品名\t单价\t数量\t预警
竹茶盘\t9.999\t15\t
茶则\t1e3\t15\t
茶宠\t-5\t15\t
茶筅\t9\t-5\t
茶漏\t9\t1.5\t
茶镊\t9\t5\t很少
茶海\t"1,280"\t"2,000"\t
茶罐\t￥118\t30\t
茶帘\t118元\t1,28\t
手冲壶\t9.999\t\t"""


def test_no_cell_of_a_pasted_table_is_dropped_in_silence(talk: Talk) -> None:
    asked = talk.say(BAD_CELLS)

    assert asked.table is not None
    assert asked.table.rows == (
        ("1", "有误", "价格「9.999」：价格要写成元，最多两位小数，例如 88.00。"),
        ("2", "有误", "价格「1e3」：价格要写成元，最多两位小数，例如 88.00。"),
        ("3", "有误", "价格「-5」：价格要写成元，最多两位小数，例如 88.00。"),
        ("4", "有误", "库存「-5」：库存要写成整数，例如 20。"),
        ("5", "有误", "库存「1.5」：库存要写成整数，例如 20。"),
        ("6", "有误", "预警「很少」：预警线要写成整数，例如 20。"),
        ("9", "有误", "库存「1,28」：库存要写成整数，例如 20。"),
        ("10", "有误", "价格「9.999」：价格要写成元，最多两位小数，例如 88.00。"),
        ("7", "茶海", "新增 ¥1280，库存 2000"),
        ("8", "茶罐", "新增 ¥118，库存 30"),
    )
    assert dict(asked.fields)["不变"] == "0"


def test_a_number_that_its_comma_has_torn_is_none(talk: Talk) -> None:
    asked = talk.say('品名,单价,数量\n茶海,1,280,15\n茶罐,"1,280",3')

    assert asked.table is not None
    assert asked.table.rows[0][:2] == ("1", "有误")
    assert "「15」：这一行的格子比表头多" in asked.table.rows[0][2]
    assert asked.table.rows[1:] == (("2", "茶罐", "新增 ¥1280，库存 3"),)


@pytest.mark.parametrize("word", ["到货", "盘点", "报损"])
@pytest.mark.parametrize("cell", ["1,280", "九个", "1,28", ""])
def test_a_row_without_a_number_is_named_and_nothing_is_booked(
    talk: Talk, word: str, cell: str
) -> None:
    refused = talk.say(f"{word}\n品名,数量\n咖啡豆,{cell}\n手冲壶,3")

    assert refused.error == "invalid_request"
    assert refused.table is not None
    assert [row[0] for row in refused.table.rows] == ["咖啡豆"]
    assert "还缺" in refused.table.rows[0][1]
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (30, 12)


def test_pasted_specs_may_have_columns_of_their_own_or_none(talk: Talk) -> None:
    asked = talk.say(
        "商品\t颜色\t尺码\t厂家\t产地\t价格\n"
        "T恤\t白\tL\t甲厂\t杭州\t60\nT恤\t黑色\tM\t甲厂\t杭州\t61\n帽子\t黑\t\t乙厂\t杭州\t9"
    )

    assert asked.table is not None
    assert [row[1] for row in asked.table.rows] == [
        "T恤 白色 L（TX-B-L）",
        "T恤 黑色 M",
        "帽子 黑色",
    ]
    talk.say("是")
    assert price(talk, "TX-B-L") == 6000


def test_pasted_specs_that_only_this_shop_has_are_read_too(talk: Talk) -> None:
    line = SkuDraft(name="鱼线", price_fen=900, reorder_point=0, code="YX", specs={"线号": "3号"})
    talk.db.run(lambda tx: skus.add(tx, line, cause=SETUP))

    asked = talk.say("商品\t线号\t价格\n鱼线\t3号\t10\n鱼线\t5号\t12")

    assert asked.table is not None
    assert [row[1:] for row in asked.table.rows] == [
        ("鱼线 3号（YX）", "价格 ¥9 → ¥10"),
        ("鱼线 5号", "新增 ¥12，库存 0"),
    ]


def test_a_pasted_cell_of_specs_that_nobody_knows_is_kept(talk: Talk) -> None:
    asked = talk.say("商品\t规格\t价格\n帽子\t礼盒\t9\nT恤\t白 L\t60")

    assert asked.table is not None
    assert [row[1] for row in asked.table.rows] == ["T恤 白色 L（TX-B-L）", "帽子 礼盒"]


def test_a_pasted_name_may_be_the_one_that_is_shown(talk: Talk) -> None:
    asked = talk.say("商品\t价格\n绿茶 250g\t72\nT恤 白色 L\t60")

    assert asked.table is not None
    assert [row[1:] for row in asked.table.rows] == [
        ("绿茶 250g（LC-250）", "价格 ¥68 → ¥72"),
        ("T恤 白色 L（TX-B-L）", "价格 ¥59 → ¥60"),
    ]


def test_a_pasted_table_of_bad_rows_alone_is_refused(talk: Talk) -> None:
    refused = talk.say("导入商品\n品名\t单价\t数量\n竹茶盘\t\t15")

    assert refused.error == "invalid_request"
    assert "有 1 行有误，什么都没改" in refused.text


def test_a_category_is_marked_down_after_a_yes_and_undone_as_one(talk: Talk) -> None:
    asked = talk.say("服装全部8折")

    assert asked.outcome == "confirm"
    assert price(talk, "TX-B-L") == 5900
    talk.say("是")
    assert (price(talk, "TX-B-L"), price(talk, "TX-H-L")) == (4720, 4720)
    talk.say("撤销")
    assert (price(talk, "TX-B-L"), price(talk, "TX-H-L")) == (5900, 5900)


@pytest.mark.parametrize(
    ("said", "fen"), [("手冲壶涨5块", 10300), ("手冲壶便宜10块", 8800), ("手冲壶打9折", 8820)]
)
def test_a_price_moves_by_an_amount_or_a_share(talk: Talk, said: str, fen: int) -> None:
    assert talk.say(said).outcome == "execute"
    assert price(talk, "SCH") == fen


def test_restocking_up_to_a_level_adds_what_is_missing_of_it_now(talk: Talk) -> None:
    talk.say("扣减 咖啡豆 4")
    assert talk.say("咖啡豆补到50").outcome == "execute"
    assert on_hand(talk.db, "KFD") == 50
    assert "不用补" in talk.say("咖啡豆补到40").text
    assert on_hand(talk.db, "KFD") == 50


def test_one_number_for_two_things_is_asked_back_unless_it_is_for_each(talk: Talk) -> None:
    assert talk.say("咖啡豆和手冲壶补10").outcome == "clarify"
    assert talk.say("咖啡豆和手冲壶各补10").outcome == "execute"
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (40, 22)


def test_a_chat_speaks_the_language_it_was_told_to(talk: Talk) -> None:
    assert "→" in spoken(talk.say("language en"))
    assert "On hand" in spoken(talk.say("stock Linen Tote"))
    talk.say("undo")
    assert "现有" in spoken(talk.say("stock Linen Tote"))


def test_goods_are_found_by_category_price_and_state(talk: Talk) -> None:
    assert "手冲壶" in spoken(talk.say("器具那一类列出来"))
    cheap = spoken(talk.say("10块以下的有哪些"))
    assert "可乐330" in cheap
    assert "手冲壶" not in cheap
    assert "挂耳包" in spoken(talk.say("下架的有哪些"))


def test_orders_are_found_by_the_customers_phone_and_name(talk: Talk) -> None:
    number = place(talk.db, ("KFD", 2), name="赵小兰")

    assert number in spoken(talk.say("手机尾号5678的订单"))
    assert number in spoken(talk.say("赵小兰的订单有哪些"))
    assert "没有" in talk.say("手机尾号9999的订单").text


def test_the_figures_of_one_product_are_its_own(talk: Talk) -> None:
    place(talk.db, ("KFD", 2), ("SCH", 1))

    told = spoken(talk.say("今天咖啡豆卖了多少"))
    assert "咖啡豆" in told
    assert "手冲壶" not in told


def test_a_figure_is_explained_from_the_last_count_on(talk: Talk) -> None:
    talk.say("盘点 手冲壶 10", "sue")
    talk.say("手冲壶+5", "max")
    number = place(talk.db, ("SCH", 2))
    talk.say(f"发货 {number}", "sue")
    waiting = place(talk.db, ("SCH", 1))

    told = talk.say("手冲壶为什么是13")

    assert told.table is not None
    assert [(row[1], row[2], row[3]) for row in told.table.rows] == [
        ("盘点", "-2", "10"),
        ("补货", "+5", "15"),
        ("售出", "-2", "13"),
    ]
    assert "阿Max" in told.table.rows[1][4]
    assert number in told.table.rows[2][4]
    assert waiting in told.text


def test_that_one_is_what_the_two_were_just_talking_about(talk: Talk, clock: FakeClock) -> None:
    assert talk.say("那个再加5个", "sue").outcome == "clarify"
    talk.say("手冲壶还有多少", "sue")

    assert talk.say("那个再加5个", "sue").intent == "restock"
    assert on_hand(talk.db, "SCH") == 17
    assert talk.say("那个再加5个", "max").outcome == "clarify"

    clock.advance(minutes=6)
    assert talk.say("那个再加5个", "sue").outcome == "clarify"
    assert on_hand(talk.db, "SCH") == 17


def test_more_goes_on_with_the_list_of_whoever_asks(talk: Talk) -> None:
    for number in range(45):
        talk.say(f"上架 演示杯{number + 100} 9元 库存9")

    first = talk.say("找 演示杯", "vic")
    second = talk.say("更多", "vic")
    third = talk.say("更多", "vic")
    assert first.table
    assert second.table
    assert third.table
    shown = [row[0] for reply in (first, second, third) for row in reply.table.rows]  # type: ignore[union-attr]  # looked at above
    assert len(shown) == len(set(shown)) == 45
    assert [b.command for b in first.buttons] == ["更多"]
    assert third.buttons == ()
    assert "没有更多" in talk.say("更多", "vic").text
    assert "没有更多" in talk.say("更多", "sue").text
