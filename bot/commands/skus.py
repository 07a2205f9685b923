"""Products: adding, changing, taking off sale."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.commands._shown import (
    Fields,
    change,
    reorder_point,
    schema_text,
    sku_fields,
    sku_title,
    yuan,
)
from bot.messages import Reply, Role
from bot.registry import Context, Example, command
from bot.slots import (
    Category,
    Code,
    InitialStock,
    LabelledPrice,
    LabelledThreshold,
    Name,
    NewName,
    Price,
    Schema,
    Sku,
    Skus,
    Specs,
    Threshold,
)
from bot.texts import Text
from store import names
from store import skus as goods
from store.models import SkuStatus
from store.skus import SkuDraft, SkuEdit, SkuPatch, SkuView

JUMP = 10  # a price ten times what it was, or a tenth: a decimal point slipped


@command(
    "add_sku",
    words=("上架", "添加商品", "新增商品", "加商品", "新增", "add sku", "add"),
    shared=("上架",),
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "新增商品：名称和价格必填，规格、库存、分类、预警、编码可选",
        "Add a product: name and price, then specs, stock, category, alert level, code",
    ),
    examples=(
        Example(
            "上架 玻璃分享壶 79元 库存40",
            {"name": "玻璃分享壶", "price_fen": 7900, "quantity": 40},
            reply="玻璃分享壶",
        ),
        Example(
            "加商品：帆布袋 颜色=米 尺寸=大 ￥29.9 库存100 预警10 分类 箱包/手提 编码 FBD-01",
            {
                "name": "帆布袋",
                "specs": {"颜色": "米", "尺寸": "大"},
                "price_fen": 2990,
                "quantity": 100,
                "threshold": 10,
                "category": "箱包/手提",
                "code": "FBD-01",
            },
            reply="FBD-01",
        ),
        Example(
            "add sku Canvas Bag 29.9 200",
            {"name": "Canvas Bag", "price_fen": 2990, "quantity": 200},
            reply="Canvas Bag",
        ),
    ),
)
def add_sku(  # noqa: PLR0917  (one parameter for each thing that may be said)
    ctx: Context,
    name: Name,
    price_fen: Price,
    quantity: InitialStock = 0,
    specs: Specs | None = None,
    category: Category | None = None,
    threshold: LabelledThreshold | None = None,
    code: Code | None = None,
) -> Reply:
    """Put a new SKU on sale; a spec value this product never had is confirmed first."""
    for key, known in goods.unseen_values(ctx.tx, name=name, specs=specs or {}).items():
        ctx.risk("new_value", spec=key, value=(specs or {})[key], known="、".join(known))
    draft = SkuDraft(
        name=name,
        price_fen=price_fen,
        reorder_point=ctx.shop.default_reorder_point if threshold is None else threshold,
        code=code,
        specs=specs,
        stock=quantity,
        category=category,
    )
    added = goods.add(ctx.tx, draft, cause=ctx.cause)
    sku = goods.view(ctx.tx, added.code)
    before = ctx.say("value.none")
    fields = (
        (ctx.say("field.status"), f"{before} → {ctx.say('status.on_sale')}"),
        *sku_fields(ctx, sku),
    )
    return Reply(title=f"{ctx.say('title.add_sku')} {sku_title(sku)}", fields=_unique(fields))


@command(
    "edit_sku",
    words=("修改", "编辑", "改", "edit"),
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "改名称、编码、分类、规格、价格或预警",
        "Change a product's name, code, category, specs, price or alert level",
    ),
    examples=(
        Example("改 手冲壶 分类 器具/壶", {"name": "手冲壶", "category": "器具/壶"}, reply="→"),
        Example("改 TX-B-L 编码 TX-BS-L", {"name": "TX-B-L", "code": "TX-BS-L"}, reply="→"),
        Example("改 KFD 名称 精品咖啡豆", {"code": "KFD", "name": "精品咖啡豆"}, reply="→"),
        Example("edit Linen Tote price 39", {"name": "Linen Tote", "price_fen": 3900}, reply="→"),
    ),
)
def edit_sku(  # noqa: PLR0917  (one parameter for each thing that may be said)
    ctx: Context,
    sku: Sku,
    name: NewName | None = None,
    code: Code | None = None,
    category: Category | None = None,
    specs: Specs | None = None,
    price_fen: LabelledPrice | None = None,
    threshold: LabelledThreshold | None = None,
) -> Reply:
    """Change what was said and leave the rest; name and category are shared by a product's SKUs."""
    patch = SkuPatch(
        name=name,
        code=code,
        category=category,
        specs={**sku.specs, **specs} if specs else None,
        price_fen=price_fen,
        reorder_point=threshold,
    )
    if patch == SkuPatch():
        return Reply(text=ctx.say("edit.nothing"), error="invalid_request")
    edited = goods.edit(ctx.tx, code=sku.code, patch=patch, cause=ctx.cause)
    _warn_of_a_jump(ctx, [edited])
    return Reply(
        title=f"{ctx.say('title.edit')} {sku_title(edited.after)}", fields=_changes(ctx, edited)
    )


