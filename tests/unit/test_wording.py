"""Words on their way into a chat: nobody is notified, nothing leads away, nothing gets lost."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.platforms.wording import harmless, markdown_table, plain_table, split

OWN = "https://shop.example"

PINGS = {
    '<at user_id="all">所有人</at>': '＜at user_id="all">所有人＜/at>',
    "< AT id=ou_x></ at >": "＜ AT id=ou_x>＜/ at >",
    "<@zhangsan> 来": "＜@zhangsan> 来",
    "<person id=ou_x>": "＜person id=ou_x>",
    "@all @ALL @_all @everyone": "＠all ＠ALL ＠_all ＠everyone",
    "@所有人：上新": "＠所有人：上新",
    "@_user_1": "＠_user_1",
}
LINKS = {
    "http://evil.com/a?b=c": "http：//evil．com/a?b=c",
    "HTTPS://evil.example": "HTTPS：//evil.example",
    "weixin://dl/business": "weixin：//dl/business",
    "https:\\\\evil.com": "https：\\\\evil．com",
    "www.evil.md": "www．evil．md",
    "WWW.库存.csv": "WWW．库存.csv",
    "evil.com": "evil．com",
    "看evil.COM好": "看evil．COM好",
    "a.cn.evil.com.cn": "a．cn.evil．com．cn",
    "淘宝.com 淘宝.中国 x.xn--p1ai": "淘宝．com 淘宝．中国 x．xn--p1ai",
    "mail@evil.com:80/x": "mail@evil．com:80/x",
    "192.168.1.10/x": "192．168．1．10/x",
    '<a href="//evil.com">点</a>': '＜a href="//evil．com">点＜/a>',
}
KEPT = [
    "CF.001",
    "A.B_C 茶.1 TX.RED.L TX.XL",
    "12.50 ¥12.50元 12.5kg 1,234.00",
    "版本 1.2.3 2026.01.02 256.1.1.1 1.2.3.4.5",
    "库存.csv 订单.xlsx 图.zip photo.JPG",
    "好的。No. 1, e.g. this one. p.m. U.S.A",
    "3 < 5 > 2, a@b, 小王@店",
    "10:30",
]


@pytest.mark.parametrize(("text", "shown"), (PINGS | LINKS).items())
def test_who_would_be_notified_and_what_would_lead_away_is_only_readable(
    text: str, shown: str
) -> None:
    assert harmless(text) == shown
    assert harmless(text, own_url=OWN) == shown


@pytest.mark.parametrize("text", KEPT)
def test_codes_prices_dates_and_file_names_stay_as_they_are(text: str) -> None:
    assert harmless(text, own_url=OWN) == text


@pytest.mark.parametrize(
    "text",
    [
        OWN,
        f"{OWN}/o/1?t=a-b_c%20d#x",
        f"见 {OWN}?x=1，谢谢",
        f"见 {OWN}。",
        f"({OWN}) [后台]({OWN}/admin) {OWN}，好",
        f"{OWN}/evil.com",
    ],
)
def test_addresses_of_our_own_stay(text: str) -> None:
    assert harmless(text, own_url=OWN) == text
    assert harmless(text, own_url=f"{OWN}/") == text
    assert harmless(text) != text


@pytest.mark.parametrize(
    "text",
    [
        f"{OWN}.evil.com",
        f"{OWN}。evil.com",
        f"{OWN}．evil．com",
        f"{OWN}-evil.com",
        f"{OWN}@evil.com",
        f"{OWN}:8080/",
        f"{OWN}:x@evil.com/",
        f"{OWN}\\@evil.com",
        f"{OWN}é.com",
        f"x{OWN}/",
        "https://shopXexample/",
        f"{OWN[:-1]}",
        f"{OWN}/a,http://evil.com",
    ],
)
def test_what_only_looks_like_our_own_address_does_not_pass(text: str) -> None:
    assert harmless(text, own_url=OWN) != text
    assert "evil.com" not in harmless(text, own_url=OWN)


BITS = st.sampled_from(
    [
        *"<>/@_.: ，。a中1-\\?#",
        "at",
        "all",
        "所有人",
        "://",
        "www.",
        "evil",
        ".com",
        ".cn",
        OWN,
        "1.2",
    ]
)
BAD = re.compile(
    r"<\s*/?\s*(@|at\b|a\b)|@_?all|@所有人|@everyone|://|www\.\S|\S\.(com|cn)(?![a-z0-9])",
    re.IGNORECASE,
)


@given(st.lists(BITS, max_size=30).map("".join) | st.text())
@settings(max_examples=400)
@example(f"{OWN}<at")
@example(f"<{OWN} at")
def test_making_harmless_twice_is_once_and_leaves_nothing(text: str) -> None:
    shown = harmless(text)

    assert harmless(shown) == shown
    assert BAD.search(shown) is None
    assert len(shown) == len(text)
    ours = harmless(text, own_url=OWN)
    assert harmless(ours, own_url=OWN) == ours
    # A letter in its place: without it a bracket before it would meet what stands behind.
    assert BAD.search(re.sub(re.escape(OWN) + r"[\w\-./?#]*", "o", ours, flags=re.ASCII)) is None


def test_a_hostile_text_costs_no_more_than_a_moment() -> None:
    for text in ("<" + " " * 50_000, "." * 50_000, "a." * 25_000, "1." * 25_000, f"{OWN}." * 3000):
        assert len(harmless(text, own_url=OWN)) == len(text)


def test_a_table_keeps_its_shape_whatever_its_cells_hold() -> None:
    head, rows = ("编码", "可售"), (("A|B", "3"), ("C\nD", "1,200"))

    assert markdown_table(head, rows).splitlines() == [
        "| 编码 | 可售 |",
        "| :--- | ---: |",
        "| A｜B | 3 |",
        "| C D | 1,200 |",
    ]
    assert plain_table(head, rows).splitlines() == ["编码 ｜ 可售", "A｜B ｜ 3", "C D ｜ 1,200"]
    assert markdown_table(("编码",), ()).splitlines() == ["| 编码 |", "| :--- |"]


@given(st.text(max_size=600), st.integers(64, 300))
@settings(max_examples=300)
@example("\n" * 200, 64)
@example("```\n" + "x" * 300, 64)
@example("`" * 300 + "\n" + "x" * 300, 64)
@example("```" + "长" * 200 + "\n" + "x" * 300 + "\n```\n" + "好" * 50, 64)
@example("|a|\n|-|\n" + "|b|\n" * 100, 64)
@example(f"|{'长' * 20}|\n|-|\n" + "|b|\n" * 30, 64)
@example("e" + "\u0301" * 400, 64)
@example("x" * 9000, 64)
@example("\ud800" * 100, 64)
def test_pieces_fit_are_numbered_and_never_empty(text: str, most: int) -> None:
    pieces = split(text, most)

    for number, piece in enumerate(pieces, 1):
        assert piece
        assert len(piece.encode("utf-8", "surrogatepass")) <= most
        assert len(pieces) == 1 or piece.startswith(f"({number}/{len(pieces)})\n")
    assert bool(pieces) == bool(text)


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="`~|"), max_size=600)


@given(PLAIN, st.integers(64, 300))
@settings(max_examples=300)
@example("一行\n" * 100, 64)
@example("👨‍👩‍👧‍👦🇨🇳👍🏽e\u0301" * 20, 64)
def test_pieces_without_their_numbers_are_the_text(text: str, most: int) -> None:
    assert "".join(_bodies(split(text, most))) == text


HEAD = "| 编码 | 可售 |\n| :--- | ---: |\n"
ROWS = st.lists(
    st.integers(0, 10**12).map(lambda units: f"| 茶-{units} | {units} |\n"), max_size=40
)
CODE = st.lists(st.text("ab好 ", max_size=90).map(lambda line: f"{line}\n"), max_size=30)
PROSE = st.lists(
    st.text("文 字，", max_size=90).map(lambda line: f"{line}\n"), min_size=1, max_size=10
)


@given(PROSE, ROWS, CODE, PROSE, st.integers(200, 500))
@settings(max_examples=200)
def test_every_piece_of_code_and_of_a_table_can_be_read_by_itself(
    before: list[str], rows: list[str], code: list[str], after: list[str], most: int
) -> None:
    table = HEAD + "".join(rows) + "\n" if rows else ""
    text = "".join([*before, "\n", table, "```csv\n", *code, "```\n", *after])

    bodies = _bodies(split(text, most))

    for body in bodies:
        assert body.count("```") % 2 == 0
        assert HEAD in body or "| 茶" not in body
    assert "".join(_without_repeats(bodies)) == text


def _bodies(pieces: tuple[str, ...]) -> list[str]:
    if len(pieces) == 1:
        return list(pieces)
    return [re.sub(r"\A\(\d+/\d+\)\n(\n(?=\|))?", "", piece) for piece in pieces]


def _without_repeats(bodies: list[str]) -> list[str]:
    """Take out what a piece repeats or closes because of the one beside it."""
    for at in range(len(bodies) - 1):
        one, other = bodies[at : at + 2]
        if one.endswith("```") and other.startswith("```csv\n"):
            bodies[at : at + 2] = one.removesuffix("```"), other.removeprefix("```csv\n")
        elif "| 茶" in one.splitlines()[-1]:
            bodies[at + 1] = other.removeprefix(HEAD)
    return bodies


def test_lines_are_cut_only_where_no_piece_would_hold_them() -> None:
    long, short = "长，" * 60, "短行\n" * 20

    bodies = _bodies(split(f"{short}{long}\n{short}", 100))

    assert all(body.endswith(("短行\n", "，", "\n")) for body in bodies)
    assert max(len(body.encode()) for body in bodies) > 80


def test_a_long_line_begins_where_half_a_piece_is_free_and_no_other_line_is_cut() -> None:
    assert _bodies(split("短\n" * 5 + "长" * 30, 100)) == ["短\n" * 5, "长" * 30]
    free, full = split("短\n" * 5 + "长" * 60, 100), split("短\n" * 15 + "长" * 60, 100)
    assert _bodies(free)[0].count("长") > 10
    assert _bodies(full)[0].count("长") == 0


@pytest.mark.parametrize("sign", ["👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "e\u0301", "✌️", "1️⃣", "नि", "\r\n"])
def test_no_character_is_cut_in_half(sign: str) -> None:
    for shift in range(8):
        bodies = _bodies(split("x" * shift + sign * 60, 90))

        assert all(len(body.lstrip("x")) % len(sign) == 0 for body in bodies)
        assert not any(unicodedata.combining(body[0]) for body in bodies)


def test_what_fits_is_left_alone() -> None:
    assert split("好" * 30, 90) == ("好" * 30,)
    assert len(split("好" * 30 + "x", 90)) == 2
    assert split("", 90) == ()
    with pytest.raises(ValueError, match="too small"):
        split("x", 63)
