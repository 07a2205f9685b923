"""How often one customer, and one address, may order."""

import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from webhooks.api.problems import ProblemError


class OrderLimiter:
    """Counts orders over a moving window; ``rate`` like ``30/minute``, "" = no limit."""

    def __init__(self, rate: str) -> None:
        self._rate: RateLimitItem | None = parse(rate) if rate else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def count(self, *, customer_id: str, address: str) -> None:
        """Count one order of this customer from this address; over the limit raises 429."""
        if self._rate is None:
            return
        everybody = (("customer", customer_id), ("address", address))
        for who in everybody:  # asked first: what one window refuses must not fill the other
            if not self._window.test(self._rate, *who):
                raise ProblemError.busy("rate_limited", retry_after_s=self._wait_s(*who))
        for who in everybody:
            self._window.hit(self._rate, *who)

    def _wait_s(self, *who: str) -> int:
        if self._rate is None:
            return 1
        return math.ceil(self._window.get_window_stats(self._rate, *who).reset_time - time.time())
