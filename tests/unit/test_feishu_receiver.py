"""Feishu's callbacks: the vectors of the reference, and everything that must not get in."""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Mention, Message
from bot.platforms.base import Inbound, RawRequest, VerificationError
from bot.platforms.feishu import crypto
from bot.platforms.feishu.receiver import NONCE, SIGNATURE, TIMESTAMP, Receiver
from tests.fakes.clock import FakeClock

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "feishu_vectors.json").read_text())
KEY, TOKEN = VECTORS["encrypt_key"], VECTORS["verification_token"]
CASES = {case["name"]: case for case in VECTORS["callbacks"]}
TEXT, CARD = CASES["group_text_mention"], CASES["card_form_submit"]
CHALLENGE = CASES["url_verification_encrypted_unsigned"]
APP, BOT = "cli_a1b2c3d4e5f6a7b8", "ou_b07b07b07b07b07b07b07b07b07b0700"
ANN = "ou_7c1e5a90b3d24f68a1b2c3d4e5f60718"
START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW_S = 28_800


def receiver(*, at: datetime = START, key: str = KEY) -> Receiver:
    return Receiver(
        app_id=APP,
        encrypt_key=key,
        verification_token=TOKEN,
        window_s=WINDOW_S,
        bot_open_id=lambda: BOT,
        now=FakeClock(at),
    )


def vector(case: Mapping[str, Any], **headers: str | None) -> RawRequest:
    """The request of a vector; a header given as None is left out."""
    sent = {name.lower(): value for name, value in case["headers"].items()}
    for name, value in headers.items():
        sent[f"x-lark-{name.replace('_', '-')}"] = value
    kept = {name: value for name, value in sent.items() if value is not None}
    return RawRequest("POST", {}, kept, case["body"].encode())


def sealed(plain: bytes, *, key: str = KEY, padding: bytes | None = None) -> str:
    pad = 16 - len(plain) % 16
    iv = bytes(range(16))
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(iv))
    encryptor = cipher.encryptor()
    whole = plain + (bytes([pad]) * pad if padding is None else padding)
    return base64.b64encode(iv + encryptor.update(whole) + encryptor.finalize()).decode()


def signed(body: bytes, *, timestamp: str = "1767225600", key: str = KEY) -> RawRequest:
    mark = hashlib.sha256(f"{timestamp}n1{key}".encode() + body).hexdigest()
    headers = {TIMESTAMP: timestamp, NONCE: "n1", SIGNATURE: mark}
    return RawRequest("POST", {}, headers, body)


def encrypted(document: Any, *, key: str = KEY) -> bytes:
    return json.dumps({"encrypt": sealed(json.dumps(document).encode(), key=key)}).encode()


def changed(case: Mapping[str, Any], **header: Any) -> dict[str, Any]:
    """The document of a vector with other values in its header; None leaves one out."""
    document: dict[str, Any] = json.loads(case["decrypted_utf8"])
    document["header"] = {
        name: value for name, value in {**document["header"], **header}.items() if value is not None
    }
    return document


def refused(request: RawRequest, *, at: datetime = START) -> str:
    with pytest.raises(VerificationError) as caught:
        receiver(at=at).receive(request)
    assert len(str(caught.value)) < 20
    # What was decrypted must not hang on an error that somebody may log.
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


def test_the_group_message_of_the_vectors_is_read() -> None:
    (found,) = receiver().receive(vector(TEXT)).messages

    assert found == Message(
        platform="feishu",
        message_id="om_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        chat_id="oc_4f3e2d1c0b9a8877665544332211ffee",
        chat_kind="group",
        user_id=ANN,
        user_name="",
        text="改库存 TSHIRT-RED-M +20 @李店长",
        sent_at=datetime(2025, 12, 31, 23, 59, 59, 876_000, tzinfo=UTC),
        addressed=True,
        people=(Mention("ou_21436587a9cbed0f21436587a9cbed0f", "李店长"),),
        handle={"message_id": "om_9f8e7d6c5b4a39281706f5e4d3c2b1a0"},
    )


def test_a_repetition_of_a_request_is_the_same_message() -> None:
    first, second = (receiver().receive(vector(TEXT)).messages[0] for _ in range(2))

    assert first.key == second.key == "feishu:om_9f8e7d6c5b4a39281706f5e4d3c2b1a0"


def test_the_form_of_the_vectors_is_no_card_of_ours() -> None:
    assert receiver().receive(vector(CARD)) == Inbound()


