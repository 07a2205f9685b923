"""A shop with goods and people in it, and somebody to talk to its bot."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.dispatcher import Dispatcher
from bot.messages import FileRef, Mention, Message, Reply, Role
from bot.registry import ShopFacts
from bot.understanding import Catalogue, Entry
from store import chats, members, skus
from store.db import Database, Tx
from store.models import SkuStatus
from store.ordering import placing
from store.ordering.requests import Contact, LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.skus import SkuDraft
from store.stock import Cause

DATA = Path(__file__).parent / "data"
SETUP = Cause("setup", "setup")
VAULT = Vault("a key for tests")
GROUP = "group-1"
PEOPLE = {
    "ann": ("小安", Role.OWNER),
    "max": ("阿Max", Role.MANAGER),
    "sue": ("小苏", Role.STAFF),
    "vic": ("维克", Role.VIEWER),
    "may": ("阿May", Role.NONE),
}


def goods() -> list[dict[str, object]]:
    """The sample catalogue."""
    lines = (DATA / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def dictionary() -> Catalogue:
    """The sample catalogue as the reader takes it."""
    return Catalogue(Entry(g["code"], g["name"], g["specs"]) for g in goods())  # type: ignore[arg-type]  # rows of a file


def fill(db: Database) -> None:
    """The sample catalogue, the people, and a group that is the shop's."""
    db.run(_filled)


def place(db: Database, *lines: tuple[str, int], name: str = "王小明") -> str:
    """An order; returns its number."""
    request = OrderRequest(
        customer_id="c1",
        lines=tuple(LineRequest(sku, quantity) for sku, quantity in lines),
        contact=Contact(name, "13812345678", "杭州市西湖区文三路 1 号"),
    )
    return db.run(lambda tx: placing.place(tx, request, terms=Terms(), vault=VAULT)).order_no


def on_hand(db: Database, code: str) -> int:
    """Units on the shelf."""
    return db.read(lambda tx: skus.view(tx, code)).on_hand


@dataclass(slots=True)
class Talk:
    """Speaks to a shop's dispatcher as one person or another."""

    db: Database
    clock: Callable[[], datetime]
    observe: Callable[[str, str, float], None] | None = None
    prefix: str = "m"
    dispatcher: Dispatcher = field(init=False)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        facts = ShopFacts(name="茶与豆", url="https://shop.example")
        self.dispatcher = Dispatcher(self.db, vault=VAULT, shop=facts, observe=self.observe)

    def message(
        self,
        text: str,
        who: str = "ann",
        *,
        group: bool = False,
        addressed: bool = True,
        late: timedelta = timedelta(),
        files: tuple[FileRef, ...] = (),
        people: tuple[Mention, ...] = (),
    ) -> Message:
        """A message of ``who``, sent ``late`` ago."""
        return Message(
            platform="console",
            message_id=f"{self.prefix}{next(self._numbers)}",
            chat_id=GROUP if group else who,
            chat_kind="group" if group else "direct",
            user_id=who,
            user_name=PEOPLE[who][0] if who in PEOPLE else who,
            text=text,
            sent_at=self.clock() - late,
            addressed=addressed,
            files=files,
            people=people,
        )

    def maybe(self, text: str, who: str = "ann", **how: object) -> Reply | None:
        """What the bot answers, None for silence."""
        return self.dispatcher.answer(self.message(text, who, **how))  # type: ignore[arg-type]  # passed through

    def say(self, text: str, who: str = "ann", **how: object) -> Reply:
        """What the bot answers; silence is a failure."""
        reply = self.maybe(text, who, **how)
        assert reply is not None, f"no answer to {text}"
        return reply


def spoken(reply: Reply) -> str:
    """Everything a reply shows, as one text."""
    table = reply.table
    cells = [" ".join(row) for row in (table.head, *table.rows)] if table else []
    fields = [f"{name}: {value}" for name, value in reply.fields]
    return "\n".join([reply.title, *fields, *cells, reply.text])


def _filled(tx: Tx) -> None:
    for row in goods():
        _add(tx, row)
    for user_id, (name, role) in PEOPLE.items():
        members.seen(tx, platform="console", user_id=user_id, name=name)
        members.set_role(tx, platform="console", user_id=user_id, role=role.word)
    chats.bind(tx, platform="console", chat_id=GROUP, kind="group")
    tx.changes.clear()


def _add(tx: Tx, row: dict[str, object]) -> None:
    said = {key: value for key, value in row.items() if key != "status"}
    added = skus.add(tx, SkuDraft(**said), cause=SETUP)  # type: ignore[arg-type]  # rows of a file
    if row.get("status") == SkuStatus.DELISTED:
        skus.set_status(tx, code=added.code, status=SkuStatus.DELISTED, cause=SETUP)
