"""What nobody says to the bot is no command (fault row F51): quoted, forwarded, its own, edited."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import Message
from bot.platforms.feishu import events
from bot.platforms.wecom import robot_events
from store.db import Database
from tests.fakes.clock import FakeClock
from tests.integration.test_chat_roles import OWNER, owned, whole
from tests.shop import Talk, fill, on_hand

BOT = "ou_bot"
ORDER = "补货 KFD 100"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the database has no say in this."""
    return sqlite_url


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """A shop whose owner is on both platforms."""
    fill(db)
    db.run(owned)
    return Talk(db, clock)


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
