"""Commands that name a moment: shown now, done once at their time, put back at their end."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from bot.dispatcher import Dispatcher
from bot.messages import Press, Reply, Role
from bot.registry import ShopFacts
from store import chats, cleanup, jobs, members, shop, skus, timed
from store.db import Database, Tx
from store.errors import LeaseLostError, TimedActNotFoundError
from store.models import AuditEntry, Chat, Outbox, TimedAct
from store.skus import SkuDraft, SkuPatch
from store.timed import Moments, TimedDraft
from tests.fakes.clock import FakeClock
from tests.office import Office
from tests.processes import start
from tests.shop import GROUP, SETUP, VAULT, Talk, fill, spoken

MONDAY_24 = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # of Shanghai
TUESDAY_9 = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)  # of Shanghai; the tests begin on Monday
FRIDAY_18 = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
MONDAY_0 = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)

# Does what is due and is killed: just before the commit, or just after it.
ACT = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from store import timed
from store.db import Database
from tests.fakes.clock import FakeClock
from tests.shop import Talk
url, now, when = sys.argv[1], datetime.fromisoformat(sys.argv[2]), sys.argv[3]
clock = FakeClock(now)
talk = Talk(Database(url, now=clock), clock)
number, = talk.db.read(timed.due)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if when == "before":
    event.listen(talk.db.engine, "commit", die)
else:
    talk.db.on_commit(die)
talk.db.run(lambda tx: talk.dispatcher.act(tx, number))
"""


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


@pytest.fixture
def office(db: Database) -> Iterator[Office]:
    made = Office(db)
    yield made
    made.sender.stop()


def price(db: Database, code: str = "SCH") -> int:
    return db.read(lambda tx: skus.view(tx, code)).price_fen


def status(db: Database, code: str = "SCH") -> str:
    return db.read(lambda tx: skus.view(tx, code)).status


def is_open(db: Database) -> bool:
    return db.read(shop.is_open)


def told(db: Database, target: str = "") -> list[Reply]:
    """What the shop said of timed acts, in order."""
    said = select(Outbox.target, Outbox.payload).where(Outbox.topic == "timed")
    rows = db.read(lambda tx: tx.exec(said.order_by(col(Outbox.id))).all())
    return [Reply.from_json(told["reply"]) for where, told in rows if where.endswith(target)]


def urgent(db: Database) -> list[bool]:
    """Of what was said of timed acts, whether quiet hours hold it up (False) or not."""
    said = select(Outbox.urgent).where(Outbox.topic == "timed")
    return list(db.read(lambda tx: tx.exec(said).all()))


def changes(db: Database) -> list[str]:
    """The chats that are told of changed goods."""
    told = select(Outbox.target).where(Outbox.kind == "sku_changed")
    return [where.removeprefix("console:") for where in db.read(lambda tx: tx.exec(told).all())]


def waiting(db: Database) -> list[str]:
    """The commands that wait for their time or their end."""
    return [act.intent for act in db.read(timed.waiting)]


def number(db: Database) -> int:
    """Of the newest act."""
    newest = db.read(lambda tx: tx.exec(select(func.max(TimedAct.id))).one())
    assert newest is not None
    return newest


def press(talk: Talk, word: str, who: str, *, topic: str = "timed") -> Reply:
    """Press the button that begins with this word on the newest such card of the group."""
    newest = select(Outbox.id, Outbox.payload).order_by(col(Outbox.id).desc())
    cards = newest.where(Outbox.topic == topic)
    rows = talk.db.read(lambda tx: tx.exec(cards).all())
    card, button = next(
        (card, button)
        for card, payload in rows
        for button, said in payload.get("buttons", {}).items()
        if said.startswith(word)
    )
    message = replace(talk.message("", who, group=True), press=Press(card or 0, button))
    reply = talk.dispatcher.answer(message)
    assert reply is not None
    return reply


def edit(db: Database, sku: str, **fields: object) -> None:
    patch = SkuPatch(**fields)  # type: ignore[arg-type]  # passed through

    def work(tx: Tx) -> None:
        skus.edit(tx, code=sku, patch=patch, cause=SETUP)
        tx.changes.clear()

    db.run(work)


def agreed(talk: Talk, text: str, *, late: timedelta = timedelta()) -> Reply:
    """What comes of a line that is confirmed where it is asked about."""
    reply = talk.say(text, late=late)
    return talk.say("是") if reply.outcome == "confirm" else reply


def appoint(db: Database, who: str, role: Role) -> None:
    db.run(lambda tx: members.set_role(tx, platform="console", user_id=who, role=role.word))


# At a time.


