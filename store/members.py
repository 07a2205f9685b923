"""People: who they are on a platform, and what they may do."""

from dataclasses import dataclass

from sqlmodel import col, func, select

from store import names
from store.db import Tx
from store.errors import LastOwnerError, MemberNotFoundError
from store.models import Member

OWNER = "owner"
LONG_ID = 20  # characters: those of Feishu say nothing to anybody
ROLES = ("none", "viewer", "staff", "manager", OWNER)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person on one platform.

    ``role`` is one of ``ROLES``; ``person`` is shared by linked identities.
    """

    platform: str
    user_id: str
    name: str
    role: str
    person: str

    @property
    def actor(self) -> str:
        """``platform:user id``, the form of journals and settings."""
        return f"{self.platform}:{self.user_id}"


def member(tx: Tx, platform: str, user_id: str) -> MemberView | None:
    """The person with this id, None when never seen."""
    row = _row(tx, platform, user_id)
    return None if row is None else _view(row)


def called(tx: Tx, actor: str) -> str:
    """What to call ``platform:user id``: their name, else their id, a long one shortened."""
    platform, _, user_id = actor.partition(":")
    known = member(tx, platform, user_id)
    if known is not None and known.name:
        return known.name
    short = f"{user_id[:6]}…{user_id[-4:]}" if len(user_id) > LONG_ID else user_id
    return short or actor


def nameless(tx: Tx, platform: str, user_id: str) -> bool:
    """Whether a person has spoken whose name nobody knows."""
    known = member(tx, platform, user_id)
    return known is not None and not known.name


def seen(tx: Tx, *, platform: str, user_id: str, name: str = "") -> MemberView:
    """Remember a person who spoke, without any role; a new display name is kept."""
    row = _row(tx, platform, user_id)
    if row is None:
        row = Member(
            platform=platform,
            user_id=user_id,
            name=name[:120],
            person=f"{platform}:{user_id}",
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.add(row)
        tx.flush()
    elif name and row.name != name[:120]:
        row.name = name[:120]
        tx.add(row)
    return _view(row)


def find(tx: Tx, words: str) -> MemberView:
    """The one person these words name: ``platform:id``, an id, or a display name.

    Raises ``MemberNotFoundError`` when nobody or more than one fits.
    """
    key = names.name_key(words.lstrip("@"))
    rows = [row for row in tx.exec(select(Member)).all() if key in _spoken(row)]
    exact = [row for row in rows if key == names.name_key(f"{row.platform}:{row.user_id}")] or rows
    if len(exact) != 1:
        raise MemberNotFoundError(words)
    return _view(exact[0])


def set_role(tx: Tx, *, platform: str, user_id: str, role: str, name: str = "") -> MemberView:
    """Give a person a role, on every platform that is linked; returns the person as before.

    Raises ``LastOwnerError`` rather than leave no owner.
    """
    if role not in ROLES:
        raise ValueError(role)
    owners = tx.exec(
        select(Member).where(Member.role == OWNER).order_by(col(Member.id)).with_for_update()
    ).all()
    before = seen(tx, platform=platform, user_id=user_id, name=name)
    if before.role == role:
        return before
    if before.role == OWNER and {row.person for row in owners} == {before.person}:
        raise LastOwnerError
    row = _row(tx, platform, user_id)
    if row is None:  # pragma: no cover  (seen() wrote it above)
        raise MemberNotFoundError(user_id)
    for identity in _identities(tx, row.person):
        identity.role, identity.updated_at = role, tx.now
        tx.add(identity)
    tx.changes.append(
        {
            "kind": "role",
            "platform": platform,
            "user": user_id,
            "name": row.name,
            "before": before.role,
            "after": role,
        }
    )
    return before


def link(tx: Tx, *, known: MemberView, other: MemberView) -> MemberView:
    """Make two identities one person with the higher of their roles; returns ``other`` as it is.

    Roles given or taken later count for both.
    """
    role = max((known.role, other.role), key=ROLES.index)
    for person in {known.person, other.person}:
        for row in _identities(tx, person):
            row.person, row.role, row.updated_at = known.person, role, tx.now
            tx.add(row)
    tx.flush()
    tx.changes.append({"kind": "link", "known": known.actor, "other": other.actor})
    linked = member(tx, other.platform, other.user_id)
    if linked is None:
        raise MemberNotFoundError(other.user_id)
    return linked


def identities(tx: Tx, person: str) -> tuple[str, ...]:
    """Every ``platform:user id`` of one person."""
    rows = tx.exec(select(Member).where(Member.person == person).order_by(col(Member.id))).all()
    return tuple(f"{row.platform}:{row.user_id}" for row in rows)


def listed(tx: Tx) -> list[MemberView]:
    """Everybody who has a role, owners first."""
    rows = tx.exec(select(Member).where(Member.role != "none")).all()
    return sorted((_view(row) for row in rows), key=lambda m: (-ROLES.index(m.role), m.actor))


def owned(tx: Tx) -> bool:
    """Whether the shop has an owner."""
    return tx.exec(select(func.count()).select_from(Member).where(Member.role == OWNER)).one() > 0


def _identities(tx: Tx, person: str) -> list[Member]:
    """The rows of one person, locked."""
    statement = select(Member).where(Member.person == person).order_by(col(Member.id))
    return list(tx.exec(statement.with_for_update()).all())


def _row(tx: Tx, platform: str, user_id: str) -> Member | None:
    return tx.exec(
        select(Member).where(Member.platform == platform, Member.user_id == user_id)
    ).first()


def _spoken(row: Member) -> set[str]:
    return {
        names.name_key(text)
        for text in (row.name, row.user_id, f"{row.platform}:{row.user_id}")
        if text
    }


def _view(row: Member) -> MemberView:
    return MemberView(
        platform=row.platform, user_id=row.user_id, name=row.name, role=row.role, person=row.person
    )
