"""Talking with the bot: yes, no, undo, help."""

from dataclasses import replace

from bot import examples
from bot.commands._shown import change, person, reversal
from bot.messages import Button, Reply, Role, Table
from bot.registry import Answer, Command, Context, Example, Saying, command
from bot.slots import Intent, Language, Origin, Part, Ticket, TourStep
from bot.texts import Text, explain
from store import chats, journal, members, skus
from store.journal import Undone

_TOUR = ("look", "restock", "undo", "count", "summary")  # its steps, by the key of what is typed

# The order of help; whatever is missing here follows as it is declared.
_DAILY = (
    "restock", "query_stock", "set_price", "stocktake", "stocktake_start", "stocktake_end",
    "deduct", "add_sku", "orders_list", "order_show", "mark_paid", "ship", "complete",
    "cancel_order", "undo", "low_stock", "summary", "top_sellers", "search", "ledger", "explain",
    "edit_sku", "delist", "relist", "set_threshold", "spec_schema", "schedule", "export", "import",
    "open_shop", "close_shop", "help", "more",
)  # fmt: skip


@command(
    "confirm",
    words=("确认", "确定", "是的", "是", "confirm", "yes", "y"),
    says=(
        r"(?:是|对|好|行|可以|没错|没问题|没毛病|照做|照办|确认|确定|同意|执行|就这样|就这么办?|就这么定了?|按这个[来办做]?|就按这个[来办做]?|照这样[办做]?|办吧|做吧|来吧|嗯|ok|okay|对头|要得|就这么整|确定无误|无误|整吧|妥|中|得|成|准了?|通过|批准|继续|係|得)+(?:的|吧|了|啦|呀|哦|,|执行|确认)*",
        r"\b(?:yes|yep|yeah|yup|sure|ok|okay|go ahead|do it|confirm(?:ed)?|correct|right|proceed|approved?|sounds good|looks good|that's right|please do|fine)(?:[, ]+(?:yes|please|go ahead|do it|confirm|thanks))*\b",
    ),
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
    says=(
        r"(?:不用|不要|不行|不对|不是|不了|算了|放弃|取消|还是不要|先不|不搞|别搞|莫搞|不弄|别弄|不做|不改|不改了|作罢|免了|否|拒绝|停|不同意|不确认|不执行|当我没说|先放着|不弄了|不用办了|别执行|不办了|不整了|算了不弄了|先放着不用办了|先不弄|先算了|还是算了|不|别|莫)+(?:了|吧|啦|的|,|放弃|取消|算了|不要|不用)*",
        r"\b(?:no|nope|nah|never ?mind|forget it|cancel(?: it| that)?|don't|do not|stop|abort|drop it|not now|leave it|skip it)(?:[, ]+(?:thanks|cancel|forget it|don't do it|leave it))*\b",
    ),
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
    says=(
        r"(?:撤销|撤回|还原|回退|回滚)(?:一?下|我|掉|来)*(?:上|刚才|刚刚|刚|前|最后|我|那|这)?(?:面)?(?:一|个|的)?(?:条|步|次|笔|个|操作|那个|那条|那步|那次|那一步|改动|修改|动作|的)*(?:操作|改动|修改|动作|记录|那条|那步|的)*",
        r"(?:撤掉|恢复|取消|退回|返回|倒回|退)(?:一?下|掉|成|到)*(?:上|刚才|刚刚|前)(?:面)?(?:一|个|的|那)*(?:条|步|次|笔|个|操作|样子|改动|修改|动作|记录|状态)+",
        r"(?:刚才|刚刚|刚|上一?个|上一?条|上一?步|上面|前面)(?:那|这)?(?:个|条|步|次|一步|一条|笔)?(?:操作|改动|的)?(?:弄错了?|搞错了?|错了|改错了?|打错了?|输错了?|发错了?|点错了?|写错了?|不算|作废|撤了|撤掉|撤回|撤销|取消|不要了?|不对|还原|退回去?|改回去?)(?:了|吧|掉)*(?:,)?(?:撤回|撤销|撤掉|取消|还原|改回去|恢复|帮我撤回|退回去)?(?:了|吧|掉)*",
        r"(?:刚才|刚刚|刚|那笔|这笔|上一步|记|补|看|数|货|扣|减|加|哎呀|哎哟|[啊呀哦哎哟])*(?:弄错|搞错|改错|打错|输错|手滑|点错|按错|写错|手误|补错|扣错|记错|加错|减错|错|不作数|不算数)(?:了|货|数|价|单|个|啦|按错)*,?…(?:撤回|撤销|撤掉|撤了|取消|还原|改回去|恢复|退回去?|倒回去)(?:了|吧|掉)*",
        r"(?:刚才|刚刚|那笔|整错了?|弄错了?)*,?(?:给我)?(?:退|倒|改)回去(?:了|吧)*|(?:改|变|退|倒|恢复)(?:回去|回来|成原来的?样?子?|到上一步|到刚才|原样)(?:了|吧)*|(?:还原|恢复)(?:原样|原状|成原来的)?|反悔了(?=$)|回到上一步|上一步不作数|(?:看|数|记)错数?了?,?上一步不作数|(?:把)?(?:刚刚|刚才|刚)(?!.{0,4}单)…(?:那笔|那条|那个|那步|这笔|那下)…(?:撤掉|撤了|撤销|撤回|取消|还原|退回去|撤)(?:了|掉|吧)*|chexiao|chehui",
        r"\b(?:undo(?: that| it| last| the last(?: one| change| action| thing)?)?|revert(?: that| it| the last change)?|take (?:that|it) back|roll ?back|go back|reverse(?: that| it)?|cancel (?:that|the last (?:one|change|action|thing))|scratch that|oops|put it back (?:how|the way) it was|never ?mind the last one)\b",
    ),
    role=Role.STAFF,
    writes=True,
    help=Text(
        "撤销自己上一次的改动，再撤销一次就恢复；经理回复店员的卡片可撤销那一步",
        "Reverse one's own last change, again to redo it; managers reply to a card to undo another's",
    ),
    examples=(Example("撤销", {}, reply="→"), Example("undo", {}, reply="→")),
)
def undo(ctx: Context, origin: Origin = "") -> Reply:
    """Reverse the asker's own last write, or the one that is pointed at, by opposite movements.

    A manager may point at what somebody wrote who has no higher role than they. What cannot be
    taken back any more is said first.
    """
    writer = journal.author(ctx.tx, origin) if origin else ""
    if writer and not _may_undo(ctx, writer):
        return Reply(text=ctx.say("undo.not_yours"), error="forbidden")
    undone = journal.undo_last(
        ctx.tx, actor=ctx.actor, cause_key=ctx.message.key, origin=origin, owner=writer
    )
    stands = _standing(ctx, undone)
    if stands:
        ctx.risk("undo_partly")
    foreign = (
        ((ctx.say("field.writer"), person(ctx, writer)),) if writer not in {"", ctx.actor} else ()
    )
    return Reply(
        title=f"{ctx.say('title.undo')} {_word(ctx, ctx.commands[undone.intent])}",
        fields=(*(reversal(ctx, r) for r in undone.reversals), *foreign),
        text="\n".join(stands),
        buttons=(_redo(ctx),),
    )


