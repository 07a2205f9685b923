"""The stand-in for WeCom: the robot's long connection."""

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.fakes.clock import FakeClock
from tests.fakes.wecom import (
    FakeWecom,
    PressError,
    buttons_of,
    faults,
    sealing,
    text_of,
)
from tests.fakes.wecom.clients import PNG, Line, Ticks, card, md5
from tests.fakes.wecom.fixtures import fake, seconds, subscribed  # noqa: F401  # fixtures
from tests.fakes.wecom.records import Json


def test_a_wrong_secret_does_not_subscribe(wecom: FakeWecom) -> None:
    made = Line(wecom)
    with made.socket:
        assert made.subscribe("wrong")["errcode"] == 853000
        assert made.ask("ping", {})["errcode"] == 846609
        assert not wecom.connected(0)


def test_a_new_subscriber_throws_the_old_one_out(wecom: FakeWecom, line: Line) -> None:
    newer = Line(wecom)
    with newer.socket:
        assert newer.subscribe()["errcode"] == 0
        told = line.hear()
        assert told["body"]["event"]["eventtype"] == "disconnected_event"
        with pytest.raises(ConnectionClosed):
            line.hear()
        assert newer.ask("ping", {})["errcode"] == 0
        assert (wecom.connects, wecom.pings) == (2, 1)


def test_a_group_message_carries_the_mention_and_the_quote(wecom: FakeWecom, line: Line) -> None:
    heard = wecom.say("zhangsan", "查库存", "wrGROUP", "昨天的")
    told = line.hear()
    assert (told["cmd"], told["headers"]["req_id"]) == ("aibot_msg_callback", heard.req_id)
    body = told["body"]
    assert body["text"]["content"] == "@店小二 查库存"
    assert body["quote"]["text"]["content"] == "昨天的"
    assert (body["chatid"], body["chattype"]) == ("wrGROUP", "group")
    assert "response_url" not in body
    wecom.say("zhangsan", "查库存")
    single = line.hear()["body"]
    assert (single["chattype"], "chatid" in single) == ("single", False)
    assert single["text"]["content"] == "查库存"


def test_a_stream_shows_its_last_piece_and_ends(wecom: FakeWecom, line: Line) -> None:
    heard = wecom.say("zhangsan", "查库存")
    line.hear()
    assert line.stream(heard.req_id, "查询中", finish=False) == 0
    [said] = wecom.replies(heard)
    assert (text_of(said), said.finished) == ("查询中", False)
    assert line.stream(heard.req_id, "库存 42", finish=True) == 0
    assert wecom.wait_reply(heard) is said
    assert (text_of(said), len(said.pieces), said.chat) == ("库存 42", 2, "zhangsan")
    assert line.stream(heard.req_id, "还有", finish=True) == 846608


def test_a_stream_is_too_late_after_six_minutes(
    wecom: FakeWecom, line: Line, clock: FakeClock
) -> None:
    heard = wecom.say("zhangsan", "查库存")
    line.hear()
    clock.advance(minutes=6, seconds=1)
    assert line.stream(heard.req_id, "库存 42", finish=True) == 846608
    assert line.respond(heard.req_id, "markdown", {"content": "库存 42"}) == 0


@pytest.mark.parametrize(
    ("msgtype", "content", "code"),
    [
        ("text", {"content": "库存"}, 40008),
        ("markdown", {"content": "货" * 6827}, 45002),
        ("stream", {"id": "s", "finish": True, "content": ""}, 44004),
        ("stream", {"finish": True, "content": "库存"}, 40058),
        ("file", {"media_id": "gone"}, 40007),
    ],
)
def test_answers_of_a_wrong_kind_are_refused(
    wecom: FakeWecom, line: Line, msgtype: str, content: Json, code: int
) -> None:
    heard = wecom.say("zhangsan", "查库存")
    line.hear()
    assert line.respond(heard.req_id, msgtype, content) == code
    assert line.respond("never heard of", "markdown", {"content": "x"}) == 846605
    assert wecom.said == []


def test_the_robot_speaks_unprompted_only_where_it_was_spoken_to(
    wecom: FakeWecom, line: Line
) -> None:
    assert line.push("wrGROUP", "markdown", {"content": "日报"}) == 93006
    wecom.say("zhangsan", "你好", "wrGROUP")
    line.hear()
    assert line.push("wrGROUP", "text", {"content": "日报"}) == 40008
    assert line.push("wrGROUP", "markdown", {"content": "日报"}, chat_type=1) == 40058
    assert line.push("wrGROUP", "markdown", {"content": "日报"}, chat_type=2) == 0
    assert [text_of(said) for said in wecom.said_in("wrGROUP", "bot")] == ["日报"]


