"""SKU files, CSV or XLSX: what their rows mean for the catalogue, what they would change, and back.

``read`` -> ``plan`` (writes nothing, refuses row by row) -> ``apply`` (all of the plan or nothing).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Literal

from sqlalchemy import select
from sqlmodel import col

from store import columns, money, names, sheets, skus, stock
from store.columns import COLUMNS, HEAD_ROWS, Headings, Worded, shown
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
from store.models import MovementKind, Product, Sku, SkuStatus, StockMovement
from store.sheets import Cell
from store.skus import CHUNK, SkuDraft, SkuPatch, SkuView
from store.stock import Cause

_MOST_BLANKS = 6  # in the specs of a name that is shown; each asks the database for a name
_WORDS_KEPT = 4096  # of specs with what they mean, while one sheet is planned
MOST_UNDOABLE = 1000  # changes; undoing more in one message would block the shop
MOST_TOLD = 20  # changed SKUs that chats are told of one by one

StockMode = Literal["set", "add"]

_STATUSES = {
    "on_sale": SkuStatus.ON_SALE,
    "在售": SkuStatus.ON_SALE,
    "delisted": SkuStatus.DELISTED,
    "下架": SkuStatus.DELISTED,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells by column, empty where there is none, and its number in the spreadsheet.

    ``parts``: specs that have a column of their own, by its heading. ``beyond``: what stands in
    cells without a heading, where a comma may have torn a number.
    """

    number: int
    code: str = ""
    name: str = ""
    specs: str = ""
    price: str = ""
    stock: str = ""
    reorder_point: str = ""
    category: str = ""
    status: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    beyond: str = ""


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
    """What a row says, checked by itself; None where it says nothing.

    ``words``: of its specs, the values whose keys it does not name.
    """

    code: str | None
    name: str | None
    specs: dict[str, str] | None
    price_fen: int | None
    stock: int | None
    reorder_point: int | None
    category: str | None
    status: SkuStatus | None
    words: str = ""


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
    """A row that cannot be: ``error`` says why, ``column`` and ``value`` (shortened) where.

    No column: the value stands in none.
    """

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


def read(content: bytes, *, spec_keys: Collection[str] = ()) -> SkuSheet:
    """The rows of a SKU file; a spec of the shop or a usual one may have a column of its own.

    Raises ``BadFileError`` when it cannot be read as a whole.
    """
    lines = sheets.read(content)
    first = list(islice(lines, HEAD_ROWS))
    if not first:
        raise BadFileError("empty")
    place, headings = columns.find(first, spec_keys)
    width = len(first[place].cells) if sheets.form_in(content) == "csv" else sheets.MAX_COLUMNS
    rows = tuple(_row(line, headings, width) for line in chain(first[place + 1 :], lines))
    return SkuSheet(rows, headings.ignored, headings.recognised)


def spec_keys(tx: Tx) -> frozenset[str]:
    """The keys of all specs in the shop."""
    schemas = tx.execute(select(col(Product.spec_schema)).distinct()).scalars()
    return frozenset(entry["key"] for schema in schemas for entry in schema)


def typed(rows: Sequence[Mapping[str, Any]]) -> SkuSheet:
    """The same of a table typed in a chat: each row name, code, specs, price_fen, quantity, ...

    ``unread`` of a row: cells that are no such value, as they stand.
    """
    return SkuSheet(tuple(_typed(number, row) for number, row in enumerate(rows, start=1)))


def _typed(number: int, row: Mapping[str, Any]) -> Row:
    price, unread = row.get("price_fen"), row.get("unread", {})
    return Row(
        number=number,
        code=str(row.get("code", "")),
        name=str(row.get("name", "")),
        specs=unread.get("specs", ""),
        price=unread.get("price_fen", "" if price is None else money.to_yuan(price)),
        stock=unread.get("quantity", str(row.get("quantity", ""))),
        reorder_point=unread.get("threshold", str(row.get("threshold", ""))),
        category=str(row.get("category", "")),
        parts=tuple(row.get("specs", {}).items()),
        beyond=unread.get("beyond", ""),
    )


