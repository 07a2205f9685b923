"""The description of the API, ``/openapi.json`` and ``/docs``, made from routes and models."""

from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import ResponseDict, SecuritySchemesDict

from webhooks.api import bodies, events, problems
from webhooks.api.schemas import ProblemOut

CUSTOMERS = Tag(name="customers", description="Products and orders; no account.")
MANAGERS = Tag(
    name="managers", description="SKUs, stock, orders; with the administration token or a session."
)
OPERATIONS = Tag(name="operations", description="Health and figures of the process.")
INFO = Info(
    title="Zhanggui 掌柜",
    version="1",
    description=(
        "Money is integer fen, stock is integer units, ids are strings, times are RFC 3339. "
        "Errors are application/problem+json with a stable code."
    ),
)
SECURITY: SecuritySchemesDict = {
    "admin": {
        "type": "http",
        "scheme": "bearer",
        "description": "The administration token (server.admin_token); acts as the owner.",
    },
    "order": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of one order, from the answer that accepted it.",
    },
}
BY_ADMIN: list[dict[str, list[str]]] = [{"admin": []}]
BY_ORDER: list[dict[str, list[str]]] = [{"order": []}, {"admin": []}]

PROBLEM = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}

pages = Blueprint("openapi", __name__)


def faults(*statuses: int) -> ResponseDict:
    """The error answers of a route, for its ``responses``."""
    return dict.fromkeys(statuses, ProblemOut)


@pages.get("/openapi.json")
def specification() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(bodies.encode(document(_app())), content_type=bodies.JSON)


@pages.get("/docs")
def docs() -> str:
    """The same for people, without any script or foreign host."""
    spec = document(_app())
    return render_template(
        "docs.html", spec=spec, groups=_groups(spec), problems=problems.TITLES, shape=_shape
    )


@cache
def document(app: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document of ``app``: what flask_openapi3 collected, and mended."""
    spec: dict[str, Any] = app.api_doc
    spec["paths"][events.PATH] = events.OPERATION  # answered before Flask
    for item in spec["paths"].values():
        for operation in item.values():
            _mend(operation, spec["components"]["schemas"])
    return spec


def _mend(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    body = operation.get("requestBody")
    if body is not None:
        reference = body["content"][bodies.JSON]["schema"]["$ref"].rpartition("/")[2]
        body["required"] = bool(schemas[reference].get("required"))
    responses = operation["responses"]
    if "array" in str(responses.get("422")):  # flask_openapi3's own, on every route without one
        del responses["422"]
    for response in responses.values():
        content = response.get("content", {})
        if content.get(bodies.JSON, {}).get("schema") == PROBLEM:
            content[problems.CONTENT_TYPE] = content.pop(bodies.JSON)
    for parameter in operation.get("parameters", ()):
        parameter["schema"].pop("title", None)


def _groups(spec: dict[str, Any]) -> list[tuple[dict[str, str], list[dict[str, Any]]]]:
    """Per tag its operations, in the order they were declared."""
    operations = [
        {**operation, "path": path, "method": method.upper()}
        for path, item in spec["paths"].items()
        for method, operation in item.items()
    ]
    return [
        (tag, [operation for operation in operations if tag["name"] in operation["tags"]])
        for tag in spec["tags"]
    ]


def _shape(schema: dict[str, Any]) -> str:
    """A schema as people read it: ``text``, ``whole number 1–9999``, ``list of LineIn``."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_shape(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_shape(schema['additionalProperties'])}"
    return _WORDS.get(schema.get("type", ""), "any") + _bounds(schema)


_WORDS = {
    "integer": "whole number",
    "string": "text",
    "boolean": "true | false",
    "null": "null",
    "object": "object",
}


def _bounds(schema: dict[str, Any]) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is None and high is None:
        return ""
    unit = " characters" if schema.get("type") == "string" else ""
    return f" ({'' if low is None else low}–{'' if high is None else high}{unit})"


def _app() -> OpenAPI:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  (the proxy's own way)
    assert isinstance(app, OpenAPI)  # noqa: S101  (webhooks.app makes no other)
    return app
