"""What replies look like on WeCom, and that nobody's words become markup or mentions there."""

import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.messages import Attachment, Button, Chart, Form, Input, Reply, Table
from bot.platforms.base import Downloads, Letter, LongConnection, Platform, SendError
from bot.platforms.calls import Calls
from bot.platforms.wecom import codes, markdown, template_cards
from bot.platforms.wecom.app_channel import AppChannel
from bot.platforms.wecom.pieces import Card, Charts, File, Markdown, Picture, Piece
from bot.platforms.wecom.platform import WecomPlatform
from bot.platforms.wecom.robot_channel import SocketChannel
from bot.settings.sections import Wecom
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from bot.platforms.wecom.app_client import AppClient
    from bot.platforms.wecom.socket import RobotSocket

OWN = "https://shop.example"
KEY = "58yvInkxuBUlfUGjoJpQ4KgUwqQxvJTJSwdSVTEmLVw"
APP = {"agent_id": 1000002, "secret": "s3cret", "token": "token", "encoding_aes_key": KEY}
AIBOT = {"bot_id": "aib", "secret": "s3cret", "name": "掌柜"}
SHIP = Button("发货", "发货 1033", "primary")
CANCEL = Button("取消", "取消 1033", "danger")
TABLE = Table(("商品", "可售"), (("咖啡", "3"), ("茶", "12")))


def platform(mode: str = "long_connection") -> WecomPlatform:
    settings = Wecom.model_validate(
        {
            "corp_id": "wwcorp",
            "app": APP,
            "aibot": {**AIBOT, "mode": mode, "token": "token", "encoding_aes_key": KEY},
            "robots": [{"name": "orders", "webhook": "https://qyapi.weixin.qq.com/x/send?key=k"}],
        }
    )
    return WecomPlatform(
        settings, window_s=300, own_url=OWN, welcome="", calls=Calls(), now=FakeClock()
    )


def rendered(
    chat_id: str, reply: Reply, attachment: Attachment | None = None, mode: str = "long_connection"
) -> tuple[Piece, ...]:
    letter = Letter(chat_id, reply, key="k-1", card=7, attachment=attachment)
    return platform(mode).render(letter)


def words(pieces: tuple[Piece, ...]) -> str:
    return "\n".join(piece.content for piece in pieces if isinstance(piece, Markdown))


def cards(pieces: tuple[Piece, ...]) -> list[dict[str, object]]:
    return [piece.card for piece in pieces if isinstance(piece, Card)]


REPLY = Reply(title="库存", text="今天", fields=(("现有", "20"), ("可售", "15")), table=TABLE)


def test_each_line_of_a_field_stands_on_its_own() -> None:
    reply = Reply(title="补货", fields=(("例子", "补货 咖啡豆 20\n入库 茶 5"), ("说法", "补货")))
    shown = words(rendered("bot/group", reply))
    assert "- **例子** 补货 咖啡豆 20\n- 入库 茶 5\n- **说法** 补货" in shown


def test_a_robots_reply_has_a_heading_its_fields_as_a_list_and_a_table() -> None:
    assert words(rendered("bot/wr1", REPLY)) == (
        "### 库存\n\n今天\n\n- **现有** 20\n- **可售** 15\n\n"
        "| 商品 | 可售 |\n| :--- | ---: |\n| 咖啡 | 3 |\n| 茶 | 12 |"
    )


def test_an_applications_reply_shows_tables_as_lines_for_it_has_none() -> None:
    assert words(rendered("app/zhangsan", REPLY)) == (
        "### 库存\n\n今天\n\n**现有** 20\n**可售** 15\n\n商品 ｜ 可售\n咖啡 ｜ 3\n茶 ｜ 12"
    )


