"""Commands per second through the bot: received, understood, done, journalled, answered."""

import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.serving import ROUNDS, median, say
from bot.dispatcher import Dispatcher
from bot.messages import Message, Role
from store import schema, skus
from store.db import Database, Tx
from store.sealing import Vault
from store.skus import SkuDraft
from store.stock import Cause

SKUS = 1000
COMMANDS = 200
KINDS = {"restock": "补货 测试商品{n} 5", "shorthand": "测试商品{n}+5", "query": "查 测试商品{n}"}


def main() -> None:
    """One thread; each command is durable before it is handled (two commits for a write)."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite:///{place}/zhanggui.db")
        schema.upgrade(database)
        database.run(_stocked)
        dispatcher = Dispatcher(database, vault=Vault(uuid.uuid4().hex))
        say(f"commands, one thread, {SKUS} SKUs, SQLite FULL; {COMMANDS} each, median of {ROUNDS}")
        for name, text in KINDS.items():
            rate = median([_rate(dispatcher, text) for _ in range(ROUNDS)])
            say(f"  {name:10} {rate:6.0f} per second, {1000 / rate:5.1f} ms each")
        database.close()


def _rate(dispatcher: Dispatcher, text: str) -> float:
    messages = list(_messages(text))
    began = time.perf_counter()
    for message in messages:
        reply = dispatcher.answer(message, role=Role.OWNER)
        if reply is None or reply.error is not None:
            raise RuntimeError(f"{message.text}: {reply}")
    return len(messages) / (time.perf_counter() - began)


def _messages(text: str) -> Iterator[Message]:
    for n in range(COMMANDS):
        yield Message(
            platform="console",
            message_id=uuid.uuid4().hex,
            chat_id="bench",
            chat_kind="direct",
            user_id="owner",
            user_name="",
            text=text.format(n=n),
            sent_at=datetime.now(UTC),
        )


def _stocked(tx: Tx) -> None:
    for n in range(SKUS):
        skus.add(tx, SkuDraft(f"测试商品{n}", 1000, 0, stock=100), cause=Cause(f"b:{n}", "bench"))
