"""The shop's own catalogue as a dictionary: where a message names a product, and in which specs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from store import names

_GLUE = re.compile(r"[ 的/,]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A SKU as the dictionary needs it."""

    code: str
    name: str
    specs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A product named in ``text[start:end]``; ``target`` has the contract's name, code, specs."""

    start: int
    end: int
    target: dict[str, Any]


class Catalogue:
    """Names, codes and spec values of a shop; immutable once made, so threads may share it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._codes: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, tuple[str, str]]] = {}
        for entry in entries:
            self._codes[entry.code.casefold()] = entry
            key = names.name_key(entry.name)
            self._names[key] = entry.name
            forms = self._values.setdefault(key, {})
            for spec, value in entry.specs.items():
                forms.update(dict.fromkeys(_forms(names.name_key(value)), (spec, value)))
        lengths = {len(words) for words in (*self._codes, *self._names)}
        self._lengths = sorted(lengths, reverse=True)

    def __len__(self) -> int:
        return len(self._codes)

    def locate(self, text: str) -> list[Found]:
        """Every product or code named in ``text``, leftmost first, the longest at each place."""
        folded = _fold(text)
        found: list[Found] = []
        at = 0
        while at < len(folded):
            length = next((n for n in self._lengths if self._known(folded, at, n)), 0)
            if length:
                found.append(self._found(folded, at, at + length))
            at = max(found[-1].end, at + 1) if length else at + 1
        return found

    def target(self, words: str) -> dict[str, Any] | None:
        """What exactly these words name, or None."""
        for found in self.locate(words):
            if (found.start, found.end) == (0, len(words)):
                return found.target
        return None

    def codes(self, target: Mapping[str, Any]) -> tuple[str, ...]:
        """Codes of the SKUs a target may mean."""
        if "code" in target:
            return (str(target["code"]),)
        key, specs = names.name_key(str(target.get("name", ""))), target.get("specs", {})
        return tuple(
            entry.code
            for entry in self._codes.values()
            if names.name_key(entry.name) == key and specs.items() <= entry.specs.items()
        )

    def _known(self, folded: str, at: int, length: int) -> bool:
        words = folded[at : at + length]
        if len(words) < length or (words not in self._codes and words not in self._names):
            return False
        return _bounded(folded, at, at + length, code=words in self._codes)

    def _found(self, folded: str, start: int, end: int) -> Found:
        words = folded[start:end]
        if words in self._codes:
            return Found(start, end, {"code": self._codes[words].code})
        start, end, specs = _grown(folded, start, end, self._values[words])
        target: dict[str, Any] = {"name": self._names[words]}
        return Found(start, end, target | ({"specs": specs} if specs else {}))


def _grown(
    folded: str, start: int, end: int, values: Mapping[str, tuple[str, str]]
) -> tuple[int, int, dict[str, str]]:
    """The span with the spec values that stand right beside it: 黑色卫衣L."""
    specs: dict[str, str] = {}
    forms = sorted(values, key=len, reverse=True)
    while True:
        step = _after(folded, end, forms) or _before(folded, start, forms)
        if step is None or values[step[2]][0] in specs:
            return start, end, specs
        start, end = min(start, step[0]), max(end, step[1])
        key, value = values[step[2]]
        specs[key] = value


def _after(folded: str, end: int, forms: list[str]) -> tuple[int, int, str] | None:
    glue = _GLUE.match(folded, end)
    at = glue.end() if glue else end
    for form in forms:
        if folded.startswith(form, at) and _bounded(folded, at, at + len(form)):
            return at, at + len(form), form
    return None


def _before(folded: str, start: int, forms: list[str]) -> tuple[int, int, str] | None:
    at = len(folded[:start].rstrip(" 的/,"))
    for form in forms:
        if folded.endswith(form, 0, at) and _bounded(folded, at - len(form), at):
            return at - len(form), at, form
    return None


def _bounded(folded: str, start: int, end: int, *, code: bool = False) -> bool:
    """Whether no Latin word, number or code is cut: L in XL, 33 in 330, CF-1 in CF-1-2."""
    left, right = folded[max(start - 2, 0) : start][::-1], folded[end : end + 2]
    return not (_joined(folded[start], left, code) or _joined(folded[end - 1], right, code))


def _joined(edge: str, beyond: str, code: bool) -> bool:  # noqa: FBT001  (private)
    """Whether a word that ends in ``edge`` goes on in ``beyond``, read outwards."""
    if not edge.isascii() or not beyond or not beyond[0].isascii():
        return False
    if (code and beyond[0].isalnum()) or (edge.isalpha() and beyond[0].isalpha()):
        return True
    if edge.isdigit() and (beyond[0].isdigit() or beyond[0] == "_"):
        return True
    return edge.isalnum() and beyond[0] in "-_./" and beyond[1:].isalnum() and beyond[1:].isascii()


def _forms(value: str) -> tuple[str, ...]:
    """How a value is said: 白色 is 白 and 白的 too."""
    if len(value) > 1 and value.endswith("色"):
        return value, f"{value[:-1]}的", value[:-1]
    return (value,)


def _fold(text: str) -> str:
    """Lower case, character for character: positions stay those of ``text``."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
