"""A sentence for every expected failure: the numbers, and the next step."""

from collections.abc import Callable
from typing import Any

from bot.texts.text import Text, listed
from store import errors
from store.errors import StoreError
from store.money import short_yuan

_FIELDS = {
    "name": Text("名称", "The name"),
    "code": Text("编码", "The code"),
    "row": Text("这一行", "The row"),
    "specs": Text("规格", "The specs"),
    "category": Text("分类", "The category"),
    "quantity": Text("数量", "The quantity"),
    "price": Text("价格", "The price"),
    "price_fen": Text("价格", "The price"),
    "stock": Text("库存", "The stock"),
    "reorder_point": Text("预警线", "The alert level"),
    "status": Text("状态", "The status"),
    "threshold": Text("预警线", "The alert level"),
    "carrier": Text("快递公司", "The carrier"),
    "tracking_no": Text("快递单号", "The tracking number"),
    "period": Text("时间", "The period"),
    "at": Text("这个时间", "That time"),
    "until": Text("结束时间", "The end"),
    "customer_id": Text("顾客", "The customer"),
    "channel": Text("渠道", "The channel"),
    "contact": Text("联系人", "The contact"),
    "phone": Text("电话", "The phone number"),
    "address": Text("地址", "The address"),
    "remark": Text("备注", "The remark"),
    "lines": Text("订单行", "The order's lines"),
}
_RULES = {
    "length": Text("太长，最多 {limit} 个字", " is too long: {limit} characters at most"),
    "characters": Text("里有不能用的字符", " has characters that cannot be used"),
    "reserved": Text("不能这样写，会和网址冲突", " cannot be that: it clashes with addresses"),
    "invisible": Text("里有看不见的字符或换行", " has invisible characters or line breaks"),
    "empty": Text("不能是空的", " cannot be empty"),
    "count": Text("太多，最多 {limit} 个", " are too many: {limit} at most"),
    "range": Text("超出范围，最多 {limit}", " is out of range: {limit} at most"),
    "twice": Text("说了两次，不一样", " is given twice"),
    "keys": Text(
        "没看懂是哪一项，要写成 颜色=白色;尺寸=L",
        " do not say what is what; write them like 颜色=白色;尺寸=L",
    ),
    "total": Text("是合计行，不是商品", " is that of a row of totals, not of goods"),
    "several": Text(
        "里有几个值：每个值写一行；就是一个的话，在「规格」列写成 颜色=红/蓝",
        ' hold several values: give each a row; one value is 颜色=红/蓝 in a column "specs"',
    ),
    "torn": Text(
        '的格子比表头多，中间带逗号的数要加引号，例如 "1,280"',
        ' has more cells than there are headings; quote a number with a comma in it, like "1,280"',
    ),
    "yuan": Text("要写成元，最多两位小数，例如 88.00", " must be yuan like 88.00"),
    "whole": Text("要写成整数，例如 20", " must be a whole number like 20"),
    "choice": Text("只能是 {limit}", " must be one of: {limit}"),
    "calendar": Text("不是日历上的日子", " is no day of the calendar"),
    "past": Text("已经过了，什么都没改", " is over; nothing was changed"),
    "before": Text(
        "要在开始之后，什么都没改", " must come after the beginning; nothing was changed"
    ),
}
_FILE_RULES = {
    "size": Text("文件太大，最多 {megabytes} MB", "The file is too large: {megabytes} MB at most"),
    "rows": Text("行数太多，最多 {limit} 行", "Too many rows: {limit} at most"),
    "line": Text("有一行太长", "A line is too long"),
    "columns": Text("列数太多，最多 {limit} 列", "Too many columns: {limit} at most"),
    "quotes": Text("引号没有成对", "A quotation mark is not closed"),
    "nul": Text(
        "文件里有空字符，不是 XLSX 或 CSV 表格",
        "The file holds NUL characters; it is no XLSX or CSV sheet",
    ),
    "utf16": Text("文件是 UTF-16，请另存为 UTF-8", "The file is UTF-16; please save it as UTF-8"),
    "encoding": Text("文件不是 UTF-8 也不是 GBK", "The file is neither UTF-8 nor GBK"),
    "cell": Text("有一格太长，最多 {limit} 字", "A cell is too long: {limit} characters at most"),
    "formula": Text(
        "有公式还没算出结果，请用表格软件打开再保存一次",
        "A formula has no result yet; please open the file in a spreadsheet and save it again",
    ),
    "unpacked": Text("文件展开后太大", "The file is too large once it is unpacked"),
    "slow": Text(
        "文件太复杂，{limit} 秒还没读完；请只留数据，另存一份",
        "The file takes more than {limit} s to read; please save its bare data as a new one",
    ),
    "xls": Text(
        "这是旧的 .xls 文件，或者有密码；请另存为没有密码的 .xlsx 或 CSV",
        "This is an old .xls file or has a password; please save it as .xlsx or CSV without one",
    ),
    "xlsx": Text("不是能打开的 XLSX 文件", "This is no XLSX file that can be opened"),
    "empty": Text("文件是空的", "The file is empty"),
    "form": Text(
        "这不是 XLSX 或 CSV 表格，读不出商品；请发 .xlsx 或 .csv 文件",
        "This is no XLSX or CSV sheet; please send an .xlsx or .csv file",
    ),
    "heading": Text(
        "没找到表头：前 10 行里要有一行写着「编码」（code）或「名称」（name）",
        'No headings: one of the first 10 rows must name a column "code" (编码) or "name" (名称)',
    ),
    "heading_twice": Text("列「{value}」有两个", 'There are two columns "{value}"'),
}
_OTHER_FILE_RULE = Text("文件读不出来", "The file cannot be read")
_OTHER_RULE = Text("不对", " is not valid")
_STATES = {
    "pending_payment": Text("待付款", "to pay"),
    "confirmed": Text("已确认", "confirmed"),
    "paid": Text("已付款", "paid"),
    "shipped": Text("已发货", "shipped"),
    "completed": Text("已完成", "completed"),
    "cancelled": Text("已取消", "cancelled"),
    "expired": Text("已超时", "expired"),
    "refunding": Text("退款中", "refunding"),
    "refunded": Text("已退款", "refunded"),
}


