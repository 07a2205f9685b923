"""What customers see: products, categories, and what managers say about them."""

import pytest

from tests.e2e.conftest import Api, code_of

PRODUCT_FIELDS = {"id", "name", "description", "category", "image_url", "skus"}
SUMMARY_FIELDS = {"orders", "units", "revenue_fen", "paid_fen", "cancelled", "top_sellers"}


@pytest.fixture
def shelves(api: Api) -> Api:
    """Two shirts, a coffee that is sold out, a tea that is off sale."""
    for size in ("S", "L"):
        api.add_sku(f"TS-{size}", name="T恤", specs={"尺寸": size}, category="服装/上衣")
    api.add_sku("CF", name="咖啡豆", category="饮料", stock=0)
    api.add_sku("TEA", name="红茶", category="饮料/茶")
    api.call("DELETE", "/api/v1/skus/TEA")
    return api


def test_delisted_is_absent_and_sold_out_stays(shelves: Api) -> None:
    page = shelves.get("/api/v1/products", token=None).json
    assert [product["name"] for product in page["items"]] == ["T恤", "咖啡豆"]
    assert page["next_cursor"] is None
    shirt, coffee = page["items"]
    assert shirt.keys() == PRODUCT_FIELDS
    assert shirt["skus"] == [
        {"code": "TS-S", "specs": {"尺寸": "S"}, "price_fen": 8800, "available": 10},
        {"code": "TS-L", "specs": {"尺寸": "L"}, "price_fen": 8800, "available": 10},
    ]
    assert coffee["skus"][0]["available"] == 0


def test_products_are_found_by_words_and_category(shelves: Api) -> None:
    def found(query: str) -> list[str]:
        items = shelves.get(f"/api/v1/products?{query}", token=None).json["items"]
        return [product["name"] for product in items]

    assert found("q=咖啡") == ["咖啡豆"]
    assert found("q=kfd") == ["咖啡豆"]
    assert found("category=服装") == ["T恤"]
    assert found("category=服") == []
    assert found("q=红茶") == []
    first = shelves.get("/api/v1/products?limit=1").json
    assert found(f"limit=1&cursor={first['next_cursor']}") == ["咖啡豆"]


def test_a_product_says_what_its_specs_may_be(shelves: Api) -> None:
    number = shelves.get("/api/v1/products").json["items"][0]["id"]
    product = shelves.get(f"/api/v1/products/{number}", token=None).json
    assert product.keys() == PRODUCT_FIELDS | {"spec_schema"}
    assert product["spec_schema"] == {"尺寸": {"values": None, "required": True}}


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.0", "9" * 18, "9" * 30, "%00", "１"])
def test_a_product_nobody_has_is_not_found(shelves: Api, number: str) -> None:
    answer = shelves.get(f"/api/v1/products/{number}", token=None)
    assert (answer.status_code, code_of(answer)) == (404, "not_found")
    edited = shelves.call("PATCH", f"/api/v1/products/{number}", {"description": "x"})
    assert edited.status_code == 404


def test_categories_are_a_tree_with_counts(shelves: Api) -> None:
    top = shelves.get("/api/v1/categories", token=None).json
    assert top["items"] == [
        {"path": "服装", "name": "服装", "count": 1, "leaf": False},
        {"path": "饮料", "name": "饮料", "count": 1, "leaf": True},
    ]
    below = shelves.get("/api/v1/categories?parent=服装", token=None).json["items"]
    assert below == [{"path": "服装/上衣", "name": "上衣", "count": 1, "leaf": True}]
    first = shelves.get("/api/v1/categories?limit=1").json
    rest = shelves.get(f"/api/v1/categories?limit=1&cursor={first['next_cursor']}").json
    assert [first["items"][0]["name"], rest["items"][0]["name"]] == ["服装", "饮料"]
    assert rest["next_cursor"] is None


def test_a_manager_edits_a_product_for_all_its_skus(shelves: Api) -> None:
    number = shelves.get("/api/v1/products").json["items"][0]["id"]
    rules = {"尺寸": {"values": ["S", "M", "L"]}, "包装": {"values": None, "required": False}}
    edited = shelves.call(
        "PATCH",
        f"/api/v1/products/{number}",
        {"name": "短袖", "description": "纯棉\n可机洗", "category": "夏装", "spec_schema": rules},
    )
    assert edited.status_code == 200, edited.text
    assert (edited.json["name"], edited.json["category"]) == ("短袖", "夏装")
    assert edited.json["description"] == "纯棉\n可机洗"
    assert edited.json["spec_schema"]["包装"] == {"values": None, "required": False}
    assert shelves.get("/api/v1/skus/TS-L").json["name"] == "短袖"
    taken = shelves.call("PATCH", f"/api/v1/products/{number}", {"name": "咖啡豆"})
    assert (taken.status_code, code_of(taken)) == (409, "name_taken")
    narrow = {"spec_schema": {"尺寸": {"values": ["S"]}}}
    refused = shelves.call("PATCH", f"/api/v1/products/{number}", narrow)
    assert (refused.status_code, code_of(refused)) == (422, "spec_not_allowed")


def test_a_summary_adds_up_the_period(shelves: Api) -> None:
    shelves.order("TS-S", 2)
    shelves.order("TS-L", 1)
    today = shelves.get("/api/v1/reports/summary?period=today").json
    assert today.keys() > SUMMARY_FIELDS
    assert (today["orders"], today["units"], today["revenue_fen"]) == (2, 3, 26400)
    assert today["from"] == "2026-03-02T00:00:00+08:00"
    assert today["to"] == "2026-03-03T00:00:00+08:00"
    assert [seller["sku"] for seller in today["top_sellers"]] == ["TS-S", "TS-L"]
    assert [sku["sku"] for sku in today["sold_out"]] == ["CF"]
    assert shelves.get("/api/v1/reports/summary?period=yesterday").json["orders"] == 0
    for period in ("this_week", "last_month", "last_7_days", "03-01..03-02", "03-02", "03"):
        answer = shelves.get(f"/api/v1/reports/summary?period={period}")
        assert (answer.status_code, answer.json["period"]) == (200, period)
