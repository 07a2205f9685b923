"""What was timed: listed, and cancelled. Timing something is said with the command itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot import examples
from bot.commands._shown import moment, person, yuan
from bot.messages import Button, Reply, Role, Table
from bot.registry import AskError, Context, Example, Saying, command
from bot.slots import Goods, Off, TimedNo
from bot.texts import Text
from store import skus, timed
from store.errors import TimedActNotFoundError
from store.models import TimedState
from store.timed import TimedView

MOST_LISTED, MOST_BUTTONS, MOST_GOODS = 20, 5, 500
_OFF = {"query": "off"}
_DROP = r"(?:取消|撤掉|撤了|撤销|删掉|删除|删了|停掉|去掉|不要)[了掉]*"
_TASK = r"(?:任务|计划|改价|的)*"
_ASK = r"(?:还?有|看一?下|看看?|查一?下|查看?|列一?下|列出?)*"
_DROP_EN = r"\b(?:cancel|drop|delete|remove|scrap|stop)(?: all)?(?: the)? (?:schedules?d?|timed)"
_TASK_EN = r"(?: (?:acts?|changes?|tasks?|jobs?|price changes?))?"


@command(
    "schedule",
    words=("定时", "schedule"),
    says=(
        rf"{_ASK}(?:哪些|哪几个|什么|几个|多少|啥)?的?定时{_TASK}(?:还?有哪些|有几个|有什么|呢|列表)*",
        r"\b(?:what(?:'s| is| are)?|show|list|any|see)…(?:scheduled|timed|schedules)\b",
        Saying(rf"{_DROP}定时{_TASK}(?:第|,)?(?P<quantity>{{n}})", _OFF, 2.0),
        Saying(rf"{_DROP}第?(?P<quantity>{{n}})[号个条]?的?定时{_TASK}", _OFF, 2.0),
        Saying(rf"定时{_TASK}第?(?P<quantity>{{n}})[号个条]?{_TASK},?{_DROP}[了吧]*", _OFF, 2.0),
        Saying(rf"{_DROP}(?:那个|这个|所有|全部|{{when}})*的?定时{_TASK}", _OFF, 1.0),
        Saying(rf"{_DROP_EN}{_TASK_EN}(?: no\.?| number)? ?(?P<quantity>{{n}})", _OFF, 2.0),
        Saying(rf"{_DROP_EN}{_TASK_EN}\b", _OFF, 1.0),
    ),
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "到时自动做：改价、上下架、开关店，可带恢复时间；「定时」列出，「取消定时」取消",
        'Do something at a time, and put it back: prices, on and off sale, open and closed; "schedule" '
        'lists, "cancel schedule" cancels',
    ),
    examples=(
        Example(
            "明早9点下架手冲壶",
            {"name": "手冲壶", "at": "2026-01-02T09:00"},
            reply="在售 → 已下架",
        ),
        Example(
            "手冲壶8折到周日晚12点",
            {"name": "手冲壶", "query": "*0.8", "at": "2026-01-05T00:00"},
            reply="¥98 → ¥78.40",
        ),
        Example("取消定时", {"query": "off"}, reply="→"),
        Example(
            "delist Linen Tote tomorrow 9am",
            {"name": "Linen Tote", "at": "2026-01-02T09:00"},
            reply="→",
        ),
        Example("cancel schedule", {"query": "off"}, reply="→"),
    ),
)
def schedule(
    ctx: Context,
    quantity: TimedNo | None = None,
    query: Off | None = None,
    skus: Goods | None = None,
) -> Reply:
    """List what waits for its time, or drop some of it: of some goods where these are named."""
    acts = _of(ctx, skus) if skus is not None else timed.waiting(ctx.tx)
    if query is not None and quantity is None and skus is not None and "all" in skus:
        return _all_cancelled(ctx, acts)
    if query is not None:
        return _cancelled(ctx, quantity or _only(ctx, acts))
    ctx.told = True
    if not acts and skus is not None and "all" not in skus:
        return Reply(text=ctx.say("timed.none.of", words=_words(skus)))
    if not acts:
        product = examples.a_product(ctx.tx, ctx.language)
        return Reply(text=ctx.say("timed.none", product=product))
    shown, more = acts[:MOST_LISTED], len(acts) - MOST_LISTED
    head = tuple(ctx.say(f"field.{key}") for key in ("timed", "what", "when", "who"))
    rows = tuple((str(a.id), _what(ctx, a), _when(ctx, a), person(ctx, a.actor)) for a in shown)
    return Reply(
        title=ctx.say("timed.list", number=len(acts)),
        text="\n".join(
            ([ctx.say("timed.more", number=more)] if more > 0 else [])
            + [ctx.say("timed.how", word=ctx.say("word.cancel_timed"))]
        ),
        table=Table(head, rows),
        buttons=tuple(_cancel_button(ctx, act) for act in acts[:MOST_BUTTONS]),
    )


def _of(ctx: Context, target: Mapping[str, Any]) -> list[TimedView]:
    """The acts that wait and change one of these goods."""
    acts = timed.waiting(ctx.tx)
    if "all" in target:
        return acts
    if "category" in target:
        found = skus.listed(ctx.tx, category=str(target["category"]), most=MOST_GOODS)
    else:
        found = skus.resolve(ctx.tx, _words(target))
    ids = set(skus.ids_of(ctx.tx, [sku.code for sku in found]))
    return [act for act in acts if ids & set(act.slots.get("skus", {}).get("ids", ()))]


def _words(target: Mapping[str, Any]) -> str:
    named = target.get("code") or target.get("name") or target.get("category", "")
    return " ".join([str(named), *target.get("specs", {}).values()])


def _all_cancelled(ctx: Context, acts: Sequence[TimedView]) -> Reply:
    """Drop every one; of several it is confirmed, with each of them shown."""
    if not acts:
        raise TimedActNotFoundError(0)
    if len(acts) == 1:
        return _cancelled(ctx, acts[0].id)
    ctx.risk("timed_all", number=len(acts))
    fields = tuple(
        (f"{act.id} {_what(ctx, timed.cancel(ctx.tx, act.id))}", _when(ctx, act)) for act in acts
    )
    on = any(act.begun for act in acts)
    return Reply(
        title=ctx.say("timed.cancelled.several", number=len(acts)),
        text=ctx.say("timed.cancelled.on") if on else "",
        fields=fields,
    )


def _cancelled(ctx: Context, number: int) -> Reply:
    act = timed.cancel(ctx.tx, number)
    before, after = (ctx.say(f"timed_state.{s}") for s in (act.state, TimedState.CANCELLED))
    return Reply(
        title=ctx.say("timed.cancelled", number=act.id, what=_what(ctx, act)),
        text=ctx.say("timed.cancelled.on") if act.begun else "",
        fields=((_when(ctx, act), f"{before} → {after}"),),
    )


def _only(ctx: Context, acts: Sequence[TimedView]) -> int:
    """The number of the one that waits; of several it is asked which. Raises ``AskError``."""
    if not acts:
        raise TimedActNotFoundError(0)
    if len(acts) > 1:
        options = tuple((f"{a.id} {_what(ctx, a)}", str(a.id)) for a in acts[:MOST_BUTTONS])
        raise AskError("quantity", ctx.say("timed.ask"), options)
    return acts[0].id


def _cancel_button(ctx: Context, act: TimedView) -> Button:
    label = ctx.say("button.cancel_timed", number=act.id)
    return Button(label, f"{ctx.say('word.cancel_timed')} {act.id}")


def _what(ctx: Context, act: TimedView) -> str:
    """``改价 手冲壶 改成 ¥99``."""
    title = _TITLES.get(act.intent)
    verb = ctx.say(title) if title else act.intent  # one of a version that is no more
    goods = skus.by_ids(ctx.tx, act.slots.get("skus", {}).get("ids", ()))
    parts = (verb, _named(ctx, [sku.title for sku in goods]), _amount(ctx, act.slots))
    return " ".join(part for part in parts if part)


def _named(ctx: Context, titles: Sequence[str]) -> str:
    if len(titles) < 2:  # noqa: PLR2004  (one or none)
        return "".join(titles)
    return ctx.say("timed.several", first=titles[0], number=len(titles))


def _amount(ctx: Context, slots: Mapping[str, Any]) -> str:
    """What a price becomes, or by what it changes; "" for other acts."""
    if "price_fen" in slots:
        return ctx.say("timed.what.price", price=yuan(slots["price_fen"]))
    if "delta" in slots:
        sign = "+" if slots["delta"] > 0 else "-"
        return ctx.say("timed.what.delta", delta=f"{sign}{yuan(abs(slots['delta']))}")
    if "query" in slots:
        return ctx.say("timed.what.factor", factor=str(slots["query"]).removeprefix("*"))
    return ""


def _when(ctx: Context, act: TimedView) -> str:
    """When it is done, or put back, or from when to when."""
    begins = moment(ctx, act.begins_at) if act.begins_at and not act.begun else ""
    ends = moment(ctx, act.ends_at) if act.ends_at else ""
    if begins and ends:
        return ctx.say("timed.from_until", begin=begins, end=ends)
    return begins or ctx.say("timed.until", when=ends)


_TITLES = {
    "set_price": "title.set_price",
    "relist": "title.relist",
    "delist": "title.delist",
    "open_shop": "title.open",
    "close_shop": "title.close",
}
