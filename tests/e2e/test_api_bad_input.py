"""Input that no shop can mean: a clear refusal, and nothing changes."""

from typing import Any

import pytest

from tests.e2e.conftest import Api, code_of

NUMBERS = [
    '"2"',
    '"1e3"',
    '"１２"',
    '"1_0"',
    "true",
    "false",
    "null",
    "1.5",
    "0.5",
    "-0.5",
    "1e-1",
    "1e400",
    "-1e400",
    "1E309",
    "9" * 401,
    "-" + "9" * 401,
    "9" * 5000,
    "9223372036854775807",
    "9223372036854775808",
    "2147483648",
    "18446744073709551616",
    "9007199254740993",
    "1e18",
    "-1",
    "[]",
    "{}",
    "[1]",
    '""',
]
TEXTS = [
    "",
    " ",
    "a\x00b",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\u202eabc",
    "a\u200bb",
    "a\u2028b",
    "\ufeffa",
    "\u3164",
    "e" + "\u0301" * 20,
    "x" * 500,
    "\x1b[31m",
    7,
    None,
    True,
    [],
    {},
]
BAD_CODES = [
    "",
    " ",
    "a b",
    ".",
    "..",
    "/A",
    "A/",
    "A/movements",
    "A/MOVEMENTS",
    "x" * 65,
    "А",
    "a\x00",
    "a\nb",
    "CF—001",
    "a%2Fb",
    "☕",
    "A\u200bB",
    "\u202eA",
    "é",
    7,
    None,
    True,
    ["A"],
]
LINE = {"sku": "CF-001", "quantity": 1}


@pytest.fixture
def api(both: Api) -> Api:
    """Whatever is true here is true of both entrances."""
    return both


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: nothing in here gets as far as the database's own opinion."""
    return sqlite_url


@pytest.mark.parametrize("number", ["0", "10000", *NUMBERS])
def test_a_quantity_is_a_whole_number_from_1_to_9999(filled: Api, number: str) -> None:
    raw = b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":%s}]}' % number.encode()
    refused = filled.post("/api/v1/orders", raw=raw)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert refused.json["errors"][0]["field"] == "lines.0.quantity"
    assert filled.untouched()


@pytest.mark.parametrize("number", ["2", "2.0", "2e0", "20E-1", "0.2e1"])
def test_a_whole_number_may_be_written_in_any_way_json_has(filled: Api, number: str) -> None:
    raw = b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":%s}]}' % number.encode()
    assert filled.post("/api/v1/orders", raw=raw).status_code == 201
    assert filled.on_hand() == (10, 2)


@pytest.mark.parametrize("number", [n for n in NUMBERS if n != "null"] + ["0", "100000001"])
def test_a_price_is_whole_fen_within_bounds(filled: Api, number: str) -> None:
    quoted = b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":1,"price_fen":%s}]}'
    added = b'{"name":"x","price_fen":%s}'
    changed = b'{"price_fen":%s}'
    for method, path, template in (
        ("POST", "/api/v1/orders", quoted),
        ("POST", "/api/v1/skus", added),
        ("PATCH", "/api/v1/skus/CF-001", changed),
    ):
        refused = filled.call(method, path, raw=template % number.encode())
        assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert filled.untouched()


@pytest.mark.parametrize("kind", ["restock", "deduct", "stocktake"])
@pytest.mark.parametrize("number", [*NUMBERS, "1000001"])
def test_units_are_whole_and_within_bounds(filled: Api, kind: str, number: str) -> None:
    raw = b'{"kind":"%s","quantity":%s}' % (kind.encode(), number.encode())
    refused = filled.post("/api/v1/skus/CF-001/movements", raw=raw)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert [fault["field"] for fault in refused.json["errors"]] == ["quantity"]
    assert filled.untouched()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "restock"},
        {"quantity": 1},
        {"kind": "restock", "quantity": 0},
        {"kind": "deduct", "quantity": 0},
        {"kind": "sale", "quantity": 1},
        {"kind": "", "quantity": 1},
        {"kind": None, "quantity": 1},
        {"kind": ["restock"], "quantity": 1},
        {"kind": "Restock", "quantity": 1},
        {"kind": "restock", "quantity": 1, "note": "x" * 201},
        {"kind": "restock", "quantity": 1, "note": "a\x00"},
        {"kind": "restock", "quantity": 1, "note": None},
        {"kind": "restock", "quantity": 1, "note": 7},
        {"kind": "restock", "quantity": 1, "reason": "x"},
        {"kind": "restock", "quantity": 1, "sku": "CF-001"},
        {"delta": 1},
    ],
)
def test_a_movement_says_what_and_how_many(filled: Api, body: dict[str, Any]) -> None:
    refused = filled.post("/api/v1/skus/CF-001/movements", body)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert filled.untouched()


