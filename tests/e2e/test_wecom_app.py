"""A shop spoken to through a self-built WeCom application, end to end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.wecom_shop import (
    CLERK,
    KFD,
    MANAGER,
    OWNER,
    PHONE,
    STRANGER,
    WAIT_S,
    Shop,
    as_app,
    make_wecom,
    open_shop,
)
from tests.fakes.wecom import Delivery, Pusher, Said, buttons_of, text_of

UPDATE, TOKEN = "message/update_template_card", "gettoken"


@pytest.fixture
def called(tmp_path: Path) -> Iterator[tuple[Shop, Pusher]]:
    """A shop with 30 of KFD on its shelf, and the platform that calls its application."""
    with make_wecom() as wecom:
        ways = as_app(wecom)
        with open_shop(tmp_path, wecom, corp_id=wecom.corp_id, app=ways) as shop:
            pusher = shop.pusher
            tell(shop, pusher, KFD)
            yield shop, pusher


def deliver(shop: Shop, pusher: Pusher, text: str, user: str = OWNER) -> Delivery:
    """Write to the application."""
    return pusher.deliver(shop.wecom.app_text(user, text))


def tell(shop: Shop, pusher: Pusher, text: str, user: str = OWNER) -> Said:
    """Write to the application; returns its answer."""
    before = len(shop.wecom.said_in(user, "app"))
    delivery = deliver(shop, pusher, text, user)
    assert (delivery.status, delivery.body) == (200, b"")
    said = shop.wecom.wait_said(before + 1, chat=user, channel="app", timeout_s=WAIT_S)
    shop.settle()
    return said[before]


def press(shop: Shop, pusher: Pusher, card: Said, label: str, user: str = OWNER) -> None:
    """Press a button; returns once the card shows what came of it."""
    before = len(card.updates)
    delivery = pusher.press(card, label, user)
    assert (delivery.status, delivery.body) == (200, b"")
    shop.wecom.wait_until(lambda: len(card.updates) > before, timeout_s=WAIT_S)
    shop.settle()


def test_a_command_is_acknowledged_empty_and_answered_by_a_message(
    called: tuple[Shop, Pusher],
) -> None:
    shop, pusher = called
    assert pusher.verify("app").ok
    answer = tell(shop, pusher, "咖啡豆+50")
    assert "30 → 80" in text_of(answer)
    assert (answer.chat, answer.how) == (OWNER, "send")
    assert "权限" in text_of(tell(shop, pusher, "咖啡豆+50", STRANGER))
    assert shop.on_hand() == 80


def test_a_redelivery_acts_once(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    callback = shop.wecom.app_text(OWNER, "咖啡豆+50")
    assert all(delivery.ok for delivery in pusher.together([callback] * 4))
    assert pusher.deliver(callback).ok
    tell(shop, pusher, "查 咖啡豆")
    assert shop.on_hand() == 80
    assert sum("30 → 80" in text_of(one) for one in shop.wecom.said_in(OWNER)) == 1


def test_an_order_is_shipped_from_its_card(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    number = shop.order()
    card = tell(shop, pusher, f"订单 {number}")
    if not buttons_of(card):  # more than a card holds: its buttons stand in one of their own
        card = shop.wecom.said_in(OWNER, "app")[-1]
    press(shop, pusher, card, "发货")
    assert shop.status(number) == "shipped"
    assert "已发货" in text_of(card)
    assert "发货" not in buttons_of(card)
    [call] = shop.wecom.calls(UPDATE)
    assert call.errcode == 0
    assert PHONE in text_of(tell(shop, pusher, f"{number} 地址"))


def test_a_yes_on_a_card_changes_it_each_time_it_is_pressed(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    asked = tell(shop, pusher, f"授权 wecom:{CLERK} 店员")
    press(shop, pusher, asked, "确认")
    assert "无 → 店员" in text_of(asked)
    press(shop, pusher, asked, "撤销")
    assert "店员 → 无" in text_of(asked)
    assert "权限" in text_of(tell(shop, pusher, "咖啡豆+50", CLERK))
    assert [call.errcode for call in shop.wecom.calls(UPDATE)] == [0, 0]


def test_a_press_delivered_again_acts_once(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    number = shop.order(quantity=3)
    tell(shop, pusher, f"订单 {number}")
    card = next(one for one in shop.wecom.said_in(OWNER, "app") if "发货" in buttons_of(one))
    callback = shop.wecom.app_press(card, "发货")
    assert all(delivery.ok for delivery in pusher.together([callback] * 3))
    shop.wecom.wait_until(lambda: bool(card.updates), timeout_s=WAIT_S)
    tell(shop, pusher, "查 咖啡豆")
    assert shop.on_hand() == 27
    assert len(card.updates) == 1


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_revoked_token_is_fetched_again_once(called: tuple[Shop, Pusher], code: int) -> None:
    shop, pusher = called
    asked = tell(shop, pusher, f"授权 wecom:{CLERK} 店员")
    before = len(shop.wecom.calls(TOKEN))
    shop.wecom.revoke_tokens(code)
    press(shop, pusher, asked, "确认")
    assert "无 → 店员" in text_of(asked)
    assert len(shop.wecom.calls(TOKEN)) == before + 1

    shop.wecom.revoke_tokens(code)
    people = (OWNER, MANAGER, CLERK, STRANGER)
    counts = {user: len(shop.wecom.said_in(user, "app")) for user in people}
    for user in people:
        assert deliver(shop, pusher, "帮助", user).ok
    for user, count in counts.items():
        shop.wecom.wait_said(count + 1, chat=user, channel="app", timeout_s=WAIT_S)
    assert len(shop.wecom.calls(TOKEN)) == before + 2, "all of them shared it"


def test_what_is_forged_gets_one_constant_refusal(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    forged = [
        pusher.deliver(shop.wecom.app_text(OWNER, "咖啡豆+50"), timestamp=1),
        pusher.deliver(shop.wecom.app_text(OWNER, "咖啡豆+50").changed(ToUserName="ww-other")),
        pusher.deliver(shop.wecom.app_text(OWNER, "咖啡豆+50").changed(AgentID=7)),
    ]
    assert [delivery.status for delivery in forged] == [401] * 3
    assert len({delivery.body for delivery in forged}) == 1
    tell(shop, pusher, "查 咖啡豆")
    assert shop.on_hand() == 30
