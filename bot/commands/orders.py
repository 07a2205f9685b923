"""Orders: what came in, and each step of their way."""

import re

from bot.commands._paging import PAGE, fetched, paged, rows_of
from bot.commands._shown import Fields, change, goods, order_table, yuan
from bot.messages import Button, Reply, Role
from bot.registry import AskError, Context, Example, Saying, command
from bot.slots import (
    Carrier,
    Customer,
    OrderNo,
    OrderTopic,
    Page,
    Part,
    Period,
    PhoneDigits,
    TrackingNo,
)
from bot.texts import Text
from store import orders
from store.models import OrderStatus
from store.orders import OrderView

ADDRESS = "address"
ENDED = frozenset({"completed", "cancelled", "expired", "refunding", "refunded"})
_TITLED = re.compile(
    r"(?P<a>[\u4e00-\u9fff])(?:先生|女士|小姐|太太|太|老师|老板|经理|师傅|阿姨|医生|总|哥|姐|叔|姨|婶|婆婆)"
    r"|[小老阿](?P<b>[\u4e00-\u9fff])"
)
RECENT = 100  # orders among which a customer is looked for; contacts are sealed
_STATUSES = {
    "unpaid": (OrderStatus.PENDING_PAYMENT, OrderStatus.CONFIRMED),
    "to_ship": (OrderStatus.CONFIRMED, OrderStatus.PAID),
    "shipped": (OrderStatus.SHIPPED,),
    "cancelled": (OrderStatus.CANCELLED, OrderStatus.EXPIRED),
    "refunded": (OrderStatus.REFUNDING, OrderStatus.REFUNDED),
}


@command(
    "orders_list",
    words=("订单列表", "订单", "待发货", "待付款", "未付款", "orders"),
    shared=("订单",),
    presets={
        "待发货": {"topic": "to_ship"},
        "待付款": {"topic": "unpaid"},
        "未付款": {"topic": "unpaid"},
    },
    says=(
        r"(?:(?:没|没有|还没|还没有|未|待|要|需要|该)(?:发|寄|出)(?:货|出去|走|出)*)(?:的)?(?:订单|单子?)",
        r"(?:哪些|什么|啥|多少|几)(?:个|张|笔)?(?:订单|单子|单)(?:还)?(?:没发|没付|没寄|没出|退|取消|没给)",
        r"(?:取消|退|没付|没给钱|没发|发)(?:了|过|出去)*(?:哪些|几个?|多少|什么)(?:个)?(?:订单|单子|单)",
        r"(?:退过?款|取消[了掉]的?|没给钱|没付钱|没付款|没发货?|发了货?|退过)(?:了|的|过)*(?:订单|单子|单)(?:有哪些|拉一下|列一下|列出来|看看|给我看看|有几个)*",
        r"{period}(?:的|来的|下的|进的)*(?:订单|单子|单)(?:有哪些|列一下|看看|列出来|拉一下|都有啥)*$",
        r"(?:有)?(?:哪些|什么|啥|多少|几)?(?:个|张|笔|单)?(?:没|没有|还没|还没有|未|待|要|需要|该)(?:发|寄|出)(?:货|的|出去|走|出)*(?:的)?(?:订单|单子?|单)?(?:列表|清单|有哪些|有几个|有几单|有多少|多少|几个)*",
        r"(?:今天|今日)?(?:有|都有|来了|进了|收到)?(?:哪些|什么|啥|几个|多少个?|几)(?:新)?(?:订单|单子|单(?![价位品]))(?:了)?",
        r"(?:订单|单子|新单|新订单)(?:列表|清单|有哪些|有几个|有多少|有什么|有啥|情况|一览|汇总|拉出来|列出来|列一下|发我|发来看看)*",
        Saying(
            r"(?<![\u4e00-\u9fffa-z])(?P<user>(?!订单|今天|昨天|所有|全部|哪|什么|这|那|我|你|客户|客人|顾客|待|未|没|已|新|有|查|看|单号|物流|取消|退|关|不|停)[\u4e00-\u9fff]{2,4}?|[a-z]{2,12})(?:的)(?:所有|全部)?(?:订单|单子|单)(?:都)?(?:有哪些|有几个|有几单|有多少|列一下|列出来|列表|都有啥|全部|有啥)",
            weight=1.5,
        ),
        Saying(
            r"(?<![\u4e00-\u9fffa-z])(?P<user>(?!订单|今天|昨天|所有|全部|哪|什么|这|那|我|你|客户|客人|顾客|待|未|没|已|新|有|查|看|单号|物流|取消|退|关|不|停)[\u4e00-\u9fff]{2,4}?|[a-z]{2,12})(?:在)?(?:我们|咱们|我|咱)?(?:这|店|这里|这边|这儿|店里|家)*(?:下|买|订)过(?:了)?(?:哪些|什么|几个?|多少)(?:订单|单子|单)",
            weight=1.5,
        ),
        r"(?:待发货|待发|待付款|待支付|未支付|没付钱|没付款|未付|待收款|没收款|没给钱|已发货?|发了货|发出去|已取消|取消了|退了款|已退款?|退款|退货)(?:的)?(?:订单|单子?)?(?:有哪些|有几个|有几单|有多少|有什么|列表|清单|列一下|给我看看)*",
        r"\b(?:orders?|unshipped|unpaid|pending|to ship|awaiting shipment|waiting to ship|need(?:s)? shipping|haven't shipped|not shipped|open orders|order list|to be shipped|new orders|recent orders|outstanding orders|orders…(?:need to go out|to go out)|haven't (?:been )?paid|not paid)\b",
    ),
    role=Role.VIEWER,
    help=Text("列出订单，可带状态和时间", "List orders, by state and period"),
    examples=(
        Example("订单", {}, reply="1033"),
        Example("订单 待发货 今天", {"topic": "to_ship", "period": "today"}, reply="1033"),
        Example("待发货", {"topic": "to_ship"}, reply="1033"),
        Example("orders this week", {"period": "this_week"}, reply="1033"),
    ),
)
def orders_list(
    ctx: Context,
    topic: OrderTopic | None = None,
    period: Period | None = None,
    user: Customer | None = None,
    page: Page = 1,
) -> Reply:
    """Orders newest first, by state and by the day they came in."""
    if user is not None:
        return _customers(ctx, "", user)
    found, _ = orders.page(
        ctx.tx,
        statuses=_STATUSES[topic] if topic else (),
        start=period.start if period else None,
        end=period.end if period else None,
        limit=fetched(page),
    )
    if not found:
        return Reply(text=ctx.say("orders.nothing"))
    table = order_table(ctx, rows_of(found, page))
    return paged(ctx, Reply(title=ctx.say("title.orders"), table=table), found, page)