def test_30_messages_a_minute_pass_in_one_chat(wecom: FakeWecom, line: Line, ticks: Ticks) -> None:
    wecom.spoken_in("wrGROUP")
    wecom.spoken_in("wrOTHER")
    codes = [line.push("wrGROUP", "markdown", {"content": "日报"}) for _ in range(31)]
    assert codes == [0] * 30 + [45009]
    assert line.push("wrOTHER", "markdown", {"content": "日报"}) == 0
    ticks.now += 60.1
    assert line.push("wrGROUP", "markdown", {"content": "日报"}) == 0


def answering(line: Line, make: Callable[[Json], Json]) -> threading.Thread:
    """Answers the next press by what ``make`` gives for its event."""

    def work() -> None:
        told = line.hear()
        line.update(told["headers"]["req_id"], make(told["body"]["event"]["template_card_event"]))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_press_is_answered_by_another_card(wecom: FakeWecom, line: Line) -> None:
    said = line.card("补货", "忽略")
    with pytest.raises(PressError):
        wecom.press(said, "删除")
    answers = answering(line, lambda event: card(event["event_key"], task_id=event["task_id"]))
    update = wecom.press(said, "补货", "lisi")
    answers.join()
    assert update is not None
    assert buttons_of(said) == ["key-补货"]
    assert said.updates[0].how == "answer"


def test_an_updated_card_keeps_its_task_id(wecom: FakeWecom, line: Line) -> None:
    said = line.card("补货")
    answers = answering(line, lambda _event: card("撤销"))
    assert wecom.press(said, "补货", timeout_s=0.2) is None
    answers.join()
    assert wecom.frames[-1].errcode == 40058
    assert buttons_of(said) == ["补货"]


def test_a_press_is_answered_once_and_within_five_seconds(
    wecom: FakeWecom, line: Line, ticks: Ticks
) -> None:
    said = line.card("补货")
    assert wecom.press(said, "补货", timeout_s=0) is None
    told = line.hear()
    req_id, task_id = told["headers"]["req_id"], said.card["task_id"]
    assert line.respond(req_id, "markdown", {"content": "好"}) == 846605
    ticks.now += 4.9
    assert line.update(req_id, card("撤销", task_id=task_id)) == 0
    assert line.update(req_id, card("撤销", task_id=task_id)) == 846605
    wecom.press(said, "撤销", timeout_s=0)
    late = line.hear()["headers"]["req_id"]
    ticks.now += 5.1
    assert line.update(late, card("完成", task_id=task_id)) == 846605


def test_the_first_visit_may_be_welcomed(wecom: FakeWecom, line: Line) -> None:
    def work() -> None:
        req_id = line.hear()["headers"]["req_id"]
        body = {"msgtype": "text", "text": {"content": "你好"}}
        assert line.ask("aibot_respond_msg", body, req_id)["errcode"] == 846605
        assert line.ask("aibot_respond_welcome_msg", body, req_id)["errcode"] == 0

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        welcome = wecom.enter_chat()
        done.result()
    assert welcome is not None
    assert text_of(welcome) == "你好"


def test_a_file_goes_up_in_pieces_and_is_sent(wecom: FakeWecom, line: Line) -> None:
    content = bytes(range(256)) * 5
    begun = {
        "type": "file",
        "filename": "日报.csv",
        "total_size": len(content),
        "total_chunks": 2,
        "md5": md5(content),
    }
    upload_id = line.ask("aibot_upload_media_init", begun)["body"]["upload_id"]
    pieces = [content[:700], content[700:]]
    assert line.ask("aibot_upload_media_finish", {"upload_id": upload_id})["errcode"] == 40058
    for index in (1, 0, 0):
        chunk = base64.b64encode(pieces[index]).decode()
        body = {"upload_id": upload_id, "chunk_index": index, "base64_data": chunk}
        assert line.ask("aibot_upload_media_chunk", body)["errcode"] == 0
    media = line.ask("aibot_upload_media_finish", {"upload_id": upload_id})["body"]
    wecom.spoken_in("wrGROUP")
    assert line.push("wrGROUP", "file", {"media_id": media["media_id"]}) == 0
    [said] = wecom.said
    assert said.file is not None
    assert (said.file.name, said.file.content) == ("日报.csv", content)


