"""What is to be done at a time: 明早9点上架手冲壶, T恤8折到周日晚12点."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bot.understanding import times
from bot.understanding.candidates import Candidate
from bot.understanding.reading import Reading
from bot.understanding.tokens import Line

CLOCKED = frozenset({"set_price", "relist", "delist", "open_shop", "close_shop"})
_LIKELY = 0.3
_LEADS = re.compile(
    r"^(?:开始|起|之前|以前|之后|以后|后|前|到|截止|为止|准时|整|自动|时候?|的时候|定时|就|再|等到?|从|在|于|自|直到|until|till|by|at|from|on|starting|,)+$"
)


def retold(heard: dict[str, float], line: Line) -> dict[str, float]:
    """What a line sounds like when it names a moment: that of a timed command is its act's too."""
    if not line.cells("day", "time", "later", "period"):
        return heard
    timed = heard.get("schedule", 0.0)
    acts = {intent: heard.get(intent, 0.0) + timed for intent in CLOCKED}
    return heard | acts | {"schedule": 0.0 if timed > _LIKELY else timed}


def planned(best: Candidate, now: datetime) -> Reading | None:
    """The command as one to be done at the time it names, None when it names none."""
    if best.command.intent not in CLOCKED or best.doubt not in {"", "past"}:
        return None
    rest = best.command.rest
    if rest is not None and not best.filled.known:
        return None
    moment = _moment(best.line, now)
    return _scheduled(best, moment) if moment is not None else None


def _moment(line: Line, now: datetime) -> datetime | None:
    """When it is to be done: a day, a time of day or both; None for no moment to come."""
    moments = {t.kind: t.value for t in line.tokens if t.kind in {"day", "time", "later", "period"}}
    if "later" in moments:
        return moments["later"]  # type: ignore[no-any-return]  # the lexer's values are Any
    clock = str(moments.get("time", ""))
    day, part = _day(moments, now)
    if "period" in moments and day is None:
        return None
    if (not clock and day in {None, now.date()}) or (day is not None and day < now.date()):
        return None
    if part == "晚" and clock and int(clock[:2]) < 12:
        clock = f"{int(clock[:2]) + 12:02d}{clock[2:]}"
    return times.instant(day, clock or None, now)


def _day(moments: Mapping[str, Any], now: datetime) -> tuple[date | None, str]:
    """The day that is named, and whether it is its evening."""
    if "day" in moments:
        value = moments["day"]
        return value if isinstance(value, tuple) else (value, "")
    word = str(moments.get("period", ""))
    if word == "today":
        return now.date(), ""
    return (_coming(word, now) if re.fullmatch(r"[0-9]{2}-[0-9]{2}", word) else None), ""


def _coming(word: str, now: datetime) -> date | None:
    month, day = map(int, word.split("-"))
    for year in (now.year, now.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            return None
        if found >= now.date():
            return found
    return None


def _scheduled(best: Candidate, moment: datetime) -> Reading | None:
    filled = best.filled
    said = {
        best.line.text[t.start : t.end]
        for t in best.line.tokens
        if t.kind in {"day", "time", "later", "period"}
    }
    rest = [words for words in filled.leftover if not _LEADS.match(words)]
    spare = [words for words in filled.spare if words not in said]
    if best.missing or filled.bad or rest or spare:
        return None
    slots = {**filled.slots, "at": moment.strftime("%Y-%m-%dT%H:%M"), "part": best.command.intent}
    return Reading(outcome="execute", intent="schedule", slots=slots)
