"""What platforms call: the vectors get in, what got in is kept first, what is off is not there."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.callback_doors import (
    CARD,
    CASES,
    CHALLENGE,
    ON,
    PATHS,
    TEXT,
    VECTORS,
    Doors,
    OpenDoors,
    Sent,
    app_xml,
    feishu,
    feishu_document,
    feishu_sealed,
    opened,
    robot_json,
    unsealed,
    wecom,
    wecom_sealed,
)
from tests.e2e.conftest import Answer, MakeShop, Serve, code_of


@pytest.fixture
def open_doors(make_shop: MakeShop) -> Iterator[OpenDoors]:
    """Opens the ways in that the settings switch on; all of them without settings."""
    with ExitStack() as stack:
        yield lambda **sections: stack.enter_context(opened(make_shop(**(sections or ON))))


@pytest.fixture
def doors(open_doors: OpenDoors) -> Doors:
    """All three ways in, open to callbacks of any age."""
    return open_doors()


@pytest.mark.parametrize(
    ("case", "body", "kept"),
    [
        (TEXT, {}, ["feishu:om_9f8e7d6c5b4a39281706f5e4d3c2b1a0"]),
        (CARD, {}, []),  # its button is not one of ours
        (CHALLENGE, {"challenge": "ajls384kdjx98XX"}, []),
    ],
    ids=CASES,
)
def test_feishus_vectors_get_in(
    doors: Doors, case: Mapping[str, Any], body: Any, kept: list[str]
) -> None:
    for _ in range(2):  # redelivered as it was: acknowledged again, kept once
        answer = doors.send(feishu(case))
        assert (answer.status_code, answer.json) == (200, body)
        assert answer.headers["Content-Type"] == "application/json"
        assert doors.kept() == kept
    assert doors.counted("feishu", "accepted") == 2
    assert doors.counted("feishu", "refused") == 0


@pytest.mark.parametrize("name", VECTORS)
def test_wecoms_vectors_get_in(doors: Doors, name: str) -> None:
    vector, kept = (
        VECTORS[name],
        {
            "app_post_text": ["wecom:app:7298631749213741057"],
            "aibot_post_group_text": ["wecom:bot:CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI="],
        },
    )
    for _ in range(2):
        answer = doors.send(wecom(vector))
        assert answer.status_code == 200
        assert doors.kept() == kept.get(name, [])
        assert_documented(vector, answer)
    assert doors.counted("wecom", "accepted") == 2
    assert doors.counted("wecom", "refused") == 0


def assert_documented(vector: Mapping[str, Any], answer: Answer) -> None:
    """An echo to the byte; nothing for the application; streams for the robot."""
    fields = vector.get("expected_fields", {})
    if "expected_response" in vector:
        assert answer.data == vector["expected_response"]["body"].encode()
    elif vector["credentials"] == "app":
        assert answer.data == b""
    else:
        stream = fields.get("stream_id") or fields["dedup_key"]
        said = unsealed("aibot", answer, vector["query"]["nonce"])
        assert (said["msgtype"], said["stream"]["id"]) == ("stream", stream)
        # Of a stream nobody knows there is no more to come.
        assert said["stream"]["finish"] == ("stream_id" in fields)


@pytest.mark.parametrize(
    "sent",
    [
        feishu_sealed(feishu_document(TEXT, event_type="im.chat.disbanded_v1")),
        feishu_sealed(feishu_document(TEXT, event_type=None)),
        feishu_sealed({**feishu_document(CARD), "event": {"action": {"value": "x"}}}),
        feishu_sealed({**feishu_document(TEXT), "event": {"message": []}}),
        wecom_sealed("app", app_xml(MsgType="event", Event="LOCATION")),
        wecom_sealed("app", app_xml(MsgType="hologram")),
        wecom_sealed("aibot", robot_json(msgtype="event", event={"eventtype": "feedback_event"})),
        wecom_sealed("aibot", robot_json(msgtype="hologram")),
        wecom_sealed("aibot", "{}"),
    ],
)
def test_an_event_the_shop_has_no_use_for_is_acknowledged(doors: Doors, sent: Sent) -> None:
    answer = doors.send(sent)
    assert (answer.status_code, answer.data) == (200, b"{}" if sent.platform == "feishu" else b"")
    assert doors.kept() == []


@pytest.mark.parametrize(
    "sent",
    [
        feishu_sealed(
            {
                **feishu_document(TEXT),
                "event": {
                    **feishu_document(TEXT)["event"],
                    "sender": {
                        **feishu_document(TEXT)["event"]["sender"],
                        "tenant_key": "another",
                    },
                },
            }
        ),
        wecom_sealed("aibot", robot_json(**{"from": {"userid": "eve", "corpid": "ww-another"}})),
    ],
    ids=["feishu", "wecom robot"],
)
def test_a_guest_of_another_company_is_acknowledged_and_not_heard(doors: Doors, sent: Sent) -> None:
    assert doors.send(sent).status_code == 200
    assert doors.kept() == []


# -- what is off, what is too much, and what cannot be kept now

LONG = {"mode": "long_connection"}
ROBOT = {"name": "orders", "webhook": "https://open.feishu.cn/open-apis/bot/v2/hook/x"}
PUSH = {"name": "orders", "webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"}
GOOD = {
    "feishu": feishu(TEXT),
    "app": wecom(VECTORS["app_post_text"]),
    "aibot": wecom(VECTORS["aibot_post_group_text"]),
}


@pytest.mark.parametrize(
    ("sections", "off"),
    [
        ({"shop": {"name": "x"}}, ["feishu", "app", "aibot"]),
        ({"feishu": {**ON["feishu"], **LONG}}, ["feishu", "app", "aibot"]),
        ({"feishu": {"robots": [ROBOT]}, "wecom": {"robots": [PUSH]}}, [*PATHS]),
        ({"feishu": ON["feishu"]}, ["app", "aibot"]),
        ({"wecom": {**ON["wecom"], "aibot": {}}}, ["feishu", "aibot"]),
        ({"wecom": {**ON["wecom"], "app": {}}}, ["feishu", "app"]),
        (
            {"wecom": {**ON["wecom"], "aibot": {**LONG, "bot_id": "B", "secret": "s"}}},
            ["feishu", "aibot"],
        ),
    ],
)
def test_a_way_in_that_is_off_is_not_there(
    open_doors: OpenDoors, sections: dict[str, Any], off: list[str]
) -> None:
    doors = open_doors(**sections)
    nowhere = doors.send(Sent("/webhooks/nowhere", b""))
    assert (nowhere.status_code, code_of(nowhere)) == (404, "not_found")
    for way, sent in GOOD.items():
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            answer = doors.send(replace(sent, method=method))
            there = (answer.status_code, answer.data) != (404, nowhere.data)
            assert there == (way not in off), (way, method)
        head = doors.send(replace(sent, method="HEAD", body=b""))
        assert (head.status_code == 404) == (way in off)
    assert len(doors.kept()) == 3 - len(off)


@pytest.mark.parametrize(
    ("way", "methods", "allowed"),
    [
        ("feishu", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], "POST"),
        ("app", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], "GET, POST"),
        ("aibot", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], "GET, POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    doors: Doors, way: str, methods: list[str], allowed: str
) -> None:
    for method in methods:
        answer = doors.send(replace(GOOD[way], method=method))
        assert (method, answer.status_code) == (method, 405)
        assert answer.headers["Allow"] == allowed
        if method != "HEAD":
            assert code_of(answer) == "method_not_allowed"
    assert doors.kept() == []


@pytest.mark.parametrize("way", GOOD)
def test_a_body_over_256_kib_is_too_large_and_one_of_256_is_read(doors: Doors, way: str) -> None:
    """Nobody signs that much, so the one that is read is refused for its signature."""
    most = 256 << 10
    for size, status in ((most, 401), (most + 1, 413), (20 * most, 413)):
        answer = doors.send(replace(GOOD[way], body=b"x" * size))
        assert (size, answer.status_code) == (size, status)
    assert doors.kept() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a file can be taken away
@pytest.mark.parametrize("way", GOOD)
def test_what_cannot_be_kept_is_not_acknowledged_so_that_it_comes_again(
    sqlite_url: str, make_shop: MakeShop, way: str
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened(make_shop(**ON)) as doors:
        doors.shop.database.close()
        aside = file.rename(file.with_suffix(".aside"))
        file.mkdir()
        answer = doors.send(GOOD[way])
        assert (answer.status_code, code_of(answer)) == (503, "overloaded")
        assert answer.headers["Retry-After"] == "1"
        assert doors.counted(GOOD[way].platform, "accepted") == 0

        file.rmdir()
        aside.rename(file)
        assert doors.kept() == []
        assert doors.send(GOOD[way]).status_code == 200
        assert len(doors.kept()) == 1


def test_by_the_real_server_it_is_the_same(doors: Doors, serve: Serve) -> None:
    """Its own parser joins what came twice, drops names with underscores, and limits bodies."""
    server = serve(shop=doors.shop, blueprints=(doors.pages,))

    def send(*lines: str, body: bytes = GOOD["feishu"].body, length: int = 0) -> int:
        head = "\r\n".join(
            (
                "POST /webhooks/feishu HTTP/1.1",
                "Host: shop",
                "Connection: close",
                f"Content-Length: {length or len(body)}",
                *lines,
            )
        )
        return int(server.send(head.encode() + b"\r\n\r\n" + body).split()[1])

    marks = [f"{name}: {value}" for name, value in GOOD["feishu"].headers]
    for mark in marks[1:]:
        assert send(*marks, mark) == 401
    assert send(*(mark.replace("X-Lark-", "X_Lark_") for mark in marks)) == 401
    assert send(*marks, body=b"", length=(256 << 10) + 1) == 413
    assert doors.kept() == []
    assert send(*marks) == 200
    assert len(doors.kept()) == 1
