"""The README's five-minute walk, typed as it stands there; and its two languages are equal."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.dispatcher import Dispatcher
from bot.messages import Message, Reply, Role
from store.db import Database
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from webhooks.shell.demo import furnish

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
# What the walk types into the chat, in order; 1033 stands for the last digits of its order.
WALK = (
    "咖啡豆+50",
    "撤销",
    "查 咖啡豆",
    "订单",
    "发货 1033 顺丰 SF1234567890",
    "收款 1033",
    "完成 1033",
    "汇总",
    "1分钟后手冲壶8折",
    "定时",
    "取消定时",
    "手冲壶8折到周日晚12点",
    "上架 茉莉花茶 68元 库存30 预警5",
)
Type = Callable[..., Reply]


def _quoted(path: Path) -> list[str]:
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", path.read_text(encoding="utf-8"))


@pytest.fixture
def order_no(db: Database) -> str:
    db.run(lambda tx: furnish(tx, empty=False))
    request = OrderRequest("wang", (LineRequest("SCH-01", 1),))
    placed = db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=Vault("k" * 32)))
    return placed.order_no


@pytest.fixture
def type_(db: Database, order_no: str) -> Type:
    dispatcher = Dispatcher(db, vault=Vault("k" * 32))
    numbers = iter(range(1000))

    def say(text: str, role: Role = Role.OWNER) -> Reply:
        message = Message(
            platform="console",
            message_id=f"m{next(numbers)}",
            chat_id="walk",
            chat_kind="direct",
            user_id="walker",
            user_name="",
            text=text.replace("1033", order_no[-4:]),
            sent_at=db.now(),
        )
        reply = dispatcher.answer(message, role=role)
        assert reply is not None
        return reply

    return say


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=lambda path: path.name)
def test_every_step_of_the_walk_stands_in_the_readme(path: Path) -> None:
    quoted = _quoted(path)
    assert [words for words in WALK if words not in quoted] == []


def test_every_step_of_the_walk_is_done(type_: Type) -> None:
    for words in WALK:
        reply = type_(words)
        assert (reply.error, reply.outcome) == (None, "execute"), words


def test_a_clerk_is_refused_the_price(type_: Type) -> None:
    assert "手冲壶 改价 99" in _quoted(ENGLISH)
    assert type_("手冲壶 改价 99", role=Role.STAFF).error == "forbidden"


def test_both_languages_give_the_same_commands() -> None:
    def blocks(path: Path) -> list[str]:
        found = re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        return [re.sub(r"\s+", " ", block).strip() for block in found]

    assert blocks(ENGLISH) == blocks(CHINESE)
