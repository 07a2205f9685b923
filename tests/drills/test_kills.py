"""Kills at random moments: what was accepted is there, once, and everything was said."""

import json
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update
from sqlmodel import func, select

from bot.messages import Reply
from store import chats, outbox, skus
from store.db import Database, Tx
from store.models import Chat, JobRun, Lease, Order, Outbox, Sku
from store.skus import SkuDraft
from store.stock import Cause
from tests.servers import ADMIN_TOKEN, Process, Server, configure, run, wait_until

pytestmark = pytest.mark.drill

READY_S = 10.0  # the promise is 5; the machine that runs the drills may be busy
TAKE_OVER_S = 15.0
DRAIN_S = 60.0
CUSTOMERS = 6
CODES = [f"SKU-{number}" for number in range(6)]
STOCK = 400  # few enough that some orders are refused
GROUP, NEW = "group", "order_new"


@dataclass
class Ledger:
    """What the customers were told. ``unclear``: answers that a kill swallowed, asked for again."""

    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    restocked: Counter[str] = field(default_factory=Counter)
    unclear: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, status: int, order_no: str) -> None:
        with self.guard:
            self.answers.setdefault(key, []).append((status, order_no))

    def accepted(self) -> set[str]:
        """The numbers of all orders that somebody was told are accepted."""
        return {no for told in self.answers.values() for status, no in told if status == 201}


@pytest.fixture
def kills(short: bool) -> int:  # noqa: FBT001  (a fixture)
    return 3 if short else 12


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The drilled database, seen from outside."""
    database = Database(database_url)
    yield database
    database.close()


def furnish(tx: Tx) -> None:
    for code in CODES:
        draft = SkuDraft(name=code, code=code, price_fen=100, reorder_point=5, stock=STOCK)
        skus.add(tx, draft, cause=Cause(f"setup:{code}", "setup"))
    chats.bind(tx, platform="console", chat_id=GROUP, kind="group")


def bind_earlier(tx: Tx) -> None:
    """As if the chat had been there yesterday: of the day on which it joins it hears the next."""
    tx.exec(update(Chat).values(bound_at=tx.now - timedelta(days=1)))


def customer(server: Server, ledger: Ledger, stop: threading.Event, seed: int) -> None:
    """Order until told to stop; an answer that does not come is asked for with the same key."""
    dice = random.Random(seed)
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as client:
        while not stop.is_set():
            key = uuid.uuid4().hex
            body = {
                "customer_id": f"c{seed}",
                "lines": [
                    {"sku": code, "quantity": dice.randint(1, 2)}
                    for code in dice.sample(CODES, dice.randint(1, 3))
                ],
            }
            for _ in range(2):  # the second time is a replay of what was decided
                status, order_no = insist(client, key, body, ledger)
                ledger.note(key, status, order_no)


def insist(client: httpx.Client, key: str, body: dict[str, Any], ledger: Ledger) -> tuple[int, str]:
    """Send one order until it is decided."""
    while True:
        try:
            answer = client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            ledger.unclear += 1
            time.sleep(0.05)
            continue
        if answer.status_code == 503:
            time.sleep(0.05)
            continue
        assert answer.status_code in {201, 409}, answer.text
        return answer.status_code, answer.json().get("order_no", "")


def restocker(server: Server, ledger: Ledger, stop: threading.Event) -> None:
    """Book goods in by HTTP, with a key each."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False, headers=headers) as client:
        while not stop.is_set():
            code, key = random.choice(CODES), uuid.uuid4().hex
            while not restocked(client, code, key):
                time.sleep(0.05)
            ledger.restocked[code] += 1
            time.sleep(0.1)


def restocked(client: httpx.Client, code: str, key: str) -> bool:
    try:
        answer = client.post(
            f"/api/v1/skus/{code}/movements",
            json={"kind": "restock", "quantity": 1},
            headers={"Idempotency-Key": key},
        )
    except httpx.HTTPError:
        return False
    assert answer.status_code in {201, 503}, answer.text
    return answer.status_code == 201