def test_a_form_of_our_own_is_read() -> None:
    document = changed(CARD)
    document["event"]["action"]["value"] = {"card": 12, "button": "0123456789ab"}
    (found,) = receiver().receive(signed(encrypted(document))).messages

    assert found.message_id == "press:c3d9a4b27f1e4d6088a5b6c7d8e9f001"
    assert found.chat_id == "oc_4f3e2d1c0b9a8877665544332211ffee"
    assert found.user_id == ANN
    assert found.sent_at == datetime(2026, 1, 1, 0, 1, 0, 456_789, tzinfo=UTC)
    assert found.handle == {"edit": "om_1122334455667788990011aabbccddee"}
    assert found.press is not None
    assert (found.press.card, found.press.button) == (12, "0123456789ab")
    assert found.press.inputs == {"qty": "20", "reason": "补货", "tags": "A B"}


def test_a_press_with_text_for_a_value_is_an_unknown_press() -> None:
    document = changed(CARD)
    document["event"]["action"]["value"] = "x"

    assert receiver().receive(signed(encrypted(document))) == Inbound()


def test_the_challenge_of_the_vectors_is_answered() -> None:
    inbound = receiver().receive(vector(CHALLENGE))

    assert json.loads(inbound.body) == {"challenge": "ajls384kdjx98XX"}
    assert (inbound.content_type, inbound.messages) == ("application/json", ())


@pytest.mark.parametrize("challenge", ['a"b', "\\", '","x":"', "中文\n", "\ud800", ""])
def test_a_challenge_is_answered_in_real_json(challenge: str) -> None:
    document = {"challenge": challenge, "token": TOKEN, "type": "url_verification"}
    request = RawRequest("POST", {}, {}, encrypted(document))

    assert json.loads(receiver().receive(request).body) == {"challenge": challenge}
    assert json.loads(receiver().receive(signed(request.body)).body) == {"challenge": challenge}


@pytest.mark.parametrize(
    "document",
    [
        {"challenge": "a", "token": "wrong", "type": "url_verification"},
        {"challenge": "a", "token": TOKEN.lower(), "type": "url_verification"},
        {"challenge": "a", "token": "", "type": "url_verification"},
        {"challenge": "a", "token": None, "type": "url_verification"},
        {"challenge": "a", "type": "url_verification"},
        {"challenge": "a", "token": "令牌\ud800", "type": "url_verification"},
        {"challenge": 1, "token": TOKEN, "type": "url_verification"},
        {"token": TOKEN, "type": "url_verification"},
        {"challenge": "a", "token": TOKEN, "type": "other"},
        {"challenge": "a", "token": TOKEN},
        [],
    ],
)
def test_an_unsigned_request_is_nothing_but_a_proven_challenge(document: Any) -> None:
    refused(RawRequest("POST", {}, {}, encrypted(document)))


def test_a_challenge_made_with_another_key_is_refused() -> None:
    document = {"challenge": "a", "token": TOKEN, "type": "url_verification"}

    refused(RawRequest("POST", {}, {}, encrypted(document, key="another")))


GOOD = TEXT["headers"]["X-Lark-Signature"]


@pytest.mark.parametrize(
    "headers",
    [
        {"signature": "0" * 64},
        {"signature": GOOD[:-1]},
        {"signature": GOOD + "0"},
        {"signature": GOOD.upper()},
        {"signature": GOOD[:-1] + "G"},
        {"signature": f" {GOOD}"},
        {"signature": f"{GOOD}\n"},
        {"signature": ""},
        {"signature": "名" * 64},
        {"signature": "\udcff" * 64},
        {"signature": None},
        {"request_timestamp": None},
        {"request_nonce": None},
        {"request_timestamp": None, "request_nonce": None},
        {"signature": None, "request_timestamp": None},
        {"signature": None, "request_timestamp": None, "request_nonce": None},
        {"request_nonce": "1938470563"},
        {"request_nonce": "\udcff"},
        {"request_timestamp": "1767225601"},
    ],
)
def test_a_forged_or_incomplete_signature_is_refused(headers: dict[str, str | None]) -> None:
    refused(vector(TEXT, **headers))


def test_a_digit_cannot_move_from_the_nonce_to_the_time() -> None:
    """Both are signed without a mark between them, so the signature alone would not tell."""
    refused(vector(TEXT, request_timestamp="17672256001", request_nonce="938470562"))


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP, NONCE])
def test_a_header_that_comes_twice_is_refused(name: str) -> None:
    good = vector(TEXT)

    refused(RawRequest("POST", {}, good.headers, good.body, repeated=frozenset({name})))


