"""The intelligent robot's two ways in, when they are at their worst, end to end."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.wecom_shop import (
    GROUP,
    KFD,
    OWNER,
    WAIT_S,
    Shop,
    by_callback,
    by_connection,
    make_wecom,
    open_shop,
)
from tests.fakes.wecom import Pusher, Said, Sealed, faults, text_of
from tests.servers import wait_until

RESPONSE = "/cgi-bin/aibot/response"


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[Shop]:
    """A shop by long connection, its group bound; a webhook robot is configured beside it."""
    with make_wecom() as wecom:
        robots = [{"name": "orders", "webhook": wecom.webhook("webhook-key-one")}]
        with open_shop(tmp_path, wecom, aibot=by_connection(wecom), robots=robots) as shop:
            shop.say(KFD)
            yield shop


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Pusher]]:
    """A shop by callback address with KFD on its shelf, and the platform that calls it."""
    folder = tmp_path_factory.mktemp("called")
    with (
        make_wecom() as wecom,
        open_shop(folder, wecom, aibot=by_callback(wecom)) as shop,
    ):
        pusher = shop.pusher
        pusher.stream(wecom.bot_text(OWNER, KFD))
        yield shop, pusher


# The long connection


def test_what_was_pending_when_the_connection_dropped_comes_once(connected: Shop) -> None:
    wecom = connected.wecom
    wecom.refuse_handshakes(1)
    wecom.drop_connections()
    wait_until(lambda: connected.ready() == (200, "connecting"), within_s=WAIT_S, what="it is lost")
    numbers = [connected.order() for _ in range(2)]
    for number in numbers:
        connected.card(number)
    assert wecom.connects == 2
    assert connected.ready() == (200, "connected")
    assert [len(connected.cards(number)) for number in numbers] == [1, 1]
    assert "30" in text_of(connected.say("查 咖啡豆"))


@pytest.mark.parametrize("fault", [faults.lost(), faults.hang(taken=True)], ids=["lost", "hang"])
def test_a_card_that_may_have_arrived_is_there_once(connected: Shop, fault: faults.Fault) -> None:
    connected.wecom.fail("WS aibot_send_msg", how=fault)
    number = connected.order()
    connected.card(number)
    assert len(connected.cards(number)) == 1


def test_a_robot_that_was_taken_over_is_not_fought_for_and_the_owner_hears_of_it(
    connected: Shop,
) -> None:
    wecom = connected.wecom
    wecom.take_over()
    wecom.wait_until(lambda: "收不到消息了" in _pushed(wecom.said), timeout_s=WAIT_S)
    assert "replaced" in _pushed(wecom.said)
    assert connected.ready() == (200, "replaced")
    assert not wecom.connected(4), "whoever took it over keeps it"
    assert wecom.connects == 1
    number = connected.order()
    wecom.wait_until(lambda: number in _pushed(wecom.said), timeout_s=WAIT_S)
    assert connected.ready() == (200, "replaced")


def test_keys_that_are_refused_are_told_once_and_not_tried_in_haste(tmp_path: Path) -> None:
    with make_wecom() as wecom:
        robots = [{"name": "orders", "webhook": wecom.webhook("webhook-key-one")}]
        wrong = by_connection(wecom) | {"secret": "a-secret-that-is-wrong"}
        with open_shop(tmp_path, wecom, aibot=wrong, robots=robots) as shop:
            wecom.wait_until(lambda: "收不到消息了" in _pushed(wecom.said), timeout_s=WAIT_S)
            with suppress(TimeoutError):
                wecom.wait_until(lambda: len(_subscriptions(shop)) > 1, timeout_s=4)
            assert len(_subscriptions(shop)) == 1
            assert shop.ready()[0] == 200
            assert "a-secret-that-is-wrong" not in shop.log()


# The callback address


def test_the_address_verifies(called: tuple[Shop, Pusher]) -> None:
    _, pusher = called
    assert pusher.verify("aibot").ok
    assert pusher.verify("aibot", echo="中文 +/=").ok


def test_a_command_is_acknowledged_at_once_and_finished_by_a_poll(
    called: tuple[Shop, Pusher],
) -> None:
    shop, pusher = called
    before = shop.on_hand()
    delivery = pusher.deliver(shop.wecom.bot_text(OWNER, "咖啡豆+50", GROUP))
    assert delivery.problem == ""
    assert delivery.seconds < 2
    assert delivery.said is not None
    assert [piece["finish"] for piece in delivery.said.pieces] == [False]

    wait_until(lambda: shop.on_hand() == before + 50, within_s=WAIT_S, what="it is done")
    assert pusher.poll(delivery.said).problem == ""
    assert [piece["finish"] for piece in delivery.said.pieces] == [False, True]
    assert f"{before} → {before + 50}" in text_of(delivery.said)
    assert "已把这个群设为店里的群" in text_of(delivery.said)


def test_who_never_polls_gets_the_answer_once_at_the_response_url(
    called: tuple[Shop, Pusher],
) -> None:
    shop, pusher = called
    wecom, before = shop.wecom, shop.on_hand()
    polled = pusher.stream(wecom.bot_text(OWNER, "查 咖啡豆"))
    unpolled = pusher.deliver(wecom.bot_text(OWNER, "咖啡豆+1")).said
    assert unpolled is not None
    wecom.wait_until(lambda: bool(_later(wecom.said)), timeout_s=WAIT_S)
    [later] = _later(wecom.said)
    assert f"{before} → {before + 1}" in text_of(later)
    assert later.at - unpolled.at == pytest.approx(11, abs=1.5)

    pusher.poll(unpolled)  # it comes after all
    assert unpolled.finished
    assert "→" not in text_of(unpolled)
    shop.settle()
    assert len(wecom.calls(RESPONSE)) == 1, "the one that was polled needed none"
    assert "KFD" in text_of(polled)


def test_a_redelivery_acts_once(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    before = shop.on_hand()
    callback = shop.wecom.bot_text(OWNER, "咖啡豆+50", GROUP)
    deliveries = pusher.together([callback] * 4)
    assert [delivery.ok for delivery in deliveries] == [True] * 4
    assert f"{before} → {before + 50}" in text_of(pusher.stream(callback))
    assert pusher.deliver(callback).ok, "again, after it was answered"
    pusher.stream(shop.wecom.bot_text(OWNER, "查 咖啡豆", GROUP))
    assert shop.on_hand() == before + 50


def test_in_place_of_buttons_it_says_what_to_type(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    asked = pusher.stream(shop.wecom.bot_text(OWNER, "授权 wecom:lisi 店员"))
    assert not asked.card
    typed = text_of(asked).partition("发「确认 ")[2].partition("」")[0]
    done = pusher.stream(shop.wecom.bot_text(OWNER, f"确认 {typed}"))
    assert "无 → 店员" in text_of(done)


def test_whoever_opens_the_chat_is_welcomed(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    welcome = pusher.deliver(shop.wecom.bot_enter("lisi"))
    assert welcome.problem == ""
    assert welcome.said is not None
    assert "我是掌柜" in text_of(welcome.said)


def test_what_is_forged_gets_one_constant_refusal(called: tuple[Shop, Pusher]) -> None:
    shop, pusher = called
    before = shop.on_hand()
    sealed = pusher.seal(shop.wecom.bot_text(OWNER, "咖啡豆+50"))
    forged = [pusher.send(one) for one in _forgeries(sealed)]
    forged.append(pusher.deliver(shop.wecom.bot_text(OWNER, "咖啡豆+50"), timestamp=1))
    assert [delivery.status for delivery in forged] == [401] * len(forged)
    assert len({delivery.body for delivery in forged}) == 1
    assert pusher.send(sealed).status == 200, "the same, unspoilt"
    wait_until(lambda: shop.on_hand() != before, within_s=WAIT_S, what="that one is done")
    assert shop.on_hand() == before + 50


def _forgeries(sealed: Sealed) -> Iterator[Sealed]:
    signature = sealed.query["msg_signature"]
    for wrong in ("", signature[:-1], "0" * 40, signature.upper() + "é"):
        yield replace(sealed, query={**sealed.query, "msg_signature": wrong})
    yield replace(sealed, query={k: v for k, v in sealed.query.items() if k != "msg_signature"})
    yield replace(sealed, query={**sealed.query, "nonce": "1"})
    yield replace(sealed, body=sealed.body[:40] + b"AAAA" + sealed.body[44:])
    yield replace(sealed, body=b"{}")
    yield replace(sealed, body=b"")
    yield replace(sealed, method="GET", query={**sealed.query, "echostr": "AAAA"}, body=b"")


def _pushed(said: list[Said]) -> str:
    """All that the webhook robot said."""
    return "\n".join(text_of(one) for one in said if one.channel.startswith("webhook:"))


def _later(said: list[Said]) -> list[Said]:
    return [one for one in said if one.how == "response_url"]


def _subscriptions(shop: Shop) -> list[str]:
    return [frame.req_id for frame in shop.wecom.frames if frame.cmd == "aibot_subscribe"]
