"""Several things in one line: T恤白色L 30件 M 20件, 茶杯和绿茶各补10, 2041和2042都付了."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.registry import Command, Parameter
from bot.slots import Kind
from bot.understanding import shapes, wording
from bot.understanding.cues import Cue
from bot.understanding.naming import unknown_target
from bot.understanding.shapes import Bad
from bot.understanding.tokens import VALUES, Line, pattern

_EACH = pattern(r"各自?|每(?:个|样|种|款|件)?|都|均|全部|统一|分别|\beach\b|\bboth\b|\ball\b")
_NUMBERS = frozenset({"int", "digits", "units", "boxes", "plus", "minus"})
_AMOUNTS = frozenset({"money", "decimal", "int", "digits"})
_REASON = re.compile(r"太|[贵贱亏旧原]|便宜|[高低少多]了|卖不|[不没]|现在|之前")  # 卖9块9太亏了
MOST = 100  # things in one line; more are a file


@dataclass(slots=True)
class Items:
    """What a line says of several things: the slots of each, and what nothing explains."""

    slots: list[dict[str, Any]]
    leftover: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    known: bool = True
    torn: bool = False  # one number for several things, and nothing says it is for each


@dataclass(slots=True, eq=False)
class _Part:
    """A thing, a number or a word, in the order they stand."""

    kind: str  # thing, value, spec, order, each, words, spare
    value: Any = None
    known: bool = True
    derived: bool = False  # a spec alone: the thing before it in another kind


def items(command: Command, found: list[Cue], line: Line) -> Items | None:
    """The things of a line, None where it names only one."""
    target = next((p for p in command.parameters if p.slot.kind in _TARGETS), None)
    if target is None or not command.several:
        return None
    value = _main_value(command)
    parts = _Parts(command, found, line, target, value).parts()
    things = _things(parts)
    if target.slot.kind is not Kind.ORDER:
        things = _unknown_things(things)
    if sum(part.kind == "thing" for part in things) < 2:
        return None
    several = _paired(things, target, value)
    if several is not None and not any(cue.letters for cue in found if cue.command is command):
        several.spare += _unsigned(line)
    if several is not None and target.slot.kind is Kind.ORDER:
        _send(several, command, line)
    return several


def _unsigned(line: Line) -> list[str]:
    """Numbers without a sign where others have one: of 茶杯 10, 绿茶 -3 nobody knows what 10 is."""
    if not line.cells("plus", "minus"):
        return []
    bare = [line.at[cell] for cell in line.cells("int", "digits", "units")]
    return [line.text[token.start : token.end] for token in bare]


def _send(found: Items, command: Command, line: Line) -> None:
    """Give each order the carrier and the number that stand behind it: 3113顺丰SF12, 3114中通75."""
    carrier = next((p for p in command.parameters if p.key == "carrier"), None)
    if carrier is None:
        return
    starts = line.cells("order", "digits")[: len(found.slots)]
    for slots, start, end in zip(
        found.slots, starts, [*starts[1:], len(line.masked)], strict=False
    ):
        said = {
            name: match.start()
            for name, words in carrier.slot.choices.items()
            if (match := shapes.words_of(words).search(line.masked, start, end))
        }
        numbers = [c for c in line.cells("tracking", "phone") if start < c < end]
        if said:
            slots["carrier"] = min(said, key=lambda name: said[name])
        if numbers:
            token = line.at[numbers[0]]
            slots["tracking_no"] = line.text[token.start : token.end]
    known = {str(v) for slots in found.slots for v in slots.values()}
    found.spare = [words for words in found.spare if words not in known]
    named = {word for words in carrier.slot.choices.values() for word in words}
    found.leftover = [words for words in found.leftover if words.casefold() not in named]


_TARGETS = frozenset({Kind.SKU, Kind.SKUS, Kind.ORDER})


def _main_value(command: Command) -> Parameter | None:
    """The number that each thing has: units, or a price."""
    return next((p for p in command.parameters if p.slot.kind in {Kind.COUNT, Kind.MONEY}), None)


class _Parts:
    def __init__(
        self,
        command: Command,
        found: list[Cue],
        line: Line,
        target: Parameter,
        value: Parameter | None,
    ) -> None:
        self._line, self._target, self._value = line, target, value
        self._free = [True] * len(line.masked)
        for cue in found:
            if cue.command is command:
                for cell in cue.cells():
                    if line.masked[cell] not in VALUES:
                        self._free[cell] = False
        self._command = command

    def parts(self) -> list[_Part]:
        """The line's parts, in order."""
        self._drop_labels()
        parts: list[_Part] = []
        cell = 0
        while cell < len(self._free):
            if not self._free[cell]:
                cell += 1
                continue
            token = self._line.at.get(cell)
            if token is not None:
                parts.append(self._part(cell))
                cell += 1
                continue
            end = cell
            while end < len(self._free) and self._free[end] and end not in self._line.at:
                end += 1
            parts += self._words(cell, end)
            cell = end
        return parts

    def _drop_labels(self) -> None:
        """改成, 到 and 库存 before a number only lead to it."""
        if self._value is None:
            return
        for word in (*self._value.slot.labels, *self._value.slot.leads):
            for match in shapes.words_of((word,)).finditer(self._line.masked):
                after = self._line.kind(match.end()) if match.end() < len(self._free) else ""
                if after in _NUMBERS | _AMOUNTS:
                    self._free[match.start() : match.end()] = [False] * len(match[0])

    def _part(self, cell: int) -> _Part:
        token = self._line.at[cell]
        if self._target.slot.kind is Kind.ORDER and token.kind in {"order", "digits"}:
            spoken = token.value if token.kind == "order" else self._text(cell)
            return _Part("thing", str(spoken).lstrip("# "))
        if token.kind in {"sku", "category"} and self._target.slot.kind is not Kind.ORDER:
            return _Part("thing", dict(token.value))
        if token.kind in {"spec", "measure"}:
            return _Part("spec", token.value)
        if token.kind == "all" or (token.kind == "period" and token.value == "today"):
            return _Part("each")
        return self._counted(cell)

    def _counted(self, cell: int) -> _Part:
        token = self._line.at[cell]
        accepted = _AMOUNTS if self._value and self._value.slot.kind is Kind.MONEY else _NUMBERS
        if self._value is None or token.kind not in accepted:
            return _Part("spare", self._text(cell))
        slot = self._value.slot
        read = shapes.fen if slot.kind is Kind.MONEY else shapes.count
        found = read(token.value, self._text(cell), slot)
        against = "minus" if slot.sign > 0 else "plus"
        if isinstance(found, Bad) or token.kind == against:
            return _Part("spare", self._text(cell))
        return _Part("value", found)

    def _text(self, cell: int) -> str:
        token = self._line.at[cell]
        return self._line.text[token.start : token.end]

    def _words(self, start: int, end: int) -> list[_Part]:
        masked = self._line.masked[start:end]
        each = [_Part("each")] if _EACH.search(masked) else []
        plain = _EACH.sub(lambda m: "\0" * len(m[0]), masked)
        plain = wording.FILLER.sub(lambda m: "\0" * len(m[0]), plain)
        if not self._command.writes:
            plain = wording.ASKING.sub(lambda m: "\0" * len(m[0]), plain)
        words = [
            self._line.words(start + m.start(), start + m.end()).strip(" ,.;:!~=-")
            for m in re.finditer(r"[^\0]+", plain)
        ]
        return each + [_Part("words", word) for word in words if word]


