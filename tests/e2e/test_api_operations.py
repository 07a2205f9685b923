"""Health, figures, unknown addresses, and faults of ours."""

import logging
from pathlib import Path

import pytest
from flask import Blueprint

from store.errors import BusyError, StoreError
from tests.e2e.conftest import Api, MakeShop, code_of
from webhooks.api.problems import STATUSES, TITLES, of_store
from webhooks.app import create_app
from webhooks.shop import Shop


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the database has no say in this."""
    return sqlite_url


def test_health_needs_no_database(make_shop: MakeShop, sqlite_url: str) -> None:
    api = Api(create_app(make_shop()).test_client())
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    assert api.get("/healthz", token=None).json == {"status": "ok"}


def test_readiness_tells_what_is_missing(api: Api, shop: Shop, sqlite_url: str) -> None:
    ready = api.get("/readyz", token=None)
    assert (ready.status_code, ready.json) == (200, {"checks": {"database": "ok"}})
    shop.database.close()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    file.unlink()
    file.mkdir()
    gone = api.get("/readyz", token=None)
    assert (gone.status_code, gone.json) == (503, {"checks": {"database": "unreachable"}})
    assert api.get("/metrics", token=None).status_code == 200
    busy = api.get("/api/v1/products", token=None)
    assert (busy.status_code, code_of(busy)) == (503, "overloaded")
    assert busy.headers["Retry-After"] == "1"


def test_a_database_before_its_migrations_is_not_ready(
    make_shop: MakeShop, sqlite_url: str
) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    api = Api(create_app(make_shop()).test_client())
    assert api.get("/readyz", token=None).status_code == 503


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/", "/api/v2/orders", "/api/v1/orders/", "/api/v1/skus/A/b/c/%00"]
)
def test_an_unknown_address_is_a_problem_too(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert code_of(answer) in {"not_found", "sku_not_found"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/orders", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("GET", "/api/v1/orders/1234567890/cancel", {"POST", "OPTIONS"}),
        ("POST", "/api/v1/skus/A", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
        ("GET", "/api/v1/skus/A/movements", {"POST", "OPTIONS"}),
        ("PUT", "/api/v1/products", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    api: Api, method: str, path: str, allowed: set[str]
) -> None:
    answer = api.call(method, path)
    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_fault_of_ours_says_its_reference_and_nothing_else(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Blueprint("broken", __name__)

    @broken.get("/broken")
    def fail() -> str:
        raise RuntimeError("secret in the message")

    api = Api(create_app(shop, broken).test_client())
    with caplog.at_level(logging.ERROR):
        answer = api.get("/broken?token=abc", token=None)
    assert (answer.status_code, code_of(answer)) == (500, "internal_error")
    assert answer.json.keys() == {"type", "title", "status", "code", "reference"}
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "webhooks.app"]
    assert record.getMessage() == "internal_error"
    assert vars(record)["reference"] == answer.json["reference"]
    assert vars(record)["route"] == "/broken"


def kinds(parent: type[StoreError] = StoreError) -> list[type[StoreError]]:
    return [kind for child in parent.__subclasses__() for kind in (child, *kinds(child))]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_expected_failure_has_a_status_and_a_title(kind: type[StoreError]) -> None:
    assert kind in STATUSES
    assert kind.code in TITLES
    assert STATUSES[kind] == TITLES[kind.code][0]


def test_being_busy_says_when_to_come_back() -> None:
    assert dict(of_store(BusyError()).headers) == {"Retry-After": "1"}


def figures(api: Api) -> dict[str, float]:
    text = api.get("/metrics", token=None).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_orders_are_counted_by_what_became_of_them(api: Api) -> None:
    api.add_sku(reorder_point=10)
    api.order(headers={"Idempotency-Key": "k"})
    api.order(headers={"Idempotency-Key": "k"})
    api.order(quantity=99)
    api.order("NOPE")
    api.order(quantity=0)
    now = figures(api)
    assert now['zhanggui_orders_total{outcome="accepted"}'] == 1
    assert now['zhanggui_orders_total{outcome="insufficient_stock"}'] == 1
    assert now['zhanggui_orders_total{outcome="sku_not_found"}'] == 1
    assert now['zhanggui_orders_total{outcome="invalid_request"}'] == 1
    assert now['zhanggui_sale_total{outcome="accepted",sku="CF-001"}'] == 1
    assert now['zhanggui_sale_total{outcome="insufficient_stock",sku="CF-001"}'] == 1
    assert now["zhanggui_order_duration_seconds_count"] == 4
    assert now["zhanggui_low_stock_skus"] == 1
    assert now["zhanggui_outbox_pending"] == 0
    assert now["zhanggui_outbox_oldest_seconds"] == 0


def test_made_up_addresses_skus_and_customers_make_no_figures(api: Api) -> None:
    api.add_sku()
    api.order()
    api.order("GUESS")
    api.get("/guess")
    before = figures(api).keys()
    for number in range(100):
        api.order(f"GUESS-{number}", customer_id=f"c{number}")
        api.get(f"/guess/{number}")
        api.get(f"/api/v1/orders/{1000000000 + number}", token=None)
        api.call(f"M{number}", "/healthz")
    assert len(figures(api).keys() - before) <= 4


def test_only_the_first_skus_have_figures_of_their_own(api: Api, shop: Shop) -> None:
    for number in range(300):
        shop.metrics.order("accepted", (f"S-{number}",), 0.001)
    sales = [name for name in figures(api) if name.startswith("zhanggui_sale_total")]
    assert len(sales) == 201
    assert figures(api)['zhanggui_sale_total{outcome="accepted",sku="other"}'] == 100


def test_what_others_report_is_shown(api: Api, shop: Shop) -> None:
    shop.metrics.command("restock", "execute", 0.01)
    shop.metrics.webhook("console", "accepted")
    shop.metrics.broadcast("orders", "console", "sent")
    shop.metrics.audited(3)
    now = figures(api)
    assert now['zhanggui_commands_total{intent="restock",outcome="execute"}'] == 1
    assert now['zhanggui_webhook_requests_total{outcome="accepted",platform="console"}'] == 1
    assert now['zhanggui_broadcasts_total{channel="console",outcome="sent",topic="orders"}'] == 1
    assert now["zhanggui_audit_faults"] == 3
