"""The console is verified like any platform: signature, freshness, then shape."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Button, Message, Reply
from bot.platforms.base import Letter, RawRequest, VerificationError
from bot.platforms.console import SIGNATURE, TIMESTAMP, ConsolePlatform
from tests.fakes.clock import START, FakeClock

MESSAGE = Message(
    platform="console",
    message_id="m-1",
    chat_id="group",
    chat_kind="group",
    user_id="owner",
    user_name="王老板",
    text="咖啡豆+50",
    sent_at=START,
)
CONSOLE = ConsolePlatform("s3cret", now=FakeClock())


def with_header(request: RawRequest, name: str, value: str) -> RawRequest:
    return replace(request, headers={**request.headers, name: value})


def test_a_signed_message_arrives_as_it_was_sent() -> None:
    assert CONSOLE.receive(CONSOLE.signed(MESSAGE)).messages == (MESSAGE,)


@pytest.mark.parametrize(
    "signature",
    ["", "0", "zz" * 32, "ä" * 64, "a" * 63, "A" * 64],
)
def test_a_wrong_signature_is_refused(signature: str) -> None:
    request = with_header(CONSOLE.signed(MESSAGE), SIGNATURE, signature)
    with pytest.raises(VerificationError):
        CONSOLE.receive(request)


def test_another_secret_a_changed_body_and_missing_headers_are_refused() -> None:
    request = CONSOLE.signed(MESSAGE)
    others = [
        ConsolePlatform("other", now=FakeClock()).signed(MESSAGE),
        replace(request, body=request.body.replace(b"+50", b"+51")),
        replace(request, headers={}),
        replace(request, headers={SIGNATURE: request.headers[SIGNATURE]}),
    ]
    for other in others:
        with pytest.raises(VerificationError):
            CONSOLE.receive(other)


@pytest.mark.parametrize(
    ("age_s", "fresh"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_only_fresh_messages_are_taken(age_s: int, fresh: bool) -> None:  # noqa: FBT001  (a column of the table)
    request = CONSOLE.signed(replace(MESSAGE, sent_at=START - timedelta(seconds=age_s)))
    if fresh:
        CONSOLE.receive(request)
    else:
        with pytest.raises(VerificationError):
            CONSOLE.receive(request)


@pytest.mark.parametrize("timestamp", ["", "NaN", "1e9", "9" * 20, "１２３", "-1", "0x1", " 1"])
def test_a_timestamp_is_digits(timestamp: str) -> None:
    body = CONSOLE.signed(MESSAGE).body
    forged = RawRequest("POST", {}, {TIMESTAMP: timestamp}, body)
    signature = CONSOLE._signature(timestamp, body)  # noqa: SLF001  (signed well, and still refused)
    with pytest.raises(VerificationError):
        CONSOLE.receive(with_header(forged, SIGNATURE, signature))


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": 5},
        {"text": "x" * 4001},
        {"text": "\ud800"},
        {"chat_kind": "channel"},
        {"user_id": None},
        {"message_id": "x" * 121},
    ],
)
def test_a_signed_body_of_another_shape_is_refused(change: dict[str, object]) -> None:
    content = json.loads(CONSOLE.signed(MESSAGE).body) | change
    with pytest.raises(VerificationError):
        CONSOLE.receive(_signed(json.dumps(content).encode()))


@given(st.binary(max_size=200) | st.just(b"[" * 100_000))
def test_no_signed_bytes_break_the_parser(body: bytes) -> None:
    with pytest.raises(VerificationError):
        CONSOLE.receive(_signed(body))


def test_a_reply_is_rendered_as_its_json() -> None:
    reply = Reply(title="已入库", fields=(("现有", "70"),), buttons=(Button("撤销", "撤销"),))
    (piece,) = CONSOLE.render(Letter(chat_id="group", reply=reply, key="1"))
    assert Reply.from_json(json.loads(piece)) == reply


def test_without_a_secret_there_is_no_console() -> None:
    with pytest.raises(ValueError, match="secret"):
        ConsolePlatform("")


def _signed(body: bytes) -> RawRequest:
    timestamp = str(int(START.timestamp()))
    signature = CONSOLE._signature(timestamp, body)  # noqa: SLF001  (signed well, and still refused)
    return RawRequest("POST", {}, {TIMESTAMP: timestamp, SIGNATURE: signature}, body)
