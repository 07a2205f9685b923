"""Timed acts whose time has come: done or put back, and told where they were asked for."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot import texts
from bot.commands._shown import moment, reversal, reversed_field, value
from bot.dispatcher import cards
from bot.dispatcher.asking import Asking, Pending, Person
from bot.dispatcher.running import Room, Runner
from bot.messages import Message, Reply, Role
from bot.registry import Context
from bot.understanding.schedules import SCHEDULE
from store import chats, journal, members, outbox, timed
from store.db import Tx
from store.journal import PutBack, Reversal
from store.stock import Cause
from store.timed import TimedView

TOPIC = "timed"
LATE = timedelta(minutes=1)  # later than this is worth a word
SPANS = (  # of the largest unit of which there are two
    ("days", timedelta(days=1)),
    ("hours", timedelta(hours=1)),
    ("minutes", timedelta(minutes=1)),
)


@dataclass(frozen=True, slots=True)
class Due:
    """One claimed act, in the transaction that does it."""

    tx: Tx
    act: TimedView
    room: Room

    def happen(self) -> None:
        """Do it, or put back what it did, and tell."""
        self.tx.here = self.act.target
        self._tell(self._late(self._end() if self.act.begun else self._begin()))

    def give_up(self, reason: str) -> None:
        """Settle it as failed and tell whoever asked why."""
        timed.fail(self.tx, self.act.id)
        self._tell(self._failed(reason))

    def _begin(self) -> Reply:
        """Run the command in the name of whoever asked, if they still may.

        What should have ended by now is not begun: customers would see it for a moment.
        """
        if self.act.ends_at is not None and self.act.ends_at <= self.tx.now:
            title = self._say("timed.missed", number=self.act.id)
            return Reply(title=title, text=self._say("timed.missed.text"), intent=SCHEDULE)
        runner, person = self._runner, self._person
        command = self.room.commands[self.act.intent]
        pending = Pending(command, self.act.slots, act=self.act)
        reply = runner.refusal(command, person) or runner.perform(pending, person)
        if reply.error is not None:
            timed.fail(self.tx, self.act.id)
            return self._failed(reply.text, error=reply.error)
        title = self._say("timed.done", number=self.act.id, title=reply.title)
        return replace(reply, title=title)

    def _end(self) -> Reply:
        """Put back what still is as the act left it.

        Whoever asked need not be allowed to any more: the end was agreed to with the beginning.
        """
        cause = Cause(self._message.key, self.act.actor)
        found = journal.put_back(self.tx, self.act, cause=cause)
        changed = bool(self.tx.changes)
        journal.record(
            self.tx,
            actor=self.act.actor,
            origin=self._message.key,
            intent=SCHEDULE,
            slots={"part": self.act.intent, "number": self.act.id},
        )
        reply = self._put_back(found)
        command = self.room.commands[SCHEDULE]
        people = (self._person.name,)
        return cards.done(self._language, command, reply, people=people, changed=changed)

    def _put_back(self, found: PutBack) -> Reply:
        context = self._context
        lines = [self._kept(one) for one in found.kept]
        if not found.reversals and not found.kept:
            lines = [self._say("timed.ended.same")]
        return Reply(
            title=self._say("timed.ended", number=self.act.id),
            text="\n".join(lines),
            fields=tuple(reversal(context, one) for one in found.reversals),
            intent=SCHEDULE,
        )

    def _kept(self, one: Reversal) -> str:
        context = self._context
        now, before = (value(context, one.field, v) for v in (one.before, one.after))
        what = reversed_field(context, one)
        if one.act:
            return self._say("timed.kept.over", what=what, now=now, number=one.act)
        return self._say("timed.kept", what=what, now=now, before=before)

    def _failed(self, reason: str, *, error: str = "internal_error") -> Reply:
        text = self._say("timed.failed.text", who=self._person.name, reason=reason)
        title = self._say("timed.failed", number=self.act.id)
        return Reply(title=title, text=text, intent=SCHEDULE, error=error)

    def _late(self, reply: Reply) -> Reply:
        late = self.tx.now - self.act.due_at
        if late <= LATE:
            return reply
        due = moment(self._context, self.act.due_at)
        note = self._say("timed.late", span=self._span(late), due=due)
        return replace(reply, text="\n".join(part for part in (note, reply.text) if part))

    def _span(self, span: timedelta) -> str:
        unit, one = next(((u, one) for u, one in SPANS if span >= 2 * one), SPANS[-1])
        return self._say(f"span.{unit}", number=span // one)

    def _tell(self, reply: Reply) -> None:
        """Queue it for the chat that asked, in the transaction of the effect."""
        message, act = self._message, self.act
        if not self.room.shop.pushes(act.platform, act.chat_id):
            return
        reply = cards.clean(reply)
        outbox.post(
            self.tx,
            target=act.target,
            topic=TOPIC,
            kind="reply",
            key=f"timed:{message.message_id}",
            payload={
                "reply": reply.to_json(),
                "buttons": reply.commands,
                "to": act.user_id,
                "answers": message.key,
                "chat_kind": act.chat_kind,
            },
            urgent=reply.error is not None,
        )

    @property
    def _message(self) -> Message:
        """What stands for a message: the act in the words of nobody."""
        act = self.act
        return Message(
            platform=act.platform,
            message_id=f"timed:{act.id}:{'end' if act.begun else 'begin'}",
            chat_id=act.chat_id,
            chat_kind=act.chat_kind,
            user_id=act.user_id,
            user_name=members.called(self.tx, act.actor),
            text="",
            sent_at=self.tx.now,
        )

    @property
    def _runner(self) -> Runner:
        chat = chats.chat(self.tx, self.act.platform, self.act.chat_id)
        bound = self.act.chat_kind == "direct" or (chat is not None and chat.bound)
        asking = Asking(self.tx, self._message, self._language)
        return Runner(self.tx, self._message, self.room, asking, bound)

    @property
    def _context(self) -> Context:
        command = self.room.commands[SCHEDULE]
        return self._runner.context(Pending(command, {}), self._person)

    @property
    def _language(self) -> str:
        chat = chats.chat(self.tx, self.act.platform, self.act.chat_id)
        return chat.language if chat else self.room.language

    @property
    def _person(self) -> Person:
        known = members.member(self.tx, self.act.platform, self.act.user_id)
        role = Role.of(known.role) if known else Role.NONE
        return Person(self.act.user_id, members.called(self.tx, self.act.actor), role)

    def _say(self, key: str, **values: object) -> str:
        return texts.say(self._language, key, **values)
