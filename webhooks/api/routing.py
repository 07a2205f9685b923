"""What API routes have in common: who may call, how input is read, how answers are written.

``flask_openapi3`` describes the routes; the input is read here, because it must be strict, and
because the question who is asking comes first.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast, get_type_hints

from flask import Request, Response, g, request, session
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import Headers
from werkzeug.routing import PathConverter

from bot.messages import Role
from webhooks.access import Caller, needs
from webhooks.api import bodies
from webhooks.api.problems import ProblemError, of_validation
from webhooks.shop import the_shop

JSON_LIMIT = 1 << 20
WEBHOOK_LIMIT = 256 << 10
UPLOAD_LIMIT = 10 << 20


class SkuCodeConverter(PathConverter):
    """A SKU code in a path, its slashes included; ``…/movements`` is never a code."""

    regex = r"[^/].*?(?<!/(?i:movements))"


class ApiRequest(Request):
    """Limits every body, whatever server is in front and whatever it says about the length."""

    @property
    def max_content_length(self) -> int | None:
        """Most bytes of this request's body."""
        return body_limit(self.path)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        """The limit belongs to the path."""


def body_limit(path: str) -> int:
    """Most bytes of a body sent to ``path``."""
    if path.startswith("/webhooks/"):
        return WEBHOOK_LIMIT
    return UPLOAD_LIMIT if path.startswith(("/admin/", "/chat/files")) else JSON_LIMIT


def endpoint(
    role: Role | None = None,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Make a function a route's view.

    Its parameters, by name, are ``path``, ``query``, ``header``, ``body`` (models), ``value`` (the
    body's JSON as it came) and ``caller``: who asks, None for a stranger unless ``role`` demands
    somebody.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        hints = get_type_hints(view)
        wanted = set(inspect.signature(view).parameters)

        @wraps(view)
        def handle(**path: str) -> Response:
            given: dict[str, Any] = {}
            caller = present_caller() if role is not None or "caller" in wanted else None
            if role is not None:
                caller = needs(caller, role)
            if "caller" in wanted:
                given["caller"] = caller
            inputs = _inputs(hints, path)
            if "value" in wanted:
                given["value"] = body_value()
            return view(**given, **inputs)

        handle.__delay_validate_request__ = True  # type: ignore[attr-defined]  # flask_openapi3: we read the input
        return handle

    return decorate


def present_caller() -> Caller | None:
    """Who is making the present request.

    A session may write only from the site's own pages: SameSite=Lax lets other ports of the same
    host through.
    """
    caller = the_shop().access.caller(request.headers.get("Authorization", ""), session)
    if caller is None or caller.machine or request.method in {"GET", "HEAD", "OPTIONS"}:
        return caller
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise ProblemError("forbidden", "This request comes from another site.")
    return caller


def client_address() -> str:
    """The client's address, through trusted proxies."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return the_shop().access.address(request.remote_addr or "", forwarded)


def body_value() -> dict[str, Any]:
    """The JSON object of the present request, read once; a missing body is an empty object."""
    if "body_value" not in g:
        g.body_value = _decoded(request.get_data())
    return cast("dict[str, Any]", g.body_value)


def _decoded(raw: bytes) -> dict[str, Any]:
    if not raw and not request.headers.get("Content-Encoding"):
        return {}
    bodies.check_type(
        request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", "")
    )
    return bodies.decode(raw)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    content = value.model_dump() if isinstance(value, BaseModel) else value
    return Response(bodies.encode(content), status, headers, content_type=bodies.JSON)


def nothing() -> Response:
    """204: done, and nothing to say."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def read(model: type[BaseModel], value: Mapping[str, Any], *, place: str = "") -> BaseModel:
    """``value`` as the model; raises ``ProblemError`` 422 naming every field at fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        refused = ProblemError("invalid_request")
        refused.problem = of_validation(error, place=place)
        raise refused from error


def _inputs(hints: Mapping[str, Any], path: dict[str, str]) -> dict[str, BaseModel]:
    inputs: dict[str, BaseModel] = {}
    if "path" in hints:
        inputs["path"] = hints["path"].model_construct(**path)
    if "query" in hints:
        inputs["query"] = read(hints["query"], _named(hints["query"], request.args))
    if "header" in hints:
        inputs["header"] = read(hints["header"], _named(hints["header"], request.headers))
    if "body" in hints:
        inputs["body"] = _body(hints["body"])
    return inputs


def _body(model: type[BaseModel]) -> BaseModel:
    if not request.get_data() and any(field.is_required() for field in model.model_fields.values()):
        raise ProblemError("invalid_request", "The body is empty.", status=400)
    return read(model, body_value())


def _named(model: type[BaseModel], source: Mapping[str, str] | Headers) -> dict[str, str]:
    names = (field.alias or name for name, field in model.model_fields.items())
    return {name: source[name] for name in names if name in source}
