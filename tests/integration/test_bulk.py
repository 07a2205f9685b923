"""What changes much at once is shown first, and done once by whoever may, as it was shown (F55)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlmodel import col, select

from store import skus, stock
from store.db import Database, Tx
from store.models import Member, Order, Product, ShopState, Sku, SkuStatus
from store.skus import SkuDraft, SkuPatch
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.shop import SETUP, Talk, fill, place, spoken

OTHERS = Cause("others", "console:sue")


@dataclass(frozen=True, slots=True)
class Bulk:
    """A command that changes much, and something that others do while its card is read.

    ``shows``: a part of the card, and of the card after ``meanwhile``. ``who`` asks.
    """

    text: str
    shows: tuple[str, str]
    meanwhile: Callable[[Tx], object]
    who: str = "max"
    undoable: bool = True


def priced(code: str, fen: int) -> Callable[[Tx], object]:
    return lambda tx: skus.edit(tx, code=code, patch=SkuPatch(price_fen=fen), cause=OTHERS)


def moved(code: str, units: int) -> Callable[[Tx], object]:
    return lambda tx: stock.deduct(tx, sku=code, quantity=units, cause=OTHERS)


def renamed(tx: Tx) -> object:
    return skus.edit(tx, code="SCH", patch=SkuPatch(name="手冲大壶"), cause=OTHERS)


def delisted(tx: Tx) -> object:
    return skus.set_status(tx, code="LC-250", status=SkuStatus.DELISTED, cause=OTHERS)


def another(tx: Tx) -> object:
    third = SkuDraft(
        name="T恤", price_fen=5900, reorder_point=0, specs={"颜色": "灰色", "尺寸": "L"}
    )
    return skus.add(tx, third, cause=OTHERS)


def sampled(tx: Tx) -> object:
    sample = SkuDraft(name="样品二", price_fen=100, reorder_point=0, demo=True, code="DEMO-2")
    return skus.add(tx, sample, cause=SETUP)


def promoted(tx: Tx) -> object:
    member = tx.exec(select(Member).where(Member.user_id == "may")).one()
    member.role = "viewer"
    tx.add(member)
    return member


def paid(tx: Tx) -> object:
    order = tx.exec(select(Order)).one()
    order.paid_at = tx.now
    tx.add(order)
    return order


CASES = {
    case.text.partition("\n")[0] + ("…" if "\n" in case.text else ""): case
    for case in (
        Bulk("下架全部", ("KFD）: 在售 → 已下架", "手冲大壶"), renamed),
        Bulk("T恤下架", ("会改 2 个商品", "会改 3 个商品"), another),
        Bulk("全部上架", ("GEB）: 已下架 → 在售", "手冲大壶"), renamed),
        Bulk("全部9折", ("¥98 → ¥88.20", "¥90 → ¥81"), priced("SCH", 9000)),
        Bulk("服装全部8折", ("¥59 → ¥47.20", "¥50 → ¥40"), priced("TX-B-L", 5000)),
        Bulk("改价 手冲壶 980", ("¥98 → ¥980", "¥95 → ¥980"), priced("SCH", 9500)),
        Bulk("改 手冲壶 价格 9.8", ("¥98 → ¥9.80", "¥99 → ¥9.80"), priced("SCH", 9900)),
        Bulk("全部预警0", ("5 → 关闭", "7 → 关闭"), lambda tx: skus.edit(
            tx, code="SCH", patch=SkuPatch(reorder_point=7), cause=OTHERS)),
        Bulk("补货 咖啡豆 600", ("30 → 630", "25 → 625"), moved("KFD", 5)),
        Bulk("盘点 咖啡豆 600", ("30 → 600", "25 → 595"), moved("KFD", 5)),
        Bulk("咖啡豆库存清零", ("30 → 0", "25 → 0"), lambda tx: stock.count(
            tx, sku="KFD", counted=25, cause=OTHERS)),
        Bulk("盘点\n名称\t实数\n咖啡豆\t28\n绿茶\t3", ("30 → 28", "20 → 18"), moved("KFD", 10)),
        Bulk("编码\t单价\nKFD\t80\nLC-250\t70", ("¥88 → ¥80", "¥85 → ¥80"), priced("KFD", 8500)),
        Bulk("咖啡豆下架\n绿茶下架", ("在售 → 已下架", "状态 已下架"), delisted),
        Bulk("授权 阿May 店员", ("无 → 店员", "只读 → 店员"), promoted, who="ann"),
        Bulk("取消订单 {order}", ("已确认 → 已取消", "已收"), paid, undoable=False),
        Bulk("清空演示", ("DEMO-1", "DEMO-2"), sampled, who="ann"),
    )
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Bulk:
    return CASES[request.param]


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """The shop with an order and a sample of the demo."""
    fill(db)
    place(db, ("LT", 2))
    sample = SkuDraft(name="样品", price_fen=100, reorder_point=0, demo=True, code="DEMO-1")
    db.run(lambda tx: skus.add(tx, sample, cause=SETUP))
    clock.advance(minutes=1)
    return Talk(db, clock)


def state(db: Database) -> tuple[object, ...]:
    """All that these commands change."""

    def read(tx: Tx) -> tuple[object, ...]:
        goods = tx.exec(select(Sku, Product.name).join(Product).order_by(col(Sku.id))).all()
        return (
            [
                (s.code, name, s.price_fen, s.on_hand, s.reserved, s.reorder_point, s.status)
                for s, name in goods
            ],
            tx.exec(select(Member.user_id, Member.role).order_by(col(Member.id))).all(),
            tx.exec(select(Order.order_no, Order.status, Order.paid_at)).all(),
            tx.exec(select(ShopState.open)).all(),
        )

    return db.read(read)


def asks(talk: Talk, case: Bulk) -> str:
    """Say the command in the shop's group; what its yes is called."""
    number = talk.db.read(lambda tx: tx.exec(select(Order.order_no)).one())
    card = talk.say(case.text.replace("{order}", number), case.who, group=True)
    assert card.outcome == "confirm", spoken(card)
    assert case.shows[0] in spoken(card)
    yes, no = card.buttons
    assert (yes.label, no.label) == ("确认", "取消")
    return yes.command


