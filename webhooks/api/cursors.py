"""Cursors of lists: opaque to clients, and only good for the list they came from."""

import base64
import binascii
import re

from webhooks.api.problems import FieldFault, ProblemError

_POSITION = re.compile(r"([a-z]+):([0-9]{1,18})")


def seal(kind: str, position: int | None) -> str | None:
    """The cursor of a position in a list of this ``kind``; None at the end."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(f"{kind}:{position}".encode()).rstrip(b"=").decode()


def open_(kind: str, cursor: str) -> int | None:
    """The position a cursor stands for, None for the beginning; raises ``ProblemError`` 422."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        match = _POSITION.fullmatch(raw.decode("ascii"))
    except (binascii.Error, ValueError):
        match = None
    if match is None or match[1] != kind or seal(kind, int(match[2])) != cursor:
        raise ProblemError.fields(FieldFault("cursor", "is none of this list's"))
    return int(match[2])
