"""What counting one SKU and a running count have in common."""

from bot.messages import Button, Reply
from bot.registry import Context
from store import counts, skus
from store.counts import Line, Place, Round
from store.errors import CountedTwiceError, SkuNotFoundError
from store.skus import SkuView


def place(ctx: Context) -> Place:
    """Whose count it is, and where."""
    where = ctx.message
    return Place(where.platform, where.chat_id, where.user_id)


def collected(ctx: Context, sku: SkuView, counted: int) -> Reply | None:
    """The line put into the asker's running count; None where none is open."""
    if counts.running(ctx.tx, place(ctx)) is None:
        return None
    ctx.told = True
    once(ctx, sku, counted)
    line = Line(counted, ctx.said_at)
    before = counts.note(ctx.tx, place(ctx), code=sku.code, line=line)
    changed = before is not None and before.counted != counted
    again = ctx.say("count.again", before=before.counted, now=counted) if before and changed else ""
    number = len(counts.running(ctx.tx, place(ctx)) or {})
    asks = bool(counts.round_(ctx.tx, place(ctx)).codes)  # and says itself how it goes on
    return Reply(
        title=f"{ctx.say('title.counted')} {sku.title}（{sku.code}）",
        fields=((ctx.say("field.counted"), ctx.say("count.line", counted=counted)),),
        text=_lines(again, "" if asks else ctx.say("count.sofar", number=number)),
    )


def once(ctx: Context, sku: SkuView, counted: int) -> None:
    """Refuse a SKU that one message counts twice, differently: which of them is right?

    Raises ``CountedTwiceError``.
    """
    before = ctx.counted.setdefault(sku.code, counted)
    if before != counted:
        raise CountedTwiceError(sku.code, before, counted)


def next_asked(ctx: Context, said: str = "") -> Reply:
    """The SKU that the running count asks for, below what was ``said``; or that it has all."""
    going, sku = _next(ctx)
    counts.shown(ctx.tx, place(ctx), ctx.message.key)
    lines = counts.running(ctx.tx, place(ctx)) or {}
    if sku is None:
        return Reply(
            title=ctx.say("title.counting"),
            text=_lines(said, ctx.say("count.all", number=len(lines))),
            buttons=_ways(ctx, "back", "finish"),
            outcome="clarify",
        )
    known = lines.get(sku.code)
    before = ctx.say("count.known", counted=known.counted) if known else ""
    held = ((ctx.say("field.reserved"), str(sku.reserved)),) if sku.reserved else ()
    return Reply(
        title=f"{going.at + 1}/{len(going.codes)} {sku.title}（{sku.code}）",
        fields=((ctx.say("field.books"), str(sku.on_hand)), *held),
        text=_lines(said, before, ctx.say("count.next")),
        buttons=_ways(ctx, "skip", "back", "finish") if going.at else _ways(ctx, "skip", "finish"),
        outcome="clarify",
    )


def shelf_answers(ctx: Context) -> tuple[tuple[str, str], ...]:
    """Where the goods that orders hold were when the shelf was counted: label, value."""
    return (ctx.say("answer.taken"), "taken"), (ctx.say("answer.there"), "there")


def _next(ctx: Context) -> tuple[Round, SkuView | None]:
    """The SKU that is asked for; one whose code was changed meanwhile is passed over."""
    while True:
        going = counts.round_(ctx.tx, place(ctx))
        if not going.asked:
            return going, None
        try:
            return going, skus.view(ctx.tx, going.asked)
        except SkuNotFoundError:
            counts.skip(ctx.tx, place(ctx))


def _ways(ctx: Context, *keys: str) -> tuple[Button, ...]:
    words = [ctx.say(f"word.{key}") for key in keys]
    return tuple(Button(word, word) for word in words)


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
