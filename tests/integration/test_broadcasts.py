"""What is pushed says what happened and offers the next step, in the language of its chat."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.broadcasts import Composer
from bot.messages import Reply, Role
from bot.platforms.base import SendError
from bot.registry import COMMANDS
from bot.understanding import read
from store import chats, orders, outbox, skus, stock
from store.db import Database, Tx
from store.errors import OrderNotFoundError
from store.models import Chat, Outbox
from store.outbox import Parcel
from store.skus import SkuPatch
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.shop import GROUP, VAULT, Talk, dictionary, fill, place, spoken

COMPOSER = Composer(vault=VAULT, zone=ZoneInfo("Asia/Shanghai"), commands=COMMANDS)
TARGET = f"console:{GROUP}"


@pytest.fixture(autouse=True)
def _goods(db: Database) -> None:
    fill(db)


def parcel(kind: str, payload: dict[str, Any]) -> Parcel:
    return Parcel(
        id=1,
        topic="orders",
        kind=kind,
        target=TARGET,
        payload=payload,
        urgent=False,
        attempts=1,
        created_at=datetime.now(UTC),
    )


def card(db: Database, kind: str, **payload: Any) -> Reply:
    return db.read(lambda tx: COMPOSER.compose(tx, parcel(kind, payload)))


def pushed(db: Database, kind: str) -> list[Reply]:
    """The cards of every row of this kind, in order."""

    def compose(tx: Tx) -> list[Reply]:
        rows = tx.exec(select(Outbox).where(Outbox.kind == kind).order_by("id")).all()
        return [COMPOSER.compose(tx, parcel(kind, row.payload)) for row in rows]

    return db.read(compose)


def in_english(tx: Tx) -> None:
    for row in tx.exec(select(Chat)).all():
        row.language = "en"
        tx.add(row)


def test_a_new_order_says_what_how_much_and_for_whom_masked(db: Database) -> None:
    number = place(db, ("KFD", 2), name="王小明")
    said = spoken(pushed(db, "order_new")[0])
    assert number in said
    assert "咖啡豆 ×2" in said
    assert "¥" in said
    assert "王**" in said
    assert "138****5678" in said
    assert "小明" not in said
    assert "13812345678" not in said


def test_an_orders_buttons_follow_its_state(db: Database) -> None:
    number = place(db, ("KFD", 1))
    labels = [button.label for button in card(db, "order_new", order_no=number).buttons]
    assert labels == ["发货", "已收款", "取消订单", "详情"]
    db.run(lambda tx: orders.ship(tx, order_no=number, actor="console:ann"))
    labels = [button.label for button in card(db, "order_new", order_no=number).buttons]
    assert labels == ["已收款", "详情"]


def test_a_step_of_an_order_says_from_where_to_where_and_who(db: Database) -> None:
    number = place(db, ("KFD", 1))
    db.run(
        lambda tx: orders.ship(
            tx, order_no=number, actor="console:sue", carrier="顺丰", announce=True
        )
    )
    db.run(lambda tx: orders.mark_paid(tx, order_no=number, actor="console:ann", announce=True))
    shipped, paid = pushed(db, "order_changed")
    assert shipped.title == f"订单 {number}：已确认 → 已发货"
    assert "小苏" in spoken(shipped)
    assert "顺丰" in spoken(shipped)
    assert paid.title == f"订单 {number}：已收款"


def test_scarce_goods_offer_to_be_restocked_with_one_press(db: Database, clock: FakeClock) -> None:
    level = db.read(lambda tx: skus.view(tx, "KFD"))
    taken = level.available - level.reorder_point
    db.run(lambda tx: stock.deduct(tx, sku="KFD", quantity=taken, cause=Cause("a", "console:sue")))
    low = pushed(db, "low_stock")[0]
    assert "咖啡豆（KFD）" in low.title
    assert str(level.reorder_point) in low.text

    reply = Talk(db, clock).say(low.buttons[0].command)

    assert (reply.intent, reply.outcome, reply.error) == ("restock", "execute", None)


def test_sold_out_is_urgent_and_says_so(db: Database) -> None:
    level = db.read(lambda tx: skus.view(tx, "KFD"))
    place(db, ("KFD", level.available))
    sold_out = pushed(db, "sold_out")[0]
    assert sold_out.title.startswith("卖完了")
    assert sold_out.intent == "sold_out"
    assert db.read(outbox.backlog)[0] > 0
    urgent = select(Outbox.urgent).where(Outbox.kind == "sold_out")
    assert db.read(lambda tx: tx.exec(urgent).all()) == [True]


def test_a_change_says_before_after_and_who(db: Database) -> None:
    patch = SkuPatch(price_fen=9900, status="delisted", reorder_point=0)
    db.run(lambda tx: skus.edit(tx, code="KFD", patch=patch, cause=Cause("b", "console:max")))
    said = spoken(pushed(db, "sku_changed")[0])
    assert "→ ¥99" in said
    assert "在售 → 已下架" in said
    assert "→ 关闭" in said
    assert "阿Max" in said


def test_the_summary_has_figures_best_sellers_and_what_to_do_next(db: Database) -> None:
    place(db, ("KFD", 3))
    place(db, ("KFD", 1), ("SCH", 1))
    summary = card(db, "summary", day="2026-03-02")
    assert summary.title == "日报 2026-03-02"
    assert dict(summary.fields)["订单数"] == "2"
    assert "2 单待发货" in summary.text
    assert summary.table is not None
    assert summary.table.rows[0][:2] == ("咖啡豆", "4")
    assert summary.chart is not None


def test_a_day_without_orders_says_so(db: Database) -> None:
    summary = card(db, "summary", day="2020-01-01")
    assert "还没有订单" in summary.text
    assert summary.table is None
    assert dict(summary.fields)["订单数"] == "0"


def test_every_button_is_a_command_the_bot_reads(db: Database) -> None:
    number = place(db, ("KFD", 1))
    cards = [
        card(db, "order_new", order_no=number),
        card(db, "low_stock", sku="KFD", name="咖啡豆", specs={}, available=1, reorder_point=5),
        card(db, "summary", day="2026-03-02"),
    ]
    for button in (button for reply in cards for button in reply.buttons):
        reading = read(button.command, dictionary())
        assert reading.outcome in {"execute", "confirm"}, button
        assert COMMANDS[reading.intent].role >= Role.VIEWER


def test_a_chat_hears_its_own_language(db: Database) -> None:
    number = place(db, ("KFD", 1))
    db.run(in_english)
    assert card(db, "order_new", order_no=number).title == f"New order {number}"


def test_answers_and_notices_are_said_as_they_were_written(db: Database) -> None:
    reply = Reply(title="t", text="x")
    assert card(db, "reply", reply=reply.to_json(), to="ann", inbox_id=1) == reply
    assert card(db, "notice", reply=reply.to_json()) == reply


def test_an_order_that_is_gone_is_an_expected_failure(db: Database) -> None:
    with pytest.raises(OrderNotFoundError):
        card(db, "order_new", order_no="1000000000")


def test_the_other_chats_are_told_once_a_day_that_one_cannot_be_reached(
    db: Database, clock: FakeClock
) -> None:
    db.run(lambda tx: chats.bind(tx, platform="console", chat_id="g2", kind="group"))
    announce(db, "order_new", "robot removed")
    announce(db, "order_new", "robot removed")
    announce(db, "notice", "robot removed")
    assert targets(db) == ["console:g2"]
    clock.advance(days=1)
    announce(db, "order_new", "robot removed")
    assert targets(db) == ["console:g2", "console:g2"]
    assert TARGET in pushed(db, "notice")[0].text


def announce(db: Database, kind: str, reason: str) -> None:
    db.run(lambda tx: COMPOSER.announce_dead(tx, parcel(kind, {}), SendError(reason)))


def targets(db: Database) -> list[str]:
    statement = select(Outbox.target).where(Outbox.kind == "notice")
    return list(db.read(lambda tx: tx.exec(statement).all()))
