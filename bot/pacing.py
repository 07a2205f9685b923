"""How fast each chat may be told things, and which lines are down.

Both are kept in memory of the one process that sends; a new sender starts from what the outbox says
was said in the last minute.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.platforms.base import Line

FAILURES = 5  # in a row, before a line is taken for dead
PROBE_S = 5.0  # then one message is tried after this, doubled each time it fails, up to:
LAST_PROBE_S = 60.0
ABREAST = 4  # calls on one line at a time: a platform that hangs must not hold every thread
URGENT_S = 30.0  # beside its budget a chat may be told one urgent thing in so long
CLOSED, OPEN, PROBING = 0, 1, 2
SEED_S = 60.0
BUSY_S = 0.2  # until a place on a full line may be free

Monotonic = Callable[[], float]


@dataclass(slots=True)
class Breaker:
    """Whether a line is worth trying. Not thread-safe by itself.

    After ``FAILURES`` calls that nobody answered it opens; then a single probe decides.
    """

    failures: int = 0
    retry_at: float = 0.0
    probing: bool = False

    @property
    def state(self) -> int:
        """``CLOSED`` (works), ``OPEN`` or ``PROBING``."""
        if self.failures < FAILURES:
            return CLOSED
        return PROBING if self.probing else OPEN

    def wait_s(self, now: float) -> float:
        """Seconds until a call may be made."""
        if self.state == CLOSED:
            return 0.0
        return PROBE_S if self.probing else max(self.retry_at - now, 0.0)

    def began(self) -> None:
        """A call begins."""
        self.probing = self.failures >= FAILURES

    def answered(self) -> None:
        """The platform answered, whatever it said."""
        self.failures, self.probing = 0, False

    def unanswered(self, now: float) -> None:
        """Nobody answered."""
        # Calls that were under way when the line opened tell nothing new: only a probe that fails
        # makes the next wait longer.
        if self.failures < FAILURES or self.probing:
            self.failures += 1
            tries = max(self.failures - FAILURES, 0)
            self.retry_at = now + min(PROBE_S * 2.0 ** min(tries, 10), LAST_PROBE_S)
        self.probing = False


@dataclass(slots=True)
class Budget:
    """A bucket of ``burst`` tokens that fills by one every ``interval_s``.

    At most ``burst + t / interval_s`` things are said in any ``t`` seconds, and what waits is
    spread out evenly: no chat is silent for a minute because it heard twenty things in a second.
    """

    burst: int
    interval_s: float
    full_at: float = 0.0
    urgent_at: float = 0.0
    not_before: float = 0.0

    def wait_s(self, now: float, *, urgent: bool) -> float:
        """Seconds until one more thing may be said."""
        wait = max(self.full_at - now - (self.burst - 1) * self.interval_s, 0.0)
        if urgent:
            wait = min(wait, max(self.urgent_at - now, 0.0))
        return max(wait, self.not_before - now)

    def spend(self, now: float, *, urgent: bool) -> None:
        """One more thing is said."""
        if urgent and self.wait_s(now, urgent=False) > 0:
            self.urgent_at = now + URGENT_S
        else:
            self.full_at = max(self.full_at, now) + self.interval_s

    def pause(self, until: float) -> None:
        """The platform said how long to wait."""
        self.not_before = max(self.not_before, until)


@dataclass(slots=True)
class _LineState:
    breaker: Breaker = field(default_factory=Breaker)
    flying: int = 0


class Pacing:
    """Budgets per target and breakers per line. Thread-safe.

    ``line_of`` finds the line of a target (``platform:chat id``); targets without one never wait.
    """

    def __init__(
        self, line_of: Callable[[str], Line | None], *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._line_of = line_of
        self._monotonic = monotonic
        self._guard = threading.RLock()
        self._lines: dict[str, _LineState] = {}
        self._budgets: dict[str, Budget] = {}

    def seed(self, said: Mapping[str, int]) -> None:
        """Start from how many things each target was told in the last ``SEED_S``."""
        now = self._monotonic()
        with self._guard:
            for target, number in said.items():
                budget = self._budget(target)
                if budget is not None:
                    # Whoever kept to the budget said a burst at once at the most.
                    budget.full_at = now + min(number, budget.burst) * budget.interval_s

    def wait_s(self, target: str, *, urgent: bool, edit: bool = False) -> float:
        """Seconds until the target may be told something, or a card there changed (``edit``).

        Changing a card waits for the line alone: whoever pressed it is looking at it.
        """
        line = self._line_of(target)
        if line is None:
            return 0.0
        now = self._monotonic()
        with self._guard:
            state = self._lines.setdefault(line.name, _LineState())
            busy = BUSY_S if state.flying >= ABREAST else 0.0
            budget = None if edit else self._budget(target)
            wait = budget.wait_s(now, urgent=urgent) if budget else 0.0
            return max(state.breaker.wait_s(now), wait, busy)

    def begin(self, target: str, *, urgent: bool, edit: bool = False) -> bool:
        """Take a place on the line and, unless ``edit``, a token; False when there is none now."""
        line = self._line_of(target)
        if line is None:
            return True
        with self._guard:
            if self.wait_s(target, urgent=urgent, edit=edit) > 0:
                return False
            state = self._lines.setdefault(line.name, _LineState())
            state.flying += 1
            state.breaker.began()
            budget = None if edit else self._budget(target)
            if budget is not None:
                budget.spend(self._monotonic(), urgent=urgent)
        return True

    def end(self, target: str, *, answered: bool | None, pause_s: float | None = None) -> None:
        """The call is over. ``answered`` None: none was made; ``pause_s``: as the platform asks."""
        line = self._line_of(target)
        if line is None:
            return
        now = self._monotonic()
        with self._guard:
            state = self._lines.setdefault(line.name, _LineState())
            state.flying -= 1
            if answered:
                state.breaker.answered()
            elif answered is False:
                state.breaker.unanswered(now)
            else:
                state.breaker.probing = False
            budget = self._budget(target)
            if budget is not None and pause_s is not None:
                budget.pause(now + pause_s)

    def states(self) -> dict[str, int]:
        """The breaker of every line in use."""
        with self._guard:
            return {name: state.breaker.state for name, state in self._lines.items()}

    def _budget(self, target: str) -> Budget | None:
        line = self._line_of(target)
        if line is None or not line.interval_s:
            return None
        return self._budgets.setdefault(target, Budget(line.burst, line.interval_s))
