"""Whether the process lives, whether it can work, and its figures."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from store import schema
from store.errors import StoreError
from webhooks import metrics
from webhooks.api import bodies
from webhooks.api.openapi import OPERATIONS
from webhooks.api.routing import answer, endpoint
from webhooks.api.schemas import Health, Readiness
from webhooks.health import OK
from webhooks.shop import Shop, the_shop

api = APIBlueprint("health", __name__, abp_tags=[OPERATIONS])


@api.get("/healthz", responses={200: Health})
@endpoint()
def healthz() -> Response:
    """The process answers. No I/O."""
    return answer({"status": "ok"})


@api.get("/readyz", responses={200: Readiness, 503: Readiness})
@endpoint()
def readyz() -> Response:
    """What the process needs is there: the database answers and has this version's schema.

    Platforms' long connections are told as well; they do not make the process unready.
    """
    shop = the_shop()
    checks = {"database": _database(shop), **shop.health.needed()}
    ready = all(state == OK for state in checks.values())
    told = bodies.encode({"checks": checks | shop.health.watched()})
    return Response(told, 200 if ready else 503, content_type=bodies.JSON)


@api.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
@endpoint()
def prometheus() -> Response:
    """Figures for Prometheus."""
    return Response(the_shop().metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _database(shop: Shop) -> str:
    try:
        shop.database.check()
    except StoreError:
        return "unreachable"
    # A newer schema is fine: migrations keep it usable by the version before.
    return OK if (schema.current(shop.database) or "") >= schema.head() else "schema is behind"
