"""The fake Feishu takes and refuses messages as the real one does."""

import json
from typing import Any

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.feishu import (
    FakeFeishu,
)
from tests.fakes.feishu.caller import Caller, code
from tests.fakes.feishu.fixtures import client, fake  # noqa: F401  # fixtures
from tests.fakes.feishu.robots import robot_signature
from tests.fakes.feishu.world import Pace


def test_the_same_token_is_handed_out_until_half_an_hour_is_left(
    api: Caller, clock: FakeClock
) -> None:
    first = api.token
    clock.advance(minutes=89)
    assert api.login()["expire"] == 31 * 60
    assert api.token == first
    clock.advance(minutes=2)
    assert api.login()["expire"] == 7200
    assert api.token != first


def test_an_expired_or_revoked_token_is_refused(api: Caller, clock: FakeClock) -> None:
    clock.advance(minutes=121)
    assert code(api.say("text", {"text": "a"})) == 99991663
    api.login()
    assert code(api.say("text", {"text": "a"})) == 0
    api.feishu.revoke_tokens()
    assert code(api.say("text", {"text": "a"})) == 99991663


def test_a_call_without_a_token_or_with_the_wrong_secret_is_refused(api: Caller) -> None:
    assert api.login(app_secret="x")["code"] == 10015
    answer = api.say("text", {"text": "a"})
    assert (answer.status_code, code(answer)) == (400, 99991661)


def test_a_message_is_kept_as_it_was_sent(api: Caller, clock: FakeClock) -> None:
    answer = api.say("text", {"text": "你好"}, to=api.feishu.user, uuid="u-1").json()["data"]
    (message,) = api.feishu.in_chat(api.feishu.user)
    assert message.message_id == answer["message_id"]
    assert (message.content, message.uuid, message.msg_type) == ({"text": "你好"}, "u-1", "text")
    assert message.chat_id == answer["chat_id"] == api.feishu.direct(api.feishu.user)
    assert answer["create_time"] == str(int(clock().timestamp() * 1000))


def test_one_uuid_says_one_thing_within_an_hour(api: Caller, clock: FakeClock) -> None:
    first = api.say("text", {"text": "a"}, uuid="u").json()["data"]["message_id"]
    clock.advance(minutes=59)
    api.login()
    assert api.say("text", {"text": "b"}, uuid="u").json()["data"]["message_id"] == first
    clock.advance(minutes=2)
    assert api.say("text", {"text": "b"}, uuid="u").json()["data"]["message_id"] != first
    assert [message.content["text"] for message in api.feishu.messages] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "content", "refused"),
    [
        ("text", {"text": "字" * 51_300}, 230025),
        (
            "post",
            {"zh_cn": {"title": "", "content": [[{"tag": "text", "text": "字" * 10_300}]]}},
            230025,
        ),
        ("text", {"text": ""}, 230001),
        ("text", "no json", 230001),
        ("post", {"title": "", "content": [[{"tag": "text", "text": "a"}]]}, 230001),
        ("image", {"image_key": "img_nowhere"}, 230001),
        ("telegram", {"text": "a"}, 230001),
    ],
)
def test_what_is_too_long_or_wrong_is_refused(
    api: Caller, kind: str, content: Any, refused: int
) -> None:
    answer = api.say(kind, content)
    assert (answer.status_code, code(answer)) == (400, refused)
    assert not api.feishu.messages


def test_content_must_be_a_string_and_the_body_must_say_it_is_json(api: Caller) -> None:
    body = {"receive_id": api.feishu.group, "msg_type": "text", "content": {"text": "a"}}
    path = "im/v1/messages?receive_id_type=chat_id"
    assert code(api.call("POST", path, json=body)) == 230001
    body["content"] = '{"text": "a"}'
    assert code(api.call("POST", path, content=json.dumps(body))) == 9499
    assert code(api.call("POST", path, json={**body, "uuid": "u" * 51})) == 230001
    assert code(api.call("POST", path, json=body)) == 0


def test_a_chat_without_the_bot_and_a_person_out_of_reach_are_refused(api: Caller) -> None:
    feishu = api.feishu
    assert code(api.say("text", {"text": "a"}, to="oc_unknown")) == 230002
    assert code(api.say("text", {"text": "a"}, to="ou_unknown")) == 230013
    feishu.remove_bot(feishu.group)
    feishu.mute(feishu.user)
    assert code(api.say("text", {"text": "a"})) == 230002
    assert code(api.say("text", {"text": "a"}, to=feishu.user)) == 230013


def test_five_messages_a_second_reach_one_chat(api: Caller) -> None:
    codes = [code(api.say("text", {"text": "a"})) for _ in range(6)]
    assert codes == [0] * 5 + [230020]
    assert code(api.say("text", {"text": "a"}, to=api.feishu.user)) == 0


def test_a_limit_counts_what_is_within_its_window() -> None:
    minute, moment = Pace(1, 60.0), Pace(1, 0.0)
    assert [minute.takes("a"), minute.takes("a"), minute.takes("b")] == [True, False, True]
    assert [moment.takes("a"), moment.takes("a")] == [True, True]


def test_the_limit_can_be_switched_off() -> None:
    with FakeFeishu(paced=False) as feishu:
        api = Caller(feishu)
        with api.http:
            api.login()
            assert [code(api.say("text", {"text": "a"})) for _ in range(8)] == [0] * 8


