"""What is said on WeCom arrives once, whole and in bounds: real sockets, the real wechatpy, a fake.

Traps of wechatpy 1.8.18 are numbered in the order in which they were found.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.messages import Attachment, Button, Chart, FileRef, Message, Reply, Table
from bot.platforms.base import EditError, Inbound, Letter, RawRequest, SendError, VerificationError
from bot.platforms.calls import Calls
from bot.platforms.wecom.app_client import AppClient
from bot.platforms.wecom.pieces import Picture
from bot.platforms.wecom.platform import WecomPlatform
from bot.settings.sections import Wecom
from tests.fakes.clock import FakeClock
from tests.fakes.wecom import FakeWecom, Pusher, faults, text_of
from tests.fakes.wecom.faults import Script
from tests.fakes.wecom.records import Request, Response
from tests.fakes.wecom.server import HttpServer

SHIP = Button("发货", "发货 1033")
CSV = Attachment(
    "订单 1033.csv", "text/csv", "编码,数量\r\nKFD-250,3\r\n".encode() + bytes(range(256))
)
CUT_S = 8.0  # five seconds, and the time a busy machine takes


@pytest.fixture
def wecom(clock: FakeClock) -> Iterator[FakeWecom]:
    with FakeWecom(clock=clock, paced=False) as fake:
        yield fake


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    yield made
    made.close()


@pytest.fixture
def platform(wecom: FakeWecom, calls: Calls, clock: FakeClock) -> WecomPlatform:
    return platform_of(wecom, calls, clock)


def platform_of(wecom: FakeWecom, calls: Calls, clock: FakeClock) -> WecomPlatform:
    """The application, the robot by callback and one webhook."""
    settings = Wecom.model_validate(
        {
            "corp_id": wecom.corp_id,
            "base_url": wecom.base_url,
            "app": {
                "agent_id": wecom.app.agent_id,
                "secret": wecom.app.secret,
                "token": wecom.app.token,
                "encoding_aes_key": wecom.app.encoding_aes_key,
            },
            "aibot": {
                "mode": "callback",
                "token": wecom.aibot.token,
                "encoding_aes_key": wecom.aibot.encoding_aes_key,
                "name": wecom.aibot.name,
            },
            "robots": [{"name": "orders", "webhook": wecom.webhook("orders-key-0123456789")}],
        }
    )
    return WecomPlatform(settings, window_s=300, own_url="", welcome="欢迎", calls=calls, now=clock)


def letter(chat_id: str, reply: Reply | None = None, **fields: Any) -> Letter:
    return Letter(
        chat_id, reply or Reply(text="补货 <3 件 & 好"), key="key-12345678", card=7, **fields
    )


def say(platform: WecomPlatform, said: Letter) -> list[str]:
    """Every piece of it; what each gave back."""
    return [platform.send(said, piece, n) for n, piece in enumerate(platform.render(said))]


def refused(platform: WecomPlatform, said: Letter) -> SendError:
    with pytest.raises(SendError) as caught:
        say(platform, said)
    return caught.value


# The application


def test_traps_1_and_8_everything_goes_to_the_base_url_as_typed_utf8(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    say(platform, letter("app/zhangsan"))
    assert [request.label for request in wecom.requests] == [
        "GET /cgi-bin/gettoken",
        "POST /cgi-bin/message/send",
    ]
    (sent,) = wecom.calls("message/send")
    assert sent.headers["content-type"] == "application/json; charset=utf-8"
    assert "补货".encode() in sent.body
    assert sent.document()["agentid"] == wecom.app.agent_id
    assert [text_of(said) for said in wecom.said_in("zhangsan")] == ["补货 ＜3 件 & 好"]


def test_traps_5_and_18_twenty_threads_on_a_cold_start_fetch_one_token(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("gettoken", how=faults.slow(0.3))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: say(platform, letter("app/zhangsan")), range(20)))
    assert len(wecom.calls("gettoken")) == 1
    assert len(wecom.said_in("zhangsan")) == 20


def test_a_token_is_renewed_at_nine_tenths_of_its_life(
    platform: WecomPlatform, wecom: FakeWecom, clock: FakeClock
) -> None:
    say(platform, letter("app/zhangsan"))
    clock.advance(seconds=6479)
    say(platform, letter("app/zhangsan"))
    assert len(wecom.calls("gettoken")) == 1
    clock.advance(seconds=2)
    say(platform, letter("app/zhangsan"))
    assert len(wecom.calls("gettoken")) == 2


def test_trap_6_two_applications_share_no_token(
    wecom: FakeWecom, calls: Calls, clock: FakeClock
) -> None:
    def client() -> AppClient:
        return AppClient(
            corp_id=wecom.corp_id,
            secret=wecom.app.secret,
            agent_id=wecom.app.agent_id,
            base_url=wecom.base_url,
            calls=calls,
            now=clock,
        )

    text = {"msgtype": "text", "text": {"content": "好"}}
    for one in (client(), client()):
        one.send("zhangsan", text, once=False)
    assert len(wecom.calls("gettoken")) == 2


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_revoked_token_is_replaced_and_the_message_said_once(
    platform: WecomPlatform, wecom: FakeWecom, code: int
) -> None:
    say(platform, letter("app/zhangsan"))
    wecom.revoke_tokens(code)
    say(platform, letter("app/zhangsan"))
    assert len(wecom.said_in("zhangsan")) == 2
    assert len(wecom.calls("gettoken")) == 2


def test_trap_3_an_endless_40014_costs_one_new_token_and_one_more_try(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("message/send", how=faults.errcode(40014), times=100)
    error = refused(platform, letter("app/zhangsan"))
    assert not error.permanent
    assert len(wecom.calls("message/send")) == 2
    assert len(wecom.calls("gettoken")) == 2


def test_trap_2_a_hanging_gettoken_is_cut_after_five_seconds_for_all_who_wait_for_it(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("gettoken", how=faults.hang(), times=100)
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        errors = list(pool.map(lambda _: refused(platform, letter("app/zhangsan")), range(10)))
    assert time.monotonic() - began < CUT_S
    assert len(wecom.calls("gettoken")) == 1
    assert all(error.unreachable for error in errors)


def test_an_answer_that_drips_is_cut_after_five_seconds_and_may_have_arrived(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    say(platform, letter("app/zhangsan"))
    wecom.fail("message/send", how=faults.dribble(0.2))
    began = time.monotonic()
    error = refused(platform, letter("app/zhangsan"))
    assert time.monotonic() - began < CUT_S
    assert (error.unreachable, error.uncertain, error.permanent) == (True, True, False)


def test_trap_4_a_file_that_is_sent_again_after_a_new_token_is_whole(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("media/upload", how=faults.errcode(40014))
    say(platform, letter("app/zhangsan", Reply(text="导出", file=1), attachment=CSV))
    (file,) = [said.file for said in wecom.said_in("zhangsan") if said.file is not None]
    assert (file.name, file.content) == (CSV.name, CSV.content)
    assert len(wecom.calls("media/upload")) == 2


def test_what_may_have_arrived_is_sent_so_that_the_platform_drops_the_second(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    say(platform, letter("app/zhangsan"))
    say(platform, letter("app/zhangsan", again=True))
    first, second = (request.document() for request in wecom.calls("message/send"))
    assert "enable_duplicate_check" not in first
    assert (second["enable_duplicate_check"], second["duplicate_check_interval"]) == (1, 1800)


@pytest.mark.parametrize("duplicates", ["all", "flagged"])
def test_a_card_that_had_arrived_is_not_shown_twice_when_it_is_sent_again(
    clock: FakeClock, calls: Calls, duplicates: str
) -> None:
    with FakeWecom(clock=clock, paced=False, duplicates=duplicates) as wecom:
        platform = platform_of(wecom, calls, clock)
        wecom.fail("message/send", how=faults.lost())
        card = letter("app/zhangsan", Reply(title="订单 1033", buttons=(SHIP,)))
        assert refused(platform, card).uncertain
        say(platform, replace(card, again=True))
        assert len(wecom.said_in("zhangsan")) == 1


def test_trap_20_each_refusal_says_what_to_do_next(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("message/send", how=faults.errcode(45009))
    assert refused(platform, letter("app/zhangsan")).retry_after_s == 60
    wecom.fail("message/send", how=faults.errcode(-1))
    assert not refused(platform, letter("app/zhangsan")).permanent
    wecom.fail("message/send", how=faults.errcode(60020))
    error = refused(platform, letter("app/zhangsan"))
    assert (error.permanent, error.gone) == (True, False)
    assert refused(platform, letter("app/nobody")).gone


@pytest.mark.parametrize("field", ["invaliduser", "unlicenseduser"])
def test_an_answer_that_names_our_one_receiver_as_missed_is_a_failure(
    calls: Calls, clock: FakeClock, field: str
) -> None:
    body = b'{"errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": 7200, "%s": "a"}'
    with stand_in(lambda _: Response(body % field.encode())) as (base_url, _):
        error = refused(app_at(base_url, calls, clock), letter("app/a"))
    assert error.permanent
    assert error.gone == (field == "invaliduser")


def test_a_redirect_is_not_followed_for_the_token_would_go_with_it(
    calls: Calls, clock: FakeClock
) -> None:
    away = Response(b"", status=302, headers={"Location": "/elsewhere"})
    with stand_in(lambda _: away) as (base_url, requests):
        error = refused(app_at(base_url, calls, clock), letter("app/a"))
    assert (error.unreachable, error.uncertain) == (True, True)
    assert [request.path for request in requests] == ["/cgi-bin/gettoken"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"{}", b'{"errcode": 0}', b'{"errcode": "x"}', b"<html>", b"\xff"]
)
def test_an_answer_that_is_not_wecoms_is_a_fault_of_the_way_and_not_of_the_message(
    calls: Calls, clock: FakeClock, body: bytes
) -> None:
    with stand_in(lambda _: Response(body)) as (base_url, _):
        error = refused(app_at(base_url, calls, clock), letter("app/a"))
    assert (error.unreachable, error.uncertain, error.permanent) == (True, True, False)


def test_a_card_is_changed_once_by_the_code_it_was_sent_with(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    (ref,) = say(platform, letter("app/zhangsan", Reply(title="订单 1033", buttons=(SHIP,))))
    done = letter("app/zhangsan", Reply(title="订单 1033", text="已发货"))
    assert platform.edit(done, ref) == ""
    (said,) = wecom.said_in("zhangsan")
    assert text_of(said) == "订单 1033\n已发货\n(已处理)"
    with pytest.raises(EditError):
        platform.edit(done, ref)


def test_a_pressed_card_is_changed_by_the_code_of_the_press(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    say(platform, letter("app/zhangsan", Reply(title="订单 1033", buttons=(SHIP,))))
    (said,) = wecom.said_in("zhangsan")
    (message,) = heard(platform, wecom, "app", wecom.app_press(said, "发货")).messages
    assert message.press is not None
    assert (message.press.card, message.press.button) == (7, SHIP.id)
    again = letter("app/zhangsan", Reply(title="确认发货", buttons=(Button("确认", "确认"),)))
    platform.edit(again, message.handle["edit"])
    assert text_of(wecom.said_in("zhangsan")[0]) == "确认发货\n[确认]"


def test_what_no_card_holds_is_said_anew(platform: WecomPlatform) -> None:
    with pytest.raises(EditError):
        platform.edit(letter("app/zhangsan", Reply(text="货" * 200)), "code")
    with pytest.raises(EditError):
        platform.edit(letter("robot/orders"), "anything")


# Secrets


@pytest.mark.parametrize(
    "fault",
    [
        faults.errcode(40001, "invalid credential"),
        faults.errcode(45009),
        faults.html(502),
        faults.html(404),
        faults.lost(),
        faults.reset(),
        faults.truncated(),
    ],
    ids=lambda fault: f"{fault.way.name}-{fault.response.status if fault.response else ''}",
)
@pytest.mark.parametrize("part", ["gettoken", "message/send", "webhook/send"])
def test_trap_9_no_secret_is_in_a_log_or_an_exception(
    platform: WecomPlatform,
    wecom: FakeWecom,
    caplog: pytest.LogCaptureFixture,
    part: str,
    fault: faults.Fault,
) -> None:
    quieted(caplog)
    chat_id = "robot/orders" if part == "webhook/send" else "app/zhangsan"
    wecom.fail(part, how=fault)
    error = refused(platform, letter(chat_id))
    logging.getLogger("test").error("failed", exc_info=error)
    told = caplog.text + "".join(map(repr, chain(error)))
    for secret in (wecom.app.secret, "orders-key-0123456789", "access_token=", "补货"):
        assert secret not in told


def quieted(caplog: pytest.LogCaptureFixture) -> None:
    """Everything is logged that ``webhooks.logs.configure`` lets through at level debug."""
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.WARNING, logger=name)
    caplog.set_level(logging.DEBUG)  # last: it is the handler's level too


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and all it came from, hidden or not."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


# The webhook


def test_a_webhook_is_posted_raw_utf8_and_its_answer_judged_by_errcode(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    table = Table(("商品", "可售"), (("咖啡", "3"),))
    say(platform, letter("robot/orders", Reply(title="低库存", table=table)))
    (sent,) = wecom.calls("webhook/send")
    assert "低库存".encode() in sent.body
    assert sent.headers["content-type"].startswith("application/json")
    (said,) = wecom.said_in("", "webhook:orders-key-0123456789")
    assert said.msgtype == "markdown_v2"
    wecom.fail("webhook/send", how=faults.errcode(45009))
    assert refused(platform, letter("robot/orders")).retry_after_s == 60
    wecom.fail("webhook/send", how=faults.errcode(-1))
    assert not refused(platform, letter("robot/orders")).permanent


def test_a_webhook_whose_robot_was_removed_is_gone(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.remove_webhook("orders-key-0123456789")
    assert refused(platform, letter("robot/orders")).gone


def test_what_a_webhook_may_have_said_already_is_marked(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    wecom.fail("webhook/send", how=faults.lost())
    assert refused(platform, letter("robot/orders")).uncertain
    say(platform, letter("robot/orders", again=True))
    first, second = wecom.said_in("", "webhook:orders-key-0123456789")
    assert "重复" not in text_of(first)
    assert text_of(second).endswith("（可能重复发送 · 编号 key-1234）")


def test_a_picture_has_the_md5_of_its_bytes_and_a_file_arrives_byte_for_byte(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    said = letter("robot/orders", Reply(title="日报", file=1), attachment=CSV)
    platform.send(said, Picture("chart.png", png), 0)
    say(platform, said)
    picture, _, file = wecom.said_in("", "webhook:orders-key-0123456789")
    assert picture.file is not None
    assert picture.file.content == png
    assert file.file is not None
    assert (file.file.name, file.file.content) == (CSV.name, CSV.content)


def test_a_chart_is_a_picture_on_every_channel_that_shows_one(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    reply = Reply(title="日报", chart=Chart("bar", ("一", "二"), (3, 4)))
    pieces = platform.render(letter("robot/orders", reply))
    if not any(isinstance(piece, Picture) for piece in pieces):
        pytest.skip("no font here has Chinese")
    for chat_id in ("robot/orders", "app/zhangsan"):
        say(platform, letter(chat_id, reply))
    shown = [(said.channel[:3], said.msgtype) for said in wecom.said]
    assert shown == [
        ("web", "markdown_v2"),
        ("web", "image"),
        ("app", "markdown"),
        ("app", "image"),
    ]


# The robot by callback


def heard(platform: WecomPlatform, wecom: FakeWecom, way: str, callback: Any) -> Inbound:
    """What the platform made of a callback that was pushed at its entrance."""
    made: list[Inbound] = []
    target = entrance(platform, way, made.append)
    Pusher(wecom, app=target, aibot=target).push(callback)
    return made[-1]


def entrance(
    platform: WecomPlatform, way: str, made: Callable[[Inbound], None]
) -> Callable[[Any], tuple[int, bytes]]:
    def receive(sealed: Any) -> tuple[int, bytes]:
        headers = {name.lower(): value for name, value in sealed.headers.items()}
        request = RawRequest(sealed.method, sealed.query, headers, sealed.body)
        inbound = platform.entrances[way](request)
        made(inbound)
        return 200, inbound.body

    return receive


def test_there_are_two_ways_in_and_no_third(platform: WecomPlatform) -> None:
    assert set(platform.entrances) == {"aibot", "app"}
    with pytest.raises(VerificationError):
        platform.receive(RawRequest("POST", {}, {}, b""))


def test_an_answers_address_is_used_once(platform: WecomPlatform, wecom: FakeWecom) -> None:
    (message,) = heard(platform, wecom, "aibot", wecom.bot_text("zhangsan", "库存")).messages
    answer = letter(message.chat_id, handle=message.handle)
    say(platform, answer)
    error = refused(platform, answer)
    assert (error.permanent, error.gone) == (True, False)
    assert len(wecom.calls("aibot/response")) == 1


def test_an_answers_address_that_the_platform_refuses_is_a_permanent_failure(
    platform: WecomPlatform, wecom: FakeWecom, clock: FakeClock
) -> None:
    (message,) = heard(platform, wecom, "aibot", wecom.bot_text("zhangsan", "库存")).messages
    clock.advance(minutes=61)
    assert refused(platform, letter(message.chat_id, handle=message.handle)).permanent


def test_an_answer_that_was_lost_on_the_way_is_tried_again(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    (message,) = heard(platform, wecom, "aibot", wecom.bot_text("zhangsan", "库存")).messages
    answer = letter(message.chat_id, handle=message.handle)
    wecom.fail("aibot/response", how=faults.reset())
    assert not refused(platform, answer).permanent
    say(platform, answer)
    assert len(wecom.said_in(message.chat_id.removeprefix("bot/user/"), "bot")) >= 1


def test_by_callback_the_robot_cannot_speak_unprompted(platform: WecomPlatform) -> None:
    error = refused(platform, letter("bot/wr1"))
    assert error.permanent
    assert platform.direct("lisi") == "app/lisi"
    assert platform.connection() is None


def test_a_poll_shows_the_first_piece_and_the_rest_is_sent(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    lines = [f"第{number:05}行" for number in range(1800)]
    reply = Reply(text="\n".join(lines))
    messages: list[Message] = []
    polls: list[Inbound] = []

    def receive(sealed: Any) -> tuple[int, bytes]:
        headers = {name.lower(): value for name, value in sealed.headers.items()}
        inbound = platform.entrances["aibot"](
            RawRequest(sealed.method, sealed.query, headers, sealed.body)
        )
        messages.extend(inbound.messages)
        if not inbound.polled:
            return 200, inbound.body
        polls.append(inbound)
        ready = reply if len(polls) > 1 else None
        return 200, platform.poll_answer(inbound, ready, finished=ready is not None)

    asked = wecom.bot_text("zhangsan", "全部")
    asked = asked.changed(response_url=wecom.world.new_response_url("zhangsan", asked.key))
    shown = Pusher(wecom, aibot=receive).stream(asked)
    assert polls[0].polled == messages[0].key
    answer = letter(messages[0].chat_id, reply, handle=messages[0].handle)
    pieces = platform.render(answer)
    for number in range(1, len(pieces)):
        platform.send(answer, pieces[number], number)
    rest = wecom.said_in("zhangsan", "bot")[1:]
    told = "\n".join(text_of(said) for said in (shown, *rest)).split("\n")
    assert [line for line in told if line.startswith("第")] == lines


# Files that people send


def test_a_file_for_the_robot_comes_decrypted(platform: WecomPlatform, wecom: FakeWecom) -> None:
    callback = wecom.bot_file("zhangsan", "库存.csv", CSV.content)
    (message,) = heard(platform, wecom, "aibot", callback).messages
    assert platform.download(message, 0) == CSV.content


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n12345", b'{"errcode": 40007}', b"12345678"])
def test_a_picture_for_the_application_comes_as_it_is_even_if_it_looks_like_an_answer(
    platform: WecomPlatform, wecom: FakeWecom, content: bytes
) -> None:
    (message,) = heard(platform, wecom, "app", wecom.app_image("zhangsan", content)).messages
    assert platform.download(message, 0) == content


def sent_file(**handle: str) -> Message:
    return Message(
        platform="wecom",
        message_id="bot:1",
        chat_id="bot/user/a",
        chat_kind="direct",
        user_id="a",
        user_name="a",
        text="",
        sent_at=FakeClock()(),
        files=(FileRef("file", handle),),
    )


def test_a_media_id_that_is_unknown_is_a_failure_with_its_code(platform: WecomPlatform) -> None:
    with pytest.raises(SendError, match="40007"):
        platform.download(sent_file(media_id="none"), 0)


@pytest.mark.parametrize(
    "url", ["http://evil.example/x", "http://10.0.0.1/x", "file:///etc/passwd", "", "//x"]
)
def test_a_file_is_fetched_from_nowhere_else(platform: WecomPlatform, url: str) -> None:
    with pytest.raises(SendError, match="not WeCom's"):
        platform.download(sent_file(url=url), 0)


def test_a_file_that_is_not_encrypted_with_our_key_is_refused(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    callback = wecom.bot_file("zhangsan", "库存.csv", CSV.content)
    (message,) = heard(platform, wecom, "aibot", callback).messages
    other = sent_file(url=str(message.files[0].handle["url"]), aeskey="A" * 43)
    with pytest.raises(SendError, match="decrypted"):
        platform.download(other, 0)


# What doctor asks


def test_a_check_proves_the_applications_keys_and_posts_nothing(
    platform: WecomPlatform, wecom: FakeWecom
) -> None:
    found = dict(platform.check())
    assert found["app"] == "ok"
    assert found["robot/orders"].startswith("not checked")
    wecom.fail("gettoken", how=faults.errcode(40001, "invalid credential"))
    assert dict(platform.check())["app"] == "40001 invalid credential"
    assert {request.label for request in wecom.requests} == {"GET /cgi-bin/gettoken"}


# A stand-in that answers anything


class stand_in:  # noqa: N801  (reads as a function)
    """A server whose every answer is ``answer``; gives its address and what it was asked."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._requests: list[Request] = []
        self._seen: set[int] = set()
        self._guard = threading.Lock()
        self._server = HttpServer(answer, Script(), note=self._note)

    def _note(self, request: Request) -> None:
        with self._guard:
            if id(request) not in self._seen:
                self._seen.add(id(request))
                self._requests.append(request)

    def __enter__(self) -> tuple[str, list[Request]]:
        return self._server.base_url, self._requests

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def app_at(base_url: str, calls: Calls, clock: FakeClock) -> WecomPlatform:
    settings = Wecom.model_validate(
        {
            "corp_id": "ww",
            "base_url": base_url,
            "app": {"agent_id": 1, "secret": "s", "token": "t", "encoding_aes_key": "A" * 43},
        }
    )
    return WecomPlatform(settings, window_s=300, own_url="", welcome="", calls=calls, now=clock)
