"""Examples as this shop would type them: with its own goods where it has any."""

from bot.registry import Command, Example
from bot.slots import Kind
from bot.texts import say
from store import skus
from store.db import Tx

_TARGETS = frozenset({Kind.SKU, Kind.SKUS})


def a_product(tx: Tx, language: str) -> str:
    """A product of this shop, as people say it; the manual's own where there is none."""
    found = skus.listed(tx, status="on_sale", most=1)
    return found[0].title if found else say(language, "value.a_product")


def own(tx: Tx, language: str, command: Command, product: str = "") -> tuple[str, ...]:
    """The command's examples, each with ``product`` or one of the shop's own in it.

    An example stays as it is where the shop has what it names, where it makes something new, and
    where it would be wrong of another product.
    """
    return tuple(_owned(tx, language, command, example, product) for example in command.examples)


def first(tx: Tx, language: str, command: Command, product: str = "") -> str:
    """The first of them in the language."""
    written = [example.text.isascii() == (language == "en") for example in command.examples]
    number = written.index(True) if True in written else 0
    return own(tx, language, command, product)[number]


def _owned(tx: Tx, language: str, command: Command, example: Example, product: str) -> str:
    said = _product_in(command, example)
    if not said or (not product and skus.resolve(tx, said)):
        return example.text
    return example.text.replace(said, product or a_product(tx, language), 1)


def _product_in(command: Command, example: Example) -> str:
    """The words of the example that name a product which is there already, "" for none."""
    takes_one = any(p.slot.kind in _TARGETS for p in command.parameters)
    if not takes_one or "specs" in example.slots or "items" in example.slots:
        return ""
    renames = any(p.key == "code" for p in command.parameters) and "code" in example.slots
    said = example.slots.get("name") or example.slots.get("code") or ""
    return "" if renames else str(said)
