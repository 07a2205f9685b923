"""The stand-in for WeCom: tokens, and what a self-built application sends."""

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.wecom import FakeWecom, buttons_of, text_of
from tests.fakes.wecom.clients import PNG, Program, card
from tests.fakes.wecom.fixtures import fake, seconds, signed_in  # noqa: F401  # fixtures
from tests.fakes.wecom.records import Json


def test_the_same_token_is_given_while_it_lives(program: Program, clock: FakeClock) -> None:
    first = program.token
    assert program.sign_in() == first
    clock.advance(seconds=7201)
    assert program.send("text", {"content": "在吗"})["errcode"] == 42001
    assert program.sign_in() != first
    assert len(program.wecom.calls("gettoken")) == 3


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"corpid": "ww-other"}, 40013),
        ({"corpsecret": "wrong"}, 40001),
        ({"corpsecret": ""}, 41004),
    ],
)
def test_wrong_credentials_get_no_token(
    program: Program, params: dict[str, str], code: int
) -> None:
    right = {"corpid": program.wecom.corp_id, "corpsecret": program.wecom.app.secret}
    answer = program.get("gettoken", **(right | params))
    assert answer["errcode"] == code
    assert answer["errmsg"].endswith(f"devtool/query?e={code}")
    assert ", hint: [" in answer["errmsg"]


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_revoked_token_is_refused_and_another_one_given(program: Program, code: int) -> None:
    program.wecom.revoke_tokens(code)
    assert program.send("text", {"content": "在吗"})["errcode"] == code
    assert program.wecom.requests[-1].errcode == code
    program.sign_in()
    assert program.send("text", {"content": "在吗"})["errcode"] == 0


def test_receivers_nobody_knows_are_named_in_lower_case(program: Program) -> None:
    answer = program.send("text", {"content": "到货"}, touser="ZhangSan|NoBody|lisi")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    assert [said.chat for said in program.wecom.said] == ["zhangsan", "lisi"]
    assert program.send("text", {"content": "到货"}, touser="NoBody")["errcode"] == 81013


def test_long_text_is_cut_and_both_forms_are_kept(program: Program) -> None:
    program.send("text", {"content": "货" * 700})
    [said] = program.wecom.said
    assert len(said.content["content"].encode()) == 2046
    assert said.sent["content"] == "货" * 700


@pytest.mark.parametrize(
    ("msgtype", "content", "fields", "code"),
    [
        ("text", {"content": ""}, {}, 44004),
        ("markdown", {"content": "货" * 683}, {}, 45002),
        ("markdown_v2", {"content": "x"}, {}, 40008),
        ("text", {"content": "x"}, {"agentid": "1000002"}, 301002),
        ("text", {"content": "x"}, {"agentid": 7}, 301002),
        ("text", {"content": "x"}, {"agentid": 1000002.0}, 301002),
        ("file", {"media_id": "gone"}, {}, 40007),
        ("template_card", card("一", "二", "三", "四", "五", "六", "七"), {}, 40058),
        ("template_card", card("一", "一"), {}, 40058),
        ("template_card", card("一", task_id="有空格 "), {}, 40058),
        ("template_card", card("一", main_title={}), {}, 40058),
        ("template_card", {"card_type": "text_notice", "main_title": {"title": "x"}}, {}, 42045),
    ],
)
def test_the_application_is_told_what_is_wrong(
    program: Program, msgtype: str, content: Json, fields: Json, code: int
) -> None:
    assert program.send(msgtype, content, **fields)["errcode"] == code
    assert program.wecom.said == []


def test_a_task_id_is_used_once(program: Program) -> None:
    assert program.send("template_card", card("补货", task_id="t-1"))["errcode"] == 0
    assert program.send("template_card", card("补货", task_id="t-1"))["errcode"] == 40058


def test_cards_with_buttons_need_a_callback_address(program: Program) -> None:
    program.wecom.app_callback = False
    assert program.send("template_card", card("补货"))["errcode"] == 40058


def test_a_response_code_changes_a_card_once_within_72_hours(
    program: Program, clock: FakeClock
) -> None:
    code = program.send("template_card", card("补货"))["response_code"]
    [said] = program.wecom.said
    assert buttons_of(said) == ["补货"]
    assert program.update(code, button={"replace_name": "已处理"})["errcode"] == 0
    assert buttons_of(said) == []
    assert "(已处理)" in text_of(said)
    assert program.update(code, button={"replace_name": "又一次"})["errcode"] == 40058
    late = program.send("template_card", card("补货"))["response_code"]
    clock.advance(days=3, seconds=1)
    program.sign_in()
    assert program.update(late, button={"replace_name": "已处理"})["errcode"] == 40058


