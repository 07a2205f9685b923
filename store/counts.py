"""Counts: what was found on the shelf at some moment, against the books of that moment.

A shop sells while it counts. A count therefore never sets a level: it corrects the books by what
was wrong with them when it was made, and what came and went since stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from store import dialogues, stock
from store.db import Tx
from store.errors import InsufficientStockError, InvalidValueError, Shortage
from store.models import MovementKind, StockMovement
from store.stock import Cause, StockLevel

RUNS_FOR = timedelta(hours=8)  # a shift: a count left open longer is forgotten
WAITS_FOR = timedelta(hours=24)  # one that was paused: it is gone on with the next morning
MOST_LINES = 500  # SKUs of one running count, as many as one message may change
_MOST_BACK = 100  # lines that can be taken back, the newest first


@dataclass(frozen=True, slots=True)
class Standing:
    """A SKU as a count made at ``at`` finds it, in units.

    ``books``: stock on hand by the books, without what came and went since. ``moved``: that.
    ``reserved``: what open orders held at that moment.
    """

    code: str
    at: datetime
    books: int
    moved: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Place:
    """One person in one chat."""

    platform: str
    chat_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """What was counted of a SKU, in units, and when it was said."""

    counted: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """SKUs that a running count asks for one after the other, by code; ``at``: which is next.

    ``paused``: it asks for nothing until it is gone on with.
    """

    codes: tuple[str, ...] = ()
    at: int = 0
    paused: bool = False

    @property
    def asked(self) -> str:
        """The code of the SKU that is asked for, "" for none."""
        going = self.at < len(self.codes) and not self.paused
        return self.codes[self.at] if going else ""


@dataclass(frozen=True, slots=True)
class Noted:
    """A line that was put into a running count: the units ``before`` it, None for none, and now."""

    code: str
    before: int | None
    counted: int


def standing(tx: Tx, *, code: str, at: datetime) -> Standing:
    """What a count of this moment has to be held against; the SKU is locked from here on.

    Raises ``SkuNotFoundError``.
    """
    row = stock.lock(tx, [code])[0]
    since = tx.exec(
        select(StockMovement)
        .where(StockMovement.sku_id == row.id, col(StockMovement.created_at) > at)
        .order_by(col(StockMovement.id))
    ).all()
    moved = _moved(since)
    held = row.reserved - sum(m.delta_reserved for m in since)
    return Standing(row.code, at, books=row.on_hand - moved, moved=moved, reserved=held)


def book(tx: Tx, found: Standing, *, counted: int, taken: bool, cause: Cause) -> StockLevel:
    """Correct the books by what was counted less what they said; what moved since stays.

    ``taken``: what orders held had left the shelf before, and was not among the counted. Raises
    ``InsufficientStockError`` when less would be left than open orders hold, and
    ``InvalidValueError``.
    """
    shelf = stock.checked_units(counted, least=0) + (found.reserved if taken else 0)
    if shelf + found.moved < 0:  # more has been sold since than was there
        raise InsufficientStockError(Shortage(found.code, -found.moved, shelf))
    return stock.count(tx, sku=found.code, counted=shelf + found.moved, cause=cause)


def begin(tx: Tx, where: Place) -> dict[str, Line]:
    """Open the person's running count, or go on with the open one; what it holds, by code."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        if open_.command.get("paused"):
            _keep(tx, open_, paused=False)
        return _lines(open_.command)
    dialogues.ask(
        tx,
        platform=_beside(where),
        chat_id=where.chat_id,
        user_id=where.user_id,
        kind="count",
        command={"lines": {}, "since": tx.now.isoformat()},
        ttl=RUNS_FOR,
    )
    return {}


def running(tx: Tx, where: Place) -> dict[str, Line] | None:
    """The lines of the person's running count by code, in the order counted; None: none is open."""
    open_ = _row(tx, where)
    return None if open_ is None else _lines(open_.command)


def note(tx: Tx, where: Place, *, code: str, line: Line) -> Line | None:
    """Put a line into the open count, in place of what was counted of the SKU before.

    Returns that, None where it was nothing. Raises ``InvalidValueError`` when there are
    ``MOST_LINES`` already.
    """
    open_ = _row(tx, where, lock=True)
    if open_ is None:
        raise InvalidValueError("lines", "empty")
    stock.checked_units(line.counted, least=0)
    lines = dict(open_.command["lines"])
    before = lines.pop(code, None)
    if len(lines) >= MOST_LINES:
        raise InvalidValueError("lines", "count", MOST_LINES)
    lines[code] = {"counted": line.counted, "at": line.at.isoformat()}
    going = replace(_round(open_.command), paused=False)
    at = _uncounted(going, lines) if going.asked == code else going.at
    noted = {"code": code, "before": before, "since": tx.now.isoformat()}
    history = [*open_.command.get("history", ()), noted][-_MOST_BACK:]
    _keep(tx, open_, lines=lines, at=at, history=history, paused=False)
    return None if before is None else _line(before)


