"""Both chat platforms' stand-ins, and a shop that talks to them."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import select

from store import chats, outbox, skus
from store.db import Database, Tx
from store.models import Outbox
from store.skus import SkuDraft
from store.stock import Cause
from tests.fakes.feishu import FakeFeishu, text_of
from tests.fakes.wecom import FakeWecom
from tests.fakes.wecom import text_of as wecom_text_of
from tests.servers import Server, configure

SEND = "POST /open-apis/im/v1/messages"  # Feishu's
PUSH = "POST /cgi-bin/webhook/send"  # WeCom's
AGAIN = "可能重复发送"
DATA_KEY = "key-of-the-drills"
DRAIN_S = 60.0


@dataclass
class Platforms:
    """Both stand-ins; WeCom's robots are r0, r1, …, with the keys k0, k1, …"""

    feishu: FakeFeishu
    wecom: FakeWecom

    def settings(self, robots: int = 1) -> dict[str, Any]:
        """The sections that lead to them."""
        return {
            "feishu": {
                "app_id": self.feishu.app_id,
                "app_secret": self.feishu.app_secret,
                "encrypt_key": self.feishu.encrypt_key,
                "verification_token": self.feishu.verification_token,
                "mode": "callback",
                "base_url": self.feishu.base_url,
            },
            "wecom": {
                "base_url": self.wecom.base_url,
                "robots": [
                    {"name": f"r{n}", "webhook": self.wecom.webhook(f"k{n}")} for n in range(robots)
                ],
            },
            "broadcast": {"daily_summary": ""},
            "security": {"data_key": DATA_KEY},
        }

    def said(self, chat: str) -> list[str]:
        """The texts in a Feishu group, or what the WeCom robot with this key said."""
        if chat.startswith("k"):
            return [wecom_text_of(said) for said in self.wecom.said_in("", f"webhook:{chat}")]
        return [text_of(message) for message in self.feishu.in_chat(chat)]


@dataclass
class Shop:
    """A running server, its database seen from outside, and a customer."""

    server: Server
    db: Database
    http: httpx.Client

    def order(self) -> str:
        """A customer orders; returns the number."""
        body = {"customer_id": "wang", "lines": [{"sku": "KFD", "quantity": 1}]}
        answer = self.http.post("/api/v1/orders", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["order_no"])

    def breaker(self, target: str) -> int | None:
        """The state that /metrics tells, None when it tells none."""
        pattern = rf'^zhanggui_breaker_state{{target="{re.escape(target)}"}} (\d)'
        found = re.search(pattern, self.http.get("/metrics").text, re.MULTILINE)
        return int(found[1]) if found else None

    def drained(self) -> bool:
        return drained(self.db)

    def states(self) -> Counter[str]:
        """Rows of the outbox by their state."""
        return Counter(self.db.read(lambda tx: tx.exec(select(Outbox.state)).all()))


@contextmanager
def running(db: Database, url: str, folder: Path, **sections: dict[str, Any]) -> Iterator[Shop]:
    """A shop served until it is stopped, or the block ends."""
    configure(folder, url, **sections)
    with (
        Server(folder, "serve") as server,
        httpx.Client(base_url=server.url, timeout=20, trust_env=False) as http,
    ):
        server.wait_ready()
        yield Shop(server, db, http)


def furnish(tx: Tx, groups: list[str]) -> None:
    """Coffee for everybody, a pot that is nearly scarce, and Feishu groups that hear of all."""
    draft = SkuDraft(name="咖啡豆", code="KFD", price_fen=100, reorder_point=0, stock=90_000)
    skus.add(tx, draft, cause=Cause("setup:KFD", "setup"))
    scarce = SkuDraft(name="手冲壶", code="SCH", price_fen=100, reorder_point=5, stock=6)
    skus.add(tx, scarce, cause=Cause("setup:SCH", "setup"))
    for group in groups:
        chats.bind(tx, platform="feishu", chat_id=group, kind="group")


def drained(db: Database) -> bool:
    """Whether nothing waits to be said."""
    return db.read(outbox.backlog)[0] == 0


def assert_each_told_once(said: list[str], numbers: list[str]) -> None:
    """Every order's number once; messages sent again after a doubt are marked and do not count."""
    told = Counter(re.findall(r"\b\d{10}\b", "\n".join(text for text in said if AGAIN not in text)))
    assert told.keys() == set(numbers)
    assert set(told.values()) == {1}
