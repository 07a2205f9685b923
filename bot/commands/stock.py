"""Stock: what comes in, what goes out, what is there."""

from collections.abc import Sequence
from dataclasses import replace

from bot.commands._counted import collected, once, shelf_answers
from bot.commands._paging import fetched, paged, rows_of
from bot.commands._shown import (
    change,
    level_title,
    person,
    sku_fields,
    sku_table,
    sku_title,
    yuan,
)
from bot.messages import Button, Reply, Role, Table
from bot.registry import AskError, Context, Example, Saying, command
from bot.slots import (
    Counted,
    Customer,
    Delta,
    OnShelf,
    Page,
    Period,
    Query,
    Shelf,
    Sku,
    Skus,
    Taken,
    Target,
    Threshold,
    Within,
)
from bot.texts import Text
from store import counts, stock
from store import skus as goods
from store.stock import MovementView, StockLevel

JUMP = 20  # times the most this SKU ever had: more likely a slip of the finger than a delivery
LOOKED_THROUGH = 200  # movements, newest first, among which a person's or a day's are
MOST_EXPLAINED = 500  # movements since the last count that are looked through
SHOWN = 30  # of them, the newest


@command(
    "restock",
    words=("补货", "入库", "到货", "来货", "进货", "补", "加", "restock"),
    says=(
        r"(?:又|新|刚)?(?:补|到|来|进|入|添|收|拉|送来|上|加|收到|拿到|进到)(?:了|啦|来|进|回来?|过来|进来|货|库)*(?P<delta>{n})",
        r"(?:补|加|添|到|进|入|来|收|增加|新增)(?:了|货|库)*(?P<delta>{plus})",
        r"(?:又|新|刚|再)(?:到|来|进|补|入|添|加)(?:了|货|库)*",
        Saying(r"(?:补货?|入库|加)…到(?P<quantity>{n})", weight=1.5),
        r"(?P<delta>{n})(?:[的，,]|今天|刚|已经?)*(?:到货|到了|到店|到仓|入库|进货|补货|补上|补进|入仓|收到|来了|送来|送到|进来)(?:了)?",
        Saying(r"(?:到|来|进|补)(?:货|库)?(?:了|啦|咯)?", weight=-0.5),
        r"收到(?:货)?|收货|入仓|进仓|上货|补点|补上|补进|补一?下|追加|增加|添加(?={n})|添货|新到|新来|刚到|刚来|到了(?!没|吗)|来了(?!没|吗)|送来|送到|进了|拉来|拉了|放回去?|退回来了?|还回来|入一?下|入个?库|签收|拉回来|\b(?:bu|buhuo|ruku|daohuo)\b|加上|多出|多了(?P<delta>{n})",
        r"(?:库存)?(?:增加?|加|多加)(?:库存)?(?P<delta>{n})",
        r"(?:补|加|填|凑|备|添)(?:货|库存)?(?:到|满|足|够|齐)(?P<quantity>{n})",
        r"(?P<delta>{plus})",
        r"\b(?:got|get|received?|receiving|just received|just got|picked up|took delivery of|delivery of|delivery|arrived|arrival of|came in|come in|in stock now|stock in|restocking|re-stock|refill(?:ed)?|replenish|top(?:ped|ping)? up|stock up|stocked up|stock(?:ed)?(?= ?{n})|put back|returned to shelf|add(?:ed)?(?= ?{n})|brought in|bring in|checked? in|book in|unpacked|new shipment|shipment|increase|plus|in:)\b",
        r"\b(?P<delta>{n}) (?:more|extra|additional|new)\b(?:…(?:arrived|came in|in|delivered|here))?",
        Saying(
            r"\b(?:top(?:ped)?(?: up)?|restock|refill|bring|fill|stock)…(?:up )?to (?P<quantity>{n})",
            weight=1.0,
        ),
    ),
    needs=("delta", "quantity"),
    several=True,
    role=Role.STAFF,
    writes=True,
    help=Text("登记到货，增加现有库存", "Add received units to the stock on hand"),
    examples=(
        Example("补货 咖啡豆 20", {"name": "咖啡豆", "delta": 20}, reply="→"),
        Example("咖啡豆+50", {"name": "咖啡豆", "delta": 50}, reply="→"),
        Example("入库 TX-B-L 12件", {"code": "TX-B-L", "delta": 12}, reply="→"),
        Example("restock Linen Tote 5", {"name": "Linen Tote", "delta": 5}, reply="→"),
    ),
)
def restock(
    ctx: Context, sku: Sku, delta: Delta | None = None, quantity: Target | None = None
) -> Reply:
    """Add received units to stock on hand, or as many as bring it up to ``quantity``."""
    missing = delta if delta is not None else (quantity or 0) - sku.on_hand
    if missing <= 0:
        return Reply(text=ctx.say("restock.enough", sku=sku.title, on_hand=sku.on_hand))
    level = stock.receive(ctx.tx, sku=sku.code, quantity=missing, cause=ctx.cause)
    _warn_of_a_jump(ctx, level)
    return _moved(ctx, "title.restock", level)


