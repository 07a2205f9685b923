"""One message, one effect, one answer: permission, questions, confirmation, groups, faults."""

import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from bot.dispatcher import Dispatcher
from bot.messages import Reply, Role
from bot.registry import COMMANDS, Context, Example, Registry, ShopFacts, command
from store import audit, chats, inbox, members, skus, stock
from store.db import Database, Tx
from store.errors import BusyError
from store.models import Outbox, StockMovement
from tests.fakes.clock import FakeClock
from tests.shop import GROUP, PEOPLE, VAULT, Talk, fill, on_hand, place, spoken


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


def test_the_example_of_what_is_missing_is_about_the_product_that_was_named(talk: Talk) -> None:
    talk.say("补货", "sue")

    assert "补货 手冲壶 20" in talk.say("手冲壶", "sue").text


def test_an_offer_begins_with_the_commands_word_wherever_that_was_said(talk: Talk) -> None:
    reply = talk.say("今天补货咖啡豆20", "sue")

    assert [button.command for button in reply.buttons] == ["补货咖啡豆20"]
    assert "补货 今天补货" not in reply.text
    assert "今天补货咖啡豆20" in reply.text


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("咖啡全部8折", "影响大"),
        ("手冲壶新 10", "「手冲壶新 10」是不是这个意思"),
        ("改价 T恤 88", "会改 2 个商品"),
    ],
)
def test_a_confirmation_says_whether_it_is_large_or_unsure(
    talk: Talk, said: str, reason: str
) -> None:
    reasons = ("影响大", "是不是这个意思", "会改 2 个商品。")

    reply = talk.say(said, "ann")

    assert reply.outcome == "confirm"
    assert reason in reply.text
    if said != "咖啡全部8折":
        assert sum(other in reply.text for other in reasons) == 1


@pytest.mark.parametrize("said", ["2箱", "20块", "20左右", "大概20", "20多个", "2 boxes"])
def test_what_is_no_exact_number_of_units_is_asked_about_again(talk: Talk, said: str) -> None:
    talk.say("补货 手冲壶", "sue")

    assert talk.say(said, "sue").error == "invalid_request"

    assert on_hand(talk.db, "SCH") == 12
    talk.say("20", "sue")
    assert on_hand(talk.db, "SCH") == 32


@pytest.mark.parametrize(("said", "units"), [("还有9个", 9), ("剩9件", 9), ("没了", 0)])
def test_how_many_there_are_is_an_answer_whatever_else_it_sounds_like(
    talk: Talk, said: str, units: int
) -> None:
    talk.say("盘点 手冲壶", "sue")

    if talk.say(said, "sue").outcome == "confirm":
        talk.say("是", "sue")

    assert on_hand(talk.db, "SCH") == units


# -- at most once, for ever


def test_a_message_delivered_twice_takes_effect_once_and_gets_the_same_reply(talk: Talk) -> None:
    message = talk.message("咖啡豆+50")

    first, second = talk.dispatcher.answer(message), talk.dispatcher.answer(message)

    assert first == second
    assert on_hand(talk.db, "KFD") == 80


def test_ten_deliveries_at_the_same_instant_take_effect_once_and_agree(talk: Talk) -> None:
    message = talk.message("咖啡豆+50")
    workers = [talk.dispatcher, Talk(talk.db, talk.clock).dispatcher]
    start = threading.Barrier(10)

    def deliver(n: int) -> Reply | None:
        start.wait()
        return workers[n % 2].answer(message)

    with ThreadPoolExecutor(10) as pool:
        replies = set(pool.map(deliver, range(10)))

    assert len(replies) == 1
    assert replies != {None}
    assert on_hand(talk.db, "KFD") == 80


@pytest.mark.parametrize("hours", [7, 24, 47])
def test_a_redelivery_hours_later_is_recognised_by_another_process(
    talk: Talk, clock: FakeClock, hours: int
) -> None:
    message = talk.message("咖啡豆+50")
    first = talk.dispatcher.answer(message)

    clock.advance(minutes=hours * 60)

    assert Talk(talk.db, clock).dispatcher.answer(message) == first
    assert on_hand(talk.db, "KFD") == 80


