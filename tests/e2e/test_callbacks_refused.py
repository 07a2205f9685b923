"""What platforms call: what does not prove where it comes from is told nothing, kept nowhere.

The fault rows F18 (forged), F19 (stale) and F20 (for somebody else), by HTTP.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.callback_doors import (
    CARD,
    CHALLENGE,
    FEISHU,
    KEYS,
    ON,
    PATHS,
    TEXT,
    VECTORS,
    WECOM,
    Doors,
    Sent,
    app_xml,
    feishu,
    feishu_document,
    feishu_sealed,
    opened,
    robot_json,
    signed_query,
    wecom,
    wecom_sealed,
)
from tests.e2e.conftest import MakeShop
from tests.fakes.wecom import sealing

MARKS = ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature")
REFUSED = (
    b'{"type":"/docs#unauthorized","title":"Sign in, or send the administration token",'
    b'"status":401,"code":"unauthorized"}'
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: nothing gets as far as the database."""
    return sqlite_url


@pytest.fixture
def doors(make_shop: MakeShop) -> Iterator[Doors]:
    """All three ways in, open to callbacks of any age."""
    with opened(make_shop(**ON)) as made:
        yield made


GOOD = feishu(TEXT)
MARK = TEXT["headers"]["X-Lark-Signature"]
FLIPPED = TEXT["body"][:40] + ("A" if TEXT["body"][40] != "A" else "B") + TEXT["body"][41:]
FORGED = {  # what feishu_vectors.json says to change -> the request
    "flip one base64 character of encrypt": replace(GOOD, body=FLIPPED.encode()),
    "X-Lark-Signature replaced by 64 zeros": GOOD.saying("X-Lark-Signature", "0" * 64),
    "drop the three X-Lark-* headers": GOOD.without(*MARKS),
    "header.token missing or different, body re-encrypted and re-signed": feishu_sealed(
        feishu_document(TEXT, token="another")
    ),
    "token replaced, body re-encrypted": feishu_sealed(
        {**json.loads(CHALLENGE["decrypted_utf8"]), "token": "another"}, signed=False
    ),
}
STRANGE_TIMES = ("", "NaN", "1e9", "1" * 20, "１７６７２２５６００", "1767225600.0", "-1767225600")


def _wecom_at(timestamp: str) -> Sent:
    encrypt = sealing.encrypt(KEYS["app"], app_xml())
    body = f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode()
    return Sent(PATHS["app"], body, query=signed_query("app", encrypt, timestamp))


REFUSALS = {
    **{f"feishu: {change}": sent for change, sent in FORGED.items()},
    **{
        f"feishu: signature {what}": GOOD.saying("X-Lark-Signature", mark)
        for what, mark in {
            "empty": "",
            "truncated": MARK[:-1],
            "in capitals": MARK.upper(),
            "not hex": "g" * 64,
            "not ASCII": "名" * 64,
        }.items()
    },
    **{f"feishu: without {name}": GOOD.without(name) for name in MARKS},
    **{
        f"feishu: {name} twice": replace(
            GOOD, headers=(*GOOD.headers, (name, TEXT["headers"][name]))
        )
        for name in MARKS
    },
    **{
        f"feishu: signed at {time!r}": feishu_sealed(feishu_document(TEXT), timestamp=time)
        for time in STRANGE_TIMES
        if time.isascii()  # other bytes are no header
    },
    "feishu: another app's": feishu_sealed(feishu_document(TEXT, app_id="cli_another")),
    "feishu: not encrypted": replace(GOOD, body=TEXT["decrypted_utf8"].encode()),
    "feishu: nothing": Sent("/webhooks/feishu", b""),
    **{f"wecom: {vector['id']}": wecom(vector) for vector in WECOM["negative"]},
    **{f"wecom: signed at {time!r}": _wecom_at(time) for time in STRANGE_TIMES},
    "wecom: another corp's": wecom_sealed(
        "app", app_xml(), keys=replace(KEYS["app"], receive_id="ww-another")
    ),
    "wecom: for another corp inside": wecom_sealed("app", app_xml(ToUserName="ww-another")),
    "wecom: another application's": wecom_sealed("app", app_xml(AgentID="1000003")),
    "wecom: the robot's at the application's": replace(
        wecom(VECTORS["aibot_post_group_text"]), path=PATHS["app"]
    ),
    "wecom: the application's at the robot's": replace(
        wecom(VECTORS["app_post_text"]), path=PATHS["aibot"]
    ),
    "wecom: another robot's": wecom_sealed(
        "aibot", robot_json(), keys=replace(KEYS["aibot"], receive_id="ww-another")
    ),
    "wecom: another key": wecom_sealed(
        "aibot", robot_json(), keys=replace(KEYS["aibot"], encoding_aes_key="a" * 43)
    ),
    "wecom: a parameter twice": replace(
        wecom(VECTORS["app_post_text"]),
        query=VECTORS["app_post_text"]["raw_query_string"] + "&nonce=nonce-8fA3",
    ),
    "wecom: nothing": Sent(PATHS["app"], b"", method="GET"),
    "wecom: nothing for the robot": Sent(PATHS["aibot"], b""),
}


def test_every_refusal_of_the_vectors_is_in_the_table() -> None:
    told = {case["change"] for case in FEISHU["negative_cases"] if "reject" in case["must"]}
    assert told == set(FORGED)


@pytest.mark.parametrize("sent", REFUSALS.values(), ids=REFUSALS)
def test_what_does_not_prove_where_it_comes_from_is_told_nothing(
    doors: Doors, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    answer = doors.send(sent)

    assert (answer.status_code, answer.data) == (401, REFUSED)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert doors.kept() == []
    assert doors.counted(sent.platform, "refused") == 1
    assert doors.counted(sent.platform, "accepted") == 0
    assert [record.getMessage() for record in caplog.records] == ["callback_refused"]
    assert caplog.records[0].exc_info is None
    assert len(str(vars(caplog.records[0])["reason"])) < 20


@pytest.mark.parametrize("case", [TEXT, CARD], ids=lambda case: case["name"])
def test_a_recorded_callback_of_feishu_is_stale_for_a_shop_that_takes_none_that_old(
    make_shop: MakeShop, case: Any
) -> None:
    with opened(make_shop(**ON), window_s=28_800) as doors:
        assert doors.send(feishu(case)).data == REFUSED
        assert doors.counted("feishu", "refused") == 1
        # The check of the address carries no time.
        assert doors.send(feishu(CHALLENGE)).status_code == 200


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_a_recorded_callback_of_wecom_is_stale_for_a_shop_that_takes_none_that_old(
    make_shop: MakeShop, vector: Any
) -> None:
    with opened(make_shop(**ON), window_s=300) as doors:
        assert doors.send(wecom(vector)).data == REFUSED
        assert doors.kept() == []


@pytest.mark.parametrize(("ahead_s", "status"), [(290, 200), (330, 401)])
def test_a_time_more_than_five_minutes_ahead_is_refused_whatever_the_window(
    doors: Doors, ahead_s: int, status: int
) -> None:
    signed_at = str(int(time.time()) + ahead_s)
    assert doors.send(feishu_sealed(feishu_document(TEXT), timestamp=signed_at)).status_code == (
        status
    )
    assert doors.send(_wecom_at(signed_at)).status_code == status


def test_a_refusal_does_not_say_which_platform_or_why(doors: Doors) -> None:
    """Its headers are the same as well."""
    told = {
        (tuple(sorted(answer.headers.items())), answer.data)
        for answer in map(doors.send, REFUSALS.values())
    }
    assert len(told) == 1
