"""The API describes itself: /openapi.json and /docs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Api
from webhooks.api.problems import TITLES

PUBLIC = {
    ("get", "/api/v1/products"),
    ("get", "/api/v1/products/{product_id}"),
    ("get", "/api/v1/categories"),
    ("post", "/api/v1/orders"),
    ("get", "/api/v1/orders/{order_no}"),
    ("post", "/api/v1/orders/{order_no}/cancel"),
    ("post", "/api/v1/orders/{order_no}/payments"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}
MANAGED = {
    ("get", "/api/v1/skus"),
    ("post", "/api/v1/skus"),
    ("get", "/api/v1/skus/{code}"),
    ("put", "/api/v1/skus/{code}"),
    ("patch", "/api/v1/skus/{code}"),
    ("delete", "/api/v1/skus/{code}"),
    ("patch", "/api/v1/products/{product_id}"),
    ("post", "/api/v1/skus/{code}/movements"),
    ("get", "/api/v1/movements"),
    ("get", "/api/v1/orders"),
    ("get", "/api/v1/orders.csv"),
    ("post", "/api/v1/orders/{order_no}/ship"),
    ("post", "/api/v1/orders/{order_no}/mark_paid"),
    ("post", "/api/v1/orders/{order_no}/complete"),
    ("get", "/api/v1/reports/summary"),
    ("get", "/api/v1/events"),
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the database has no say in this."""
    return sqlite_url


@pytest.fixture
def spec(api: Api) -> dict[str, Any]:
    answer = api.get("/openapi.json", token=None)
    assert answer.headers["Content-Type"] == "application/json"
    document: dict[str, Any] = answer.json
    return document


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for item in value if isinstance(value, list) else []:
        yield from walk(item)


def test_every_route_is_described(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1.")
    described = {(method, path) for method, path, _ in operations(spec)}
    assert described == PUBLIC | MANAGED


def test_what_managers_do_says_how_to_sign_in(spec: dict[str, Any]) -> None:
    for method, path, operation in operations(spec):
        ways = {name for way in operation.get("security", []) for name in way}
        assert ways <= spec["components"]["securitySchemes"].keys()
        assert ("admin" in ways) == ((method, path) in MANAGED or "{order_no}" in path)
        assert ("401" in operation["responses"]) >= ((method, path) in MANAGED)


def test_the_description_is_sound(spec: dict[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    ids = [operation["operationId"] for _, _, operation in operations(spec)]
    assert len(set(ids)) == len(ids)
    for node in walk(spec):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/components/schemas/") in schemas
    for _, path, operation in operations(spec):
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))
        assert operation["summary"]
        assert operation["responses"]
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[2-5]\d\d", status)
            assert response["description"]


def test_errors_are_described_as_problems(spec: dict[str, Any]) -> None:
    for _, path, operation in operations(spec):
        for status, response in operation["responses"].items():
            if status[0] in "45" and path != "/readyz":
                (kind,) = response["content"]
                assert kind == "application/problem+json"


def test_required_bodies_are_told_from_optional_ones(spec: dict[str, Any]) -> None:
    bodies = {
        path: operation["requestBody"]["required"]
        for method, path, operation in operations(spec)
        if method == "post"
    }
    assert bodies["/api/v1/orders"] is True
    assert bodies["/api/v1/orders/{order_no}/ship"] is False
    assert bodies["/api/v1/orders/{order_no}/cancel"] is False


def test_bounds_and_unknown_fields_are_described(spec: dict[str, Any]) -> None:
    assert spec["components"]["schemas"]["OrderIn"]["additionalProperties"] is False
    quantity = spec["components"]["schemas"]["LineIn"]["properties"]["quantity"]
    assert (quantity["type"], quantity["minimum"], quantity["maximum"]) == ("integer", 1, 9999)


def test_the_page_shows_every_route_and_error_and_needs_no_other_host(
    api: Api, spec: dict[str, Any]
) -> None:
    page = api.get("/docs", token=None)
    assert page.headers["Content-Type"].startswith("text/html")
    for method, path, _ in operations(spec):
        assert path in page.text
        assert method.upper() in page.text
    for code in TITLES:
        assert f'id="{code}"' in page.text
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text.split("<body>")[0])
    assert "<script" not in page.text
    sheet = re.search(r'href="([^"]+\.css)', page.text)
    assert sheet is not None
    assert api.get(sheet[1], token=None).status_code == 200
