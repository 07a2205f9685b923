"""The words of the catalogue: what a message may call a SKU."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, func, select

from store.db import Tx
from store.models import Product, Sku


@dataclass(frozen=True, slots=True)
class Word:
    """One SKU by its code, name, specs and category."""

    code: str
    name: str
    specs: Mapping[str, str]
    category: str = ""


def stamp(tx: Tx) -> str:
    """Changes with every SKU that is added or edited, and not when stock moves."""
    count, newest, versions = tx.exec(
        select(func.count(), func.max(Sku.updated_at), func.sum(Sku.version)).select_from(Sku)
    ).one()
    return f"{count}:{newest}:{versions}"


def words(tx: Tx) -> list[Word]:
    """Every SKU's words, delisted ones too: people still talk of them."""
    rows = tx.exec(
        select(Sku.code, Product.name, Sku.specs, Product.category)
        .join(Product)
        .order_by(col(Sku.id))
    ).all()
    return [Word(*row) for row in rows]
