"""Undo in chat: what can be taken back is, what was sold or counted since stays and is named."""

import pytest

from store import audit, orders, skus
from store.db import Database
from tests.fakes.clock import FakeClock
from tests.shop import Talk, fill, on_hand, place, spoken


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


def price(talk: Talk, code: str) -> int:
    return talk.db.read(lambda tx: skus.view(tx, code)).price_fen


def test_an_undo_of_what_was_partly_sold_says_so_and_asks_first(talk: Talk) -> None:
    talk.say("补货 手冲壶 5", "sue")
    number = place(talk.db, ("SCH", 14))  # 17 on the shelf
    talk.db.run(lambda tx: orders.ship(tx, order_no=number, actor="max"))
    place(talk.db, ("SCH", 1))  # 3 on the shelf, one of them promised

    asked = talk.say("撤销", "sue")
    assert asked.outcome == "confirm"
    assert ("SCH 现有", "3 → 1") in asked.fields
    assert "SCH 有 3 件之后卖出或被订单占用了" in asked.text
    assert on_hand(talk.db, "SCH") == 3

    done = talk.say("是", "sue")
    assert done.error is None
    assert "没能撤回" in done.text
    assert on_hand(talk.db, "SCH") == 1
    talk.say("撤销", "sue")
    assert on_hand(talk.db, "SCH") == 3
    assert talk.db.read(audit.check).ok


def test_an_undo_of_what_was_sold_out_since_is_refused_with_the_orders(talk: Talk) -> None:
    talk.say("补货 手冲壶 5", "sue")
    number = place(talk.db, ("SCH", 17))

    refused = talk.say("撤销", "sue")

    assert refused.error == "insufficient_stock"
    assert number in refused.text
    assert on_hand(talk.db, "SCH") == 17


def test_a_step_of_an_order_says_why_it_cannot_be_undone(talk: Talk) -> None:
    number = place(talk.db, ("SCH", 2))
    talk.say(f"发货 {number}", "sue")

    refused = talk.say("撤销", "sue")

    assert refused.error == "not_undoable"
    assert f"订单 {number} 已经是「已发货」" in refused.text
    assert on_hand(talk.db, "SCH") == 10


def test_an_undo_of_a_slip_that_a_count_has_corrected_is_refused(talk: Talk) -> None:
    talk.say("补货 手冲壶 20", "sue")
    talk.say("盘点 手冲壶 12", "max")

    refused = talk.say("撤销", "sue")

    assert refused.error == "not_undoable"
    assert "SCH" in refused.text
    assert on_hand(talk.db, "SCH") == 12


def test_a_batch_is_undone_but_for_what_somebody_changed_since(talk: Talk) -> None:
    talk.say("全部9折", "ann")
    talk.say("是", "ann")
    talk.say("改价 手冲壶 90", "max")

    asked = talk.say("撤销", "ann")
    assert asked.outcome == "confirm"
    assert "SCH" in asked.text
    talk.say("是", "ann")
    assert (price(talk, "KFD"), price(talk, "SCH"), price(talk, "LT")) == (8800, 9000, 2990)


def test_an_undo_is_found_after_a_restart(talk: Talk, clock: FakeClock) -> None:
    talk.say("到货：咖啡豆 5，手冲壶 3", "sue")

    after = Talk(talk.db, clock, prefix="after")

    assert after.say("撤销", "sue").error is None
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (30, 12)
    assert Talk(talk.db, clock, prefix="again").say("撤销", "sue").error is None
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (35, 15)


def test_a_write_between_the_card_of_a_partial_undo_and_the_yes_voids_the_card(talk: Talk) -> None:
    talk.say("补货 手冲壶 5", "sue")
    place(talk.db, ("SCH", 14))
    asked = talk.say("撤销", "sue")
    talk.say("补货 咖啡豆 1", "sue")

    assert "过期" in talk.say(asked.buttons[0].command, "sue").text
    assert (on_hand(talk.db, "SCH"), on_hand(talk.db, "KFD")) == (17, 31)


def test_more_sold_between_the_card_and_the_yes_is_shown_again(talk: Talk) -> None:
    talk.say("补货 手冲壶 5", "sue")
    place(talk.db, ("SCH", 13))
    talk.say("撤销", "sue")
    place(talk.db, ("SCH", 1))

    again = talk.say("是", "sue")

    assert again.outcome == "confirm"
    assert "情况变了" in again.text
    assert "17 → 14" in spoken(again)
