"""The stand-in for WeCom seals what it sends as the vectors say."""

import json
from pathlib import Path

import pytest

from tests.fakes.wecom import FakeWecom, sealing, vector
from tests.fakes.wecom.records import Json
from tests.fakes.wecom.sealing import Keys

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "wecom_vectors.json").read_text())


def keys_of(name: str) -> Keys:
    given = VECTORS["credentials"][name]
    return Keys(given["token"], given["encoding_aes_key"], given["receive_id"])


def ids(entry: Json) -> str:
    return str(entry["id"])


@pytest.mark.parametrize("entry", VECTORS["vectors"], ids=ids)
def test_callbacks_are_sealed_byte_by_byte_as_in_the_vectors(entry: Json) -> None:
    keys = keys_of(entry["credentials"])
    query = entry["query"]
    sealed = entry.get("encrypt") or query["echostr"]
    plain = entry["decrypted_plaintext"]
    assert sealing.decrypt(keys, sealed) == plain
    assert sealing.encrypt(keys, plain, random16=entry["random16"].encode()) == sealed
    signature = sealing.sign(keys.token, query["timestamp"], query["nonce"], sealed)
    assert signature == query["msg_signature"]
    assert vector(entry).query == query


@pytest.mark.parametrize("entry", VECTORS["replies"], ids=ids)
def test_replies_of_the_vectors_are_sealed_the_same_way(entry: Json) -> None:
    keys = keys_of(entry["credentials"])
    sealed = sealing.encrypt(keys, entry["plaintext"], random16=entry["random16"].encode())
    assert sealed == entry["encrypt"]
    signature = sealing.sign(keys.token, str(entry["timestamp"]), entry["nonce"], sealed)
    assert signature == entry["signature"]


@pytest.mark.parametrize("way", ["app", "aibot"])
def test_the_fake_has_the_credentials_of_the_vectors(way: str) -> None:
    with FakeWecom() as wecom:
        assert wecom.world.company.keys(way) == keys_of(way)
        assert wecom.app.agent_id == VECTORS["credentials"]["app"]["agent_id"]


BROKEN = {"wrong_receive_id", "not_base64", "not_block_multiple", "empty_encrypt", "pad_zero"}
BROKEN |= {"pad_33", "length_overrun", "too_short", "not_utf8"}


@pytest.mark.parametrize(
    "entry", [entry for entry in VECTORS["negative"] if entry["id"] in BROKEN], ids=ids
)
def test_what_is_broken_inside_cannot_be_decrypted(entry: Json) -> None:
    encrypt = entry["body"].split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    with pytest.raises(ValueError, match=r".?"):
        sealing.decrypt(keys_of(entry["credentials"]), encrypt)
