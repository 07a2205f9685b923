"""A shop in a Feishu group, end to end: a real server, the real SDK, a faithful platform."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from store import attachments, sheets
from tests.fakes.feishu import FakeFeishu, Pusher, SentMessage, buttons_of, faults, text_of
from tests.servers import ADMIN_TOKEN, Server, configure, wait_until

OWNER, CLERK, STRANGER = "ou_owner", "ou_clerk", "ou_stranger"
WAIT_S = 20.0


@dataclass
class Shop:
    """The shop, its group, and what can be done to both."""

    server: Server
    feishu: FakeFeishu
    pusher: Pusher | None

    def say(self, text: str, user: str = OWNER, **how: Any) -> SentMessage:
        """Type in the group; returns what came of it."""
        return self.deliver(self.feishu.text(text, user=user, **how))

    def tell(self, text: str, user: str = OWNER) -> SentMessage:
        """Type in the direct chat."""
        return self.deliver(self.feishu.direct_text(text, user=user))

    def deliver(self, event: Any) -> SentMessage:
        """Deliver a message or a change of the group; returns the answer."""
        before = len(self.feishu.messages)
        self.push(event)

        def answers() -> list[SentMessage]:
            if event.message_id:
                return [m for m in self.feishu.messages if m.reply_to == event.message_id]
            return self.feishu.messages[before:]

        self.feishu.wait_until(lambda: bool(answers()), timeout_s=WAIT_S)
        return answers()[0]

    def push(self, event: Any) -> Any:
        if self.pusher is not None:
            delivery = self.pusher.deliver(event)
            assert delivery.ok, delivery
            return delivery.answer()
        ack = self.feishu.socket_push(event)
        assert ack.code == 200
        return ack.answer

    def order(self, sku: str = "KFD", quantity: int = 1) -> str:
        """A customer orders; returns the number."""
        response = httpx.post(
            f"{self.server.url}/api/v1/orders",
            json={
                "customer_id": "wang",
                "lines": [{"sku": sku, "quantity": quantity}],
                "contact": {"name": "王小明", "phone": "13812345678", "address": "文三路 1 号"},
            },
            timeout=20,
        )
        assert response.status_code == 201, response.text
        return str(response.json()["order_no"])

    def card_of(self, order_no: str) -> SentMessage:
        self.feishu.wait_until(lambda: bool(self.cards(order_no)), timeout_s=WAIT_S)
        return self.cards(order_no)[0]

    def cards(self, text: str) -> list[SentMessage]:
        return [m for m in self.feishu.in_chat(self.feishu.group) if text in text_of(m)]

    def shown(self, card: SentMessage, text: str) -> SentMessage:
        """The card, once it shows ``text``."""

        def now() -> SentMessage:
            return next(m for m in self.feishu.messages if m.message_id == card.message_id)

        self.feishu.wait_until(lambda: text in text_of(now()), timeout_s=WAIT_S)
        return now()

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        return httpx.get(f"{self.server.url}{path}", headers=headers, timeout=20).json()


@pytest.fixture(scope="module", params=["long_connection", "callback"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A server with an empty database, its bot in a group nobody has bound yet."""
    folder: Path = tmp_path_factory.mktemp("feishu")
    with FakeFeishu() as feishu:
        for user, name in ((OWNER, "王老板"), (CLERK, "小陈"), (STRANGER, "路人")):
            feishu.add_user(user, name)
        configure(
            folder,
            "sqlite:///shop.db",
            feishu={
                "app_id": feishu.app_id,
                "app_secret": feishu.app_secret,
                "encrypt_key": feishu.encrypt_key,
                "verification_token": feishu.verification_token,
                "mode": request.param,
                "base_url": feishu.base_url,
            },
            members={"owners": [f"feishu:{OWNER}"]},
            log={"format": "json", "level": "debug"},
        )
        with Server(folder, "serve") as server:
            server.wait_ready()
            if request.param == "callback":
                with Pusher(feishu, f"{server.url}/webhooks/feishu") as pusher:
                    yield Shop(server, feishu, pusher)
            else:
                assert feishu.connected(60)
                yield Shop(server, feishu, None)
            logged = Path(server._log).read_text(encoding="utf-8")  # noqa: SLF001  (the whole of it)
            for secret in (feishu.app_secret, feishu.encrypt_key, feishu.verification_token):
                assert secret not in logged
            assert "Bearer t-" not in logged