@pytest.mark.parametrize(
    "name",
    [
        "<@zhangsan>",
        "@all",
        "&lt;@all&gt;",
        "[点我](https://evil.example)",
        "![](https://evil.example/x.png)",
        "https://evil.example",
        "**粗**",
        "`code`",
        "~~删~~",
        '<font color="warning">红</font>',
        "| a | b |",
        "# 标题",
        "\\*x",
        "> 引用",
        "__x__",
        "x\n---",
        "x\n===",
    ],
)
@pytest.mark.parametrize("chat_id", ["bot/wr1", "app/zhangsan", "robot/orders"])
def test_a_product_name_is_never_markup_a_link_or_a_mention(chat_id: str, name: str) -> None:
    reply = Reply(title=name, text=name, fields=((name, name),), table=Table((name,), ((name,),)))
    shown = words(rendered(chat_id, reply))
    ours = re.sub(r"^### |^- |(?<![^ \n])\*\*|\*\*(?= )|^\|.*$", "", shown, flags=re.MULTILINE)
    assert not re.search(
        r"[<>`\[\]*#\\]|~~|://|@all|&lt|^\s*[-=]+\s*$|(?<!\w)_", ours, re.MULTILINE
    )
    assert shown.count("\n|") <= 3  # the table's own lines: no cell makes another


def test_a_code_keeps_its_signs_so_that_it_can_be_typed_again() -> None:
    text = "KFD_250-RED/2.0 #1033 3~5 -3"
    assert markdown.escaped(text) == text


def test_an_address_of_our_own_stays_whole_and_one_that_only_begins_like_it_does_not() -> None:
    assert markdown.escaped(f"看 {OWN}/a?t=_x__y-*", own_url=OWN) == f"看 {OWN}/a?t=_x__y-•"
    assert "://" not in markdown.escaped(f"{OWN}.evil.example/", own_url=OWN)


@pytest.mark.parametrize(
    ("chat_id", "most"),
    [("robot/orders", 4096), ("app/zhangsan", 2048), ("bot/wr1", 20480)],
)
def test_a_long_answer_is_split_with_every_line_once(chat_id: str, most: int) -> None:
    lines = [f"第{number:04}行 {'货' * (number % 40)}" for number in range(1500)]
    pieces = rendered(chat_id, Reply(title="全部", text="\n".join(lines)))
    assert len(pieces) > 1
    assert all(
        len(piece.content.encode()) <= most for piece in pieces if isinstance(piece, Markdown)
    )
    shown = words(pieces).split("\n")
    assert [line for line in shown if line.startswith("第")] == lines


def test_a_mark_of_a_repetition_never_makes_a_piece_too_long() -> None:
    pieces = rendered("robot/orders", Reply(text="货" * 20_000))
    marked = [markdown.marked(p.content, "k" * 99) for p in pieces if isinstance(p, Markdown)]
    assert max(len(text.encode()) for text in marked) <= 4096


def test_a_long_table_repeats_its_head_in_each_piece() -> None:
    table = Table(("编码", "可售"), tuple((f"SKU-{n}", str(n)) for n in range(700)))
    pieces = [
        p.content for p in rendered("robot/orders", Reply(table=table)) if isinstance(p, Markdown)
    ]
    assert len(pieces) > 2
    assert all("| 编码 | 可售 |\n| :--- | ---: |" in piece for piece in pieces)
    assert sum(piece.count("| SKU-") for piece in pieces) == 700


@pytest.mark.parametrize("chat_id", ["bot/wr1", "app/zhangsan"])
def test_a_short_reply_with_buttons_is_one_card_within_the_limits(chat_id: str) -> None:
    reply = Reply(
        title="订单 1033", text="待发货", fields=(("金额", "¥12.00"),), buttons=(SHIP, CANCEL)
    )
    (card,) = cards(rendered(chat_id, reply))
    assert card == {
        "card_type": "button_interaction",
        "main_title": {"title": "订单 1033"},
        "sub_title_text": "待发货",
        "horizontal_content_list": [{"keyname": "金额", "value": "¥12.00"}],
        "task_id": card["task_id"],
        "button_list": [
            {"text": "发货", "style": 1, "key": f"7.{SHIP.id}"},
            {"text": "取消", "style": 3, "key": f"7.{CANCEL.id}"},
        ],
    }
    assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", str(card["task_id"]))


