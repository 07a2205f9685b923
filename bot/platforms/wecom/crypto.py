"""What WeCom signs and encrypts (回调和回复的加解密方案, documents 91144 and 101033).

wechatpy does the cipher and the signature. What it leaves unchecked is checked here: it compares
signatures with ``!=``, believes any padding and any length, reads base64 loosely, knows no
freshness, and raises half a dozen kinds of error for what is malformed.
"""

import base64
import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wechatpy.enterprise.crypto import PrpCrypto
from wechatpy.utils import WeChatSigner

from bot.platforms.base import FUTURE_S, VerificationError
from store.clock import Clock

MOST_BYTES = 256 << 10  # of a webhook's body
_SIGNED = ("msg_signature", "timestamp", "nonce")
_ENCRYPTED = re.compile(r"[!-~]+")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_NONCE = re.compile(r"[!-~]{1,128}")
# The console makes letters and digits; the two other signs of base64 do no harm.
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_BLOCK = 16  # of the cipher
_PADDED = 32  # what WeCom pads to, whatever the cipher's block
_LENGTH_AT = 16  # after the random bytes
_TEXT_AT = 20


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted answer: base64, its signature in lower-case hex, and what that covers too."""

    encrypt: str
    signature: str
    timestamp: int
    nonce: str


class Callback:
    """One callback address: who may speak through it, and how to answer. Thread-safe.

    ``receive_id`` is the corp id for a self-built application and "" for a robot. Raises
    ``ValueError`` when the token or the key cannot be one; the text holds neither.
    """

    def __init__(
        self, token: str, encoding_aes_key: str, receive_id: str, *, window_s: int, now: Clock
    ) -> None:
        if not token:
            raise ValueError("the token is empty")
        self._token, self._key = token, read_key(encoding_aes_key)
        self._receive_id, self._window_s, self._now = receive_id, window_s, now

    def open(self, *, query: Mapping[str, str], repeated: frozenset[str], encrypt: str) -> bytes:
        """The plain text (UTF-8) of a callback, proven to come from WeCom, fresh and for us.

        ``repeated`` names the parameters that came more than once. Raises ``VerificationError``;
        nothing is decoded before the signature is known to be right.
        """
        _once(query, repeated)
        if len(encrypt) > MOST_BYTES or not _ENCRYPTED.fullmatch(encrypt):
            raise VerificationError("encrypt")
        self._check_signature(query, encrypt)
        self._check_fresh(query)
        return _unpack(_decrypt(_decode(encrypt), self._key), self._receive_id.encode())

    def seal(self, text: str, *, nonce: str, timestamp: int) -> Sealed:
        """``text`` as WeCom takes it in an answer; ``timestamp`` is in Unix seconds."""
        content = text.encode("utf-8", "replace")  # half of a surrogate pair has no bytes
        encrypt = PrpCrypto(self._key).encrypt(content, self._receive_id).decode()
        return Sealed(encrypt, self._signature(str(timestamp), nonce, encrypt), timestamp, nonce)

    def _check_signature(self, query: Mapping[str, str], encrypt: str) -> None:
        right = self._signature(query["timestamp"], query["nonce"], encrypt)
        # Bytes: compare_digest refuses text outside ASCII.
        given = query["msg_signature"].encode("utf-8", "replace")
        if not hmac.compare_digest(given, right.encode()):
            raise VerificationError("signature")

    def _signature(self, timestamp: str, nonce: str, encrypt: str) -> str:
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, encrypt)
        return str(signer.signature)

    def _check_fresh(self, query: Mapping[str, str]) -> None:
        age_s = (self._now() - signed_at(query)).total_seconds()
        if not -FUTURE_S <= age_s <= self._window_s:
            raise VerificationError("stale")


def signed_at(query: Mapping[str, str]) -> datetime:
    """When a callback that ``Callback.open`` took was signed: messages carry no time."""
    return datetime.fromtimestamp(int(query["timestamp"]), UTC)


def check_key(encoding_aes_key: str) -> str:
    """What is wrong with an EncodingAESKey, without it; empty when nothing is."""
    if _KEY.fullmatch(encoding_aes_key):
        return ""
    return f"must be 43 letters and digits, has {len(encoding_aes_key)} characters"


def read_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. Raises ``ValueError``, which does not hold it."""
    if fault := check_key(encoding_aes_key):
        raise ValueError(f"the EncodingAESKey {fault}")
    # Its last character has two bits to spare, which Python's decoder lets pass.
    return base64.b64decode(encoding_aes_key + "=")


def read_media_key(aeskey: str) -> bytes:
    """The 32 bytes of the ``aeskey`` that stands beside a file's url. Raises ``ValueError``."""
    bare = aeskey.rstrip("=")
    key = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    if len(key) != _PADDED:
        raise ValueError("the aeskey is not 32 bytes")
    return key


def open_media(content: bytes, key: bytes) -> bytes:
    """The file that a message's url gave encrypted ``content`` of (接收消息, document 100719).

    ``key`` is the callback's own, or the one beside the url. Raises ``ValueError``.
    """
    try:
        return _unpad(_decrypt(content, key))
    except VerificationError as error:
        raise ValueError(f"the file cannot be decrypted: {error}") from error


def _once(query: Mapping[str, str], repeated: frozenset[str]) -> None:
    if repeated.intersection((*_SIGNED, "echostr")):
        raise VerificationError("repeated")
    if any(name not in query for name in _SIGNED):
        raise VerificationError("missing")
    if not _TIMESTAMP.fullmatch(query["timestamp"]):
        raise VerificationError("timestamp")
    if not _NONCE.fullmatch(query["nonce"]):
        raise VerificationError("nonce")


def _decode(encrypt: str) -> bytes:
    try:
        return base64.b64decode(encrypt, validate=True)
    except ValueError as error:
        raise VerificationError("base64") from error


def _decrypt(content: bytes, key: bytes) -> bytes:
    if not content or len(content) % _BLOCK:
        raise VerificationError("block")
    # A new one each time: under pycryptodome a cipher works once.
    return bytes(PrpCrypto(key).cipher.decrypt(content))


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= _PADDED or padded[-count:] != bytes([count]) * count:
        raise VerificationError("padding")
    return padded[:-count]


def _unpack(padded: bytes, receive_id: bytes) -> bytes:
    """The message of: 16 random bytes, its length (4 bytes, big-endian), itself, receive id."""
    plain = _unpad(padded)
    if len(plain) < _TEXT_AT:
        raise VerificationError("short")
    (length,) = struct.unpack_from(">I", plain, _LENGTH_AT)
    if length > len(plain) - _TEXT_AT:
        raise VerificationError("length")
    text, tail = plain[_TEXT_AT : _TEXT_AT + length], plain[_TEXT_AT + length :]
    if tail != receive_id:
        raise VerificationError("receive id")
    return _utf8(text)


def _utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise VerificationError("utf-8") from error
    return text