@command(
    "set_price",
    words=("改价", "调价", "定价", "价格", "price", "set price"),
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "改售价；一个商品的所有规格一起改时要确认",
        "Set a price; several SKUs at once are confirmed",
    ),
    examples=(
        Example("改价 手冲壶 128元", {"name": "手冲壶", "price_fen": 12800}, reply="¥98 → ¥128"),
        Example("手冲壶改价到￥99.50", {"name": "手冲壶", "price_fen": 9950}, reply="¥98 → ¥99.50"),
        Example("price Linen Tote 39", {"name": "Linen Tote", "price_fen": 3900}, reply="→"),
    ),
)
def set_price(ctx: Context, skus: Skus, price_fen: Price) -> Reply:
    """Give one SKU, or every SKU of a product, a new price."""
    edits = [
        goods.edit(ctx.tx, code=sku.code, patch=SkuPatch(price_fen=price_fen), cause=ctx.cause)
        for sku in skus
    ]
    _warn_of_a_jump(ctx, edits)
    return _edited(
        ctx,
        "title.set_price",
        [(e.after, change(yuan(e.before.price_fen), yuan(e.after.price_fen))) for e in edits],
    )


@command(
    "set_threshold",
    words=("预警", "设预警", "预警线", "库存预警", "threshold", "alert"),
    role=Role.MANAGER,
    writes=True,
    help=Text("设低库存预警线，0 为关闭", "Set the low stock alert level; 0 switches it off"),
    examples=(
        Example("预警 咖啡豆 10", {"name": "咖啡豆", "threshold": 10}, reply="5 → 10"),
        Example("threshold Linen Tote 0", {"name": "Linen Tote", "threshold": 0}, reply="→"),
    ),
)
def set_threshold(ctx: Context, skus: Skus, threshold: Threshold) -> Reply:
    """Set at how many available units the shop is warned."""
    patch = SkuPatch(reorder_point=threshold)
    edits = [goods.edit(ctx.tx, code=sku.code, patch=patch, cause=ctx.cause) for sku in skus]
    lines = [
        (e.after, change(*(reorder_point(ctx, s.reorder_point) for s in (e.before, e.after))))
        for e in edits
    ]
    return _edited(ctx, "title.set_threshold", lines)


@command(
    "delist",
    words=("下架", "停售", "delist"),
    role=Role.MANAGER,
    writes=True,
    help=Text("下架，顾客不再看到；库存和订单不变", "Take off sale; stock and orders stay"),
    examples=(
        Example("下架 手冲壶", {"name": "手冲壶"}, reply="在售 → 已下架"),
        Example("下架 T恤", {"name": "T恤"}, reply="→", outcome="confirm"),
        Example("delist Linen Tote", {"name": "Linen Tote"}, reply="→"),
    ),
)
def delist(ctx: Context, skus: Skus) -> Reply:
    """Take SKUs off sale; several at once are confirmed."""
    return _set_status(ctx, skus, SkuStatus.DELISTED, "title.delist")


@command(
    "relist",
    words=("上架", "重新上架", "恢复销售", "恢复上架", "relist"),
    shared=("上架",),
    role=Role.MANAGER,
    writes=True,
    help=Text("把下架的商品重新上架", "Put a delisted product back on sale"),
    examples=(
        Example("上架 挂耳包", {"name": "挂耳包"}, reply="已下架 → 在售"),
        Example("relist 挂耳包", {"name": "挂耳包"}, reply="已下架 → 在售"),
    ),
)
def relist(ctx: Context, skus: Skus) -> Reply:
    """Put SKUs back on sale."""
    return _set_status(ctx, skus, SkuStatus.ON_SALE, "title.relist")


