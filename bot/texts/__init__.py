"""Everything the bot says, Chinese first with English beside it."""

import unicodedata
from typing import Protocol

from bot.texts.errors import explain
from bot.texts.platforms import PLATFORMS
from bot.texts.pushes import PUSHES
from bot.texts.sentences import SENTENCES as _SENTENCES
from bot.texts.text import Text, listed

SENTENCES = _SENTENCES | PUSHES | PLATFORMS


class Say(Protocol):
    """A sentence of the catalogue by its key, in one language."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence."""
        ...


def say(language: str, key: str, **values: object) -> str:
    """The sentence with this key. Raises ``KeyError`` for a key nobody wrote.

    ``{s}`` in an English one is the plural's, by its ``number``.
    """
    plural = "" if str(values.get("number")) == "1" else "s"
    return SENTENCES[key].to(language).format(**{"s": plural, **values})


def visible(text: str) -> str:
    """``text`` without what could re-order or hide words; broken characters as U+FFFD."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(char for char in text if char in "\n\u200d" or not _hidden(char))


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}


__all__ = ["SENTENCES", "Say", "Text", "explain", "listed", "say", "visible"]
