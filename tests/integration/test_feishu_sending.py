"""What the shop says on Feishu: the real SDK and real sockets, against a stand-in for Feishu."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.messages import Attachment, Button, FileRef, Message, Reply, Table
from bot.platforms.base import (
    Downloads,
    EditError,
    Letter,
    Platform,
    RawRequest,
    SendError,
    VerificationError,
)
from bot.platforms.calls import Calls
from bot.platforms.feishu.platform import FeishuPlatform
from bot.platforms.feishu.robot import signature
from bot.settings.sections import Feishu, FeishuRobot
from tests.fakes.clock import START, FakeClock
from tests.fakes.feishu import FakeFeishu, buttons_of, faults, pinged, text_of
from tests.fakes.feishu.records import Response

VECTORS = Path(__file__).parents[1] / "data" / "feishu_vectors.json"
CARD = Reply(
    title="待发货",
    fields=(("订单", "1033"), ("金额", "¥58.00")),
    buttons=(Button("发货", "发货 1033", "primary"),),
)
WORDS = Reply(text="现有: 20")


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    yield made
    made.close()


@pytest.fixture
def feishu(clock: FakeClock) -> Iterator[FakeFeishu]:
    with FakeFeishu(clock=clock, paced=False) as fake:
        yield fake


@pytest.fixture
def shop(feishu: FakeFeishu, calls: Calls, clock: FakeClock) -> FeishuPlatform:
    return platform(feishu, calls, clock)


def conforms(shop: FeishuPlatform) -> tuple[Platform, Downloads]:
    """For mypy."""
    return shop, shop


def platform(
    feishu: FakeFeishu,
    calls: Calls,
    clock: FakeClock,
    *robots: FeishuRobot,
    **settings: Any,
) -> FeishuPlatform:
    given = {
        "app_id": feishu.app_id,
        "app_secret": SecretStr(feishu.app_secret),
        "base_url": feishu.base_url,
        "robots": robots,
        **settings,
    }
    return FeishuPlatform(
        Feishu(**given), window_s=28800, own_url="https://shop.example", calls=calls, now=clock
    )


def letter(chat_id: str, reply: Reply = CARD, key: str = "k1", **more: Any) -> Letter:
    return Letter(chat_id, reply, key, card=7, **more)


def say(shop: FeishuPlatform, said: Letter) -> list[str]:
    """Every piece of a letter; returns what ``edit`` takes."""
    return [shop.send(said, piece, number) for number, piece in enumerate(shop.render(said))]


def refused(shop: FeishuPlatform, said: Letter) -> SendError:
    with pytest.raises(SendError) as caught:
        say(shop, said)
    return caught.value


def token_calls(feishu: FakeFeishu) -> int:
    return len(feishu.calls("tenant_access_token"))


def test_a_card_comes_with_its_buttons_and_can_be_changed(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    said = letter(feishu.group)
    [ref] = say(shop, said)
    [message] = feishu.messages
    assert ref == message.message_id
    assert message.chat_id == feishu.group
    assert "1033" in text_of(message)
    assert buttons_of(message) == ["发货"]

    assert shop.edit(replace(said, reply=Reply(text="已发货")), ref) == ref
    [message] = feishu.messages
    assert "已发货" in text_of(message)
    assert buttons_of(message) == []


def test_a_press_comes_back_with_the_ids_of_card_and_button(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    say(shop, letter(feishu.group))
    event = feishu.press(feishu.messages[0], "发货")
    assert event.document["event"]["action"]["value"] == {
        "card": "7",
        "button": CARD.buttons[0].id,
    }


def test_mere_words_are_a_text_message(shop: FeishuPlatform, feishu: FakeFeishu) -> None:
    assert say(shop, letter(feishu.group, WORDS)) == [""]
    assert feishu.messages[0].content == {"text": "现有: 20"}


def test_a_person_is_reached_by_open_id(shop: FeishuPlatform, feishu: FakeFeishu) -> None:
    say(shop, letter(shop.direct(feishu.user)))
    assert feishu.messages[0].chat_id == feishu.direct(feishu.user)


def test_an_answer_is_a_reply_and_stands_alone_once_the_question_is_recalled(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    event = feishu.text("查 CF-001")
    said = letter(feishu.group, handle={"message_id": event.message_id})
    say(shop, said)
    feishu.recall(event.message_id)
    say(shop, replace(said, key="k2"))
    first, second = feishu.messages
    assert (first.reply_to, second.reply_to) == (event.message_id, "")
    assert second.chat_id == feishu.group


@pytest.mark.parametrize("fault", [faults.lost(), faults.empty(taken=True)])
def test_a_letter_tried_again_after_a_doubt_is_one_message(
    shop: FeishuPlatform, feishu: FakeFeishu, fault: faults.Fault
) -> None:
    feishu.fail("/im/v1/messages", fault)
    error = refused(shop, letter(feishu.group))
    assert error.uncertain
    assert not error.permanent
    say(shop, letter(feishu.group, again=True))
    say(shop, letter(feishu.group, again=True))
    assert len(feishu.calls("POST /open-apis/im/v1/messages")) == 3
    assert len(feishu.messages) == 1
    assert 1 <= len(feishu.messages[0].uuid) <= 50


def test_two_pieces_and_two_letters_are_never_taken_for_one(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    rows = tuple((f"CF-{number:03}", "3") for number in range(450))
    say(shop, letter(feishu.group, Reply(title="库存", table=Table(("SKU", "库存"), rows))))
    say(shop, letter(feishu.group, key="k2"))
    assert len(feishu.messages) == 4
    shown = "\n".join(text_of(message) for message in feishu.messages)
    assert all(f"CF-{number:03}" in shown for number in range(450))
    assert "库存 (2/3)" in shown


def test_twenty_threads_fetch_one_token(shop: FeishuPlatform, feishu: FakeFeishu) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: say(shop, letter(feishu.group, WORDS, key=f"k{n}")), range(20)))
    assert token_calls(feishu) == 1
    assert len(feishu.messages) == 20


def test_twenty_threads_renew_a_withdrawn_token_once(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    say(shop, letter(feishu.group))
    feishu.revoke_tokens()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: say(shop, letter(feishu.group, WORDS, key=f"t{n}")), range(20)))
    assert token_calls(feishu) == 2
    assert len(feishu.messages) == 21


def test_no_more_than_four_calls_are_under_way_at_once(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    feishu.fail("/im/v1/messages", faults.slow(0.4), times=5)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda n: say(shop, letter(feishu.group, WORDS, key=f"k{n}")), range(5)))
    first, *_, last = [call.at for call in feishu.calls("/im/v1/messages")]
    assert last - first >= 0.39


@pytest.mark.parametrize("code", [99991661, 99991663, 99991668])
def test_a_token_that_is_not_taken_is_renewed_once_and_the_letter_tried_once_more(
    shop: FeishuPlatform, feishu: FakeFeishu, code: int
) -> None:
    feishu.fail("/im/v1/messages", faults.answer(400, {"code": code, "msg": "Invalid token"}))
    say(shop, letter(feishu.group))
    assert len(feishu.messages) == 1
    assert token_calls(feishu) == 2


def test_a_platform_that_takes_no_token_is_asked_twice_and_no_more(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    never = faults.answer(400, {"code": 99991663, "msg": "Invalid access token"})
    feishu.fail("/im/v1/messages", never, times=99)
    error = refused(shop, letter(feishu.group))
    assert len(feishu.calls("POST /open-apis/im/v1/messages")) == 2
    assert error.unreachable
    assert not error.permanent


def test_wrong_credentials_are_no_fault_of_the_letter(
    feishu: FakeFeishu, calls: Calls, clock: FakeClock
) -> None:
    shop = platform(feishu, calls, clock, app_secret=SecretStr("wrong"))
    error = refused(shop, letter(feishu.group))
    assert "10015" in str(error)
    assert error.unreachable
    assert not error.permanent
    with pytest.raises(SendError, match="10015"):
        shop.check()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.rate_limited(17), (17.0, "wait")),
        (faults.answer(400, {"code": 230020, "msg": "limit"}), (1.0, "wait")),
        (faults.html(502), (None, "away")),
        (faults.html(200), (None, "away")),
        (faults.empty(taken=False), (None, "away")),
        (faults.answer(200, {"msg": "?"}), (None, "away")),
        (faults.answer(302, {}, {"Location": "http://127.0.0.1:1/"}), (None, "away")),
        (faults.answer(503, {"code": 1, "msg": "busy"}), (None, "away")),
        (faults.reset(), (None, "away")),
        (faults.answer(400, {"code": 230049, "msg": "in process"}), (None, "wait")),
        (faults.answer(400, {"code": 230001, "msg": "ext=x"}), (None, "final")),
        (faults.answer(400, {"code": 424242, "msg": "never seen"}), (None, "final")),
        (faults.answer(400, {"code": 230002, "msg": "not in chat"}), (None, "gone")),
    ],
)
def test_each_failure_says_whether_to_wait_or_to_give_up(
    shop: FeishuPlatform, feishu: FakeFeishu, fault: faults.Fault, expected: tuple[object, str]
) -> None:
    feishu.fail("/im/v1/messages", fault)
    error = refused(shop, letter(feishu.group, WORDS))
    assert (error.retry_after_s, kind_of(error)) == expected
    say(shop, letter(feishu.group, WORDS))  # the next try is not spoilt by this one
    assert len(feishu.messages) == 1


def kind_of(error: SendError) -> str:
    if error.permanent:
        return "gone" if error.gone else "final"
    return "away" if error.unreachable else "wait"


def test_an_answer_that_does_not_come_or_drips_is_cut_after_five_seconds(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    say(shop, letter(feishu.group))
    feishu.fail("/im/v1/messages", faults.hang())
    feishu.fail("/im/v1/messages", faults.dribble(0.05))
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(lambda key: refused(shop, letter(feishu.group, key=key)), "ab"))
    assert 4.5 < time.monotonic() - began < 8
    assert all(error.unreachable and error.uncertain for error in errors)


@contextmanager
def deaf_server() -> Iterator[str]:
    """An address where connections are not even begun: the queue of a listening socket is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        try:
            for one in waiting:
                one.setblocking(False)  # noqa: FBT003  (socket's own)
                one.connect_ex(listening.getsockname())
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


