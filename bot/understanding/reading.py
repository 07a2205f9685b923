"""What came of reading a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.understanding.catalogue import Catalogue
from bot.understanding.shapes import Bad

UNKNOWN = "unknown"
TARGETS = frozenset({"sku", "skus"})
UNSAID = frozenset({"ticket", "part", "file", "page"})  # slots that no message has words for


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


def as_json(reading: Reading, text: str, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """The object that ``zhanggui understand`` prints, slots named as the contract names them."""
    return {
        "text": text,
        "outcome": reading.outcome,
        "intent": reading.intent,
        "slots": public_slots(reading.slots, catalogue),
        "question": reading.question,
    }


def public_slots(slots: Mapping[str, Any], catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Slots with the target's name, code and specs beside the others.

    Where one of these is itself being changed it holds the new value, and the target its code.
    """
    others = {key: _public(value) for key, value in slots.items() if key not in TARGETS | UNSAID}
    if "items" in slots:
        others["items"] = [public_slots(item, catalogue) for item in slots["items"]]
    if "until" in others:  # the contract knows one moment where only one is said
        others.setdefault("at", others["until"])
        if others["at"] == others["until"]:
            del others["until"]
    target = next((dict(value) for key, value in slots.items() if key in TARGETS), {})
    if target.pop("all", None):
        target["topic"] = "all"
    if "specs" in target and "specs" in others:
        return _respecified(target, others)
    if not target.keys() & others.keys():
        return target | others
    words = target.get("code") or target.get("name", "")
    if "code" in others:
        return {"name": words} | others
    codes = catalogue.codes(target) if catalogue else ()
    code = target.get("code") or (codes[0] if len(codes) == 1 else words)
    return {"code": code} | others


def _respecified(target: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """A spec that changes: its old value is ``query``, the new one stands in ``specs``."""
    old, new = target.pop("specs"), others["specs"]
    changed = [old[key] for key in new if key in old]
    kept = {key: value for key, value in old.items() if key not in new}
    query = {"query": changed[0]} if changed and "query" not in others else {}
    return target | others | query | ({"specs": {**kept, **new}} if kept else {})


def _public(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(v, dict) and "key" in v for v in value):
        return {entry["key"]: entry["values"] for entry in value}
    return value
