"""SKU files, CSV or XLSX: what their rows mean for the catalogue, what they would change, and back.

``read`` -> ``plan`` (writes nothing, refuses row by row) -> ``apply`` (all of the plan or nothing).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import select
from sqlmodel import col

from store import money, names, sheets, skus, stock
from store.db import Tx
from store.errors import (
    BadFileError,
    CodeTakenError,
    InsufficientStockError,
    InvalidValueError,
    NameTakenError,
    Shortage,
    StaleVersionError,
    StoreError,
)
from store.models import Product, Sku, SkuStatus
from store.sheets import Cell
from store.skus import CHUNK, SkuDraft, SkuPatch, SkuView
from store.stock import Cause

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
MOST_UNDOABLE = 1000  # changes; undoing more in one message would block the shop
MOST_TOLD = 20  # changed SKUs that chats are told of one by one

StockMode = Literal["set", "add"]

# What else people write over these columns.
_SYNONYMS = {
    "code": "货号 商品编码 商品编号 款号 sku sku编码 sku_code",
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
_STATUSES = {
    "on_sale": SkuStatus.ON_SALE,
    "在售": SkuStatus.ON_SALE,
    "delisted": SkuStatus.DELISTED,
    "下架": SkuStatus.DELISTED,
}
_WHOLE = re.compile(r"[0-9]{1,9}")
_WIDE_SIGNS = str.maketrans("；＝", ";=")
_SHOWN = 80  # characters of a refused value


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells by column, empty where there is none, and its number in the spreadsheet."""

    number: int
    code: str = ""
    name: str = ""
    specs: str = ""
    price: str = ""
    stock: str = ""
    reorder_point: str = ""
    category: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class SkuSheet:
    """A sheet by its headings.

    ``recognised``: (column, heading as written) in the order of the sheet, ``ignored`` the other
    headings. A table that has none recognises nothing.
    """

    rows: tuple[Row, ...]
    ignored: tuple[str, ...] = ()
    recognised: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """What a row says, checked by itself; None where it says nothing."""

    code: str | None
    name: str | None
    specs: dict[str, str] | None
    price_fen: int | None
    stock: int | None
    reorder_point: int | None
    category: str | None
    status: SkuStatus | None


@dataclass(frozen=True, slots=True)
class NewSku:
    """A row that adds a SKU."""

    row: int
    draft: SkuDraft


@dataclass(frozen=True, slots=True)
class ChangedSku:
    """A row that changes a SKU; ``fields``: (before, after) by field of ``SkuView``.

    ``version`` and, where stock is set, the stock before must still hold when it is applied.
    """

    row: int
    sku_id: int
    code: str
    version: int
    patch: SkuPatch
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be: ``error`` says why, ``column`` and ``value`` (shortened) where."""

    row: int
    error: StoreError
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. ``unchanged`` rows say what is so already.

    ``stock_left_alone`` rows give another stock than is on hand, of a SKU that is known, and no
    stock mode was given. ``recognised`` and ``ignored``: the sheet's headings.
    """

    new: tuple[NewSku, ...]
    changed: tuple[ChangedSku, ...]
    refused: tuple[RefusedRow, ...]
    unchanged: int
    stock_left_alone: int
    stock_mode: StockMode | None
    ignored: tuple[str, ...]
    recognised: tuple[tuple[str, str], ...]


def read(content: bytes) -> SkuSheet:
    """The rows of a SKU file. Raises ``BadFileError`` when it cannot be read as a whole."""
    lines = sheets.read(content)
    heading = next(lines, None)
    if heading is None:
        raise BadFileError("empty")
    columns, ignored = _headings(heading)
    recognised = tuple((key, _shown(heading.cells[place])) for key, place in columns.items())
    rows = tuple(_row(line, columns) for line in lines)
    return SkuSheet(rows, ignored, recognised)


def typed(rows: Sequence[Mapping[str, Any]]) -> SkuSheet:
    """The same of a table typed in a chat: each row name, code, specs, price_fen, quantity, ..."""
    return SkuSheet(tuple(_typed(number, row) for number, row in enumerate(rows, start=1)))


