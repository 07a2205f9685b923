"""JSON as it comes in: strict, and told apart from what only looks like it."""

import math
from typing import Any

import pytest

from webhooks.api import bodies
from webhooks.api.problems import ProblemError


def refused(raw: bytes) -> tuple[int, Any]:
    with pytest.raises(ProblemError) as caught:
        bodies.decode(raw)
    problem = caught.value.problem
    faults = problem.members.get("errors")
    return problem.status, [fault["field"] for fault in faults] if faults else None


def test_an_object_comes_out_as_it_is() -> None:
    raw = '{"a": [1, 2.0, 1e3, true, null, "王\\u0041\\ud83d\\ude00"], "": {}}'.encode()
    assert bodies.decode(raw) == {"a": [1, 2.0, 1000.0, True, None, "王A😀"], "": {}}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"a":NaN}', b"[" * 200_000, b'{"a":"\n"}']
)
def test_what_is_no_json_is_400(raw: bytes) -> None:
    assert refused(raw) == (400, None)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"[]", ""),
        (b"null", ""),
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "a"),
        (b'{"a": ["x", "\\ud800"]}', "a.1"),
        (b'{"a": {"\\udfff": 1}}', "a.\\udfff"),
        (b'{"a": "\\ude00\\ud83d"}', "a"),
        (b'{"a": {%s}}' % b",".join(b'"%d": 0' % n for n in range(65)), ""),
    ],
)
def test_what_is_json_but_nothing_we_read_is_422_with_its_place(raw: bytes, field: str) -> None:
    assert refused(raw) == (422, [field])


@pytest.mark.parametrize(
    "number",
    [
        "9" * 31,
        "-" + "9" * 31,
        "9" * 5000,
        "1e400",
        "1e-400",
        "-4e-325",
        "0.0e99999999999999999999",
        "2.00000000000000000001",
        "0." + "9" * 99,
    ],
)
def test_a_number_that_only_rounds_to_a_whole_one_is_none(number: str) -> None:
    value = bodies.decode(b'{"a": %s}' % number.encode())["a"]
    assert not float(value).is_integer()


@pytest.mark.parametrize(
    "number", ["2.0", "2.000000000000000000000", "1e3", "20e-1", "1" + "0" * 20 + "e-20"]
)
def test_a_whole_number_written_at_length_is_one(number: str) -> None:
    value = bodies.decode(b'{"a": %s}' % number.encode())["a"]
    assert float(value).is_integer()
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("content_type", "encoding", "fine"),
    [
        ("application/json", "", True),
        ("application/json; charset=utf-8", "identity", True),
        ('application/json; charset="UTF-8"', "", True),
        ("APPLICATION/JSON ;x=y", "", True),
        ("", "", False),
        ("text/json", "", False),
        ("application/json; charset=gb18030", "", False),
        ("application/json, text/plain", "", False),
        ("application/json", "gzip", False),
        ("application/json", "GZIP", False),
    ],
)
def test_only_plain_json_is_read(content_type: str, encoding: str, fine: bool) -> None:  # noqa: FBT001  (a table's column)
    if fine:
        bodies.check_type(content_type, encoding)
        return
    with pytest.raises(ProblemError) as caught:
        bodies.check_type(content_type, encoding)
    assert caught.value.problem.status == 415


def test_what_goes_out_is_compact_and_readable() -> None:
    assert bodies.encode({"名": "王", "a": [1, None]}) == '{"名":"王","a":[1,null]}'.encode()
