"""Products and their SKUs: adding, editing, delisting, finding."""

import re
from collections.abc import Mapping, Sequence
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
    """What a new SKU is made from. ``code`` None: one is made; ``reorder_point`` in units, 0 = alerts off."""

    name: str
    price_fen: int
    reorder_point: int
    code: str | None = None
    specs: Mapping[str, str] | None = None
    stock: int = 0
    category: str | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True)
class SkuPatch:
    """Fields to change; None leaves a field alone. ``name`` and ``category`` are the product's: its SKUs share them."""

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


def add(tx: Tx, draft: SkuDraft, *, cause: Cause) -> SkuView:
    """Add a SKU, its product too when the name is new, and book the initial stock as a restock.

    Raises ``CodeTakenError`` (the code, or these specs of this product, exist), ``SpecNotAllowedError``,
    ``InvalidValueError``.
    """
    price_fen = _price(draft.price_fen)
    reorder_point = _reorder_point(draft.reorder_point)
    product = _product_for(tx, draft)
    specs = _checked_specs(product, names.specs(dict(draft.specs or {})))
    _refuse_twin(tx, product, specs)
    row = Sku(
        product_id=product.id,
        code=_free_code(tx, draft.code, product, specs),
        specs=specs,
        specs_key=names.specs_key(specs),
        price_fen=price_fen,
        reorder_point=reorder_point,
        created_at=tx.now,
        updated_at=tx.now,
    )
    tx.add(row)
    tx.flush()
    search.index(tx, row, product)
    tx.changes.append({"kind": "created", "sku": row.code})
    if draft.stock:
        stock.receive(tx, sku=row.code, quantity=draft.stock, cause=cause)
    return _view(row, product)


def edit(tx: Tx, *, code: str, patch: SkuPatch, cause: Cause, version: int | None = None) -> SkuEdit:
    """Change some fields of a SKU; ``version``: only if nobody changed it since (``StaleVersionError``).

    A change of price, state or reorder point is told to the chats that subscribed to changes.
    Raises ``SkuNotFoundError``, ``SpecNotAllowedError``, ``CodeTakenError``, ``NameTakenError``, ``InvalidValueError``.
    """
    row = stock.lock(tx, [code])[0]
    product = tx.get_one(Product, row.product_id, with_for_update=True)
    if version is not None and row.version != version:
        raise StaleVersionError(row.code, row.version)
    before = _view(row, product)
    _apply_to_product(tx, product, patch)
    _apply_to_sku(tx, row, product, patch)
    after = _view(row, product)
    if after == before:
        return SkuEdit(before, before)
    _touch(tx, product, row)
    edited = SkuEdit(before, _view(row, product))
    _record(tx, edited, cause)
    return edited


def set_status(tx: Tx, *, code: str, status: SkuStatus, cause: Cause) -> SkuEdit:
    """Delist or relist; doing it again changes nothing. Stock and open orders stay as they are."""
    return edit(tx, code=code, patch=SkuPatch(status=status), cause=cause)


def delist_demo(tx: Tx, *, cause: Cause) -> list[SkuView]:
    """Take the sample goods of the demo off sale; returns those that were still on it."""
    on_sale = select(Sku.code).join(Product).where(col(Product.demo).is_(True), Sku.status == SkuStatus.ON_SALE)
    codes = tx.exec(on_sale.order_by(col(Sku.id))).all()
    return [set_status(tx, code=code, status=SkuStatus.DELISTED, cause=cause).after for code in codes]


def view(tx: Tx, code: str) -> SkuView:
    """The SKU with this code. Raises ``SkuNotFoundError``."""
    row = tx.exec(select(Sku, Product).join(Product).where(Sku.code == names.sku_code(code))).first()
    if row is None:
        raise SkuNotFoundError(names.sku_code(code))
    return _view(*row)


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
    return [_view(*row) for row in rows[:limit]], rows[limit - 1][0].id if len(rows) > limit else None


