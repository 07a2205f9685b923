"""Members, chats and open questions: who may what, who hears what, who was asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from store import chats, dialogues, members, outbox, shop
from store.db import Database
from store.errors import LastOwnerError, MemberNotFoundError
from store.members import MemberView
from tests.fakes.clock import FakeClock


def seen(db: Database, user_id: str, name: str = "", platform: str = "feishu") -> MemberView:
    return db.run(lambda tx: members.seen(tx, platform=platform, user_id=user_id, name=name))


def grant(db: Database, user_id: str, role: str) -> MemberView:
    return db.run(lambda tx: members.set_role(tx, platform="feishu", user_id=user_id, role=role))


def role(db: Database, user_id: str) -> str:
    member = db.read(lambda tx: members.member(tx, "feishu", user_id))
    assert member is not None
    return member.role


def find(db: Database, words: str) -> str:
    return db.read(lambda tx: members.find(tx, words)).actor


def test_a_stranger_has_no_role_and_keeps_the_name_they_use(db: Database) -> None:
    assert db.read(lambda tx: members.member(tx, "feishu", "ou_1")) is None
    assert (seen(db, "ou_1", "小安").role, seen(db, "ou_1").name) == ("none", "小安")
    assert seen(db, "ou_1", "安安").name == "安安"
    assert seen(db, "ou_1", "x" * 500).name == "x" * 120


def test_ids_are_told_apart_by_platform_and_case(db: Database) -> None:
    for user_id, platform in (("ou_a", "feishu"), ("OU_A", "feishu"), ("ou_a", "wecom")):
        seen(db, user_id, "小安", platform)
    grant(db, "ou_a", "owner")

    assert (role(db, "ou_a"), role(db, "OU_A")) == ("owner", "none")
    wecom = db.read(lambda tx: members.member(tx, "wecom", "ou_a"))
    assert wecom is not None
    assert wecom.role == "none"


def test_a_person_is_named_by_id_or_by_a_name_nobody_else_has(db: Database) -> None:
    seen(db, "ou_1", "小安")
    seen(db, "ou_2", "小苏")
    seen(db, "ou_3", "小苏")

    assert find(db, "@小安") == find(db, "OU_1") == find(db, "feishu:ou_1") == "feishu:ou_1"
    for words in ("小苏", "nobody", "", "小"):
        with pytest.raises(MemberNotFoundError):
            find(db, words)


def test_a_role_can_be_given_before_somebody_is_seen(db: Database) -> None:
    assert grant(db, "ou_9", "staff").role == "none"
    assert role(db, "ou_9") == "staff"
    assert grant(db, "ou_9", "staff").role == "staff"
    with pytest.raises(ValueError, match="king"):
        grant(db, "ou_9", "king")


def test_a_shop_keeps_an_owner(db: Database) -> None:
    grant(db, "ou_1", "owner")
    assert db.read(members.owned)

    with pytest.raises(LastOwnerError):
        grant(db, "ou_1", "staff")
    grant(db, "ou_2", "owner")
    grant(db, "ou_1", "staff")
    assert [(member.user_id, member.role) for member in db.read(members.listed)] == [
        ("ou_2", "owner"),
        ("ou_1", "staff"),
    ]


def test_two_owners_who_demote_each_other_leave_one(db: Database) -> None:
    grant(db, "ou_1", "owner")
    grant(db, "ou_2", "owner")

    def demote(user_id: str) -> str:
        try:
            return grant(db, user_id, "none").role
        except LastOwnerError:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(demote, ("ou_1", "ou_2")))

    assert outcomes == ["owner", "refused"]
    assert len(db.read(members.listed)) == 1


def test_many_who_see_the_same_person_at_once_see_one(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: seen(db, "ou_1", "小安"), range(16)))

    assert find(db, "小安") == "feishu:ou_1"


# Chats.


def bind(db: Database, chat_id: str) -> bool:
    return db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id=chat_id, kind="group"))


def hears(db: Database, chat_id: str = "g1") -> dict[str, str]:
    found = db.read(lambda tx: chats.subscriptions(tx, "feishu", chat_id))
    return {each.topic: each.at for each in found}


def published(db: Database, topic: str) -> int:
    return db.run(lambda tx: outbox.publish(tx, topic=topic, kind="k", key=topic, payload={}))


def test_a_bound_chat_hears_of_everything_once(db: Database) -> None:
    assert bind(db, "g1")
    assert not bind(db, "g1")
    assert hears(db) == {"all": ""}
    assert [published(db, topic) for topic in chats.TOPICS] == [1] * len(chats.TOPICS)


def test_leaving_one_topic_keeps_the_others(db: Database) -> None:
    bind(db, "g1")

    def leave(topic: str) -> bool:
        where = {"platform": "feishu", "chat_id": "g1"}
        return db.run(lambda tx: chats.unsubscribe(tx, **where, topic=topic))

    assert leave("orders")
    assert set(hears(db)) == set(chats.TOPICS) - {"orders"}
    assert not leave("orders")
    assert published(db, "orders") == 0
    for topic in chats.TOPICS:
        leave(topic)
    assert hears(db) == {}


def test_a_topic_of_its_own_has_its_own_time_and_is_said_once(db: Database) -> None:
    bind(db, "g1")
    bind(db, "g2")
    db.run(
        lambda tx: chats.subscribe(tx, platform="feishu", chat_id="g1", topic="summary", at="20:30")
    )

    assert hears(db) == {"all": "", "summary": "20:30"}
    assert db.read(lambda tx: chats.subscribers(tx, "summary")) == [
        ("feishu:g1", "20:30"),
        ("feishu:g2", ""),
    ]
    assert published(db, "summary") == 2


def test_only_a_bound_chat_can_subscribe(db: Database) -> None:
    with pytest.raises(ValueError, match="bound"):
        db.run(lambda tx: chats.subscribe(tx, platform="feishu", chat_id="g1", topic="orders"))


def test_an_event_is_queued_once_for_each_chat(db: Database) -> None:
    bind(db, "g1")
    published(db, "orders")
    published(db, "orders")

    assert db.read(outbox.backlog)[0] == 1


# Open questions.


def ask(db: Database, user_id: str, command: str, chat_id: str = "g1") -> int:
    return db.run(
        lambda tx: dialogues.ask(
            tx,
            platform="feishu",
            chat_id=chat_id,
            user_id=user_id,
            kind="confirm",
            command={"intent": command},
            ttl=timedelta(minutes=5),
        )
    )


def open_question(db: Database, user_id: str, chat_id: str = "g1") -> str | None:
    found = db.read(
        lambda tx: dialogues.current(tx, platform="feishu", chat_id=chat_id, user_id=user_id)
    )
    return None if found is None else str(found.command["intent"])


def test_a_person_has_one_open_question_in_a_chat(db: Database) -> None:
    first, second = ask(db, "ann", "delist"), ask(db, "ann", "refund")
    ask(db, "ann", "export", "g2")
    ask(db, "bob", "ship")

    assert second > first
    assert (open_question(db, "ann"), open_question(db, "ann", "g2")) == ("refund", "export")
    asked = db.read(lambda tx: dialogues.in_chat(tx, platform="feishu", chat_id="g1"))
    assert [each.user_id for each in asked] == ["bob", "ann"]


def test_a_question_ends_with_its_time_or_its_answer(db: Database, clock: FakeClock) -> None:
    ask(db, "ann", "delist")
    clock.advance(minutes=4, seconds=59)
    assert open_question(db, "ann") == "delist"
    clock.advance(seconds=1)
    assert open_question(db, "ann") is None

    ask(db, "ann", "refund")
    where = {"platform": "feishu", "chat_id": "g1", "user_id": "ann"}
    assert db.run(lambda tx: dialogues.close(tx, **where))
    assert not db.run(lambda tx: dialogues.close(tx, **where))
    assert open_question(db, "ann") is None


def test_the_shop_is_open_until_somebody_closes_it(db: Database) -> None:
    def put(*, open_: bool) -> bool:
        return db.run(lambda tx: shop.set_open(tx, open=open_, actor="ann"))

    assert db.read(shop.is_open)
    assert [put(open_=True), put(open_=False), put(open_=False)] == [False, True, False]
    assert not db.read(shop.is_open)
    assert put(open_=True)
    assert db.read(shop.is_open)


def test_a_question_gets_a_number_nobody_had_before(db: Database) -> None:
    """A button of an old question carries its number."""
    where = {"platform": "feishu", "chat_id": "g1", "user_id": "ann"}
    numbers = []
    for _ in range(3):
        numbers.append(ask(db, "ann", "delist"))
        db.run(lambda tx: dialogues.close(tx, **where))

    assert len(set(numbers)) == 3
