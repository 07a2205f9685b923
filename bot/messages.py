"""What goes in and out of the bot: plain frozen data, nothing of any chat platform."""

from dataclasses import asdict, dataclass
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
class Message:
    """One message a person sent, or a button a person pressed (``text`` is then its command).

    ``chat_kind`` is ``group`` or ``direct``; ``addressed``: the bot was mentioned, replied to, or
    is spoken to directly; ``sent_at`` is aware, by the platform's clock.
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
        return cls(**{**stored, "sent_at": datetime.fromisoformat(stored["sent_at"])})


@dataclass(frozen=True, slots=True)
class Button:
    """Pressing it sends ``command`` in the presser's name. ``style``: "", "primary" or "danger"."""

    label: str
    command: str
    style: str = ""


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


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer or a broadcast, for any platform to render.

    ``outcome`` and ``intent`` are the contract's words; ``error`` is the ``code`` of what was
    refused, None when nothing was.
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
        )


def _table_json(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {"head": list(table.head), "rows": [list(row) for row in table.rows]}


def _table(stored: dict[str, Any] | None) -> Table | None:
    if stored is None:
        return None
    return Table(tuple(stored["head"]), tuple(tuple(row) for row in stored["rows"]))


def _chart_json(chart: Chart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    return {"kind": chart.kind, "labels": list(chart.labels), "values": list(chart.values)}


def _chart(stored: dict[str, Any] | None) -> Chart | None:
    if stored is None:
        return None
    return Chart(stored["kind"], tuple(stored["labels"]), tuple(stored["values"]))