def low_stock(tx: Tx, *, below: int | None = None, most: int = 50) -> list[SkuView]:
    """On-sale SKUs at or under their reorder point (0 = alerts off), or under an ad-hoc limit, the scarcest first."""
    available = col(Sku.on_hand) - col(Sku.reserved)
    limit = col(Sku.reorder_point) if below is None else below
    statement = select(Sku, Product).join(Product).where(Sku.status == SkuStatus.ON_SALE, available <= limit)
    if below is None:
        statement = statement.where(Sku.reorder_point > 0)
    return [_view(*row) for row in tx.exec(statement.order_by(available, col(Sku.code)).limit(most)).all()]


def of_products(tx: Tx, product_ids: Sequence[int], *, status: SkuStatus) -> list[SkuView]:
    """The SKUs of these products that are in this state, by id."""
    statement = select(Sku, Product).join(Product)
    wanted = statement.where(col(Sku.product_id).in_(product_ids), Sku.status == status)
    return [_view(*row) for row in tx.exec(wanted.order_by(col(Sku.id))).all()]


def within(category: str) -> Any:
    """A condition: the product's category is this one or below it."""
    path = names.category_path(category)
    return (col(Product.category) == path) | col(Product.category).startswith(path + "/", autoescape=True)


def resolve(tx: Tx, words: str) -> list[SkuView]:
    """The SKUs that ``words`` certainly name: a code, a product's name (with some or all specs), or its initials.

    Never a guess: an empty list when nothing is certain. Several when the words leave specs open; SKUs on sale come
    alone when there are any.
    """
    rows = _by_code(tx, words) or _by_name(tx, words) or _by_initials(tx, words)
    on_sale = [row for row in rows if row.status == SkuStatus.ON_SALE]
    return on_sale or rows


def one(tx: Tx, words: str) -> SkuView:
    """The one SKU that ``words`` name.

    Raises ``SkuNotFoundError`` with the nearest three, or ``AmbiguousSkuError`` with the candidates.
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
    labels = {code: f"{code} {name} {names.specs_text(specs)}".strip() for code, name, specs in rows}
    found = process.extract(
        names.name_key(words), labels, scorer=fuzz.WRatio, processor=utils.default_process, limit=most, score_cutoff=40
    )
    return tuple(label for label, _, _ in found)


def find(tx: Tx, words: str, *, status: str = "", most: int = 20) -> list[SkuView]:
    """Search by any words: names, codes, specs, categories, pinyin initials."""
    statement = select(Sku, Product).join(Product).where(col(Sku.id).in_(search.matching(words)))
    if status:
        statement = statement.where(Sku.status == status)
    return [_view(*row) for row in tx.exec(statement.order_by(col(Sku.status).desc(), col(Sku.code)).limit(most)).all()]


def unseen_values(tx: Tx, *, name: str, specs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Spec values a known product never had, with the values it has: a slip of the pen, or a new variant?

    Only for keys whose values are open; empty for a new product.
    """
    product = _product_named(tx, name)
    if product is None:
        return {}
    rows = tx.exec(select(Sku.specs).where(Sku.product_id == product.id)).all()
    unseen = {}
    for entry in product.spec_schema:
        key = entry["key"]
        known = tuple(dict.fromkeys(row[key] for row in rows if key in row))
        said = specs.get(key)
        if said and entry["values"] is None and known and names.name_key(said) not in map(names.name_key, known):
            unseen[key] = known
    return unseen


