"""A running count: many lines while the shop sells, booked as one after a yes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.commands._counted import next_asked, place, shelf_answers
from bot.commands._shown import yuan
from bot.examples import a_product
from bot.messages import Reply, Role, Table
from bot.registry import AskError, Context, Example, command
from bot.slots import KnownSkus, Shelf, Step
from bot.texts import Text, explain
from store import counts, skus, stock
from store.counts import Line, Standing
from store.errors import InsufficientStockError, SkuNotFoundError
from store.skus import SkuView

_NAMED = 10  # of the goods that were not counted, which a card names


@dataclass(frozen=True, slots=True)
class _Booked:
    """A line as it is booked, by the SKU's name and specs, which a phone shows without its code.

    ``counted``: ``28``, or ``28+2`` where two more had been taken away for orders. ``found`` is
    what it was held against. ``worth_fen``: the difference at today's price.
    """

    title: str
    counted: str
    found: Standing
    difference: int
    worth_fen: int

    @property
    def emptied(self) -> bool:
        """Whether none was found of what the books said is there."""
        return self.counted == "0" and self.difference < 0

    def row(self, *, moved: bool) -> tuple[str, ...]:
        """As the card shows it; ``moved``: with what came and went since."""
        # No ¥: between it and a sign a line may break, and does on a phone.
        worth = _signed(self.worth_fen).replace("¥", "") if self.difference else ""
        cells = self.title, str(self.found.books), self.counted, f"{self.difference:+d}", worth
        return (*cells, f"{self.found.moved:+d}") if moved else cells


@command(
    "stocktake_start",
    words=("盘点开始", "开始盘点", "start count", "start stocktake"),
    role=Role.STAFF,
    help=Text(
        "开始清点：「盘点 咖啡」「盘点全部」一个一个问，只回数字；「盘点开始」自己一行一个发。"
        "「跳过」「上一个」「撤销」「暂停」「继续」随时能说；边卖边盘，最后一起入账",
        'Start counting: "count bags" and "count everything" ask for one after the other, answer '
        'with numbers, "skip", "back", "undo" or "pause"; "start count" takes a product and its '
        "count per line",
    ),
    examples=(
        Example("盘点开始", {}, reply="盘点结束"),
        Example("start count", {}, reply="盘点结束"),
    ),
)
def start_count(ctx: Context, skus: KnownSkus | None = None, step: Step = "") -> Reply:
    """Open a running count of the asker in this chat, or go on with the open one.

    With ``skus`` it asks for one after the other, the goods of a category together; ``step``
    is ``skip`` or ``back``.
    """
    lines = counts.begin(ctx.tx, place(ctx))
    if skus:
        return _led(ctx, skus, len(lines))
    if counts.round_(ctx.tx, place(ctx)).codes:
        if step:
            {"skip": counts.skip, "back": counts.back}[step](ctx.tx, place(ctx))
        return next_asked(ctx)
    hours = counts.RUNS_FOR // timedelta(hours=1)
    how = ctx.say("count.how", product=a_product(ctx.tx, ctx.language), hours=hours)
    text = ctx.say("count.open", number=len(lines)) if lines else how
    return Reply(title=ctx.say("title.counting"), text=text)


def _led(ctx: Context, found: Sequence[SkuView], counted: int) -> Reply:
    """Ask for each that is on sale or still there."""
    there = [sku for sku in found if sku.status == "on_sale" or sku.on_hand]
    there.sort(key=lambda sku: sku.category)
    counts.lead(ctx.tx, place(ctx), [sku.code for sku in there])
    hours = counts.RUNS_FOR // timedelta(hours=1)
    open_ = ctx.say("count.open", number=counted) if counted else ""
    most = ctx.say("count.most", most=len(found)) if len(found) >= counts.MOST_LINES else ""
    how = ctx.say("count.led", number=len(there), hours=hours)
    return next_asked(ctx, "\n".join(part for part in (open_, how, most) if part))


@command(
    "stocktake_end",
    words=("盘点结束", "结束盘点", "盘点完成", "完成盘点", "finish count", "finish stocktake"),
    role=Role.STAFF,
    writes=True,
    help=Text(
        "结束清点：看一遍账面、实数和差异，确认后一起入账",
        "Finish the running count: look at the differences, then book them as one",
    ),
    examples=(
        Example("盘点结束", {}, reply="→", outcome="confirm"),
        Example("finish count", {}, reply="→", outcome="confirm"),
    ),
)
def finish_count(ctx: Context, shelf: Shelf | None = None) -> Reply:
    """Show what the running count would correct, and after a yes book it as one.

    The yes is bound to what was counted and what the books said of those moments, not to what is
    sold while it is read.
    """
    lines = counts.running(ctx.tx, place(ctx))
    found = _standings(ctx, lines or {})
    if not found:
        ctx.told = True
        counts.end(ctx.tx, place(ctx))
        return Reply(text=ctx.say("count.none" if lines is None else "count.empty"))
    held = [each for each in found if each.reserved]
    if held and shelf is None:
        raise AskError("shelf", _held(ctx, held), shelf_answers(ctx))
    booked, refused = _book(ctx, lines or {}, found, taken=shelf == "taken")
    if refused:
        return _refusal(ctx, refused)
    asked = counts.round_(ctx.tx, place(ctx)).codes
    uncounted = [code for code in asked if code not in (lines or {})]
    counts.end(ctx.tx, place(ctx))
    ctx.agreed = repr([(b.found.code, b.counted, b.found.books, b.difference) for b in booked])
    ctx.risk("count", number=len(booked))
    gone = [b.title for b in booked if b.emptied]
    if gone:
        ctx.risk("count_gone", goods=ctx.listed(gone))
    return replace(_card(ctx, booked), text=_left_out(ctx, lines or {}, found, uncounted))


def _left_out(
    ctx: Context, lines: Mapping[str, Line], found: Sequence[Standing], uncounted: Sequence[str]
) -> str:
    """What is not booked: codes that were changed since, and what was asked for and skipped."""
    gone = [code for code in lines if code not in {each.code for each in found}]
    told = [ctx.say("count.gone", codes=ctx.listed(gone))] if gone else []
    if uncounted:
        goods = ctx.listed(_title(ctx, code) for code in uncounted[:_NAMED])
        more = "…" if len(uncounted) > _NAMED else ""
        told.append(ctx.say("count.skipped", number=len(uncounted), goods=f"{goods}{more}"))
    return "\n".join(told)


def _title(ctx: Context, code: str) -> str:
    """What the SKU is called; its old code where that was changed since."""
    try:
        return skus.view(ctx.tx, code).title
    except SkuNotFoundError:
        return code


def _standings(ctx: Context, lines: Mapping[str, Line]) -> list[Standing]:
    """Each SKU as its line finds it; all are locked together, in the order orders lock them.

    A code that was changed meanwhile is left out.
    """
    try:
        stock.lock(ctx.tx, lines)
    except SkuNotFoundError as error:
        return _standings(ctx, {code: at for code, at in lines.items() if code not in error.skus})
    return [counts.standing(ctx.tx, code=code, at=line.at) for code, line in lines.items()]


def _book(
    ctx: Context, lines: Mapping[str, Line], found: Sequence[Standing], *, taken: bool
) -> tuple[list[_Booked], list[tuple[str, str]]]:
    """The lines that were booked, and those that cannot be with the reason."""
    booked: list[_Booked] = []
    refused: list[tuple[str, str]] = []
    for each in found:
        counted = lines[each.code].counted
        try:
            level = counts.book(ctx.tx, each, counted=counted, taken=taken, cause=ctx.cause)
        except InsufficientStockError as error:
            refused.append((each.code, explain(error, ctx.language)))
            continue
        away = f"+{each.reserved}" if taken and each.reserved else ""
        difference = level.on_hand - level.on_hand_before
        sku = skus.view(ctx.tx, each.code)
        worth = difference * sku.price_fen
        booked.append(_Booked(sku.title, f"{counted}{away}", each, difference, worth))
    return booked, refused


def _card(ctx: Context, booked: Sequence[_Booked]) -> Reply:
    """What differs comes first."""
    rows = _told_apart(sorted(booked, key=lambda b: b.difference == 0))
    moved = any(b.found.moved for b in booked)  # a phone has no room for a column that says nothing
    heads = (
        "product",
        "books",
        "counted",
        "difference",
        "worth_yuan",
        *(("moved",) if moved else ()),
    )
    before = sum(b.found.books + b.found.moved for b in booked)
    after = before + sum(b.difference for b in booked)
    differing = sum(1 for b in booked if b.difference)
    return Reply(
        title=ctx.say("title.count", number=len(booked)),
        fields=(
            (ctx.say("field.on_hand"), f"{before} → {after}"),
            (ctx.say("field.differing"), str(differing)),
            (ctx.say("field.worth"), _worth(booked)),
        ),
        table=Table(
            tuple(ctx.say(f"field.{h}") for h in heads), tuple(b.row(moved=moved) for b in rows)
        ),
    )


def _told_apart(booked: Sequence[_Booked]) -> list[_Booked]:
    """Those of the same name and specs with their code behind it."""
    named = Counter(b.title for b in booked)
    return [
        replace(b, title=f"{b.title}（{b.found.code}）") if named[b.title] > 1 else b
        for b in booked
    ]


def _worth(booked: Sequence[_Booked]) -> str:
    """What is missing, what is too much, and both together, at today's prices."""
    short = sum(b.worth_fen for b in booked if b.worth_fen < 0)
    over = sum(b.worth_fen for b in booked if b.worth_fen > 0)
    total = _signed(short + over)
    return f"{total}（{_signed(short)}，{_signed(over)}）" if short and over else total


def _signed(fen: int) -> str:
    """``-¥19.6``."""
    sign = "-" if fen < 0 else "+" if fen else ""
    return f"{sign}{yuan(abs(fen))}"


def _held(ctx: Context, held: Sequence[Standing]) -> str:
    """The question about goods that orders hold, for all of them at once."""
    names = [f"{skus.view(ctx.tx, each.code).title} {each.reserved}" for each in held]
    return ctx.say("ask.shelves", goods=ctx.listed(names))


def _refusal(ctx: Context, refused: Sequence[tuple[str, str]]) -> Reply:
    head = (ctx.say("field.product"), ctx.say("import.reason"))
    text = ctx.say("count.refused", number=len(refused))
    return Reply(text=text, table=Table(head, tuple(refused)), error="invalid_request")
