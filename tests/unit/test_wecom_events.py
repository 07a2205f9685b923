"""What the robot's bodies become: the words without the mention, files, presses; or nothing."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import FileRef, Message, Press
from bot.platforms.wecom.robot_events import message_id, parse, without_mention
from tests.fakes.clock import START

URL = "https://ww-aibot.example.com/file?sign=1"


def body(**changes: Any) -> dict[str, Any]:
    """A text in a group; a change to None leaves the member out."""
    whole: dict[str, Any] = {
        "msgid": "CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        "aibotid": "AIBOT-SHOP-1",
        "chatid": "wrkTESTCHAT0001",
        "chattype": "group",
        "from": {"userid": "ZhangSan"},
        "msgtype": "text",
        "text": {"content": "@店小二 查库存 SKU-001"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def single(**changes: Any) -> dict[str, Any]:
    return body(chattype="single", chatid=None, **changes)


def parsed(content: dict[str, Any], **given: Any) -> Message | None:
    return parse(content, **{"name": "店小二", "sent_at": START, **given})


def heard(content: dict[str, Any], **given: Any) -> Message:
    message = parsed(content, **given)
    assert message is not None
    return message


def test_a_groups_text_is_a_message_of_that_group() -> None:
    assert heard(body()) == Message(
        platform="wecom",
        message_id="bot:CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        chat_id="bot/wrkTESTCHAT0001",
        chat_kind="group",
        user_id="zhangsan",
        user_name="ZhangSan",
        text="查库存 SKU-001",
        sent_at=START,
        addressed=True,
    )


def test_a_text_in_private_is_a_message_of_that_persons_chat() -> None:
    message = heard(single(text={"content": "查库存"}))
    assert (message.chat_id, message.chat_kind) == ("bot/user/zhangsan", "direct")
    assert message.text == "查库存"


def test_without_a_chat_type_the_chat_id_tells() -> None:
    assert heard(body(chattype=None)).chat_kind == "group"
    assert heard(body(chattype=None, chatid=None)).chat_kind == "direct"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("@店小二 查库存", "店小二", "查库存"),
        ("@店小二查库存", "店小二", "查库存"),
        ("＠店小二　查库存", "店小二", "查库存"),
        ("@店小二\u00a0查库存", "店小二", "查库存"),
        ("@店小二\u2005查库存", "店小二", "查库存"),
        ("@店小二\u200b\ufeff 查库存", "店小二", "查库存"),
        ("@店小二\t \u3000查库存\u2005", "店小二", "查库存"),
        ("@店小二\n入库 A 1\n入库 B 2", "店小二", "入库 A 1\n入库 B 2"),
        ("@店小二", "店小二", ""),
        ("@店小二\u2005", "店小二", ""),
        ("查库存 @店小二 SKU-001", "店小二", "查库存 SKU-001"),
        ("查库存@店小二 SKU-001", "店小二", "查库存 SKU-001"),
        ("查库存 SKU-001 @店小二", "店小二", "查库存 SKU-001"),
        ("入库 A 1\n@店小二 入库 B 2", "店小二", "入库 A 1\n入库 B 2"),
        ("入库 A 1 @店小二\n入库 B 2", "店小二", "入库 A 1 \n入库 B 2"),
        ("@店小二 查库存 @店小二 A", "店小二", "查库存 A"),
        ("@店小二 把@店小二号 设为店员", "店小二", "把@店小二号 设为店员"),
        ("@张三 @店小二 设为店员", "店小二", "@张三 设为店员"),
        ("@Shop Bot 查库存", "Shop Bot", "查库存"),
        ("@Shop\u00a0Bot\u2005查库存", "Shop Bot", "查库存"),
        ("@shop  bot 查库存", " Shop Bot ", "查库存"),
        ("@Shop Bottle 5", "Shop Bot", "@Shop Bottle 5"),
        ("@Bot(测试) 查库存", "Bot(测试)", "查库存"),
        ("查库存 a@店小二", "店小二", "查库存 a"),
        ("@RobotA 查库存", "", "查库存"),
        ("＠RobotA\u2005查库存", "", "查库存"),
        ("  @RobotA 查库存", "", "查库存"),
        ("@RobotA", "", ""),
        ("查库存 @RobotA", "", "查库存 @RobotA"),
        ("@RobotA 查库存", "  ", "查库存"),
        ("@RobotA 查库存", "店小二", "@RobotA 查库存"),
        ("店小二 查库存", "店小二", "店小二 查库存"),
        ("", "店小二", ""),
        ("@", "", "@"),
    ],
)
def test_the_robots_name_is_taken_off(text: str, name: str, said: str) -> None:
    assert heard(body(text={"content": text}), name=name).text == said


def test_in_private_nobody_mentioned_is_taken_for_the_robot() -> None:
    assert heard(single(text={"content": "@李四 设为店员"}), name="").text == "@李四 设为店员"


@given(st.text(), st.text(max_size=20), st.booleans())
def test_taking_the_name_off_never_adds_words(text: str, name: str, guess: bool) -> None:  # noqa: FBT001  (drawn)
    said = without_mention(text, name, guess=guess)
    assert len(said) <= len(text)
    assert not said or said[0] in text


@pytest.mark.parametrize("flood", ["@店小二", "@", " ", "\u2005", "@店小二 "])
def test_a_flood_of_mentions_is_read_in_no_time(flood: str) -> None:
    started = datetime.now(UTC)
    without_mention(flood * 60_000 + "x", "店小二 x", guess=True)
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_quoted_command_is_not_carried_out() -> None:
    quote = {"msgtype": "text", "text": {"content": "全部下架"}}
    assert heard(body(quote=quote)).text == "查库存 SKU-001"
    assert heard(body(text={"content": "@店小二 "}, quote=quote)).text == ""


def test_a_mixed_message_gives_its_words_and_its_pictures() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "@店小二 上架"}},
        {"msgtype": "image", "image": {"url": URL}},
        {"msgtype": "text", "text": {"content": "白衬衫"}},
        {"msgtype": "image", "image": {"url": URL + "2", "aeskey": "a2V5"}},
        "what is this",
        {"msgtype": "mixed", "mixed": {"msg_item": [{"msgtype": "text"}]}},
    ]
    message = heard(body(msgtype="mixed", text=None, mixed={"msg_item": items}))
    assert message.text == "上架\n白衬衫"
    assert message.files == (
        FileRef("image", {"url": URL}),
        FileRef("image", {"url": URL + "2", "aeskey": "a2V5"}),
    )


@pytest.mark.parametrize("kind", ["image", "file"])
def test_a_file_can_be_fetched_later(kind: str) -> None:
    message = heard(single(msgtype=kind, text=None, **{kind: {"url": URL, "aeskey": "a2V5"}}))
    assert message.files == (FileRef(kind, {"url": URL, "aeskey": "a2V5"}),)
    assert message.text == ""


@pytest.mark.parametrize(
    "quote",
    [
        {"msgtype": "file", "file": {"url": URL}},
        {"msgtype": "mixed", "mixed": {"msg_item": [{"msgtype": "file", "file": {"url": URL}}]}},
    ],
)
def test_quoting_a_file_brings_it_along(quote: dict[str, Any]) -> None:
    message = heard(body(text={"content": "@店小二 导入"}, quote=quote))
    assert message.text == "导入"
    assert message.files == (FileRef("file", {"url": URL}),)


@pytest.mark.parametrize(
    "url", [None, 5, "", "file:///etc/passwd", "https://a b", "https://" + "a" * 5000, "ftp://a"]
)
def test_a_file_without_a_sound_address_is_left_out(url: object) -> None:
    assert heard(single(msgtype="file", text=None, file={"url": url})).files == ()


def test_voice_comes_as_its_words() -> None:
    assert heard(single(msgtype="voice", text=None, voice={"content": "查库存"})).text == "查库存"


def test_of_a_video_only_the_fact_is_heard() -> None:
    message = heard(single(msgtype="video", text=None, video={"url": URL}))
    assert (message.text, message.files) == ("", ())


def card_event(**changes: Any) -> dict[str, Any]:
    detail = {"card_type": "button_interaction", "event_key": "17.0a1b2c3d4e5f", "task_id": "t"}
    return body(
        msgtype="event",
        text=None,
        create_time=1_767_225_660,
        event={
            "eventtype": "template_card_event",
            "template_card_event": {**detail, **changes},
        },
    )


def test_a_pressed_button_is_a_press_of_that_card() -> None:
    message = heard(card_event())
    assert message.press == Press(card=17, button="0a1b2c3d4e5f")
    assert (message.text, message.handle) == ("", {})
    assert message.message_id == "bot:CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI="
    assert message.sent_at == datetime.fromtimestamp(1_767_225_660, UTC)


def test_what_was_chosen_comes_with_the_press() -> None:
    items = [
        {"question_key": "units", "option_ids": {"option_id": ["50"]}},
        {"question_key": "sizes", "option_ids": {"option_id": ["L", "XL"]}},
        {"question_key": "none"},
        {"option_ids": {"option_id": ["lost"]}},
        "what is this",
    ]
    pressed = heard(card_event(selected_items={"selected_item": items})).press
    assert pressed is not None
    assert pressed.inputs == {"units": "50", "sizes": "L,XL", "none": ""}


@pytest.mark.parametrize(
    "key",
    [
        None,
        17,
        "",
        "restock_confirm",
        "17",
        ".abc",
        "17.",
        "-1.abc",
        "１７.abc",
        "17.a b",
        "17.按钮",
        "9" * 19 + ".abc",
        "17.abc\n",
        "17." + "a" * 65,
    ],
)
def test_the_button_of_somebody_elses_card_is_nothing(key: object) -> None:
    assert parsed(card_event(event_key=key)) is None


def test_on_the_long_connection_a_message_is_answered_by_its_frame() -> None:
    assert heard(body(), req_id="R1").handle == {"req_id": "R1"}


def test_on_the_long_connection_a_press_says_when_it_came_for_its_card_changes_only_soon() -> None:
    handle = heard(card_event(), req_id="R1").handle
    assert handle == {"req_id": "R1", "edit": f"event:R1:{int(START.timestamp())}"}


@pytest.mark.parametrize("create_time", [None, "1767225660", 0, -5, 1e9, True, 10**12, 10**400])
def test_a_time_that_is_none_gives_way_to_the_arrival(create_time: object) -> None:
    assert heard(body(create_time=create_time)).sent_at == START


@pytest.mark.parametrize(
    ("theirs", "ours", "is_heard"),
    [
        (None, "ww1", True),
        ("ww1", "ww1", True),
        ("ww2", "ww1", False),
        ("ww2", "", True),
        (5, "ww1", False),
    ],
)
def test_another_company_is_not_heard(theirs: object, ours: str, is_heard: bool) -> None:  # noqa: FBT001  (a column of the table)
    sender = {"userid": "zhangsan", **({"corpid": theirs} if theirs else {})}
    assert (parsed(body(**{"from": sender}), corp_id=ours) is not None) == is_heard


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        body(msgid=None),
        body(msgid=""),
        body(msgid=5),
        body(msgid="有"),
        body(msgid="a" * 513),
        body(**{"from": None}),
        body(**{"from": "zhangsan"}),
        body(**{"from": {}}),
        body(**{"from": {"userid": ""}}),
        body(**{"from": {"userid": "a b"}}),
        body(**{"from": {"userid": "a" * 111}}),
        body(chatid=None),
        body(chatid="a" * 111),
        body(msgtype=None),
        body(msgtype=["text"]),
        body(msgtype="stream"),
        body(msgtype="location"),
        body(msgtype="event"),
        body(msgtype="event", event={"eventtype": "enter_chat"}),
        body(msgtype="event", event={"eventtype": "feedback_event", "feedback_event": {}}),
        body(msgtype="event", event={"eventtype": "template_card_event"}),
        body(msgtype="event", event={"eventtype": ["template_card_event"]}),
    ],
)
def test_what_is_malformed_or_not_for_us_is_nothing(malformed: dict[str, Any]) -> None:
    assert parsed(malformed) is None


def test_ids_stay_within_what_the_inbox_holds() -> None:
    message = heard(body(msgid="m" * 512, **{"from": {"userid": "u" * 110}}))
    assert len(message.message_id) <= 120
    assert message.message_id == message_id("m" * 512) != message_id("m" * 511)
    assert len(heard(single(**{"from": {"userid": "u" * 110}})).chat_id) <= 120


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert heard(single(text={"content": "查\ud800库存"})).text == "查?库存"


def test_the_log_of_what_is_ignored_holds_its_kind_and_nothing_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    parsed(body(msgtype="event", event={"eventtype": "feedback_event", "content": "s3cret"}))
    parsed(body(msgtype="lo\ncation"))
    kinds = [(record.getMessage(), vars(record).get("kind")) for record in caplog.records]
    assert kinds == [("robot_event_ignored", "feedback_event"), ("robot_message_ignored", "?")]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
WORDS = st.sampled_from(
    ["text", "mixed", "image", "file", "event", "template_card_event", "17.abc", "group", URL]
)
NAMES = st.sampled_from(
    [
        "msgid",
        "from",
        "userid",
        "chatid",
        "chattype",
        "msgtype",
        "text",
        "mixed",
        "msg_item",
        "image",
        "file",
        "url",
        "content",
        "quote",
        "event",
        "eventtype",
        "template_card_event",
        "event_key",
        "selected_items",
        "selected_item",
        "question_key",
        "option_ids",
        "option_id",
        "create_time",
    ]
)
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON))
def test_no_body_does_anything_but_become_a_message_or_nothing(found: dict[str, Any]) -> None:
    sound = {"msgid": "m", "from": {"userid": "u"}}
    for whole in (found, {**sound, **found}, {**found, **sound}):
        message = parsed(whole)
        assert message is None or Message.from_json(message.to_json()) == message
