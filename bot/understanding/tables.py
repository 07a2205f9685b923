"""Several lines: a pasted table, a list under a heading, or a command on each line."""

import csv
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot import texts
from bot.registry import Command
from bot.slots import Kind
from bot.understanding import cues, grids, lexer, shapes, specs, wording
from bot.understanding.grids import Table
from bot.understanding.naming import unknown_target
from bot.understanding.reading import Reading
from bot.understanding.shapes import Bad
from bot.understanding.times import ANY_DAY
from store.columns import SPEC_COLUMNS

if TYPE_CHECKING:
    from bot.understanding.reader import Reader

MOST_ROWS = 500
LONGEST_TITLE = 12  # characters: a longer line over a table says more than what it is
_NUMBERING = re.compile(
    r"^\s*(?:\(?[0-9]{1,2}[.,)](?!\d)\s*|[-*•]\s+|第[一二三四五六七八九十]+[,.: ])"
)
_TOTAL = re.compile(r"^(?:合计|总计|小计|共计|total|sum)", re.IGNORECASE)
# What the heading of a column calls its values.
_COLUMNS = {
    "name": r"品名|名称|商品名?称?|货品名?|产品名?称?|货名|款名|name|products?|items?|product name",
    "code": r"编码|商品编码|货号|编号|款号|条码|sku|code|sku code",
    "new_price": r"现价|新价|新售价|调后价|调整后|改后|改后价|new price|调价",
    "old_price": r"原价|旧价|原售价|old price",
    "price_fen": r"单价|价格|售价|零售价|定价|卖价|标价|price|unit price|价",
    "counted": r"实数|实盘数?|盘点数?量?|实点数?|实际数?量?|实际库存|清点数?|实有|点数|counted|actual|count",
    "received": r"到货数?量?|入库数?量?|补货数?量?|进货数?量?|来货数?量?|到货|received|arrived|restock",
    "lost": r"报损数?量?|损耗数?量?|出库数?量?|扣减数?量?|破损数?量?|lost|damaged|used",
    "quantity": r"(?:首批|本次|初始|进货|拿货)?数量?|件数|数目|个数|qty|quantity|amount|units",
    "stock": r"库存|现有|库存数量?|期初|初始库存|存货|stock|on hand|inventory",
    "threshold": r"预警线?值?|安全库存|警戒线|最低库存|提醒线|alert|reorder point|threshold",
    "category": r"分类|类别|类目|品类|category",
    "specs": r"(?:商品|款式)?规格|规格型号|属性|specs?|variant",
    **{key: f"{key}|{others.replace(' ', '|')}" for key, others in SPEC_COLUMNS.items()},
    "尺寸": rf"尺寸|{SPEC_COLUMNS['尺寸'].replace(' ', '|')}|码", "none": r"单位|备注|状态|合计|金额|序号|no\.?|#|unit|status|note|remarks?|日期|date|供应商",
}  # fmt: skip
_HEADINGS = {key: re.compile(f"(?:{words})", re.IGNORECASE) for key, words in _COLUMNS.items()}
_OWN = "spec:"  # and the key: a column of a spec that only this shop has
# Which number each command writes, and the columns that may hold it, the surest first.
_VALUES = {
    "restock": ("delta", ("received", "quantity", "stock", "counted")),
    "deduct": ("delta", ("lost", "quantity", "counted")),
    "stocktake": ("quantity", ("counted", "quantity", "stock")),
    "set_price": ("price_fen", ("new_price", "price_fen")),
    "set_threshold": ("threshold", ("threshold", "quantity")),
}


# A column that says what a table without a word is for, the surest first.
_TELLING = {
    "counted": "stocktake",
    "received": "restock",
    "lost": "deduct",
    "new_price": "set_price",
    "old_price": "set_price",
    "price_fen": "import",
    "threshold": "set_threshold",
}


# What a row of goods has a number for, and the columns that may hold it, the surest first.
_FIGURES = {
    "price_fen": ("new_price", "price_fen"),
    "quantity": ("stock", "quantity", "received", "counted"),
    "threshold": ("threshold",),
}
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_TABLED = _VALUES.keys() | {"import", "add_sku"}


