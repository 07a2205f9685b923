"""Products and their SKUs: adding, editing, delisting, finding."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from store import money, names, outbox, search, stock
from store.db import Tx
from store.errors import (
    AmbiguousSkuError,
    CodeTakenError,
    InvalidValueError,
    NameTakenError,
    ProductNotFoundError,
    SkuNotFoundError,
    SpecNotAllowedError,
    StaleVersionError,
)
from store.models import Product, Sku, SkuStatus
from store.stock import Cause

CHUNK = 500  # rows a statement: few round trips, and far from SQLite's 32,766 variables
_INITIALS = 2  # one letter names nothing for certain
# The code first: an undo goes backwards, and finds the others by the code they were noted with.
_EDITED = ("code", "name", "category", "price_fen", "specs", "reorder_point", "status")
_TOLD = ("price_fen", "status", "reorder_point")


@dataclass(frozen=True, slots=True)
class SkuView:
    """A SKU as it stands: stock in units, price in fen."""

    code: str
    product_id: int
    name: str
    specs: dict[str, str]
    price_fen: int
    on_hand: int
    reserved: int
    reorder_point: int
    category: str
    status: str
    version: int
    updated_at: datetime

    @property
    def available(self) -> int:
        """Units that may still be sold."""
        return self.on_hand - self.reserved

    @property
    def title(self) -> str:
        """Name and specs, as people say it."""
        return f"{self.name} {names.specs_text(self.specs)}".strip()


@dataclass(frozen=True, slots=True)
class SkuDraft:
    """What a new SKU is made from.

    ``code`` None: one is made; ``reorder_point`` in units, 0 = alerts off.
    """

    name: str
    price_fen: int
    reorder_point: int
    code: str | None = None
    specs: Mapping[str, str] | None = None
    stock: int = 0
    category: str | None = None
    demo: bool = False
    status: SkuStatus = SkuStatus.ON_SALE


@dataclass(frozen=True, slots=True)
class SkuPatch:
    """Fields to change; None leaves a field alone.

    ``name`` and ``category`` are the product's: its SKUs share them.
    """

    name: str | None = None
    price_fen: int | None = None
    specs: Mapping[str, str] | None = None
    reorder_point: int | None = None
    category: str | None = None
    status: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class SkuEdit:
    """A SKU before and after an edit."""

    before: SkuView
    after: SkuView

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Before and after of each field that differs."""
        pairs = {
            field: (getattr(self.before, field), getattr(self.after, field)) for field in _EDITED
        }
        return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def add(tx: Tx, draft: SkuDraft, *, cause: Cause) -> SkuView:
    """Add a SKU, its product too when the name is new, and book the initial stock as a restock.

    Raises ``CodeTakenError`` (the code, or these specs of this product, exist),
    ``SpecNotAllowedError``, ``InvalidValueError``.
    """
    return add_many(tx, [draft], cause=cause)[0]


def add_many(tx: Tx, drafts: Sequence[SkuDraft], *, cause: Cause) -> list[SkuView]:
    """``add`` for many, with a few statements for each ``CHUNK`` of them; all or nothing."""
    coder = _Coder(tx, [draft.code for draft in drafts])
    chunks = (drafts[i : i + CHUNK] for i in range(0, len(drafts), CHUNK))
    return [sku for chunk in chunks for sku in _add_chunk(tx, chunk, coder, cause)]


def edit(
    tx: Tx, *, code: str, patch: SkuPatch, cause: Cause, version: int | None = None
) -> SkuEdit:
    """Change some fields of a SKU; ``version``: only if nobody changed it since.

    A change of price, state or reorder point is told to the chats that subscribed to changes.
    Raises ``SkuNotFoundError``, ``StaleVersionError``, ``SpecNotAllowedError``, ``CodeTakenError``,
    ``NameTakenError``, ``InvalidValueError``.
    """
    if version is not None:
        lock_unchanged(tx, {names.sku_code(code): version})
    edited = edit_many(tx, {code: patch})[0]
    _announce(tx, edited, cause)
    return edited


