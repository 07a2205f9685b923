"""What people may call things: no twins that look alike, nothing that hides, on any database."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import names
from store.errors import InvalidValueError

HIDDEN = {
    "newline": "a\nb",
    "carriage return": "a\rb",
    "tab": "a\tb",
    "NUL": "a\0b",
    "escape": "a\x1b[31mb",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "half a character": "a\ud800b",
    "right-to-left override": "a\u202eb",
    "right-to-left isolate": "a\u2067b",
    "right-to-left mark": "a\u200fb",
    "left-to-right mark": "a\u200eb",
    "arabic": "سعر",
    "hebrew": "מחיר",
    "zero-width space": "a\u200bb",
    "zero-width non-joiner": "a\u200cb",
    "zero-width joiner between letters": "a\u200db",
    "zero-width joiner between rare ideographs": "\U00020000\u200d\U00020001",
    "word joiner": "a\u2060b",
    "soft hyphen": "a\u00adb",
    "byte order mark": "\ufeffa",
    "tag letters": "a\U000e0041",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "grapheme joiner": "a\u034fb",
    "ideographic variation": "葛\U000e0100",
    "variation selector on a letter": "茶\ufe0f",
    "variation selector first": "\ufe0f茶",
    "variation selector 1": "茶\ufe00",
    "mongolian variation": "ᠠ\u180b",
    "private use": "a\ue000",
    "unassigned": "a\u0378",
    "noncharacter": "a\uffff",
    "zalgo": "b\u0301\u0302\u0303c",
    "zalgo of another script": "ก" + "\u0e49" * 5,
    "a mark on nothing": "\u0301abc",
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_what_hides_or_reorders_is_refused_in_every_text(text: str) -> None:
    for check in (
        names.product_name,
        names.category_path,
        lambda value: names.specs({"颜色": value}),
        lambda value: names.specs({value: "白"}),
    ):
        with pytest.raises(InvalidValueError):
            check(text)


@pytest.mark.parametrize(
    "text",
    [
        "咖啡豆",
        "Tom's 100% “茶” (小)·①²½",
        "emoji 🍵👨‍🌾👩🏽‍🍳🏳️‍🌈❤️☕︎1️⃣ ok",
        "Ünïcödé café",
        "ชาเขียว น้ำ",
        "हिन्दी चाय क्ष्म्य",
        "བོད་ཇ",
        "日本茶ガラス",
        "龘\U00020000",
        "x" * names.MAX_NAME,
    ],
)
def test_honest_names_are_kept_as_they_are(text: str) -> None:
    assert names.product_name(text) == unicodedata.normalize("NFC", text)


def test_blanks_around_and_between_are_one() -> None:
    assert names.product_name("  a \u3000\xa0 b ") == "a b"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("", "empty"), (" \u3000", "empty"), ("x" * 101, "length"), ("ΐ" * 41, "length")],
)
def test_a_name_has_1_to_100_characters(text: str, rule: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        names.product_name(text)
    assert (caught.value.field, caught.value.rule) == ("name", rule)


@pytest.mark.parametrize(
    "text", ["cf-001", " CF-001 ", "ｃｆ－００１", "Cf-001\u3000", "\tCF-001\n", "ＣＦ-００１"]
)
def test_spellings_of_a_code_are_one_code(text: str) -> None:
    assert names.sku_code(text) == "CF-001"


@pytest.mark.parametrize("text", ["1", "茶-1", "A/B", "A.B_C", "X" * 64, "〇", "..."])
def test_well_formed_codes(text: str) -> None:
    assert names.sku_code(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "X" * 65,
        "A B",
        "A+B",
        "A%B",
        "A?B",
        "A#B",
        "A:B",
        "A\\B",
        "A’B",
        "A–1",  # an en dash
        "A−1",  # a minus sign
        "А1",  # a Cyrillic А
        "Α1",  # a Greek Α
        "É",
        "A\u0301",
        "١",  # an Arabic digit
        "²",
        "⼀",  # a radical that looks like 一
        "ー",
        "カ",
        "🍵",
        "\U0002a6e0",  # no character yet: every font shows the same box
        "A\u200bB",
        "A\u202eB",
        "茶\ufe00",
        "茶\U000e0100",
        "A\0",
        "A\nB",
        ".",
        "..",
        "/A",
        "A/",
        "A/movements",
        "a/MOVEMENTS",
        "\ud800",
        "X" * 1_000_000,
    ],
)
def test_ill_formed_codes_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        names.sku_code(text)
    assert caught.value.field == "code"


@given(st.text(max_size=70))
def test_a_code_is_its_own_only_form(text: str) -> None:
    try:
        code = names.sku_code(text)
    except InvalidValueError:
        return
    assert names.sku_code(code) == code
    assert code == unicodedata.normalize("NFC", code)
    assert all(char.isascii() or unicodedata.category(char) in {"Lo", "Nl", "Cn"} for char in code)


@given(st.text(max_size=120))
def test_any_text_is_a_name_or_a_refusal(text: str) -> None:
    try:
        name = names.product_name(text)
    except InvalidValueError:
        return
    assert names.product_name(name) == name
    assert 1 <= len(name) <= names.MAX_NAME
    assert len(names.name_key(name)) <= names.MAX_KEY
    hiding = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert not [c for c in name if unicodedata.category(c) in hiding and c != "\u200d"]


def test_names_that_read_alike_have_one_key() -> None:
    assert len({names.name_key(name) for name in ("T恤", "Ｔ恤", "t恤", " T恤 ")}) == 1
    assert names.name_key("T恤 白") != names.name_key("T恤白")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("服装/上衣", "服装/上衣"),
        (" 服装 / 上衣 ", "服装/上衣"),
        ("服装／上衣/", "服装/上衣"),
        ("/", ""),
        ("", ""),
    ],
)
def test_category_paths(text: str, path: str) -> None:
    assert names.category_path(text) == path


def test_specs_keep_their_order_and_are_compared_without_it() -> None:
    specs = names.specs({" 尺寸 ": "L", "颜色": " 白色"})

    assert list(specs.items()) == [("尺寸", "L"), ("颜色", "白色")]
    assert names.specs_key(specs) == names.specs_key({"颜色": "白色", "尺寸": "ｌ"})
    assert names.specs_text(specs) == "L 白色"


@pytest.mark.parametrize(
    "specs",
    [
        {"a=b": "c"},
        {"a": "b;c"},
        {"a": "b=c"},
        {"": "c"},
        {"a": ""},
        {"a": "x" * 41},
        {"x" * 41: "a"},
        {"a": "1", "ａ": "2"},
        {str(n): "x" for n in range(9)},
        {str(n): "ΐ" * 40 for n in range(8)},
    ],
)
def test_specs_that_cannot_be_written_or_told_apart_are_refused(specs: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError):
        names.specs(specs)