def _typed(number: int, row: Mapping[str, Any]) -> Row:
    price = row.get("price_fen")
    return Row(
        number=number,
        code=str(row.get("code", "")),
        name=str(row.get("name", "")),
        specs=names.specs_cell(row.get("specs", {})),
        price="" if price is None else f"{price // 100}.{price % 100:02d}",
        stock=str(row.get("quantity", "")),
        reorder_point=str(row.get("threshold", "")),
        category=str(row.get("category", "")),
    )


def item(row: Row) -> Item:
    """What a row says, checked without looking at the shop. Raises ``InvalidValueError``."""
    return Item(
        code=names.sku_code(row.code) if row.code else None,
        name=names.product_name(row.name) if row.name else None,
        specs=_specs(row.specs) if row.specs else None,
        price_fen=_price(row.price) if row.price else None,
        stock=_units("stock", row.stock) if row.stock else None,
        reorder_point=_units("reorder_point", row.reorder_point) if row.reorder_point else None,
        category=names.category_path(row.category) if row.category else None,
        status=_status(row.status) if row.status else None,
    )


def plan(
    tx: Tx,
    sheet: SkuSheet,
    *,
    stock_mode: StockMode | None = None,
    default_reorder_point: int = 0,
) -> ImportPlan:
    """What importing the sheet would do, row by row; nothing is written and no row raises.

    ``stock_mode``: what the stock of known SKUs means, None leaves theirs alone. New SKUs whose row
    gives no reorder point get the default.
    """
    planner = _Planner(tx, stock_mode, default_reorder_point)
    for start in range(0, len(sheet.rows), CHUNK):
        planner.take(sheet.rows[start : start + CHUNK])
    return ImportPlan(
        new=tuple(planner.new),
        changed=tuple(planner.changed),
        refused=tuple(planner.refused),
        unchanged=planner.unchanged,
        stock_left_alone=planner.stock_left_alone,
        stock_mode=stock_mode,
        ignored=sheet.ignored,
        recognised=sheet.recognised,
    )


def apply(tx: Tx, planned: ImportPlan, *, cause: Cause) -> bool:
    """Write what was planned, the refused rows left out; all of it or nothing.

    Up to ``MOST_TOLD`` changed SKUs are told to the chats that hear of changes. Returns whether it
    can be undone: up to ``MOST_UNDOABLE`` changes can, a new SKU's first stock being one. Raises
    ``StaleVersionError`` when a SKU was edited or moved since the plan, ``CodeTakenError`` and the
    like when one was added since.
    """
    changed = sorted(planned.changed, key=lambda change: change.sku_id)  # the order of locks
    chunks = [changed[start : start + CHUNK] for start in range(0, len(changed), CHUNK)]
    for chunk in chunks:
        _hold(tx, chunk, counted=planned.stock_mode == "set")
    for chunk in chunks:
        _change(tx, chunk, cause, told=len(changed) <= MOST_TOLD)
        _move(tx, chunk, planned.stock_mode, cause)
    skus.add_many(tx, [new.draft for new in planned.new], cause=cause)
    if len(tx.changes) > MOST_UNDOABLE:
        tx.changes[:] = [{"kind": "import", "rows": len(changed) + len(planned.new)}]
        return False
    return True


def exported(tx: Tx) -> Iterator[tuple[Cell, ...]]:
    """Every SKU as the rows of a sheet, to be taken while the transaction lasts.

    Importing them unchanged changes nothing.
    """
    yield tuple(COLUMNS)
    for sku in _all_skus(tx):
        yield (*_what(sku), _yuan(sku.price_fen), sku.on_hand, *_rest(sku))


def exported_stock(tx: Tx) -> Iterator[tuple[Cell, ...]]:
    """The same without prices, with what orders hold of the stock and what may still be sold."""
    yield "code", "name", "specs", "stock", "reserved", "available", *tuple(COLUMNS)[-3:]
    for sku in _all_skus(tx):
        yield (*_what(sku), sku.on_hand, sku.reserved, sku.available, *_rest(sku))


def _headings(heading: sheets.Line) -> tuple[dict[str, int], tuple[str, ...]]:
    columns: dict[str, int] = {}
    ignored = []
    for place, cell in enumerate(heading.cells):
        column = _COLUMN_OF.get(names.name_key(cell))
        if column in columns:
            raise BadFileError("heading_twice", row=heading.number, value=_shown(cell))
        if column is not None:
            columns[column] = place
        elif cell:
            ignored.append(_shown(cell))
    if not columns.keys() & {"code", "name"}:
        raise BadFileError("heading", row=heading.number, value="code, name")
    return columns, tuple(ignored)