def test_1_the_bot_says_hello_and_waits_for_the_owner(shop: Shop) -> None:
    hello = shop.deliver(shop.feishu.bot_joined(shop.feishu.group, "一店运营群"))
    assert "店主" in text_of(hello)

    refused = shop.say("帮助", STRANGER)
    assert "店主先在这里发一条命令" in text_of(refused) or "我会这些" in text_of(refused)
    refused = shop.say("补货 咖啡豆 5", STRANGER)
    assert "权限" in text_of(refused)


def test_2_the_owners_first_command_makes_the_group_the_shops(shop: Shop) -> None:
    answer = shop.say("上架 咖啡豆 88元 库存30 预警5 编码 KFD")
    assert "已把这个群设为店里的群" in text_of(answer)
    assert "KFD" in text_of(answer)
    assert answer.reply_to
    granted = shop.say("授权 店员", others=(CLERK,))
    assert "确认" in buttons_of(granted)
    shop.push(shop.feishu.press(granted, "确认", user=OWNER))
    assert "无 → 店员" in text_of(shop.shown(granted, "操作人"))


def test_3_a_line_nobody_addressed_to_the_bot_is_understood(shop: Shop) -> None:
    answer = shop.say("咖啡豆+50", CLERK, mention=False)
    assert "30 → 80" in text_of(answer)
    answer = shop.say("咖啡豆－５０", CLERK)
    assert "80 → 30" in text_of(answer)


def test_4_an_order_comes_as_a_card_and_is_shipped_from_it(shop: Shop) -> None:
    number = shop.order()
    card = shop.card_of(number)
    assert "王**" in text_of(card)
    assert "13812345678" not in text_of(card)
    before = len(shop.feishu.messages)

    answer = shop.push(shop.feishu.press(card, "发货", user=CLERK))
    assert answer["toast"]["type"] == "info"
    shipped = shop.shown(card, "已发货\n小陈")
    assert "发货" not in buttons_of(shipped)
    assert len(shop.feishu.messages) == before
    assert shop.get("/api/v1/orders?status=shipped")["items"][0]["order_no"] == number


def test_5_a_form_on_the_card_takes_the_parcels_number(shop: Shop) -> None:
    number = shop.order()
    card = shop.card_of(number)
    shop.push(
        shop.feishu.press(
            card,
            "填单号发货",
            user=CLERK,
            inputs={"carrier": "顺丰", "tracking_no": "SF1234567890"},
        )
    )
    assert "SF1234567890" in text_of(shop.shown(card, "已发货"))


def test_6_a_double_click_acts_once(shop: Shop) -> None:
    number = shop.order()
    card = shop.card_of(number)
    press = shop.feishu.press(card, "已收款", user=CLERK)
    shop.push(press)
    shop.push(press)  # the same event, delivered again
    shop.push(shop.feishu.press(card, "已收款", user=CLERK))  # a second click
    shop.shown(card, "已付款")
    events = shop.get("/api/v1/orders?status=paid")["items"]
    assert [order["order_no"] for order in events] == [number]


def test_7_a_message_that_comes_again_under_another_event_id_is_the_same(shop: Shop) -> None:
    event = shop.feishu.text("咖啡豆+1", user=CLERK)
    first = shop.deliver(event)
    before = len(shop.feishu.messages)
    for _ in range(3):
        shop.push(event)
        shop.push(event.renewed())
    last = shop.say("查 咖啡豆", CLERK)
    assert len(shop.feishu.messages) == before + 1
    assert "→" in text_of(first)
    assert re.search(r"29|28|30", text_of(last))


