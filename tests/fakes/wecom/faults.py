"""Scripted failures: those of every platform, and those of WeCom."""

from tests.fakes.http import faults
from tests.fakes.http.faults import (
    Fault,
    Script,
    Way,
    dribble,
    hang,
    lost,
    reset,
    slow,
    truncated,
)
from tests.fakes.wecom.records import refused

__all__ = [
    "Fault",
    "Script",
    "Way",
    "dribble",
    "errcode",
    "hang",
    "html",
    "lost",
    "reset",
    "slow",
    "truncated",
]


def errcode(code: int, msg: str = "scripted failure", *, taken: bool = False) -> Fault:
    """The platform's own no: 45009, 40014, -1 and the like."""
    return Fault(Way.INSTEAD, taken, response=refused(code, msg))


def html(status: int = 500) -> Fault:
    """A proxy's page."""
    return faults.html(status)