def test_a_days_messages_replayed_change_nothing(talk: Talk) -> None:
    day = [talk.message(text) for text in ("咖啡豆+5", "咖啡豆 -2", "改价 咖啡豆 90", "撤销")]
    replies = [talk.dispatcher.answer(message) for message in day]
    before = _movements(talk.db)

    for _ in range(10):
        again = [talk.dispatcher.answer(message) for message in reversed(day)]
        assert again[::-1] == replies

    assert _movements(talk.db) == before


def test_the_reply_is_queued_once_with_the_effect_and_names_its_message(talk: Talk) -> None:
    message = talk.message("咖啡豆+50", group=True)
    row = talk.dispatcher.receive(message)

    for _ in range(2):
        talk.dispatcher.handle(row.id)

    queued = talk.db.read(
        lambda tx: tx.exec(
            select(Outbox.target, Outbox.payload).where(Outbox.kind == "reply")
        ).all()
    )
    assert [(target, p["to"], p["inbox_id"]) for target, p in queued] == [
        (f"console:{GROUP}", "ann", row.id)
    ]


# -- late messages


def test_a_write_first_seen_half_an_hour_late_is_offered_not_done(talk: Talk) -> None:
    reply = talk.say("咖啡豆+50", late=timedelta(minutes=31))

    assert reply.outcome == "confirm"
    assert "31 分钟前" in reply.text
    assert ("现有", "30 → 80") in reply.fields
    assert on_hand(talk.db, "KFD") == 30
    assert talk.say("是").outcome == "execute"
    assert on_hand(talk.db, "KFD") == 80


def test_a_question_is_answered_however_late_it_comes(talk: Talk) -> None:
    assert talk.say("查咖啡豆", late=timedelta(hours=9)).outcome == "execute"


def test_a_late_yes_confirms_nothing(talk: Talk) -> None:
    talk.say("盘点 手冲壶 0")

    talk.say("是", late=timedelta(minutes=6))

    assert on_hand(talk.db, "SCH") == 12


# -- confirmation


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("改价 手冲壶 980", "价格变化很大"),
        ("改价 手冲壶 9.80", "价格变化很大"),
        ("改价 T恤 69", "会改 2 个商品"),
        ("下架 T恤", "会改 2 个商品"),
        ("盘点 手冲壶 0", "变为 0"),
        ("补货 手冲壶 500", "倍"),
        ("上架 T恤 颜色=米色 尺寸=L 59", "以前没有过"),
        ("授权 阿May 店员", "先确认"),
        ("补货咖啡豆5个胡辣汤米线", "没听懂「胡辣汤米线」"),
    ],
)
def test_what_weighs_is_shown_before_it_is_done(talk: Talk, text: str, why: str) -> None:
    before = _state(talk.db)
    asked = talk.say(text)

    assert asked.outcome == "confirm"
    assert why in asked.text
    assert "→" in spoken(asked)
    assert _state(talk.db) == before
    assert talk.say(asked.buttons[0].command).error is None
    assert _state(talk.db) != before


def test_a_dismissed_question_changes_nothing_and_is_gone(talk: Talk) -> None:
    for no in ("否", "取消", "no"):
        talk.say("改价 手冲壶 980")
        assert "什么都没改" in talk.say(no).text
    assert "没有等待确认" in talk.say("是").text
    assert talk.db.read(lambda tx: skus.view(tx, "SCH")).price_fen == 9800


def test_a_confirmation_counts_once(talk: Talk) -> None:
    asked = talk.say("补货 手冲壶 500")

    talk.say(asked.buttons[0].command)
    again = talk.say(asked.buttons[0].command)

    assert "过期" in again.text
    assert on_hand(talk.db, "SCH") == 512


def test_a_question_expires_after_five_minutes(talk: Talk, clock: FakeClock) -> None:
    asked = talk.say("补货 手冲壶 500")

    clock.advance(minutes=5, seconds=1)

    assert "过期" in talk.say(asked.buttons[0].command).text
    assert on_hand(talk.db, "SCH") == 12


def test_a_button_of_an_older_question_does_not_answer_a_newer_one(talk: Talk) -> None:
    older = talk.say("补货 手冲壶 500")
    talk.say("补货 咖啡豆 5000")

    assert "过期" in talk.say(older.buttons[0].command).text
    assert (on_hand(talk.db, "SCH"), on_hand(talk.db, "KFD")) == (12, 30)


def test_looking_something_up_leaves_what_waits_for_a_yes(talk: Talk) -> None:
    talk.say("补货 手冲壶 500")
    talk.say("查咖啡豆")

    assert talk.say("是").intent == "restock"


