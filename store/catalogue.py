"""The catalogue as customers see it: products with what may be bought of them, and categories.

Delisted SKUs are absent, and with the last of them their product. Sold-out ones stay.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, exists, func, select

from store import names, search, skus
from store.db import Tx
from store.errors import InvalidValueError, ProductNotFoundError
from store.models import Product, Sku, SkuStatus
from store.skus import SkuPatch, SkuView
from store.stock import Cause

MAX_DESCRIPTION = 2000
_MAX_ID = 2**63 - 1  # SQLite takes no greater number, not even to find nothing


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product and its SKUs on sale, by id; ``spec_schema`` as in ``skus.set_schema``."""

    id: int
    name: str
    description: str
    category: str
    image_url: str
    skus: tuple[SkuView, ...]
    spec_schema: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category: its whole path, its own name, and how many products are at or below it."""

    path: str
    name: str
    count: int
    leaf: bool


def products(
    tx: Tx, *, query: str = "", category: str = "", after: int = 0, limit: int = 20
) -> tuple[list[ProductView], int | None]:
    """Products by id beyond ``after``, and the id to go on from (None at the end).

    A product is found when one of its SKUs is, and shown with all of them. ``category`` includes
    what is below it. Raises ``InvalidValueError`` for an ill-formed category.
    """
    statement = select(Product).where(col(Product.id) > min(after, _MAX_ID), _on_sale(query))
    path = names.category_path(category)
    if path:
        statement = statement.where(skus.within(path))
    rows = tx.exec(statement.order_by(col(Product.id)).limit(limit + 1)).all()
    return _views(tx, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def product(tx: Tx, product_id: int) -> ProductView:
    """One product. Raises ``ProductNotFoundError``, too when none of its SKUs is on sale."""
    found = _views(tx, [_row(tx, product_id)])[0]
    if not found.skus:
        raise ProductNotFoundError(str(product_id))
    return found


def categories(tx: Tx, parent: str = "") -> list[CategoryView]:
    """The categories right below ``parent``, or at the top, by name; none without goods."""
    above = names.category_path(parent)
    statement = select(Product.category, func.count()).where(_on_sale())
    if above:
        statement = statement.where(skus.within(above))
    counts: Counter[str] = Counter()
    leaves: dict[str, bool] = {}
    for path, number in tx.exec(statement.group_by(col(Product.category))).all():
        child = _child(above, path)
        if child:
            counts[child] += number
            leaves[child] = leaves.get(child, True) and path == child
    return [
        CategoryView(path, path.rpartition("/")[2], counts[path], leaves[path])
        for path in sorted(counts)
    ]


def edit_product(
    tx: Tx,
    *,
    product_id: int,
    name: str | None = None,
    description: str | None = None,
    category: str | None = None,
    schema: list[dict[str, Any]] | None = None,
    cause: Cause,
) -> ProductView:
    """Change some fields of a product, for all its SKUs; None leaves a field alone.

    Raises ``ProductNotFoundError``, ``NameTakenError``, ``InvalidValueError``,
    ``SpecNotAllowedError`` (a SKU on sale would fall outside the schema).
    """
    row = _row(tx, product_id)
    if name is not None or category is not None:
        _edit_through_sku(tx, row, SkuPatch(name=name, category=category), cause)
    if description is not None:
        _describe(tx, row, description)
    if schema is not None:
        skus.set_schema(tx, product_id=product_id, schema=schema)
    tx.flush()
    return _views(tx, [row])[0]


def _row(tx: Tx, product_id: int) -> Product:
    row = tx.get(Product, product_id) if 0 < product_id <= _MAX_ID else None
    if row is None:
        raise ProductNotFoundError(str(product_id))
    return row


def _on_sale(query: str = "") -> Any:
    """A condition: the product has a SKU on sale, one that fits the query where there is one."""
    offered = select(Sku.id).where(Sku.product_id == Product.id, Sku.status == SkuStatus.ON_SALE)
    if query.strip():
        offered = offered.where(col(Sku.id).in_(search.matching(query)))
    return exists(offered)


def _views(tx: Tx, rows: Sequence[Product]) -> list[ProductView]:
    offered: dict[int, list[SkuView]] = {row.id or 0: [] for row in rows}
    for sku in skus.of_products(tx, list(offered), status=SkuStatus.ON_SALE):
        offered[sku.product_id].append(sku)
    return [_view(row, tuple(offered[row.id or 0])) for row in rows]


def _view(row: Product, offered: tuple[SkuView, ...]) -> ProductView:
    return ProductView(
        id=row.id or 0,
        name=row.name,
        description=row.description,
        category=row.category,
        image_url=row.image_url,
        skus=offered,
        spec_schema=row.spec_schema,
    )


def _child(above: str, path: str) -> str:
    """The category right below ``above`` on the way to ``path``, empty when ``path`` ends there."""
    start = len(above) + 1 if above else 0
    head = path[start:].partition("/")[0]
    return path[: start + len(head)] if head else ""


def _edit_through_sku(tx: Tx, row: Product, patch: SkuPatch, cause: Cause) -> None:
    """Name and category are searched by SKU, so their change goes the way of a SKU's."""
    statement = select(Sku.code).where(Sku.product_id == row.id).order_by(col(Sku.id)).limit(1)
    skus.edit(tx, code=tx.exec(statement).one(), patch=patch, cause=cause)


def _describe(tx: Tx, row: Product, text: str) -> None:
    lines = [
        names.plain_text("description", line, most=MAX_DESCRIPTION) if line.strip() else ""
        for line in text.strip().splitlines()
    ]
    after = "\n".join(lines)
    if len(after) > MAX_DESCRIPTION:
        raise InvalidValueError("description", "length", MAX_DESCRIPTION)
    change = {"product": row.id, "before": row.description, "after": after}
    row.description = after
    tx.add(row)
    tx.changes.append({"kind": "description", **change})
