"""Figures: what came in over a period, and what sells."""

from collections.abc import Iterable
from datetime import timedelta

from bot.commands._shown import yuan
from bot.messages import Chart, Reply, Role, Table
from bot.registry import Context, Example, Saying, command
from bot.slots import KnownSkus, Period, Ranking, Span, Within, Worst, span
from bot.texts import SENTENCES, Text
from store import reports
from store.reports import Seller

TOP = 5


@command(
    "summary",
    words=("汇总", "日报", "营业额", "生意", "卖了多少", "summary", "report"),
    says=(
        r"买卖(?:咋样|怎么样|如何|好不好)|(?:的)?账(?:给我)?(?:报|念|说)(?:报|一?下|一遍)*|(?:生意|营业|业绩|经营|销售|战绩|流水|成绩|行情|战况|业务|销售额|营业额|成交|收入|进账|营收)(?:情况|额|数据|状况|收入|报表|统计|概况|总额|业绩)*(?:如何|怎么样|咋样|怎样|好不好|好吗|行不行|行吗|还行吗|还好吗|多少|有多少|是多少|几多|呢|咋个样)*",
        r"(?:营业|生意|销售|经营)(?:流水|额|收入)?(?:合计|一共|总共|总计)?(?:多少|几多|有多少)?(?:钱)?|合计(?=$)|流水(?:是|做了)?(?:多少|几多|有多少)(?:钱)?",
        r"(?:一共|总共|共|总的)?(?:卖|赚|挣|进账|收|做|成交|入账|到手|销|卖出)(?:了|出|出去|得|到)*(?:几多|好多|多少|几|怎么样|咋样|如何|好不好)(?:钱|块|元|单|件|个|货|东西|营业额|生意)*",
        r"(?:日报|周报|月报|日结|月结|周结|报表|汇总|总结|小结|概况|统计|盘账|对账|战报|今日数据|经营数据|数据)(?:发|给|看|来|出|一下|一份|我|看看|呢)*",
        r"(?:多少|几)(?:单|个单|笔)(?:生意|成交)?(?:了)?$",
        r"(?:卖得|卖的|生意)(?:怎么样|咋样|如何|好不好|好吗|还行吗)",
        r"\b(?:how(?:'s| did| are| is| was| were| have) (?:we|business|things|sales|trade|it|the shop|the store|today|yesterday)(?: doing| do| done| going| go| been)?|sales|revenue|takings|turnover|summary|report|recap|figures|numbers|income|earnings|business|how much (?:did we|have we|money|was sold)|daily report|weekly report|monthly report|total sales|how much did we (?:make|sell|earn|take)|made|earn(?:ed)?)\b",
    ),
    role=Role.VIEWER,
    help=Text(
        "看一段时间的生意：订单、件数、金额", "The figures of a period: orders, units, money"
    ),
    examples=(
        Example("日报", {}, reply="订单数"),
        Example("昨天卖了多少", {"period": "yesterday"}, reply="订单数"),
        Example("汇总 本月", {"period": "this_month"}, reply="订单数"),
        Example("summary last week", {"period": "last_week"}, reply="订单数"),
    ),
)
def summary(ctx: Context, period: Period | None = None, skus: KnownSkus | None = None) -> Reply:
    """Orders, units and money of a period, today's by default, and what needs a hand now."""
    days = period or span("today", ctx.now, ctx.shop.zone)
    if skus is not None:
        return _sold(ctx, days, [sku.code for sku in skus])
    figures = reports.summary(ctx.tx, start=days.start, end=days.end)
    fields = (
        (ctx.say("field.orders"), str(figures.orders)),
        (ctx.say("field.units"), str(figures.units)),
        (ctx.say("field.revenue"), yuan(figures.revenue_fen)),
        (ctx.say("field.paid"), yuan(figures.paid_fen)),
        (ctx.say("field.cancelled"), str(figures.cancelled)),
        (ctx.say("field.to_ship"), str(figures.to_ship)),
        (ctx.say("field.low_stock"), ctx.listed(sku.title for sku in figures.low_stock)),
        (ctx.say("field.sold_out"), ctx.listed(sku.title for sku in figures.sold_out)),
    )
    return Reply(
        title=ctx.say("title.summary", period=_period(ctx, days)),
        fields=tuple((name, value) for name, value in fields if value),
        table=_ranking(ctx, figures.best),
    )