def _things(parts: list[_Part]) -> list[_Part]:
    """Specs joined to their things; a spec after a number begins the next thing of its kind."""
    joined = _Joined()
    for part in parts:
        match part.kind:
            case "spec":
                joined.spec(*part.value)
            case "thing":
                joined.thing(part)
            case _:
                joined.other(part)
    return _together(joined.parts)


class _Joined:
    """Parts as they are read; a thing is ``fresh`` while specs still belong to it."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self._last: _Part | None = None
        self._fresh = False
        self._before: list[dict[str, str]] = [{}]  # specs that stand before their thing

    def spec(self, key: str, value: str) -> None:
        last = self._last
        if last is not None and self._fresh and key not in last.value.get("specs", {}):
            last.value = _with(last.value, {key: value})
        elif last is not None and isinstance(last.value, dict) and "name" in last.value:
            target = _inherited(last.value, key, value)
            self._last = _Part("thing", target, last.known, derived=True)
            self.parts.append(self._last)
            self._fresh = True
        else:
            if key in self._before[-1]:  # 粉的黑的手机壳
                self._before.append(dict(self._before[-1]))
            self._before[-1][key] = value

    def thing(self, part: _Part) -> None:
        if isinstance(part.value, dict):
            if self._before != [{}] and "name" in part.value:
                *others, own = self._before
                if own.keys() & part.value.get("specs", {}).keys():  # 粉的和黑的手机壳
                    others, own = self._before, {}
                self.parts += [
                    _Part("thing", _with(part.value, said), part.known) for said in others
                ]
                part.value = _with(part.value, own)
            self._before = [{}]
            self._last, self._fresh = part, True
        self.parts.append(part)

    def other(self, part: _Part) -> None:
        self._fresh = self._fresh and part.kind != "value"
        self.parts.append(part)


def _together(parts: list[_Part]) -> list[_Part]:
    """A spec after the only number is the one thing's: Polo衫补到30 L码."""
    things = [part for part in parts if part.kind == "thing" and isinstance(part.value, dict)]
    values = sum(part.kind == "value" for part in parts)
    if values > 1 or len(things) < 2 or any(part.kind == "each" for part in parts):
        return parts
    first, *others = things
    for other in others:
        specs = other.value.get("specs", {})
        same = other.value.get("name") == first.value.get("name")
        if not (same and other.derived) or any(
            first.value.get("specs", {}).get(k, v) != v for k, v in specs.items()
        ):
            return parts
    for other in others:
        first.value = _with(first.value, other.value["specs"])
    return [part for part in parts if part not in others]


