"""Products: adding, changing, taking off sale."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
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
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, Saying, command
from bot.slots import (
    Category,
    Code,
    Factor,
    InitialStock,
    LabelledPrice,
    LabelledThreshold,
    Name,
    NewName,
    Price,
    PriceChange,
    Schema,
    Sku,
    Skus,
    SpecChoices,
    Specs,
    Threshold,
)
from bot.texts import Text
from bot.understanding.specs import COLOURS
from store import columns, names
from store import skus as goods
from store.models import SkuStatus
from store.skus import SkuDraft, SkuEdit, SkuPatch, SkuView

MOST_AT_ONCE = 50  # SKUs that one line adds; more are a sheet
JUMP = 10  # a price ten times what it was, or a tenth: a decimal point slipped


@command(
    "add_sku",
    words=("上架", "添加商品", "新增商品", "加商品", "新增", "add sku", "add"),
    shared=("上架",),
    says=(
        r"(?:上新|新品|上个新品|上一个新品|新上|新加|新增|新建|添加|加|建|录入?|录个|登记|创建|增加|加上|上架|上|进)(?:了)?(?:一|个|一个|一款|款|一种|种|下|一下)*(?:新)?(?:的)?(?:商品|产品|品种|单品|货品|新品|新款|新货|sku|款式|规格|货(?![架号])|新东西|东西|新玩意)[啦了吧呀]*(?:叫|名叫|名字叫|,)*",
        r"(?:新货(?:录入?|登记|建档|上架)?(?:一?下)?|建个?档|(?:帮忙)?建个?(?:商品|档|新品|sku)|收?录入?一?下|(?:新到|新进|进|添|录|上新|来)(?:了)?(?:{units}|个|款|种)(?:新货|新品|新的|新款)?(?:叫|,)?|(?:货架|店里)多了个?品|上新[啦了吧呀]*{units}?|新品(?:上架)?|上架新品|新上架?|录入|新建|新加(?:一个|个|一款)?|新增(?:一个|个|一款)?|添加(?:一个|个|一款)?|加(?:一个|个|一款|一种)(?:新|新款)?|上(?:一个|个|一款|款)|增加一款|开卖|开始卖)",
        r"(?:新品|新货|新商品|新款)…(?:建|录|加|登记|上)(?:一?下|进去|起来)",
        r"\b(?:add|new|create|list|put up|start selling|launch|set up|introduce)(?: a| an| the)?(?: new)?(?: product| item| sku| listing| line)?\b",
        r"\b(?:new product|new item|new sku|new listing)\b",
    ),
    role=Role.MANAGER,
    writes=True,
    confirms=lambda slots: any(isinstance(v, list) for v in slots.get("specs", {}).values()),
    help=Text(
        "新增商品：名称和价格必填，规格、库存、分类、预警、编码可选；规格有几个值就各建一个",
        "Add a product: name and price, then specs, stock, category, alert level, code; "
        "several values of a spec make a SKU each",
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
    specs: SpecChoices | None = None,
    category: Category | None = None,
    threshold: LabelledThreshold | None = None,
    code: Code | None = None,
) -> Reply:
    """Put a new SKU on sale, or one for each combination of several values of its specs.

    A spec value that this product never had is confirmed first.
    """
    there = goods.of_name(ctx.tx, name)
    said = _combined(_as_called(specs or {}, there))
    draft = SkuDraft(
        name=name,
        price_fen=price_fen,
        reorder_point=ctx.shop.default_reorder_point if threshold is None else threshold,
        code=code,
        stock=quantity,
        category=category,
    )
    if len(said) == 1:
        _warn_of_new_values(ctx, name, said)
        return _added(ctx, replace(draft, specs=said[0]))
    if code is not None or len(said) > MOST_AT_ONCE:
        why = "one_code" if code is not None else "too_many"
        facts = {"limit": MOST_AT_ONCE, "number": len(said)}
        return Reply(text=ctx.say(f"add_sku.{why}", **facts), error="invalid_request")
    _warn_of_new_values(ctx, name, said)
    return _added_together(ctx, [replace(draft, specs=one) for one in said], there)


def _added(ctx: Context, draft: SkuDraft) -> Reply:
    added = goods.add(ctx.tx, draft, cause=ctx.cause)
    sku = goods.view(ctx.tx, added.code)
    before = ctx.say("value.none")
    fields = (
        (ctx.say("field.status"), f"{before} → {ctx.say('status.on_sale')}"),
        *sku_fields(ctx, sku),
    )
    return Reply(title=f"{ctx.say('title.add_sku')} {sku_title(sku)}", fields=_unique(fields))


def _added_together(ctx: Context, drafts: list[SkuDraft], there: list[SkuView]) -> Reply:
    """A SKU of each draft, those apart that the shop has; all of them in one table."""
    twins = {names.specs_key(sku.specs): sku for sku in there}
    known = [twins.get(names.specs_key(draft.specs or {})) for draft in drafts]
    new = [draft for draft, twin in zip(drafts, known, strict=True) if twin is None]
    if not new:  # which says what to send instead
        goods.add(ctx.tx, drafts[0], cause=ctx.cause)
    added = iter(goods.add_many(ctx.tx, new, cause=ctx.cause))
    ctx.risk("several_new", number=len(new))
    rows = [_new_row(ctx, twin, added) for twin in known]
    head = tuple(ctx.say(f"field.{key}") for key in ("code", "product", "change"))
    title = f"{ctx.say('title.add_sku')} {drafts[0].name}"
    return Reply(title=title, table=Table(head, tuple(rows)))


def _new_row(ctx: Context, twin: SkuView | None, added: Iterator[SkuView]) -> tuple[str, str, str]:
    if twin is not None:
        status = ctx.say(f"status.{twin.status}")
        return twin.code, twin.title, ctx.say("add_sku.there", status=status)
    sku = next(added)
    told = ctx.say("import.new_sku", price=yuan(sku.price_fen), stock=sku.on_hand)
    return sku.code, sku.title, told


def _combined(specs: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Each combination of the values, in the order in which they were said."""
    return [dict(zip(specs, values, strict=True)) for values in product(*specs.values())]


