"""People: who may do what."""

from datetime import timedelta

from bot.messages import Reply, Role
from bot.registry import AskError, Context, Example, command
from bot.slots import OneTimeCode, Part, RoleWord, User
from bot.texts import Text
from store import codes, members
from store.errors import MemberNotFoundError

SIGN_IN_TTL = timedelta(minutes=10)
LINK = "link"


@command(
    "grant",
    words=("授权", "任命", "grant"),
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
