"""Every command, by its own examples: read, run and answered, by those who may and nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlmodel import col, select

from bot.messages import FileRef, Mention, Reply, Role
from bot.registry import COMMANDS, Command, Example
from store import attachments, chats, codes, members, skus
from store.db import Database, Tx
from store.models import AuditEntry, Outbox
from store.skus import SkuDraft
from tests.fakes.clock import FakeClock
from tests.shop import PEOPLE, SETUP, Talk, fill, on_hand, place, spoken

EXAMPLES = [pytest.param(c, e, id=e.text) for c in COMMANDS for e in c.examples]
RESTRICTED = [pytest.param(c, id=c.intent) for c in COMMANDS if c.role > Role.NONE]
WRITES = [pytest.param(c, id=c.intent) for c in COMMANDS if c.writes]
BEFORE = {  # by intent or example: so that there is something to do
    "undo": ("补货 绿茶 1",),
    "open_shop": ("打烊",),
    "stocktake_end": ("盘点开始", "盘点 手冲壶 10"),
    "取消定时": ("明天8点下架绿茶",),
    "cancel schedule": ("明天8点下架绿茶",),
}
WRITTEN_CODE = "7KQM-2XWD"


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    """A shop with an order that ends in 1033, sample goods of the demo, and a past."""
    fill(db)
    order_no = place(db, ("KFD", 2))
    db.run(lambda tx: _prepared(tx, order_no))
    clock.advance(minutes=1)
    return Talk(db, clock)


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_every_example_does_what_it_shows(talk: Talk, command: Command, example: Example) -> None:
    reply = _run(talk, command, example)

    assert (reply.intent, reply.outcome, reply.error) == (command.intent, example.outcome, None)
    assert example.reply in spoken(reply)


@pytest.mark.parametrize("command", WRITES)
def test_every_write_says_before_and_after_who_did_it_and_how_to_undo_it(
    talk: Talk, command: Command
) -> None:
    reply = _run(talk, command, command.examples[0])
    if reply.outcome == "confirm":
        reply = talk.say("是")

    assert "→" in spoken(reply)
    switched = command.intent == "language"  # to English, from this answer on
    who, undo = ("By", "undo") if switched else ("操作人", "撤销")
    assert dict(reply.fields)[who] in {PEOPLE["ann"][0], PEOPLE["may"][0]}
    assert undo in reply.text
    back = {undo, "撤回"}  # an undo's own button says it in other words
    assert command.undoable == any(button.command in back for button in reply.buttons)


@pytest.mark.parametrize("command", RESTRICTED)
def test_every_command_refuses_the_role_below(talk: Talk, command: Command) -> None:
    below = next(user for user, (_, role) in PEOPLE.items() if role == command.role - 1)

    reply = _run(talk, command, command.examples[0], who=below)

    assert (reply.error, reply.text) == ("forbidden", "这个操作需要更高的权限。")
    assert reply.fields == ()


@pytest.mark.parametrize("command", RESTRICTED)
def test_every_command_is_open_to_its_own_role(talk: Talk, command: Command) -> None:
    who = next(user for user, (_, role) in PEOPLE.items() if role == command.role)

    reply = _run(talk, command, command.examples[0], who=who)

    assert reply.error is None


def test_a_stranger_may_ask_for_help_and_sees_nothing_of_the_shop(talk: Talk) -> None:
    reply = talk.say("帮助", "may")

    assert reply.table is not None
    assert {row[0] for row in reply.table.rows} == {"我是店主", "帮助"}


def test_help_lists_what_the_asker_may_run_and_nothing_else(talk: Talk) -> None:
    def listed(who: str) -> set[str]:
        table = talk.say("帮助", who).table
        assert table is not None
        return {row[0] for row in table.rows}

    for user, (_, role) in PEOPLE.items():
        may = {c.intent for c in COMMANDS if c.role <= role and c.answers is None and c.offered}
        assert {named.intent for word in listed(user) if (named := COMMANDS.named(word))} == may


def test_the_owner_code_makes_its_sender_the_owner_and_works_once(talk: Talk) -> None:
    code = _owner_code(talk.db)

    assert talk.say(f"我是店主 {code}", "may").error is None
    assert talk.say("打烊", "may").error is None
    assert talk.say(f"我是店主 {code}", "vic").error == "bad_code"
    assert talk.say("打烊", "vic").error == "forbidden"


def test_a_used_owner_code_is_in_no_audit_entry(talk: Talk) -> None:
    code = _owner_code(talk.db)
    talk.say(f"我是店主 {code}", "may")

    said = talk.db.read(lambda tx: tx.exec(select(AuditEntry.slots)).all())
    assert said
    assert code not in str(said)


def test_the_link_to_the_desk_is_given_in_a_direct_chat_only(talk: Talk) -> None:
    assert "https://shop.example/admin?code=" in talk.say("后台").text
    told = talk.say("后台", group=True)
    assert (told.error, "http" in spoken(told)) == ("forbidden", False)


def test_an_address_is_one_line_for_staff_alone_with_the_bot(talk: Talk) -> None:
    assert talk.say("1033 地址", "sue").text == "王小明 13812345678 杭州市西湖区文三路 1 号"
    told = talk.say("地址 1033", "sue", group=True)
    assert told.error == "forbidden"
    assert "13812345678" not in spoken(told)
    assert talk.say("1033 地址", "vic").error == "forbidden"


def test_a_linked_person_has_one_role_on_both_platforms(talk: Talk) -> None:
    code = talk.say("绑定", "sue").text.rsplit(" ", 1)[-1]
    other = replace(talk.message(f"绑定 {code}", "x"), platform="feishu", user_id="ou_sue")
    assert (linked := talk.dispatcher.answer(other)) is not None
    assert linked.error is None
    assert _role(talk.db, "feishu", "ou_sue") == "staff"

    talk.say("授权 小苏 移除")
    talk.say("是")
    assert _role(talk.db, "console", "sue") == _role(talk.db, "feishu", "ou_sue") == "none"


def test_a_link_code_is_told_and_taken_in_direct_chats_and_works_once(talk: Talk) -> None:
    assert talk.say("绑定", "sue", group=True).error == "forbidden"
    code = _link_code(talk.db)
    assert talk.say(f"绑定 {code}", "may", group=True).error == "forbidden"
    assert talk.say(f"绑定 {code}", "may").error is None
    assert talk.say(f"绑定 {code}", "vic").error == "bad_code"
    assert talk.say(f"我是店主 {_link_code(talk.db)}", "vic").error == "bad_code"


def test_a_code_of_the_same_platform_links_nobody(talk: Talk) -> None:
    code = talk.say("绑定", "may").text.rsplit(" ", 1)[-1]
    assert talk.say(f"绑定 {code}", "ann").error == "invalid_request"
    assert _role(talk.db, "console", "may") == "none"


def test_whoever_would_lend_a_role_by_a_code_is_asked_first(talk: Talk) -> None:
    asked = talk.say(f"绑定 {_link_code(talk.db)}", "ann")  # perhaps a stranger's code
    assert asked.outcome == "confirm"
    assert "feishu:ou_may 也会成为店主" in spoken(asked)
    assert _role(talk.db, "feishu", "ou_may") == ""
    assert talk.say("是", "ann").error is None
    assert _role(talk.db, "feishu", "ou_may") == "owner"

    preview = talk.say("授权 feishu:ou_may 移除", "ann")
    assert preview.error == "last_owner"  # they are one person, and the only owner


@pytest.mark.parametrize("name", ["王店员", "陈老板", "移除", "小陈"])
@pytest.mark.parametrize("text", ["授权 店员 @{}", "授权 @{} 店员", "@{} 授权 店员"])
def test_a_mention_names_one_person_whatever_the_name_says(
    talk: Talk, text: str, name: str
) -> None:
    others = tuple(Mention(user, name) for user in ("ou_2",))
    talk.db.run(
        lambda tx: members.seen(tx, platform="console", user_id="ou_1", name=name)
    )  # somebody else of the same name
    asked = talk.say(text.format(name), people=others)
    assert asked.outcome == "confirm"
    talk.say("是")
    assert _role(talk.db, "console", "ou_2") == "staff"
    assert _role(talk.db, "console", "ou_1") == "none"


def test_a_picture_is_not_taken_for_a_sheet(talk: Talk) -> None:
    told = talk.say("", files=(FileRef("image", {"type": "image"}),))
    assert "图片我看不懂" in told.text


def test_everything_can_be_unsubscribed_from_after_one_thing_was(talk: Talk) -> None:
    talk.say("退订 变更", group=True)
    talk.say("退订 全部", group=True)
    assert chats_of(talk.db) == []
    talk.say("撤销", group=True)
    assert len(chats_of(talk.db)) == 3


def chats_of(db: Database) -> list[str]:
    heard = db.read(lambda tx: chats.subscriptions(tx, "console", "group-1"))
    return [row.topic for row in heard]


def test_a_change_of_goods_is_told_to_the_other_chats_only(talk: Talk) -> None:
    talk.db.run(lambda tx: chats.bind(tx, platform="console", chat_id="other", kind="group"))
    talk.say("手冲壶 改价 99", group=True)
    statement = select(Outbox.target).where(Outbox.kind == "sku_changed")
    told = talk.db.read(lambda tx: tx.exec(statement).all())
    assert told == ["console:other"]


def test_every_good_row_of_a_sheet_comes_in_or_none(talk: Talk) -> None:
    before = _levels(talk.db)
    broken = "code,name,price\nKFD,咖啡豆,89.00\nX-1,新品,abc\n".encode()
    number = talk.db.run(
        lambda tx: attachments.keep(tx, name="x.csv", mime="text/csv", content=broken)
    )
    warned = talk.say("导入", "max", files=(FileRef("x.csv", {"attachment": number}),))
    assert warned.outcome == "confirm"
    assert "3 有误 价格「abc」" in spoken(warned)
    talk.say("取消", "max")
    assert _levels(talk.db) == before

    asked = talk.say("导入", "max", files=_sheet(talk.db))
    assert asked.outcome == "confirm"
    assert "价格 ¥88 → ¥89" in spoken(asked)
    assert "咖啡豆" in spoken(asked)
    assert _levels(talk.db) == before
    assert talk.say("是", "max").error is None
    assert talk.db.read(lambda tx: skus.view(tx, "KFD")).price_fen == 8900


def test_goods_go_out_as_a_file_that_comes_in_unchanged(talk: Talk) -> None:
    told = talk.say("导出", "max")
    assert told.file is not None
    number = told.file
    kept = talk.db.read(lambda tx: attachments.stored(tx, number))
    assert kept is not None
    assert kept.name.endswith(".csv")
    assert "咖啡豆" in kept.content.decode("utf-8-sig")
    again = talk.say("导入", "max", files=(FileRef(kept.name, {"attachment": number}),))
    assert dict(again.fields)["新增"] == dict(again.fields)["修改"] == "0"


def test_a_contact_is_in_full_for_staff_in_a_direct_chat_and_masked_elsewhere(talk: Talk) -> None:
    assert "13812345678" in spoken(talk.say("订单 1033", "sue"))
    assert "13812345678" not in spoken(talk.say("订单 1033", "sue", group=True))
    assert "13812345678" not in spoken(talk.say("订单 1033", "vic"))


@pytest.mark.parametrize(
    ("texts", "code", "level"),
    [
        (["补货 咖啡豆 20", "撤销"], "KFD", 30),
        (["补货 咖啡豆 20", "撤销", "撤销"], "KFD", 50),
        (["扣减 手冲壶 2", "补货 手冲壶 5", "撤销"], "SCH", 10),
        (["盘点 手冲壶 9", "撤销"], "SCH", 12),
    ],
)
def test_undo_reverses_ones_own_last_write_and_can_be_undone(
    talk: Talk, texts: list[str], code: str, level: int
) -> None:
    for text in texts:
        assert talk.say(text, "sue").error is None

    assert on_hand(talk.db, code) == level


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("补货 咖啡豆 20", ("KFD 现有", "50 → 30")),
        ("改价 手冲壶 99", ("SCH 价格", "¥99 → ¥98")),
        ("下架 手冲壶", ("SCH 状态", "已下架 → 在售")),
        ("预警 手冲壶 0", ("SCH 预警线", "关闭 → 5")),
        ("打烊", ("店铺", "打烊 → 营业")),
        ("规格 T恤 颜色=白,黑 尺寸=L", ("规格", "颜色=白色,黑色 尺寸=L → 颜色 尺寸")),
        ("退订 变更", ("全部", "关闭 → 开启")),
    ],
)
def test_an_undo_says_what_it_was_and_what_it_is_now(
    talk: Talk, text: str, said: tuple[str, str]
) -> None:
    talk.say(text, group=True)

    assert said in talk.say("撤销", group=True).fields


def test_an_edit_of_several_fields_is_undone_and_redone_as_one(talk: Talk) -> None:
    before = talk.db.read(lambda tx: skus.view(tx, "SCH"))
    talk.say("改 手冲壶 编码 SC-2 价格 99 分类 茶")

    talk.say("撤销")
    undone = talk.db.read(lambda tx: skus.view(tx, "SCH"))
    assert (undone.price_fen, undone.category) == (before.price_fen, before.category)
    talk.say("撤销")
    redone = talk.db.read(lambda tx: skus.view(tx, "SC-2"))
    assert (redone.price_fen, redone.category) == (9900, "茶")


def test_nobody_undoes_what_another_did(talk: Talk) -> None:
    talk.say("补货 咖啡豆 20", "sue")

    assert talk.say("撤销", "max").error == "nothing_to_undo"
    assert on_hand(talk.db, "KFD") == 50


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("补货 咖啡豆 -5", "数量"),
        ("补货 咖啡豆 0", "数量"),
        ("补货 咖啡豆 1.5", "数量"),
        ("补货 咖啡豆 99999999", "数量"),
        ("补货 咖啡豆 1_0", "数量"),
        ("补货 咖啡豆 1e3", "数量"),
        ("补货 咖啡豆 ١٢", "数量"),
        ("补货 咖啡豆 NaN", "数量"),
        ("改价 咖啡豆 0", "价格"),
        ("改价 咖啡豆 9.999", "价格"),
        ("改价 咖啡豆 -3元", "价格"),
        ("改价 咖啡豆 2000000", "价格"),
        ("盘点 咖啡豆 -1", "实数"),
        ("预警 咖啡豆 -1", "预警线"),
    ],
)
def test_a_number_that_cannot_be_gets_one_sentence_that_names_the_slot(
    talk: Talk, text: str, slot: str
) -> None:
    before = talk.db.read(lambda tx: skus.view(tx, "KFD"))
    reply = talk.say(text)

    assert reply.outcome == "clarify"
    assert slot in reply.text
    assert talk.db.read(lambda tx: skus.view(tx, "KFD")) == before


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("扣减 手冲壶 13", "insufficient_stock"),
        ("补货 紫砂茶壶王 5", "sku_not_found"),
        ("补货 T恤 5", "sku_ambiguous"),
        ("上架 手冲壶 98", "code_taken"),
        ("上架 新壶 98 编码 SCH", "code_taken"),
        ("上架 T恤 颜色=白色 尺寸=L 材质=棉 59", "spec_not_allowed"),
        ("上架 T恤 颜色=白色 59", "spec_not_allowed"),
        ("上架 壶\u202e名 98", "invalid_request"),
        (f"上架 {'壶' * 500} 98", "invalid_request"),
        ("发货 9999", "not_found"),
        ("订单 9999", "not_found"),
        ("汇总 02-30", "invalid_request"),
        ("撤销", "nothing_to_undo"),
        ("我是店主 ABCD-EFGH", "bad_code"),
    ],
)
def test_what_the_shop_refuses_is_one_sentence_and_changes_nothing(
    talk: Talk, text: str, error: str
) -> None:
    before = _levels(talk.db)
    reply = talk.say(text)

    assert reply.error == error
    assert reply.text
    assert "\n" not in reply.text
    assert _levels(talk.db) == before


def test_a_product_with_an_emoji_is_welcome(talk: Talk) -> None:
    assert talk.say("上架 🍵礼盒 98 库存3").error is None
    assert "🍵礼盒" in talk.say("查 🍵礼盒").title


def test_refusals_are_audited_with_their_code(talk: Talk) -> None:
    talk.say("补货 咖啡豆 1", "vic")
    talk.say("扣减 手冲壶 13", "sue")

    statement = select(AuditEntry.actor, AuditEntry.outcome).order_by(col(AuditEntry.id))
    entries = talk.db.read(lambda tx: tx.exec(statement).all())
    assert entries[-2:] == [("console:vic", "forbidden"), ("console:sue", "insufficient_stock")]


def test_an_unknown_product_is_answered_with_the_nearest_three_as_buttons(talk: Talk) -> None:
    reply = talk.say("补货 咖啡豆子 5")

    assert 1 <= len(reply.buttons) <= 3
    assert reply.buttons[0].command == "KFD"
    assert talk.say("KFD").error is None
    assert on_hand(talk.db, "KFD") == 35


def test_a_chat_is_subscribed_on_its_own_and_says_what_it_hears(talk: Talk) -> None:
    assert "全部" in spoken(talk.say("订阅", group=True))
    talk.say("退订 变更", group=True)
    assert "变更" not in spoken(talk.say("订阅", group=True))
    talk.say("订阅 低库存")
    assert dict(talk.say("订阅").fields)["播报"] == "低库存"


def _run(talk: Talk, command: Command, example: Example, who: str = "ann") -> Reply:
    text = example.text
    if WRITTEN_CODE in text:
        linking = not text.startswith(("我是", "i am"))
        code = _link_code(talk.db) if linking else _owner_code(talk.db)
        text = text.replace(WRITTEN_CODE, code)
        who = "may" if who == "ann" else who
    for first in BEFORE.get(command.intent, BEFORE.get(text, ())):
        talk.say(first, who)
    files = _sheet(talk.db) if command.intent == "import" else ()
    return talk.say(text, who, group=command.intent == "subscribe", files=files)


def _sheet(db: Database) -> tuple[FileRef, ...]:
    """A file as the reception keeps it: coffee at another price."""
    content = "code,name,price\nKFD,咖啡豆,89.00\n".encode()
    number = db.run(lambda tx: attachments.keep(tx, name="x.csv", mime="text/csv", content=content))
    return (FileRef("x.csv", {"attachment": number}),)


def _prepared(tx: Tx, order_no: str) -> None:
    tx.execute(
        sql("UPDATE orders SET order_no = '2026001033' WHERE order_no = :no"), {"no": order_no}
    )
    sample = SkuDraft(name="样品", price_fen=100, reorder_point=0, demo=True)
    skus.add(tx, sample, cause=SETUP)


def _owner_code(db: Database) -> str:
    ttl = timedelta(minutes=30)
    return db.run(lambda tx: codes.issue(tx, purpose=codes.OWNER, ttl=ttl))


def _link_code(db: Database) -> str:
    ttl = timedelta(minutes=10)
    return db.run(lambda tx: codes.issue(tx, purpose=codes.LINK, subject="feishu:ou_may", ttl=ttl))


def _role(db: Database, platform: str, user_id: str) -> str:
    found = db.read(lambda tx: members.member(tx, platform, user_id))
    return found.role if found else ""


def _levels(db: Database) -> list[tuple[str, int, int, int]]:
    found, _ = db.read(lambda tx: skus.page(tx, limit=100))
    return [(s.code, s.price_fen, s.on_hand, s.reserved) for s in found]