def test_a_refused_value_leaves_no_question_open(talk: Talk) -> None:
    assert talk.say("上架 新壶 0元").error == "invalid_request"

    assert "没有等待确认" in talk.say("是").text
    assert talk.say("88").outcome == "clarify"


def test_a_choice_is_taken_by_its_number_or_a_part_of_its_label(talk: Talk) -> None:
    for said in ("1", "XL"):
        asked = talk.say("补货 T恤 3")
        assert asked.outcome == "clarify"
        assert len(asked.buttons) > 1
        assert talk.say(said if said == "1" else asked.buttons[0].label[1:]).intent == "restock"


def test_yes_to_the_only_suggestion_takes_it(talk: Talk) -> None:
    assert len(talk.say("补货 手冲罐 2").buttons) == 1

    assert talk.say("是").intent == "restock"


def test_what_changes_nothing_offers_no_undo(talk: Talk) -> None:
    reply = talk.say("开门")

    assert "撤销" not in [button.command for button in reply.buttons]


def test_a_new_command_replaces_the_open_question(talk: Talk) -> None:
    talk.say("补货 手冲壶 500")
    talk.say("补货 咖啡豆 1")

    assert "没有等待确认" in talk.say("是").text


def test_what_changed_since_it_was_shown_is_shown_again(talk: Talk) -> None:
    asked = talk.say("盘点 手冲壶 0", "sue", group=True)
    talk.say("扣减 手冲壶 2", "max")

    again = talk.say(asked.buttons[0].command, "sue", group=True)

    assert again.outcome == "confirm"
    assert "情况变了" in again.text
    assert ("现有", "10 → 0") in again.fields
    assert on_hand(talk.db, "SCH") == 10
    talk.say(again.buttons[0].command, "sue", group=True)
    assert on_hand(talk.db, "SCH") == 0


def test_only_whoever_was_asked_or_an_owner_confirms(talk: Talk) -> None:
    asked = talk.say("盘点 手冲壶 0", "sue", group=True)
    yes = asked.buttons[0].command

    assert talk.say(yes, "max", group=True).error == "forbidden"
    assert talk.maybe("是", "max", group=True, addressed=False) is None
    assert on_hand(talk.db, "SCH") == 12

    done = talk.say(yes, "ann", group=True)
    assert dict(done.fields)["操作人"] == PEOPLE["sue"][0]
    assert dict(done.fields)["确认人"] == PEOPLE["ann"][0]
    assert on_hand(talk.db, "SCH") == 0


def test_a_question_belongs_to_one_chat(talk: Talk) -> None:
    talk.say("盘点 手冲壶 0", group=True)

    assert "没有等待确认" in talk.say("是").text
    assert on_hand(talk.db, "SCH") == 12


def test_whoever_lost_their_role_meanwhile_confirms_nothing(talk: Talk) -> None:
    talk.say("盘点 手冲壶 0", "sue")
    _demote(talk.db, "sue")

    assert talk.say("是", "sue").error == "forbidden"
    assert on_hand(talk.db, "SCH") == 12


# -- questions


def test_what_is_missing_is_asked_for_once_and_the_answer_is_enough(talk: Talk) -> None:
    asked = talk.say("补货 咖啡豆")
    assert (asked.outcome, asked.error) == ("clarify", None)
    assert "数量" in asked.text

    assert talk.say("20件").outcome == "execute"
    assert on_hand(talk.db, "KFD") == 50


def test_several_missing_things_are_asked_for_one_after_the_other(talk: Talk) -> None:
    assert "商品" in talk.say("补货").text
    assert "数量" in talk.say("手冲壶").text
    assert talk.say("3").outcome == "execute"
    assert on_hand(talk.db, "SCH") == 15


def test_an_answer_that_cannot_be_is_asked_for_again(talk: Talk) -> None:
    talk.say("补货 咖啡豆")

    assert talk.say("-5").error == "invalid_request"
    assert talk.say("5").outcome == "execute"
    assert on_hand(talk.db, "KFD") == 35


def test_candidates_are_buttons_and_pressing_one_goes_on(talk: Talk) -> None:
    asked = talk.say("补货 T恤 5")

    assert (asked.outcome, asked.error) == ("clarify", "sku_ambiguous")
    assert {b.command for b in asked.buttons} == {"TX-B-L", "TX-H-L"}
    assert talk.say("TX-H-L").outcome == "execute"
    assert on_hand(talk.db, "TX-H-L") == 23


