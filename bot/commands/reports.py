"""Figures: what came in over a period, and what sells."""

from collections.abc import Iterable
from datetime import timedelta

from bot.commands._shown import yuan
from bot.messages import Chart, Reply, Role, Table
from bot.registry import Context, Example, command
from bot.slots import Period, Ranking, Span, span
from bot.texts import SENTENCES, Text
from store import reports
from store.reports import Seller

TOP = 5


@command(
    "summary",
    words=("汇总", "日报", "营业额", "生意", "卖了多少", "summary", "report"),
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
def summary(ctx: Context, period: Period | None = None) -> Reply:
    """Orders, units and money of a period, today's by default, and what needs a hand now."""
    days = period or span("today", ctx.now, ctx.shop.zone)
    figures = reports.summary(ctx.tx, start=days.start, end=days.end)
    fields = (
        (ctx.say("field.orders"), str(figures.orders)),
        (ctx.say("field.units"), str(figures.units)),
        (ctx.say("field.revenue"), yuan(figures.revenue_fen)),
        (ctx.say("field.paid"), yuan(figures.paid_fen)),
        (ctx.say("field.cancelled"), str(figures.cancelled)),
        (ctx.say("field.to_ship"), str(figures.to_ship)),
        (ctx.say("field.low_stock"), _titles(sku.title for sku in figures.low_stock)),
        (ctx.say("field.sold_out"), _titles(sku.title for sku in figures.sold_out)),
    )
    return Reply(
        title=ctx.say("title.summary", period=_period(ctx, days)),
        fields=tuple((name, value) for name, value in fields if value),
        table=_ranking(ctx, figures.best),
    )


@command(
    "top_sellers",
    words=("热销", "畅销", "排行", "卖得最好", "top sellers", "best sellers"),
    role=Role.VIEWER,
    help=Text("一段时间里卖得最好的商品", "What sold best in a period"),
    examples=(
        Example("热销 本周 3", {"period": "this_week", "quantity": 3}, reply="咖啡豆"),
        Example("top sellers today", {"period": "today"}, reply="咖啡豆"),
    ),
)
def top_sellers(
    ctx: Context, period: Period | None = None, quantity: Ranking | None = None
) -> Reply:
    """SKUs by units sold, this month's by default."""
    days = period or span("this_month", ctx.now, ctx.shop.zone)
    best = reports.top_sellers(ctx.tx, start=days.start, end=days.end, most=quantity or TOP)
    title = ctx.say("title.top_sellers", period=_period(ctx, days))
    if not best:
        return Reply(title=title, text=ctx.say("top_sellers.nothing"))
    chart = Chart("bar", tuple(s.title for s in best), tuple(s.units for s in best))
    return Reply(title=title, table=_ranking(ctx, best), chart=chart)


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


def _titles(titles: Iterable[str]) -> str:
    return "、".join(titles)
