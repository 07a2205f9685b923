"""The console: the chat page and the terminal, as a platform like any other."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

from bot.messages import ATTACHED, FileRef, Message
from bot.platforms.base import (
    FUTURE_S,
    EditError,
    Inbound,
    Letter,
    Line,
    RawRequest,
    VerificationError,
)
from store import clock

TIMESTAMP = "x-zhanggui-timestamp"
SIGNATURE = "x-zhanggui-signature"
WINDOW_S = 300
_KINDS = ("group", "direct")
_MAX_ID = 120
_MAX_TEXT = 4000


class ConsolePlatform:
    """Messages signed with a secret that only this shop's own pages and terminal have.

    A request is JSON ``{"message_id", "chat_id", "chat_kind", "user_id", "user_name", "text"}``,
    perhaps with ``"file": {"name", "number"}``, an attachment of this shop whose text may be empty,
    with the Unix time in ``x-zhanggui-timestamp``, and in ``x-zhanggui-signature`` the hex
    HMAC-SHA256 of that time, a full stop and the body.
    """

    name = "console"

    def __init__(
        self, secret: str, *, now: clock.Clock = clock.now, window_s: int = WINDOW_S
    ) -> None:
        if not secret:
            raise ValueError("the console's secret is empty")
        self._secret = secret.encode()
        self._now = now
        self._window_s = window_s

    def signed(self, message: Message) -> RawRequest:
        """The request that carries ``message``, as the chat page sends it."""
        timestamp = str(int(message.sent_at.timestamp()))
        content = {
            "message_id": message.message_id,
            "chat_id": message.chat_id,
            "chat_kind": message.chat_kind,
            "user_id": message.user_id,
            "user_name": message.user_name,
            "text": message.text,
            **_file_of(message),
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = {TIMESTAMP: timestamp, SIGNATURE: self._signature(timestamp, body)}
        return RawRequest(method="POST", query={}, headers=headers, body=body)

    def receive(self, request: RawRequest) -> Inbound:
        """Verify and parse one message. Raises ``VerificationError``."""
        timestamp = request.headers.get(TIMESTAMP, "")
        given = request.headers.get(SIGNATURE, "")
        # Bytes: compare_digest refuses text outside ASCII.
        if not hmac.compare_digest(
            given.encode(), self._signature(timestamp, request.body).encode()
        ):
            raise VerificationError("signature")
        return Inbound(messages=(_message(request.body, self._fresh(timestamp)),))

    def line(self, chat_id: str) -> Line:  # noqa: ARG002  (the protocol's)
        """Nothing is transported, so nothing is slow."""
        return Line(self.name)

    def render(self, letter: Letter) -> tuple[bytes, ...]:
        """The reply as JSON, which the chat page draws."""
        return (json.dumps(letter.reply.to_json(), ensure_ascii=False).encode(),)

    def send(self, letter: Letter, piece: bytes, number: int) -> str:  # noqa: ARG002  (the protocol's)
        """Nothing to transport: the page reads what was said from ``store.transcript``."""
        return ""

    def edit(self, letter: Letter, ref: str) -> str:  # noqa: ARG002  (the protocol's)
        """What was said on the page stays as it was."""
        raise EditError(ref)

    def direct(self, user_id: str) -> str:  # noqa: ARG002  (the protocol's)
        """The terminal's chat; nobody is told anything there."""
        return ""

    def _signature(self, timestamp: str, body: bytes) -> str:
        return hmac.new(self._secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    def _fresh(self, timestamp: str) -> datetime:
        if not re.fullmatch(r"[0-9]{1,11}", timestamp):
            raise VerificationError("timestamp")
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
        age_s = (self._now() - sent_at).total_seconds()
        if not -FUTURE_S <= age_s <= self._window_s:
            raise VerificationError("stale")
        return sent_at


def _message(body: bytes, sent_at: datetime) -> Message:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise VerificationError("not JSON") from error
    if not isinstance(content, dict) or content.get("chat_kind") not in _KINDS:
        raise VerificationError("shape")
    files = _files(content)
    return Message(
        platform=ConsolePlatform.name,
        message_id=_text(content, "message_id", _MAX_ID),
        chat_id=_text(content, "chat_id", _MAX_ID),
        chat_kind=content["chat_kind"],
        user_id=_text(content, "user_id", _MAX_ID),
        user_name=_text(content, "user_name", _MAX_ID),
        text="" if files and content.get("text") == "" else _text(content, "text", _MAX_TEXT),
        sent_at=sent_at,
        files=files,
    )


def _file_of(message: Message) -> dict[str, Any]:
    if not message.files:
        return {}
    file = message.files[0]
    return {"file": {"name": file.name, "number": file.handle[ATTACHED]}}


def _files(content: dict[str, Any]) -> tuple[FileRef, ...]:
    file = content.get("file")
    if file is None:
        return ()
    if not isinstance(file, dict) or type(file.get("number")) is not int:
        raise VerificationError("file")
    return (FileRef(_text(file, "name", _MAX_ID), {ATTACHED: file["number"]}),)


def _text(content: dict[str, Any], key: str, most: int) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise VerificationError(key)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise VerificationError(key) from error
    return value
