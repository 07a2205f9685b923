"""Feishu's cards: what people see is all there, within the limits, and can do nothing."""

import asyncio
import html
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Attachment, Button, Chart, Form, Input, Reply, Table
from bot.platforms.base import Letter, SendError
from bot.platforms.feishu import codes
from bot.platforms.feishu.cards import CARD_BYTES, ROBOT_BYTES, render
from bot.platforms.feishu.markup import as_markdown, as_plain, tame
from bot.platforms.feishu.pieces import marked_again, pieces
from bot.platforms.feishu.tokens import Tokens
from tests.fakes.feishu.card_rules import check_card

OWN = "https://shop.example"
FULL = Reply(
    title="库存不足",
    text="以下商品需要补货",
    fields=(
        ("商品", "咖啡豆"),
        ("现有", "3"),
        ("收货地址", "浙江省杭州市西湖区文三路 100 号 3 单元 502 室"),
    ),
    table=Table(("SKU", "现有"), (("CF-001", "3"), ("CF-002", "0"))),
    chart=Chart("bar", ("咖啡豆", "咖啡豆"), (3, 5)),
    buttons=(Button("忽略", "忽略 1"), Button("下架", "下架 CF-002", "danger")),
    form=Form(
        (Input("units", "数量", required=True),), Button("补货", "补货 KFD {units}", "primary")
    ),
)


def cards(reply: Reply, *, live: bool = True) -> list[dict[str, Any]]:
    most = CARD_BYTES if live else ROBOT_BYTES
    rendered = render(Letter("oc_1", reply, "k", card=7), own_url=OWN, live=live, most=most)
    return [card.content for card in rendered]


def elements(card: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            found.extend([part] if part.get("tag") == tag else [])
            part = list(part.values())
        for child in part if isinstance(part, list) else ():
            look(child)

    look(card)
    return found


def request_bytes(card: dict[str, Any]) -> int:
    content = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    body = {"receive_id": "oc_" + "0" * 32, "msg_type": "interactive", "content": content}
    return len(json.dumps({**body, "uuid": "0" * 50}, ensure_ascii=False).encode())


def shown(markdown: str) -> str:
    """What a client shows of markdown in which nothing is markup but our own bold and links."""
    return html.unescape(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown.replace("**", "")))


def test_every_part_of_a_reply_has_its_place_on_the_card() -> None:
    [card] = cards(FULL)
    check_card(card)
    assert card["header"] == {
        "title": {"tag": "plain_text", "content": "库存不足"},
        "template": "blue",
    }
    assert [part["tag"] for part in card["body"]["elements"]] == [
        "markdown",
        "column_set",
        "markdown",
        "chart",
        "table",
        "column_set",
        "form",
    ]
    pair = card["body"]["elements"][1]["columns"]
    assert [column["elements"][0]["content"] for column in pair] == [
        "**商品**\n咖啡豆",
        "**现有**\n3",
    ]
    assert elements(card, "table")[0]["rows"][1] == {"c0": "CF-002", "c1": "0"}


def test_buttons_carry_ids_and_no_commands() -> None:
    [card] = cards(FULL)
    _, danger, submit = elements(card, "button")
    assert danger["type"] == "danger"
    assert danger["behaviors"] == [
        {"type": "callback", "value": {"card": "7", "button": FULL.buttons[1].id}}
    ]
    assert submit["form_action_type"] == "submit"
    assert submit["behaviors"][0]["value"]["button"] == FULL.presses[-1].id
    assert submit["name"] == f"submit_7_{FULL.presses[-1].id}"
    assert "下架 CF-002" not in json.dumps(card, ensure_ascii=False)


def test_where_nothing_can_be_pressed_the_card_says_what_to_type() -> None:
    [card] = cards(FULL, live=False)
    check_card(card)
    assert elements(card, "button") == elements(card, "input") == []
    told = shown("\n".join(part["content"] for part in elements(card, "markdown")))
    assert "补货：发「补货 KFD 〈数量〉」" in told
    assert "下架：发「下架 CF-002」" in told


RESTOCK, DETAILS = (Button("补货 +20", "补货 KFD 20"),), (Button("详情", "订单 1033"),)


