"""Dropping repeated messages (enable_duplicate_check, document 90236)."""

import json
from datetime import datetime, timedelta

from tests.fakes.wecom.records import Json

_LONGEST_S = 4 * 3600
_DEFAULT_S = 1800


class Repeats:
    """Knows the requests of the last hours.

    The document does not say whether a message sent without the flag is remembered; with
    ``flagged_only`` it is not.
    """

    def __init__(self, *, flagged_only: bool) -> None:
        self._flagged_only = flagged_only
        self._taken: dict[str, datetime] = {}

    def known(self, document: Json, now: datetime) -> bool:
        """Whether the sender asked to drop it, and the same was remembered in the interval."""
        before = self._taken.get(_same(document))
        interval_s = min(int(document.get("duplicate_check_interval", _DEFAULT_S)), _LONGEST_S)
        in_time = before is not None and now - before <= timedelta(seconds=interval_s)
        return _flagged(document) and in_time

    def remember(self, document: Json, now: datetime) -> None:
        """It was taken."""
        if _flagged(document) or not self._flagged_only:
            self._taken[_same(document)] = now


def _flagged(document: Json) -> bool:
    return document.get("enable_duplicate_check") == 1


def _same(document: Json) -> str:
    plain = {name: value for name, value in document.items() if "duplicate_check" not in name}
    return json.dumps(plain, sort_keys=True)
