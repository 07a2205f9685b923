"""A plain client of the fake's API, and small cards: for tests of the fake itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.fakes.feishu.fake import FakeFeishu
from tests.fakes.feishu.records import Json, SentMessage


class Caller:
    """A plain client of the fake's API."""

    def __init__(self, feishu: FakeFeishu) -> None:
        self.feishu = feishu
        self.http = httpx.Client(base_url=feishu.base_url, trust_env=False, timeout=5)
        self.token = ""

    def login(self, **changes: str) -> Json:
        given = {"app_id": self.feishu.app_id, "app_secret": self.feishu.app_secret, **changes}
        found = self.http.post(
            "/open-apis/auth/v3/tenant_access_token/internal", content=json.dumps(given)
        ).json()
        self.token = found.get("tenant_access_token", "")
        return dict(found)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.request(method, f"/open-apis/{path}", headers=headers, **options)

    def say(self, kind: str, content: Any, *, to: str = "", uuid: str = "") -> httpx.Response:
        body = {"receive_id": to or self.feishu.group, "msg_type": kind, "uuid": uuid}
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        return self.call(
            "POST",
            f"im/v1/messages?receive_id_type={'open_id' if to.startswith('ou_') else 'chat_id'}",
            json={**body, "content": text},
        )

    def card(self, card: Json) -> SentMessage:
        assert self.say("interactive", card).json()["code"] == 0
        return self.feishu.messages[-1]


@contextmanager
def calling(feishu: FakeFeishu) -> Iterator[Caller]:
    """A client with a token."""
    caller = Caller(feishu)
    with caller.http:
        caller.login()
        yield caller


def code(answer: httpx.Response) -> int:
    """The ``code`` of an answer."""
    return int(answer.json()["code"])


def button(label: str, value: Any, **more: Any) -> Json:
    behaviors = [{"type": "callback", "value": value}]
    text = {"tag": "plain_text", "content": label}
    return {"tag": "button", "text": text, "behaviors": behaviors, **more}


def card(*elements: Json, **more: Any) -> Json:
    config = {"update_multi": True}
    return {"schema": "2.0", "config": config, "body": {"elements": list(elements)}, **more}


def table(rows: int = 1) -> Json:
    columns = [
        {"name": "sku", "display_name": "SKU", "data_type": "text"},
        {"name": "qty", "display_name": "库存", "data_type": "number"},
    ]
    return {"tag": "table", "columns": columns, "rows": [{"sku": "A-1", "qty": 3}] * rows}


def form(**field: Any) -> Json:
    submit = button("提交", {"card": 7, "button": "b"}, name="send", form_action_type="submit")
    units = {"tag": "input", "name": "units", "required": True, **field}
    return {"tag": "form", "name": "f", "elements": [units, submit]}