def test_the_same_letter_has_the_same_task_and_another_one_another() -> None:
    first = Letter("app/a", Reply(buttons=(SHIP,)), key="k-1", card=7)
    other = Letter("app/a", Reply(buttons=(SHIP,)), key="k-2", card=7)
    assert template_cards.task_id(first, 0) == template_cards.task_id(first, 0)
    assert template_cards.task_id(first, 0) != template_cards.task_id(other, 0)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(title="长", text="货" * 113, buttons=(SHIP,)),
        Reply(title="表", table=TABLE, buttons=(SHIP,)),
        Reply(
            title="多", fields=tuple((f"字段{n}", "值" * 26) for n in range(10)), buttons=(SHIP,)
        ),
    ],
)
@pytest.mark.parametrize("chat_id", ["bot/wr1", "app/zhangsan"])
def test_what_a_card_cannot_hold_is_said_before_it(chat_id: str, reply: Reply) -> None:
    pieces = rendered(chat_id, reply)
    assert [type(piece) for piece in pieces] == [Markdown, Card]
    (card,) = cards(pieces)
    assert card["main_title"] == {"title": reply.title}
    assert "sub_title_text" not in card


@pytest.mark.parametrize(
    ("reply", "title", "text"),
    [
        (Reply(text="确认吗", buttons=(SHIP,)), "确认吗", None),
        (Reply(title="题" * 27, buttons=(SHIP,)), "请选择", "题" * 27),
        (Reply(text="句" * 27, buttons=(SHIP,)), "请选择", "句" * 27),
        (
            Reply(title="题", fields=(("很长的名字", "1"), ("很长很长的名", "2")), buttons=(SHIP,)),
            "题",
            "很长很长的名 2",
        ),
        (Reply(title=f"低库存：{'茶' * 26}", buttons=(SHIP,)), "低库存", f"低库存：{'茶' * 26}"),
        (Reply(title=f"Low stock: {'a' * 41}", buttons=(SHIP,)), f"Low stock: {'a' * 41}", None),
        (
            Reply(title=f"Low stock: {'a' * 42}", buttons=(SHIP,)),
            "Low stock",
            f"Low stock: {'a' * 42}",
        ),
    ],
)
def test_a_card_always_has_a_title_and_loses_no_word(
    reply: Reply, title: str, text: str | None
) -> None:
    (card,) = cards(rendered("app/zhangsan", reply))
    assert card["main_title"] == {"title": title}
    assert card.get("sub_title_text") == text


SHIPPED = Reply(
    title="订单 4709826493：已发货",
    fields=(
        ("商品", "耶加雪菲咖啡豆 500g ×2、玻璃手冲壶 ×1、挂耳咖啡礼盒（十口味） ×1"),
        ("金额", "¥443"),
        ("状态", "已发货"),
        ("联系人", "王** 138****5678 杭州市西湖区…"),
        ("备注", "送人的，请包好看一点，不要放小票"),
        ("快递", "顺丰 SF1357924680"),
        ("已付款", "阿Max 03-02 10:11"),
        ("已发货", "小苏 03-02 10:49"),
    ),
    buttons=(Button("详情", "订单 4709826493"),),
)


def replaced(reply: Reply, make: Any = template_cards.shortened) -> dict[str, Any]:
    card = make(Letter("app/a", reply, key="k", card=7), own_url=OWN)
    assert card is not None
    assert len(card.get("sub_title_text", "")) <= 112
    assert len(card.get("horizontal_content_list", ())) <= 6
    return dict(card)


def named(card: dict[str, Any]) -> dict[str, str]:
    return {pair["keyname"]: pair["value"] for pair in card["horizontal_content_list"]}


