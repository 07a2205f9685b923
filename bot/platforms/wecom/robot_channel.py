"""Chats with the intelligent robot, by its long connection or by its callback address."""

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from bot.messages import Reply
from bot.platforms.base import EditError, Letter, Line, SendError
from bot.platforms.calls import Calls
from bot.platforms.wecom import codes, markdown, rendering, template_cards
from bot.platforms.wecom.pieces import Card, Charts, File, Markdown, Picture, Piece
from bot.platforms.wecom.socket import RobotSocket
from store.clock import Clock

PREFIX = "bot/"
_PERSON = "bot/user/"
# 30 in a minute and 1000 in an hour for a conversation (document 101463).
_LINE = Line("wecom:bot", burst=8, interval_s=3.7)
_PRESS = re.compile(r"event:(.+):([0-9]{1,11}(?:\.[0-9]{1,3})?)")
_EDIT_S = 4.5  # of the five seconds a pressed card can be changed in
_CHUNK = 512 << 10  # bytes before base64
_USED_UP = 1000  # response_urls remembered; each lives an hour


class SocketChannel:
    """What the robot says through its long connection. Thread-safe."""

    def __init__(self, socket: RobotSocket, *, own_url: str, charts: Charts, now: Clock) -> None:
        self._socket, self._own_url, self._charts, self._now = socket, own_url, charts, now

    def line(self) -> Line:
        """All chats share the connection's faults, each has limits of its own."""
        return _LINE

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """Words as markdown_v2, and cards."""
        return rendering.pieces(letter, markdown.ROBOT, own_url=self._own_url, charts=self._charts)

    def send(self, letter: Letter, piece: Piece, number: int) -> str:
        """Answer the message with the first piece, say the others unprompted.

        Returns "": a card can be changed only when it is pressed.
        """
        req_id = str(letter.handle.get("req_id", ""))
        # A press is answered by changing its card, and by nothing else.
        if number == 0 and req_id and "edit" not in letter.handle:
            answer = _answer(letter, piece)
            if answer is not None and self._answered(answer, req_id):
                return ""
        self._push(letter, piece)
        return ""

    def edit(self, letter: Letter, ref: str) -> str:
        """``ref`` is ``event:<req_id>:<Unix time>`` of the press; returns ""."""
        press = _PRESS.fullmatch(ref)
        if press is None:
            raise EditError("no pressed card")
        req_id, arrived = press.groups()
        if self._now().timestamp() - float(arrived) > _EDIT_S:
            raise EditError("pressed too long ago")
        card = self._replacement(letter, self._socket.task_of(req_id))
        body = {"response_type": "update_template_card", "template_card": card}
        try:
            self._socket.request("aibot_respond_update_msg", body, req_id=req_id)
        except SendError as error:
            raise EditError(str(error)) from error  # there is no time for another try
        return ""

    def _replacement(self, letter: Letter, task_id: str) -> dict[str, Any]:
        make = template_cards.shortened if letter.reply.buttons else template_cards.notice
        card = make(letter, own_url=self._own_url)
        if card is None:
            raise EditError("more than a card holds")
        return card | ({"task_id": task_id} if task_id else {})

    def _answered(self, body: Mapping[str, Any], req_id: str) -> bool:
        """Whether the answer was taken; a message too old to be answered can be spoken to."""
        try:
            self._socket.request("aibot_respond_msg", body, req_id=req_id)
        except SendError as error:
            if error.permanent and not error.gone:
                return False
            raise
        return True

    def _push(self, letter: Letter, piece: Piece) -> None:
        person = letter.chat_id.startswith(_PERSON)
        body = {
            "chatid": letter.chat_id.removeprefix(_PERSON if person else PREFIX),
            "chat_type": 1 if person else 2,
            **self._message(letter, piece),
        }
        try:
            self._socket.request("aibot_send_msg", body)
        except SendError as error:
            # A card was not refused before: what is refused now is its task_id, for it is there.
            if not (
                letter.again and isinstance(piece, Card) and error.permanent and not error.gone
            ):
                raise

    def _message(self, letter: Letter, piece: Piece) -> dict[str, Any]:
        match piece:
            case Markdown(content):
                # There is no idempotency key: people must see that they may have read it already.
                text = markdown.marked(content, letter.key) if letter.again else content
                return {"msgtype": "markdown", "markdown": {"content": text}}
            case Card(card):
                return {"msgtype": "template_card", "template_card": card}
            case Picture(name, content):
                return {
                    "msgtype": "image",
                    "image": {"media_id": self._upload("image", name, content)},
                }
            case File(name, _, content):
                return {
                    "msgtype": "file",
                    "file": {"media_id": self._upload("file", name, content)},
                }

    def _upload(self, kind: str, name: str, content: bytes) -> str:
        """The media id of a file for three days."""
        chunks = [content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)]
        begun = self._asked(
            "aibot_upload_media_init",
            {
                "type": kind,
                "filename": name,
                "total_size": len(content),
                "total_chunks": len(chunks),
                # md5 is what the platform asks for.
                "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            },
        )
        upload = {"upload_id": begun.get("upload_id", "")}
        for index, chunk in enumerate(chunks):
            part = {"chunk_index": index, "base64_data": base64.b64encode(chunk).decode()}
            self._asked("aibot_upload_media_chunk", upload | part)
        return str(self._asked("aibot_upload_media_finish", upload).get("media_id", ""))

    def _asked(self, command: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._socket.request(command, body).get("body")
        return found if isinstance(found, dict) else {}


class CallbackChannel:
    """What the robot says where it is only called back: answers, and each once. Thread-safe."""

    def __init__(self, *, own_url: str, calls: Calls) -> None:
        self._own_url, self._calls = own_url, calls
        self._guard = threading.Lock()
        self._used: OrderedDict[str, None] = OrderedDict()

    def line(self) -> Line:
        """The same limits as by the long connection."""
        return _LINE

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """Words only: neither a stream nor an answer's address takes files."""
        return self.words(letter.reply)

    def words(self, reply: Reply) -> tuple[Markdown, ...]:
        """A reply in pieces that a stream shows, or an answer's address takes."""
        return markdown.pieces(
            reply, markdown.ROBOT, own_url=self._own_url, hints=reply.buttons, files=False
        )

    def send(self, letter: Letter, piece: Piece, _number: int) -> str:
        """Post to the message's ``response_url``, which works once within an hour."""
        url = str(letter.handle.get("response_url", ""))
        if not url:
            raise SendError("the robot cannot speak unprompted by callback", permanent=True)
        if not isinstance(piece, Markdown):
            raise SendError("the robot says only words by callback", permanent=True)
        if url in self._used:
            raise SendError("the answer's address is used up", permanent=True)
        body = {"msgtype": "markdown", "markdown": {"content": piece.content}}
        try:
            codes.checked(self._calls.request("POST", url, document=body).document())
        except SendError as error:
            if error.permanent:
                self._use_up(url)
            raise  # anything else may be tried again: the platform takes it only once
        self._use_up(url)
        return ""

    def edit(self, _letter: Letter, _ref: str) -> str:
        """Never possible: there are no cards here."""
        raise EditError("a robot's callback has no cards")

    def _use_up(self, url: str) -> None:
        with self._guard:
            self._used[url] = None
            while len(self._used) > _USED_UP:
                self._used.popitem(last=False)


def _answer(letter: Letter, piece: Piece) -> dict[str, Any] | None:
    """A piece as the answer to a message, None for what cannot be one.

    A stream of the same id shows the same place again: sent twice, it is read once.
    """
    match piece:
        case Markdown(content):
            digest = hashlib.sha256(letter.key.encode("utf-8", "replace")).hexdigest()[:32]
            return {
                "msgtype": "stream",
                "stream": {"id": digest, "finish": True, "content": content},
            }
        case Card(card):
            return {"msgtype": "template_card", "template_card": card}
        case _:
            return None