@pytest.mark.parametrize(
    ("reply", "colour"),
    [
        (Reply(title="t", text="x"), "blue"),
        (Reply(title="t", text="x", outcome="confirm"), "orange"),
        (Reply(title="t", text="x", error="insufficient_stock"), "red"),
        (Reply(title="t", text="x", outcome="confirm", error="wrong_state"), "red"),
        (Reply(title="t", text="x", intent="low_stock", buttons=RESTOCK), "orange"),
        (Reply(title="t", text="x", intent="low_stock"), "grey"),
        (Reply(title="t", text="x", intent="sold_out", buttons=RESTOCK), "red"),
        (Reply(title="t", text="x", intent="sold_out"), "grey"),
        (Reply(title="t", text="x", intent="orders_list", buttons=DETAILS), "blue"),
        (Reply(title="t", text="x", intent="order_show", buttons=RESTOCK + DETAILS), "blue"),
        (Reply(title="t", text="x", intent="order_show", buttons=DETAILS), "grey"),
        (Reply(title="t", text="x", intent="order_show"), "grey"),
    ],
)
def test_the_colour_tells_what_kind_of_answer_it_is(reply: Reply, colour: str) -> None:
    assert cards(reply)[0]["header"]["template"] == colour


def test_equal_labels_stay_two_points_of_a_chart() -> None:
    [card] = cards(FULL)
    points = elements(card, "chart")[0]["chart_spec"]["data"]["values"]
    assert points == [{"x": "咖啡豆", "y": 3}, {"x": "咖啡豆 ·2", "y": 5}]


def test_bars_lie_so_that_their_names_can_be_read_on_a_phone() -> None:
    chart = Chart("bar", tuple(map(str, range(8))), tuple(range(8)), "热销（件）")
    [element] = elements(cards(Reply(title="日报", chart=chart))[0], "chart")
    spec = element["chart_spec"]
    assert (spec["direction"], spec["xField"], spec["yField"]) == ("horizontal", "y", "x")
    assert spec["title"] == {"text": "热销（件）"}
    assert element["height"] == "290px"  # each has its 30


def test_a_line_stands_upright_and_a_chart_without_a_title_has_none() -> None:
    chart = Chart("line", ("一", "二"), (3, 4))
    [element] = elements(cards(Reply(title="日报", chart=chart))[0], "chart")
    spec = element["chart_spec"]
    assert (spec["xField"], spec["yField"]) == ("x", "y")
    assert spec.keys().isdisjoint({"direction", "title"})


def test_a_cell_is_never_cut_and_numbers_stand_on_the_right() -> None:
    rows = (("咖啡豆 500g", "12", "¥1,176.50", "-3"), ("滤纸", "0", "¥19", "无"))
    [card] = cards(Reply(title="库存", table=Table(("商品", "件数", "金额", "变化"), rows)))
    [table] = elements(card, "table")
    assert (table["row_height"], table["row_max_height"]) == ("auto", "999px")
    sides = [column.get("horizontal_align") for column in table["columns"]]
    assert sides == [None, "right", "right", None]
    check_card(card)


@pytest.mark.parametrize(
    ("value", "beside"),
    [("字" * 10, True), ("字" * 11, False), ("a" * 20, True), ("a" * 21, False), ("两\n行", False)],
)
def test_two_fields_share_a_row_only_where_neither_breaks(value: str, *, beside: bool) -> None:
    [card] = cards(Reply(title="订单", fields=(("金额", "¥12"), ("备注", value))))
    widths = [len(row["columns"]) for row in elements(card, "column_set")]
    assert widths == ([2] if beside else [1])


def test_a_field_to_fill_in_is_as_wide_as_the_card() -> None:
    [card] = cards(FULL)
    assert [field["width"] for field in elements(card, "input")] == ["fill"]
    check_card(card)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("count", [1, 200, 201, 1000])
def test_a_long_table_goes_over_several_cards_and_loses_no_row(count: int, *, live: bool) -> None:
    rows = tuple((f"CF-{number:04}", "雨前龙井 250 克礼盒装", "12") for number in range(count))
    made = cards(Reply(title="库存", table=Table(("SKU", "品名", "现有"), rows)), live=live)
    tables = [elements(card, "table") for card in made]
    assert [len(found) for found in tables] == [1] * len(made)
    told = [row["c0"] for found in tables for row in found[0]["rows"]]
    assert told == [row[0] for row in rows]
    assert all(len(found[0]["rows"]) <= 200 for found in tables)
    titles = [card["header"]["title"]["content"] for card in made]
    total = len(made)
    expected = [f"库存 ({n}/{total})" for n in range(1, total + 1)] if total > 1 else ["库存"]
    assert titles == expected


