"""What the bot asks when a message leaves something open."""

from collections.abc import Mapping

from bot import texts
from bot.registry import Command
from bot.slots import Kind, Slot
from bot.understanding.shapes import Bad
from store.money import short_yuan


def ask(language: str, command: Command, missing: tuple[str, ...], bad: Mapping[str, Bad]) -> str:
    """What is wrong with a value, or which slot is missing, with an example of the command."""
    for key, value in bad.items():
        return complaint(language, command.parameter(key).slot, value)
    what = command.parameter(missing[0]).slot.title.to(language)
    return texts.say(language, "ask.missing", what=what, example=example(language, command))


def doubted(language: str, command: Command, doubt: str) -> str:
    """What was not understood, with an example of the command."""
    return texts.say(language, "ask.doubt", doubt=doubt[:40], example=example(language, command))


def complaint(language: str, slot: Slot, value: Bad) -> str:
    """One sentence that names the slot and its bounds."""
    money = slot.kind is Kind.MONEY
    return texts.say(
        language,
        f"bad.{value.rule}",
        what=slot.title.to(language),
        least=slot.least,
        most=short_yuan(slot.most) if money else slot.most,
        written=value.written[:40],
    )


def example(language: str, command: Command) -> str:
    """The first example in the language."""
    said = [e.text for e in command.examples]
    return next((text for text in said if text.isascii() == (language == "en")), said[0])
