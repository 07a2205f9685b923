"""A count that asks for one product after the other while the shop sells (F40)."""

from datetime import timedelta

import pytest

from bot.messages import Press, Reply
from store import audit, chats, members, orders, shop, skus
from store.db import Database, Tx
from store.skus import SkuDraft, SkuPatch
from tests.fakes.clock import FakeClock
from tests.integration.test_pressing import Group
from tests.shop import PEOPLE, SETUP, Talk, fill, on_hand, place, spoken

LATER = timedelta(seconds=10)
# As 盘点全部 asks for them, what belongs together one after the other.
ALL = ("LT", "KFD", "GEB", "SCH", "TX-B-L", "TX-H-L", "LC-250", "KL330")


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    clock.advance(minutes=1)
    return Talk(db, clock)


def asked(reply: Reply) -> str:
    """The code of the product that a reply asks for."""
    assert reply.outcome == "clarify"
    return reply.title.rpartition("（")[2].removesuffix("）")


def _people(tx: Tx) -> None:
    members.seen(tx, platform="console", user_id="ann", name="小安")
    members.set_role(tx, platform="console", user_id="ann", role="owner")


def _add(db: Database, draft: SkuDraft) -> None:
    db.run(lambda tx: skus.add(tx, draft, cause=SETUP))


def rows(reply: Reply) -> dict[str, tuple[str, ...]]:
    """The rows of the card at the end by their first cell."""
    assert reply.table is not None
    return {row[0]: row[1:] for row in reply.table.rows}


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("盘点 咖啡", ("KFD", "GEB")),  # one of them delisted, and still on the shelf
        ("盘点咖啡", ("KFD", "GEB")),
        ("盘点 服装类", ("TX-B-L", "TX-H-L")),
        ("盘点开始 服装", ("TX-B-L", "TX-H-L")),
        ("count bags", ("LT",)),
        ("盘点 T恤", ("TX-B-L", "TX-H-L")),  # one product of several specs
        ("盘点全部", ALL),
        ("盘点 所有商品", ALL),
        ("全部盘点", ALL),
        ("盘点开始 全部", ALL),
        ("count everything", ALL),
        ("start count everything", ALL),
    ],
)
def test_it_asks_for_each_product_of_a_kind(talk: Talk, said: str, codes: tuple[str, ...]) -> None:
    reply = talk.say(said, "sue")

    for number, code in enumerate(codes, start=1):
        assert asked(reply) == code
        assert reply.title.startswith(f"{number}/{len(codes)} ")
        reply = talk.say("跳过", "sue")
    assert "一个都没有数" in reply.text


@pytest.mark.parametrize("said", ["盘点 手冲壶", "盘点", "盘点 T恤白L"])
def test_one_product_alone_is_asked_about_as_before(talk: Talk, said: str) -> None:
    reply = talk.say(said, "sue")

    assert (reply.intent, reply.outcome) in {("stocktake", "clarify"), ("unknown", "clarify")}
    assert "没有在盘点" in talk.say("盘点结束", "sue").text


def test_what_is_delisted_and_gone_is_not_asked_for(talk: Talk) -> None:
    talk.say("盘点 挂耳包 0")
    talk.say("是")

    assert asked(talk.say("盘点 咖啡", "sue")) == "KFD"
    assert rows(talk.say("29", "sue")).keys() == {"咖啡豆"}


