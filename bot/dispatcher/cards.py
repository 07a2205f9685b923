"""What the dispatcher adds to what handlers say: who, how to undo it, what to confirm."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

from bot import texts
from bot.messages import Button, Reply, Table
from bot.registry import Command


def refused(language: str, key: str, *, intent: str, error: str) -> Reply:
    """A sentence of the catalogue as a refusal."""
    return Reply(text=texts.say(language, key), intent=intent, error=error)


def marked(reply: Reply, command: Command, *, error: str | None = None) -> Reply:
    """The reply as an answer to this command."""
    return replace(reply, intent=command.intent, error=error)


def done(
    language: str, command: Command, reply: Reply, *, people: Sequence[str], changed: bool
) -> Reply:
    """A write's reply with who did it (and who confirmed it) and how to undo it."""
    keys = ("field.who", "field.approved")
    who = tuple((texts.say(language, key), name) for key, name in zip(keys, people, strict=False))
    if not changed:
        return replace(reply, fields=reply.fields + who, text=_joined(reply, language, "done.same"))
    if not command.undoable:
        return replace(
            reply, fields=reply.fields + who, text=_joined(reply, language, "done.final")
        )
    undo = Button(texts.say(language, "button.undo"), texts.say(language, "word.undo"))
    return replace(
        reply,
        fields=reply.fields + who,
        text=_joined(reply, language, "done.undo"),
        buttons=(*reply.buttons, undo),
    )


def to_confirm(language: str, preview: Reply, reasons: Sequence[str], ticket: str) -> Reply:
    """What would happen, why it is asked, and the two buttons."""
    how = texts.say(language, "confirm.how")
    return replace(
        preview,
        title=texts.say(language, "confirm.title", title=preview.title),
        text="\n".join(part for part in (*reasons, preview.text, how) if part),
        buttons=(
            Button(
                texts.say(language, "button.yes"),
                f"{texts.say(language, 'word.yes')} {ticket}",
                "primary",
            ),
            Button(texts.say(language, "button.no"), f"{texts.say(language, 'word.no')} {ticket}"),
        ),
        outcome="confirm",
    )


def digest(preview: Reply) -> str:
    """What makes two previews the same to whoever confirms one."""
    table = [preview.table.head, preview.table.rows] if preview.table else []
    shown = json.dumps([preview.title, preview.fields, table], ensure_ascii=False)
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()


def ticket(key: str) -> str:
    """The name of a question: six hexadecimal digits of the key of the message that raised it."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:6].upper()


def clean(reply: Reply) -> Reply:
    """The reply without characters that could re-order or hide its words: it may quote anybody."""
    return replace(
        reply,
        title=texts.visible(reply.title),
        text=texts.visible(reply.text),
        fields=tuple((texts.visible(name), texts.visible(value)) for name, value in reply.fields),
        table=_clean_table(reply.table),
        buttons=tuple(
            replace(b, label=texts.visible(b.label), command=texts.visible(b.command))
            for b in reply.buttons
        ),
    )


def _clean_table(table: Table | None) -> Table | None:
    if table is None:
        return None
    rows = tuple(tuple(texts.visible(cell) for cell in row) for row in table.rows)
    return Table(table.head, rows)


def _joined(reply: Reply, language: str, key: str) -> str:
    return "\n".join(part for part in (reply.text, texts.say(language, key)) if part)