def specs_said(words: str) -> dict[str, str]:
    """What the values of specs say by themselves: 白 L, 250g, 草莓味; nothing where some do not."""
    line = lexer.line(words, None, ANY_DAY)
    told = [token.value for token in line.tokens if token.kind in {"spec", "measure"}]
    if len(told) == len(line.masked.replace(" ", "")):
        return dict(told)
    key = specs.key_of(words)
    return {} if key == specs.key_of("") else {key: words}


def read(reader: "Reader", whole: str) -> Reading:
    """What several lines mean together."""
    lines = [line for line in whole.split("\n") if not re.fullmatch(r"[|\-:+=_ \t]+", line)]
    lines = [_NUMBERING.sub("", line) for line in lines]
    if len(lines) < 2:
        return reader.line(lines[0].replace("\t", " ")) if lines else Reading()
    command, rest = _heading(reader, lines)
    grid = grids.table(reader, lines[0], lines[1:])
    if grid is not None:
        command = _command_of(reader, lines[0])
    table = grid or grids.table(reader, "", lines) or _table(reader, rest)
    found = _of_table(reader, table, command) if table is not None else None
    if found is None and command is not None and len(rest) < len(lines):
        found = _headed(reader, command, lines[0], rest)
    return found or _of_lines(reader, [line.replace("\t", " ") for line in lines])


def _heading(reader: "Reader", lines: Sequence[str]) -> tuple[Command | None, list[str]]:
    """A first line that only says what to do with the others, and those."""
    first, rest = lines[0], list(lines[1:])
    if _titled(first):
        return None, list(lines)
    line = lexer.line(first.replace("\t", " "), reader.catalogue, reader.now)
    command = _command_of(reader, first)
    over_a_table = _titled(rest[0])
    if over_a_table and len(first) <= LONGEST_TITLE:
        return command, rest
    valued = any(token.kind not in {"period", "day", "all", "time"} for token in line.tokens)
    said = bool(cues.find(line, reader.commands)) or len(first) > LONGEST_TITLE
    talk = command is None and said
    return (None, list(lines)) if valued or talk else (command, rest)


def _command_of(reader: "Reader", title: str) -> Command | None:
    """What a title says is to be done with the rows below it."""
    line = lexer.line(title.replace("\t", " "), reader.catalogue, reader.now)
    writes = [c for c in cues.find(line, reader.commands) if c.command.intent in _TABLED]
    return min(writes, key=lambda c: (-c.letters, c.match.start())).command if writes else None


def _cells(line: str) -> list[str]:
    """A line's cells: by bars, tabs, else commas."""
    if "|" in line:
        parted = line.strip("|").split("|")
    elif "\t" in line:
        parted = line.split("\t")
    else:
        parted = next(csv.reader([line], skipinitialspace=True), [])
    return [re.sub(r'^"(.*)"$', r"\1", cell.strip()).strip() for cell in parted]


def _split(line: str) -> list[str]:
    """A line's cells where only blanks part them."""
    return re.split(r"[\s|,]+", line.strip(" |,"))


def _fitted(cells: list[str], width: int) -> tuple[str, ...]:
    """As many cells as there are columns: a name with blanks in it comes first."""
    extra = len(cells) - width
    return tuple(cells) if extra <= 0 else (" ".join(cells[: extra + 1]), *cells[extra + 1 :])


def _columns(cells: Sequence[str], *, parted: bool = False) -> tuple[str, ...] | None:
    """What the cells of a heading call their columns, None when it is none.

    ``parted``: by signs that nobody types in talk, so that there may be others among them.
    """
    found: list[str] = []
    for cell in cells:
        plain = re.sub(r"[(].*?[)]|[:*元件个 ]", "", cell)
        key = next((k for k, p in _HEADINGS.items() if p.fullmatch(plain)), None)
        found.append(key or "")
    known = sum(1 for key in found if key)
    enough = parted or known >= len(cells) - 1
    if known < 2 or not enough or not {"name", "code"} & set(found):
        return None
    return tuple(found)


