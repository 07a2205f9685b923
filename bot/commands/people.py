"""People: who may do what."""

from datetime import timedelta

from bot.messages import Reply, Role
from bot.registry import AskError, Context, Example, Saying, command
from bot.slots import OneTimeCode, Part, RoleWord, User
from bot.texts import Text
from store import codes, members
from store.errors import MemberNotFoundError

SIGN_IN_TTL = timedelta(minutes=10)
LINK = "link"


@command(
    "grant",
    words=("授权", "任命", "grant"),
    says=(
        r"(?:给|让|把|将|授予|授权给?|请|叫|任命|提拔|设)(?P<user>{mention}|[^,.!?\ue000-\uf8ff]{1,10}?)(?:一个|个|开|加|设|设置|设为|设成|授予|授权|授|升|升级|升成|升为|提|提拔|提升|任命|当|做|成为|改成|改为|变成|换成|降|降级|降为|降成|调|给|的|权限|角色|身份|为|成|,|从(?:店长|店员|经理|员工|管理员|老板))+(?:个|一个)?(?=(?:副?店主|老板娘?|经理|副?店长|管理员?|店员|员工|普通员工|查看者|查看|只读|营业员|收银员?|仓管|伙计|打包员|主管|无权限|权限|owner|manager|staff|clerk|viewer))",
        r"(?:让|叫)(?P<user>{mention}|[^,.!?\ue000-\uf8ff]{1,10}?)(?:以后|现在|就)?(?=(?:只能看|只看|看看就行))",
        r"(?P<user>{mention}|[^,.!?\ue000-\uf8ff]{1,8}?)(?:以后|现在|今天起|从今天起|从今以后|今后|就|正式)*(?=(?:只能看|只看|看看就行))",
        r"(?P<user>{mention}|[^,.!?\ue000-\uf8ff]{1,8}?)(?:以后|现在|今天起|从今天起|正式|来|,|就)*(?:当|做|是|升|升为|升成|成为|改成|改为|设为|设成|降为|降成|任|担任|转|开|加|给)+(?:一个|个|新|,)*(?=(?:副?店主|老板娘?|经理|副?店长|管理员|店员|员工|查看者|只读|营业员|收银|仓管|伙计|主管|打包员|owner|manager|staff|clerk|viewer))",
        r"(?:授权|任命|权限|提拔|提升|升职|设为|当|开通|开个?|加个?|给个?)(?:权限|角色|身份)?",
        Saying(
            r"给(?P<user>{mention}|[^,.!?\ue000-\uf8ff]{1,8}?)(?:开|加|设|给)(?:个|一个|一下)?(?:权限|角色|账号)",
            weight=0.5,
        ),
        Saying(
            r"(?:移除|去掉|取消|撤销|收回|撤掉|删除|删掉|踢掉|踢出|停掉|关掉|回收|移出|剥夺|解除)(?P<user>{mention}|[^,.!?]{1,12}?)?(?:的)?(?:所有)?(?:权限|授权|角色|身份|店员|经理|管理员|账号|管理权限|员工权限)+",
            {"role": "none"},
            1.0,
        ),
        Saying(
            r"(?:把)?(?P<user>{mention}|[^,.!?]{1,12}?)(?:已经|昨天|今天|,|都|刚|要|已)*(?:离职|不干|走人|辞职|离开|不做|被开除|被辞退|不在这干)(?:了)?…(?:权限|授权)…(?:收回|撤|取消|停|关|去掉|删|移除|收|没)(?:了|掉|一下)*",
            {"role": "none"},
            1.0,
        ),
        Saying(
            r"(?P<user>{mention}|[^,.!?]{1,12}?)(?:的)?(?:权限|授权|管理员|账号)(?:都|给|先|要|全)*(?:收回|撤|取消|停|关|去掉|删|移除|收|没收|拿掉|拿回来)(?:了|掉|一下|回来)*",
            {"role": "none"},
            1.0,
        ),
        r"\b(?:make|promote|appoint|set|grant|give|let|demote|downgrade|change) (?P<user>{mention}|(?!the\b|a\b|me\b)[a-z][a-z0-9]*|[\u4e00-\u9fff]{1,4})(?= ?(?:an? |as |the |be |to be |to |up to |down to |have |only )*(?:owner|manager|staff|clerk|viewer|admin|view|cashier|assistant))",
        Saying(
            r"\b(?:remove|revoke|take away|kick|fire|strip|drop) (?P<user>{mention}|(?!the\b|a\b)[a-z][a-z0-9]*)(?:'s)?…(?:access|permissions?|role|rights|from (?:the )?(?:team|staff|shop))\b",
            {"role": "none"},
            1.0,
        ),
    ),
    role=Role.OWNER,
    writes=True,
    confirms=True,
    help=Text(
        "给成员角色：店主、经理、店员、只读、移除",
        "Give a member a role: owner, manager, staff, viewer, none",
    ),
    examples=(
        Example(
            "授权 阿May 店员", {"user": "阿May", "role": "staff"}, reply="店员", outcome="confirm"
        ),
        Example(
            "grant 阿May manager",
            {"user": "阿May", "role": "manager"},
            reply="→",
            outcome="confirm",
        ),
    ),
)
def grant(ctx: Context, user: User, role: RoleWord) -> Reply:
    """Give a person a role; the last owner keeps theirs."""
    person = _known_or_named(ctx, user)
    before = members.set_role(ctx.tx, platform=person[0], user_id=person[1], role=role)
    words = tuple(ctx.say(f"role.{word}") for word in (before.role, role))
    accounts = members.identities(ctx.tx, before.person)
    linked = " = ".join(accounts) if len(accounts) > 1 else ""
    fields = (
        (ctx.say("field.role"), f"{words[0]} → {words[1]}"),
        (ctx.say("field.accounts"), linked),
    )
    return Reply(
        title=f"{ctx.say('title.grant')} {members.called(ctx.tx, before.actor)}",
        fields=tuple((name, value) for name, value in fields if value),
    )