def test_numbers_alone_are_booked_as_one_after_a_yes_and_undone_as_one(
    talk: Talk, clock: FakeClock
) -> None:
    reply = talk.say("盘点全部", "sue")
    for said in ("39", "三十", "8件", "十个", "21", "18", "4", "48"):
        assert asked(reply)
        clock.advance(seconds=10)
        reply = talk.say(said, "sue")

    assert reply.outcome == "confirm"  # nobody had to say that it is finished
    assert reply.fields[:3] == (
        ("现有", "182 → 178"),
        ("有差异", "4"),
        # 59 more of a T恤; 29.90, 98 twice and 3 twice less
        ("差额", "-¥172.90（-¥231.90，+¥59）"),
    )
    assert rows(reply)["手冲壶"] == ("12", "10", "-2", "-196")
    assert rows(reply)["T恤 白色 L"] == ("20", "21", "+1", "+59")
    assert rows(reply)["绿茶 250g"] == ("4", "4", "+0", "")
    assert [on_hand(talk.db, code) for code in ALL] == [40, 30, 8, 12, 20, 18, 4, 50]
    assert talk.say("是", "sue").error is None
    assert [on_hand(talk.db, code) for code in ALL] == [39, 30, 8, 10, 21, 18, 4, 48]

    talk.say("撤销", "sue")
    assert [on_hand(talk.db, code) for code in ALL] == [40, 30, 8, 12, 20, 18, 4, 50]
    assert talk.db.read(audit.check).ok


def test_what_is_sold_or_shipped_meanwhile_is_taken_into_account(
    talk: Talk, clock: FakeClock
) -> None:
    held = place(talk.db, ("TX-B-L", 3))
    clock.advance(seconds=10)
    assert ("占用", "3") in talk.say("盘点 服装", "sue").fields
    talk.say("17", "sue")  # three are packed already
    clock.advance(seconds=10)
    talk.db.run(lambda tx: orders.ship(tx, order_no=held, actor="max"))
    sold = place(talk.db, ("TX-H-L", 2))
    talk.db.run(lambda tx: orders.complete(tx, order_no=sold, actor="till"))
    clock.advance(seconds=10)

    question = talk.say("16", "sue")  # of 18, two just sold
    assert "T恤 白色 L 3" in question.text
    clock.advance(seconds=10)
    card = talk.say("已拿走", "sue")
    sold = place(talk.db, ("TX-H-L", 1))
    talk.db.run(lambda tx: orders.complete(tx, order_no=sold, actor="till"))
    talk.say("是", "sue")

    assert rows(card) == {
        "T恤 白色 L": ("20", "17+3", "+0", "", "-3"),
        "T恤 黑色 L": ("16", "16", "+0", "", "+0"),
    }
    assert (on_hand(talk.db, "TX-B-L"), on_hand(talk.db, "TX-H-L")) == (17, 15)
    assert talk.db.read(audit.check).ok


def test_skipped_ones_stay_and_are_named(talk: Talk) -> None:
    talk.say("盘点 咖啡", "sue")
    talk.say("跳过", "sue")
    card = talk.say("7", "sue")

    assert rows(card).keys() == {"挂耳包"}
    assert "没数的 1 个不改：咖啡豆。" in card.text
    talk.say("是", "sue")
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "GEB")) == (30, 7)


def test_the_one_before_can_be_counted_again(talk: Talk) -> None:
    talk.say("盘点 服装", "sue")
    assert asked(talk.say("上一个", "sue")) == "TX-B-L"  # there is none before it
    talk.say("210", "sue")
    back = talk.say("上一个", "sue")
    assert asked(back) == "TX-B-L"
    assert "之前记的是 210" in back.text
    again = talk.say("21", "sue")
    assert "之前记的是 210，改成 21" in again.text
    assert asked(again) == "TX-H-L"
    assert rows(talk.say("18", "sue"))["T恤 白色 L"][1] == "21"

    assert asked(talk.say("上一个", "sue")) == "TX-H-L"  # from the card of the end
    assert "没有等待确认" in talk.say("是", "sue").text  # which nobody can agree to any more
    assert rows(talk.say("17", "sue"))["T恤 黑色 L"][1] == "17"


def test_lines_with_names_are_taken_too_and_not_asked_for_again(talk: Talk) -> None:
    assert asked(talk.say("盘点全部", "sue")) == "LT"
    assert asked(talk.say("挂耳包 9，手冲壶 11", "sue")) == "LT"
    assert asked(talk.say("盘点 咖啡豆 28", "sue")) == "LT"
    assert asked(talk.say("40", "sue")) == "TX-B-L"
    assert len(rows(talk.say("结束", "sue"))) == 4


