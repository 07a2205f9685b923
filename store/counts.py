"""Counts: what was found on the shelf at some moment, against the books of that moment.

A shop sells while it counts. A count therefore never sets a level: it corrects the books by what
was wrong with them when it was made, and what came and went since stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from store import dialogues, stock
from store.db import Tx
from store.errors import InsufficientStockError, InvalidValueError, Shortage
from store.models import MovementKind, StockMovement
from store.stock import Cause, StockLevel

RUNS_FOR = timedelta(hours=8)  # a shift: a count left open longer is forgotten
MOST_LINES = 500  # SKUs of one running count, as many as one message may change


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
    open_ = _row(tx, where)
    if open_ is not None:
        return _lines(open_.command)
    dialogues.ask(
        tx,
        platform=_beside(where),
        chat_id=where.chat_id,
        user_id=where.user_id,
        kind="count",
        command={"lines": {}},
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
    dialogues.rewrite(tx, open_.id, command={"lines": lines}, ttl=RUNS_FOR)
    return None if before is None else _line(before)


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


def _lines(kept: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, Line]:
    return {code: _line(line) for code, line in kept["lines"].items()}


def _line(kept: Mapping[str, object]) -> Line:
    return Line(int(str(kept["counted"])), datetime.fromisoformat(str(kept["at"])))
