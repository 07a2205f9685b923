"""Who may do what in a chat, however they try (fault row F51).

A person is a platform's user id and nothing else; whoever is not known may do nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from bot.messages import Arrival, Message, Role
from bot.platforms.feishu import events
from bot.platforms.wecom import robot_events
from bot.registry import COMMANDS, Command
from store import chats, members, stock
from store.db import Database, Tx
from store.models import (
    AuditEntry,
    Chat,
    Member,
    Order,
    ShopState,
    Sku,
    StockMovement,
    Subscription,
)
from store.stock import Cause
from tests.fakes.clock import FakeClock
from tests.integration.test_commands import WRITES, _prepared, _run
from tests.integration.test_pressing import Group
from tests.shop import GROUP, PEOPLE, Talk, fill, on_hand, place

OWNER, BOT = "ou_ann", "ou_bot"
ORDER = "补货 KFD 100"


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """The shop of the commands' tests, and its owner on Feishu and WeCom too."""
    fill(db)
    number = place(db, ("KFD", 2))
    db.run(lambda tx: _prepared(tx, number))
    db.run(owned)
    clock.advance(minutes=1)
    return Talk(db, clock)


def owned(tx: Tx) -> None:
    for platform, user_id, chat_id in (("feishu", OWNER, "oc_1"), ("wecom", "ann", "bot/wr1")):
        members.set_role(tx, platform=platform, user_id=user_id, role="owner", name="小安")
        chats.bind(tx, platform=platform, chat_id=chat_id, kind="group")
    tx.changes.clear()


def whole(db: Database) -> dict[str, list[Any]]:
    """All that a command can change."""
    tables: tuple[type[SQLModel], ...] = (Sku, StockMovement, Order, Chat, Subscription, ShopState)

    def rows(tx: Tx, table: type[SQLModel]) -> list[Any]:
        return [row.model_dump() for row in tx.exec(select(table)).all()]

    found = db.read(lambda tx: {table.__name__: rows(tx, table) for table in tables})
    roles = select(Member.platform, Member.user_id, Member.role).where(Member.role != "none")
    return {**found, "roles": list(db.read(lambda tx: tx.exec(roles).all()))}


# -- what is not said by a person to the bot is no command


def feishu(content: str, kind: str = "text", **changes: Any) -> list[Message]:
    """What comes of a Feishu event in which the owner speaks to the bot."""
    sender = {"sender_type": "user", "sender_id": {"open_id": OWNER}, "tenant_key": "t1"}
    message = {
        "message_id": "om_1",
        "chat_id": "oc_1",
        "chat_type": "group",
        "create_time": "1772416800000",
        "message_type": kind,
        "content": content,
        "mentions": [{"key": "@_user_1", "id": {"open_id": BOT}, "name": "店小二"}],
        **changes.pop("message", {}),
    }
    header = {"event_type": "im.message.receive_v1", "event_id": "e1", "tenant_key": "t1"}
    event = {"sender": sender | changes.pop("sender", {}), "message": message}
    return list(events.parse({"header": header, "event": event}, bot_open_id=BOT).messages)


def wecom(**body: Any) -> list[Message]:
    """What comes of a robot's callback in which the owner speaks to it."""
    whole = {
        "msgid": "m1",
        "chatid": "wr1",
        "chattype": "group",
        "from": {"userid": "Ann"},
        "msgtype": "text",
        **body,
    }
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    found = robot_events.parse(whole, name="店小二", sent_at=at, corp_id="ww1")
    return [found] if found else []


def text(said: str) -> str:
    return f'{{"text": "@_user_1 {said}"}}'


@pytest.mark.parametrize(
    "heard",
    [feishu(text(ORDER)), wecom(text={"content": f"@店小二 {ORDER}"})],
    ids=["feishu", "wecom"],
)
def test_what_the_owner_says_to_the_bot_is_done(talk: Talk, heard: list[Message]) -> None:
    """Else the refusals below would prove nothing."""
    for message in heard:
        talk.dispatcher.answer(message)
    assert on_hand(talk.db, "KFD") == 30 + 100


QUOTED = {"msgtype": "text", "text": {"content": ORDER}}
CARD = f'{{"title": "{ORDER}", "elements": [[{{"tag": "text", "text": "{ORDER}"}}]]}}'
FORWARDED = '{"content": "Merged and Forwarded Message"}'