def _unknown_things(parts: list[_Part]) -> list[_Part]:
    """Words right before a number are a thing that the catalogue does not know."""
    values = sum(part.kind == "value" for part in parts)
    if not values or sum(part.kind == "thing" for part in parts) >= values:
        return parts
    out: list[_Part] = []
    waiting = False  # whether a thing stands before that has no number yet
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        counted = after is not None and after.kind == "value"
        named = part.kind == "words" and len(part.value) > 1 and not _REASON.search(part.value)
        if named and counted and not waiting:
            out.append(_Part("thing", unknown_target(part.value), known=False))
        else:
            out.append(part)
        waiting = part.kind == "thing" or (waiting and part.kind != "value")
    return out


def _with(target: dict[str, Any], specs: dict[str, str]) -> dict[str, Any]:
    return {**target, "specs": {**target.get("specs", {}), **specs}}


def _inherited(target: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    """The next thing of the same name: what was said before this spec stays, what came after not.

    T恤白色L 30 黑色 20: the black ones are of no size yet; T恤M码白的黑的: both are M.
    """
    said = dict(target.get("specs", {}))
    keys = list(said)
    later = keys[keys.index(key) + 1 :] if key in said else []
    kept = {k: v for k, v in said.items() if k != key and not (key == "颜色" and k in later)}
    return {**target, "specs": {**kept, key: value}}


def _paired(parts: list[_Part], target: Parameter, value: Parameter | None) -> Items | None:
    things = [part for part in parts if part.kind == "thing"]
    values = [part for part in parts if part.kind == "value"]
    found = Items(
        [{target.key: part.value} for part in things],
        leftover=[part.value for part in parts if part.kind == "words"],
        spare=[part.value for part in parts if part.kind == "spare"],
        known=all(part.known for part in things),
    )
    if len(things) > MOST:
        found.torn = True
        return found
    if value is None or not values:
        return found
    order = [part.kind for part in parts if part.kind in {"thing", "value"}]
    if len(values) == len(things) and order in (
        ["thing", "value"] * len(things),
        ["value", "thing"] * len(things),
    ):
        for slots, part in zip(found.slots, values, strict=True):
            slots[value.key] = part.value
        return found
    each = any(part.kind == "each" for part in parts)
    if len(values) == 1 and each:
        for slots in found.slots:
            slots[value.key] = values[0].value
        return found
    grouped = _grouped(parts, found.slots, value.key)
    if grouped:
        return found
    found.torn = True
    return found


def _grouped(parts: list[_Part], slots: list[dict[str, Any]], key: str) -> bool:
    """``T恤白M L各20 黑M 5``: a number for the things right before it, where 各 says so."""
    waiting: list[int] = []
    each = False
    number = -1
    for part in parts:
        if part.kind == "thing":
            number += 1
            waiting.append(number)
        elif part.kind == "each":
            each = True
        elif part.kind == "value":
            if not waiting or (len(waiting) > 1 and not each):
                return False
            for index in waiting:
                slots[index][key] = part.value
            waiting, each = [], False
    return not waiting
