"""Orders by HTTP: placing one, reading it, and every step a customer or a manager takes with it."""

import re
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import wraps
from itertools import chain
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from bot.messages import Role
from store import clock, idempotency, order_files, orders, sheets
from store.db import Tx
from store.errors import (
    OrderNotFoundError,
)
from store.idempotency import Key
from store.models import OrderStatus
from store.ordering.requests import Placed
from store.orders import OrderView
from webhooks import access
from webhooks.access import Caller
from webhooks.api import cursors, openapi
from webhooks.api.bodies import instant
from webhooks.api.parameters import IdempotencyHeader, OrderPath, OrderQuery, PeriodQuery
from webhooks.api.problems import FieldFault, ProblemError
from webhooks.api.routing import answer, client_address, endpoint
from webhooks.api.schemas import (
    ContactOut,
    LineOut,
    NothingIn,
    OrderIn,
    OrderOut,
    OrderPage,
    PaymentIn,
    PlacedOut,
    ShipIn,
)
from webhooks.api.skus import REPLAYED, record
from webhooks.api.till import asked_for
from webhooks.shop import the_shop

P = ParamSpec("P")
T = TypeVar("T")
_ORDER_NO = re.compile(r"[0-9]{10}")
_DAY = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}")
_INPUT = openapi.faults(400, 413, 415, 422, 503)
_CSV = {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}
_STEP: ResponseDict = {200: OrderOut, **openapi.faults(400, 401, 403, 404, 409, 413, 415, 422, 503)}

# One blueprint: of two that share a path, the second would take the first one's place in the
# OpenAPI document.
api = APIBlueprint("orders", __name__, url_prefix="/api/v1")


def take(body: OrderIn, key: Key | None, *, limited: bool = True) -> Placed:
    """Place an order for a page or the API; ``limited``: it counts for how often one may order.

    Raises ``ProblemError`` 429 and what ``store.ordering`` refuses.
    """
    return the_shop().till.take(asked_for(body, key), client_address() if limited else None)


def counted(view: Callable[P, T]) -> Callable[P, T]:
    """Count why an order was not taken, by a refusal or by a fault of ours."""

    @wraps(view)
    def counting(*args: P.args, **options: P.kwargs) -> T:
        began = time.perf_counter()
        try:
            return view(*args, **options)
        except Exception as error:
            the_shop().till.refused(error, began)
            raise

    return counting


@api.post(
    "/orders",
    tags=[openapi.CUSTOMERS],
    responses={201: PlacedOut, **_INPUT, **openapi.faults(404, 409, 429)},
)
@counted
@endpoint()
def place_order(
    body: OrderIn, header: IdempotencyHeader, value: dict[str, Any], caller: Caller | None
) -> Response:
    """Place an order. The answer is sent when the order is durable; all lines or none."""
    key = Key(header.key, idempotency.fingerprint(value)) if header.key else None
    placed = take(body, key, limited=caller is None)
    return answer(placed.answer, 201, REPLAYED if placed.replayed else None)


@api.get(
    "/orders/<order_no>",
    tags=[openapi.CUSTOMERS],
    security=openapi.BY_ORDER,
    responses={200: OrderOut, **openapi.faults(404)},
)
@endpoint()
def show_order(path: OrderPath, caller: Caller | None) -> Response:
    """An order, for whoever holds its token, and for managers."""
    return _shown(the_shop().database.read(lambda tx: _visible(tx, path.order_no, caller)))


@api.post(
    "/orders/<order_no>/cancel",
    tags=[openapi.CUSTOMERS],
    security=openapi.BY_ORDER,
    responses=_STEP,
)
@endpoint()
def cancel_order(path: OrderPath, body: NothingIn, caller: Caller | None) -> Response:  # noqa: ARG001  (no field is allowed)
    """Cancel an order that is not paid; cancelling it again changes nothing."""
    if caller is not None:
        access.needs(caller, Role.MANAGER)

    def cancel(tx: Tx) -> OrderView:
        found = _visible(tx, path.order_no, caller)
        actor = caller.actor if caller else f"customer:{found.customer_id}"
        order = orders.cancel(tx, order_no=path.order_no, actor=actor, announce=True)
        if caller is not None and tx.changes:
            record(tx, caller, "cancel_order", order_no=path.order_no)
        return order

    return _shown(the_shop().database.run(cancel))


@api.post(
    "/orders/<order_no>/payments",
    tags=[openapi.CUSTOMERS],
    security=openapi.BY_ORDER,
    responses={**_INPUT, **openapi.faults(404, 409)},
)
@endpoint()
def pay_order(path: OrderPath, body: PaymentIn, caller: Caller | None) -> Response:  # noqa: ARG001  (checked, not used)
    """Open an online payment; a shop that is paid by hand has none."""
    the_shop().database.read(lambda tx: _visible(tx, path.order_no, caller))
    raise ProblemError("payment_not_available")


@api.get(
    "/orders",
    tags=[openapi.MANAGERS],
    security=openapi.BY_ADMIN,
    responses={200: OrderPage, **openapi.faults(401, 403, 422, 503)},
)
@endpoint(Role.VIEWER)
def list_orders(query: OrderQuery) -> Response:
    """Orders, newest first."""
    statuses = _statuses(query.status)
    start, end = span(query, the_shop().settings.shop.zone)
    found, before = the_shop().database.read(
        lambda tx: orders.page(
            tx,
            statuses=statuses,
            start=start,
            end=end,
            before=cursors.open_("order", query.cursor),
            limit=query.limit,
        )
    )
    items = [order_out(order) for order in found]
    return answer(OrderPage(items=items, next_cursor=cursors.seal("order", before)))


