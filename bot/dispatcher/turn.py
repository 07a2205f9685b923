"""One message in one transaction: who says it, whether it is an answer or a command."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import examples, texts
from bot.dispatcher import cards, counted_words, resolving, timing
from bot.dispatcher.asking import OPEN_FOR, Asking, Pending, Person
from bot.dispatcher.counting import Counting
from bot.dispatcher.running import Room, Runner
from bot.messages import ATTACHED, Button, Message, Reply, Role
from bot.registry import Answer, Command
from bot.slots import REST, Kind
from bot.understanding import Catalogue, Reading, answer, questions, read, schedules
from bot.understanding.answers import tallied
from bot.understanding.schedules import SCHEDULE
from bot.understanding.shapes import Bad
from store import cards as said
from store import chats, counts, inbox, members
from store.db import Tx
from store.dialogues import OpenDialogue

PICTURE = "image"  # what platforms call a picture, for lack of its name
IMPORT = "导入"  # what a file that comes without a word is taken for

UNDO = "undo"  # while somebody counts it takes back a number
MORE = "more"  # the command that goes on with the last list

_QUOTED = 40  # characters of what somebody said that are said back
_WORDS = 8  # of a message, among which one that was not understood is looked for
# What a product and a number may be meant for.
_BARE = ("restock", "stocktake", "set_price")
_MARK = "mention"  # and its number: what stands for a person while a message is read


class Turn:
    """Answers one message; everything it does is in ``tx``. ``role``: instead of the member's."""

    def __init__(
        self,
        tx: Tx,
        message: Message,
        room: Room,
        catalogue: Catalogue,
        role: Role | None = None,
    ) -> None:
        chat = chats.chat(tx, message.platform, message.chat_id)
        if chat is not None and chat.disabled:
            chats.enable(tx, platform=message.platform, chat_id=message.chat_id)
        tx.here = f"{message.platform}:{message.chat_id}"
        self._tx, self._message, self._room, self._catalogue = tx, message, room, catalogue
        self._language = chat.language if chat else room.language
        self._person = self._speaker(role)
        self._asking = Asking(tx, message, self._language)
        bound = message.chat_kind == "direct" or (chat is not None and chat.bound)
        self._runner = Runner(tx, message, room, self._asking, bound)
        self._counting = Counting(tx, message, self._runner, catalogue, self._person, self._here)

    def reply(self) -> Reply | None:
        """The answer, None for silence."""
        reply = self._counting.stepped() or self._replied()
        return None if reply is None else self._counting.went_on(reply)

    def _replied(self) -> Reply | None:
        reading = self._counting.taken(self._read())
        command = self._room.commands.get(reading.intent)
        worded = command is not None and reading.worded  # 收款 3940 counts nothing
        answered = self._answer(reading) or (None if worded else self._counting.numbered())
        answered = answered or self._counting.named(reading) or self._counting.kind(reading)
        if answered is not None:
            return answered
        if command is None:
            return self._not_understood(reading)
        if command.intent == UNDO and self._meant(reading):
            taken_back = self._counting.taken_back()
            if taken_back is not None:
                return taken_back
        if command.answers is not None:
            return self._settle(command, reading)
        return self._command(command, reading) if self._meant(reading) else None

    def _read(self) -> Reading:
        """What the message means, a mention being one word whatever the name in it says."""
        sheets = [file for file in self._message.files if file.name != PICTURE]
        alone = bool(sheets) and not self._message.text and self._addressed
        text = IMPORT if alone else self._message.text
        marked = text
        for number, person in enumerate(self._message.people):
            marked = marked.replace(f"@{person.name}", f"@{_MARK}{number} ", 1)
        reading = self._reading(marked)
        command = self._room.commands.get(reading.intent)
        takes_people = command is not None and _user_key(command)
        return reading if takes_people or marked == text else self._reading(text)

    def _reading(self, text: str) -> Reading:
        reading = read(
            text,
            self._catalogue,
            commands=self._room.commands,
            language=self._language,
            now=self._here,
        )
        several = any(timing.is_timed(item) for item in reading.slots.get("items", ()))
        if several or schedules.dropped(reading, text, self._catalogue, self._here):
            key = "ask.timed_two" if several else "ask.timed_list"
            return Reading(outcome="clarify", question=texts.say(self._language, key))
        return reading

    @property
    def _here(self) -> datetime:
        """When the message was sent, where the shop is: what its words of time count from."""
        said_at = min(self._message.sent_at, self._tx.now)  # a platform's clock may be ahead
        return said_at.astimezone(self._room.shop.zone)

    def _speaker(self, role: Role | None) -> Person:
        who = self._message
        known = members.seen(
            self._tx, platform=who.platform, user_id=who.user_id, name=who.user_name
        )
        for person in who.people:  # the one way to learn how people are called there
            members.seen(self._tx, platform=who.platform, user_id=person.user_id, name=person.name)
        own = Role.of(known.role) if role is None else role
        return Person(who.user_id, members.called(self._tx, who.actor), own)

    @property
    def _addressed(self) -> bool:
        return self._message.addressed or self._message.chat_kind == "direct"

    @property
    def _age(self) -> timedelta:
        return self._tx.now - self._message.sent_at

    def _meant(self, reading: Reading) -> bool:
        return self._addressed or reading.summons

    def _not_understood(self, reading: Reading) -> Reply | None:
        if not self._addressed:
            return None
        pointed = self._room.commands.get(reading.pointed)
        target = self._spoken_of() if pointed is not None else None
        kinds = {p.slot.kind: p.key for p in pointed.parameters} if pointed is not None else {}
        key = kinds.get(Kind.SKU) or kinds.get(Kind.SKUS)  # an order is pointed at in vain
        if pointed is not None and target is not None and key is not None:
            slots = {**reading.slots, key: target}
            meant = Reading(outcome="execute", intent=pointed.intent, slots=slots)
            missing = pointed.missing(slots)
            asked = questions.ask(self._language, pointed, missing, {}) if missing else None
            return self._command(pointed, replace(meant, missing=missing, question=asked))
        if any(file.name == PICTURE for file in self._message.files):
            return Reply(text=texts.say(self._language, "ask.picture"), outcome="clarify")
        return (
            self._counting.unheard()
            or self._which_command(reading)
            or Reply(text=reading.question or self._unknown(), outcome="clarify")
        )

    def _unknown(self) -> str:
        words = " ".join(texts.visible(self._message.text).split())[:_QUOTED]
        product = texts.say(self._language, "value.a_product")
        if self._person.role > Role.NONE:  # a stranger learns nothing of the shop
            product = examples.a_product(self._tx, self._language)
        return texts.say(self._language, "ask.unknown", words=words, product=product)

    def _which_command(self, reading: Reading) -> Reply | None:
        """A product and a number say no command: those that they would make are offered."""
        if reading.outcome != "clarify" or "\n" in self._message.text or not reading.slots:
            return None
        said = " ".join(texts.visible(self._message.text).split())
        whole = self._whole(said)
        fitting = [
            (command, text)
            for command, text in whole
            if (r := self._reading(text)).intent == command.intent
            and r.outcome in {"execute", "confirm"}
            and not r.doubt
        ]
        if not fitting:
            return None
        buttons = tuple(Button(cards.word(self._language, c), text) for c, text in fitting)
        example = fitting[0][1]
        question = texts.say(self._language, "ask.bare", words=said[:_QUOTED], example=example)
        return Reply(text=question, buttons=buttons, outcome="clarify")

    def _whole(self, said: str) -> list[tuple[Command, str]]:
        """What was said as whole commands: from a command's own word on, where one is in it."""
        may = self._bare()
        heard = [(c, at) for c, _ in may if (at := _place(said, c.words)) >= 0]
        if heard:
            return [(command, said[at:]) for command, at in heard if at]
        return [(command, f"{word} {said}") for command, word in may]

    def _bare(self) -> list[tuple[Command, str]]:
        """Commands that a product and a number may be meant for, which the speaker may run."""
        may = [self._room.commands.get(intent) for intent in _BARE]
        return [
            (command, cards.word(self._language, command))
            for command in may
            if command is not None and command.role <= self._person.role
        ]

    def _next_page(self) -> Pending | None:
        """The list that this person saw last in this chat, one page further on."""
        page = 2
        for text in self._lately():
            reading = self._reading(text)
            command = self._room.commands.get(reading.intent)
            if command is None or reading.outcome != "execute":
                continue
            if command.intent == MORE:
                page += 1
            elif any(p.key == "page" for p in command.parameters):
                allowed = self._runner.refusal(command, self._person) is None
                return Pending(command, {**reading.slots, "page": page}) if allowed else None
        return None

    def _lately(self) -> list[str]:
        """What this person said to the bot in this chat while it can still be meant."""
        where = self._message
        said = inbox.lately(
            self._tx,
            platform=where.platform,
            chat_id=where.chat_id,
            user_id=where.user_id,
            since=self._tx.now - OPEN_FOR,
        )
        return [Message.from_json(message).text for message in said]

    def _spoken_of(self) -> dict[str, Any] | None:
        """The product that this person and the bot were just talking about in this chat."""
        for text in self._lately():
            slots = self._reading(text).slots
            if "items" in slots:
                return None  # several: which of them?
            for key in ("sku", "skus"):
                target = slots.get(key)
                if target and {"name", "code"} & target.keys():
                    return dict(target)
        return None

    def _command(self, command: Command, reading: Reading) -> Reply:
        command = self._timed(command, reading)
        refusal = self._runner.refusal(command, self._person)
        if refusal is not None:
            return refusal
        if command.intent == MORE and (paged := self._next_page()) is not None:
            return self._runner.perform(paged, self._person)
        self._make_way_for(command)
        given = {**self._attached(command), **self._pointed_at(command)}
        slots = {**reading.slots, **given, **self._mentioned(command, reading)}
        asked = reading.outcome == "confirm"
        doubt = reading.doubt if command.acts else ""
        pending = Pending(command, slots, doubt, asked=asked, said_at=self._message.sent_at)
        question = self._with_own_goods(command, reading, reading.question or "")
        if reading.bad:  # refused: nothing stays open that a later number could fill
            reply = Reply(text=question, outcome="clarify")
            return cards.marked(reply, command, error="invalid_request")
        if reading.missing:
            return self._ask_for(pending, reading.missing, question)
        if reading.outcome == "clarify" and not (reading.lost or reading.ambiguous):
            return Reply(text=question, outcome="clarify", intent=command.intent)
        return self._runner.perform(pending, self._person)

    def _timed(self, command: Command, reading: Reading) -> Command:
        """The command that is to be done at a time, of one that says a time; else the same."""
        if command.intent != SCHEDULE or not timing.is_timed(reading.slots):
            return command
        return self._room.commands[reading.slots[timing.ACT]]

    def _with_own_goods(self, command: Command, reading: Reading, question: str) -> str:
        """The question, its example one of this shop; words that were of no use are named."""
        if questions.example(self._language, command) not in question:
            return question
        product = {} if reading.lost else reading.slots
        own = self._own(command, product, question)
        unread = reading.missing and not reading.doubt
        odd = self._of_no_use(command, reading) if unread else ""
        named = texts.say(self._language, "ask.odd", words=odd) if odd else ""
        return named + own

    def _own(self, command: Command, slots: Mapping[str, Any], question: str) -> str:
        """The question, its example of the product that was named, or of another of this shop."""
        target: Any = slots.get("sku") or slots.get("skus") or {}
        example = examples.first(self._tx, self._language, command, resolving.words(target))
        return question.replace(questions.example(self._language, command), example)

    def _of_no_use(self, command: Command, reading: Reading) -> str:
        """The words without which the message would have been read alike, the command's apart."""
        said = texts.visible(self._message.text).split()[:_WORDS]
        if len(said) <= 1 or "\n" in self._message.text:
            return ""
        rest = [" ".join(said[:n] + said[n + 1 :]) for n in range(len(said))]
        again = [self._reading(text) for text in rest]
        same = [r.intent == reading.intent and r.slots == reading.slots for r in again]
        words = [word for word, alike in zip(said, same, strict=True) if alike]
        return " ".join(w for w in words if w.casefold() not in command.words)[:_QUOTED]

    def _attached(self, command: Command) -> dict[str, int]:
        """The number of the file that came with the message, where the command takes one."""
        numbers = [file.handle[ATTACHED] for file in self._message.files if ATTACHED in file.handle]
        takes = any(p.key == "file" for p in command.parameters)
        return {"file": numbers[0]} if numbers and takes else {}

    def _pointed_at(self, command: Command) -> dict[str, str]:
        """The message whose card was pressed or replied to, or that was itself replied to."""
        if not any(p.key == "origin" for p in command.parameters):
            return {}
        where = self._message
        if where.press is not None:
            return {"origin": where.press.answers}
        parent = str(where.handle.get("parent_id") or "")
        if not parent:
            return {}
        card = said.answered(self._tx, target=self._tx.here, ref=parent)
        return {"origin": card or f"{where.platform}:{parent}"}

    def _mentioned(self, command: Command, reading: Reading) -> dict[str, str]:
        """Whoever a mention names, by their id: others may have the same name."""
        key = _user_key(command)
        said = str(reading.slots.get(key, "")).lstrip("@")
        people = self._message.people
        marks = {f"{_MARK}{number}": person for number, person in enumerate(people)}
        person = marks.get(said)
        return {key: f"{self._message.platform}:{person.user_id}"} if person else {}

    def _make_way_for(self, command: Command) -> None:
        """A new command replaces the open question; looking something up leaves a confirmation."""
        asked = self._asking.current(self._person.user_id)
        if command.writes or (asked is not None and asked.kind == "question"):
            self._asking.close(self._person.user_id)

    def _ask_for(
        self,
        pending: Pending,
        missing: tuple[str, ...],
        question: str,
    ) -> Reply:
        """Ask for the first slot that is missing."""
        key = missing[0]
        choices = pending.command.parameter(key).slot.choices.values()
        options = tuple((words[0], words[0]) for words in choices)
        reply = self._asking.one_of(pending, self._person, key, question, options)
        return cards.marked(reply, pending.command)

    # Answers to a question.

    def _answer(self, reading: Reading) -> Reply | None:
        """What comes of the message as an answer to the open question; None when it is none."""
        asked = self._asking.current(self._person.user_id)
        if asked is None or asked.kind != "question" or self._age > OPEN_FOR:
            return None
        command, key = self._room.commands[asked.command["intent"]], asked.command["awaiting"]
        value = self._chosen(asked, command)
        if value is None and self._addressed:  # 还有20个 and 没有 sound like commands
            slot = command.parameter(key).slot
            value = tallied(self._message.text, slot, self._catalogue, self._here)
        if value is None:
            worded = reading.worded and self._room.commands.get(reading.intent)
            if worded and self._meant(reading):
                return None
            value = self._meant_option(asked, command) or self._said(command, key)
        if isinstance(value, Bad):
            slot = command.parameter(key).slot
            text = questions.complaint(self._language, slot, value)
            reply = Reply(text=text, outcome="clarify")
            return cards.marked(reply, command, error="invalid_request")
        return None if value is None else self._resume(asked, command, value)

    def _chosen(self, asked: OpenDialogue, command: Command) -> Any:
        """The value of the option whose button was pressed or whose words were typed."""
        for label, value in asked.command["options"]:
            if self._words in {label.casefold(), value.casefold()}:
                return self._option(asked, command, value)
        return None

    def _meant_option(self, asked: OpenDialogue, command: Command) -> Any:
        """The option that is said by its number, or by a part of its label that no other has."""
        options, said = asked.command["options"], self._words
        numbered = {str(n): option for n, option in enumerate(options, start=1)}
        words = command.parameter(asked.command["awaiting"]).slot.kind in REST
        if words and said in numbered:
            chosen = [numbered[said]]
        else:
            chosen = [o for o in options if len(said) > 1 and said in o[0].casefold()]
        return self._option(asked, command, chosen[0][1]) if len(chosen) == 1 else None

    def _option(self, asked: OpenDialogue, command: Command, value: str) -> Any:
        """An option's value as the slot takes it."""
        key = asked.command["awaiting"]
        if command.parameter(key).slot.kind in {Kind.SKU, Kind.SKUS}:
            return {"code": value}
        read_again = answer(value, command, key, self._catalogue, self._here)
        return value if read_again is None else read_again

    @property
    def _words(self) -> str:
        return texts.visible(self._message.text).strip().casefold()

    def _said(self, command: Command, key: str) -> Any:
        """The value that is typed; in a group free words count only for a known product."""
        value = answer(self._message.text, command, key, self._catalogue, self._here)
        free = command.parameter(key).slot.kind in REST
        known = isinstance(value, dict) and self._catalogue.target(resolving.words(value))
        return value if self._addressed or not free or known else None

    def _resume(self, asked: OpenDialogue, command: Command, value: Any) -> Reply:
        refusal = self._runner.refusal(command, self._person)
        if refusal is not None:
            return refusal
        self._asking.close(self._person.user_id)
        slots = {**asked.command["slots"], asked.command["awaiting"]: value}
        pending = replace(Pending.of(command, asked.command), slots=slots)
        if command.parameter(asked.command["awaiting"]).slot.kind is Kind.COUNT:
            pending = replace(pending, said_at=self._message.sent_at)
        missing = command.missing(slots)
        if not missing:
            return self._runner.perform(pending, self._person)
        question = questions.ask(self._language, command, missing, {})
        return self._ask_for(pending, missing, self._own(command, slots, question))

    # Yes and no.

    def _settle(self, command: Command, reading: Reading) -> Reply | None:
        """Yes or no to an open question: one's own, or as owner another's."""
        ticket = reading.slots.get("ticket")
        asked = self._asked(ticket) if self._age <= OPEN_FOR else None
        if asked is None:
            return self._count_dropped(command, ticket) or self._nothing_open(command, ticket)
        own = asked.user_id == self._person.user_id
        if not own and self._person.role < Role.OWNER:
            return cards.refused(
                self._language, "confirm.not_yours", intent=command.intent, error="forbidden"
            )
        if command.answers is Answer.NO:
            return self._dismissed(command, asked)
        if asked.kind == "question":
            return self._asked_again(asked)
        return self._confirmed(asked, self._person if own else self._asker(asked.user_id))

    def _dismissed(self, command: Command, asked: OpenDialogue) -> Reply:
        self._asking.close(asked.user_id)
        open_ = asked.user_id == self._person.user_id and counts.running(
            self._tx, self._counting.place
        )
        still = texts.say(self._language, "count.open", number=len(open_)) if open_ else ""
        text = texts.say(self._language, "confirm.dismissed")
        return Reply(text="\n".join(part for part in (text, still) if part), intent=command.intent)

    def _count_dropped(self, command: Command, ticket: str | None) -> Reply | None:
        """No with nothing asked ends the running count, where one is open."""
        if command.answers is not Answer.NO or ticket is not None or self._age > OPEN_FOR:
            return None
        place = self._counting.place
        open_ = counts.running(self._tx, place)
        if open_ is None:
            return None
        quiet = counts.round_(self._tx, place).paused or not self._addressed
        if not counted_words.drops(self._words, named=quiet):
            text = texts.say(self._language, "count.stays", number=len(open_))
            return None if quiet else Reply(text=text, intent=command.intent)
        return self._counting.dropped()

    def _asked_again(self, asked: OpenDialogue) -> Reply:
        """Yes to the only option takes it; yes to several is no answer, so they are shown again."""
        command, options = self._room.commands[asked.command["intent"]], asked.command["options"]
        if len(options) == 1 and asked.user_id == self._person.user_id:
            return self._resume(asked, command, self._option(asked, command, options[0][1]))
        buttons = tuple(Button(label, value) for label, value in options)
        question = asked.command["question"]
        return Reply(text=question, buttons=buttons, outcome="clarify", intent=command.intent)

    def _asked(self, ticket: str | None) -> OpenDialogue | None:
        """The question that is meant: by ticket, else one's own, else for an owner the newest."""
        others = self._asking.everybodys()
        if ticket is not None:
            return next((d for d in others if d.command.get("ticket") == ticket), None)
        own = self._asking.current(self._person.user_id)
        if own is None and self._addressed and self._person.role is Role.OWNER:
            return next((d for d in others if d.kind == "confirm"), None)
        return own

    def _nothing_open(self, command: Command, ticket: str | None) -> Reply | None:
        if ticket is None and not self._addressed:
            return None
        key = "dialogue.none" if ticket is None else "dialogue.expired"
        return Reply(text=texts.say(self._language, key), intent=command.intent)

    def _asker(self, user_id: str) -> Person:
        """Whoever was asked, with the speaker as the one who confirms it for them."""
        known = members.member(self._tx, self._message.platform, user_id)
        role = Role.of(known.role) if known else Role.NONE
        name = members.called(self._tx, f"{self._message.platform}:{user_id}")
        return Person(user_id, name, role, approver=self._person.name)

    def _confirmed(self, asked: OpenDialogue, person: Person) -> Reply:
        waiting = asked.command
        command = self._room.commands[waiting["intent"]]
        refusal = self._runner.refusal(command, person)
        if refusal is not None:
            return refusal
        self._asking.close(asked.user_id)
        return self._runner.perform(Pending.of(command, waiting), person)


def _place(said: str, words: Sequence[str]) -> int:
    """Where the first of these words of two letters or more is said, -1 where none is."""
    found = [said.casefold().find(word) for word in map(str.casefold, words) if len(word) > 1]
    return min((at for at in found if at >= 0), default=-1)


def _user_key(command: Command) -> str:
    """The slot of a command that takes a person, "" for none."""
    return next((p.key for p in command.parameters if p.slot.kind is Kind.USER), "")
