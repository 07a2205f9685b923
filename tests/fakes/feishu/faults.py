"""Scripted failures: those of every platform, and those of Feishu."""

import json

from tests.fakes.feishu.records import JSON_TYPE, Json, Response
from tests.fakes.http import faults
from tests.fakes.http.faults import Fault, Way, dribble, empty, hang, lost, reset, slow

__all__ = [
    "Fault",
    "Way",
    "answer",
    "dribble",
    "empty",
    "hang",
    "html",
    "lost",
    "rate_limited",
    "reset",
    "slow",
]


def answer(
    status: int, document: Json, headers: dict[str, str] | None = None, *, taken: bool = False
) -> Fault:
    """This JSON instead."""
    sent = {"Content-Type": JSON_TYPE, **(headers or {})}
    return Fault(Way.INSTEAD, taken, 0.0, Response(status, json.dumps(document).encode(), sent))


def rate_limited(reset_s: float = 1) -> Fault:
    """The gateway's frequency limit ("Rate limits")."""
    headers = {"x-ogw-ratelimit-limit": "50", "x-ogw-ratelimit-reset": f"{reset_s:g}"}
    return answer(429, {"code": 99991400, "msg": "request trigger frequency limit"}, headers)


def html(status: int = 502) -> Fault:
    """A proxy's page."""
    return faults.html(status)
