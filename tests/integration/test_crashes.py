"""A process that is killed right after a commit: the redelivery finds the effect, once."""

import json
import signal
from contextlib import closing

from sqlmodel import func, select

from bot.delivery import Leftovers
from bot.messages import Reply
from bot.settings import Settings
from store.db import Database
from store.models import Inbox, Order, Outbox
from tests.fakes.clock import FakeClock
from tests.processes import start
from tests.shop import Talk, fill, on_hand
from webhooks.app import build, create_app

# Handles one message and dies at the n-th commit from there on.
HANDLE = """
import os, signal, sys
from store.db import Database
from tests.fakes.clock import FakeClock
from tests.shop import Talk
url, last = sys.argv[1], int(sys.argv[2])
clock = FakeClock()
talk = Talk(Database(url, now=clock), clock)
commits = 0

def die():
    global commits
    commits += 1
    if commits == last:
        os.kill(os.getpid(), signal.SIGKILL)

talk.db.on_commit(die)
talk.dispatcher.handle(talk.dispatcher.receive(talk.message("咖啡豆+50")).id)
"""

# Takes one order by HTTP and dies before it can answer.
ORDER = """
import json, os, signal, sys
from bot.settings import Settings
from webhooks.app import build, create_app
settings = Settings.model_validate(json.loads(sys.argv[1]))
shop = build(settings)
app = create_app(shop).test_client()
shop.database.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
app.post("/api/v1/orders", json=json.loads(sys.argv[2]), headers={"Idempotency-Key": "k1"})
"""

BODY = {"customer_id": "wang", "lines": [{"sku": "KFD", "quantity": 2}]}


def killed(script: str, *arguments: str) -> None:
    """Run a script that must end by a kill of its own."""
    process = start(script, *arguments)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, err


def number(db: Database, model: type) -> int:
    return db.read(lambda tx: tx.exec(select(func.count()).select_from(model)).one())


def test_killed_between_effect_and_answer_the_redelivery_gets_the_same_reply(
    db: Database, database_url: str, clock: FakeClock
) -> None:
    fill(db)
    killed(HANDLE, database_url, "2")
    assert on_hand(db, "KFD") == 80
    talk = Talk(db, clock)
    message = talk.message("咖啡豆+50")

    accepted = talk.dispatcher.receive(message)
    again = talk.dispatcher.handle(accepted.id)

    assert accepted.duplicate
    assert accepted.reply is not None
    assert again == Reply.from_json(accepted.reply)
    assert dict(again.fields)["现有"] == "30 → 80"
    assert on_hand(db, "KFD") == 80
    assert number(db, Inbox) == 1
    assert number(db, Outbox) == 1


def test_killed_between_receiving_and_handling_the_message_is_handled_at_the_next_start(
    db: Database, database_url: str, clock: FakeClock
) -> None:
    fill(db)
    killed(HANDLE, database_url, "1")
    assert on_hand(db, "KFD") == 30
    talk = Talk(db, clock)

    assert Leftovers(db, talk.dispatcher.handle).sweep(at_once=True) == 1
    assert Leftovers(db, talk.dispatcher.handle).sweep(at_once=True) == 0

    assert on_hand(db, "KFD") == 80
    assert talk.dispatcher.receive(talk.message("咖啡豆+50")).reply is not None
    assert number(db, Outbox) == 1


def test_killed_between_an_order_and_its_answer_the_retry_gets_that_order(
    db: Database, database_url: str
) -> None:
    fill(db)
    settings = {
        "database": {"url": database_url},
        "security": {"data_key": "key-of-the-tests"},
    }
    killed(ORDER, json.dumps(settings), json.dumps(BODY))
    order_no = db.read(lambda tx: tx.exec(select(Order.order_no)).one())

    answer = retry(settings)

    assert answer == (201, order_no, "true")
    assert number(db, Order) == 1


def retry(settings: dict[str, dict[str, str]]) -> tuple[int, str, str | None]:
    """The same order again, to a server that was started since."""
    with closing(build(Settings.model_validate(settings))) as shop:
        client = create_app(shop).test_client()
        answer = client.post("/api/v1/orders", json=BODY, headers={"Idempotency-Key": "k1"})
        assert answer.json is not None
        return (
            answer.status_code,
            answer.json["order_no"],
            answer.headers.get("Idempotency-Replayed"),
        )
