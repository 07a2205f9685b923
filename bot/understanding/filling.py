"""Slots out of the words around a command word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from bot.registry import Command, Parameter
from bot.slots import Kind, Slot
from bot.understanding import shapes
from bot.understanding.catalogue import Catalogue
from bot.understanding.shapes import Bad, Scrap

# Words that say nothing; reads are also asked as questions, and those words say nothing there.
_FILLER = re.compile(r"(?:[的了吧把给请 ,，、]|一下|下|please|the|of)+", re.IGNORECASE)
_ASKING = re.compile(
    rf"(?:[的了吧把给请呢啊吗? ,，、{shapes.UNITS}]|一下|下|还有|还剩|有哪些|哪些|有|多少|几"
    r"|咋样|怎么样|现在|please|the|of|any|码)+",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[ ,，、]+")
_NUMBERISH = re.compile(r"(?<![A-Za-z0-9_\-])[+-]?\.?\d[\w.,]*")


@dataclass(slots=True)
class Filled:
    """The slots of one command in one message. ``leftover``: words that no slot took.

    ``known``: the catalogue knows the target. ``place``: where it stands in the text. ``several``:
    another product is named too. ``bare``: slots filled by numbers without label or unit.
    """

    slots: dict[str, Any] = field(default_factory=dict)
    bad: dict[str, Bad] = field(default_factory=dict)
    leftover: list[str] = field(default_factory=list)
    known: bool = False
    place: tuple[int, int] = (0, 0)
    several: bool = False
    bare: set[str] = field(default_factory=set)


def fill(
    command: Command, scrap: Scrap, catalogue: Catalogue | None, presets: Mapping[str, str]
) -> Filled:
    """Read every slot of ``command`` out of ``scrap``, the surest shapes first."""
    filled = Filled(slots=dict(presets))
    hidden = {p.key for p in command.parameters if p.slot.kind is Kind.HIDDEN}
    parameters = [p for p in command.parameters if p.key not in presets.keys() | hidden]
    target = command.rest
    if target is not None and target.slot.kind in {Kind.SKU, Kind.SKUS}:
        _locate(target, scrap, catalogue, filled)
    for parameter in parameters:
        _take_labelled(parameter, scrap, filled)
    for parameter in sorted(parameters, key=lambda p: _ORDER.get(p.slot.kind, 99)):
        if parameter.key not in filled.slots and parameter.key not in filled.bad:
            _take_shaped(command, parameter, scrap, filled)
    names_it = target is not None and target.slot.kind is Kind.NAME
    _take_numbers(parameters, scrap, filled, glued=not filled.known and not names_it)
    _take_rest(command, scrap, catalogue, filled)
    return filled


def target_of(
    words: str, specs: Mapping[str, str] | None, catalogue: Catalogue | None
) -> dict[str, Any]:
    """The contract's name, code and specs for the words of a target."""
    known = catalogue.target(words) if catalogue else None
    target = dict(known) if known else _unknown_target(words)
    if specs:
        target["specs"] = {**target.get("specs", {}), **specs}
    return target


def _unknown_target(words: str) -> dict[str, Any]:
    """Letters with digits and no blanks are a code, anything else a name."""
    if re.fullmatch(r"(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z][0-9A-Za-z\-_./]*", words):
        return {"code": words.upper()}
    return {"name": words}


def _locate(target: Parameter, scrap: Scrap, catalogue: Catalogue | None, filled: Filled) -> None:
    """Take the product that the catalogue finds; a second one stays in the text, as a doubt."""
    found = (
        [f for f in catalogue.locate(scrap.text) if scrap.is_free(f.start, f.end)]
        if catalogue
        else []
    )
    if found:
        filled.slots[target.key] = dict(found[0].target)
        filled.known, filled.place = True, (found[0].start, found[0].end)
        filled.several = len(found) > 1
        scrap.take(*filled.place)


def _take_labelled(parameter: Parameter, scrap: Scrap, filled: Filled) -> None:
    slot = parameter.slot
    if not slot.labels:
        return
    for match in scrap.matches(shapes.labelled(slot.labels, slot.leads)):
        start, chunk = match.start("chunk"), match["chunk"]
        number = shapes.leading_number(chunk)
        if slot.kind is Kind.LABELLED or (
            slot.kind is Kind.TRACKING and re.search(r"[0-9]", chunk)
        ):
            value: Any = chunk
        elif number is not None:
            value, chunk = _number(number, slot), number[0]
        elif re.search(r"\d", chunk):
            value = Bad(chunk, "money" if slot.kind is Kind.MONEY else "whole")
        else:
            continue
        scrap.take(match.start(), start + len(chunk))
        _keep(parameter, value, filled)
        return