def test_other_commands_and_other_words_do_not_disturb_it(talk: Talk) -> None:
    talk.say("盘点 咖啡", "sue")
    assert talk.say("补货 手冲壶 5", "sue").intent == "restock"
    assert talk.say("查 手冲壶", "sue").intent == "query_stock"
    for said in ("呼啦圈", "-3", "1.5", "99999999"):
        assert talk.say(said, "sue").outcome == "clarify", said
    assert asked(talk.say("28", "sue")) == "GEB"
    assert rows(talk.say("结束", "sue"))["咖啡豆"][1] == "28"


@pytest.mark.parametrize(
    "said",
    [
        "收款 3940",
        "完成 2394",
        "取消定时 7",
        "补货 5",
        "9982 已付",
        "预警 5",
        "发货 6263",
        "帮助 上手 2",
    ],
)
def test_the_number_of_another_command_is_no_count(talk: Talk, said: str) -> None:
    talk.say("盘点 服装类", "ann")

    reply = talk.say(said, "ann")

    assert reply.intent != "stocktake"
    assert "记下" not in spoken(reply)


def test_on_and_back_never_agree_to_or_undo_anything(talk: Talk) -> None:
    talk.say("补货 手冲壶 5", "sue")
    talk.say("盘点 咖啡", "sue")
    assert talk.say("盘点 手冲壶 0", "sue").outcome == "clarify"
    talk.say("取消", "sue")
    talk.say("盘点 咖啡", "sue")
    talk.say("结束", "sue")
    talk.say("盘点 咖啡", "sue")
    talk.say("29", "sue")
    talk.say("结束", "sue")
    for said in ("跳过", "上一个", "上一个"):
        talk.say(said, "sue")
    assert (on_hand(talk.db, "SCH"), on_hand(talk.db, "KFD")) == (17, 30)


def test_cancel_drops_it(talk: Talk) -> None:
    talk.say("盘点 咖啡", "sue")
    talk.say("25", "sue")
    assert "记下的 1 个商品没有入账" in talk.say("取消", "sue").text
    assert talk.say("8", "sue").outcome == "clarify"
    assert "没有在盘点" in talk.say("盘点结束", "sue").text
    assert on_hand(talk.db, "KFD") == 30


