"""The shop itself: open or closed, what each chat hears, the demo's goods."""

from bot.commands._shown import change
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, command
from bot.slots import Off, TimeOfDay, Topic
from bot.texts import Text
from store import chats, shop, skus

DAILY = "summary"  # the one topic with a time of day


@command(
    "open_shop",
    words=("开门", "开店", "open shop"),
    role=Role.MANAGER,
    writes=True,
    help=Text("开门营业，接受下单", "Open the shop for orders"),
    examples=(Example("开门", {}, reply="打烊 → 营业"), Example("open shop", {}, reply="→")),
)
def open_shop(ctx: Context) -> Reply:
    """Take orders again."""
    return _set_open(ctx, is_open=True)


@command(
    "close_shop",
    words=("打烊", "关店", "close shop"),
    role=Role.MANAGER,
    writes=True,
    help=Text("打烊，暂不接受下单", "Close the shop for orders"),
    examples=(Example("打烊", {}, reply="营业 → 打烊"), Example("close shop", {}, reply="→")),
)
def close_shop(ctx: Context) -> Reply:
    """Take no orders until the shop is opened."""
    return _set_open(ctx, is_open=False)


@command(
    "subscribe",
    words=("订阅", "退订", "subscribe", "unsubscribe"),
    presets={"退订": {"query": "off"}, "unsubscribe": {"query": "off"}},
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "这个群听哪些播报：订单、低库存、日报、变更；日报可带时间",
        "What this chat hears of: orders, low stock, summary, changes; the summary at a time",
    ),
    examples=(
        Example("订阅 日报 21:30", {"topic": "summary", "period": "21:30"}, reply="21:30"),
        Example("退订 变更", {"topic": "changes", "query": "off"}, reply="→"),
        Example("subscribe orders", {"topic": "orders"}, reply="→"),
        Example("订阅", {}, reply="全部"),
    ),
)
def subscribe(
    ctx: Context,
    topic: Topic | None = None,
    period: TimeOfDay | None = None,
    query: Off | None = None,
) -> Reply:
    """Have this chat hear of a topic, or no more; without a topic, say what it hears."""
    where = {"platform": ctx.message.platform, "chat_id": ctx.message.chat_id}
    if topic is None:
        return _heard(ctx, where)
    if period is not None and topic != DAILY:
        return Reply(text=ctx.say("subscribe.no_time"), error="invalid_request")
    if query is None and not ctx.shop.pushes(where["platform"], where["chat_id"]):
        return Reply(text=ctx.say("subscribe.mute"), error="invalid_request")
    before = _spoken(ctx, where)
    if query == "off":
        chats.unsubscribe(ctx.tx, **where, topic=topic)
    else:
        _make_listener(ctx, where)
        chats.subscribe(ctx.tx, **where, topic=topic, at=period or "")
    field = (ctx.say("field.topics"), change(before, _spoken(ctx, where)))
    return Reply(title=ctx.say("title.subscribe"), fields=(field,))


@command(
    "clear_demo",
    words=("清空演示", "清除演示", "clear demo"),
    role=Role.OWNER,
    writes=True,
    confirms=True,
    help=Text("下架演示用的样品", "Take the demo's sample goods off sale"),
    examples=(
        Example("清空演示", {}, reply="在售 → 已下架", outcome="confirm"),
        Example("clear demo", {}, reply="→", outcome="confirm"),
    ),
)
def clear_demo(ctx: Context) -> Reply:
    """Take what the demo brought off sale, so that the shop's own goods remain."""
    gone = skus.delist_demo(ctx.tx, cause=ctx.cause)
    moved = f"{ctx.say('status.on_sale')} → {ctx.say('status.delisted')}"
    head = (ctx.say("field.code"), ctx.say("field.product"), ctx.say("field.status"))
    rows = tuple((sku.code, sku.title, moved) for sku in gone)
    text = "" if gone else ctx.say("clear_demo.nothing")
    return Reply(
        title=ctx.say("title.clear_demo"), text=text, table=Table(head, rows) if rows else None
    )


def _set_open(ctx: Context, *, is_open: bool) -> Reply:
    changed = shop.set_open(ctx.tx, open=is_open, actor=ctx.actor)
    words = {True: ctx.say("value.open"), False: ctx.say("value.closed")}
    before = words[is_open != changed]
    field = (ctx.say("field.shop"), change(before, words[is_open]))
    return Reply(title=ctx.say("title.open" if is_open else "title.close"), fields=(field,))


def _heard(ctx: Context, where: dict[str, str]) -> Reply:
    return Reply(
        title=ctx.say("title.subscribe"), fields=((ctx.say("field.topics"), _spoken(ctx, where)),)
    )


def _spoken(ctx: Context, where: dict[str, str]) -> str:
    heard = chats.subscriptions(ctx.tx, where["platform"], where["chat_id"])
    words = [f"{ctx.say(f'topic.{row.topic}')} {row.at}".strip() for row in heard]
    return "、".join(words) or ctx.say("value.none")


def _make_listener(ctx: Context, where: dict[str, str]) -> None:
    """A direct chat that subscribes becomes the shop's, and hears of what it asked for only."""
    bound = chats.bind(
        ctx.tx,
        platform=where["platform"],
        chat_id=where["chat_id"],
        kind=ctx.message.chat_kind,
        language=ctx.language,
    )
    if bound:
        chats.unsubscribe(ctx.tx, **where, topic=chats.ALL)
