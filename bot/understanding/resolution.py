"""Words that are no name as they stand, as a product: by sound, by a part, by close spelling."""

import re
from dataclasses import dataclass
from typing import Any

from bot.understanding.catalogue import Catalogue
from bot.understanding.naming import unknown_target

_INITIALS = re.compile(r"[A-Za-z]{2,8}(?=[\s\u3400-\u9fff0-9])")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The target in ``words[start:end]``.

    ``known``: as good as said; ``guessed``: a name is spelled alike; ``shared``: several names
    contain the words.
    """

    start: int
    end: int
    target: dict[str, Any]
    known: bool = False
    guessed: bool = False
    shared: bool = False


def resolve(words: str, catalogue: Catalogue | None) -> Resolved:
    """What the words name; as they are said where nothing is like them."""
    target = unknown_target(words)
    whole = (0, len(words))
    if catalogue is None:
        return Resolved(*whole, target)
    within = catalogue.containing(words)
    if "name" not in target:  # V60 is a code, unless names begin with it
        target = {"name": words} if within else target
        known = {"name": within[0]} if len(within) == 1 else target
        return Resolved(*whole, known, known=len(within) == 1, shared=len(within) > 1)
    if len(within) == 1:
        return Resolved(*whole, {"name": within[0]}, known=True)
    alike = catalogue.alike(words)
    if alike is not None and alike[1]:
        return Resolved(*whole, dict(alike[0]), known=True)
    heard = _initials(words, catalogue) or _heard(words, catalogue)
    if heard is not None:
        return heard
    return Resolved(*whole, target, guessed=alike is not None, shared=len(within) > 1)


def _initials(words: str, catalogue: Catalogue) -> Resolved | None:
    """Sjx 2米黑: the initials of a name, and its specs."""
    match = _INITIALS.match(words)
    alike = catalogue.alike(match[0]) if match else None
    if match is None or alike is None or not alike[1]:
        return None
    return Resolved(0, match.end(), dict(alike[0]), known=True)


def _heard(words: str, catalogue: Catalogue) -> Resolved | None:
    """那个茶背: a name by its sound, in a longer run."""
    heard = catalogue.heard(words)
    return Resolved(heard.start, heard.end, dict(heard.target), known=True) if heard else None