@command(
    "order_show",
    words=("订单", "查单", "查订单", "地址", "收货地址", "order", "delivery address"),
    shared=("订单",),
    presets={word: {"part": ADDRESS} for word in ("地址", "收货地址", "delivery address")},
    says=(
        r"(?:查|看|查查|看看|查一?下|看一?下|打开|调出)?(?:订单|单子|单|那单|这单)?(?P<order_no>{order})(?:号|这单|那单|这个?订单|那个?订单|单子?|订单)?(?:的)?(?:是谁|谁买|谁下|谁的|买了?(?:什么|啥|些什么|几|多少|哪些)|都买|什么情况|啥情况|情况|到哪了?|到哪儿了?|发了吗|发了没|发货了(?:吗|没)|发没发|退了没有?|退没退|寄到哪儿?了?|快递到哪了?|付了吗|付了没|付款了(?:吗|没)|付没付|付钱了(?:吗|没)|给钱了(?:吗|没)|状态|详情|明细|怎么样了?|咋样了?|咋了|是什么|是啥|内容|进度|物流|多少钱|怎么回事|在哪)(?:的|了|吗|啥|什么|东西)*",
        r"(?:查|看|查查|看看|查一?下|看一?下|打开|调出|查询)(?:下)?(?:订单|单子|单号|单)?(?P<order_no>{order})(?:号|这单|那单|订单|单)?",
        Saying(
            r"(?:手机|电话|号码|手机号|尾号|手机尾号|电话尾号|末四位|后四位)(?:号|码)?(?:尾号|末四位|后四位|后4位|末4位)?(?:是|为)?(?P<query>{digits}|{phone}|{int}|{order})(?:的)?(?:那个|那|这个)?(?:客户|客人|顾客|人)?(?:的)?(?:订单|单子|那单|单|买了什么)*",
            weight=1.5,
        ),
        r"(?P<query>{phone})(?:的)?(?:客户|客人|顾客)?(?:的)?(?:订单|单子|单|买了什么|买了啥|下的单)*",
        r"(?:订单|单子|那单|单)(?:是)?(?:什么情况|到哪了?|发了吗|发了没|怎么样了)?",
        Saying(
            r"(?<![\u4e00-\u9fffa-z])(?P<user>(?!订单|今天|昨天|所有|全部|哪|什么|这|那|我|你|客户|客人|顾客|待|未|没|已|新|有|查|看|单号|物流|取消|退|关|不|停)[\u4e00-\u9fff]{2,4}?|[a-z]{2,12})(?:的(?:那|这|那个|这个|最近的?|上次的?)?(?:订单|单子|单)|那个?(?:订单|单))(?:是)?(?:发到哪了?|到哪了?|到哪儿了?|什么情况|啥情况|怎么样了?|咋样了?|发了吗|发了没|发货了吗|发没发|付了吗|付款了吗|呢|看看|查一?下|给我看看)?",
            weight=0.8,
        ),
        r"\b(?P<user>[a-z]+)'s order\b|\border (?:of|by|from|for) (?P<user2>[a-z]+)",
        r"(?:买了什么|买了啥|都买了什么|下的单|下的订单|买的什么|买的啥)",
        r"\b(?:order(?: no\.?| number)?|show|check|look up|pull up|details? (?:of|for|on)|status of|what's in|whats in|what did|who (?:bought|ordered|placed)|where(?:'s| is)|what's (?:happening with|the status of)|track|open|info on|view)…(?P<order_no>{order})(?: buy| order| get| purchase)?",
        Saying(
            r"\b(?:phone|number|mobile)(?: number)? (?:ending|ends)(?: in| with)? ?(?P<query>{digits}|{order}|{int})",
            weight=1.5,
        ),
        r"\border (?:by|from|of|for) (?P<user>[a-z]+)\b",
    ),
    needs=("order_no", "query", "user"),
    role=Role.VIEWER,
    help=Text(
        "看一个订单；说末四位也行；「地址 1033」给出可复制的一行（只在私聊里）",
        'Show an order; its last four digits will do; "delivery address 1033" gives one '
        "line to copy (direct chat only)",
    ),
    examples=(
        Example("订单 1033", {"order_no": "1033"}, reply="1033"),
        Example("order #1033", {"order_no": "1033"}, reply="1033"),
        Example("1033 地址", {"order_no": "1033"}, reply="13812345678"),
        Example("delivery address 1033", {"order_no": "1033"}, reply="13812345678"),
    ),
)
def order_show(
    ctx: Context,
    order_no: OrderNo | None = None,
    query: PhoneDigits | None = None,
    user: Customer | None = None,
    part: Part = "",
) -> Reply:
    """An order in full; its contact in full only to staff in a direct chat."""
    if order_no is None:
        return _customers(ctx, query or "", user or "")
    order = orders.view(ctx.tx, order_no)
    if part == ADDRESS:
        return _address(ctx, order)
    fields = (
        (ctx.say("field.status"), ctx.say(f"status.{order.status}")),
        (ctx.say("field.goods"), goods(ctx, order)),
        (ctx.say("field.total"), yuan(order.total_fen)),
        (ctx.say("field.payment"), _payment(ctx, order)),
        (ctx.say("field.customer"), order.customer_id),
        *_contact(ctx, order),
        (ctx.say("field.remark"), order.remark),
        (ctx.say("field.parcel"), _parcel(order)),
        (ctx.say("field.time"), ctx.local(order.created_at)),
    )
    said = tuple((name, value) for name, value in fields if value)
    return Reply(title=_title(ctx, order), fields=said, buttons=_next_steps(ctx, order))


