"""One process does the background work: it keeps the lease, loses it, and others take over."""

from typing import TYPE_CHECKING

import pytest

from bot.lease import MARGIN_S, TTL_S, Leadership
from store import jobs
from store.db import Database
from store.errors import LeaseLostError

if TYPE_CHECKING:
    from store.jobs import Held


class Ticks:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def leader(db: Database, owner: str, ticks: Ticks, ttl_s: float = TTL_S) -> Leadership:
    return Leadership(db, owner=owner, ttl_s=ttl_s, monotonic=ticks)


def test_the_first_to_ask_leads_and_the_second_waits(db: Database) -> None:
    ticks = Ticks()
    first, second = leader(db, "a", ticks), leader(db, "b", ticks)
    first.turn()
    second.turn()
    held = first.held()
    assert held is not None
    assert held.owner == "a"
    assert second.held() is None


def test_renewing_keeps_the_epoch_and_is_no_new_gain(db: Database) -> None:
    gained: list[Held] = []
    first = leader(db, "a", Ticks())
    first.on_gain(gained.append)
    first.turn()
    first.turn()
    assert len(gained) == 1
    assert first.held() == gained[0]


def test_a_leader_that_cannot_renew_stops_before_its_time_is_up(db: Database) -> None:
    ticks = Ticks()
    first = leader(db, "a", ticks)
    first.turn()
    ticks.now += TTL_S - MARGIN_S - 0.01
    assert first.held() is not None
    ticks.now += 0.02
    assert first.held() is None


def test_a_leader_that_stops_lets_the_next_begin_at_once(db: Database) -> None:
    ticks = Ticks()
    first, second = leader(db, "a", ticks), leader(db, "b", ticks)
    first.turn()
    first.stop()
    second.turn()
    assert first.held() is None
    assert second.held() is not None


def test_a_leader_whose_lease_ended_elsewhere_cannot_write_and_learns_it(db: Database) -> None:
    ticks = Ticks()
    first, second = leader(db, "a", ticks), leader(db, "b", ticks)
    first.turn()
    stale = first.held()
    assert stale is not None
    db.run(lambda tx: jobs.release(tx, stale))  # as if its time had passed on the database's clock
    second.turn()
    with pytest.raises(LeaseLostError):
        db.run(lambda tx: jobs.guard(tx, stale))
    first.turn()
    assert first.held() is None
    assert second.held() is not None


def test_the_wall_clock_may_jump_without_any_effect(db: Database) -> None:
    ticks = Ticks()
    first, second = leader(db, "a", ticks), leader(db, "b", ticks)
    first.turn()
    db.now.advance(days=1)  # type: ignore[attr-defined]  # the test's clock
    second.turn()
    first.turn()
    assert first.held() is not None
    assert second.held() is None
