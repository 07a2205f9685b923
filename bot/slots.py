"""What commands take: each kind of slot typed, labelled and bounded once, for all commands.

A handler's parameter is a slot by its annotation; its name is the slot's key in the public
contract. What the reader fills in is JSON; ``bot.dispatcher`` turns it into what the annotation
says (a SKU's words into the SKU, a period's word into instants).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from bot.texts import Text
from store import clock
from store.errors import InvalidValueError
from store.money import MAX_PRICE_FEN
from store.skus import SkuView
from store.stock import MAX_UNITS


class Kind(StrEnum):
    """How a slot is recognised in a message."""

    SKU = "sku"  # words that name one SKU
    SKUS = "skus"  # words that name one SKU or every SKU of a product
    NAME = "name"  # the words that are left: a new name
    QUERY = "query"  # the words that are left, as they are
    USER = "user"  # the words that are left, a leading @ apart
    MOMENT = "moment"  # a day and a time to come
    INTENT = "intent"  # the words that are left name a command
    COUNT = "count"
    MONEY = "money"
    FACTOR = "factor"  # a price times something: 8折 is *0.8
    SPECS = "specs"
    SCHEMA = "schema"
    CATEGORY = "category"  # a category of the shop
    LABELLED = "labelled"  # one word after its label
    ORDER = "order"
    TRACKING = "tracking"
    PERIOD = "period"
    TIME = "time"
    PHONE = "phone"  # the last digits of a customer's phone; only where a saying names it
    PERSON = "person"  # a customer; only where a saying names one
    CHOICE = "choice"
    TICKET = "ticket"  # which question a button answers
    HIDDEN = "hidden"  # given by the command's word or by the dispatcher, never read from text
    # The words that are left: a one-time code, never written down.
    SECRET = "one_time_code"  # noqa: S105  (a kind, no code)


REST = frozenset({Kind.SKU, Kind.SKUS, Kind.NAME, Kind.QUERY, Kind.USER, Kind.INTENT, Kind.SECRET})


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of slot.

    ``labels`` introduce a value (库存30); ``leads`` may stand before it and mean nothing (到 128);
    ``phrases`` are patterns over cells that say it with other words, the value in ``value``.
    ``least`` and ``most`` bound a number, both inclusive, in units or fen; ``sign`` -1: the number
    is said positive and means a decrease. ``bare``: a number without label or unit
    may fill it, or words that no known product has.
    ``choices``: value -> the words that say it.
    """

    kind: Kind
    title: Text
    labels: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    least: int = 1
    most: int = MAX_UNITS
    sign: int = 1
    bare: bool = True
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A period of shop-local days: its word, and its instants [start, end) in UTC."""

    word: str
    start: datetime
    end: datetime


def span(word: str, now: datetime, zone: ZoneInfo) -> Span:
    """The instants of a period's word, as of ``now``; weeks begin on Monday.

    Days without a year are the last such days. Raises ``InvalidValueError`` for 02-30.
    """
    today = now.astimezone(zone).date()
    first, last = _days(word, today)
    start, end = clock.day_bounds(first, last, zone)
    return Span(word, start, end)


def _days(word: str, today: date) -> tuple[date, date]:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    named = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1),) * 2,
        "this_week": (monday, today),
        "last_week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this_month": (first, today),
        "last_month": ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
    }
    if word in named:
        return named[word]
    if word.startswith("last_"):
        return today - timedelta(days=max(int(word.split("_")[1]), 1) - 1), today
    return _dated(word, today)


def _dated(word: str, today: date) -> tuple[date, date]:
    """``03-05``, ``03-05..03-09`` or ``03``, in the last year that has begun to have them."""
    begin, _, end = word.partition("..")
    if len(begin) == len("03"):
        month = _past(today, int(begin), 1)
        following = (month + timedelta(days=31)).replace(day=1)
        return month, following - timedelta(days=1)
    first = _past(today, *map(int, begin.split("-")))
    last = _past(today, *map(int, (end or begin).split("-")))
    if first > last:
        first = _past(last, first.month, first.day)
    return first, last


def _past(today: date, month: int, day: int) -> date:
    for year in range(today.year, today.year - 9, -1):
        try:
            moment = date(year, month, day)
        except ValueError:
            continue  # 02-29 in another year
        if moment <= today:
            return moment
    raise InvalidValueError("period", "calendar")


_SET = ("改成", "改为", "调成", "调到", "设为", "设成", "降到", "涨到", "到", "成", "为", "to", "=")
_PRODUCT = Text("商品", "product")
_THRESHOLD = Slot(
    Kind.COUNT,
    Text("预警线", "alert level"),
    labels=("库存预警", "预警线", "预警", "阈值", "threshold", "alert"),
    leads=_SET,
    phrases=(
        r"(?:低于|少于|不足|不到|剩下?|剩余|只剩)(?P<value>{n})(?:以下)?(?:时|的时候|就|要|了)*(?:提醒|预警|通知|告诉|叫|报警|喊)(?:我|一下|一声|补货|大家)*",
        r"\b(?:alert|warn|remind|ping)(?: me| us)?(?: at| below| under| when below| when under| if below) (?P<value>{n})",
    ),
    least=0,
)
_PRICE = Slot(
    Kind.MONEY,
    Text("价格", "price"),
    labels=("价格", "售价", "单价", "定价", "卖价", "卖", "price"),
    leads=_SET,
    most=MAX_PRICE_FEN,
)

ROLES = {
    "owner": ("店主", "老板", "老板娘", "owner", "co-owner"),
    "manager": (
        "经理",
        "店长",
        "副店长",
        "管理员",
        "管理",
        "主管",
        "manager",
        "admin",
        "supervisor",
    ),
    "staff": (
        "店员",
        "员工",
        "营业员",
        "收银员",
        "收银",
        "仓管",
        "伙计",
        "打包员",
        "理货员",
        "普通员工",
        "staff member",
        "staff",
        "clerk",
        "cashier",
        "employee",
        "assistant",
    ),
    "viewer": (
        "查看者",
        "只读",
        "只能看",
        "只能查看",
        "只看不改",
        "只给看",
        "看的权限",
        "只看",
        "查看权限",
        "查看",
        "看看就行",
        "viewer",
        "view only",
        "view-only",
        "read only",
        "read-only",
        "view access",
        "view",
    ),
    "none": ("无权限", "没有权限", "移除", "none", "no access", "no role"),
}
CARRIERS = {
    "顺丰": ("顺丰速运", "顺丰快递", "顺丰", "顺风快递", "顺风", "sf express", "shunfeng", "sf"),
    "中通": ("中通快递", "中通", "zto"),
    "圆通": ("圆通速递", "圆通快递", "圆通", "yto"),
    "申通": ("申通快递", "申通", "sto"),
    "韵达": ("韵达快递", "韵达速递", "韵达", "yunda"),
    "极兔": ("极兔速递", "极兔快递", "极兔", "j&t"),
    "京东": ("京东物流", "京东快递", "京东", "jd logistics", "jd"),
    "邮政": ("邮政包裹", "中国邮政", "邮政快递", "邮政", "china post"),
    "EMS": ("邮政ems", "ems"),
    "德邦": ("德邦快递", "德邦物流", "德邦", "deppon"),
    "菜鸟": ("菜鸟速递", "菜鸟"),
    "丹鸟": ("丹鸟",),
    "跨越": ("跨越速运", "跨越"),
    "百世": ("百世快递", "百世"),
    "闪送": ("闪送小哥", "闪送"),
    "达达": ("达达快送", "达达"),
    "跑腿": ("uu跑腿", "跑腿小哥", "跑腿"),
}
TOPICS = {
    "all": (
        "全部",
        "所有",
        "所有消息",
        "所有推送",
        "所有通知",
        "一切",
        "everything",
        "all of it",
        "all",
    ),
    "orders": (
        "新订单",
        "订单",
        "新单",
        "来单",
        "下单",
        "有单",
        "有人买",
        "new orders",
        "new order",
        "orders",
        "order",
        "sales",
    ),
    "low_stock": (
        "低库存",
        "缺货",
        "库存预警",
        "库存不足",
        "快没货",
        "没货",
        "断货",
        "快卖完",
        "补货提醒",
        "库存",
        "low stock",
        "low_stock",
        "shortages",
        "low-stock",
    ),
    "summary": (
        "日报",
        "汇总",
        "销售报表",
        "销售汇总",
        "营业额",
        "营业情况",
        "生意",
        "销售额",
        "总结",
        "小结",
        "报表",
        "战报",
        "战绩",
        "账",
        "业绩",
        "销售情况",
        "销量",
        "销售数据",
        "daily summary",
        "summary",
        "daily report",
        "sales report",
        "report",
        "recap",
        "figures",
        "the numbers",
    ),
    "changes": (
        "变更",
        "改动",
        "库存一变",
        "库存变动",
        "一变就",
        "有变动",
        "有变化",
        "改价",
        "改库存",
        "改货",
        "改动库存",
        "商品变动",
        "变动",
        "价格变动",
        "改动通知",
        "changes",
        "edits",
    ),
}
EXPORTS = {
    "ledger": (
        "流水账",
        "流水",
        "出入库记录",
        "出入库明细",
        "出入库",
        "进出记录",
        "进出明细",
        "库存流水",
        "库存变动",
        "变动记录",
        "改动记录",
        "修改记录",
        "变更记录",
        "操作记录",
        "库存明细",
        "台账",
        "进出货记录",
        "ledger",
        "movements",
        "stock movements",
        "history",
    ),
    "orders": (
        "订单明细",
        "订单表",
        "订单",
        "单子",
        "销售明细",
        "销售记录",
        "销售数据",
        "orders",
        "order",
        "sales",
    ),
    "stock": ("库存表", "库存", "存货", "盘点表", "stock levels", "stock", "inventory"),
    "skus": (
        "商品目录",
        "商品表",
        "商品",
        "目录",
        "货品",
        "产品",
        "价目表",
        "价格表",
        "sku",
        "skus",
        "products",
        "product list",
        "catalogue",
        "catalog",
        "price list",
    ),
}
STATUSES = {
    "unpaid": (
        "待付款",
        "未付款",
        "没付款",
        "还没付款",
        "未支付",
        "待支付",
        "没付钱",
        "还没付钱",
        "没给钱",
        "还没给钱",
        "未付",
        "没付",
        "待收款",
        "没收款",
        "没收到钱",
        "欠款",
        "还没付",
        "unpaid",
        "not paid",
        "haven't paid",
        "hasn't paid",
        "pending payment",
        "awaiting payment",
    ),
    "to_ship": (
        "待发货",
        "未发货",
        "没发货",
        "还没发货",
        "没发",
        "还没发",
        "待发",
        "未发",
        "没有发货",
        "还没有发货",
        "要发货",
        "要发",
        "需要发货",
        "该发货",
        "该发",
        "没寄",
        "没寄出去",
        "没寄出",
        "没发走",
        "还没寄",
        "没发出去",
        "还没发出去",
        "没打包",
        "要打包",
        "要打包寄走",
        "打包寄走",
        "要寄",
        "等着发",
        "to be shipped",
        "to ship",
        "unshipped",
        "not shipped",
        "haven't shipped",
        "need shipping",
        "needs shipping",
        "awaiting shipment",
        "waiting to ship",
        "pending shipment",
        "ready to ship",
        "need to go out",
        "needs to go out",
        "to go out",
        "to send out",
    ),
    "shipped": (
        "已发货",
        "已经发货",
        "已发",
        "发了货",
        "发货了",
        "已经发",
        "发出去",
        "发走",
        "发出",
        "寄出",
        "寄走",
        "寄了",
        "shipped",
        "sent",
    ),
    "cancelled": ("已取消", "取消了", "取消掉", "被取消", "取消", "作废", "cancelled", "canceled"),
    "refunded": (
        "已退款",
        "退款了",
        "退了",
        "退过",
        "退了款",
        "退款",
        "退过款",
        "退货",
        "refunded",
        "refunds",
    ),
}

Sku = Annotated[SkuView, Slot(Kind.SKU, _PRODUCT)]
Skus = Annotated[tuple[SkuView, ...], Slot(Kind.SKUS, _PRODUCT)]
KnownSkus = Annotated[tuple[SkuView, ...], Slot(Kind.SKUS, _PRODUCT, bare=False)]
Name = Annotated[str, Slot(Kind.NAME, Text("名称", "name"))]
NewName = Annotated[
    str,
    Slot(
        Kind.LABELLED, Text("新名称", "new name"), labels=("改名为", "改名", "名称", "名字", "name")
    ),
]
Code = Annotated[
    str, Slot(Kind.LABELLED, Text("编码", "code"), labels=("编码", "编号", "货号", "code"))
]
Within = Annotated[str, Slot(Kind.CATEGORY, Text("分类", "category"))]
Category = Annotated[
    str,
    Slot(
        Kind.LABELLED,
        Text("分类", "category"),
        labels=("分类", "类别", "归到", "归类到", "放在分类", "category"),
    ),
]
Specs = Annotated[dict[str, str], Slot(Kind.SPECS, Text("规格", "specs"))]
# Of something new: a spec may have several values, each of which makes a SKU.
SpecChoices = Annotated[dict[str, str | list[str]], Slot(Kind.SPECS, Text("规格", "specs"))]
Schema = Annotated[list[dict[str, object]], Slot(Kind.SCHEMA, Text("规格", "specs"))]

Price = Annotated[int, _PRICE]
LabelledPrice = Annotated[int, replace(_PRICE, bare=False)]
Threshold = Annotated[int, _THRESHOLD]
LabelledThreshold = Annotated[int, replace(_THRESHOLD, bare=False)]
Paid = Annotated[int, Slot(Kind.MONEY, Text("金额", "amount"), labels=("金额", "amount"))]
PriceChange = Annotated[
    int,
    Slot(Kind.MONEY, Text("涨跌", "change"), least=-MAX_PRICE_FEN, most=MAX_PRICE_FEN, bare=False),
]
Factor = Annotated[str, Slot(Kind.FACTOR, Text("折扣", "discount"))]
Target = Annotated[int, Slot(Kind.COUNT, Text("补到", "up to"), bare=False)]
Language = Annotated[
    str,
    Slot(
        Kind.CHOICE,
        Text("语言", "language"),
        choices={
            "zh": ("中文", "汉语", "普通话", "chinese", "mandarin", "zh"),
            "en": ("English", "英文", "英语", "en"),
        },
    ),
]
PhoneDigits = Annotated[str, Slot(Kind.PHONE, Text("手机尾号", "phone digits"))]
Customer = Annotated[str, Slot(Kind.PERSON, Text("顾客", "customer"))]
Delta = Annotated[int, Slot(Kind.COUNT, Text("数量", "quantity"), labels=("数量", "qty"))]
Taken = Annotated[int, Slot(Kind.COUNT, Text("数量", "quantity"), labels=("数量", "qty"), sign=-1)]
Counted = Annotated[
    int,
    Slot(
        Kind.COUNT,
        Text("实数", "count"),
        labels=("实数", "实盘", "实际", "数量"),
        leads=("是", "为", "有", "剩", "="),
        least=0,
    ),
]
InitialStock = Annotated[
    int,
    Slot(
        Kind.COUNT,
        Text("库存", "stock"),
        labels=("库存", "现货", "数量", "stock", "qty"),
        phrases=(r"(?P<value>{n}) ?(?:in stock|on hand)\b",),
        least=0,
    ),
]
Ranking = Annotated[
    int,
    Slot(
        Kind.COUNT,
        Text("前几名", "how many"),
        labels=("前", "top", "best", "worst", "bottom"),
        most=50,
    ),
]

Worst = Annotated[str, Slot(Kind.HIDDEN, Text("最差", "worst"))]
OnShelf = Annotated[
    str,
    Slot(
        Kind.CHOICE,
        Text("状态", "state"),
        choices={
            "delisted": (
                "已下架",
                "下架了的",
                "下架的",
                "下架",
                "停售的",
                "停售",
                "下了架的",
                "delisted",
                "off sale",
            ),
            "on_sale": (
                "正在卖的",
                "正在卖",
                "正在售",
                "还在卖的",
                "在售的",
                "在售",
                "在卖的",
                "上架的",
                "上架中",
                "on sale",
            ),
        },
    ),
]
Shelf = Annotated[
    str,
    Slot(
        Kind.CHOICE,
        Text("货架", "shelf"),
        bare=False,  # only where it was asked for
        choices={
            "taken": ("已拿走", "已经拿走", "拿走了", "taken", "off the shelf"),
            "there": ("还在架上", "还在货架", "还在", "there", "on the shelf"),
        },
    ),
]
Off = Annotated[
    str, Slot(Kind.CHOICE, Text("关闭", "off"), choices={"off": ("off", "取消", "关闭")})
]

TimedNo = Annotated[int, Slot(Kind.COUNT, Text("定时编号", "number"), bare=False)]

OrderNo = Annotated[str, Slot(Kind.ORDER, Text("订单号", "order number"))]
TrackingNo = Annotated[
    str,
    Slot(Kind.TRACKING, Text("快递单号", "tracking number"), labels=("快递单号", "运单号", "单号")),
]
Carrier = Annotated[str, Slot(Kind.CHOICE, Text("快递公司", "carrier"), choices=CARRIERS)]
User = Annotated[str, Slot(Kind.USER, Text("成员", "member"))]
RoleWord = Annotated[str, Slot(Kind.CHOICE, Text("角色", "role"), choices=ROLES)]
Topic = Annotated[str, Slot(Kind.CHOICE, Text("主题", "topic"), choices=TOPICS)]
OrderTopic = Annotated[str, Slot(Kind.CHOICE, Text("状态", "state"), choices=STATUSES)]
Period = Annotated[Span, Slot(Kind.PERIOD, Text("时间", "period"))]
TimeOfDay = Annotated[str, Slot(Kind.TIME, Text("时间", "time of day"))]
Query = Annotated[str, Slot(Kind.QUERY, Text("关键词", "words to search for"))]
Intent = Annotated[str, Slot(Kind.INTENT, Text("命令", "command"))]
OneTimeCode = Annotated[str, Slot(Kind.SECRET, Text("一次性口令", "one-time code"))]
# What a word of several for one intent asks for; a file that came with the message.
Goods = Annotated[dict[str, object], Slot(Kind.HIDDEN, _PRODUCT)]  # as they were named
Part = Annotated[str, Slot(Kind.HIDDEN, Text("部分", "part"))]
# The key of the message whose write is meant, by a card's button or by a reply to the card.
Origin = Annotated[str, Slot(Kind.HIDDEN, Text("哪一步", "step"))]
Rows = Annotated[list[dict[str, object]], Slot(Kind.HIDDEN, Text("表格", "table"))]
Page = Annotated[int, Slot(Kind.HIDDEN, Text("页", "page"))]
Step = Annotated[str, Slot(Kind.HIDDEN, Text("下一个", "next"))]
TourStep = Annotated[int, Slot(Kind.COUNT, Text("第几步", "step"), most=5, bare=False)]
FileNo = Annotated[int, Slot(Kind.HIDDEN, Text("文件", "file"))]
ExportTopic = Annotated[str, Slot(Kind.CHOICE, Text("内容", "content"), choices=EXPORTS)]
Ticket = Annotated[str, Slot(Kind.TICKET, Text("问题", "question"))]
