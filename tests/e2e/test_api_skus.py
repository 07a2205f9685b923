"""SKUs and stock movements by HTTP."""

import pytest

from tests.e2e.conftest import Api, code_of

SKU_FIELDS = {
    "code",
    "product_id",
    "name",
    "specs",
    "price_fen",
    "on_hand",
    "reserved",
    "available",
    "reorder_point",
    "category",
    "status",
    "version",
    "updated_at",
}
MOVEMENT_FIELDS = {
    "id",
    "sku",
    "kind",
    "delta",
    "on_hand",
    "reserved",
    "actor",
    "note",
    "created_at",
}


def test_a_new_sku_is_shown_where_its_location_says(api: Api) -> None:
    added = api.post(
        "/api/v1/skus",
        {
            "name": "T恤",
            "price_fen": 5900,
            "specs": {"颜色": "白色"},
            "stock": 7,
            "category": "服装/上衣",
        },
    )
    assert added.status_code == 201
    assert added.json.keys() == SKU_FIELDS
    shown = api.get(added.headers["Location"])
    assert shown.json == added.json
    assert (shown.json["on_hand"], shown.json["available"], shown.json["reserved"]) == (7, 7, 0)
    assert shown.json["reorder_point"] == 5
    assert shown.json["product_id"] == str(int(shown.json["product_id"]))


def test_a_code_is_one_whatever_its_case_and_width(api: Api) -> None:
    api.add_sku("CF-001")
    again = api.post("/api/v1/skus", {"name": "别的", "price_fen": 1, "code": " ｃf-００1 "})
    assert (again.status_code, code_of(again), again.json["sku"]) == (409, "code_taken", "CF-001")
    assert api.get("/api/v1/skus/cf-001").json["code"] == "CF-001"


def test_a_slash_in_a_code_is_sent_encoded(api: Api) -> None:
    api.add_sku("A/B")
    api.add_sku("A//B")
    assert api.get("/api/v1/skus/A%2FB").json["code"] == "A/B"
    assert api.get("/api/v1/skus/A%2F%2FB").json["code"] == "A//B"
    moved = api.post("/api/v1/skus/A%2FB/movements", {"kind": "restock", "quantity": 1})
    assert moved.json["sku"] == "A/B"


@pytest.mark.parametrize(
    "path", ["NOPE", "..", "%2E", "%2FA", "A%2F", "%00", "%FF", "a%20b", "x" * 65, "A/B/movements/"]
)
def test_a_code_that_nothing_has_is_not_found(api: Api, path: str) -> None:
    response = api.get(f"/api/v1/skus/{path}")
    assert response.status_code == 404
    assert code_of(response) in {"sku_not_found", "not_found"}


def test_an_edit_of_what_somebody_else_changed_is_refused(api: Api) -> None:
    api.add_sku()
    tag = api.get("/api/v1/skus/CF-001").headers["ETag"]
    edited = api.call("PATCH", "/api/v1/skus/CF-001", {"price_fen": 1}, headers={"If-Match": tag})
    assert (edited.status_code, edited.json["price_fen"]) == (200, 1)
    assert edited.headers["ETag"] != tag
    for method, body in (
        ("PATCH", {"price_fen": 2}),
        ("PUT", {"name": "CF-001", "price_fen": 2}),
        ("DELETE", None),
    ):
        stale = api.call(method, "/api/v1/skus/CF-001", body, headers={"If-Match": tag})
        assert (stale.status_code, code_of(stale)) == (412, "stale_version")
    assert api.get("/api/v1/skus/CF-001").json["price_fen"] == 1
    star = api.call("PATCH", "/api/v1/skus/CF-001", {"price_fen": 3}, headers={"If-Match": "*"})
    assert star.status_code == 200


def test_stock_leaves_the_etag_alone(api: Api) -> None:
    api.add_sku()
    tag = api.get("/api/v1/skus/CF-001").headers["ETag"]
    api.post("/api/v1/skus/CF-001/movements", {"kind": "restock", "quantity": 1})
    assert api.get("/api/v1/skus/CF-001").headers["ETag"] == tag


def test_put_replaces_what_patch_leaves_alone(api: Api) -> None:
    api.add_sku(reorder_point=2, category="饮料")
    patched = api.call("PATCH", "/api/v1/skus/CF-001", {"name": "咖啡豆"}).json
    assert (patched["name"], patched["reorder_point"], patched["category"]) == ("咖啡豆", 2, "饮料")
    put = api.call("PUT", "/api/v1/skus/CF-001", {"name": "咖啡豆", "price_fen": 100}).json
    assert (put["price_fen"], put["reorder_point"], put["category"]) == (100, 5, "")
    assert put["on_hand"] == 10


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_stock_is_changed_by_movements_only(api: Api, method: str) -> None:
    api.add_sku()
    refused = api.call(method, "/api/v1/skus/CF-001", {"name": "x", "price_fen": 1, "stock": 99})
    assert (refused.status_code, code_of(refused)) == (422, "use_movements")
    assert api.on_hand() == (10, 0)


def test_delisting_twice_is_delisting_once(api: Api) -> None:
    api.add_sku()
    for _ in range(2):
        gone = api.call("DELETE", "/api/v1/skus/CF-001")
        assert (gone.status_code, gone.data) == (204, b"")
    assert api.get("/api/v1/skus/CF-001").json["status"] == "delisted"
    relisted = api.call("PATCH", "/api/v1/skus/CF-001", {"status": "on_sale"})
    assert relisted.json["status"] == "on_sale"
    assert api.call("DELETE", "/api/v1/skus/NOPE").status_code == 404