def edit_many(tx: Tx, patches: Mapping[str, SkuPatch]) -> list[SkuEdit]:
    """``edit`` for up to ``CHUNK`` SKUs by code, told to nobody."""
    rows = stock.lock(tx, patches)
    products = _lock_products(tx, {row.product_id for row in rows})
    edits = [
        _edit_locked(tx, row, products[row.product_id], patch)
        for row, patch in zip(rows, patches.values(), strict=True)
    ]
    tx.flush()
    return edits


def lock_unchanged(tx: Tx, versions: Mapping[str, int]) -> list[Sku]:
    """Lock SKUs by normalised code; raises ``StaleVersionError`` when one was edited since."""
    rows = stock.lock(tx, versions)
    for row in rows:
        if row.version != versions[row.code]:
            raise StaleVersionError(row.code, row.version)
    return rows


def set_status(tx: Tx, *, code: str, status: SkuStatus, cause: Cause) -> SkuEdit:
    """Delist or relist; doing it again changes nothing. Stock and open orders stay as they are."""
    return edit(tx, code=code, patch=SkuPatch(status=status), cause=cause)


def delist_demo(tx: Tx, *, cause: Cause) -> list[SkuView]:
    """Take the sample goods of the demo off sale; returns those that were still on it."""
    on_sale = (
        select(Sku.code)
        .join(Product)
        .where(col(Product.demo).is_(True), Sku.status == SkuStatus.ON_SALE)
    )
    codes = tx.exec(on_sale.order_by(col(Sku.id))).all()
    return [
        set_status(tx, code=code, status=SkuStatus.DELISTED, cause=cause).after for code in codes
    ]


def view(tx: Tx, code: str) -> SkuView:
    """The SKU with this code. Raises ``SkuNotFoundError``."""
    row = tx.exec(
        select(Sku, Product).join(Product).where(Sku.code == names.sku_code(code))
    ).first()
    if row is None:
        raise SkuNotFoundError(names.sku_code(code))
    return _view(*row)


def ids_of(tx: Tx, codes: Sequence[str]) -> list[int]:
    """The ids of SKUs by their codes, ascending: they stay, whatever the SKUs are called later."""
    statement = select(Sku.id).where(col(Sku.code).in_(codes)).order_by(col(Sku.id))
    return [number for number in tx.exec(statement).all() if number is not None]


def by_ids(tx: Tx, ids: Sequence[int], *, lock: bool = False) -> list[SkuView]:
    """The SKUs with these ids, by id; ``lock``: nobody changes them before the transaction ends."""
    if lock:
        locking = select(Sku).where(col(Sku.id).in_(ids)).order_by(col(Sku.id)).with_for_update()
        tx.exec(locking.execution_options(populate_existing=True)).all()
    statement = select(Sku, Product).join(Product).where(col(Sku.id).in_(ids))
    return [_view(*row) for row in tx.exec(statement.order_by(col(Sku.id))).all()]


def page(
    tx: Tx,
    *,
    query: str = "",
    category: str = "",
    status: str = "",
    after: int = 0,
    limit: int = 20,
) -> tuple[list[SkuView], int | None]:
    """SKUs by ascending id beyond ``after``, and the id to go on from (None at the end)."""
    statement = select(Sku, Product).join(Product).where(col(Sku.id) > after)
    if query.strip():
        statement = statement.where(col(Sku.id).in_(search.matching(query)))
    if category:
        statement = statement.where(within(category))
    if status:
        statement = statement.where(Sku.status == status)
    rows = tx.exec(statement.order_by(col(Sku.id)).limit(limit + 1)).all()
    return [_view(*row) for row in rows[:limit]], rows[limit - 1][0].id if len(
        rows
    ) > limit else None