def _take_shaped(command: Command, parameter: Parameter, scrap: Scrap, filled: Filled) -> None:
    """Fill a slot by a shape that says what it is without a label."""
    slot, value = parameter.slot, cast("Any", None)
    match slot.kind:
        case Kind.SPECS:
            value = _specs(command, scrap) or None
        case Kind.SCHEMA:
            value = _schema(scrap) or None
        case Kind.MONEY:
            value = _money(scrap, slot)
        case Kind.COUNT:
            value = _units(scrap, slot)
        case Kind.PERIOD:
            value = shapes.period(scrap)
        case Kind.CHOICE:
            value = shapes.choice(scrap, slot)
        case _:
            value = _token(scrap, slot.kind)
    if value is not None:
        _keep(parameter, value, filled)


# Order in which shapes are looked for: what is surest first.
_ORDER = {
    Kind.SPECS: 0,
    Kind.SCHEMA: 0,
    Kind.TICKET: 1,
    Kind.TIME: 1,
    Kind.PERIOD: 2,
    Kind.ORDER: 3,
    Kind.TRACKING: 4,
    Kind.CHOICE: 5,
    Kind.MONEY: 6,
    Kind.COUNT: 7,
}


def _keep(parameter: Parameter, value: Any, filled: Filled) -> None:
    if isinstance(value, Bad):
        filled.bad[parameter.key] = value
    else:
        filled.slots[parameter.key] = value


def _number(match: re.Match[str], slot: Slot) -> int | Bad:
    if slot.kind is Kind.MONEY:
        return shapes.fen(match["number"], slot, match.groupdict().get("tenths") or "")
    return shapes.count(match["number"], slot)


def _specs(command: Command, scrap: Scrap) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in list(scrap.matches(shapes.SPEC)):
        scrap.take(*match.span())
        found[match["key"]] = match["value"]
    if command.rest is not None and command.rest.slot.kind is Kind.NAME:
        found |= {key: value for key, value in shapes.free_specs(scrap).items() if key not in found}
    return found


def _schema(scrap: Scrap) -> list[dict[str, Any]]:
    """``颜色=白,黑 尺寸=S,M 包装?``: keys, their values or None, and whether they are required."""
    found = []
    for match in list(scrap.matches(shapes.SCHEMA)):
        if match["values"] is None and (match["open"] is None or _ASKING.fullmatch(match["key"])):
            continue
        values, optional = match["values"], match["open"] is not None
        if values is not None and values.endswith("?"):
            values, optional = values[:-1], True
        scrap.take(*match.span())
        said = [value for value in re.split(r"[,/、|]", values) if value] if values else None
        found.append({"key": match["key"], "values": said, "required": not optional})
    return found


def _money(scrap: Scrap, slot: Slot) -> int | Bad | None:
    for pattern in shapes.MONEY:
        for match in scrap.matches(pattern):
            scrap.take(_lead(scrap, slot, match.start()), match.end())
            return _number(match, slot)
    return None


def _units(scrap: Scrap, slot: Slot) -> int | Bad | None:
    """A number with a unit of goods."""
    for number in scrap.matches(shapes.BARE):
        start = _lead(scrap, slot, number.start())
        if number["unit"] and not scrap.after_word(start):
            scrap.take(start, number.end())
            return _number(number, slot)
    if match := scrap.first(shapes.HANZI):
        return shapes.count(str(shapes.hanzi(match["number"])), slot)
    return None


def _lead(scrap: Scrap, slot: Slot, at: int) -> int:
    """Where a number at ``at`` begins with the word that leads to it (到 128), if there is one."""
    if not slot.leads:
        return at
    leads = "|".join(re.escape(word) for word in sorted(slot.leads, key=len, reverse=True))
    match = re.search(rf"(?:{leads})\s?$", scrap.text[:at], re.IGNORECASE)
    return match.start() if match and scrap.is_free(match.start(), at) else at


def _token(scrap: Scrap, kind: Kind) -> str | None:
    """Order numbers, tracking numbers, times and tickets."""
    if kind is Kind.ORDER:
        match = next((m for pattern in shapes.ORDERS if (m := scrap.first(pattern))), None)
        return match["number"] if match else None
    if kind is Kind.TIME:
        match = scrap.first(shapes.TIME)
        return f"{int(match['hour']):02d}:{match['minute']}" if match else None
    pattern = {Kind.TRACKING: shapes.TRACKING, Kind.TICKET: shapes.TICKET}.get(kind)
    match = scrap.first(pattern) if pattern else None
    return match[1] if match else None


def _take_numbers(
    parameters: list[Parameter], scrap: Scrap, filled: Filled, *, glued: bool
) -> None:
    """Give bare numbers to the numeric slots in declared order.

    A number glued to a word counts only when the word cannot be a known product, no other number
    is there and it ends the text: ``补货咖啡豆20``, but ``补货 可乐330 20``.
    """
    for parameter in parameters:
        if not _open(parameter, filled):
            continue
        match = _next_number(parameter, scrap, glued=glued)
        if match is not None:
            scrap.take(_lead(scrap, parameter.slot, match.start()), match.end())
            filled.bare |= {parameter.key} if match["unit"] is None else set()
            _keep(parameter, _number(match, parameter.slot), filled)