def test_the_missing_role_is_offered_as_buttons(talk: Talk) -> None:
    asked = talk.say("授权 阿May")

    assert "店员" in [b.label for b in asked.buttons]
    assert talk.say("店员").outcome == "confirm"


@pytest.mark.parametrize(("answer", "level"), [("已经拿走", 13), ("还在货架", 10)])
def test_a_count_of_goods_on_order_asks_whether_they_left_the_shelf(
    talk: Talk, answer: str, level: int
) -> None:
    place(talk.db, ("SCH", 3))
    asked = talk.say("盘点 手冲壶 10", "sue")
    assert [b.label for b in asked.buttons] == ["已拿走", "还在架上"]

    assert talk.say(answer, "sue").outcome == "execute"
    assert on_hand(talk.db, "SCH") == level


def test_another_persons_words_answer_no_question(talk: Talk) -> None:
    talk.say("补货 咖啡豆", "sue", group=True)

    assert talk.maybe("20", "max", group=True, addressed=False) is None
    assert on_hand(talk.db, "KFD") == 30


def test_chatter_is_not_taken_for_the_answer_to_a_question(talk: Talk) -> None:
    talk.say("补货", "sue", group=True)

    assert talk.maybe("中午吃什么", "sue", group=True, addressed=False) is None
    assert talk.say("咖啡豆", "sue", group=True, addressed=False).outcome == "clarify"


# -- groups


@pytest.mark.parametrize(
    "text", ["大家辛苦了", "我+1", "小明+1", "是", "好的", "查快递", "取消", "👍"]
)
def test_the_bot_stays_out_of_what_people_say_to_each_other(talk: Talk, text: str) -> None:
    assert talk.maybe(text, "sue", group=True, addressed=False) is None


@pytest.mark.parametrize("text", ["补货 咖啡豆 5", "咖啡豆+5", "咖啡豆还有多少", "缺货"])
def test_a_command_needs_no_mention(talk: Talk, text: str) -> None:
    assert talk.say(text, "sue", group=True, addressed=False).outcome == "execute"


def test_whoever_addresses_the_bot_gets_an_answer(talk: Talk) -> None:
    assert "帮助" in talk.say("今天天气真好", "sue", group=True).text


def test_the_first_command_of_an_owner_makes_a_group_the_shops(talk: Talk) -> None:
    with_staff = _in_new_group(talk, "补货 咖啡豆 5", "sue")
    assert with_staff.error == "forbidden"
    assert "店主" in with_staff.text
    assert on_hand(talk.db, "KFD") == 30

    assert "店里的群" in _in_new_group(talk, "补货 咖啡豆 5", "ann").text
    assert talk.db.read(lambda tx: chats.subscriptions(tx, "console", "new"))[0].topic == "all"
    assert "店里的群" not in _in_new_group(talk, "补货 咖啡豆 5", "sue").text


@pytest.mark.parametrize("text", ["帮助", "库存", "打烊"])
def test_any_command_of_an_owner_binds_a_group_once(talk: Talk, text: str) -> None:
    assert "店里的群" in _in_new_group(talk, text, "ann").text
    assert "店里的群" not in _in_new_group(talk, text, "ann").text


def test_a_group_where_the_bot_cannot_speak_unasked_is_bound_and_hears_nothing(
    db: Database, talk: Talk
) -> None:
    facts = ShopFacts(pushes=lambda _platform, chat_id: chat_id != "new")
    talk.dispatcher = Dispatcher(db, vault=VAULT, shop=facts)
    told = _in_new_group(talk, "帮助", "ann").text
    assert "店里的群" in told
    assert "不能主动说话" in told
    assert db.read(lambda tx: chats.subscriptions(tx, "console", "new")) == []
    assert _in_new_group(talk, "订阅 订单", "ann").error == "invalid_request"
    assert db.read(lambda tx: chats.subscriptions(tx, "console", "new")) == []


@pytest.mark.parametrize("text", ["今天天气真好", "补货 不存在的东西 5"])
def test_what_is_no_command_binds_nothing(talk: Talk, text: str) -> None:
    assert "店里的群" not in _in_new_group(talk, text, "ann").text
    assert "店里的群" in _in_new_group(talk, "帮助", "ann").text


