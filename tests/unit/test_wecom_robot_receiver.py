"""The robot's callback address."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import Press
from bot.platforms.base import VerificationError
from tests.unit.wecom_platform import (
    AIBOT,
    APP,
    NOW_S,
    URL,
    answer,
    json_post,
    only,
    robot,
    signature,
)


def said(**changes: Any) -> dict[str, Any]:
    return {
        "msgid": "m-1",
        "aibotid": "A",
        "chattype": "single",
        "from": {"userid": "zhangsan"},
        "response_url": URL,
        "msgtype": "text",
        "text": {"content": "查库存"},
        **changes,
    }


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("content", ["库存 **42** 件", "", "价\n" * 5000, '"}\\'])
def test_a_poll_is_answered_by_the_stream_with_the_polls_own_nonce(
    content: str,
    finished: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    door = robot()
    asked = only(door.receive(json_post(said())))
    poll = json_post({"msgid": "p-1", "msgtype": "stream", "stream": {"id": "m-1"}})
    nonce = "8812"
    query = {
        **poll.query,
        "nonce": nonce,
        "msg_signature": signature(AIBOT, str(NOW_S), nonce, json.loads(poll.body)["encrypt"]),
    }
    inbound = door.receive(replace(poll, query=query))
    assert inbound.polled == asked.key
    assert answer(door.poll_answer(inbound, content, finished=finished), nonce) == {
        "msgtype": "stream",
        "stream": {"id": asked.handle["stream"], "finish": finished, "content": content},
    }


def test_the_poll_of_a_long_stream_id_still_finds_its_message() -> None:
    door = robot()
    asked = only(door.receive(json_post(said(msgid="m" * 400))))
    poll = {"msgid": "p-1", "msgtype": "stream", "stream": {"id": "m" * 400}}
    assert door.receive(json_post(poll)).polled == asked.key


@pytest.mark.parametrize("stream", [None, "m-1", {}, {"id": 5}, {"id": ""}, {"id": "s" * 513}])
def test_a_poll_for_nothing_is_acknowledged(stream: object) -> None:
    inbound = robot().receive(json_post({"msgtype": "stream", "stream": stream}))
    assert (inbound.polled, inbound.messages, inbound.body) == ("", (), b"")


def test_a_poll_never_runs_a_command() -> None:
    inbound = robot().receive(json_post(said(msgtype="stream", stream={"id": "m-1"})))
    assert inbound.messages == ()


def test_a_redelivery_is_answered_as_the_first_time() -> None:
    door, request = robot(), json_post(said())
    first, second = door.receive(request), door.receive(request)
    assert first.messages == second.messages
    assert answer(first.body, "66190277") == answer(second.body, "66190277")


@pytest.mark.parametrize(
    ("url", "base_url", "kept"),
    [
        (URL, "https://qyapi.weixin.qq.com", True),
        ("https://qyapi.weixin.qq.com:443/x", "https://qyapi.weixin.qq.com", True),
        ("http://qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com:444/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com.evil.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://evil.com/qyapi.weixin.qq.com", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com@evil.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://a:b@qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com\\@evil.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com/x\nHost: evil", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com/ x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com/\nx", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com/你", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi．weixin.qq.com/x", "https://qyapi.weixin.qq.com", False),
        ("https://[::1/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com:x/x", "https://qyapi.weixin.qq.com", False),
        ("https://qyapi.weixin.qq.com/" + "x" * 2048, "https://qyapi.weixin.qq.com", False),
        ("http://127.0.0.1:9/x", "https://qyapi.weixin.qq.com", False),
        ("//qyapi.weixin.qq.com/x", "https://qyapi.weixin.qq.com", False),
        ("file:///etc/passwd", "https://qyapi.weixin.qq.com", False),
        ("", "https://qyapi.weixin.qq.com", False),
        (None, "https://qyapi.weixin.qq.com", False),
        (5, "https://qyapi.weixin.qq.com", False),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:8123", True),
        ("http://localhost:8123/x", "http://127.0.0.1:8123", True),
        ("http://169.254.169.254/x", "http://127.0.0.1:8123", False),
        (URL, "http://127.0.0.1:8123", False),
        ("https://127.0.0.1:8123/x", "https://127.0.0.1:8123", True),
    ],
)
def test_later_answers_go_to_the_platform_alone(url: object, base_url: str, kept: bool) -> None:  # noqa: FBT001  (a column of the table)
    message = only(robot(base_url=base_url).receive(json_post(said(response_url=url))))
    assert message.handle == {"stream": "m-1", **({"response_url": url} if kept else {})}


def event(kind: str, **detail: Any) -> dict[str, Any]:
    return said(msgtype="event", create_time=NOW_S - 5, event={"eventtype": kind, kind: detail})


def test_a_press_is_heard_and_answered_with_nothing() -> None:
    inbound = robot().receive(json_post(event("template_card_event", event_key="17.0a1b2c3d4e5f")))
    message = only(inbound)
    assert inbound.body == b""
    assert message.press == Press(card=17, button="0a1b2c3d4e5f")
    assert message.sent_at == datetime.fromtimestamp(NOW_S - 5, UTC)
    assert (message.handle, message.polled_s) == ({"response_url": URL}, 0)


def test_whoever_opens_the_chat_is_welcomed_in_plain_text() -> None:
    inbound = robot().receive(json_post(event("enter_chat")))
    assert inbound.messages == ()
    assert answer(inbound.body, "66190277") == {"msgtype": "text", "text": {"content": "您好"}}


def test_without_a_welcome_nothing_is_said() -> None:
    assert robot(welcome="").receive(json_post(event("enter_chat"))).body == b""


@pytest.mark.parametrize(
    "document",
    [
        event("feedback_event", id="f", type=1),
        event("something_new"),
        event("template_card_event", event_key="others"),
        said(msgtype="location"),
        said(msgid=None),
        said(event=5, msgtype="event"),
        {},
    ],
)
def test_what_the_robot_does_not_know_is_acknowledged_with_nothing(
    document: dict[str, Any],
) -> None:
    inbound = robot().receive(json_post(document))
    assert (inbound.messages, inbound.body, inbound.polled) == ((), b"", "")


def test_another_company_at_our_robot_is_not_heard() -> None:
    stranger = said(**{"from": {"userid": "zhangsan", "corpid": "ww-other"}})
    assert robot(corp_id="ww-ours").receive(json_post(stranger)).messages == ()


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"5",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        '{"msgtype": "text"}'.encode("utf-16"),
    ],
)
def test_sealed_rubbish_is_refused(inner: bytes) -> None:
    with pytest.raises(VerificationError):
        robot().receive(json_post(inner))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"encrypt": 5}',
        b'{"encrypt": null}',
        b'{"Encrypt": "x"}',
        b"\xff",
        b'\xef\xbb\xbf{"encrypt": "x"}',
        b"[" * 100_000,
        b"<xml/>",
        b'{"encrypt": "\\ud800"}',
    ],
)
def test_an_envelope_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationError):
        robot().receive(replace(json_post(said()), body=body))


@pytest.mark.parametrize("known", [APP, {**AIBOT, "token": "other"}, {**AIBOT, "receive_id": "x"}])
def test_what_is_sealed_for_another_is_refused_by_the_robot(known: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        robot().receive(json_post(said(), known))
