"""What is not understood is named, with one right example; help speaks of this shop's own goods."""

import pytest

from bot.messages import Press
from bot.registry import COMMANDS
from store import chats, members, skus
from store.db import Database, Tx
from store.skus import SkuDraft
from tests.fakes.clock import FakeClock
from tests.integration.test_pressing import Group
from tests.shop import PEOPLE, SETUP, Talk, fill, on_hand, spoken

BOWL = SkuDraft(name="青花瓷碗", price_fen=3900, reorder_point=3, stock=24, code="QHW")


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """A shop that has nothing of what the manual sells."""
    db.run(_people)
    db.run(lambda tx: skus.add(tx, BOWL, cause=SETUP))
    clock.advance(minutes=1)
    return Talk(db, clock)


def _people(tx: Tx) -> None:
    for user_id, (name, role) in PEOPLE.items():
        members.seen(tx, platform="console", user_id=user_id, name=name)
        members.set_role(tx, platform="console", user_id=user_id, role=role.word)
    tx.changes.clear()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("呼啦圈", ("「呼啦圈」", "查 青花瓷碗")),
        ("补货 青花瓷碗", ("数量", "补货 青花瓷碗 20")),
        ("补货 青花瓷碗 abc", ("「abc」", "补货 青花瓷碗 20")),
        ("改价 青花瓷碗 便宜点", ("「便宜点」", "改价 青花瓷碗 128元")),
        ("补货", ("商品", "补货 青花瓷碗 20")),
        ("盘点 青花瓷碗", ("实数", "盘点 青花瓷碗 10")),
        ("青花瓷碗 一百", ("青花瓷碗 一百", "补货 青花瓷碗 一百")),
        ("补货 青花瓷 碟 5", ("青花瓷",)),
    ],
)
def test_what_was_not_understood_is_named_with_an_example_of_this_shop(
    talk: Talk, said: str, named: tuple[str, ...]
) -> None:
    reply = talk.say(said, "max")

    assert reply.outcome == "clarify"
    for words in named:
        assert words in spoken(reply)
    assert "咖啡豆" not in spoken(reply)
    assert on_hand(talk.db, "QHW") == 24


def test_a_stranger_learns_no_goods_from_a_question(talk: Talk) -> None:
    assert "青花瓷碗" not in spoken(talk.say("呼啦圈", "may"))
    assert "青花瓷碗" not in spoken(talk.say("青花瓷碗 一百", "may"))
    assert "青花瓷碗" not in spoken(talk.say("帮助 上手", "may"))


def test_a_bare_number_offers_what_the_speaker_may_do_with_it(talk: Talk) -> None:
    offered = {who: talk.say("青花瓷碗 100", who).buttons for who in ("max", "sue", "vic")}

    labels = {who: [button.label for button in buttons] for who, buttons in offered.items()}
    assert labels == {"max": ["补货", "盘点", "改价"], "sue": ["补货", "盘点"], "vic": []}
    assert [b.label for b in talk.say("青花瓷碗 12.5", "max").buttons] == ["改价"]


def test_people_who_talk_with_each_other_are_not_asked(talk: Talk) -> None:
    assert talk.maybe("青花瓷碗 100", "max", group=True, addressed=False) is None


def test_what_was_offered_is_done_by_a_press_of_whoever_asked_once(
    db: Database, clock: FakeClock
) -> None:
    fill(db)
    db.run(_fakes)
    group = Group(db, clock)
    group.say("咖啡豆 15", "sue")
    card = group.card("reply")
    other = group.press(card, "补货", "max")
    assert other is not None
    assert other.error == "forbidden"

    pressed = group.button(card, "补货")
    done = group.press(card, "补货", "sue")
    assert done is not None
    assert (done.intent, done.error) == ("restock", None)
    assert on_hand(db, "KFD") == 45
    again = group.press_raw(Press(card, pressed), "sue")
    assert again is not None
    assert again.error == "wrong_state"
    assert on_hand(db, "KFD") == 45
    group.sender.stop()


def _fakes(tx: Tx) -> None:
    for user_id, (name, role) in PEOPLE.items():
        members.seen(tx, platform="fake", user_id=user_id, name=name)
        members.set_role(tx, platform="fake", user_id=user_id, role=role.word)
    chats.bind(tx, platform="fake", chat_id="g", kind="group")


def test_help_shows_examples_with_the_shops_own_goods(talk: Talk) -> None:
    assert "「查 青花瓷碗」" in talk.say("帮助").text
    shown = spoken(talk.say("帮助 补货"))
    assert "补货 青花瓷碗 20" in shown
    assert "咖啡豆" not in shown


def test_examples_of_help_are_understood_and_answered_here(talk: Talk) -> None:
    for intent in ("restock", "deduct", "stocktake", "query_stock", "set_price", "ledger"):
        command = COMMANDS[intent]
        examples = dict(talk.say(f"帮助 {command.words[0]}").fields)["例子"].split("\n")
        for example in examples:
            if "0" in example.split() or "¥" in example:
                continue
            reply = talk.say(example)
            assert reply.intent == intent, example
            assert reply.error is None, example


def test_the_manuals_goods_stay_where_the_shop_has_them(db: Database, clock: FakeClock) -> None:
    fill(db)
    assert "补货 咖啡豆 20" in spoken(Talk(db, clock).say("帮助 补货"))


