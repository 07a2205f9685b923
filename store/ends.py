"""What became of goods since a timed act changed them: who decided anew, which other act runs.

A price that somebody set again is theirs, whatever its value. Acts over acts are no decisions:
when all of them have ended things are as they were before the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, type_coerce
from sqlmodel import and_, col, or_, select

from store.db import Tx
from store.models import AuditEntry, TimedAct, TimedState

_Place = tuple[int, str]  # a SKU by its id and a field of it; the shop is 0


@dataclass(frozen=True, slots=True)
class Step:
    """One change by an act; ``version``: the SKU's after it, or when the shop's state changed."""

    act: int
    running: bool
    version: Any
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Since:
    """What happened to the places that an act changed.

    ``decided``: the versions that somebody's own write made, ascending; ``steps``: the changes of
    other acts with an end, ascending.
    """

    decided: Mapping[_Place, Sequence[Any]]
    steps: Mapping[_Place, Sequence[Step]]

    def anew(self, change: Mapping[str, Any]) -> bool:
        """Whether somebody wrote this field after the change."""
        return self._decided(_place(change), change["version"])

    def original(self, change: Mapping[str, Any]) -> Any:
        """What was before the change, and before the acts it was made over that have ended."""
        place, version, value = _place(change), change["version"], change["before"]
        for step in reversed(self.steps.get(place, ())):
            below = not step.running and step.version < version and step.after == value
            if below and not self._decided(place, step.version, version):
                version, value = step.version, step.before
        return value

    def over(self, change: Mapping[str, Any]) -> int:
        """The number of the act that runs over the change, 0 for none."""
        later = self.steps.get(_place(change), ())
        running = (step for step in reversed(later) if step.running)
        return next((step.act for step in running if step.version > change["version"]), 0)

    def _decided(self, place: _Place, after: Any, before: Any = None) -> bool:
        versions = [version for version in self.decided.get(place, ()) if version > after]
        return any(before is None or version < before for version in versions)


def since(tx: Tx, number: int) -> Since:
    """What happened to what an act changed since it changed it, in two queries."""
    act = tx.get_one(TimedAct, number)
    places = {_place(change) for change in act.changes}
    others = _others(tx, act)
    steps: dict[_Place, list[Step]] = {}
    for other in others:
        for change in other.changes:
            steps.setdefault(_place(change), []).append(_step(other, change))
    for made in steps.values():
        made.sort(key=lambda step: step.version)
    acts = {(place, step.version) for place, made in steps.items() for step in made}
    acts |= {(_place(change), change["version"]) for change in act.changes}
    decided: dict[_Place, list[Any]] = {}
    for place, version in _written(tx, [act, *others]):
        if place in places and (place, version) not in acts:
            decided.setdefault(place, []).append(version)
    return Since(decided, steps)


def _others(tx: Tx, act: TimedAct) -> list[TimedAct]:
    """The acts with an end that ran at some time since this one was asked for.

    An undone one has ended too; of a cancelled one the price is for good.
    """
    over = col(TimedAct.state).in_([TimedState.DONE.value, TimedState.UNDONE.value])
    ran = or_(
        col(TimedAct.state) == TimedState.ON,
        and_(over, col(TimedAct.settled_at) >= act.created_at),
    )
    ending = col(TimedAct.ends_at).is_not(None)
    return list(tx.exec(select(TimedAct).where(col(TimedAct.id) != act.id, ending, ran)).all())


def _step(act: TimedAct, change: Mapping[str, Any]) -> Step:
    running = act.state == TimedState.ON
    return Step(act.id or 0, running, change["version"], change["before"], change["after"])


def _written(tx: Tx, acts: Sequence[TimedAct]) -> Iterator[tuple[_Place, Any]]:
    """What people wrote since the first of these acts was asked for, and not undid."""
    written = select(AuditEntry.intent, AuditEntry.slots, AuditEntry.changes)
    statement = written.where(
        AuditEntry.outcome == "done",
        col(AuditEntry.created_at) >= min(act.created_at for act in acts),
        col(AuditEntry.undone).is_(False),
        col(AuditEntry.intent) != "undo",
        type_coerce(AuditEntry.changes, Text).contains('"version":'),  # not the many of stock alone
    )
    for intent, slots, changes in tx.exec(statement.order_by(col(AuditEntry.id))).all():
        if "number" in slots and intent == "schedule":
            continue  # an end that put things back
        for change in changes:
            if change["kind"] in {"field", "shop"} and "version" in change:
                yield _place(change), change["version"]


def _place(change: Mapping[str, Any]) -> _Place:
    """Of a change as the journal has it, or as an act keeps it."""
    return change.get("sku_id", change.get("id", 0)), change.get("field", change["kind"])