def test_an_update_takes_lists_of_people(program: Program) -> None:
    code = program.send("template_card", card("补货"))["response_code"]
    assert program.update(code, userids="zhangsan", template_card=card("x"))["errcode"] == 40058
    assert program.update(code, template_card=card("撤销"))["errcode"] == 0
    assert buttons_of(program.wecom.said[0]) == ["撤销"]


def test_a_person_reads_all_of_a_card(program: Program) -> None:
    rows = [{"keyname": "现有", "value": "2"}]
    link = {"text": "打开", "type": 1, "url": "http://127.0.0.1/"}
    shown = card("补货", horizontal_content_list=rows, quote_area={"quote_text": "昨天 5"})
    shown["button_list"].append(link)
    assert program.send("template_card", shown)["errcode"] == 0
    [said] = program.wecom.said
    lines = ["库存不足", "咖啡豆 只剩 2", "昨天 5", "现有 2", "[补货]", "[打开]"]
    assert text_of(said).split("\n") == lines
    assert buttons_of(said) == ["补货"]


def test_a_repeated_message_is_dropped_when_both_asked_for_it(
    program: Program, clock: FakeClock
) -> None:
    flag: Json = {"enable_duplicate_check": 1, "duplicate_check_interval": 1800}
    tries: list[Json] = [{}, flag, flag]
    for fields in tries:
        assert program.send("text", {"content": "日报"}, **fields)["errcode"] == 0
    assert len(program.wecom.said) == 2
    program.send("text", {"content": "日报"})
    assert len(program.wecom.said) == 3
    clock.advance(seconds=1801)
    program.send("text", {"content": "日报"}, **flag)
    assert len(program.wecom.said) == 4


def test_all_messages_are_remembered_where_the_fake_is_told_so(clock: FakeClock) -> None:
    with FakeWecom(clock=clock, duplicates="all") as wecom:
        program = Program(wecom)
        program.sign_in()
        program.send("text", {"content": "日报"})
        program.send("text", {"content": "日报"}, enable_duplicate_check=1)
        program.http.close()
        assert len(wecom.said) == 1


def test_what_goes_over_a_persons_limit_is_lost_without_a_word(program: Program) -> None:
    answers = [program.send("text", {"content": f"第{n}条"}) for n in range(31)]
    assert {answer["errcode"] for answer in answers} == {0}
    assert (len(program.wecom.said), len(program.wecom.dropped)) == (30, 1)


def test_files_go_up_and_come_down_unchanged_for_three_days(
    program: Program, clock: FakeClock
) -> None:
    content = b"a,b\r\n--x\r\n\x00\xff" * 50
    answer = program.upload(
        "media/upload", "报表.csv", content, access_token=program.token, type="file"
    )
    assert isinstance(answer["created_at"], str)
    program.send("file", {"media_id": answer["media_id"]})
    [said] = program.wecom.said
    assert said.file is not None
    assert (said.file.name, said.file.content) == ("报表.csv", content)
    got = program.http.get(
        "media/get", params={"access_token": program.token, "media_id": answer["media_id"]}
    )
    assert got.content == content
    assert "attachment" in got.headers["content-disposition"]
    clock.advance(days=3, seconds=1)
    program.sign_in()
    again = program.get("media/get", access_token=program.token, media_id=answer["media_id"])
    assert again["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [("file", b"12345", 44001), ("image", b"no picture", 40004), ("gif", PNG, 40004)],
)
def test_files_that_are_none_are_refused(
    program: Program, kind: str, content: bytes, code: int
) -> None:
    answer = program.upload("media/upload", "a", content, access_token=program.token, type=kind)
    assert answer["errcode"] == code


@pytest.mark.parametrize(("body", "code"), [(b"{broken", 44004), (b'{"a":"\xff"}', 40033)])
def test_a_broken_body_is_told_so(program: Program, body: bytes, code: int) -> None:
    url = "message/send"
    answer = program.http.post(url, params={"access_token": program.token}, content=body).json()
    assert answer["errcode"] == code
    assert "wrong json format" in answer["errmsg"]