def newest(tx: Tx, where: Place) -> datetime | None:
    """When the open count's last line was put in, or it was begun; None where nobody knows."""
    open_ = _row(tx, where)
    if open_ is None:
        return None
    history = open_.command.get("history", ())
    since = history[-1]["since"] if history else open_.command.get("since")
    return datetime.fromisoformat(since) if since else None


def take_back(tx: Tx, where: Place) -> list[Noted]:
    """Take out again what the newest message put in, and ask for its first SKU.

    Returns the lines in the order they were put in; an empty list where there are none.
    """
    open_ = _row(tx, where, lock=True)
    history = list(open_.command.get("history", ())) if open_ is not None else []
    if open_ is None or not history:
        return []
    since, lines, taken = history[-1]["since"], dict(open_.command["lines"]), list[Noted]()
    while history and history[-1]["since"] == since:
        taken.insert(0, _taken(lines, history.pop()))
    going, code = _round(open_.command), taken[0].code
    at = going.codes.index(code) if code in going.codes else going.at
    _keep(tx, open_, lines=lines, at=at, history=history)
    return taken


def _taken(lines: dict[str, Any], noted: Mapping[str, Any]) -> Noted:
    """Put back into ``lines`` what stood there before."""
    code, before = noted["code"], noted["before"]
    counted = _line(lines.pop(code)).counted
    if before is None:
        return Noted(code, None, counted)
    lines[code] = before
    return Noted(code, _line(before).counted, counted)


def pause(tx: Tx, where: Place) -> None:
    """Ask for nothing until the count is gone on with; what was counted stays."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        _keep(tx, open_, paused=True, raised_by="")


def lead(tx: Tx, where: Place, codes: Sequence[str]) -> None:
    """Have the open count ask for these SKUs, from the first on; what was counted stays."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        _keep(tx, open_, codes=list(codes), at=0, paused=False)


def skip(tx: Tx, where: Place) -> None:
    """Go on to the next SKU that was not counted, whatever is asked for now."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        _keep(tx, open_, at=_uncounted(_round(open_.command), open_.command["lines"]))


def back(tx: Tx, where: Place) -> None:
    """Ask for the SKU before once more, counted or not; the first has none before it."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        _keep(tx, open_, at=max(_round(open_.command).at - 1, 0))


def round_(tx: Tx, where: Place) -> Round:
    """What the person's open count asks for; an empty one where it asks for nothing."""
    open_ = _row(tx, where)
    return Round() if open_ is None else _round(open_.command)


def shown(tx: Tx, where: Place, by: str) -> None:
    """Remember which message's answer asks for the next SKU: only its buttons may answer."""
    open_ = _row(tx, where, lock=True)
    if open_ is not None:
        _keep(tx, open_, raised_by=by)


def shown_by(tx: Tx, where: Place) -> str:
    """The key of that message, "" where nothing is asked for."""
    open_ = _row(tx, where)
    return "" if open_ is None else str(open_.command.get("raised_by", ""))


def end(tx: Tx, where: Place) -> int | None:
    """Forget the running count; how many lines it had, None when none was open."""
    lines = running(tx, where)
    if lines is None:
        return None
    dialogues.close(tx, platform=_beside(where), chat_id=where.chat_id, user_id=where.user_id)
    return len(lines)


def _moved(since: Iterable[StockMovement]) -> int:
    """Units that came and went.

    Counts correct the books and move nothing; so does an undo of what was booked before.
    """
    moves: dict[int | None, int] = {}
    for movement in since:
        moves_goods = movement.kind not in {MovementKind.STOCKTAKE, MovementKind.UNDO}
        if moves_goods or stock.reversed_by(movement.cause, movement.kind) in moves:
            moves[movement.id] = movement.delta_on_hand
    return sum(moves.values())


def _beside(where: Place) -> str:
    """The platform under which a running count is kept.

    A person has one open question in a chat; while they count they may be asked others, so the
    count stands beside them.
    """
    return f"{where.platform}#count"


def _row(tx: Tx, where: Place, *, lock: bool = False) -> dialogues.OpenDialogue | None:
    return dialogues.current(
        tx, platform=_beside(where), chat_id=where.chat_id, user_id=where.user_id, lock=lock
    )


def _keep(tx: Tx, open_: dialogues.OpenDialogue, **changed: object) -> None:
    """Write the locked row anew; whoever goes on counting has another while for it."""
    command = {**open_.command, **changed}
    ttl = WAITS_FOR if command.get("paused") else RUNS_FOR
    dialogues.rewrite(tx, open_.id, command=command, ttl=ttl)


def _uncounted(going: Round, lines: Mapping[str, Any]) -> int:
    """The place of the first SKU behind the one asked for that has no line, else the end."""
    rest = range(going.at + 1, len(going.codes))
    return next((at for at in rest if going.codes[at] not in lines), len(going.codes))


def _round(kept: Mapping[str, Any]) -> Round:
    """Counts of the version before ask for nothing."""
    return Round(tuple(kept.get("codes", ())), kept.get("at", 0), bool(kept.get("paused")))


def _lines(kept: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, Line]:
    return {code: _line(line) for code, line in kept["lines"].items()}


def _line(kept: Mapping[str, object]) -> Line:
    return Line(int(str(kept["counted"])), datetime.fromisoformat(str(kept["at"])))
