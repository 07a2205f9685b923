"""Speaks to WeCom's two callback addresses as the platform does: signs, encrypts, checks answers.

Written from the protocol, with none of the code under test and without wechatpy, so that both
sides cannot share a mistake.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.messages import Message
from bot.platforms.base import Inbound, RawRequest
from bot.platforms.wecom.app_receiver import AppReceiver
from bot.platforms.wecom.robot_receiver import RobotReceiver
from tests.fakes.clock import FakeClock

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "wecom_vectors.json").read_text(encoding="utf-8")
)
APP, AIBOT = VECTORS["credentials"]["app"], VECTORS["credentials"]["aibot"]
BY_ID = {vector["id"]: vector for vector in VECTORS["vectors"]}
NOW_S = 1_767_225_700  # all vectors are within 300 s of it
URL = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=RC_1"


def app(**changes: Any) -> AppReceiver:
    return AppReceiver(
        **{
            "corp_id": APP["receive_id"],
            "agent_id": APP["agent_id"],
            "token": APP["token"],
            "encoding_aes_key": APP["encoding_aes_key"],
            "window_s": 300,
            "now": FakeClock(datetime.fromtimestamp(NOW_S, UTC)),
            **changes,
        }
    )


def robot(**changes: Any) -> RobotReceiver:
    return RobotReceiver(
        **{
            "token": AIBOT["token"],
            "encoding_aes_key": AIBOT["encoding_aes_key"],
            "name": "店小二",
            "window_s": 300,
            "now": FakeClock(datetime.fromtimestamp(NOW_S, UTC)),
            "base_url": "https://qyapi.weixin.qq.com",
            "welcome": "您好",
            **changes,
        }
    )


def cipher(known: dict[str, Any]) -> Cipher[modes.CBC]:
    key = base64.b64decode(known["encoding_aes_key"] + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def seal(known: dict[str, Any], text: bytes) -> str:
    plain = bytes(16) + len(text).to_bytes(4, "big") + text + known["receive_id"].encode()
    count = 32 - len(plain) % 32
    encryptor = cipher(known).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([count]) * count)).decode()


def unseal(known: dict[str, Any], encrypt: str) -> str:
    decryptor = cipher(known).decryptor()
    plain = decryptor.update(base64.b64decode(encrypt, validate=True))
    count = plain[-1]
    assert 1 <= count <= 32
    assert plain[-count:] == bytes([count]) * count
    length = int.from_bytes(plain[16:20], "big")
    assert plain[20 + length : -count].decode() == known["receive_id"]
    return plain[20 : 20 + length].decode()


def signature(known: dict[str, Any], *parts: str) -> str:
    whole = b"".join(sorted(part.encode() for part in (known["token"], *parts)))
    return hashlib.sha1(whole).hexdigest()  # noqa: S324  (the protocol's)


def signed(known: dict[str, Any], encrypt: str, timestamp_s: int = NOW_S) -> dict[str, str]:
    return {
        "msg_signature": signature(known, str(timestamp_s), "66190277", encrypt),
        "timestamp": str(timestamp_s),
        "nonce": "66190277",
    }


def json_post(document: Any, known: dict[str, Any] = AIBOT) -> RawRequest:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    encrypt = seal(known, text)
    body = json.dumps({"encrypt": encrypt}).encode()
    return RawRequest("POST", signed(known, encrypt), {}, body)


def xml_post(inner: str, known: dict[str, Any] = APP) -> RawRequest:
    encrypt = seal(known, inner.encode())
    body = f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    return RawRequest("POST", signed(known, encrypt), {}, body.encode())


def xml(**elements: str) -> str:
    whole = {
        "ToUserName": APP["receive_id"],
        "FromUserName": "ZhangSan",
        "CreateTime": "1767225660",
        "AgentID": "1000002",
        **elements,
    }
    return "<xml>" + "".join(f"<{k}>{v}</{k}>" for k, v in whole.items() if v != "-") + "</xml>"


def request_of(vector: dict[str, Any]) -> RawRequest:
    query = dict(parse_qsl(vector["raw_query_string"], strict_parsing=True))
    assert query == vector["query"]
    return RawRequest(vector["method"], query, {}, (vector.get("body") or "").encode())


def receiver_of(vector: dict[str, Any]) -> AppReceiver | RobotReceiver:
    return app() if vector["credentials"] == "app" else robot()


def only(inbound: Inbound) -> Message:
    (message,) = inbound.messages
    return message


def answer(body: bytes, nonce: str) -> Any:
    """What an encrypted answer of the robot says, checked as the platform would."""
    envelope = json.loads(body)
    assert set(envelope) == {"encrypt", "msgsignature", "timestamp", "nonce"}
    assert type(envelope["timestamp"]) is int
    assert envelope["timestamp"] == NOW_S
    assert envelope["nonce"] == nonce
    right = signature(AIBOT, str(NOW_S), nonce, envelope["encrypt"])
    assert envelope["msgsignature"] == right
    return json.loads(unseal(AIBOT, envelope["encrypt"]))
