"""What counting one SKU and a running count have in common."""

from bot.messages import Reply
from bot.registry import Context
from store import counts
from store.counts import Line, Place
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
    line = Line(counted, ctx.said_at)
    before = counts.note(ctx.tx, place(ctx), code=sku.code, line=line)
    lines = counts.running(ctx.tx, place(ctx)) or {}
    again = ctx.say("count.again", before=before.counted, now=counted) if before else ""
    return Reply(
        title=f"{ctx.say('title.counted')} {sku.title}（{sku.code}）",
        fields=((ctx.say("field.counted"), ctx.say("count.line", counted=counted)),),
        text="\n".join(part for part in (again, ctx.say("count.sofar", number=len(lines))) if part),
    )


def shelf_answers(ctx: Context) -> tuple[tuple[str, str], ...]:
    """Where the goods that orders hold were when the shelf was counted: label, value."""
    return (ctx.say("answer.taken"), "taken"), (ctx.say("answer.there"), "there")
