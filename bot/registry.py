"""Commands: each declared once; everything else about a command is read from its declaration."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

from bot import texts
from bot.messages import Message, Reply, Role
from bot.slots import REST, Slot
from bot.texts import Text
from store.db import Tx
from store.ordering.requests import Terms
from store.sealing import Vault
from store.stock import Cause

Handler = Callable[..., Reply]


class Answer(Enum):
    """What a command says to the open question."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Example:
    """A message, the slots of the contract that it says, and a part of the answer to it."""

    text: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    reply: str = ""
    outcome: str = "execute"


@dataclass(frozen=True, slots=True)
class Saying:
    """Another way to say a command: a pattern over cells (see ``bot.understanding.tokens``).

    Its named groups are slots by their keys; a name ending in ``_DOWN`` means a decrease,
    in ``_FROM`` from then on, in ``_MAYBE`` that a bare number there may be something else.
    ``gives`` are slots that the words themselves say, ``needs`` those that they leave to be said:
    退一部分 wants an amount. ``weight``: how much more (or less) it tells than other words of its
    length.
    """

    pattern: str
    gives: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 0.0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A handler's slot by its key; required ones are asked for."""

    key: str
    slot: Slot
    required: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command as declared.

    ``words`` start it; ``shared`` are those that another command starts with too; ``presets``
    give a slot with the word (待发货 says the topic). ``says``: how else people put it.
    ``needs``: of these slots one must be said. ``several``: one message
    may name several things. ``confirms``: always asked back. ``undoable``:
    撤销 reverses it. ``offered``: help lists it; what cannot be done yet is only answered.
    """

    intent: str
    words: tuple[str, ...]
    role: Role
    help: Text
    handler: Handler
    parameters: tuple[Parameter, ...]
    examples: tuple[Example, ...] = ()
    writes: bool = False
    shared: frozenset[str] = frozenset()
    presets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    says: tuple[Saying, ...] = ()
    needs: tuple[str, ...] = ()
    several: bool = False
    confirms: Callable[[Mapping[str, Any]], bool] = lambda _: False
    undoable: bool = True
    answers: Answer | None = None
    offered: bool = True

    @property
    def rest(self) -> Parameter | None:
        """The slot that takes the words no other slot took."""
        return next((p for p in self.parameters if p.slot.kind in REST), None)

    @property
    def acts(self) -> bool:
        """Whether it does something, rather than tell something."""
        return self.writes or self.confirms({})

    def missing(self, slots: Mapping[str, Any]) -> tuple[str, ...]:
        """The keys of what must still be said, in the order it is asked for."""
        found = [p.key for p in self.parameters if p.required and p.key not in slots]
        if self.needs and not slots.keys() & set(self.needs):
            found.append(self.needs[0])
        return tuple(found)

    def parameter(self, key: str) -> Parameter:
        """The slot with this key. Raises ``KeyError``."""
        for parameter in self.parameters:
            if parameter.key == key:
                return parameter
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What handlers know of the shop; ``url`` is where its pages are reached.

    ``pushes`` says, by platform and chat id, whether the bot can speak there unasked.
    """

    name: str = ""
    url: str = ""
    default_reorder_point: int = 5
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    terms: Terms = field(default_factory=Terms)
    pushes: Callable[[str, str], bool] = lambda _platform, _chat_id: True


@dataclass(slots=True)
class Context:
    """All that a handler may touch besides its slots.

    ``cause`` is what stock operations take: its key is the message's. ``risks`` collects why the
    effect should be confirmed first; the dispatcher then shows the reply as a preview.
    ``told``: this time a command that writes only told something. ``said_at``: when the last
    number of the command was said, by the platform's clock, never later than now. ``agreed``: what
    a yes is bound to, where not to all that the preview shows. ``counted``: the SKUs, by code, that
    this message counted so far.
    """

    tx: Tx
    message: Message
    role: Role
    cause: Cause
    vault: Vault
    shop: ShopFacts
    commands: "Registry"
    said_at: datetime
    language: str = "zh"
    risks: list[str] = field(default_factory=list)
    told: bool = False
    agreed: str = ""
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        """Who is asking: ``platform:user id``."""
        return self.cause.actor

    @property
    def now(self) -> datetime:
        """The instant of this transaction, UTC."""
        return self.tx.now

    @property
    def private(self) -> bool:
        """Whether only the asker reads the answer."""
        return self.message.chat_kind == "direct"

    def say(self, key: str, **values: object) -> str:
        """A sentence of the catalogue in the chat's language."""
        return texts.say(self.language, key, **values)

    def listed(self, words: Iterable[str]) -> str:
        """The words one after the other, as the chat's language parts them."""
        return texts.listed(words).to(self.language)

    def local(self, moment: datetime) -> str:
        """Shop-local ``MM-DD HH:MM``."""
        return moment.astimezone(self.shop.zone).strftime("%m-%d %H:%M")

    def risk(self, key: str, **values: object) -> None:
        """Have the effect confirmed first, for the reason with this key."""
        self.risks.append(self.say(f"risk.{key}", **values))


