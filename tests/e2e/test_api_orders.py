"""Orders by HTTP: placing, reading, and every step of their life."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.messages import Role
from store import shop as opening
from tests.e2e.conftest import Answer, Api, MakeShop, SignedIn, code_of
from tests.fakes.clock import FakeClock
from webhooks.app import create_app
from webhooks.shop import Shop

PLACED_FIELDS = {
    "order_no",
    "token",
    "status",
    "total_fen",
    "shipping_fen",
    "lines",
    "channel",
    "created_at",
    "expires_at",
}
SHOWN_FIELDS = PLACED_FIELDS - {"token"} | {
    "paid_at",
    "shipped_at",
    "carrier",
    "tracking_no",
    "refunded_fen",
    "attention",
    "contact",
}
CONTACT = {"name": "王小明", "phone": "138 1234 5678", "address": "杭州市西湖区文三路1号"}


@pytest.fixture
def api(both: Api) -> Api:
    """Whatever is true here is true of both entrances."""
    return both


def step(api: Api, number: str, name: str, body: Any = None, **options: Any) -> Answer:
    return api.post(f"/api/v1/orders/{number}/{name}", body, **options)


def test_an_accepted_order_says_everything(api: Api) -> None:
    api.add_sku(specs={"烘焙": "深"})
    placed = api.order(quantity=3)
    assert placed.status_code == 201
    assert placed.json.keys() == PLACED_FIELDS
    assert len(placed.json["order_no"]) == 10
    assert placed.json["status"] == "confirmed"
    assert placed.json["expires_at"] is None
    assert placed.json["channel"] == "api"
    assert placed.json["lines"] == [
        {
            "sku": "CF-001",
            "name": "CF-001",
            "specs": {"烘焙": "深"},
            "quantity": 3,
            "price_fen": 8800,
            "total_fen": 26400,
        }
    ]
    assert placed.json["total_fen"] == 26400
    assert api.on_hand() == (10, 3)


def test_an_online_shop_holds_the_goods_until_they_are_paid(make_shop: MakeShop) -> None:
    shop = make_shop(
        shop={
            "payment": "online",
            "shipping": {"fee": "8", "free_from": "200"},
        },
        orders={"reservation_minutes": 0.5},
    )
    api = Api(create_app(shop).test_client())
    api.add_sku()
    small, large = api.order(quantity=1).json, api.order(quantity=3).json
    assert small["status"] == "pending_payment"
    assert (small["total_fen"], small["shipping_fen"]) == (9600, 800)
    assert (large["total_fen"], large["shipping_fen"]) == (26400, 0)
    assert small["created_at"].startswith("2026-03-02T02:00:00")
    assert small["expires_at"].startswith("2026-03-02T02:00:30")


def test_equal_skus_are_summed_in_their_first_place(api: Api) -> None:
    api.add_sku("A")
    api.add_sku("B")
    lines = [{"sku": "a", "quantity": 1}, {"sku": "B", "quantity": 1}, {"sku": "Ａ", "quantity": 2}]
    placed = api.post("/api/v1/orders", {"customer_id": "w", "lines": lines})
    assert [(line["sku"], line["quantity"]) for line in placed.json["lines"]] == [
        ("A", 3),
        ("B", 1),
    ]


def test_sixty_lines_of_one_sku_are_one_line(api: Api) -> None:
    api.add_sku(stock=100)
    lines = [{"sku": "CF-001", "quantity": 1}] * 60
    assert api.post("/api/v1/orders", {"customer_id": "w", "lines": lines}).status_code == 201
    assert api.on_hand() == (100, 60)


def test_every_short_line_is_named_and_nothing_is_reserved(api: Api) -> None:
    for code in ("A", "B", "C"):
        api.add_sku(code, stock=2)
    lines = [{"sku": code, "quantity": n} for code, n in (("A", 3), ("B", 1), ("C", 9))]
    refused = api.post("/api/v1/orders", {"customer_id": "w", "lines": lines})
    assert (refused.status_code, code_of(refused)) == (409, "insufficient_stock")
    assert refused.json["lines"] == [
        {"sku": "A", "requested": 3, "available": 2},
        {"sku": "C", "requested": 9, "available": 2},
    ]
    assert [api.on_hand(code) for code in ("A", "B", "C")] == [(2, 0)] * 3


def test_refusals_come_in_the_order_of_the_contract(api: Api, shop: Shop) -> None:
    api.add_sku("ON", stock=1)
    api.add_sku("OFF")
    api.call("DELETE", "/api/v1/skus/OFF")
    wrong = {"customer_id": "w", "lines": [{"sku": "ON", "quantity": 0}]}
    unknown = [
        {"sku": "NOPE", "quantity": 1},
        {"sku": "OFF", "quantity": 1},
        {"sku": "ON", "quantity": 9, "price_fen": 1},
    ]

    def refusal(lines: list[dict[str, Any]]) -> tuple[int, str, Any]:
        response = api.post("/api/v1/orders", {"customer_id": "w", "lines": lines})
        named = response.json.get("skus") or response.json.get("lines")
        return response.status_code, code_of(response), named

    shop.database.run(lambda tx: opening.set_open(tx, open=False, actor="test"))
    assert code_of(api.post("/api/v1/orders", wrong)) == "invalid_request"
    assert refusal(unknown) == (409, "shop_closed", None)
    shop.database.run(lambda tx: opening.set_open(tx, open=True, actor="test"))
    assert refusal(unknown) == (404, "sku_not_found", ["NOPE"])
    assert refusal(unknown[1:]) == (409, "sku_not_for_sale", ["OFF"])
    changed = [{"sku": "ON", "quoted_fen": 1, "price_fen": 8800}]
    assert refusal(unknown[2:]) == (409, "price_changed", changed)
    short = [{"sku": "ON", "requested": 9, "available": 1}]
    assert refusal([{"sku": "ON", "quantity": 9, "price_fen": 8800}]) == (
        409,
        "insufficient_stock",
        short,
    )


def test_a_repeated_key_is_one_order(api: Api) -> None:
    api.add_sku()
    key = {"Idempotency-Key": "cart-1"}
    body = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}], "remark": "快"}
    first = api.post("/api/v1/orders", body, headers=key)
    api.call("PATCH", "/api/v1/skus/CF-001", {"price_fen": 1})
    api.call("DELETE", "/api/v1/skus/CF-001")
    spaced = json.dumps({"remark": "快", "lines": [{"quantity": 1.0, "sku": "CF-001"}]}, indent=3)
    again = api.post(
        "/api/v1/orders", raw=spaced.replace("{", '{"customer_id": "w",', 1).encode(), headers=key
    )
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = api.post("/api/v1/orders", {**body, "remark": "慢"}, headers=key)
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert api.on_hand() == (10, 1)


def test_a_key_belongs_to_its_customer(api: Api) -> None:
    api.add_sku()
    key = {"Idempotency-Key": "1"}
    numbers = {api.order(customer_id=who, headers=key).status_code for who in ("a", "b")}
    assert numbers == {201}


def test_fifty_equal_requests_at_once_are_one_order(api: Api, shop: Shop) -> None:
    api.add_sku()
    app = create_app(shop)

    def ask(_: int) -> tuple[int, str]:
        mine = Api(app.test_client())
        body = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}]}
        response = mine.post("/api/v1/orders", body, headers={"Idempotency-Key": "same"})
        return response.status_code, response.text

    with ThreadPoolExecutor(max_workers=10) as pool:
        answers = set(pool.map(ask, range(50)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert api.on_hand() == (10, 1)


@pytest.mark.parametrize("key", [" ", "\x7f"])
def test_a_key_that_only_another_server_lets_through_is_refused(shop: Shop, key: str) -> None:
    api = Api(create_app(shop).test_client())
    test_a_malformed_key_is_refused(api, key)


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 256, "a\tb"])
def test_a_malformed_key_is_refused(api: Api, key: str) -> None:
    api.add_sku()
    body = {"customer_id": "w", "lines": [{"sku": "CF-001", "quantity": 1}]}
    sent = {"Idempotency-Key": key.encode().decode("latin-1")}
    refused = api.post("/api/v1/orders", body, headers=sent)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert refused.json["errors"][0]["field"] == "Idempotency-Key"
    assert api.on_hand() == (10, 0)


def test_a_key_of_255_visible_characters_is_fine(api: Api) -> None:
    api.add_sku()
    assert api.order(headers={"Idempotency-Key": "!~" * 127 + "x"}).status_code == 201


def test_who_holds_the_token_sees_the_order_with_a_masked_contact(api: Api) -> None:
    api.add_sku()
    placed = api.order(contact=CONTACT, remark="  请  包好 ").json
    path = f"/api/v1/orders/{placed['order_no']}"
    mine = api.get(path, token=placed["token"])
    assert mine.json.keys() == SHOWN_FIELDS
    assert mine.json == api.get(path).json
    assert mine.json["contact"]["name"] == "王**"
    assert "1234" not in mine.json["contact"]["phone"]
    assert CONTACT["address"] not in mine.text


@pytest.mark.parametrize("name", ["", "/cancel", "/payments"])
def test_a_wrong_token_is_an_order_that_does_not_exist(api: Api, name: str) -> None:
    api.add_sku()
    placed = api.order().json
    body = {"channel": "wechat", "scene": "h5"} if name == "/payments" else None
    method = "POST" if name else "GET"

    def ask(number: str, token: str | None) -> tuple[int, bytes, list[tuple[str, str]]]:
        answer = api.call(method, f"/api/v1/orders/{number}{name}", body, token=token)
        return answer.status_code, answer.data, sorted(answer.headers)

    nobody = ask("1234567890", None)
    assert nobody[0] == 404
    for number, token in (
        (placed["order_no"], None),
        (placed["order_no"], "wrong"),
        (placed["order_no"], "错"),
        ("1234567890", placed["token"]),
        ("12345", placed["token"]),
        ("０１２３４５６７８９", None),
        (placed["order_no"], placed["token"] + "x"),
    ):
        assert ask(number, token and token.encode().decode("latin-1")) == nobody


@pytest.mark.parametrize("name", ["ship", "mark_paid", "complete"])
def test_a_managers_step_is_not_the_customers(api: Api, name: str) -> None:
    api.add_sku()
    placed = api.order().json
    for token in (None, placed["token"], "wrong"):
        refused = step(api, placed["order_no"], name, token=token)
        assert (refused.status_code, code_of(refused)) == (401, "unauthorized")
        assert "WWW-Authenticate" in refused.headers
    assert step(api, "1234567890", name).status_code == 404
    assert step(api, "12345", name).status_code == 404


def test_a_customer_cancels_and_cancels_again(api: Api) -> None:
    api.add_sku()
    placed = api.order(quantity=4).json
    for _ in range(2):
        gone = step(api, placed["order_no"], "cancel", token=placed["token"])
        assert (gone.status_code, gone.json["status"]) == (200, "cancelled")
    assert api.on_hand() == (10, 0)
    for name in ("ship", "mark_paid", "complete"):
        refused = step(api, placed["order_no"], name)
        assert (refused.status_code, code_of(refused)) == (409, "wrong_state")
        assert refused.json["status"] == "cancelled"


def test_shipping_is_the_sale(api: Api) -> None:
    api.add_sku()
    placed = api.order(quantity=4).json
    parcel = {"carrier": "顺丰", "tracking_no": "SF123"}
    shipped = step(api, placed["order_no"], "ship", parcel).json
    assert (shipped["status"], shipped["carrier"], shipped["tracking_no"]) == (
        "shipped",
        "顺丰",
        "SF123",
    )
    assert shipped["shipped_at"] is not None
    assert api.on_hand() == (6, 0)
    refused = step(api, placed["order_no"], "cancel", token=placed["token"])
    assert (refused.status_code, refused.json["status"]) == (409, "shipped")
    paid = step(api, placed["order_no"], "mark_paid").json
    assert (paid["status"], paid["paid_at"] is not None) == ("shipped", True)
    assert code_of(step(api, placed["order_no"], "mark_paid")) == "wrong_state"
    assert step(api, placed["order_no"], "complete").json["status"] == "completed"
    assert code_of(step(api, placed["order_no"], "complete")) == "wrong_state"


def test_handing_over_is_the_sale_too(api: Api) -> None:
    api.add_sku()
    number = api.order(quantity=4).json["order_no"]
    assert step(api, number, "mark_paid", {}).json["status"] == "paid"
    assert step(api, number, "complete", {}).json["status"] == "completed"
    assert api.on_hand() == (6, 0)


def test_a_step_takes_no_unknown_field(api: Api) -> None:
    api.add_sku()
    number = api.order().json["order_no"]
    for name in ("ship", "cancel", "mark_paid", "complete"):
        assert step(api, number, name, {"force": True}).status_code == 422
    assert api.get(f"/api/v1/orders/{number}").json["status"] == "confirmed"


def test_a_shop_paid_by_hand_has_no_online_payment(api: Api) -> None:
    api.add_sku()
    placed = api.order().json
    number, token = placed["order_no"], placed["token"]
    refused = step(api, number, "payments", {"channel": "wechat", "scene": "h5"}, token=token)
    assert (refused.status_code, code_of(refused)) == (409, "payment_not_available")
    for body in ({}, {"channel": "cash", "scene": "h5"}, {"channel": "alipay", "scene": "nfc"}):
        assert step(api, number, "payments", body, token=token).status_code == 422


def test_orders_are_listed_newest_first_by_state_and_day(api: Api, clock: FakeClock) -> None:
    api.add_sku()
    first = api.order().json["order_no"]
    clock.advance(days=1)
    second = api.order().json["order_no"]
    third = api.order().json["order_no"]
    step(api, second, "ship")

    def listed(query: str = "") -> list[str]:
        return [order["order_no"] for order in api.get(f"/api/v1/orders?{query}").json["items"]]

    assert listed() == [third, second, first]
    assert listed("status=shipped") == [second]
    assert listed("status=shipped,confirmed") == [third, second, first]
    assert listed("to=2026-03-02") == [first]
    assert listed("from=2026-03-03&to=2026-03-03") == [third, second]
    assert listed("from=2026-03-03T10:00:00%2B08:00") == [third, second]
    assert listed("from=2026-03-03T02:00:00.001Z") == []
    page = api.get("/api/v1/orders?limit=2").json
    assert listed(f"cursor={page['next_cursor']}") == [first]
    assert api.get("/api/v1/orders").json["items"][0].keys() == SHOWN_FIELDS


def test_orders_come_as_a_file_of_their_lines_without_the_customers_contact(
    api: Api, clock: FakeClock
) -> None:
    api.add_sku(name="=1+1", specs={"烘焙": "深"})
    first = api.order(quantity=3, contact=CONTACT).json["order_no"]
    clock.advance(days=1)
    second = api.order().json["order_no"]
    step(api, second, "ship", {"carrier": "顺丰", "tracking_no": "SF0012345678"})

    def told(query: str = "") -> list[str]:
        answer = api.get(f"/api/v1/orders.csv?{query}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment; filename=orders-" in answer.headers["Content-Disposition"]
        assert answer.data.startswith(b"\xef\xbb\xbf")
        return list(answer.data.decode("utf-8-sig").splitlines())

    head, *rows = told()
    assert head == (
        "order_no,created_at,status,channel,customer_id,sku,name,specs,"
        "quantity,price,total,carrier,tracking_no"
    )
    line = "api,wang,CF-001,'=1+1,烘焙=深"
    assert rows == [
        f"{first},2026-03-02 10:00:00,confirmed,{line},3,88.00,264.00,,",
        f"{second},2026-03-03 10:00:00,shipped,{line},1,88.00,88.00,顺丰,SF0012345678",
    ]
    assert told("to=2026-03-02") == [head, rows[0]]
    assert told("from=2026-03-03&to=2026-03-03") == [head, rows[1]]
    assert api.get("/api/v1/orders.csv?from=x").status_code == 422
    assert api.get("/api/v1/orders.csv", token=None).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "orders", Role.VIEWER),
        ("GET", "orders.csv", Role.MANAGER),
        ("POST", "orders/1234567890/ship", Role.STAFF),
        ("POST", "orders/1234567890/mark_paid", Role.STAFF),
        ("POST", "orders/1234567890/complete", Role.STAFF),
        ("POST", "orders/1234567890/cancel", Role.MANAGER),
        ("GET", "skus", Role.VIEWER),
        ("POST", "skus", Role.MANAGER),
        ("PUT", "skus/A", Role.MANAGER),
        ("PATCH", "skus/A", Role.MANAGER),
        ("DELETE", "skus/A", Role.MANAGER),
        ("POST", "skus/A/movements", Role.STAFF),
        ("GET", "movements", Role.VIEWER),
        ("PATCH", "products/1", Role.MANAGER),
        ("GET", "reports/summary", Role.VIEWER),
    ],
)
def test_each_step_needs_its_role(signed_in: SignedIn, method: str, path: str, least: Role) -> None:
    for role in (Role.VIEWER, Role.STAFF, Role.MANAGER, Role.OWNER):
        response = signed_in(role).call(method, f"/api/v1/{path}", token=None)
        assert (response.status_code == 403) == (role < least), (role, response.text)
        assert response.status_code != 401
