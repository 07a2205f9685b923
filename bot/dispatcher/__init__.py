"""Message -> Reply in two transactions.

*Receive* makes a message durable, *handle* does what it says.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from bot import commands, texts
from bot.dispatcher import cards, pressing
from bot.dispatcher.due import Due
from bot.dispatcher.running import Room
from bot.dispatcher.turn import IMPORT, PICTURE, Turn
from bot.dispatcher.vocabulary import Vocabulary
from bot.messages import ATTACHED, Arrival, Attachment, FileRef, Message, Reply, Role
from bot.registry import COMMANDS, Registry, ShopFacts
from bot.understanding import Catalogue, read
from store import attachments, chats, inbox, members, outbox, timed
from store.db import Database, Tx
from store.errors import BusyError, UnavailableError
from store.inbox import Accepted
from store.sealing import Vault

logger = logging.getLogger(__name__)
Observer = Callable[[str, str, float], None]


class Dispatcher:
    """Handles messages, each at most once for ever. Thread-safe.

    ``observe`` is told intent, outcome (or the refusal's code) and seconds of every message.
    """

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        shop: ShopFacts | None = None,
        language: str = "zh",
        registry: Registry = COMMANDS,
        observe: Observer | None = None,
    ) -> None:
        self._database = database
        self._room = Room(registry, vault, shop or ShopFacts(), language)
        self._vocabulary = Vocabulary(database)
        self._observe = observe

    def receive(self, message: Message) -> Accepted:
        """Keep a message; the platform may be acknowledged when this returns.

        Raises ``BusyError`` or ``UnavailableError``: nothing was kept, the platform should retry.
        """
        message = replace(
            message, text=_storable(message.text), user_name=_storable(message.user_name)
        )
        return self._database.run(
            lambda tx: inbox.accept(
                tx,
                platform=message.platform,
                message_id=message.message_id,
                chat_id=message.chat_id,
                user_id=message.user_id,
                message=message.to_json(),
            )
        )

    def handle(
        self, inbox_id: int, *, role: Role | None = None, deliver: bool = True
    ) -> Reply | None:
        """Do what a kept message says and return the reply, None for silence.

        A message that was handled before gets its stored reply and has no further effect.
        ``deliver``: post the reply to the outbox. ``role``: instead of the member's own, for this
        message. Raises ``BusyError`` or ``UnavailableError``: the message waits, call again.
        """
        started = time.perf_counter()
        try:
            catalogue = self._vocabulary.current()
            reply = self._database.run(
                lambda tx: self._handled(tx, inbox_id, catalogue, role=role, deliver=deliver),
                patient=True,
            )
        except (BusyError, UnavailableError):
            raise
        except Exception:  # an edge: a bug in one command must not stop the others
            reference = secrets.token_hex(2).upper()
            logger.exception("command_failed", extra={"reference": reference, "inbox_id": inbox_id})
            reply = self._after_a_fault(inbox_id, reference, deliver=deliver)
        if self._observe is not None:
            self._observe(*_figures(reply), time.perf_counter() - started)
        return reply

    def arrive(self, arrival: Arrival) -> None:
        """Greet a group that the bot was brought into, once."""

        def work(tx: Tx) -> None:
            if not first_time(tx, arrival):
                return
            chat = chats.chat(tx, arrival.platform, arrival.chat_id)
            key = "arrival.back" if chat is not None and chat.bound else "arrival.hello"
            greeting = Reply(text=texts.say(self._room.language, key), intent="help")
            chats.arrive(
                tx,
                platform=arrival.platform,
                chat_id=arrival.chat_id,
                name=_storable(arrival.name),
                language=self._room.language,
            )
            outbox.post(
                tx,
                target=f"{arrival.platform}:{arrival.chat_id}",
                topic="reply",
                kind="reply",
                key=f"arrival:{arrival.key}",
                payload={"reply": greeting.to_json()},
                urgent=True,
            )

        self._database.run(work)

    def waiting(self, inbox_id: int) -> Message | None:
        """A kept message that was not handled yet."""
        stored = self._database.read(lambda tx: inbox.unhandled(tx, inbox_id))
        return None if stored is None else Message.from_json(stored)

    def nameless(self, message: Message) -> bool:
        """Whether nobody knows what the sender is called."""
        return self._database.read(
            lambda tx: members.nameless(tx, message.platform, message.user_id)
        )

    def meet(self, message: Message, name: str) -> None:
        """Remember what the sender is called."""
        who = {"platform": message.platform, "user_id": message.user_id}
        self._database.run(lambda tx: members.seen(tx, **who, name=_storable(name)))

    def wants_files(self, message: Message) -> bool:
        """Whether the files of a message, or of what it replies to, are needed to handle it.

        Nobody's files are fetched who may not do anything with them.
        """
        sheets = [file for file in message.files if file.name != PICTURE]
        if not sheets and (message.files or "parent_id" not in message.handle):
            return False
        if any(ATTACHED in file.handle for file in sheets):
            return False  # it is here already
        found = read(message.text or IMPORT, commands=self._room.commands)
        command = self._room.commands.get(found.intent)
        if command is None or not any(p.key == "file" for p in command.parameters):
            return False
        known = self._database.read(
            lambda tx: members.member(tx, message.platform, message.user_id)
        )
        return known is not None and Role.of(known.role) >= command.role

    def attach(self, inbox_id: int, message: Message, files: tuple[Attachment, ...]) -> None:
        """Keep the files of a message that waits; its handler then finds them by their numbers."""

        def work(tx: Tx) -> None:
            kept = tuple(
                FileRef(
                    file.name,
                    {
                        ATTACHED: attachments.keep(
                            tx, name=file.name, mime=file.mime, content=file.content
                        )
                    },
                )
                for file in files
            )
            inbox.rewrite(tx, inbox_id, replace(message, files=kept).to_json())

        self._database.run(work)

    def act(self, tx: Tx, number: int) -> None:
        """Do, or put back, the timed act of this number if it is due, and tell its chat."""
        act = timed.claim(tx, number)
        if act is not None:
            Due(tx, act, self._room).happen()

    def give_up(self, tx: Tx, number: int, reference: str) -> None:
        """Settle a due act that a bug of ours kept from being done, and tell whoever asked."""
        act = timed.claim(tx, number)
        if act is not None:
            fault = texts.say(self._room.language, "fault", reference=reference)
            Due(tx, act, self._room).give_up(f"{fault}。")

    def attach_none(self, inbox_id: int, message: Message) -> None:
        """Note that the file of a message that waits is too large; its handler then says so."""
        told = replace(message, files=(FileRef("", {ATTACHED: attachments.TOO_LARGE}),))
        self._database.run(lambda tx: inbox.rewrite(tx, inbox_id, told.to_json()))

    def answer(self, message: Message, role: Role | None = None) -> Reply | None:
        """Receive and handle at once, for callers that show the reply themselves."""
        accepted = self.receive(message)
        if accepted.reply is not None:
            return Reply.from_json(accepted.reply)
        return self.handle(accepted.id, role=role, deliver=False)

    def _handled(
        self,
        tx: Tx,
        inbox_id: int,
        catalogue: Catalogue,
        *,
        role: Role | None,
        deliver: bool,
    ) -> Reply | None:
        stored = inbox.claim(tx, inbox_id)
        if stored is None:
            kept = inbox.reply_of(tx, inbox_id)
            return Reply.from_json(kept) if kept else None
        message = Message.from_json(stored)
        if message.press is not None:
            return self._pressed(tx, inbox_id, message, catalogue)
        reply = Turn(tx, message, self._room, catalogue, role).reply()
        return _kept(tx, inbox_id, message, reply, deliver=deliver)

    def _pressed(
        self, tx: Tx, inbox_id: int, message: Message, catalogue: Catalogue
    ) -> Reply | None:
        chat = chats.chat(tx, message.platform, message.chat_id)
        language = chat.language if chat else self._room.language
        found = pressing.pressed(tx, message, self._room, language)
        # What came with the press serves to change the card, not to say something new.
        answered = replace(message, handle={})
        if isinstance(found, Reply):
            return _kept(tx, inbox_id, answered, _named(tx, message, found), deliver=True)
        reply = Turn(tx, found.message, self._room, catalogue).reply()
        shown = reply is not None and found.settle(tx, self._room, cards.clean(reply))
        if reply is not None and reply.error:
            reply = _named(tx, message, reply)
        return _kept(tx, inbox_id, answered, reply, deliver=not shown)

    def _after_a_fault(self, inbox_id: int, reference: str, *, deliver: bool) -> Reply | None:
        """Finish the message with the reference of what is in the log."""
        text = texts.say(self._room.language, "fault", reference=reference)
        return self._database.run(
            lambda tx: self._apologised(
                tx, inbox_id, Reply(text=text, error="internal_error"), deliver=deliver
            )
        )

    def _apologised(self, tx: Tx, inbox_id: int, reply: Reply, *, deliver: bool) -> Reply | None:
        stored = inbox.claim(tx, inbox_id)
        if stored is None:
            kept = inbox.reply_of(tx, inbox_id)
            return Reply.from_json(kept) if kept else None
        return _kept(tx, inbox_id, Message.from_json(stored), reply, deliver=deliver)


def _named(tx: Tx, message: Message, refusal: Reply) -> Reply:
    """A refusal with the name of whoever pressed: a group does not see who did."""
    name = members.called(tx, message.actor)
    return replace(refusal, text=f"{name}：{refusal.text}")


def first_time(tx: Tx, arrival: Arrival) -> bool:
    """Whether the platform tells of this for the first time: it repeats itself for hours."""
    return inbox.once(
        tx,
        platform=arrival.platform,
        event_id=f"arrival:{arrival.key}",
        chat_id=arrival.chat_id,
    )


def _kept(
    tx: Tx, inbox_id: int, message: Message, reply: Reply | None, *, deliver: bool
) -> Reply | None:
    """Store the reply with its message and queue it, in the transaction of its effect."""
    reply = cards.clean(reply) if reply else None
    stored = reply.to_json() if reply else None
    inbox.finish(tx, inbox_id, stored)
    if stored is not None and deliver:
        outbox.post(
            tx,
            target=f"{message.platform}:{message.chat_id}",
            topic="reply",
            kind="reply",
            key=f"reply:{message.key}",
            payload={
                "reply": stored,
                "buttons": reply.commands if reply else {},
                "to": message.user_id,
                "inbox_id": inbox_id,
                "answers": message.key,
                "chat_kind": message.chat_kind,
                "handle": dict(message.handle),
            },
            urgent=True,  # somebody waits for it: it does not queue behind the chat's pushes
            wait_s=message.polled_s,
        )
    return reply


def _storable(text: str) -> str:
    """``text`` without lone surrogates and NUL, which no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _figures(reply: Reply | None) -> tuple[str, str]:
    return (reply.intent, reply.error or reply.outcome) if reply else ("unknown", "ignore")


__all__ = ["Dispatcher", "commands"]
