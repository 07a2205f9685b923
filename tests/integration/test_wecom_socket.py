"""The robot's long connection: real web sockets against a fake that is as strict as WeCom."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.messages import Attachment, Button, Message, Reply
from bot.platforms.base import Ears, EditError, Inbound, Letter, SendError
from bot.platforms.calls import Calls
from bot.platforms.wecom.hearing import Hearing
from bot.platforms.wecom.platform import WecomPlatform
from bot.platforms.wecom.socket import Pace, RobotSocket
from bot.settings.sections import Wecom
from store.errors import StoreError, UnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.wecom import FakeWecom, buttons_of, faults, key_of, text_of
from tests.servers import wait_until

WAIT_S = 10.0
FAST = Pace(ping_s=0.1, first_retry_s=0.02, last_retry_s=0.05, refused_retry_s=0.05)
SHIP = Button("发货", "发货 1033", "primary")


class Shop:
    """Ears: what was heard, and what somebody should know."""

    def __init__(self) -> None:
        self.heard: queue.Queue[Message] = queue.Queue()
        self.downs: queue.Queue[tuple[str, str]] = queue.Queue()
        self.faults: list[StoreError] = []
        self.tries = 0

    def ears(self) -> Ears:
        return Ears(hear=self._hear, down=lambda *what: self.downs.put(what))

    def next(self) -> Message:
        return self.heard.get(timeout=WAIT_S)

    def _hear(self, inbound: Inbound) -> None:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        for message in inbound.messages:
            self.heard.put(message)


@pytest.fixture
def wecom(clock: FakeClock) -> Iterator[FakeWecom]:
    with FakeWecom(clock=clock, paced=False) as fake:
        yield fake


@pytest.fixture
def shop() -> Shop:
    return Shop()


def settings_of(wecom: FakeWecom) -> Wecom:
    return Wecom.model_validate(
        {
            "corp_id": wecom.corp_id,
            "base_url": wecom.base_url,
            "aibot": {
                "bot_id": wecom.aibot.bot_id,
                "secret": wecom.aibot.secret,
                "name": wecom.aibot.name,
                "websocket_url": wecom.websocket_url,
            },
        }
    )


@pytest.fixture
def platform(wecom: FakeWecom, shop: Shop, clock: FakeClock) -> Iterator[WecomPlatform]:
    """The robot, connected."""
    calls = Calls()
    made = WecomPlatform(
        settings_of(wecom), window_s=300, own_url="", welcome="欢迎光临", calls=calls, now=clock
    )
    connection = made.connection()
    assert connection is not None
    opened(connection, shop)
    yield made
    connection.close()
    calls.close()


@pytest.fixture
def socket(wecom: FakeWecom, clock: FakeClock) -> Iterator[RobotSocket]:
    """A socket that hurries, not opened yet."""
    made = RobotSocket(settings_of(wecom).aibot, now=clock, pace=FAST)
    yield made
    made.close()


def opened(socket: RobotSocket, shop: Shop) -> None:
    """Open it and wait until it is connected."""
    socket.open(shop.ears())
    eventually(lambda: socket.state() == "connected")


def eventually(condition: Callable[[], object]) -> None:
    wait_until(lambda: bool(condition()), within_s=WAIT_S, what="waited in vain")


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("wecom")}


def letter(message: Message, reply: Reply, **fields: object) -> Letter:
    return Letter(
        message.chat_id,
        reply,
        key="key-12345678",
        card=7,
        handle=message.handle,
        **fields,  # type: ignore[arg-type]  # each test knows its own
    )


def say(platform: WecomPlatform, said: Letter) -> None:
    for number, piece in enumerate(platform.render(said)):
        platform.send(said, piece, number)


def test_what_is_said_to_the_robot_is_heard_and_answered_in_its_place(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    asked = wecom.say("zhangsan", "库存", chat="wr-group")
    message = shop.next()
    assert (message.text, message.chat_id, message.user_id) == ("库存", "bot/wr-group", "zhangsan")
    assert message.handle == {"req_id": asked.req_id}
    say(platform, letter(message, Reply(text="还有 20 件")))
    assert text_of(wecom.wait_reply(asked)) == "还有 20 件"


@pytest.mark.parametrize("chat", ["wr-group", None])
def test_the_robot_speaks_unprompted_where_it_was_spoken_to(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop, chat: str | None
) -> None:
    wecom.say("zhangsan", "你好", chat=chat)
    message = shop.next()
    say(platform, Letter(message.chat_id, Reply(text="低库存"), key="k"))
    (said,) = wecom.said_in(chat or "zhangsan", "bot")
    assert (said.how, text_of(said)) == ("send", "低库存")
    if chat is None:
        assert message.chat_id == platform.direct("zhangsan")


def test_a_long_answer_is_said_in_pieces_with_every_line_once(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    lines = [f"第{number:05}行" for number in range(4000)]
    asked = wecom.say("zhangsan", "全部")
    say(platform, letter(shop.next(), Reply(text="\n".join(lines))))
    said = wecom.said_in("zhangsan", "bot")
    assert [one.how for one in said] == ["answer", "send", "send"]
    assert said[0].req_id == asked.req_id
    told = "\n".join(map(text_of, said)).split("\n")
    assert [line for line in told if line.startswith("第")] == lines


def test_a_message_that_cannot_be_answered_any_more_is_spoken_to(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say("zhangsan", "库存")
    message = shop.next()
    wecom.fail("WS aibot_respond_msg", how=faults.errcode(846605, "invalid req_id"))
    say(platform, letter(message, Reply(text="还有 20 件")))
    (said,) = wecom.said_in("zhangsan", "bot")
    assert (said.how, text_of(said)) == ("send", "还有 20 件")


def test_an_answer_that_may_have_arrived_shows_in_the_same_place_and_a_push_is_marked(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say("zhangsan", "库存")
    message = shop.next()
    for again in (False, True):
        say(platform, letter(message, Reply(text="还有 20 件"), again=again))
    streams = [frame.body["stream"] for frame in wecom.frames if frame.cmd == "aibot_respond_msg"]
    assert streams[0] == streams[1]
    say(platform, Letter(message.chat_id, Reply(text="低库存"), key="key-12345678", again=True))
    assert text_of(wecom.said[-1]).endswith("（可能重复发送 · 编号 key-1234）")


def test_a_file_is_uploaded_in_chunks_and_arrives_byte_for_byte(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    content = bytes(range(256)) * 5000  # three chunks
    wecom.say("zhangsan", "导出")
    file = Attachment("订单.csv", "text/csv", content)
    say(platform, letter(shop.next(), Reply(text="订单", file=1), attachment=file))
    found = wecom.said_in("zhangsan", "bot")[-1].file
    assert found is not None
    assert (found.name, found.content) == ("订单.csv", content)
    assert len([frame for frame in wecom.frames if frame.cmd.endswith("_chunk")]) == 3


def test_a_file_that_somebody_sends_comes_decrypted_by_the_key_beside_it(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say_file("zhangsan", "库存.csv", "编码,数量\n".encode())
    assert platform.download(shop.next(), 0) == "编码,数量\n".encode()


# Cards


def carded(platform: WecomPlatform, wecom: FakeWecom, shop: Shop) -> None:
    wecom.say("zhangsan", "订单 1033", chat="wr-group")
    say(platform, letter(shop.next(), Reply(title="订单 1033", text="待发货", buttons=(SHIP,))))


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (Reply(title="订单 1033", text="已发货"), []),
        (Reply(title="确认发货", buttons=(Button("确认", "确认"),)), ["确认"]),
    ],
)
def test_a_pressed_card_is_changed_in_place_under_the_task_it_was_sent_with(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop, reply: Reply, shown: list[str]
) -> None:
    carded(platform, wecom, shop)
    said = wecom.said_in("wr-group", "bot")[-1]
    assert key_of(said, "发货") == f"7.{SHIP.id}"
    wecom.press(said, "发货", timeout_s=0)
    pressed = shop.next()
    assert pressed.press is not None
    assert (pressed.press.card, pressed.press.button) == (7, SHIP.id)
    assert platform.edit(letter(pressed, reply), pressed.handle["edit"]) == ""
    now_shown = wecom.said_in("wr-group", "bot")[-1]
    assert text_of(now_shown).startswith(reply.title)
    assert buttons_of(now_shown) == shown


def test_a_card_that_was_pressed_too_long_ago_is_said_anew(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop, clock: FakeClock
) -> None:
    carded(platform, wecom, shop)
    wecom.press(wecom.said_in("wr-group", "bot")[-1], "发货", timeout_s=0)
    pressed = shop.next()
    clock.advance(seconds=5)
    answer = letter(pressed, Reply(title="订单 1033", text="已发货"))
    with pytest.raises(EditError):
        platform.edit(answer, pressed.handle["edit"])
    say(platform, answer)  # nothing but its card answers a press
    assert wecom.said[-1].how == "send"


def test_a_card_that_had_arrived_is_not_shown_twice_when_it_is_sent_again(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say("zhangsan", "订单 1033")
    message = shop.next()
    card = Letter(message.chat_id, Reply(title="订单", buttons=(SHIP,)), key="k", card=7)
    wecom.fail("WS aibot_send_msg", how=faults.lost())
    with pytest.raises(SendError) as caught:
        say(platform, card)
    assert caught.value.uncertain
    wecom.wait_until(lambda: wecom.connects == 2)
    connection = platform.connection()
    assert connection is not None
    eventually(lambda: connection.state() == "connected")
    say(platform, replace(card, again=True))
    assert len(wecom.said_in("zhangsan", "bot")) == 1


@pytest.mark.parametrize("ref", ["", "event:", "event:x", "event:x:y", "om_1", "event:x:1"])
def test_what_is_no_fresh_press_cannot_be_changed(platform: WecomPlatform, ref: str) -> None:
    with pytest.raises(EditError):
        platform.edit(Letter("bot/wr-group", Reply(title="x"), key="k"), ref)


def test_whoever_opens_the_chat_is_welcomed(platform: WecomPlatform, wecom: FakeWecom) -> None:
    said = wecom.enter_chat("lisi")
    assert said is not None
    assert text_of(said) == "欢迎光临"
    assert platform.name == "wecom"


# The connection


def test_it_subscribes_once_and_keeps_the_connection_alive_by_pings(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    assert socket.state() == "off"
    opened(socket, shop)
    opened(socket, shop)
    wecom.wait_until(lambda: wecom.pings >= 3)
    assert wecom.connects == 1
    assert socket.state() == "connected"


def test_after_a_drop_it_comes_back_and_hears_again(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    opened(socket, shop)
    wecom.drop_connections()
    wecom.wait_until(lambda: wecom.connects == 2)
    wecom.say("zhangsan", "库存")
    assert shop.next().text == "库存"
    assert shop.downs.empty()


def test_it_tries_again_until_the_platform_lets_it_in(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.refuse_handshakes(4)
    opened(socket, shop)
    assert shop.downs.empty()


def test_a_platform_that_says_nothing_any_more_is_left_for_a_new_connection(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    opened(socket, shop)
    wecom.go_silent()
    eventually(lambda: socket.state() == "connecting")
    wecom.speak()
    wecom.wait_until(lambda: wecom.connects >= 2)


def test_thrown_out_by_another_program_it_says_so_once_and_does_not_fight_back(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    opened(socket, shop)
    wecom.take_over()
    assert shop.downs.get(timeout=WAIT_S) == ("wecom", "replaced")
    eventually(lambda: "wecom-socket" not in threads())
    assert socket.state() == "replaced"
    assert wecom.connects == 1  # the other program's is not counted
    assert shop.downs.empty()
    with pytest.raises(SendError) as caught:
        socket.request("aibot_send_msg", {})
    assert (caught.value.unreachable, caught.value.retry_after_s) == (True, 2)


def test_of_two_programs_the_later_one_stays(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop, clock: FakeClock
) -> None:
    opened(socket, shop)
    later = RobotSocket(settings_of(wecom).aibot, now=clock, pace=FAST)
    later.open(shop.ears())
    assert shop.downs.get(timeout=WAIT_S) == ("wecom", "replaced")
    eventually(lambda: later.state() == "connected")
    assert (socket.state(), wecom.connects) == ("replaced", 2)
    later.close()


def test_bad_keys_are_told_once_and_tried_again_slowly(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.fail(
        "WS aibot_subscribe", how=faults.errcode(853000, "invalid bot_id or secret"), times=3
    )
    socket.open(shop.ears())
    assert shop.downs.get(timeout=WAIT_S) == ("wecom", "853000 invalid bot_id or secret")
    eventually(lambda: socket.state() == "connected")
    assert shop.downs.empty()


def test_a_platform_that_is_busy_is_not_taken_for_bad_keys(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.fail("WS aibot_subscribe", how=faults.errcode(-1), times=2)
    opened(socket, shop)
    assert shop.downs.empty()


def test_before_it_is_connected_nothing_can_be_said(platform: WecomPlatform) -> None:
    connection = platform.connection()
    assert connection is not None
    connection.close()
    assert connection.state() == "off"
    with pytest.raises(SendError) as caught:
        say(platform, Letter("bot/wr-group", Reply(text="x"), key="k"))
    assert (caught.value.unreachable, caught.value.uncertain) == (True, False)


def test_a_request_that_nobody_answers_ends_after_five_seconds(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say("zhangsan", "库存")
    message = shop.next()
    wecom.fail("WS aibot_respond_msg", how=faults.hang())
    began = time.monotonic()
    with pytest.raises(SendError) as caught:
        say(platform, letter(message, Reply(text="x")))
    assert time.monotonic() - began < 8
    assert (caught.value.unreachable, caught.value.uncertain) == (True, True)


def test_a_request_that_is_under_way_when_the_connection_ends_fails_at_once(
    platform: WecomPlatform, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.say("zhangsan", "库存")
    message = shop.next()
    wecom.fail("WS aibot_respond_msg", how=faults.lost())
    began = time.monotonic()
    with pytest.raises(SendError) as caught:
        say(platform, letter(message, Reply(text="x")))
    assert time.monotonic() - began < 3
    assert caught.value.uncertain


# What is heard must be kept


def test_what_could_not_be_kept_is_told_again_for_the_platform_says_it_once(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    shop.faults = [UnavailableError(), UnavailableError()]
    socket.open(shop.ears())
    wecom.say("zhangsan", "库存")
    assert shop.next().text == "库存"
    assert shop.tries == 3


def test_a_database_that_is_away_for_a_while_costs_no_message(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.faults = [UnavailableError(), UnavailableError(), UnavailableError()]
    socket.open(shop.ears())
    wecom.say("zhangsan", "第一")
    wecom.say("zhangsan", "第二")
    assert [shop.next().text, shop.next().text] == ["第一", "第二"]
    assert "第一" not in caplog.text


def test_what_cannot_be_kept_for_long_is_dropped_and_logged_and_the_next_is_heard(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[str] = []

    def hear(inbound: Inbound) -> None:
        if inbound.messages[0].text == "第一":
            raise UnavailableError
        heard.append(inbound.messages[0].text)

    hearing = Hearing(Ears(hear, lambda *_: None), pause_s=0.01, patience_s=0.05)
    for text in ("第一", "第二"):
        hearing.put(Inbound(messages=(_message(text),)))
    hearing.close(5)
    assert heard == ["第二"]
    (record,) = [entry for entry in caplog.records if entry.message == "message_dropped"]
    assert vars(record)["key"] == "wecom:bot:第一"


def _message(text: str) -> Message:
    return Message(
        platform="wecom",
        message_id=f"bot:{text}",
        chat_id="bot/g",
        chat_kind="group",
        user_id="zhangsan",
        user_name="",
        text=text,
        sent_at=datetime.now(UTC),
    )


def test_no_secret_and_no_words_are_logged(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="websockets.server")  # the fake's own side
    caplog.set_level(logging.DEBUG)  # last: it is the handler's level too
    wecom.fail("WS aibot_subscribe", how=faults.errcode(853000))
    opened(socket, shop)
    wecom.say("zhangsan", "不能记下的话")
    assert shop.next().text == "不能记下的话"
    socket.request("ping", {})
    assert "socket_connected" in caplog.text
    assert wecom.aibot.secret[-12:] not in caplog.text  # frames are logged in part
    assert "不能记下" not in caplog.text


# The end


def test_it_hangs_up_soon_whatever_the_other_side_does(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    opened(socket, shop)
    wecom.go_silent()
    began = time.monotonic()
    socket.close()
    assert time.monotonic() - began < 4
    assert socket.state() == "off"
    assert not threads()


def test_it_stops_trying_when_it_is_closed_and_can_be_opened_again(
    socket: RobotSocket, wecom: FakeWecom, shop: Shop
) -> None:
    wecom.refuse_handshakes(20)
    socket.open(shop.ears())
    eventually(lambda: socket.state() == "connecting")
    socket.close()
    assert not threads()
    opened(socket, shop)
