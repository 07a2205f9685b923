"""The key that encrypts personal data: given, or made once and kept beside the database."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from bot.settings.errors import SettingsError
from bot.settings.sections import Settings

_NAME = "data_key"


def data_key(settings: Settings) -> str:
    """The key of ``security.data_key``, else the one in ``data_key_file``.

    The file is made (mode 0600) at first use; two processes that start at once get the same
    key. Raises ``SettingsError`` when it cannot be read or kept.
    """
    given = settings.security.data_key.get_secret_value()
    if given:
        return given
    path = data_key_file(settings)
    try:
        if not path.exists():
            _make(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not ASCII"
        raise SettingsError(f"security.data_key: {path} cannot be used ({reason})") from error
    if not key:
        raise SettingsError(f"security.data_key: {path} is empty; put the shop's key back")
    return key


def data_key_file(settings: Settings) -> Path:
    """Where the made key is: beside the SQLite file, on MySQL beside the configuration file.

    On MySQL without a configuration file it is in ./data.
    """
    database = settings.database_file
    if database is not None:
        return database.parent / _NAME
    return settings.folder / _NAME if settings.source else settings.folder / "data" / _NAME


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            # A link appears whole or not at all, and never replaces another process's key.
            path.hardlink_to(draft)
    finally:
        draft.unlink()
