"""Words of time: each is understood as it is meant or asked about, none dropped or turned round."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot import commands  # noqa: F401  (declares them)
from bot.registry import COMMANDS
from bot.understanding import Catalogue, Entry, Reading, read
from bot.understanding.schedules import dropped

GOODS = Catalogue(
    [
        Entry("TS", "跳绳", {}),
        Entry("STK", "沙滩裤", {}),
        Entry("SCH", "手冲壶", {}),
        Entry("KFD", "咖啡豆", {}),
        Entry("LJ-100", "龙井", {"重量": "100g"}),
        Entry("LJ-250", "龙井", {"重量": "250g"}),
        Entry("GH", "桂花乌龙", {}),
        Entry("LT", "Linen Tote", {}),
    ]
)
ZONE = ZoneInfo("Asia/Shanghai")
WEDNESDAY_10 = datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)


def said(text: str, now: datetime = WEDNESDAY_10) -> Reading:
    return read(text, GOODS, now=now)


def when(text: str, now: datetime = WEDNESDAY_10) -> tuple[str, str]:
    """When it begins and ends, of a line that is done without a question."""
    reading = said(text, now)
    assert (reading.outcome, reading.intent) == ("execute", "schedule"), reading
    return reading.slots.get("at", ""), reading.slots.get("until", "")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("手冲壶8折三天", "2026-11-28T10:00"),
        ("手冲壶8折3天", "2026-11-28T10:00"),
        ("手冲壶打8折卖三天", "2026-11-28T10:00"),
        ("手冲壶半价一天", "2026-11-26T10:00"),
        ("手冲壶8折一周", "2026-12-02T10:00"),
        ("手冲壶8折一个月", "2026-12-25T10:00"),
        ("手冲壶8折3个小时", "2026-11-25T13:00"),
        ("手冲壶8折半小时", "2026-11-25T10:30"),
        ("手冲壶8折限时两小时", "2026-11-25T12:00"),
        ("关店三天", "2026-11-28T10:00"),
        ("关店休息三天", "2026-11-28T10:00"),
        ("下架手冲壶三天", "2026-11-28T10:00"),
        ("close shop for three days", "2026-11-28T10:00"),
        ("Linen Tote 20% off for 2 hours", "2026-11-25T12:00"),
        ("手冲壶8折一刻钟", "2026-11-25T10:15"),
        ("关店一个半小时", "2026-11-25T11:30"),
        ("关店1.5小时", "2026-11-25T11:30"),
        ("手冲壶8折两个半小时", "2026-11-25T12:30"),
        ("手冲壶8折一天半", "2026-11-26T22:00"),
        ("手冲壶8折一个半月", "2027-01-09T10:00"),
        ("close shop for an hour and a half", "2026-11-25T11:30"),
        ("close shop for one and a half hours", "2026-11-25T11:30"),
        ("手冲壶8折到月底", "2026-12-01T00:00"),
        ("龙井100g 8折到月底", "2026-12-01T00:00"),
        ("到月底龙井100g 8折", "2026-12-01T00:00"),
        ("手冲壶8折到月末", "2026-12-01T00:00"),
        ("手冲壶8折到年底", "2027-01-01T00:00"),
        ("关店到月底", "2026-12-01T00:00"),
        ("Linen Tote 20% off until end of month", "2026-12-01T00:00"),
        ("手冲壶8折到周末", "2026-11-30T00:00"),
        ("手冲壶8折到今天", "2026-11-26T00:00"),
        ("手冲壶今天8折", "2026-11-26T00:00"),
        ("Linen Tote 20% off today", "2026-11-26T00:00"),
        ("手冲壶今天8折到周日", "2026-11-30T00:00"),
        ("今天起手冲壶8折到周日", "2026-11-30T00:00"),
        ("周三手冲壶8折", "2026-11-26T00:00"),
        ("手冲壶99元三天", "2026-11-28T10:00"),
        ("手冲壶九十九块三天", "2026-11-28T10:00"),
        ("手冲壶降5块三小时", "2026-11-25T13:00"),
        ("手冲壶限时8折到周日", "2026-11-30T00:00"),
        ("手冲壶8折到3号", "2026-12-04T00:00"),
        ("手冲壶8折至31号", "2027-01-01T00:00"),
        ("手冲壶上架到周五", "2026-11-27T00:00"),
        ("11月25日-11月27日手冲壶8折", "2026-11-28T00:00"),
    ],
)
def test_what_lasts_begins_now_and_ends_then(text: str, until: str) -> None:
    assert when(text) == ("", until)


@pytest.mark.parametrize("day", ["2026-12-02", "2026-12-03"])
def test_a_discount_until_a_day_never_begins_on_it(day: str) -> None:
    now = datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=ZONE)

    assert when("到12月3日手冲壶8折", now) == ("", "2026-12-04T00:00")


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("周五起手冲壶8折三天", "2026-11-27T00:00", "2026-11-30T00:00"),
        ("周五到周日手冲壶8折", "2026-11-27T00:00", "2026-11-30T00:00"),
        ("明早9点起手冲壶8折两小时", "2026-11-26T09:00", "2026-11-26T11:00"),
        ("周五手冲壶8折", "2026-11-27T00:00", ""),
        ("12月1日到12月3日手冲壶8折", "2026-12-01T00:00", "2026-12-04T00:00"),
        ("手冲壶8折 12.30-1.2", "2026-12-30T00:00", "2027-01-03T00:00"),
        ("手冲壶3号下架", "2026-12-03T00:00", ""),
        ("手冲壶到周五上架", "2026-11-27T00:00", ""),
        ("手冲壶周五下架到周日", "2026-11-27T00:00", "2026-11-29T00:00"),
        ("手冲壶27号下架", "2026-11-27T00:00", ""),
        ("手冲壶2027年1月5日改成88", "2027-01-05T00:00", ""),
        ("22点打烊", "2026-11-25T22:00", ""),
        ("今晚10点打烊", "2026-11-25T22:00", ""),
        ("早上9点开门", "2026-11-26T09:00", ""),
        ("跳绳明早8点8折", "2026-11-26T08:00", ""),
        ("put 桂花乌龙 on sale tomorrow 9am", "2026-11-26T09:00", ""),
        ("两周后下架手冲壶", "2026-12-09T10:00", ""),
        ("2周后打烊", "2026-12-09T10:00", ""),
        ("一个星期后手冲壶8折", "2026-12-02T10:00", ""),
        ("一刻钟后打烊", "2026-11-25T10:15", ""),
        ("半小时后打烊", "2026-11-25T10:30", ""),
        ("一个半小时后打烊", "2026-11-25T11:30", ""),
        ("1.5小时后打烊", "2026-11-25T11:30", ""),
        ("delist Linen Tote in two weeks", "2026-12-09T10:00", ""),
        ("delist Linen Tote a week from now", "2026-12-02T10:00", ""),
        ("close shop in an hour and a half", "2026-11-25T11:30", ""),
        ("明天手冲壶改回99", "2026-11-26T00:00", ""),
        ("3日起手冲壶8折", "2026-12-03T00:00", ""),
    ],
)
def test_what_begins_later_is_timed(text: str, begins: str, ends: str) -> None:
    assert when(text) == (begins, ends)


def test_on_sale_is_never_off_sale() -> None:
    assert said("put 桂花乌龙 on sale tomorrow 9am").slots["part"] == "relist"
    assert said("take 桂花乌龙 off sale tomorrow 9am").slots["part"] == "delist"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # Which day, which hour?
        *((f"手冲壶{word}8折", f"「{word}」") for word in ("春节", "元旦", "节后", "晚上")),
        ("双12手冲壶8折", "「双12」"),
        ("国庆手冲壶价格改成99元", "「国庆」"),
        ("手冲壶年后改99", "「年后」"),
        ("下月手冲壶8折", "「下月」"),
        ("手冲壶8折到下周", "「下周」"),
        ("手冲壶三天内8折", "「三天内」"),
        ("手冲壶8折两三天", "「两三天」"),
        ("手冲壶8折一阵子", "「一阵子」"),
        ("手冲壶限时8折", "「限时」"),
        ("手冲壶99元3天", "「3天」"),
        ("手冲壶8折几天", "什么都没改"),
        ("关店半天", "「半天」"),
        ("close shop for the weekend", '"the weekend"'),
        ("Linen Tote 20% off for a while", '"a while"'),
        ("手冲壶11月3日改成88", "「11月3日」"),
        ("手冲壶2028年1月5日改成88", "「2028年1月5日」"),
        ("12月1日到12月3日关店", "「12月1日到12月3日」"),
        ("手冲壶今晚8折", "「今晚」"),
        ("手冲壶晚上下架", "「晚上」"),
        ("今晚下架手冲壶", "「今晚」"),
        ("月底下架手冲壶", "「月底」"),
        *((f"{word}关店", f"「{word}」") for word in ("春节", "元旦", "下月")),
        ("国庆打烊", "「国庆」"),
        ("节后开门", "「节后」"),
        ("晚上打烊", "「晚上」"),
        ("25点手冲壶8折", "「25点」"),
        ("明天25点下架手冲壶", "「25点」"),
        # A delay, or how long: no clock says when that is over.
        *(
            (f"{word}手冲壶8折", f"「{word}」")
            for word in (
                "两个月后",
                "半个月后",
                "半年后",
                "次日",
                "隔天",
                "第二天",
                "下季度",
                "来年",
            )
        ),
        ("2个月后下架手冲壶", "「2个月后」"),
        ("次日打烊", "「次日」"),
        ("来年手冲壶8折", "「来年」"),
        ("delist Linen Tote in a year", '"in a year"'),
        ("delist Linen Tote in a month", '"in a month"'),
        ("close shop in a year", '"in a year"'),
        *((f"手冲壶8折{word}", f"「{word}」") for word in ("两年", "半年", "一季度", "一晚")),
        *((f"关店{word}", f"「{word}」") for word in ("一年", "半年", "一天一夜")),
        ("打烊一晚", "「一晚」"),
        ("下架手冲壶一年", "「一年」"),
        ("close shop for a few days", '"few days"'),
        ("close shop for a bit", '"for a bit"'),
        ("delist Linen Tote overnight", '"overnight"'),
        ("早点打烊", "「早点」"),
        ("今天提前打烊", "「提前」"),
        ("close shop early", '"early"'),
        ("晚一点打烊", "「晚一点」"),
        ("打烊一整晚", "「一整晚」"),
        ("过两周打烊", "「过两周」"),
        ("过一个月下架手冲壶", "「过一个月」"),
        ("后年手冲壶8折", "「后年」"),
        ("delist Linen Tote in a fortnight", '"a fortnight"'),
        ("close shop in half a year", '"in half a year"'),
        ("明天手冲壶99，到期恢复", "「到期」"),
        ("明天手冲壶8折，完了恢复原价", "「恢复」"),
        # Some days, or one of the month?
        *((f"手冲壶8折{word}", f"「{word}」") for word in ("三日", "七日", "一日", "十日", "3日")),
        ("手冲壶8折限时三日", "「三日」"),
        ("手冲壶三日8折", "「三日」"),
        ("关店三日", "「三日」"),
        # Ended by then, or begun?
        ("周五前手冲壶8折", "「周五」"),
        ("周五前下架手冲壶", "「周五」"),
        ("周五后手冲壶8折", "「周五」"),
        ("手冲壶下架，半小时后上架", "分两条发"),
        ("手冲壶夜市8折", "「夜市」"),
        ("手冲壶下班后下架", "「下班后」"),
        ("手冲壶工作日8折", "重复"),
        ("手冲壶今天改价99", "只在今天"),
        ("今日特价手冲壶88", "只在今天"),
        ("手冲壶8折，今天天气好", "只在今天"),
        # Morning or evening?
        ("10点打烊", "上午还是晚上"),
        ("3点手冲壶8折", "上午还是晚上"),
        ("明天3点下架手冲壶", "上午还是晚上"),
        ("明天9点关店", "上午还是晚上"),
        # An hour, or a part of the discount?
        ("跳绳八点八折", "是打 八点八折，还是"),
        ("跳绳8点8折", "是打 8点8折，还是"),
        ("跳绳明天8点8折", "是打 8点8折，还是"),
        # Again and again.
        ("每天晚上10点打烊", "重复"),
        ("一般10点打烊", "重复"),
        ("每天9点开门", "重复"),
        ("每周一手冲壶8折", "重复"),
        ("每天手冲壶8折", "重复"),
        ("close the shop every day at 10pm", "repeats"),
        # Stock.
        ("跳绳明天9点到货20", "库存不能定时"),
        ("明早9点补货咖啡豆20", "库存不能定时"),
        ("明早9点咖啡豆补20", "库存不能定时"),
        ("明早9点咖啡豆+20", "库存不能定时"),
        ("明天补货咖啡豆20", "库存不能定时"),
        ("明早9点扣咖啡豆5", "库存不能定时"),
        # More than one thing.
        ("今晚10点打烊，明早8点开门", "分两条发"),
        ("手冲壶8折到周日，顺便下架咖啡豆", "「周日」"),
        ("手冲壶8折到周日，咖啡豆9折", "「周日」"),
        ("手冲壶9折减1元", "又打折又减价"),
        # Of what?
        ("8折到月底", "哪个商品"),
        ("8折三天", "哪个商品"),
    ],
)
def test_a_time_that_cannot_be_kept_is_asked_about_and_nothing_is_done(
    text: str, asked: str
) -> None:
    reading = said(text)

    assert reading.outcome == "clarify"
    assert asked in (reading.question or "")


@pytest.mark.parametrize("text", ["手冲壶99元三天", "手冲壶99元3天", "手冲壶九十九块三十天"])
def test_days_behind_an_amount_are_no_tenths_of_it(text: str) -> None:
    assert said(text).slots["price_fen"] == 9900


@pytest.mark.parametrize("text", ["跳绳9点到20", "沙滩裤三点到20", "跳绳明天9点到货20"])
def test_goods_that_come_are_no_price(text: str) -> None:
    reading = said(text)

    assert reading.outcome in {"clarify", "confirm"}
    assert "price_fen" not in reading.slots


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("从今天起手冲壶8折", "set_price"),
        ("今天打烊", "close_shop"),
        ("今天下架手冲壶", "delist"),
        ("店先关一下 晚点再开", "close_shop"),
        ("跳绳今天到货20", "restock"),
        ("每天22:00推送日报", "subscribe"),
        ("set Linen Tote to 20 each", "set_price"),
    ],
)
def test_what_is_meant_now_is_done_now(text: str, intent: str) -> None:
    reading = said(text)

    assert (reading.outcome, reading.intent) == ("execute", intent)


@pytest.mark.parametrize(
    "text", ["还有3天过期的手冲壶8折", "手冲壶3天没卖出去，8折", "放了三天的手冲壶8折"]
)
def test_days_that_are_a_reason_end_nothing(text: str) -> None:
    reading = said(text)

    assert (reading.intent, "until" in reading.slots) == ("set_price", False)
    assert reading.outcome == "confirm"


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("明早9点到货：\n手冲壶 20\n跳绳 30", True),
        ("周五改价：\n手冲壶 88\n跳绳 20", True),
        ("春节改价：\n手冲壶 88\n跳绳 20", True),
        ("今天到货：\n手冲壶 20\n跳绳 30", False),
        ("手冲壶 20\n跳绳 30", False),
    ],
)
def test_a_heading_with_a_time_to_come_is_noticed(text: str, lost: bool) -> None:  # noqa: FBT001  (a column)
    assert dropped(said(text), text, GOODS, WEDNESDAY_10) == lost


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("定时 手冲壶", {"skus": {"name": "手冲壶"}}),
        ("手冲壶的定时", {"skus": {"name": "手冲壶"}}),
        ("取消手冲壶的定时", {"query": "off", "skus": {"name": "手冲壶"}}),
        ("取消定时 手冲壶", {"query": "off", "skus": {"name": "手冲壶"}}),
        ("取消所有定时", {"query": "off", "skus": {"all": True}}),
        ("取消定时 全部", {"query": "off", "skus": {"all": True}}),
        ("cancel all schedules", {"query": "off", "skus": {"all": True}}),
        ("取消定时 3", {"query": "off", "quantity": 3}),
        ("取消定时", {"query": "off"}),
    ],
)
def test_timed_acts_are_named_by_their_goods(text: str, slots: dict[str, object]) -> None:
    reading = said(text)

    assert (reading.outcome, reading.intent, reading.slots) == ("execute", "schedule", slots)


@pytest.mark.parametrize("text", ["定时下架手冲壶", "定时手冲壶下架"])
def test_a_timed_act_without_a_time_is_asked_when(text: str) -> None:
    reading = said(text)

    assert (reading.outcome, "什么时候做" in (reading.question or "")) == ("clarify", True)


@pytest.mark.parametrize(
    "text", ["别取消手冲壶的定时", "手冲壶的定时怎么取消", "取消手冲壶的下架定时"]
)
def test_a_doubtful_cancel_cancels_nothing_at_once(text: str) -> None:
    reading = said(text)

    assert reading.outcome != "execute" or not COMMANDS[reading.intent].writes