def low_stock(
    tx: Tx, *, below: int | None = None, category: str = "", most: int = 50
) -> list[SkuView]:
    """On-sale SKUs at or under their reorder point (0 = alerts off), the scarcest first.

    ``below``: at or under this limit instead. ``category``: only what is in it.
    """
    available = col(Sku.on_hand) - col(Sku.reserved)
    limit = col(Sku.reorder_point) if below is None else below
    statement = (
        select(Sku, Product)
        .join(Product)
        .where(Sku.status == SkuStatus.ON_SALE, available <= limit)
    )
    if below is None:
        statement = statement.where(Sku.reorder_point > 0)
    if category:
        statement = statement.where(called(category))
    return [
        _view(*row)
        for row in tx.exec(statement.order_by(available, col(Sku.code)).limit(most)).all()
    ]


def of_products(tx: Tx, product_ids: Sequence[int], *, status: SkuStatus) -> list[SkuView]:
    """The SKUs of these products that are in this state, by id."""
    statement = select(Sku, Product).join(Product)
    wanted = statement.where(col(Sku.product_id).in_(product_ids), Sku.status == status)
    return [_view(*row) for row in tx.exec(wanted.order_by(col(Sku.id))).all()]


def of_name(tx: Tx, name: str) -> list[SkuView]:
    """Every SKU of the product so called, delisted ones too, the oldest first."""
    statement = select(Sku, Product).join(Product).where(Product.name_key == names.name_key(name))
    return [_view(*pair) for pair in tx.exec(statement.order_by(col(Sku.id)))]


def listed(
    tx: Tx, *, category: str = "", below_fen: int | None = None, status: str = "", most: int = 20
) -> list[SkuView]:
    """SKUs by id: of a category by its path or its own name, under a price, in a state."""
    statement = select(Sku, Product).join(Product)
    for condition in (
        called(category) if category else None,
        col(Sku.price_fen) < below_fen if below_fen is not None else None,
        col(Sku.status) == status if status else None,
    ):
        if condition is not None:
            statement = statement.where(condition)
    return [_view(*row) for row in tx.exec(statement.order_by(col(Sku.id)).limit(most)).all()]


def categories(tx: Tx) -> list[str]:
    """The paths of the categories in which there is something on sale or on the shelf."""
    there = (col(Sku.status) == SkuStatus.ON_SALE) | (col(Sku.on_hand) > 0)
    statement = select(Product.category).join(Sku).where(there, Product.category != "")
    return list(tx.exec(statement.distinct().order_by(Product.category)).all())


def called(category: str) -> Any:
    """A condition: the product's category, or one above it, is this path or has this name."""
    path = names.category_path(category)
    inner = col(Product.category).contains(f"/{path}/", autoescape=True)
    return within(path) | inner | col(Product.category).endswith(f"/{path}", autoescape=True)


def within(category: str) -> Any:
    """A condition: the product's category is this one or below it."""
    path = names.category_path(category)
    return (col(Product.category) == path) | col(Product.category).startswith(
        path + "/", autoescape=True
    )


def resolve(tx: Tx, words: str) -> list[SkuView]:
    """The SKUs that ``words`` certainly name: by code, name (with some or all specs), or initials.

    Never a guess: an empty list when nothing is certain. Several when the words leave specs open;
    SKUs on sale come alone when there are any.
    """
    rows = _by_code(tx, words) or _by_name(tx, words) or _by_initials(tx, words)
    on_sale = [row for row in rows if row.status == SkuStatus.ON_SALE]
    return on_sale or rows


def one(tx: Tx, words: str) -> SkuView:
    """The one SKU that ``words`` name.

    Raises ``SkuNotFoundError`` with the nearest three, or ``AmbiguousSkuError`` with the
    candidates.
    """
    rows = resolve(tx, words)
    if not rows:
        raise SkuNotFoundError(words, nearest=nearest(tx, words))
    if len(rows) > 1:
        raise AmbiguousSkuError(words, tuple(row.code for row in rows))
    return rows[0]


