"""What is to be done at a time, or until then: 明早9点上架手冲壶, T恤8折到周日晚12点."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.understanding import times, wording
from bot.understanding.candidates import Candidate
from bot.understanding.cautions import cautious
from bot.understanding.ear import IGNORE, NOT
from bot.understanding.reading import Reading
from bot.understanding.tokens import Line, Token, pattern

CLOCKED = frozenset({"set_price", "relist", "delist", "open_shop", "close_shop"})
SCHEDULE = "schedule"
_LIKELY, _HALF = 0.3, 0.5
_UNMEANT = frozenset({"negation", "condition", "injection", "aside"})
_LEADS = re.compile(
    r"^(?:开始|起|之前|以前|之后|以后|后|前|到|截止|为止|准时|整|自动|时候?|的时候|定时|就|再|等到?|从|在|于|自|直到|until|till|by|at|from|on|starting|,)+$"
)
_MOMENT = ("day", "time", "later", "period")
# Where the moment begins at which things are again as they were: 到周日, 周日为止, 周一恢复原价.
_END = pattern(
    r"(?<=.)(?:直?到|至|截止到?|截至|\b(?:until|till|through)\b) ?(?={when})"
    r"|(?={when}+(?:为止|截止|结束)|{when}+(?:再|就|后|都|自动|又|,)*"
    r"(?:恢复|改回|变回|调回|还原|涨回|降回)(?:原价|原来的?价格?|原样|原状|正常|来|去)*[了吧.!]*$"
    r"|{when}+,?(?:back|restore)(?: it)?(?: to (?:normal|the old price|full price))?$)"
    r"|,?\b(?:and )?(?:then )?(?:back|restore)(?: it)?(?: to (?:normal|the old price|full price))? (?:on |at )?(?={when})"
)
_UNTIL_FIRST = pattern(r"(?:直?到|截止到?|截至)(?={when})")  # 到周日手冲壶8折; 到周日下架 is then
_RESTORED = pattern(r"(?:恢复|改回|变回|调回|还原|涨回|降回|\bback\b|\brestore\b)")
_NOON = 12
_UNTIL = re.compile(r"\b(?:until|till)\b", re.IGNORECASE | re.ASCII)
_BACK = re.compile(
    r"^(?:为止|截止|结束|再|自动|又|恢复|改回|变回|调回|还原|涨回|降回|原价|原来的?价格?|原样|原状|正常|来|去|了|吧"
    r"|and|then|back|restore|it|to|normal|the|old|full|price|through|on|at|[ ,])+$"
)


def retold(heard: dict[str, float], line: Line) -> dict[str, float]:
    """What a line sounds like when it names a moment: that of a timed command is its act's too."""
    if not line.cells(*_MOMENT):
        return heard
    timed = heard.get("schedule", 0.0)
    acts = {intent: heard.get(intent, 0.0) + timed for intent in CLOCKED}
    return heard | acts | {"schedule": 0.0 if timed > _LIKELY else timed}


def planned(best: Candidate, now: datetime) -> Reading | None:
    """The command as one to be done at the time it names, None when it names none."""
    if best.command.intent == SCHEDULE:
        return _looked_up(best)
    if best.command.intent not in CLOCKED or _doubted(best) or _unlike(best):
        return None
    rest = best.command.rest
    if not (best.filled.known if rest is not None else best.cue.letters):
        return None
    moments = _moments(best.line, now, inclusive=best.command.intent == "set_price")
    if moments and not best.cue.letters and best.command.intent != "set_price":
        return Reading(outcome="clarify")  # taken off or put on sale: no word says which
    return _scheduled(best, moments) if moments else None


def _unlike(best: Candidate) -> bool:
    """Whether it rather is talk, 收工收工 明天见, or holds a word to be careful of."""
    talk = best.sounds(IGNORE) + best.sounds(NOT) > _LIKELY
    return talk or bool(cautious(best.command.intent, best.line))


def _looked_up(best: Candidate) -> Reading | None:
    """What is timed, asked for in any words; None where something is to be cancelled."""
    if best.filled.slots or best.sounds(NOT) > _HALF or best.sounds(IGNORE) > _HALF:
        return None
    if best.doubt in _UNMEANT:
        return None
    filled = best.filled
    if best.line.cells("sku", "category", "all") and not best.cue.letters:
        return Reading(outcome="clarify")  # a moment that was not understood: 8折到月底
    whole = best.at_start and not (filled.leftover or filled.aside or filled.spare)
    return Reading(outcome="execute", intent=SCHEDULE, summons=whole)


