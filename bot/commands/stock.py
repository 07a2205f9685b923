"""Stock: what comes in, what goes out, what is there."""

from bot.commands._shown import change, level_title, person, sku_fields, sku_table, sku_title
from bot.messages import Button, Reply, Role, Table
from bot.registry import AskError, Context, Example, command
from bot.slots import Counted, Delta, Period, Query, Shelf, Sku, Skus, Taken, Threshold
from bot.texts import Text
from store import skus as goods
from store import stock
from store.stock import StockLevel

JUMP = 20  # times the most this SKU ever had: more likely a slip of the finger than a delivery
PAGE = 20


@command(
    "restock",
    words=("补货", "入库", "到货", "来货", "进货", "补", "加", "restock"),
    role=Role.STAFF,
    writes=True,
    sign="+",
    help=Text("登记到货，增加现有库存", "Add received units to the stock on hand"),
    examples=(
        Example("补货 咖啡豆 20", {"name": "咖啡豆", "delta": 20}, reply="→"),
        Example("咖啡豆+50", {"name": "咖啡豆", "delta": 50}, reply="→"),
        Example("入库 TX-B-L 12件", {"code": "TX-B-L", "delta": 12}, reply="→"),
        Example("restock Linen Tote 5", {"name": "Linen Tote", "delta": 5}, reply="→"),
    ),
)
def restock(ctx: Context, sku: Sku, delta: Delta) -> Reply:
    """Add received units to stock on hand and show the levels before and after."""
    level = stock.receive(ctx.tx, sku=sku.code, quantity=delta, cause=ctx.cause)
    _warn_of_a_jump(ctx, level)
    return _moved(ctx, "title.restock", level)


@command(
    "deduct",
    words=("扣减", "出库", "报损", "扣", "减", "deduct"),
    role=Role.STAFF,
    writes=True,
    sign="-",
    help=Text("报损、取样等，减少现有库存", "Take damaged or sample units off the stock"),
    examples=(
        Example("扣减 咖啡豆 3", {"name": "咖啡豆", "delta": -3}, reply="→"),
        Example("咖啡豆 -3", {"name": "咖啡豆", "delta": -3}, reply="→"),
        Example("deduct Linen Tote 1", {"name": "Linen Tote", "delta": -1}, reply="→"),
    ),
)
def deduct(ctx: Context, sku: Sku, delta: Taken) -> Reply:
    """Take units off the shelf that no order holds."""
    level = stock.deduct(ctx.tx, sku=sku.code, quantity=-delta, cause=ctx.cause)
    return _moved(ctx, "title.deduct", level)


@command(
    "stocktake",
    words=("盘点", "清点", "盘", "stocktake", "count"),
    role=Role.STAFF,
    writes=True,
    confirms=lambda slots: slots.get("quantity") == 0,
    help=Text("按清点的实数更正现有库存", "Set the stock on hand to what was counted"),
    examples=(
        Example("盘点 手冲壶 10", {"name": "手冲壶", "quantity": 10}, reply="→"),
        Example("盘点 手冲壶 0", {"name": "手冲壶", "quantity": 0}, reply="→", outcome="confirm"),
        Example("stocktake Linen Tote 9", {"name": "Linen Tote", "quantity": 9}, reply="→"),
    ),
)
def stocktake(ctx: Context, sku: Sku, quantity: Counted, shelf: Shelf | None = None) -> Reply:
    """Correct stock on hand to a count; what open orders hold may have left the shelf already."""
    if sku.reserved and shelf is None:
        raise AskError(
            "shelf",
            ctx.say("ask.shelf", sku=sku.title, reserved=sku.reserved),
            ((ctx.say("answer.taken"), "taken"), (ctx.say("answer.there"), "there")),
        )
    counted = quantity + (sku.reserved if shelf == "taken" else 0)
    level = stock.count(ctx.tx, sku=sku.code, counted=counted, cause=ctx.cause)
    _warn_of_a_jump(ctx, level)
    return _moved(ctx, "title.stocktake", level)


@command(
    "query_stock",
    words=(
        "查库存", "库存", "查", "还有多少", "还剩多少", "剩多少", "还有几", "还剩几", "还有没有货",
        "有没有货", "有货吗", "stock",
    ),
    role=Role.VIEWER,
    help=Text("查一个商品的库存；不带名称则列出全部", "Show the stock of a product, or of all"),
    examples=(
        Example("查咖啡豆", {"name": "咖啡豆"}, reply="现有"),
        Example("库存", {}, reply="可售"),
        Example("T恤还有多少", {"name": "T恤"}, reply="可售"),
        Example("stock Linen Tote", {"name": "Linen Tote"}, reply="现有"),
    ),
)  # fmt: skip
def query_stock(ctx: Context, skus: Skus | None = None) -> Reply:
    """One SKU in full, several as a table."""
    if skus is None:
        return _all(ctx)
    if len(skus) > 1:
        return Reply(title=skus[0].name, table=sku_table(ctx, skus))
    sku = skus[0]
    buttons = (Button(ctx.say("button.ledger"), f"{ctx.say('word.ledger')} {sku.code}"),)
    return Reply(title=sku_title(sku), fields=sku_fields(ctx, sku), buttons=buttons)


