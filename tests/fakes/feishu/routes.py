"""Which request goes where, and how a refusal is put."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from tests.fakes.feishu.connections import Connections
from tests.fakes.feishu.files import Files
from tests.fakes.feishu.messages import Messages
from tests.fakes.feishu.presses import Presses
from tests.fakes.feishu.records import Json, RefusalError, Request, Response, answer_json
from tests.fakes.feishu.robots import Robots
from tests.fakes.feishu.tokens import Tokens
from tests.fakes.feishu.world import World

Handler = Callable[..., Response]
_ID = r"([^/]+)"


class Routes:
    """The HTTP API."""

    def __init__(
        self,
        world: World,
        *,
        tokens: Tokens,
        messages: Messages,
        presses: Presses,
        connections: Connections,
        bot: Json,
    ) -> None:
        self._world, self._tokens, self._bot = world, tokens, bot
        files, robots = Files(world), Robots(world)
        im = "/open-apis/im/v1"
        self._open: list[tuple[str, Handler]] = [
            (r"POST /open-apis/auth/v3/tenant_access_token/internal", tokens.issue),
            (rf"POST /open-apis/bot/v2/hook/{_ID}", robots.hook),
            (r"POST /callback/ws/endpoint", connections.endpoint),
        ]
        self._bearer: list[tuple[str, Handler]] = [
            (rf"POST {im}/messages", messages.create),
            (rf"POST {im}/messages/{_ID}/reply", messages.reply),
            (rf"PATCH {im}/messages/{_ID}", messages.patch),
            (rf"GET {im}/messages/{_ID}", lambda _, one: messages.show(one)),
            (rf"POST {im}/images", lambda request: files.upload(request, "image")),
            (rf"POST {im}/files", lambda request: files.upload(request, "file")),
            (rf"GET {im}/messages/{_ID}/resources/{_ID}", files.download),
            (r"POST /open-apis/interactive/v1/card/update", presses.update),
            (r"GET /open-apis/bot/v3/info", lambda _: self._info()),
            (rf"GET /open-apis/contact/v3/users/{_ID}", lambda _, one: self._person(one)),
        ]

    def answer(self, request: Request) -> Response:
        """The answer to a request, with the world held meanwhile."""
        with self._world.changed:
            try:
                return self._route(request)
            except RefusalError as refusal:
                return _refused(refusal, request)

    def _route(self, request: Request) -> Response:
        handler, found = _find(self._open, request)
        if handler is not None:
            return handler(request, *found)
        handler, found = _find(self._bearer, request)
        if handler is None:
            return Response(404, b"404 page not found", {"Content-Type": "text/plain"})
        self._tokens.require(request)
        return handler(request, *found)

    def _person(self, open_id: str) -> Response:
        """Asked by open_id, as the platform takes it without ``user_id_type``."""
        if open_id not in self._world.users:
            raise RefusalError(41050, "no user authority error")
        user = {"open_id": open_id, "name": self._world.users[open_id]}
        return answer_json({"code": 0, "msg": "success", "data": {"user": user}})

    def _info(self) -> Response:
        return answer_json({"code": 0, "msg": "ok", "bot": self._bot})


def _find(
    routes: list[tuple[str, Handler]], request: Request
) -> tuple[Handler | None, tuple[str | Any, ...]]:
    for pattern, handler in routes:
        found = re.fullmatch(pattern, f"{request.method} {request.path}")
        if found:
            return handler, found.groups()
    return None, ()


def _refused(refusal: RefusalError, request: Request) -> Response:
    log_id = secrets.token_hex(8)
    document: Json = {"code": refusal.code, "msg": refusal.msg, "error": {"log_id": log_id}}
    # Custom robots refuse with HTTP 200, whatever it is about.
    status = 200 if "/hook/" in request.path else refusal.status
    return answer_json(document, status=status)
