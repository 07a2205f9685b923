"""A running count: many lines while the shop sells, booked as one after a yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.commands._counted import place, shelf_answers
from bot.commands._shown import level_title
from bot.examples import a_product
from bot.messages import Reply, Role, Table
from bot.registry import AskError, Context, Example, command
from bot.slots import Shelf
from bot.texts import Text, explain
from store import counts, skus, stock
from store.counts import Line, Standing
from store.errors import InsufficientStockError, SkuNotFoundError


@dataclass(frozen=True, slots=True)
class _Booked:
    """A line as it is booked, by the SKU's title.

    ``counted``: ``28``, or ``28+2`` where two more had been taken away for orders. ``found`` is
    what it was held against.
    """

    title: str
    counted: str
    found: Standing
    difference: int

    @property
    def row(self) -> tuple[str, ...]:
        """As the card shows it."""
        books, moved = str(self.found.books), f"{self.found.moved:+d}"
        return self.title, books, self.counted, f"{self.difference:+d}", moved


@command(
    "stocktake_start",
    words=("盘点开始", "开始盘点", "start count", "start stocktake"),
    role=Role.STAFF,
    help=Text(
        "开始清点：之后一行一个商品和实数，边卖边盘，最后发「盘点结束」一起入账",
        'Start counting: send a product and its count per line, then "finish count"',
    ),
    examples=(
        Example("盘点开始", {}, reply="盘点结束"),
        Example("start count", {}, reply="盘点结束"),
    ),
)
def start_count(ctx: Context) -> Reply:
    """Open a running count of the asker in this chat, or say that it is open."""
    lines = counts.begin(ctx.tx, place(ctx))
    hours = counts.RUNS_FOR // timedelta(hours=1)
    how = ctx.say("count.how", product=a_product(ctx.tx, ctx.language), hours=hours)
    text = ctx.say("count.open", number=len(lines)) if lines else how
    return Reply(title=ctx.say("title.counting"), text=text)


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
    counts.end(ctx.tx, place(ctx))
    ctx.agreed = repr([(b.found.code, b.counted, b.found.books, b.difference) for b in booked])
    ctx.risk("count", number=len(booked))
    gone = [code for code in lines or {} if code not in {each.code for each in found}]
    return replace(
        _card(ctx, booked), text=ctx.say("count.gone", codes="、".join(gone)) if gone else ""
    )


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
        booked.append(_Booked(level_title(level), f"{counted}{away}", each, difference))
    return booked, refused


def _card(ctx: Context, booked: Sequence[_Booked]) -> Reply:
    """What differs comes first."""
    rows = sorted(booked, key=lambda b: b.difference == 0)
    heads = ("product", "books", "counted", "difference", "moved")
    before = sum(b.found.books + b.found.moved for b in booked)
    after = before + sum(b.difference for b in booked)
    differing = sum(1 for b in booked if b.difference)
    return Reply(
        title=ctx.say("title.count", number=len(booked)),
        fields=(
            (ctx.say("field.on_hand"), f"{before} → {after}"),
            (ctx.say("field.differing"), str(differing)),
        ),
        table=Table(tuple(ctx.say(f"field.{h}") for h in heads), tuple(b.row for b in rows)),
    )


def _held(ctx: Context, held: Sequence[Standing]) -> str:
    """The question about goods that orders hold, for all of them at once."""
    names = [f"{skus.view(ctx.tx, each.code).title} {each.reserved}" for each in held]
    return ctx.say("ask.shelves", goods="、".join(names))


def _refusal(ctx: Context, refused: Sequence[tuple[str, str]]) -> Reply:
    head = (ctx.say("field.product"), ctx.say("import.reason"))
    text = ctx.say("count.refused", number=len(refused))
    return Reply(text=text, table=Table(head, tuple(refused)), error="invalid_request")
