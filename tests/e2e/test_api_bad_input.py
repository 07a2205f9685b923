"""Input that no shop can mean: a clear refusal, and nothing changes."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.conftest import Api, code_of

BOM = b"\xef\xbb\xbf"
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
NOT_JSON = [
    b"",
    b" ",
    b"{",
    b"}",
    b"[",
    b"{]",
    b"nul",
    b"{'customer_id': 'w'}",
    b'{"customer_id": "w",}',
    b'{"customer_id" "w"}',
    b'{"customer_id": "w"} x',
    b'{"customer_id": "w"}{}',
    b'{"customer_id": "w\n"}',
    b'{"customer_id": "w\x00"}',
    b'{"customer_id": "\xff\xfe"}',
    b'{"customer_id": "\xed\xa0\x80"}',
    b'{"customer_id": "\xc0\xaf"}',
    b'{"customer_id": "\\x41"}',
    b'{"customer_id": "\\ud8"}',
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": -Infinity}',
    b'{"a": +1}',
    b'{"a": 01}',
    b'{"a": 1.}',
    b'{"a": .5}',
    b'{"a": 0x10}',
    b'{"a": 1_000}',
    b'{"a": \xef\xbc\x91}',
    b"// comment\n{}",
    b"<order/>",
    b"customer_id=w&lines=1",
    BOM + b"{}",
    '{"customer_id": "w"}'.encode("utf-16"),
    '{"customer_id": "w"}'.encode("utf-16-le"),
    '{"customer_id": "w"}'.encode("utf-32"),
    '{"customer_id": "王"}'.encode("gbk"),
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"[" * 100_000 + b"]" * 100_000,
]
NO_OBJECT = [b"null", b"true", b"1", b'"text"', b"[]", b'[{"customer_id": "w"}]', b'"{}"']
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
def database_url(sqlite_url: str) -> str:
    """SQLite alone: nothing in here gets as far as the database's own opinion."""
    return sqlite_url


@pytest.fixture
def filled(api: Api) -> Api:
    """A shop with one SKU."""
    api.add_sku()
    return api


def unchanged(api: Api) -> bool:
    return api.on_hand() == (10, 0) and api.get("/api/v1/orders").json["items"] == []


@pytest.mark.parametrize("number", ["0", "10000", *NUMBERS])
def test_a_quantity_is_a_whole_number_from_1_to_9999(filled: Api, number: str) -> None:
    raw = b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":%s}]}' % number.encode()
    refused = filled.post("/api/v1/orders", raw=raw)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert refused.json["errors"][0]["field"] == "lines.0.quantity"
    assert unchanged(filled)


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
    assert unchanged(filled)


@pytest.mark.parametrize("kind", ["restock", "deduct", "stocktake"])
@pytest.mark.parametrize("number", [*NUMBERS, "1000001"])
def test_units_are_whole_and_within_bounds(filled: Api, kind: str, number: str) -> None:
    raw = b'{"kind":"%s","quantity":%s}' % (kind.encode(), number.encode())
    refused = filled.post("/api/v1/skus/CF-001/movements", raw=raw)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert [fault["field"] for fault in refused.json["errors"]] == ["quantity"]
    assert unchanged(filled)


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
    assert unchanged(filled)


@pytest.mark.parametrize("raw", NOT_JSON, ids=lambda raw: repr(raw[:24]))
@pytest.mark.parametrize(
    "path", ["/api/v1/orders", "/api/v1/skus", "/api/v1/skus/CF-001/movements"]
)
def test_what_is_no_json_is_refused_at_once(filled: Api, path: str, raw: bytes) -> None:
    began = time.perf_counter()
    refused = filled.post(path, raw=raw)
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")
    assert time.perf_counter() - began < 0.5
    assert unchanged(filled)