def test_a_wide_table_is_several_and_a_huge_cell_is_words() -> None:
    head = tuple(f"列{number}" for number in range(120))
    rows = (tuple(f"值{number}" for number in range(120)),)
    made = cards(Reply(title="宽", table=Table(head, rows)))
    widths = [len(table["columns"]) for card in made for table in elements(card, "table")]
    assert widths == [50, 50, 20]
    made = cards(Reply(title="长", table=Table(("备注",), (("很" * 9000,),))))
    told = "".join(part["content"] for card in made for part in elements(card, "markdown"))
    assert told.count("很") == 9000


@pytest.mark.parametrize(
    ("cells", "widths"),
    [
        (("12", "-2", "-196.80"), [None, "16%", "16%", "24%"]),  # a head is as wide as four digits
        (("120", "17+3", ""), [None, "16%", "16%", None]),
        (("1000000", "+1000000", "-1000000"), [None, "96px", "104px", "104px"]),  # scrolls instead
    ],
)
def test_columns_of_numbers_have_room_for_the_longest(
    cells: tuple[str, ...], widths: list[str | None]
) -> None:
    table = Table(("商品", "账面", "差异", "差额"), (("手冲壶", *cells), ("咖啡豆", "1", "2", "")))
    [card] = cards(Reply(title="盘点", table=table))
    [shown] = elements(card, "table")
    assert [column.get("width") for column in shown["columns"]] == widths


def test_a_title_or_label_too_long_for_its_place_is_shown_whole_elsewhere() -> None:
    title, label = "题" * 300, "按" * 300
    [card] = cards(Reply(title=title, text="x", buttons=(Button(label, "x"),)))
    check_card(card)
    assert "header" not in card
    told = [part["content"] for part in elements(card, "markdown")]
    assert told == [title, "x", label]


SPECIAL = "&<>*_~`[]()#|\\!{}$"


@pytest.mark.parametrize(
    "text",
    [
        SPECIAL,
        "<at id=all></at>",
        "<font color='red'>红</font>",
        "[领奖](x)",
        "**粗** _斜_ ~~删~~ `码`",
        "# 标题\n- 一\n+ 二\n1. 三\n> 引\n---\n    码",
        "&#60;at id=all&#62;",
        ":OK: :DONE:",
        "| a |\n|---|\n| b |",
        "![](img_v3_x)",
    ],
)
def test_markup_in_names_is_shown_and_does_nothing(text: str) -> None:
    marked = as_markdown(tame(text, OWN), OWN)
    bare = re.sub(r"&#\d+;", "§", marked)
    assert not set(bare) & set(SPECIAL)
    assert not re.search(r"^\s*(?:[-+=#>]|\d+[.)]|\s)", bare, re.MULTILINE)
    assert not re.search(r":\w+:", bare)
    assert html.unescape(marked).replace("\xa0", " ") == tame(text, OWN)


@given(st.text(st.sampled_from([*SPECIAL, "\n", " ", "-", "1", ".", ":", "a", "中", "\t"])))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    marked = as_markdown(tame(text, ""), "")
    assert not set(re.sub(r"&#\d+;", "", marked)) & set(SPECIAL)
    assert html.unescape(marked).replace("\xa0", " ") == tame(text, "")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("付款 https://shop.example/o/A_1?t=x*y 谢谢", ["https://shop.example/o/A_1?t=x"]),
        ("https://shop.example", ["https://shop.example"]),
        ("https://shop.example.evil.com/x", []),
        ("https://shop.example@evil.com", []),
        ("https://shop.example:81@evil.com", []),
        ("https://evil.com/https://shop.example/", ["https://shop.example/"]),
        ("https://evil.com", []),
    ],
)
def test_only_the_shops_own_address_is_a_link(text: str, links: list[str]) -> None:
    marked = as_markdown(tame(text, OWN), OWN)
    assert re.findall(r"\]\(([^)]*)\)", marked) == links
    rest = re.sub(r"\[[^\]]*\]\([^)]*\)", "", marked)
    assert "://" not in rest


