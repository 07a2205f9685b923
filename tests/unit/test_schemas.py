"""The shapes of the API: what is taken, what it becomes, and what is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from store.ordering.requests import MAX_QUANTITY
from webhooks.api import cursors
from webhooks.api.parameters import IdempotencyHeader
from webhooks.api.problems import ProblemError, of_validation
from webhooks.api.schemas import LineIn, MovementIn, OrderIn, SkuIn, SkuPatchIn, SkuPut


def faults(model: type[BaseModel], value: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    members = of_validation(caught.value).members
    return {fault["field"]: fault["message"] for fault in members["errors"]}


def test_an_order_becomes_what_the_store_decides_on() -> None:
    body = OrderIn.model_validate(
        {
            "customer_id": "王",
            "lines": [{"sku": " ａ/b ", "quantity": 2.0}],
            "contact": {"name": " 王  小明 ", "phone": "１３８-1234"},
            "remark": " 快\n一点 ",
        }
    )
    assert body.lines[0] == LineIn(sku="A/B", quantity=2)
    assert type(body.lines[0].quantity) is int
    assert body.contact is not None
    assert (body.contact.name, body.contact.phone, body.contact.address) == (
        "王 小明",
        "138-1234",
        "",
    )
    assert (body.remark, body.channel) == ("快 一点", "api")


def test_every_field_at_fault_is_named_at_once() -> None:
    assert faults(
        OrderIn,
        {
            "customer_id": "",
            "lines": [{"sku": "..", "quantity": "2"}, {"quantity": 0, "price_fen": True, "x": 1}],
            "channel": "fax",
            "contact": {"phone": "call me"},
        },
    ) == {
        "customer_id": "must not be empty",
        "lines.0.sku": "is not allowed",
        "lines.0.quantity": "must be a whole number",
        "lines.1.sku": "is required",
        "lines.1.quantity": "must be at least 1",
        "lines.1.price_fen": "must be a whole number",
        "lines.1.x": "is not known here",
        "channel": "must be one of 'api', 'h5', 'chat' or 'pos'",
        "contact.name": "is required",
        "contact.phone": "has characters that are not allowed",
    }


def test_a_refusal_never_repeats_what_was_sent() -> None:
    secret = "sk_live_0123456789"
    for value in ({"customer_id": f"{secret}\x00"}, {"lines": secret}, {"channel": secret}):
        assert secret not in str(faults(OrderIn, value))


def test_a_long_list_of_faults_is_cut() -> None:
    assert len(faults(OrderIn, {"lines": [{}] * 100})) == 50


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.none()))
def test_a_quantity_is_whole_and_within_bounds_or_refused(value: Any) -> None:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    if whole and 1 <= value <= MAX_QUANTITY:
        assert LineIn.model_validate({"sku": "A", "quantity": value}).quantity == value
    else:
        assert "quantity" in faults(LineIn, {"sku": "A", "quantity": value})


@pytest.mark.parametrize("kind", ["restock", "deduct"])
def test_nothing_is_no_movement_but_a_count(kind: str) -> None:
    assert faults(MovementIn, {"kind": kind, "quantity": 0}) == {"quantity": "must be at least 1"}
    assert MovementIn.model_validate({"kind": "stocktake", "quantity": 0}).quantity == 0


@pytest.mark.parametrize("model", [SkuPut, SkuPatchIn])
def test_stock_is_no_editable_field(model: type[BaseModel]) -> None:
    with pytest.raises(ProblemError) as caught:
        model.model_validate({"stock": 1, "name": 7})
    assert caught.value.problem.code == "use_movements"


def test_null_is_no_value_of_a_field_to_change() -> None:
    with pytest.raises(ProblemError) as caught:
        SkuPatchIn.model_validate({"name": None, "specs": None})
    named = [fault["field"] for fault in caught.value.problem.members["errors"]]
    assert named == ["name", "specs"]
    assert SkuPatchIn.model_validate({}).name is None


def test_a_new_sku_needs_a_name_and_a_price() -> None:
    assert faults(SkuIn, {}) == {"name": "is required", "price_fen": "is required"}
    least = SkuIn.model_validate({"name": "茶", "price_fen": 1})
    assert (least.stock, least.reorder_point, least.code, least.specs) == (0, None, None, {})


@pytest.mark.parametrize(
    ("key", "fine"),
    [("k", True), ("!~" * 127, True), ("", False), ("a b", False), ("é", False), ("k\n", False)],
)
def test_a_key_is_visible_ascii(key: str, fine: bool) -> None:  # noqa: FBT001  (a table's column)
    sent = {"Idempotency-Key": key}
    if fine:
        assert IdempotencyHeader.model_validate(sent).key == key
    else:
        assert "Idempotency-Key" in faults(IdempotencyHeader, sent)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_cursor_leads_back_to_its_list_only(position: int) -> None:
    cursor = cursors.seal("sku", position)
    assert cursor is not None
    assert cursors.open_("sku", cursor) == position
    with pytest.raises(ProblemError):
        cursors.open_("order", cursor)


@given(st.text(min_size=1, max_size=30))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with suppress(ProblemError):
        assert cursors.seal("sku", cursors.open_("sku", text)) == text