def test_it_goes_on_after_a_restart(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点 服装", "sue")
    talk.say("19", "sue")
    clock.advance(minutes=7 * 60)

    after = Talk(talk.db, clock, prefix="after")

    assert asked(after.say("盘点开始", "sue")) == "TX-H-L"
    assert len(rows(after.say("18", "sue"))) == 2


def test_it_ends_by_itself_after_some_idle_hours(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点 服装", "sue")
    clock.advance(minutes=7 * 60)
    talk.say("19", "sue")  # each number gives it another while
    clock.advance(minutes=7 * 60)
    assert asked(talk.say("上一个", "sue")) == "TX-B-L"
    clock.advance(minutes=8 * 60 + 1)

    assert talk.say("18", "sue").intent == "unknown"
    assert "没有在盘点" in talk.say("盘点结束", "sue").text


def test_it_is_one_persons_in_one_chat(talk: Talk) -> None:
    talk.say("盘点 服装", "sue", group=True)

    assert talk.maybe("19", "max", group=True, addressed=False) is None
    assert talk.maybe("跳过", "max", group=True, addressed=False) is None
    assert talk.say("19", "sue").intent == "unknown"  # alone with the bot
    noted = talk.say("19", "sue", group=True, addressed=False)
    assert asked(noted) == "TX-H-L"
    assert talk.maybe("晚上吃什么", "sue", group=True, addressed=False) is None


def test_whoever_lost_the_right_meanwhile_counts_nothing(talk: Talk) -> None:
    talk.say("盘点 服装", "sue")
    talk.db.run(lambda tx: members.set_role(tx, platform="console", user_id="sue", role="viewer"))
    assert [talk.say(said, "sue").error for said in ("19", "跳过", "结束")] == ["forbidden"] * 3


def test_a_viewer_cannot_begin_one(talk: Talk) -> None:
    assert talk.say("盘点全部", "vic").error == "forbidden"


def test_a_code_that_was_changed_meanwhile_is_passed_over(talk: Talk) -> None:
    talk.say("盘点 服装", "sue")
    talk.db.run(lambda tx: skus.edit(tx, code="TX-H-L", patch=SkuPatch(code="TX-9"), cause=SETUP))
    card = talk.say("19", "sue")

    assert rows(card).keys() == {"T恤 白色 L"}
    assert "没数的 1 个不改：TX-H-L" in card.text


def test_more_than_one_count_takes_is_said(db: Database, clock: FakeClock) -> None:
    fill(db)
    drafts = [SkuDraft(f"杯子{n}", 100, reorder_point=0, stock=1) for n in range(500)]
    db.run(lambda tx: skus.add_many(tx, drafts, cause=SETUP))
    clock.advance(minutes=1)

    reply = Talk(db, clock).say("盘点全部")

    assert "一次最多盘 500 个" in reply.text
    assert reply.title.startswith("1/500 ")


def test_it_speaks_english(talk: Talk) -> None:
    talk.say("language en")
    reply = talk.say("count everything")
    assert "How many are on the shelf?" in spoken(reply)
    assert [button.label for button in reply.buttons] == ["skip", "finish count"]
    assert asked(talk.say("skip")) == "KFD"
    assert asked(talk.say("30")) == "GEB"
    assert asked(talk.say("back")) == "KFD"
    assert rows(talk.say("done")).keys() == {"咖啡豆"}


# -- kinds of goods that are called otherwise


@pytest.mark.parametrize("said", ["盘点 宠物", "盘点 电饭锅", "清点 宠物类", "count pets"])
def test_a_kind_that_is_not_there_is_said_with_those_that_are(talk: Talk, said: str) -> None:
    reply = talk.say(said, "sue")

    assert "没有叫" in reply.text
    assert [button.command for button in reply.buttons] == [
        *(f"盘点 {name}" for name in ("bags", "咖啡", "器具", "服装", "茶叶", "饮料")),
        "盘点全部",
    ]
    assert asked(talk.say(reply.buttons[1].command, "sue")) == "KFD"


@pytest.mark.parametrize("said", ["盘点 饮", "盘点 饮料类", "盘点饮料"])
def test_a_part_of_a_categorys_name_starts_its_count(talk: Talk, said: str) -> None:
    assert asked(talk.say(said, "sue")) == "KL330"


def test_several_categories_that_are_called_like_it_are_offered(talk: Talk) -> None:
    _add(talk.db, SkuDraft("茶杯", 900, 0, category="器具/茶杯"))
    _add(talk.db, SkuDraft("茶盘", 900, 0, category="茶盘"))

    reply = talk.say("盘点 杯", "sue")
    assert reply.title.startswith("1/1 茶杯")
    _add(talk.db, SkuDraft("酒杯", 900, 0, category="酒杯"))

    reply = talk.say("盘点 杯", "sue")
    assert "几类" in reply.text
    assert {"盘点 茶杯", "盘点 酒杯"} < {button.command for button in reply.buttons}


def test_goods_that_are_called_so_in_part_are_asked_about_as_before(talk: Talk) -> None:
    assert talk.say("盘点 冲壶", "sue").intent == "stocktake"


@pytest.mark.parametrize("said", ["盘点全部", "盘点 茶", "盘点 宠物"])
def test_an_empty_shop_has_nothing_to_count(db: Database, clock: FakeClock, said: str) -> None:
    db.run(_people)

    assert "还没有商品" in Talk(db, clock).say(said).text


def test_whoever_may_not_count_learns_no_categories(talk: Talk) -> None:
    assert talk.say("盘点 宠物", "vic").error == "forbidden"
    assert talk.maybe("盘点宠物店的猫", "sue", group=True, addressed=False) is None


# -- what is said instead of a number


@pytest.fixture
def paused(talk: Talk, clock: FakeClock) -> Talk:
    """Two are counted, the third is asked for; then a break."""
    talk.say("盘点全部", "sue")
    talk.say("39", "sue")
    clock.advance(seconds=5)
    talk.say("29", "sue")
    talk.say("暂停", "sue")
    return talk


@pytest.mark.parametrize(
    "said", ["不知道", "不清楚", "不知道有几个", "没数", "说不准", "i don't know", "not sure"]
)
def test_who_does_not_know_skips_it_and_loses_nothing(talk: Talk, said: str) -> None:
    talk.say("盘点 服装", "sue")
    talk.say("19", "sue")

    card = talk.say(said, "sue")

    assert rows(card).keys() == {"T恤 白色 L"}
    assert "没数的 1 个不改：T恤 黑色 L。" in card.text


@pytest.mark.parametrize("said", ["没有", "没了", "无", "一个都没有", "卖完了", "none"])
def test_none_is_counted_as_zero_and_said_once_more_at_the_end(talk: Talk, said: str) -> None:
    talk.say("盘点 服装", "sue")
    talk.say(said, "sue")
    card = talk.say("18", "sue")

    assert rows(card)["T恤 白色 L"][1] == "0"
    assert "数出来一件都没有：T恤 白色 L" in card.text
    assert on_hand(talk.db, "TX-B-L") == 20


@pytest.mark.parametrize(
    "said", ["还有20个", "还剩二十件", "货架上有20", "一共20个", "20个吧", "20 left"]
)
def test_a_number_with_words_around_it_is_a_count(talk: Talk, said: str) -> None:
    talk.say("盘点 服装", "sue")

    reply = talk.say(said, "sue")

    assert "记下 T恤 白色 L（TX-B-L） 20" in reply.text
    assert asked(reply) == "TX-H-L"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("大概20", "「大概20」不是准数"),
        ("20左右", "不是准数"),
        ("20多个", "不是准数"),
        ("about 20", "不是准数"),
        ("5箱", "「5箱」是多少件"),
        ("2 boxes", "是多少件"),
        ("20块", "是价钱"),
    ],
)
def test_what_is_no_exact_number_of_units_is_asked_about(talk: Talk, said: str, told: str) -> None:
    talk.say("盘点 服装", "sue")

    reply = talk.say(said, "sue")

    assert told in reply.text
    assert "跳过" in reply.text
    assert asked(talk.say("19", "sue")) == "TX-H-L"  # nothing was noted
    assert rows(talk.say("结束", "sue"))["T恤 白色 L"][1] == "19"