def test_other_headers_may_come_twice() -> None:
    good = vector(TEXT)
    request = RawRequest("POST", {}, good.headers, good.body, repeated=frozenset({"accept"}))

    assert receiver().receive(request).messages


@pytest.mark.parametrize("body", [TEXT["body"] + " ", TEXT["body"].replace("A", "B", 1), "{}", ""])
def test_a_changed_body_is_refused(body: str) -> None:
    refused(vector({**TEXT, "body": body}))


def test_a_forged_request_is_not_even_decrypted() -> None:
    nonsense = json.dumps({"encrypt": "not base64"}).encode()
    headers = {TIMESTAMP: "1767225600", NONCE: "n1", SIGNATURE: "0" * 64}

    assert refused(RawRequest("POST", {}, headers, nonsense)) == "signature"


def test_a_signature_with_another_key_is_refused() -> None:
    assert refused(signed(encrypted(changed(TEXT)), key="another")) == "signature"


def test_another_apps_key_does_not_open_it_even_when_it_is_signed_for_us() -> None:
    assert refused(signed(encrypted(changed(TEXT), key="another")))


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        " 1767225600",
        "1767225600 ",
        "1767225600\n",
        "+176722560",
        "-1767225600",
        "1767225600.0",
        "1_767225600",
        "NaN",
        "1e9",
        "Infinity",
        "0x69563a00",
        "17672256000000000000",
        "176722560",
        "17672256000",
        "１７６７２２５６００",
        "١٧٦٧٢٢٥٦٠٠",
        "²²²²²²²²²²",
        "9" * 10,
        "9" * 13,
        "9" * 16,
        "0" * 10,
    ],
)
def test_a_strange_time_is_refused_however_well_it_is_signed(timestamp: str) -> None:
    assert refused(signed(encrypted(changed(TEXT)), timestamp=timestamp)) in {"timestamp", "stale"}


@pytest.mark.parametrize("timestamp", ["1767225600", "1767225600000", "1767225600000000"])
@pytest.mark.parametrize(
    ("late_s", "fresh"),
    [(0, True), (WINDOW_S, True), (WINDOW_S + 1, False), (-300, True), (-301, False)],
)
def test_only_the_window_is_fresh(timestamp: str, late_s: int, *, fresh: bool) -> None:
    request = signed(encrypted(changed(TEXT)), timestamp=timestamp)
    at = START + timedelta(seconds=late_s)

    if fresh:
        assert receiver(at=at).receive(request).messages
    else:
        assert refused(request, at=at) == "stale"


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ({"app_id": "cli_another"}, "app_id"),
        ({"app_id": None}, "app_id"),
        ({"app_id": 7}, "app_id"),
        ({"token": "another"}, "token"),
        ({"token": None}, "token"),
        ({"token": ""}, "token"),
        ({"token": 7}, "token"),
        ({"token": "令牌"}, "token"),
    ],
)
def test_what_is_for_another_app_is_refused(header: dict[str, Any], word: str) -> None:
    assert refused(signed(encrypted(changed(TEXT, **header)))) == word


@pytest.mark.parametrize("document", [{}, {"header": []}, {"uuid": "1", "token": TOKEN}, [], "x"])
def test_a_document_without_a_header_is_refused(document: Any) -> None:
    refused(signed(encrypted(document)))


def test_a_person_of_another_company_is_acknowledged_and_not_heard() -> None:
    document = changed(TEXT)
    document["event"]["sender"]["tenant_key"] = "another"

    assert receiver().receive(signed(encrypted(document))) == Inbound()


@pytest.mark.parametrize(
    "body",
    [
        TEXT["decrypted_utf8"].encode(),
        CHALLENGE["decrypted_utf8"].encode(),
        b"",
        b"not JSON",
        b"[]",
        b"null",
        b"1",
        b'"encrypt"',
        b'{"encrypt": null}',
        b'{"encrypt": 7}',
        b'{"encrypt": ["a"]}',
        b'{"encrypt": ""}',
        b'{"encrypt": "\\ud800"}',
        b'{"encrypt": "AAAA"}',
        b'{"encrypt": "AA AA"}',
        "\ufeff{}".encode(),
        '{"encrypt": "AAAA"}'.encode("utf-16"),
        b"\xff",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"1" * 10_000,
        json.dumps({"encrypt": sealed(b"{}", padding=b"\0" * 14)}).encode(),
        json.dumps({"encrypt": sealed(b"{}", padding=b"\x01" + b"\x20" * 13)}).encode(),
        json.dumps({"encrypt": sealed(b"\xff")}).encode(),
        json.dumps({"encrypt": sealed(b"")}).encode(),
        json.dumps({"encrypt": sealed(b"[" * 200_000)}).encode(),
        json.dumps({"encrypt": sealed(b"{}")[:-4]}).encode(),
        json.dumps({"encrypt": "*" + sealed(b"{}")}).encode(),
    ],
)
def test_a_body_that_is_no_encrypted_event_is_refused_signed_or_not(body: bytes) -> None:
    refused(RawRequest("POST", {}, {}, body))
    refused(signed(body))


