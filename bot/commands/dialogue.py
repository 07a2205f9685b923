"""Talking with the bot: yes, no, undo, help."""

from bot.commands._shown import value
from bot.messages import Button, Reply, Role, Table
from bot.registry import Answer, Command, Context, Example, command
from bot.slots import Intent, Ticket
from bot.texts import Text
from store import journal
from store.journal import Reversal

_LABELS = {"price_fen": "price", "spec_schema": "specs"}


@command(
    "confirm",
    words=("确认", "确定", "是的", "是", "confirm", "yes", "y"),
    role=Role.NONE,
    answers=Answer.YES,
    help=Text("确认刚才的操作", "Confirm what was asked"),
    examples=(Example("是", {}, reply="没有"), Example("confirm", {}, reply="没有")),
)
def confirm(ctx: Context, ticket: Ticket | None = None) -> Reply:  # noqa: ARG001  (the dispatcher reads it)
    """What is said when there is nothing to confirm."""
    return Reply(text=ctx.say("dialogue.none"))


@command(
    "dismiss",
    words=("否", "取消", "算了", "不要", "dismiss", "no", "cancel"),
    shared=("取消", "cancel"),
    role=Role.NONE,
    answers=Answer.NO,
    help=Text("放弃刚才的操作", "Drop what was asked"),
    examples=(Example("取消", {}, reply="没有"), Example("no", {}, reply="没有")),
)
def dismiss(ctx: Context, ticket: Ticket | None = None) -> Reply:  # noqa: ARG001  (the dispatcher reads it)
    """What is said when there is nothing to drop."""
    return Reply(text=ctx.say("dialogue.none"))


@command(
    "undo",
    words=("撤销", "撤回", "undo"),
    role=Role.STAFF,
    writes=True,
    help=Text(
        "撤销自己上一次的改动；再撤销一次就恢复", "Reverse one's own last change; again to redo it"
    ),
    examples=(Example("撤销", {}, reply="→"), Example("undo", {}, reply="→")),
)
def undo(ctx: Context) -> Reply:
    """Reverse the asker's own last write by opposite movements."""
    # The button of an old answer must not undo something newer.
    origin = ctx.message.press.answers if ctx.message.press else ""
    undone = journal.undo_last(ctx.tx, actor=ctx.actor, cause_key=ctx.message.key, origin=origin)
    title = f"{ctx.say('title.undo')} {_word(ctx, ctx.commands[undone.intent])}"
    return Reply(title=title, fields=tuple(_reversed(ctx, r) for r in undone.reversals))


@command(
    "help",
    words=("帮助", "怎么用", "help"),
    role=Role.NONE,
    help=Text("列出可用的命令；「帮助 补货」看用法", 'List the commands; "help restock" shows one'),
    examples=(
        Example("帮助", {}, reply="补货"),
        Example("帮助 补货", {"topic": "restock"}, reply="补货 咖啡豆 20"),
        Example("help restock", {"topic": "restock"}, reply="restock"),
    ),
)
def help_(ctx: Context, topic: Intent | None = None) -> Reply:
    """What the asker may run, or how one command is used."""
    may = [c for c in ctx.commands if c.role <= ctx.role and c.answers is None]
    if topic is None:
        head = (ctx.say("field.command"), ctx.say("field.does"))
        rows = tuple((_word(ctx, c), c.help.to(ctx.language)) for c in may)
        return Reply(
            title=ctx.say("title.help"), text=ctx.say("help.more"), table=Table(head, rows)
        )
    found = next((c for c in may if c.intent == topic), None)
    if found is None:
        return Reply(text=ctx.say("help.unknown", topic=topic))
    return _usage(ctx, found)


def _reversed(ctx: Context, reversal: Reversal) -> tuple[str, str]:
    """The field of what was undone, and its values before and after."""
    what, field = reversal.what, _LABELS.get(reversal.field, reversal.field)
    if field == "subscription":
        what, label = "", ctx.say(f"topic.{what}")
    else:
        label = ctx.say(f"field.{field}")
    before, after = (value(ctx, reversal.field, v) for v in (reversal.before, reversal.after))
    return f"{what} {label}".strip(), f"{before} → {after}"


def _usage(ctx: Context, found: Command) -> Reply:
    examples = tuple(example.text for example in found.examples)
    return Reply(
        title=_word(ctx, found),
        text=found.help.to(ctx.language),
        fields=(
            (ctx.say("field.words"), "、".join(found.words)),
            (ctx.say("field.examples"), "\n".join(examples)),
        ),
        buttons=() if found.writes else (Button(examples[0], examples[0]),),
    )


def _word(ctx: Context, found: Command) -> str:
    """The first word in the chat's language that is this command's alone."""
    own = [word for word in found.words if word.casefold() not in found.shared] or found.words
    if ctx.language == "zh":
        return own[0]
    return next((word for word in own if word.isascii()), own[0])
