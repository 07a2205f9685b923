"""A shop in a WeCom group, through the intelligent robot's long connection, end to end."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from store import attachments, sheets
from tests.e2e.wecom_shop import (
    CLERK,
    GROUP,
    KFD,
    MANAGER,
    OWNER,
    PHONE,
    STRANGER,
    WAIT_S,
    Shop,
    by_connection,
    make_wecom,
    open_shop,
)
from tests.fakes.wecom import Said, buttons_of, faults, key_of, text_of
from tests.servers import wait_until

MASKED = re.compile(r"王\D{2} 138\D{4}5678")
BY_CLERK = re.compile(rf"已发货 {CLERK} \d\d-\d\d \d\d:\d\d")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose robot is in a group that nobody has bound yet."""
    with (
        make_wecom() as wecom,
        open_shop(tmp_path, wecom, aibot=by_connection(wecom)) as shop,
    ):
        yield shop


@pytest.fixture
def opened(shop: Shop) -> Shop:
    """With its group bound, 30 of KFD on the shelf, a manager and a clerk."""
    shop.say(KFD)
    shop.appoint(MANAGER, "经理")
    shop.appoint(CLERK, "店员")
    return shop


def test_a_stranger_in_a_group_that_is_nobodys_is_refused_politely(shop: Shop) -> None:
    refused = text_of(shop.say("补货 咖啡豆 5", STRANGER))
    assert "权限" in refused
    assert "已把这个群设为店里的群" not in text_of(shop.say("帮助", STRANGER))


def test_staff_is_told_that_an_owner_has_to_come_first(shop: Shop) -> None:
    shop.appoint(CLERK, "店员")
    assert "店主先在这里发一条命令" in text_of(shop.say("补货 咖啡豆 5", CLERK))


@pytest.mark.parametrize(
    ("setting", "user"), [("wecom:zhangsan", "ZhangSan"), ("wecom:ZhangSan", "zhangsan")]
)
def test_the_owners_first_command_makes_the_group_the_shops(
    tmp_path: Path, setting: str, user: str
) -> None:
    with (
        make_wecom() as wecom,
        open_shop(tmp_path, wecom, owners=[setting], aibot=by_connection(wecom)) as shop,
    ):
        listed = text_of(shop.say(KFD, user))
        assert "KFD" in listed
        assert "已把这个群设为店里的群" in listed
        assert "30 → 80" in text_of(shop.say("咖啡豆+50", user))


def test_what_is_quoted_never_acts(shop: Shop) -> None:
    shop.say(KFD)
    assert "30" in text_of(shop.say("查 咖啡豆", quote="咖啡豆+50"))
    shop.say("谢谢", quote="@掌柜 咖啡豆+50")
    shop.say("", quote="咖啡豆+50")
    assert shop.on_hand() == 30


def test_a_message_that_comes_again_acts_once_and_is_answered_once(shop: Shop) -> None:
    shop.say(KFD)
    heard = shop.wecom.say(OWNER, "咖啡豆+1", GROUP)
    shop.wecom.wait_reply(heard, timeout_s=WAIT_S)
    again = [shop.wecom.repeat(heard) for _ in range(3)]
    shop.say("查 咖啡豆")  # the chat's messages are handled one after the other
    assert shop.on_hand() == 31
    assert [shop.wecom.replies(one) for one in again] == [[], [], []]


def test_an_order_comes_as_a_card_and_is_shipped_from_it(opened: Shop) -> None:
    number = opened.order()
    card = opened.card(number)
    assert {"发货", "已收款", "取消订单"} <= set(buttons_of(card))
    assert MASKED.search(text_of(card))
    assert PHONE not in text_of(card)
    before = len(opened.wecom.said)

    assert opened.wecom.press(card, "发货", CLERK, timeout_s=5) is not None
    assert BY_CLERK.search(text_of(card))
    assert "发货" not in buttons_of(card)
    assert opened.status(number) == "shipped"
    assert opened.on_hand() == 29
    opened.say("查 咖啡豆")
    assert len(opened.wecom.said) == before + 1, "the card was changed, nothing was said beside it"


def test_a_double_click_ships_once(opened: Shop) -> None:
    number = opened.order(quantity=3)
    card = opened.card(number)
    key = key_of(card, "发货")
    opened.wecom.press_key(card, key, CLERK, timeout_s=0)
    opened.wecom.press_key(card, key, CLERK, timeout_s=0)
    opened.heard(f"已由 {CLERK}")
    opened.wecom.wait_until(lambda: "已发货" in text_of(card), timeout_s=5)
    assert opened.on_hand() == 27
    assert all("已发货" in str(update.content) for update in card.updates)


def test_the_same_press_delivered_again_does_nothing_more(opened: Shop) -> None:
    number = opened.order(quantity=3)
    card = opened.card(number)
    press = opened.wecom.bot_press(card, "发货", CLERK)
    for _ in range(3):
        opened.wecom.line.push(press)
    opened.wecom.wait_until(lambda: "已发货" in text_of(card), timeout_s=5)
    before = len(opened.wecom.said)
    opened.say("查 咖啡豆")
    assert opened.on_hand() == 27
    assert len(card.updates) == 1
    assert len(opened.wecom.said) == before + 1


