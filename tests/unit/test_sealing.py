"""Personal data goes in sealed and comes out only with the key."""

import pytest
from cryptography.fernet import InvalidToken

from store.sealing import Vault


def test_what_is_sealed_opens_again() -> None:
    vault = Vault("key")
    sealed = vault.seal("王小明 13800005678")

    assert sealed.isascii()
    assert "13800005678" not in sealed
    assert vault.open(sealed) == "王小明 13800005678"
    assert vault.seal("王小明 13800005678") != sealed


def test_another_key_opens_nothing() -> None:
    with pytest.raises(InvalidToken):
        Vault("other").open(Vault("key").seal("x"))


def test_what_was_altered_does_not_open() -> None:
    sealed = Vault("key").seal("x")

    with pytest.raises(InvalidToken):
        Vault("key").open(sealed[:-4] + "AAA=")


def test_an_old_key_still_opens_what_it_sealed() -> None:
    sealed = Vault("old").seal("x")

    assert Vault("new", "old").open(sealed) == "x"
    with pytest.raises(InvalidToken):
        Vault("old").open(Vault("new", "old").seal("x"))


def test_keys_for_other_purposes_are_others() -> None:
    vault = Vault("key")

    assert vault.derived("session") == Vault("key").derived("session")
    assert len({vault.derived("session"), vault.derived("chat"), Vault("k").derived("chat")}) == 3


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Vault("")
