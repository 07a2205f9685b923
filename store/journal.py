"""The journal: who wrote what, and how one's last write is undone by opposite operations."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from store import chats, members, shop, skus, stock, timed
from store.db import Tx
from store.errors import NothingToUndoError, NotUndoableError
from store.models import AuditEntry, SkuStatus
from store.skus import SkuPatch
from store.stock import Cause

DONE = "done"


@dataclass(frozen=True, slots=True)
class Reversal:
    """One change undone: ``field`` of ``what`` (a code, a person, a topic) as it was and is now.

    ``field`` is ``on_hand``, a field of ``SkuPatch``, ``spec_schema``, ``shop``, ``role``,
    ``language``, ``subscription`` or ``timed`` (``#3``, its states); values are what the operations
    take.
    """

    what: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone: the entry's intent, and each of its changes, the last one first."""

    intent: str
    reversals: tuple[Reversal, ...]


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


def undo_last(tx: Tx, *, actor: str, cause_key: str, origin: str = "") -> Undone:
    """Reverse the actor's last write by opposite operations; an undo can be undone too.

    ``origin``: only if it came of the message with this key. Raises ``NothingToUndoError``,
    ``NotUndoableError`` (an order's step, something newer), or what the opposite operation refuses,
    for instance ``InsufficientStockError`` when the units were sold since. All of it or nothing.
    """
    entry = tx.exec(
        select(AuditEntry)
        .where(
            AuditEntry.actor == actor,
            AuditEntry.outcome == DONE,
            col(AuditEntry.undone).is_(False),
            col(AuditEntry.changes) != [],
        )
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
        .with_for_update()
    ).first()
    if entry is None:
        raise NothingToUndoError
    if origin and entry.origin != origin:
        raise NotUndoableError("")
    by = Cause(f"undo:{cause_key}", actor)
    reversals = tuple(_reverse(tx, change, by) for change in reversed(entry.changes))
    entry.undone = True
    tx.add(entry)
    return Undone(entry.intent, reversals)


def put_back(tx: Tx, changes: list[dict[str, Any]], *, cause: Cause) -> PutBack:
    """Reverse each change of goods or shop that still holds; what somebody changed since stays.

    Its SKUs are locked first, so that nobody changes one in between.
    """
    done, kept = [], []
    for change in reversed(timed.codes(tx, changes)):
        now = _standing(tx, change)
        field, what = change.get("field", change["kind"]), change.get("sku", "")
        if now == change["after"]:
            done.append(_reverse(tx, change, cause))
        elif now != change["before"]:
            kept.append(Reversal(what, field, now, change["before"]))
    return PutBack(tuple(done), tuple(kept))


def _standing(tx: Tx, change: dict[str, Any]) -> Any:
    """What a change of goods or shop is about, as it is now."""
    if change["kind"] == "shop":
        return shop.is_open(tx)
    return getattr(skus.view(tx, change["sku"]), change["field"])


def _reverse(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    """Undo one recorded change."""
    reverse = _REVERSALS.get(change["kind"])
    if reverse is None:
        raise NotUndoableError(str(change.get("order_no", change["kind"])))
    return reverse(tx, change, by)


def _stock(tx: Tx, change: dict[str, Any], by: Cause) -> Reversal:
    cause = Cause(f"{by.key}:{change['movement']}", by.actor)
    level = stock.reverse(tx, movement_id=change["movement"], cause=cause)
    return Reversal(level.sku, "on_hand", level.on_hand_before, level.on_hand)


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