@pytest.mark.parametrize(
    "heard",
    [
        feishu(text(ORDER), sender={"sender_type": "app"}),  # the bot's own
        feishu(text(ORDER), sender={"sender_type": "anonymous"}),
        feishu(text(ORDER), sender={"tenant_key": "t2"}),  # the same id, another company's
        # MySQL takes "a" and "a " for the same, so no id with a blank may come this far.
        feishu(text(ORDER), sender={"sender_id": {"open_id": f"{OWNER} "}}),
        wecom(text={"content": ORDER}, **{"from": {"userid": "ann "}}),
        feishu(text("谢谢"), message={"parent_id": "om_0", "root_id": "om_0"}),
        feishu(CARD, "interactive"),
        feishu(FORWARDED, "merge_forward"),
        feishu(f'{{"text": "{ORDER}"}}', "system"),
        wecom(text={"content": "@店小二 谢谢"}, quote=QUOTED),
        wecom(
            msgtype="mixed",
            mixed={"msg_item": [{"msgtype": "text", "text": {"content": "谢谢"}}]},
            quote={"msgtype": "mixed", "mixed": {"msg_item": [QUOTED]}},
        ),
        wecom(msgtype="image", image={"url": "https://x/"}, quote=QUOTED),
        wecom(text={"content": ORDER}, **{"from": {"userid": "Ann", "corpid": "ww2"}}),
        wecom(msgtype="event", event={"eventtype": "enter_chat", "text": {"content": ORDER}}),
    ],
    ids=[
        "own",
        "anonymous",
        "other tenant",
        "padded id",
        "padded userid",
        "reply",
        "forwarded card",
        "forwarded",
        "system",
        "quote",
        "quote in mixed",
        "picture with a quote",
        "other corp",
        "event",
    ],
)
def test_what_is_quoted_forwarded_or_the_bots_own_is_no_command(
    talk: Talk, heard: list[Message]
) -> None:
    before = whole(talk.db)
    for message in heard:
        assert ORDER not in message.text or not message.addressed
        talk.dispatcher.answer(message)
    assert whole(talk.db) == before


def test_an_edited_message_is_the_message_it_was(talk: Talk) -> None:
    """Feishu keeps its id, whatever event brings it again."""
    (first,), (edited,) = feishu(text(ORDER)), feishu(text("补货 KFD 900"))
    talk.dispatcher.answer(first)
    talk.dispatcher.answer(edited)
    assert on_hand(talk.db, "KFD") == 30 + 100


# -- who somebody is: the platform's id, and nothing that they can choose


def as_(message: Message, **who: str) -> Message:
    return replace(message, **who)  # type: ignore[arg-type]  # a few text fields


@pytest.mark.parametrize(
    "who",
    [
        {"user_name": "小安"},  # the owner's name
        {"user_name": "店主"},
        {"user_name": "owner"},
        {"user_name": "console:ann"},
        {"user_id": "小安", "user_name": "小安"},
        {"user_id": "console:ann"},
        {"user_id": "ANN"},
        {"user_id": "ａｎｎ"},
        {"platform": "feishu", "user_id": "ann"},  # the owner's id, on another platform
        {"platform": "wecom", "user_id": OWNER},
    ],
    ids=lambda who: " ".join(who.values()),
)
@pytest.mark.parametrize("group", [True, False], ids=["group", "alone"])
def test_a_role_belongs_to_an_id_on_a_platform(
    talk: Talk, who: dict[str, str], *, group: bool
) -> None:
    before = whole(talk.db)
    for said in ("补货 KFD 5", "改价 KFD 1元", "授权 may 店主", "订单 1033", "后台", "导出"):
        message = as_(talk.message(said, "may", group=group), **who)
        reply = talk.dispatcher.answer(message)
        assert reply is not None
        assert reply.error == "forbidden", said
    assert whole(talk.db) == before


def test_whoever_brings_the_bot_into_a_group_is_nobody_there(talk: Talk) -> None:
    """Nor is the group's administrator, whom no message names."""
    talk.dispatcher.arrive(Arrival("feishu", "oc_new", "e1", "特价群"))
    adder = replace(talk.message("补货 KFD 5", "may", group=True), platform="feishu")
    for said in ("补货 KFD 5", "订阅 全部", "改价 KFD 1元"):
        reply = talk.dispatcher.answer(replace(adder, chat_id="oc_new", message_id=said, text=said))
        assert reply is not None
        assert reply.error == "forbidden"
    known = talk.db.read(lambda tx: chats.chat(tx, "feishu", "oc_new"))
    assert known is not None
    assert not known.bound
    assert talk.db.read(lambda tx: chats.subscriptions(tx, "feishu", "oc_new")) == []


@pytest.mark.parametrize("who", ["max", "sue"])
def test_in_a_group_that_is_not_the_shops_even_the_staff_may_do_nothing(
    talk: Talk, who: str
) -> None:
    before = whole(talk.db)
    for said in ("补货 KFD 5", "查 KFD", "订单 1033", "订阅 全部"):
        message = replace(talk.message(said, who, group=True), chat_id="elsewhere")
        reply = talk.dispatcher.answer(message)
        assert reply is not None
        assert reply.error == "forbidden", said
    assert whole(talk.db) == before


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.role > Role.NONE], ids=lambda c: c.intent
)
def test_a_customer_moves_nothing_by_any_command(talk: Talk, command: Command) -> None:
    before = whole(talk.db)
    for example in command.examples:
        for how in ({"group": True}, {"group": False}, {"group": True, "addressed": False}):
            talk.maybe(example.text, "may", **how)
            talk.maybe("是", "may", **how)
    assert whole(talk.db) == before