def test_a_connection_that_is_not_taken_is_given_up_before_the_whole_call_is(
    feishu: FakeFeishu, calls: Calls, clock: FakeClock
) -> None:
    with deaf_server() as url:
        shop = platform(feishu, calls, clock, base_url=url)
        began = time.monotonic()
        error = refused(shop, letter(feishu.group))
        assert time.monotonic() - began < 4  # the whole call would be cut at 5
    assert str(error) == "cannot connect"
    assert error.unreachable
    assert not error.uncertain


def test_a_stand_in_may_live_on_another_machine(
    feishu: FakeFeishu, calls: Calls, clock: FakeClock
) -> None:
    shop = platform(feishu, calls, clock, base_url="http://127.0.0.2:1")  # the SDK takes no such
    assert str(refused(shop, letter(feishu.group))) == "cannot connect"


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, bot.platforms.feishu.platform; sys.exit('lark_oapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


REFUSED_CARD = faults.answer(
    400, {"code": 230099, "msg": "Failed to create card content, ext=ErrCode: 11310"}
)


def test_a_card_that_is_not_taken_is_said_in_words(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    feishu.fail("/im/v1/messages", REFUSED_CARD)
    assert say(shop, letter(feishu.group)) == [""]
    feishu.fail("/im/v1/messages", REFUSED_CARD)
    say(shop, letter(feishu.group, again=True))
    [message] = feishu.messages
    assert message.msg_type == "text"
    assert message.uuid.endswith("t")
    assert message.content["text"].split("\n") == [
        "待发货",
        "订单：1033",
        "金额：¥58.00",
        "发货：发「发货 1033」",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "x", "table": Table(("SKU",), tuple((f"{n}",) for n in range(300)))},
        {"text": "文" * 20_000},
    ],
)
def test_what_does_not_fit_on_one_card_is_no_change_of_one(
    shop: FeishuPlatform, feishu: FakeFeishu, wrong: dict[str, Any]
) -> None:
    [ref] = say(shop, letter(feishu.group))
    with pytest.raises(EditError):
        shop.edit(letter(feishu.group, Reply(**wrong)), ref)
    assert feishu.calls("PATCH") == []