def test_text_messages_make_neither_tags_nor_links() -> None:
    plain = as_plain(tame('<b>粗</b> <at user_id="all"></at> [a](b) 3 < 5', ""))
    assert "<b" not in plain
    assert "</" not in plain
    assert "](" not in plain
    assert "3 < 5" in plain


words = st.text(st.sampled_from('汉<*&"\\\n x1-\U0001f600'), max_size=40) | st.sampled_from(
    ["*" * 9000, '"' * 9000, "字" * 7000, "行\n" * 900, "\U0001f600" * 300]
)
buttons = st.builds(Button, words, words, st.sampled_from(["", "primary", "danger"]))
names = st.sampled_from([("a",), ("a", "b", "c")])
forms = st.builds(
    lambda found, label, button: Form(tuple(Input(name, label) for name in found), button),
    names,
    words,
    buttons,
)
tables = st.integers(1, 60).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[words] * width) if width < 5 else st.just(("列",) * width),
        st.lists(
            st.tuples(*[words] * width) if width < 5 else st.just(("*" * 30,) * width), max_size=9
        ).map(tuple),
    )
)
charts = st.integers(0, 400).map(lambda n: Chart("line", ("标签",) * n, tuple(range(n))))
replies = st.builds(
    Reply,
    title=words,
    text=words,
    fields=st.lists(st.tuples(words, words), max_size=12).map(tuple),
    table=st.none() | tables,
    chart=st.none() | charts,
    buttons=st.lists(buttons, max_size=12).map(tuple),
    form=st.none() | forms,
)


@settings(max_examples=25)
@given(replies, st.booleans())
def test_whatever_is_to_be_said_gives_cards_that_are_taken(reply: Reply, live: bool) -> None:  # noqa: FBT001  (hypothesis fills it)
    most = CARD_BYTES if live else ROBOT_BYTES
    made = cards(reply, live=live)
    for card in made if any((reply.title, reply.text.strip("\n"), reply.buttons)) else ():
        check_card(card)
        assert request_bytes(card) <= most
        assert json.loads(json.dumps(card)) == card


@pytest.mark.parametrize("chat_id", ["oc_1", "robot/orders"])
@pytest.mark.parametrize("reply", [FULL, Reply(text="长\n" * 30_000), Reply(title="只有标题")])
def test_the_same_letter_gives_the_same_pieces_before_and_after_a_doubt(
    chat_id: str, reply: Reply
) -> None:
    first = pieces(Letter(chat_id, reply, "k" * 8, card=7), OWN)
    assert first == pieces(Letter(chat_id, reply, "k" * 8, card=7, again=True), OWN)
    for piece in first:
        marked = marked_again(piece, "k" * 8)
        assert "编号 kkkkkkkk" in json.dumps(marked.content, ensure_ascii=False)
        if piece.kind == "interactive":
            check_card(dict(marked.content))


def test_words_of_any_length_are_texts_that_hold_them_all() -> None:
    said = pieces(Letter("robot/orders", Reply(text="长\n" * 30_000), "k"), OWN)
    assert {piece.kind for piece in said} == {"text"}
    assert sum(piece.text.count("长") for piece in said) == 30_000
    for piece in said:
        body = {
            "msg_type": "text",
            "content": piece.content,
            "sign": "x" * 44,
            "timestamp": "1" * 10,
        }
        assert len(json.dumps(body, ensure_ascii=False).encode()) < ROBOT_BYTES


def test_a_file_comes_after_what_it_belongs_to() -> None:
    file = Attachment("a.csv", "text/csv", b"1")
    said = pieces(Letter("oc_1", FULL, "k", attachment=file), OWN)
    assert [piece.kind for piece in said] == ["interactive", "file"]


LEAKY = "Access denied. Grant at https://open.feishu.cn/app/cli_a1/auth?q=im:message#secret"


