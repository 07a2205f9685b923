"""Files that go with replies, and files that people sent."""

from dataclasses import dataclass

from sqlmodel import select

from store.db import Tx
from store.errors import BadFileError
from store.models import Attachment

MAX_BYTES = 10 << 20
TOO_LARGE = 0  # the number of any file that was not kept for its size


@dataclass(frozen=True, slots=True)
class Stored:
    """A file: its name, its media type, its bytes."""

    name: str
    mime: str
    content: bytes


def keep(tx: Tx, *, name: str, mime: str, content: bytes) -> int:
    """Keep a file of at most ``MAX_BYTES``; returns its number. Raises ``ValueError``."""
    if len(content) > MAX_BYTES:
        raise ValueError("too large")
    row = Attachment(name=_plain(name)[-190:], mime=mime[:120], content=content, created_at=tx.now)
    tx.add(row)
    tx.flush()
    return row.id or 0


def name(tx: Tx, number: int) -> str | None:
    """What the file with this number is called, None when it is forgotten."""
    return tx.exec(select(Attachment.name).where(Attachment.id == number)).first()


def stored(tx: Tx, number: int) -> Stored | None:
    """The file with this number, None when it is forgotten.

    Raises ``BadFileError`` for ``TOO_LARGE``.
    """
    if number == TOO_LARGE:
        raise BadFileError("size", limit=MAX_BYTES)
    row = tx.get(Attachment, number)
    return None if row is None else Stored(_plain(row.name), row.mime, row.content)


def _plain(name: str) -> str:
    """A file's name on one line, of signs that show: it goes into headers, and before people."""
    shown = "".join(char if char.isprintable() else " " for char in name)
    return " ".join(shown.split()) or "file"