def explain(error: StoreError, language: str = "zh") -> str:
    """One sentence for a person: what is wrong, with the numbers, and what to do."""
    return SENTENCE_OF[type(error)](error).to(language)


def _invalid(error: Any) -> Text:
    field = _FIELDS.get(error.field, Text(error.field, error.field))
    rule = _RULES.get(error.rule, _OTHER_RULE)
    return Text(
        f"{field.zh}{rule.zh.format(limit=error.limit)}。",
        f"{field.en}{rule.en.format(limit=error.limit)}.",
    )


def _bad_file(error: Any) -> Text:
    rule = _FILE_RULES.get(error.rule, _OTHER_FILE_RULE)
    at = Text(f"（第 {error.row} 行）", f" (row {error.row})") if error.row else Text("", "")
    values = {"limit": error.limit, "value": error.value, "megabytes": (error.limit or 0) >> 20}
    return Text(f"{rule.zh.format(**values)}{at.zh}。", f"{rule.en.format(**values)}{at.en}.")


def _sku_not_found(error: Any) -> Text:
    if not error.skus:
        return Text(
            "店里还没有商品。发「上架 名称 价格」加一个。",
            'The shop has no products yet. Send "add NAME PRICE".',
        )
    skus, near = listed(error.skus), listed(error.nearest)
    zh, en = f"没有找到「{skus.zh}」", f'There is no product "{skus.en}"'
    if error.nearest:
        return Text(f"{zh}。最接近的是：{near.zh}。", f"{en}. The nearest are: {near.en}.")
    return Text(f"{zh}，可以用「找 名称」搜索。", f'{en}; try "search NAME".')


