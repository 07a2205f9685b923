"""Signing and encrypting as WeCom does (加解密方案说明, document 91144)."""

import base64
import hashlib
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32  # of the padding; AES itself has 16


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one way in: ``receive_id`` is the corp id, "" for a company's own robot."""

    token: str
    encoding_aes_key: str
    receive_id: str

    @property
    def aes_key(self) -> bytes:
        """32 bytes."""
        return base64.b64decode(self.encoding_aes_key + "=")


def sign(token: str, timestamp: str, nonce: str, encrypt: str) -> str:
    """Lower-case hex over the four, sorted as bytes."""
    parts = sorted(part.encode() for part in (token, timestamp, nonce, encrypt))
    return hashlib.sha1(b"".join(parts)).hexdigest()  # noqa: S324  # what the protocol asks for


def encrypt(keys: Keys, message: str, *, random16: bytes | None = None) -> str:
    """Base64 of the encrypted envelope of ``message``."""
    content = message.encode()
    start = random16 or os.urandom(16)
    plain = start + len(content).to_bytes(4, "big") + content + keys.receive_id.encode()
    return base64.b64encode(encrypt_bytes(keys.aes_key, plain)).decode()


def decrypt(keys: Keys, sealed: str) -> str:
    """The message again. Raises ``ValueError`` for anything that is not as it must be."""
    plain = decrypt_bytes(keys.aes_key, base64.b64decode(sealed, validate=True))
    if len(plain) < 20:
        raise ValueError("too short")
    end = 20 + int.from_bytes(plain[16:20], "big")
    if end > len(plain):
        raise ValueError("length beyond the end")
    if plain[end:] != keys.receive_id.encode():
        raise ValueError("receive id")
    return plain[20:end].decode()


def encrypt_bytes(aes_key: bytes, plain: bytes) -> bytes:
    """AES-256-CBC, the key's first half as iv, padded to 32: files are encrypted like this too."""
    count = BLOCK - len(plain) % BLOCK
    worker = Cipher(algorithms.AES256(aes_key), modes.CBC(aes_key[:16])).encryptor()
    return worker.update(plain + bytes([count]) * count) + worker.finalize()


def decrypt_bytes(aes_key: bytes, sealed: bytes) -> bytes:
    """The other way round. Raises ``ValueError``."""
    worker = Cipher(algorithms.AES256(aes_key), modes.CBC(aes_key[:16])).decryptor()
    padded = worker.update(sealed) + worker.finalize()
    count = padded[-1] if padded else 0
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise ValueError("padding")
    return padded[:-count]
