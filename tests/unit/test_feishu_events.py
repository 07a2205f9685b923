"""What Feishu's events become; envelopes as its documents show them."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Arrival, FileRef, Press
from bot.platforms.base import Inbound
from bot.platforms.feishu import events

BOT, ANN, LI = "ou_bot", "ou_ann", "ou_li"
OWN_MENTION = {"key": "@_user_1", "id": {"open_id": BOT}, "mentioned_type": "bot", "name": "商城"}
LI_MENTION = {"key": "@_user_2", "id": {"open_id": LI}, "mentioned_type": "user", "name": "李店长"}
AT = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
TOAST = {"type": "info", "content": "收到", "i18n": {"zh_cn": "收到", "en_us": "Got it"}}


def envelope(kind: str, event: Any, **header: Any) -> dict[str, Any]:
    known = {"event_id": "e1", "event_type": kind, "create_time": "1767225600000"}
    return {"schema": "2.0", "header": {**known, "tenant_key": "ours", **header}, "event": event}


def message(content: Any, *, kind: str = "text", **fields: Any) -> dict[str, Any]:
    sender = {"sender_id": {"open_id": ANN}, "sender_type": "user", "tenant_key": "ours"}
    said = {
        "message_id": "om_1",
        "create_time": "1767225600000",
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": kind,
        "content": content if isinstance(content, str) else json.dumps(content),
        **fields,
    }
    return envelope("im.message.receive_v1", {"sender": sender, "message": said})


def parse(event: dict[str, Any], *, bot_open_id: str = BOT) -> Inbound:
    return events.parse(event, bot_open_id=bot_open_id)


def text_of(typed: str, *mentions: dict[str, Any]) -> str:
    (found,) = parse(message({"text": typed}, mentions=list(mentions))).messages
    return found.text


def post_of(*paragraphs: list[dict[str, Any]], title: str = "") -> str:
    content = {"title": title, "content": list(paragraphs)}
    (found,) = parse(message(content, kind="post", mentions=[OWN_MENTION])).messages
    return found.text


def test_a_direct_message_is_addressed_without_a_mention() -> None:
    (found,) = parse(message({"text": "查库存 KFD"}, chat_type="p2p")).messages

    assert (found.platform, found.message_id, found.chat_id) == ("feishu", "om_1", "oc_1")
    assert (found.chat_kind, found.user_id, found.user_name) == ("direct", ANN, "")
    assert (found.text, found.addressed, found.sent_at) == ("查库存 KFD", True, AT)
    assert found.handle == {"message_id": "om_1"}


@pytest.mark.parametrize(
    ("mentions", "addressed"),
    [
        ([], False),
        (None, False),
        ([OWN_MENTION], True),
        ([LI_MENTION], False),
        ([LI_MENTION, OWN_MENTION], True),
        ([{"key": "@_all", "id": {"open_id": ""}, "name": "所有人"}], False),
        ([{**OWN_MENTION, "id": {"open_id": "ou_another_bot"}}], False),
        ([{"key": "@_user_1", "name": "商城"}], False),
    ],
)
def test_a_group_message_is_addressed_by_a_mention_of_the_bot_alone(
    mentions: Any, *, addressed: bool
) -> None:
    (found,) = parse(message({"text": "@_user_1 @_all 今日汇总"}, mentions=mentions)).messages

    assert (found.chat_kind, found.addressed) == ("group", addressed)


def test_a_group_message_without_mentions_at_all_is_not_addressed() -> None:
    (found,) = parse(message({"text": "@_all 今日汇总"})).messages

    assert (found.text, found.addressed) == ("今日汇总", False)


def test_while_the_bot_does_not_know_itself_a_bots_mention_counts_as_its_own() -> None:
    spoken = message({"text": "@_user_1 帮助 @_user_2"}, mentions=[OWN_MENTION, LI_MENTION])
    (found,) = parse(spoken, bot_open_id="").messages

    assert (found.text, found.addressed) == ("帮助 @李店长", True)


def test_an_unknown_bot_is_not_everybody_whose_open_id_is_empty() -> None:
    everybody = {"key": "@_all", "id": {"open_id": ""}, "name": "所有人"}
    (found,) = parse(message({"text": "@_all 好"}, mentions=[everybody]), bot_open_id="").messages

    assert not found.addressed


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("@_user_1 查库存 A", "查库存 A"),
        ("查库存 A @_user_1", "查库存 A"),
        ("查库存 @_user_1 A", "查库存 A"),
        ("查库存@_user_1A", "查库存 A"),
        ("@_user_1\u00a0\u200b查库存 A", "查库存 A"),
        ("\u2060@_user_1\u2005\ufeff查库存 A\u200b", "查库存 A"),
        ("入库 A 1\n@_user_1\n入库 B 2", "入库 A 1\n入库 B 2"),
        ("入库 A 1\n@_user_1 入库 B 2", "入库 A 1\n入库 B 2"),
        ("@_user_1 @_user_1 帮助", "帮助"),
        ("@_user_1", ""),
        ("@_user_1 授权 @_user_2 店员", "授权 @李店长 店员"),
        ("@_user_1 授权 @_user_20 店员", "授权 @_user_20 店员"),
        ("@_user_10 帮助", "@_user_10 帮助"),
        ("@_user_１ 帮助", "@_user_１ 帮助"),
        ("@_all @_user_1 今日汇总", "今日汇总"),
        ("@_allx 查", "@_allx 查"),
    ],
)
def test_the_bots_mention_goes_with_its_blanks_and_others_become_names(
    typed: str, text: str
) -> None:
    assert text_of(typed, OWN_MENTION, LI_MENTION) == text


def test_the_tenth_mention_is_not_the_first_one_with_a_nought_behind_it() -> None:
    tenth = {**LI_MENTION, "key": "@_user_10", "name": "王\n 五"}

    assert text_of("@_user_1 授权 @_user_10 店员", OWN_MENTION, tenth) == "授权 @王 五 店员"


def test_a_name_that_looks_like_a_placeholder_is_not_replaced_again() -> None:
    sly = {**LI_MENTION, "name": "@_user_1"}

    assert text_of("@_user_1 授权 @_user_2 店员", OWN_MENTION, sly) == "授权 @@_user_1 店员"


def test_a_long_message_of_blanks_and_mentions_takes_no_time() -> None:
    typed = "@_user_2 " * 10_000 + " \n" * 40_000 + "[" * 40_000 + "@_user_1"

    assert text_of(typed, OWN_MENTION, LI_MENTION).endswith("[")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("[https://a.cn/x](https://a.cn/x)", "https://a.cn/x"),
        ("[a.cn](http://a.cn)", "a.cn"),
        ("搜 [货单](https://a.cn/x?y=1) 里的", "搜 货单 里的"),
        ("[](https://a.cn)", "https://a.cn"),
        ("[li@a.cn](mailto:li@a.cn)", "li@a.cn"),
        ("[https://a.cn/b_(c)](https://a.cn/b_(c))。", "https://a.cn/b_(c)。"),
        ("改价 A[1](2)", "改价 A[1](2)"),
        ("[a](javascript:x)", "[a](javascript:x)"),
    ],
)
def test_links_that_the_client_made_become_what_was_typed(typed: str, text: str) -> None:
    assert text_of(typed) == text


def test_half_a_surrogate_pair_does_not_get_through() -> None:
    assert text_of("查 \ud83d A") == "查 ? A"


def test_rich_text_becomes_one_line_a_paragraph() -> None:
    text = post_of(
        [
            {"tag": "at", "user_id": "@_user_1", "user_name": ""},
            {"tag": "text", "text": " 入库 ", "style": ["bold"]},
            {"tag": "a", "href": "http://cf-001.cn", "text": "cf-001.cn"},
            {"tag": "text", "text": " 5"},
        ],
        [{"tag": "emotion", "emoji_type": "SMILE"}, {"tag": "a", "href": "https://a.cn"}],
        [{"tag": "code_block", "language": "TEXT", "text": "入库 A 1\n入库 B 2\n"}],
        [{"tag": "text", "text": "再"}],
        [{"tag": "at", "user_id": "all", "user_name": "所有人"}, {"tag": "text", "text": "完"}],
        [{"tag": "at", "user_id": "ou_x", "user_name": "王五"}, {"tag": "hr"}],
        title="补货",
    )

    assert text == "补货\n入库 cf-001.cn 5\nhttps://a.cn\n入库 A 1\n入库 B 2\n再\n完\n@王五"


def test_pictures_in_rich_text_are_files() -> None:
    content = {"content": [[{"tag": "img", "image_key": "img_1"}, {"tag": "text", "text": "图"}]]}
    (found,) = parse(message(content, kind="post")).messages

    handle = {"message_id": "om_1", "file_key": "img_1", "type": "image"}
    assert (found.text, found.files) == ("图", (FileRef("image", handle),))


@pytest.mark.parametrize(
    ("kind", "content", "name", "key"),
    [
        ("file", {"file_key": "f_1", "file_name": "库存.csv"}, "库存.csv", "f_1"),
        ("file", {"file_key": "f_1"}, "file", "f_1"),
        ("image", {"image_key": "img_1"}, "image", "img_1"),
    ],
)
def test_files_carry_what_fetching_them_needs(
    kind: str, content: dict[str, str], name: str, key: str
) -> None:
    (found,) = parse(message(content, kind=kind, chat_type="p2p")).messages

    handle = {"message_id": "om_1", "file_key": key, "type": kind}
    assert (found.text, found.files) == ("", (FileRef(name, handle),))


def test_a_reply_names_the_message_it_replies_to() -> None:
    spoken = message({"text": "@_user_1 导入"}, mentions=[OWN_MENTION], parent_id="om_0")
    (found,) = parse(spoken).messages

    assert found.handle == {"message_id": "om_1", "parent_id": "om_0"}


@pytest.mark.parametrize(
    "kind",
    ["sticker", "audio", "media", "share_chat", "share_user", "interactive", "merge_forward", "x"],
)
def test_contents_without_words_become_a_message_without_text(kind: str) -> None:
    (direct,) = parse(message({"text": "下架全部"}, kind=kind, chat_type="p2p")).messages
    (group,) = parse(message("Merged and Forwarded Message", kind=kind)).messages

    assert (direct.text, direct.addressed, direct.files) == ("", True, ())
    assert (group.text, group.addressed) == ("", False)


@pytest.mark.parametrize("sender_type", ["app", "bot", "anonymous", None])
def test_what_no_person_said_is_ignored(sender_type: str | None) -> None:
    spoken = message({"text": "下架全部"}, chat_type="p2p")
    spoken["event"]["sender"]["sender_type"] = sender_type

    assert parse(spoken) == Inbound()


def test_a_person_of_another_company_is_acknowledged_and_not_heard() -> None:
    spoken = message({"text": "查库存 A"}, chat_type="p2p")
    spoken["event"]["sender"]["tenant_key"] = "theirs"

    assert parse(spoken) == Inbound()


def test_a_sender_without_a_company_is_heard() -> None:
    spoken = message({"text": "查库存 A"}, chat_type="p2p")
    del spoken["event"]["sender"]["tenant_key"]

    assert len(parse(spoken).messages) == 1


@pytest.mark.parametrize("digits", ["1767225600", "1767225600000", "1767225600000000"])
def test_times_are_read_by_their_length(digits: str) -> None:
    (found,) = parse(message({"text": "a"}, create_time=digits)).messages

    assert found.sent_at == AT


def test_a_message_without_a_time_has_that_of_its_event() -> None:
    (found,) = parse(message({"text": "a"}, create_time=None)).messages

    assert found.sent_at == AT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", None),
        ("message_id", ""),
        ("message_id", "om_" + "1" * 118),
        ("message_id", "om_\n"),
        ("chat_id", 7),
        ("create_time", "17672256"),
        ("create_time", "１７６７２２５６００"),
        ("content", {"text": "no text of JSON"}),
        ("content", "{"),
        ("content", "[]"),
        ("content", '{"text": 1}'),
        ("content", "[" * 100_000),
        ("mentions", "none"),
    ],
)
def test_a_malformed_message_is_acknowledged_and_logged_by_its_kind_alone(
    field: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    spoken = message({"text": "SECRET"})
    spoken["event"]["message"][field] = value
    with caplog.at_level(logging.DEBUG):
        assert parse(spoken) == Inbound()

    (record,) = caplog.records
    assert record.message == "feishu_event_malformed"
    assert record.__dict__["kind"] == "im.message.receive_v1"
    assert record.exc_info is None


def pressed(action: Any, **event: Any) -> dict[str, Any]:
    known = {
        "operator": {"open_id": ANN, "tenant_key": "ours"},
        "token": "c-1",
        "action": action,
        "context": {"open_message_id": "om_9", "open_chat_id": "oc_1"},
    }
    return envelope(events.PRESS, {**known, **event}, create_time="1767225600000000")


def test_a_press_names_card_and_button_and_is_answered_by_a_toast() -> None:
    inbound = parse(pressed({"tag": "button", "value": {"card": 7, "button": "b1"}}))
    (found,) = inbound.messages

    assert found.press == Press(7, "b1")
    assert (found.message_id, found.chat_id, found.user_id) == ("press:e1", "oc_1", ANN)
    assert (found.text, found.addressed, found.sent_at) == ("", True, AT)
    assert found.handle == {"edit": "om_9"}
    assert json.loads(inbound.body) == {"toast": TOAST}


def test_a_forms_fields_come_as_text() -> None:
    form = {"qty": "20", "tags": ["A", "B"], "none": None, "on": True, "odd": ["a", 1], "empty": ""}
    action = {"value": {"card": "7", "button": "b1"}, "name": "go", "form_value": form}
    (found,) = parse(pressed(action)).messages

    assert found.press == Press(7, "b1", {"qty": "20", "tags": "A B", "empty": ""})


SUBMIT = "submit_7_0123456789ab"


@pytest.mark.parametrize("value", [{}, {"value": None}, {"value": {}}])
def test_a_forms_button_is_known_by_its_name_where_its_value_is_missing(
    value: dict[str, Any],
) -> None:
    action = {"tag": "button", "name": SUBMIT, "form_value": {"units": "20"}, **value}
    (found,) = parse(pressed(action)).messages

    assert found.press == Press(7, "0123456789ab", {"units": "20"})


@pytest.mark.parametrize(
    "action",
    [
        {"name": "submit_7_b1"},
        {"name": "submit_-7_0123456789ab"},
        {"name": "submit_７_0123456789ab"},
        {"name": f"{SUBMIT}\n"},
        {"name": f"x{SUBMIT}"},
        {"name": 7},
        {"name": [SUBMIT]},
        {"name": SUBMIT, "value": "x"},
        {"name": SUBMIT, "value": {"act": "restock"}},
    ],
)
def test_a_name_that_is_not_ours_or_stands_beside_a_foreign_value_is_no_press(
    action: dict[str, Any],
) -> None:
    assert parse(pressed({"tag": "button", **action})) == Inbound()


@pytest.mark.parametrize(
    "value",
    [
        "x",
        None,
        {},
        {"act": "restock", "sku": "A"},
        {"card": 7},
        {"card": True, "button": "b1"},
        {"card": -7, "button": "b1"},
        {"card": "７", "button": "b1"},
        {"card": 10**30, "button": "b1"},
        {"card": 7, "button": 8},
        {"card": 7, "button": ""},
        {"card": 7.0, "button": "b1"},
    ],
)
def test_a_press_of_no_button_of_ours_changes_nothing(value: Any) -> None:
    assert parse(pressed({"tag": "button", "value": value})) == Inbound()


def test_a_press_by_a_person_of_another_company_changes_nothing() -> None:
    operator = {"open_id": ANN, "tenant_key": "theirs"}
    action = {"value": {"card": 7, "button": "b1"}}

    assert parse(pressed(action, operator=operator)) == Inbound()


def test_a_press_without_its_chat_is_malformed() -> None:
    assert parse(pressed({"value": {"card": 7, "button": "b1"}}, context={})) == Inbound()


@pytest.mark.parametrize(("kind", "left"), [("added", False), ("deleted", True)])
def test_coming_into_a_chat_and_leaving_it_are_arrivals(kind: str, *, left: bool) -> None:
    event = {"chat_id": "oc_1", "external": True, "name": "一店运营群"}
    inbound = parse(envelope(f"im.chat.member.bot.{kind}_v1", event))

    assert inbound == Inbound(arrivals=(Arrival("feishu", "oc_1", "e1", "一店运营群", left=left),))


@pytest.mark.parametrize("kind", ["im.message.recalled_v1", "x.y_v9", "", None, 7])
def test_events_nobody_handles_are_acknowledged(kind: Any) -> None:
    assert parse(envelope(kind, {"chat_id": "oc_1"})) == Inbound()
    assert parse({"schema": "2.0", "header": kind, "event": {}}) == Inbound()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "sender",
                    "message",
                    "content",
                    "mentions",
                    "key",
                    "id",
                    "open_id",
                    "context",
                    "action",
                    "value",
                    "operator",
                    "chat_id",
                    "sender_type",
                    "text",
                    "tag",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["im.message.receive_v1", events.PRESS, "im.chat.member.bot.added_v1", "other"]
)


@given(KINDS, ANYTHING)
def test_no_event_breaks_the_parser(kind: str, event: Any) -> None:
    assert isinstance(parse(envelope(kind, event)), Inbound)


@given(st.sampled_from(["text", "post", "image", "file"]), ANYTHING, ANYTHING)
def test_no_content_breaks_the_parser(kind: str, content: Any, mentions: Any) -> None:
    assert isinstance(parse(message(content, kind=kind, mentions=mentions)), Inbound)