def manager(folder: Path, ledger: Ledger, stop: threading.Event) -> None:
    """Book goods in by chat, in the terminal beside the server."""
    while not stop.is_set():
        code = random.choice(CODES)
        done = run(folder, "chat", "--json", f"{code}+1")
        if done.returncode == 0:
            assert json.loads(done.stdout)["error"] is None, done.stdout
            ledger.restocked[code] += 1
        else:  # the database was busy for too long: nothing was written
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_killed_servers_lose_and_double_nothing(
    db: Database, database_url: str, tmp_path: Path, kills: int
) -> None:
    db.run(furnish)
    configure(tmp_path, database_url)
    ledger, stop = Ledger(), threading.Event()
    with Server(tmp_path, "serve") as server:
        server.wait_ready()
        crowd = [
            *(
                threading.Thread(target=customer, args=(server, ledger, stop, seed))
                for seed in range(CUSTOMERS)
            ),
            threading.Thread(target=restocker, args=(server, ledger, stop)),
            threading.Thread(target=manager, args=(tmp_path, ledger, stop)),
        ]
        for thread in crowd:
            thread.start()
        try:
            for _ in range(kills):
                time.sleep(random.uniform(0.3, 1.5))
                server.kill()
                server.start()
                assert server.wait_ready() < READY_S
            time.sleep(1)
        finally:
            stop.set()
            for thread in crowd:
                thread.join(60)
        wait_until(lambda: drained(db), within_s=DRAIN_S, what="outbox drained")
        assert server.stop() == 0

    print(f"{len(ledger.accepted())} orders accepted, {ledger.unclear} answers swallowed")  # noqa: T201  (the drill's figures)
    assert_nothing_lost(db, ledger)
    assert_all_was_said(db)
    audit = run(tmp_path, "audit", "--json")
    assert (audit.returncode, json.loads(audit.stdout)["ok"]) == (0, True), audit.stdout
    assert_sound(db)
    assert len(ledger.accepted()) > 10 * kills
    assert server.logged("command_failed") + server.logged("internal_error") == 0


def assert_nothing_lost(db: Database, ledger: Ledger) -> None:
    """Each key has one fate, and the database holds the accepted orders and no other."""
    for key, told in ledger.answers.items():
        numbers = {order_no for status, order_no in told if status == 201}
        assert len(numbers) <= 1, (key, told)
        # A refusal is decided anew, an acceptance is remembered.
        assert told[-1][0] == 201 or not numbers, (key, told)
    stored = db.read(lambda tx: tx.exec(select(Order.order_no)).all())
    assert len(stored) == len(set(stored))
    assert set(stored) == ledger.accepted()
    held = db.read(lambda tx: {row.code: row.on_hand for row in tx.exec(select(Sku)).all()})
    assert held == {code: STOCK + ledger.restocked[code] for code in CODES}


def assert_all_was_said(db: Database) -> None:
    """Each order told of once, alone or with others, and nothing dead."""
    rows = db.read(
        lambda tx: [
            (row.id, row.kind, row.state, row.payload, row.batch)
            for row in tx.exec(select(Outbox)).all()
        ]
    )
    assert {state for _, _, state, _, _ in rows} == {"sent"}
    replies = {number: str(payload.get("reply", "")) for number, _, _, payload, _ in rows}
    new = [(number, payload, batch) for number, kind, _, payload, batch in rows if kind == NEW]
    assert all(payload["order_no"] in replies[batch or number] for number, payload, batch in new)
    said = Counter(payload["order_no"] for _, payload, _ in new)
    assert set(said.values()) == {1}
    assert len(said) == db.read(lambda tx: tx.exec(select(func.count()).select_from(Order)).one())


def assert_sound(db: Database) -> None:
    """The database itself is whole, and nothing is left open in it."""
    if db.sqlite:
        found = db.read(lambda tx: tx.execute(text("PRAGMA integrity_check")).scalars().all())
        assert found == ["ok"]
    else:
        # Our own looking is no transaction of the shop's.
        query = text("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_locked > 0")
        assert db.read(lambda tx: tx.execute(query).scalar_one()) == 0


def drained(db: Database) -> bool:
    return db.read(outbox.backlog)[0] == 0


# -- the chat page: messages delivered again and again, across kills


