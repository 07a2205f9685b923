"""Two bodies are the same request when they are the same JSON value."""

import json

import pytest

from store.idempotency import fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": 1000}', '{"a": 1e3}'),
        ('{"a": 0}', '{"a": -0.0}'),
        ('{"a": [{"q": 2.0}]}', '{"a": [{"q": 2}]}'),
        ('{"a": "\\u8336"}', '{"a": "茶"}'),
    ],
)
def test_order_of_members_and_form_of_numbers_do_not_matter(one: str, other: str) -> None:
    assert fingerprint(json.loads(one)) == fingerprint(json.loads(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": null}', "{}"),
        ('{"a": 1}', '{"a": 1.5}'),
        ('{"a": "x"}', '{"a": "x "}'),
        ('{"a": 9007199254740993}', '{"a": 9007199254740992}'),
    ],
)
def test_another_value_is_another_request(one: str, other: str) -> None:
    assert fingerprint(json.loads(one)) != fingerprint(json.loads(other))


def test_half_characters_have_a_fingerprint_too() -> None:
    assert fingerprint({"a": "\ud800"}) != fingerprint({"a": "\ud801"})
