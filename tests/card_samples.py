"""A morning in a small tea and coffee shop, as the bot's replies tell it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from bot.broadcasts import Composer
from bot.messages import Reply
from bot.registry import COMMANDS
from store import chats, members, orders, schema, skus
from store.db import Database, Tx
from store.models import Outbox
from store.ordering import placing
from store.ordering.requests import Contact, LineRequest, OrderRequest, Terms
from store.outbox import Parcel
from store.skus import SkuDraft
from tests.fakes.clock import FakeClock
from tests.shop import GROUP, PEOPLE, SETUP, VAULT, Talk

TARGET = f"console:{GROUP}"
DAY = "2026-03-02"
YUAN = 100  # fen
GOODS: tuple[tuple[str, str, dict[str, str], int, int, int], ...] = (
    ("KFD-500", "耶加雪菲咖啡豆", {"净重": "500g"}, 128 * YUAN, 26, 10),
    ("KFD-250", "耶加雪菲咖啡豆", {"净重": "250g"}, 68 * YUAN, 60, 10),
    ("LJ-100", "明前龙井", {"净重": "100g"}, 168 * YUAN, 14, 8),
    ("SCH", "玻璃手冲壶", {}, 98 * YUAN, 12, 3),
    ("GEB", "挂耳咖啡礼盒（十口味）", {}, 89 * YUAN, 40, 5),
    ("LZ-V60", "V60 滤纸", {}, 19 * YUAN, 80, 20),
)
CUSTOMERS = (
    Contact("王小明", "13812345678", "杭州市西湖区文三路 1 号"),
    Contact("李静", "13987654321", "上海市静安区愚园路 88 弄 2 号 301 室"),
    Contact("陈家豪", "13700001111", "成都市锦江区红星路三段 1 号"),
)


class Morning:
    """The shop; each method is something that its chat is told."""

    def __init__(self, url: str) -> None:
        self.clock = FakeClock()
        self.db = Database(url, now=self.clock)
        schema.upgrade(self.db)
        self.db.run(_opened)
        self.composer = Composer(VAULT, ZoneInfo("Asia/Shanghai"), COMMANDS)

    def sold(self, customer: int, *lines: tuple[str, int], remark: str = "") -> str:
        """An order, whose number is returned."""
        self.clock.advance(minutes=7)
        request = OrderRequest(
            customer_id=f"c{customer}",
            lines=tuple(LineRequest(sku, quantity) for sku, quantity in lines),
            contact=CUSTOMERS[customer],
            remark=remark,
        )
        return self.db.run(
            lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)
        ).order_no

    def card(self, kind: str, **payload: Any) -> Reply:
        """What a row of the outbox says now."""
        return self._composed(_parcel(kind, payload))

    def told(self, *kinds: str) -> list[Parcel]:
        """The rows of these kinds, in order."""

        def rows(tx: Tx) -> list[Parcel]:
            found = tx.exec(select(Outbox).where(Outbox.kind.in_(kinds)).order_by("id"))  # type: ignore[attr-defined]  # a column
            return [_parcel(row.kind, row.payload) for row in found]

        return self.db.read(rows)

    def digest(self, parcels: list[Parcel]) -> Reply:
        """Several rows as one card."""
        return self._composed(replace(parcels[0], merged=tuple(parcels)))

    def _composed(self, parcel: Parcel) -> Reply:
        return self.db.read(lambda tx: self.composer.compose(tx, parcel))


def replies(url: str) -> dict[str, Reply]:
    """Replies by what they show."""
    shop = Morning(url)
    number = shop.sold(
        0, ("KFD-500", 2), ("SCH", 1), ("GEB", 1), remark="送人的，请包好看一点，不要放小票"
    )
    shown = {"order": shop.card("order_new", order_no=number)}
    shop.clock.advance(minutes=4)
    shop.db.run(lambda tx: orders.mark_paid(tx, order_no=number, actor="console:max"))
    shop.clock.advance(minutes=38)
    shop.db.run(
        lambda tx: orders.ship(
            tx, order_no=number, actor="console:sue", carrier="顺丰", tracking_no="SF1357924680"
        )
    )
    shown["order-acted"] = shop.card("order_new", order_no=number)
    shop.sold(1, ("LJ-100", 3), ("KFD-250", 1))
    fourth = shop.sold(2, ("GEB", 4), ("LJ-100", 4))
    shop.sold(0, ("LZ-V60", 6), ("KFD-250", 2))
    shop.db.run(
        lambda tx: orders.mark_paid(tx, order_no=fourth, actor="console:max", announce=True)
    )
    low = shop.told("low_stock")[0]
    shown["low-stock"] = shop.card("low_stock", **low.payload)
    by = {"by": "console:sue", "at": shop.clock().isoformat()}
    shown["low-stock-acted"] = shop.card("low_stock", **low.payload, pressed={"b": by})
    shown["digest"] = shop.digest(shop.told("order_new", "order_changed"))
    shown["summary"] = shop.card("summary", day=DAY)
    talk = Talk(shop.db, shop.clock)
    shown["confirm"] = talk.say("盘点 玻璃手冲壶 0", "max")
    shown["count"] = _counted(shop, talk)
    shop.db.close()
    return shown


def _counted(shop: Morning, talk: Talk) -> Reply:
    """The end of a count that left one out."""
    reply = talk.say("盘点全部", "sue")
    for said in ("22", "57", "跳过", "10", "37", "73", "已拿走"):
        shop.clock.advance(seconds=5)
        reply = talk.say(said, "sue")
    return reply


def _opened(tx: Tx) -> None:
    for code, name, specs, price_fen, stock, reorder_point in GOODS:
        draft = SkuDraft(
            code=code,
            name=name,
            specs=specs,
            price_fen=price_fen,
            stock=stock,
            reorder_point=reorder_point,
        )
        skus.add(tx, draft, cause=SETUP)
    for user_id, (name, role) in PEOPLE.items():
        members.seen(tx, platform="console", user_id=user_id, name=name)
        members.set_role(tx, platform="console", user_id=user_id, role=role.word)
    chats.bind(tx, platform="console", chat_id=GROUP, kind="group")
    tx.changes.clear()


def _parcel(kind: str, payload: dict[str, Any]) -> Parcel:
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