def item(row: Row) -> Item:
    """What a row says, checked without looking at the shop. Raises ``InvalidValueError``."""
    if row.beyond:
        raise InvalidValueError("row", "torn")
    called = [cell for cell in (row.name, row.code) if cell]
    if called and all(map(columns.totals, called)):
        raise InvalidValueError("name" if row.name else "code", "total")
    keyed = columns.keyed_specs(row.specs) if row.specs else {}
    return Item(
        code=names.sku_code(row.code) if row.code else None,
        name=names.product_name(row.name) if row.name else None,
        specs=_with_parts(keyed or {}, row.parts) or None,
        words=row.specs if keyed is None else "",
        price_fen=skus.checked_price(columns.fen(row.price)) if row.price else None,
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
    worded: Worded = lambda _: {},
) -> ImportPlan:
    """What importing the sheet would do, row by row; nothing is written and no row raises.

    ``stock_mode``: what the stock of known SKUs means, None leaves theirs alone. New SKUs whose row
    gives no reorder point get the default. ``worded`` reads specs whose keys are not named.

    A new SKU that was undone and that nothing was done with since comes back as the row says it.
    """
    planner = _Planner(tx, stock_mode, default_reorder_point, worded)
    for start in range(0, len(sheet.rows), CHUNK):
        planner.take(sheet.rows[start : start + CHUNK])
    return ImportPlan(
        new=tuple(planner.new),
        changed=tuple(planner.changed),
        refused=tuple(sorted(planner.refused, key=lambda refused: refused.row)),
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
        _hold(tx, chunk, counted=planned.stock_mode != "add")
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


def _row(line: sheets.Line, headings: Headings, width: int) -> Row:
    cells = dict(enumerate(line.cells))
    said = {column: cells.get(place, "") for column, place in headings.columns.items()}
    parts = ((heading, cells.get(place, "")) for heading, place in headings.specs.items())
    beyond = ",".join(filter(None, line.cells[width:]))
    return Row(line.number, **said, parts=tuple(part for part in parts if part[1]), beyond=beyond)


def _with_parts(specs: Mapping[str, str], parts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The specs of a cell and of columns of their own, by the keys that the shop uses."""
    whole = dict(specs)
    for heading, value in parts:
        key = heading if heading in specs else columns.spec_key(heading)
        if whole.setdefault(key, value) != value:
            raise InvalidValueError("specs", "twice")
    return names.specs(whole)


def _units(column: str, text: str) -> int:
    return columns.whole(column, text, most=stock.MAX_UNITS)


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
    ``values``: of its specs, once a row has asked for them.
    """

    name: str
    category: str
    schema: list[dict[str, Any]]
    twins: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] | None = None


class _Planner:
    """Decides row after row, remembering what the rows before have claimed."""

    def __init__(
        self, tx: Tx, stock_mode: StockMode | None, default_reorder_point: int, worded: Worded
    ) -> None:
        self.new: list[NewSku] = []
        self.changed: list[ChangedSku] = []
        self.refused: list[RefusedRow] = []
        self.unchanged = 0
        self.stock_left_alone = 0
        self._tx = tx
        self._stock_mode = stock_mode
        self._default_reorder_point = default_reorder_point
        self._worded = lru_cache(_WORDS_KEPT)(worded)  # the same few words stand in every row
        self._by_name: dict[str, _Family] = {}
        self._by_id: dict[int, _Family] = {}
        self._by_code: dict[str, _Known] = {}
        self._taken: set[str] = set()  # codes that a row has been about
        self._taken_back: set[int] = set()  # ids of SKUs that were new and are undone

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
            wish = self._settled(row, wish)
            known = self._known(wish)
            if known is None:
                self._plan_new(row, wish)
            else:
                self._plan_change(row, wish, known)
        except StoreError as error:
            self._refuse(row, error)

    def _refuse(self, row: Row, error: StoreError) -> None:
        column = _column_of(error)
        value = getattr(row, column) if column else row.beyond
        if column == "specs" and not value:
            value = names.specs_cell(dict(row.parts))
        self.refused.append(RefusedRow(row.number, error, column, shown(value)))

    def _load(self, wishes: list[Item]) -> None:
        """Fetch the products that these rows name, or name a SKU of, with all their SKUs."""
        codes = {wish.code for wish in wishes if wish.code} - self._by_code.keys()
        said = [wish.name for wish in wishes if wish.name]
        heads = (head for name in said for head, _ in _divided(name))
        keys = {names.name_key(name) for name in chain(said, heads)} - self._by_name.keys()
        owners = select(col(Sku.product_id)).where(col(Sku.code).in_(codes))
        wanted = col(Product.name_key).in_(keys) | col(Product.id).in_(owners)
        found = self._tx.execute(select(*_FAMILY).where(wanted)).all()
        fresh = [row for row in found if row.id not in self._by_id]
        for product_id, key, *rest in fresh:
            self._by_id[product_id] = self._by_name[key] = _Family(*rest)
        members = col(Sku.product_id).in_([row.id for row in fresh])
        skus_ = [_Known(*row) for row in self._tx.execute(select(*_KNOWN).where(members))]
        self._taken_back |= _taken_back(self._tx, skus_)
        for known in skus_:
            self._by_code[known.code] = known
            self._by_id[known.product_id].twins[known.specs_key] = known.code

    def _settled(self, row: Row, wish: Item) -> Item:
        """The wish with specs as its product calls them: of words, and of a name ending in them."""
        if wish.words or row.parts:
            known = self._by_code.get(wish.code or "")
            family = self._by_id[known.product_id] if known else self._family(wish.name or "")
            self._check_single(row, family)
            specs = self._told(wish.words, family, wish.specs)
            wish = replace(wish, specs=specs, words="")
        if wish.name is None or self._family(wish.name) is not None:
            return wish
        shown_as = (self._shown_as(wish, head, rest) for head, rest in _divided(wish.name))
        return next(filter(None, shown_as), wish)

    def _shown_as(self, wish: Item, head: str, rest: str) -> Item | None:
        """The wish for the SKU that is shown as ``head rest``: 咖啡豆 250g; None for no such."""
        family = self._family(head)
        if family is None:
            return None
        with suppress(StoreError):
            specs = _fitting(family, self._told(rest, family, wish.specs))
            twin = family.twins.get(names.specs_key(specs))
            if twin and (wish.code == twin or wish.code not in self._by_code):
                return replace(wish, name=family.name, specs=specs)
        return None

    def _family(self, name: str) -> _Family | None:
        return self._by_name.get(names.name_key(name))

    def _told(
        self, words: str, family: _Family | None, said: Mapping[str, str] | None
    ) -> dict[str, str]:
        """Specs by the keys and in the spelling of the product."""
        values = self._values(family) if family else {}
        own = columns.called(said or {}, values)
        return columns.told(words, self._worded, values=values, said=own)

    def _check_single(self, row: Row, family: _Family | None) -> None:
        """A column of one spec holds one value a row, or one that the product has."""
        values = self._values(family) if family else {}
        said = {columns.spec_key(heading): value for heading, value in row.parts}
        for key, value in columns.called(said, values).items():
            known = names.name_key(value) in values.get(key, ())
            if not known and columns.several(value, self._worded):
                raise InvalidValueError("specs", "several")

    def _values(self, family: _Family) -> dict[str, dict[str, str]]:
        """What a product has, by key and folded value; made once, for it may have many SKUs."""
        if family.values is None:
            family.values = {}
            for entry in family.schema:
                known = {names.name_key(value): value for value in entry["values"] or ()}
                family.values[entry["key"]] = known
            owned = (self._by_code[code] for code in family.twins.values() if code in self._by_code)
            for key, value in (pair for known in owned for pair in known.specs.items()):
                family.values.setdefault(key, {}).setdefault(names.name_key(value), value)
        return family.values

    def _known(self, wish: Item) -> _Known | None:
        """The SKU with this code, or without a code the one of this name in these specs."""
        if wish.code is not None:
            return self._by_code.get(wish.code)
        if wish.name is None:
            raise InvalidValueError("name", "empty")
        family = self._family(wish.name)
        if family is None:
            return None
        twin = family.twins.get(names.specs_key(_fitting(family, wish.specs or {})))
        return self._by_code.get(twin or "")

    def _plan_new(self, row: Row, wish: Item) -> None:
        draft = self._draft(wish)
        key = names.name_key(draft.name)
        family = self._by_name.get(key) or _imagined(draft)
        specs = _fitting(family, draft.specs or {})
        specs_key = names.specs_key(specs)
        if wish.code in self._taken:
            raise _twice(wish)
        self._refuse_twin(wish, family.twins.get(specs_key))
        self._agree(family, wish)
        self._by_name[key] = family
        family.twins[specs_key] = wish.code or ""
        if wish.code:
            self._taken.add(wish.code)
        self.new.append(NewSku(row.number, replace(draft, specs=specs)))

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
        back = wish.status is None and known.id in self._taken_back
        pairs: dict[str, tuple[Any, Any]] = {
            "price_fen": (known.price_fen, wish.price_fen),
            "specs": (known.specs, specs),
            "reorder_point": (known.reorder_point, wish.reorder_point),
            "status": (known.status, SkuStatus.ON_SALE if back else wish.status),
            "on_hand": (known.on_hand, wish.stock if back else self._stock_after(wish, known)),
            **self._agree(family, wish, renames=True),
        }
        if self._stock_mode is None and not back and wish.stock not in {None, known.on_hand}:
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
    own = columns.called(specs, [entry["key"] for entry in family.schema])
    return skus.checked_specs(family.name, family.schema, own)


def _divided(name: str) -> Iterator[tuple[str, str]]:
    """A name in two at each of its last blanks, the longest beginning first."""
    blanks = [place for place, char in enumerate(name) if char == " "]
    for place in blanks[: -_MOST_BLANKS - 1 : -1]:
        yield name[:place], name[place + 1 :]


def _taken_back(tx: Tx, found: Sequence[_Known]) -> set[int]:
    """The ids of those that look like a new SKU whose addition was undone.

    Delisted, empty, and nothing but a first stock and its undo has ever moved them; who delisted
    such a one by hand sees in the preview that it would come back.
    """
    empty = {k.id for k in found if k.status == SkuStatus.DELISTED and not k.on_hand}
    idle = (MovementKind.RESTOCK, MovementKind.UNDO)
    moved = col(StockMovement.sku_id).in_(empty), col(StockMovement.kind).not_in(idle)
    used = select(col(StockMovement.sku_id)).where(*moved).distinct()
    return empty - set(tx.execute(used).scalars()) if empty else empty


def _imagined(draft: SkuDraft) -> _Family:
    """The product that a new SKU would make."""
    schema = [{"key": key, "values": None, "required": True} for key in draft.specs or {}]
    return _Family(draft.name, "", schema)


def _column_of(error: StoreError) -> str:
    if isinstance(error, InvalidValueError):
        same = {"threshold": "reorder_point", "quantity": "stock", "row": ""}
        return same.get(error.field, error.field)
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
        if stock_mode == "set":
            stock.count_locked(tx, row, counted=after, cause=cause)
        else:  # what is added, or the first stock of what was taken back
            stock.receive_locked(tx, row, quantity=after - before, cause=cause)


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