def test_a_spec_outside_the_schema_is_refused(api: Api) -> None:
    shirt = api.add_sku("TS-W", name="T恤", specs={"颜色": "白色"})
    rules = {"spec_schema": {"颜色": {"values": ["白色", "黑色"], "required": True}}}
    assert api.call("PATCH", f"/api/v1/products/{shirt['product_id']}", rules).status_code == 200
    refused = api.post("/api/v1/skus", {"name": "T恤", "price_fen": 1, "specs": {"颜色": "红色"}})
    assert (refused.status_code, code_of(refused)) == (422, "spec_not_allowed")
    assert refused.json["allowed"] == ["白色", "黑色"]


def test_skus_are_listed_page_by_page(api: Api) -> None:
    codes = [f"P-{number}" for number in range(5)]
    for code in codes:
        api.add_sku(code, category="茶/红茶" if code == "P-3" else "茶")
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/api/v1/skus?limit=2&cursor={cursor}").json
        seen += [sku["code"] for sku in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == codes
    assert [s["code"] for s in api.get("/api/v1/skus?q=p-3").json["items"]] == ["P-3"]
    assert len(api.get("/api/v1/skus?category=茶").json["items"]) == 5
    assert len(api.get("/api/v1/skus?category=茶/红茶").json["items"]) == 1
    api.call("DELETE", "/api/v1/skus/P-0")
    assert len(api.get("/api/v1/skus?status=delisted").json["items"]) == 1


@pytest.mark.parametrize(
    ("kind", "quantity", "delta", "on_hand"),
    [
        ("restock", 5, 5, 15),
        ("deduct", 4, -4, 6),
        ("stocktake", 0, -10, 0),
        ("stocktake", 10, 0, 10),
    ],
)
def test_a_movement_says_what_it_changed(
    api: Api, kind: str, quantity: int, delta: int, on_hand: int
) -> None:
    api.add_sku()
    body = {"kind": kind, "quantity": quantity, "note": "理货"}
    moved = api.post("/api/v1/skus/cf-001/movements", body)
    assert moved.status_code == 201
    assert moved.json.keys() == MOVEMENT_FIELDS
    assert moved.json | {"created_at": "", "id": ""} == {
        "id": "",
        "sku": "CF-001",
        "kind": kind,
        "delta": delta,
        "on_hand": on_hand,
        "reserved": 0,
        "actor": "api:admin",
        "note": "理货",
        "created_at": "",
    }


def test_what_orders_hold_cannot_be_taken(api: Api) -> None:
    api.add_sku()
    number = api.order(quantity=8).json["order_no"]
    for body in ({"kind": "deduct", "quantity": 3}, {"kind": "stocktake", "quantity": 7}):
        refused = api.post("/api/v1/skus/CF-001/movements", body)
        assert (refused.status_code, code_of(refused)) == (409, "insufficient_stock")
        assert refused.json["lines"] == [{"sku": "CF-001", "requested": 3, "available": 2}]
        assert refused.json["orders"] == [number]
    counted = api.post("/api/v1/skus/CF-001/movements", {"kind": "stocktake", "quantity": 8})
    assert (counted.json["delta"], counted.json["reserved"]) == (-2, 8)


def test_a_repeated_movement_key_moves_once(api: Api) -> None:
    api.add_sku()
    api.add_sku("CF-002")
    path, key = "/api/v1/skus/CF-001/movements", {"Idempotency-Key": "delivery-7"}
    first = api.post(path, {"kind": "restock", "quantity": 5}, headers=key)
    again = api.post(path, raw=b'{"quantity": 5.0, "kind": "restock"}', headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = api.post(path, {"kind": "restock", "quantity": 6}, headers=key)
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert api.on_hand() == (15, 0)
    elsewhere = "/api/v1/skus/CF-002/movements"
    assert api.post(elsewhere, {"kind": "restock", "quantity": 6}, headers=key).status_code == 201


def test_a_movement_key_belongs_to_the_sku_whatever_its_code_is(api: Api) -> None:
    api.add_sku()
    key, body = {"Idempotency-Key": "k"}, {"kind": "restock", "quantity": 5}
    first = api.post("/api/v1/skus/CF-001/movements", body, headers=key)
    assert api.call("PATCH", "/api/v1/skus/CF-001", {"code": "CF-009"}).status_code == 200
    api.add_sku(name="another")

    renamed = api.post("/api/v1/skus/CF-009/movements", body, headers=key)
    another = api.post("/api/v1/skus/CF-001/movements", body, headers=key)

    assert renamed.json == first.json
    assert "Idempotency-Replayed" not in another.headers
    assert api.on_hand() == (15, 0)


def test_a_refused_movement_leaves_its_key_free(api: Api) -> None:
    api.add_sku()
    path, key = "/api/v1/skus/CF-001/movements", {"Idempotency-Key": "k"}
    assert api.post(path, {"kind": "deduct", "quantity": 11}, headers=key).status_code == 409
    assert api.post(path, {"kind": "deduct", "quantity": 1}, headers=key).status_code == 201


def test_movements_are_listed_newest_first(api: Api) -> None:
    api.add_sku()
    api.add_sku("CF-002")
    api.order(quantity=2)
    of_one = api.get("/api/v1/movements?sku=cf-001").json
    assert [(m["kind"], m["delta"]) for m in of_one["items"]] == [("reserve", 0), ("restock", 10)]
    first = api.get("/api/v1/movements?limit=1").json
    rest = api.get(f"/api/v1/movements?cursor={first['next_cursor']}").json
    assert len(rest["items"]) == 2
    assert rest["next_cursor"] is None
