"""Errors as ``application/problem+json`` (RFC 9457), each with a stable ``code``."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from pydantic import ValidationError

from store import errors
from store.errors import InvalidValueError, StoreError

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1  # what we are short of (a lock, a worker thread) is there again within a second
MOST_FAULTS = 50  # in one answer: a person mends the first few and tries again

# code -> status and what a person reads first. What a StoreError becomes is further down.
TITLES: dict[str, tuple[int, str]] = {
    "invalid_request": (422, "The request is not valid"),
    "unauthorized": (401, "Sign in, or send the administration token"),
    "forbidden": (403, "A higher role is needed"),
    "not_found": (404, "There is nothing here"),
    "method_not_allowed": (405, "This address does not know that method"),
    "request_timeout": (408, "The body did not arrive in time"),
    "stale_version": (412, "Somebody changed it first"),
    "too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "This kind of body is not read here"),
    "rate_limited": (429, "Too many requests"),
    "internal_error": (500, "Something went wrong on our side"),
    "overloaded": (503, "The shop is busy; try again"),
    "sku_not_found": (404, "No such SKU"),
    "sku_ambiguous": (409, "Several SKUs fit"),
    "sku_not_for_sale": (409, "Not for sale"),
    "insufficient_stock": (409, "Not enough stock"),
    "price_changed": (409, "The price has changed"),
    "shop_closed": (409, "The shop is closed"),
    "code_taken": (409, "This SKU exists already"),
    "name_taken": (409, "Another product has this name"),
    "spec_not_allowed": (422, "The spec is outside the product's schema"),
    "use_movements": (422, "Stock is changed by movements"),
    "order_ambiguous": (409, "Several orders fit"),
    "wrong_state": (409, "The order is past that step"),
    "idempotency_key_reused": (422, "The key stands for another request"),
    "payment_not_available": (409, "This payment is not available"),
    "member_not_found": (404, "Nobody by this name"),
    "last_owner": (409, "The shop needs an owner"),
    "nothing_to_undo": (409, "Nothing to undo"),
    "not_undoable": (409, "This cannot be undone"),
    "bad_code": (401, "The code is unknown, used or too old"),
    "lease_lost": (503, "Another process took over"),
}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field (dotted path, "" = the whole body) and what is wrong with it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer, ready for any server."""

    status: int
    code: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        """The body."""
        document = {
            "type": f"/docs#{self.code}",
            "title": TITLES[self.code][1],
            "status": self.status,
            "code": self.code,
            **self.members,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


class ProblemError(Exception):
    """A request refused at the edge, before or beside the store."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.detail = detail
        self.problem = Problem(
            status=status or TITLES[code][0],
            code=code,
            members={"detail": detail} if detail else {},
            headers=tuple((headers or {}).items()),
        )

    @classmethod
    def fields(cls, *faults: FieldFault) -> Self:
        """422 ``invalid_request``, naming every field at fault."""
        error = cls("invalid_request")
        error.problem = Problem(422, "invalid_request", _faults(faults))
        return error

    @classmethod
    def busy(cls, code: str = "overloaded", *, retry_after_s: int = RETRY_AFTER_S) -> Self:
        """503 or 429, saying when to come back (whole seconds)."""
        return cls(code, headers={"Retry-After": str(max(1, retry_after_s))})


def of_store(error: StoreError) -> Problem:
    """What an expected failure of the store becomes."""
    status = STATUSES[type(error)]
    members = _MEMBERS.get(type(error), _nothing)(error)
    headers = (("Retry-After", str(RETRY_AFTER_S)),) if status == 503 else ()  # noqa: PLR2004
    return Problem(status, error.code, members, headers)


def of_validation(error: ValidationError, *, place: str = "") -> Problem:
    """422 with every fault a model found. Values stay out: they may be secrets, or huge."""
    found = error.errors(include_url=False, include_input=False, include_context=True)[:MOST_FAULTS]
    faults = [
        FieldFault(".".join(map(str, (*_path(place), *fault["loc"]))), _message(fault))
        for fault in found
    ]
    return Problem(422, "invalid_request", _faults(faults))


def of_bug() -> tuple[Problem, str]:
    """500 with a fresh reference id and nothing else, and that id for the log."""
    reference = secrets.token_hex(4).upper()
    return Problem(500, "internal_error", {"reference": reference}), reference


def sentence(error: InvalidValueError) -> str:
    """What is wrong with a value, for a programmer."""
    template = _RULES.get(error.rule, error.rule)
    return template.format(limit=error.limit)


_RULES = {
    "calendar": "is no day of the calendar",
    "characters": "has characters that are not allowed",
    "count": "must have between 1 and {limit} entries",
    "empty": "must not be empty",
    "invisible": "has control, invisible or right-to-left characters",
    "length": "must have at most {limit} characters",
    "range": "is outside the allowed range (limit {limit})",
    "reserved": "is not allowed",
    "twice": "is given twice with different values",
}

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "has characters that are not allowed",
}


def _message(fault: Any) -> str:
    template = _MESSAGES.get(fault["type"])
    return template.format(**fault.get("ctx", {})) if template else str(fault["msg"])


def _path(place: str) -> tuple[str, ...]:
    return (place,) if place else ()


def _faults(faults: Any) -> dict[str, Any]:
    listed = [asdict(fault) for fault in faults]
    detail = "; ".join(f"{fault['field'] or 'the body'} {fault['message']}" for fault in listed[:3])
    return {"detail": detail, "errors": listed}


def _nothing(_: Any) -> dict[str, Any]:
    return {}


def _stock(error: errors.InsufficientStockError) -> dict[str, Any]:
    lines = {"lines": [asdict(line) for line in error.lines]}
    return {**lines, "orders": list(error.holders)} if error.holders else lines


def _spec(error: errors.SpecNotAllowedError) -> dict[str, Any]:
    return {
        "product": error.product,
        "key": error.key or None,
        "value": error.value,
        "allowed": list(error.allowed),
        "missing": list(error.missing),
    }


STATUSES: dict[type[StoreError], int] = {
    InvalidValueError: 422,
    errors.SkuNotFoundError: 404,
    errors.AmbiguousSkuError: 409,
    errors.ProductNotFoundError: 404,
    errors.SkuNotForSaleError: 409,
    errors.InsufficientStockError: 409,
    errors.PriceChangedError: 409,
    errors.ShopClosedError: 409,
    errors.CodeTakenError: 409,
    errors.NameTakenError: 409,
    errors.SpecNotAllowedError: 422,
    errors.StaleVersionError: 412,
    errors.BadFileError: 422,
    errors.OrderNotFoundError: 404,
    errors.AmbiguousOrderError: 409,
    errors.WrongStateError: 409,
    errors.IdempotencyKeyReusedError: 422,
    errors.MemberNotFoundError: 404,
    errors.LastOwnerError: 409,
    errors.NothingToUndoError: 409,
    errors.CountedTwiceError: 422,
    errors.NotUndoableError: 409,
    errors.TimedActNotFoundError: 404,
    errors.BadCodeError: 401,
    errors.LeaseLostError: 503,
    errors.BusyError: 503,
    errors.UnavailableError: 503,
}

# What a client can act on, beside the code. An order that is not there says nothing, not even its
# number: the answer is the same for a wrong token.
_MEMBERS: dict[type[StoreError], Callable[[Any], dict[str, Any]]] = {
    InvalidValueError: lambda e: _faults([FieldFault(e.field, sentence(e))]),
    errors.SkuNotFoundError: lambda e: {"skus": list(e.skus)},
    errors.AmbiguousSkuError: lambda e: {"skus": list(e.candidates)},
    errors.SkuNotForSaleError: lambda e: {"skus": list(e.skus)},
    errors.InsufficientStockError: _stock,
    errors.PriceChangedError: lambda e: {"lines": [asdict(line) for line in e.lines]},
    errors.CodeTakenError: lambda e: {"sku": e.sku},
    errors.NameTakenError: lambda e: {"name": e.name},
    errors.SpecNotAllowedError: _spec,
    errors.StaleVersionError: lambda e: {"version": e.version},
    errors.AmbiguousOrderError: lambda e: {"orders": list(e.candidates)},
    # The order's state stands where RFC 9457 has the number (which readers skip when it is none).
    errors.WrongStateError: lambda e: {"status": e.status},
}
