"""What stands over the columns of a sheet of goods: the shop's own headings, and what others write.

Also what the cells below them say in signs of their own: amounts, numbers, specs.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from store import money, names, sheets
from store.errors import BadFileError, InvalidValueError

COLUMNS = {
    "code": "编码",
    "name": "名称",
    "specs": "规格",
    "price": "价格",
    "stock": "库存",
    "reorder_point": "预警",
    "category": "分类",
    "status": "状态",
}
# Specs that may have a column of their own, by their key in the shop; other words for them.
SPEC_COLUMNS = {
    "颜色": "色号 colour color",
    "尺寸": "尺码 码数 size",
    "口味": "味道 flavour flavor",
    "香型": "香味 scent",
    "重量": "净重 克重 weight",
    "容量": "容积 volume capacity",
    "包装": "包装规格 packing packaging",
    "款式": "款型 style",
    "型号": "model",
    "材质": "材料 面料 material",
}
# What a value of a spec says by itself, by key: 白 -> {颜色: 白色}; nothing of what it cannot tell.
Worded = Callable[[str], Mapping[str, str]]
Value = TypeVar("Value")  # of specs: one, or several
HEAD_ROWS = 10  # with something in them, among which the headings are looked for

# What else people write over these columns.
_SYNONYMS = {
    "code": "编号 货号 商品编码 商品编号 款号 sku sku编码 sku_code",
    "name": "品名 商品名 商品名称 货品名称 产品名称 商品 product product_name",
    "specs": "商品规格 规格型号 spec",
    "price": "单价 售价 销售价 零售价 价格(元) 单价(元) 售价(元) unit_price",
    "stock": "数量 库存数量 库存数 现有 现有库存 实数 实盘 qty quantity on_hand",
    "reorder_point": "预警值 预警线 库存预警 最低库存 安全库存 alert_level",
    "category": "类目 类别 商品分类 品类",
    "status": "商品状态 上架状态",
}
_COLUMN_OF = {
    heading: key for key, zh in COLUMNS.items() for heading in (key, zh, *_SYNONYMS[key].split())
}
_SPEC_OF = {
    heading: key for key, others in SPEC_COLUMNS.items() for heading in (key, *others.split())
}
_OTHER = "款式"  # the key of what is none of the others
_SHOWN = 80  # characters of a cell that is named
_AMOUNT = re.compile(r"[¥￥]? ?(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?) ?(?:元|块|块钱)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")  # 1,280: thousands apart
_TOTALS = re.compile(
    r"(?:本页|本单|以上)?(?:[合总小共累] ?计|总 ?[数额共]|汇总)(?:金额|数量|件数)?(?:\(.*\))?"
    r" ?:? ?(?:[¥￥]? ?[0-9][0-9,.]* ?(?:元|[件个种款箱项样])?)?"
    r"|[总一]?共计? ?[0-9][0-9,]* ?(?:[件个种款箱条项样]|sku)(?:商品|货品|产品)? ?:?"
    r"|(?:(?:grand |sub ?-?)?totals?|sum) ?:?"
)
_WHOLE = re.compile(r"[0-9]{1,9}")
_WIDE_SIGNS = str.maketrans("；＝", ";=")
_BETWEEN = re.compile(r"[\s,，、/;；|+]+")  # the values of a cell of specs
_SIZE = "(?:[0-9]?X{1,4}[SL]|[SML])"
_LETTERED = re.compile(_SIZE, re.IGNORECASE)
_RANGE = re.compile(f"{_SIZE} ?[-~—–至到] ?{_SIZE}", re.IGNORECASE)
# Keys that take no word of another kind; the rest, as 款式 or 口味, may be any word.
_STRICT = {"颜色": "colour", "尺寸": "size", "重量": "measure", "容量": "measure"}
MOST_WORDS = 2 * names.MAX_SPECS  # of a cell of specs; several may be one value
_MOST_SAID = names.MAX_SPECS * names.MAX_SPEC  # characters of such a cell


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of a sheet by their places.

    ``specs``: the places of specs that have a column of their own, by what stands over it.
    ``recognised`` (column, heading) and ``ignored`` in the order of the sheet.
    """

    columns: Mapping[str, int]
    specs: Mapping[str, int]
    recognised: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