def nearest(tx: Tx, words: str, *, most: int = 3) -> tuple[str, ...]:
    """Codes and names of the SKUs that look most like ``words``."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415  (only a mistyped name needs it)

    rows = tx.exec(select(Sku.code, Product.name, Sku.specs).join(Product).limit(20_000)).all()
    labels = {
        code: f"{code} {name} {names.specs_text(specs)}".strip() for code, name, specs in rows
    }
    found = process.extract(
        names.name_key(words),
        labels,
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=most,
        score_cutoff=40,
    )
    return tuple(label for label, _, _ in found)


def find(tx: Tx, words: str, *, status: str = "", most: int = 20) -> list[SkuView]:
    """Search by any words: names, codes, specs, categories, pinyin initials."""
    statement = select(Sku, Product).join(Product).where(col(Sku.id).in_(search.matching(words)))
    if status:
        statement = statement.where(Sku.status == status)
    return [
        _view(*row)
        for row in tx.exec(
            statement.order_by(col(Sku.status).desc(), col(Sku.code)).limit(most)
        ).all()
    ]


def unseen_values(tx: Tx, *, name: str, specs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Spec values a known product never had, with those it has: a slip, or a new variant?

    Only for keys whose values are open; empty for a new product.
    """
    statement = select(Product).where(Product.name_key == names.name_key(name))
    product = tx.exec(statement).first()
    if product is None:
        return {}
    rows = tx.exec(select(Sku.specs).where(Sku.product_id == product.id)).all()
    unseen = {}
    for entry in product.spec_schema:
        key = entry["key"]
        known = tuple(dict.fromkeys(row[key] for row in rows if key in row))
        said = specs.get(key)
        if (
            said
            and entry["values"] is None
            and known
            and names.name_key(said) not in map(names.name_key, known)
        ):
            unseen[key] = known
    return unseen


