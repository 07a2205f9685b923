"""One-time codes: short ones for people to type, long ones in links. Only digests are kept."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select

from store import names
from store.db import Tx
from store.errors import BadCodeError
from store.models import OneTimeCode

OWNER = "owner"  # typed in a chat: makes the sender the owner
LINK = "link"  # typed in a chat of another platform: both are one person
SIGN_IN = "sign_in"  # carried by the link to the administration pages

_LINKS = frozenset({SIGN_IN})
# Nothing that is mistaken for something else when read aloud or from a screen: 0 O, 1 I L.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8  # 40 bits, tried over a chat for half an hour at most
_FOLDED = {ord(sign): None for sign in " -_\u2010\u2011\u2013\u2014"}


def issue(tx: Tx, *, purpose: str, subject: str = "", ttl: timedelta) -> str:
    """A new code that works once, within ``ttl``; ``subject`` is what ``redeem`` will answer.

    Typed codes look like ``7KQM-2XWD``; links get 256 random bits.
    """
    if purpose in _LINKS:
        code = secrets.token_urlsafe(32)
    else:
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        code = f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"
    tx.add(
        OneTimeCode(
            purpose=purpose,
            digest=_digest(purpose, code),
            subject=subject,
            expires_at=tx.now + ttl,
        )
    )
    tx.flush()
    return code


def redeem(tx: Tx, *, purpose: str, code: str) -> str:
    """Use up a code and return its subject; of a typed one case, blanks, dashes, width are free.

    Of two who redeem at once one wins. The code is looked up by its digest, so the time this takes
    tells nothing about the code. Raises ``BadCodeError``, the same for unknown, used and expired.
    """
    digest = _digest(purpose, code)
    used = tx.exec(
        update(OneTimeCode)
        .where(
            col(OneTimeCode.digest) == digest,
            col(OneTimeCode.used_at).is_(None),
            col(OneTimeCode.expires_at) > tx.now,
        )
        .values(used_at=tx.now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        raise BadCodeError
    return tx.exec(select(OneTimeCode.subject).where(OneTimeCode.digest == digest)).one()


def _digest(purpose: str, code: str) -> str:
    if purpose not in _LINKS:
        code = names.fold_width(code).translate(_FOLDED).upper()
    return hashlib.sha256(f"{purpose}:{code}".encode("utf-8", "surrogatepass")).hexdigest()
