"""A pressed button: which card, what it stands for, and what the card shows afterwards."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import texts
from bot.dispatcher.running import Room
from bot.messages import Message, Press, Reply
from bot.texts import visible
from store import cards, counts, dialogues, members
from store.cards import Card
from store.counts import Place
from store.db import Tx

_FIELD = re.compile(r"\{([a-z_]+)\}")
_LONGEST = 80  # characters of a form's field
_DIALOGUE = frozenset({"clarify", "confirm"})


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that may act: its card, and the message it stands for."""

    card: Card
    press: Press
    message: Message

    def settle(self, tx: Tx, room: Room, reply: Reply) -> bool:
        """Write down what came of it, and have the card show it.

        Returns whether it will: the reply then needs no message of its own.
        """
        command = room.commands.get(reply.intent)
        done = reply.error is None and reply.outcome == "execute"
        wrote = done and command is not None and command.writes
        if wrote:
            cards.mark(tx, self.card, button=self.press.button, actor=self.message.actor)
            if self.card.kind != "reply":
                cards.refresh(tx, self.card.event)
        ref = str(self.message.handle.get("edit", ""))
        if ref and reply.error == "wrong_state" and self.card.kind != "reply":
            cards.redraw(tx, self.card, ref=ref)
        settled = wrote or (self.card.outcome in _DIALOGUE and reply.error is None)
        if not settled or not (ref or self.card.editable):
            return False
        cards.replace(
            tx,
            self.card,
            answers=self.message.key,
            ref=ref,
            reply=reply.to_json(),
            buttons=reply.commands,
        )
        return True


def pressed(tx: Tx, message: Message, room: Room, language: str) -> Pressed | Reply:
    """The button that a message pressed, or why it does nothing.

    Whoever presses needs the role, and the state is looked at, as if the command had been typed:
    a card can be forwarded, and everybody in the chat can press it.
    """
    press = message.press
    if press is None:
        raise ValueError("nothing was pressed")
    card = cards.shown(tx, press.card)
    command = card.buttons.get(press.button) if card else None
    if card is None or command is None or not _shown_to(card, message):
        return _refused(language, "press.unknown", "not_found")
    done = card.pressed.get(press.button)
    if done is not None:
        ref = str(message.handle.get("edit", ""))
        if ref and card.kind != "reply":
            cards.redraw(tx, card, ref=ref)
        return _refused(language, "press.done", "wrong_state", who=_by(tx, done, room))
    own = not card.asker or card.asker == message.user_id
    if not own and card.outcome == "clarify":  # what a question offers is for whoever was asked
        return _refused(language, "press.not_yours", "forbidden")
    answers = card.outcome == "clarify" and not _complete(command, room)
    if answers and not _still_open(tx, message, card):
        return _refused(language, "dialogue.expired", "wrong_state")
    said = replace(
        message,
        text=_filled(command, press),
        chat_kind=card.chat_kind or message.chat_kind,
        press=replace(press, answers=card.answers),
        addressed=True,
    )
    return Pressed(card, press, said)


def _shown_to(card: Card, message: Message) -> bool:
    return card.target in {
        f"{message.platform}:{message.chat_id}",
        f"{message.platform}:{message.user_id}",  # told in private, by the person's own id
    }


def _complete(command: str, room: Room) -> bool:
    """Whether a button says a whole command, and does not answer a question that must be open."""
    word, _, rest = command.partition(" ")
    return bool(rest) and room.commands.named(word) is not None


def _still_open(tx: Tx, message: Message, card: Card) -> bool:
    """Whether the question on a card is the one that waits: an old one must not answer a new.

    A running count waits beside it, with what it asks for next.
    """
    asked = dialogues.current(
        tx, platform=message.platform, chat_id=message.chat_id, user_id=message.user_id
    )
    if asked is not None and asked.command.get("raised_by") == card.answers:
        return True
    where = Place(message.platform, message.chat_id, message.user_id)
    return counts.shown_by(tx, where) == card.answers


def _filled(command: str, press: Press) -> str:
    """The command with the fields of the form in it, as one line."""

    def value(match: re.Match[str]) -> str:
        return " ".join(visible(str(press.inputs.get(match[1], ""))).split())[:_LONGEST]

    return " ".join(_FIELD.sub(value, command).split())


def _by(tx: Tx, done: dict[str, Any], room: Room) -> str:
    """``小陈 14:03``."""
    at = datetime.fromisoformat(done["at"]).astimezone(room.shop.zone)
    return f"{members.called(tx, done['by'])} {at.strftime('%H:%M')}"


def _refused(language: str, key: str, error: str, **values: object) -> Reply:
    return Reply(text=texts.say(language, key, **values), error=error)