def test_silence_in_an_unbound_group_stays_silence(talk: Talk) -> None:
    message = talk.message("大家辛苦了", "ann", group=True, addressed=False)
    assert talk.dispatcher.answer(message) is None


# -- the terminal's role


def test_a_role_for_one_call_holds_for_that_call(talk: Talk) -> None:
    as_viewer = talk.dispatcher.answer(talk.message("补货 咖啡豆 5", "ann"), Role.VIEWER)
    as_staff = talk.dispatcher.answer(talk.message("补货 咖啡豆 5", "may"), Role.STAFF)

    assert as_viewer is not None
    assert as_viewer.error == "forbidden"
    assert as_staff is not None
    assert as_staff.error is None
    assert talk.say("补货 咖啡豆 5", "may").error == "forbidden"


# -- what goes wrong


def test_a_bug_is_logged_once_under_a_reference_and_the_next_message_is_answered(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher = Dispatcher(talk.db, vault=VAULT, registry=_with_broken_command())
    message = talk.message("摔")

    with caplog.at_level(logging.ERROR, logger="bot.dispatcher"):
        reply = dispatcher.answer(message)

    assert reply is not None
    [record] = caplog.records
    assert reply.text == f"没有成功，编号 {record.__dict__['reference']}"
    assert reply.error == "internal_error"
    assert on_hand(talk.db, "KFD") == 30
    assert dispatcher.answer(message) == reply
    assert dispatcher.answer(talk.message("补 1")) is not None


def test_a_refusal_half_way_leaves_nothing_behind(talk: Talk) -> None:
    dispatcher = Dispatcher(talk.db, vault=VAULT, registry=_with_broken_command())

    reply = dispatcher.answer(talk.message("半途"))

    assert reply is not None
    assert reply.error == "insufficient_stock"
    assert on_hand(talk.db, "KFD") == 30


def test_a_message_that_finds_the_database_busy_waits_and_is_handled_later(
    database_url: str, clock: FakeClock
) -> None:
    patient, hasty = (Database(database_url, now=clock, busy_timeout_s=s) for s in (5, 1))
    fill(patient)
    talk = Talk(hasty, clock)
    row = talk.dispatcher.receive(talk.message("咖啡豆+50"))
    locked, done = threading.Event(), threading.Event()

    def wait_with_the_lock(tx: Tx) -> None:
        stock.lock(tx, ["KFD"])
        locked.set()
        done.wait(60)

    def hold() -> None:
        patient.run(wait_with_the_lock)

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    try:
        with pytest.raises(BusyError):
            talk.dispatcher.handle(row.id)
    finally:
        done.set()
        holder.join()

    assert hasty.read(inbox.waiting) == [row.id]
    assert talk.dispatcher.handle(row.id) is not None
    assert on_hand(hasty, "KFD") == 80
    patient.close()
    hasty.close()


def test_a_deadlock_inside_a_command_runs_the_whole_message_again(talk: Talk) -> None:
    meet = threading.Barrier(2)
    registry = Registry()
    _locks(registry, "forth", ("KFD", "SCH"), meet)
    _locks(registry, "back", ("SCH", "KFD"), meet)
    dispatcher = Dispatcher(talk.db, vault=VAULT, registry=registry)
    messages = [talk.message("forth", "ann"), talk.message("back", "sue")]

    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(dispatcher.answer, messages))

    assert [reply.error for reply in replies if reply] == [None, None]
    assert (on_hand(talk.db, "KFD"), on_hand(talk.db, "SCH")) == (32, 14)


def test_figures_are_told_of_every_message(db: Database, clock: FakeClock) -> None:
    fill(db)
    told: list[tuple[str, str]] = []
    talk = Talk(db, clock, observe=lambda intent, outcome, _: told.append((intent, outcome)))

    talk.say("补货 咖啡豆 5")
    talk.say("补货 咖啡豆 5", "vic")
    talk.maybe("大家辛苦了", group=True, addressed=False)

    assert told == [("restock", "execute"), ("restock", "forbidden"), ("unknown", "ignore")]


def test_an_answer_quotes_nobody_who_reorders_the_line(talk: Talk) -> None:
    assert "\u202e" not in spoken(talk.say("查 壶\u202e名"))