def test_8_a_minute_of_silence_loses_nothing_and_doubles_nothing(shop: Shop) -> None:
    shop.feishu.pause(faults.hang())
    numbers = [shop.order() for _ in range(6)]
    status = httpx.get(f"{shop.server.url}/healthz", timeout=2).status_code
    assert status == 200
    wait_until(
        lambda: 'zhanggui_breaker_state{target="feishu"} 1' in _metrics(shop),
        within_s=60,
        what="the breaker is open",
    )
    shop.feishu.resume()
    for number in numbers:
        shop.feishu.wait_until(lambda n=number: bool(shop.cards(n)), timeout_s=60)  # type: ignore[misc]  # mypy cannot type a default of a lambda
    wait_until(
        lambda: 'zhanggui_breaker_state{target="feishu"} 0' in _metrics(shop),
        within_s=60,
        what="the breaker is closed",
    )
    told = [m for n in numbers for m in shop.cards(n)]
    assert len({m.message_id for m in told}) <= len(numbers)
    for number in numbers:
        assert len(shop.cards(number)) == 1


def test_9_files_travel_both_ways(shop: Shop) -> None:
    told = shop.tell("导出")
    shop.feishu.wait_until(lambda: bool(shop.feishu.uploads), timeout_s=WAIT_S)
    upload = shop.feishu.uploads[-1]
    assert upload.name.endswith(".csv")
    assert "咖啡豆" in upload.content.decode("utf-8-sig")
    assert told is not None

    shop.feishu.wait_until(lambda: shop.feishu.messages[-1].msg_type == "file", timeout_s=WAIT_S)
    sheet = "编码,名称,价格\nKFD,咖啡豆,99.00\nNEW-1,新茶,66.00\n".encode()
    asked = shop.deliver(shop.feishu.file("goods.csv", sheet, user=OWNER))
    assert "¥88 → ¥99" in text_of(asked)
    shop.push(shop.feishu.press(asked, "确认", user=OWNER))
    shop.shown(asked, "修改")
    wait_until(
        lambda: shop.get("/api/v1/skus/NEW-1").get("price_fen") == 6600,
        within_s=WAIT_S,
        what="the sheet is in",
    )


def test_a_workbook_is_read_and_one_that_is_too_large_is_told_its_limit(shop: Shop) -> None:
    rows = [("货号", "品名", "售价"), ("NEW-7", "花茶", "12")]
    sheet = b"".join(sheets.write(rows, "xlsx"))
    asked = shop.deliver(shop.feishu.file("goods.xlsx", sheet, user=OWNER))
    assert "编码←货号" in text_of(asked)
    assert "NEW-7" in text_of(asked)
    large = shop.feishu.file("large.xlsx", bytes(attachments.MAX_BYTES + 1), user=OWNER)
    assert "最多 10 MB" in text_of(shop.deliver(large))


def test_a_file_in_the_group_is_imported_by_replying_to_it(shop: Shop) -> None:
    sheet = "编码,名称,价格\nNEW-2,花茶,12.00\n".encode()
    file = shop.feishu.file("more.csv", sheet, chat=shop.feishu.group, user=OWNER)
    asked = shop.say("导入", OWNER, parent=file.message_id)
    assert "NEW-2" in text_of(asked) or "花茶" in text_of(asked)


def test_the_packer_gets_the_address_alone(shop: Shop) -> None:
    number = shop.order()
    shop.card_of(number)
    assert "13812345678" in text_of(shop.tell(f"{number} 地址", CLERK))
    assert "13812345678" not in text_of(shop.say(f"{number} 地址", CLERK))


def test_the_bot_put_out_of_a_group_says_nothing_there_any_more(shop: Shop) -> None:
    other = shop.feishu.add_chat("", "二店")
    shop.deliver(shop.feishu.bot_joined(other, "二店"))
    shop.say("查 咖啡豆", OWNER, chat=other)
    shop.say("打烊", OWNER, chat=other)
    shop.say("开门", OWNER, chat=other)
    notice = shop.deliver(shop.feishu.bot_left(other))
    assert "二店" in text_of(notice)
    before = len(shop.feishu.in_chat(other))
    number = shop.order()
    shop.card_of(number)
    assert len(shop.feishu.in_chat(other)) == before


def _metrics(shop: Shop) -> str:
    return httpx.get(f"{shop.server.url}/metrics", timeout=10).text
