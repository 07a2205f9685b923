"""Counting while the shop sells: no sale is lost, whenever the count is booked (F40)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.messages import Message, Reply
from store import audit, orders, skus, stock
from store.db import Database
from store.skus import SkuPatch
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.shop import GROUP, Talk, fill, on_hand, place, spoken

DELAY = timedelta(seconds=20)


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    clock.advance(minutes=1)
    return Talk(db, clock)


def sell(db: Database, code: str, units: int = 1) -> None:
    """An order that is handed over at once."""
    number = place(db, (code, units))
    db.run(lambda tx: orders.complete(tx, order_no=number, actor="till"))


def rows(reply: Reply) -> dict[str, tuple[str, ...]]:
    """The rows of a card by their first cell."""
    assert reply.table is not None
    return {row[0]: row[1:] for row in reply.table.rows}


# -- one count


def test_a_count_shows_before_after_and_the_difference(talk: Talk) -> None:
    reply = talk.say("盘点 手冲壶 10", "sue")

    assert reply.fields[:2] == (("现有", "12 → 10"), ("差异", "-2"))
    assert reply.text == "发「撤销」可恢复。"


def test_what_was_sold_after_the_count_was_typed_stays_sold(talk: Talk, clock: FakeClock) -> None:
    typed = talk.message("盘点 手冲壶 10", "sue")  # on the books: 12
    clock.advance(seconds=3)
    sell(talk.db, "SCH", 3)

    reply = talk.dispatcher.answer(typed)

    assert reply is not None
    assert on_hand(talk.db, "SCH") == 10 - 3
    assert reply.fields[:2] == (("现有", "9 → 7"), ("差异", "-2"))
    assert "清点之后库存又变了 -3" in reply.text
    assert talk.db.read(audit.check).ok


@pytest.mark.parametrize(
    ("meanwhile", "level"),
    [
        ("补货 手冲壶 6", 16),  # came in after the count
        ("扣减 手冲壶 2", 8),
        ("盘点 手冲壶 11", 10),  # another count corrects the books, and moves nothing
    ],
)
def test_what_others_booked_after_the_count_stays_but_for_another_count(
    talk: Talk, clock: FakeClock, meanwhile: str, level: int
) -> None:
    typed = talk.message("盘点 手冲壶 10", "sue")
    clock.advance(seconds=3)
    talk.say(meanwhile, "max")

    talk.dispatcher.answer(typed)

    assert on_hand(talk.db, "SCH") == level


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ("补货 手冲壶 6", ["撤销"], 10),  # the slip was on the books already, and not on the shelf
        ("查 手冲壶", ["补货 手冲壶 6", "撤销"], 10),
        ("查 手冲壶", ["补货 手冲壶 6", "撤销", "撤销"], 16),
        ("查 手冲壶", ["盘点 手冲壶 3", "撤销"], 10),
    ],
)
def test_an_undo_of_what_was_booked_before_the_count_moves_nothing(
    talk: Talk, clock: FakeClock, before: str, after: list[str], level: int
) -> None:
    talk.say(before, "max")
    clock.advance(seconds=3)
    typed = talk.message("盘点 手冲壶 10", "sue")
    clock.advance(seconds=3)
    for text in after:
        talk.say(text, "max")

    talk.dispatcher.answer(typed)

    assert on_hand(talk.db, "SCH") == level


@pytest.mark.parametrize(("answer", "level"), [("已拿走", 13 - 3), ("还在架上", 10 - 3)])
def test_the_answer_about_the_shelf_is_about_the_orders_of_that_moment(
    talk: Talk, clock: FakeClock, answer: str, level: int
) -> None:
    held = place(talk.db, ("SCH", 3))
    clock.advance(seconds=3)
    asked = talk.say("盘点 手冲壶 10", "sue")
    assert "3 件已被订单占用" in asked.text
    clock.advance(seconds=3)
    talk.db.run(lambda tx: orders.ship(tx, order_no=held, actor="max"))
    place(talk.db, ("SCH", 2))  # nobody had taken these when the shelf was counted

    reply = talk.say(answer, "sue")

    assert reply.error is None
    assert on_hand(talk.db, "SCH") == level


def test_a_number_that_was_asked_for_is_of_the_moment_it_was_answered(
    talk: Talk, clock: FakeClock
) -> None:
    talk.say("盘点 手冲壶", "sue")
    clock.advance(seconds=30)
    sell(talk.db, "SCH", 3)
    clock.advance(seconds=3)

    talk.say("9", "sue")

    assert on_hand(talk.db, "SCH") == 9


def test_a_count_that_more_was_sold_since_than_it_found_is_refused(
    talk: Talk, clock: FakeClock
) -> None:
    typed = talk.message("盘点 手冲壶 2", "sue")
    clock.advance(seconds=3)
    sell(talk.db, "SCH", 3)

    refused = talk.dispatcher.answer(typed)

    assert refused is not None
    assert refused.error == "insufficient_stock"
    assert on_hand(talk.db, "SCH") == 9


def test_sales_and_counts_at_once_lose_no_sale(talk: Talk, clock: FakeClock) -> None:
    """Five are missing; forty are sold while four people book that very count."""
    talk.say("补货 可乐330 50", "max")  # 100 on the books
    clock.advance(seconds=1)
    typed = [talk.message("盘点 可乐330 95", who) for who in ("sue", "max", "ann", "sue")]
    clock.advance(seconds=1)
    start = threading.Barrier(12)

    def sells(_: int) -> None:
        start.wait()
        for _ in range(5):
            sell(talk.db, "KL330")

    def count(message: Message) -> Reply | None:
        start.wait()
        return talk.dispatcher.answer(message)

    with ThreadPoolExecutor(12) as pool:
        sold = [pool.submit(sells, n) for n in range(8)]
        counted = list(pool.map(count, typed))
        for each in sold:
            each.result()

    assert [reply.error for reply in counted if reply] == [None] * 4
    assert on_hand(talk.db, "KL330") == 95 - 40
    assert talk.db.read(audit.check).ok


# -- a running count


def test_lines_are_collected_and_booked_as_one_after_a_yes(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点开始", "sue")
    for text in ("手冲壶 10", "盘点 可乐330 0", "T恤白L 21，T恤黑L 18", "绿茶\t4\n咖啡豆\t29"):
        clock.advance(seconds=10)
        assert "还没有入账" in spoken(talk.say(text, "sue")), text
    assert on_hand(talk.db, "SCH") == 12
    sell(talk.db, "SCH", 2)
    clock.advance(seconds=10)

    card = talk.say("盘点结束", "sue")

    assert card.outcome == "confirm"
    assert rows(card) == {
        "手冲壶": ("12", "10", "-2", "-196", "-2"),
        "可乐330": ("50", "0", "-50", "-150", "+0"),
        "T恤 白色 L": ("20", "21", "+1", "+59", "+0"),
        "T恤 黑色 L": ("18", "18", "+0", "", "+0"),
        "绿茶 250g": ("4", "4", "+0", "", "+0"),
        "咖啡豆": ("30", "29", "-1", "-88", "+0"),
    }
    assert on_hand(talk.db, "SCH") == 10
    done = talk.say("是", "sue")
    assert done.error is None
    levels = [on_hand(talk.db, code) for code in ("SCH", "KL330", "TX-B-L", "KFD")]
    assert levels == [8, 0, 21, 29]

    talk.say("撤销", "sue")
    levels = [on_hand(talk.db, code) for code in ("SCH", "KL330", "TX-B-L", "KFD")]
    assert levels == [10, 50, 20, 30]
    assert talk.db.read(audit.check).ok


def test_a_sale_between_the_card_and_the_yes_is_kept_and_asks_nobody_again(
    talk: Talk, clock: FakeClock
) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    talk.say("盘点结束", "sue")
    clock.advance(seconds=10)
    sell(talk.db, "SCH", 4)

    done = talk.say("是", "sue")

    assert done.outcome == "execute"
    assert rows(done) == {"手冲壶": ("12", "10", "-2", "-196", "-4")}
    assert on_hand(talk.db, "SCH") == 6


def test_another_count_between_the_card_and_the_yes_is_shown_first(
    talk: Talk, clock: FakeClock
) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    talk.say("盘点结束", "sue")
    clock.advance(seconds=10)
    talk.say("盘点 手冲壶 9", "max")

    again = talk.say("是", "sue")

    assert again.outcome == "confirm"
    assert "情况变了" in again.text
    assert rows(again) == {"手冲壶": ("9", "10", "+1", "+98")}


def test_goods_on_order_are_asked_about_once_for_all(talk: Talk, clock: FakeClock) -> None:
    place(talk.db, ("SCH", 3), ("KFD", 2))
    clock.advance(seconds=1)
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 9，咖啡豆 28", "sue")
    clock.advance(seconds=1)
    place(talk.db, ("SCH", 1))  # was on the shelf

    asked = talk.say("盘点结束", "sue")
    assert "手冲壶 3、咖啡豆 2" in asked.text
    card = talk.say("已拿走", "sue")
    assert rows(card)["手冲壶"] == ("12", "9+3", "+0", "")
    talk.say("是", "sue")
    assert (on_hand(talk.db, "SCH"), on_hand(talk.db, "KFD")) == (12, 30)


def test_the_last_line_of_a_sku_counts_and_the_one_before_is_named(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    again = talk.say("手冲壶 11", "sue")
    assert "之前记的是 10，改成 11" in again.text
    assert rows(talk.say("盘点结束", "sue"))["手冲壶"][1] == "11"


def test_which_of_two_is_asked_and_the_line_is_then_taken(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    assert talk.say("T恤 19", "sue").outcome == "clarify"
    assert "还没有入账" in spoken(talk.say("TX-B-L", "sue"))
    assert on_hand(talk.db, "TX-B-L") == 20
    assert "T恤 白色 L" in rows(talk.say("盘点结束", "sue"))


def test_a_running_count_survives_a_restart(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    clock.advance(minutes=7 * 60)

    after = Talk(talk.db, clock, prefix="after")

    after.say("咖啡豆 29", "sue")
    assert len(rows(after.say("盘点结束", "sue"))) == 2


def test_a_running_count_is_one_persons_in_one_chat(talk: Talk) -> None:
    talk.say("盘点开始", "sue", group=True)

    assert talk.say("手冲壶 10", "max", group=True).outcome == "clarify"
    assert talk.say("盘点 手冲壶 11", "max", group=True).outcome == "execute"
    assert talk.say("手冲壶 10", "sue").outcome == "clarify"  # alone with the bot
    assert "没有在盘点" in talk.say("盘点结束", "max", group=True).text
    noted = talk.say("手冲壶 10", "sue", group=True, addressed=False)
    assert "已记 1 个商品" in noted.text
    assert talk.maybe("周末团建 10", "sue", group=True, addressed=False) is None
    assert GROUP  # the lines above were said there


def test_other_commands_are_done_while_counting(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    assert talk.say("补货 手冲壶 5", "sue").outcome == "execute"
    assert "17" in spoken(talk.say("查 手冲壶", "sue"))
    assert on_hand(talk.db, "SCH") == 17


def test_a_running_count_ends_by_itself_after_some_idle_hours(talk: Talk, clock: FakeClock) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    clock.advance(minutes=8 * 60 + 1)

    assert talk.say("咖啡豆 29", "sue").outcome == "clarify"
    assert "没有在盘点" in talk.say("盘点结束", "sue").text
    assert on_hand(talk.db, "SCH") == 12


def test_a_no_to_the_card_leaves_the_count_open_and_a_second_no_ends_it(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    talk.say("盘点结束", "sue")

    assert "盘点还开着，已记 1 个商品" in talk.say("取消", "sue").text
    assert "记下的 1 个商品没有入账" in talk.say("取消", "sue").text
    assert talk.say("手冲壶 10", "sue").outcome == "clarify"
    assert on_hand(talk.db, "SCH") == 12


def test_starting_again_goes_on_with_the_open_count(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10", "sue")
    assert "已记 1 个商品" in talk.say("盘点开始", "sue").text
    assert len(rows(talk.say("盘点结束", "sue"))) == 1


def test_a_line_that_cannot_be_booked_stops_all_and_leaves_the_count_open(
    talk: Talk, clock: FakeClock
) -> None:
    place(talk.db, ("SCH", 5))
    clock.advance(seconds=1)
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 3，咖啡豆 29", "sue")
    talk.say("盘点结束", "sue")
    refused = talk.say("还在架上", "sue")

    assert refused.error == "invalid_request"
    assert list(rows(refused)) == ["SCH"]
    assert on_hand(talk.db, "KFD") == 30
    talk.say("手冲壶 12", "sue")
    talk.say("盘点结束", "sue")
    assert talk.say("还在架上", "sue").outcome == "confirm"


def test_a_code_that_was_changed_meanwhile_is_named_and_left_out(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    talk.say("手冲壶 10，咖啡豆 29", "sue")
    renamed = SkuPatch(code="SC-2")
    talk.db.run(lambda tx: skus.edit(tx, code="SCH", patch=renamed, cause=Cause("r", "max")))

    card = talk.say("盘点结束", "sue")

    assert list(rows(card)) == ["咖啡豆"]
    assert "SCH 的编码已经改了" in card.text


def test_lines_that_come_at_once_are_all_taken(talk: Talk) -> None:
    talk.say("盘点开始", "sue")
    texts = ("手冲壶 10", "咖啡豆 29", "绿茶 3", "可乐330 48", "T恤白L 19", "T恤黑L 17")
    typed = [talk.message(text, "sue") for text in texts]
    start = threading.Barrier(len(typed))

    def say(message: Message) -> None:
        start.wait()
        talk.dispatcher.answer(message)

    with ThreadPoolExecutor(len(typed)) as pool:
        list(pool.map(say, typed))

    assert len(rows(talk.say("盘点结束", "sue"))) == len(texts)


def test_a_running_count_and_sales_at_once_lose_no_sale(talk: Talk, clock: FakeClock) -> None:
    codes = ("KL330", "KFD", "TX-B-L")
    talk.say("盘点开始", "sue")
    talk.say("可乐330 48，咖啡豆 31，T恤白L 20", "sue")
    clock.advance(seconds=1)
    card = talk.say("盘点结束", "sue")
    yes = talk.message(card.buttons[0].command, "sue")
    start = threading.Barrier(7)

    def sells(number: int) -> None:
        start.wait()
        for _ in range(4):
            sell(talk.db, codes[number % 3])

    def confirms() -> Reply | None:
        start.wait()
        return talk.dispatcher.answer(yes)

    with ThreadPoolExecutor(7) as pool:
        sold = [pool.submit(sells, number) for number in range(6)]
        done = pool.submit(confirms).result()
        for each in sold:
            each.result()

    assert done is not None
    assert (done.outcome, done.error) == ("execute", None)
    assert [on_hand(talk.db, code) for code in codes] == [48 - 8, 31 - 8, 20 - 8]
    assert talk.db.read(audit.check).ok


def test_a_count_by_http_is_booked_as_given(talk: Talk, clock: FakeClock) -> None:
    sell(talk.db, "SCH", 2)
    clock.advance(seconds=1)
    talk.db.run(lambda tx: stock.count(tx, sku="SCH", counted=7, cause=Cause("http", "token")))
    assert on_hand(talk.db, "SCH") == 7
