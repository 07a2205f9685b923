"""Background work: one process at a time holds the lease, and each run of a job happens once.

The lease is measured on the database's clock, the one clock all processes share. It saves double
work; what makes a stale holder harmless is the epoch, which ``guard`` checks inside the very
transaction that writes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from store.db import RetryError, Tx, database_now
from store.errors import LeaseLostError
from store.models import JobRun, Lease


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as it was granted; ``epoch`` rises with each holder."""

    name: str
    owner: str
    epoch: int


def acquire(tx: Tx, *, name: str, owner: str, ttl_s: float) -> Held | None:
    """Take a lease that nobody holds; None while another owner does. The holder's own is prolonged.

    ``owner`` names one process, never two. The row stays locked until the transaction ends.
    """
    row = _locked(tx, name)
    now = database_now(tx)  # read under the lock, or a wait for it would grant time that is over
    until = now + timedelta(seconds=ttl_s)
    if row is None:
        return _first(tx, Lease(name=name, owner=owner, epoch=1, expires_at=until))
    if row.expires_at > now:
        held = Held(name, owner, row.epoch)
        return held if row.owner == owner and renew(tx, held, ttl_s=ttl_s) else None
    taken = (
        update(Lease)
        .where(col(Lease.name) == name, col(Lease.epoch) == row.epoch)
        .values(owner=owner, epoch=row.epoch + 1, expires_at=until)
        .execution_options(synchronize_session=False)
    )
    return Held(name, owner, row.epoch + 1) if tx.exec(taken).rowcount == 1 else None


def renew(tx: Tx, held: Held, *, ttl_s: float) -> bool:
    """Prolong a lease; False when it has ended, whether or not somebody else holds it now."""
    _locked(tx, held.name)
    now = database_now(tx)
    return _set_expiry(tx, held, now, now + timedelta(seconds=ttl_s))


def release(tx: Tx, held: Held) -> None:
    """Give a lease up, so that the next process need not wait for its end."""
    now = database_now(tx)
    _set_expiry(tx, held, now, now)


def guard(tx: Tx, held: Held) -> None:
    """Refuse the writes of this transaction when the lease has ended (``LeaseLostError``).

    Call it first: it locks the lease, so nobody takes over before this transaction has ended.
    """
    row = _locked(tx, held.name)
    if row is None or not _holds(row, held) or row.expires_at <= database_now(tx):
        raise LeaseLostError


def once(tx: Tx, *, job: str, slot: str, epoch: int) -> bool:
    """Whether this run of ``job`` is the first for ``slot`` (a day, an hour); it is noted as done.

    The note is part of the transaction: a run that fails may be tried again.
    """
    found = tx.exec(select(JobRun.id).where(JobRun.job == job, JobRun.slot == slot)).first()
    if found is not None:
        return False
    tx.add(JobRun(job=job, slot=slot, epoch=epoch, ran_at=tx.now))
    _flush_or_retry(tx)
    return True


def _locked(tx: Tx, name: str) -> Lease | None:
    statement = select(Lease).where(Lease.name == name).with_for_update()
    return tx.exec(statement.execution_options(populate_existing=True)).first()


def _first(tx: Tx, row: Lease) -> Held:
    tx.add(row)
    _flush_or_retry(tx)
    return Held(row.name, row.owner, row.epoch)


def _flush_or_retry(tx: Tx) -> None:
    try:
        tx.flush()
    except IntegrityError as error:
        raise RetryError from error  # another process wrote this row meanwhile: look again


def _holds(row: Lease, held: Held) -> bool:
    return (row.owner, row.epoch) == (held.owner, held.epoch)


def _set_expiry(tx: Tx, held: Held, now: datetime, until: datetime) -> bool:
    still_held: tuple[ColumnElement[bool], ...] = (
        col(Lease.name) == held.name,
        col(Lease.owner) == held.owner,
        col(Lease.epoch) == held.epoch,
        col(Lease.expires_at) > now,
    )
    statement = (
        update(Lease)
        .where(*still_held)
        .values(expires_at=until)
        .execution_options(synchronize_session=False)
    )
    return tx.exec(statement).rowcount == 1
