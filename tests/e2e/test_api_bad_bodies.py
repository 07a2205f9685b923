"""Bodies that are no JSON, or not what they pretend to be: refused at once, and nothing changes."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.conftest import Api, code_of

BOM = b"\xef\xbb\xbf"
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
LINE = {"sku": "CF-001", "quantity": 1}
SLOW_S = 5  # what goes wrong here takes minutes; a busy machine, a second


@pytest.fixture
def api(both: Api) -> Api:
    """Whatever is true here is true of both entrances."""
    return both


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: nothing in here gets as far as the database's own opinion."""
    return sqlite_url


def order(**fields: Any) -> dict[str, Any]:
    body = {"customer_id": "w", "lines": [LINE], **fields}
    return {name: value for name, value in body.items() if value is not ...}


@pytest.mark.parametrize("raw", NOT_JSON, ids=lambda raw: repr(raw[:24]))
@pytest.mark.parametrize(
    "path", ["/api/v1/orders", "/api/v1/skus", "/api/v1/skus/CF-001/movements"]
)
def test_what_is_no_json_is_refused_at_once(filled: Api, path: str, raw: bytes) -> None:
    began = time.perf_counter()
    refused = filled.post(path, raw=raw)
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")
    assert time.perf_counter() - began < SLOW_S
    assert filled.untouched()


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
    assert filled.untouched()


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
    assert time.perf_counter() - began < SLOW_S
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
