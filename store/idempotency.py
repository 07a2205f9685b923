"""Idempotency keys: the same request again gets the same answer, for at least 48 h."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from store.db import RetryError, Tx
from store.errors import IdempotencyKeyReusedError
from store.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key and the fingerprint of what it asked for."""

    value: str
    fingerprint: str


def fingerprint(body: Any) -> str:
    """A hash of a JSON value: member order, spaces and 1 = 1.0 do not matter, list order does."""
    canonical = json.dumps(_whole(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def begin(tx: Tx, *, scope: str, key: Key) -> IdempotencyKey:
    """The key's row: with the answer that was given before, else new, for the caller to fill.

    Written before anything is locked: of two equal requests at once the second waits here, and
    then finds the answer. Raises ``IdempotencyKeyReusedError`` when the key stood for another
    request.
    """
    found = tx.exec(
        select(IdempotencyKey).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key.value)
    ).first()
    if found is not None:
        if found.fingerprint != key.fingerprint:
            raise IdempotencyKeyReusedError
        return found
    row = IdempotencyKey(scope=scope, key=key.value, fingerprint=key.fingerprint, created_at=tx.now)
    tx.add(row)
    try:
        tx.flush()
    except IntegrityError as error:
        raise RetryError from error  # somebody else won the key meanwhile: look again
    return row


def answered(tx: Tx, *, scope: str, key: Key) -> bool:
    """Whether the key has an answer to this very request; writes and locks nothing."""
    statement = select(IdempotencyKey).where(
        IdempotencyKey.scope == scope, IdempotencyKey.key == key.value
    )
    found = tx.exec(statement).first()
    return found is not None and found.fingerprint == key.fingerprint and found.answer is not None


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