def post(server: Server, message_id: str, said: str) -> bool:
    body = {"id": message_id, "person": "owner", "chat": "group", "text": said}
    try:
        answer = httpx.post(f"{server.url}/chat/messages", json=body, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 202


def replies(db: Database) -> Counter[str]:
    """Sent answers by the id of the message they answer."""
    rows = db.read(
        lambda tx: [
            row.dedupe_key
            for row in tx.exec(select(Outbox).where(Outbox.kind == "reply", Outbox.state == "sent"))
        ]
    )
    return Counter(key.removeprefix("reply:console:").partition(">")[0] for key in rows)


def test_a_message_delivered_five_times_across_kills_takes_effect_and_is_answered_once(
    tmp_path: Path, kills: int
) -> None:
    shop = tmp_path / "shop"
    with Server(tmp_path, "demo", "--dir", str(shop)) as server:
        server.wait_ready()
        db = Database(f"sqlite:///{shop / 'zhanggui.db'}")
        before = stock_of(db, "KFD-250")
        ids = []
        for _ in range(kills):
            fresh = [f"message-{uuid.uuid4().hex}" for _ in range(8)]
            ids += [message_id for message_id in fresh if post(server, message_id, "咖啡豆+1")]
            time.sleep(random.uniform(0, 0.1))  # some are handled, some wait, some are half sent
            server.kill()
            server.start()
            assert server.wait_ready() < READY_S
            for message_id in ids[-8:]:
                for _ in range(4):
                    assert post(server, message_id, "咖啡豆+1")
        wait_until(
            lambda: len(replies(db)) == len(ids), within_s=DRAIN_S, what="every message answered"
        )
        assert server.stop() == 0
    assert ids
    assert replies(db) == Counter(dict.fromkeys(ids, 1))
    assert stock_of(db, "KFD-250") == before + len(ids)
    levels = sorted(
        int(dict(reply["fields"])["现有"].partition(" → ")[2]) for reply in said_replies(db)
    )
    assert levels == list(range(before + 1, before + len(ids) + 1))
    assert run(shop, "audit").returncode == 0
    assert_sound(db)
    db.close()


def stock_of(db: Database, code: str) -> int:
    return db.read(lambda tx: skus.view(tx, code)).on_hand


def said_replies(db: Database) -> list[dict[str, Any]]:
    statement = select(Outbox).where(Outbox.kind == "reply")
    return db.read(lambda tx: [row.payload["reply"] for row in tx.exec(statement).all()])


# -- workers: one at a time, another within 15 s


def test_a_stopped_leader_is_replaced_and_writes_nothing_when_it_wakes(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    db.run(furnish)
    db.run(bind_earlier)
    configure(tmp_path, database_url, broadcast={"daily_summary": "00:00"})
    with ExitStack() as workers:
        first = workers.enter_context(Process(tmp_path, "worker", name="first"))
        wait_until(lambda: first.logged("lease_gained") > 0, within_s=30, what="first leads")
        second = workers.enter_context(Process(tmp_path, "worker", name="second"))
        wait_until(lambda: second.logged("working") > 0, within_s=30, what="second runs")
        wait_until(lambda: summaries(db) == 1, within_s=30, what="the day's summary")
        assert second.logged("lease_gained") == 0

        first.signal(signal.SIGSTOP)  # like a machine that was suspended
        publish(db, range(20))
        took = wait_until(
            lambda: second.logged("lease_gained") > 0, within_s=30, what="second leads"
        )
        assert took < TAKE_OVER_S
        wait_until(lambda: drained(db), within_s=DRAIN_S, what="second sends")
        lease = holder(db)

        first.signal(signal.SIGCONT)
        publish(db, range(20, 40))
        wait_until(lambda: drained(db), within_s=DRAIN_S, what="second goes on")
        wait_until(lambda: first.logged("lease_lost") > 0, within_s=30, what="first learns it")
        assert holder(db) == lease

        second.kill()
        wait_until(
            lambda: first.logged("lease_gained") > 1, within_s=TAKE_OVER_S, what="first again"
        )
        publish(db, range(40, 50))
        wait_until(lambda: drained(db), within_s=DRAIN_S, what="first sends")

    sent = Counter(
        entry["parcel"]
        for worker in (first, second)
        for entry in worker.events()
        if entry["event"] == "broadcast_sent"
    )
    assert set(sent.values()) == {1}
    assert summaries(db) == 1
    slots = db.read(lambda tx: [(run.job, run.slot) for run in tx.exec(select(JobRun)).all()])
    assert len(slots) == len(set(slots))


def publish(db: Database, numbers: range) -> None:
    def work(tx: Tx) -> None:
        for number in numbers:
            payload = {"reply": Reply(text=f"{number}").to_json()}
            outbox.publish(tx, topic="orders", kind="notice", key=f"n{number}", payload=payload)

    db.run(work)


def summaries(db: Database) -> int:
    statement = select(func.count()).select_from(Outbox).where(Outbox.kind == "summary")
    return db.read(lambda tx: tx.exec(statement).one())


def holder(db: Database) -> tuple[str, int]:
    return db.read(lambda tx: tx.exec(select(Lease.owner, Lease.epoch)).one())


def test_a_broadcast_to_fifty_groups_goes_on_after_a_kill(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    db.run(bind_fifty)
    configure(tmp_path, database_url, broadcast={"daily_summary": ""})
    with Process(tmp_path, "worker", name="worker") as worker:
        wait_until(lambda: worker.logged("lease_gained") > 0, within_s=30, what="it leads")
        publish(db, range(20))  # a thousand rows
        wait_until(lambda: unsent(db) < 900, within_s=30, what="some are sent")
        worker.kill()
        left = unsent(db)
        assert 0 < left < 1000
        worker.start()
        wait_until(lambda: drained(db), within_s=DRAIN_S, what="the rest is sent")
    sent = Counter(e["parcel"] for e in worker.events() if e["event"] == "broadcast_sent")
    assert set(sent.values()) == {1}
    states = db.read(lambda tx: tx.exec(select(Outbox.state)).all())
    assert Counter(states) == {"sent": 1000}


def bind_fifty(tx: Tx) -> None:
    for number in range(50):
        chats.bind(tx, platform="console", chat_id=f"g{number}", kind="group")


def unsent(db: Database) -> int:
    return db.read(outbox.backlog)[0]