@api.get(
    "/orders.csv",
    tags=[openapi.MANAGERS],
    security=openapi.BY_ADMIN,
    responses={200: _CSV, **openapi.faults(401, 403, 422, 503)},
)
@endpoint(Role.MANAGER)
def list_orders_as_a_file(query: PeriodQuery) -> Response:
    """Order lines as a CSV file, oldest first."""
    shop = the_shop()
    start, end = span(query, shop.settings.shop.zone)

    def fetch(after: int) -> tuple[list[OrderView], int | None]:
        # Each page in a transaction of its own: a slow reader must not hold one open.
        return shop.database.read(
            lambda tx: orders.oldest_first(tx, start=start, end=end, after=after)
        )

    pieces = sheets.write(order_files.rows(fetch, shop.settings.shop.zone))
    begun = next(pieces)  # before the answer begins: what cannot be read is refused as usual
    name = f"orders-{shop.now().astimezone(shop.settings.shop.zone):%Y%m%d-%H%M}.csv"
    return Response(
        chain([begun], pieces),
        headers={"Content-Disposition": f"attachment; filename={name}"},
        content_type=f"{sheets.MIME['csv']}; charset=utf-8",
    )


@api.post(
    "/orders/<order_no>/ship", tags=[openapi.MANAGERS], security=openapi.BY_ADMIN, responses=_STEP
)
@endpoint(Role.STAFF)
def ship_order(path: OrderPath, body: ShipIn, caller: Caller) -> Response:
    """The goods leave the shelf: the sale."""
    parcel = {"carrier": body.carrier, "tracking_no": body.tracking_no}
    return _step(orders.ship, "ship", path, caller, parcel)


@api.post(
    "/orders/<order_no>/mark_paid",
    tags=[openapi.MANAGERS],
    security=openapi.BY_ADMIN,
    responses=_STEP,
)
@endpoint(Role.STAFF)
def mark_paid(path: OrderPath, body: NothingIn, caller: Caller) -> Response:  # noqa: ARG001  (no field is allowed)
    """Note that the money is in."""
    return _step(orders.mark_paid, "mark_paid", path, caller, {})


@api.post(
    "/orders/<order_no>/complete",
    tags=[openapi.MANAGERS],
    security=openapi.BY_ADMIN,
    responses=_STEP,
)
@endpoint(Role.STAFF)
def complete_order(path: OrderPath, body: NothingIn, caller: Caller) -> Response:  # noqa: ARG001  (no field is allowed)
    """The customer has the goods; an order that was not shipped is handed over now."""
    return _step(orders.complete, "complete", path, caller, {})


def order_out(order: OrderView) -> OrderOut:
    """An order as the API shows it, its contact masked."""
    sealed = orders.contact(order, the_shop().vault)
    return OrderOut(
        order_no=order.order_no,
        status=OrderStatus(order.status),
        total_fen=order.total_fen,
        shipping_fen=order.shipping_fen,
        lines=[LineOut(**asdict(line), total_fen=line.total_fen) for line in order.lines],
        channel=order.channel,
        created_at=instant(order.created_at),
        expires_at=instant(order.expires_at),
        paid_at=instant(order.paid_at),
        shipped_at=instant(order.shipped_at),
        carrier=order.carrier,
        tracking_no=order.tracking_no,
        refunded_fen=order.refunded_fen,
        attention=order.attention,
        contact=ContactOut(**asdict(orders.masked(sealed))) if sealed else None,
    )


def span(query: PeriodQuery, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The instants [from, to) that a query means; a day as ``to`` is included whole."""
    start, end = _bounds("from", query.from_, zone), _bounds("to", query.to, zone)
    return start and start[0], end and end[1]


def _bounds(field: str, text: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Beginning and end of what ``text`` names: a day of the shop, or an instant."""
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return clock.day_bounds(day, day, zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not _DAY.match(text):
        raise ProblemError.fields(FieldFault(field, "must be YYYY-MM-DD or a time with offset"))
    return moment, moment


def _statuses(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not set(words) <= set(OrderStatus):
        raise ProblemError.fields(FieldFault("status", f"must be one of {', '.join(OrderStatus)}"))
    return words


def _visible(tx: Tx, order_no: str, caller: Caller | None) -> OrderView:
    """The order, for a manager or for the holder of its token; else it does not exist."""
    if not _ORDER_NO.fullmatch(order_no):
        raise OrderNotFoundError(order_no)
    if caller is not None:
        return orders.view(tx, order_no)
    token = access.bearer(request.headers.get("Authorization", ""))
    return orders.for_customer(tx, order_no, token)


def _step(
    step: Callable[..., OrderView],
    intent: str,
    path: OrderPath,
    caller: Caller,
    values: dict[str, str],
) -> Response:
    if not _ORDER_NO.fullmatch(path.order_no):
        raise OrderNotFoundError(path.order_no)

    def work(tx: Tx) -> OrderView:
        order = step(tx, order_no=path.order_no, actor=caller.actor, announce=True, **values)
        record(tx, caller, intent, order_no=path.order_no, **values)
        return order

    return _shown(the_shop().database.run(work))


def _shown(order: OrderView) -> Response:
    return answer(order_out(order))