class AskError(Exception):
    """A handler needs the value of slot ``key``, out of ``options`` (label, value)."""

    def __init__(self, key: str, question: str, options: tuple[tuple[str, str], ...]) -> None:
        super().__init__(key)
        self.key, self.question, self.options = key, question, options


class DeclarationError(Exception):
    """Two commands claim the same thing, or an example is missing: a programmer's mistake."""


class Registry:
    """The commands by intent and by word."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._words: dict[str, list[Command]] = {}

    def add(self, command: Command) -> None:
        """Take a command in; raises ``DeclarationError`` when its intent or a word is taken."""
        if command.intent in self._commands:
            raise DeclarationError(f"intent {command.intent} is declared twice")
        for word in map(str.casefold, command.words):
            for other in self._words.get(word, ()):
                if not (word in command.shared and word in other.shared):
                    raise DeclarationError(f"{word}: {command.intent} and {other.intent}")
        self._commands[command.intent] = command
        for word in dict.fromkeys(map(str.casefold, command.words)):
            self._words.setdefault(word, []).append(command)

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __getitem__(self, intent: str) -> Command:
        return self._commands[intent]

    def get(self, intent: str) -> Command | None:
        """The command of this intent."""
        return self._commands.get(intent)

    @property
    def words(self) -> Mapping[str, list[Command]]:
        """Casefolded words -> the commands that start with them."""
        return MappingProxyType(self._words)

    @property
    def longest(self) -> int:
        """Characters of the longest word."""
        return max(map(len, self._words), default=0)

    def named(self, text: str) -> Command | None:
        """The command that this word or intent names; of a shared word the first declared."""
        found = self._words.get(text.strip().casefold())
        return found[0] if found else self._commands.get(text.strip().casefold())


COMMANDS = Registry()


def command(  # noqa: PLR0913  (a declaration is read by its keywords)
    intent: str,
    *,
    words: tuple[str, ...],
    role: Role,
    help: Text | str,  # noqa: A002  (what the declaration calls it)
    examples: tuple[Example, ...],
    writes: bool = False,
    shared: tuple[str, ...] = (),
    presets: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    says: tuple[str | Saying, ...] = (),
    needs: tuple[str, ...] = (),
    several: bool = False,
    confirms: Callable[[Mapping[str, Any]], bool] | bool = False,
    undoable: bool = True,
    answers: Answer | None = None,
    offered: bool = True,
    registry: Registry = COMMANDS,
) -> Callable[[Handler], Handler]:
    """Declare the decorated handler as a command. See ``Command`` for what the keywords mean."""

    def declare(handler: Handler) -> Handler:
        if not words or not examples:
            raise DeclarationError(f"{intent}: words and examples are what people learn it from")
        registry.add(
            Command(
                intent=intent,
                words=words,
                role=role,
                help=help if isinstance(help, Text) else Text(help, help),
                handler=handler,
                parameters=_parameters(handler),
                examples=examples,
                writes=writes,
                shared=frozenset(map(str.casefold, shared)),
                presets=presets,
                says=tuple(s if isinstance(s, Saying) else Saying(s) for s in says),
                needs=needs,
                several=several,
                confirms=confirms if callable(confirms) else lambda _: bool(confirms),
                undoable=undoable,
                answers=answers,
                offered=offered,
            )
        )
        return handler

    return declare


def _parameters(handler: Handler) -> tuple[Parameter, ...]:
    hints = get_type_hints(handler, include_extras=True)
    signature = inspect.signature(handler).parameters.values()
    found = tuple(
        Parameter(p.name, _slot(handler, hints[p.name]), required=p.default is p.empty)
        for p in list(signature)[1:]
    )
    if sum(p.slot.kind in REST for p in found) > 1:
        raise DeclarationError(
            f"{handler.__name__}: only one slot can take the words that are left"
        )
    return found


def _slot(handler: Handler, hint: Any) -> Slot:
    """The ``Slot`` of ``Annotated[T, Slot]``, or of ``Annotated[T, Slot] | None``."""
    for part in (hint, *get_args(hint)):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, Slot):
                return mark
    raise DeclarationError(f"{handler.__name__}: a parameter is no slot")
