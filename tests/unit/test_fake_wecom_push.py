"""The stand-in for WeCom: its callbacks, and how it reads what they are answered with."""

from collections.abc import Callable

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.wecom import FakeWecom, Pusher, buttons_of, sealing, text_of
from tests.fakes.wecom.clients import Program, Receiver, card
from tests.fakes.wecom.fixtures import fake, seconds, signed_in  # noqa: F401  # fixtures
from tests.fakes.wecom.records import Json


@pytest.fixture
def receiver(wecom: FakeWecom) -> Receiver:
    return Receiver(wecom)


@pytest.fixture
def pusher(wecom: FakeWecom, receiver: Receiver) -> Pusher:
    return Pusher(wecom, app=receiver, aibot=receiver)


def stream(content: str, *, finish: bool) -> Json:
    return {"msgtype": "stream", "stream": {"id": "s1", "finish": finish, "content": content}}


def passive_text(content: str, to: str = "zhangsan", sender: str = "ww1a2b3c4d5e6f7890") -> str:
    return (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>{sender}</FromUserName>"
        f"<CreateTime>1767225606</CreateTime><MsgType>text</MsgType>"
        f"<Content>{content}</Content></xml>"
    )


def test_an_address_must_verify_before_it_is_told_anything(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher
) -> None:
    receiver.echo = "\n"
    assert not pusher.verify("app").ok
    with pytest.raises(AssertionError, match="does not verify"):
        pusher.push(wecom.app_text("zhangsan", "查库存"))
    receiver.echo = ""
    assert pusher.push(wecom.app_text("zhangsan", "查库存"))[-1].ok


def test_a_failed_delivery_comes_three_more_times_with_the_same_id(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher
) -> None:
    receiver.replies = [(500, "")] * 9
    deliveries = pusher.push(wecom.bot_text("zhangsan", "补货 10"))
    assert [delivery.ok for delivery in deliveries] == [False] * 4
    assert len({document["msgid"] for document in receiver.documents()}) == 1
    assert len({sealed.query["nonce"] for sealed in receiver.got}) == 4
    receiver.got.clear()
    receiver.replies = [(500, ""), (200, "")]
    assert len(pusher.push(wecom.bot_text("zhangsan", "补货 10"), fresh=False)) == 2
    assert receiver.got[0] == receiver.got[1]


def test_a_stream_is_polled_until_it_is_finished(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher
) -> None:
    receiver.replies = [
        (200, stream("处理中", finish=False)),
        (200, stream("处理中…", finish=False)),
        (200, stream("库存 42", finish=True)),
    ]
    said = pusher.stream(wecom.bot_text("zhangsan", "查库存", "wrGROUP"), every_s=0)
    assert (text_of(said), len(said.pieces), said.chat) == ("库存 42", 3, "wrGROUP")
    first, *polls = receiver.documents()
    assert "response_url" in first
    assert [poll["msgtype"] for poll in polls] == ["stream", "stream"]
    assert not any("response_url" in poll for poll in polls)
    assert len({document["msgid"] for document in (first, *polls)}) == 3


CHANGES: list[tuple[Callable[[Json], Json], str]] = [
    (lambda envelope: envelope | {"nonce": "other"}, "nonce"),
    (lambda envelope: envelope | {"timestamp": "1767225606"}, "timestamp"),
    (lambda envelope: envelope | {"msgsignature": "0" * 40}, "signature"),
    (lambda envelope: envelope | {"extra": 1}, "fields"),
]


@pytest.mark.parametrize(("change", "problem"), CHANGES)
def test_an_envelope_that_is_not_right_is_noticed(
    wecom: FakeWecom,
    receiver: Receiver,
    pusher: Pusher,
    change: Callable[[Json], Json],
    problem: str,
) -> None:
    receiver.change, receiver.replies = change, [(200, stream("好", finish=True))]
    delivery = pusher.deliver(wecom.bot_text("zhangsan", "查库存"))
    assert problem in delivery.problem
    assert wecom.said == []


def test_plain_text_is_no_answer_to_a_message_but_is_one_to_a_visit(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher
) -> None:
    text = {"msgtype": "text", "text": {"content": "你好"}}
    receiver.replies = [(200, text), (200, text), (200, text)]
    assert pusher.deliver(wecom.bot_text("zhangsan", "查库存")).problem == "invalid message type"
    assert pusher.deliver(wecom.bot_enter()).said is wecom.said[0]
    feedback = wecom.bot_event("feedback_event", {"id": "f", "type": 1})
    assert "empty" in pusher.deliver(feedback).problem


