"""Feishu's callbacks over HTTP (Feishu docs: 接收事件, 配置事件请求地址)."""

import json
from collections.abc import Callable
from typing import Any

from bot.platforms.base import FUTURE_S, Inbound, RawRequest, VerificationError
from bot.platforms.feishu import crypto, events
from store.clock import Clock

TIMESTAMP = "x-lark-request-timestamp"
NONCE = "x-lark-request-nonce"
SIGNATURE = "x-lark-signature"
_HEADERS = (TIMESTAMP, NONCE, SIGNATURE)
_CHALLENGE = "url_verification"


class Receiver:
    """Verifies, decrypts and parses callbacks.

    ``window_s``: how old a signed request may be; Feishu delivers again for seven hours.
    ``bot_open_id`` tells the bot's own open_id, "" while it is not known. All three secrets are
    needed: there is no way in without them.
    """

    def __init__(
        self,
        *,
        app_id: str,
        encrypt_key: str,
        verification_token: str,
        window_s: int,
        bot_open_id: Callable[[], str],
        now: Clock,
    ) -> None:
        if not (app_id and encrypt_key and verification_token):
            raise ValueError("app_id, encrypt_key and verification_token must all be set")
        self._app_id, self._encrypt_key, self._token = app_id, encrypt_key, verification_token
        self._window_s, self._bot_open_id, self._now = window_s, bot_open_id, now

    def receive(self, request: RawRequest) -> Inbound:
        """What one callback holds, with the body to answer it with.

        Raises ``VerificationError``; nothing is decrypted before the signature is right.
        """
        if not request.repeated.isdisjoint(_HEADERS):
            raise VerificationError("repeated header")
        encrypted = _encrypted(request.body)
        if not any(name in request.headers for name in _HEADERS):
            return self._unsigned(encrypted)
        self._check_signature(request)
        self._check_freshness(request.headers[TIMESTAMP])
        envelope = self._opened(encrypted)
        if envelope.get("type") == _CHALLENGE:
            return self._echo(envelope)
        self._check_address(envelope)
        return events.parse(envelope, bot_open_id=self._bot_open_id())

    def _unsigned(self, encrypted: str) -> Inbound:
        """The challenge comes without signature headers, and nothing else may."""
        envelope = self._opened(encrypted)
        if envelope.get("type") != _CHALLENGE:
            raise VerificationError("unsigned")
        return self._echo(envelope)

    def _echo(self, envelope: dict[str, Any]) -> Inbound:
        self._check_token(envelope)
        challenge = envelope.get("challenge")
        if not isinstance(challenge, str):
            raise VerificationError("challenge")
        return Inbound(body=json.dumps({"challenge": challenge}).encode())

    def _check_signature(self, request: RawRequest) -> None:
        given = request.headers.get(SIGNATURE, "")
        if TIMESTAMP not in request.headers or NONCE not in request.headers:
            raise VerificationError("missing header")
        expected = crypto.signature(
            self._encrypt_key,
            timestamp=request.headers[TIMESTAMP],
            nonce=request.headers[NONCE],
            body=request.body,
        )
        if not crypto.same(given, expected):
            raise VerificationError("signature")

    def _check_freshness(self, timestamp: str) -> None:
        try:
            sent_at = events.instant(timestamp)
        except ValueError:
            raise VerificationError("timestamp") from None
        if not -FUTURE_S <= (self._now() - sent_at).total_seconds() <= self._window_s:
            raise VerificationError("stale")

    def _check_address(self, envelope: dict[str, Any]) -> None:
        header = envelope.get("header")
        if not isinstance(header, dict):
            raise VerificationError("header")
        self._check_token(header)
        if header.get("app_id") != self._app_id:
            raise VerificationError("app_id")

    def _check_token(self, holder: dict[str, Any]) -> None:
        token = holder.get("token")
        if not isinstance(token, str) or not crypto.same(token, self._token):
            raise VerificationError("token")

    def _opened(self, encrypted: str) -> dict[str, Any]:
        return _object(crypto.decrypt(self._encrypt_key, encrypted))


def _encrypted(body: bytes) -> str:
    """The one field of a callback while an encrypt key is set; a plain event is refused."""
    try:
        encrypted = _object(body.decode()).get("encrypt")
    except UnicodeDecodeError:
        raise VerificationError("not UTF-8") from None  # its text holds the body
    if not isinstance(encrypted, str):
        raise VerificationError("not encrypted")
    return encrypted


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise VerificationError("not JSON") from None  # it keeps the whole text
    if not isinstance(found, dict):
        raise VerificationError("no object")
    return found