def test_it_is_shown_first_and_undone_as_a_whole(talk: Talk, case: Bulk) -> None:
    before = state(talk.db)
    yes = asks(talk, case)
    assert state(talk.db) == before

    done = talk.say(yes, case.who, group=True)
    assert done.error is None
    assert state(talk.db) != before

    undone = talk.say("撤销", case.who, group=True)
    assert (undone.error is None) == case.undoable
    assert (state(talk.db) == before) == case.undoable


def test_nobody_else_but_an_owner_confirms_it(talk: Talk, case: Bulk) -> None:
    before = state(talk.db)
    yes = asks(talk, case)

    for other in {"max", "sue", "vic", "may"} - {case.who}:
        assert talk.say(yes, other, group=True).error == "forbidden"
        assert talk.maybe("是", other, group=True, addressed=False) is None
    assert state(talk.db) == before

    done = talk.say(yes, "ann", group=True)
    assert done.error is None
    if case.who != "ann":
        assert ("确认人", "小安") in done.fields
    assert state(talk.db) != before


def test_a_yes_counts_once_and_for_five_minutes(talk: Talk, clock: FakeClock, case: Bulk) -> None:
    before = state(talk.db)
    late = asks(talk, case)
    clock.advance(minutes=5, seconds=1)
    assert "过期" in talk.say(late, case.who, group=True).text
    assert state(talk.db) == before

    yes = asks(talk, case)
    clock.advance(minutes=4, seconds=59)
    talk.say(yes, case.who, group=True)
    after = state(talk.db)
    assert after != before
    assert "过期" in talk.say(yes, case.who, group=True).text
    assert state(talk.db) == after


