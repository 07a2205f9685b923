"""Forgetting what has served its time; never movements, orders and the journal, the record."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete
from sqlmodel import SQLModel, col, select

from store.db import Tx
from store.models import (
    Attachment,
    Dialogue,
    IdempotencyKey,
    Inbox,
    JobRun,
    OneTimeCode,
    Outbox,
    TimedAct,
)

# Promised are 48 h; a week also covers a platform that was down over a holiday's weekend.
DELIVERIES = timedelta(days=7)
CARDS = timedelta(days=15)  # Feishu lets a card be pressed and changed for 14
FAILURES = timedelta(days=90)  # what could not be said stays readable for a while
RUNS = timedelta(days=90)
CODES = timedelta(days=1)


def prune(tx: Tx, *, most: int = 500) -> int:
    """Delete up to ``most`` rows of each kind that nobody needs any more; returns how many.

    Call it again, in a transaction of its own, until it returns 0: small bites keep every lock
    short. Messages that were received and not handled stay, however old.
    """
    return sum(_delete(tx, model, condition, most) for model, condition in _stale(tx.now))


def _stale(now: datetime) -> Iterator[tuple[type[SQLModel], ColumnElement[bool]]]:
    week = now - DELIVERIES
    yield Inbox, (col(Inbox.received_at) < week) & (col(Inbox.state) == "handled")
    yield IdempotencyKey, col(IdempotencyKey.created_at) < week
    yield Attachment, col(Attachment.created_at) < week
    said = col(Outbox.state) == "sent"
    yield Outbox, (col(Outbox.created_at) < week) & said & (col(Outbox.ref) == "")
    yield Outbox, (col(Outbox.created_at) < now - CARDS) & said
    yield Outbox, (col(Outbox.created_at) < now - FAILURES) & (col(Outbox.state) == "dead")
    yield Dialogue, col(Dialogue.expires_at) < now
    yield OneTimeCode, col(OneTimeCode.expires_at) < now - CODES
    yield TimedAct, col(TimedAct.settled_at) < now - RUNS
    yield JobRun, col(JobRun.ran_at) < now - RUNS


def _delete(tx: Tx, model: Any, condition: ColumnElement[bool], most: int) -> int:
    # Two statements: MySQL knows no LIMIT in a subquery of IN, and an open range would lock gaps.
    ids = tx.exec(select(model.id).where(condition).limit(most)).all()
    if not ids:
        return 0
    gone = delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False)
    return tx.exec(gone).rowcount