def test_an_order_that_was_acted_on_is_one_card_with_all_its_fields() -> None:
    goods, *short, shipped = SHIPPED.fields
    card = replaced(SHIPPED)
    assert named(card) == dict(short)
    assert card["sub_title_text"] == f"{' '.join(goods)}\n{' '.join(shipped)}"


@pytest.mark.parametrize(
    ("long", "missing"),
    [
        ({"商品": 20, "备注": 90}, set()),
        ({"商品": 20, "备注": 91}, {"备注"}),
        ({"商品": 109, "备注": 200}, {"备注"}),
        ({"商品": 66, "备注": 200, "联系人": 38}, {"备注"}),
        ({"商品": 67, "备注": 200, "联系人": 38}, {"备注", "联系人"}),
        ({"商品": 60, "备注": 27, "联系人": 27, "快递": 45}, {"备注", "联系人"}),
        ({"商品": 60, "备注": 27, "联系人": 27, "快递": 46}, {"备注", "联系人", "快递"}),
    ],
)
def test_in_place_of_a_card_an_order_says_what_counts_and_no_value_is_cut(
    long: dict[str, int], missing: set[str]
) -> None:
    values = {name: "字" * length for name, length in long.items()}
    fields = tuple((name, values.get(name, value)) for name, value in SHIPPED.fields)
    card = replaced(Reply(title=SHIPPED.title, fields=fields, buttons=SHIPPED.buttons))
    told = [f"{name} {value}" for name, value in named(card).items()]
    told += card["sub_title_text"].split("\n")
    assert sorted(told) == sorted(f"{n} {v}" for n, v in fields if n not in missing)


class Screen:
    """What a pressed card becomes, in place of the application's client and the robot's socket."""

    def __init__(self) -> None:
        self.card: dict[str, Any] = {}

    def update(self, _user: str, _code: str, card: dict[str, Any]) -> None:
        self.card = card

    def request(self, _command: str, body: dict[str, Any], *, req_id: str) -> None:
        self.card = body["template_card"] | {"asked": req_id}

    def task_of(self, _req_id: str) -> str:
        return ""


def test_a_pressed_order_with_a_long_remark_is_changed_in_place_on_either_channel() -> None:
    fields = (*SHIPPED.fields, ("备注", "请" * 200))
    letter = Letter("app/a", Reply(title="订单", fields=fields, buttons=(SHIP,)), key="k")
    clock = FakeClock()
    screen = Screen()
    app = AppChannel(cast("AppClient", screen), own_url=OWN, charts=Charts())
    robot = SocketChannel(cast("RobotSocket", screen), own_url=OWN, charts=Charts(), now=clock)
    presses = ((app, "code"), (robot, f"event:r1:{int(clock().timestamp())}"))
    for channel, ref in presses:
        screen.card = {}
        channel.edit(letter, ref)
        assert named(screen.card)["已发货"] == "小苏 03-02 10:49"


def test_an_order_of_too_many_goods_is_said_anew() -> None:
    reply = Reply(title="订单", fields=(("商品", "货" * 110),), buttons=(SHIP,))
    assert template_cards.shortened(Letter("app/a", reply, key="k"), own_url=OWN) is None


def test_a_new_order_with_a_long_remark_is_said_in_words_for_nothing_is_left_out() -> None:
    fields = (*SHIPPED.fields[:3], ("备注", "请" * 200))
    pieces = rendered("bot/wr1", Reply(title="新订单", fields=fields, buttons=(SHIP,)))
    assert [type(piece) for piece in pieces] == [Markdown, Card]
    assert "请" * 200 in words(pieces)


def test_what_is_no_order_is_never_shortened() -> None:
    reply = Reply(title="商品变更", fields=(("说明", "改" * 113),), buttons=(SHIP,))
    letter = Letter("app/a", reply, key="k")
    makers = (template_cards.shortened, template_cards.closed, template_cards.notice)
    assert [make(letter, own_url=OWN) for make in makers] == [None, None, None]