def test_a_timed_act_is_shown_with_its_local_time_and_changes_nothing_until_then(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    reply = talk.say("明早9点下架手冲壶", "max", group=True)

    assert (reply.intent, reply.outcome, reply.error) == ("schedule", "execute", None)
    assert reply.fields[:2] == (("执行时间", "03-03 周二 09:00"), ("状态", "在售 → 已下架"))
    clock.set(TUESDAY_9.replace(hour=0, minute=59, second=59))
    office.worker.act()
    assert (status(talk.db), told(talk.db)) == ("on_sale", [])


def test_it_is_done_once_at_its_time_and_told_where_it_was_asked_for(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.db.run(lambda tx: chats.bind(tx, platform="console", chat_id="other", kind="group"))
    talk.say("明早9点下架手冲壶", "max", group=True)
    clock.set(TUESDAY_9)
    for _ in range(3):
        office.worker.act()
        clock.advance(minutes=5)

    assert status(talk.db) == "delisted"
    [reply] = told(talk.db)
    assert told(talk.db, GROUP) == [reply]
    assert "已执行：下架 手冲壶" in reply.title
    assert dict(reply.fields) == {"状态": "在售 → 已下架", "操作人": "阿Max"}
    assert "晚了" not in reply.text
    assert waiting(talk.db) == []
    assert urgent(talk.db) == [False]
    assert changes(talk.db) == ["other"]  # who hears of the act itself need not hear of it twice


def test_before_its_time_nobody_can_make_it_happen(talk: Talk) -> None:
    talk.say("明早9点下架手冲壶")
    early = number(talk.db)
    talk.db.run(lambda tx: talk.dispatcher.act(tx, early))

    assert (status(talk.db), waiting(talk.db)) == ("on_sale", ["delist"])


def test_goods_are_those_of_the_day_it_was_said_whatever_they_are_called_later(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点T恤改成49")
    talk.say("是")
    edit(talk.db, "TX-B-L", code="TX-WHITE", name="圆领衫")
    specs = {"颜色": "灰色", "尺寸": "L"}
    late = SkuDraft(name="圆领衫", price_fen=5900, reorder_point=5, code="TX-G", specs=specs)
    talk.db.run(lambda tx: skus.add(tx, late, cause=SETUP))
    clock.set(TUESDAY_9)
    office.worker.act()

    assert [price(talk.db, c) for c in ("TX-WHITE", "TX-H-L", "TX-G")] == [4900, 4900, 5900]


def test_a_share_of_the_price_is_taken_of_what_it_is_then(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    assert "¥98 → ¥78.40" in spoken(talk.say("明早9点手冲壶8折"))
    edit(talk.db, "SCH", price_fen=20000)
    clock.set(TUESDAY_9)
    office.worker.act()

    assert price(talk.db) == 16000
    assert "¥200 → ¥160" in spoken(told(talk.db)[0])


def test_what_is_late_after_a_standstill_is_done_at_once_and_says_so(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶")
    clock.set(TUESDAY_9.replace(hour=4, minute=30))
    office.worker.act()

    assert status(talk.db) == "delisted"
    assert "晚了 3 小时：应在 03-03 周二 09:00" in told(talk.db)[0].text


@pytest.mark.parametrize(
    "text",
    ["今早8点下架手冲壶", "今天9点手冲壶8折", "手冲壶8折到今天9点", "周五18点手冲壶8折到周五9点"],
)
def test_a_moment_that_is_over_is_refused(talk: Talk, text: str) -> None:
    reply = talk.say(text)

    assert (reply.error, "什么都没改" in reply.text) == ("invalid_request", True)
    assert (waiting(talk.db), price(talk.db)) == ([], 9800)


@pytest.mark.parametrize("text", ["今晚12点打烊", "手冲壶8折到今天", "10分钟后打烊"])
def test_a_late_message_is_timed_from_when_it_was_sent_and_asked_about_when_that_is_over(
    talk: Talk, clock: FakeClock, text: str
) -> None:
    clock.set(MONDAY_24 + timedelta(minutes=5))
    reply = talk.say(text, late=timedelta(minutes=15))

    assert (reply.error, "已经过了" in reply.text) == ("invalid_request", True)
    assert (waiting(talk.db), price(talk.db), is_open(talk.db)) == ([], 9800, True)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("30分钟后打烊", timedelta(minutes=20)),
        ("明早9点下架手冲壶", timedelta(hours=9)),
        ("手冲壶8折三天", timedelta(days=3, minutes=-10)),
    ],
)
def test_a_late_message_names_the_moments_of_when_it_was_sent(
    talk: Talk, clock: FakeClock, text: str, due: timedelta
) -> None:
    clock.set(MONDAY_24 + timedelta(minutes=5))
    agreed(talk, text, late=timedelta(minutes=15))

    [act] = talk.db.read(timed.waiting)
    assert act.due_at == MONDAY_24 + due


def test_a_message_from_a_clock_that_is_ahead_is_of_now(talk: Talk, clock: FakeClock) -> None:
    clock.set(MONDAY_24)
    agreed(talk, "10分钟后打烊", late=-timedelta(minutes=15))

    [act] = talk.db.read(timed.waiting)
    assert act.due_at == MONDAY_24 + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("day", "shown", "instant"),
    [
        # 02:30 is not on the clock of the 29th of March, and twice on that of the 25th of October.
        ("03-29", "03-29 周日 03:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("10-25", "10-25 周日 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_that_a_day_lacks_or_has_twice_is_one_moment_and_is_shown(
    talk: Talk, day: str, shown: str, instant: datetime
) -> None:
    facts = ShopFacts(zone=ZoneInfo("Europe/Berlin"))
    talk.dispatcher = Dispatcher(talk.db, vault=VAULT, shop=facts)

    reply = talk.say(f"{day.replace('-', '月')}号2:30下架手冲壶")

    assert dict(reply.fields)["执行时间"] == shown
    [act] = talk.db.read(timed.waiting)
    assert act.due_at == instant


# Until a time.


def test_what_lasts_until_a_time_is_done_now_and_put_back_then(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    reply = talk.say("手冲壶8折到周日晚12点", group=True)

    fields = dict(reply.fields)
    assert (fields["价格"], fields["恢复时间"]) == ("¥98 → ¥78.40", "03-09 周一 00:00")
    assert price(talk.db) == 7840
    clock.set(MONDAY_0)
    for _ in range(2):
        office.worker.act()
    assert price(talk.db) == 9800
    [ended] = told(talk.db, GROUP)
    assert dict(ended.fields)["SCH 价格"] == "¥78.40 → ¥98"


def test_from_a_time_to_another_it_is_done_and_put_back(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    reply = talk.say("周五18点把手冲壶改成99，周一恢复")
    assert reply.fields[0] == ("执行时间", "03-06 周五 18:00")
    assert ("恢复时间", "03-09 周一 00:00") in reply.fields

    prices = [price(talk.db)]
    for moment in (FRIDAY_18, MONDAY_0):
        clock.set(moment)
        office.worker.act()
        prices.append(price(talk.db))
    assert prices == [9800, 9900, 9800]
    assert ["已执行" in r.title or "到期" in r.title for r in told(talk.db)] == [True, True]


def test_what_should_have_ended_before_it_could_begin_is_not_begun(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("周五18点把手冲壶改成99，周一恢复")
    clock.set(MONDAY_0)
    clock.advance(days=1)
    for _ in range(2):
        office.worker.act()

    assert (price(talk.db), waiting(talk.db), changes(talk.db)) == (9800, [], [])
    [reply] = told(talk.db)
    assert ("错过了" in reply.title, "晚了 3 天" in reply.text) == (True, True)


def test_a_price_that_somebody_changed_since_is_not_put_back_and_that_is_said(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("T恤8折到周日晚12点")
    talk.say("是")
    talk.say("改价 TX-B-L 55", "max")
    clock.set(MONDAY_0)
    office.worker.act()

    assert [price(talk.db, code) for code in ("TX-B-L", "TX-H-L")] == [5500, 5900]
    [ended] = told(talk.db)
    assert "TX-B-L 价格现在是 ¥55，后来有人改过，没有恢复成 ¥59。" in ended.text
    assert [name for name, _ in ended.fields] == ["TX-H-L 价格", "操作人"]


def test_a_shop_closed_until_a_time_is_open_again_then(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("关店到明早9点")
    assert not is_open(talk.db)
    clock.set(TUESDAY_9)
    office.worker.act()
    assert is_open(talk.db)


def test_a_shop_that_was_opened_and_closed_by_hand_keeps_to_that(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("关店到明早9点")
    talk.say("开门")
    clock.set(TUESDAY_9)
    office.worker.act()

    assert is_open(talk.db)
    assert "不用恢复" in told(talk.db)[0].text


def test_what_changes_nothing_leaves_nothing_to_put_back(talk: Talk) -> None:
    reply = talk.say("手冲壶改成98到周日晚12点")

    assert "没有可恢复的" in reply.text
    assert waiting(talk.db) == []


def test_two_acts_that_put_the_same_goods_back_are_confirmed(talk: Talk) -> None:
    talk.say("手冲壶8折到周日晚12点")

    reply = talk.say("手冲壶改成60到周六18点")

    assert (reply.outcome, f"定时 {number(talk.db)} 也在改它" in reply.text) == ("confirm", True)
    assert price(talk.db) == 7840


# Confirmation and permission.


def test_several_prices_are_shown_and_confirmed_once_by_whoever_asked(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    asked = talk.say("明早9点T恤8折", "max", group=True)
    assert asked.outcome == "confirm"
    assert [value for _, value in asked.fields] == ["03-03 周二 09:00", *["¥59 → ¥47.20"] * 2]
    assert waiting(talk.db) == []

    yes = asked.buttons[0].command
    appoint(talk.db, "sue", Role.MANAGER)
    assert talk.say(yes, "sue", group=True).error == "forbidden"
    done = talk.say(yes, "max", group=True)
    assert (done.intent, done.outcome, done.error) == ("schedule", "execute", None)
    talk.say(yes, "max", group=True)
    assert waiting(talk.db) == ["set_price"]

    clock.set(TUESDAY_9)
    office.worker.act()
    assert [price(talk.db, code) for code in ("TX-B-L", "TX-H-L")] == [4720, 4720]


def test_a_preview_that_changed_meanwhile_is_shown_again(talk: Talk) -> None:
    talk.say("明早9点T恤8折", "max")
    edit(talk.db, "TX-B-L", price_fen=6900)

    again = talk.say("是", "max")

    assert (again.outcome, "¥69 → ¥55.20" in spoken(again)) == ("confirm", True)
    assert waiting(talk.db) == []


def test_a_confirmation_after_its_moment_is_refused(talk: Talk, clock: FakeClock) -> None:
    talk.say("今天10:02 T恤8折", "max")
    clock.advance(minutes=3)

    assert talk.say("是", "max").error == "invalid_request"
    assert waiting(talk.db) == []


def test_staff_may_time_nothing(talk: Talk) -> None:
    assert talk.say("明早9点下架手冲壶", "sue").error == "forbidden"
    assert waiting(talk.db) == []


def test_who_lost_the_role_meanwhile_changes_nothing_and_is_told(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶", "max", group=True)
    appoint(talk.db, "max", Role.STAFF)
    clock.set(TUESDAY_9)
    office.worker.act()

    assert (status(talk.db), waiting(talk.db)) == ("on_sale", [])
    [reply] = told(talk.db, GROUP)
    assert (reply.error, reply.text.startswith("阿Max：")) == ("forbidden", True)
    assert "没有做成" in talk.say(f"取消定时 {number(talk.db)}").text
    assert (reply.buttons, urgent(talk.db)) == ((), [True])
    assert "没有做成" in reply.title


def test_the_end_comes_even_when_whoever_asked_has_left(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周日晚12点", "max")
    appoint(talk.db, "max", Role.NONE)
    clock.set(MONDAY_0)
    office.worker.act()

    assert price(talk.db) == 9800


def test_a_group_that_is_not_the_shops_any_more_changes_nothing(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶", "max", group=True)

    def unbind(tx: Tx) -> None:
        row = tx.exec(select(Chat).where(Chat.chat_id == GROUP)).one()
        row.bound_at = None
        tx.add(row)

    talk.db.run(unbind)
    clock.set(TUESDAY_9)
    office.worker.act()

    assert status(talk.db) == "on_sale"
    assert told(talk.db)[0].error == "forbidden"


def test_what_the_shop_refuses_then_is_told_to_whoever_asked(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点手冲壶便宜50块", group=True)
    edit(talk.db, "SCH", price_fen=4000)
    clock.set(TUESDAY_9)
    office.worker.act()

    assert (price(talk.db), waiting(talk.db)) == (4000, [])
    [reply] = told(talk.db, GROUP)
    assert reply.text.startswith("小安：价格")
    outcomes = talk.db.read(lambda tx: tx.exec(select(AuditEntry.outcome)).all())
    assert outcomes[-1] == "invalid_request"


def test_a_robot_that_cannot_speak_unasked_says_so_and_does_it_in_silence(
    talk: Talk, clock: FakeClock
) -> None:
    facts = ShopFacts(pushes=lambda _platform, _chat_id: False)
    talk.dispatcher = Dispatcher(talk.db, vault=VAULT, shop=facts)
    assert "不会有通知" in talk.say("明早9点下架手冲壶").text
    clock.set(TUESDAY_9)
    for due in talk.db.read(timed.due):
        talk.db.run(lambda tx, due=due: talk.dispatcher.act(tx, due))  # type: ignore[misc]  # mypy cannot type a default of a lambda

    assert (status(talk.db), told(talk.db)) == ("delisted", [])


# Once.


def test_many_workers_at_once_do_it_once(talk: Talk, clock: FakeClock) -> None:
    talk.say("明早9点手冲壶便宜1块")
    clock.set(TUESDAY_9)
    [due] = talk.db.read(timed.due)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: talk.db.run(lambda tx: talk.dispatcher.act(tx, due)), range(16)))

    assert price(talk.db) == 9700
    assert len(told(talk.db)) == 1


def test_done_or_cancelled_but_never_both(talk: Talk, clock: FakeClock) -> None:
    for _ in range(12):
        agreed(talk, "1分钟后手冲壶便宜1块")
    clock.advance(minutes=2)
    before = price(talk.db)

    def act(due: int) -> None:
        talk.db.run(lambda tx: talk.dispatcher.act(tx, due))

    def cancel(due: int) -> bool:
        with suppress(TimedActNotFoundError):
            talk.db.run(lambda tx: timed.cancel(tx, due))
            return True
        return False

    due = talk.db.read(timed.due)
    with ThreadPoolExecutor(8) as pool:
        acting = [pool.submit(act, one) for one in due]
        cancelled = [pool.submit(cancel, one) for one in due]
        for future in acting:
            future.result()
        dropped = sum(future.result() for future in cancelled)

    assert len(due) == 12
    assert before - price(talk.db) == 100 * (12 - dropped)
    assert len(told(talk.db)) == 12 - dropped


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_commit_it_has_happened_once_after_the_next_start(
    talk: Talk, clock: FakeClock, office: Office, database_url: str, when: str
) -> None:
    talk.say("明早9点手冲壶便宜1块")
    clock.set(TUESDAY_9)
    process = start(ACT, database_url, TUESDAY_9.isoformat(), when)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, err
    assert (price(talk.db), len(told(talk.db))) == ((9800, 0) if when == "before" else (9700, 1))

    office.worker.act()

    assert (price(talk.db), len(told(talk.db))) == (9700, 1)


def test_a_stale_leader_does_nothing(talk: Talk, clock: FakeClock, office: Office) -> None:
    talk.say("明早9点下架手冲壶")
    held = office.leadership.held()
    assert held is not None
    talk.db.run(lambda tx: jobs.release(tx, held))
    clock.set(TUESDAY_9)
    with pytest.raises(LeaseLostError):
        office.worker.act()

    assert (status(talk.db), told(talk.db)) == ("on_sale", [])


def test_one_that_cannot_be_run_is_given_up_and_holds_up_no_other(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早8点下架咖啡豆")

    def forget(tx: Tx) -> None:
        row = tx.exec(select(TimedAct)).one()
        row.intent = "gone"  # a command of a version that is no more
        tx.add(row)

    talk.db.run(forget)
    talk.say("明早9点下架手冲壶")
    clock.set(TUESDAY_9)
    office.worker.act()
    office.worker.act()

    assert (status(talk.db), status(talk.db, "KFD")) == ("delisted", "on_sale")
    failed, done = told(talk.db)
    assert "编号" in failed.text
    assert "已执行" in done.title


# Listing, cancelling, undoing.


def test_what_is_timed_is_listed_in_order_with_who_asked(talk: Talk) -> None:
    talk.say("手冲壶8折到周日晚12点")
    talk.say("明早9点上架挂耳包", "max")
    reply = talk.say("有哪些定时")

    assert reply.table is not None
    assert [row[1:] for row in reply.table.rows] == [
        ("重新上架 挂耳包", "03-03 周二 09:00", "阿Max"),
        ("改价 手冲壶 那时的价 × 0.8", "03-09 周一 00:00 恢复", "小安"),
    ]
    assert len(reply.buttons) == 2
    assert talk.say("定时").table == reply.table


def test_with_nothing_timed_an_example_is_shown(talk: Talk) -> None:
    assert "明早9点" in talk.say("定时").text
    assert talk.say("取消定时").error == "not_found"


@pytest.mark.parametrize("how", ["取消定时 {}", "cancel schedule {}", "定时{}取消", "删掉定时{}"])
def test_one_is_cancelled_by_its_number(
    talk: Talk, clock: FakeClock, office: Office, how: str
) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("明早9点下架咖啡豆")
    reply = talk.say(how.format(number(talk.db) - 1), "max")

    assert (reply.intent, reply.error) == ("schedule", None)
    assert "等待中 → 已取消" in spoken(reply)
    clock.set(TUESDAY_9)
    office.worker.act()
    assert (status(talk.db), status(talk.db, "KFD")) == ("on_sale", "delisted")


def test_without_a_number_it_is_the_only_one_or_it_is_asked_which(talk: Talk) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("明早9点下架咖啡豆")
    asked = talk.say("取消定时")
    assert (asked.outcome, len(asked.buttons)) == ("clarify", 2)
    assert talk.say(str(number(talk.db))).error is None
    assert talk.say("取消定时").error is None
    assert waiting(talk.db) == []


def test_what_is_over_cannot_be_cancelled(talk: Talk, clock: FakeClock, office: Office) -> None:
    talk.say("明早9点下架手冲壶")
    clock.set(TUESDAY_9)
    office.worker.act()
    assert "已经做完了" in talk.say(f"取消定时 {number(talk.db)}").text

    talk.say("明早9点下架咖啡豆")
    talk.say("取消定时")
    assert "已经取消了" in talk.say(f"取消定时 {number(talk.db)}").text
    assert talk.say(f"取消定时 {number(talk.db) + 7}").error == "not_found"


def test_cancelling_an_end_leaves_what_was_done(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周日晚12点")
    assert "不再恢复" in talk.say("取消定时").text
    clock.set(MONDAY_0)
    office.worker.act()

    assert (price(talk.db), told(talk.db)) == (7840, [])


def test_undo_of_a_cancel_has_it_wait_again(talk: Talk, clock: FakeClock, office: Office) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("取消定时")
    talk.say("撤销")
    clock.set(TUESDAY_9)
    office.worker.act()

    assert status(talk.db) == "delisted"


def test_the_card_has_a_button_to_cancel_it(talk: Talk) -> None:
    accepted = talk.dispatcher.receive(talk.message("明早9点下架手冲壶", group=True))
    talk.dispatcher.handle(accepted.id)
    reply = press(talk, "取消定时", "max", topic="reply")

    assert (reply.intent, reply.error, waiting(talk.db)) == ("schedule", None, [])
    assert press(talk, "取消定时", "ann", topic="reply").error == "wrong_state"


def test_undo_takes_a_timed_act_back_and_undo_again_times_it_anew(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶")
    assert "等待中 → 已取消" in spoken(talk.say("撤销"))
    assert waiting(talk.db) == []
    talk.say("撤销")
    assert waiting(talk.db) == ["delist"]
    talk.say("撤销")
    clock.set(TUESDAY_9)
    assert talk.say("撤销").error == "not_undoable"
    office.worker.act()
    assert status(talk.db) == "on_sale"


def test_undo_of_what_lasts_puts_it_back_at_once_and_drops_its_end(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周日晚12点")
    assert talk.say("撤销").error is None
    assert (price(talk.db), waiting(talk.db)) == (9800, [])

    talk.say("周五18点把手冲壶改成99，周一恢复")
    clock.set(FRIDAY_18)
    office.worker.act()
    assert talk.say("撤销").error is None
    assert (price(talk.db), waiting(talk.db)) == (9800, [])


def test_the_card_of_what_was_done_has_an_undo_for_whoever_asked_and_once(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶", group=True)
    clock.set(TUESDAY_9)
    office.worker.act()

    assert press(talk, "撤销", "max").error == "forbidden"
    talk.say("补货 手冲壶 5", "max")
    assert press(talk, "撤销", "ann").error is None
    assert status(talk.db) == "on_sale"
    talk.say("下架 手冲壶")
    assert press(talk, "撤销", "ann").error == "wrong_state"
    assert status(talk.db) == "delisted"


def test_that_undo_takes_nothing_newer_back(talk: Talk, clock: FakeClock, office: Office) -> None:
    talk.say("明早9点下架手冲壶", group=True)
    clock.set(TUESDAY_9)
    office.worker.act()
    talk.say("改价 咖啡豆 99")

    assert press(talk, "撤销", "ann").error is None
    assert (status(talk.db), price(talk.db, "KFD")) == ("on_sale", 9900)


def test_a_chat_in_english_is_told_in_english(talk: Talk, clock: FakeClock, office: Office) -> None:
    talk.say("language en")
    reply = talk.say("delist Linen Tote tomorrow 9am")
    assert reply.fields[0] == ("Done at", "03-03 Tue 09:00")
    assert reply.buttons[0].command == f"cancel schedule {number(talk.db)}"
    assert talk.say("what's scheduled").title == "Timed: 1"
    clock.set(TUESDAY_9)
    office.worker.act()

    assert "was done: Delist Linen Tote" in told(talk.db)[0].title
    assert talk.say("cancel schedule").text == "Nothing is timed."


def test_what_was_begun_waits_for_its_end_however_long(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点手冲壶改成99，12月24号恢复")
    clock.set(TUESDAY_9)
    office.worker.act()
    clock.advance(days=200)
    talk.db.run(cleanup.prune)

    assert (price(talk.db), waiting(talk.db)) == (9900, ["set_price"])


def test_more_than_a_screen_of_them_are_counted(talk: Talk) -> None:
    for _ in range(22):
        agreed(talk, "明早9点手冲壶便宜1块")
    reply = talk.say("定时")

    assert reply.table is not None
    assert (len(reply.table.rows), "还有 2 个" in reply.text) == (20, True)


def test_settled_acts_are_forgotten_in_time_and_those_that_wait_are_not(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("12月24号9点下架咖啡豆")
    clock.set(TUESDAY_9)
    office.worker.act()
    for days in (89, 2):
        clock.advance(days=days)
        talk.db.run(cleanup.prune)
        left = talk.db.read(lambda tx: tx.exec(select(func.count()).select_from(TimedAct)).one())
        assert left == (2 if days == 89 else 1)


# What somebody decides while an act runs is theirs, and acts over acts are none.


@pytest.mark.parametrize(
    ("decided", "left"),
    [
        (("改价 手冲壶 98", "改价 手冲壶 78.4"), 7840),
        (("改价 手冲壶 55", "改价 手冲壶 78.4"), 7840),
        (("改价 手冲壶 55", "撤销"), 9800),
        (("预警 手冲壶 3",), 9800),
    ],
)
def test_a_price_set_anew_stays_even_of_the_same_value(
    talk: Talk, clock: FakeClock, office: Office, decided: tuple[str, ...], left: int
) -> None:
    talk.say("手冲壶8折到周日")
    for text in decided:
        clock.advance(minutes=5)
        assert agreed(talk, text).error is None
    clock.set(MONDAY_0)
    office.worker.act()

    assert price(talk.db) == left
    assert ("后来有人改过" in told(talk.db)[0].text) == (left != 9800)


def test_goods_taken_off_sale_anew_stay_off_sale(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶下架到周五")
    for text in ("上架 手冲壶", "下架 手冲壶"):
        clock.advance(minutes=5)
        talk.say(text)
    clock.set(FRIDAY_18)
    office.worker.act()

    assert status(talk.db) == "delisted"
    assert "现在是 已下架，后来有人改过" in told(talk.db)[0].text


@pytest.mark.parametrize(("decided", "left"), [(("开门", "打烊"), False), (("开门", "撤销"), True)])
def test_a_shop_closed_anew_stays_closed(
    talk: Talk,
    clock: FakeClock,
    office: Office,
    decided: tuple[str, ...],
    left: bool,  # noqa: FBT001  (a column)
) -> None:
    talk.say("关店到明早9点")
    for text in decided:
        clock.advance(minutes=5)
        assert talk.say(text).error is None
    clock.set(TUESDAY_9)
    office.worker.act()

    assert is_open(talk.db) == left
    assert ("后来有人改过" in told(talk.db)[0].text) == (not left)


def test_what_began_at_its_time_leaves_a_later_decision_alone_too(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("周五18点把手冲壶改成99，周一恢复")
    clock.set(FRIDAY_18)
    office.worker.act()
    for text in ("改价 手冲壶 98", "改价 手冲壶 99"):
        clock.advance(minutes=5)
        talk.say(text)
    clock.set(MONDAY_0)
    office.worker.act()

    assert price(talk.db) == 9900


@pytest.mark.parametrize(
    ("days", "prices"),
    [
        ("五日", [7056, 7056, 9800]),
        ("日五", [7056, 7840, 9800]),
        ("日日", [7056, 7056, 9800]),
    ],
)
def test_discounts_over_each_other_end_at_the_first_price(
    talk: Talk, clock: FakeClock, office: Office, days: str, prices: list[int]
) -> None:
    talk.say(f"手冲壶8折到周{days[0]}")
    clock.advance(minutes=5)
    asked = talk.say(f"手冲壶9折到周{days[1]}")
    assert (asked.outcome, f"定时 {number(talk.db)} 也在改它" in asked.text) == ("confirm", True)
    talk.say("是")

    found = [price(talk.db)]
    for moment in (MONDAY_0.replace(day=6), MONDAY_0):
        clock.set(moment)
        office.worker.act()
        office.worker.act()
        found.append(price(talk.db))
    assert found == prices
    assert waiting(talk.db) == []


def test_the_end_of_a_discount_under_another_says_which_one_still_runs(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周五")
    clock.advance(minutes=5)
    agreed(talk, "手冲壶9折到周日")
    clock.set(MONDAY_0.replace(day=6))
    office.worker.act()

    assert f"现在是 ¥70.56，定时 {number(talk.db)} 还在改它" in told(talk.db)[0].text


def test_a_price_decided_between_two_discounts_is_what_the_second_returns_to(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周五")
    for text in ("改价 手冲壶 98", "改价 手冲壶 78.4", "手冲壶9折到周日"):
        clock.advance(minutes=5)
        agreed(talk, text)
    assert price(talk.db) == 7056
    for moment in (MONDAY_0.replace(day=6), MONDAY_0):
        clock.set(moment)
        office.worker.act()

    assert price(talk.db) == 7840


def test_what_ends_is_put_back_before_another_begins_at_the_same_moment(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("周六手冲壶7折到周日")
    clock.advance(minutes=5)
    agreed(talk, "手冲壶8折到周五")
    clock.set(MONDAY_0.replace(day=6))
    office.worker.act()
    assert price(talk.db) == 6860

    clock.set(MONDAY_0)
    office.worker.act()
    assert (price(talk.db), waiting(talk.db)) == (9800, [])


@pytest.mark.parametrize(
    ("said", "after"), [(("撤销",), 9800), (("撤销", "撤销", "取消定时 {number}"), 7840)]
)
def test_a_discount_under_another_that_was_undone_does_not_come_back(
    talk: Talk, clock: FakeClock, office: Office, said: tuple[str, ...], after: int
) -> None:
    talk.say("手冲壶8折到周五")
    outer = number(talk.db)
    clock.advance(minutes=5)
    assert talk.say("手冲壶7折到周三", "max").outcome == "confirm"
    talk.say("是", "max")
    assert price(talk.db) == 5488
    for text in said:
        agreed(talk, text.format(number=outer))
    clock.set(MONDAY_0.replace(day=4))
    office.worker.act()

    assert (price(talk.db), waiting(talk.db)) == (after, [])


def test_a_discount_that_was_undone_before_another_is_no_part_of_it(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周五")
    talk.say("撤销")
    clock.advance(minutes=5)
    for text in ("改价 手冲壶 78.4", "手冲壶7折到周三"):
        agreed(talk, text)
        clock.advance(minutes=5)
    clock.set(MONDAY_0.replace(day=4))
    office.worker.act()

    assert price(talk.db) == 7840


def test_a_cancelled_discount_is_a_price_for_good(
    talk: Talk, clock: FakeClock, office: Office
) -> None:
    talk.say("手冲壶8折到周五")
    clock.advance(minutes=5)
    talk.say("取消定时")
    agreed(talk, "手冲壶9折到周日")
    clock.set(MONDAY_0)
    office.worker.act()

    assert price(talk.db) == 7840


def test_another_act_on_the_same_price_is_warned_of_without_any_end(talk: Talk) -> None:
    talk.say("明早9点手冲壶改成88")
    asked = talk.say("周五手冲壶8折")

    assert (asked.outcome, f"定时 {number(talk.db)} 也在改它" in asked.text) == ("confirm", True)


def test_closing_and_opening_at_their_times_need_no_warning(talk: Talk) -> None:
    talk.say("今晚10点打烊")
    reply = agreed(talk, "明早8点开门")

    assert reply.outcome == "execute"
    assert "也在改它" not in reply.text


def test_what_would_change_nothing_is_said_before_it_is_timed(talk: Talk) -> None:
    asked = talk.say("明早9点上架手冲壶")

    assert (asked.outcome, "现在已经是这样" in asked.text) == ("confirm", True)
    assert waiting(talk.db) == []


def test_a_second_end_of_what_is_so_already_names_the_first(talk: Talk) -> None:
    talk.say("手冲壶下架到周五")
    reply = agreed(talk, "手冲壶下架到周日")

    assert f"定时 {number(talk.db)} 会在 03-06 周五 00:00 恢复它" in reply.text
    assert waiting(talk.db) == ["delist"]


@pytest.mark.parametrize(
    ("text", "stays"),
    [("周五手冲壶8折", True), ("这周末手冲壶8折", True), ("周五到周日手冲壶8折", False)],
)
def test_a_price_that_begins_and_does_not_end_says_so(
    talk: Talk,
    text: str,
    stays: bool,  # noqa: FBT001  (a column)
) -> None:
    assert ("不会自动恢复" in talk.say(text).text) == stays


def test_keeping_what_an_act_changed_costs_no_question_for_each_sku(talk: Talk) -> None:
    asked: list[str] = []

    def heard(*seen: Any) -> None:
        asked.append(seen[2])

    draft = TimedDraft(
        "o", "console", "c", "direct", "ann", "set_price", {}, Moments(None, FRIDAY_18)
    )
    change = {"kind": "field", "sku": "SCH", "field": "price_fen", "before": 98, "after": 78}
    several = [{**change, "id": number, "version": 2} for number in range(1, 51)]

    def work(tx: Tx) -> None:
        event.listen(talk.db.engine, "before_cursor_execute", heard)
        timed.add(tx, draft, changes=several)

    talk.db.run(work)
    event.remove(talk.db.engine, "before_cursor_execute", heard)

    assert [statement for statement in asked if "FROM sku" in statement] == []
    assert [c["sku_id"] for c in talk.db.read(timed.waiting)[0].changes] == list(range(1, 51))


@pytest.mark.parametrize(
    ("first", "again"), [("手冲壶下架到周五", "下架 手冲壶"), ("关店到周五", "打烊")]
)
def test_who_wants_what_an_act_made_already_hears_that_it_ends(
    talk: Talk, first: str, again: str
) -> None:
    assert "恢复它" not in talk.say("下架 咖啡豆").text
    talk.say(first)
    reply = talk.say(again)

    act = number(talk.db)
    assert f"定时 {act} 会在 03-06 周五 00:00 恢复它；" in reply.text
    assert f"不要恢复就发「取消定时 {act}」" in reply.text


@pytest.mark.parametrize("how", ["定时 手冲壶", "手冲壶的定时", "手冲壶有哪些定时"])
def test_the_acts_of_some_goods_are_listed_alone(talk: Talk, how: str) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("明早9点下架咖啡豆")
    reply = talk.say(how)

    assert reply.table is not None
    assert [row[1] for row in reply.table.rows] == ["下架 手冲壶"]
    assert talk.say("定时 挂耳包").text == "「挂耳包」没有定时。"


def test_the_act_of_some_goods_is_cancelled_by_their_name(talk: Talk) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("明早9点下架咖啡豆")
    reply = talk.say("取消手冲壶的定时")

    assert (reply.error, "下架 手冲壶" in reply.title) == (None, True)
    assert [act.slots["skus"] for act in talk.db.read(timed.waiting)] != []
    assert len(waiting(talk.db)) == 1
    assert talk.say("取消手冲壶的定时").error == "not_found"


def test_of_several_acts_of_the_same_goods_it_is_asked_which(talk: Talk) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("周五上架手冲壶")
    agreed(talk, "周五9点手冲壶改成88")
    talk.say("明早9点下架咖啡豆")
    asked = talk.say("取消手冲壶的定时")

    assert asked.outcome == "clarify"
    assert all("手冲壶" in button.label for button in asked.buttons)


@pytest.mark.parametrize("how", ["取消所有定时", "取消定时 全部", "cancel all schedules"])
def test_all_of_them_are_cancelled_after_a_yes_and_come_back_by_an_undo(
    talk: Talk, how: str
) -> None:
    talk.say("明早9点下架手冲壶")
    talk.say("关店到周五")
    asked = talk.say(how)
    assert (asked.outcome, "2 个" in asked.text) == ("confirm", True)
    assert len(waiting(talk.db)) == 2
    assert "不再恢复" in talk.say("是").text
    assert waiting(talk.db) == []

    talk.say("撤销")
    assert sorted(waiting(talk.db)) == ["close_shop", "delist"]


# Several at once.


@pytest.mark.parametrize(
    "text",
    [
        "明早9点到货：\n手冲壶 20\n咖啡豆 30",
        "周五改价：\n手冲壶 88\n咖啡豆 20",
        "今晚10点打烊\n明早8点开门",
    ],
)
def test_a_list_with_a_time_is_not_done_at_once(talk: Talk, text: str) -> None:
    before = price(talk.db), talk.db.read(lambda tx: skus.view(tx, "SCH")).on_hand

    reply = talk.say(text)

    assert (reply.outcome, "什么都没改" in reply.text) == ("clarify", True)
    after = price(talk.db), talk.db.read(lambda tx: skus.view(tx, "SCH")).on_hand
    assert (before, waiting(talk.db), is_open(talk.db)) == (after, [], True)