def test_a_card_that_cannot_be_changed_any_more_is_to_be_said_anew(
    shop: FeishuPlatform, feishu: FakeFeishu, clock: FakeClock
) -> None:
    [old] = say(shop, letter(feishu.group))
    clock.advance(days=15)
    [recalled] = say(shop, letter(feishu.group, key="k2"))
    feishu.recall(recalled)
    for ref in (old, recalled, "om_unknown"):
        with pytest.raises(EditError):
            shop.edit(letter(feishu.group), ref)


def test_a_change_that_only_has_to_wait_is_no_end_of_the_card(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    [ref] = say(shop, letter(feishu.group))
    feishu.fail("PATCH", faults.rate_limited(3))
    with pytest.raises(SendError) as caught:
        shop.edit(letter(feishu.group), ref)
    assert caught.value.retry_after_s == 3


NAUGHTY = (
    '<at user_id="all">所有人</at> <at id=all></at> @所有人 [领奖](https://evil.example) '
    "<font color='red'>x</font> https://evil.example/a <b>b</b> ![](img) **粗**"
)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text=NAUGHTY),
        Reply(title=NAUGHTY, text=NAUGHTY, fields=((NAUGHTY, NAUGHTY),)),
        Reply(title="t", table=Table((NAUGHTY,), ((NAUGHTY,),)), buttons=(Button(NAUGHTY, "x"),)),
    ],
)
def test_names_ping_nobody_and_make_no_links(
    shop: FeishuPlatform, feishu: FakeFeishu, reply: Reply
) -> None:
    say(shop, letter(feishu.group, reply))
    if feishu.messages[0].msg_type == "interactive":
        feishu.fail("/im/v1/messages", REFUSED_CARD)
        say(shop, letter(feishu.group, reply, key="k2"))
        assert feishu.messages[1].msg_type == "text"
    for message in feishu.messages:
        sent = json.dumps(message.content, ensure_ascii=False)
        assert pinged(message) == []
        assert "<at" not in sent
        assert "<font" not in sent
        assert "<b>" not in sent
        assert "](" not in sent
        assert "://" not in sent
        assert "领奖" in sent