@command(
    "top_sellers",
    words=("热销", "畅销", "排行", "卖得最好", "top sellers", "best sellers"),
    says=(
        r"(?:什么|啥|哪个|哪些|哪款|哪几个|哪种|谁)?(?:商品|东西|货|款)?(?:卖|销|走)(?:得|的|量)?(?:最|比较)(?:好|多|火|快|俏|旺|热|高)(?:的|卖)*(?:是|有)?(?:商品|东西|货|哪个|哪些|什么|啥|前)*(?P<quantity>{n})?(?:商品|东西|货|名)?",
        Saying(
            r"(?:什么|啥|哪个|哪些|哪款|哪几个|哪种|谁)?(?:商品|东西|货|款)?(?:卖|销|走)(?:得|的|量)?(?:最|比较)(?:差|次|少|慢|不好|烂|低|惨|冷|不动|孬|撇)(?:的)*(?:是|有)?(?:商品|东西|货|哪个|哪些|什么|啥)*(?P<quantity>{n})?",
            {"query": "worst"},
            0.5,
        ),
        Saying(
            r"(?:卖不动|卖不出去|滞销|没人买|不好卖|不动销|卖不掉|最不好卖|销量最差|垫底|倒数|冷门|最冷)(?:的)?(?:商品|东西|货|有哪些|哪些|是什么|是啥|排行|榜)*(?P<quantity>{n})?",
            {"query": "worst"},
            0.5,
        ),
        r"(?:热销|畅销|爆款|热卖|销量|销售|销冠|卖货)(?:排行榜?|排名|榜单?|top|前|冠军|最好|最高|第一|王)*(?P<quantity>{n})?(?:名)?",
        r"(?:哪|什么|啥)(?P<quantity>{n})(?:个|样)?货?(?:走|卖)得最?[快好]",
        r"(?:哪|什么|啥)(?:个|样)?货?走得最?快|(?:啥子|啥)最好卖|(?:排行榜?|排名|榜单?|畅销榜|热销榜|销量榜|前几名)*前(?P<quantity>{n})(?:名)?",
        r"(?:什么|啥|哪个|哪些|哪款|哪种)(?:商品|东西|货)?(?:好卖|最好卖|卖得好|卖得动|最火|最受欢迎|最俏|最抢手|畅销|热销|爆)",
        r"\b(?:best[- ]?sell(?:ers?|ing)|top[- ]?sell(?:ers?|ing)|(?:top|best) (?P<quantity>{n})|most popular|bestsellers?|sell(?:s|ing)? best|sold (?:the )?(?:best|most)|hottest|biggest sellers?|what sells|popular)\b",
        Saying(
            r"\b(?:worst[- ]?sell(?:ers?|ing)|slow(?:est)?(?: movers?| sellers?| selling)?|least popular|sell(?:s|ing)? (?:worst|least)|sold (?:the )?(?:worst|least)|bottom (?P<quantity>{n})|not selling|isn't selling|doesn't sell|dead stock|worst)\b",
            {"query": "worst"},
            0.5,
        ),
    ),
    role=Role.VIEWER,
    help=Text("一段时间里卖得最好的商品", "What sold best in a period"),
    examples=(
        Example("热销 本周 3", {"period": "this_week", "quantity": 3}, reply="咖啡豆"),
        Example("top sellers today", {"period": "today"}, reply="咖啡豆"),
    ),
)
def top_sellers(
    ctx: Context,
    period: Period | None = None,
    quantity: Ranking | None = None,
    category: Within | None = None,
    query: Worst = "",
) -> Reply:
    """SKUs by units sold, this month's by default."""
    days = period or span("this_month", ctx.now, ctx.shop.zone)
    best = reports.top_sellers(
        ctx.tx,
        start=days.start,
        end=days.end,
        most=quantity or TOP,
        worst=query == "worst",
        category=category or "",
    )
    title = ctx.say("title.top_sellers", period=_period(ctx, days))
    if not best:
        return Reply(title=title, text=ctx.say("top_sellers.nothing"))
    chart = Chart("bar", tuple(s.title for s in best), tuple(s.units for s in best))
    return Reply(title=title, table=_ranking(ctx, best), chart=chart)


def _sold(ctx: Context, days: Span, codes: list[str]) -> Reply:
    """What was sold of some SKUs in a period."""
    title = ctx.say("title.summary", period=_period(ctx, days))
    sold = reports.top_sellers(ctx.tx, start=days.start, end=days.end, most=len(codes), codes=codes)
    if not sold:
        return Reply(title=title, text=ctx.say("top_sellers.nothing"))
    return Reply(title=title, table=_ranking(ctx, sold))


def _ranking(ctx: Context, best: Iterable[Seller]) -> Table | None:
    rows = tuple((s.sku, s.title, str(s.units), yuan(s.revenue_fen)) for s in best)
    head = tuple(ctx.say(f"field.{key}") for key in ("code", "product", "units", "revenue"))
    return Table(head, rows) if rows else None


def _period(ctx: Context, days: Span) -> str:
    """The period as people say it, with its shop-local days."""
    first = days.start.astimezone(ctx.shop.zone)
    last = (days.end - timedelta(seconds=1)).astimezone(ctx.shop.zone)
    dates = f"{first:%m-%d}" if first.date() == last.date() else f"{first:%m-%d}…{last:%m-%d}"
    key = f"period.{days.word}"
    return f"{ctx.say(key)}（{dates}）" if key in SENTENCES else dates
