"""Cards: what was said and can be pressed or changed in place. Each is a row of the outbox."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from store.cleanup import CARDS
from store.db import RetryError, Tx
from store.models import Outbox
from store.outbox import AT_ONCE


@dataclass(frozen=True, slots=True)
class Card:
    """A card as its chat sees it.

    ``buttons`` holds the command of each button by its id; ``pressed`` what was done by which, by
    whom (``platform:user id``) and when (RFC 3339). ``asker``: the user whose message it answers,
    "" for what the shop said by itself; ``answers`` that message's key, ``chat_kind`` where it was
    said, ``outcome`` the reply's own. ``event`` is shared by the same card in other chats.
    """

    id: int
    target: str
    kind: str
    buttons: dict[str, str]
    pressed: dict[str, dict[str, str]]
    asker: str
    answers: str
    chat_kind: str
    outcome: str
    event: str
    editable: bool


def shown(tx: Tx, number: int) -> Card | None:
    """The card with this number; None when nobody was shown it or it is too old.

    Its row is not locked: whoever presses locks what the button changes first, as everybody else
    does (an order, then its cards), and ``mark`` looks again.
    """
    row = tx.exec(select(Outbox).where(Outbox.id == number)).first()
    if row is None or "buttons" not in row.payload:
        return None
    reply = row.payload.get("reply", {})
    return Card(
        id=number,
        target=row.target,
        kind=row.kind,
        buttons=row.payload.get("buttons", {}),
        pressed=row.payload.get("pressed", {}),
        asker=str(row.payload.get("to", "")),
        answers=str(row.payload.get("answers", "")),
        chat_kind=str(row.payload.get("chat_kind", "")),
        outcome=str(reply.get("outcome", "")),
        event=row.dedupe_key.partition(">")[0],
        editable=bool(row.ref),
    )


def answered(tx: Tx, *, target: str, ref: str) -> str:
    """The key of the message that the card with this ``ref`` in a chat answers; "" for none."""
    row = tx.exec(
        select(Outbox)
        .where(
            Outbox.target == target,
            Outbox.ref == ref,
            col(Outbox.created_at) >= tx.now - CARDS,
        )
        .limit(1)
    ).first()
    return "" if row is None else str(row.payload.get("answers", ""))


def mark(tx: Tx, card: Card, *, button: str, actor: str) -> None:
    """Write down that a button did what it says, on this card and its like in other chats.

    Raises ``RetryError`` when somebody else was first: the whole is tried again, and sees it.
    """
    done = {"by": actor, "at": tx.now.isoformat()}
    rows = _of(tx, card.event)
    if any(button in row.payload.get("pressed", {}) for row in rows):
        raise RetryError
    for row in rows:
        row.payload = {**row.payload, "pressed": {**row.payload.get("pressed", {}), button: done}}
        tx.add(row)
    tx.flush()


def replace(
    tx: Tx, card: Card, *, answers: str, ref: str, reply: dict[str, Any], buttons: dict[str, str]
) -> None:
    """Have a pressed card show what came of it; ``buttons`` are those of ``reply``.

    ``answers``: the key of the press; ``ref``: a fresh one that it brought, or "". A card of the
    shop's own is composed anew, any other becomes ``reply``. Where it turns out that the card
    cannot be changed, ``reply`` is said by itself.
    """
    row = tx.exec(
        select(Outbox)
        .where(Outbox.id == card.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    payload = {**row.payload, "otherwise": reply}
    if row.kind == "reply":
        known = {**payload.get("buttons", {}), **buttons}
        # What stands on the new face can be pressed, though it was once before on an older one.
        used = {b: by for b, by in payload.get("pressed", {}).items() if b not in buttons}
        payload |= {"reply": reply, "answers": answers, "buttons": known, "pressed": used}
    row.payload, row.ref, row.urgent = payload, ref or row.ref, True  # somebody waits for it
    _again(tx, row)


def redraw(tx: Tx, card: Card, *, ref: str) -> None:
    """Have one card composed anew by the fresh ``ref`` that a press brought: it was behind."""
    row = tx.exec(select(Outbox).where(Outbox.id == card.id).with_for_update()).one()
    row.ref, row.urgent = ref, True
    _again(tx, row)


def refresh(tx: Tx, event: str) -> None:
    """Have every card of an event composed anew, in place, where that can be done."""
    for row in _of(tx, event):
        _again(tx, row)


def _again(tx: Tx, row: Outbox) -> None:
    row.revision += 1
    row.payload = {**row.payload, "changed_at": tx.now.isoformat()}
    if row.state == "sent" and row.ref:
        row.state, row.attempts, row.next_attempt_at = "pending", 0, AT_ONCE
        row.unsure = False
    tx.add(row)
    tx.flush()


def _of(tx: Tx, event: str) -> list[Outbox]:
    """The rows of an event in all chats, by the unique key ``event>target``."""
    statement = (
        select(Outbox)
        .where(col(Outbox.dedupe_key) >= f"{event}>", col(Outbox.dedupe_key) < f"{event}?")
        .order_by(col(Outbox.id))
        .with_for_update()
    )
    return list(tx.exec(statement.execution_options(populate_existing=True)).all())
