"""One-time codes work once, in time, however they are typed, and are not kept."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from store import codes
from store.db import Database
from store.errors import BadCodeError
from store.models import OneTimeCode
from tests.fakes.clock import FakeClock

TTL = timedelta(minutes=30)


def issue(db: Database, purpose: str = codes.OWNER) -> str:
    return db.run(lambda tx: codes.issue(tx, purpose=purpose, subject="ann", ttl=TTL))


def redeem(db: Database, code: str, purpose: str = codes.OWNER) -> str:
    return db.run(lambda tx: codes.redeem(tx, purpose=purpose, code=code))


def test_a_code_works_once(db: Database) -> None:
    code = issue(db)

    assert redeem(db, code) == "ann"
    with pytest.raises(BadCodeError):
        redeem(db, code)


@pytest.mark.parametrize("late_s", [1800, 1801])
def test_a_code_ends_with_its_time(db: Database, clock: FakeClock, late_s: int) -> None:
    code = issue(db)
    clock.advance(seconds=late_s)

    with pytest.raises(BadCodeError):
        redeem(db, code)


def test_a_code_is_for_one_purpose(db: Database) -> None:
    code = issue(db)

    with pytest.raises(BadCodeError):
        redeem(db, code, purpose="bind")


def test_typed_codes_have_no_signs_that_are_mistaken(db: Database) -> None:
    code = issue(db)

    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", code)


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} ",
        lambda code: code.replace("-", "—"),  # what phones make of a dash
        lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code),
    ],
    ids=["lower", "together", "blanks", "dash", "wide"],
)
def test_a_typed_code_may_be_typed_carelessly(db: Database, typed: "type[str]") -> None:
    assert redeem(db, typed(issue(db))) == "ann"


@pytest.mark.parametrize("wrong", ["", "-", "AAAA-AAAA", "\x00", "\ud800", "a" * 100_000])
def test_what_is_no_code_is_refused_alike(db: Database, wrong: str) -> None:
    with pytest.raises(BadCodeError):
        redeem(db, wrong)


def test_a_links_code_is_long_and_exact(db: Database) -> None:
    code = issue(db, codes.SIGN_IN)

    assert len(code) >= 43
    with pytest.raises(BadCodeError):
        redeem(db, code.swapcase(), codes.SIGN_IN)
    assert redeem(db, code, codes.SIGN_IN) == "ann"


def test_of_many_who_redeem_at_once_one_wins(db: Database) -> None:
    code = issue(db)

    def attempt(_: int) -> bool:
        try:
            return redeem(db, code) == "ann"
        except BadCodeError:
            return False

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(16)))

    assert won.count(True) == 1


def test_the_code_itself_is_not_kept(db: Database) -> None:
    code = issue(db)

    row = db.read(lambda tx: tx.exec(select(OneTimeCode)).one())

    kept = repr(row.model_dump())
    assert code not in kept
    assert code.replace("-", "") not in kept
