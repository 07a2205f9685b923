"""Chats the shop speaks in, and what each wants to hear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from store.db import Tx
from store.models import Chat, Subscription

ALL = "all"
GROUP, ROBOT = "group", "robot"  # kinds of a chat; the third is "direct"
TOPICS = ("orders", "low_stock", "summary", "changes")


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat of one platform; ``bound``: an owner made it the shop's.

    ``disabled``: why nothing can be said there, "" where it can.
    """

    platform: str
    chat_id: str
    kind: str
    name: str
    bound: bool
    language: str
    disabled: str

    @property
    def target(self) -> str:
        """``platform:chat id``, the form of the outbox."""
        return f"{self.platform}:{self.chat_id}"


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A chat hears of a topic; ``at``: its own HH:MM for scheduled topics, else empty."""

    topic: str
    at: str


def chat(tx: Tx, platform: str, chat_id: str) -> ChatView | None:
    """The chat, None when the bot was never spoken to there."""
    row = _row(tx, platform, chat_id)
    return None if row is None else _view(row)


def bind(
    tx: Tx,
    *,
    platform: str,
    chat_id: str,
    kind: str,
    name: str = "",
    language: str = "zh",
    hears: bool = True,
) -> bool:
    """Make a chat the shop's; at first it hears of everything (``hears``), in ``language``.

    Returns False when it was bound already.
    """
    row = _row(tx, platform, chat_id)
    if row is not None and row.bound_at is not None:
        return False
    if row is None:
        row = Chat(
            platform=platform,
            chat_id=chat_id,
            kind=kind,
            name=name[:120],
            language=language,
            created_at=tx.now,
        )
    row.bound_at = tx.now
    tx.add(row)
    tx.flush()
    known = tx.exec(select(Subscription.id).where(Subscription.chat_id == row.id)).first()
    if hears and not known:
        tx.add(Subscription(chat_id=row.id or 0, topic=ALL))
    return True


def arrive(tx: Tx, *, platform: str, chat_id: str, name: str = "", language: str = "zh") -> None:
    """Know a group that the bot was brought into; something can be said there (again)."""
    row = _row(tx, platform, chat_id) or Chat(
        platform=platform, chat_id=chat_id, kind=GROUP, language=language, created_at=tx.now
    )
    row.name, row.disabled = name[:120] or row.name, ""
    tx.add(row)
    tx.flush()


def enable(tx: Tx, *, platform: str, chat_id: str) -> None:
    """Speak in a chat again: somebody spoke to the bot there."""
    row = _row(tx, platform, chat_id)
    if row is not None and row.disabled:
        row.disabled = ""
        tx.add(row)
        tx.flush()


def disable(tx: Tx, *, platform: str, chat_id: str, reason: str) -> bool:
    """Speak no more in a chat that is gone; returns whether it was the shop's until now."""
    row = _row(tx, platform, chat_id)
    if row is None or row.disabled:
        return False
    row.disabled = reason[:80]
    tx.add(row)
    tx.flush()
    return row.bound_at is not None


def configure(tx: Tx, platform: str, robots: Mapping[str, Sequence[str]]) -> None:
    """Make the chats of send-only robots what the settings say: chat id -> topics.

    Those the settings no longer name hear of nothing. One that was disabled is given another try.
    """
    known = tx.exec(select(Chat).where(Chat.platform == platform, Chat.kind == ROBOT)).all()
    for row in known:
        if row.chat_id not in robots:
            row.bound_at = None
            tx.add(row)
    for chat_id, topics in robots.items():
        bind(tx, platform=platform, chat_id=chat_id, kind=ROBOT)
        enable(tx, platform=platform, chat_id=chat_id)
        heard = subscriptions(tx, platform, chat_id)
        for gone in {row.topic for row in heard} - set(topics):
            restore(tx, platform=platform, chat_id=chat_id, topic=gone, at=None)
        for topic in topics:
            restore(tx, platform=platform, chat_id=chat_id, topic=topic, at="")
    tx.changes.clear()  # what the settings say is nobody's write


def set_language(tx: Tx, *, platform: str, chat_id: str, kind: str, language: str, was: str) -> str:
    """Speak ``language`` in a chat from now on; returns what was spoken (``was`` where unknown)."""
    row = _row(tx, platform, chat_id) or Chat(
        platform=platform, chat_id=chat_id, kind=kind, language=was, created_at=tx.now
    )
    before, row.language = row.language, language
    tx.add(row)
    tx.flush()
    if before != language:
        change = {"platform": platform, "chat": chat_id, "before": before, "after": language}
        tx.changes.append({"kind": "language", "where": kind, **change})
    return before


