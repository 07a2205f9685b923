"""The bot in a terminal: the same engine as in the chats, its replies as text."""

import itertools
import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bot import understanding
from bot.dispatcher import Dispatcher
from bot.messages import Message, Reply, Role, Table
from bot.platforms.console import ConsolePlatform
from bot.understanding import Catalogue, read
from store import attachments, members
from store.db import Database
from webhooks.shell.failure import CommandError

OPERATOR = "owner"  # console:owner, whoever sits at the machine the shop runs on
_WIDE = "WF"  # East Asian widths that take two columns
_CONTRACT = ("text", "title", "fields", "table", "buttons", "outcome", "intent", "error")


class Terminal:
    """One person typing.

    ``role`` None: the member's own; the operator of the machine is an owner.
    """

    def __init__(
        self, database: Database, dispatcher: Dispatcher, *, user: str, role: Role | None
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._user = user
        self._role = role

    def say(self, text: str) -> Reply:
        """Send one line and return the answer. Raises ``BusyError``, ``UnavailableError``."""
        message = Message(
            platform=ConsolePlatform.name,
            message_id=f"terminal-{secrets.token_hex(16)}",
            chat_id=f"terminal-{self._user}",
            chat_kind="direct",
            user_id=self._user,
            user_name="",
            text=text,
            sent_at=self._database.now(),
        )
        return self._dispatcher.answer(message, role=self._present_role()) or Reply(
            outcome="ignore"
        )

    def save(self, reply: Reply, folder: Path) -> Path | None:
        """Write the file of a reply into a folder, over nothing; its path, None for no file.

        Raises ``CommandError``.
        """
        number = reply.file
        found = number and self._database.read(lambda tx: attachments.stored(tx, number))
        if not found:
            return None
        try:
            return _written(folder, Path(found.name).name, found.content)
        except OSError as error:
            raise CommandError(f"{folder}: the file was not saved ({error.strerror})") from error

    def _present_role(self) -> Role | None:
        if self._role is not None or self._user != OPERATOR:
            return self._role
        # Whoever can read the shop's files owns it already, whatever the shop's people agreed on.
        known = self._database.read(lambda tx: members.member(tx, ConsolePlatform.name, OPERATOR))
        return None if known and known.role != Role.NONE.word else Role.OWNER


def _written(folder: Path, name: str, content: bytes) -> Path:
    """The file under its name, or with the next number that is free: ``goods-2.csv``."""
    whole = Path(name)
    for number in itertools.count(1):
        path = folder / (name if number == 1 else f"{whole.stem}-{number}{whole.suffix}")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        return path
    raise AssertionError


def user_id(said: str) -> str:
    """The id in ``--as ann`` or ``--as console:ann``. Raises ``CommandError``."""
    name = said.removeprefix(f"{ConsolePlatform.name}:")
    if not re.fullmatch(r"[^\s:]{1,60}", name):
        raise CommandError(f"--as: {said!r} is no name such as ann or console:ann")
    return name


def as_object(reply: Reply) -> dict[str, Any]:
    """The reply as ``zhanggui chat --json`` prints it."""
    whole = reply.to_json()
    buttons = [{"label": b.label, "command": b.command} for b in reply.buttons]
    return {key: whole[key] for key in _CONTRACT} | {"buttons": buttons}


def as_json(reply: Reply) -> str:
    """The same as a line of JSON."""
    return json.dumps(as_object(reply), ensure_ascii=False)


def as_text(reply: Reply) -> str:
    """The reply for people: title, text, fields, table, and what can be typed next."""
    parts = [reply.title, reply.text, *_fields(reply), *_table(reply.table)]
    parts += [f"  [{button.label}] {button.command}" for button in reply.buttons]
    return "\n".join(part for part in parts if part)


def understand(lines: Iterable[str], catalogue: Catalogue | None) -> Iterator[str]:
    """One JSON object for each input line, whatever the line holds."""
    for line in lines:
        text = _spoken(line)
        reading = read(text, catalogue)
        yield json.dumps(understanding.as_json(reading, text, catalogue), ensure_ascii=False)


def _spoken(line: str) -> str:
    """The message in a line: plain text, or the ``text`` of an object; "" of a broken one."""
    line = line.removesuffix("\n").removesuffix("\r").removeprefix("\ufeff")
    if not line.lstrip().startswith("{"):
        return line
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    text = content.get("text")
    return text if isinstance(text, str) else ""


def _fields(reply: Reply) -> Iterator[str]:
    widest = max((_width(name) for name, _ in reply.fields), default=0)
    for name, value in reply.fields:
        yield f"  {_padded(name, widest)}  {value}"


def _table(table: Table | None) -> Iterator[str]:
    if table is None:
        return
    rows = [table.head, *table.rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (_padded(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns that a terminal gives to ``text``."""
    return sum(2 if unicodedata.east_asian_width(char) in _WIDE else 1 for char in text)
