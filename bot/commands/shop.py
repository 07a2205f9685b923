"""The shop itself: open or closed, what each chat hears, the demo's goods."""

from bot.commands._shown import change
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, Saying, command
from bot.slots import Off, TimeOfDay, Topic
from bot.texts import Text
from store import chats, shop, skus

DAILY = "summary"  # the one topic with a time of day


@command(
    "open_shop",
    words=("开门", "开店", "open shop"),
    says=(
        r"(?:继续|接着|恢复)接单|店(?:给我)?开开|(?:把)?(?:门|店)(?:开起来|打开|开了|开一下|开开)|可以(?:开始)?(?:接单|下单|营业)了?|(?:开门|开店|开门营业|开始营业|开张|营业(?!额|时间|收入|情况|数据|到|吗)|恢复营业|开业|开工|上班开门|开始接单|恢复接单|接单|可以下单了|开放下单|开始卖货|重新营业|继续营业|恢复下单)(?:了|啦|吧)*",
        r"\b(?:open(?: up)?(?: the)? (?:shop|store|for (?:business|orders))|we(?:'re| are) open|shop(?:'s| is) open(?: again)?|open again|start taking orders|resume (?:orders|taking orders|business)|open up|reopen|accept orders|back in business|open for the day)\b",
    ),
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
    says=(
        r"(?:把)?(?:门|店)(?:关了|关掉|关上|关一下)|店先关(?:一下|一会儿?|了)?|暂停营业|先?别让人下单|(?:今天|先|暂时|都)*(?:不接单|不营业|不做生意|歇业|停业|暂停接单|打烊)(?:了|啦|吧)*|(?:打烊|关店|关门|歇业|停业|收工|下班关店|今天休息|店休|今天不营业|暂停营业|不营业|停止营业|暂停接单|停止接单|不接单|别接单|先不接单|打样|收摊|闭店|关张|结束营业|不做生意|停止下单|暂停下单|关闭下单|今天不做了|不卖了今天)(?:了|啦|吧)*",
        r"\b(?:close(?: up)?(?: the)? (?:shop|store|for (?:the day|today|the night|tonight))|we(?:'re| are) closed|stop (?:taking|accepting) orders|pause orders|shut (?:the )?(?:shop|store)|closing up|shop's closed|closed for|close for|close up|call it a day)\b",
    ),
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
    says=(
        r"(?:每天|每日|天天|每晚|每早|每个?工作日|每)…(?P<period>{time})…(?:发|推|推送|报|播报|播|提醒|通知|汇报|来|给|出)(?:一次|一下|一份|我|送|到群里|群里|个)*",
        r"(?:每天|每日|天天|每晚|每早|每)…(?P<period>{time})",
        r"(?:每天|每日|天天|每晚)…(?:发|推|推送|报|播报|播|提醒|汇报|来)(?:一次|一下|一份|我|送)*",
        Saying(
            r"(?:不要|别|不用|停止|不再|先别)(?:再)?(?:给我|往群里|在群里)?(?:推|发|播|通知|提醒)(?:送|报|给我|到群里|群里)*…(?:了|消息|推送|提醒)?",
            {"query": "off"},
            1.0,
        ),
        Saying(
            r"(?:推送|播报|通知|提醒|消息|日报|汇总|报表)(?:不要|别|不用|停|不再)(?:再)?(?:推|发|播|来|给我)?(?:送|了|给我|掉)*",
            {"query": "off"},
            1.0,
        ),
        Saying(r"(?:推送|推)(?:一?下|给我|到群里|群里|一次|到这|到这里|给大家|给)*", weight=0.5),
        r"\b(?:send|post|push|give)(?: me| us)?…(?:daily|every day|each day|every (?:night|evening|morning))?…(?:summary|report|recap|orders?|alerts?)…(?:at )?(?P<period>{time})",
        Saying(
            r"谁(?:又)?(?:改|动)了…(?:都)?(?:告诉|通知|推给|跟)(?:我|我们)(?:说)?(?:一声)?|(?:改库存|改价|改动|变动)…(?:都)?推给(?:我|我们)",
            {"topic": "changes"},
            1.5,
        ),
        r"(?:有|来|一有|每有|以后有)?(?:新单|新订单|订单)(?:了|来了|来)?(?:就|都)?(?:往|在|给)?(?:这个?|本)?(?:群里?|我|群)?(?:里)?(?:喊|推|发|说|通知|告诉|提醒|吱|叫)(?:一?声|一?下|我|出来)*|(?:订阅|推送|播报|通知|推给我|发到群里|推到群里|往群里发|群里通知|推群里|推一下|有…就(?:通知|提醒|告诉|推|发|喊|叫|说))",
        Saying(r"(?P<period>{time})(?:给我|自动|再|就|准时)?推(?:送|一次|一下|一份)?", weight=1.5),
        r"(?P<period>{time})(?:推送?|发|播报?|报|提醒)(?:一次|一下|一份|我|到群里|群里|送)*",
        Saying(
            r"(?:退订|取消订阅|取消推送|不要再?推送?|别再?推送?|别推|不用推送?|别发|不用发|不要发|别再?播报?|停止推送|停止播报|关掉推送|关闭推送|关掉|取消|不再推送?|屏蔽|不想收到|别再通知|不要通知|别通知|不用通知|别提醒|不用提醒|不要提醒|停掉|停了)…(?:推送|播报|通知|提醒|了)?",
            {"query": "off"},
            0.0,
        ),
        Saying(
            r"(?P<period_FROM>{time})(?:以后|之后|后|过后|往后)(?:就|都|请|全部|,)*(?:别|唔好|不要|不用|不|免|消停|安静|静音|停)(?:点|再|要|了|,|别)*(?:推|发|播|吵|打扰|通知|提醒|嘢)*(?:送|报|了|消息|嘢)*",
            weight=1.5,
        ),
        Saying(
            r"(?:通知|推送|播报|消息|提醒)(?:都|全|给|也)*(?:关|停|取消)(?:了|掉|闭)*",
            {"query": "off"},
            0.5,
        ),
        r"\b(?:no|mute|quiet|silence|stop|don't|do not)…(?:after|from|past) (?P<period_FROM>{time})",
        Saying(
            r"(?:每天|每日|天天)(?:都|给我|自动|的)*(?:发|推|来|要)(?!…{time})(?:送|一次|一份|一下)*",
            {"period": "daily"},
            0.3,
        ),
        r"(?P<period_FROM>{time})(?:以后|之后|后|过后|往后|开始|起)(?:就|都|请|全部|,)*(?:别|不要|不用|停止|不|免|勿|静音|安静)(?:再|要|给我们?|跟我)*(?:推送?|发|播报?|通知|提醒|打扰|吵|扰)?(?:消息|了)?",
        r"\b(?:subscribe|notify|push|send (?:me|us|the group)|post|broadcast|tell (?:me|us|the group))…(?:every|each) (?:day|night|morning|evening)|\bdaily\b…(?P<period>{time})|\b(?:every|each) (?:day|night|morning|evening)…{time}|\bsubscribe(?: to)?\b",
        r"\b(?:notify|tell|ping|let) (?:me|us|this group|the group)(?: know)? (?:for|about|of|when|whenever|if|every time)…(?:new )?(?:orders?|sales?|edits?|changes?|stock|prices?)\b",
        r"\b(?:notify|tell|ping) (?:me|us|the group) (?:of|about|when there(?:'s| is| are)) (?:every |any |all )?(?:new )?(?:orders?|sales?)\b",
        Saying(
            r"\b(?:unsubscribe(?: from)?|stop (?:sending|pushing|notif\w*|posting|telling)|no more|don't (?:send|push|notify|post)|mute|turn off|quiet)…(?:notifications?|updates?|broadcasts?|messages?|pushes|push|reports?|summary|alerts?)?\b",
            {"query": "off"},
            0.0,
        ),
    ),
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
    says=(
        r"(?:清空|清除|清掉|清理|删除|删掉|去掉|移除|干掉|不要|把|清)(?:掉)?(?:所有|全部|那些|系统自带的?|自带的?|的)*(?:演示|示例|样品|样板|测试|demo|样例|示范|试用)(?:用)?(?:的)?(?:商品|数据|货|产品|内容)*(?:都|全|全部|给我|不要|先)*(?:删掉|删了|清掉|清空|清了|去掉|下架|不要了?|移除|删)?(?:吧|了)*",
        r"(?:系统)?(?:自带的?)?(?:那些|的)?(?:演示|示例|样板|demo|样例)(?:用)?(?:的)?(?:商品|数据|货|产品)*(?:都|,|不要了|全|全部|给我|不要|先|可以)*(?:删掉|删了|删除|清掉|清空|清了|去掉|下架|不要了?|移除|删)(?:吧|了|掉|,|删)*",
        r"\b(?:clear|remove|delete|wipe|get rid of|drop|clean)(?: out| up)?(?: all)?(?: the)? (?:demo|sample|example|test)(?: data| products| goods| items| catalogue| stuff)*\b",
    ),
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
    ctx.told = not gone
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
    return ctx.listed(words) or ctx.say("value.none")


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