def _shown(cell: str) -> str:
    """A cell on one line, shortened."""
    return " ".join(cell.split())[:_SHOWN]


def _row(line: sheets.Line, columns: Mapping[str, int]) -> Row:
    cells = {
        column: line.cells[place] for column, place in columns.items() if place < len(line.cells)
    }
    return Row(line.number, **cells)


def _specs(text: str) -> dict[str, str]:
    """``颜色=白色;尺寸=L``, in wide signs too where the plain ones make no sense of it."""
    for form in (text, text.translate(_WIDE_SIGNS)):
        pairs = [piece.partition("=") for piece in form.split(";") if piece.strip()]
        found = {key.strip(): value for key, _, value in pairs}
        if all(sign and "=" not in value for _, sign, value in pairs):
            if len(found) != len(pairs):
                raise InvalidValueError("specs", "twice")
            return names.specs(found)
    raise InvalidValueError("specs", "characters")


def _price(text: str) -> int:
    fen = money.parse_yuan(names.fold_width(text))
    if fen is None:
        raise InvalidValueError("price", "yuan")
    return skus.checked_price(fen)


def _units(column: str, text: str) -> int:
    digits = names.fold_width(text).strip()
    if not _WHOLE.fullmatch(digits):
        raise InvalidValueError(column, "whole")
    if int(digits) > stock.MAX_UNITS:
        raise InvalidValueError(column, "range", stock.MAX_UNITS)
    return int(digits)


def _status(text: str) -> SkuStatus:
    status = _STATUSES.get(names.name_key(text))
    if status is None:
        raise InvalidValueError("status", "choice", "on_sale, delisted")
    return status


@dataclass(frozen=True, slots=True)
class _Known:
    """A SKU as it is, by columns: a hundred thousand of them must fit into memory."""

    id: int
    product_id: int
    code: str
    specs: dict[str, str]
    specs_key: str
    price_fen: int
    on_hand: int
    reserved: int
    reorder_point: int
    status: str
    version: int


@dataclass(slots=True)
class _Family:
    """A product as it is, and what the rows so far have claimed of it.

    ``twins``: the code by ``specs_key``, empty where one is to be made. ``said``: name and category
    as the first row that gave them says; they are the product's, so the other rows must agree.
    """

    name: str
    category: str
    schema: list[dict[str, Any]]
    twins: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