def _redo(ctx: Context) -> Button:
    """The way back, by other words than what was just said.

    On a card that stands where the pressed button stood: a second click of that must do nothing.
    """
    undo, redo = ctx.say("word.undo"), ctx.say("word.redo")
    return Button(ctx.say("button.redo"), undo if ctx.message.text.strip() == redo else redo)


def _may_undo(ctx: Context, writer: str) -> bool:
    """Whether it is the asker's own, or a manager's business."""
    if writer == ctx.actor:
        return True
    platform, _, user_id = writer.partition(":")
    known = members.member(ctx.tx, platform, user_id)
    return ctx.role >= Role.MANAGER and (known is None or ctx.role >= Role.of(known.role))


def _standing(ctx: Context, undone: Undone) -> list[str]:
    """A line for each change that could not be taken back, or not all of it."""
    short = [ctx.say("undo.short", sku=r.what, units=r.short) for r in undone.reversals if r.short]
    return [*short, *(explain(error, ctx.language) for error in undone.left)]


@command(
    "help",
    words=("帮助", "怎么用", "help"),
    says=(
        Saying(r"^(?:怎么|如何|咋个?|怎样)(?:样)?(?:才能|去|来|能|可以|给|把|用)*", weight=3.0),
        Saying(r"^(?:help|帮助) ", weight=2.0),
        Saying(r"^how (?:do|can|to|does|would|should)(?: i| we| you| one)?\b", weight=3.0),
        r"(?:怎么|如何|咋|咋个|怎样|要怎么|该怎么|怎么才能)(?:样)?(?:去|来|才能|能|可以|给|把|用)?",
        r"(?:帮助|使用说明|说明书?|教程|指南|手册|使用方法|操作说明|新手|上手|入门|命令|指令|菜单|功能)(?:列表|大全|清单|一览|有哪些|有什么|是什么|一下)*",
        Saying(
            r"(?:帮助|怎么|help)?,? ?(?:(?:新手|新人)?(?:快速)?(?:上手|入门)|新手)(?:教程|指南|引导)?(?:第?(?P<step>{n})步?)?|\b(?:help )?(?:get(?:ting)? started|tour)\b(?: (?P<step_MAYBE>{n}))?",
            {"part": "tour"},
            2.0,
        ),
        r"(?:你|您|这个?机器人)?(?:会|能|可以|都能|都会|会做|能做|能干|会干)(?:做|干|帮我做|帮我干)?(?:什么|啥|哪些|些什么|些啥)(?:事|命令|功能|呀|东西)*",
        r"(?:教我|教教我|教一下|教教|在哪(?:里|儿)?(?:设置|改|看|操作|弄|找)|不会用?|不知道怎么|不懂|不晓得怎么|忘了怎么|是怎么操作|怎么操作|怎么弄|怎么搞|怎么用|怎么填|怎样才能|怎么样才能|咋个操作|咋个弄|咋个|怎么写|怎么说|怎么发|怎么设|怎么改|咋弄|咋用|咋操作|咋整|咋填|咋搞|什么意思|啥意思|有什么用|是干嘛的?|干嘛用的?|用法|步骤|流程|格式|示例|例子|命令是什么|在哪(?:里)?(?:设置|改|看|操作|弄)|怎么使用)",
        r"\b(?:help(?: me)?(?: with)?|how (?:do|can|to|does|would|should)(?: i| we| you| one)?|what can (?:you|i|we) (?:do|say|ask)|what do you do|commands?|tutorial|guide|manual|menu|show me how|teach me|what does…mean|get started|getting started|usage)\b",
    ),
    role=Role.NONE,
    help=Text("列出可用的命令；「帮助 补货」看用法", 'List the commands; "help restock" shows one'),
    examples=(
        Example("帮助", {}, reply="补货"),
        Example("帮助 补货", {"topic": "restock"}, reply="补货 咖啡豆 20"),
        Example("帮助 上手", {}, reply="第 1 步"),
        Example("help restock", {"topic": "restock"}, reply="restock"),
    ),
)
def help_(
    ctx: Context, topic: Intent | None = None, part: Part | None = None, step: TourStep = 1
) -> Reply:
    """What the asker may run, how one command is used, or a step of a first tour of the shop."""
    may = [c for c in ctx.commands if c.role <= ctx.role and c.answers is None]
    if part == "tour" and ctx.role >= Role.STAFF:
        return _tour(ctx, step)
    if topic is None:
        head = (ctx.say("field.command"), ctx.say("field.does"))
        listed = sorted((c for c in may if c.offered), key=_daily)
        rows = tuple((_word(ctx, c), c.help.to(ctx.language)) for c in listed)
        shown = ctx.say("help.examples", product=_a_product(ctx)) if ctx.role >= Role.VIEWER else ""
        text = "\n".join(part for part in (shown, ctx.say("help.more")) if part)
        return Reply(title=ctx.say("title.help"), text=text, table=Table(head, rows))
    found = next((c for c in may if c.intent == topic), None)
    if found is None:
        return Reply(text=ctx.say("help.unknown", topic=topic))
    return _usage(ctx, found)