@command(
    "ship",
    words=("发货", "已发货", "发", "ship"),
    says=(
        r"(?P<order_no>{order})(?:号|这单|那单|订单|单)?(?:已经|已|今天|刚|都|可以|走|用|的|,|货)*(?:发货|发了|发出|发走|发出去|寄出|寄了|寄走|寄出去|发|寄|出库|打包发|交给|揽收)(?:了|吧|掉|走)?",
        r"(?:发货|发出|寄出|寄走|寄|发|出库)(?:了|掉|给|订单|单号|单)*(?P<order_no>{order})",
        r"(?:发货|发出|发走|寄出|寄走|寄了|发出去|寄出去|发掉|安排发|标记发货|标记已发货|点发货|填单号|填快递|录单号|登记快递|录快递|补单号|快递单号|运单号|物流单号|快递号|单号是|单号|走(?=顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|ems)|发(?=顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|ems)|用(?=顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|ems))(?:了|吧)?",
        r"(?:补填|补录|填一?下|录一?下|登记一?下|填上)(?:快递|运单|物流)?(?:单号)?|发个货|发一?下货",
        r"(?<![\u4e00-\u9fffa-z])(?P<order_no>{order})[,的:]?(?=…(?:顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|ems|sf|zto|yto|sto)…{tracking})",
        r"(?=.*{order})(?=.*{tracking})(?:顺丰|中通|圆通|申通|韵达|极兔|京东|邮政|德邦|ems|sf|zto|yto|sto)",
        r"\b(?:ship(?:ped|ping)?|sent(?: out)?|send(?: out)?|dispatch(?:ed)?|mail(?:ed)?|post(?:ed)?|out for delivery|went out|goes out|on its way|handed to|via|by|with|mark…(?:as )?(?:shipped|sent|dispatched))\b",
    ),
    needs=("order_no", "user"),
    several=True,
    role=Role.STAFF,
    writes=True,
    undoable=False,
    help=Text("订单发货，扣减现有库存；快递可选", "Ship an order; the goods leave the stock"),
    examples=(
        Example(
            "发货 1033 顺丰 SF1234567890",
            {"order_no": "1033", "carrier": "顺丰", "tracking_no": "SF1234567890"},
            reply="→ 已发货",
        ),
        Example("1033 发货", {"order_no": "1033"}, reply="→ 已发货"),
        Example("ship #1033", {"order_no": "1033"}, reply="→ 已发货"),
    ),
)
def ship(
    ctx: Context,
    order_no: OrderNo | None = None,
    carrier: Carrier | None = None,
    tracking_no: TrackingNo | None = None,
    user: Customer | None = None,
) -> Reply:
    """The goods leave the shelf: the sale."""
    before = _meant(ctx, order_no, user)
    after = orders.ship(
        ctx.tx,
        order_no=before.order_no,
        actor=ctx.actor,
        carrier=carrier or "",
        tracking_no=tracking_no or "",
    )
    return _stepped(ctx, before, after)