class _Planner:
    """Decides row after row, remembering what the rows before have claimed."""

    def __init__(self, tx: Tx, stock_mode: StockMode | None, default_reorder_point: int) -> None:
        self.new: list[NewSku] = []
        self.changed: list[ChangedSku] = []
        self.refused: list[RefusedRow] = []
        self.unchanged = 0
        self.stock_left_alone = 0
        self._tx = tx
        self._stock_mode = stock_mode
        self._default_reorder_point = default_reorder_point
        self._by_name: dict[str, _Family] = {}
        self._by_id: dict[int, _Family] = {}
        self._by_code: dict[str, _Known] = {}
        self._taken: set[str] = set()  # codes that a row has been about

    def take(self, rows: Sequence[Row]) -> None:
        """Decide the next rows, with a few statements for all of them."""
        said = [(row, self._item(row)) for row in rows]
        self._load([wish for _, wish in said if wish is not None])
        for row, wish in said:
            if wish is not None:
                self._decide(row, wish)

    def _item(self, row: Row) -> Item | None:
        try:
            return item(row)
        except InvalidValueError as error:
            self._refuse(row, error)
            return None

    def _decide(self, row: Row, wish: Item) -> None:
        try:
            known = self._known(wish)
            if known is None:
                self._plan_new(row, wish)
            else:
                self._plan_change(row, wish, known)
        except StoreError as error:
            self._refuse(row, error)

    def _refuse(self, row: Row, error: StoreError) -> None:
        column = _column_of(error)
        self.refused.append(RefusedRow(row.number, error, column, _shown(getattr(row, column))))

    def _load(self, wishes: list[Item]) -> None:
        """Fetch the products that these rows name, or name a SKU of, with all their SKUs."""
        codes = {wish.code for wish in wishes if wish.code} - self._by_code.keys()
        keys = {names.name_key(wish.name) for wish in wishes if wish.name} - self._by_name.keys()
        owners = select(col(Sku.product_id)).where(col(Sku.code).in_(codes))
        wanted = col(Product.name_key).in_(keys) | col(Product.id).in_(owners)
        found = self._tx.execute(select(*_FAMILY).where(wanted)).all()
        fresh = [row for row in found if row.id not in self._by_id]
        for product_id, key, *rest in fresh:
            self._by_id[product_id] = self._by_name[key] = _Family(*rest)
        members = col(Sku.product_id).in_([row.id for row in fresh])
        for row in self._tx.execute(select(*_KNOWN).where(members)):
            known = _Known(*row)
            self._by_code[known.code] = known
            self._by_id[known.product_id].twins[known.specs_key] = known.code

    def _known(self, wish: Item) -> _Known | None:
        """The SKU with this code, or without a code the one of this name in these specs."""
        if wish.code is not None:
            return self._by_code.get(wish.code)
        if wish.name is None:
            raise InvalidValueError("name", "empty")
        family = self._by_name.get(names.name_key(wish.name))
        if family is None:
            return None
        twin = family.twins.get(names.specs_key(_fitting(family, wish.specs or {})))
        return self._by_code.get(twin or "")

    def _plan_new(self, row: Row, wish: Item) -> None:
        draft = self._draft(wish)
        key = names.name_key(draft.name)
        family = self._by_name.get(key) or _imagined(draft)
        specs_key = names.specs_key(_fitting(family, draft.specs or {}))
        if wish.code in self._taken:
            raise _twice(wish)
        self._refuse_twin(wish, family.twins.get(specs_key))
        self._agree(family, wish)
        self._by_name[key] = family
        family.twins[specs_key] = wish.code or ""
        if wish.code:
            self._taken.add(wish.code)
        self.new.append(NewSku(row.number, draft))

    def _draft(self, wish: Item) -> SkuDraft:
        if wish.name is None or wish.price_fen is None:
            raise InvalidValueError("name" if wish.name is None else "price", "empty")
        wanted = wish.reorder_point
        return SkuDraft(
            name=wish.name,
            price_fen=wish.price_fen,
            reorder_point=self._default_reorder_point if wanted is None else wanted,
            code=wish.code,
            specs=wish.specs,
            stock=wish.stock or 0,
            category=wish.category,
            status=wish.status or SkuStatus.ON_SALE,
        )

    def _plan_change(self, row: Row, wish: Item, known: _Known) -> None:
        if known.code in self._taken:
            raise _twice(wish)
        family = self._by_id[known.product_id]
        specs = None if wish.specs is None else _fitting(family, wish.specs)
        specs_key = known.specs_key if specs is None else names.specs_key(specs)
        twin = family.twins.get(specs_key, known.code)
        self._refuse_twin(wish, twin if twin != known.code else None)
        pairs: dict[str, tuple[Any, Any]] = {
            "price_fen": (known.price_fen, wish.price_fen),
            "specs": (known.specs, specs),
            "reorder_point": (known.reorder_point, wish.reorder_point),
            "status": (known.status, wish.status),
            "on_hand": (known.on_hand, self._stock_after(wish, known)),
            **self._agree(family, wish, renames=True),
        }
        if self._stock_mode is None and wish.stock not in {None, known.on_hand}:
            self.stock_left_alone += 1
        del family.twins[known.specs_key]
        family.twins[specs_key] = known.code
        self._taken.add(known.code)
        self._keep(row, known, {n: p for n, p in pairs.items() if p[1] not in (None, p[0])})

    def _keep(self, row: Row, known: _Known, fields: dict[str, tuple[Any, Any]]) -> None:
        if not fields:
            self.unchanged += 1
            return
        after = {name: new for name, (_, new) in fields.items() if name != "on_hand"}
        self.changed.append(
            ChangedSku(
                row=row.number,
                sku_id=known.id,
                code=known.code,
                version=known.version,
                patch=SkuPatch(**after),
                fields=fields,
            )
        )

    def _refuse_twin(self, wish: Item, twin: str | None) -> None:
        """``twin``: the code of the SKU in the way, empty for one that has none yet."""
        if twin in self._by_code:
            raise CodeTakenError(twin)
        if twin is not None:
            raise _twice(wish)

    def _agree(
        self, family: _Family, wish: Item, *, renames: bool = False
    ) -> dict[str, tuple[str, str]]:
        """What the row changes of its product; the first row that says something decides."""
        said = {"name": wish.name, "category": wish.category}
        news = {name: value for name, value in said.items() if value is not None}
        for name, value in news.items():
            if names.name_key(family.said.get(name, value)) != names.name_key(value):
                raise InvalidValueError(name, "twice")
        if renames and wish.name is not None:
            self._rename(family, wish.name)
        changes = {n: (getattr(family, n), v) for n, v in news.items() if n not in family.said}
        family.said = news | family.said
        return changes

    def _rename(self, family: _Family, name: str) -> None:
        key = names.name_key(name)
        if self._by_name.get(key, family) is not family:
            raise NameTakenError(name)
        self._by_name.pop(names.name_key(family.name), None)
        self._by_name[key] = family

    def _stock_after(self, wish: Item, known: _Known) -> int | None:
        if wish.stock is None or self._stock_mode is None:
            return None
        if self._stock_mode == "add":
            return known.on_hand + wish.stock
        if wish.stock < known.reserved:
            available = known.on_hand - known.reserved
            short = Shortage(known.code, known.on_hand - wish.stock, available)
            raise InsufficientStockError(short)
        return wish.stock


