"""A text in both languages of the bot."""

from collections.abc import Iterable
from typing import NamedTuple


class Text(NamedTuple):
    """What the bot says, in Chinese and in English."""

    zh: str
    en: str

    def to(self, language: str) -> str:
        """The text in ``language``; anything but English is Chinese."""
        return self.en if language == "en" else self.zh


def listed(words: Iterable[str]) -> Text:
    """The words one after the other, as each language parts them."""
    said = list(words)
    return Text("、".join(said), ", ".join(said))
