"""The composition root: every object of a shop is made here, once, and handed down."""

import logging
from http import HTTPStatus

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bot.settings import Settings, data_key
from store import clock
from store.db import Database
from store.errors import StoreError
from store.ordering.intake import Intake
from store.sealing import Vault
from webhooks import access, pages
from webhooks.access import Access
from webhooks.api import health, openapi, orders, problems, products, reports, skus
from webhooks.api.limiting import OrderLimiter
from webhooks.api.problems import Problem, ProblemError
from webhooks.api.routing import ApiRequest, SkuCodeConverter
from webhooks.api.schemas import ProblemOut
from webhooks.api.till import make_till
from webhooks.engine import order_terms
from webhooks.health import Health
from webhooks.metrics import Metrics
from webhooks.shop import Shop, the_shop

logger = logging.getLogger(__name__)

# Nothing is loaded from elsewhere, nothing runs inline; order tokens may stand in addresses, so no
# Referer.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
BLUEPRINTS: tuple[APIBlueprint, ...] = (
    products.api,
    orders.api,
    skus.api,
    reports.api,
    health.api,
)


def build(settings: Settings, *, now: clock.Clock = clock.now) -> Shop:
    """Every object of the shop. Opens no connection and starts no thread."""
    database = Database(settings.database_url, now=now)
    vault = Vault(data_key(settings))
    terms, metrics = order_terms(settings), Metrics(database)
    return Shop(
        settings=settings,
        database=database,
        vault=vault,
        metrics=metrics,
        health=Health(),
        access=Access(
            database,
            admin_token=settings.server.admin_token.get_secret_value(),
            session_key=vault.derived("session"),
            trusted_proxies=settings.server.trusted_proxies,
        ),
        till=make_till(
            database,
            Intake(database, terms=terms, vault=vault),
            OrderLimiter(settings.orders.rate_limit),
            metrics,
        ),
        terms=terms,
        now=now,
    )


def create_app(shop: Shop, *blueprints: Blueprint) -> Flask:
    """The Flask app of a shop, for any WSGI server; ``blueprints`` are pages to add to the API."""
    app = OpenAPI(
        __name__,
        info=openapi.INFO,
        security_schemes=openapi.SECURITY,
        doc_ui=False,
        validation_error_model=ProblemOut,
    )
    app.extensions["zhanggui"] = shop
    app.request_class = ApiRequest
    _configure(app, shop)
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    for page in (openapi.pages, pages.blueprint, *blueprints):
        app.register_blueprint(page)
    _handle_errors(app)
    app.after_request(_finish)
    return app


def _configure(app: Flask, shop: Shop) -> None:
    app.config.update(
        SECRET_KEY=shop.access.session_key,
        SESSION_COOKIE_NAME=access.COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=shop.settings.shop.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=access.SESSION,
    )
    app.url_map.converters["sku"] = SkuCodeConverter
    # A//B is a code like any other; merging its slashes would redirect to another SKU.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True


def _handle_errors(app: Flask) -> None:
    app.register_error_handler(StoreError, lambda error: problem(problems.of_store(error)))
    app.register_error_handler(ProblemError, lambda error: problem(error.problem))
    app.register_error_handler(ValidationError, _bug)  # a model of ours made outside of ``read``
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def problem(found: Problem) -> Response:
    """A problem as a Flask answer."""
    return Response(
        found.encode(), found.status, dict(found.headers), content_type=problems.CONTENT_TYPE
    )


def _http(error: HTTPException) -> ResponseReturnValue:
    """Werkzeug's own refusals: unknown paths, wrong methods, bodies too large; redirects pass."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, RequestEntityTooLarge):
        return problem(ProblemError("too_large").problem)
    code = _CODES.get(error.code)
    if code is None:
        return problem(ProblemError("invalid_request", status=400).problem)
    headers = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    return problem(Problem(error.code, code, headers=tuple(headers)))


_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


def _bug(error: Exception) -> Response:
    found, reference = problems.of_bug()
    route = request.url_rule.rule if request.url_rule else ""
    logger.error(
        "internal_error",
        exc_info=error,
        extra={"reference": reference, "method": request.method, "route": route},
    )
    return problem(found)


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    route = request.url_rule.rule if request.url_rule else "unknown"
    the_shop().metrics.http(_method(request.method), route, response.status_code)
    return response


def _method(method: str) -> str:
    return (
        method
        if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
        else "other"
    )