def _doubted(best: Candidate) -> bool:
    """Whether it may not be meant; that it lasts until a moment is no condition."""
    if best.doubt in {"condition", "aside"}:
        said, aside = (_UNTIL.sub("", words) for words in best.filled.heard)
        doubts = [doubt.search(said) for doubt in wording.DOUBTS.values()]
        return any(doubts) or wording.ASIDE.search(aside) is not None
    return best.doubt not in {"", "past"}


def _moments(line: Line, now: datetime, *, inclusive: bool) -> dict[str, datetime]:
    """``at``: when it is to be done; ``until``: when it ends. Empty for no moment to come.

    ``inclusive``: until a day means until its end.
    """
    tokens = [token for token in line.tokens if token.kind in _MOMENT]
    ends = inclusive and _UNTIL_FIRST.match(line.masked)
    border = 0 if ends else _border(line, tokens)
    begin = {token.kind: token.value for token in tokens if token.start < border}
    end = {token.kind: token.value for token in tokens if token.start >= border}
    if len(begin) + len(end) < len(tokens):
        return {}  # 周六周日: two days are no moment
    found = {}
    if begin:
        at = _moment(begin, now)
        if at is None:
            return {}
        found["at"] = at
    if end:
        until = _end(end, found.get("at", now))
        if until is None:
            return {}
        whole = (
            inclusive and not end.keys() & {"time", "later"} and not _RESTORED.search(line.masked)
        )
        found["until"] = until + timedelta(days=1) if whole else until
    return found


def _border(line: Line, tokens: list[Token]) -> int:
    """Where in the text the end begins; beyond the text when none is said."""
    said = next((t.start for t in tokens if _UNTIL.match(line.text[t.start : t.end])), None)
    if said is not None:
        return said
    match = _END.search(line.masked)
    return line.places[match.end()][0] if match else len(line.text)


def _end(moments: Mapping[str, Any], begin: datetime) -> datetime | None:
    """When it ends: the first such moment after it begins, so 周一 of a Friday is the next one.

    10点 of an evening's 8点 is its 22:00.
    """
    day, clock = moments.get("day"), str(moments.get("time", ""))
    if moments.keys() == {"time"} and begin.hour >= _NOON > int(clock[:2]) > begin.hour - _NOON:
        moments = {"time": f"{int(clock[:2]) + _NOON:02d}{clock[2:]}"}
    while isinstance(day, date) and day < begin.date():
        day += timedelta(days=7)
    return _moment({**moments, "day": day} if day is not None else moments, begin)


def _moment(moments: Mapping[str, Any], now: datetime) -> datetime | None:
    """The moment of a day, a time of day or both; None for none to come."""
    if "later" in moments:
        later: datetime = moments["later"]
        return later + timedelta(minutes=1, microseconds=-1)  # it is cut to minutes; never earlier
    clock = str(moments.get("time", ""))
    day, part = _day(moments, now)
    if "period" in moments and day is None:
        return None
    if (not clock and day in {None, now.date()}) or (day is not None and day < now.date()):
        return None
    if part == "晚" and clock and int(clock[:2]) <= _NOON:
        clock = f"{int(clock[:2]) + 12:02d}{clock[2:]}"
    return times.instant(day, clock or None, now)


def _day(moments: Mapping[str, Any], now: datetime) -> tuple[date | None, str]:
    """The day that is named, and whether it is its evening; named twice it is the same day."""
    value = moments.get("day")
    day, part = value if isinstance(value, tuple) else (value, "")
    word = str(moments.get("period", ""))
    if not word:
        return day, part
    dated = _coming(word, now) if re.fullmatch(r"[0-9]{2}-[0-9]{2}", word) else None
    named = now.date() if word == "today" else dated
    return (named, part) if day in {None, named} else (None, "")


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


def _scheduled(best: Candidate, moments: Mapping[str, datetime]) -> Reading | None:
    filled = best.filled
    said = {best.line.text[t.start : t.end] for t in best.line.tokens if t.kind in _MOMENT}
    rest = [
        words for words in filled.leftover if not (_LEADS.match(words) or _ends(words, moments))
    ]
    spare = [words for words in filled.spare if words not in said]
    if best.missing or filled.bad or rest or spare:
        return None
    when = {key: moment.strftime("%Y-%m-%dT%H:%M") for key, moment in moments.items()}
    slots = {**filled.slots, **when, "part": best.command.intent}
    return Reading(outcome="execute", intent="schedule", slots=slots)


def _ends(words: str, moments: Mapping[str, datetime]) -> bool:
    """Whether words that are left only say that things are as before then."""
    return "until" in moments and _BACK.match(words) is not None
