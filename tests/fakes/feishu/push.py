"""The platform's side of a callback: encrypts, signs, posts, and comes again when not answered."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.fakes.feishu.events import Event
from tests.fakes.feishu.fake import FakeFeishu
from tests.fakes.feishu.records import JSON_TYPE, Json

RETRIES_S = (15, 300, 3600, 21_600)  # after an event is not answered ("接收事件")
WAITS_S = (0.05, 0.1, 0.1, 0.1)  # the same, for tests
CHALLENGE_S = 1.0
LATE, NOT_200, ILLEGAL = 200341, 200671, 200672


@dataclass(frozen=True, slots=True)
class Sealed:
    """A callback as it goes over the wire."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try. ``status`` is 0 without an answer; ``problem``: what the presser's client shows."""

    status: int
    body: bytes
    seconds: float
    deadline_s: float
    problem: int = 0

    @property
    def ok(self) -> bool:
        """HTTP 200 in time; anything else comes again."""
        return self.status == 200 and self.seconds <= self.deadline_s

    def answer(self) -> Any:
        """The body's JSON. Raises ``ValueError``."""
        return json.loads(self.body)


def encrypt(plain: bytes, encrypt_key: str, iv: bytes | None = None) -> str:
    """Base64 of iv and AES-256-CBC under SHA-256 of the Encrypt Key, padded to 16."""
    iv = iv or secrets.token_bytes(16)
    padder = PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    key = hashlib.sha256(encrypt_key.encode()).digest()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    return base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize()).decode()


def signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """Hex of plain SHA-256 over timestamp, nonce, Encrypt Key and the raw body."""
    return hashlib.sha256(f"{timestamp}{nonce}{encrypt_key}".encode() + body).hexdigest()


def seal(
    plain: bytes,
    encrypt_key: str,
    *,
    timestamp: str,
    encrypted: bool = True,
    signed: bool = True,
    nonce: str = "",
    iv: bytes | None = None,
) -> Sealed:
    """The request of a callback; without ``encrypted`` the JSON goes as it is."""
    body = plain
    if encrypted:
        # Compact separators, as in what the platform sends.
        body = b'{"encrypt":"' + encrypt(plain, encrypt_key, iv).encode() + b'"}'
    headers = {"Content-Type": JSON_TYPE}
    if signed:
        nonce = nonce or str(secrets.randbelow(10**10))
        headers["X-Lark-Request-Timestamp"] = timestamp
        headers["X-Lark-Request-Nonce"] = nonce
        headers["X-Lark-Signature"] = signature(timestamp, nonce, encrypt_key, body)
        headers["X-Request-Id"] = secrets.token_hex(8)
    return Sealed(headers, body)


class Pusher:
    """Delivers events to one callback URL. A context manager; safe to use from several threads."""

    def __init__(self, feishu: FakeFeishu, url: str, *, deadline_s: float = 3.0) -> None:
        self._feishu, self._url, self._deadline_s = feishu, url, deadline_s
        limits = httpx.Limits(max_connections=None)
        self._client = httpx.Client(trust_env=False, limits=limits, timeout=deadline_s + 5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def deliver(self, event: Event) -> Delivery:
        """One try; what a press was answered changes its card, and lets later updates through."""
        delivery = self.send(self.seal(event.document))
        return self._judged(event, delivery) if event.token else delivery

    def push(self, event: Event, *, waits_s: Sequence[float] = WAITS_S) -> list[Delivery]:
        """Deliver, and again with the same ids after each of ``waits_s``, until it is answered."""
        tries = [self.deliver(event)]
        for wait_s in waits_s:
            if tries[-1].ok:
                break
            time.sleep(wait_s)
            tries.append(self.deliver(event))
        return tries

    def together(self, events: Sequence[Event]) -> list[Delivery]:
        """Deliver all at the same moment; the answers come in the order of ``events``."""
        start = threading.Barrier(len(events))

        def deliver(event: Event) -> Delivery:
            start.wait(timeout=10)
            return self.deliver(event)

        with ThreadPoolExecutor(max_workers=len(events)) as pool:
            return list(pool.map(deliver, events))

    def verify_url(
        self, challenge: str = "ajls384kdjx98XX", *, token: str | None = None
    ) -> Delivery:
        """The console's check of the address: encrypted, never signed, answered within 1 s."""
        token = self._feishu.verification_token if token is None else token
        document = {"challenge": challenge, "token": token, "type": "url_verification"}
        return self.send(self.seal(document, signed=False), deadline_s=CHALLENGE_S)

    def seal(
        self,
        document: Json,
        *,
        encrypted: bool = True,
        signed: bool = True,
        timestamp: str = "",
        nonce: str = "",
        iv: bytes | None = None,
    ) -> Sealed:
        """The request for any JSON, signed now by the fake's clock unless told otherwise."""
        return seal(
            json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            self._feishu.encrypt_key,
            timestamp=timestamp or str(int(self._feishu.clock().timestamp())),
            encrypted=encrypted,
            signed=signed,
            nonce=nonce,
            iv=iv,
        )

    def send(self, sealed: Sealed, *, deadline_s: float | None = None) -> Delivery:
        """Post a request as it is."""
        deadline_s = self._deadline_s if deadline_s is None else deadline_s
        start = time.monotonic()
        try:
            response = self._client.post(self._url, headers=sealed.headers, content=sealed.body)
        except httpx.HTTPError:
            return Delivery(0, b"", time.monotonic() - start, deadline_s)
        seconds = time.monotonic() - start
        return Delivery(response.status_code, response.content, seconds, deadline_s)

    def _judged(self, event: Event, tried: Delivery) -> Delivery:
        problem = self._problem(event, tried)
        return Delivery(tried.status, tried.body, tried.seconds, tried.deadline_s, problem)

    def _problem(self, event: Event, tried: Delivery) -> int:
        if tried.seconds > tried.deadline_s:
            return LATE
        if tried.status != 200:
            return NOT_200
        try:
            return self._feishu.presses.answered(event.token, tried.answer())
        except ValueError:
            return ILLEGAL
