"""What the fake's own tests speak to it with: plain httpx and websockets, nothing of the bot."""

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.fakes.wecom import sealing
from tests.fakes.wecom.platform import FakeWecom
from tests.fakes.wecom.push import Sealed
from tests.fakes.wecom.records import Json, Said
from tests.fakes.wecom.sealing import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
_NUMBERS = itertools.count()


def card(*labels: str, task_id: str = "", **fields: Any) -> Json:
    """A card with these buttons, whose keys are "key-<label>"."""
    return {
        "card_type": "button_interaction",
        "main_title": {"title": "库存不足"},
        "sub_title_text": "咖啡豆 只剩 2",
        "task_id": task_id or f"task-{next(_NUMBERS)}",
        "button_list": [{"text": label, "style": 1, "key": f"key-{label}"} for label in labels],
        **fields,
    }


def md5(content: bytes) -> str:
    """As the platform asks for it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Ticks:
    """Monotonic seconds that move when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Program:
    """Calls the fake's HTTP side as any program would."""

    def __init__(self, wecom: FakeWecom) -> None:
        self.wecom = wecom
        self.http = httpx.Client(base_url=f"{wecom.base_url}/cgi-bin/", timeout=5, trust_env=False)
        self.token = ""

    def get(self, path: str, **params: str) -> Json:
        return dict(self.http.get(path, params=params).json())

    def post(self, path: str, document: Json, **params: str) -> Json:
        content = json.dumps(document, ensure_ascii=False).encode()
        response = self.http.post(path, params=params, content=content)
        assert response.status_code == 200
        return dict(response.json())

    def sign_in(self) -> str:
        answer = self.get("gettoken", corpid=self.wecom.corp_id, corpsecret=self.wecom.app.secret)
        self.token = answer["access_token"]
        return self.token

    def send(self, msgtype: str, content: Json, touser: str = "zhangsan", **fields: Any) -> Json:
        document = {
            "touser": touser,
            "agentid": self.wecom.app.agent_id,
            "msgtype": msgtype,
            msgtype: content,
            **fields,
        }
        return self.post("message/send", document, access_token=self.token)

    def update(self, code: str, **fields: Any) -> Json:
        document = {
            "userids": ["zhangsan"],
            "agentid": self.wecom.app.agent_id,
            "response_code": code,
            **fields,
        }
        return self.post("message/update_template_card", document, access_token=self.token)

    def upload(self, path: str, name: str, content: bytes, **params: str) -> Json:
        files = {"media": (name, content, "application/octet-stream")}
        return dict(self.http.post(path, params=params, files=files).json())

    def hook(self, key: str, msgtype: str, content: Json) -> Json:
        return self.post("webhook/send", {"msgtype": msgtype, msgtype: content}, key=key)


class Line:
    """A robot's long connection, as a program holds it."""

    def __init__(self, wecom: FakeWecom) -> None:
        self.wecom = wecom
        self.socket: ClientConnection = connect(wecom.websocket_url)

    def subscribe(self, secret: str = "") -> Json:
        body = {"bot_id": self.wecom.aibot.bot_id, "secret": secret or self.wecom.aibot.secret}
        return self.ask("aibot_subscribe", body)

    def ask(self, cmd: str, body: Json, req_id: str = "") -> Json:
        req_id = req_id or f"r{next(_NUMBERS)}"
        self.socket.send(json.dumps({"cmd": cmd, "headers": {"req_id": req_id}, "body": body}))
        answer = self.hear()
        assert answer["headers"]["req_id"] == req_id
        return answer

    def hear(self) -> Json:
        return dict(json.loads(self.socket.recv(timeout=5)))

    def push(self, chat: str, msgtype: str, content: Json, **fields: Any) -> int:
        body = {"chatid": chat, "msgtype": msgtype, msgtype: content, **fields}
        return int(self.ask("aibot_send_msg", body)["errcode"])

    def respond(self, req_id: str, msgtype: str, content: Json) -> int:
        body = {"msgtype": msgtype, msgtype: content}
        return int(self.ask("aibot_respond_msg", body, req_id)["errcode"])

    def stream(self, req_id: str, content: str, *, finish: bool) -> int:
        return self.respond(req_id, "stream", {"id": "s1", "finish": finish, "content": content})

    def update(self, req_id: str, card: Json) -> int:
        body = {"response_type": "update_template_card", "template_card": card}
        return int(self.ask("aibot_respond_update_msg", body, req_id)["errcode"])

    def card(self, *labels: str) -> Said:
        self.wecom.spoken_in("wrGROUP")
        assert self.push("wrGROUP", "template_card", card(*labels)) == 0
        return self.wecom.said[-1]


class Receiver:
    """A callback address in a function; ``replies`` are given in turn, then nothing."""

    def __init__(self, wecom: FakeWecom) -> None:
        self.wecom = wecom
        self.got: list[Sealed] = []
        self.replies: list[tuple[int, Json | str]] = []
        self.echo = ""  # after what is echoed
        self.change: Callable[[Json], Json] = lambda envelope: envelope

    def __call__(self, sealed: Sealed) -> tuple[int, bytes]:
        keys = self.wecom.world.company.keys(sealed.way)
        if sealed.method == "GET":
            return 200, (sealing.decrypt(keys, sealed.query["echostr"]) + self.echo).encode()
        self.got.append(sealed)
        status, reply = self.replies.pop(0) if self.replies else (200, "")
        return status, self.sealed(keys, reply, sealed.query["nonce"]) if reply else b""

    def sealed(self, keys: Keys, reply: Json | str, nonce: str) -> bytes:
        plain = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        encrypt = sealing.encrypt(keys, plain)
        signature = sealing.sign(keys.token, "1767225606", nonce, encrypt)
        if isinstance(reply, str):
            return (
                f"<xml><Encrypt>{encrypt}</Encrypt><MsgSignature>{signature}</MsgSignature>"
                f"<TimeStamp>1767225606</TimeStamp><Nonce>{nonce}</Nonce></xml>"
            ).encode()
        envelope = {
            "encrypt": encrypt,
            "msgsignature": signature,
            "timestamp": 1767225606,
            "nonce": nonce,
        }
        return json.dumps(self.change(envelope)).encode()

    def documents(self) -> list[Json]:
        keys = self.wecom.world.company.keys("aibot")
        bodies = [json.loads(sealed.body)["encrypt"] for sealed in self.got]
        return [json.loads(sealing.decrypt(keys, encrypt)) for encrypt in bodies]