@command(
    "complete",
    words=("完成", "已取货", "交货", "complete", "handed over"),
    says=(
        r"(?P<order_no>{order})(?:号|这单|那单|订单|单)?(?:的)?…(?:自提完成|完成|取走|自提|来拿|拿走|取了|拿了|提走|签收|收到货?|送到|送达|领走|已取|已提|完结|办结|结单|搞定|完事儿?)(?:了|掉|吧|走)*",
        r"(?:完结|办结|办完)(?:了|掉|吧)*|(?:完成|取走|取货|自提|来拿|拿走|取了|拿了|提走|提货|交货|签收|收到货|收到了|收货|到手|送到了?|送达|交付|当面给|当面交|结单|搞定|领走|交给(?:客户|客人|顾客|他|她)|已取|已提|已拿|已交|办完|了结)(?:了|吧|的)*",
        r"\b(?:complete(?:d)?|picked (?:it |them )?up|collected|handed (?:it )?over|close(?:d)? (?:it )?(?:out)?|delivered|received by|done|finish(?:ed)?|close out|pickup)\b",
    ),
    needs=("order_no", "user"),
    several=True,
    role=Role.STAFF,
    writes=True,
    undoable=False,
    help=Text("订单完成：顾客已拿到货", "Complete an order: the customer has the goods"),
    examples=(
        Example("完成 1033", {"order_no": "1033"}, reply="→ 已完成"),
        Example("complete #1033", {"order_no": "1033"}, reply="→ 已完成"),
    ),
)
def complete(ctx: Context, order_no: OrderNo | None = None, user: Customer | None = None) -> Reply:
    """The customer has the goods; what was not shipped is handed over now."""
    before = _meant(ctx, order_no, user)
    after = orders.complete(ctx.tx, order_no=before.order_no, actor=ctx.actor)
    return _stepped(ctx, before, after)


