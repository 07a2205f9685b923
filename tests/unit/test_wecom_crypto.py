"""WeCom's signature and encryption: what verifies, in which order, and what is refused."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.base import VerificationError
from bot.platforms.wecom.crypto import (
    MOST_BYTES,
    Callback,
    check_key,
    open_media,
    read_key,
    read_media_key,
)
from tests.fakes.clock import FakeClock

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "wecom_vectors.json").read_text(encoding="utf-8")
)
CREDENTIALS = VECTORS["credentials"]
BY_ID = {vector["id"]: vector for vector in VECTORS["vectors"]}
TEXT = BY_ID["app_post_text"]
SIGNED_S = int(TEXT["query"]["timestamp"])
NOBODY: frozenset[str] = frozenset()


def callback(whose: str, at_s: int, window_s: int = 300) -> Callback:
    known = CREDENTIALS[whose]
    return Callback(
        known["token"],
        known["encoding_aes_key"],
        known["receive_id"],
        window_s=window_s,
        now=FakeClock(datetime.fromtimestamp(at_s, UTC)),
    )


def signature(*parts: str, token: str = CREDENTIALS["app"]["token"]) -> str:
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()  # noqa: S324  (the protocol's)


def signed(encrypt: str, timestamp: str = str(SIGNED_S), nonce: str = "n") -> dict[str, str]:
    return {
        "timestamp": timestamp,
        "nonce": nonce,
        "msg_signature": signature(timestamp, nonce, encrypt),
    }


def opened(query: dict[str, str], encrypt: str = TEXT["encrypt"], at_s: int = SIGNED_S) -> bytes:
    return callback("app", at_s).open(query=query, repeated=NOBODY, encrypt=encrypt)


def refused(query: dict[str, str], encrypt: str = TEXT["encrypt"], at_s: int = SIGNED_S) -> str:
    """The word it is refused with."""
    with pytest.raises(VerificationError) as caught:
        opened(query, encrypt, at_s)
    return str(caught.value)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["id"])
def test_what_wecom_sends_is_opened(vector: dict[str, Any]) -> None:
    query = vector["query"]
    encrypt = query.get("echostr") or vector["encrypt"]
    door = callback(vector["credentials"], int(query["timestamp"]))
    plain = door.open(query=query, repeated=NOBODY, encrypt=encrypt)
    assert plain.decode() == vector["decrypted_plaintext"]


@pytest.mark.parametrize("reply", VECTORS["replies"], ids=lambda reply: reply["id"])
def test_answers_are_made_as_wecom_reads_them(reply: dict[str, Any]) -> None:
    door = callback(reply["credentials"], reply["timestamp"])
    query = {
        "msg_signature": reply["signature"],
        "timestamp": str(reply["timestamp"]),
        "nonce": reply["nonce"],
    }
    assert (
        door.open(query=query, repeated=NOBODY, encrypt=reply["encrypt"]).decode()
        == reply["plaintext"]
    )
    sealed = door.seal(reply["plaintext"], nonce=reply["nonce"], timestamp=reply["timestamp"])
    again = {**query, "msg_signature": sealed.signature}
    assert (
        door.open(query=again, repeated=NOBODY, encrypt=sealed.encrypt).decode()
        == reply["plaintext"]
    )
    assert (sealed.timestamp, sealed.nonce) == (reply["timestamp"], reply["nonce"])
    assert len(sealed.encrypt) == len(reply["encrypt"])
    assert sealed.encrypt != reply["encrypt"]  # its first 16 bytes are random


@pytest.mark.parametrize(
    "given_signature",
    [
        "",
        "0",
        "0" * 40,
        TEXT["query"]["msg_signature"][:-1],
        TEXT["query"]["msg_signature"] + "0",
        TEXT["query"]["msg_signature"] + "\n",
        " " + TEXT["query"]["msg_signature"],
        TEXT["query"]["msg_signature"].upper(),
        "zz" * 20,
        "ä" * 40,
        "\ud800" * 40,
    ],
)
def test_a_forged_truncated_or_miswritten_signature_is_refused(given_signature: str) -> None:
    assert refused({**TEXT["query"], "msg_signature": given_signature}) == "signature"


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_missing_parameter_is_refused(name: str) -> None:
    assert refused({k: v for k, v in TEXT["query"].items() if k != name}) == "missing"


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce", "echostr"])
def test_a_parameter_that_came_twice_is_refused(name: str) -> None:
    door = callback("app", SIGNED_S)
    with pytest.raises(VerificationError, match="repeated"):
        door.open(query=TEXT["query"], repeated=frozenset({name}), encrypt=TEXT["encrypt"])


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_an_empty_parameter_is_refused(name: str) -> None:
    refused({**TEXT["query"], name: ""})


@pytest.mark.parametrize(
    "timestamp",
    [
        "NaN",
        "1e9",
        "9" * 20,
        "１７６７２２５６０５",
        "١٧٦٧٢٢٥٦٠٥",
        "-1",
        "+1767225605",
        "1767225605.0",
        "0x1",
        " 1767225605",
        "1767225605\n",
        "1_767_225_605",
        "",
    ],
)
def test_a_timestamp_is_ascii_digits_even_when_well_signed(timestamp: str) -> None:
    assert refused(signed(TEXT["encrypt"], timestamp)) == "timestamp"


@pytest.mark.parametrize("nonce", ["", "a b", "a\n", "你", "n" * 129])
def test_a_nonce_is_bounded_and_visible(nonce: str) -> None:
    assert refused(signed(TEXT["encrypt"], nonce=nonce)) == "nonce"


@pytest.mark.parametrize(
    ("age_s", "fresh"),
    [(0, True), (300, True), (301, False), (86_400, False), (-300, True), (-301, False)],
)
def test_only_fresh_callbacks_are_taken(age_s: int, fresh: bool) -> None:  # noqa: FBT001  (a column of the table)
    if fresh:
        assert opened(TEXT["query"], at_s=SIGNED_S + age_s)
    else:
        assert refused(TEXT["query"], at_s=SIGNED_S + age_s) == "stale"


def test_a_wide_window_lets_recorded_callbacks_be_replayed_but_none_from_the_future() -> None:
    year_s = 366 * 86_400
    door = callback("app", SIGNED_S + year_s - 1, window_s=year_s)
    assert door.open(query=TEXT["query"], repeated=NOBODY, encrypt=TEXT["encrypt"])
    early = callback("app", SIGNED_S - 301, window_s=year_s)
    with pytest.raises(VerificationError, match="stale"):
        early.open(query=TEXT["query"], repeated=NOBODY, encrypt=TEXT["encrypt"])


@pytest.mark.parametrize(
    ("encrypt", "word"),
    [
        ("", "encrypt"),
        ("A" * (MOST_BYTES + 1), "encrypt"),
        ("你好", "encrypt"),
        (TEXT["encrypt"][:40] + "\n" + TEXT["encrypt"][40:], "encrypt"),
        (TEXT["encrypt"] + "!", "base64"),
        (TEXT["encrypt"].rstrip("=") + "-", "base64"),
        ("=" + TEXT["encrypt"], "base64"),
        ("QUJD", "block"),
        (base64.b64encode(bytes(17)).decode(), "block"),
        (base64.b64encode(bytes(24)).decode(), "block"),
    ],
)
def test_well_signed_rubbish_is_refused(encrypt: str, word: str) -> None:
    assert refused(signed(encrypt), encrypt) == word


def test_nothing_is_decoded_before_the_signature_is_known_to_be_right() -> None:
    query = {**signed("!!!"), "msg_signature": "0" * 40}
    assert refused(query, "!!!") == "signature"
    assert refused({**TEXT["query"], "msg_signature": "0" * 40}, at_s=0) == "signature"


def encrypted(plain: bytes, key: bytes | None = None) -> bytes:
    """AES-256-CBC, without padding."""
    key = key or base64.b64decode(CREDENTIALS["app"]["encoding_aes_key"] + "=")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return cipher.update(plain) + cipher.finalize()


def padded(plain: bytes) -> bytes:
    count = 32 - len(plain) % 32
    return plain + bytes([count]) * count


CORP = CREDENTIALS["app"]["receive_id"].encode()


def layout(text: bytes, tail: bytes = CORP, length: int | None = None) -> bytes:
    return bytes(16) + (len(text) if length is None else length).to_bytes(4, "big") + text + tail


@pytest.mark.parametrize(
    ("plain", "word"),
    [
        (padded(layout(b"ok"))[:-2] + b"\x01\x02", "padding"),  # not all of it equal
        (padded(layout(b"ok"))[:-1] + b"\x00", "padding"),
        (padded(layout(b"ok"))[:-33] + bytes([33]) * 33, "padding"),
        (padded(bytes(19)), "short"),
        (padded(b""), "short"),
        (bytes([32]) * 16, "padding"),  # more padding than there is text
        (padded(layout(b"ok", length=0xFFFFFFFF)), "length"),
        (padded(layout(b"ok", length=2 + len(CORP) + 1)), "length"),
        (padded(layout(b"ok", length=1)), "receive id"),
        (padded(layout(b"ok", length=2 + len(CORP))), "receive id"),
        (padded(layout(b"ok", CORP[:-1])), "receive id"),
        (padded(layout(b"ok", CORP + b"x")), "receive id"),
        (padded(layout(b"ok", CORP.upper())), "receive id"),
        (padded(layout(b"ok", b"")), "receive id"),
        (padded(layout(b"\xff\xfe")), "utf-8"),
        (padded(layout("\ud800".encode("utf-8", "surrogatepass"))), "utf-8"),
    ],
)
def test_what_does_not_decrypt_to_the_layout_is_refused(plain: bytes, word: str) -> None:
    encrypt = base64.b64encode(encrypted(plain)).decode()
    assert refused(signed(encrypt), encrypt) == word


@pytest.mark.parametrize("spare", range(32))
def test_every_count_of_padding_is_understood(spare: int) -> None:
    encrypt = base64.b64encode(encrypted(padded(layout(b"x" * spare)))).decode()
    assert opened(signed(encrypt), encrypt) == b"x" * spare


def test_a_robots_payload_does_not_open_for_the_application_nor_the_other_way_round() -> None:
    robot = BY_ID["aibot_post_group_text"]
    with pytest.raises(VerificationError):
        callback("app", SIGNED_S).open(
            query=robot["query"], repeated=NOBODY, encrypt=robot["encrypt"]
        )
    with pytest.raises(VerificationError):
        callback("aibot", SIGNED_S).open(
            query=TEXT["query"], repeated=NOBODY, encrypt=TEXT["encrypt"]
        )


@given(st.dictionaries(st.sampled_from([*TEXT["query"], "echostr"]), st.text()), st.text())
def test_no_text_does_anything_but_open_or_be_refused(query: dict[str, str], encrypt: str) -> None:
    refused(query, encrypt)


@given(st.binary())
def test_no_signed_bytes_do_anything_but_open_or_be_refused(content: bytes) -> None:
    encrypt = base64.b64encode(encrypted(padded(content))).decode()
    refused(signed(encrypt), encrypt)


@given(st.text())
def test_what_is_sealed_can_be_opened(text: str) -> None:
    door = callback("app", SIGNED_S)
    sealed = door.seal(text, nonce="n", timestamp=SIGNED_S)
    assert sealed.signature == signature(str(SIGNED_S), "n", sealed.encrypt)
    assert opened(signed(sealed.encrypt), sealed.encrypt).decode() == text


def test_half_of_a_surrogate_pair_is_sealed_as_a_question_mark() -> None:
    sealed = callback("app", SIGNED_S).seal("价\ud800", nonce="n", timestamp=SIGNED_S)
    assert opened(signed(sealed.encrypt), sealed.encrypt).decode() == "价?"


@pytest.mark.parametrize(
    "key",
    ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "你", "a" * 43 + "\n"],
)
def test_a_wrong_key_is_named_at_the_start_and_not_shown(key: str) -> None:
    assert "43 letters and digits" in check_key(key)
    with pytest.raises(ValueError, match="43 letters and digits") as caught:
        Callback("token", key, "", window_s=300, now=FakeClock())
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("known", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_a_right_key_has_nothing_wrong_with_it(known: dict[str, str]) -> None:
    assert check_key(known["encoding_aes_key"]) == ""
    assert len(read_key(known["encoding_aes_key"])) == 32


def test_an_empty_token_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="token"):
        Callback("", CREDENTIALS["app"]["encoding_aes_key"], "ww1", window_s=300, now=FakeClock())


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 31, b"x" * 32, "编码,名称\n".encode() * 99])
def test_a_file_is_decrypted_with_its_key(content: bytes) -> None:
    key = hashlib.sha256(b"key").digest()
    assert open_media(encrypted(padded(content), key), key) == content


@pytest.mark.parametrize("content", [b"", b"x" * 15, b"x" * 32])
def test_what_is_no_encrypted_file_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be decrypted"):
        open_media(content, hashlib.sha256(b"key").digest())


def test_a_files_own_key_is_base64_with_or_without_its_padding() -> None:
    key = hashlib.sha256(b"key").digest()
    text = base64.b64encode(key).decode()
    assert read_media_key(text) == read_media_key(text.rstrip("=")) == key


@pytest.mark.parametrize("text", ["", "AAAA", "!" * 43, "你" * 43, "A" * 45, "A" * 88])
def test_what_is_no_files_key_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the decoder's own words)
        read_media_key(text)
