"""What the dispatcher adds to what handlers say: who, how to undo it, what to confirm."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
    own = command.intent == "undo"  # it brings its own way back
    return replace(
        reply,
        fields=reply.fields + who,
        text=_joined(reply, language, "done.undo"),
        buttons=reply.buttons if own else (*reply.buttons, undo),
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


def together(language: str, command: Command, replies: Sequence[Reply]) -> Reply:
    """What was done to each of several things, a row each."""
    rows = []
    for reply in replies:
        if reply.table is not None:
            rows += [
                (row[1] if len(row) > 1 else row[0], " ".join(row[2:])) for row in reply.table.rows
            ]
            continue
        said = "；".join(f"{name} {value}" for name, value in reply.fields) or reply.text
        rows.append((reply.title, said))
    verbs = {title.partition(" ")[0] for title, _ in rows}
    if len(verbs) == 1:  # 补货 stands in the title already
        rows = [(title.partition(" ")[2] or title, said) for title, said in rows]
    head = (texts.say(language, "field.product"), texts.say(language, "field.change"))
    title = texts.say(language, "title.batch", word=word(language, command), number=len(rows))
    return Reply(title=title, table=Table(head, tuple(rows)))


def refused_rows(language: str, refused: Sequence[tuple[str, str]]) -> Reply:
    """Why nothing of a batch was done: each row that cannot be, with its reason."""
    head = (texts.say(language, "field.product"), texts.say(language, "import.reason"))
    text = texts.say(language, "batch.refused", number=len(refused))
    return Reply(text=text, table=Table(head, tuple(refused)), error="invalid_request")


def named(item: Mapping[str, Any]) -> str:
    """What a row of a batch is about."""
    target = next((value for value in item.values() if isinstance(value, dict)), None)
    if target is None:
        return str(item.get("order_no", ""))
    name = target.get("code") or target.get("name") or target.get("category") or ""
    return " ".join([str(name), *target.get("specs", {}).values()])


def word(language: str, command: Command) -> str:
    """The first word in the language that is this command's alone."""
    own = [w for w in command.words if w.casefold() not in command.shared] or list(command.words)
    return own[0] if language == "zh" else next((w for w in own if w.isascii()), own[0])


def digest(preview: Reply, agreed: str = "") -> str:
    """What a yes is bound to: ``agreed``, else all that the preview shows in its places."""
    table = [preview.table.head, preview.table.rows] if preview.table else []
    shown = agreed or json.dumps([preview.title, preview.fields, table], ensure_ascii=False)
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