@pytest.mark.parametrize("raw", NO_OBJECT)
def test_json_that_is_no_object_is_refused(filled: Api, raw: bytes) -> None:
    for path in ("/api/v1/orders", "/api/v1/skus", "/api/v1/skus/CF-001/movements"):
        refused = filled.post(path, raw=raw)
        assert (refused.status_code, code_of(refused)) == (422, "invalid_request")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"customer_id":"w","customer_id":"w","lines":[{"sku":"CF-001","quantity":1}]}',
        b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":1,"quantity":2}]}',
        b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":1}],"\\u006cines":[]}',
        b'{"customer_id":"\\ud800","lines":[{"sku":"CF-001","quantity":1}]}',
        b'{"customer_id":"w\\udc00","lines":[{"sku":"CF-001","quantity":1}]}',
        b'{"customer_id":"w","lines":[{"sku":"\\ud83d","quantity":1}]}',
        b'{"customer_id":"w","lines":[{"sku":"CF-001","quantity":1}],"remark":"\\uDEAD"}',
        b'{"customer_id":"w","\\ud800":1,"lines":[{"sku":"CF-001","quantity":1}]}',
    ],
)
def test_twice_given_fields_and_half_characters_are_refused(filled: Api, raw: bytes) -> None:
    refused = filled.post("/api/v1/orders", raw=raw)
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert unchanged(filled)


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
    assert unchanged(filled)


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
    assert unchanged(filled)
    assert len(filled.get("/api/v1/skus").json["items"]) == 1


@pytest.mark.parametrize("code", BAD_CODES, ids=repr)
def test_an_ill_formed_code_is_refused(filled: Api, code: Any) -> None:
    refused = filled.post("/api/v1/orders", order(lines=[{"sku": code, "quantity": 1}]))
    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    if code is not None:
        added = filled.post("/api/v1/skus", {"name": "x", "price_fen": 1, "code": code})
        assert (added.status_code, code_of(added)) == (422, "invalid_request")
    assert unchanged(filled)


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


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/jsonx"}, 415),
        ({"Content-Type": "application/vnd.api+json"}, 415),
        ({"Content-Type": "application/json; charset=gbk"}, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "gzip, identity"}, 415),
        ({"Content-Encoding": "identity"}, 201),
        ({"Content-Type": "application/json;charset=UTF-8"}, 201),
        ({"Content-Type": "Application/JSON"}, 201),
    ],
    ids=str,
)
def test_only_plain_json_is_read(filled: Api, headers: dict[str, str], status: int) -> None:
    response = filled.post("/api/v1/orders", order(), headers=headers)
    assert response.status_code == status
    if status == 415:
        assert code_of(response) == "unsupported_media_type"


def test_a_body_of_a_mebibyte_is_too_large(filled: Api) -> None:
    body = json.dumps(order(remark="x" * (1 << 20))).encode()
    refused = filled.post("/api/v1/orders", raw=body)
    assert (refused.status_code, code_of(refused)) == (413, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        {f"f{n}": 0 for n in range(60_000)},
        order(lines=[{"sku": "", "q": 0}] * 30_000),
        order(lines=[{"sku": "CF-001", "quantity": 1}] * 25_000),
        {"customer_id": "w", "lines": [{"sku": "x" * 500_000, "quantity": 1}]},
        order(customer_id="e" + "\u0301" * 300_000),
    ],
    ids=["fields", "lines at fault", "lines", "code", "combining"],
)
def test_a_large_body_is_refused_fast_and_in_few_words(filled: Api, body: dict[str, Any]) -> None:
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    began = time.perf_counter()
    refused = filled.post("/api/v1/orders", raw=raw)
    assert refused.status_code == 422
    assert time.perf_counter() - began < 1
    assert len(refused.data) < 10_000


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
_LINES = st.fixed_dictionaries(
    {"sku": _VALUES, "quantity": _VALUES}, optional={"price_fen": _VALUES}
)
_ORDERS = st.fixed_dictionaries(
    {"customer_id": _VALUES, "lines": st.lists(_LINES, max_size=3) | _VALUES},
    optional={"contact": _VALUES, "remark": _VALUES, "channel": _VALUES},
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=_ORDERS.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=200))
def test_no_order_whatever_is_a_fault_of_ours(filled: Api, raw: bytes) -> None:
    response = filled.post("/api/v1/orders", raw=raw)
    assert response.status_code == 201 or code_of(response) == "invalid_request"
    assert response.status_code < 500
