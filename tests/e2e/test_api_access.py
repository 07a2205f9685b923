"""Who may do what: tokens, sessions, addresses, how often."""

from functools import partial

import pytest

from bot.messages import Role
from store import members
from store.db import Tx
from tests.e2e.conftest import ADMIN_TOKEN, Api, MakeShop, SignedIn, code_of
from webhooks.app import create_app
from webhooks.shop import Shop

MANAGED = [
    ("GET", "skus"),
    ("POST", "skus"),
    ("PUT", "skus/A"),
    ("PATCH", "skus/A"),
    ("DELETE", "skus/A"),
    ("POST", "skus/A/movements"),
    ("GET", "movements"),
    ("PATCH", "products/1"),
    ("GET", "orders"),
    ("POST", "orders/1234567890/ship"),
    ("GET", "reports/summary"),
]
BAD_HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    f"Bearer {ADMIN_TOKEN}x",
    f"Bearer {ADMIN_TOKEN[:-1]}",
    f"Bearer {ADMIN_TOKEN.upper()}",
    f"Basic {ADMIN_TOKEN}",
    ADMIN_TOKEN,
    f"Bearer {ADMIN_TOKEN},Bearer {ADMIN_TOKEN}",
    "Bearer \xff",
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the database has no say in this."""
    return sqlite_url


@pytest.mark.parametrize("header", BAD_HEADERS)
def test_managers_routes_want_the_token(api: Api, header: str) -> None:
    for method, path in MANAGED:
        sent = {"Authorization": header} if header else {}
        refused = api.call(method, f"/api/v1/{path}", token=None, raw=b"{", headers=sent)
        assert (refused.status_code, code_of(refused)) == (401, "unauthorized")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", ""])
def test_an_empty_admin_token_lets_nobody_in(make_shop: MakeShop, header: str) -> None:
    api = Api(create_app(make_shop(server={"admin_token": ""})).test_client())
    sent = {"Authorization": header} if header else {}
    assert api.get("/api/v1/skus", token=None, headers=sent).status_code == 401


def test_a_session_acts_for_its_person(signed_in: SignedIn) -> None:
    manager = signed_in(Role.MANAGER, "console:max")
    body = {"name": "x", "code": "A", "price_fen": 1, "stock": 2}
    assert manager.post("/api/v1/skus", body, token=None).status_code == 201
    moved = manager.get("/api/v1/movements", token=None).json["items"][0]
    assert moved["actor"] == "console:max"


def test_a_session_ends_when_its_person_loses_the_role(signed_in: SignedIn, shop: Shop) -> None:
    manager = signed_in(Role.MANAGER, "console:max")

    def give(tx: Tx, user: str, role: str) -> None:
        members.set_role(tx, platform="console", user_id=user, role=role)

    shop.database.run(lambda tx: give(tx, "boss", "owner"))
    for role in ("owner", "manager", "staff", "none"):
        shop.database.run(partial(give, user="max", role=role))
        expected = {"owner": 422, "manager": 422, "staff": 403, "none": 401}[role]
        assert manager.post("/api/v1/skus", {}, token=None).status_code == expected


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:9", "null", ""])
def test_a_session_cannot_be_used_by_another_site(signed_in: SignedIn, origin: str) -> None:
    manager = signed_in(Role.MANAGER)
    body, sent = {"name": "x", "price_fen": 1}, {"Origin": origin}
    refused = manager.post("/api/v1/skus", body, token=None, headers=sent)
    assert (refused.status_code, code_of(refused)) == (403, "forbidden")
    own = {"Origin": "http://localhost"}
    assert manager.post("/api/v1/skus", body, token=None, headers=own).status_code == 201


def test_a_forged_session_is_nobody(api: Api) -> None:
    api.client.set_cookie("zhanggui_session", "eyJyb2xlIjoib3duZXIiLCJzdWJqZWN0IjoieCJ9.aaaa.bbbb")
    assert api.get("/api/v1/skus", token=None).status_code == 401


def test_the_session_cookie_is_out_of_reach(signed_in: SignedIn) -> None:
    cookie = signed_in(Role.OWNER).client.get_cookie("zhanggui_session")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")


@pytest.mark.parametrize(
    "path", ["/healthz", "/nowhere", "/api/v1/products", "/api/v1/skus", "/docs", "/"]
)
def test_every_answer_carries_the_security_headers(api: Api, path: str) -> None:
    headers = api.get(path, token=None).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_orders_are_limited_by_customer_and_by_address(make_shop: MakeShop) -> None:
    shop = make_shop(orders={"rate_limit": "3/minute"}, server={"trusted_proxies": ["127.0.0.1"]})
    api = Api(create_app(shop).test_client())
    api.add_sku(stock=100)

    def order(who: str, address: str) -> int:
        return api.order(customer_id=who, headers={"X-Forwarded-For": address}).status_code

    assert [order("a", f"10.0.0.{n}") for n in range(4)] == [201, 201, 201, 429]
    assert [order(f"b{n}", "10.0.1.1") for n in range(4)] == [201, 201, 201, 429]
    refused = api.order(customer_id="a", headers={"X-Forwarded-For": "10.0.9.9"})
    assert code_of(refused) == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_the_limit_counts_neither_mistakes_nor_managers(make_shop: MakeShop) -> None:
    api = Api(create_app(make_shop(orders={"rate_limit": "1/minute"})).test_client())
    api.add_sku()
    body = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}]}
    for _ in range(3):
        assert api.order(quantity=0).status_code == 422
        assert api.post("/api/v1/orders", body).status_code == 201
    assert [api.order().status_code for _ in range(2)] == [201, 429]


def test_an_accepted_order_asked_for_again_counts_once(make_shop: MakeShop) -> None:
    api = Api(create_app(make_shop(orders={"rate_limit": "1/minute"})).test_client())
    api.add_sku()
    body = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}]}
    again = [
        api.post("/api/v1/orders", body, headers={"Idempotency-Key": "k"}, token=None)
        for _ in range(3)
    ]
    assert [answer.status_code for answer in again] == [201, 201, 201]
    assert api.post("/api/v1/orders", body, token=None).status_code == 429
