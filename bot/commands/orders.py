"""Orders: what came in, and each step of their way."""

from bot.commands._shown import Fields, change, goods, order_table, yuan
from bot.messages import Button, Reply, Role
from bot.registry import Context, Example, command
from bot.slots import Carrier, OrderNo, OrderTopic, Part, Period, TrackingNo
from bot.texts import Text
from store import orders
from store.models import OrderStatus
from store.orders import OrderView

PAGE = 20
ADDRESS = "address"
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
    ctx: Context, topic: OrderTopic | None = None, period: Period | None = None
) -> Reply:
    """Orders newest first, by state and by the day they came in."""
    found, more = orders.page(
        ctx.tx,
        statuses=_STATUSES[topic] if topic else (),
        start=period.start if period else None,
        end=period.end if period else None,
        limit=PAGE,
    )
    if not found:
        return Reply(text=ctx.say("orders.nothing"))
    text = ctx.say("orders.more", number=PAGE) if more else ""
    return Reply(title=ctx.say("title.orders"), text=text, table=order_table(ctx, found))


@command(
    "order_show",
    words=("订单", "查单", "查订单", "地址", "收货地址", "order", "delivery address"),
    shared=("订单",),
    presets={word: {"part": ADDRESS} for word in ("地址", "收货地址", "delivery address")},
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
def order_show(ctx: Context, order_no: OrderNo, part: Part = "") -> Reply:
    """An order in full; its contact in full only to staff in a direct chat."""
    order = orders.view(ctx.tx, order_no)
    if part == ADDRESS:
        return _address(ctx, order)
    fields = (
        (ctx.say("field.status"), ctx.say(f"status.{order.status}")),
        (ctx.say("field.goods"), goods(order)),
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
    order_no: OrderNo,
    carrier: Carrier | None = None,
    tracking_no: TrackingNo | None = None,
) -> Reply:
    """The goods leave the shelf: the sale."""
    before = orders.view(ctx.tx, order_no)
    after = orders.ship(
        ctx.tx,
        order_no=order_no,
        actor=ctx.actor,
        carrier=carrier or "",
        tracking_no=tracking_no or "",
    )
    return _stepped(ctx, before, after)


@command(
    "complete",
    words=("完成", "已取货", "交货", "complete", "handed over"),
    role=Role.STAFF,
    writes=True,
    undoable=False,
    help=Text("订单完成：顾客已拿到货", "Complete an order: the customer has the goods"),
    examples=(
        Example("完成 1033", {"order_no": "1033"}, reply="→ 已完成"),
        Example("complete #1033", {"order_no": "1033"}, reply="→ 已完成"),
    ),
)
def complete(ctx: Context, order_no: OrderNo) -> Reply:
    """The customer has the goods; what was not shipped is handed over now."""
    before = orders.view(ctx.tx, order_no)
    return _stepped(ctx, before, orders.complete(ctx.tx, order_no=order_no, actor=ctx.actor))


@command(
    "cancel_order",
    words=("取消订单", "取消", "cancel order", "cancel"),
    shared=("取消", "cancel"),
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
def cancel_order(ctx: Context, order_no: OrderNo) -> Reply:
    """Give an unpaid order's units back."""
    before = orders.view(ctx.tx, order_no)
    return _stepped(ctx, before, orders.cancel(ctx.tx, order_no=order_no, actor=ctx.actor))


@command(
    "mark_paid",
    words=("收款", "已收款", "已付款", "已付", "到账", "mark paid", "paid"),
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
def mark_paid(ctx: Context, order_no: OrderNo) -> Reply:
    """Note that the money is in."""
    before = orders.view(ctx.tx, order_no)
    return _stepped(ctx, before, orders.mark_paid(ctx.tx, order_no=order_no, actor=ctx.actor))


def _stepped(ctx: Context, before: OrderView, after: OrderView) -> Reply:
    words = (ctx.say(f"status.{order.status}") for order in (before, after))
    fields = (
        (ctx.say("field.status"), change(*words)),
        (ctx.say("field.goods"), goods(after)),
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
