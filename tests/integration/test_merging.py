"""When things come faster than a chat may hear them: said together, in order, nothing left out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from bot.broadcasts import Composer
from bot.messages import Reply
from bot.registry import COMMANDS
from store import chats, orders, outbox
from store.db import Database, Tx
from store.models import Outbox
from store.outbox import MOST_MERGED, Parcel
from tests.conftest import AddSku
from tests.shop import VAULT, fill, place, spoken

COMPOSER = Composer(vault=VAULT, zone=ZoneInfo("Asia/Shanghai"), commands=COMMANDS)
TARGET = "fake:g"


def post(db: Database, *kinds: str, urgent: bool = False, target: str = TARGET) -> None:
    topics = {"order_new": "orders", "order_changed": "orders", "sku_changed": "changes"}

    def work(tx: Tx) -> None:
        for kind in kinds:
            number = tx.exec(select(Outbox.id)).all()
            outbox.post(
                tx,
                target=target,
                topic=topics.get(kind, kind),
                kind=kind,
                key=f"{kind}{len(number)}",
                payload={"n": len(number)},
                urgent=urgent,
            )
            tx.flush()

    db.run(work)


def claim(db: Database, merge_after: int = 3) -> list[Parcel]:
    return db.run(lambda tx: outbox.claim(tx, sender="s", merge_after=merge_after))


def sent(db: Database, parcel: Parcel) -> None:
    assert db.run(lambda tx: outbox.sent(tx, parcel=parcel, sender="s", said=Reply().to_json()))


def numbers(parcel: Parcel) -> list[int]:
    return [one.payload["n"] for one in parcel.merged or (parcel,)]


def test_a_few_are_said_one_by_one_and_more_as_one(db: Database) -> None:
    post(db, *["order_new"] * 3)
    for expected in range(3):
        (parcel,) = claim(db)
        assert numbers(parcel) == [expected]
        sent(db, parcel)
    post(db, *["order_new"] * 4)
    (parcel,) = claim(db)
    assert numbers(parcel) == [3, 4, 5, 6]
    sent(db, parcel)
    assert claim(db) == []
    assert db.read(outbox.backlog)[0] == 0


def test_only_what_stands_side_by_side_is_said_together_so_the_order_is_kept(
    db: Database,
) -> None:
    post(db, "order_new", "order_changed", "order_new", "order_new", "summary", "order_new")
    said = []
    while parcels := claim(db):
        said.append(numbers(parcels[0]))
        sent(db, parcels[0])
    assert said == [[0, 1, 2, 3], [4], [5]]


def test_chats_are_merged_each_for_itself(db: Database) -> None:
    post(db, *["order_new"] * 4)
    post(db, *["order_new"] * 2, target="fake:h")
    assert sorted(map(numbers, claim(db))) == [[0, 1, 2, 3], [4]]


def test_urgent_rows_pass_a_thousand_orders(db: Database) -> None:
    post(db, *["order_new"] * 50)
    post(db, "low_stock", urgent=True)
    (parcel,) = claim(db)
    assert parcel.kind == "low_stock"


def test_a_batch_that_may_have_arrived_is_sent_again_as_it_was(db: Database) -> None:
    post(db, *["order_new"] * 4)
    (first,) = claim(db)
    db.run(
        lambda tx: outbox.failed(
            tx, parcel=first, sender="s", error="lost", retry_after_s=0, unsure=True
        )
    )
    post(db, *["order_new"] * 4)
    (again,) = claim(db)
    assert numbers(again) == numbers(first)
    assert again.key == first.key
    assert (again.unsure, first.unsure) == (True, False)
    sent(db, again)
    (rest,) = claim(db)
    assert numbers(rest) == [4, 5, 6, 7]


def test_a_row_that_was_tried_alone_stays_alone(db: Database) -> None:
    post(db, "order_new")
    (alone,) = claim(db)
    db.run(lambda tx: outbox.failed(tx, parcel=alone, sender="s", error="x", retry_after_s=0))
    post(db, *["order_new"] * 5)
    (again,) = claim(db)
    assert numbers(again) == [0]


def test_a_batch_is_bounded(db: Database) -> None:
    post(db, *["order_new"] * (MOST_MERGED + 5))
    (parcel,) = claim(db)
    assert len(parcel.merged) == MOST_MERGED


def test_a_batch_that_is_refused_for_good_dies_whole(db: Database) -> None:
    post(db, *["order_new"] * 5)
    (parcel,) = claim(db)
    db.run(lambda tx: outbox.failed(tx, parcel=parcel, sender="s", error="x", retry_after_s=None))
    states = db.read(lambda tx: tx.exec(select(Outbox.state)).all())
    assert states == ["dead"] * 5


def test_every_order_number_is_in_the_digest(db: Database) -> None:
    fill(db)
    db.run(lambda tx: chats.bind(tx, platform="fake", chat_id="g", kind="group"))
    few = [place(db, ("KFD", 1)) for _ in range(4)]
    reply = digest(db)
    assert all(number in spoken(reply) for number in few)
    assert reply.title == "4 笔新订单"
    assert "咖啡豆 ×1" in reply.text
    assert dict(reply.fields)["金额"] == "¥352"

    many = [place(db, ("LT", 1)) for _ in range(20)]
    db.run(lambda tx: orders.ship(tx, order_no=few[0], actor="api:admin", announce=True))
    reply = digest(db)
    assert all(number in reply.text for number in many)
    assert reply.title == "20 笔新订单，1 笔订单有进展"
    assert f"{few[0]} 已发货" in reply.text


def digest(db: Database) -> Reply:
    (parcel,) = [p for p in claim(db) if p.target == TARGET]
    reply = db.read(lambda tx: COMPOSER.compose(tx, parcel))
    sent(db, parcel)
    return reply


def test_scarce_goods_and_changes_have_digests_of_their_own(db: Database) -> None:
    fill(db)
    rows = [
        {"sku": f"S{n}", "name": "茶", "specs": {}, "available": n, "reorder_point": 5}
        for n in range(3)
    ]
    told = compose(db, "low_stock", [*rows, {**rows[0], "available": 0}])
    assert told.table is not None
    assert [row[0] for row in told.table.rows] == ["S0", "S1", "S2"]
    assert told.table.rows[0][2] == "0"  # the newest state is what counts
    assert [button.command for button in told.buttons] == ["缺货"]
    edit = {"sku": "KFD", "name": "咖啡豆", "changed": {"price_fen": [8800, 9900]}, "actor": "x:y"}
    assert "¥88 → ¥99" in compose(db, "changes", [edit]).text


def compose(db: Database, topic: str, payloads: Sequence[dict[str, Any]]) -> Reply:
    parcels = tuple(
        Parcel(
            id=n,
            topic=topic,
            kind=topic,
            target=TARGET,
            payload=payload,
            urgent=False,
            attempts=1,
            created_at=datetime.now(UTC) - timedelta(seconds=1),
        )
        for n, payload in enumerate(payloads)
    )
    whole = Parcel(**{**_fields(parcels[0]), "merged": parcels})
    return db.read(lambda tx: COMPOSER.compose(tx, whole))


def _fields(parcel: Parcel) -> dict[str, Any]:
    return {name: getattr(parcel, name) for name in Parcel.__slots__}


@pytest.mark.parametrize("wait", [0.0, 5.0])
def test_a_target_that_must_wait_is_not_claimed(db: Database, wait: float) -> None:
    post(db, "order_new")
    post(db, "order_new", target="fake:h")

    def wait_s(target: str, *, urgent: bool, edit: bool) -> float:
        return wait if target == TARGET and not (urgent or edit) else 0.0

    claimed = db.run(lambda tx: outbox.claim(tx, sender="s", wait_s=wait_s))
    assert len(claimed) == (1 if wait else 2)
    assert db.read(lambda tx: outbox.next_due_s(tx, lambda *_, **__: 7.0)) == pytest.approx(
        7.0 if wait else 30.0, abs=25
    )
    assert db.read(lambda tx: tx.exec(select(col(Outbox.state)).distinct()).all()) == ["pending"]


def test_stock_alerts_are_urgent(db: Database, add_sku: AddSku) -> None:
    db.run(lambda tx: chats.bind(tx, platform="fake", chat_id="g", kind="group"))
    add_sku("X", on_hand=6, reorder_point=5)
    place(db, ("X", 1))
    urgent = db.read(
        lambda tx: tx.exec(select(Outbox.kind).where(col(Outbox.urgent).is_(True))).all()
    )
    assert urgent == ["low_stock"]
