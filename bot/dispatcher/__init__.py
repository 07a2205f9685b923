"""Message -> Reply in two transactions.

*Receive* makes a message durable, *handle* does what it says.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from bot import commands, texts
from bot.dispatcher import cards
from bot.dispatcher.running import Room
from bot.dispatcher.turn import Turn
from bot.dispatcher.vocabulary import Vocabulary
from bot.messages import Message, Reply, Role
from bot.registry import COMMANDS, Registry, ShopFacts
from bot.understanding import Catalogue
from store import inbox, outbox
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
                lambda tx: self._handled(tx, inbox_id, catalogue, role=role, deliver=deliver)
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
        reply = Turn(tx, message, self._room, catalogue, role).reply()
        return _kept(tx, inbox_id, message, reply, deliver=deliver)

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
            payload={"reply": stored, "to": message.user_id, "inbox_id": inbox_id},
            urgent=True,  # somebody waits for it: it does not queue behind the chat's pushes
        )
    return reply


def _storable(text: str) -> str:
    """``text`` without lone surrogates and NUL, which no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _figures(reply: Reply | None) -> tuple[str, str]:
    return (reply.intent, reply.error or reply.outcome) if reply else ("unknown", "ignore")


__all__ = ["Dispatcher", "commands"]
