"""What the shop says by itself, cut short by a kill, or never taken (fault rows F31 and F32)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import chats
from store.db import Database
from tests.drills.platforms import AGAIN, DRAIN_S, PUSH, SEND, Platforms, furnish, running
from tests.fakes.feishu import FakeFeishu, faults
from tests.fakes.wecom import FakeWecom
from tests.fakes.wecom import faults as wecom_faults
from tests.servers import wait_until

pytestmark = pytest.mark.drill

GROUPS, ROBOTS = 50, 8
KILLED_AT = 25
REFUSED = {"code": 230028, "msg": "The messages do not pass the audit"}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The drilled database, seen from outside."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    with FakeFeishu() as feishu, FakeWecom() as wecom:
        yield Platforms(feishu, wecom)


def test_a_broadcast_that_a_kill_cuts_short_reaches_every_group(
    db: Database,
    database_url: str,
    tmp_path: Path,
    platforms: Platforms,
    short: bool,  # noqa: FBT001  (a fixture)
) -> None:
    if short and not db.sqlite:
        pytest.skip("on MySQL in the full length only")
    feishu, wecom = platforms.feishu, platforms.wecom
    groups = [feishu.add_chat(name=f"{n} 店") for n in range(GROUPS)]
    db.run(lambda tx: furnish(tx, groups))
    feishu.fail(SEND, faults.slow(0.2), times=GROUPS)  # taken, and answered later
    wecom.fail(PUSH, how=wecom_faults.slow(4.0), times=ROBOTS)  # after the kill
    with running(db, database_url, tmp_path, **platforms.settings(ROBOTS)) as shop:
        number = shop.order()
        feishu.wait_until(lambda: len(feishu.messages) >= KILLED_AT, timeout_s=30)
        shop.server.kill()
        told, pushed = len(feishu.messages), len(wecom.said)
        feishu.heal()
        wecom.heal()
        shop.server.start()
        shop.server.wait_ready()
        wait_until(shop.drained, within_s=DRAIN_S, what="the rest is sent")
        assert shop.server.stop() == 0
        assert shop.states() == {"sent": GROUPS + ROBOTS}

    assert KILLED_AT <= told < GROUPS
    for group in groups:
        (said,) = platforms.said(group)
        assert number in said
    tried = Counter(request.document()["uuid"] for request in feishu.calls(SEND))
    assert len(tried) == GROUPS
    assert max(tried.values()) == 2  # what was under way was sent again, and is the same message
    assert pushed == ROBOTS
    for n in range(ROBOTS):
        first, again = platforms.said(f"k{n}")
        assert number in first
        assert number in again
        assert (AGAIN in first, AGAIN in again) == (False, True)


def test_a_message_the_platform_never_takes_is_given_up_and_stops_nothing(
    sqlite_url: str, tmp_path: Path, platforms: Platforms
) -> None:
    feishu, db = platforms.feishu, Database(sqlite_url)
    db.run(lambda tx: furnish(tx, [feishu.group]))
    other = feishu.add_chat(name="二店")
    with running(db, sqlite_url, tmp_path, **platforms.settings()) as shop:
        feishu.fail(SEND, faults.answer(400, REFUSED))
        poison = shop.order()
        wait_until(lambda: shop.states()["dead"] == 1, within_s=30, what="it is given up")
        db.run(lambda tx: chats.bind(tx, platform="feishu", chat_id=other, kind="group"))
        others = [shop.order() for _ in range(3)]
        wait_until(shop.drained, within_s=DRAIN_S, what="the others are sent")
        assert shop.server.stop() == 0
        assert shop.states()["dead"] == shop.server.logged("broadcast_dead") == 1
    db.close()

    said = platforms.said(feishu.group)
    assert not any(poison in text for text in said)
    for number in others:
        assert sum(number in text for text in said) == 1
        assert sum(number in text for text in platforms.said(other)) == 1
    (alert,) = [text for text in platforms.said("k0") if "有消息没能发出去" in text]
    assert "230028" in alert