def _ambiguous_sku(error: Any) -> Text:
    codes = listed(error.candidates)
    return Text(
        f"「{error.words}」可能是：{codes.zh}。请说编码或规格。",
        f'"{error.words}" may be: {codes.en}. Please give the code or the specs.',
    )


def _product_not_found(error: Any) -> Text:
    return Text(f"没有商品「{error.product}」。", f'There is no product "{error.product}".')


def _not_for_sale(error: Any) -> Text:
    skus = listed(error.skus)
    return Text(
        f"{skus.zh} 已下架，先「上架 {skus.zh}」。",
        f'{skus.en} is delisted; "relist {skus.en}" first.',
    )


def _insufficient(error: Any) -> Text:
    zh = "；".join(f"{x.sku} 要 {x.requested} 件，可用 {x.available} 件" for x in error.lines)
    en = "; ".join(f"{x.sku}: {x.requested} wanted, {x.available} available" for x in error.lines)
    if not error.holders:
        return Text(f"库存不够：{zh}。", f"Not enough stock: {en}.")
    held = listed(error.holders)
    return Text(
        f"库存不够：{zh}，其余被订单 {held.zh} 占用。",
        f"Not enough stock: {en}; orders {held.en} hold the rest.",
    )


def _price_changed(error: Any) -> Text:
    zh = "；".join(f"{x.sku} 现价 {short_yuan(x.price_fen)} 元" for x in error.lines)
    en = "; ".join(f"{x.sku} costs {short_yuan(x.price_fen)} yuan now" for x in error.lines)
    return Text(f"价格变了：{zh}。", f"The price has changed: {en}.")


def _code_taken(error: Any) -> Text:
    if error.delisted:
        return Text(
            f"已有这个商品 {error.sku}，只是下架了；发「上架 {error.sku}」恢复。",
            f'{error.sku} exists and is delisted; send "relist {error.sku}".',
        )
    return Text(
        f"已有这个商品：{error.sku}。要加库存请发「补货 {error.sku} 数量」。",
        f'{error.sku} exists already; to add stock send "restock {error.sku} NUMBER".',
    )


def _spec_not_allowed(error: Any) -> Text:
    allowed = listed(error.allowed)
    if error.missing:
        keys = listed(error.missing)
        return Text(
            f"「{error.product}」还要说明{keys.zh}。", f"{error.product} also needs: {keys.en}."
        )
    if error.value is None:
        return Text(
            f"「{error.product}」没有规格「{error.key}」，可用的有：{allowed.zh or '无'}。",
            f'{error.product} has no spec "{error.key}"; it has: {allowed.en or "none"}.',
        )
    return Text(
        f"「{error.product}」的{error.key}没有「{error.value}」，可用的有：{allowed.zh}。",
        f'{error.key} of {error.product} cannot be "{error.value}"; it can be: {allowed.en}.',
    )


def _wrong_state(error: Any) -> Text:
    state = _STATES.get(error.status, Text(error.status, error.status))
    return Text(
        f"订单 {error.order_no} 现在是「{state.zh}」，不能做这一步。",
        f"Order {error.order_no} is {state.en} now; this step is not possible.",
    )


def _not_undoable(error: Any) -> Text:
    if not error.order_no:
        return Text(
            f"{error.what or '这一步'} 不能撤销：之后有别的改动，或者已经撤销过了。",
            f"{error.what or 'This'} cannot be undone: it was changed since, or undone already.",
        )
    state = _STATES.get(error.status, Text(error.status, error.status))
    return Text(
        f"订单 {error.order_no} 已经是「{state.zh}」，订单走过的步骤不能撤销；库存不对请盘点。",
        f"Order {error.order_no} is {state.en} by then, and no step of an order can be undone; "
        "if the stock is wrong, count it.",
    )