def test_an_answer_goes_where_the_message_stands(api: Caller) -> None:
    feishu = api.feishu
    asked = feishu.direct_text("查库存")
    body = {"msg_type": "text", "content": '{"text": "3"}'}
    path = f"im/v1/messages/{asked.message_id}/reply"
    assert code(api.call("POST", path, json=body)) == 0
    (said,) = feishu.in_chat(feishu.user)
    assert said.reply_to == asked.message_id
    assert code(api.call("POST", "im/v1/messages/om_none/reply", json=body)) == 230001
    feishu.recall(asked.message_id)
    assert code(api.call("POST", path, json=body)) == 230011


def test_uploads_are_checked_and_can_be_sent(api: Caller) -> None:
    feishu = api.feishu

    def upload(name: str, content: bytes, **form: str) -> httpx.Response:
        kind = "image" if "image_type" in form else "file"
        return api.call("POST", f"im/v1/{kind}s", data=form, files={kind: (name, content)})

    stream = {"file_type": "stream", "file_name": "库存.csv"}
    key = upload("x", b"a,b", **stream).json()["data"]["file_key"]
    assert (feishu.uploads[-1].name, feishu.uploads[-1].content) == ("库存.csv", b"a,b")
    assert code(upload("x", b"", **stream)) == 234010
    assert code(upload("x", b"a", file_type="csv", file_name="a")) == 234001
    assert code(upload("x", b"b'\\x89PNG'", image_type="message")) == 234011
    assert code(upload("x", b"\x89PNG\r\n" + bytes(10 << 20), image_type="message")) == 234006
    assert code(api.say("file", {"file_key": key})) == 0
    assert code(api.say("image", {"image_key": key})) == 230055
    assert code(api.say("image", {"image_key": feishu.image})) == 0


def test_a_file_sent_as_a_form_field_is_marked(api: Caller) -> None:
    files = {"file_type": (None, b"stream"), "file_name": (None, b"a"), "file": (None, b"x")}
    assert code(api.call("POST", "im/v1/files", files=files)) == 0
    assert api.feishu.uploads[-1].as_field


def test_a_file_people_sent_is_found_and_downloaded(api: Caller) -> None:
    event = api.feishu.file("库存.csv", b"sku,qty")
    shown = api.call("GET", f"im/v1/messages/{event.message_id}").json()["data"]["items"][0]
    key = json.loads(shown["body"]["content"])["file_key"]
    assert json.loads(event.document["event"]["message"]["content"])["file_key"] == key
    path = f"im/v1/messages/{event.message_id}/resources/{key}"
    got = api.call("GET", f"{path}?type=file")
    assert got.content == b"sku,qty"
    assert got.headers["content-disposition"].endswith("UTF-8''%E5%BA%93%E5%AD%98.csv")
    assert code(api.call("GET", f"{path}?type=image")) == 234003
    other = api.feishu.text("a").message_id
    assert code(api.call("GET", f"im/v1/messages/{other}/resources/{key}?type=file")) == 234003


def test_the_bot_tells_its_own_open_id(api: Caller) -> None:
    assert api.call("GET", "bot/v3/info").json()["bot"]["open_id"] == api.feishu.bot_open_id


def test_a_body_may_come_in_chunks(api: Caller) -> None:
    content = json.dumps({"app_id": api.feishu.app_id, "app_secret": api.feishu.app_secret})
    parts = iter([content[:9].encode(), content[9:].encode()])
    address = "/open-apis/auth/v3/tenant_access_token/internal"
    assert code(api.http.post(address, content=parts)) == 0
    assert api.login()["code"] == 0


def test_an_unknown_address_is_404(api: Caller) -> None:
    assert api.call("GET", "im/v9/messages").status_code == 404


def _hook(url: str, **body: Any) -> int:
    answer = httpx.post(url, json=body, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["code"] or answer.json()["StatusCode"] == 0
    return code(answer)


def test_a_custom_robot_refuses_with_http_200(feishu: FakeFeishu) -> None:
    url, text = feishu.add_robot("hook"), {"text": "a"}
    assert _hook(url + "x", msg_type="text", content=text) == 19001
    assert _hook(url, content=text) == 19002
    assert _hook(url, msg_type="text", content='{"text": "a"}') == 9499
    assert _hook(url, msg_type="text", content={"text": "字" * 7000}) == 19036
    assert _hook(url, msg_type="interactive", card={"schema": "2.0"}) == 230099
    assert not feishu.messages
    codes = [_hook(url, msg_type="text", content=text) for _ in range(6)]
    assert codes == [0] * 5 + [11232]
    assert len(feishu.in_chat("hook")) == 5


def test_a_custom_robot_checks_signature_and_keyword(feishu: FakeFeishu, clock: FakeClock) -> None:
    secret = "SECdemo-robot-secret-01"
    assert robot_signature("1767225600", secret) == "JyqUevAOaOPSru62aihgTmgMvXx+LSx5YKOYi1FTdKA="
    url = feishu.add_robot(secret=secret, keyword="库存")
    now = int(clock().timestamp())
    body = {"msg_type": "text", "content": {"text": "库存 3"}}

    def signed(at: int, key: str, **more: Any) -> int:
        stamp = {"timestamp": str(at), "sign": robot_signature(str(at), key)}
        return _hook(url, **{**body, **stamp, **more})

    assert _hook(url, **body) == 19021
    assert signed(now, "wrong") == 19021
    assert signed(now - 3601, secret) == 19021
    assert signed(now, secret, content={"text": "a"}) == 19024
    assert signed(now - 3599, secret) == 0