def test_a_response_url_is_good_for_one_answer_within_an_hour(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher, clock: FakeClock
) -> None:
    def answer(url: str, msgtype: str, content: Json) -> int:
        document = {"msgtype": msgtype, msgtype: content}
        return int(httpx.post(url, json=document, trust_env=False).json()["errcode"])

    pusher.push(wecom.bot_text("zhangsan", "日报"))
    pusher.push(wecom.bot_text("zhangsan", "日报"))
    url, late = (document["response_url"] for document in receiver.documents())
    assert answer(url, "text", {"content": "x"}) == 40008
    assert answer(url, "stream", {"id": "s", "finish": True, "content": "x"}) == 40008
    assert answer(url, "markdown", {"content": "# 日报"}) == 0
    assert answer(url, "markdown", {"content": "# 日报"}) == 40058
    clock.advance(minutes=60, seconds=1)
    assert answer(late, "markdown", {"content": "# 日报"}) == 40058
    assert [said.how for said in wecom.said] == ["response_url"]


def test_a_robots_card_event_comes_once_and_may_change_the_card(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher
) -> None:
    receiver.replies = [(200, {"msgtype": "template_card", "template_card": card("补货")})]
    said = pusher.push(wecom.bot_text("zhangsan", "缺货"))[-1].said
    assert said is not None
    receiver.replies = [(500, "")]
    assert len(pusher.push(wecom.bot_press(said, "补货"))) == 1
    changed = card("撤销", task_id=said.card["task_id"])
    receiver.replies = [(200, {"response_type": "update_template_card", "template_card": changed})]
    assert pusher.press(said, "补货").update == changed
    assert buttons_of(said) == ["撤销"]


def test_an_applications_press_brings_a_fresh_response_code(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher, program: Program
) -> None:
    first = program.send("template_card", card("补货"))["response_code"]
    [said] = wecom.said
    assert pusher.press(said, "补货").ok
    assert said.response_code != first
    keys = wecom.world.company.keys("app")
    encrypt = receiver.got[0].body.decode().split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    inner = sealing.decrypt(keys, encrypt)
    assert f"<ResponseCode><![CDATA[{said.response_code}]]></ResponseCode>" in inner
    assert "<EventKey><![CDATA[key-补货]]></EventKey>" in inner
    assert "<MsgId>" not in inner
    assert program.update(said.response_code, template_card=card("撤销"))["errcode"] == 0
    assert buttons_of(said) == ["撤销"]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (passive_text("库存 42"), ""),
        (passive_text("库存", to="ww1a2b3c4d5e6f7890", sender="zhangsan"), "swapped"),
        (passive_text("a</Content><Content>b"), "twice"),
        (passive_text("").replace("text", "markdown"), "not allowed"),
    ],
)
def test_an_applications_passive_reply_is_looked_at(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher, reply: str, problem: str
) -> None:
    receiver.replies = [(200, reply)]
    delivery = pusher.deliver(wecom.app_text("zhangsan", "查库存"))
    assert problem in delivery.problem
    assert [text_of(said) for said in wecom.said] == ([] if problem else ["库存 42"])


def test_times_are_the_clocks_unless_told_otherwise(
    wecom: FakeWecom, receiver: Receiver, pusher: Pusher, clock: FakeClock
) -> None:
    pusher.deliver(wecom.bot_text("zhangsan", "查库存"))
    pusher.deliver(wecom.bot_text("zhangsan", "查库存"), timestamp=1, nonce="again")
    now, stale = receiver.got
    assert now.query["timestamp"] == str(int(clock().timestamp()))
    assert (stale.query["timestamp"], stale.query["nonce"]) == ("1", "again")


def test_callbacks_go_out_at_once_over_http_too(wecom: FakeWecom) -> None:
    with FakeWecom() as other:  # no receiver: whatever answers HTTP
        pusher = Pusher(wecom, aibot=f"{other.base_url}/nothing", verify_first=False)
        callbacks = [wecom.bot_text("zhangsan", f"第{n}条") for n in range(5)]
        assert [delivery.status for delivery in pusher.together(callbacks)] == [200] * 5
        assert len(other.calls("POST /nothing")) == 5
    assert pusher.deliver(callbacks[0]).status == 0