def test_a_piece_that_never_came_is_missed(wecom: FakeWecom, line: Line) -> None:
    begun = {"type": "file", "filename": "a.csv", "total_size": 10, "total_chunks": 2}
    upload_id = line.ask("aibot_upload_media_init", begun)["body"]["upload_id"]
    chunk = base64.b64encode(b"0123456789").decode()
    body = {"upload_id": upload_id, "chunk_index": 0, "base64_data": chunk}
    assert line.ask("aibot_upload_media_chunk", body)["errcode"] == 0
    assert line.ask("aibot_upload_media_finish", {"upload_id": upload_id})["errcode"] == 40058
    assert wecom.world.media == {}


def test_a_file_sent_to_the_robot_has_a_key_of_its_own_and_five_minutes(
    wecom: FakeWecom, line: Line, clock: FakeClock
) -> None:
    wecom.say_file("zhangsan", "货品.csv", b"code,name")
    part = line.hear()["body"]["file"]
    key = base64.b64decode(part["aeskey"] + "=")
    sealed = httpx.get(part["url"], trust_env=False)
    assert sealing.decrypt_bytes(key, sealed.content) == b"code,name"
    clock.advance(minutes=5, seconds=1)
    assert httpx.get(part["url"], trust_env=False).status_code == 403


def test_pictures_words_and_voices_come_in_their_own_forms(wecom: FakeWecom, line: Line) -> None:
    wecom.say_mixed("zhangsan", "这个多少钱", PNG, "wrGROUP")
    text, image = line.hear()["body"]["mixed"]["msg_item"]
    assert text["text"]["content"] == "@店小二 这个多少钱"
    assert set(image["image"]) == {"url", "aeskey"}
    wecom.say_image("zhangsan", PNG)
    assert line.hear()["body"]["msgtype"] == "image"
    wecom.say_voice("zhangsan", "查库存")
    assert line.hear()["body"]["voice"] == {"content": "查库存"}


def test_any_key_can_be_sent_as_if_it_were_pressed(wecom: FakeWecom, line: Line) -> None:
    said = line.card("补货")
    wecom.press_key(said, "1.forged", "lisi", timeout_s=0)
    body = line.hear()["body"]
    event = body["event"]["template_card_event"]
    assert (event["event_key"], event["task_id"]) == ("1.forged", said.card["task_id"])
    assert (body["chatid"], body["from"]["userid"]) == ("wrGROUP", "lisi")


def test_a_repeated_message_has_the_same_id_under_another_request(
    wecom: FakeWecom, line: Line
) -> None:
    heard = wecom.say("zhangsan", "补货 10")
    again = wecom.repeat(heard)
    first, second = line.hear(), line.hear()
    assert first["body"] == second["body"]
    assert heard.req_id != again.req_id


def test_a_silent_platform_acks_nothing(wecom: FakeWecom, line: Line) -> None:
    wecom.go_silent()
    line.socket.send(json.dumps({"cmd": "ping", "headers": {"req_id": "p1"}}))
    wecom.wait_until(lambda: wecom.frames[-1].cmd == "ping")
    with pytest.raises(TimeoutError):
        line.socket.recv(timeout=0.1)
    wecom.speak()
    assert line.ask("ping", {})["errcode"] == 0


def test_a_dropped_connection_and_a_refused_handshake(wecom: FakeWecom, line: Line) -> None:
    wecom.drop_connections()
    with pytest.raises(ConnectionClosed):
        line.hear()
    wecom.wait_until(lambda: not wecom.connected(0))
    wecom.refuse_handshakes(1)
    with pytest.raises(InvalidStatus):
        connect(wecom.websocket_url)
    connect(wecom.websocket_url).close()


def test_frames_fail_as_scripted(wecom: FakeWecom, line: Line) -> None:
    wecom.spoken_in("wrGROUP")
    wecom.fail("WS aibot_send_msg", how=faults.errcode(45009))
    assert line.push("wrGROUP", "markdown", {"content": "日报"}) == 45009
    wecom.fail("WS aibot_send_msg", how=faults.lost())
    with pytest.raises(ConnectionClosed):
        line.push("wrGROUP", "markdown", {"content": "日报"})
    assert [text_of(said) for said in wecom.said] == ["日报"]
