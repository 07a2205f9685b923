"""Money is whole fen; yuan exists only as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import money


@pytest.mark.parametrize(
    ("text", "fen"),
    [("88", 8800), ("88.5", 8850), ("88.00", 8800), ("0.01", 1), (" 7 ", 700), ("007", 700)],
)
def test_plain_decimal_yuan_are_read(text: str, fen: int) -> None:
    assert money.parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".5",
        "5.",
        "1.234",
        "-1",
        "+1",
        "1e3",
        "1_0",
        "1,000",
        "１２",
        "١",
        "²",
        "NaN",
        "inf",
        "88元",
        "0x10",
        "1 0",
        "9" * 10,
        "9" * 5000,
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    assert money.parse_yuan(text) is None


@pytest.mark.parametrize(
    ("fen", "long", "short"),
    [
        (8800, "88.00", "88"),
        (990, "9.90", "9.90"),
        (5, "0.05", "0.05"),
        (0, "0.00", "0"),
        (-1205, "-12.05", "-12.05"),
    ],
)
def test_yuan_are_written_for_files_and_for_chat(fen: int, long: str, short: str) -> None:
    assert (money.to_yuan(fen), money.short_yuan(fen)) == (long, short)


@given(st.integers(min_value=0, max_value=money.MAX_PRICE_FEN))
def test_what_is_written_is_read_again(fen: int) -> None:
    assert money.parse_yuan(money.to_yuan(fen)) == fen
    assert money.parse_yuan(money.short_yuan(fen)) == fen


def test_the_largest_order_is_an_exact_number_everywhere() -> None:
    assert money.MAX_PRICE_FEN * 50 * 9999 < 2**53