@command(
    "cancel_order",
    words=("取消订单", "取消", "cancel order", "cancel"),
    shared=("取消", "cancel"),
    says=(
        r"关了得了|(?:把)?(?:这|那)?单(?:整没|弄没|撤|关|砍|作废|取消)(?:了|掉)*|别做了|(?:取消|关闭|关掉|撤销|作废|砍掉|删掉|撤掉)(?:掉)?(?:订单|单子|这单|那单|单号|单)(?P<order_no>{order})",
        Saying(r"^(?:取消|关闭|作废)(?:订单|单子)$", weight=2.0),
        r"(?:取消|撤单|撤了|撤销|撤|作废|关闭|关掉|关了|砍掉|废掉|删掉|删了|不要了|不想要了?|不发了|不买了|退单|反悔了?|拍错了?|下错了?|下重了?|重复了?|拍重了?|买错了?|不要货)(?:了|掉|吧)*(?:订单|单子|这单|那单)?",
        r"\b(?:cancel(?:led)?(?: order)?|void|scrap|call off|drop|kill|abort|delete|doesn't want|changed (?:his|her|their) mind|no longer wants|by mistake|mistake|duplicate|ordered twice)\b",
    ),
    needs=("order_no", "user"),
    several=True,
    role=Role.MANAGER,
    writes=True,
    undoable=False,
    confirms=True,
    help=Text("取消未付款的订单，释放占用的库存", "Cancel an unpaid order and free what it holds"),
    examples=(
        Example("取消订单 1033", {"order_no": "1033"}, reply="→ 已取消", outcome="confirm"),
        Example("cancel #1033", {"order_no": "1033"}, reply="→ 已取消", outcome="confirm"),
    ),
)
def cancel_order(
    ctx: Context, order_no: OrderNo | None = None, user: Customer | None = None
) -> Reply:
    """Give an unpaid order's units back."""
    before = _meant(ctx, order_no, user)
    after = orders.cancel(ctx.tx, order_no=before.order_no, actor=ctx.actor)
    return _stepped(ctx, before, after)


@command(
    "mark_paid",
    words=("收款", "已收款", "已付款", "已付", "到账", "mark paid", "paid"),
    says=(
        r"(?:钱|款|货款|尾款|账)?(?:已经|已|都)?(?:收款|收到款|收到钱|收到了?|收了|收钱|已收|到账|入账|付款|付了|付钱|付清|付过|给钱|给了|转账|转过来|转了|转过|打款|打过来|结清|结账|结了|买单|交钱|支付|支付了|现金|扫码付|微信付|支付宝付)(?:了|的|款|钱|过)*(?:标记已付款|标记已付)?",
        r"付款完成|扫码给过了|(?:记|改|标|勾|标记|登记|设)(?:一?下|成|为|作|上)*(?:已)?(?:付款|收款|支付|付|到账|收到钱)(?:了)?",
        r"(?:微信|支付宝|现金|银行卡|转账)(?:已|都)?(?:转|付|收|给|打|到)(?:我|过来|来|给我|账|了|的|钱)*|(?:账|钱|款|尾款)(?:已经|已|都)?(?:结清|结|付清|付|到|收到|给|收)(?:了|齐)*",
        r"(?:标记|标|改成|记|登记|确认)(?:为|成|一下)?(?:已)?(?:付款|收款|已付|付了)",
        r"\b(?:paid (?:in )?cash|paid by (?:card|wechat|alipay)|paid up|paid in full|paid|payment (?:received|came in|in|done)|has paid|just paid|mark…(?:as )?paid|money (?:received|came in|is in|in)|got the money|settled|paid up|paid in full|transferred|paid (?:in )?cash|paid by (?:card|wechat|alipay)|received payment|is paid|been paid)\b",
    ),
    needs=("order_no", "user"),
    several=True,
    role=Role.STAFF,
    writes=True,
    undoable=False,
    help=Text("记下订单已收款", "Note that an order is paid"),
    examples=(
        Example("收款 1033", {"order_no": "1033"}, reply="→ 已付款"),
        Example("1033 已付", {"order_no": "1033"}, reply="→ 已付款"),
        Example("paid #1033", {"order_no": "1033"}, reply="→ 已付款"),
    ),
)
def mark_paid(ctx: Context, order_no: OrderNo | None = None, user: Customer | None = None) -> Reply:
    """Note that the money is in."""
    before = _meant(ctx, order_no, user)
    after = orders.mark_paid(ctx.tx, order_no=before.order_no, actor=ctx.actor)
    return _stepped(ctx, before, after)


