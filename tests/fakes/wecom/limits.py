"""Frequency limits: 访问频率限制 (document 90454)."""

from collections import deque


class Window:
    """At most ``most`` in any ``seconds``; going over it blocks for ``block_s`` from then."""

    def __init__(self, most: int, seconds: float, *, block_s: float = 0.0) -> None:
        self._most, self._seconds, self._block_s = most, seconds, block_s
        self._passed: deque[float] = deque()
        self._blocked_until = float("-inf")

    def open(self, now: float) -> bool:
        """Whether one more may pass; being refused starts the block."""
        if now < self._blocked_until:
            return False
        while self._passed and self._passed[0] <= now - self._seconds:
            self._passed.popleft()
        if len(self._passed) < self._most:
            return True
        self._blocked_until = now + self._block_s
        return False

    def count(self, now: float) -> None:
        """One passed."""
        self._passed.append(now)


def conversation() -> tuple[Window, Window]:
    """What the robot may say in one chat (document 101463); minute and hour blocks last as long."""
    return Window(30, 60, block_s=60), Window(1000, 3600, block_s=3600)


def member() -> tuple[Window, Window]:
    """What an application may tell one person; the rest is dropped without a word."""
    return Window(30, 60), Window(1000, 3600)


def webhook() -> tuple[Window]:
    """One message-push robot; sliding, as nothing says that it is fixed."""
    return (Window(20, 60, block_s=60),)


def passed(windows: tuple[Window, ...], now: float) -> bool:
    """Whether all of them let one more through, which is then counted."""
    if not all(window.open(now) for window in windows):
        return False
    for window in windows:
        window.count(now)
    return True