def _daily(command: Command) -> int:
    """Where help lists a command: by how often a day it is needed, what is rare last."""
    return _DAILY.index(command.intent) if command.intent in _DAILY else len(_DAILY)


def _tour(ctx: Context, step: int) -> Reply:
    """One of five commands to type, with the shop's own goods; a button leads to the next.

    A shop that has none yet puts its first product on sale before anything that needs one.
    """
    found = skus.listed(ctx.tx, status="on_sale", most=1)
    last = step == len(_TOUR)
    if not found and not last:
        return _first_product(ctx, step)
    product = found[0].title if found else ctx.say("value.a_product")
    units = found[0].on_hand if found else 0
    said = ctx.say(f"tour.{_TOUR[step - 1]}", product=product, units=units)
    what_else = ctx.say("tour.next", product=product) if last else ""
    return _step(ctx, said, step, what_else, following=0 if last else step + 1)


def _first_product(ctx: Context, step: int) -> Reply:
    """The step before all others; asked for a later one it says why that must wait."""
    said = ctx.say("tour.add", product=ctx.say("value.a_product"))
    waits = ctx.say("tour.waits") if step > 1 else ""
    shown = _step(ctx, said, 1, waits, following=max(step, 2))
    look = Button(ctx.say("button.look_round"), f"{ctx.say('word.tour')} {len(_TOUR)}")
    return replace(shown, buttons=(*shown.buttons, look)) if waits else shown


