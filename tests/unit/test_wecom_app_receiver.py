"""The application's callback address."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import FileRef, Press
from bot.platforms.base import RawRequest, VerificationError
from bot.platforms.wecom.app_receiver import read_xml
from tests.unit.wecom_platform import AIBOT, APP, NOW_S, app, only, seal, signed, xml, xml_post


def press_xml(**elements: str) -> str:
    return xml(
        **{
            "MsgType": "event",
            "Event": "template_card_event",
            "EventKey": "17.0a1b2c3d4e5f",
            "TaskId": "z-17",
            "CardType": "button_interaction",
            "ResponseCode": "rc_0123456789",
            **elements,
        }
    )


def test_a_pressed_card_of_the_application_can_be_changed_by_its_response_code() -> None:
    inbound = app().receive(xml_post(press_xml()))
    message = only(inbound)
    assert inbound.body == b""
    assert message.press == Press(card=17, button="0a1b2c3d4e5f")
    assert message.handle == {"edit": "rc_0123456789"}
    assert message.message_id == (
        "app:ZhangSan|1767225660|template_card_event|17.0a1b2c3d4e5f|z-17"
    )
    assert (message.user_id, message.chat_id) == ("zhangsan", "app/zhangsan")


@pytest.mark.parametrize(
    ("items", "inputs"),
    [
        (
            (
                "<SelectedItem><QuestionKey>qty</QuestionKey><OptionIds><OptionId>q50</OptionId></OptionIds>"
                "</SelectedItem>"
            ),
            {"qty": "q50"},
        ),
        (
            (
                "<SelectedItem><QuestionKey>a</QuestionKey><OptionIds><OptionId>1</OptionId>"
                "<OptionId>2</OptionId></OptionIds></SelectedItem>"
                "<SelectedItem><QuestionKey>b</QuestionKey><OptionIds/></SelectedItem>"
            ),
            {"a": "1,2", "b": ""},
        ),
        ("", {}),
        ("text", {}),
    ],
)
def test_what_was_chosen_on_an_applications_card_comes_along(
    items: str, inputs: dict[str, str]
) -> None:
    pressed = only(app().receive(xml_post(press_xml(SelectedItems=items)))).press
    assert pressed is not None
    assert pressed.inputs == inputs


def test_two_presses_within_a_second_are_two() -> None:
    keys = {
        only(app().receive(xml_post(press_xml(EventKey=key, TaskId=task)))).message_id
        for key, task in [("17.a", "t"), ("17.b", "t"), ("17.a", "u"), ("17.a", "t")]
    }
    assert len(keys) == 3


def test_a_long_event_has_a_short_id() -> None:
    found = only(app().receive(xml_post(press_xml(TaskId="t" * 128)))).message_id
    assert len(found) == len("app:") + 64
    assert found != only(app().receive(xml_post(press_xml(TaskId="t" * 127)))).message_id


@pytest.mark.parametrize("code", ["-", "", "c" * 256, "<a/>"])
def test_a_press_without_a_usable_code_cannot_change_its_card(code: str) -> None:
    assert only(app().receive(xml_post(press_xml(ResponseCode=code)))).handle == {}


def test_an_image_can_be_fetched_later() -> None:
    inner = xml(MsgType="image", MsgId="7298631749213741057", MediaId="M1", PicUrl="http://x/")
    message = only(app().receive(xml_post(inner)))
    assert message.files == (FileRef("image", {"media_id": "M1"}),)
    assert message.message_id == "app:7298631749213741057"


@pytest.mark.parametrize(
    "text", ["<!DOCTYPE html>", '<!ENTITY a "b">', "]]&gt;", "a\nb", "<xml>", "＜&amp;"]
)
def test_a_text_may_speak_of_markup(text: str) -> None:
    inner = xml(MsgType="text", MsgId="1", Content=f"<![CDATA[{text}]]>")
    assert only(app().receive(xml_post(inner))).text == text


@pytest.mark.parametrize(
    "inner",
    [
        xml(MsgType="event", Event="enter_agent", EventKey=""),
        xml(MsgType="event", Event="subscribe"),
        xml(MsgType="event", Event="click", EventKey="17.abc"),
        xml(MsgType="event", Event="template_card_menu_event", EventKey="17.abc"),
        xml(MsgType="event", Event="something_new"),
        xml(MsgType="event", Event="change_contact", AgentID="-"),
        xml(MsgType="event"),
        xml(MsgType="voice", MsgId="1", MediaId="M1"),
        xml(MsgType="location", MsgId="1"),
        xml(MsgType="image", MsgId="1"),
        xml(MsgType="text", Content="no number"),
        xml(MsgType="text", Content="a", MsgId="1.5"),
        xml(MsgType="text", Content="a", MsgId="１２"),
        xml(MsgType="text", Content="a", MsgId="1", FromUserName=""),
        xml(MsgType="text", Content="a", MsgId="1", FromUserName="a b"),
        press_xml(EventKey="others"),
        press_xml(CreateTime="-"),
        xml(),
    ],
)
def test_what_the_application_does_not_know_is_acknowledged_with_nothing(inner: str) -> None:
    inbound = app().receive(xml_post(inner))
    assert (inbound.messages, inbound.body) == ((), b"")


@pytest.mark.parametrize("created", ["-", "", "x", "9" * 20, "-5"])
def test_a_time_that_is_none_gives_way_to_the_signed_one(created: str) -> None:
    inner = xml(MsgType="text", MsgId="1", Content="a", CreateTime=created)
    assert only(app().receive(xml_post(inner))).sent_at == datetime.fromtimestamp(NOW_S, UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"ToUserName": "ww-other"},
        {"ToUserName": APP["receive_id"].upper()},
        {"ToUserName": ""},
        {"ToUserName": "-"},
        {"AgentID": "1000003"},
        {"AgentID": ""},
        {"AgentID": "01000002"},
        {"AgentID": "<a>1000002</a>"},
        {"FromUserName": "x</FromUserName><ToUserName>ww-other</ToUserName><FromUserName>y"},
    ],
)
def test_another_corp_or_another_agent_is_refused(changes: dict[str, str]) -> None:
    inner = xml(**{"MsgType": "text", "MsgId": "1", "Content": "a", **changes})
    with pytest.raises(VerificationError):
        app().receive(xml_post(inner))


def test_what_stands_outside_is_not_believed() -> None:
    encrypt = seal(APP, xml(MsgType="text", MsgId="1", Content="a").encode())
    body = (
        f"<xml><ToUserName>ww-other</ToUserName><AgentID>7</AgentID><MsgId>9</MsgId>"
        f"<FromUserName>boss</FromUserName><Encrypt>{encrypt}</Encrypt></xml>"
    )
    message = only(app().receive(RawRequest("POST", signed(APP, encrypt), {}, body.encode())))
    assert (message.user_id, message.message_id) == ("zhangsan", "app:1")


BOMB = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
DANGEROUS = [
    f'<!DOCTYPE x [<!ENTITY a "lol">{BOMB}]><xml><Encrypt>&i;</Encrypt></xml>',
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">{BOMB}]><xml><Content>&i;</Content></xml>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Content>a</Content></xml>',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><xml><Content>a</Content></xml>',
    "<!DOCTYPE x><xml><Content>a</Content></xml>",
    " \n<!DOCTYPE x><xml><Content>a</Content></xml>",
    "<!-- --><!DOCTYPE x><xml><Content>a</Content></xml>",
    '<?xml version="1.0"?><?a b?><!DOCTYPE x><xml><Content>a</Content></xml>',
    "<xml><!DOCTYPE x><Content>a</Content></xml>",
    '<xml><!ENTITY a "b"><Content>&a;</Content></xml>',
    "<xml><Content>&a;</Content></xml>",
    "<xml></xml><!DOCTYPE x>",
    '<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></xml>',
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_entities_bombs_and_doctypes_are_refused_inside_and_outside_in_no_time(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(VerificationError):
        app().receive(replace(xml_post(xml()), body=text.encode()))
    with pytest.raises(VerificationError):
        app().receive(xml_post(text))
    assert time.perf_counter() - started < 0.5  # ten-fold slack


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"<xml/>",
        b"<xml></xml>",
        b"<xml>a</xml>",
        b"<a/>",
        b"{}",
        b"\xff",
        b"\xef\xbb\xbf<xml></xml>",
        b"<xml><Encrypt/></xml>",
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
        b"<xml><Encrypt><a/></Encrypt></xml>",
        b"<xml><a>" + b"<a>" * 50_000,
        b"<xml>" + b"x" * 300_000,
        "<xml><Encrypt>a</Encrypt></xml>".encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?><xml><Encrypt>a</Encrypt></xml>',
    ],
)
def test_an_xml_envelope_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationError):
        app().receive(replace(xml_post(xml()), body=body))


def test_more_elements_than_any_message_has_are_refused_unparsed() -> None:
    assert read_xml(b"<xml><a/>" + b"<b/>" * 3000 + b"</xml>")
    with pytest.raises(VerificationError, match="size"):
        read_xml(b"<xml><a/>" + b"<b/>" * 4000 + b"</xml>")


@pytest.mark.parametrize("known", [AIBOT, {**APP, "token": "other"}, {**APP, "receive_id": "ww2"}])
def test_what_is_sealed_for_another_is_refused_by_the_application(known: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        app().receive(xml_post(xml(MsgType="text", MsgId="1", Content="a"), known))