def test_another_write_in_between_voids_the_card_and_looking_something_up_does_not(
    talk: Talk, case: Bulk
) -> None:
    void = asks(talk, case)
    talk.say("补货 可乐330 1", case.who, group=True)
    before = state(talk.db)
    assert "过期" in talk.say(void, case.who, group=True).text
    assert state(talk.db) == before

    yes = asks(talk, case)
    talk.say("查 可乐330", case.who, group=True)
    talk.say("补货 可乐330 1", "sue", group=True)  # of somebody else
    assert talk.say(yes, case.who, group=True).error is None
    assert state(talk.db) != before


def test_what_changed_in_between_is_shown_anew_before_anything_is_done(
    talk: Talk, clock: FakeClock, case: Bulk
) -> None:
    yes = asks(talk, case)
    clock.advance(seconds=5)
    talk.db.run(case.meanwhile)
    before = state(talk.db)

    again = talk.say(yes, case.who, group=True)

    assert again.outcome == "confirm"
    assert "情况变了" in again.text
    assert case.shows[1] in spoken(again)
    assert state(talk.db) == before
    assert talk.say(again.buttons[0].command, case.who, group=True).error is None
    assert state(talk.db) != before


def test_a_card_survives_a_restart(talk: Talk, clock: FakeClock, case: Bulk) -> None:
    before = state(talk.db)
    yes = asks(talk, case)

    after = Talk(talk.db, clock, prefix="after")

    assert after.say(yes, case.who, group=True).error is None
    assert state(talk.db) != before


def test_what_a_long_sheet_changes_beyond_the_shown_rows_is_bound_too(talk: Talk) -> None:
    codes = [f"N-{n:02}" for n in range(40)]
    for code in codes:
        draft = SkuDraft(name=f"新品{code}", price_fen=1000, reorder_point=0, code=code)
        talk.db.run(lambda tx, d=draft: skus.add(tx, d, cause=Cause(d.code or "", "setup")))  # type: ignore[misc]  # mypy cannot type a default of a lambda
    sheet = "\n".join(["编码\t单价", *(f"{code}\t12" for code in codes)])
    asked = talk.say(sheet, "max", group=True)
    assert "N-39" not in spoken(asked)
    talk.db.run(priced("N-39", 900))

    again = talk.say(asked.buttons[0].command, "max", group=True)

    assert again.outcome == "confirm"
    assert "情况变了" in again.text


@pytest.mark.parametrize(
    "text",
    [
        "库存清零", "全部库存清零", "清空库存", "补货 全部 10", "发货 全部", "全部发货",
        "取消所有订单", "所有商品清零", "盘点 全部 0", "全部打折", "全部下架吗", "不要下架全部",
        "要是卖不动就全部下架", "全部改价",
    ],
)  # fmt: skip
def test_what_is_too_much_or_not_sure_changes_nothing_whoever_says_yes(
    talk: Talk, text: str
) -> None:
    before = state(talk.db)
    reply = talk.say(text, "ann")
    if reply.outcome != "confirm":
        talk.say("是", "ann")
    assert state(talk.db) == before


def test_a_sample_that_is_gone_is_not_asked_about(talk: Talk) -> None:
    talk.say("清空演示")
    talk.say("是")
    again = talk.say("清空演示")
    assert (again.outcome, again.text) == ("execute", "没有演示商品了。")


def test_the_card_shown_is_the_askers_in_that_chat_alone(talk: Talk) -> None:
    before = state(talk.db)
    yes = asks(talk, CASES["全部9折"])
    elsewhere = replace(talk.message(yes, "max", group=True), chat_id="group-2")
    reply = talk.dispatcher.answer(elsewhere)
    assert reply is not None
    assert "过期" in reply.text
    assert state(talk.db) == before