def _ambiguous_order(error: Any) -> Text:
    numbers = listed(error.candidates)
    return Text(
        f"几个订单的尾号都是 {error.digits}：{numbers.zh}。请说全。",
        f"Several orders end in {error.digits}: {numbers.en}. Please give the whole number.",
    )


def _no_timed_act(error: Any) -> Text:
    if not error.number:
        return Text("没有定时可以取消。", "Nothing is timed.")
    if not error.state:
        return Text(f"没有定时 {error.number}。", f"There is no timed act {error.number}.")
    state = _TIMED.get(error.state, Text("已经做完了", "done already"))
    return Text(f"定时 {error.number} {state.zh}。", f"No. {error.number} was {state.en}.")


_TIMED = {
    "cancelled": Text("已经取消了", "cancelled already"),
    "undone": Text("已经撤销了", "undone already"),
    "failed": Text("没有做成，已经作废", "not done and is void"),
}
_BUSY = Text("现在太忙，稍后会自动再试。", "Very busy now; it will be tried again shortly.")

SENTENCE_OF: dict[type[StoreError], Callable[[Any], Text]] = {
    errors.InvalidValueError: _invalid,
    errors.SkuNotFoundError: _sku_not_found,
    errors.AmbiguousSkuError: _ambiguous_sku,
    errors.ProductNotFoundError: _product_not_found,
    errors.SkuNotForSaleError: _not_for_sale,
    errors.InsufficientStockError: _insufficient,
    errors.PriceChangedError: _price_changed,
    errors.CodeTakenError: _code_taken,
    errors.SpecNotAllowedError: _spec_not_allowed,
    errors.WrongStateError: _wrong_state,
    errors.AmbiguousOrderError: _ambiguous_order,
    errors.ShopClosedError: lambda _: Text(
        "店铺打烊中，发「开门」恢复接单。", 'The shop is closed; send "open shop" to take orders.'
    ),
    errors.NameTakenError: lambda e: Text(
        f"已有商品叫「{e.name}」。", f'Another product is called "{e.name}".'
    ),
    errors.StaleVersionError: lambda e: Text(
        f"{e.sku} 刚被别人改过，请看过再改。",
        f"Somebody has just changed {e.sku}; please look again.",
    ),
    errors.OrderNotFoundError: lambda e: Text(
        f"没有订单 {e.order_no}。", f"There is no order {e.order_no}."
    ),
    errors.IdempotencyKeyReusedError: lambda _: Text(
        "这个请求编号用过了，内容却不同。", "This request key was used for something else."
    ),
    errors.MemberNotFoundError: lambda e: Text(
        f"没有找到成员「{e.user}」，请他先在群里说句话。",
        f'Nobody called "{e.user}" was seen; ask them to say a word here first.',
    ),
    errors.LastOwnerError: lambda _: Text(
        "这是最后一位店主，请先授权另一位店主。",
        "This is the last owner; make somebody else owner first.",
    ),
    errors.NothingToUndoError: lambda _: Text(
        "你没有可以撤销的操作。", "There is nothing of yours to undo."
    ),
    errors.CountedTwiceError: lambda e: Text(
        f"{e.sku} 写了两个实数：{e.first} 和 {e.second}，哪个对？只留一个再发。",
        f"{e.sku} is counted twice: {e.first} and {e.second}. Send it with the right one alone.",
    ),
    errors.NotUndoableError: _not_undoable,
    errors.TimedActNotFoundError: _no_timed_act,
    errors.BadCodeError: lambda _: Text(
        "口令不对、用过了或已过期，请重新取一个。",
        "The code is wrong, used or too old; please get a new one.",
    ),
    errors.LeaseLostError: lambda _: Text(
        "另一个进程接手了，请再试。", "Another process took over; try again."
    ),
    errors.BadFileError: _bad_file,
    errors.BusyError: lambda _: _BUSY,
    errors.UnavailableError: lambda _: _BUSY,
}
