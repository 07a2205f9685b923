"""A shop's three ways in for platforms, and requests as the platforms make them.

Made with the keys of the vectors, and with none of the code under test.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Blueprint
from flask.testing import FlaskClient
from sqlmodel import col, select

from bot.platforms.console import ConsolePlatform
from bot.settings.sections import CallbackWindows, Security
from store.models import Inbox
from tests.e2e.conftest import Answer
from tests.fakes.feishu import seal
from tests.fakes.wecom import sealing
from webhooks import callbacks
from webhooks.app import create_app
from webhooks.channels import make_channels
from webhooks.engine import make_dispatcher
from webhooks.reception import Reception
from webhooks.shop import Shop

DATA = Path(__file__).parents[1] / "data"
FEISHU: dict[str, Any] = json.loads((DATA / "feishu_vectors.json").read_text(encoding="utf-8"))
WECOM: dict[str, Any] = json.loads((DATA / "wecom_vectors.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in FEISHU["callbacks"]}
TEXT, CARD, CHALLENGE = CASES.values()
VECTORS = {vector["id"]: vector for vector in WECOM["vectors"]}
KEYS = {
    way: sealing.Keys(known["token"], known["encoding_aes_key"], known["receive_id"])
    for way, known in WECOM["credentials"].items()
}
PATHS = {"feishu": "/webhooks/feishu", "app": "/webhooks/wecom", "aibot": "/webhooks/wecom/aibot"}
SIGNED_AT = 1767225600  # 2026-01-01, when the vectors were made
FOR_EVER_S = 10**10
ON: dict[str, dict[str, Any]] = {
    "feishu": {
        "app_id": "cli_a1b2c3d4e5f6a7b8",
        "app_secret": "secret-of-the-tests",
        "encrypt_key": FEISHU["encrypt_key"],
        "verification_token": FEISHU["verification_token"],
        "mode": "callback",
    },
    "wecom": {
        "corp_id": KEYS["app"].receive_id,
        "app": {
            "agent_id": WECOM["credentials"]["app"]["agent_id"],
            "secret": "secret-of-the-tests",
            "token": KEYS["app"].token,
            "encoding_aes_key": KEYS["app"].encoding_aes_key,
        },
        "aibot": {
            "mode": "callback",
            "token": KEYS["aibot"].token,
            "encoding_aes_key": KEYS["aibot"].encoding_aes_key,
            "name": "店小二",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a platform; ``query`` as it stands in the address."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    method: str = "POST"

    @property
    def platform(self) -> str:
        return self.path.split("/")[2]

    def without(self, *names: str) -> "Sent":
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in names))

    def saying(self, name: str, value: str) -> "Sent":
        """With another value of a header."""
        return replace(self, headers=tuple((n, value if n == name else v) for n, v in self.headers))


@dataclass(slots=True)
class Doors:
    """A shop's ways in, called by the test client."""

    shop: Shop
    pages: Blueprint
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = create_app(self.shop, self.pages).test_client()

    def send(self, sent: Sent) -> Answer:
        with self.client.open(
            sent.path,
            method=sent.method,
            query_string=sent.query,
            headers=list(sent.headers),
            data=sent.body,
        ) as got:
            return Answer(got.status_code, got.headers, got.data)

    def kept(self) -> list[str]:
        """The keys of the messages in the inbox."""
        rows = self.shop.database.read(
            lambda tx: tx.exec(
                select(Inbox.platform, Inbox.message_id).order_by(col(Inbox.id))
            ).all()
        )
        return [f"{platform}:{message_id}" for platform, message_id in rows]

    def counted(self, platform: str, outcome: str) -> float:
        """What ``/metrics`` says of the callbacks."""
        found = self.shop.metrics.registry.get_sample_value(
            "zhanggui_webhook_requests_total", {"platform": platform, "outcome": outcome}
        )
        return found or 0.0


OpenDoors = Callable[..., Doors]


@contextmanager
def opened(shop: Shop, *, window_s: int = FOR_EVER_S) -> Iterator[Doors]:
    """The ways in of a shop, put together as ``webhooks.server.serving`` does.

    ``window_s``: how old a callback may be.
    """
    windows = CallbackWindows(feishu=window_s, wecom=window_s)
    settings = shop.settings.model_copy(
        update={"security": Security(callback_window_seconds=windows)}
    )
    channels = make_channels(settings, ConsolePlatform("key"), "https://shop.example")
    reception = Reception(make_dispatcher(settings, shop.database, shop.vault))
    try:
        yield Doors(shop, callbacks.blueprint(shop, channels, reception))
    finally:
        reception.close()
        channels.close()


def feishu(case: Mapping[str, Any]) -> Sent:
    return Sent("/webhooks/feishu", case["body"].encode(), tuple(case["headers"].items()))


def feishu_sealed(document: Any, *, timestamp: str = str(SIGNED_AT), signed: bool = True) -> Sent:
    """Any document, encrypted and signed with the keys of the vectors."""
    made = seal(
        json.dumps(document).encode(), FEISHU["encrypt_key"], timestamp=timestamp, signed=signed
    )
    return Sent("/webhooks/feishu", made.body, tuple(made.headers.items()))


def feishu_document(case: Mapping[str, Any], **header: Any) -> Any:
    """What a vector says, with other values in its header."""
    document = json.loads(case["decrypted_utf8"])
    return {**document, "header": {**document["header"], **header}}


def wecom(vector: Mapping[str, Any]) -> Sent:
    kind = vector.get("content_type")
    return Sent(
        PATHS[vector["credentials"]],
        (vector.get("body") or "").encode(),
        (("Content-Type", kind),) if kind else (),
        vector["raw_query_string"],
        vector["method"],
    )


def wecom_sealed(way: str, text: str, *, keys: sealing.Keys | None = None) -> Sent:
    """Any text, encrypted and signed; ``keys``: encrypted with others, signed all the same."""
    encrypt = sealing.encrypt(keys or KEYS[way], text)
    body = f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    return Sent(
        PATHS[way],
        (body if way == "app" else json.dumps({"encrypt": encrypt})).encode(),
        query=signed_query(way, encrypt, str(SIGNED_AT)),
    )


def signed_query(way: str, encrypt: str, timestamp: str) -> str:
    mark = sealing.sign(KEYS[way].token, timestamp, "n1", encrypt)
    return f"msg_signature={mark}&timestamp={timestamp}&nonce=n1"


def app_xml(**elements: str) -> str:
    known = {
        "ToUserName": KEYS["app"].receive_id,
        "FromUserName": "zhangsan",
        "CreateTime": str(SIGNED_AT),
        "MsgType": "text",
        "Content": "帮助",
        "MsgId": "1",
        "AgentID": "1000002",
        **elements,
    }
    return "<xml>" + "".join(f"<{name}>{text}</{name}>" for name, text in known.items()) + "</xml>"


def robot_json(**elements: Any) -> str:
    known = json.loads(VECTORS["aibot_post_group_text"]["decrypted_plaintext"])
    return json.dumps({**known, **elements})


def unsealed(way: str, answer: Answer, nonce: str) -> Any:
    """What an encrypted answer says; its signature is checked as the platform does."""
    envelope = answer.json
    assert set(envelope) == {"encrypt", "msgsignature", "timestamp", "nonce"}
    assert envelope["nonce"] == nonce
    mark = sealing.sign(KEYS[way].token, str(envelope["timestamp"]), nonce, envelope["encrypt"])
    assert envelope["msgsignature"] == mark
    return json.loads(sealing.decrypt(KEYS[way], envelope["encrypt"]))
