"""The fake Feishu fails the way it is told to, and delivers as the real one does."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fakes.feishu import (
    FakeFeishu,
    Pusher,
    faults,
    seal,
    text_of,
)
from tests.fakes.feishu.callback import callback
from tests.fakes.feishu.caller import Caller, code
from tests.fakes.feishu.fixtures import client, fake  # noqa: F401  # fixtures


@pytest.mark.parametrize(
    ("fault", "status", "body", "kept"),
    [
        (faults.rate_limited(2), 429, b"99991400", 0),
        (faults.html(), 502, b"<html>", 0),
        (faults.empty(), 200, b"", 1),
        (faults.answer(400, {"code": 230099}), 400, b"230099", 0),
        (faults.slow(0.05), 200, b"message_id", 1),
        (faults.dribble(0.0005), 200, b"message_id", 1),
    ],
)
def test_an_answer_goes_wrong_once(
    api: Caller, fault: faults.Fault, status: int, body: bytes, kept: int
) -> None:
    api.feishu.fail("POST /open-apis/im/v1/messages", fault)
    answer = api.say("text", {"text": "a"})
    assert answer.status_code == status
    assert body in answer.content
    assert len(api.feishu.messages) == kept
    assert code(api.say("text", {"text": "a"})) == 0


def test_only_the_calls_that_were_named_go_wrong(api: Caller) -> None:
    api.feishu.fail("PATCH /open-apis/im", faults.html())
    assert code(api.say("text", {"text": "a"})) == 0
    assert api.call("PATCH", "im/v1/messages/om_x", json={}).status_code == 502


def test_a_rate_limit_says_when_to_come_back(api: Caller) -> None:
    api.feishu.fail("/im/", faults.rate_limited(2))
    assert api.say("text", {"text": "a"}).headers["x-ogw-ratelimit-reset"] == "2"


@pytest.mark.parametrize(("fault", "kept"), [(faults.lost(), 1), (faults.reset(), 0)])
def test_a_connection_is_reset_with_or_without_the_message(
    api: Caller, fault: faults.Fault, kept: int
) -> None:
    api.feishu.fail("/im/v1/messages", fault)
    with pytest.raises(httpx.ReadError):
        api.say("text", {"text": "a"})
    assert len(api.feishu.messages) == kept
    assert api.feishu.requests[-1].status == 0


def test_nobody_answers_while_the_platform_is_paused(api: Caller) -> None:
    api.feishu.pause()
    with pytest.raises(httpx.ReadTimeout):
        api.http.post("/open-apis/anything", timeout=0.1)
    pool = ThreadPoolExecutor(1)
    waiting = pool.submit(api.login)
    api.feishu.wait_until(lambda: len(api.feishu.requests) == 3)
    api.feishu.resume()
    with pytest.raises(httpx.ReadError), pool:
        waiting.result(5)
    assert api.login()["code"] == 0


def test_closing_does_not_wait_for_those_who_hang() -> None:
    feishu = FakeFeishu()
    feishu.pause()
    with httpx.Client(base_url=feishu.base_url, trust_env=False) as http:
        pool = ThreadPoolExecutor(1)
        waiting = pool.submit(http.get, "/")
        feishu.wait_until(lambda: bool(feishu.requests))
        start = time.monotonic()
        feishu.close()
        with pytest.raises(httpx.HTTPError), pool:
            waiting.result(5)
    assert time.monotonic() - start < 1


def test_waiting_ends_with_the_message_or_in_time(api: Caller) -> None:
    with pytest.raises(TimeoutError):
        api.feishu.wait_messages(1, timeout_s=0.05)
    later = threading.Timer(0.05, api.say, ["text", {"text": "a"}])
    later.start()
    (message,) = api.feishu.wait_messages(1, api.feishu.group, timeout_s=5)
    later.join()
    assert text_of(message) == "a"


def test_a_mention_stands_as_a_placeholder(feishu: FakeFeishu) -> None:
    message = feishu.text("查库存 A", others=[feishu.user]).document["event"]["message"]
    assert json.loads(message["content"]) == {"text": "@_user_1 查库存 A @_user_2"}
    assert [one["id"]["open_id"] for one in message["mentions"]] == [
        feishu.bot_open_id,
        feishu.user,
    ]
    assert message["chat_type"] == "group"
    plain = feishu.text("查库存 A", mention=False).document["event"]["message"]
    assert "mentions" not in plain
    assert feishu.direct_text("a").document["event"]["message"]["chat_type"] == "p2p"


def test_the_same_message_comes_under_another_event_id(feishu: FakeFeishu) -> None:
    event = feishu.post(["补货 A 3"], title="补货")
    again = event.renewed()
    assert again.message_id == event.message_id
    assert again.event_id != event.event_id
    assert event.event_type == "im.message.receive_v1"
    assert "token" not in event.changed(token=None).document["header"]


def test_the_bot_comes_and_goes(api: Caller) -> None:
    joined = api.feishu.bot_joined(name="二店")
    assert joined.event_type == "im.chat.member.bot.added_v1"
    assert code(api.say("text", {"text": "a"}, to=joined.chat_id)) == 0
    assert api.feishu.bot_left(joined.chat_id).event_type == "im.chat.member.bot.deleted_v1"
    assert code(api.say("text", {"text": "a"}, to=joined.chat_id)) == 230002


VECTOR_KEY = "shop-demo-Encrypt-Key-2026"


def test_sealing_gives_the_reference_vector_byte_for_byte() -> None:
    plain = '{"challenge":"ajls384kdjx98XX","token":"vT0kenDemo7QmXc4Lr9sYpWz2NbHdEfa",'
    plain += '"type":"url_verification"}'
    iv = bytes(range(15, -1, -1))
    sealed = seal(plain.encode(), VECTOR_KEY, timestamp="1767225600", nonce="1", iv=iv)
    encrypted = json.loads(sealed.body)["encrypt"]
    assert encrypted == VECTOR_ENCRYPTED
    assert base64.b64decode(encrypted)[:16] == iv
    assert len(sealed.headers["X-Lark-Signature"]) == 64


VECTOR_ENCRYPTED = (
    "Dw4NDAsKCQgHBgUEAwIBANhS9ynZr3c9lGczMgbgPGGa9csB25zbXlUkWSQQ4hhlCi/IP1qFYrKZyQPPASbDsG"
    "BRQrzuEXrMJJxxwtKGlxYcwKwCKCHvBdTbhpyoLzP5roHQnXqHrA8hL7QeVlcu31tDlVxHTsrKD0HJzBpXYZI="
)


def test_the_check_of_the_address_is_not_signed(feishu: FakeFeishu) -> None:
    with callback((200, b"{}")) as (url, heard), Pusher(feishu, url) as pusher:
        pusher.verify_url()
        pusher.deliver(feishu.text("a"))
    (checked, _), (event, _) = heard
    assert not [name for name in checked if name.startswith("x-lark")]
    assert event["x-lark-signature"]


def test_an_event_comes_again_until_it_is_answered(feishu: FakeFeishu) -> None:
    with callback((500, b""), (503, b""), (200, b"{}")) as (url, _), Pusher(feishu, url) as pusher:
        tries = pusher.push(feishu.text("a"), waits_s=(0.01, 0.01, 0.01))
    assert [one.status for one in tries] == [500, 503, 200]


def test_a_late_or_missing_answer_is_none(feishu: FakeFeishu) -> None:
    with callback((200, b"{}")) as (url, _):
        with Pusher(feishu, url, deadline_s=0.0) as pusher:
            assert not pusher.deliver(feishu.text("a")).ok
        press = feishu.other("card.action.trigger", {"token": "c-1"})
        with Pusher(feishu, url, deadline_s=0.0) as pusher:
            assert pusher.deliver(press).problem == 200341
    with Pusher(feishu, url) as pusher:
        assert pusher.deliver(feishu.text("a")).status == 0


def test_events_are_delivered_together(feishu: FakeFeishu) -> None:
    events = [feishu.text(str(number)) for number in range(8)]
    with callback((200, b"{}")) as (url, heard), Pusher(feishu, url) as pusher:
        assert all(delivery.ok for delivery in pusher.together(events))
    assert len(heard) == 8
