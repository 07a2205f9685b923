"""What came of reading a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.understanding.shapes import Bad

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as understood.

    ``slots`` are JSON by parameter key; a SKU is ``{"name", "specs"}`` or ``{"code"}`` under its
    parameter's key, ``{"category"}`` or ``{"all"}`` where several may be meant; ``items`` holds the
    slots of each of several things. ``missing`` must be asked for; ``bad`` holds values that cannot
    be. ``doubt`` is what was not understood beside the rest. ``lost``: the catalogue does not know
    the product; ``ambiguous``: it knows several. ``pointed``: the command that speaks of 那个.
    ``summons``: so much a command that nobody needs to address the bot. ``worded``: words say
    it, not a product or a number alone.
    """

    outcome: str = "ignore"
    intent: str = UNKNOWN
    slots: Mapping[str, Any] = field(default_factory=dict)
    question: str | None = None
    missing: tuple[str, ...] = ()
    bad: Mapping[str, Bad] = field(default_factory=dict)
    doubt: str = ""
    lost: bool = False
    ambiguous: bool = False
    pointed: str = ""
    summons: bool = False
    worded: bool = True
