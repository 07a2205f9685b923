"""The fake Feishu takes cards, shows them as people see them, and lets people press."""

import json
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.feishu import (
    Event,
    PressError,
    Pusher,
    buttons_of,
    pinged,
    text_of,
)
from tests.fakes.feishu.callback import callback
from tests.fakes.feishu.caller import Caller, button, card, code, form, table
from tests.fakes.feishu.fixtures import client, fake  # noqa: F401  # fixtures


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (card(note="a"), "unknown property note in card"),
        (card({"tag": "markdown", "content": "a", "corner_radius": "1"}), "200621"),
        (card({"tag": "note"}), "unknown tag"),
        (card(*[table()] * 6), "11310"),
        (card(*[table()] * 5, {"tag": "markdown", "content": "|a|b|\n|-|-|\n|1|2|"}), "11310"),
        (card(*[{"tag": "hr"}] * 201), "11310"),
        (card(button("字" * 101, {})), "100 characters"),
        (card({"tag": "input", "name": "a"}, {"tag": "input", "name": "a"}), "not unique"),
        (card(form(name="")), "input has no name"),
        (card({"tag": "form", "name": "f", "elements": []}), "no submit button"),
        (
            card({"tag": "column_set", "columns": [{"tag": "column", "elements": [table()]}]}),
            "in another",
        ),
        (card({**table(), "rows": [{"sku": 3}]}), "a cell is no text"),
        (
            card({"tag": "column_set", "columns": [{"tag": "column", "corner_radius": "8px"}]}),
            "200621",
        ),
        ({"schema": "2.0"}, "body is not an object"),
    ],
)
def test_a_wrong_card_is_refused_with_the_reason(api: Caller, card: Any, words: str) -> None:
    answer = api.say("interactive", card)
    assert code(answer) == 230099
    assert words in answer.json()["msg"]


def test_a_card_over_30_kb_is_refused(api: Caller) -> None:
    assert (
        code(api.say("interactive", card({"tag": "markdown", "content": "字" * 10_300}))) == 230025
    )


def test_a_full_card_is_taken_and_read_as_a_person_reads_it(api: Caller) -> None:
    header = {"title": {"tag": "plain_text", "content": "日报"}, "template": "blue"}
    spec = {"type": "line", "data": {"values": [{"d": "01-01", "v": 120}]}}
    buttons = {"tag": "column", "elements": [button("确认", {"a": 1})]}
    message = api.card(
        card(
            {"tag": "markdown", "content": "**低库存** &#60;A\\*&#62; <at id=ou_x></at>"},
            {"tag": "div", "fields": [{"text": {"tag": "lark_md", "content": "**现有** 20"}}]},
            table(),
            {"tag": "chart", "chart_spec": spec},
            {"tag": "column_set", "columns": [buttons]},
            form(placeholder={"tag": "plain_text", "content": "数量"}),
            header=header,
        )
    )
    assert text_of(message).splitlines() == [
        "日报",
        "低库存 <A*> ",
        "现有 20",
        "SKU | 库存",
        "A-1 | 3",
        "01-01 120",
        "[确认]",
        "数量",
        "[提交]",
    ]
    assert buttons_of(message) == ["确认", "提交"]
    assert pinged(message) == ["ou_x"]


def test_only_what_notifies_counts_as_a_ping(api: Caller) -> None:
    api.say("text", {"text": '<at user_id="all">所有人</at>'})
    api.say("text", {"text": "＜at user_id=all＞"})
    api.say("post", {"zh_cn": {"content": [[{"tag": "at", "user_id": "ou_y"}]]}})
    assert [pinged(message) for message in api.feishu.messages] == [["all"], [], ["ou_y"]]
    assert text_of(api.feishu.messages[2]) == "@ou_y"


def _patch(api: Caller, message_id: str, card: Any) -> int:
    content = json.dumps(card, ensure_ascii=False)
    return code(api.call("PATCH", f"im/v1/messages/{message_id}", json={"content": content}))


def test_a_card_is_replaced_in_place(api: Caller) -> None:
    message = api.card(card(button("确认", {})))
    assert _patch(api, message.message_id, card({"tag": "markdown", "content": "已确认"})) == 0
    assert text_of(message) == "已确认"
    assert [update.how for update in message.updates] == ["patch"]