def test_an_event_nobody_handles_is_acknowledged() -> None:
    document = changed(TEXT, event_type="im.message.recalled_v1")

    assert receiver().receive(signed(encrypted(document))) == Inbound()


def test_a_malformed_event_is_acknowledged() -> None:
    document = changed(TEXT)
    document["event"] = {"message": []}

    assert receiver().receive(signed(encrypted(document))) == Inbound()


def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    document = changed(TEXT)
    document["event"]["message"]["content"] = "CANARY"
    with caplog.at_level(logging.DEBUG):
        receiver().receive(signed(encrypted(document)))
        refused(signed(encrypted(document), key="another"))

    told = "".join(str(record.__dict__) for record in caplog.records)
    assert caplog.records
    assert not any(secret in told for secret in ("CANARY", TOKEN, KEY, "om_"))


@pytest.mark.parametrize("missing", ["app_id", "encrypt_key", "verification_token"])
def test_there_is_no_way_in_without_all_secrets(missing: str) -> None:
    secrets = {"app_id": APP, "encrypt_key": KEY, "verification_token": TOKEN, missing: ""}
    with pytest.raises(ValueError, match=missing):
        Receiver(**secrets, window_s=WINDOW_S, bot_open_id=lambda: BOT, now=FakeClock(START))


def test_our_signature_is_that_of_the_vectors() -> None:
    for case in (TEXT, CARD):
        headers = case["headers"]
        assert headers["X-Lark-Signature"] == crypto.signature(
            KEY,
            timestamp=headers["X-Lark-Request-Timestamp"],
            nonce=headers["X-Lark-Request-Nonce"],
            body=case["body"].encode(),
        )


SEALED = sealed(b"{}")


@pytest.mark.parametrize(
    "field",
    [
        "",
        "=",
        "*" + SEALED,
        SEALED + "\n",
        SEALED[:40] + " " + SEALED[40:],
        SEALED[:-4],
        SEALED + "AAAA",
        SEALED.replace("A", "名", 1),
        SEALED.replace("+", "-").replace("/", "_") + "-_==",
        sealed(b"{}", padding=b"\0" * 14),
        sealed(b"{}", padding=b"\1" * 13 + b"\2"),
        sealed(b"{}" * 8, padding=b"\x11" * 16),
        sealed(b"\xff"),
        sealed(b"{}", key="another"),
        base64.b64encode(bytes(16)).decode(),
    ],
)
def test_what_is_not_encrypted_as_agreed_is_refused(field: str) -> None:
    with pytest.raises(VerificationError) as caught:
        crypto.decrypt(KEY, field)
    assert caught.value.__suppress_context__


def test_what_is_decrypted_is_that_of_the_vectors() -> None:
    for case in CASES.values():
        field = json.loads(case["body"])["encrypt"]
        assert crypto.decrypt(KEY, field) == case["decrypted_utf8"]


HEADERS = st.dictionaries(st.sampled_from([SIGNATURE, TIMESTAMP, NONCE]), st.text(max_size=70))


@given(st.binary(max_size=300), HEADERS)
def test_no_bytes_raise_anything_else(body: bytes, headers: dict[str, str]) -> None:
    refused(RawRequest("POST", {}, headers, body))


@given(st.binary(max_size=100))
def test_no_encrypted_bytes_raise_anything_else(plain: bytes) -> None:
    body = json.dumps({"encrypt": sealed(plain)}).encode()

    refused(RawRequest("POST", {}, {}, body))
    refused(signed(body))


@given(st.text(max_size=100))
def test_no_text_in_place_of_the_encryption_raises_anything_else(text: str) -> None:
    refused(signed(json.dumps({"encrypt": text}).encode()))
