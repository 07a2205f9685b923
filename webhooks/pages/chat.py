"""The chat page of the demo: a chat platform of its own, as small as one can be.

What a browser says is signed and goes in where the real platforms do; what the bot says is read
from the transcript and streamed to every open page. Anybody who reaches the page can speak as
anybody: it is for one machine.
"""

import asyncio
import hashlib
import hmac
import io
import json
import mimetypes
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, Self, cast

from flask import Blueprint, Response, jsonify, render_template, request, send_file
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from bot.messages import ATTACHED, FileRef, Message, Role
from bot.platforms.base import RawRequest
from bot.platforms.console import ConsolePlatform
from store import attachments, transcript
from store.db import Database
from webhooks.api.problems import ProblemError
from webhooks.api.routing import body_value, read

MAX_TEXT = 2000
MAX_NAME = 120  # characters of a file's name, its end
POLL_S = 1.0  # another process may have written
PING_S = 15.0  # proxies close what is silent; the page reopens after 40 s of silence
RETRY_MS = 1000  # a page that lost us tries again this soon
HISTORY = 200  # lines a page starts with, per chat
GROUP = "group"
GROUP_NAME = "掌柜演示群"
CHIPS = ("帮助", "咖啡豆+50", "查 咖啡豆", "低库存", "订单", "汇总", "手冲壶 改价 99", "撤销")

