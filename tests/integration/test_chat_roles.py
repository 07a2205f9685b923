"""Who may do what in a chat, however they try (fault row F51).

A person is a platform's user id and nothing else; whoever is not known may do nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from bot.messages import Arrival, Message, Role
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
from tests.shop import PEOPLE, Talk, fill, place

OWNER = "ou_ann"
BOTH = [pytest.param("sqlite"), pytest.param("mysql", marks=pytest.mark.mysql)]


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, except where it matters how a database compares ids."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


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
@pytest.mark.parametrize("database_url", BOTH, indirect=True)
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
    assert talk.say("是", "max").error == "forbidden"
    for said in ("补货 KFD 5", "撤销", "查 KFD", "后台"):
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
        return bool(change["before"] != change["after"])
    movement = db.read(lambda tx: tx.get_one(StockMovement, change["movement"]).model_dump())
    return any(movement[level] for level in ("delta_on_hand", "delta_reserved"))


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
