"""The journal: who wrote what, and how one's last write is undone by opposite operations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from store import chats, ends, members, shop, skus, stock, timed
from store.cleanup import CARDS
from store.db import Tx
from store.errors import (
    BusyError,
    NothingToUndoError,
    NotUndoableError,
    StoreError,
    UnavailableError,
)
from store.models import AuditEntry, SkuStatus
from store.skus import SkuPatch
from store.stock import Cause
from store.timed import TimedView

DONE = "done"


@dataclass(frozen=True, slots=True)
class Reversal:
    """One change undone: ``field`` of ``what`` (a code, a person, a topic) as it was and is now.

    ``field`` is ``on_hand``, a field of ``SkuPatch``, ``spec_schema``, ``shop``, ``role``,
    ``language``, ``subscription`` or ``timed`` (``#3``, its states); values are what the operations
    take. ``short``: units that could not be taken back, because they are sold or held by open
    orders. ``act``: the number of the timed act that will put it back, where one still runs.
    """

    what: str
    field: str
    before: Any
    after: Any
    short: int = 0
    act: int = 0


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone: the entry's intent, and each of its changes, the last one first.

    ``left``: what stands, with the reason, because of what happened since.
    """

    intent: str
    reversals: tuple[Reversal, ...]
    left: tuple[StoreError, ...] = ()


@dataclass(frozen=True, slots=True)
class PutBack:
    """What the end of an act put back, and what it let alone, for it had changed since.

    Of the latter ``before`` is what it is, and ``after`` what it would have been.
    """

    reversals: tuple[Reversal, ...]
    kept: tuple[Reversal, ...]


def record(
    tx: Tx,
    *,
    actor: str,
    origin: str,
    intent: str,
    outcome: str = DONE,
    slots: dict[str, Any] | None = None,
) -> int:
    """Write who asked for what, what came of it, and what this transaction changed.

    Returns the entry's id.
    """
    entry = AuditEntry(
        actor=actor,
        origin=origin,
        intent=intent,
        outcome=outcome,
        slots=slots or {},
        changes=list(tx.changes),
        created_at=tx.now,
    )
    tx.changes.clear()
    tx.add(entry)
    tx.flush()
    return entry.id or 0


def author(tx: Tx, origin: str) -> str:
    """Who wrote what came of the message with this key; "" where nothing did, or long ago."""
    found = _of_message(tx, origin)
    return "" if found is None else found.actor


def last_at(tx: Tx, actor: str) -> datetime | None:
    """When the newest write of a person was made that stands; None where there is none."""
    entry = _last(tx, actor)
    return None if entry is None else entry.created_at


def undo_last(tx: Tx, *, actor: str, cause_key: str, origin: str = "", owner: str = "") -> Undone:
    """Reverse a person's last write by opposite operations; an undo can be undone too.

    ``owner``: whose, the actor's own by default. ``origin``: not the last one, but what came of
    the message with this key. What others did since stands: units that were sold, values that
    were changed again, a SKU that was counted; the rest is taken back, and the result names what
    was not. Raises ``NothingToUndoError``, ``NotUndoableError`` (an order's step, undone
    already), or where nothing at all can be taken back what the first opposite operation refuses.
    """
    entry = _last(tx, owner or actor) if not origin else _of_message(tx, origin)
    if entry is None:
        raise NothingToUndoError if not origin else NotUndoableError("")
    tx.refresh(entry, with_for_update=True)
    if entry.undone or entry.actor != (owner or actor):
        raise NotUndoableError("")
    undone = _reversed(tx, entry, Cause(f"undo:{cause_key}", actor))
    entry.undone = True
    tx.add(entry)
    return undone


def put_back(tx: Tx, act: TimedView, *, cause: Cause) -> PutBack:
    """Reverse each change of an act that still holds; what somebody wrote since stays.

    The same value written anew is a decision too. Where acts were laid over each other the last
    end puts back what was before the first. Its SKUs, or the shop, are locked first, so that nobody
    changes one in between.
    """
    done, kept = [], []
    if any(change["kind"] == "shop" for change in act.changes):
        shop.is_open(tx, lock=True)
    changes, since = timed.codes(tx, act.changes), ends.since(tx, act.id)
    for change in reversed(changes):
        now, before, anew = _standing(tx, change), since.original(change), since.anew(change)
        if now == change["after"] and now != before and not anew:
            done.append(_REVERSALS[change["kind"]](tx, {**change, "before": before}, cause))
        elif now != before:
            field, running = change.get("field", "shop"), 0 if anew else since.over(change)
            kept.append(Reversal(change.get("sku", ""), field, now, before, act=running))
    return PutBack(tuple(done), tuple(kept))


def _standing(tx: Tx, change: dict[str, Any]) -> Any:
    """What a change of goods or shop is about, as it is now."""
    if change["kind"] == "shop":
        return shop.is_open(tx)
    return getattr(skus.view(tx, change["sku"]), change["field"])


def _last(tx: Tx, actor: str) -> AuditEntry | None:
    """The newest write of a person that stands."""
    return tx.exec(
        _writes().where(AuditEntry.actor == actor, col(AuditEntry.undone).is_(False))
    ).first()


def _of_message(tx: Tx, origin: str) -> AuditEntry | None:
    """The write that came of a message, while its card can still be pressed."""
    lately = col(AuditEntry.created_at) >= tx.now - CARDS  # origins have no index, moments have
    return tx.exec(_writes().where(AuditEntry.origin == origin, lately)).first()


def _writes() -> SelectOfScalar[AuditEntry]:
    return (
        select(AuditEntry)
        .where(AuditEntry.outcome == DONE, col(AuditEntry.changes) != [])
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
    )


def _reversed(tx: Tx, entry: AuditEntry, by: Cause) -> Undone:
    """Undo an entry's changes, as many as what happened since allows."""
    for change in entry.changes:
        if change["kind"] not in _REVERSALS:
            order_no, status = str(change.get("order_no", "")), str(change.get("after", ""))
            raise NotUndoableError(order_no or change["kind"], order_no=order_no, status=status)
    done: list[Reversal] = []
    left: list[StoreError] = []
    for change in reversed(entry.changes):
        mark, savepoint = len(tx.changes), tx.begin_nested()
        try:
            done.append(_REVERSALS[change["kind"]](tx, change, by))
            savepoint.commit()
        except (BusyError, UnavailableError):
            raise
        except StoreError as error:
            savepoint.rollback()
            del tx.changes[mark:]
            left.append(error)
    if not done:
        raise left[0]
    return Undone(entry.intent, tuple(done), tuple(left))


def _stock(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    level = stock.reverse(tx, movement_id=change["movement"], cause=by)
    short = abs(change["delta"]) - abs(level.on_hand - level.on_hand_before)
    return Reversal(level.sku, "on_hand", level.on_hand_before, level.on_hand, short)


def _field(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    field, code = change["field"], change["sku"]
    now = getattr(skus.view(tx, code), field)
    if now != change["after"]:
        raise NotUndoableError(code)  # somebody changed it since: theirs stays
    edited = skus.edit(
        tx,
        code=code,
        patch=SkuPatch(**{field: change["before"]}),
        cause=Cause(f"{by.key}:{field}", by.actor),
    )
    return Reversal(edited.after.code, field, now, change["before"])


def _created(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    cause = Cause(f"{by.key}:created", by.actor)
    skus.set_status(tx, code=change["sku"], status=SkuStatus.DELISTED, cause=cause)
    return Reversal(change["sku"], "status", SkuStatus.ON_SALE.value, SkuStatus.DELISTED.value)


def _schema(tx: Tx, change: dict[str, Any], _: Cause) -> Reversal:
    skus.set_schema(tx, product_id=change["product"], schema=change["before"])
    return Reversal("", "spec_schema", change["after"], change["before"])


def _shop(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    shop.set_open(tx, open=change["before"], actor=by.actor)
    return Reversal("", "shop", change["after"], change["before"])


def _timed(tx: Tx, change: dict[str, Any], _: Cause) -> Reversal:
    number, before, after = change["act"], change["before"], change["after"]
    timed.move(tx, number, before=before, after=after)
    return Reversal(f"#{number}", "timed", after, before)


def _role(tx: Tx, change: dict[str, Any], _: Cause) -> Reversal:
    members.set_role(tx, platform=change["platform"], user_id=change["user"], role=change["before"])
    name = change["name"] or change["user"]
    return Reversal(name, "role", change["after"], change["before"])


def _subscription(tx: Tx, change: dict[str, Any], _: Cause) -> Reversal:
    where = {"platform": change["platform"], "chat_id": change["chat"], "topic": change["topic"]}
    chats.restore(tx, **where, at=change["before"])
    return Reversal(change["topic"], "subscription", change["after"], change["before"])


def _language(tx: Tx, change: dict[str, Any], _: Cause) -> Reversal:
    where = {"platform": change["platform"], "chat_id": change["chat"], "kind": change["where"]}
    chats.set_language(tx, **where, language=change["before"], was=change["after"])
    return Reversal("", "language", change["after"], change["before"])


_REVERSALS = {
    "language": _language,
    "stock": _stock,
    "field": _field,
    "created": _created,
    "schema": _schema,
    "shop": _shop,
    "role": _role,
    "subscription": _subscription,
    "timed": _timed,
}