@pytest.mark.parametrize(
    ("code", "status", "kind", "permanent", "gone", "unreachable"),
    [
        (99991400, 429, SendError, False, False, False),
        (99991400, 400, SendError, False, False, False),
        (230020, 400, SendError, False, False, False),
        (11232, 200, SendError, False, False, False),
        (11247, 400, SendError, False, False, False),
        (230049, 400, SendError, False, False, False),
        (18121, 400, SendError, False, False, False),
        (232096, 400, SendError, False, False, False),
        (99991663, 400, SendError, False, False, True),
        (1, 500, SendError, False, False, True),
        (99991672, 400, SendError, True, False, False),
        (230001, 400, SendError, True, False, False),
        (230022, 400, SendError, True, False, False),
        (230028, 400, SendError, True, False, False),
        (230053, 400, SendError, True, False, False),
        (230006, 400, SendError, True, True, False),
        (230013, 400, SendError, True, True, False),
        (232009, 400, SendError, True, True, False),
        (19001, 200, SendError, True, True, False),
        (19022, 200, SendError, True, False, False),
        (230011, 400, codes.RecalledError, True, False, False),
        (231003, 400, codes.RecalledError, True, False, False),
        (230099, 400, codes.CardRefusedError, True, False, False),
        (230025, 400, codes.CardRefusedError, True, False, False),
        (200621, 400, codes.CardRefusedError, True, False, False),
        (300305, 400, codes.CardRefusedError, True, False, False),
    ],
)
def test_each_code_has_its_consequence(  # noqa: PLR0917  (columns of a table)
    code: int,
    status: int,
    kind: type[SendError],
    permanent: bool,  # noqa: FBT001
    gone: bool,  # noqa: FBT001
    unreachable: bool,  # noqa: FBT001
) -> None:
    error = codes.failure(code, LEAKY, {"x-tt-logid": "20260101A"}, status)
    assert type(error) is kind
    assert (error.permanent, error.gone, error.unreachable) == (permanent, gone, unreachable)
    assert str(error) == f"code {code}: Access denied. Grant at (log id 20260101A)"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 1.0),
        ({"x-ogw-ratelimit-reset": "30"}, 30.0),
        ({"x-ogw-ratelimit-reset": "0"}, 1.0),
        ({"x-ogw-ratelimit-reset": "99999"}, 600.0),
        ({"x-ogw-ratelimit-reset": "1e9"}, 1.0),
        ({"x-ogw-ratelimit-reset": "٣"}, 1.0),
        ({"retry-after": "7"}, 7.0),
    ],
)
def test_the_platform_says_how_long_to_wait(headers: dict[str, str], wait_s: float) -> None:
    assert codes.failure(99991400, "", headers, 429).retry_after_s == wait_s


@pytest.mark.parametrize(
    "msg",
    ["Bearer t-g1044ghJRUIJJ5ELPNDPGN7ZHZXMJUZ", "文字 13800000000号", "a\nb\x1b[31m", "x" * 500],
)
def test_a_reason_holds_no_token_no_words_of_people_and_one_short_line(msg: str) -> None:
    reason = str(codes.failure(1, msg, {"x-tt-logid": "a\nb"}, 400))
    assert "t-g1044" not in reason
    assert "文" not in reason
    assert reason.isprintable()
    assert len(reason) < 120


@pytest.mark.parametrize(
    ("left_s", "used_s"), [(7200, 6600), (1800, 1200), (1200, 600), (600, 300), (2, 1)]
)
def test_a_token_is_renewed_in_good_time(left_s: float, used_s: float) -> None:
    at_s, fetched = [0.0], []

    async def fetch() -> tuple[str, float]:
        fetched.append(at_s[0])
        return f"t{len(fetched)}", left_s

    async def use() -> list[str]:
        tokens = Tokens(fetch, elapsed=lambda: at_s[0])
        found = []
        for now_s in (0.0, used_s - 0.1, used_s):
            at_s[0] = now_s
            found.append(await tokens.current())
        return found

    assert asyncio.run(use()) == ["t1", "t1", "t2"]


def test_a_token_that_came_meanwhile_is_not_dropped_for_the_one_before() -> None:
    fetched: list[str] = []

    async def fetch() -> tuple[str, float]:
        fetched.append(f"t{len(fetched)}")
        await asyncio.sleep(0)
        return fetched[-1], 7200.0

    async def use() -> list[str]:
        tokens = Tokens(fetch)
        await asyncio.gather(*[tokens.current() for _ in range(20)])
        for _ in range(20):
            tokens.drop("t0")
            await tokens.current()
        return fetched

    assert asyncio.run(use()) == ["t0", "t1"]
