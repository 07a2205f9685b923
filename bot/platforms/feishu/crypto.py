"""How Feishu signs and encrypts what it calls us with (Feishu docs: 接收事件)."""

import hashlib
import hmac
from binascii import a2b_base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from bot.platforms.base import VerificationError

_BLOCK = 16  # bytes; WeCom pads to 32


def signature(encrypt_key: str, *, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature of ``body`` as it came in: 64 lower-case hex digits.

    A plain SHA-256, no HMAC, with the encrypt key (not the verification token) in it.
    """
    # Header values may hold anything; what is no text is signed by nobody, yet must not raise here.
    head = f"{timestamp}{nonce}{encrypt_key}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(head + body).hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in the same time wherever they differ."""
    # Bytes: compare_digest refuses text outside ASCII.
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def decrypt(encrypt_key: str, encrypted: str) -> str:
    """The text in the field ``encrypt``: base64 of the IV and AES-256-CBC, padded by PKCS#7.

    Raises ``VerificationError`` for whatever was not made with this key.
    """
    try:
        raw = a2b_base64(encrypted, strict_mode=True)
        key = hashlib.sha256(encrypt_key.encode()).digest()
        opened = Cipher(algorithms.AES(key), modes.CBC(raw[:_BLOCK])).decryptor()
        padded = opened.update(raw[_BLOCK:]) + opened.finalize()
        unpadder = PKCS7(_BLOCK * 8).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:  # base64, length, padding, UTF-8: one answer, so that nothing can be probed
        raise VerificationError("encryption") from None  # its text may hold what was decrypted