def find(lines: Sequence[sheets.Line], spec_keys: Collection[str]) -> tuple[int, Headings]:
    """The place of the headings among the first lines of a sheet, and what they say.

    A title may stand above them: the line that says most is the one, unless rows of goods already
    stand between it and headings above it. ``spec_keys``: those of the shop, which are columns too.
    Raises ``BadFileError`` where no line names goods.
    """
    keys = {names.name_key(key) for key in spec_keys}
    said = [sum(column_of(cell, keys) is not None for cell in line.cells) for line in lines]
    naming = [place for place, line in enumerate(lines) if _names_goods(line)]
    if not naming:
        tabular = any(sum(map(bool, line.cells)) > 1 for line in lines)
        raise BadFileError("heading" if tabular else "form")
    richest = max(naming, key=lambda place: (said[place], -place))
    # A line of headings right under another one says the same in more words, and is no rows.
    above = (p for p in naming if p < richest and said[p] > 1 and p + 1 not in naming)
    place = next((p for p in above if sum(map(bool, lines[p + 1].cells)) > 1), richest)
    return place, _headings(lines[place], keys)


def column_of(heading: str, spec_keys: Collection[str] = ()) -> str | None:
    """The column of goods that a heading means, ``specs`` for one spec too; None for others."""
    key = names.name_key(heading)
    return _COLUMN_OF.get(key) or ("specs" if key in _SPEC_OF or key in spec_keys else None)


def spec_key(heading: str) -> str:
    """The key in the shop of a spec, whatever it is called: 尺码 and size are 尺寸."""
    return _SPEC_OF.get(names.name_key(heading), heading)


def _names_goods(line: sheets.Line) -> bool:
    return any(_COLUMN_OF.get(names.name_key(cell)) in {"code", "name"} for cell in line.cells)


def _headings(line: sheets.Line, spec_keys: Collection[str]) -> Headings:
    columns: dict[str, int] = {}
    specs: dict[str, int] = {}
    recognised, ignored = [], []
    for place, cell in enumerate(line.cells):
        own = _COLUMN_OF.get(names.name_key(cell))
        column = own or column_of(cell, spec_keys)
        if column is None:
            ignored += [shown(cell)] if cell else []
            continue
        places, key = (columns, own) if own else (specs, names.fold_width(cell))
        if key in places:
            raise BadFileError("heading_twice", row=line.number, value=shown(cell))
        places[key] = place
        recognised.append((column, shown(cell)))
    return Headings(columns, specs, tuple(recognised), tuple(ignored))


def shown(cell: str) -> str:
    """A cell on one line, shortened."""
    return " ".join(cell.split())[:_SHOWN]


def fen(text: str) -> int:
    """A price in fen: ``88``, ``￥1,280.50``, ``118元``. Raises ``InvalidValueError``."""
    match = _AMOUNT.fullmatch(names.fold_width(text).strip())
    amount = money.parse_yuan(_ungrouped(match["number"])) if match else None
    if amount is None:
        raise InvalidValueError("price", "yuan")
    return amount


def totals(text: str) -> bool:
    """Whether a cell says that its row sums up others: 合计, ``小计：``, 共25件."""
    return _TOTALS.fullmatch(names.name_key(text)) is not None


def whole(column: str, text: str, *, most: int) -> int:
    """The whole number of a cell: ``20``, ``1,280``. Raises ``InvalidValueError``."""
    digits = _ungrouped(names.fold_width(text).strip())
    if not _WHOLE.fullmatch(digits):
        raise InvalidValueError(column, "whole")
    if int(digits) > most:
        raise InvalidValueError(column, "range", most)
    return int(digits)


def _ungrouped(number: str) -> str:
    return number.replace(",", "") if _GROUPED.fullmatch(number) else number


def keyed_specs(text: str) -> dict[str, str] | None:
    """``颜色=白色;尺寸=L``, in wide signs too where the plain ones make no sense of it.

    None for words that name no key. Raises ``InvalidValueError``.
    """
    for form in (text, text.translate(_WIDE_SIGNS)):
        pairs = [piece.partition("=") for piece in form.split(";") if piece.strip()]
        found = {key.strip(): value for key, _, value in pairs}
        if all(sign and "=" not in value for _, sign, value in pairs):
            if len(found) != len(pairs):
                raise InvalidValueError("specs", "twice")
            return names.specs(found)
    if "=" in text.translate(_WIDE_SIGNS):
        raise InvalidValueError("specs", "characters")
    return None


