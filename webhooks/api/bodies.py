"""JSON in and out: bytes to a strict value and back, for every entrance; nothing of Flask."""

import json
import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, overload

from webhooks.api.problems import FieldFault, ProblemError

JSON = "application/json"
MOST_DIGITS = 30  # longer integers are out of every range; int() itself gives up at 4300 digits
MOST_MEMBERS = 64  # of an object: far above what any route knows, keeps error lists short
EXACT = 16  # a float has at least 15 decimal digits: shorter texts are what they say
SURROGATES = range(0xD800, 0xE000)


def check_type(content_type: str, content_encoding: str) -> None:
    """Refuse everything but plain, uncompressed UTF-8 JSON with 415."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {
        p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")
    }
    if kind != JSON or not charsets <= {"utf-8", "utf8"}:
        raise ProblemError("unsupported_media_type", "Send application/json in UTF-8.")
    if content_encoding.strip().lower() not in {"", "identity"}:
        raise ProblemError("unsupported_media_type", "Send the body uncompressed.")


def decode(raw: bytes) -> dict[str, Any]:
    """The JSON object in ``raw``.

    Broken JSON, NaN and infinities, bytes that are no UTF-8, a byte order mark and bottomless
    nesting are 400; a name given twice, lone surrogates and a value that is no object are 422.
    Raises ``ProblemError``.
    """
    try:
        text = raw.decode()
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise ProblemError("invalid_request", "The body is not JSON.", status=400) from error
    if not isinstance(value, dict):
        raise ProblemError.fields(
            FieldFault("", "an object with the fields of this request is expected")
        )
    if "\\u" in text and (place := next(_lone_surrogates(value, ""), None)) is not None:
        raise ProblemError.fields(FieldFault(place, "half of a character (a lone surrogate)"))
    return value


def encode(value: Any) -> bytes:
    """``value`` as compact JSON, Chinese left readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@overload
def instant(moment: datetime) -> str: ...
@overload
def instant(moment: None) -> None: ...
def instant(moment: datetime | None) -> str | None:
    """RFC 3339 with offset, to the millisecond."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ProblemError.fields(FieldFault(_printable(twice), "given twice"))
    if len(members) > MOST_MEMBERS:
        raise ProblemError.fields(FieldFault("", f"an object has more than {MOST_MEMBERS} fields"))
    return members


def _integer(digits: str) -> float:
    return (
        int(digits)
        if len(digits) <= MOST_DIGITS
        else math.copysign(math.inf, -1 if digits[0] == "-" else 1)
    )


def _fraction(text: str) -> float:
    """A number with a fraction or exponent; what only rounds to a whole number is not one."""
    value = float(text)
    if not value.is_integer() or (value and len(text) < EXACT):
        return value
    try:
        exact = Decimal(text) == Decimal(value)  # 1e-400 is no 0, however short it is
    except ArithmeticError:  # an exponent that Decimal has no room for
        exact = False
    return value if exact else math.nan


def _constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _lone_surrogates(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, str):
        if any(ord(char) in SURROGATES for char in value):
            yield place
    elif isinstance(value, dict):
        for name, item in value.items():
            where = f"{place}.{_printable(name)}".lstrip(".")
            yield from _lone_surrogates(name, where)
            yield from _lone_surrogates(item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _lone_surrogates(item, f"{place}.{index}")


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:80]


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
