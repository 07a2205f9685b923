"""A shop on WeCom: a real server process, and the platform's stand-in around it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.wecom import Aibot, FakeWecom, Pusher, Said, text_of
from tests.servers import ADMIN_TOKEN, Server, configure, wait_until

GROUP = "wrShopGroup01"
OWNER, MANAGER, CLERK, STRANGER = "zhangsan", "lisi", "wangwu", "zhaoliu"
PHONE = "13812345678"
KFD = "上架 咖啡豆 88元 库存30 预警5 编码 KFD"
WAIT_S = 20.0


def make_wecom() -> FakeWecom:
    """WeCom with a robot that is called 掌柜."""
    return FakeWecom(aibot=Aibot(name="掌柜"))


@dataclass
class Shop:
    """The shop, WeCom, and what can be done to both."""

    server: Server
    wecom: FakeWecom
    folder: Path

    @property
    def pusher(self) -> Pusher:
        """Calls the shop's callback addresses."""
        address = f"{self.server.url}/webhooks/wecom"
        return Pusher(self.wecom, app=address, aibot=f"{address}/aibot")

    def say(self, text: str, user: str = OWNER, *, quote: str | None = None) -> Said:
        """Mention the robot in the group; returns its answer."""
        return self.wecom.wait_reply(self.wecom.say(user, text, GROUP, quote), timeout_s=WAIT_S)

    def tell(self, text: str, user: str = OWNER) -> Said:
        """Speak with the robot alone; returns its answer."""
        return self.wecom.wait_reply(self.wecom.say(user, text), timeout_s=WAIT_S)

    def appoint(self, user: str, word: str) -> None:
        """The owner, alone with the robot, gives somebody a role."""
        asked = self.tell(f"授权 wecom:{user} {word}")
        self.settle()
        shown = self.wecom.press(asked, "确认", OWNER)
        assert shown is not None
        assert f"→ {word}" in str(shown)

    def order(self, sku: str = "KFD", quantity: int = 1) -> str:
        """A customer orders; returns the number."""
        response = httpx.post(
            f"{self.server.url}/api/v1/orders",
            json={
                "customer_id": "wang",
                "lines": [{"sku": sku, "quantity": quantity}],
                "contact": {"name": "王小明", "phone": PHONE, "address": "文三路 1 号"},
            },
            timeout=20,
            trust_env=False,
        )
        assert response.status_code == 201, response.text
        return str(response.json()["order_no"])

    def cards(self, words: str) -> list[Said]:
        """The group's cards that say this."""
        return [one for one in self.wecom.said_in(GROUP) if one.card and words in text_of(one)]

    def card(self, words: str) -> Said:
        """The group's first card that says this, once it is there."""
        self.wecom.wait_until(lambda: bool(self.cards(words)), timeout_s=WAIT_S)
        self.settle()
        return self.cards(words)[0]

    def settle(self) -> None:
        """Wait until the shop has written down what it said: nobody presses faster than that."""
        wait_until(
            lambda: self.metric("zhanggui_outbox_pending") == 0, within_s=WAIT_S, what="calm"
        )

    def metric(self, name: str) -> float:
        """A figure of the shop's."""
        lines = httpx.get(
            f"{self.server.url}/metrics", timeout=20, trust_env=False
        ).text.splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def heard(self, words: str, chat: str = GROUP) -> Said:
        """The first thing said in a chat with these words in it, once it is there."""

        def found() -> list[Said]:
            return [one for one in self.wecom.said_in(chat) if words in text_of(one)]

        self.wecom.wait_until(lambda: bool(found()), timeout_s=WAIT_S)
        return found()[0]

    def status(self, order_no: str) -> str:
        """An order's state."""
        return str(self.get(f"/api/v1/orders/{order_no}")["status"])

    def on_hand(self, sku: str = "KFD") -> int:
        """Units on the shelf."""
        return int(self.get(f"/api/v1/skus/{sku}")["on_hand"])

    def ready(self) -> tuple[int, str]:
        """The status of /readyz, and what it says of the robot's long connection."""
        response = httpx.get(f"{self.server.url}/readyz", timeout=20, trust_env=False)
        return response.status_code, str(response.json()["checks"]["wecom"])

    def get(self, path: str) -> Any:
        """What a manager's GET answers."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        url = f"{self.server.url}{path}"
        return httpx.get(url, headers=headers, timeout=20, trust_env=False).json()

    def log(self) -> str:
        """All that the server logged."""
        return (self.folder / "server.jsonl").read_text(encoding="utf-8")


@contextmanager
def open_shop(
    folder: Path, wecom: FakeWecom, *, owners: Sequence[str] = (f"wecom:{OWNER}",), **ways: Any
) -> Iterator[Shop]:
    """A server with an empty database; ``ways`` are what stands under ``wecom`` in its settings.

    In the end nothing secret is in its log, whatever happened.
    """
    configure(
        folder,
        "sqlite:///shop.db",
        wecom={"base_url": wecom.base_url, **ways},
        members={"owners": list(owners)},
        log={"format": "json", "level": "debug"},
    )
    with Server(folder, "serve") as server:
        server.wait_ready()
        shop = Shop(server, wecom, folder)
        yield shop
        assert '"event": "serving"' in shop.log()
        assert [secret for secret in _secrets(wecom) if secret in shop.log()] == []


def by_connection(wecom: FakeWecom) -> dict[str, str]:
    """The robot's settings for the long connection."""
    robot = wecom.aibot
    return {
        "bot_id": robot.bot_id,
        "secret": robot.secret,
        "name": robot.name,
        "websocket_url": wecom.websocket_url,
    }


def by_callback(wecom: FakeWecom) -> dict[str, str]:
    """The robot's settings for its callback address."""
    robot = wecom.aibot
    return {
        "mode": "callback",
        "token": robot.token,
        "encoding_aes_key": robot.encoding_aes_key,
        "name": robot.name,
    }


def as_app(wecom: FakeWecom) -> dict[str, Any]:
    """The settings of the self-built application."""
    app = wecom.app
    return {
        "agent_id": app.agent_id,
        "secret": app.secret,
        "token": app.token,
        "encoding_aes_key": app.encoding_aes_key,
    }


def _secrets(wecom: FakeWecom) -> set[str]:
    """All that gives whoever reads it a right, as far as it was ever used."""
    world, company = wecom.world, wecom.world.company
    tokens = {request.query.get("access_token", "") for request in wecom.requests}
    fixed = {
        company.aibot.secret,
        company.aibot.token,
        company.aibot.encoding_aes_key,
        company.app.secret,
        company.app.token,
        company.app.encoding_aes_key,
        ADMIN_TOKEN,
    }
    keys = {request.query.get("key", "") for request in wecom.requests} | world.webhooks
    once = {*world.response_urls, *world.response_codes, *world.downloads}
    return (tokens | fixed | keys | once) - {""}