def test_cancelling_is_confirmed_by_whoever_asked(opened: Shop) -> None:
    number = opened.order()
    card = opened.card(number)
    opened.wecom.press(card, "取消订单", MANAGER, timeout_s=0)
    asked = opened.card("请确认")
    assert opened.status(number) == "confirmed"

    opened.wecom.press(asked, "确认", CLERK, timeout_s=0)
    opened.heard("只有提问的人或店主能确认")
    assert opened.status(number) == "confirmed"
    assert asked.updates == []

    assert opened.wecom.press(asked, "确认", MANAGER, timeout_s=5) is not None
    assert opened.status(number) == "cancelled"
    assert "已取消" in text_of(asked)


def test_a_button_does_nothing_for_somebody_without_a_role(opened: Shop) -> None:
    number = opened.order()
    card = opened.card(number)
    for asked, label in enumerate(("发货", "已收款", "取消订单"), start=1):
        opened.wecom.press(card, label, STRANGER, timeout_s=0)
        opened.wecom.wait_until(lambda n=asked: len(_refusals(opened)) == n, timeout_s=WAIT_S)  # type: ignore[misc]  # mypy cannot type a default of a lambda
    assert opened.status(number) == "confirmed"
    assert card.updates == []


def test_a_press_that_is_faster_than_the_shop_acts_all_the_same(opened: Shop) -> None:
    """The card is on the screens; that it is, the shop has not heard yet."""
    opened.wecom.fail("WS aibot_send_msg", how=faults.hang(taken=True))
    number = opened.order()
    opened.wecom.wait_until(lambda: bool(opened.cards(number)), timeout_s=WAIT_S)
    opened.wecom.press(opened.cards(number)[0], "发货", CLERK, timeout_s=0)
    wait_until(lambda: opened.status(number) == "shipped", within_s=8, what="the press has acted")
    opened.settle()
    assert len(opened.cards(number)) == 1


def test_cards_change_in_time_in_a_group_that_was_just_told_much(opened: Shop) -> None:
    """Fourteen things in a minute: half of what the platform allows."""
    cards = [opened.card(opened.order()) for _ in range(6)]
    for card in cards:
        opened.wecom.press(card, "发货", CLERK, timeout_s=0)
    with suppress(TimeoutError):
        opened.wecom.wait_until(lambda: all(card.updates for card in cards), timeout_s=5.5)
    assert [bool(BY_CLERK.search(text_of(card))) for card in cards] == [True] * 6


def test_the_packer_gets_the_address_alone(opened: Shop) -> None:
    number = opened.order()
    opened.card(number)
    line = text_of(opened.tell(f"{number} 地址", CLERK))
    assert f"王小明 {PHONE} 文三路 1 号" in line

    refused = text_of(opened.say(f"{number} 地址", CLERK))
    assert "地址只能私聊看" in refused
    assert PHONE not in refused
    shown = text_of(opened.say(f"订单 {number}", CLERK))
    assert MASKED.search(shown)
    assert PHONE not in "".join(text_of(one) for one in opened.wecom.said_in(GROUP))
    assert "权限" in text_of(opened.tell(f"{number} 地址", STRANGER))


def test_a_file_sent_to_the_robot_is_imported_after_a_yes(opened: Shop) -> None:
    sheet = "编码,名称,价格\nKFD,咖啡豆,99.00\nNEW-1,新茶,66.00\n".encode()
    asked = opened.wecom.wait_reply(opened.wecom.say_file(OWNER, "goods.csv", sheet))
    assert "¥88 → ¥99" in text_of(asked)
    assert "NEW-1" in text_of(asked)
    assert opened.get("/api/v1/skus/KFD")["price_fen"] == 8800

    card = opened.heard("[确认]", OWNER)
    opened.settle()
    opened.wecom.press(card, "确认", OWNER, timeout_s=0)
    wait_until(
        lambda: opened.get("/api/v1/skus/KFD")["price_fen"] == 9900,
        within_s=WAIT_S,
        what="the file is in",
    )
    opened.heard("新增", OWNER)
    assert opened.get("/api/v1/skus/NEW-1")["price_fen"] == 6600


def test_a_workbook_is_read_and_one_that_is_too_large_is_told_its_limit(opened: Shop) -> None:
    rows = [("货号", "品名", "售价"), ("KFD", "咖啡豆", "99")]
    sheet = b"".join(sheets.write(rows, "xlsx"))
    asked = opened.wecom.wait_reply(opened.wecom.say_file(OWNER, "goods.xlsx", sheet))
    assert "编码←货号" in text_of(asked)
    assert "¥88 → ¥99" in text_of(asked)
    large = opened.wecom.say_file(OWNER, "large.xlsx", bytes(attachments.MAX_BYTES + 1))
    assert "最多 10 MB" in text_of(opened.wecom.wait_reply(large))


def test_goods_come_back_as_a_file_that_reads_byte_by_byte(opened: Shop) -> None:
    opened.tell("导出")
    opened.wecom.wait_until(lambda: bool(_files(opened)), timeout_s=WAIT_S)
    [file] = _files(opened)
    assert file.file is not None
    assert file.file.name.endswith(".csv")
    assert file.file.content.startswith(b"\xef\xbb\xbf")
    head, row = file.file.content.decode("utf-8-sig").splitlines()
    assert "KFD" in row
    assert "咖啡豆" in row

    heard = opened.wecom.say_file(OWNER, "again.csv", file.file.content)
    assert "不变 1" in text_of(opened.wecom.wait_reply(heard)), head


def _refusals(shop: Shop) -> list[Said]:
    said = shop.wecom.said_in(GROUP)
    return [one for one in said if "这个操作需要更高的权限" in text_of(one)]


def _files(shop: Shop) -> list[Said]:
    return [one for one in shop.wecom.said_in(OWNER) if one.file is not None]