def _next_number(parameter: Parameter, scrap: Scrap, *, glued: bool) -> re.Match[str] | None:
    numbers = list(scrap.matches(shapes.BARE))
    for match in numbers:
        if match["unit"] and parameter.slot.kind is Kind.MONEY:
            continue
        if not scrap.after_word(_lead(scrap, parameter.slot, match.start())):
            return match
    if glued and len(numbers) == 1 and numbers[0].end() == len(scrap.text):
        return numbers[0]
    return None


def _open(parameter: Parameter, filled: Filled) -> bool:
    numeric = parameter.slot.kind in {Kind.COUNT, Kind.MONEY}
    return (
        numeric
        and parameter.slot.bare
        and parameter.key not in filled.slots
        and parameter.key not in filled.bad
    )


def _take_rest(command: Command, scrap: Scrap, catalogue: Catalogue | None, filled: Filled) -> None:
    """Give what is left to the slot that takes words; what it cannot take is left over."""
    filler = _filler(command)
    _blame_numbers(command, scrap, filled)
    segments = [(at, words) for at, words in scrap.segments() if not filler.fullmatch(words)]
    rest = command.rest
    if rest is None or (rest.key in filled.slots and not filled.known):
        filled.leftover = [words for _, words in segments]
    elif filled.known:
        _around_known(rest, scrap, segments, catalogue, filled)
    elif segments:
        _words(rest, segments, catalogue, filled)
    if rest is not None and rest.slot.kind is Kind.NAME and catalogue is not None:
        _doubt_a_known_name(rest, catalogue, filled)


def _filler(command: Command) -> re.Pattern[str]:
    """Which words say nothing: of a write that needs no value every word counts (打烊了)."""
    if not command.writes:
        return _ASKING
    return _FILLER if any(p.required for p in command.parameters) else _NOTHING


def _blame_numbers(command: Command, scrap: Scrap, filled: Filled) -> None:
    """A chunk that looks like a number but is none was meant for the numeric slot still open."""
    for parameter in command.parameters:
        if not (parameter.required and _open(parameter, filled)):
            continue
        for match in scrap.matches(_NUMBERISH):
            if not scrap.after_word(match.start()):
                rule = "money" if parameter.slot.kind is Kind.MONEY else "whole"
                filled.bad[parameter.key] = Bad(scrap.take(*match.span()), rule)
                break


def _doubt_a_known_name(rest: Parameter, catalogue: Catalogue, filled: Filled) -> None:
    """A name that is taken with one bare number is as likely a delivery: add hoodie 5."""
    name = filled.slots.get(rest.key)
    if name and filled.bare == filled.slots.keys() - {rest.key} and catalogue.target(name):
        filled.leftover.append(name)


def _around_known(
    rest: Parameter,
    scrap: Scrap,
    segments: list[tuple[int, str]],
    catalogue: Catalogue | None,
    filled: Filled,
) -> None:
    """Words beside a known product: specs said as pairs, or a longer name that nobody knows."""
    start, end = filled.place
    touching = [(at, words) for at, words in segments if at == end or at + len(words) == start]
    if filled.several:
        touching = []
    if touching:
        start = min(start, *(at for at, _ in touching))
        end = max(end, *(at + len(words) for at, words in touching))
        filled.slots[rest.key] = target_of(scrap.text[start:end], None, catalogue)
        filled.known = False
    pairs: dict[str, str] = {}
    for segment in segments:
        if segment not in touching:
            pairs |= {m["key"]: m["value"] for m in shapes.SPEC.finditer(segment[1])}
            filled.leftover += shapes.SPEC.sub(" ", segment[1]).split()
    if pairs:
        target = filled.slots[rest.key]
        target["specs"] = {**target.get("specs", {}), **pairs}


def _words(
    rest: Parameter, segments: list[tuple[int, str]], catalogue: Catalogue | None, filled: Filled
) -> None:
    words = segments[0][1]
    filled.leftover = [other for _, other in segments[1:]]
    if rest.slot.kind not in {Kind.SKU, Kind.SKUS}:
        filled.slots[rest.key] = words.removeprefix("@") if rest.slot.kind is Kind.USER else words
        return
    pairs = {m["key"]: m["value"] for m in shapes.SPEC.finditer(words)}
    name = shapes.SPEC.sub("", words).strip() if pairs else words
    name = re.sub(r"^(?:一下|把|给)\s*", "", name) or name
    filled.slots[rest.key] = target_of(name, pairs, catalogue)
