"""Many orders at once, and a platform that does not answer meanwhile (fault rows F28 and F33)."""

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store import chats, outbox, stock
from store.db import Database, Tx
from store.ordering import placing
from store.ordering.requests import LineRequest, OrderRequest, Terms
from store.sealing import Vault
from store.stock import Cause
from tests.drills.platforms import (
    DATA_KEY,
    PUSH,
    Platforms,
    Shop,
    assert_each_told_once,
    drained,
    furnish,
    running,
)
from tests.fakes.feishu import FakeFeishu, faults
from tests.fakes.wecom import FakeWecom
from tests.servers import Process, configure, wait_until

pytestmark = pytest.mark.drill

ORDERS = 200
GROUPS = 6  # more than go abreast, so that five calls fail soon
# Two cores that the stand-ins share: milliseconds tell nothing here, a ratio of runs of one
# process does.
SLOWER = 3.0
OPENS_S, CLOSES_S = 60.0, 40.0
MINUTE_S, A_MINUTE = 60.0, 20  # what a WeCom webhook takes
STORM_S = 180.0
BATCH = 500


@pytest.fixture
def db(sqlite_url: str) -> Iterator[Database]:
    """The drilled database, seen from outside."""
    with closing(Database(sqlite_url)) as database:
        yield database


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    with FakeFeishu() as feishu, FakeWecom() as wecom:
        yield Platforms(feishu, wecom)


# -- F28


def test_a_platform_that_hangs_delays_neither_orders_nor_the_other_platform(
    db: Database,
    sqlite_url: str,
    tmp_path: Path,
    platforms: Platforms,
    short: bool,  # noqa: FBT001  (a fixture)
) -> None:
    groups = [platforms.feishu.add_chat() for _ in range(GROUPS)]
    db.run(lambda tx: furnish(tx, groups))
    calm, hung, numbers = list[float](), list[float](), list[str]()
    with running(db, sqlite_url, tmp_path, **platforms.settings()) as shop:
        for _ in range(1 if short else 3):
            calm.append(slowest(shop, numbers))
            hung.append(while_it_hangs(shop, platforms, numbers))
        wait_until(shop.drained, within_s=STORM_S, what="everything is said")
        assert shop.server.stop() == 0
        assert shop.server.logged("internal_error") + shop.server.logged("sender_failed") == 0
        assert shop.states().keys() == {"sent"}

    print(f"p99 of {ORDERS} orders: {_ms(calm)} calm, {_ms(hung)} while Feishu hangs")  # noqa: T201  (the drill's figures)
    assert min(hung) < SLOWER * min(calm)
    for chat in (*groups, "k0"):
        assert_each_told_once(platforms.said(chat), numbers)


def while_it_hangs(shop: Shop, platforms: Platforms, numbers: list[str]) -> float:
    """The 99th percentile of orders meanwhile; the breaker has closed again at the end."""
    platforms.feishu.pause(faults.hang())
    told = len(platforms.said("k0"))
    found = slowest(shop, numbers)
    wait_until(lambda: shop.breaker("feishu") == 1, within_s=OPENS_S, what="it opens")
    wait_until(lambda: len(platforms.said("k0")) > told, within_s=OPENS_S, what="WeCom hears")
    assert shop.breaker("wecom:robot/r0") == 0
    platforms.feishu.resume()
    wait_until(lambda: shop.breaker("feishu") == 0, within_s=CLOSES_S, what="it closes")
    return found


def slowest(shop: Shop, numbers: list[str]) -> float:
    """Seconds that 99 of 100 orders stayed under, placed one after the other."""
    times = []
    for _ in range(ORDERS):
        began = time.perf_counter()
        numbers.append(shop.order())
        times.append(time.perf_counter() - began)
    return statistics.quantiles(times, n=100)[-1]


def _ms(seconds: list[float]) -> str:
    return "/".join(f"{second * 1000:.0f}" for second in seconds) + " ms"


# -- F33


def test_a_storm_of_orders_is_said_in_few_messages_and_an_alert_does_not_wait(
    db: Database,
    sqlite_url: str,
    tmp_path: Path,
    platforms: Platforms,
    short: bool,  # noqa: FBT001  (a fixture)
) -> None:
    count = 2 * BATCH if short else 10 * BATCH
    db.run(lambda tx: furnish(tx, []))
    db.run(lambda tx: chats.configure(tx, "wecom", {"robot/r0": ["all"]}))
    numbers = [number for start in range(0, count, BATCH) for number in stormed(db, start)]
    assert db.read(outbox.backlog)[0] == count
    configure(tmp_path, sqlite_url, **platforms.settings())
    with Process(tmp_path, "worker") as worker:
        platforms.wecom.wait_said(1, channel="webhook:k0", timeout_s=30)
        db.run(lambda tx: stock.deduct(tx, sku="SCH", quantity=2, cause=Cause("last", "api:x")))
        took = wait_until(lambda: drained(db), within_s=STORM_S, what="the storm is over")
        assert worker.stop() == 0

    said = platforms.said("k0")
    print(f"{count} orders in {len(said)} messages, {took:.0f} s")  # noqa: T201  (the drill's figures)
    # What the budget lets out at once may be before it, and nothing that waits.
    assert any("手冲壶" in text for text in said[:5])
    assert_each_told_once(said, numbers)
    assert len(said) <= count / 150
    assert_within_budget(platforms)


def stormed(db: Database, start: int) -> list[str]:
    """A batch of orders in one transaction; their numbers."""
    vault, line = Vault(DATA_KEY), (LineRequest("KFD", 1),)
    asked = [OrderRequest(f"c{start + n}", line) for n in range(BATCH)]

    def work(tx: Tx) -> list[str]:
        placed = (placing.place(tx, request, terms=Terms(), vault=vault) for request in asked)
        return [order.order_no for order in placed]

    return db.run(work)


def assert_within_budget(platforms: Platforms) -> None:
    """Nothing was refused, and in no minute there was more than a webhook takes."""
    assert {request.errcode for request in platforms.wecom.calls(PUSH)} == {0}
    said_at = [said.at for said in platforms.wecom.said_in("", "webhook:k0")]
    for begin in said_at:
        assert sum(begin <= at < begin + MINUTE_S for at in said_at) <= A_MINUTE