@pytest.mark.parametrize("make", [template_cards.closed, template_cards.notice])
def test_a_card_that_asks_nothing_any_more_does_not_ask_to_choose(make: Any) -> None:
    card = replaced(Reply(text="句" * 27), make)
    assert card["main_title"] == {"title": "已处理"}


def test_english_names_of_fields_stand_beside_their_values() -> None:
    fields = (("Status", "shipped"), ("Remark", "-"), ("Tracking no", "SF1"))
    card = replaced(Reply(title="Order 1", fields=fields, buttons=(SHIP,)))
    assert named(card) == {"Status": "shipped", "Remark": "-"}
    assert card["sub_title_text"] == "Tracking no SF1"


def test_more_than_six_buttons_become_more_cards() -> None:
    many = tuple(Button(f"按{n}", f"命令 {n}") for n in range(8))
    found = cards(rendered("bot/wr1", Reply(title="选", buttons=many)))
    assert [len(card["button_list"]) for card in found] == [6, 2]  # type: ignore[arg-type]  # a list
    assert found[0]["task_id"] != found[1]["task_id"]


def test_a_card_holds_no_mention_either() -> None:
    name = "<@zhangsan> @all"
    reply = Reply(title=name, text=name, fields=((name, name),), buttons=(Button(name, name),))
    (card,) = cards(rendered("bot/wr1", reply))
    assert not re.search("<@|@all", str(card))
    assert card["main_title"] == {"title": "＜@zhangsan> ＠all"}


@pytest.mark.parametrize(
    ("chat_id", "mode", "mention"),
    [
        ("robot/orders", "long_connection", "@掌柜 "),
        ("robot/orders", "callback", "@掌柜 "),
        ("bot/wr1", "callback", ""),
    ],
)
def test_where_nobody_can_press_the_text_says_what_to_type(
    chat_id: str, mode: str, mention: str
) -> None:
    pieces = rendered(chat_id, Reply(title="订单", buttons=(SHIP, CANCEL)), mode=mode)
    assert words(pieces) == (
        f"### 订单\n\n发货：发「{mention}发货 1033」\n取消：发「{mention}取消 1033」"
    )
    assert not cards(pieces)


@pytest.mark.parametrize(
    ("aibot", "said"),
    [
        ({}, "### 订单"),
        ({**AIBOT, "name": ""}, "### 订单\n\n发货：发「@机器人 发货 1033」"),
        ({**AIBOT, "name": "all"}, "### 订单\n\n发货：发「＠all 发货 1033」"),
    ],
)
def test_a_webhook_says_what_to_type_only_where_a_robot_hears_it(
    aibot: dict[str, str], said: str
) -> None:
    robots = [{"name": "orders", "webhook": "https://qyapi.weixin.qq.com/x/send?key=k"}]
    wecom = Wecom.model_validate({"aibot": aibot, "robots": robots})
    found = WecomPlatform(
        wecom, window_s=300, own_url="", welcome="", calls=Calls(), now=FakeClock()
    )
    letter = Letter("robot/orders", Reply(title="订单", buttons=(SHIP,)), key="k")
    assert words(found.render(letter)) == said


def test_a_mask_is_as_narrow_as_what_it_hides() -> None:
    fields = (("联系人", "王** 138****5678"),)
    assert words(rendered("bot/wr1", Reply(fields=fields))) == "- **联系人** 王•• 138••••5678"


def test_forms_are_left_out() -> None:
    form = Form((Input("units", "数量"),), Button("补货", "补货 KFD {units}"))
    assert "units" not in words(rendered("bot/wr1", Reply(title="补货", form=form)))