def toured(talk: Talk, said: str) -> list[str]:
    """What the tour tells to send, step by step; each is sent before the next is asked for."""
    typed = []
    step = talk.say(said, "max")
    for _ in range(5):
        typed.append(step.fields[0][1])
        done = talk.say(typed[-1], "max")
        assert (done.outcome, done.error) == ("execute", None), typed[-1]
        if step.buttons:
            step = talk.say(step.buttons[0].command, "max")
    assert step.buttons == ()
    return typed


def test_a_new_manager_is_shown_round_in_five_commands_that_work(talk: Talk) -> None:
    typed = toured(talk, "帮助 上手")

    assert typed == ["查 青花瓷碗", "补货 青花瓷碗 5", "撤销", "盘点 青花瓷碗 24", "汇总 今天"]
    assert on_hand(talk.db, "QHW") == 24


def test_a_step_of_the_tour_says_where_it_is_and_the_last_what_else_there_is(talk: Talk) -> None:
    first, last = talk.say("新手教程", "max"), talk.say("帮助 上手 5", "max")

    assert first.title == "上手：第 1 步，共 5 步"
    assert [button.label for button in first.buttons] == ["下一步"]
    assert last.title == "上手：第 5 步，共 5 步"
    assert "盘点开始" in last.text
    assert "盘点开始" not in first.text


@pytest.mark.parametrize("said", ["帮助 上手 0", "帮助 上手 6", "帮助 上手 -1", "帮助 上手 1.5"])
def test_a_step_that_the_tour_does_not_have_is_no_fault(talk: Talk, said: str) -> None:
    assert talk.say(said, "max").error in {None, "invalid_request"}


def test_the_tour_of_an_empty_shop_begins_with_a_first_product(
    db: Database, clock: FakeClock
) -> None:
    db.run(_people)
    talk = Talk(db, clock)
    assert talk.say("帮助 上手 3", "max").fields == talk.say("帮助 上手", "max").fields

    ahead = talk.say("帮助 上手 2", "max")
    assert "还没有商品" in ahead.text
    assert [button.command for button in ahead.buttons] == ["帮助 上手 2", "帮助 上手 5"]
    assert talk.say("帮助 上手 5", "max").fields[0][1] == "汇总 今天"

    typed = toured(talk, "帮助 上手")

    assert typed[0].startswith("上架 ")
    assert len(typed) == 5


def test_the_tour_is_given_in_english_too(talk: Talk) -> None:
    talk.say("language en", "max")
    assert toured(talk, "help tour")[1] == "restock 青花瓷碗 5"


def test_whoever_may_only_look_gets_the_list(talk: Talk) -> None:
    assert talk.say("帮助 上手", "vic").title == "我会这些"


def test_help_begins_with_what_is_done_every_day_and_offers_nothing_that_cannot_be(
    talk: Talk,
) -> None:
    reply = talk.say("帮助", "ann")
    assert reply.table is not None
    listed = [word for word, _ in reply.table.rows]

    assert listed[:4] == ["补货", "查库存", "改价", "盘点"]
    assert not {"退款", "海报", "图片"} & set(listed)
    assert "海报还不会做" in talk.say("海报", "ann").text  # it is answered all the same
    assert len(listed) == len(set(listed)) > 30


# -- the language of a chat


@pytest.mark.parametrize("said", ["语言", "language", "换语言"])
def test_a_language_that_is_not_named_is_offered_by_its_own_name(talk: Talk, said: str) -> None:
    offered = talk.say(said, "max")

    assert [button.label for button in offered.buttons] == ["中文", "English"]
    assert talk.say(offered.buttons[1].command, "max").error is None
    assert talk.say("stock 青花瓷碗", "max").fields[0][0] == "Code"
    back = talk.say("语言", "max")
    talk.say(back.buttons[0].command, "max")
    assert talk.say("查 青花瓷碗", "max").fields[0][0] == "编码"


def test_a_language_is_a_chats_own(talk: Talk) -> None:
    talk.say("language en", "max")
    assert talk.say("stock 青花瓷碗", "max").fields[0][0] == "Code"
    assert talk.say("查 青花瓷碗", "ann").fields[0][0] == "编码"


def test_the_answer_to_a_switch_is_in_the_new_language(talk: Talk) -> None:
    assert "reverse" in spoken(switched := talk.say("language en", "max"))
    assert switched.title == "Language"
    assert [button.label for button in switched.buttons] == ["Undo"]
    assert "发「撤销」可恢复" in spoken(talk.say("language zh", "max"))


def test_an_english_chat_is_offered_english_words(talk: Talk) -> None:
    talk.say("language en", "max")

    shown = talk.say("help start count", "max")

    assert [button.label for button in shown.buttons] == ["start count"]
    words = dict(shown.fields)["Words"]
    assert "、" not in words
    assert "start count, start stocktake" in words


def test_a_clerk_does_not_change_the_language(talk: Talk) -> None:
    assert talk.say("语言", "sue").error == "forbidden"


# -- a write without a word


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("手冲壶 12.5", ["改价"]),
        ("手冲壶 21，咖啡豆 18", ["补货", "盘点", "改价"]),
        ("手冲壶 21\n咖啡豆 18", []),
    ],
)
def test_goods_and_numbers_without_a_word_write_nothing(
    db: Database, clock: FakeClock, said: str, labels: list[str]
) -> None:
    fill(db)
    clock.advance(minutes=1)
    talk = Talk(db, clock)

    reply = talk.say(said, "max")

    assert reply.outcome == "clarify"
    assert [button.label for button in reply.buttons] == labels
    assert (on_hand(db, "SCH"), on_hand(db, "KFD")) == (12, 30)
    assert talk.maybe(said, "max", group=True, addressed=False) is None