@command(
    "bind",
    words=("我是店主", "绑定", "i am the owner", "link"),
    presets={"绑定": {"part": LINK}, "link": {"part": LINK}},
    says=(
        r"(?:店主|老板)(?:码|口令|验证码)|(?:验证|认证|认一下)(?:我)?(?:是)?(?:店主|老板)?(?:的)?(?:身份)?|(?:两个|几个)?(?:号|账号)…(?:连成一个号?|绑上|绑一起|合并)|绑一下|(?:我要|我想|把)?(?:绑定|绑一下|连接|关联|连|绑)(?:一?下)?(?:我的)?(?:账号|飞书|企业微信|企微|微信|两个账号)+|(?:账号|两个号)(?:绑定|打通|关联|合并|连起来)|连成一个号|这个群(?:绑定|绑)|绑定(?:本|这个)?(?:群|店)",
        r"\b(?:link|bind|connect|join)(?: my| this)?(?: accounts?| group| chat)?\b|\bi(?:'m| am) the owner\b",
    ),
    role=Role.NONE,
    writes=True,
    undoable=False,
    help=Text(
        "用一次性口令成为店主（在服务器上运行 zhanggui owner-code 取得）；「绑定」把你"
        "在另一个平台的账号连过来",
        "Become the owner with a one-time code (from zhanggui owner-code on the server); "
        '"link" joins your account on another platform',
    ),
    examples=(
        Example("我是店主 7KQM-2XWD", {"code": "7KQM-2XWD"}),
        Example("i am the owner 7KQM-2XWD", {"code": "7KQM-2XWD"}),
        Example("绑定", {}, reply="绑定"),
        Example("绑定 7KQM-2XWD", {"code": "7KQM-2XWD"}),
        Example("link 7KQM-2XWD", {"code": "7KQM-2XWD"}),
    ),
)
def bind(ctx: Context, code: OneTimeCode | None = None, part: Part = "") -> Reply:
    """Make the sender the owner, or one person with whoever got the code; it works once."""
    if part == LINK:
        if not ctx.private:
            return Reply(text=ctx.say("link.private"), error="forbidden")
        return _link_code(ctx) if code is None else _linked(ctx, code)
    if code is None:
        raise AskError("code", ctx.say("bind.no_code"), ())
    codes.redeem(ctx.tx, purpose=codes.OWNER, code=code)
    who = ctx.message
    before = members.set_role(
        ctx.tx, platform=who.platform, user_id=who.user_id, role=members.OWNER
    )
    words = (ctx.say(f"role.{before.role}"), ctx.say("role.owner"))
    return Reply(
        title=ctx.say("title.bind"), fields=((ctx.say("field.role"), f"{words[0]} → {words[1]}"),)
    )