_CURSOR = re.compile(r"(?:[0-9]{1,18}(?:\.[0-9]{1,18}){2})?")
Receive = Callable[[RawRequest], None]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the page can speak as: the member ``console:<id>``."""

    id: str
    name: str
    title: str
    role: Role


PEOPLE = (
    Person("owner", "王老板", "老板", Role.OWNER),
    Person("manager", "李店长", "店长", Role.MANAGER),
    Person("staff", "小陈", "店员", Role.STAFF),
    Person("guest", "阿强", "访客", Role.NONE),
)
_BY_ID = {person.id: person for person in PEOPLE}


def direct(person: Person) -> str:
    """The id of the chat this person has with the bot alone."""
    return f"direct-{person.id}"


CHATS = (GROUP, *(direct(person) for person in PEOPLE))


class Said(BaseModel):
    """What the page posts. ``id`` is made by the page: the same one again is the same message."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
    person: Literal["owner", "manager", "staff", "guest"]
    chat: Literal["group", "direct"]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    file: Annotated[str, StringConstraints(max_length=80)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.text and self.file is None:
            raise ValueError("neither text nor file")
        return self


class FileTickets:
    """Names for files, which only this page gives out: a file's number alone opens nothing."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def of(self, number: int) -> str:
        """The ticket of the file with this number."""
        return f"{number}-{self._proof(number)}"

    def number(self, ticket: str) -> int | None:
        """The number of the file, None where nobody gave out such a ticket."""
        digits, _, proof = ticket.partition("-")
        if not re.fullmatch("[0-9]{1,15}", digits):
            return None
        known = self._proof(int(digits))
        return int(digits) if hmac.compare_digest(proof.encode(), known.encode()) else None

    def _proof(self, number: int) -> str:
        return hmac.new(self._key, str(number).encode(), hashlib.sha256).hexdigest()[:32]


class LiveChat:
    """The conversation: what goes into it, and a stream of what is said. Thread-safe."""

    def __init__(self, database: Database, console: ConsolePlatform, receive: Receive) -> None:
        self.boot = secrets.token_hex(4)  # a page that meets another one starts over
        self._tickets = FileTickets()
        self._database = database
        self._console = console
        self._receive = receive
        self._wakeups = _Wakeups()
        database.on_commit(self._wakeups.ring)

    def say(self, said: Said) -> None:
        """Deliver a message as a platform does, signed; it is durable when this returns."""
        person = _BY_ID[said.person]
        message = Message(
            platform=self._console.name,
            message_id=said.id,
            chat_id=GROUP if said.chat == GROUP else direct(person),
            chat_kind=said.chat,
            user_id=person.id,
            user_name=person.name,
            text=said.text,
            sent_at=self._database.now(),
            files=self._file(said.file),
        )
        self._receive(self._console.signed(message))

    def keep(self, name: str, content: bytes) -> str:
        """Keep a file for the next message; its ticket. Raises ``ProblemError``."""
        if not content or len(content) > attachments.MAX_BYTES:
            raise ProblemError("too_large" if content else "invalid_request")
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        keep = partial(attachments.keep, name=name, mime=mime, content=content)
        return self._tickets.of(self._database.run(keep))

    def file(self, ticket: str) -> attachments.Stored:
        """The file that a ticket is for. Raises ``ProblemError`` where there is none."""
        number = self._tickets.number(ticket)
        found = number and self._database.read(lambda tx: attachments.stored(tx, number))
        if not found:
            raise ProblemError("not_found")
        return found

    def _file(self, ticket: str | None) -> tuple[FileRef, ...]:
        if ticket is None:
            return ()
        name = self.file(ticket).name[-MAX_NAME:]
        return (FileRef(name, {ATTACHED: self._tickets.number(ticket)}),)

    async def stream(self, after: str) -> AsyncGenerator[bytes, None]:
        """Server-sent events: ``hello``, then ``lines`` as they are said, with pings in between.

        ``after`` is the id of the last event a page has seen, "" for the latest lines of every
        chat; one that is not ours starts over.
        """
        reader = _Reader(self._database, after, self._tickets)
        yield b"retry: %d\n" % RETRY_MS + _event("hello", self.boot)
        with self._wakeups.bell() as bell:
            silent_s = 0.0
            while True:
                bell.clear()  # before reading: what is committed meanwhile rings again
                lines = await asyncio.to_thread(reader.read)
                if lines:
                    yield _event("lines", json.dumps(lines, ensure_ascii=False), reader.cursor)
                elif silent_s >= PING_S:
                    yield _event("ping", "")
                silent_s = 0.0 if lines or silent_s >= PING_S else silent_s + await _rung(bell)


class _Wakeups:
    """Rings a bell in the event loop of every open stream when something was committed."""

    def __init__(self) -> None:
        self._bells: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def ring(self) -> None:
        for bell, loop in list(self._bells.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(bell.set)

    @contextmanager
    def bell(self) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        self._bells[bell] = asyncio.get_running_loop()
        try:
            yield bell
        finally:
            del self._bells[bell]


class _Reader:
    """Where one page is in every chat. The cursor is the chats' own cursors, joined."""

    def __init__(self, database: Database, after: str, tickets: FileTickets) -> None:
        self._database = database
        self._tickets = tickets
        self._cursors = _cursors(after)
        self._seen: dict[str, None] = {}  # lines of the same instant come twice

    @property
    def cursor(self) -> str:
        return "~".join(self._cursors[chat] for chat in CHATS)

    def read(self) -> list[dict[str, Any]]:
        """What is new, as JSON, in the order it was said."""
        return [line for chat in CHATS for line in self._read_chat(chat)]

    def _read_chat(self, chat: str) -> list[dict[str, Any]]:
        after = self._cursors[chat]
        lines = self._database.read(
            lambda tx: transcript.lines(
                tx, platform=ConsolePlatform.name, chat_id=chat, after=after, most=HISTORY
            )
        )
        shown = [line for line in lines if line.user_id or line.reply]
        fresh = [line for line in shown if line.id not in self._seen]
        for line in lines:
            self._cursors[chat] = line.cursor
            self._seen[line.id] = None
        while len(self._seen) > 2 * HISTORY * len(CHATS):
            del self._seen[next(iter(self._seen))]
        return [_line(chat, line) | {"file": self._file(line)} for line in fresh]

    def _file(self, line: transcript.Line) -> dict[str, str] | None:
        """The file that goes with what was said, while it is kept: its name, and its ticket."""
        number = line.reply.get("file") if line.reply else line.file
        if number is None:
            return None
        name = self._database.read(lambda tx: attachments.name(tx, number))
        return None if name is None else {"name": name, "ticket": self._tickets.of(number)}


def blueprint(live: LiveChat) -> Blueprint:
    """``/chat`` and what it posts to; the stream is served by the event loop."""
    routes = Blueprint("chat", __name__)

    @routes.get("/chat")
    def page() -> str:
        return render_template("chat.html", people=PEOPLE, chips=CHIPS, group_name=GROUP_NAME)

    @routes.post("/chat/messages")
    def say() -> Response:
        # JSON only: a foreign page cannot post it without asking the browser first, which refuses.
        said = cast("Said", read(Said, body_value()))
        live.say(said)
        return Response(status=202)

    @routes.put("/chat/files")
    def keep() -> Response:
        # A foreign page cannot put without asking the browser first, which refuses.
        name = request.args.get("name", "")[-MAX_NAME:] or "file"
        return jsonify(ticket=live.keep(name, request.get_data()))

    @routes.get("/chat/files/<ticket>")
    def download(ticket: str) -> Response:
        found = live.file(ticket)
        return send_file(
            io.BytesIO(found.content), found.mime, as_attachment=True, download_name=found.name
        )

    return routes


def _cursors(after: str) -> dict[str, str]:
    parts = after.split("~")
    if len(parts) != len(CHATS) or not all(_CURSOR.fullmatch(part) for part in parts):
        return dict.fromkeys(CHATS, "")
    return dict(zip(CHATS, parts, strict=True))


def _line(chat: str, line: transcript.Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "chat": chat,
        "at": line.at.isoformat(timespec="milliseconds"),
        "who": line.user_id,
        "name": line.user_name,
        "text": line.text,
        "reply": line.reply,
        "message_id": line.message_id,
        "answers": line.answers,
    }


async def _rung(bell: asyncio.Event) -> float:
    """Wait for the bell, at most ``POLL_S``; the seconds to count as silence."""
    try:
        async with asyncio.timeout(POLL_S):
            await bell.wait()
    except TimeoutError:
        return POLL_S
    return 0.0


def _event(name: str, content: str, event_id: str | None = None) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\ndata: {content}\n\n".encode()