_FAMILY = tuple(
    getattr(Product, name) for name in ("id", "name_key", "name", "category", "spec_schema")
)
_KNOWN = tuple(getattr(Sku, each.name) for each in fields(_Known))


def _twice(wish: Item) -> InvalidValueError:
    return InvalidValueError("code" if wish.code else "name", "twice")


def _fitting(family: _Family, specs: Mapping[str, str]) -> dict[str, str]:
    return skus.checked_specs(family.name, family.schema, specs)


def _imagined(draft: SkuDraft) -> _Family:
    """The product that a new SKU would make."""
    schema = [{"key": key, "values": None, "required": True} for key in draft.specs or {}]
    return _Family(draft.name, "", schema)


def _column_of(error: StoreError) -> str:
    if isinstance(error, InvalidValueError):
        return {"threshold": "reorder_point", "quantity": "stock"}.get(error.field, error.field)
    if isinstance(error, NameTakenError):
        return "name"
    if isinstance(error, InsufficientStockError):
        return "stock"
    return "code" if isinstance(error, CodeTakenError) else "specs"


def _hold(tx: Tx, chunk: list[ChangedSku], *, counted: bool) -> None:
    """Lock the SKUs, and refuse when they are not as they were planned."""
    rows = skus.lock_unchanged(tx, {change.code: change.version for change in chunk})
    for row, change in zip(rows, chunk, strict=True):
        if counted and change.fields.get("on_hand", (row.on_hand,))[0] != row.on_hand:
            raise StaleVersionError(row.code, row.version)


def _change(tx: Tx, chunk: list[ChangedSku], cause: Cause, *, told: bool) -> None:
    patches = {change.code: change.patch for change in chunk if change.patch != SkuPatch()}
    if told:
        for code, patch in patches.items():
            skus.edit(tx, code=code, patch=patch, cause=cause)
    else:
        skus.edit_many(tx, patches)


def _move(tx: Tx, chunk: list[ChangedSku], stock_mode: StockMode | None, cause: Cause) -> None:
    moved = [change for change in chunk if "on_hand" in change.fields]
    rows = stock.lock(tx, [change.code for change in moved])
    owners = select(Product).where(col(Product.id).in_({row.product_id for row in rows}))
    _kept = tx.execute(owners).scalars().all()  # for the session forgets what nobody holds
    for row, change in zip(rows, moved, strict=True):
        before, after = change.fields["on_hand"]
        if stock_mode == "add":
            stock.receive_locked(tx, row, quantity=after - before, cause=cause)
        else:
            stock.count_locked(tx, row, counted=after, cause=cause)


def _all_skus(tx: Tx) -> Iterator[SkuView]:
    after: int | None = 0
    while after is not None:
        page, after = skus.page(tx, after=after, limit=CHUNK)
        yield from page


def _what(sku: SkuView) -> tuple[str, str, str]:
    return sku.code, sku.name, names.specs_cell(sku.specs)


def _rest(sku: SkuView) -> tuple[Cell, ...]:
    return sku.reorder_point, sku.category, sku.status


def _yuan(fen: int) -> Decimal:
    return Decimal(money.to_yuan(fen))