def told(
    text: str, worded: Worded, *, values: Mapping[str, Mapping[str, str]], said: Mapping[str, str]
) -> dict[str, str]:
    """Specs by key of words that name none (``白色 L``), with those that were ``said`` by key.

    ``values``: of the product, by key and then as ``names.name_key`` folds them; none for a new
    one, of which what no word tells is the 款式. ``worded`` is asked for ``MOST_WORDS`` at
    the most. Raises ``InvalidValueError``.
    """
    found, left = {key: _spelt(key, value, worded, values) for key, value in said.items()}, []
    for piece in [text] if _known(text, values, found) else _words(text):
        pairs = _known(piece, values, found) or _own(_meant(piece, worded), values)
        if any(found.get(key, value) != value for key, value in pairs.items()):
            raise InvalidValueError("specs", "twice")
        found |= pairs
        left += [] if pairs else [piece]
    free = [key for key in values or (_OTHER,) if key not in found]
    if left and (len(free) != 1 or not all(_takes(free[0], worded(piece)) for piece in left)):
        raise InvalidValueError("specs", "keys")
    return names.specs(found | ({free[0]: " ".join(left)} if left else {}))


def _words(text: str) -> list[str]:
    """The words of a cell of specs; no more than a shop can mean, for each is read by itself."""
    if len(text) > _MOST_SAID:
        raise InvalidValueError("specs", "length", _MOST_SAID)
    words = [word for word in _BETWEEN.split(text) if word]
    if len(words) > MOST_WORDS:
        raise InvalidValueError("specs", "count", MOST_WORDS)
    return words


def several(value: str, worded: Worded) -> bool:
    """Whether what should be one value is some: ``S-XL``, 红/蓝, ``S/M/L``."""
    words = [word for word in _BETWEEN.split(value) if word]
    coloured = all(worded(word).keys() == {"颜色"} for word in words)
    alike = coloured or all(map(_LETTERED.fullmatch, words))
    return _ranging(value) or (len(words) > 1 and alike)


def _ranging(value: str) -> bool:
    return _RANGE.fullmatch(names.fold_width(value).strip()) is not None


def _meant(piece: str, worded: Worded) -> Mapping[str, str]:
    """What the word says; a letter of a size is no litre, metre or the like."""
    if _ranging(piece):
        raise InvalidValueError("specs", "several")
    return worded(piece.upper() if _LETTERED.fullmatch(piece) else piece)


def _takes(key: str, pairs: Mapping[str, str]) -> bool:
    """Whether a key of a product may take a word that says these: 尺寸 takes no 红色."""
    kind = _STRICT.get(spec_key(key))
    return kind is None or all(_STRICT.get(said) == kind for said in pairs)


def _known(
    piece: str, values: Mapping[str, Mapping[str, str]], found: Mapping[str, str]
) -> dict[str, str]:
    """The piece as a value that the product has, of a key that is not said yet."""
    folded = names.name_key(piece)
    keys = (key for key, known in values.items() if folded in known and key not in found)
    return next(({key: values[key][folded]} for key in keys), {})


def _own(pairs: Mapping[str, str], values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The pairs by the product's own keys and spellings; nothing where it has no such key."""
    own = called(pairs, values) if values else dict(pairs)
    if values and not own.keys() <= values.keys():
        return {}
    return {key: values.get(key, {}).get(names.name_key(v), v) for key, v in own.items()}


def _spelt(key: str, value: str, worded: Worded, values: Mapping[str, Mapping[str, str]]) -> str:
    """The value as the product spells it: 白 is 白色 where that is what it has."""
    known = values.get(key, {})
    if names.name_key(value) in known:
        return known[names.name_key(value)]
    meant = worded(value).get(spec_key(key), value)
    return known.get(names.name_key(meant), value)


def called(specs: Mapping[str, Value], keys: Collection[str]) -> dict[str, Value]:
    """The specs by these keys where they mean the same: 尺寸 is 尺码 where the product says so."""
    by_meaning = {spec_key(key): key for key in keys}
    return {k if k in keys else by_meaning.get(spec_key(k), k): v for k, v in specs.items()}