# -- when a role ends


def test_a_removed_manager_may_do_nothing_from_the_next_message_on(talk: Talk) -> None:
    assert talk.say("补货 KFD 5", "max").error is None
    code = talk.say("绑定", "max").text.rsplit(" ", 1)[-1]
    assert talk.say("取消订单 1033", "max").outcome == "confirm"
    talk.say("授权 阿Max 移除")
    assert talk.say("是").error is None
    before = whole(talk.db)

    other = replace(talk.message(f"绑定 {code}", "x"), platform="feishu", user_id="ou_max")
    talk.dispatcher.answer(other)  # the same person, as before: with no role
    for said in ("是", "补货 KFD 5", "撤销", "查 KFD", "后台"):
        for message in (talk.message(said, "max"), replace(other, message_id=said, text=said)):
            reply = talk.dispatcher.answer(message)
            assert reply is not None
            assert reply.error == "forbidden", said
    assert whole(talk.db) == before


# -- what is pressed


@pytest.fixture
def group(db: Database, clock: FakeClock) -> Iterator[Group]:
    fill(db)
    db.run(peopled)
    made = Group(db, clock)
    yield made
    made.sender.stop()


def peopled(tx: Tx) -> None:
    chats.bind(tx, platform="fake", chat_id="g", kind="group")
    for user_id, (name, role) in PEOPLE.items():
        members.set_role(tx, platform="fake", user_id=user_id, role=role.word, name=name)
    tx.changes.clear()


@pytest.mark.parametrize("who", ["may", "vic"])
def test_a_card_that_everybody_sees_does_nothing_for_those_who_may_not(
    group: Group, who: str
) -> None:
    place(group.db, ("KFD", 1))
    group.db.run(lambda tx: stock.deduct(tx, sku="KFD", quantity=25, cause=Cause("k", "fake:ann")))
    group.deliver()
    before = whole(group.db)
    pressed = 0
    for kind in ("order_new", "low_stock"):
        card = group.card(kind)
        for button in group.shown(card).presses:
            reply = group.press(card, button.id, who, tracking_no="SF1234567890", units="5")
            assert reply is not None
            allowed = button.command.startswith("订单 ") and who == "vic"  # a look
            assert (reply.error is None) == allowed, button.command
            pressed += 1
    assert pressed >= 6
    assert whole(group.db) == before
    group.press(group.card("order_new"), "发货", "sue")
    assert whole(group.db) != before


@pytest.mark.parametrize(("who", "acts"), [("may", False), ("sue", False), ("max", True)])
def test_what_a_manager_is_asked_only_the_manager_or_the_owner_answers(
    group: Group,
    who: str,
    acts: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    number = place(group.db, ("KFD", 1))
    group.say(f"取消订单 {number}", "max")
    question = group.card("reply")
    group.press(question, "确认", who)
    (status,) = group.db.read(lambda tx: tx.exec(select(Order.status)).all())
    assert (status == "cancelled") == acts


# -- what was done is written down


@pytest.mark.parametrize("command", WRITES)
def test_every_write_has_an_audit_entry_with_before_and_after(talk: Talk, command: Command) -> None:
    reply = _run(talk, command, command.examples[0])
    if reply.outcome == "confirm":
        reply = talk.say("是")
    assert reply.error is None

    entries = talk.db.read(
        lambda tx: [
            entry.model_dump()
            for entry in tx.exec(select(AuditEntry).where(AuditEntry.intent == command.intent))
        ]
    )
    (entry,) = entries
    assert entry["actor"] in {"console:ann", "console:may"}
    assert entry["outcome"] == "done"
    assert entry["origin"].startswith("console:m")
    assert entry["changes"]
    for change in entry["changes"]:
        assert change["kind"] == "created" or told(talk.db, change), change


def told(db: Database, change: dict[str, Any]) -> bool:
    """Whether the change says what was before and after; a movement's own row does for stock."""
    if change["kind"] != "stock":
        return change["before"] != change["after"]
    movement = db.read(lambda tx: tx.get_one(StockMovement, change["movement"]).model_dump())
    return bool(movement["delta_on_hand"] or movement["delta_reserved"])


def test_a_press_is_written_down_as_its_pressers(group: Group) -> None:
    number = place(group.db, ("KFD", 1))
    group.deliver()
    group.press(group.card("order_new"), "发货", "sue")
    group.press(group.card("order_new"), "详情", "may")
    entries = group.db.read(
        lambda tx: [
            (entry.actor, entry.intent, entry.outcome, entry.origin, entry.changes)
            for entry in tx.exec(select(AuditEntry).order_by(col(AuditEntry.id)))
        ]
    )
    change = {"kind": "order", "order_no": number, "before": "confirmed", "after": "shipped"}
    assert entries == [
        ("fake:sue", "ship", "done", "fake:press:1", [change]),
        ("fake:may", "order_show", "forbidden", "fake:press:2", []),
    ]
