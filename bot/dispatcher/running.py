"""Running a command: may they, does it need a confirmation, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import texts
from bot.dispatcher import cards, resolving, timing
from bot.dispatcher.asking import Asking, Options, Pending, Person
from bot.messages import Message, Reply, Role
from bot.registry import AskError, Command, Context, Registry, ShopFacts
from bot.slots import Kind
from bot.understanding import public_slots, questions
from bot.understanding.schedules import SCHEDULE
from store import chats, journal, members, skus
from store.db import Tx
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

STALE = timedelta(minutes=30)  # a write that comes in this late is offered, not done
MOST_OPTIONS = 10
_QUOTED = 40  # characters of what somebody said that are said back


@dataclass(frozen=True, slots=True)
class Room:
    """What every message shares."""

    commands: Registry
    vault: Vault
    shop: ShopFacts
    language: str = "zh"


class UnconfirmedError(Exception):
    """The effect was tried out and must be confirmed; it is rolled back."""

    def __init__(self, preview: Reply, reasons: list[str], shown: str) -> None:
        super().__init__(preview.title)
        self.preview, self.reasons, self.shown = preview, reasons, shown


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands for one message, in its transaction."""

    tx: Tx
    message: Message
    room: Room
    asking: Asking
    bound: bool

    @property
    def language(self) -> str:
        """The chat's."""
        return self.asking.language

    def refusal(self, command: Command, person: Person) -> Reply | None:
        """Deny by default: the role first, then a group must be the shop's."""
        if person.role < command.role:
            key = "refused.role"
        elif not self.bound and person.role < Role.OWNER and command.role > Role.NONE:
            key = "refused.unbound"
        else:
            return None
        self._record(command, {}, person, outcome="forbidden")
        return cards.refused(self.language, key, intent=command.intent, error="forbidden")

    def perform(self, pending: Pending, person: Person) -> Reply:
        """The reply to a command that may be run: done, refused, or asked back."""
        try:
            reply = self._attempt(pending, person)
        except UnconfirmedError as asked:
            bound = replace(pending, shown=asked.shown)
            reply = self.asking.to_confirm(bound, person, asked.preview, asked.reasons)
        except AskError as asked:
            reply = self.asking.one_of(pending, person, asked.key, asked.question, asked.options)
        except (BusyError, UnavailableError):
            raise  # nobody's refusal: the whole message is tried again
        except StoreError as error:
            reply = self._refused(pending, person, error)
        return replace(reply, intent=self._meant(pending).intent)

    def _attempt(self, pending: Pending, person: Person) -> Reply:
        """Run the handler in a savepoint; it stays only when it needs no confirmation or has it."""
        command, mark = pending.command, len(self.tx.changes)
        context = self.context(pending, person)
        timed = timing.of(context, pending)
        savepoint = self.tx.begin_nested()
        try:
            reply = self._handled(context, command, pending.slots)
            if timed is not None and not reply.error:
                timed.warn(changed=len(self.tx.changes) > mark)
                reply = timed.shown(reply)
            self._demand_confirmation(pending, context, reply)
        except (StoreError, AskError, UnconfirmedError):
            savepoint.rollback()
            del self.tx.changes[mark:]
            raise
        if reply.error or (timed is not None and timed.later):
            savepoint.rollback()
            del self.tx.changes[mark:]
        else:
            savepoint.commit()
        if reply.error:
            return reply
        if timed is not None:
            reply = timed.kept(reply, self.tx.changes[mark:])
        elif len(self.tx.changes) == mark and (note := timing.unmoved(context, pending)):
            reply = replace(reply, text="\n".join(part for part in (reply.text, note) if part))
        if command.writes and not context.told:
            reply = self._written(pending, person, reply, context.language)
        return replace(reply, text=self._with_binding(reply.text, person))

    def _handled(self, context: Context, command: Command, slots: Mapping[str, Any]) -> Reply:
        """What the handler says; of several things what it says of each, or why some cannot be."""
        takes_all = any(p.key == "items" for p in command.parameters)
        if takes_all or "items" not in slots:
            return command.handler(context, **resolving.arguments(context, command, slots))
        shared = {key: value for key, value in slots.items() if key != "items"}
        replies, refused, cause = [], [], context.cause
        for number, item in enumerate(slots["items"], start=1):
            context.cause = replace(cause, key=f"{cause.key}:{number}")
            one = {**shared, **item}
            if missing := command.missing(one):  # a cell that held no number
                why = questions.ask(self.language, command, missing, {})
                refused.append((cards.named(item), why))
                continue
            try:
                replies.append(
                    command.handler(context, **resolving.arguments(context, command, one))
                )
            except StoreError as error:
                refused.append((cards.named(item), texts.explain(error, self.language)))
        context.cause = cause
        if refused:
            return cards.refused_rows(self.language, refused)
        return cards.together(self.language, command, replies)

    def _demand_confirmation(self, pending: Pending, context: Context, reply: Reply) -> None:
        """Raise ``UnconfirmedError`` if there is a reason to ask and this was not confirmed."""
        if pending.act is not None:
            return
        reasons = list(context.risks)
        if pending.command.writes and not reply.error:
            reasons += self._doubts(pending) if context.told else self._reasons(pending, context)
        shown = cards.digest(reply, context.agreed)
        if pending.shown == shown or not (reasons or pending.shown):
            return
        if pending.shown:
            reasons.insert(0, texts.say(self.language, "confirm.changed"))
        raise UnconfirmedError(reply, reasons, shown)

    def _doubts(self, pending: Pending) -> list[str]:
        if not pending.doubt:
            return []
        return [texts.say(self.language, "risk.doubt", doubt=pending.doubt[:40])]

    def _reasons(self, pending: Pending, context: Context) -> list[str]:
        reasons = []
        if pending.command.confirms(pending.slots) or _reaches_far(pending.slots):
            reasons.append(texts.say(self.language, "risk.asked"))
        elif pending.asked and not (pending.doubt or context.risks):
            words = " ".join(texts.visible(self.message.text).split())[:_QUOTED]
            reasons.append(texts.say(self.language, "risk.unsure", words=words))
        reasons += self._doubts(pending)
        age = self.tx.now - self.message.sent_at
        if age > STALE:
            minutes = age // timedelta(minutes=1)
            reasons.append(texts.say(self.language, "risk.stale", minutes=minutes))
        return reasons

    def _written(self, pending: Pending, person: Person, reply: Reply, language: str) -> Reply:
        changed = bool(self.tx.changes)
        command = self._meant(pending)
        self._record(command, pending.slots, person)
        people = (person.name, person.approver) if person.approver else (person.name,)
        return cards.done(language, command, reply, people=people, changed=changed)

    def _meant(self, pending: Pending) -> Command:
        """The command that was said: what is said with a moment is one of its own."""
        timed = timing.is_timed(pending.slots)
        return self.room.commands[SCHEDULE] if timed else pending.command

    def _with_binding(self, text: str, person: Person) -> str:
        """Bind a group by its owner's first command, and say so."""
        where = self.message
        member = members.member(self.tx, where.platform, person.user_id)
        owner = person.role is Role.OWNER or (member is not None and member.role == members.OWNER)
        if self.bound or not owner:
            return text
        heard = self.room.shop.pushes(where.platform, where.chat_id)
        chats.bind(
            self.tx,
            platform=where.platform,
            chat_id=where.chat_id,
            kind=where.chat_kind,
            language=self.language,
            hears=heard,
        )
        told = texts.say(self.language, "bound.now" if heard else "bound.mute")
        return "\n".join(part for part in (text, told) if part)

    def context(self, pending: Pending, person: Person) -> Context:
        """What a handler is given when it runs in the name of this person."""
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
            said_at=min(pending.said_at or message.sent_at, self.tx.now),
        )

    def _refused(self, pending: Pending, person: Person, error: StoreError) -> Reply:
        """A sentence, and where the words were at fault a choice of what may have been meant."""
        if pending.command.writes:
            self._record(self._meant(pending), pending.slots, person, outcome=error.code)
        text, options, key = self._suggestions(pending, error)
        if not options:
            return Reply(text=texts.explain(error, self.language), error=error.code)
        reply = self.asking.one_of(pending, person, key, text, options)
        return replace(reply, error=error.code)

    def _suggestions(self, pending: Pending, error: StoreError) -> tuple[str, Options, str]:
        """A question, the options to answer it with, and the slot they are for."""
        kinds = {p.slot.kind: p.key for p in pending.command.parameters}
        target = kinds.get(Kind.SKU) or kinds.get(Kind.SKUS) or ""
        match error:
            case SkuNotFoundError(skus=(words,), nearest=nearest) if target and nearest:
                labels = tuple((_name(label), label.split()[0]) for label in nearest)
                return texts.say(self.language, "ask.nearest", words=words), labels, target
            case AmbiguousSkuError(words=words, candidates=codes) if target:
                labels = tuple((skus.view(self.tx, c).title, c) for c in codes[:MOST_OPTIONS])
                return texts.say(self.language, "ask.which", words=words), labels, target
            case AmbiguousOrderError(digits=digits, candidates=numbers):
                question = texts.say(self.language, "ask.which_order", digits=digits)
                return question, tuple((n, n) for n in numbers), kinds[Kind.ORDER]
        return "", (), ""

    def _record(
        self,
        command: Command,
        slots: Mapping[str, Any],
        person: Person,
        *,
        outcome: str = journal.DONE,
    ) -> None:
        secret = {p.key for p in command.parameters if p.slot.kind is Kind.SECRET}
        said = public_slots({key: value for key, value in slots.items() if key not in secret})
        journal.record(
            self.tx,
            actor=f"{self.message.platform}:{person.user_id}",
            origin=self.message.key,
            intent=command.intent,
            outcome=outcome,
            slots=said | ({"approved_by": person.approver} if person.approver else {}),
        )


def _reaches_far(slots: Mapping[str, Any]) -> bool:
    """Whether a category or the whole shop is meant."""
    target: Any = slots.get("skus") or {}
    return bool({"all", "category"} & target.keys())


def _name(label: str) -> str:
    """``CODE name specs`` without its code."""
    return label.partition(" ")[2] or label