def set_schema(tx: Tx, *, product_id: int, schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fix a product's spec keys, values and which are required; returns the schema before.

    ``schema``: ``[{"key", "values": [...] | None, "required": bool}]`` in display order. Raises
    ``SpecNotAllowedError`` when a SKU on sale would fall outside it.
    """
    product = tx.get(Product, product_id, with_for_update=True)
    if product is None:
        raise ProductNotFoundError(str(product_id))
    before, product.spec_schema = product.spec_schema, _clean_schema(schema)
    rows = tx.exec(
        select(Sku.specs).where(Sku.product_id == product.id, Sku.status == SkuStatus.ON_SALE)
    ).all()
    for specs in rows:
        _specs_of(product, specs)
    tx.add(product)
    tx.changes.append(
        {"kind": "schema", "product": product.id, "before": before, "after": product.spec_schema}
    )
    return before


def _clean_schema(schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = names.specs({entry["key"]: "x" for entry in schema})
    if len(keys) != len(schema):
        raise InvalidValueError("specs", "twice")
    clean = []
    for key, entry in zip(keys, schema, strict=True):
        values = entry["values"]
        if values is not None:
            values = list(
                dict.fromkeys(
                    names.plain_text("specs", value, most=names.MAX_SPEC) for value in values
                )
            )
        clean.append({"key": key, "values": values, "required": bool(entry["required"])})
    return clean


def _add_chunk(tx: Tx, drafts: Sequence[SkuDraft], coder: "_Coder", cause: Cause) -> list[SkuView]:
    products = _products_for(tx, drafts)
    twins = _twins(tx, products.values())
    added = []
    for draft in drafts:
        product = products[_key(draft)]
        added.append((_new_row(tx, draft, product, coder, twins), product))
    tx.add_all(row for row, _ in added)
    tx.flush()
    search.index_many(tx, added)
    tx.changes.extend({"kind": "created", "sku": row.code} for row, _ in added)
    stock.open_many(tx, [row for row, _ in added if row.on_hand], cause=cause)
    return [_view(*pair) for pair in added]


def _new_row(
    tx: Tx, draft: SkuDraft, product: Product, coder: "_Coder", twins: dict[tuple[int, str], Sku]
) -> Sku:
    specs = _specs_of(product, draft.specs or {})
    key = (product.id or 0, names.specs_key(specs))
    if key in twins:
        raise _taken_by(twins[key])
    row = Sku(
        product_id=product.id or 0,
        code=coder.code(draft.code, product, specs),
        specs=specs,
        specs_key=key[1],
        price_fen=checked_price(draft.price_fen),
        on_hand=stock.checked_units(draft.stock, least=0),
        reorder_point=checked_reorder_point(draft.reorder_point),
        status=draft.status,
        created_at=tx.now,
        updated_at=tx.now,
    )
    twins[key] = row
    return row


def _products_for(tx: Tx, drafts: Sequence[SkuDraft]) -> dict[str, Product]:
    """The products of these names by key, made where they are new; a category that is said wins."""
    wanted = {_key(draft) for draft in drafts}
    statement = select(Product).where(col(Product.name_key).in_(wanted)).order_by(col(Product.id))
    known = {row.name_key: row for row in tx.exec(statement.with_for_update()).all()}
    new: dict[str, Product] = {}
    for draft in drafts:
        key = _key(draft)
        if key not in known:
            product = new.setdefault(key, _new_product(tx, draft))
            product.category = product.category or names.category_path(draft.category or "")
        elif draft.category is not None:
            _apply_to_product(tx, known[key], SkuPatch(category=draft.category))
    tx.add_all(new.values())
    tx.flush()
    return known | new


def _key(draft: SkuDraft) -> str:
    return names.name_key(names.product_name(draft.name))


def _new_product(tx: Tx, draft: SkuDraft) -> Product:
    name = names.product_name(draft.name)
    specs = names.specs(dict(draft.specs or {}))
    return Product(
        name=name,
        name_key=names.name_key(name),
        initials=search.initials(name),
        category=names.category_path(draft.category or ""),
        spec_schema=[{"key": key, "values": None, "required": True} for key in specs],
        demo=draft.demo,
        created_at=tx.now,
    )


def _twins(tx: Tx, products: Iterable[Product]) -> dict[tuple[int, str], Sku]:
    """The SKUs of these products by what must be unique in a product."""
    ids = [product.id for product in products]
    rows = tx.exec(select(Sku).where(col(Sku.product_id).in_(ids))).all()
    return {(row.product_id, row.specs_key): row for row in rows}


def _lock_products(tx: Tx, product_ids: set[int]) -> dict[int, Product]:
    statement = select(Product).where(col(Product.id).in_(product_ids)).order_by(col(Product.id))
    fresh = {"populate_existing": True}
    rows = tx.exec(statement.with_for_update().execution_options(**fresh)).all()
    return {row.id or 0: row for row in rows}


def checked_specs(
    product: str, schema: Sequence[Mapping[str, Any]], specs: Mapping[str, str]
) -> dict[str, str]:
    """Specs in the order and spelling of a product's schema. Raises ``SpecNotAllowedError``."""
    entries = {entry["key"]: entry for entry in schema}
    for key in specs:
        if key not in entries:
            raise SpecNotAllowedError(product, key=key, allowed=tuple(entries))
    missing = tuple(key for key, entry in entries.items() if entry["required"] and key not in specs)
    if missing:
        raise SpecNotAllowedError(product, missing=missing)
    return {
        key: _checked_value(product, entry, specs[key])
        for key, entry in entries.items()
        if key in specs
    }


def _checked_value(product: str, entry: Mapping[str, Any], value: str) -> str:
    if entry["values"] is None:
        return value
    for allowed in entry["values"]:
        if names.name_key(allowed) == names.name_key(value):
            return str(allowed)
    allowed = tuple(entry["values"])
    raise SpecNotAllowedError(product, key=entry["key"], value=value, allowed=allowed)


def _specs_of(product: Product, specs: Mapping[str, str]) -> dict[str, str]:
    return checked_specs(product.name, product.spec_schema, names.specs(dict(specs)))


def _refuse_twin(tx: Tx, product: Product, specs: dict[str, str], *, but: int | None) -> None:
    twin = _twins(tx, [product]).get((product.id or 0, names.specs_key(specs)))
    if twin is not None and twin.id != but:
        raise _taken_by(twin)


def _taken_by(row: Sku) -> CodeTakenError:
    return CodeTakenError(row.code, delisted=row.status == SkuStatus.DELISTED)


class _Coder:
    """Gives SKUs their codes: the one that was said, checked, or one made from name and specs.

    手冲壶 -> SCH, T恤 白色 L -> TX-BS-L; a number follows where that is taken.
    """

    def __init__(self, tx: Tx, said: Iterable[str | None]) -> None:
        self._tx = tx
        self._unmade = {names.sku_code(code) for code in said if code is not None}
        self._taken = self._existing(sorted(self._unmade))
        self._given: set[str] = set()
        self._next: dict[str, int] = {}

    def code(self, said: str | None, product: Product, specs: Mapping[str, str]) -> str:
        """A code that no other SKU has. Raises ``CodeTakenError``."""
        code = self._made(product, specs) if said is None else names.sku_code(said)
        if code in self._taken or code in self._given:
            raise CodeTakenError(code, delisted=self._taken.get(code) == SkuStatus.DELISTED)
        self._given.add(code)
        return code

    def _existing(self, said: Sequence[str]) -> dict[str, str]:
        statement = select(Sku.code, Sku.status)
        chunks = (said[i : i + CHUNK] for i in range(0, len(said), CHUNK))
        return {
            code: status
            for chunk in chunks
            for code, status in self._tx.exec(statement.where(col(Sku.code).in_(chunk))).all()
        }

    def _made(self, product: Product, specs: Mapping[str, str]) -> str:
        parts = [product.initials, *(search.initials(value) for value in specs.values())]
        stem = "-".join(part.upper() for part in parts if part)[: names.MAX_CODE - 6] or "SKU"
        if stem not in self._next:
            self._next[stem] = 1
            alike = col(Sku.code).startswith(stem, autoescape=True)
            self._unmade |= set(self._tx.exec(select(Sku.code).where(alike)).all())
        while (code := _numbered(stem, self._next[stem])) in self._unmade:
            self._next[stem] += 1
        self._unmade.add(code)
        return code


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _edit_locked(tx: Tx, row: Sku, product: Product, patch: SkuPatch) -> SkuEdit:
    """Change a SKU and its product, both locked; noted for undo."""
    before = _view(row, product)
    _apply_to_product(tx, product, patch)
    _apply_to_sku(tx, row, product, patch)
    if _view(row, product) == before:
        return SkuEdit(before, before)
    search.index_many(tx, [(row, product)])
    if row.version == before.version:  # a change of the product has counted for all its SKUs
        _bump(tx, row)
    edited = SkuEdit(before, _view(row, product))
    known = {"sku": row.code, "id": row.id, "version": row.version}
    tx.changes.extend(
        {"kind": "field", **known, "field": field, "before": old, "after": new}
        for field, (old, new) in edited.changed.items()
    )
    return edited


def _apply_to_product(tx: Tx, product: Product, patch: SkuPatch) -> None:
    name, category = product.name, product.category
    if patch.name is not None:
        _rename(tx, product, names.product_name(patch.name))
    if patch.category is not None:
        product.category = names.category_path(patch.category)
    if (name, category) == (product.name, product.category):
        return
    tx.add(product)
    statement = select(Sku).where(Sku.product_id == product.id).order_by(col(Sku.id))
    siblings = tx.exec(statement.with_for_update()).all()
    search.index_many(tx, [(sibling, product) for sibling in siblings])
    for sibling in siblings:
        _bump(tx, sibling)


def _rename(tx: Tx, product: Product, name: str) -> None:
    key = names.name_key(name)
    statement = select(Product.id).where(Product.name_key == key, col(Product.id) != product.id)
    if tx.exec(statement).first() is not None:
        raise NameTakenError(name)
    product.name, product.name_key, product.initials = name, key, search.initials(name)


def _apply_to_sku(tx: Tx, row: Sku, product: Product, patch: SkuPatch) -> None:
    if patch.price_fen is not None:
        row.price_fen = checked_price(patch.price_fen)
    if patch.reorder_point is not None:
        row.reorder_point = checked_reorder_point(patch.reorder_point)
    if patch.specs is not None:
        specs = _specs_of(product, patch.specs)
        _refuse_twin(tx, product, specs, but=row.id)
        row.specs, row.specs_key = specs, names.specs_key(specs)
    if patch.status is not None:
        row.status = SkuStatus(patch.status)
    if patch.code is not None and names.sku_code(patch.code) != row.code:
        row.code = _Coder(tx, [patch.code]).code(patch.code, product, row.specs)


def _bump(tx: Tx, row: Sku) -> None:
    row.version += 1
    row.updated_at = tx.now
    tx.add(row)


def _announce(tx: Tx, edited: SkuEdit, cause: Cause) -> None:
    """Tell those who want to hear of changes."""
    told = {f: list(edited.changed[f]) for f in _TOLD if f in edited.changed}
    if not told:
        return
    after = edited.after
    payload = {"sku": after.code, "name": after.title, "changed": told, "actor": cause.actor}
    key = f"changed:{cause.key}:{after.code}"
    outbox.publish(tx, topic="changes", kind="sku_changed", key=key, payload=payload, but=tx.here)


def _by_code(tx: Tx, words: str) -> list[SkuView]:
    try:
        code = names.sku_code(words)
    except InvalidValueError:
        return []
    return [
        _view(*row)
        for row in tx.exec(select(Sku, Product).join(Product).where(Sku.code == code)).all()
    ]


def _by_name(tx: Tx, words: str) -> list[SkuView]:
    """The SKUs of the longest product name the words begin with, that have the rest as specs."""
    said = names.name_key(words)
    heads = [said[:i] for i in range(1, min(len(said), names.MAX_NAME) + 1)]
    rows = tx.exec(
        select(Sku, Product)
        .join(Product)
        .where(col(Product.name_key).in_(heads))
        .order_by(col(Sku.id))
    ).all()
    for length in sorted({len(product.name_key) for _, product in rows}, reverse=True):
        fitting = [
            _view(sku, product)
            for sku, product in rows
            if len(product.name_key) == length and _has_specs(sku, said[length:])
        ]
        if fitting:
            return fitting
    return []


def _has_specs(sku: Sku, rest: str) -> bool:
    """Whether ``rest`` is made of this SKU's spec values and nothing else (白 is 白色)."""
    spoken = {form for value in sku.specs.values() for form in _forms(names.name_key(value))}
    for form in sorted(spoken, key=len, reverse=True):
        rest = re.sub(
            rf"(?<![0-9a-z]){re.escape(form)}(?![0-9a-z])" if form.isascii() else re.escape(form),
            " ",
            rest,
            count=1,
        )
    return not rest.strip(" ,;/+-()")


def _forms(value: str) -> tuple[str, ...]:
    return (value, value[:-1]) if len(value) > 1 and value.endswith("色") else (value,)


def _by_initials(tx: Tx, words: str) -> list[SkuView]:
    said = names.name_key(words)
    if len(said) < _INITIALS or not said.isascii():
        return []
    return [
        _view(*row)
        for row in tx.exec(select(Sku, Product).join(Product).where(Product.initials == said)).all()
    ]


def checked_price(fen: int) -> int:
    """``fen`` when a price can be that; raises ``InvalidValueError``."""
    if type(fen) is not int or not 0 < fen <= money.MAX_PRICE_FEN:
        raise InvalidValueError("price", "range", money.to_yuan(money.MAX_PRICE_FEN))
    return fen


def checked_reorder_point(units: int) -> int:
    """``units`` when a reorder point can be that; raises ``InvalidValueError``."""
    if type(units) is not int or not 0 <= units <= stock.MAX_UNITS:
        raise InvalidValueError("threshold", "range", stock.MAX_UNITS)
    return units


def _view(row: Sku, product: Product) -> SkuView:
    return SkuView(
        code=row.code,
        product_id=product.id or 0,
        name=product.name,
        specs=row.specs,
        price_fen=row.price_fen,
        on_hand=row.on_hand,
        reserved=row.reserved,
        reorder_point=row.reorder_point,
        category=product.category,
        status=row.status,
        version=row.version,
        updated_at=row.updated_at,
    )