@pytest.mark.parametrize("said", ["半箱", "3箱5个", "呼啦圈"])
def test_what_is_not_understood_repeats_the_question(talk: Talk, said: str) -> None:
    talk.say("盘点 服装", "sue")

    reply = talk.say(said, "sue")

    assert asked(reply) == "TX-B-L"
    assert f"没听懂「{said}」" in reply.text


@pytest.mark.parametrize("said", ["暂停", "等一下", "休息一下", "下午再数", "暂停盘点", "pause"])
def test_a_break_keeps_the_count_and_leaves_the_shop_open(talk: Talk, said: str) -> None:
    talk.say("盘点 服装")
    talk.say("19")

    reply = talk.say(said)

    assert "已记 1 个商品" in reply.text
    assert [button.label for button in reply.buttons] == ["继续盘点", "盘点结束"]
    assert talk.db.read(shop.is_open)
    assert talk.say("7").intent == "unknown"


@pytest.mark.parametrize("said", ["继续", "继续盘点", "接着数", "盘点开始", "continue"])
def test_a_paused_count_goes_on_where_it_was(paused: Talk, said: str) -> None:
    assert asked(paused.say(said, "sue")) == ALL[2]
    assert asked(paused.say("8", "sue")) == ALL[3]
    assert len(rows(paused.say("结束", "sue"))) == 3


