"""What platforms send is handled once, in order per chat, with its files, whatever runs beside."""

import threading
from dataclasses import replace

import pytest

from bot.delivery import Leftovers
from bot.messages import Arrival, Attachment, FileRef, Message
from bot.platforms.base import Inbound, SendError, TooLargeError
from store import chats, members, skus
from store.db import Database
from store.errors import SkuNotFoundError
from tests.fakes.clock import FakeClock
from tests.shop import Talk, fill
from webhooks.reception import Reception

SHEET = Attachment("a.csv", "text/csv", "name,price\n新茶,88.00\n".encode())


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


def import_of(talk: Talk, who: str = "ann") -> Message:
    return talk.message("导入", who, files=(FileRef("a.csv", {"key": 1}),))


def answer(talk: Talk, message: Message) -> str:
    """What was answered to a message that was handled."""
    accepted = talk.dispatcher.receive(message)
    assert accepted.duplicate
    return str(accepted.reply)


def test_the_sweeper_leaves_alone_what_a_lane_is_busy_with(talk: Talk) -> None:
    release, message = threading.Event(), import_of(talk)

    def slow(_: Message) -> tuple[Attachment, ...]:
        assert release.wait(10)
        return (SHEET,)

    reception = Reception(talk.dispatcher, fetch=slow)
    reception.accept(message)
    leftovers = Leftovers(talk.db, reception.pick_up)
    for _ in range(3):
        leftovers.sweep()
    release.set()
    reception.close()
    assert "新茶" in answer(talk, message)


def test_what_a_crash_left_behind_is_handled_with_its_files(talk: Talk) -> None:
    message = import_of(talk)
    talk.dispatcher.receive(message)  # and then the process was killed
    reception = Reception(talk.dispatcher, fetch=lambda _: (SHEET,))
    assert Leftovers(talk.db, reception.pick_up).sweep(at_once=True) == 1
    reception.close()
    assert "新茶" in answer(talk, message)


def test_nobodys_files_are_fetched_who_may_do_nothing_with_them(talk: Talk) -> None:
    fetched: list[str] = []

    def fetch(message: Message) -> tuple[Attachment, ...]:
        fetched.append(message.user_id)
        return (SHEET,)

    reception = Reception(talk.dispatcher, fetch=fetch)
    for who in ("may", "vic", "stranger", "max"):
        reception.accept(import_of(talk, who))
    reception.accept(talk.message("看看这个", "ann", files=(FileRef("a.csv", {}),)))
    reception.close()
    assert fetched == ["max"]


def test_a_file_that_cannot_be_fetched_is_asked_for_again(talk: Talk) -> None:
    def away(_: Message) -> tuple[Attachment, ...]:
        raise SendError("no answer in time", unreachable=True)

    message = import_of(talk)
    reception = Reception(talk.dispatcher, fetch=away)
    reception.accept(message)
    reception.close()
    assert "没有收到文件" in answer(talk, message)
    with pytest.raises(SkuNotFoundError):
        talk.db.read(lambda tx: skus.one(tx, "新茶"))


def test_a_file_that_is_too_large_is_told_its_limit(talk: Talk) -> None:
    def large(_: Message) -> tuple[Attachment, ...]:
        raise TooLargeError("the file is larger than 10 MiB")

    message = import_of(talk)
    reception = Reception(talk.dispatcher, fetch=large)
    reception.accept(message)
    reception.close()
    assert "文件太大，最多 10 MB" in answer(talk, message)


def test_a_group_that_is_told_of_again_is_greeted_and_parted_from_once(talk: Talk) -> None:
    parted: list[str] = []
    reception = Reception(talk.dispatcher, part=lambda arrival: parted.append(arrival.key))
    came = Arrival("feishu", "oc_1", "e1", name="一店")
    for _ in range(3):
        reception.hear(Inbound(arrivals=(came,)))
    talk.db.run(lambda tx: chats.disable(tx, platform="feishu", chat_id="oc_1", reason="x"))
    reception.hear(Inbound(arrivals=(came,)))  # Feishu repeats itself for seven hours
    reception.close()
    chat = talk.db.read(lambda tx: chats.chat(tx, "feishu", "oc_1"))
    assert chat is not None
    assert (chat.name, chat.disabled) == ("一店", "x")


@pytest.mark.parametrize("known", [False, True])
def test_people_are_asked_for_their_names_once_and_after_the_answer(
    talk: Talk,
    known: bool,  # noqa: FBT001  (a parameter of the table)
) -> None:
    asked: list[str] = []

    def called(message: Message) -> str:
        asked.append(message.user_id)
        return "陈小姐"

    if known:
        talk.db.run(lambda tx: members.seen(tx, platform="console", user_id="new", name="小陈"))
    reception = Reception(talk.dispatcher, called=called)
    for _ in range(3):
        reception.accept(replace(talk.message("帮助", "new"), user_name=""))
    reception.close()
    assert asked == ([] if known else ["new"])
    person = talk.db.read(lambda tx: members.member(tx, "console", "new"))
    assert person is not None
    assert person.name == ("小陈" if known else "陈小姐")
