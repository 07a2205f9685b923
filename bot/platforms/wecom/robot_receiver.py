"""The intelligent robot's callback address (document 101033; replies: 101031, 被动回复消息).

A command is answered at once by a stream that is not finished; the platform then asks for the rest
by itself, again and again, until it is finished or six minutes have passed.
"""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.platforms.base import Inbound, RawRequest, VerificationError
from bot.platforms.wecom import robot_events
from bot.platforms.wecom.crypto import MOST_BYTES, Callback, signed_at
from bot.settings.kinds import is_loopback
from bot.texts.platforms import spoken
from store.clock import Clock

WORKING = spoken("platform.working")
POLLED_S = 10.0  # a command takes far less; who was not asked by then posts to response_url
_MAX_URL = 2048
_NOTHING = Inbound(body=b"", content_type="text/plain; charset=utf-8")


class RobotReceiver:
    """Reads what comes to the callback address and makes what it is answered with. Thread-safe.

    ``name`` is the robot's in groups. ``base_url`` is where the platform is: only there later
    answers go. ``welcome`` greets whoever opens the chat with the robot for the first time of the
    day. Raises ``ValueError`` for a token or a key that cannot be one.
    """

    def __init__(
        self,
        *,
        token: str,
        encoding_aes_key: str,
        name: str,
        window_s: int,
        now: Clock,
        base_url: str,
        welcome: str,
        corp_id: str = "",
    ) -> None:
        # The receive id of a company's own robot is empty.
        self._callback = Callback(token, encoding_aes_key, "", window_s=window_s, now=now)
        self._name, self._corp_id, self._welcome = name, corp_id, welcome
        self._home, self._now = urlsplit(base_url), now

    def receive(self, request: RawRequest) -> Inbound:
        """Verify, decrypt and parse. Raises ``VerificationError``."""
        if request.method == "GET":
            return self._verified(request)
        if request.method != "POST":
            raise VerificationError("method")
        body = _document(self._open(request, _encrypt(request.body)))
        if body.get("msgtype") == "stream":
            return _poll(body, request.query["nonce"])
        if _is_first_visit(body):
            return self._welcoming(request.query["nonce"])
        return self._heard(body, request)

    def poll_answer(self, inbound: Inbound, content: str, *, finished: bool) -> bytes:
        """What a poll is answered with: ``content`` in place of what the stream showed until now.

        At most 20,480 bytes of UTF-8, of the markdown_v2 kind.
        """
        stream, nonce = inbound.poll_handle["stream"], inbound.poll_handle["nonce"]
        return self._sealed(_stream(stream, content, finished=finished), nonce)

    def _open(self, request: RawRequest, encrypt: str) -> bytes:
        return self._callback.open(query=request.query, repeated=request.repeated, encrypt=encrypt)

    def _verified(self, request: RawRequest) -> Inbound:
        # A proxy may have turned + into a blank, which base64 does not have.
        echo = request.query.get("echostr", "").replace(" ", "+")
        return replace(_NOTHING, body=self._open(request, echo))

    def _welcoming(self, nonce: str) -> Inbound:
        if not self._welcome:
            return _NOTHING
        text = {"msgtype": "text", "text": {"content": self._welcome}}
        return Inbound(body=self._sealed(text, nonce))

    def _heard(self, body: dict[str, Any], request: RawRequest) -> Inbound:
        message = robot_events.parse(
            body, name=self._name, sent_at=signed_at(request.query), corp_id=self._corp_id
        )
        if message is None:
            return _NOTHING
        url = body.get("response_url")
        handle = {"response_url": url} if self._is_ours(url) else {}
        if message.press is not None:  # a stream is no answer to a press
            return replace(_NOTHING, messages=(replace(message, handle=handle),))
        stream = body["msgid"]
        asked = replace(message, handle={"stream": stream, **handle}, polled_s=POLLED_S)
        answer = self._sealed(_stream(stream, WORKING, finished=False), request.query["nonce"])
        return Inbound(messages=(asked,), body=answer)

    def _sealed(self, document: dict[str, Any], nonce: str) -> bytes:
        sealed = self._callback.seal(
            json.dumps(document, ensure_ascii=False),
            nonce=nonce,  # the one of the callback, as the document asks
            timestamp=int(self._now().timestamp()),
        )
        envelope = {
            "encrypt": sealed.encrypt,
            "msgsignature": sealed.signature,
            "timestamp": sealed.timestamp,
            "nonce": sealed.nonce,
        }
        return json.dumps(envelope).encode()

    def _is_ours(self, url: object) -> bool:
        """Whether an answer may be sent to ``url``: signed or not, it is somebody else's word."""
        if not isinstance(url, str) or len(url) > _MAX_URL or not url.isascii():
            return False
        return url.isprintable() and " " not in url and _same_place(url, self._home)


def _same_place(url: str, home: SplitResult) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if "@" in parts.netloc or parts.scheme != home.scheme:
        return False
    if home.scheme == "http":  # a stand-in, which may answer at another port
        return is_loopback(host) and is_loopback(home.hostname or "")
    return host == home.hostname and (port or 443) == (home.port or 443)


def _encrypt(body: bytes) -> str:
    if len(body) > MOST_BYTES:
        raise VerificationError("size")
    encrypt = _document(body).get("encrypt")
    if not isinstance(encrypt, str):
        raise VerificationError("encrypt")
    return encrypt


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise VerificationError("not JSON") from error
    if not isinstance(found, dict):
        raise VerificationError("shape")
    return found


def _poll(body: dict[str, Any], nonce: str) -> Inbound:
    detail = body.get("stream")
    stream = detail.get("id") if isinstance(detail, dict) else None
    # A stream bears the msgid of the message it answers.
    asked = robot_events.message_id(stream)
    if asked is None:
        return _NOTHING
    return Inbound(
        body=b"", polled=f"wecom:{asked}", poll_handle={"stream": stream, "nonce": nonce}
    )


def _is_first_visit(body: dict[str, Any]) -> bool:
    event = body.get("event")
    return (
        body.get("msgtype") == "event"
        and isinstance(event, dict)
        and event.get("eventtype") == "enter_chat"
    )


def _stream(stream: str, content: str, *, finished: bool) -> dict[str, Any]:
    return {"msgtype": "stream", "stream": {"id": stream, "finish": finished, "content": content}}