def subscribe(tx: Tx, *, platform: str, chat_id: str, topic: str, at: str = "") -> None:
    """Have a bound chat hear of a topic, or of ``all``.

    ``at``: its own time of day, where the topic is scheduled.
    """
    row = _row(tx, platform, chat_id)
    if row is None or row.bound_at is None:
        raise ValueError("chat is not bound")
    _set(tx, row, topic, at)


def unsubscribe(tx: Tx, *, platform: str, chat_id: str, topic: str) -> bool:
    """Stop hearing of a topic; stopping one of ``all`` leaves the others.

    Returns whether anything changed.
    """
    row = _row(tx, platform, chat_id)
    if row is None:
        return False
    if topic == ALL:
        heard = subscriptions(tx, platform, chat_id)
        changed = [_set(tx, row, one.topic, None) for one in heard]
        return bool(changed)
    if _subscription(tx, row, ALL) is not None:
        for other in TOPICS:
            if other != topic:
                _set(tx, row, other, "")
        topic = ALL
    return _set(tx, row, topic, None)


def restore(tx: Tx, *, platform: str, chat_id: str, topic: str, at: str | None) -> None:
    """Put one subscription back as it was (None: there was none); for undo."""
    row = _row(tx, platform, chat_id)
    if row is not None:
        _set(tx, row, topic, at)


def subscriptions(tx: Tx, platform: str, chat_id: str) -> list[SubscriptionView]:
    """What a chat hears of."""
    statement = (
        select(Subscription)
        .join(Chat, col(Chat.id) == col(Subscription.chat_id))
        .where(Chat.platform == platform, Chat.chat_id == chat_id)
        .order_by(col(Subscription.topic))
    )
    return [SubscriptionView(row.topic, row.at) for row in tx.exec(statement).all()]


def subscribers(tx: Tx, topic: str, *, bound_by: datetime | None = None) -> list[tuple[str, str]]:
    """``(target, at)`` of the chats that hear of ``topic``, those alone that were bound by then.

    A subscription of its own wins over ``all``.
    """
    statement = (
        select(Chat, Subscription)
        .join(Subscription, col(Subscription.chat_id) == col(Chat.id))
        .where(
            col(Subscription.topic).in_((topic, ALL)),
            col(Chat.bound_at).is_not(None),
            Chat.disabled == "",
        )
    )
    if bound_by is not None:
        statement = statement.where(col(Chat.bound_at) <= bound_by)
    found: dict[str, str] = {}
    for row, subscription in tx.exec(statement).all():
        target = f"{row.platform}:{row.chat_id}"
        found[target] = subscription.at or found.get(target, "")
    return sorted(found.items())


def owners_targets(tx: Tx) -> list[str]:
    """Targets of every bound chat: where a word to the owner is heard."""
    rows = tx.exec(
        select(Chat)
        .where(col(Chat.bound_at).is_not(None), Chat.disabled == "")
        .order_by(col(Chat.kind))
    ).all()
    return [_view(row).target for row in rows]


def _row(tx: Tx, platform: str, chat_id: str) -> Chat | None:
    return tx.exec(select(Chat).where(Chat.platform == platform, Chat.chat_id == chat_id)).first()


def _subscription(tx: Tx, row: Chat, topic: str) -> Subscription | None:
    return tx.exec(
        select(Subscription).where(Subscription.chat_id == row.id, Subscription.topic == topic)
    ).first()


def _set(tx: Tx, row: Chat, topic: str, at: str | None) -> bool:
    found = _subscription(tx, row, topic)
    before = found.at if found is not None else None
    if before == at:
        return False
    if at is None:
        tx.delete(found)
    else:
        found = found or Subscription(chat_id=row.id or 0, topic=topic)
        found.at = at
        tx.add(found)
    tx.flush()
    change = {
        "platform": row.platform,
        "chat": row.chat_id,
        "topic": topic,
        "before": before,
        "after": at,
    }
    tx.changes.append({"kind": "subscription", **change})
    return True


def _view(row: Chat) -> ChatView:
    return ChatView(
        platform=row.platform,
        chat_id=row.chat_id,
        kind=row.kind,
        name=row.name,
        bound=row.bound_at is not None,
        language=row.language,
        disabled=row.disabled,
    )
