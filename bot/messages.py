"""What goes in and out of the bot: plain frozen data, nothing of any chat platform."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Self


class Role(IntEnum):
    """What a person may do; each role may do all that the lower ones may."""

    NONE = 0
    VIEWER = 1
    STAFF = 2
    MANAGER = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """The stored word, such as ``owner``."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Role":
        """The role of a stored word. Raises ``KeyError``."""
        return cls[word.upper()]


@dataclass(frozen=True, slots=True)
class Press:
    """A button was pressed: ``button`` (see ``Button.id``) of the card with this number.

    ``inputs`` are the fields of its form, by name, as they were filled in. ``answers``, which the
    shop adds, is the key of the message that the card answered.
    """

    card: int
    button: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    answers: str = ""


ATTACHED = "attachment"  # the key in ``FileRef.handle`` of a file that is kept here


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file somebody sent: its name, and what the platform needs to fetch it."""

    name: str
    handle: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody a message mentions, and the name they are mentioned by."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message a person sent, or one button a person pressed (``press``; no ``text`` then).

    ``chat_kind`` is ``group`` or ``direct``; ``addressed``: the bot was mentioned, replied to, or
    is spoken to directly; ``sent_at`` is aware, by the platform's clock. ``handle`` is what the
    platform needs to answer this very message. ``polled_s``: so long the platform asks for the
    answer by itself, and only then it is sent.
    """

    platform: str
    message_id: str
    chat_id: str
    chat_kind: str
    user_id: str
    user_name: str
    text: str
    sent_at: datetime
    addressed: bool = True
    press: Press | None = None
    files: tuple[FileRef, ...] = ()
    people: tuple[Mention, ...] = ()
    handle: Mapping[str, Any] = field(default_factory=dict)
    polled_s: float = 0.0

    @property
    def key(self) -> str:
        """What makes the message one and the same for ever: ``platform:message id``."""
        return f"{self.platform}:{self.message_id}"

    @property
    def actor(self) -> str:
        """Who did it, in movements and the audit: ``platform:user id``."""
        return f"{self.platform}:{self.user_id}"

    def to_json(self) -> dict[str, Any]:
        """A JSON object that ``from_json`` reads back."""
        return {**asdict(self), "sent_at": self.sent_at.isoformat()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The message again."""
        press, files = stored.get("press"), stored.get("files", ())
        return cls(
            **{
                **stored,
                "sent_at": datetime.fromisoformat(stored["sent_at"]),
                "press": Press(**press) if press else None,
                "files": tuple(FileRef(**file) for file in files),
                "people": tuple(Mention(**person) for person in stored.get("people", ())),
            }
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """The bot came into a chat, or was put out of it (``left``)."""

    platform: str
    chat_id: str
    key: str
    name: str = ""
    left: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a reply."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Button:
    """Pressing it sends ``command`` in the presser's name. ``style``: "", "primary" or "danger"."""

    label: str
    command: str
    style: str = ""

    @property
    def id(self) -> str:
        """What a card carries in place of the command; the shop looks the command up by it."""
        return hashlib.sha256(self.command.encode("utf-8", "replace")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form: its name in the form's command, and what it is called."""

    name: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and the button that sends them; a platform without forms leaves it out.

    The button's command names each field in braces: ``补货 KFD {units}``. An empty field is empty
    there too.
    """

    inputs: tuple[Input, ...]
    button: Button


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text already; every row is as long as ``head``."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One series. ``kind`` is ``bar`` or ``line``; a platform without charts leaves it out."""

    kind: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer or a broadcast, for any platform to render.

    ``outcome`` and ``intent`` are the contract's words; ``error`` is the ``code`` of what was
    refused, None when nothing was. ``file`` is a number in ``store.attachments``.
    """

    title: str = ""
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    buttons: tuple[Button, ...] = ()
    outcome: str = "execute"
    intent: str = "unknown"
    error: str | None = None
    form: Form | None = None
    file: int | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object of lists and dicts that ``from_json`` reads back."""
        return {
            "title": self.title,
            "text": self.text,
            "fields": [list(pair) for pair in self.fields],
            "table": _table_json(self.table),
            "chart": _chart_json(self.chart),
            "buttons": [asdict(button) for button in self.buttons],
            "outcome": self.outcome,
            "intent": self.intent,
            "error": self.error,
            "form": asdict(self.form) if self.form else None,
            "file": self.file,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The reply again."""
        return cls(
            title=stored["title"],
            text=stored["text"],
            fields=tuple((name, value) for name, value in stored["fields"]),
            table=_table(stored["table"]),
            chart=_chart(stored["chart"]),
            buttons=tuple(Button(**button) for button in stored["buttons"]),
            outcome=stored["outcome"],
            intent=stored["intent"],
            error=stored["error"],
            form=_form(stored.get("form")),  # replies stored by the version before have neither
            file=stored.get("file"),
        )

    @property
    def presses(self) -> tuple[Button, ...]:
        """Every button of the reply, its form's included."""
        return (*self.buttons, self.form.button) if self.form else self.buttons

    @property
    def commands(self) -> dict[str, str]:
        """The command of each button by its id, as cards are looked up."""
        return {button.id: button.command for button in self.presses}


def _table_json(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {"head": list(table.head), "rows": [list(row) for row in table.rows]}


def _table(stored: dict[str, Any] | None) -> Table | None:
    if stored is None:
        return None
    return Table(tuple(stored["head"]), tuple(tuple(row) for row in stored["rows"]))


def _form(stored: dict[str, Any] | None) -> Form | None:
    if stored is None:
        return None
    inputs = tuple(Input(**entry) for entry in stored["inputs"])
    return Form(inputs, Button(**stored["button"]))


def _chart_json(chart: Chart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    return {
        "kind": chart.kind,
        "labels": list(chart.labels),
        "values": list(chart.values),
        "title": chart.title,
    }


def _chart(stored: dict[str, Any] | None) -> Chart | None:
    if stored is None:
        return None
    labels, values = tuple(stored["labels"]), tuple(stored["values"])
    return Chart(stored["kind"], labels, values, stored.get("title", ""))