def order(**fields: Any) -> dict[str, Any]:
    body = {"customer_id": "w", "lines": [LINE], **fields}
    return {name: value for name, value in body.items() if value is not ...}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (order(customer_id=...), "customer_id"),
        (order(lines=...), "lines"),
        (order(lines=[]), "lines"),
        (order(lines=None), "lines"),
        (order(lines={}), "lines"),
        (order(lines="CF-001"), "lines"),
        (order(lines=[None]), "lines.0"),
        (order(lines=[[]]), "lines.0"),
        (order(lines=["CF-001"]), "lines.0"),
        (order(lines=[{}]), "lines.0.sku"),
        (order(lines=[{"sku": "CF-001"}]), "lines.0.quantity"),
        (order(lines=[{"quantity": 1}]), "lines.0.sku"),
        (order(lines=[{**LINE, "price": 1}]), "lines.0.price"),
        (order(lines=[{**LINE, "Quantity": 1}]), "lines.0.Quantity"),
        (order(lines=[LINE, {"sku": "B", "quantity": -1}]), "lines.1.quantity"),
        (order(lines=[{**LINE, "quantity": 9999}, LINE]), "quantity"),
        (order(lines=[{**LINE, "price_fen": 1}, {**LINE, "price_fen": 2}]), "price_fen"),
        (order(lines=[{"sku": f"S-{n}", "quantity": 1} for n in range(51)]), "lines"),
        (order(lines=[{"sku": f"S-{n}", "quantity": 1} for n in range(1000)]), "lines"),
        (order(customer_id="w w"), "customer_id"),
        (order(customer_id=" w"), "customer_id"),
        (order(customer_id="x" * 65), "customer_id"),
        (order(customer_id="　"), "customer_id"),
        (order(channel="web"), "channel"),
        (order(channel=None), "channel"),
        (order(channel="API"), "channel"),
        (order(remark="x" * 201), "remark"),
        (order(remark="a\x00"), "remark"),
        (order(remark="\u202e"), "remark"),
        (order(remark=None), "remark"),
        (order(remark=5), "remark"),
        (order(token="x"), "token"),
        (order(status="paid"), "status"),
        (order(total_fen=1), "total_fen"),
        (order(__proto__={}), "__proto__"),
        (order(contact={}), "contact.name"),
        (order(contact="王"), "contact"),
        (order(contact=[]), "contact"),
        (order(contact={"name": "王"}), "contact.phone"),
        (order(contact={"name": "王", "phone": ""}), "contact.phone"),
        (order(contact={"name": "王", "phone": "call me"}), "contact.phone"),
        (order(contact={"name": "王", "phone": "1" * 21}), "contact.phone"),
        (order(contact={"name": "王", "phone": 13812345678}), "contact.phone"),
        (order(contact={"name": "", "phone": "12345"}), "contact.name"),
        (order(contact={"name": "x" * 51, "phone": "12345"}), "contact.name"),
        (order(contact={"name": "王", "phone": "123", "address": "x" * 201}), "contact.address"),
        (order(contact={"name": "王", "phone": "123", "city": "x"}), "contact.city"),
    ],
    ids=str,
)
def test_a_field_at_fault_is_named(filled: Api, body: dict[str, Any], field: str) -> None:
    refused = filled.post("/api/v1/orders", body)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert field in [fault["field"] for fault in refused.json["errors"]]
    assert filled.untouched()


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_text_that_hides_something_is_refused_everywhere(filled: Api, text: Any) -> None:
    attempts = [
        ("POST", "/api/v1/orders", order(customer_id=text)),
        ("POST", "/api/v1/orders", order(contact={"name": text, "phone": "12345"})),
        ("POST", "/api/v1/skus", {"name": text, "price_fen": 1}),
        ("PATCH", "/api/v1/skus/CF-001", {"name": text}),
        ("POST", "/api/v1/skus", {"name": "x", "price_fen": 1, "specs": {"颜色": text}}),
    ]
    if isinstance(text, str):
        attempts.append(
            ("POST", "/api/v1/skus", {"name": "x", "price_fen": 1, "specs": {text: "x"}})
        )
    for method, path, body in attempts:
        refused = filled.call(method, path, body)
        assert (refused.status_code, code_of(refused)) == (422, "invalid_request"), body
    assert filled.untouched()
    assert len(filled.get("/api/v1/skus").json["items"]) == 1


