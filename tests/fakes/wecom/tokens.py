"""Access tokens of the self-built application (获取access_token, document 91039)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.wecom.records import RefusalError, Request, Response, taken
from tests.fakes.wecom.world import World

LIFE = timedelta(seconds=7200)


@dataclass(slots=True)
class _Token:
    value: str
    until: datetime


class Tokens:
    """One token at a time, the same while it lives."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._live: _Token | None = None
        self._revoked: dict[str, int] = {}

    def issue(self, request: Request) -> Response:
        """``GET /cgi-bin/gettoken``."""
        company, now = self._world.company, self._world.now()
        if request.query.get("corpid") != company.corp_id:
            raise RefusalError(40013, "invalid corpid")
        if not request.query.get("corpsecret"):
            raise RefusalError(41004, "corpsecret missing")
        if request.query["corpsecret"] != company.app.secret:
            raise RefusalError(40001, "invalid credential")
        if self._live is None or now >= self._live.until:
            self._live = _Token(f"token-{secrets.token_urlsafe(48)}", now + LIFE)
        left = int((self._live.until - now).total_seconds())
        return taken(access_token=self._live.value, expires_in=left)

    def revoke(self, code: int) -> None:
        """The live token is refused with ``code`` from now on."""
        if self._live is not None:
            self._revoked[self._live.value] = code
        self._live = None

    def check(self, request: Request) -> None:
        """Raises ``RefusalError`` (41001, 40014, 42001)."""
        value = request.query.get("access_token")
        if not value:
            raise RefusalError(41001, "access_token missing")
        if value in self._revoked:
            raise RefusalError(self._revoked[value], "invalid access_token")
        if self._live is None or value != self._live.value:
            raise RefusalError(40014, "invalid access_token")
        if self._world.now() >= self._live.until:
            raise RefusalError(42001, "access_token expired")
