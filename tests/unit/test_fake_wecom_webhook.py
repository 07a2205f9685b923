"""The stand-in for WeCom: message-push robots, and scripted failures."""

import base64
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fakes.wecom import (
    FakeWecom,
    faults,
    text_of,
)
from tests.fakes.wecom.clients import PNG, Program, Ticks, card, md5
from tests.fakes.wecom.fixtures import fake, seconds, signed_in  # noqa: F401  # fixtures
from tests.fakes.wecom.records import Json


def test_a_webhook_says_what_it_is_given(program: Program) -> None:
    program.wecom.webhook("k1")
    assert program.hook("k1", "markdown_v2", {"content": "# 日报\n|a|b|"})["errcode"] == 0
    picture = {"base64": base64.b64encode(PNG).decode(), "md5": md5(PNG)}
    assert program.hook("k1", "image", picture)["errcode"] == 0
    words, image = program.wecom.said
    assert (words.channel, text_of(words)) == ("webhook:k1", "# 日报\n|a|b|")
    assert image.file is not None
    assert image.file.content == PNG


@pytest.mark.parametrize(
    ("msgtype", "content", "code"),
    [
        ("text", {"content": ""}, 44004),
        ("text", {"content": "货" * 683}, 45002),
        ("markdown", {"content": "货" * 1366}, 45002),
        ("markdown_v2", {"content": "货" * 1366}, 45002),
        ("image", {"base64": base64.b64encode(PNG).decode(), "md5": "0" * 32}, 301019),
        ("image", {"base64": "!", "md5": "0" * 32}, 40009),
        ("template_card", card("补货"), 40058),
        ("stream", {"id": "s"}, 40008),
    ],
)
def test_a_webhook_is_told_what_is_wrong(
    program: Program, msgtype: str, content: Json, code: int
) -> None:
    program.wecom.webhook("k1")
    assert program.hook("k1", msgtype, content)["errcode"] == code
    assert program.wecom.said == []


def test_an_unknown_or_removed_key_is_refused(program: Program) -> None:
    program.wecom.webhook("k1")
    assert program.hook("k2", "text", {"content": "在吗"})["errcode"] == 93000
    program.wecom.remove_webhook("k1")
    assert program.hook("k1", "text", {"content": "在吗"})["errcode"] == 93000


def test_what_is_too_long_is_cut_where_the_fake_is_told_so() -> None:
    with FakeWecom(overlong="cut") as wecom:
        program = Program(wecom)
        wecom.webhook("k1")
        assert program.hook("k1", "markdown", {"content": "货" * 1366})["errcode"] == 0
        program.http.close()
        assert len(wecom.said[0].content["content"].encode()) == 4095


def test_20_messages_pass_in_any_minute_and_the_next_one_blocks_for_a_minute(
    program: Program, ticks: Ticks
) -> None:
    program.wecom.webhook("k1")
    program.wecom.webhook("k2")

    def say(key: str) -> int:
        return int(program.hook(key, "text", {"content": "缺货"})["errcode"])

    assert [say("k1") for _ in range(10)] == [0] * 10
    ticks.now += 30
    assert [say("k1") for _ in range(10)] == [0] * 10
    ticks.now += 29.9
    assert say("k1") == 45009
    assert say("k2") == 0
    ticks.now += 59.9
    assert say("k1") == 45009
    ticks.now += 0.2
    assert say("k1") == 0


def test_a_file_is_good_for_the_key_it_was_uploaded_with(program: Program) -> None:
    program.wecom.webhook("k1")
    program.wecom.webhook("k2")
    answer = program.upload("webhook/upload_media", "a.csv", b"123456", key="k1", type="file")
    content = {"media_id": answer["media_id"]}
    assert program.hook("k2", "file", content)["errcode"] == 40007
    assert program.hook("k1", "file", content)["errcode"] == 0
    empty = program.upload("webhook/upload_media", "a.csv", b"", key="nobody", type="file")
    assert empty["errcode"] == 44001


def test_a_lost_answer_means_that_it_was_said(program: Program) -> None:
    program.wecom.fail("message/send", how=faults.lost())
    with pytest.raises(httpx.HTTPError):
        program.send("text", {"content": "到货"})
    assert [text_of(said) for said in program.wecom.said] == ["到货"]
    program.wecom.fail("message/send", how=faults.reset())
    with pytest.raises(httpx.HTTPError):
        program.send("text", {"content": "到货"})
    assert len(program.wecom.said) == 1


def test_answers_go_wrong_as_often_as_scripted(program: Program) -> None:
    program.wecom.fail("message/send", how=faults.errcode(45009), times=2)
    codes = [program.send("text", {"content": "到货"})["errcode"] for _ in range(3)]
    assert codes == [45009, 45009, 0]
    assert len(program.wecom.said) == 1


def test_pages_and_halves_are_no_answers(program: Program) -> None:
    url, params = "getcallbackip", {"access_token": program.token}
    program.wecom.fail("getcallbackip", how=faults.html(502))
    page = program.http.get(url, params=params)
    assert (page.status_code, page.text[:6]) == (502, "<html>")
    program.wecom.fail("getcallbackip", how=faults.truncated())
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        program.http.get(url, params=params).json()
    program.wecom.fail("getcallbackip", how=faults.dribble(0.001))
    assert program.get(url, **params)["ip_list"] == ["127.0.0.1"]


def test_nothing_is_answered_in_a_pause(program: Program) -> None:
    program.wecom.pause()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(program.send, "text", {"content": "到货"})
        program.wecom.wait_until(lambda: len(program.wecom.calls("message/send")) == 1)
        assert not waiting.done()
        program.wecom.resume()
        with pytest.raises(httpx.HTTPError):
            waiting.result()
    assert program.send("text", {"content": "到货"})["errcode"] == 0