def test_a_paused_count_is_there_the_next_morning_and_gone_the_day_after(
    paused: Talk, clock: FakeClock
) -> None:
    clock.advance(minutes=15 * 60)
    assert asked(paused.say("继续", "sue")) == ALL[2]
    paused.say("暂停", "sue")
    clock.advance(minutes=24 * 60 + 1)
    assert "没有在盘点" in paused.say("盘点结束", "sue").text


def test_other_work_is_done_while_it_is_paused(paused: Talk) -> None:
    assert paused.say("补货 手冲壶 5", "sue").error is None
    assert paused.say("撤销", "sue").title.startswith("撤销")
    assert "没有等待确认" in paused.say("取消", "sue").text
    assert rows(paused.say("盘点结束", "sue")).keys() == {
        "Linen Tote",
        "咖啡豆",
    }


def test_a_product_that_is_counted_while_it_is_paused_goes_into_it(paused: Talk) -> None:
    assert asked(paused.say("盘点 手冲壶 9", "sue")) == ALL[2]
    assert on_hand(paused.db, "SCH") == 12


def test_undo_takes_back_the_last_numbers_of_the_count(talk: Talk, clock: FakeClock) -> None:
    talk.say("补货 手冲壶 5", "sue")  # before the count: stays, whatever is undone in it
    clock.advance(seconds=5)
    talk.say("盘点 服装", "sue")
    clock.advance(seconds=5)
    talk.say("91", "sue")

    undone = talk.say("撤销", "sue")
    assert "T恤 白色 L 记的 91 撤回了" in undone.text
    assert asked(undone) == "TX-B-L"
    clock.advance(seconds=5)
    talk.say("19", "sue")
    clock.advance(seconds=5)
    talk.say("盘点 白色T恤 20", "sue")
    assert "还是 19" in talk.say("撤销", "sue").text
    assert asked(talk.say("撤销", "sue")) == "TX-B-L"
    assert "没有数可以撤回" in talk.say("撤销", "sue").text
    assert on_hand(talk.db, "SCH") == 17