def _parted(line: str) -> bool:
    return "\t" in line or "|" in line


def _titled(line: str) -> bool:
    """Whether a line names the columns of a table."""
    whole = _columns(_cells(line), parted=_parted(line))
    return bool(whole or _columns(_split(line)))


def _own_specs(
    reader: "Reader", columns: tuple[str, ...], rows: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """The columns, with the specs of the goods in the rows among those that no heading told."""
    if reader.catalogue is None or all(columns) or "name" not in columns:
        return columns
    at = columns.index("name")
    found = [reader.catalogue.locate(row[at]) for row in rows[1:] if at < len(row)]
    named = {str(goods[0].target.get("name", "")) for goods in found if goods}
    keys = {key for name in named if name for key, _ in reader.catalogue.forms(name).values()}
    headings = zip(columns, rows[0], strict=False)
    return tuple(c or (f"{_OWN}{heading}" if heading in keys else "") for c, heading in headings)


def _table(reader: "Reader", lines: Sequence[str]) -> Table | None:
    """The lines as a table, None when they are none: each has the same two columns or more."""
    rows = [tuple(_cells(line)) for line in lines]
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    columns = _columns(rows[0], parted=_parted(lines[0]))
    if columns is None and (columns := _columns(_split(lines[0]))) is not None:
        rows = [_fitted(_split(line), len(columns)) for line in lines]
    if columns is None:
        width = len(rows[0])
        numbers = all(_number(row[-1]) is not None for row in rows if row)
        split = all("\t" in line or "," in line or "|" in line for line in lines)
        if (
            width < 2
            or not numbers
            or not split
            or any(len(row) != width for row in rows)
            or len(rows) < 2
        ):
            return None
        return Table((), tuple(rows))
    body = [row for row in rows[1:] if row and not _TOTAL.match(row[0])]
    return Table(_own_specs(reader, columns, rows), tuple(body)) if body else None


def _of_table(reader: "Reader", table: Table, command: Command | None) -> Reading | None:
    intent = command.intent if command is not None else _intent_of(table.columns)
    if intent == "add_sku" or (intent == "restock" and _of_new_goods(reader, table)):
        intent = "import"
    if intent is None:
        if not table.columns:
            return None
        question = texts.say(reader.language, "ask.unclear")
        return Reading(outcome="clarify", question=question)
    if not table.columns:
        table = _guessed(table, intent)
    items = [_item(reader, table.columns, row, intent) for row in table.rows]
    items = [item for item in items if item]
    if not items:
        return None
    ask = texts.say(reader.language, "confirm.ask")
    return Reading(outcome="confirm", intent=intent, slots={"items": items}, question=ask)


def _of_new_goods(reader: "Reader", table: Table) -> bool:
    """Whether rows with prices name goods that the catalogue does not know: 把这些录进系统."""
    if "price_fen" not in table.columns or reader.catalogue is None:
        return False
    at = table.columns.index("name") if "name" in table.columns else -1
    return at >= 0 and any(at < len(r) and not reader.catalogue.locate(r[at]) for r in table.rows)


def _intent_of(columns: Sequence[str]) -> str | None:
    """What a table without a word is for, by its columns."""
    telling = next((column for column in _TELLING if column in columns), "")
    if telling == "threshold" and {"quantity", "stock"} & set(columns):
        return None
    return _TELLING.get(telling)


def _guessed(table: Table, intent: str) -> Table:
    """The columns of a table without a heading: words first, then the numbers."""
    width = len(table.rows[0])
    texts_ = [any(_number(row[i]) is None for row in table.rows) for i in range(width)]
    words = [i for i in range(width) if texts_[i]] or [0]
    numbers = [i for i in range(width) if i not in words]
    columns = [""] * width
    columns[words[0]] = "name"
    for i in words[1:]:
        columns[i] = "specs"
    wanted = ("price_fen", "stock", "threshold") if intent == "import" else (_VALUES[intent][1][0],)
    for i, key in zip(numbers if intent == "import" else numbers[-1:], wanted, strict=False):
        columns[i] = key
    return Table(tuple(columns), table.rows)


def _item(
    reader: "Reader", columns: Sequence[str], row: Sequence[str], intent: str
) -> dict[str, Any]:
    """The slots of one row; a cell that holds no number where one belongs leaves its slot out."""
    cells: dict[str, str] = {}
    for column, cell in zip(columns, row, strict=False):
        if column and cell:
            cells[column] = f"{cells[column]} {cell}" if column in cells else cell
    beyond = ",".join(filter(None, row[len(columns) :]))
    if intent == "import":
        return _draft(reader, cells, beyond)
    command = reader.commands[intent]
    target = next(p for p in command.parameters if p.slot.kind in {Kind.SKU, Kind.SKUS})
    named = _target(reader, cells)
    if not named:
        return {}
    key, held = _VALUES[intent]
    item: dict[str, Any] = {target.key: named}
    cell = next((cells[column] for column in held if column in cells), "")
    number = None if beyond else _number(cell)  # 1,280 that is torn is no number
    if number is not None:
        slot = command.parameter(key).slot
        value = (shapes.fen if slot.kind is Kind.MONEY else shapes.count)(number, cell, slot)
        if not isinstance(value, Bad):
            item[key] = value
    return item


def _draft(reader: "Reader", cells: dict[str, str], beyond: str = "") -> dict[str, Any]:
    """A row of goods to add or change, with the slots of ``add_sku``.

    ``unread``: the cells that are none of a slot's values, by slot, as they stand; ``beyond``:
    what stands in cells without a heading.
    """
    item: dict[str, Any] = {key: cells[key] for key in ("name", "category") if key in cells}
    if "code" in cells:
        item["code"] = cells["code"].upper()
    unread = {"beyond": beyond} if beyond else {}
    said, unsaid = _worded(reader, cells)
    if unsaid:
        unread["specs"] = cells["specs"]
    if whole := _in_columns(cells) | ({} if unsaid else said):
        item["specs"] = whole
    for key, columns in _FIGURES.items():
        cell = next((cells[column] for column in columns if column in cells), "")
        value = _figure(reader, key, cell)
        if value is not None:
            item[key] = value
        elif cell:
            unread[key] = cell
    return item | ({"unread": unread} if unread else {})


def _figure(reader: "Reader", key: str, cell: str) -> Any:
    """The number of a cell as a slot of ``add_sku`` takes it, None for what it cannot."""
    number = _number(cell)
    if number is None:
        return None
    slot = reader.commands["add_sku"].parameter(key).slot
    value = (shapes.fen if slot.kind is Kind.MONEY else shapes.count)(number, cell, slot)
    return None if isinstance(value, Bad) else value


def _target(reader: "Reader", cells: dict[str, str]) -> dict[str, Any]:
    name = cells.get("name", "")
    if "code" in cells:
        return {"code": cells["code"].upper()} | ({"name": name} if name else {})
    if not name:
        return {}
    if reader.catalogue is not None:
        said = " ".join([name, *(cells[k] for k in cells if _spec_of(k) or k == "specs")])
        found = reader.catalogue.locate(said.replace("/", " "))
        if found and found[0].start == 0 and (found[0].end >= len(name)):
            target = dict(found[0].target)
            extra = _specs(reader, cells)
            if "name" in target and extra:
                target["specs"] = {**extra, **target.get("specs", {})}
            return target
    said_specs = _specs(reader, cells)
    return unknown_target(name) | ({"specs": said_specs} if said_specs else {})


def _specs(reader: "Reader", cells: dict[str, str]) -> dict[str, str]:
    """The specs of a row: each in its column, or together as 颜色=白;尺寸=L or 短款/黑色/L."""
    return _worded(reader, cells)[0] | _in_columns(cells)


def _in_columns(cells: dict[str, str]) -> dict[str, str]:
    """The specs that have a column of their own."""
    return {key: _spec(key, cell) for column, cell in cells.items() if (key := _spec_of(column))}


def _worded(reader: "Reader", cells: dict[str, str]) -> tuple[dict[str, str], bool]:
    """The specs of one cell, and whether words stand among them that nothing tells."""
    known = reader.catalogue.forms(cells.get("name", "")) if reader.catalogue is not None else {}
    found: dict[str, str] = {}
    unsaid = False
    for pair in filter(None, re.split(r"[;,/ ]+", cells.get("specs", ""))):
        key, equals, value = pair.partition("=")
        line = lexer.line(pair, None, reader.now)
        told = [token.value for token in line.tokens if token.kind in {"spec", "measure"}]
        if equals and value:
            found[key] = value
        elif pair.casefold() in known:
            found.setdefault(*known[pair.casefold()])
        else:
            for key, value in told:
                found.setdefault(key, value)
            unsaid = unsaid or len(told) < len(line.masked)
    return found, unsaid


def _spec_of(column: str) -> str:
    """The spec that a column holds, "" where it holds none."""
    return column if column in SPEC_COLUMNS else column.partition(_OWN)[2]


def _spec(key: str, value: str) -> str:
    if key == "颜色" and len(value) == 1:
        return specs.colour(value)
    return value.upper() if key == "尺寸" and value.isascii() else value


def _number(cell: str) -> Decimal | None:
    """A cell that is one number, with its unit or currency."""
    match = re.fullmatch(
        r"[¥+]?\s?(-?[0-9][0-9,]*(?:\.[0-9]+)?)\s?(?:元|块|件|个|盒|瓶|包|袋|条|双|套|罐|只|支|本|把|台|杯|份|pcs)?",
        cell.strip(),
    )
    if match is None:
        return None
    plain = match[1].replace(",", "") if _GROUPED.fullmatch(match[1]) else match[1]
    return Decimal(plain) if re.fullmatch(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?", plain) else None


def _of_lines(reader: "Reader", lines: Sequence[str]) -> Reading:
    """A command on each line, all alike; else the lines as one sentence in parts."""
    readings = [reader.line(line) for line in lines]
    whole = [r for r in readings if r.outcome in {"execute", "confirm"} and r.intent != "unknown"]
    writes = [r for r in whole if (c := reader.commands.get(r.intent)) is not None and c.writes]
    if len(writes) == len(lines):
        intents = {r.intent for r in writes}
        if len(intents) > 1:
            return Reading(outcome="clarify", question=texts.say(reader.language, "ask.one_line"))
        return _batch(reader, writes)
    if len({r.intent for r in writes}) > 1:
        return Reading(outcome="clarify", question=texts.say(reader.language, "ask.one_line"))
    return reader.line(" , ".join(lines))


def _headed(reader: "Reader", command: Command, title: str, lines: Sequence[str]) -> Reading | None:
    """A list under a title that says the command: each line read as that command, or None."""
    said = title.casefold()
    if any(p.search(said) for p in (*wording.DOUBTS.values(), wording.ASIDE)):
        return None
    word = command.words[0]
    readings = [reader.line(f"{word} {line}".replace("\t", " ")) for line in lines]
    alike = all(r.intent == command.intent for r in readings)
    whole = all(r.outcome in {"execute", "confirm"} for r in readings)
    return _batch(reader, readings) if alike and whole else None


def _batch(reader: "Reader", readings: Sequence[Reading]) -> Reading:
    """Several readings of one command as one."""
    items: list[dict[str, Any]] = []
    for reading in readings:
        items += reading.slots.get("items") or [dict(reading.slots)]
    intent = readings[0].intent
    weighty = intent in {"set_price", "set_threshold", "delist", "relist", "add_sku", "edit_sku"}
    asked = weighty or any(reading.outcome == "confirm" for reading in readings)
    doubt = " ".join(reading.doubt for reading in readings if reading.doubt)
    question = texts.say(reader.language, "confirm.ask") if asked else None
    return Reading(
        outcome="confirm" if asked else "execute",
        intent=intent,
        slots={"items": items},
        question=question,
        doubt=doubt,
    )
