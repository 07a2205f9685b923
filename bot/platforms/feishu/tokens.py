"""The app's tenant access token (Feishu docs: 自建应用获取 tenant_access_token).

The SDK's own cache is shared by all clients of a process, asks as often as there are threads, and
keeps a token that the platform has withdrawn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

_EARLY_S = 600.0
_SHORT_S = 1200.0  # a token that lives no longer is renewed at half of its time
Fetch = Callable[[], Awaitable[tuple[str, float]]]  # the token, and the seconds it has left


class Tokens:
    """Keeps one token; however many ask at once, it is fetched once.

    It lives in one event loop. ``elapsed`` counts seconds and never goes back.
    """

    def __init__(self, fetch: Fetch, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._elapsed = elapsed
        self._guard = asyncio.Lock()
        self._token = ""
        self._good_until_s = 0.0

    async def current(self) -> str:
        """A token that will do for a while. Raises what ``fetch`` raises."""
        async with self._guard:
            if not self._token or self._elapsed() >= self._good_until_s:
                asked_s = self._elapsed()
                self._token, left_s = await self._fetch()
                self._good_until_s = asked_s + _used_s(left_s)
            return self._token

    def drop(self, token: str) -> None:
        """The platform does not take ``token``; if that is the one kept, it is fetched anew."""
        if token == self._token:
            self._token = ""


def _used_s(left_s: float) -> float:
    return left_s / 2 if left_s <= _SHORT_S else left_s - _EARLY_S