def test_charts_and_files_follow_the_words() -> None:
    chart = Chart("bar", ("1", "2"), (3, 4))
    file = Attachment("订单.csv", "text/csv", b"a,b\n1,2\n")
    for chat_id in ("robot/orders", "app/zhangsan", "bot/wr1"):
        pieces = rendered(chat_id, Reply(title="日报", chart=chart, file=1), file)
        assert [type(piece) for piece in pieces if not isinstance(piece, Picture)] == [
            Markdown,
            File,
        ]
        assert pieces[-1] == File("订单.csv", "text/csv", b"a,b\n1,2\n")
        for picture in (piece for piece in pieces if isinstance(piece, Picture)):
            assert picture.content.startswith(b"\x89PNG")


def test_by_callback_a_file_is_told_of_for_it_cannot_be_sent() -> None:
    assert words(rendered("bot/wr1", Reply(title="导出", file=1), mode="callback")) == (
        "### 导出\n\n（文件在这里发不了）"
    )


def test_a_reply_without_a_word_is_no_piece_for_the_platform_refuses_empty_ones() -> None:
    assert rendered("bot/wr1", Reply()) == ()


@pytest.mark.parametrize(
    ("code", "permanent", "gone", "retry_after_s"),
    [
        (-1, False, False, None),
        (45009, False, False, 60.0),
        (45033, False, False, None),
        (40014, False, False, None),
        (42001, False, False, None),
        (40007, False, False, None),
        (93000, True, True, None),
        (93004, True, True, None),
        (93008, True, True, None),
        (81013, True, True, None),
        (40001, True, False, None),
        (40058, True, False, None),
        (60020, True, False, None),
        (123456, True, False, None),
    ],
)
def test_each_code_says_whether_to_try_again(
    code: int, *, permanent: bool, gone: bool, retry_after_s: float | None
) -> None:
    error = codes.failure(code, "no")
    assert (error.permanent, error.gone, error.retry_after_s) == (permanent, gone, retry_after_s)
    assert str(error) == f"{code} no"


def test_a_reason_holds_neither_hint_nor_address() -> None:
    text = (
        "invalid webhook url https://qyapi.weixin.qq.com/x?key=abc key=abc, hint: [17_2], "
        "from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com/devtool"
    )
    assert str(codes.failure(93000, text)) == "93000 invalid webhook url … …"


def test_it_is_a_platform_that_files_come_through_and_holds_a_connection() -> None:
    found: Platform = platform()
    files: Downloads = platform()
    connection: LongConnection | None = platform().connection()
    assert found.name == "wecom"
    assert files is not None
    assert connection is not None
    assert connection.state() == "off"
    assert platform("callback").connection() is None


def test_lines_keep_within_what_the_platform_allows() -> None:
    lines = {chat: platform().line(chat) for chat in ("bot/wr1", "app/a", "robot/orders")}
    assert [line.name for line in lines.values()] == [
        "wecom:bot",
        "wecom:app",
        "wecom:robot/orders",
    ]
    for chat, most in (("bot/wr1", 30), ("app/a", 30), ("robot/orders", 18)):
        assert lines[chat].burst + int(60 / lines[chat].interval_s) <= most


def test_a_chat_that_is_off_is_a_permanent_failure() -> None:
    letter = Letter("robot/unknown", Reply(text="x"), key="k")
    with pytest.raises(SendError) as caught:
        platform().render(letter)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("settings", "chat_id"),
    [
        ({}, ""),
        ({"aibot": AIBOT}, "bot/user/lisi"),
        ({"aibot": {"mode": "callback", "token": "t", "encoding_aes_key": KEY}}, ""),
        ({"corp_id": "ww", "app": APP, "aibot": AIBOT}, "app/lisi"),
    ],
)
def test_a_person_alone_is_reached_by_the_application_or_else_the_robot(
    settings: dict[str, object], chat_id: str
) -> None:
    wecom = Wecom.model_validate(settings)
    found = WecomPlatform(
        wecom, window_s=300, own_url="", welcome="", calls=Calls(), now=FakeClock()
    )
    assert found.direct("lisi") == chat_id