@command(
    "deduct",
    words=("扣减", "出库", "报损", "扣", "减", "deduct"),
    says=(
        r"(?:磕|摔|打|碰|压|挤|撞|弄|跌|砸|摔|掉|泡|冻|烤|焐|虫|咬|压|踩)?(?:坏|碎|破|烂|裂|漏|瘪|霉|臭|馊)(?:了|掉|损)*(?P<delta>{n})?",
        r"(?:被?(?:打|摔|磕|碰|压|弄)(?:坏|碎|破|烂)|破损|损坏|报废|作废|损耗|耗损|变质|发霉|受潮|过期|临期|丢失|丢|弄丢|被偷|失窃|老鼠咬|扔|倒掉|处理掉|销毁)(?:了|掉)*(?P<delta>{n})?",
        r"(?:拿走|拿去|拿了|取走|领走|领用|带走|借走|借出|抽走|调走|调出|拨走|送出|送人|送给|送了|赠送|赠品|赠出|搭送|试吃|试喝|试用|试饮|品尝|尝|自用|自己用|自己喝|自己吃|自己拿|员工用|招待用?|留样|打样|寄样|拆|用掉|用了|用去|喝了|吃了|喝掉|吃掉|消耗|消掉|少了|减少|减去|减掉|减了|扣掉|扣除|扣了|扣去|去掉|划掉|剔除|出了|出掉|卖了|卖掉|卖出|卖出去|线下卖|门店卖|店里卖|现场卖)(?:了|掉|去)*(?P<delta>{n})?",
        r"(?:拿|送|用|取|扔|卖|丢|减|扣|出|领|借|喝|吃|耗|拆|损|坏|碎|破|摔|磕|砸|死)(?:了|掉|去|走)*(?P<delta>{n})",
        r"(?:样品|做样品|当样品|打样|试吃|做活动|做赠品|当赠品|给客户|给客人|给朋友|送朋友|送客户|送客人|送亲戚|做直播|拍照用?|展示用?|陈列用?|试吃装|招待客人|退给厂家|退给供应商|退厂家?|退回厂家|退回供应商|退货给厂家|给(?:隔壁|邻居|朋友|同事|老客户|客人|老丈人)*(?:尝尝|试试|吃|喝))",
        r"(?P<delta>{n})(?:被|给)?(?:坏|碎|破|烂|摔坏|摔碎|打碎|磕坏|过期|报废|丢)(?:了|掉)",
        r"(?P<delta>{minus})",
        r"(?:被人?|让人)?(?:顺走|偷走|偷了|拿走)(?:了)?(?P<delta>{n})|从?库存(?:里|中)?(?:去掉|扣掉|减掉|划掉|去|扣|减)(?:了|掉)?",
        r"(?:没法|不能|没办法|不能再)(?:再)?(?:卖|用|要)了?|卖不了了?",
        Saying(
            r"\b(?:broke|broken|dropped|smashed|lost|used|gave away|ate|cracked|spilled) (?:a|an|one)\b",
            {"delta": -1},
            0.5,
        ),
        r"\b(?:broke|broken|break|damaged|smashed|cracked|dropped|spilled|spoil(?:ed|t)|expired|rotten|mouldy|moldy|stale|lost|missing|stolen|gave away|give away|gave|giving away|given away|used up|used|using|took out|take out|take away|took|taken|remove|removed|minus|subtract|write off|wrote off|written off|threw (?:out|away)|throw (?:out|away)|toss(?:ed)?|scrap(?:ped)?|wasted?|binned|sampled|sampling|tasting|as samples?|for samples?|sold offline|sold in store|walk-in|walked out|ate|drank|consumed|deducted|knock(?= ?{n})|pull(?:ed)?(?= ?{n})|discard(?:ed)?|went bad|gone bad|in the bin|staff meal|comped|bin(?:ned)?|for tasting|leaked|out:)\b",
    ),
    several=True,
    role=Role.STAFF,
    writes=True,
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
    says=(
        r"(?:盘|点|数|清点|清|核对)(?:了|过|完|出来|下来|一下|下|得|到|库|货|存|出|点|结果|数)*(?:一共|总共|共|有|是|为|剩|还剩|还有|实际|就|只|现在|现有)*(?P<quantity>{n})",
        r"(?:盘了|点了|数了|清点了|盘完|点完|数完|点过|数过|盘出来|数出来|点出来|盘下来|数下来|刚盘|刚点|刚数|盘存|盘库|实盘|实点|实数|清点结果|盘点结果|盘点数)(?:一?下|一遍|一圈|了|结果)*",
        r"(?:库存|数量|现有|现货|存货|数|实数)(?:应该)?(?:改|调|设|更正|校正|修正|纠正|更新|定|写|登记|记)?(?:整)?(?:成|为|到|是|=|个)(?P<quantity>{n})",
        r"(?:库存|数量|现有|存货|实际|实际库存|现在)…(?:改|调|设|更正|校正|修正|更新)(?:整)?(?:成|为|到)(?P<quantity>{n})",
        r"(?:实际|其实|实物|货架上|架上|仓库里?|柜子里|手头|店里|盒里)?(?:上)?(?:只|就|真的|现在|实际)*(?:剩下?|还剩|还有|有|是|剩余)(?:了)?(?P<quantity>{n})(?:了)?(?=[,.!]?$|[,.])",
        r"库存(?P<quantity>{n})(?!以|的|左右|上下)",
        Saying(
            r"(?:库存|数量|存货)?(?:都|全|给|已经|已)?(?:清零|归零|清空|归0|清0|卖空)(?:了|掉)*",
            {"quantity": 0},
            1.0,
        ),
        Saying(
            r"{n}(?:都|也)?(?:不剩|没有|没剩|没得|没了)(?:了)?,?(?:库存)?(?:清零|归零|改成|改为|改|是|写)?",
            {"quantity": 0},
            0.5,
        ),
        r"盘典|pandian|(?:货架上|架上|仓库)?(?:实际|实有|实物)(?:就|只)?(?:数|有|是|剩|还剩)*|真实库存|(?:真实|实有|实际有|实际)(?:是|有|库存)?(?P<quantity>{n})",
        r"(?:账实|账面|系统)(?:不符|不对|有误)…(?:是|有)(?P<quantity>{n})",
        r"\b(?:counted|recounted|counting|stock ?take|stock count|inventory(?: is| count)?|actual(?:ly)?(?: count)?|we (?:actually |really |only |now |currently )?have(?: exactly| only)?|there (?:are|is)(?: actually| exactly| only)?|exactly|only|physical count|shelf count)…(?P<quantity>{n})",
        r"\b(?:set|correct|adjust|update|change|fix|make)…(?:stock|inventory|count|quantity|qty|on hand)…(?:to|=|at|is) ?(?P<quantity>{n})",
        r"\b(?:set|correct|adjust)…(?:to|=) ?(?P<quantity>{n})(?: in stock| on hand| units| pcs)",
        r"\b(?:zero out|counted|recount(?:ed)?|stocktaking|stock count)\b",
    ),
    several=True,
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
    """Correct stock on hand to a count; what open orders hold may have left the shelf already.

    While a running count of this person is open it only takes the line.
    """
    if (noted := collected(ctx, sku, quantity)) is not None:
        return noted
    once(ctx, sku, quantity)
    found = counts.standing(ctx.tx, code=sku.code, at=ctx.said_at)
    if found.reserved and shelf is None:
        question = ctx.say("ask.shelf", sku=sku.title, reserved=found.reserved)
        raise AskError("shelf", question, shelf_answers(ctx))
    taken = shelf == "taken"
    level = counts.book(ctx.tx, found, counted=quantity, taken=taken, cause=ctx.cause)
    _warn_of_a_jump(ctx, level)
    reply = _moved(ctx, "title.stocktake", level)
    difference = (ctx.say("field.difference"), f"{level.on_hand - level.on_hand_before:+d}")
    told = ctx.say("count.moved", moved=f"{found.moved:+d}", books=found.books)
    return replace(
        reply,
        fields=(reply.fields[0], difference, *reply.fields[1:]),
        text=told if found.moved else "",
    )


@command(
    "query_stock",
    words=(
        "查库存", "库存", "查", "还有多少", "还剩多少", "剩多少", "还有几", "还剩几", "还有没有货",
        "有没有货", "有货吗", "stock",
    ),
    says=(
        r"卖没了没|卖完没|(?:还)?(?:搁|放|压|存)着(?:多少|几)(?:个|件|盒)?|(?:还|现在)?(?:有|剩|余)(?:下)?(?:多少|几|没有|没|木有|吗|不|么)(?:货|存货|库存)?(?:个|件|盒|瓶|包|袋|条|只|罐|码|了)*",
        r"还(?:有|剩)(?:的)?(?:货|存货|库存)?(?:吗|么|没|没有|不|呢|啊)?|有没有货?|有无货?|有货|还有货|有现货|现货|没货了?(?=吗|\?)|没了吗|卖完了?(?:吗|没)|够不够卖?|够卖吗|够吗|够不",
        r"(?:库存|存货|余量|存量|现有量?)(?:是|有|还有|还剩|剩)?(?:多少|几|情况|怎么样|咋样|如何|呢|够不够|够吗)?",
        r"库村|库存(?:全|都|全部|统统)(?:给我)?(?:报|发|说|列|拉)(?:一遍|一下|出来|个遍)?|\bkucun\b|(?:查|看|瞧|查询|查查|看看|查一?下|看一?下)(?:一下|下)?(?:库存|存货|数量|余量)?",
        r"(?<!好)(?:多少|几)(?:个|件|盒|瓶|包|袋|条|只|罐|码|货|库存|钱(?!退))+(?=$|[,?吗呢啊呀了])",
        Saying(r"(?:卖|价格|售价|单价)?(?:是)?(?:多少钱|什么价|啥价|几块钱?|几多钱)", weight=0.5),
        r"剩(?:下|余)?(?:的|了)?(?:呢|吗|啥|什么)?$",
        r"(?:都|还)?有(?:哪些|哪几|什么|啥|几种|几个)(?:尺寸|尺码|码|颜色|色|规格|口味|味|款式|款|型号)(?:的)?",
        r"\b(?:how many|how much|what's left of|what is left of|any…left|have any|have we got|do we (?:still )?have|how are we (?:for|on|doing for)|have we (?:still )?(?:any|got)|are there any|is there any|got any|still got|in stock|on hand|left in stock|left|remaining|stock level|stock of|inventory of|inventory for|availability|available|check|how's|hows|how is|what's the stock|stock for|do we stock|pull up|show)\b",
    ),
    several=True,
    role=Role.VIEWER,
    help=Text("查一个商品的库存；不带名称则列出全部", "Show the stock of a product, or of all"),
    examples=(
        Example("查咖啡豆", {"name": "咖啡豆"}, reply="现有"),
        Example("库存", {}, reply="可售"),
        Example("T恤还有多少", {"name": "T恤"}, reply="可售"),
        Example("stock Linen Tote", {"name": "Linen Tote"}, reply="现有"),
    ),
)  # fmt: skip
def query_stock(ctx: Context, skus: Skus | None = None, page: Page = 1) -> Reply:
    """One SKU in full, several as a table."""
    if skus is None:
        return _all(ctx, page)
    if len(skus) > 1:
        return Reply(title=skus[0].name, table=sku_table(ctx, skus))
    sku = skus[0]
    buttons = (Button(ctx.say("button.ledger"), f"{ctx.say('word.ledger')} {sku.code}"),)
    return Reply(title=sku_title(sku), fields=sku_fields(ctx, sku), buttons=buttons)


@command(
    "search",
    words=("搜索", "搜", "找", "search", "find"),
    says=(
        r"(?:找|搜|搜索|搜一?下|找一?下|找找|翻翻|翻一?下|搵下?|查找|检索|搜搜)(?:一下|下|出|有|看)*",
        r"(?:都)?有(?:哪些|什么|啥|那些)(?:带|叫|含)?",
        r"(?:哪个|哪些|哪种)?(?:货名|名字|名称)(?:里)?有…(?:俩字|两个字|字|的)",
        Saying(
            r"{category}(?:那|这)?(?:一)?(?:类|块|个)?(?:的)?(?:都)?(?:列出来|列一下|有哪些|有啥|有什么|瞅瞅|看看|列一列|列)+",
            weight=0.5,
        ),
        Saying(
            r"(?:现在)?(?:在架上?|在售|在卖|上架)(?:的|着)(?:都)?(?:是|有)?(?:哪些|什么|啥)?(?:货|商品|东西|款)?(?:(?:都|全|给我|帮我)*(?:列|拉)(?:一下|出来)+)?",
            {"topic": "on_sale"},
            0.5,
        ),
        Saying(
            r"(?:下架|停售|下了架)(?:了|着|掉)?的(?:那些|商品|货品?|款|东西|都)*(?:(?:是|有)?(?:哪些|什么|啥)(?:货|商品|东西)?|(?:全|给我|帮我)*(?:(?:列|拉|找|调)(?:一下|出来|个单子?)+|给我(?:[看瞅瞧]{1,2}|看看|瞅瞅)))",
            {"topic": "delisted"},
            0.5,
        ),
        Saying(r"\blook (?:up|for)(?: anything with)?\b", weight=1.0),
        r"(?P<query>{amount})(?:元|块|块钱)?(?:以下|以内|之内|以里|内)的?…(?:有哪些|有什么|有啥|的)?",
        r"(?:名字?|名称)?(?:里|中)?(?:带|含|包含|有)(?:有)?…(?:字|的)(?:的)?(?:商品|东西|货)?",
        r"\b(?:search(?: for)?|find(?: me)?|look(?:ing)? for|browse|what kinds? of|what sort of|do we sell|do we have any|list all|list every|anything with|zhao|sou)\b",
        r"\b(?:(?:anything|something|everything|stuff|things|items|products) )?(?:under|below|cheaper than|less than|up to) (?P<query>{amount})(?: rmb| yuan| kuai)?\b",
        r"(?:不到|低于|少于|小于|不超过|不足)(?P<query>{money})(?:的)?(?:都)?(?:有啥|有什么|有哪些|的)?",
    ),
    needs=("query", "category", "topic"),
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
def search(
    ctx: Context,
    query: Query | None = None,
    category: Within | None = None,
    topic: OnShelf | None = None,
    page: Page = 1,
) -> Reply:
    """SKUs in which every word is found."""
    limit = int(query[1:]) if query and query.startswith("<") and query[1:].isdigit() else None
    wanted = {"category": category or "", "status": topic or ""}
    said = " ".join(word for word in (category, query if limit is None else "") if word)
    if query and limit is None:
        words = f"{query} {category or ''}"
        found = goods.find(ctx.tx, words, status=topic or "", most=fetched(page))
    else:
        found = goods.listed(ctx.tx, below_fen=limit, **wanted, most=fetched(page))
    said = f"{said} < {yuan(limit)}".strip() if limit is not None else said
    said = said or ctx.say(f"status.{topic}")
    if not found:
        return Reply(text=ctx.say("search.nothing", query=said))
    shown = rows_of(found, page)
    title = ctx.say("title.search", query=said, number=_counted(found, page))
    return paged(ctx, Reply(title=title, table=sku_table(ctx, shown)), found, page)


@command(
    "low_stock",
    words=("缺货", "低库存", "快没货", "快卖完", "low stock", "low"),
    says=(
        r"(?:哪些|哪个|什么|啥|哪几个|有什么|有啥|有哪些|有没有|都|谁)?(?:商品|东西|货)?(?:快|要|就要|马上)(?:没|卖完|卖光|断|缺|见底|空|售罄|卖断|售完)(?:货|了|掉)*(?:的)?(?:商品|东西|货|有哪些|有什么|有啥|是哪些|是哪个)*",
        r"(?:哪些|哪个|什么|啥|哪几个|有什么|有啥|有哪些)…(?:缺货|缺|不够|不多|不足|告急|该补|要补|需要补|得补|补货|该进|要进|需要进|低于|少于|见底|断货|卖完|售罄|紧张|吃紧|偏低|不到)(?:货|了)*",
        r"(?:该|要|需要|得)(?:补|进|订)(?:货|点)?(?:的)?(?:什么|啥|哪些|哪个|有哪些|了的?|清单|列表|的有)+",
        r"(?:补货|进货|采购)(?:清单|列表|建议|单)",
        r"(?:缺货|断货|低库存|库存不足|库存紧张|库存告急|库存偏低|库存低|售罄|见底|告急|卖光|快没)(?:的)?(?:商品|东西|货|清单|列表|名单|有哪些|有什么|有啥|是哪些|情况|提醒(?=$))*",
        r"dikucun|quehuo|(?:货|库存)?(?:剩得?)?(?:不多|快不够)(?:了)?的?(?:都)?(?:有啥|有哪些|有什么|是哪些)",
        r"(?:该|要|需要|得|快要)(?:进货|补货|进|补|订货|订)的?(?:货)?(?:给我|帮我)?(?:列|有哪些|单子|清单|哪些|啥|拉|打)+(?:个|一列|一列|一下|出来|单子|清单|的)*",
        r"(?:库存)?(?:不够)(?P<threshold>{n})(?:的)?(?:列出来|有哪些|有啥)?",
        r"(?:库存)?(?:少于|低于|不到|不足|小于|不满|在)(?P<threshold>{n})(?:以下|以内)?(?:的)?(?:商品|东西|货|有哪些|有什么|有啥|有哪几个|是哪些|都有哪些|都有啥)*",
        r"(?:剩|库存|还剩)(?:不到|不足|少于|低于)(?P<threshold>{n})",
        r"(?P<threshold>{n})(?:个|件)?(?:以下|以内)的?(?:商品|东西|货|有哪些|有什么|有啥)*",
        r"\b(?:running (?:out|low)|run(?:ning)? out|low on|low in stock|low stock|low-stock|almost (?:out|gone|sold out)|nearly (?:out|gone|sold out)|about to run out|out of stock|sold out|need(?:s)? (?:restocking|reordering|to be (?:restocked|reordered)|topping up)|should (?:i|we) (?:restock|reorder|order|buy|top up)|to reorder|to restock|restock list|reorder list|shortages?|what's short|getting low|what's low|whats low|is low|are low|in short supply)\b",
        r"\b(?:under|below|less than|fewer than) (?P<threshold>{n})(?: left| in stock| units| pcs| pieces)?",
    ),
    role=Role.VIEWER,
    help=Text("列出低于预警线的商品，也可给一个数", "List what is at or under its alert level"),
    examples=(
        Example("缺货", {}, reply="绿茶"),
        Example("低库存 10", {"threshold": 10}, reply="绿茶"),
        Example("low stock", {}, reply="绿茶"),
    ),
)
def low_stock(
    ctx: Context,
    threshold: Threshold | None = None,
    category: Within | None = None,
    page: Page = 1,
) -> Reply:
    """SKUs on sale at or under their alert level, or under a limit, the scarcest first."""
    scarce = goods.low_stock(ctx.tx, below=threshold, category=category or "", most=fetched(page))
    if not scarce:
        return Reply(text=ctx.say("low_stock.nothing"))
    title = ctx.say("title.low_stock", number=_counted(scarce, page))
    table = sku_table(ctx, rows_of(scarce, page))
    return paged(ctx, Reply(title=title, table=table), scarce, page)


@command(
    "ledger",
    words=("流水", "出入库", "谁改过", "ledger"),
    says=(
        Saying(
            r"(?:是)?(?:谁|哪个|哪位)(?:又|把|给|动|改|调)…(?:改|动|清零|扣|调|下架|删|补|加|弄|卖|减|拿|上架|降|涨)(?:了|过|的|掉|价|成)*",
            weight=1.5,
        ),
        Saying(
            r"(?<![\u4e00-\u9fffa-z])(?P<user>[\u4e00-\u9fff]{2,3}|[a-z]{2,12}){period}?(?:都)?(?:动|改|调|补|扣|操作|干|弄|做|搞)(?:过|了)(?:些)?(?:哪些|什么|啥)(?:库存|商品|东西|货|事)?",
            weight=1.0,
        ),
        r"(?:近|最近)?{period}?(?:的)?(?:库存)?流水",
        r"(?:都)?(?:有|是)?谁(?:给|把)?(?:改|动|调|补|扣|减|加|操作|弄|拿|入库|出库|盘|卖)(?:过|的|了|掉)?(?:库存|货|价格|价|数)?(?:的)?",
        r"(?:出入库|库存|进出|进销|变动|变更|改动|修改|操作|调整|历史|流水|进货|补货|入库|出库|库存变动)(?:的)?(?:记录|明细|历史|流水|日志|账|台账)+",
        r"(?:最近|近期)?(?:进出|出入|变动|变化|动向|进出货)(?:情况)?",
        r"(?:都)?(?:有)?(?:哪些|什么|啥)(?:人)?(?:改动|变动|变化|操作|动过|动静)",
        r"(?:怎么|什么时候|啥时候|何时)(?:进|补|改|变|动|入库|出库|调)(?:过|的|了|货)+",
        r"(?:动过|改过|调过)(?:的)?(?:人|记录|几次|多少次)?|流水账?|台账",
        r"\b(?:who (?:changed|touched|edited|moved|modified|adjusted|updated|restocked|took|added|deducted|set|did|has been)|history|movements?|stock movements?|log|ledger|audit|change log|ins and outs|record of changes|track record|what happened to|show changes|transactions?)\b",
    ),
    role=Role.VIEWER,
    help=Text(
        "看一个商品最近的库存流水：谁、何时、多少", "Show who moved a product's stock, and when"
    ),
    examples=(
        Example("流水 咖啡豆", {"name": "咖啡豆"}, reply="咖啡豆"),
        Example("ledger Linen Tote", {"name": "Linen Tote"}, reply="Linen Tote"),
    ),
)
def ledger(
    ctx: Context,
    sku: Sku | None = None,
    period: Period | None = None,
    user: Customer | None = None,
    page: Page = 1,
) -> Reply:
    """The last movements of a SKU, or of all, newest first."""
    moved, _ = stock.movements(ctx.tx, sku=sku.code if sku else None, limit=LOOKED_THROUGH)
    if user is not None:
        moved = [m for m in moved if user in {m.actor, person(ctx, m.actor)}]
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
        for m in rows_of(moved, page)
    )
    reply = Reply(
        title=sku_title(sku) if sku else ctx.say("title.ledger"),
        table=Table(head, rows),
        text="" if rows else ctx.say("ledger.nothing"),
    )
    return paged(ctx, reply, moved, page)


@command(
    "explain",
    words=("解释", "为什么", "为啥", "explain", "why"),
    says=(
        Saying(
            r"^(?:怎么|咋个?|为什么|为啥|how come|why)(?:会|就|只|还|又|突然|老是|库存|现在)*(?:只有|只剩|剩|成|变成|变|少|多|不对|没|对不上|下降|差|低|高|是{n})",
            weight=3.5,
        ),
        r"(?:为什么|为啥|为何|咋|怎么|怎么会|咋个|怎么回事|什么原因|啥原因)(?:会|就|库存|数量|数|只|是|又|突然|一下子?|老是|总是|变|显示|现在|还|剩|才|这么|那么)*(?:是|只有|只剩|剩|成|变成|变|少|多|有|不对|没|对不上|下降|降|减|跌|差|低|高)(?:了|这么|那么|这点|一点|多|少|的|个|对|些|到)*(?:{n})?(?:了)?",
        r"(?:库存|数|数量)(?:是)?(?:怎么来的|怎么算的|怎么算出来的|哪来的|从哪来的|咋来的|咋算的|为什么不对|不对|对不上|有问题)(?:{n})?",
        r"(?:{n})(?:是)?(?:怎么来的|怎么算的|怎么算出来的|哪来的|咋来的|咋算的)",
        r"(?:这个?数|这个?库存|库存|数字?)?(?:是)?(?:怎么来的|怎么算的|怎么算出来的|哪来的|咋来的|咋算的|咋算出来的|咋个算的|怎么变的|哪去了|去哪了|到哪去了|哪儿去了|跑哪去了|怎么没了|怎么不见了)",
        r"\b(?:why (?:is|are|do|does|did|has|have|only|we)|explain|how come|where did…(?:go|come from)|what happened to|how did…(?:get to|become|end up)|reason for)(?:…(?:{n}))?",
    ),
    role=Role.VIEWER,
    help=Text("解释库存数是怎么来的", "Explain where a stock figure comes from"),
    examples=(
        Example("为什么是47 咖啡豆", {"name": "咖啡豆"}, reply="咖啡豆"),
        Example("why is Linen Tote 40", {"name": "Linen Tote"}, reply="Linen Tote"),
    ),
)
def explain(ctx: Context, sku: Sku) -> Reply:
    """The last count of a SKU and all that moved it since, with names and orders; who holds it."""
    since = _since_the_last_count(ctx, sku.code)
    moved = [m for m in since if m.delta_on_hand]
    start = moved[0] if moved else None
    head = tuple(ctx.say(f"field.{key}") for key in ("time", "kind", "change", "on_hand", "who"))
    rows = tuple(
        (
            ctx.local(m.created_at),
            ctx.say(f"kind.{m.kind}"),
            f"{m.delta_on_hand:+d}",
            str(m.on_hand),
            _by(ctx, m),
        )
        for m in moved[-SHOWN:]
    )
    held = stock.holding(ctx.tx, sku=sku.code) if sku.reserved else ()
    lines = [
        ctx.say(
            "explain.since", when=ctx.local(start.created_at), kind=ctx.say(f"kind.{start.kind}")
        )
        if start
        else ctx.say("ledger.nothing"),
        ctx.say("explain.held", reserved=sku.reserved, orders=ctx.listed(held)) if held else "",
    ]
    return Reply(
        title=f"{sku_title(sku)} {ctx.say('field.on_hand')} {sku.on_hand}",
        text="\n".join(line for line in lines if line),
        table=Table(head, rows),
    )


def _since_the_last_count(ctx: Context, code: str) -> list[MovementView]:
    """The movements from the last count on, the oldest first; all of them where none was made."""
    moved, _ = stock.movements(ctx.tx, sku=code, limit=MOST_EXPLAINED)
    found: list[MovementView] = []
    for movement in moved:
        found.append(movement)
        if movement.kind == "stocktake":
            break
    return found[::-1]


def _by(ctx: Context, movement: MovementView) -> str:
    """The order that a movement belongs to, else whoever did it."""
    kind, _, number = movement.cause.partition(":")
    return f"{ctx.say('title.order')} {number}" if kind == "order" else person(ctx, movement.actor)


def _all(ctx: Context, page: int) -> Reply:
    found, _ = goods.page(ctx.tx, status="on_sale", limit=fetched(page))
    if not found:
        return Reply(text=ctx.say("stock.empty"))
    table = sku_table(ctx, rows_of(found, page))
    return paged(ctx, Reply(title=ctx.say("title.stock"), table=table), found, page)


def _counted(found: Sequence[object], page: int) -> str:
    """How many were found, as far as was looked."""
    most = fetched(page) - 1
    return f"{most}+" if len(found) > most else str(len(found))


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