@command(
    "desk",
    words=("后台", "管理后台", "desk"),
    says=(
        r"(?:打开|进|进入|登录|登陆|去|给我|发我|要|看)?(?:一?下)?(?:管理后台|后台管理|工作台|操作台|操作面板|控制台|管理页面?|管理网页|后台|网页版|电脑版|管理端|管理界面|管货的?网址|管货的?页面|后台网址|后台链接|后台地址)(?:的)?(?:链接|地址|网址|入口)?(?:发|给|调出来|调出)?(?:我|一下|一个|看看)*",
        r"后台link|(?:电脑|网页)(?:上|端)?…(?:管理|管货|操作|看).{0,4}(?:链接|网址|地址|页面)",
        r"\b(?:admin(?:istration)?(?: page| panel| link| site| console| dashboard)?|desk|dashboard|back ?office|back ?end|management page|web console|control panel)\b",
    ),
    role=Role.MANAGER,
    help=Text(
        "取一个进入管理后台的一次性链接（只在私聊里）",
        "A one-time link to the administration pages (direct chat only)",
    ),
    examples=(
        Example("后台", {}, reply="/admin"),
        Example("desk", {}, reply="/admin"),
    ),
)
def desk(ctx: Context) -> Reply:
    """A link that signs the asker in once."""
    if not ctx.private:
        return Reply(text=ctx.say("desk.private"), error="forbidden")
    code = codes.issue(ctx.tx, purpose=codes.SIGN_IN, subject=ctx.actor, ttl=SIGN_IN_TTL)
    minutes = SIGN_IN_TTL // timedelta(minutes=1)
    text = ctx.say("desk.link", minutes=minutes, url=f"{ctx.shop.url}/admin?code={code}")
    return Reply(title=ctx.say("title.desk"), text=text)


def _link_code(ctx: Context) -> Reply:
    """A code that the same person sends on the other platform; nobody else may read it."""
    ctx.told = True
    code = codes.issue(ctx.tx, purpose=codes.LINK, subject=ctx.actor, ttl=SIGN_IN_TTL)
    minutes = SIGN_IN_TTL // timedelta(minutes=1)
    return Reply(title=ctx.say("title.link"), text=ctx.say("link.code", minutes=minutes, code=code))


def _linked(ctx: Context, code: str) -> Reply:
    subject = codes.redeem(ctx.tx, purpose=codes.LINK, code=code)
    platform, _, user_id = subject.partition(":")
    if platform == ctx.message.platform:
        return Reply(text=ctx.say("link.same"), error="invalid_request")
    known = members.seen(ctx.tx, platform=platform, user_id=user_id)
    here = members.seen(ctx.tx, platform=ctx.message.platform, user_id=ctx.message.user_id)
    if Role.of(here.role) > Role.of(known.role):
        # Whoever asked for the code will have this role as well: it may be somebody else's code.
        ctx.risk("lent", account=subject, role=ctx.say(f"role.{here.role}"))
    linked = members.link(ctx.tx, known=known, other=here)
    fields = (
        (ctx.say("field.accounts"), f"{subject} = {linked.actor}"),
        (ctx.say("field.role"), ctx.say(f"role.{linked.role}")),
    )
    return Reply(title=ctx.say("title.linked"), fields=fields)


def _known_or_named(ctx: Context, user: str) -> tuple[str, str]:
    """Platform and id: of somebody seen before, or as ``platform:id`` spells them."""
    try:
        found = members.find(ctx.tx, user)
    except MemberNotFoundError:
        platform, _, user_id = user.partition(":")
        if not (platform.isascii() and platform.isalpha() and user_id):
            raise
        return platform, user_id
    return found.platform, found.user_id
