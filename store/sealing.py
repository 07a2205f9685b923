"""The one pair of functions through which personal data enters and leaves the database."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals text with a key; old keys, given after it, still open what they sealed."""

    def __init__(self, data_key: str, *old_keys: str) -> None:
        if not data_key:
            raise ValueError("data_key is empty")
        self._fernet = MultiFernet(
            [Fernet(_derived(key, b"contact")) for key in (data_key, *old_keys)]
        )
        self._root = data_key

    def seal(self, text: str) -> str:
        """Encrypt and authenticate ``text``; the result is ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again; raises ``InvalidToken`` when no key fits or it was altered."""
        return self._fernet.decrypt(sealed.encode()).decode()

    def derived(self, purpose: str) -> str:
        """A key of its own for another purpose (session cookies), from the same secret."""
        return _derived(self._root, purpose.encode()).decode()


def _derived(data_key: str, purpose: bytes) -> bytes:
    raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"zhanggui " + purpose).derive(
        data_key.encode()
    )
    return base64.urlsafe_b64encode(raw)