def test_undo_takes_back_all_of_one_message(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点开始", "sue")
    clock.advance(seconds=5)
    talk.say("咖啡豆 28", "sue")
    clock.advance(seconds=5)
    talk.say("挂耳包 9，手冲壶 11", "sue")

    talk.say("撤销", "sue")

    assert rows(talk.say("结束", "sue")).keys() == {"咖啡豆"}


def test_undo_goes_back_to_the_last_number_from_the_card_of_the_end(
    talk: Talk, clock: FakeClock
) -> None:
    talk.say("盘点 服装", "sue")
    talk.say("19", "sue")
    clock.advance(seconds=5)
    assert talk.say("81", "sue").outcome == "confirm"

    assert asked(talk.say("撤销", "sue")) == "TX-H-L"
    assert "没有等待确认" in talk.say("是", "sue").text
    assert rows(talk.say("18", "sue"))["T恤 黑色 L"][1] == "18"


def test_what_was_written_after_the_last_number_is_undone_first(
    talk: Talk, clock: FakeClock
) -> None:
    talk.say("盘点 服装", "sue")
    talk.say("19", "sue")
    clock.advance(seconds=5)
    talk.say("补货 手冲壶 5", "sue")

    talk.say("撤销", "sue")

    assert on_hand(talk.db, "SCH") == 12
    assert rows(talk.say("结束", "sue"))["T恤 白色 L"][1] == "19"


def test_a_no_that_may_be_about_one_number_drops_no_count(talk: Talk) -> None:
    talk.say("盘点 服装", "sue")
    talk.say("19", "sue")
    for said in ("不", "不对", "no"):
        assert "没有动" in talk.say(said, "sue").text, said
    assert len(rows(talk.say("结束", "sue"))) == 1
    talk.say("取消", "sue")  # the card
    assert "记下的 1 个商品没有入账" in talk.say("取消盘点", "sue").text


@pytest.mark.parametrize("said", ["挂耳原味 10", "原味挂耳10", "挂耳 原味 10个", "挂耳原味有10个"])
@pytest.mark.parametrize("begun", ["盘点开始", "盘点 服装"])
def test_words_that_name_goods_together_are_counted_and_add_nothing(
    talk: Talk, begun: str, said: str
) -> None:
    for taste in ("原味", "榛果"):
        draft = SkuDraft("挂耳咖啡", 3900, 0, specs={"口味": taste}, category="咖啡/挂耳")
        _add(talk.db, draft)
    talk.say(begun)

    talk.say(said)

    assert rows(talk.say("结束"))["挂耳咖啡 原味"][1] == "10"


def test_goods_that_nobody_knows_are_said_and_several_are_asked_about(talk: Talk) -> None:
    talk.say("盘点开始")
    assert talk.say("呼啦圈 4").error == "sku_not_found"
    which = talk.say("T恤 4")
    assert [button.label for button in which.buttons] == ["T恤 白色 L", "T恤 黑色 L"]
    talk.say("T恤 黑色 L")
    assert rows(talk.say("结束")).keys() == {"T恤 黑色 L"}


@pytest.mark.parametrize(
    "said", ["哈哈5", "咖啡豆25吗", "没有", "没了", "暂停", "不知道", "哈哈 5"]
)
def test_chatter_of_a_group_counts_nothing(talk: Talk, said: str) -> None:
    talk.say("盘点 服装", "sue", group=True)

    talk.maybe(said, "sue", group=True, addressed=False)

    again = talk.say("盘点开始", "sue", group=True)
    assert asked(again) == "TX-B-L"
    assert "一个都没有数" in talk.say("结束", "sue", group=True).text


def test_a_question_about_goods_counts_nothing(talk: Talk) -> None:
    talk.say("盘点 服装")

    talk.say("咖啡豆25吗")

    assert "一个都没有数" in talk.say("结束").text


def test_one_message_counts_nothing_twice(talk: Talk) -> None:
    refused = talk.say("盘点\n手冲壶 5\n手冲壶 6\n咖啡豆 20")

    assert refused.error == "invalid_request"
    assert "5 和 6" in spoken(refused)
    assert (on_hand(talk.db, "SCH"), on_hand(talk.db, "KFD")) == (12, 30)
    talk.say("盘点开始")
    talk.say("手冲壶 5\n手冲壶 6")
    assert "一个都没有数" in talk.say("结束").text
    assert talk.say("盘点\n手冲壶 5\n手冲壶 5").error is None


# -- its buttons


@pytest.fixture
def group(db: Database, clock: FakeClock) -> Group:
    fill(db)
    db.run(_at_the_fake)
    clock.advance(minutes=1)
    return Group(db, clock)


def _at_the_fake(tx: Tx) -> None:
    for user_id, (name, role) in PEOPLE.items():
        members.seen(tx, platform="fake", user_id=user_id, name=name)
        members.set_role(tx, platform="fake", user_id=user_id, role=role.word)
    chats.bind(tx, platform="fake", chat_id="g", kind="group")


def test_its_buttons_are_for_whoever_counts_and_for_the_product_they_were_shown_with(
    group: Group,
) -> None:
    group.say("盘点 服装", "sue")
    card = group.card("reply")
    skip = group.button(card, "跳过")

    other = group.press(card, "跳过", "max")
    assert other is not None
    assert other.error == "forbidden"
    group.say("19", "sue")
    late = group.press_raw(Press(card, skip), "sue")
    assert late is not None
    assert late.error == "wrong_state"  # the next product was not skipped
    group.sender.stop()


def test_a_press_goes_on(group: Group) -> None:
    group.say("盘点 服装", "sue")
    pressed = group.press(group.card("reply"), "跳过", "sue")

    assert pressed is not None
    assert asked(pressed) == "TX-H-L"
    group.sender.stop()


def test_a_number_with_a_sign_is_no_count(talk: Talk) -> None:
    before = on_hand(talk.db, "SCH")
    talk.say("盘点 咖啡")

    reply = talk.say("手冲壶+15")

    assert (reply.intent, reply.outcome) == ("restock", "execute")
    assert on_hand(talk.db, "SCH") == before + 15
