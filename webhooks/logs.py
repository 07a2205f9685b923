"""Logs: one event is one line, as text for people or JSON for machines, and never a secret."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}
# What would start a new line, move the cursor or turn the text around: control characters, C1
# controls, Unicode line ends, marks of direction; and halves of surrogate pairs, which no file
# takes.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BARE = re.compile(r"[\w.:/@+-]+", re.ASCII)
_HIDDEN = "***"
_SHORTEST_SECRET = 6  # shorter ones would tear holes into ordinary words
# They log whole URLs, robots' keys included, below warning.
_TALKATIVE = (
    "urllib3",
    "httpx",
    "httpcore",
    "requests",
    "apscheduler",
    "uvicorn.access",
    "websockets",
    "Lark",
    "wechatpy",
    "PIL",
    "alembic",
)


def configure(*, format: str, level: str, secrets: Iterable[str] = ()) -> None:  # noqa: A002  (the setting's name)
    """Send the logs of this process to standard error. ``format``: text or json."""
    formatter = JsonFormatter(secrets) if format == "json" else TextFormatter(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.raiseExceptions = False  # a full disk or a closed pipe must not stop an order
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Formatter(logging.Formatter):
    """Hides ``secrets`` wherever they turn up and escapes what would forge a line."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        longest_first = sorted(
            {s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True
        )
        self._secrets = (
            re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        )

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = self.line(record)
        if self._secrets is not None:
            line = self._secrets.sub(_HIDDEN, line)
        return _UNSAFE.sub(_escaped, line)

    def line(self, record: logging.LogRecord) -> str:
        """The record before it is made safe."""
        raise NotImplementedError


class TextFormatter(_Formatter):
    """``2026-11-24T10:00:00+08:00 INFO bot.delivery broadcast_sent target=console:demo``."""

    def line(self, record: logging.LogRecord) -> str:
        """Time, level, logger, event, fields, and a traceback folded into the line."""
        at = _at(record).astimezone().isoformat(timespec="seconds")
        parts = [at, record.levelname, record.name, record.getMessage()]
        parts += [f"{key}={_quoted(value)}" for key, value in _fields(record).items()]
        trace = _trace(self, record)
        if trace:
            parts.append("| " + " ⏎ ".join(trace.splitlines()))
        return " ".join(parts)


class JsonFormatter(_Formatter):
    """An object a line: ``at``, ``level``, ``logger``, ``event``, the fields, ``trace``."""

    def line(self, record: logging.LogRecord) -> str:
        """The record as a JSON object."""
        entry = {
            "at": _at(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry = {**_fields(record), **entry}
        trace = _trace(self, record)
        if trace:
            entry["trace"] = trace
        return json.dumps(entry, ensure_ascii=False, default=str)


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _quoted(value: object) -> str:
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