@command(
    "spec_schema",
    words=("规格", "spec schema", "specs"),
    role=Role.MANAGER,
    writes=True,
    help=Text(
        "定一个商品可选的规格；问号表示可不填",
        "Fix a product's spec keys and values; ? marks an optional one",
    ),
    examples=(
        Example(
            "规格 T恤 颜色=白,黑,灰 尺寸=S,M,L 包装?",
            {
                "name": "T恤",
                "specs": {"颜色": ["白", "黑", "灰"], "尺寸": ["S", "M", "L"], "包装": None},
            },
            reply="包装?",
        ),
        Example(
            "specs T恤 颜色=白色,黑色 尺寸=S,M,L",
            {"name": "T恤", "specs": {"颜色": ["白色", "黑色"], "尺寸": ["S", "M", "L"]}},
            reply="→",
        ),
    ),
)
def spec_schema(ctx: Context, skus: Skus, specs: Schema) -> Reply:
    """Fix the spec keys and values of a product; refused when a SKU on sale would fall outside."""
    schema = [_as_known(entry, skus) for entry in specs]
    before = goods.set_schema(ctx.tx, product_id=skus[0].product_id, schema=schema)
    field = (ctx.say("field.specs"), change(schema_text(before), schema_text(schema)))
    return Reply(title=f"{ctx.say('title.spec_schema')} {skus[0].name}", fields=(field,))


def _as_known(entry: Mapping[str, Any], skus: Iterable[SkuView]) -> dict[str, Any]:
    """The entry with 白 as 白色 where the product's SKUs spell it so."""
    known = {sku.specs.get(entry["key"]) for sku in skus}
    values = [f"{v}色" if f"{v}色" in known else v for v in entry["values"] or ()]
    return {**entry, "values": values or None}


def _set_status(ctx: Context, skus: Iterable[SkuView], status: SkuStatus, title: str) -> Reply:
    edits = [
        goods.set_status(ctx.tx, code=sku.code, status=status, cause=ctx.cause) for sku in skus
    ]
    lines = [
        (e.after, change(*(ctx.say(f"status.{s.status}") for s in (e.before, e.after))))
        for e in edits
    ]
    return _edited(ctx, title, lines)


def _edited(ctx: Context, title: str, lines: list[tuple[SkuView, str]]) -> Reply:
    """One field per SKU; several at once are confirmed."""
    if len(lines) > 1:
        ctx.risk("several", number=len(lines))
        fields = tuple((sku_title(sku), text) for sku, text in lines)
        return Reply(title=f"{ctx.say(title)} {lines[0][0].name}", fields=fields)
    sku, text = lines[0]
    return Reply(
        title=f"{ctx.say(title)} {sku_title(sku)}", fields=((ctx.say(f"{title}.field"), text),)
    )


def _warn_of_a_jump(ctx: Context, edits: Iterable[SkuEdit]) -> None:
    for edit in edits:
        before, after = edit.before.price_fen, edit.after.price_fen
        if after >= JUMP * before or after * JUMP <= before:
            ctx.risk("price_jump", before=yuan(before), after=yuan(after))
            return


def _changes(ctx: Context, edit: SkuEdit) -> Fields:
    before, after = (_facts(ctx, sku) for sku in (edit.before, edit.after))
    changed = tuple(
        (name, change(old, new))
        for (name, old), (_, new) in zip(before, after, strict=True)
        if old != new
    )
    return changed or ((ctx.say("field.code"), edit.after.code),)


def _facts(ctx: Context, sku: SkuView) -> Fields:
    none = ctx.say("value.none")
    return (
        (ctx.say("field.name"), sku.name),
        (ctx.say("field.code"), sku.code),
        (ctx.say("field.category"), sku.category or none),
        (ctx.say("field.specs"), names.specs_text(sku.specs) or none),
        (ctx.say("field.price"), yuan(sku.price_fen)),
        (ctx.say("field.reorder_point"), reorder_point(ctx, sku.reorder_point)),
    )


def _unique(fields: Fields) -> Fields:
    """The first field of each name."""
    return tuple({name: (name, value) for name, value in reversed(fields)}.values())[::-1]