@pytest.mark.parametrize("code", BAD_CODES, ids=repr)
def test_an_ill_formed_code_is_refused(filled: Api, code: Any) -> None:
    refused = filled.post("/api/v1/orders", order(lines=[{"sku": code, "quantity": 1}]))
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    if code is not None:
        added = filled.post("/api/v1/skus", {"name": "x", "price_fen": 1, "code": code})
        assert (added.status_code, code_of(added)) == (422, "invalid_request")
    assert filled.untouched()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"price_fen": 1},
        {"name": "x", "price_fen": 1, "on_hand": 5},
        {"name": "x", "price_fen": 1, "stock": -1},
        {"name": "x", "price_fen": 1, "stock": 1_000_001},
        {"name": "x", "price_fen": 1, "reorder_point": -1},
        {"name": "x", "price_fen": 1, "specs": []},
        {"name": "x", "price_fen": 1, "specs": {"颜色": 1}},
        {"name": "x", "price_fen": 1, "specs": {"颜色": None}},
        {"name": "x", "price_fen": 1, "specs": {"a=b": "1"}},
        {"name": "x", "price_fen": 1, "specs": {"a": "1;2"}},
        {"name": "x", "price_fen": 1, "specs": {"a" * 41: "1"}},
        {"name": "x", "price_fen": 1, "specs": {str(n): "1" for n in range(9)}},
        {"name": "x", "price_fen": 1, "specs": {"a": "1", "ａ": "2"}},
        {"name": "x", "price_fen": 1, "category": "x" * 121},
        {"name": "x", "price_fen": 1, "category": "a\x00"},
        {"name": "x", "price_fen": 1, "status": "on_sale"},
        {f"f{n}": n for n in range(100)},
    ],
    ids=str,
)
def test_a_sku_that_cannot_be_is_not_added(filled: Api, body: dict[str, Any]) -> None:
    refused = filled.post("/api/v1/skus", body)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert len(filled.get("/api/v1/skus").json["items"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("skus/CF-001", {"name": None}),
        ("skus/CF-001", {"price_fen": None}),
        ("skus/CF-001", {"status": "gone"}),
        ("skus/CF-001", {"version": 1}),
        ("skus/CF-001", {"product_id": "1"}),
        ("products/1", {"name": None}),
        ("products/1", {"description": "x" * 2001}),
        ("products/1", {"description": "a\x00"}),
        ("products/1", {"image_url": "http://x"}),
        ("products/1", {"spec_schema": []}),
        ("products/1", {"spec_schema": {"颜色": {"values": "白"}}}),
        ("products/1", {"spec_schema": {"颜色": {"values": [1]}}}),
        ("products/1", {"spec_schema": {"颜色": {"required": "yes"}}}),
        ("products/1", {"spec_schema": {"颜色": {"values": None, "unit": "x"}}}),
        ("products/1", {"spec_schema": {"a\x00": {"values": None}}}),
    ],
)
def test_an_edit_that_cannot_be_changes_nothing(
    filled: Api, path: str, body: dict[str, Any]
) -> None:
    before = filled.get("/api/v1/skus/CF-001").json
    refused = filled.call("PATCH", f"/api/v1/{path}", body)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert filled.get("/api/v1/skus/CF-001").json == before


@pytest.mark.parametrize(
    "query",
    [
        "skus?limit=0",
        "skus?limit=101",
        "skus?limit=-1",
        "skus?limit=1.0",
        "skus?limit=1e1",
        "skus?limit=1_0",
        "skus?limit=%EF%BC%91",
        "skus?limit=",
        "skus?limit=+5",
        "skus?limit=" + "9" * 30,
        "skus?cursor=x",
        "skus?cursor=%00",
        "skus?cursor=c2t1OjE%3D",
        "skus?cursor=b3JkZXI6MQ",
        "skus?status=sold",
        "skus?category=%00",
        "products?limit=0",
        "products?cursor=x",
        "categories?parent=%E2%80%AE",
        "movements?sku=..",
        "movements?cursor=x",
        "orders?status=lost",
        "orders?status=paid,lost",
        "orders?from=yesterday",
        "orders?from=2026-02-30",
        "orders?from=2026-3-2",
        "orders?to=2026-03-02T10:00:00",
        "orders?to=0001-01-01",
        "orders?to=9999-12-31",
        "orders?from=" + "2" * 500,
        "reports/summary?period=",
        "reports/summary?period=ever",
        "reports/summary?period=last_0_days",
        "reports/summary?period=13-01",
        "reports/summary?period=02-30",
    ],
)
def test_a_query_that_makes_no_sense_is_refused(filled: Api, query: str) -> None:
    refused = filled.get(f"/api/v1/{query}")
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