def test_text_no_database_keeps_is_answered_all_the_same(talk: Talk) -> None:
    assert talk.say("补货 \ud800\0 5").text


def test_english_is_spoken_where_it_is_set(talk: Talk) -> None:
    dispatcher = Dispatcher(talk.db, vault=VAULT, language="en")
    reply = dispatcher.answer(talk.message("restock Linen Tote 5", "sue"))

    assert reply is not None
    assert ("On hand", "40 → 45") in reply.fields
    assert 'Send "undo"' in reply.text


PIECES = st.sampled_from(
    [word for c in COMMANDS for word in c.words]
    + ["咖啡豆", "手冲壶", "T恤", "白色", "KFD", "1", "5", "20", "0", "-3", "¥88", "#1033", "1033"]
    + ["颜色=白", "库存30", "预警", "今天", "顺丰", "店员", "小苏", "?", "吗", "+", "-", "是", "否"]
)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=5).map(" ".join)),
            st.sampled_from(list(PEOPLE)),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_said_the_bot_answers_and_the_stock_can_be_explained(
    sqlite_url: str, said: list[tuple[str, str, bool]]
) -> None:
    clock = FakeClock()
    db = Database(sqlite_url, now=clock)
    if not db.read(members.listed):
        fill(db)
    talk = Talk(db, clock, prefix=uuid.uuid4().hex)
    for text, who, group in said:
        reply = talk.maybe(text, who, group=group, addressed=group)
        assert reply is None or reply.error != "internal_error", text
        assert group or reply is not None

    assert db.read(audit.check).faults == ()
    db.close()


def _in_new_group(talk: Talk, text: str, who: str) -> Reply:
    reply = talk.dispatcher.answer(replace(talk.message(text, who, group=True), chat_id="new"))
    assert reply is not None
    return reply


def _with_broken_command() -> Registry:
    registry = Registry()
    examples = (Example("摔"),)

    @command(
        "broken", words=("摔",), role=Role.STAFF, help="", examples=examples, registry=registry
    )
    def broken(ctx: Context) -> Reply:
        stock.receive(ctx.tx, sku="KFD", quantity=1, cause=ctx.cause)
        raise ZeroDivisionError

    @command(
        "half", words=("半途",), role=Role.STAFF, help="", examples=examples, registry=registry
    )
    def half(ctx: Context) -> Reply:
        stock.receive(ctx.tx, sku="KFD", quantity=1, cause=ctx.cause)
        stock.deduct(ctx.tx, sku="SCH", quantity=999, cause=ctx.cause)
        return Reply(text="never")

    return registry


def _locks(
    registry: Registry, intent: str, codes: tuple[str, str], meet: threading.Barrier
) -> None:
    """A command that takes one SKU, waits until the other has its own, then wants the second."""

    @command(
        intent,
        words=(intent,),
        role=Role.STAFF,
        writes=True,
        help="",
        examples=(Example(intent),),
        registry=registry,
    )
    def run(ctx: Context) -> Reply:
        stock.receive(ctx.tx, sku=codes[0], quantity=1, cause=ctx.cause)
        with suppress(threading.BrokenBarrierError):
            meet.wait(1)
        stock.receive(ctx.tx, sku=codes[1], quantity=1, cause=ctx.cause)
        return Reply(text="done")


def _demote(db: Database, who: str) -> None:
    db.run(lambda tx: members.set_role(tx, platform="console", user_id=who, role="viewer"))


def _movements(db: Database) -> int:
    return db.read(lambda tx: tx.exec(select(func.count()).select_from(StockMovement)).one())


def _state(db: Database) -> list[object]:
    people = db.read(members.listed)
    found, _ = db.read(lambda tx: skus.page(tx, limit=100))
    return [people, [(s.code, s.price_fen, s.on_hand, s.status) for s in found]]


def test_a_role_word_inside_a_name_belongs_to_the_name(talk: Talk, db: Database) -> None:
    db.run(lambda tx: members.seen(tx, platform="console", user_id="boss", name="王老板"))

    asked = talk.say("授权 王老板 店员")

    assert (asked.outcome, asked.error) == ("confirm", None)


@pytest.mark.parametrize("words", ["把那个订单取消", "刚才那个单取消"])
def test_an_order_is_not_the_product_just_spoken_of(talk: Talk, words: str) -> None:
    talk.say("查 手冲壶")

    assert talk.say(words).outcome == "clarify"
