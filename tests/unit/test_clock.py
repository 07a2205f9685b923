"""A day is the shop's, from its midnight to the next, however long it is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from store import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_days_are_shop_local_and_their_last_is_included() -> None:
    start, end = clock.day_bounds(date(2026, 3, 1), date(2026, 3, 2), SHANGHAI)

    assert start == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert end == datetime(2026, 3, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_with_a_clock_change_is_shorter_or_longer(day: date, hours: int) -> None:
    start, end = clock.day_bounds(day, day, ZoneInfo("Europe/Berlin"))

    assert end - start == timedelta(hours=hours)


def test_now_is_aware() -> None:
    assert clock.now().utcoffset() == timedelta(0)