def _meant(ctx: Context, order_no: str | None, user: str | None) -> OrderView:
    """The order of that number, or the only open one of that customer; asks which otherwise."""
    if order_no is not None:
        return orders.view(ctx.tx, order_no)
    found = [order for order in _of(ctx, "", user or "") if order.status not in ENDED]
    if len(found) == 1:
        return found[0]
    options = tuple(
        (f"{order.order_no[-4:]} {goods(ctx, order)} {yuan(order.total_fen)}", order.order_no)
        for order in found[:PAGE]
    )
    key = "ask.whose_order" if found else "orders.none_open"
    raise AskError("order_no", ctx.say(key, who=user or ""), options)


def _customers(ctx: Context, digits: str, name: str) -> Reply:
    """The orders of a customer: by the last digits of the phone, or by the name."""
    found = _of(ctx, digits, name)
    if not found:
        return Reply(text=ctx.say("orders.nobody", who=digits or name))
    return Reply(title=ctx.say("title.orders"), table=order_table(ctx, found[:PAGE]))


def _of(ctx: Context, digits: str, name: str) -> list[OrderView]:
    """A customer's recent orders, newest first."""
    return [
        order
        for order in orders.page(ctx.tx, limit=RECENT)[0]
        if (contact := orders.contact(order, ctx.vault)) is not None
        and (contact.phone.endswith(digits) if digits else _is_called(contact.name, name))
    ]


def _is_called(name: str, said: str) -> bool:
    """Whether a customer is meant: by the name, or by the family name in 王姐 and 小王."""
    family = _TITLED.fullmatch(said)
    return name.casefold() == said.casefold() or (
        family is not None and name.startswith(family["a"] or family["b"])
    )


def _stepped(ctx: Context, before: OrderView, after: OrderView) -> Reply:
    words = (ctx.say(f"status.{order.status}") for order in (before, after))
    fields = (
        (ctx.say("field.status"), change(*words)),
        (ctx.say("field.goods"), goods(ctx, after)),
        (ctx.say("field.total"), yuan(after.total_fen)),
        (ctx.say("field.payment"), change(_payment(ctx, before), _payment(ctx, after))),
        (ctx.say("field.parcel"), _parcel(after)),
    )
    said = tuple((name, value) for name, value in fields if value)
    return Reply(title=_title(ctx, after), fields=said)


def _title(ctx: Context, order: OrderView) -> str:
    return f"{ctx.say('title.order')} {order.order_no}"


def _parcel(order: OrderView) -> str:
    return " ".join(part for part in (order.carrier, order.tracking_no) if part)


def _payment(ctx: Context, order: OrderView) -> str:
    return ctx.say("value.received" if order.paid_at else "value.unpaid")


def _contact(ctx: Context, order: OrderView) -> Fields:
    contact = orders.contact(order, ctx.vault)
    if contact is None:
        return ()
    if not (ctx.private and ctx.role >= Role.STAFF):
        contact = orders.masked(contact)
    said = " ".join(part for part in (contact.name, contact.phone, contact.address) if part)
    return ((ctx.say("field.contact"), said),)


def _address(ctx: Context, order: OrderView) -> Reply:
    """One line to copy into a courier's form; for staff alone with the bot."""
    if ctx.role < Role.STAFF:
        return Reply(text=ctx.say("refused.role"), error="forbidden")
    if not ctx.private:
        return Reply(text=ctx.say("address.private", order_no=order.order_no), error="forbidden")
    contact = orders.contact(order, ctx.vault)
    if contact is None:
        return Reply(title=_title(ctx, order), text=ctx.say("address.none"))
    line = " ".join(part for part in (contact.name, contact.phone, contact.address) if part)
    return Reply(title=_title(ctx, order), text=" ".join(line.split()))


def _next_steps(ctx: Context, order: OrderView) -> tuple[Button, ...]:
    """Buttons for what may come next, as far as the asker may do it."""
    steps = {
        "mark_paid": orders.PAYABLE,
        "ship": orders.SHIPPABLE,
        "complete": orders.COMPLETABLE,
        "cancel_order": orders.CANCELLABLE,
    }
    intents = [intent for intent, states in steps.items() if order.status in states]
    if order.status == OrderStatus.SHIPPED and order.paid_at is None:
        intents.insert(0, "mark_paid")
    commands = (ctx.commands[intent] for intent in intents)
    return tuple(
        Button(ctx.say(f"button.{c.intent}"), f"{c.words[0]} {order.order_no}")
        for c in commands
        if ctx.role >= c.role
    )
