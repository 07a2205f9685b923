"""A group's message-push webhook (消息推送, document 99110): it speaks and never hears."""

import base64
import hashlib
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.platforms.base import EditError, Letter, Line, SendError
from bot.platforms.calls import Calls
from bot.platforms.wecom import codes, markdown
from bot.platforms.wecom.pieces import Charts, File, Markdown, Picture, Piece, file_pieces

# 20 in a minute, fixed or sliding; with these at most 18 go out in any 60 seconds.
_BURST = 4
_INTERVAL_S = 4.3


class WebhookRobot:
    """One configured webhook; its address is the secret. Thread-safe.

    ``hearer``: the robot that a command can be told in the group, "" when there is none.
    """

    def __init__(
        self, name: str, webhook: str, *, hearer: str, own_url: str, calls: Calls, charts: Charts
    ) -> None:
        self._name, self._webhook, self._hearer = name, urlsplit(webhook), hearer
        self._own_url, self._calls, self._charts = own_url, calls, charts

    def line(self) -> Line:
        """Each robot has its own limit and its own faults."""
        return Line(f"wecom:robot/{self._name}", burst=_BURST, interval_s=_INTERVAL_S)

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """Text, the chart, the file; nobody can press anything here."""
        reply = letter.reply
        words = markdown.pieces(
            reply,
            markdown.WEBHOOK,
            own_url=self._own_url,
            hints=reply.buttons if self._hearer else (),
            mention=self._hearer,
        )
        return (*words, *self._charts.pieces(reply), *file_pieces(letter.attachment))

    def send(self, letter: Letter, piece: Piece, _number: int) -> str:
        """Post one piece; nothing of it can be changed later. Raises ``SendError``."""
        answer = self._calls.request(
            "POST", self._webhook.geturl(), document=self._message(letter, piece)
        )
        codes.checked(answer.document())
        return ""

    def edit(self, _letter: Letter, _ref: str) -> str:
        """Never possible."""
        raise EditError("a webhook's message")

    def _message(self, letter: Letter, piece: Piece) -> dict[str, Any]:
        match piece:
            case Markdown(content):
                # There is no idempotency key: people must see that they may have read it already.
                text = markdown.marked(content, letter.key) if letter.again else content
                return {"msgtype": "markdown_v2", "markdown_v2": {"content": text}}
            case Picture(_, content):
                return {"msgtype": "image", "image": _image(content)}
            case File():
                return {"msgtype": "file", "file": {"media_id": self._uploaded(piece)}}
            case _:
                raise SendError("a webhook has no buttons", permanent=True)

    def _uploaded(self, file: File) -> str:
        """The media id, which is good for this very webhook."""
        answer = self._calls.request(
            "POST",
            _upload_url(self._webhook),
            files={"media": (file.name, file.content, file.mime)},
        )
        return str(codes.checked(answer.document()).get("media_id", ""))


def _image(content: bytes) -> dict[str, str]:
    # md5 is what the platform asks for, of the bytes before base64.
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"base64": base64.b64encode(content).decode(), "md5": digest}


def _upload_url(webhook: SplitResult) -> str:
    path = f"{webhook.path.rpartition('/')[0]}/upload_media"
    return webhook._replace(path=path, query=f"{webhook.query}&type=file").geturl()
