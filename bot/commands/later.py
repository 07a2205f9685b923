"""What the shop understands and cannot do by chat yet; it says so instead of keeping silent."""

from bot.messages import Reply, Role
from bot.registry import Context, Example, Saying, command
from bot.slots import Customer, OrderNo, Paid, Skus
from bot.texts import Text


@command(
    "refund",
    words=("退款", "退钱", "refund"),
    says=(
        r"(?:退款|退钱|退回|退还|退给|全退|全额退款?|退一半|退掉|退货退款|部分退款?|仅退款|钱退给|返还?|赔(?:人家|客户|客人|他|她)?|退)(?:了|给|掉|回|还)*(?:客户|客人|顾客|他|她|全款|全额|差价|运费)?",
        Saying(
            r"(?:退|退款|退钱)…?(?:一部分|部分|一些|一点)|部分(?:退款?|退钱)",
            weight=2.0,
            needs=("price_fen",),
        ),
        Saying(
            r"\b(?:partial refund|partly refund|refund part|refund some)\b",
            weight=2.0,
            needs=("price_fen",),
        ),
        r"\b(?:refund(?:ed|ing)?|money back|give back|give…back|return…money|reimburse|pay back)\b",
    ),
    several=True,
    needs=("order_no", "user"),
    role=Role.MANAGER,
    confirms=True,
    offered=False,
    help=Text("退款（还不能在聊天里办）", "Refund an order (not in chat yet)"),
    examples=(
        Example("退款 1033", {"order_no": "1033"}),
        Example("refund #1033", {"order_no": "1033"}),
    ),
)
def refund(  # (what is read is answered alike)
    ctx: Context,
    order_no: OrderNo | None = None,  # noqa: ARG001
    price_fen: Paid | None = None,  # noqa: ARG001
    user: Customer | None = None,  # noqa: ARG001
) -> Reply:
    """Say that money goes back outside of the chat."""
    return Reply(text=ctx.say("later.refund"))


@command(
    "poster",
    words=("海报", "poster"),
    says=(
        r"(?:做|生成|来|出|发|弄|搞|画|制作|给)?(?:一?张|个|一?份|份|下|一下)*(?:商品|宣传|推广|促销|朋友圈|分享|二维码)*(?:海报|单页图?|宣传单|宣传图|推广图|朋友圈图|分享图|宣传海报|店铺码)(?:图|片)?(?:发|给|我|一下|一张|看看)*",
        r"\b(?:poster|flyer|share image|share picture|promo (?:image|picture))\b",
    ),
    role=Role.STAFF,
    offered=False,
    help=Text("商品海报（还不能做）", "A poster of a product (not yet)"),
    examples=(
        Example("海报 手冲壶", {"name": "手冲壶"}),
        Example("poster Linen Tote", {"name": "Linen Tote"}),
    ),
)
def poster(ctx: Context, skus: Skus | None = None) -> Reply:  # noqa: ARG001  (read, and answered alike)
    """Say that there are no posters yet."""
    return Reply(text=ctx.say("later.poster"))


@command(
    "picture",
    words=("图片", "照片", "主图", "picture", "photo"),
    says=(
        r"(?:换|改|设|上传|加|添加|更新|发|看|看看|要|给)?(?:一?张|个|一下|下|新)*(?:商品)?(?:图片|照片|主图|封面图?|配图|产品图|商品图|图)(?:发|给|我|看看|看一?下|换|改|一下|吧|来|更新|上传|换成这张|设成这张|用这张)*",
        r"(?:长啥样|长什么样|长得?什么样|什么样子|啥样子?)",
        r"\b(?:pictures?|photos?|pics?|images?|what does…look like)\b",
    ),
    role=Role.STAFF,
    offered=False,
    help=Text("商品图片（还不能换）", "A product's picture (not yet)"),
    examples=(
        Example("图片 手冲壶", {"name": "手冲壶"}),
        Example("picture Linen Tote", {"name": "Linen Tote"}),
    ),
)
def picture(ctx: Context, skus: Skus | None = None) -> Reply:  # noqa: ARG001  (read, and answered alike)
    """Say that pictures are not taken yet."""
    return Reply(text=ctx.say("later.picture"))