def _step(ctx: Context, said: str, step: int, note: str, *, following: int) -> Reply:
    """``said``: what to type, a bar, and what it does."""
    typed, _, does = said.partition("|")
    go_on = Button(ctx.say("button.step"), f"{ctx.say('word.tour')} {following}", "primary")
    return Reply(
        title=ctx.say("title.tour", step=step, steps=len(_TOUR)),
        fields=((ctx.say("field.typed"), typed),),
        text="\n".join(part for part in (does, note) if part),
        buttons=(go_on,) if following else (),
    )


def _a_product(ctx: Context) -> str:
    return examples.a_product(ctx.tx, ctx.language)


@command(
    "more",
    words=("更多", "下一页", "more"),
    says=(
        r"(?:还有(?:更多|别的|其他的?|吗|呢|没)|下一?页|下页|往下|翻页|后面(?:的|呢|还有)?|继续(?:看|列|显示|下一?页|往下)?|接着(?:看|列|显示|来|往下)?|再来(?:一页|点|些)|剩下的(?:呢|也|列|发)?|看更多|显示更多|下面的?|再往后|往后翻|后头的?|后面的?|xiayiye|底下(?:还有的?|的)?|下面还有的?)(?:列|看|念|接着|来|发|呢|吧|给我|一下|出来)*",
        r"\b(?:more|next page|next|show more|see more|the rest|continue|keep going|go on|what else|page 2)\b",
    ),
    role=Role.VIEWER,
    help=Text("看上一个列表的下一页", "The next page of the last list"),
    examples=(Example("更多", {}, reply="没有"), Example("more", {}, reply="没有")),
)
def more(ctx: Context) -> Reply:
    """The next page of what was listed last."""
    return Reply(text=ctx.say("more.none"))


@command(
    "language",
    words=("语言", "language"),
    says=(
        Saying(
            r"(?:切换?|换|改|设|用|说|讲|转)(?:成|为|到|回|置)*(?:英文|英语)(?:版|模式|回复|界面|交流|吧|跟我讲|跟我说|跟我唠)*|(?:都|以后)用(?:英文|英语)|(?:英文|英语|english)(?:版|模式|回复)?$",
            {"part": "en"},
            0.5,
        ),
        Saying(
            r"(?:切换?|换|改|设|用|说|讲|转)(?:成|为|到|回|置)*(?:中文|汉语|普通话|国语|中国话)(?:版|模式|回复|界面|交流|吧)*|(?:中文|汉语)(?:版|模式|回复)?$",
            {"part": "zh"},
            0.5,
        ),
        Saying(
            r"\b(?:language|switch (?:to|into)|speak|use|in|change to|talk|reply in|answer in|respond in)…(?:english|en)\b",
            {"part": "en"},
            0.5,
        ),
        Saying(
            r"\b(?:language|switch (?:back )?(?:to|into)|speak|use|in|change (?:back )?to|talk|reply in|answer in|respond in)…(?:chinese|mandarin|zh)\b",
            {"part": "zh"},
            0.5,
        ),
        r"(?:换|切换)(?:个)?语言",
    ),
    role=Role.MANAGER,
    writes=True,
    help=Text("这个聊天用中文还是英文：language en", "The language of this chat: language zh"),
    examples=(Example("language en", {}, reply="→"), Example("语言 英文", {}, reply="→")),
)
def language(ctx: Context, part: Language) -> Reply:
    """Speak Chinese or English in this chat from now on."""
    where = ctx.message
    before = chats.set_language(
        ctx.tx,
        platform=where.platform,
        chat_id=where.chat_id,
        kind=where.chat_kind,
        language=part,
        was=ctx.language,
    )
    ctx.language = part  # the answer is the first thing that is said in it
    moved = change(ctx.say(f"language.{before}"), ctx.say(f"language.{part}"))
    return Reply(title=ctx.say("title.language"), fields=((ctx.say("field.language"), moved),))


def _usage(ctx: Context, found: Command) -> Reply:
    shown = examples.own(ctx.tx, ctx.language, found)
    first = examples.first(ctx.tx, ctx.language, found)
    return Reply(
        title=_word(ctx, found),
        text=found.help.to(ctx.language),
        fields=(
            (ctx.say("field.words"), ctx.listed(found.words)),
            (ctx.say("field.examples"), "\n".join(shown)),
        ),
        buttons=() if found.writes else (Button(first, first),),
    )


def _word(ctx: Context, found: Command) -> str:
    """The first word in the chat's language that is this command's alone."""
    own = [word for word in found.words if word.casefold() not in found.shared] or found.words
    if ctx.language == "zh":
        return own[0]
    return next((word for word in own if word.isascii()), own[0])
