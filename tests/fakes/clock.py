"""A clock that moves only when told."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10 in the morning in Shanghai


class FakeClock:
    """Call it for the time of the test, in UTC, as ``store.clock.now`` is called."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, *, days: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move on and return the new time."""
        self._now += timedelta(days=days, minutes=minutes, seconds=seconds)
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to an aware ``moment``, backwards too."""
        self._now = moment.astimezone(UTC)
