"""The catalogue by HTTP: products and categories for customers, edited by managers."""

import secrets
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from bot.messages import Role
from store import catalogue
from store.catalogue import CategoryView, ProductView
from store.db import Tx
from store.errors import ProductNotFoundError
from store.stock import Cause
from webhooks.access import Caller
from webhooks.api import cursors, openapi
from webhooks.api.parameters import CategoryQuery, ProductPath, ProductQuery
from webhooks.api.routing import answer, endpoint
from webhooks.api.schemas import (
    CategoryOut,
    CategoryPage,
    ProductDetail,
    ProductOut,
    ProductPage,
    ProductPatchIn,
    ProductSkuOut,
    SpecRule,
)
from webhooks.api.skus import record
from webhooks.shop import the_shop

_MAX_ID_DIGITS = 18

api = APIBlueprint("products", __name__, url_prefix="/api/v1", abp_responses=openapi.faults(503))


@api.get("/products", tags=[openapi.CUSTOMERS], responses={200: ProductPage, **openapi.faults(422)})
@endpoint()
def list_products(query: ProductQuery) -> Response:
    """Products that have something on sale; sold-out ones stay, with nothing available."""
    found, after = the_shop().database.read(
        lambda tx: catalogue.products(
            tx,
            query=query.q,
            category=query.category,
            after=cursors.open_("product", query.cursor) or 0,
            limit=query.limit,
        )
    )
    items = [ProductOut(**_common(product)) for product in found]
    return answer(ProductPage(items=items, next_cursor=cursors.seal("product", after)))


@api.get(
    "/products/<product_id>",
    tags=[openapi.CUSTOMERS],
    responses={200: ProductDetail, **openapi.faults(404)},
)
@endpoint()
def show_product(path: ProductPath) -> Response:
    """A product, and what its specs may be."""
    number = _number(path)
    return answer(_detail(the_shop().database.read(lambda tx: catalogue.product(tx, number))))


@api.get(
    "/categories", tags=[openapi.CUSTOMERS], responses={200: CategoryPage, **openapi.faults(422)}
)
@endpoint()
def list_categories(query: CategoryQuery) -> Response:
    """The categories right below another one, or at the top."""
    found = the_shop().database.read(lambda tx: catalogue.categories(tx, query.parent))
    start = cursors.open_("category", query.cursor) or 0
    end = start + query.limit
    return answer(
        CategoryPage(
            items=[_category(category) for category in found[start:end]],
            next_cursor=cursors.seal("category", end if len(found) > end else None),
        )
    )


@api.patch(
    "/products/<product_id>",
    tags=[openapi.MANAGERS],
    security=openapi.BY_ADMIN,
    responses={
        200: ProductDetail,
        **openapi.faults(400, 401, 403, 404, 409, 413, 415, 422, 503),
    },
)
@endpoint(Role.MANAGER)
def change_product(path: ProductPath, body: ProductPatchIn, caller: Caller) -> Response:
    """Change some fields of a product, for all its SKUs."""
    number, cause = _number(path), Cause(f"http:{secrets.token_hex(16)}", caller.actor)

    def change(tx: Tx) -> ProductView:
        product = catalogue.edit_product(
            tx,
            product_id=number,
            name=body.name,
            description=body.description,
            category=body.category,
            schema=_schema(body),
            cause=cause,
        )
        if tx.changes:
            record(tx, caller, "spec_schema" if body.spec_schema else "edit_sku", product=number)
        return product

    return answer(_detail(the_shop().database.run(change)))


def _number(path: ProductPath) -> int:
    """The id in a path; nothing has an ill-formed one."""
    text = path.product_id
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS):
        raise ProductNotFoundError(text)
    return int(text)


def _common(product: ProductView) -> dict[str, Any]:
    return {
        "id": str(product.id),
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "image_url": product.image_url,
        "skus": [
            ProductSkuOut(
                code=sku.code,
                specs=sku.specs,
                price_fen=sku.price_fen,
                available=sku.available,
            )
            for sku in product.skus
        ],
    }


def _detail(product: ProductView) -> ProductDetail:
    rules = {
        entry["key"]: SpecRule(values=entry["values"], required=entry["required"])
        for entry in product.spec_schema
    }
    return ProductDetail(**_common(product), spec_schema=rules)


def _schema(body: ProductPatchIn) -> list[dict[str, Any]] | None:
    if body.spec_schema is None:
        return None
    return [{"key": key, **rule.model_dump()} for key, rule in body.spec_schema.items()]


def _category(category: CategoryView) -> CategoryOut:
    return CategoryOut(
        path=category.path, name=category.name, count=category.count, leaf=category.leaf
    )
