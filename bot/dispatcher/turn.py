"""One message in one transaction: who says it, what it means, what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot import texts
from bot.dispatcher import cards, resolving
from bot.messages import Button, Message, Reply, Role
from bot.registry import Answer, AskError, Command, Context, Registry, ShopFacts
from bot.slots import REST, Kind
from bot.understanding import Catalogue, Reading, answer, public_slots, questions, read
from bot.understanding.shapes import Bad
from store import chats, dialogues, journal, members, skus
from store.db import Tx
from store.dialogues import OpenDialogue
from store.errors import (
    AmbiguousOrderError,
    AmbiguousSkuError,
    BusyError,
    SkuNotFoundError,
    StoreError,
    UnavailableError,
)
from store.sealing import Vault
from store.stock import Cause

OPEN_FOR = timedelta(minutes=5)  # a question nobody answered by then is forgotten
STALE = timedelta(minutes=30)  # a write that comes in this late is offered, not done
MOST_OPTIONS = 10


@dataclass(frozen=True, slots=True)
class Room:
    """What every turn shares."""

    commands: Registry
    vault: Vault
    shop: ShopFacts
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Pending:
    """A command about to be run. ``shown``: the digest of the preview that was confirmed."""

    command: Command
    slots: Mapping[str, Any]
    doubt: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """In whose name a command runs; ``approver`` confirmed it for them."""

    user_id: str
    name: str
    role: Role
    approver: str = ""


class UnconfirmedError(Exception):
    """The effect was tried out and must be confirmed; it is rolled back."""

    def __init__(self, preview: Reply, reasons: list[str]) -> None:
        super().__init__(preview.title)
        self.preview, self.reasons = preview, reasons


@dataclass(slots=True)
class Turn:
    """Answers one message; everything it does is in ``tx``."""

    tx: Tx
    message: Message
    room: Room
    catalogue: Catalogue
    role: Role | None = None
    language: str = field(init=False)
    person: Person = field(init=False)
    chat: chats.ChatView | None = field(init=False)

    def __post_init__(self) -> None:
        where = self.message
        self.chat = chats.chat(self.tx, where.platform, where.chat_id)
        self.language = self.chat.language if self.chat else self.room.language
        known = members.seen(
            self.tx, platform=where.platform, user_id=where.user_id, name=where.user_name
        )
        role = Role.of(known.role) if self.role is None else self.role
        self.person = Person(where.user_id, known.name or where.user_id, role)

    def reply(self) -> Reply | None:
        """The answer, None for silence."""
        reading = read(
            self.message.text,
            self.catalogue,
            commands=self.room.commands,
            language=self.language,
        )
        answered = self._answer(reading)
        if answered is not None:
            return answered
        command = self.room.commands.get(reading.intent)
        if command is None:
            return self._not_understood(reading)
        if command.answers is not None:
            return self._settle(command, reading)
        return self._command(command, reading) if self._meant(reading) else None

    # -- what the message is

    @property
    def _addressed(self) -> bool:
        return self.message.addressed or self.message.chat_kind == "direct"

    @property
    def _age(self) -> timedelta:
        return self.tx.now - self.message.sent_at

    def _meant(self, reading: Reading) -> bool:
        return self._addressed or reading.summons

    def _not_understood(self, reading: Reading) -> Reply | None:
        if not self._addressed:
            return None
        text = reading.question or texts.say(self.language, "ask.unknown")
        return Reply(text=text, outcome="clarify")

    # -- a command

    def _command(self, command: Command, reading: Reading) -> Reply:
        refusal = self._refusal(command, self.person.role)
        if refusal is not None:
            return refusal
        self._close(self.person.user_id)
        if reading.missing or reading.bad:
            return self._ask_for(command, reading.slots, reading.question or "", reading)
        if reading.outcome == "clarify" and not reading.lost:
            return Reply(text=reading.question or "", outcome="clarify", intent=command.intent)
        doubt = reading.doubt if command.writes else ""
        return self._perform(Pending(command, reading.slots, doubt), self.person)

    def _refusal(self, command: Command, role: Role) -> Reply | None:
        """Deny by default: the role first, then the group must be the shop's."""
        if role < command.role:
            key, error = "refused.role", "forbidden"
        elif self._unbound and role < Role.OWNER and command.role > Role.NONE:
            key, error = "refused.unbound", "forbidden"
        else:
            return None
        self._record(command.intent, {}, outcome=error)
        return cards.refused(self.language, key, intent=command.intent, error=error)

    @property
    def _unbound(self) -> bool:
        return self.message.chat_kind == "group" and not (self.chat and self.chat.bound)

    def _perform(self, pending: Pending, person: Person) -> Reply:
        command = pending.command
        try:
            reply = self._attempt(pending, person)
        except UnconfirmedError as asked:
            reply = self._ask_to_confirm(pending, asked, person)
        except AskError as asked:
            reply = self._ask_one_of(pending, asked.key, asked.question, asked.options)
        except (BusyError, UnavailableError):
            raise  # nobody's refusal: the whole message is tried again
        except StoreError as error:
            reply = self._refused(pending, person, error)
        return replace(reply, intent=command.intent)

    def _attempt(self, pending: Pending, person: Person) -> Reply:
        """Run the handler in a savepoint; it stays only when it needs no confirmation or has it."""
        command, mark = pending.command, len(self.tx.changes)
        context = self._context(person)
        savepoint = self.tx.begin_nested()
        try:
            found = resolving.arguments(context, command, pending.slots)
            reply = command.handler(context, **found)
            self._demand_confirmation(pending, context, reply)
        except (StoreError, AskError, UnconfirmedError):
            savepoint.rollback()
            del self.tx.changes[mark:]
            raise
        savepoint.commit()
        if not command.writes or reply.error:
            return reply
        return self._written(pending, person, reply)

    def _demand_confirmation(self, pending: Pending, context: Context, reply: Reply) -> None:
        """Raise ``UnconfirmedError`` if there is a reason to ask and this was not confirmed."""
        reasons = list(context.risks)
        if pending.command.writes and not reply.error:
            reasons += self._reasons(pending)
        if not reasons or pending.shown == cards.digest(reply):
            return
        if pending.shown:
            reasons.insert(0, texts.say(self.language, "confirm.changed"))
        raise UnconfirmedError(reply, reasons)

    def _reasons(self, pending: Pending) -> list[str]:
        say, reasons = texts.say, []
        if pending.command.confirms(pending.slots):
            reasons.append(say(self.language, "risk.asked"))
        if pending.doubt:
            reasons.append(say(self.language, "risk.doubt", doubt=pending.doubt[:40]))
        if self._age > STALE and not pending.shown:
            minutes = self._age // timedelta(minutes=1)
            reasons.append(say(self.language, "risk.stale", minutes=minutes))
        return reasons

    def _written(self, pending: Pending, person: Person, reply: Reply) -> Reply:
        changed = bool(self.tx.changes) or not pending.slots
        self._record(pending.command.intent, pending.slots, person=person)
        reply = replace(reply, text=self._with_binding(reply.text, person))
        people = (person.name, person.approver) if person.approver else (person.name,)
        return cards.done(self.language, pending.command, reply, people=people, changed=changed)

    def _with_binding(self, text: str, person: Person) -> str:
        """Bind a group by its owner's first command, and say so."""
        member = members.member(self.tx, self.message.platform, person.user_id)
        owner = person.role is Role.OWNER or (member is not None and member.role == members.OWNER)
        if not self._unbound or not owner:
            return text
        where = self.message
        chats.bind(
            self.tx,
            platform=where.platform,
            chat_id=where.chat_id,
            kind=where.chat_kind,
            language=self.language,
        )
        return "\n".join(part for part in (text, texts.say(self.language, "bound.now")) if part)

    def _context(self, person: Person) -> Context:
        message = replace(self.message, user_id=person.user_id, user_name=person.name)
        return Context(
            tx=self.tx,
            message=message,
            role=person.role,
            cause=Cause(message.key, message.actor),
            vault=self.room.vault,
            shop=self.room.shop,
            commands=self.room.commands,
            language=self.language,
        )

    # -- refusals

    def _refused(self, pending: Pending, person: Person, error: StoreError) -> Reply:
        """A sentence, and where the words were at fault a choice of what may have been meant."""
        if pending.command.writes:
            self._record(pending.command.intent, pending.slots, outcome=error.code, person=person)
        text, options, key = self._suggestions(pending, error)
        if not options:
            return Reply(text=texts.explain(error, self.language), error=error.code)
        return replace(self._ask_one_of(pending, key, text, options), error=error.code)

    def _suggestions(
        self, pending: Pending, error: StoreError
    ) -> tuple[str, tuple[tuple[str, str], ...], str]:
        kinds = {p.slot.kind: p.key for p in pending.command.parameters}
        target = kinds.get(Kind.SKU) or kinds.get(Kind.SKUS) or ""
        match error:
            case SkuNotFoundError(skus=(words,), nearest=nearest) if target and nearest:
                labels = tuple(
                    (label.partition(" ")[2] or label, label.split()[0]) for label in nearest
                )
                return texts.say(self.language, "ask.nearest", words=words), labels, target
            case AmbiguousSkuError(words=words, candidates=codes) if target:
                labels = tuple((skus.view(self.tx, c).title, c) for c in codes[:MOST_OPTIONS])
                return texts.say(self.language, "ask.which", words=words), labels, target
            case AmbiguousOrderError(digits=digits, candidates=numbers):
                asked = texts.say(self.language, "ask.which_order", digits=digits)
                return asked, tuple((n, n) for n in numbers), kinds[Kind.ORDER]
        return "", (), ""

    # -- questions

    def _ask_for(
        self, command: Command, slots: Mapping[str, Any], question: str, reading: Reading
    ) -> Reply:
        """Ask for the slot that is missing or cannot be what was said."""
        key = next(iter(reading.bad), "") or reading.missing[0]
        slot = command.parameter(key).slot
        options = tuple((words[0], words[0]) for words in slot.choices.values())
        pending = Pending(command, slots, reading.doubt if command.writes else "")
        reply = self._ask_one_of(pending, key, question, options)
        return replace(
            reply, intent=command.intent, error="invalid_request" if reading.bad else None
        )

    def _ask_one_of(
        self, pending: Pending, key: str, question: str, options: tuple[tuple[str, str], ...]
    ) -> Reply:
        waiting = {
            "intent": pending.command.intent,
            "slots": dict(pending.slots),
            "awaiting": key,
            "question": question,
            "options": [list(option) for option in options],
            "shown": pending.shown,
            "doubt": pending.doubt,
        }
        self._open("question", waiting, self.person.user_id)
        buttons = tuple(Button(label, value) for label, value in options)
        return Reply(text=question, buttons=buttons, outcome="clarify")

    def _ask_to_confirm(self, pending: Pending, asked: UnconfirmedError, person: Person) -> Reply:
        ticket = cards.ticket(self.message.key)
        waiting = {
            "intent": pending.command.intent,
            "slots": dict(pending.slots),
            "doubt": pending.doubt,
            "shown": cards.digest(asked.preview),
            "ticket": ticket,
        }
        self._open("confirm", waiting, person.user_id)
        return cards.to_confirm(self.language, asked.preview, asked.reasons, ticket)

    def _open(self, kind: str, command: dict[str, Any], user_id: str) -> None:
        dialogues.ask(
            self.tx,
            platform=self.message.platform,
            chat_id=self.message.chat_id,
            user_id=user_id,
            kind=kind,
            command=command,
            ttl=OPEN_FOR,
        )

    def _close(self, user_id: str) -> None:
        where = self.message
        dialogues.close(self.tx, platform=where.platform, chat_id=where.chat_id, user_id=user_id)

    # -- answers

    def _answer(self, reading: Reading) -> Reply | None:
        """What comes of the message as an answer to the open question; None when it is none."""
        asked = self._current()
        if asked is None or asked.kind != "question" or self._age > OPEN_FOR:
            return None
        command = self.room.commands[asked.command["intent"]]
        key = asked.command["awaiting"]
        value = self._chosen(asked, command)
        if value is None:
            if self.room.commands.get(reading.intent) and self._meant(reading):
                return None
            value = self._said(command, key)
        if isinstance(value, Bad):
            text = questions.complaint(self.language, command.parameter(key).slot, value)
            return Reply(
                text=text, outcome="clarify", intent=command.intent, error="invalid_request"
            )
        return None if value is None else self._resume(asked, command, value)

    def _chosen(self, asked: OpenDialogue, command: Command) -> Any:
        """The value of the option whose button was pressed or whose words were typed."""
        said = texts.visible(self.message.text).strip().casefold()
        for label, value in asked.command["options"]:
            if said in {label.casefold(), value.casefold()}:
                kind = command.parameter(asked.command["awaiting"]).slot.kind
                if kind in {Kind.SKU, Kind.SKUS}:
                    return {"code": value}
                read_again = answer(value, command, asked.command["awaiting"], self.catalogue)
                return value if read_again is None else read_again
        return None

    def _said(self, command: Command, key: str) -> Any:
        value = answer(self.message.text, command, key, self.catalogue)
        free = command.parameter(key).slot.kind in REST
        known = isinstance(value, dict) and self.catalogue.target(resolving.words(value))
        return value if self._addressed or not free or known else None

    def _resume(self, asked: OpenDialogue, command: Command, value: Any) -> Reply:
        refusal = self._refusal(command, self.person.role)
        if refusal is not None:
            return refusal
        self._close(self.person.user_id)
        slots = {**asked.command["slots"], asked.command["awaiting"]: value}
        missing = tuple(p.key for p in command.parameters if p.required and p.key not in slots)
        if missing:
            question = questions.ask(self.language, command, missing, {})
            return self._ask_for(
                command, slots, question, Reading(missing=missing, doubt=asked.command["doubt"])
            )
        waiting = asked.command
        pending = Pending(command, slots, waiting["doubt"], waiting["shown"])
        return self._perform(pending, self.person)

    def _current(self) -> OpenDialogue | None:
        where = self.message
        return dialogues.current(
            self.tx, platform=where.platform, chat_id=where.chat_id, user_id=where.user_id
        )

    # -- yes and no

    def _settle(self, command: Command, reading: Reading) -> Reply | None:
        """Yes or no to an open question: one's own, or as owner another's."""
        ticket = reading.slots.get("ticket")
        asked = self._asked(ticket) if self._age <= OPEN_FOR else None
        if asked is None:
            return self._nothing_open(command, ticket)
        own = asked.user_id == self.person.user_id
        if not own and self.person.role < Role.OWNER:
            return cards.refused(
                self.language, "confirm.not_yours", intent=command.intent, error="forbidden"
            )
        if command.answers is Answer.NO:
            self._close(asked.user_id)
            text = texts.say(self.language, "confirm.dismissed")
            return Reply(text=text, intent=command.intent)
        if asked.kind == "question":
            return Reply(text=asked.command["question"], outcome="clarify", intent=command.intent)
        return self._confirmed(asked, self.person if own else self._asker(asked.user_id))

    def _asked(self, ticket: str | None) -> OpenDialogue | None:
        """The question that is meant: by ticket, else one's own, else for an owner the newest."""
        where, own = self.message, self._current()
        others = dialogues.in_chat(self.tx, platform=where.platform, chat_id=where.chat_id)
        if ticket is not None:
            return next((d for d in others if d.command.get("ticket") == ticket), None)
        if own is None and self._addressed and self.person.role is Role.OWNER:
            return next((d for d in others if d.kind == "confirm"), None)
        return own

    def _nothing_open(self, command: Command, ticket: str | None) -> Reply | None:
        if ticket is None and not self._addressed:
            return None
        key = "dialogue.none" if ticket is None else "dialogue.expired"
        return Reply(text=texts.say(self.language, key), intent=command.intent)

    def _asker(self, user_id: str) -> Person:
        known = members.member(self.tx, self.message.platform, user_id)
        role = Role.of(known.role) if known else Role.NONE
        name = known.name if known and known.name else user_id
        return Person(user_id, name, role, approver=self.person.name)

    def _confirmed(self, asked: OpenDialogue, person: Person) -> Reply:
        command = self.room.commands[asked.command["intent"]]
        refusal = self._refusal(command, person.role)
        if refusal is not None:
            return refusal
        self._close(asked.user_id)
        waiting = asked.command
        pending = Pending(command, waiting["slots"], waiting["doubt"], waiting["shown"])
        return self._perform(pending, person)

    # -- the journal

    def _record(
        self,
        intent: str,
        slots: Mapping[str, Any],
        *,
        outcome: str = journal.DONE,
        person: Person | None = None,
    ) -> None:
        person = person or self.person
        said = public_slots(_without_secrets(self.room.commands.get(intent), slots)) | (
            {"approved_by": person.approver} if person.approver else {}
        )
        journal.record(
            self.tx,
            actor=f"{self.message.platform}:{person.user_id}",
            origin=self.message.key,
            intent=intent,
            outcome=outcome,
            slots=said,
        )


def _without_secrets(command: Command | None, slots: Mapping[str, Any]) -> dict[str, Any]:
    secret = {p.key for p in command.parameters if p.slot.kind is Kind.SECRET} if command else set()
    return {key: value for key, value in slots.items() if key not in secret}


__all__ = ["Room", "Turn"]