def test_an_attachment_follows_byte_for_byte(shop: FeishuPlatform, feishu: FakeFeishu) -> None:
    content = bytes(range(256)) * 5000
    said = letter(feishu.group, WORDS, attachment=Attachment("库存 1/2.csv", "text/csv", content))
    say(shop, said)
    say(shop, said)  # tried again: uploaded anew, shown once
    words, file = feishu.messages
    assert (words.msg_type, file.msg_type) == ("text", "file")
    upload = feishu.uploads[0]
    assert file.content == {"file_key": upload.key}
    assert (upload.name, upload.content, upload.as_field) == ("库存 1/2.csv", content, False)


def test_a_picture_is_shown_as_a_picture(shop: FeishuPlatform, feishu: FakeFeishu) -> None:
    picture = Attachment("海报.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(900))
    say(shop, letter(feishu.group, WORDS, attachment=picture))
    assert feishu.messages[-1].content == {"image_key": feishu.uploads[0].key}
    assert feishu.uploads[0].content == picture.content


def incoming(feishu: FakeFeishu, **more: Any) -> Message:
    return Message(
        platform="feishu",
        message_id="om_1",
        chat_id=feishu.group,
        chat_kind="group",
        user_id=feishu.user,
        user_name="",
        text="导入",
        sent_at=START,
        **more,
    )


PLAIN = faults.Fault(
    faults.Way.INSTEAD, taken=False, response=Response(404, b"?", {"Content-Type": "text/plain"})
)


def refused_file(shop: FeishuPlatform, message: Message) -> SendError:
    with pytest.raises(SendError) as caught:
        shop.download(message, 0)
    return caught.value


def test_a_file_is_fetched_byte_for_byte_with_its_message(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    content = bytes(range(256)) * 4000
    event = feishu.file("库存.csv", content, chat=feishu.group)
    asked = incoming(feishu, handle={"message_id": "om_1", "parent_id": event.message_id})
    files = shop.parent_files(asked)
    assert [file.name for file in files] == ["库存.csv"]
    assert shop.download(replace(asked, files=files), 0) == content

    feishu.fail("/resources/", faults.html())
    assert kind_of(refused_file(shop, replace(asked, files=files))) == "away"
    feishu.fail("/resources/", PLAIN)
    assert kind_of(refused_file(shop, replace(asked, files=files))) == "away"
    other = FileRef("x", {**files[0].handle, "message_id": "om_1"})
    error = refused_file(shop, replace(asked, files=(other,)))
    assert "234003" in str(error)
    assert error.permanent


def test_a_file_of_more_than_ten_mebibytes_is_refused(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    event = feishu.file("库存.csv", bytes((10 << 20) + 1))
    asked = incoming(feishu, handle={"parent_id": event.message_id})
    assert refused_file(shop, replace(asked, files=shop.parent_files(asked))).permanent


def test_a_reply_to_words_or_to_nothing_has_no_files(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    event = feishu.text("你好")
    assert shop.parent_files(incoming(feishu, handle={"parent_id": event.message_id})) == ()
    assert shop.parent_files(incoming(feishu)) == ()


def robot_of(feishu: FakeFeishu, secret: str = "", name: str = "orders") -> FeishuRobot:
    webhook = SecretStr(feishu.add_robot("hook-7b1f9c2e", secret=secret))
    return FeishuRobot(name=name, webhook=webhook, secret=SecretStr(secret))


@pytest.fixture
def robots(feishu: FakeFeishu, calls: Calls, clock: FakeClock) -> FeishuPlatform:
    """A shop with a robot and no app."""
    return platform(feishu, calls, clock, robot_of(feishu, "SEC"), app_id="")


def test_a_robot_says_what_to_type_in_place_of_buttons(
    robots: FeishuPlatform, feishu: FakeFeishu
) -> None:
    said = letter("robot/orders")
    assert say(robots, said) == [""]
    [message] = feishu.messages
    assert buttons_of(message) == []
    assert "发「发货 1033」" in text_of(message)
    with pytest.raises(EditError):
        robots.edit(said, "om_1")


def test_a_robots_repetition_can_be_told_as_one(robots: FeishuPlatform, feishu: FakeFeishu) -> None:
    for reply in (CARD, WORDS):
        said = letter("robot/orders", reply, key="0123456789", again=True)
        assert robots.render(said) == robots.render(replace(said, again=False))
        say(robots, said)
        assert text_of(feishu.messages[-1]).endswith("（可能重复发送 · 编号 01234567）")


def test_a_robots_attachment_is_named_where_it_cannot_be_sent(
    robots: FeishuPlatform, feishu: FakeFeishu
) -> None:
    say(robots, letter("robot/orders", WORDS, attachment=Attachment("a.csv", "text/csv", b"1")))
    assert [text_of(message) for message in feishu.messages] == [
        "现有: 20",
        "附件「a.csv」无法由群机器人发送",
    ]


def test_the_signature_of_robots_is_the_documented_one() -> None:
    vector = json.loads(VECTORS.read_text())["custom_bot_signature"]
    assert signature(vector["timestamp"], vector["secret"]) == vector["sign"]


@pytest.mark.parametrize(
    ("code", "kind"), [(19001, "gone"), (19024, "final"), (19021, "final"), (11232, "wait")]
)
def test_a_robots_refusal_comes_with_status_200(
    robots: FeishuPlatform, feishu: FakeFeishu, code: int, kind: str
) -> None:
    feishu.fail("/hook/", faults.answer(200, {"code": code, "msg": "no"}))
    error = refused(robots, letter("robot/orders"))
    assert kind_of(error) == kind
    assert str(code) in str(error)


def test_a_robot_that_is_not_configured_any_more_is_gone(shop: FeishuPlatform) -> None:
    assert refused(shop, letter("robot/left")).gone


def test_a_card_that_a_robot_does_not_take_is_said_in_words(
    robots: FeishuPlatform, feishu: FakeFeishu
) -> None:
    feishu.fail("/hook/", faults.answer(200, {"code": 230099, "msg": "ErrCode: 200621"}))
    say(robots, letter("robot/orders"))
    assert feishu.messages[0].msg_type == "text"


def test_who_the_bot_is_becomes_known_once_the_platform_answers(
    shop: FeishuPlatform, feishu: FakeFeishu
) -> None:
    feishu.fail("/bot/v3/info", faults.html())
    assert shop.bot_open_id == ""
    thread = threading.Thread(target=shop.warm_up)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert shop.ready()
    assert shop.bot_open_id == feishu.bot_open_id
    assert shop.check() == feishu.bot_name


def test_without_an_app_nothing_is_imported_or_asked(
    feishu: FakeFeishu, calls: Calls, clock: FakeClock
) -> None:
    shop = platform(feishu, calls, clock, app_id="")
    shop.warm_up()
    assert shop.ready()
    assert shop.check() == ""
    assert shop.direct("ou_1") == ""
    assert shop.connection() is None
    assert refused(shop, letter(feishu.group)).permanent
    assert feishu.requests == []


def test_callbacks_are_heard_in_callback_mode_only(
    shop: FeishuPlatform, feishu: FakeFeishu, calls: Calls, clock: FakeClock
) -> None:
    request = RawRequest("POST", {}, {}, b"{}")
    with pytest.raises(VerificationError, match="off"):
        shop.receive(request)
    assert shop.connection() is not None
    called = platform(
        feishu,
        calls,
        clock,
        mode="callback",
        encrypt_key=SecretStr(feishu.encrypt_key),
        verification_token=SecretStr(feishu.verification_token),
    )
    assert called.connection() is None
    lacking = platform(feishu, calls, clock, mode="callback", encrypt_key=SecretStr("k"))
    with pytest.raises(VerificationError, match="off"):
        lacking.receive(request)
    with pytest.raises(VerificationError, match="not encrypted"):
        called.receive(request)


def test_the_sdk_keeps_no_printer_of_its_own(shop: FeishuPlatform) -> None:
    shop.warm_up()
    logger = logging.getLogger("Lark")
    assert logger.handlers == []
    assert logger.level >= logging.INFO


def test_no_secret_is_logged_even_when_everything_is(
    feishu: FakeFeishu,
    calls: Calls,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.WARNING, logger="httpx")  # as ``webhooks.logs`` has it
    shop = platform(feishu, calls, clock, robot_of(feishu, "SECrobot77"))
    with caplog.at_level(logging.DEBUG):
        say(shop, letter(feishu.group))
        say(shop, letter("robot/orders"))
        trouble = [refused(shop, letter(feishu.group, key="k2", handle={"message_id": "om_1"}))]
        for fault in (faults.html(), faults.reset(), REFUSED_CARD):
            feishu.fail("", fault, times=2)
            trouble.append(refused(shop, letter("robot/orders", WORDS)))
            trouble.append(refused(shop, letter(feishu.group, WORDS, key="k3")))
    token = feishu.calls("/im/v1/messages")[0].headers["authorization"].removeprefix("Bearer ")
    printed = capsys.readouterr()
    # Without the clock's fractions: among those any four digits come up some time.
    told = [{k: v for k, v in vars(one).items() if type(v) is not float} for one in caplog.records]
    shown = [f"{one.getMessage()} {kept}" for one, kept in zip(caplog.records, told, strict=True)]
    everything = "\n".join([*shown, *map(repr, trouble), printed.out, printed.err, caplog.text])
    for secret in (feishu.app_secret, token, "hook-7b1f9c2e", "SECrobot77", "1033"):
        assert secret not in everything
