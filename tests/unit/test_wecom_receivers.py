"""WeCom's two callback addresses: the reference's vectors, and what holds for both."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Message
from bot.platforms.base import RawRequest, VerificationError
from bot.platforms.wecom.app_receiver import AppReceiver, read_xml
from bot.platforms.wecom.robot_receiver import RobotReceiver
from tests.unit.wecom_platform import (
    APP,
    BY_ID,
    VECTORS,
    answer,
    app,
    json_post,
    only,
    receiver_of,
    request_of,
    robot,
    seal,
    signed,
)


@pytest.mark.parametrize("name", ["app_get_verify", "aibot_get_verify"])
@pytest.mark.parametrize("by_proxy", [False, True])
def test_an_address_is_verified_by_its_echo_alone(name: str, by_proxy: bool) -> None:  # noqa: FBT001  (a column of the table)
    request = request_of(BY_ID[name])
    if by_proxy:  # it turned + into a blank
        blanked = request.query["echostr"].replace("+", " ")
        assert blanked != request.query["echostr"]
        request = replace(request, query={**request.query, "echostr": blanked})
    inbound = receiver_of(BY_ID[name]).receive(request)
    assert inbound.body.decode() == BY_ID[name]["expected_response"]["body"]
    assert inbound.content_type.startswith("text/plain")
    assert inbound.messages == ()


def test_the_applications_text_vector_is_heard() -> None:
    vector = BY_ID["app_post_text"]
    inbound = app().receive(request_of(vector))
    expected = vector["expected_fields"]
    assert inbound.body == b""
    assert only(inbound) == Message(
        platform="wecom",
        message_id=f"app:{expected['dedup_key']}",  # 64 bits, to the last digit
        chat_id="app/zhangsan",
        chat_kind="direct",
        user_id=expected["FromUserName"],
        user_name="zhangsan",
        text=expected["Content"],
        sent_at=datetime.fromtimestamp(1_767_225_600, UTC),
    )


@pytest.mark.parametrize("name", ["app_post_template_card_event", "app_post_enter_agent_full_pad"])
def test_the_applications_event_vectors_are_read_and_acknowledged(name: str) -> None:
    vector = BY_ID[name]
    inbound = app().receive(request_of(vector))
    assert (inbound.messages, inbound.body) == ((), b"")  # the card of the vector is not ours
    fields = read_xml(vector["decrypted_plaintext"].encode())
    expected = {k: v for k, v in vector["expected_fields"].items() if k[0].isupper()}
    assert {name: fields.get(name) for name in expected} == expected


def test_the_robots_text_vector_is_heard_and_answered_by_a_stream_that_goes_on() -> None:
    vector = BY_ID["aibot_post_group_text"]
    inbound = robot().receive(request_of(vector))
    expected = vector["expected_fields"]
    message = only(inbound)
    assert message.message_id == f"bot:{expected['dedup_key']}"
    assert message.chat_id == f"bot/{expected['chatid']}"
    assert message.chat_kind == expected["chattype"]
    assert message.user_id == expected["userid"]
    assert message.text == expected["command_after_mention_strip"]
    assert message.sent_at == datetime.fromtimestamp(int(vector["query"]["timestamp"]), UTC)
    assert message.polled_s == 10
    assert message.handle == {
        "stream": expected["dedup_key"],
        "response_url": "https://qyapi.weixin.qq.com/cgi-bin/aibot/response"
        "?response_code=RC_TEST_0001",
    }
    assert answer(inbound.body, vector["query"]["nonce"]) == {
        "msgtype": "stream",
        "stream": {"id": expected["dedup_key"], "finish": False, "content": "处理中…"},
    }


def test_the_robots_poll_vector_asks_for_the_answer_to_its_stream() -> None:
    vector = BY_ID["aibot_post_stream_refresh"]
    inbound = robot().receive(request_of(vector))
    stream = vector["expected_fields"]["stream_id"]
    assert inbound.messages == ()
    assert inbound.polled == f"wecom:bot:{stream}"
    assert inbound.poll_handle == {"stream": stream, "nonce": vector["query"]["nonce"]}


@pytest.mark.parametrize("vector", VECTORS["negative"], ids=lambda vector: vector["id"])
def test_the_negative_vectors_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        receiver_of(vector).receive(request_of(vector))


BOTH = pytest.mark.parametrize(
    ("receiver", "request_"),
    [
        (app(), request_of(BY_ID["app_post_text"])),
        (app(), request_of(BY_ID["app_get_verify"])),
        (robot(), request_of(BY_ID["aibot_post_group_text"])),
        (robot(), request_of(BY_ID["aibot_get_verify"])),
    ],
    ids=["app", "app echo", "robot", "robot echo"],
)


@BOTH
def test_every_parameter_is_needed_exactly_once(
    receiver: AppReceiver | RobotReceiver, request_: RawRequest
) -> None:
    assert receiver.receive(request_).body is not None
    for name in request_.query:
        without = {k: v for k, v in request_.query.items() if k != name}
        for wrong in (
            replace(request_, query=without),
            replace(request_, query={**request_.query, name: ""}),
            replace(request_, repeated=frozenset({name})),
        ):
            with pytest.raises(VerificationError):
                receiver.receive(wrong)


@BOTH
def test_other_methods_are_refused(
    receiver: AppReceiver | RobotReceiver, request_: RawRequest
) -> None:
    for method in ("PUT", "HEAD", "OPTIONS", "get", ""):
        with pytest.raises(VerificationError):
            receiver.receive(replace(request_, method=method))


@BOTH
def test_what_is_refused_is_named_in_a_word_and_not_quoted(
    receiver: AppReceiver | RobotReceiver, request_: RawRequest
) -> None:
    forged = replace(request_, query={**request_.query, "msg_signature": "5ec2e7"})
    with pytest.raises(VerificationError) as caught:
        receiver.receive(forged)
    assert str(caught.value) == "signature"


@pytest.mark.parametrize("blank", ["token", "encoding_aes_key", "corp_id"])
def test_an_application_without_one_of_its_secrets_does_not_start(blank: str) -> None:
    with pytest.raises(ValueError, match=r"corp id|token|EncodingAESKey"):
        app(**{blank: ""})


@pytest.mark.parametrize("blank", ["token", "encoding_aes_key"])
def test_a_robot_without_one_of_its_secrets_does_not_start(blank: str) -> None:
    with pytest.raises(ValueError, match=r"token|EncodingAESKey"):
        robot(**{blank: ""})


APP_DOOR, ROBOT_DOOR = app(), robot()


@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from([*signed(APP, "x"), "echostr"]), st.text()),
    st.binary(),
)
def test_no_request_does_anything_but_verify_or_be_refused(
    method: str, query: dict[str, str], body: bytes
) -> None:
    for door in (APP_DOOR, ROBOT_DOOR):
        with pytest.raises(VerificationError):
            door.receive(RawRequest(method, query, {}, body))


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.text().map(lambda text: f"<xml>{text}</xml>".encode())
)
def test_no_well_signed_bytes_do_anything_but_verify_or_be_refused(content: bytes) -> None:
    encrypt = seal(APP, content)
    body = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    with pytest.raises(VerificationError):  # none of them names the corp
        APP_DOOR.receive(RawRequest("POST", signed(APP, encrypt), {}, body))
    with suppress(VerificationError):
        assert ROBOT_DOOR.receive(json_post(content)).messages == ()
