"""What the intelligent robot may say, whichever way it goes (documents 101031, 101138, 101463)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.wecom import cards
from tests.fakes.wecom.records import Json, Media, RefusalError, Request, Response, Said, taken
from tests.fakes.wecom.world import World, seen, written

MOST = 20480  # bytes of markdown or of a stream
FILES = frozenset({"image", "file", "voice", "video"})
STREAMS = frozenset({"stream", "stream_with_template_card"})
TO_MESSAGE = STREAMS | {"template_card"}  # passive; plain text is not allowed
TO_MESSAGE_LIVE = TO_MESSAGE | FILES | {"markdown"}  # over the long connection
TO_VISIT = frozenset({"text", "template_card"})
TO_URL = frozenset({"markdown", "template_card"})
UNPROMPTED = TO_URL | FILES
_URL_LIFE = timedelta(hours=1)
_STREAM_LIFE = timedelta(minutes=6)


@dataclass(frozen=True, slots=True)
class Words:
    """What was said, found to be right."""

    msgtype: str
    content: Json
    file: Media | None = None
    stream_id: str = ""
    finished: bool = True


def read(world: World, document: Json, allowed: Collection[str]) -> Words:
    """Raises ``RefusalError`` (40008, 44004, 45002 and the cards' own)."""
    msgtype = str(document.get("msgtype"))
    if msgtype not in allowed:
        raise RefusalError(40008, "invalid message type")
    if msgtype in STREAMS:
        return _stream(msgtype, document)
    content = seen(document, msgtype)
    if msgtype == "template_card":
        return Words(msgtype, cards.check(content))
    if msgtype in FILES:
        return Words(
            msgtype, content, world.file(content.get("media_id"), kind=msgtype, owner="bot")
        )
    written(content.get("content"), 2048 if msgtype == "text" else MOST)
    return Words(msgtype, content)


def show(world: World, words: Words, *, chat: str, how: str, req_id: str = "") -> Said:
    """Put it on people's screens. Raises ``RefusalError`` (a task_id used before)."""
    card = words.content if words.msgtype == "template_card" else words.content.get("template_card")
    if isinstance(card, dict):
        cards.register(card, world.robot_tasks)
    said = Said(
        channel="bot",
        chat=chat,
        msgtype=words.msgtype,
        content=words.content,
        how=how,
        at=world.ticks(),
        msgid=world.name("msg-"),
        req_id=req_id,
        sent=words.content,
        file=words.file,
        finished=words.finished,
        pieces=[words.content],
    )
    return world.put(said)


def updated_card(document: Json, *, task_id: str) -> tuple[Json, tuple[str, ...]]:
    """The card that takes the pressed one's place, and who sees it (() for all).

    Document 101031: its task_id must be the one that came with the press. Raises ``RefusalError``.
    """
    if document.get("response_type") != "update_template_card":
        raise RefusalError(40058, "response_type must be update_template_card")
    userids = document.get("userids", [])
    if not isinstance(userids, list):
        raise RefusalError(40058, "userids must be an array")
    card = cards.check(seen(document, "template_card"))
    if card.get("task_id") != task_id:
        raise RefusalError(40058, "task_id must be the one of the event")
    return card, tuple(str(user).lower() for user in userids)


class Streams:
    """Answers that come piece by piece; each piece takes the place of the one before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[tuple[str, str], Said] = {}

    def say(self, words: Words, *, chat: str, req_id: str, since: datetime) -> Said:
        """One piece, for what came in at ``since``. Raises ``RefusalError`` (846608: too late)."""
        before = self._open.get((req_id, words.stream_id))
        late = self._world.now() - since > _STREAM_LIFE
        if late or (before is not None and before.finished):
            raise RefusalError(846608, "stream message update expired")
        if before is not None:
            return self._proceed(before, words)
        said = show(self._world, words, chat=chat, how="answer", req_id=req_id)
        self._open[req_id, words.stream_id] = said
        return said

    def is_open(self, req_id: str, stream_id: str) -> bool:
        """Whether this piece goes on with what was begun."""
        return (req_id, stream_id) in self._open

    def _proceed(self, said: Said, words: Words) -> Said:
        with self._world.changed:
            said.content = said.sent = words.content
            said.pieces.append(words.content)
            said.finished = words.finished
            self._world.notify()
        return said


class ResponseUrls:
    """``POST /cgi-bin/aibot/response``: one later answer to a callback (document 101138)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.routes: dict[str, Callable[[Request], Response]] = {
            "POST /cgi-bin/aibot/response": self._answer
        }

    def _answer(self, request: Request) -> Response:
        url = self._world.response_urls.get(request.query.get("response_code", ""))
        if url is None or url.used:
            raise RefusalError(40058, "response_code is invalid or used")
        if self._world.now() - url.made > _URL_LIFE:
            raise RefusalError(40058, "response_code is expired")
        words = read(self._world, request.document(), TO_URL)
        show(self._world, words, chat=url.chat, how="response_url", req_id=url.msgid)
        url.used = True
        return taken()


def _stream(msgtype: str, document: Json) -> Words:
    stream = seen(document, "stream")
    stream_id, finished = stream.get("id"), stream.get("finish", False)
    if not isinstance(stream_id, str) or not stream_id:
        raise RefusalError(40058, "stream.id is missing")
    if not isinstance(finished, bool):
        raise RefusalError(40058, "stream.finish must be true or false")
    # Before the end a piece may be empty: clients then show that the robot is thinking.
    written(stream.get("content") or ("" if finished else "…"), MOST)
    if len(stream.get("feedback", {}).get("id", "").encode()) > 256:
        raise RefusalError(40058, "feedback.id is longer than 256 bytes")
    content: Json = stream
    if msgtype == "stream_with_template_card":
        card = document.get("template_card")
        content = {"stream": stream, "template_card": cards.check(card)}
    return Words(msgtype, content, None, stream_id, finished)
