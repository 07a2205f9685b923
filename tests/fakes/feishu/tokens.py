"""Tenant access tokens ("自建应用获取 tenant_access_token")."""

from dataclasses import dataclass

from tests.fakes.feishu.records import RefusalError, Request, Response, answer_json
from tests.fakes.feishu.world import World, new_id

LIFE_S = 7200
_RENEWED_BELOW_S = 1800


@dataclass(frozen=True, slots=True)
class Token:
    """One token and when it ends, by the fake's clock."""

    text: str
    ends_s: float


class Tokens:
    """Hands the same token out until less than 30 minutes are left of it."""

    def __init__(self, world: World, app_id: str, app_secret: str) -> None:
        self._world, self._app_id, self._secret = world, app_id, app_secret
        self._tokens: list[Token] = []

    def issue(self, request: Request) -> Response:
        """Parsed without regard to Content-Type: the SDK sends none here."""
        document = request.document()
        if document.get("app_id") != self._app_id:
            raise RefusalError(10003, "invalid param", status=200)
        if document.get("app_secret") != self._secret:
            raise RefusalError(10015, "wrong app secret", status=200)
        token = self._current()
        left_s = int(token.ends_s - self._world.now_s())
        return answer_json(
            {"code": 0, "msg": "ok", "tenant_access_token": token.text, "expire": left_s}
        )

    def require(self, request: Request) -> None:
        """Raise ``RefusalError`` unless the request bears a token that is known and still valid."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not text:
            raise RefusalError(99991661, "Missing access token for authorization")
        now_s = self._world.now_s()
        if not any(token.text == text and token.ends_s > now_s for token in self._tokens):
            raise RefusalError(99991663, "Invalid access token for authorization")

    def revoke(self) -> None:
        """None of those issued so far is valid any more."""
        with self._world.changed:
            self._tokens.clear()

    def _current(self) -> Token:
        now_s = self._world.now_s()
        if not self._tokens or self._tokens[-1].ends_s - now_s < _RENEWED_BELOW_S:
            self._tokens.append(Token(new_id("t-fake").replace("_", "."), now_s + LIFE_S))
        return self._tokens[-1]