def _as_called(
    specs: Mapping[str, str | list[str]], there: Sequence[SkuView]
) -> dict[str, list[str]]:
    """The values by the keys and in the spelling of the product: 白 is its 白色."""
    keys = dict.fromkeys(key for sku in there for key in sku.specs)
    said = {key: [v] if isinstance(v, str) else list(v) for key, v in specs.items()}
    own = columns.called(said, keys)
    return {key: list(dict.fromkeys(_spelt(key, v, there))) for key, v in own.items()}


def _warn_of_new_values(ctx: Context, name: str, said: Iterable[Mapping[str, str]]) -> None:
    unseen = {
        (key, one[key]): known
        for one in said
        for key, known in goods.unseen_values(ctx.tx, name=name, specs=one).items()
    }
    for (key, value), known in unseen.items():
        ctx.risk("new_value", spec=key, value=value, known="、".join(known))


@command(
    "edit_sku",
    words=("修改", "编辑", "改", "edit"),
    says=(
        r"应该?(?:是|为|叫)…(?:写|标|填|录|登|搞|弄)错了?",
        r"(?:改名字?+|更名|重命名|改叫|名字?+改|名称改|换名字?+|换个名字?+|品名改)(?:成|为|叫|做|到|作)*,?(?P<name>(?:[^,.!?\ue000-\uf8ff]|{sku}|{category}|{spec})+?)(?=$|[,.!?吧了])",
        r"换个?名字?+|改个?名字?+|换个?分类|改个?分类|换个?编码|改个?规格",
        r"(?:以后|现在|今后|改|统一|今后都)(?:就|都)?叫(?:做|成)?(?P<name>(?:[^,.!?\ue000-\uf8ff]|{sku}|{category}|{spec})+?)(?=$|[,.!?吧了])",
        r"(?:名字?+|名称|品名|商品名)(?:改|换|变)?(?:成|为|做|叫|到|是)+(?P<name>(?:[^,.!?\ue000-\uf8ff]|{sku}|{category}|{spec})+?)(?=$|[,.!?吧了])",
        r"(?:名字?+|名称|品名|商品名)(?:写|打|标|录|起)?(?:错|不对)了?,?(?:应该)?(?:改|换)?(?:成|为|是|叫)+(?P<name>(?:[^,.!?\ue000-\uf8ff]|{sku}|{category}|{spec})+?)(?=$|[,.!?吧了])",
        r"(?:编码|货号|编号|款号|sku码|代码)(?:要)?(?:改|换|变|弄|搞|设|定|更新|调整|更正|修正)?(?:成|为|到|是)*,? ?(?P<code>[0-9a-z\-_./]{2,}|{tracking})",
        r"(?:分类|类目|类别|品类)(?:改|换|变|调|移|归|放|挪)?(?:整)?(?:成|为|到|在|是|去)+(?P<category>{category}|[^,.!?\ue000-\uf8ff]{1,12}?)(?=$|[,.!?吧了])",
        r"(?:归|放|挪|移|换|转|划|调)(?:类)?(?:到|进|至|入|去|在|为)+(?P<category>{category}[\u3400-\u9fff]{0,3}?|[^,.!?0-9\ue000-\uf8ff]{1,8}?)(?:那|这)(?:一|个)?(?:类|边)",
        r"(?:分类|类)(?:放|标|写|选|设|归)?(?:错|不对)了?,?(?:应该)?(?:是|放|归|在|到|改|换)+(?P<category>{category}|[^,.!?0-9\ue000-\uf8ff]{1,8}?)(?=$|[,.!?吧了])",
        r"(?:归|放|挪|移|换|转|划|调|归类|移动|改)(?:类)?(?:到|进|至|入|去|在|为)+(?P<category>{category})(?:这个|那个)?(?:分类|类目|类别|品类|类)?(?:下面|里面?|下|去)?(?=$|[,.!?吧了])",
        r"(?:归|放|挪|移|换|转|划|调|归类|移动|改)(?:类)?(?:到|进|至|入|去|在|为)+(?P<category>[^,.!?0-9\ue000-\uf8ff]{1,12}?)(?:这个|那个)?(?:分类|类目|类别|品类|类)(?:下面|里面?|下|去)?(?=$|[,.!?吧了])",
        r"(?:归|放|挪|移|换|转|划|调|归类|移动|改)(?:类)?(?:到|进|至|入|去|在|为)+(?P<category>[^,.!?0-9\ue000-\uf8ff/]{1,8}/[^,.!?0-9\ue000-\uf8ff/]{1,8}?)(?:这个|那个|那边)?(?:下面|里面?|里|下|去)?(?=$|[,.!?吧了])",
        r"(?P<query>{spec})(?:的)?(?:那款|那个)?(?:应该)?(?:改|换|变|叫)(?:成|为|叫)?(?P<specs>{spec})",
        r"(?<=[\ue000-\uf8ff])(?:的|那款|那个|,)*(?:应该)?(?:改|换|变|写|叫)(?:成|为|叫|做|作)*(?P<specs>[^,.!? 0-9\ue000-\uf8ff]{1,5}[色款味型码装])(?=$|[,.!?吧了])",
        r"(?:由|从|原来)?(?P<query>{spec}|{measure})(?:的|那款|那个|那种)*(?:(?:标|写|录)错了?|应该|其实|,)*(?:改|换|变|写|叫|是)(?:成|为|叫|做|作)*(?P<specs>{spec}|{measure}|[^,.!? 0-9\ue000-\uf8ff]{1,5}[色款味型码装号])(?=$|[,.!?吧了])",
        r"(?:颜色|色号|尺寸|尺码|规格|重量|净重|口味|香型|容量|包装|款式)(?:(?:标|写|录)错了?|不对|错了|,)*(?:应该)?(?:由|从)(?P<query>[^,.!? 0-9\ue000-\uf8ff]{1,6}|{spec}|{measure})(?:改|换|变)(?:成|为|叫)*(?P<specs>{spec}|{measure}|[^,.!? 0-9\ue000-\uf8ff]{1,6})(?=$|[,.!?吧了])",
        r"(?:颜色|色号|尺寸|尺码|规格|重量|净重|口味|香型|容量|包装|款式)(?:(?:标|写|录)错了?|不对|错了|,)*(?:应该)?(?:改|换|变|写|是|叫)(?:成|为|到|作)*(?P<specs>{spec}|{measure}|[^,.!? 0-9\ue000-\uf8ff]{1,6})(?:不是(?P<query>{spec}|{measure}))?(?=$|[,.!?吧了])",
        r"(?:应该|改|以后|统一)*(?:改|换|变|叫)(?:成|为|叫)(?P<specs>[\u4e00-\u9fff]{1,2}{spec})(?=$|[,.!?吧了])",
        r"(?:应该|改|以后|统一)*(?:改|换|变|叫)(?:成|为|叫)?(?P<specs>{spec})",
        r"(?:颜色|尺寸|尺码|规格|重量|净重|口味|香型|容量|包装|款式)(?:标错了?|写错了?|不对|错了)?,?(?:应该)?(?:改|换|变|是|更正)(?:成|为|到)?(?P<specs>{spec}|{measure})",
        r"(?P<query>{measure})(?:的)?(?:改|换|变)(?:成|为)?(?P<specs>{measure})",
        r"(?:改|换|变)(?:成|为)(?P<specs>{measure})",
        r"(?:修改|编辑|更新|变更|改一?下|修正|更正)(?:商品|资料|信息)?",
        r"\b(?:rename|renamed)…(?:to|as|into) (?P<name>.+)$",
        r"\b(?:change|set|update|edit|fix)(?: the)?(?: product)? name…(?:to|as) (?P<name>.+)$",
        r"\b(?:call (?:it )?)(?P<name>[a-z0-9 \-']+?)(?: from now on| instead| now)?$",
        r"\b(?:code|sku|sku code)…(?:to|=|is|be|as) ?(?P<code>[0-9a-z\-_./]+)",
        r"\b(?:move|put|shift|file|recategori[sz]e|reclassify|switch)…(?:to|in|into|under) ?(?:the )?(?:category )?(?P<category>{category}|[^,.!?\ue000-\uf8ff]+?)(?: category| section| group)?$",
        r"\bcategory…(?:to|=|is|as|into) ?(?P<category>{category}|[a-z ]+?)$",
    ),
    needs=("name", "code", "category", "specs", "price_fen", "threshold"),
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
    says=(
        r"(?:价格?|售价|单价|定价|标价|卖价|零售价|现价|价钱)?(?:改|调|定|设|换|变|标|弄|搞|整|恢复|更新|回)(?:一?下|价|回|个)*(?:整|置)?(?:成|为|到|回|至|做|在)+(?:了)?(?:价格?|售价|单价)?(?P<price_fen_MAYBE>{amount})",
        r"(?:价格?|售价|单价|定价|标价|卖价|零售价|现价|价钱)(?:改|调|定|设|换|变|标|写|恢复|更新|回)(?:一?下|回|个)*(?:整|置)?(?:成|为|到|回|至|做|在)*(?:了)?(?P<price_fen>{amount})",
        Saying(
            r"(?:改价|调价|定价|标价|改个价)(?:成|为|到|至)*(?P<price_fen>{amount})", weight=0.5
        ),
        r"(?:改|调|定|标|整|往后)(?:价)?(?P<price_fen>{yuan})",
        r"(?:价格?|售价|单价|定价|卖价){amount}(?:改|调|降|涨|变|换)(?:价)?(?:成|到|为)?(?P<price_fen>{amount})",
        r"{amount}(?:改|调|降|涨|变|换)(?:价)?(?:成|到|为)?(?P<price_fen_MAYBE>{amount})",
        r"(?:标价|售价|价格?|单价|价钱)?(?:改|调)(?:一?下|个|改)?(?:价钱?|价格|售价)|(?:标价|售价|价格|单价|价钱)(?:改|调)(?:一?下|个|改|整)?",
        r"(?:改|调)(?:价)?(?:卖|售)(?P<price_fen>{amount})",
        r"跟(?:到|成|着到)(?P<price_fen>{amount})|(?:降|涨|调)(?:降|涨|调|点|一?下|个)*价",
        r"(?:涨|降|调|减|升|提|落|跌|加|回落|下调|上调|便宜)(?:价|回|整)?(?:到|成|至|为)(?:了)?(?P<price_fen>{amount})",
        r"(?:零售|卖|售|价格?|售价|单价|定价|标价|卖价|零售价|现价|特价|活动价|会员价|一口价|优惠价|促销价|秒杀价?|处理价?|新价|价钱|按)(?:改|调|定|设|变)?(?:成|为|是|到|:|=|在|就|从今天起|都)*(?P<price_fen>{amount})",
        r"(?:涨|涨价|提价|加价|贵|上涨|上调|[调往]高|[往向]上[调涨]?|加|提|升)(?:了|个|价|它)*(?P<delta>{yuan})",
        r"(?:涨|涨价|提价|加价|上涨|上调|提)(?:了|个|价)*(?P<delta>{n})",
        r"(?:降|降价|便宜|减|优惠|让利|少|下调|[调往]低|[往向]下[调降]?|跌|落|立减|直降|少卖|少收|让)(?:了|个|价|点|他们)*(?P<delta_DOWN>{yuan})",
        r"(?:降|降价|便宜|优惠|让利|下调|立减|直降)(?:了|个|价|点)*(?P<delta_DOWN>{n})",
        r"(?:价|价格|单价)(?:加|涨|上调)(?P<delta>{n})",
        r"加(?:价)?(?P<query>{percent})|(?:减|让|便宜)(?P<query_DOWN>{percent})",
        r"(?:-|跌|减少?)(?P<query_DOWN>{percent})|(?<![0-9])\+(?P<query>{percent})",
        r"\b(?:down|cut|reduce|lower|decrease)(?: by)? ?(?P<query_DOWN>{percent})",
        r"\bdown(?: by)? ?(?P<delta_DOWN>{yuan})|\b(?:put|add|stick) (?P<delta>{yuan}) (?:on top|on)\b",
        r"(?P<query_DOWN>{percent}) ?(?:cheaper|off|less|down)\b",
        r"\b(?:up|raise|increase)(?: by)? ?(?P<query>{percent})",
        r"(?:涨|涨价|提价|上调|加价|上浮|提)(?:了|个|价)*(?P<query>{percent})",
        r"(?:降|降价|便宜|下调|优惠|下浮|减)(?:了|个|价)*(?P<query_DOWN>{percent})",
        r"(?:打|打个|打成|搞|做|按|统一|全部|都|来个|弄个)*(?P<query>{off})(?:卖|出|出售|处理|清仓|促销|特价|活动|甩卖|吧)*",
        r"\+(?P<delta>{money})",
        r"(?:太|有点|偏)(?:贵|高)了?,?(?:没什么|没|都没)人(?:要|买|问)|(?:卖|走)不动|不好卖",
        r"-(?P<delta_DOWN>{money})",
        r"(?:改价|调价|定价|改个价|价格)(?:改|调)?(?:成|为|到|一?下)*",
        r"(?:涨价|降价|提价|减价|特价|打折|促销|涨点|降点|便宜点?|贵点)",
        r"(?P<price_fen>{yuan})(?:一)?(?:个|件|盒|瓶|包|袋|条|只|罐|份|斤|支|本|套)?(?:出|卖|处理|甩卖)",
        r"\b(?:price|cost|sell|selling|charge|make|mark|reprice|re-price|set|change|update|drop|lower|reduce|cut|raise|increase|bump|put|bring)…(?:to|at|for|=|is|it|now|be|of) ?(?:¥)?(?P<price_fen>{amount})",
        r"\b(?:make|price|sell|charge)…(?P<price_fen_MAYBE>{amount})(?: flat)?",
        r"\b(?:make|price|sell|charge)…(?P<price_fen>{yuan})",
        r"\b(?:discount|markdown|mark down)\b",
        r"\b(?:price|priced|price:|now|costs?|is now|should be|should cost|sell for|sells for|goes for|at|for) (?P<price_fen>{yuan})",
        r"\b(?:price|prices)…(?P<price_fen>{amount})",
        r"\b(?:raise|increase|bump|put up|hike|add|up)…(?:by )?(?P<delta>{money})",
        r"\b(?:raise|increase|bump|hike)…by (?P<delta>{n})",
        r"\b(?:knock|take|reduce|cut|drop|lower|shave|discount)…(?:by )?(?P<delta_DOWN>{money})(?: off)?",
        r"\b(?:knock|take|shave) (?P<delta_DOWN>{n}) off",
        r"\b(?:reduce|cut|drop|lower)…by (?P<delta_DOWN>{n})",
        r"(?P<delta_DOWN>{money}) (?:off|cheaper|less|discount)\b",
        r"(?P<delta>{money}) (?:more expensive|dearer)\b",
        r"\b(?:raise|increase|bump|hike|up)…(?P<query>{percent})",
        r"\b(?:reduce|cut|drop|lower|discount|mark down|decrease)…(?P<query_DOWN>{percent})",
        r"(?P<query>{off})(?: on| for)?",
    ),
    needs=("price_fen", "delta", "query"),
    several=True,
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
def set_price(
    ctx: Context,
    skus: Skus,
    price_fen: Price | None = None,
    delta: PriceChange | None = None,
    query: Factor | None = None,
) -> Reply:
    """Give one SKU, or every SKU of a product, a new price."""
    edits = [
        goods.edit(
            ctx.tx,
            code=sku.code,
            patch=SkuPatch(price_fen=_new_price(sku.price_fen, price_fen, delta, query)),
            cause=ctx.cause,
        )
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
    says=(
        r"(?:低于|少于|不到|不足|小于|跌破|破|只剩|就剩|还剩|剩下?|剩余|库存到|到|降到|掉到|跌到|少到)(?:了)?(?P<threshold>{n})(?:以下|时候?|的时候|了|就|,|要|得|记得|再|都|请|给|的话|之后)*(?:发|来)?(?:提醒|通知|告诉|叫|喊|吱|吭|言语|报|推送?|提示|警报|说|预警|报警|告警|催|@|艾特|吼|吱声)(?:一?声|一?下|我|我们|大家|一句|个|群里|货|补)*",
        r"(?:预警|警戒|提醒|安全库存|补货点)(?:线|值|数)?(?:从)?{n}(?:改|调|提|降|变)(?:成|到|为)?(?P<threshold>{n})",
        r"(?:预警|报警|告警|警戒|警报|提醒|安全库存|最低库存|库存下限|下限|补货点|预警线|预警值|预警数|提醒线|警戒线)(?:值|线|数|量|点|位|级别)?(?:改|设|调|定|提|降|升|放)?(?:置|高|低|整)?(?:成|为|到|在|是|=|个)?(?P<threshold>{n})",
        r"(?:预警|报警|告警|警戒|警报|提醒|安全库存|最低库存|库存下限|下限|补货点)(?:值|线|数|量|点)?…(?:改|设|调|定|提|降|升|放)(?:置|高|低|整)?(?:成|为|到|在)(?P<threshold>{n})",
        Saying(
            r"(?:关掉?|关闭|取消|不用|不要|别再?|不需要|停掉?|停止|去掉|无需)(?:…)?(?:预警|低库存提醒|缺货提醒|库存提醒|提醒|报警|告警)(?:了)?",
            {"threshold": 0},
            0.5,
        ),
        Saying(
            r"(?:预警|低库存提醒|缺货提醒|库存提醒|提醒|报警)(?:给我)?(?:关掉?|关闭|关了|取消|去掉|停掉|停了|不要了)(?:了)?",
            {"threshold": 0},
            0.5,
        ),
        r"(?:提醒|预警|报警|警戒|安全库存|最低库存|库存下限|补货点)(?:线|值|数)?",
        r"\b(?:warn|alert|ping|tell|remind|notify|let|give|shout|message|text|buzz|flag)(?: me| us)?(?: know)?…(?:when|if|once)…(?:falls?|drops?|goes?|gets?|hits?|reach(?:es)?|runs?|is|are|'s|left|only|down|to|below|under|at|less than|fewer than| )*(?P<threshold>{n})(?: left)?",
        r"\b(?:warn|alert|ping|remind|tell|notify|let (?:me|us) know|give (?:me|us) a (?:shout|heads up)|shout|message|text|buzz|flag)(?: me| us)?…(?:when|if|once|at|below|under)…(?P<threshold>{n})",
        Saying(r"\blow[- ]stock (?:alert|warning)s?…(?P<threshold>{n})", weight=1.0),
        r"(?:少于|低于|不足|不到)(?P<threshold>{n})…(?:warn|alert|ping|提醒|通知|叫|喊)(?:一?下|我)*",
        r"\b(?:threshold|reorder (?:point|level)|re-order point|low[- ]stock (?:alert|warning|level)|alert(?: level| point| threshold)?|warning level|safety stock|min(?:imum)? stock)…(?P<threshold>{n})",
        Saying(
            r"\b(?:turn off|disable|switch off|no more|stop|mute|remove)…(?:alerts?|warnings?|low[- ]stock alerts?) (?:for|on|of)\b",
            {"threshold": 0},
            0.5,
        ),
    ),
    several=True,
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
    says=(
        r"(?:先|暂时|暂|都)?(?:下架|停售|下线|停卖|撤下来?|撤架|撤了|撤掉|下掉|下了(?!单)|隐藏|关掉|停掉|拿下来|拿掉|收起来|藏起来|别(?:再)?(?:在店里|在架上|在上面)?(?:挂|卖|上)(?:在店里|着|出来)?了|别卖了|不卖了?|不再卖了?|停止销售|停止售卖|停售|不上了|取消上架|(?:不要|别)再?卖了?|先不卖了?|暂停销售|断档下架|淘汰|停了|停掉|清退|删掉|删除|删了|去掉)(?:了|掉)?",
        r"(?:先|也)?(?:别|不|免得|省得)(?:再)?(?:让|给|叫)?(?:客人|顾客|客户|买家|别人|大家|人)(?:再|又|还)?(?:看到|看见|瞅见|瞧见|见到|买到?|拍到?|下单|拍下)(?:了)?",
        r"别(?:再)?(?:展示|摆|挂|放|卖|上)(?:出来|着)?了",
        r"(?:质量|品控|质检)(?:有问题|不行|没过|不过关)",
        r"\b(?:delist|de-list|unlist|take…(?:offline|off sale|off the shelf|off the site|off the shop|off the list|off the menu|down|off)|pull…(?:from sale|from the shop|off sale|off the shelf|down|offline)|stop selling|don't sell|no longer sell(?:ing)?|quit selling|discontinue|remove…(?:from sale|from the shop|from the store|from the site|from the menu|listing)|hide|withdraw|off sale|off the shelf|offline|retire)\b",
    ),
    several=True,
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
    says=(
        r"恢复…(?:的)?(?:销售|售卖)|(?:重新|再|恢复|又)(?:上架|上线|销售|出售|售卖|卖|开卖|上)(?:起来|了)?|(?:恢复|继续|接着|重新)(?:销售|售卖|上架|卖|出售|上线|供应)|(?:又|再|可以|重新)(?:开始)?卖(?:了|起来)|上线|放出来|放回来|(?:放|摆|挂)(?:回|上)(?:去|来)?卖|(?:又)?可以卖(?:了|啦)|挂回去|挂出来|摆出来|开卖|取消下架|撤销下架|上回来|上回去|挂上",
        r"\b(?:relist|re-list|put…(?:back on sale|on sale|back on the shelf|back online|back up|back on|back|online)|bring…back(?: on sale| online)?|back on sale|resume sell(?:ing)?|start selling…again|sell…again|make…available again|is available again|back online|unhide|list…again|re-?enable|reactivate|restore)\b",
    ),
    several=True,
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
    says=(
        r"(?:规格|颜色|尺寸|尺码|口味|香型|款式|包装)(?:选项|可选|种类)?(?:设|定|限|限定|设置|设定|改|调整)?(?:成|为|只有|只能是|有|:)+(?=.*{spec}.*{spec})",
        r"\b(?:spec schema|specs?|options?|variants?)\b",
    ),
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


def _new_price(now: int, price_fen: int | None, delta: int | None, factor: str | None) -> int:
    """The price to set, in fen: as it is said, or the present one changed; half a fen rounds up."""
    if price_fen is not None:
        return price_fen
    if delta is not None:
        return now + delta
    times = Decimal((factor or "*1").removeprefix("*"))
    return int((now * times).quantize(Decimal(1), ROUND_HALF_UP))


def _as_known(entry: Mapping[str, Any], skus: Iterable[SkuView]) -> dict[str, Any]:
    """The entry in the spelling of the product's SKUs."""
    values = _spelt(entry["key"], entry["values"] or (), skus)
    return {**entry, "values": values or None}


def _spelt(key: str, values: Iterable[str], skus: Iterable[SkuView]) -> list[str]:
    """白 as 白色 where the product's SKUs spell it so, and then 黑 as 黑色 too."""
    known = {sku.specs.get(key, "") for sku in skus}
    whole = any(value.endswith("色") for value in known)
    bare = COLOURS if whole else ""
    return [f"{v}色" if v not in known and (f"{v}色" in known or v in bare) else v for v in values]


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
        named = dict.fromkeys(sku.name for sku, _ in lines)
        what = lines[0][0].name if len(named) == 1 else ctx.say("value.several", number=len(lines))
        return Reply(title=f"{ctx.say(title)} {what}", fields=fields)
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
