"""A message -> outcome, intent, slots, question. Pure: no database, no clock, no platform."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from bot import texts
from bot.registry import COMMANDS, Command, Registry
from bot.slots import Kind
from bot.understanding import questions, shapes
from bot.understanding.candidates import (
    CHANGING,
    LONG,
    UNSURE,
    Candidate,
    by_sign,
    candidate,
    words_at,
)
from bot.understanding.catalogue import Catalogue
from bot.understanding.filling import Filled
from bot.understanding.normalise import MAX_CHARS, bare, normalise
from bot.understanding.reading import Reading

_TARGETS = frozenset({"sku", "skus"})
_SENTENCE = 80  # characters within which a command word further on is looked for
_TRIES = 12  # command words tried there: a line with more is no command
_PRONOUN = re.compile(r"(?:那个|这个|它|上面那个|刚才那个)")


def read(
    text: str,
    catalogue: Catalogue | None = None,
    *,
    commands: Registry = COMMANDS,
    language: str = "zh",
) -> Reading:
    """What ``text`` means, over the shop's own ``catalogue`` when there is one."""
    line = bare(normalise(text[: MAX_CHARS + 1]))
    if not line or len(text) > MAX_CHARS or not re.search(r"\w", line):
        return Reading()
    if "\n" in line:
        return _several_lines(line, commands, language)
    best = (
        _at_the_start(line, catalogue, commands)
        or by_sign(line, catalogue, commands)
        or _anywhere(line, catalogue, commands)
    )
    if best is None:
        return _hint_of_a_write(line, catalogue, commands, language)
    return _judged(best, commands, language)


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
    hidden = _TARGETS | {"ticket", "part", "file"}
    others = {key: _public(value) for key, value in slots.items() if key not in hidden}
    target = next((dict(value) for key, value in slots.items() if key in _TARGETS), {})
    if not target.keys() & others.keys():
        return target | others
    words = target.get("code") or target.get("name", "")
    if "code" in others:
        return {"name": words} | others
    codes = catalogue.codes(target) if catalogue else ()
    return {"code": codes[0] if len(codes) == 1 else words} | others


def _public(value: Any) -> Any:
    """A schema as an object: spec keys -> their values, None where any will do."""
    if isinstance(value, list):
        return {entry["key"]: entry["values"] for entry in value}
    return value


def _at_the_start(line: str, catalogue: Catalogue | None, commands: Registry) -> Candidate | None:
    """The command whose word begins the line: the longest that reads cleanly, else the longest."""
    found = [
        candidate(line, word, 0, command, catalogue)
        for word in words_at(line, 0, commands)
        for command in commands.words[word]
    ]
    found = [c for c in found if not c.talk]
    best = (c for c in found if c.clean and not (c.lost and len(found) > 1))
    return next(best, _fullest(found))


def _fullest(found: list[Candidate]) -> Candidate | None:
    """Of several readings the one by the longest word with the fewest faults."""
    if not found:
        return None
    longest = max(len(c.word) for c in found)
    return min(
        (c for c in found if len(c.word) == longest),
        key=lambda c: (bool(c.odd), c.lost, not c.complete, len(c.filled.leftover)),
    )


def _anywhere(line: str, catalogue: Catalogue | None, commands: Registry) -> Candidate | None:
    """A command word further on, if every other word of the line is one of its slots."""
    places = (
        (at, word, command)
        for at in range(1, min(len(line), _SENTENCE))
        for word in words_at(line, at, commands)
        for command in commands.words[word]
    )
    for at, word, command in islice(places, _TRIES):
        found = candidate(line, word, at, command, catalogue)
        if _whole(found, line):
            return found
    return None


def _whole(found: Candidate, line: str) -> bool:
    """Whether a reading by a word in the middle leaves nothing open to doubt."""
    filled, command = found.filled, found.command
    if not filled.slots or filled.leftover or found.odd or command.answers:
        return False
    if any(mark in line for mark in "\"'") or (command.writes and "?" in line):
        return False
    rest = command.rest
    if filled.known or (rest is None and found.complete):
        return True
    named = rest is None or rest.key in filled.slots
    return named and (found.spaced if command.writes else len(line) <= LONG)


def _judged(best: Candidate, commands: Registry, language: str) -> Reading:
    command, filled = best.command, best.filled
    slots = _named_intent(command, filled, commands)
    missing = tuple(p.key for p in command.parameters if p.required and p.key not in slots)
    reading = Reading(
        intent=command.intent,
        slots=slots,
        missing=missing,
        bad=filled.bad,
        doubt=" ".join(filled.leftover) or best.odd,
        lost=best.lost,
        summons=best.spaced or filled.known or (command.rest is None and best.clean),
    )
    if missing or filled.bad:
        question = questions.ask(language, command, missing, filled.bad)
        return replace(reading, outcome="clarify", question=question)
    if command.writes and reading.doubt:
        asked = questions.doubted(language, command, reading.doubt)
        return replace(reading, outcome=_unsure(best), question=asked)
    if command.confirms(slots):
        return replace(reading, outcome="confirm", question=texts.say(language, "confirm.ask"))
    return replace(reading, outcome="execute")


def _unsure(best: Candidate) -> str:
    """What becomes of a write of which a part was not understood."""
    left = " ".join(best.filled.leftover)
    talk = best.odd or best.filled.several or UNSURE.search(left) or CHANGING.search(left)
    return "clarify" if talk or not (best.spaced or best.filled.known) else "confirm"


def _named_intent(command: Command, filled: Filled, commands: Registry) -> dict[str, Any]:
    """The slots, with a command's word turned into its intent."""
    slots = dict(filled.slots)
    rest = command.rest
    if rest is not None and rest.slot.kind is Kind.INTENT and rest.key in slots:
        named = commands.named(str(slots[rest.key]))
        if named is not None:
            slots[rest.key] = named.intent
    return slots


def _several_lines(line: str, commands: Registry, language: str) -> Reading:
    """Several lines at once are not the strict form: nothing of it is done."""
    first = line.partition("\n")[0]
    if next(words_at(first, 0, commands), None) is None:
        return Reading()
    return Reading(outcome="clarify", question=texts.say(language, "ask.one_line"))


def _hint_of_a_write(
    line: str, catalogue: Catalogue | None, commands: Registry, language: str
) -> Reading:
    """Silence, unless the line talks of a product and of a write: then it is asked about."""
    found = catalogue.locate(line) if catalogue else []
    number = shapes.BARE.search(line) if _PRONOUN.match(line) else None
    command = next(
        (
            command
            for at in range(len(line))
            for word in words_at(line, at, commands)
            for command in commands.words[word]
            if command.writes and command.rest is not None
        ),
        None,
    )
    if command is None or not (found or number):
        return Reading()
    slots: dict[str, Any] = {"sku": dict(found[0].target)} if found else {}
    slots |= _delta(command, number)
    return Reading(outcome="clarify", slots=slots, question=texts.say(language, "ask.unclear"))


def _delta(command: Command, number: re.Match[str] | None) -> dict[str, int]:
    """The change that a sentence without a product speaks of."""
    delta = next((p for p in command.parameters if p.key == "delta"), None)
    if number is None or delta is None:
        return {}
    value = shapes.count(number["number"], delta.slot)
    return {} if isinstance(value, shapes.Bad) else {"delta": value}
