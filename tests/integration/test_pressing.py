"""Buttons carry ids: what they do is looked up, checked when pressed, done once, and shown."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from bot.broadcasts import Composer
from bot.delivery import Sender
from bot.lease import Leadership
from bot.messages import Button, Message, Press, Reply
from bot.registry import COMMANDS
from store import chats, members, orders, outbox, skus, stock
from store.db import Database
from store.models import Outbox
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.fakes.platform import FakePlatform
from tests.shop import PEOPLE, VAULT, Talk, fill, on_hand, place, spoken

ZONE = ZoneInfo("Asia/Shanghai")


class Group:
    """A group of the shop on a platform with cards, its people, and the sender."""

    def __init__(self, db: Database, clock: FakeClock, *, editable: bool = True) -> None:
        self.db, self.clock = db, clock
        self.platform = FakePlatform(editable=editable)
        leadership = Leadership(db, owner="a")
        composer = Composer(vault=VAULT, zone=ZONE, commands=COMMANDS)
        self.sender = Sender(
            db,
            leadership,
            platforms={"fake": self.platform},
            compose=composer.compose,
            announce_dead=composer.announce_dead,
        )
        leadership.turn()
        self.talk = Talk(db, clock)
        self._presses = itertools.count(1)

    def deliver(self) -> None:
        """Send all that waits."""
        for _ in range(20):
            parcels = self.db.run(lambda tx: outbox.claim(tx, sender="a"))
            if not parcels:
                return
            for parcel in parcels:
                self.sender.deliver(parcel)

    def say(self, text: str, who: str = "ann", chat: str = "g") -> None:
        message = replace(self.talk.message(text, who, group=True), platform="fake", chat_id=chat)
        accepted = self.talk.dispatcher.receive(message)
        self.talk.dispatcher.handle(accepted.id)
        self.deliver()

    def reply_to(self, ref: str, text: str, who: str, chat: str = "g") -> Reply | None:
        """Say something as a reply to a message of the platform."""
        message = replace(
            self.talk.message(text, who, group=True),
            platform="fake",
            chat_id=chat,
            handle={"parent_id": ref},
        )
        accepted = self.talk.dispatcher.receive(message)
        reply = self.talk.dispatcher.handle(accepted.id)
        self.deliver()
        return reply

    def card(self, kind: str, chat: str = "g") -> int:
        """The number of the last row of a kind in a chat."""
        found = self.db.read(
            lambda tx: tx.exec(
                select(Outbox.id)
                .where(Outbox.kind == kind, Outbox.target == f"fake:{chat}")
                .order_by(col(Outbox.id).desc())
            ).first()
        )
        assert found is not None
        return found

    def shown(self, card: int) -> Reply:
        """What a card shows now."""
        edits = [reply for ref, reply in self.platform.edited if ref == f"ref-{card}"]
        first = [letter.reply for letter in self.platform.letters if letter.card == card]
        return (edits or first)[-1]

    def button(self, card: int, label: str) -> str:
        return next(b.id for b in self.shown(card).presses if label in b.label)

    def press(
        self, card: int, button: str, who: str = "ann", *, chat: str = "g", **inputs: str
    ) -> Reply | None:
        """Press a button, given by its label or its id; what the bot answered."""
        known = {b.id for b in self.shown(card).presses}
        press = Press(card, button if button in known else self.button(card, button), inputs)
        return self.press_raw(press, who, chat=chat)

    def press_raw(self, press: Press, who: str = "ann", *, chat: str = "g") -> Reply | None:
        message = Message(
            platform="fake",
            message_id=f"press:{next(self._presses)}",
            chat_id=chat,
            chat_kind="group",
            user_id=who,
            user_name=PEOPLE[who][0],
            text="",
            sent_at=self.clock(),
            press=press,
        )
        accepted = self.talk.dispatcher.receive(message)
        reply = self.talk.dispatcher.handle(accepted.id)
        self.deliver()
        return reply

    def said(self, chat: str = "g") -> list[str]:
        return [spoken(reply) for where, reply, _ in self.platform.said if where == chat]


@pytest.fixture
def group(db: Database, clock: FakeClock) -> Iterator[Group]:
    fill(db)
    for user_id, (name, role) in PEOPLE.items():
        db.run(lambda tx, u=user_id, n=name: members.seen(tx, platform="fake", user_id=u, name=n))  # type: ignore[misc]  # mypy cannot type a default of a lambda
        db.run(
            lambda tx, u=user_id, r=role.word: members.set_role(  # type: ignore[misc]  # the same
                tx, platform="fake", user_id=u, role=r
            )
        )
    for chat in ("g", "h"):
        db.run(lambda tx, c=chat: chats.bind(tx, platform="fake", chat_id=c, kind="group"))  # type: ignore[misc]  # the same
    made = Group(db, clock)
    yield made
    made.sender.stop()


def status(group: Group, number: str) -> str:
    return group.db.read(lambda tx: orders.view(tx, number)).status


def test_shipping_from_the_card_shows_who_and_when_on_every_such_card(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    here, there = group.card("order_new"), group.card("order_new", "h")
    before = len(group.platform.said)

    group.press(here, "发货", "sue")

    assert status(group, number) == "shipped"
    for card in (here, there):
        told = spoken(group.shown(card))
        assert "已发货: 小苏 03-02 10:00" in told
        assert [b.label for b in group.shown(card).buttons] == ["已收款", "详情"]
        assert group.shown(card).form is None
    assert len(group.platform.said) == before  # the card says it; nothing else needs to


def test_a_form_ships_with_its_number(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    form = group.shown(card).form
    assert form is not None
    group.press(card, form.button.id, "sue", carrier="顺丰", tracking_no="SF1234567890")
    order = group.db.read(lambda tx: orders.view(tx, number))
    assert (order.status, order.carrier, order.tracking_no) == ("shipped", "顺丰", "SF1234567890")


@pytest.mark.parametrize("evil", ["x\n下架 KFD", "1 取消订单 {n}", "{order_no}", "\u202eSF1"])
def test_what_is_typed_into_a_form_is_a_value_and_never_another_command(
    group: Group, evil: str
) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    form = group.shown(card).form
    assert form is not None
    group.press(card, form.button.id, "sue", tracking_no=evil.replace("{n}", number))
    assert status(group, number) in {"confirmed", "shipped"}
    assert group.db.read(lambda tx: skus.view(tx, "KFD")).status == "on_sale"


def test_a_double_click_restocks_once_whoever_clicks_and_wherever(
    group: Group, clock: FakeClock
) -> None:
    group.db.run(lambda tx: stock.deduct(tx, sku="KFD", quantity=26, cause=Cause("k", "fake:ann")))
    group.deliver()
    here, there = group.card("low_stock"), group.card("low_stock", "h")
    button = group.button(here, "补货 +")

    group.press(here, button, "sue")
    clock.advance(minutes=3)
    again = group.press_raw(Press(here, button), "sue")
    elsewhere = group.press_raw(Press(there, button), "max", chat="h")

    assert on_hand(group.db, "KFD") == 4 + 20
    for reply in (again, elsewhere):
        assert reply is not None
        assert reply.text.endswith("：已由 小苏 10:00 处理过了。")
    for card in (here, there):
        assert "已补货: 小苏 03-02 10:00" in spoken(group.shown(card))
        assert group.shown(card).presses == ()


def test_the_role_is_asked_for_when_the_button_is_pressed(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")

    refused = group.press(card, "发货", "may")
    assert refused is not None
    assert refused.error == "forbidden"
    assert status(group, number) == "confirmed"
    assert "更高的权限" in group.said()[-1]

    group.press(card, "发货", "sue")  # the refused press has not used the button up
    assert status(group, number) == "shipped"


def test_the_state_is_looked_at_when_the_button_is_pressed(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    old = group.button(card, "发货")
    group.say(f"发货 {number}", "max")
    assert "已发货: 阿Max" in spoken(group.shown(card))

    late = group.press_raw(Press(card, old), "sue")
    assert late is not None
    assert late.error == "wrong_state"


def test_cancelling_from_a_card_asks_the_presser_first(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    asked = group.press(group.card("order_new"), "取消订单", "max")
    assert asked is not None
    assert asked.outcome == "confirm"
    assert status(group, number) == "confirmed"
    question = group.card("reply")

    stranger = group.press(question, "确认", "sue")
    assert stranger is not None
    assert stranger.error == "forbidden"
    group.press(question, "确认", "max")
    assert status(group, number) == "cancelled"
    assert "已取消" in spoken(group.shown(question))  # the question has become the answer
    assert "已取消: 阿Max" in spoken(group.shown(group.card("order_new")))


@pytest.mark.parametrize(
    "press", [Press(999_999, "0" * 12), Press(1, "0" * 12), Press(1, "发货 1033")]
)
def test_a_button_nobody_made_does_nothing(group: Group, press: Press) -> None:
    place(group.db, ("KFD", 1))
    group.deliver()
    reply = group.press_raw(press)
    assert reply is not None
    assert reply.error == "not_found"


def test_a_button_of_another_chat_does_nothing(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    reply = group.press_raw(Press(card, group.button(card, "发货")), "ann", chat="h")
    assert reply is not None
    assert reply.error == "not_found"
    assert status(group, number) == "confirmed"


def test_undo_on_an_answer_undoes_that_and_nothing_newer(group: Group) -> None:
    group.say("补货 咖啡豆 5", "sue")
    first = group.card("reply")
    group.say("补货 咖啡豆 7", "sue")

    group.press(first, "撤销", "sue")

    assert on_hand(group.db, "KFD") == 30 + 7
    assert "撤销" in group.shown(first).title
    again = group.press_raw(Press(first, first_undo()), "sue")
    assert again is not None
    assert again.error == "wrong_state"  # a double click takes nothing back


def first_undo() -> str:
    return Button("", "撤销").id


def test_a_card_goes_back_and_forth_one_press_at_a_time(group: Group) -> None:
    group.say("补货 咖啡豆 5", "sue")
    card = group.card("reply")
    for label, level in (("撤销", 30), ("恢复", 35), ("恢复", 30), ("恢复", 35)):
        before = group.button(card, label)
        group.press(card, label, "sue")
        assert on_hand(group.db, "KFD") == level
        twice = group.press_raw(Press(card, before), "sue")
        assert twice is not None
        assert twice.error == "wrong_state"
        assert on_hand(group.db, "KFD") == level


def test_a_manager_undoes_a_clerks_write_by_its_button_and_no_clerk_a_managers(
    group: Group,
) -> None:
    group.say("补货 咖啡豆 5", "max")
    card = group.card("reply")
    refused = group.press(card, "撤销", "sue")
    assert refused is not None
    assert refused.error == "forbidden"
    assert on_hand(group.db, "KFD") == 35

    group.say("补货 手冲壶 5", "sue")
    clerks = group.card("reply")
    done = group.press(clerks, "撤销", "max")
    assert done is not None
    assert ("原操作人", "小苏") in done.fields
    assert ("操作人", "阿Max") in done.fields
    assert (on_hand(group.db, "SCH"), on_hand(group.db, "KFD")) == (12, 35)
    group.say("撤销", "sue")  # it was not hers, and hers is undone
    assert "没有可以撤销" in group.said()[-1]
    group.say("撤销", "max")  # his last write is that undo
    assert on_hand(group.db, "SCH") == 17


@pytest.mark.parametrize("to", ["the card", "the message"])
def test_a_reply_to_a_card_or_to_what_it_answers_points_at_that_write(
    group: Group, to: str
) -> None:
    group.say("补货 咖啡豆 5", "sue")
    card = group.card("reply")
    answers = group.db.read(lambda tx: tx.get_one(Outbox, card).payload["answers"])
    group.say("补货 手冲壶 5", "sue")
    group.say("补货 绿茶 5", "max")
    ref = f"ref-{card}" if to == "the card" else answers.removeprefix("fake:")

    done = group.reply_to(ref, "撤销", "max")

    assert done is not None
    assert done.error is None
    levels = [on_hand(group.db, code) for code in ("KFD", "SCH", "LC-250")]
    assert levels == [30, 17, 9]


def test_a_reply_to_something_else_undoes_nothing(group: Group) -> None:
    group.say("补货 咖啡豆 5", "sue")
    for ref in ("ref-9999", "om_unknown"):
        refused = group.reply_to(ref, "撤销", "sue")
        assert refused is not None
        assert refused.error == "not_undoable"
    assert on_hand(group.db, "KFD") == 35


def test_a_card_of_another_chat_cannot_be_pointed_at(group: Group) -> None:
    group.say("补货 咖啡豆 5", "sue", chat="h")
    card = group.card("reply", "h")
    refused = group.reply_to(f"ref-{card}", "撤销", "max")
    assert refused is not None
    assert refused.error == "not_undoable"
    assert on_hand(group.db, "KFD") == 35


def test_a_manager_undoes_no_owners_write(group: Group) -> None:
    group.say("补货 咖啡豆 5", "ann")
    refused = group.press(group.card("reply"), "撤销", "max")
    assert refused is not None
    assert refused.error == "forbidden"
    assert on_hand(group.db, "KFD") == 35


def test_a_choice_is_the_askers(group: Group) -> None:
    group.say("补货 T恤 3", "sue")
    question = group.card("reply")
    other = group.press(question, "白色", "max")
    assert other is not None
    assert other.error == "forbidden"
    group.press(question, "白色", "sue")
    assert on_hand(group.db, "TX-B-L") == 20 + 3
    assert "20 → 23" in spoken(group.shown(question))


def test_the_button_of_an_old_question_never_answers_a_newer_one(group: Group) -> None:
    group.say("补货 T恤 3", "sue")
    first = group.card("reply")
    group.say("出库 T恤 4", "sue")
    late = group.press(first, "白色", "sue")
    assert late is not None
    assert late.error == "wrong_state"
    assert on_hand(group.db, "TX-B-L") == 20


def test_a_form_without_its_fields_leaves_no_braces_in_the_command(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    form = group.shown(card).form
    assert form is not None
    reply = group.press_raw(Press(card, form.button.id), "sue")
    assert reply is not None
    assert "{" not in spoken(reply)
    assert status(group, number) == "shipped"


def test_presses_in_several_chats_at_once_act_once_and_none_fails(group: Group) -> None:
    numbers = [place(group.db, ("KFD", 1)) for _ in range(6)]
    for _ in range(4):
        group.deliver()
    statement = select(Outbox.id, Outbox.target, Outbox.payload)
    rows = group.db.read(
        lambda tx: tx.exec(statement.where(col(Outbox.target).startswith("fake:"))).all()
    )
    presses = [
        (Press(card or 0, button), target.removeprefix("fake:"))
        for card, target, payload in rows
        for button, command in payload["buttons"].items()
        if command.startswith(("发货", "收款")) and "{" not in command
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: group.press_raw(one[0], "sue", chat=one[1]), presses))
    assert len(presses) == 2 * 2 * len(numbers)
    assert all(answer is not None for answer in answers)
    assert {answer.error for answer in answers if answer} <= {None, "wrong_state"}
    assert {status(group, number) for number in numbers} == {"shipped"}
    paid = [group.db.read(lambda tx, n=n: orders.view(tx, n)).paid_at for n in numbers]  # type: ignore[misc]  # mypy cannot type a default of a lambda
    assert None not in paid


def test_a_late_press_draws_the_card_anew(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.platform.editable = False  # as WeCom: only a press brings a way to change the card
    group.deliver()
    card = group.card("order_new")
    ship = group.button(card, "发货")
    group.say(f"发货 {number}", "max")
    group.platform.editable = True
    message = Message(
        platform="fake",
        message_id="press:late",
        chat_id="g",
        chat_kind="group",
        user_id="sue",
        user_name="",
        text="",
        sent_at=group.clock(),
        press=Press(card, ship),
        handle={"edit": "fresh"},
    )
    accepted = group.talk.dispatcher.receive(message)
    reply = group.talk.dispatcher.handle(accepted.id)
    group.deliver()
    assert reply is not None
    assert reply.error == "wrong_state"
    assert "小苏：" in group.said()[-1]
    (shown,) = [spoken(reply) for ref, reply in group.platform.edited if ref == "fresh"]
    assert "已发货: 阿Max" in shown


def test_details_are_told_beside_the_card_and_can_be_asked_for_again(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    before = len(group.said())
    group.press(card, "详情", "vic")
    group.press(card, "详情", "vic")
    assert len(group.said()) == before + 2
    assert number in group.said()[-1]


def test_where_a_card_cannot_be_changed_the_answer_is_said(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    group.platform.editable = False  # too old by now
    group.press(group.card("order_new"), "发货", "sue")
    assert status(group, number) == "shipped"
    assert "已确认 → 已发货" in group.said()[-1]
    assert group.said("h")[-1].startswith("新订单")  # nobody there waits for an answer


def test_a_press_that_is_faster_than_the_shop_acts_all_the_same(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    pressed: list[Reply | None] = []

    def fast(chat: str, reply: Reply) -> None:
        """The card is on the screens, and its call has not returned."""
        if chat == "g" and not pressed:
            card = group.card("order_new")
            ship = next(b.id for b in reply.buttons if b.label == "发货")
            pressed.append(None)
            message = Message(
                platform="fake",
                message_id="press:fast",
                chat_id="g",
                chat_kind="group",
                user_id="sue",
                user_name="",
                text="",
                sent_at=group.clock(),
                press=Press(card, ship),
                handle={"edit": "from the press"},
            )
            accepted = group.talk.dispatcher.receive(message)
            pressed[0] = group.talk.dispatcher.handle(accepted.id)

    group.platform.before = fast
    group.deliver()
    assert pressed[0] is not None
    assert pressed[0].error is None
    assert status(group, number) == "shipped"
    refs = [ref for ref, _ in group.platform.edited]
    assert "from the press" in refs  # and the card shows it


def test_a_press_that_is_delivered_twice_is_one_press(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    card = group.card("order_new")
    press = Press(card, group.button(card, "发货"))
    message = Message(
        platform="fake",
        message_id="press:same",
        chat_id="g",
        chat_kind="group",
        user_id="sue",
        user_name="",
        text="",
        sent_at=group.clock(),
        press=press,
    )
    accepted = [group.talk.dispatcher.receive(message) for _ in range(3)]
    assert [a.duplicate for a in accepted] == [False, True, True]
    for a in accepted:
        group.talk.dispatcher.handle(a.id)
    assert status(group, number) == "shipped"
