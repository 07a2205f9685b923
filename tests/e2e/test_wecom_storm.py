"""A WeCom group's message-push webhook in a rush, and when it is dead, end to end."""

import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.wecom_shop import (
    GROUP,
    KFD,
    OWNER,
    WAIT_S,
    Shop,
    as_app,
    by_connection,
    make_wecom,
    open_shop,
)
from tests.fakes.wecom import FakeWecom, Said, text_of
from tests.servers import ADMIN_TOKEN, wait_until

KEY = "0a1b2c3d-webhook-of-the-storm"
CHANNEL = f"webhook:{KEY}"
NUMBER = re.compile(r"(?<!\d)\d{10}(?!\d)")
AT_ONCE, THREADS = 150, 8
ORDERS = 200
FROM_S, EVERY_S = 6.0, 0.8  # when the other ones come, one by one
MOST, WINDOW_S = 20, 60.0


def robots(wecom: FakeWecom) -> list[dict[str, Any]]:
    """A message-push robot that hears of everything."""
    return [{"name": "orders", "webhook": wecom.webhook(KEY), "topics": ["all"]}]


@pytest.fixture
def rushed(tmp_path: Path) -> Iterator[Shop]:
    """A shop that only pushes: nobody speaks with it."""
    with make_wecom() as wecom, open_shop(tmp_path, wecom, robots=robots(wecom)) as shop:
        stock(shop, "KFD", "咖啡豆", 1000)
        stock(shop, "CUP", "手冲壶", 6)
        yield shop


def stock(shop: Shop, code: str, name: str, units: int) -> None:
    """Put a new SKU on the shelf."""
    response = httpx.post(
        f"{shop.server.url}/api/v1/skus",
        json={"name": name, "price_fen": 8800, "code": code, "stock": units, "reorder_point": 5},
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        timeout=20,
        trust_env=False,
    )
    assert response.status_code == 201, response.text


def test_two_hundred_orders_in_a_minute_are_all_told_within_the_limit(rushed: Shop) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        early = [pool.submit(rushed.order) for _ in range(AT_ONCE // 2)]
        scarce = pool.submit(rushed.order, "CUP")  # five are left
        late = [pool.submit(rushed.order) for _ in range(AT_ONCE // 2 - 1)]
        wait([*early, scarce, *late])
    rest = threading.Event()
    for at in moments():
        rest.wait(max(0.0, began + at - time.monotonic()))
        rushed.order()
    assert time.monotonic() - began < WINDOW_S
    placed = numbers_placed(rushed)
    assert len(placed) == ORDERS

    rushed.wecom.wait_until(
        lambda: set(placed) <= set(numbers_told(rushed.wecom.said)), timeout_s=40
    )
    rushed.settle()
    said = rushed.wecom.said_in("", CHANNEL)
    assert numbers_told(said) == placed, "each once, in the order they came in"
    assert most_in_a_window(said) <= MOST
    assert {call.errcode for call in rushed.wecom.calls("/cgi-bin/webhook/send")} == {0}
    assert states(rushed) == {"sent"}
    told_before = numbers_told(said[: position(said, "低库存")])
    came_before = placed[: placed.index(scarce.result())]
    assert set(came_before) - set(told_before), "the alert overtook the news of some"


def test_the_owner_hears_of_a_dead_webhook_in_the_robots_chats(tmp_path: Path) -> None:
    with (
        make_wecom() as wecom,
        open_shop(tmp_path, wecom, aibot=by_connection(wecom), robots=robots(wecom)) as shop,
    ):
        shop.say(KFD)
        shop.tell("帮助")
        wecom.remove_webhook(KEY)
        number = shop.order()
        for chat in (GROUP, OWNER):
            told = text_of(shop.heard("有个群发不进去了", chat))
            assert "robot/orders" in told
            assert "93000" in told
        shop.card(number)
        dead = len(wecom.calls("/cgi-bin/webhook/send"))

        shop.card(shop.order())
        assert len(wecom.calls("/cgi-bin/webhook/send")) == dead, "it is not tried again"
        assert told_dead(wecom.said) == {GROUP: 1, OWNER: 1}


def test_the_owner_hears_of_a_dead_webhook_through_the_application(tmp_path: Path) -> None:
    with make_wecom() as wecom:
        app, pushing = as_app(wecom), robots(wecom)
        with open_shop(tmp_path, wecom, corp_id=wecom.corp_id, app=app, robots=pushing) as shop:
            stock(shop, "KFD", "咖啡豆", 30)
            wecom.remove_webhook(KEY)
            shop.order()
            wecom.wait_said(chat=OWNER, channel="app", timeout_s=WAIT_S)
            shop.order()
            shop.settle()
            assert told_dead(wecom.said) == {OWNER: 1}


def moments() -> Iterator[float]:
    """Seconds at which the orders after the rush come."""
    yield from (FROM_S + EVERY_S * number for number in range(ORDERS - AT_ONCE))


def numbers_placed(shop: Shop) -> list[str]:
    """All order numbers, in the order the shop took them."""
    found: list[str] = []
    cursor = ""
    while True:
        page = shop.get(f"/api/v1/orders?limit=100{cursor}")
        found += [order["order_no"] for order in page["items"]]
        if not page["next_cursor"]:
            return found[::-1]
        cursor = f"&cursor={page['next_cursor']}"


def numbers_told(said: list[Said]) -> list[str]:
    """All order numbers that people read, in the order they read them."""
    return [number for one in said for number in NUMBER.findall(text_of(one))]


def most_in_a_window(said: list[Said]) -> int:
    """How many were said in the fullest minute."""
    times = [one.at for one in said]
    return max(sum(begin <= at < begin + WINDOW_S for at in times) for begin in times)


def position(said: list[Said], words: str) -> int:
    """Which of them is the first with these words."""
    return next(at for at, one in enumerate(said) if words in text_of(one))


def told_dead(said: list[Said]) -> Counter[str]:
    """How often each chat was told that another is dead."""
    return Counter(one.chat for one in said if "有个群发不进去了" in text_of(one))


def states(shop: Shop) -> set[str]:
    """The states of all that was ever in the outbox."""
    wait_until(lambda: shop.metric("zhanggui_outbox_pending") == 0, within_s=WAIT_S, what="calm")
    with closing(sqlite3.connect(shop.folder / "shop.db")) as database:
        return {state for (state,) in database.execute("SELECT DISTINCT state FROM outbox")}
