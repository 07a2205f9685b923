"""The storefront: what is on sale, the order form, the page of an order."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from store import catalogue, idempotency, names, orders
from store.catalogue import CategoryView, ProductView
from store.db import Tx
from store.errors import InvalidValueError, OrderNotFoundError, StoreError, WrongStateError
from store.idempotency import Key
from store.ordering.requests import Placed
from webhooks.api.orders import counted, take
from webhooks.api.problems import ProblemError, of_store
from webhooks.pages import order_form, order_words
from webhooks.pages.front import page, secure, when
from webhooks.pages.order_form import FormError, OrderForm
from webhooks.shop import the_shop

PAGE = 24
CUSTOMER_COOKIE = "zhanggui_customer"
CUSTOMER_COOKIE_AGE = timedelta(days=365)
_CUSTOMER_ID = re.compile(r"web-[0-9A-Za-z_-]{16,60}")
_NUMBER = re.compile(r"[0-9]{1,18}")

routes = Blueprint("storefront", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """A SKU to choose; ``label`` says what makes it differ from the others."""

    code: str
    label: str
    price_fen: int
    available: int


@dataclass(frozen=True, slots=True)
class Good:
    """A product as the pages show it: its lowest price in fen, its specs in one line."""

    id: int
    name: str
    description: str
    category: str
    image_url: str
    from_fen: int
    several_prices: bool
    available: int
    choices: str
    skus: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One row of category chips: what lies directly below ``parent``."""

    parent: str
    entries: tuple[CategoryView, ...]


@routes.get("/")
def home() -> Response:
    """Products, by category and search."""
    query = request.args.get("q", "").strip()[:100]
    category = _category(request.args.get("category", ""))
    after = _number(request.args.get("cursor", ""))

    def look(tx: Tx) -> tuple[list[ProductView], int | None, list[Level]]:
        found, following = catalogue.products(
            tx, query=query, category=category, after=after, limit=PAGE
        )
        return found, following, _levels(tx, category)

    found, following, levels = the_shop().database.read(look)
    return page(
        "shop/list.html",
        products=[_good(product) for product in found],
        levels=levels,
        query=query,
        category=category,
        after=after,
        next_cursor=following,
    )


@routes.get("/products/<product_id>")
def product(product_id: str) -> Response:
    """One product with its order form."""
    good = _product(product_id)
    buyable = [sku for sku in good.skus if sku.available > 0]
    code = buyable[0].code if len(buyable) == 1 else ""
    response = page("shop/product.html", product=good, form=OrderForm(order_form.new_key(), code))
    if not _known_customer():
        _remember_customer(response, f"web-{secrets.token_urlsafe(16)}")
    return response


@routes.post("/products/<product_id>")
def order(product_id: str) -> BaseResponse:
    """Take the order and show its page; a refusal shows the form again as it was filled in."""
    form = order_form.read(request.form)
    # Without cookies the form's own key makes the customer: sent twice it is still one order.
    customer_id = _known_customer() or f"web-{form.key}"
    try:
        placed = _place(form, customer_id)
    except FormError as error:
        return _form_again(product_id, error.form, status=422)
    except ProblemError as error:
        if error.problem.code != "rate_limited":
            raise
        return _form_again(product_id, form.put_off(), status=429)
    except StoreError as error:
        return _form_again(product_id, form.refused(error), status=of_store(error).status)
    response = redirect(_order_address(placed.order_no, placed.answer["token"]), 303)
    _remember_customer(response, customer_id)
    return response


@routes.get("/orders/<order_no>")
def show_order(order_no: str) -> Response:
    """An order, for whoever has its token."""
    return _order_page(order_no, request.args.get("token", ""))


@routes.post("/orders/<order_no>/cancel")
def cancel(order_no: str) -> BaseResponse:
    """Cancel an order; the token in the form is the right to do so, so a foreign page cannot."""
    token = request.form.get("token", "")

    def work(tx: Tx) -> None:
        found = orders.for_customer(tx, order_no, token)
        orders.cancel(tx, order_no=order_no, actor=f"customer:{found.customer_id}", announce=True)

    try:
        the_shop().database.run(work)
    except WrongStateError:
        message = "这张订单已经不能取消了，请联系店家。Too late to cancel."
        return _order_page(order_no, token, message=message, status=409)
    return redirect(_order_address(order_no, token), 303)


def _order_page(order_no: str, token: str, *, message: str = "", status: int = 200) -> Response:
    shop = the_shop()
    try:
        found = shop.database.read(lambda tx: orders.for_customer(tx, order_no, token))
    except OrderNotFoundError:
        return page(
            "shop/missing.html",
            status=404,
            title="没有找到订单",
            text="请用下单后的完整链接打开，或者联系店家。No such order; use the whole link.",
        )
    contact = orders.contact(found, shop.vault)
    return page(
        "shop/order.html",
        status=status,
        headers={"Referrer-Policy": "no-referrer"},  # the token stands in the address
        order=found,
        words=order_words.of(found),
        steps=order_words.steps(found, when),
        to_pay=order_words.unpaid(found),
        contact=orders.masked(contact) if contact else None,  # links get passed on
        may_cancel=found.status in orders.CANCELLABLE,
        placed_at=when(found.created_at),
        message=message,
    )


@counted
def _place(form: OrderForm, customer_id: str) -> Placed:
    key = Key(form.key, idempotency.fingerprint(form.body(customer_id)))
    return take(form.checked(customer_id), key)


def _form_again(product_id: str, form: OrderForm, *, status: int) -> Response:
    return page("shop/product.html", status=status, product=_product(product_id), form=form)


def _product(product_id: str) -> Good:
    number = _number(product_id)
    return _good(the_shop().database.read(lambda tx: catalogue.product(tx, number)))


def _good(product: ProductView) -> Good:
    choices = tuple(
        Choice(sku.code, names.specs_text(sku.specs), sku.price_fen, sku.available)
        for sku in product.skus
    )
    prices = {sku.price_fen for sku in product.skus}
    return Good(
        id=product.id,
        name=product.name,
        description=product.description,
        category=product.category,
        image_url=product.image_url,
        from_fen=min(prices),
        several_prices=len(prices) > 1,
        available=sum(sku.available for sku in product.skus),
        choices=_choices(product),
        skus=choices,
    )


def _choices(product: ProductView) -> str:
    """``黑色 灰色 · L XL``: the values of each spec, each once."""
    values: dict[str, dict[str, None]] = {}
    for sku in product.skus:
        for key, value in sku.specs.items():
            values.setdefault(key, {})[value] = None
    return " · ".join(" ".join(kinds) for kinds in values.values())


def _levels(tx: Tx, category: str) -> list[Level]:
    """The chips from the top down to what lies below ``category``."""
    parts = category.split("/") if category else []
    parents = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    levels = [Level(parent, tuple(catalogue.categories(tx, parent=parent))) for parent in parents]
    return [level for level in levels if level.entries]


def _category(text: str) -> str:
    try:
        return names.category_path(text[:200])
    except InvalidValueError:
        return ""


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def _known_customer() -> str:
    given = request.cookies.get(CUSTOMER_COOKIE, "")
    return given if _CUSTOMER_ID.fullmatch(given) else ""


def _remember_customer(response: BaseResponse, customer_id: str) -> None:
    response.set_cookie(
        CUSTOMER_COOKIE,
        customer_id,
        max_age=CUSTOMER_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=secure(),
    )


def _order_address(order_no: str, token: str) -> str:
    return url_for(".show_order", order_no=order_no, token=token)