def set_schema(tx: Tx, *, product_id: int, schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fix a product's spec keys, values and which are required; returns the schema before.

    ``schema``: ``[{"key", "values": [...] | None, "required": bool}]`` in display order. Raises ``SpecNotAllowedError``
    when a SKU on sale would fall outside it.
    """
    product = tx.get(Product, product_id, with_for_update=True)
    if product is None:
        raise ProductNotFoundError(str(product_id))
    before, product.spec_schema = product.spec_schema, _clean_schema(schema)
    rows = tx.exec(select(Sku.specs).where(Sku.product_id == product.id, Sku.status == SkuStatus.ON_SALE)).all()
    for specs in rows:
        _checked_specs(product, specs)
    tx.add(product)
    tx.changes.append({"kind": "schema", "product": product.id, "before": before, "after": product.spec_schema})
    return before


def _clean_schema(schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = names.specs({entry["key"]: "x" for entry in schema})
    if len(keys) != len(schema):
        raise InvalidValueError("specs", "twice")
    clean = []
    for key, entry in zip(keys, schema, strict=True):
        values = entry["values"]
        if values is not None:
            values = list(dict.fromkeys(names.plain_text("specs", value, most=names.MAX_SPEC) for value in values))
        clean.append({"key": key, "values": values, "required": bool(entry["required"])})
    return clean


def _product_for(tx: Tx, draft: SkuDraft) -> Product:
    """The product of this name, made when it is new; a category said for a known product moves it there."""
    name = names.product_name(draft.name)
    product = _product_named(tx, name)
    if product is not None:
        if draft.category is not None:
            _apply_to_product(tx, product, SkuPatch(category=draft.category))
        return product
    specs = names.specs(dict(draft.specs or {}))
    product = Product(
        name=name,
        name_key=names.name_key(name),
        initials=search.initials(name),
        category=names.category_path(draft.category or ""),
        spec_schema=[{"key": key, "values": None, "required": True} for key in specs],
        demo=draft.demo,
        created_at=tx.now,
    )
    tx.add(product)
    tx.flush()
    return product


def _product_named(tx: Tx, name: str) -> Product | None:
    return tx.exec(select(Product).where(Product.name_key == names.name_key(name)).with_for_update()).first()


def _checked_specs(product: Product, specs: Mapping[str, str]) -> dict[str, str]:
    """The specs in the schema's order and spelling."""
    schema = {entry["key"]: entry for entry in product.spec_schema}
    for key in specs:
        if key not in schema:
            raise SpecNotAllowedError(product.name, key=key, allowed=tuple(schema))
    missing = tuple(key for key, entry in schema.items() if entry["required"] and key not in specs)
    if missing:
        raise SpecNotAllowedError(product.name, missing=missing)
    return {key: _checked_value(product, entry, specs[key]) for key, entry in schema.items() if key in specs}


def _checked_value(product: Product, entry: dict[str, Any], value: str) -> str:
    if entry["values"] is None:
        return value
    for allowed in entry["values"]:
        if names.name_key(allowed) == names.name_key(value):
            return str(allowed)
    raise SpecNotAllowedError(product.name, key=entry["key"], value=value, allowed=tuple(entry["values"]))


def _refuse_twin(tx: Tx, product: Product, specs: dict[str, str], *, but: int | None = None) -> None:
    statement = select(Sku).where(Sku.product_id == product.id, Sku.specs_key == names.specs_key(specs), col(Sku.id) != but)
    twin = tx.exec(statement).first()
    if twin is not None:
        raise CodeTakenError(twin.code, delisted=twin.status == SkuStatus.DELISTED)


def _free_code(tx: Tx, wanted: str | None, product: Product, specs: dict[str, str]) -> str:
    """The code that was given, checked; else one made from name and specs: 手冲壶 -> SCH, T恤 白色 L -> TX-BS-L."""
    if wanted is not None:
        code = names.sku_code(wanted)
        taken = tx.exec(select(Sku).where(Sku.code == code)).first()
        if taken is not None:
            raise CodeTakenError(taken.code, delisted=taken.status == SkuStatus.DELISTED)
        return code
    parts = [product.initials, *(search.initials(value) for value in specs.values())]
    stem = "-".join(part.upper() for part in parts if part)[: names.MAX_CODE - 6] or "SKU"
    taken_codes = set(tx.exec(select(Sku.code).where(col(Sku.code).startswith(stem, autoescape=True))).all())
    if stem not in taken_codes:
        return stem
    return next(code for n in range(2, 10**6) if (code := f"{stem}-{n}") not in taken_codes)


def _apply_to_product(tx: Tx, product: Product, patch: SkuPatch) -> None:
    name, category = product.name, product.category
    if patch.name is not None:
        _rename(tx, product, names.product_name(patch.name))
    if patch.category is not None:
        product.category = names.category_path(patch.category)
    if (name, category) == (product.name, product.category):
        return
    tx.add(product)
    for sibling in tx.exec(select(Sku).where(Sku.product_id == product.id).order_by(col(Sku.id)).with_for_update()).all():
        search.index(tx, sibling, product)
        _bump(tx, sibling)


def _rename(tx: Tx, product: Product, name: str) -> None:
    key = names.name_key(name)
    statement = select(Product.id).where(Product.name_key == key, col(Product.id) != product.id)
    if tx.exec(statement).first() is not None:
        raise NameTakenError(name)
    product.name, product.name_key, product.initials = name, key, search.initials(name)


def _apply_to_sku(tx: Tx, row: Sku, product: Product, patch: SkuPatch) -> None:
    if patch.price_fen is not None:
        row.price_fen = _price(patch.price_fen)
    if patch.reorder_point is not None:
        row.reorder_point = _reorder_point(patch.reorder_point)
    if patch.specs is not None:
        specs = _checked_specs(product, names.specs(dict(patch.specs)))
        _refuse_twin(tx, product, specs, but=row.id)
        row.specs, row.specs_key = specs, names.specs_key(specs)
    if patch.status is not None:
        row.status = SkuStatus(patch.status)
    if patch.code is not None and names.sku_code(patch.code) != row.code:
        row.code = _free_code(tx, patch.code, product, row.specs)


def _touch(tx: Tx, product: Product, row: Sku) -> None:
    search.index(tx, row, product)
    _bump(tx, row)
    tx.flush()


def _bump(tx: Tx, row: Sku) -> None:
    row.version += 1
    row.updated_at = tx.now
    tx.add(row)


def _record(tx: Tx, edited: SkuEdit, cause: Cause) -> None:
    """Note the changed fields for undo, and tell those who want to hear of changes."""
    fields = ("name", "category", "price_fen", "specs", "reorder_point", "status", "code")
    changed = {f: (getattr(edited.before, f), getattr(edited.after, f)) for f in fields}
    changed = {f: pair for f, pair in changed.items() if pair[0] != pair[1]}
    for field, (before, after) in changed.items():
        tx.changes.append({"kind": "field", "sku": edited.after.code, "field": field, "before": before, "after": after})
    told = {f: list(changed[f]) for f in ("price_fen", "status", "reorder_point") if f in changed}
    if told:
        payload = {"sku": edited.after.code, "name": edited.after.title, "changed": told, "actor": cause.actor}
        outbox.publish(tx, topic="changes", kind="sku_changed", key=f"changed:{cause.key}:{edited.after.code}", payload=payload)


def _by_code(tx: Tx, words: str) -> list[SkuView]:
    try:
        code = names.sku_code(words)
    except InvalidValueError:
        return []
    return [_view(*row) for row in tx.exec(select(Sku, Product).join(Product).where(Sku.code == code)).all()]


def _by_name(tx: Tx, words: str) -> list[SkuView]:
    """The longest product name the words begin with, and the SKUs that have what follows among their specs."""
    said = names.name_key(words)
    heads = [said[:i] for i in range(1, min(len(said), names.MAX_NAME) + 1)]
    rows = tx.exec(select(Sku, Product).join(Product).where(col(Product.name_key).in_(heads)).order_by(col(Sku.id))).all()
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
        rest = re.sub(rf"(?<![0-9a-z]){re.escape(form)}(?![0-9a-z])" if form.isascii() else re.escape(form), " ", rest, count=1)
    return not rest.strip(" ,;/+-()")


def _forms(value: str) -> tuple[str, ...]:
    return (value, value[:-1]) if len(value) > 1 and value.endswith("色") else (value,)


def _by_initials(tx: Tx, words: str) -> list[SkuView]:
    said = names.name_key(words)
    if len(said) < 2 or not said.isascii():
        return []
    return [_view(*row) for row in tx.exec(select(Sku, Product).join(Product).where(Product.initials == said)).all()]


def _price(fen: int) -> int:
    if type(fen) is not int or not 0 < fen <= money.MAX_PRICE_FEN:
        raise InvalidValueError("price", "range", money.to_yuan(money.MAX_PRICE_FEN))
    return fen


def _reorder_point(units: int) -> int:
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