@command(
    "search",
    words=("搜索", "搜", "找", "search", "find"),
    role=Role.VIEWER,
    help=Text(
        "按名称、编码、规格、分类或拼音首字母找商品",
        "Find products by name, code, specs, category or pinyin initials",
    ),
    examples=(
        Example("找 茶", {"query": "茶"}, reply="绿茶"),
        Example("search tote", {"query": "tote"}, reply="Linen Tote"),
    ),
)
def search(ctx: Context, query: Query) -> Reply:
    """SKUs in which every word is found."""
    found = goods.find(ctx.tx, query, most=PAGE)
    if not found:
        return Reply(text=ctx.say("search.nothing", query=query))
    title = ctx.say("title.search", query=query, number=len(found))
    return Reply(title=title, table=sku_table(ctx, found))


@command(
    "low_stock",
    words=("缺货", "低库存", "快没货", "快卖完", "low stock", "low"),
    role=Role.VIEWER,
    help=Text("列出低于预警线的商品，也可给一个数", "List what is at or under its alert level"),
    examples=(
        Example("缺货", {}, reply="绿茶"),
        Example("低库存 10", {"threshold": 10}, reply="绿茶"),
        Example("low stock", {}, reply="绿茶"),
    ),
)
def low_stock(ctx: Context, threshold: Threshold | None = None) -> Reply:
    """SKUs on sale at or under their alert level, or under a limit, the scarcest first."""
    scarce = goods.low_stock(ctx.tx, below=threshold)
    if not scarce:
        return Reply(text=ctx.say("low_stock.nothing"))
    return Reply(title=ctx.say("title.low_stock", number=len(scarce)), table=sku_table(ctx, scarce))


@command(
    "ledger",
    words=("流水", "出入库", "谁改过", "ledger"),
    role=Role.VIEWER,
    help=Text(
        "看一个商品最近的库存流水：谁、何时、多少", "Show who moved a product's stock, and when"
    ),
    examples=(
        Example("流水 咖啡豆", {"name": "咖啡豆"}, reply="咖啡豆"),
        Example("ledger Linen Tote", {"name": "Linen Tote"}, reply="Linen Tote"),
    ),
)
def ledger(ctx: Context, sku: Sku, period: Period | None = None) -> Reply:
    """The last movements of a SKU, newest first."""
    moved, _ = stock.movements(ctx.tx, sku=sku.code, limit=100)
    if period is not None:
        moved = [m for m in moved if period.start <= m.created_at < period.end]
    head = tuple(
        ctx.say(f"field.{key}") for key in ("time", "kind", "change", "on_hand", "reserved", "who")
    )
    rows = tuple(
        (
            ctx.local(m.created_at),
            ctx.say(f"kind.{m.kind}"),
            f"{m.delta_on_hand:+d}",
            str(m.on_hand),
            str(m.reserved),
            person(ctx, m.actor),
        )
        for m in moved[:PAGE]
    )
    return Reply(
        title=sku_title(sku),
        table=Table(head, rows),
        text="" if rows else ctx.say("ledger.nothing"),
    )


def _all(ctx: Context) -> Reply:
    found, more = goods.page(ctx.tx, status="on_sale", limit=PAGE)
    if not found:
        return Reply(text=ctx.say("stock.empty"))
    text = ctx.say("stock.more", number=PAGE) if more else ""
    return Reply(title=ctx.say("title.stock"), text=text, table=sku_table(ctx, found))


def _moved(ctx: Context, title: str, level: StockLevel) -> Reply:
    return Reply(
        title=f"{ctx.say(title)} {level_title(level)}",
        fields=(
            (ctx.say("field.on_hand"), change(level.on_hand_before, level.on_hand)),
            (ctx.say("field.available"), str(level.available)),
        ),
    )


def _warn_of_a_jump(ctx: Context, level: StockLevel) -> None:
    """Have a level confirmed that is far beyond all this SKU ever had, or an emptied shelf."""
    if level.on_hand == 0 and level.on_hand_before:
        ctx.risk("emptied")
    history, _ = stock.movements(ctx.tx, sku=level.sku, limit=30)
    most = max((m.on_hand for m in history if m.id != level.movement_id), default=0)
    if most and level.on_hand >= JUMP * most:
        ctx.risk("stock_jump", times=level.on_hand // most)