def test_what_is_no_shared_young_card_of_the_bot_is_not_replaced(
    api: Caller, clock: FakeClock
) -> None:
    shared, private = card({"tag": "hr"}), {"schema": "2.0", "body": {"elements": []}}
    own, closed = api.card(shared).message_id, api.card(private).message_id
    api.say("text", {"text": "a"})
    text, theirs = api.feishu.messages[-1].message_id, api.feishu.text("a").message_id
    assert _patch(api, text, shared) == 230001
    assert _patch(api, theirs, shared) == 230012
    assert _patch(api, closed, shared) == 230001
    assert _patch(api, own, private) == 230001
    assert _patch(api, own, {**shared, "x": 1}) == 230099
    clock.advance(days=15)
    api.login()
    assert _patch(api, own, shared) == 230031


def test_one_message_is_replaced_five_times_a_second(api: Caller) -> None:
    message = api.card(card({"tag": "hr"}))
    codes = [_patch(api, message.message_id, card({"tag": "hr"})) for _ in range(6)]
    assert codes == [0] * 5 + [230020]


def test_a_press_carries_the_value_and_the_form(api: Caller) -> None:
    message = api.card(card(button("确认", {"card": 7, "button": "a"}), form()))
    plain = api.feishu.press(message, "确认").document["event"]
    assert plain["action"] == {"tag": "button", "value": {"card": 7, "button": "a"}}
    assert plain["context"]["open_message_id"] == message.message_id
    assert plain["operator"]["open_id"] == api.feishu.user
    sent = api.feishu.press(message, "提交", inputs={"units": "20"})
    assert sent.document["event"]["action"]["form_value"] == {"units": "20"}
    assert sent.document["event"]["action"]["name"] == "send"
    assert len(sent.document["header"]["create_time"]) == 16


@pytest.mark.parametrize(
    ("label", "inputs"),
    [
        ("取消", None),
        ("提交", None),
        ("提交", {"x": "1", "units": "2"}),
        ("提交", {"units": "123456"}),
        ("旧", None),
        ("网页", None),
        ("双", None),
    ],
)
def test_what_a_person_cannot_press_is_an_error(api: Caller, label: str, inputs: Any) -> None:
    link = button("网页", {}) | {"behaviors": [{"type": "open_url", "default_url": "https://a"}]}
    twice = [button("双", {}), button("双", {})]
    shown = card(form(max_length=5), button("旧", {}, disabled=True), link, *twice)
    message = api.card(shown)
    with pytest.raises(PressError):
        api.feishu.press(message, label, inputs=inputs)


def _update(api: Caller, press: Event, card: Any) -> int:
    path = "interactive/v1/card/update"
    return code(api.call("POST", path, json={"token": press.token, "card": card}))


def test_a_later_update_needs_an_answered_press_and_works_twice(api: Caller) -> None:
    message = api.card(card(button("确认", {})))
    press, done = api.feishu.press(message, "确认"), card({"tag": "markdown", "content": "好"})
    assert _update(api, press, done) != 0
    with callback((200, b"{}")) as (url, _), Pusher(api.feishu, url) as pusher:
        assert pusher.deliver(press).problem == 0
    assert [_update(api, press, done) == 0 for _ in range(3)] == [True, True, False]
    assert text_of(message) == "好"


def test_a_later_update_comes_within_half_an_hour(api: Caller, clock: FakeClock) -> None:
    press = api.feishu.press(api.card(card(button("确认", {}))), "确认")
    api.feishu.presses.answered(press.token, {})
    clock.advance(minutes=31)
    assert _update(api, press, card({"tag": "hr"})) != 0


@pytest.mark.parametrize(
    ("status", "answer", "problem"),
    [
        (200, {}, 0),
        (200, {"toast": {"type": "success", "content": "已入库"}}, 0),
        (200, {"toast": {"type": "loud"}}, 200672),
        (200, {"msg": "ok"}, 200672),
        (200, [], 200672),
        (200, {"card": {"type": "raw", "data": {"schema": "2.0"}}}, 200673),
        (500, {}, 200671),
    ],
)
def test_the_answer_to_a_press_is_judged(
    api: Caller, status: int, answer: Any, problem: int
) -> None:
    press = api.feishu.press(api.card(card(button("确认", {}))), "确认")
    with (
        callback((status, json.dumps(answer).encode())) as (url, _),
        Pusher(api.feishu, url) as pusher,
    ):
        assert pusher.deliver(press).problem == problem


def test_a_card_in_the_answer_replaces_the_pressed_one(api: Caller) -> None:
    message = api.card(card(button("确认", {})))
    new = {"type": "raw", "data": card({"tag": "markdown", "content": "已确认"})}
    api.feishu.presses.answered(api.feishu.press(message, "确认").token, {"card": new})
    assert text_of(message) == "已确认"
