"""What is to be done at a time, or until then: 明早9点上架手冲壶, T恤8折到周日晚12点."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot import texts
from bot.understanding import cautions, lexer, times, wording
from bot.understanding.candidates import Candidate
from bot.understanding.catalogue import Catalogue
from bot.understanding.ear import IGNORE, NOT
from bot.understanding.numerals import HANZI
from bot.understanding.reading import TARGETS, Reading
from bot.understanding.tokens import Line, Token, pattern

CLOCKED = frozenset({"set_price", "relist", "delist", "open_shop", "close_shop"})
SCHEDULE = "schedule"
_SHOP = frozenset({"open_shop", "close_shop"})
_ENDING = frozenset({"set_price", "delist", "close_shop"})  # what 恢复 is the end of
_COUNTED = frozenset({"restock", "deduct", "stocktake"})
_FAINT, _LIKELY, _HALF = 0.2, 0.3, 0.5
_UNMEANT = frozenset({"negation", "condition", "injection", "aside"})
_LEADS = re.compile(
    r"^(?:开始|起|之前|以前|之后|以后|后|前|到|至|截至|截止|为止|准时|整|自动|时候?|的时候|定时|限时|休息|持续|为期|活动|卖|只|连续|先|就|再|等到?|从|在|于|自|直到|until|till|by|at|from|on|for|starting|,)+$"
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
_NOON, _DAWN = 12, 6
_UNTIL = re.compile(r"\b(?:until|till)\b", re.IGNORECASE | re.ASCII)
# Words of the shop's hours, and of what is told at a time.
_OPENS = pattern(r"开门|开店|开始?营业|恢复营业|上架|开卖|\bopen\b|\bon sale\b|\brelist\b")
_CLOSES = pattern(
    r"打烊|关店|关门|收摊|停业|歇业|下架|停售|\bclos(?:e|ing)\b|\boff sale\b|\bdelist\b"
)
_HOURS = pattern(
    r"打烊|关店|关门|收摊|停业|歇业|开门|开店|营业(?!额|收入|情况|数据)"
    r"|\b(?:open|close)(?: up)?(?: the)? (?:shop|store)\b"
)
_TOLD = pattern(r"推|发|播|报|提醒|通知|订阅|告诉|日报|汇总|消息|\bsend\b|\bsummary\b")
# Begun by then, or ended? With the day that is named, or the next?
_BEFORE = pattern(
    r"{when}(?:之前|以前|前)(?!面)|\b(?:before|by|after) ?{when}|(?:{day}|{period})(?:之后|以后|后)"
)
_DAY_ALONE = re.compile(r"[^月\-/.]{1,3}[号日]")
# Three days, or the third: 8折三日, 关店三日, 三日8折. Not 到三日 or 三日起.
_DAYS_OR_DATE = pattern(
    r"(?<=.)(?<![到至止从自于在起]){period}[吧了]?$"
    rf"|(?<![到至止从自于在起卖时续期息{HANZI[1:-1]}])(?:[0-9]{{1,2}}|{HANZI}{{1,3}}|{{int}})日(?![起前后内止])"
)
_FEW_DAYS = re.compile(rf"(?:[0-9]{{1,2}}|{HANZI}{{1,3}})日[吧了]?")
# That it ends, without any word when: 到期恢复, 完了恢复原价. 改回99 is a price.
_SOMETIME = pattern(
    r"到期|到时间|(?:恢复|改回|变回|调回|还原|涨回|降回)(?!(?:原?价格?)?(?:为|成|到)?{amount})"
)
_YEAR = re.compile(r"20[0-9]{2}(?=[-年/])")
_RANGE = re.compile(r"([0-9]{2}-[0-9]{2})\.\.([0-9]{2}-[0-9]{2})")
_FAR = timedelta(days=340)  # a day that is further off has just been, and is rather a slip
_EVERY = pattern(r"\ball\b")
_LEFT = re.compile(r"[掉了吧都]+|of|for")
_LAST_DAY = re.compile(r"[月年][底末]$|\bend of\b", re.IGNORECASE)
_TODAY = frozenset({"今天", "今日", "当天", "today"})
_ACTS = re.compile(r"下架|上架|打烊|关店|关门|开门|开店|补|扣|改(?!回)|打折")  # a second command
_TENTH = pattern(r"(?P<hour>{time})(?P<off>{off})")  # 八点八折: 0.88, or 0.8 from eight on
_FROM_TODAY = pattern(r"(?:从|自|打){period}|{period}(?:开始|起)|\bfrom {period}")
_BACK = re.compile(
    r"^(?:为止|截止|结束|再|自动|又|恢复|改回|变回|调回|还原|涨回|降回|原价|原来的?价格?|原样|原状|正常|来|去|了|吧"
    r"|and|then|back|restore|it|to|normal|the|old|full|price|through|on|at|[ ,])+$"
)


def retold(heard: dict[str, float], line: Line) -> dict[str, float]:
    """What a line sounds like when it names a moment: that of a timed command is its act's too."""
    if not line.cells(*_MOMENT):
        return heard
    timed = heard.get(SCHEDULE, 0.0)
    stocked = cautions.STOCKED.search(line.masked) is not None
    acts = {k: heard.get(k, 0.0) + timed for k in (_COUNTED if stocked else CLOCKED)}
    heard = heard | acts | {SCHEDULE: 0.0 if timed > _LIKELY else timed}
    if _HOURS.search(line.masked) and not _TOLD.search(
        line.masked
    ):  # 10点打烊 subscribes to nothing
        told = heard.get("subscribe", 0.0)
        heard |= {intent: heard[intent] + told for intent in _SHOP} | {"subscribe": 0.0}
    return heard


def planned(best: Candidate, now: datetime) -> Reading | None:
    """The command as one to be done at the time it names, None when it names none.

    A time that cannot be placed, or not for this command, is asked about: nothing is done at once
    that was to be done then, and nothing for good that was to end.
    """
    intent = best.command.intent
    if intent == SCHEDULE:
        return _looked_up(best)
    if not best.command.writes or _talk(best):
        return None
    if intent in CLOCKED:
        return _clocked(best, now)
    if intent in _COUNTED and _ahead(best, now):
        return _asked(best, "ask.timed_stock")
    return None


def dropped(reading: Reading, text: str, catalogue: Catalogue | None, now: datetime) -> bool:
    """Whether a list would be done at once whose heading names a time to come, as 明早9点到货."""
    title, below, _ = text.partition("\n")
    if not below or "items" not in reading.slots or reading.intent == SCHEDULE:
        return False
    line = lexer.line(title, catalogue, now)
    values = {t.kind: t.value for t in line.tokens if t.kind in _MOMENT}
    moment = _moment(values, now) if values.keys() & {"day", "later", "period"} else None
    return (moment is not None and moment > now) or bool(_vague(line))


def _talk(best: Candidate) -> bool:
    """Whether it is rather talk, or said of what was: then it is no matter of time."""
    past = any(t.kind == "period" and t.value == "yesterday" for t in best.line.tokens)
    meant = best.filled.known or best.at_start or best.likely > _FAINT
    return past or not meant or best.sounds(IGNORE) > _HALF or best.sounds(NOT) > _HALF


def _clocked(best: Candidate, now: datetime) -> Reading | None:
    line, timed = best.line, best.line.cells(*_MOMENT)
    lasting = times.lasting(line)
    untimed = not timed and lasting is None and not _vague(line)
    if untimed and not cautions.REPEATED.search(line.masked):
        both = {"query", "delta"} <= best.filled.slots.keys()
        return _asked(best, "ask.two_prices") if both else None
    if _doubted(best):  # a confirmation would not name the time
        return _asked(best, "ask.unclear") if best.certain else None
    if best.past_or_future and _unlike(best):
        return None  # never done at once: a time that no slot took is a doubt
    question = _unplaced(best)
    if question is not None:
        return question
    if _now(best, now):
        return None
    return _in_time(best, now)


def _in_time(best: Candidate, now: datetime) -> Reading:
    """A command with moments that are all understood: what comes of it."""
    lasting = times.lasting(best.line)
    if cautions.cautious(best.command.intent, best.line, but=lasting[:2] if lasting else (0, 0)):
        return _asked(best, "ask.unclear")
    rest = best.command.rest
    if best.missing or not (best.filled.known if rest is not None else best.cue.letters):
        return _asked(best, "ask.timed_whole")
    if not best.cue.letters and best.command.intent != "set_price":
        return _asked(best, "ask.unclear")  # taken off or put on sale: no word says which
    moments = _moments(best, now)
    said = _said(best.line)
    if said in _TODAY and (best.filled.aside or not moments):  # 手冲壶8折，今天天气好
        return _asked(best, "ask.timed_today", words=said)
    sometime = _sometime(best, moments)
    if sometime or not moments:
        return _asked(best, "ask.timed_when", words=sometime or said)
    return _scheduled(best, moments) or _asked(best, "ask.timed_rest", words=said)


def _sometime(best: Candidate, moments: Mapping[str, datetime]) -> str:
    """The words that say it ends where none says when, "" for none."""
    ends = best.command.intent not in _ENDING or "until" in moments
    match = None if ends else _SOMETIME.search(best.line.masked)
    return best.line.words(*match.span()) if match else ""


def _unplaced(best: Candidate) -> Reading | None:
    """The question about a time that means two things, or none that can be kept."""
    line, masked = best.line, best.line.masked
    vague = _vague(line) or _days_or_date(line)
    if cautions.REPEATED.search(masked) or cautions.USUAL.search(masked):
        return _asked(best, "ask.timed_again")
    if line.cells(*_MOMENT) and cautions.STOCKED.search(masked):
        return _asked(best, "ask.timed_stock")
    if _OPENS.search(masked) and _CLOSES.search(masked):
        return _asked(best, "ask.timed_two")
    if vague or _BEFORE.search(masked):
        return _asked(best, "ask.timed_when", words=vague or _said(line))
    part = any(isinstance(t.value, tuple) and t.value[1] for t in line.tokens)  # 明早, 今晚
    torn = None if part else _TENTH.search(masked)
    if torn is not None and times.bare_hour(line.words(*torn.span("hour"))):
        hour, off = (line.words(*torn.span(part)) for part in ("hour", "off"))
        return _asked(best, "ask.timed_or_off", words=hour + off, hour=hour, off=off)
    hour = "" if part else _either_half(best)
    return _asked(best, "ask.timed_half", words=hour) if hour else None


def _vague(line: Line) -> str:
    """The first word of time that no clock places, "" for none."""
    match = cautions.VAGUE.search(line.masked)
    return line.words(*match.span()) if match else ""


def _days_or_date(line: Line) -> str:
    """The words that are some days or one day of the month, "" for none."""
    match = _DAYS_OR_DATE.search(line.masked)
    said = line.words(*match.span()) if match else ""
    return said if _FEW_DAYS.fullmatch(said) else ""


def _now(best: Candidate, now: datetime) -> bool:
    """Whether nothing but today is named, and that means now: 今天打烊, 从今天起手冲壶卖99."""
    line = best.line
    if times.lasting(line) is not None:
        return False
    days = [t for t in line.tokens if t.kind in _MOMENT]
    today = {"today", now.date()}
    part = best.command.intent in _SHOP  # 今晚不营业了
    values = [t.value[0] if part and isinstance(t.value, tuple) else t.value for t in days]
    if any(value not in today for value in values):
        return False
    return best.command.intent != "set_price" or _FROM_TODAY.search(line.masked) is not None


def _either_half(best: Candidate) -> str:
    """An hour that may be of the morning or of the evening: 10点打烊, 明天3点. "" for none."""
    line = best.line
    tokens = [t for t in line.tokens if t.kind in _MOMENT]
    clocks = [t for t in tokens if t.kind == "time"]
    day = any(t.kind != "time" for t in tokens)
    if not clocks:
        return ""
    said = line.text[clocks[0].start : clocks[0].end]
    hour = times.bare_hour(said)
    closes = best.command.intent == "close_shop"
    either = hour is not None and (not day or hour < _DAWN or (closes and hour < _NOON))
    return said if either else ""


def _ahead(best: Candidate, now: datetime) -> bool:
    """Whether a line about stock names a day or a moment that is still to come."""
    tokens = [t for t in best.line.tokens if t.kind in _MOMENT]
    values = {t.kind: t.value for t in tokens}
    if not values.keys() & {"day", "later", "period"} or best.doubt not in {"", "past"}:
        return False
    moment = _moment(values, now)
    return best.filled.known and moment is not None and moment > now


def _asked(best: Candidate, key: str, **values: object) -> Reading:
    """A question in the language of the line, and what of the command was understood."""
    language = _language(best.line)
    question = texts.say(language, key, **values)
    slots = {k: v for k, v in best.filled.slots.items() if k not in TARGETS or best.filled.known}
    return Reading(outcome="clarify", intent=best.command.intent, slots=slots, question=question)


def _language(line: Line) -> str:
    letters = re.sub("[\ue000-\uf8ff]", "", line.masked)
    return "en" if re.search("[a-z]", letters) and letters.isascii() else "zh"


def _said(line: Line) -> str:
    """The words of time in a line."""
    lasting = times.lasting(line)
    spans = [line.text[t.start : t.end] for t in line.tokens if t.kind in _MOMENT]
    return " ".join([*spans, *([line.words(*lasting[:2])] if lasting else [])])


def _unlike(best: Candidate) -> bool:
    """Whether it rather is talk: 收工收工 明天见."""
    return best.sounds(IGNORE) + best.sounds(NOT) > _LIKELY


def _looked_up(best: Candidate) -> Reading | None:
    """What is timed, asked for in any words; None where something is to be cancelled."""
    filled = best.filled
    if best.sounds(NOT) > _HALF or best.sounds(IGNORE) > _HALF or best.doubt in _UNMEANT:
        return None
    target = _whose(best)
    if target is not None:
        return _filtered(best, target)
    if filled.slots:
        return None
    acts = best.line.cells("sku", "category", "all", "off", "percent", "money")
    if acts and not best.cue.letters:  # 8折到月底: of what?
        stocked = cautions.STOCKED.search(best.line.masked)
        key = "ask.timed_stock" if stocked else "ask.timed_whole"
        question = texts.say(_language(best.line), key)
        return Reading(outcome="clarify", question=question)
    whole = best.at_start and not (filled.leftover or filled.aside or filled.spare)
    return Reading(outcome="execute", intent=SCHEDULE, summons=whole)


def _whose(best: Candidate) -> dict[str, Any] | None:
    """The goods whose timed acts are meant, or all of them; None where none are named."""
    line = best.line
    goods = line.cells("sku", "category", "all")
    if not best.cue.letters or line.cells(*_MOMENT, "off", "percent", "money"):
        return None
    if not goods and _EVERY.search(line.masked):
        return {"all": True}
    if len(goods) != 1:
        return None
    value = line.at[goods[0]].value
    return dict(value) if isinstance(value, dict) else {"all": True}


def _filtered(best: Candidate, target: dict[str, Any]) -> Reading | None:
    """The acts of some goods, listed or cancelled; what else is said leaves a doubt."""
    left = [word for word in best.filled.leftover if not _LEFT.fullmatch(word)]
    if best.filled.slots and (left or best.doubt):
        return None
    if any(_ACTS.search(word) for word in left):
        return _asked(best, "ask.timed_moment")
    slots = {**best.filled.slots, "skus": target}
    return Reading(outcome="execute", intent=SCHEDULE, slots=slots)


def _doubted(best: Candidate) -> bool:
    """Whether it may not be meant; that it lasts until a moment is no condition."""
    if best.doubt in {"condition", "aside"}:
        said, aside = (_UNTIL.sub("", words) for words in best.filled.heard)
        doubts = [doubt.search(said) for doubt in wording.DOUBTS.values()]
        return any(doubts) or wording.ASIDE.search(aside) is not None
    return best.doubt not in {"", "past"}


def _moments(best: Candidate, now: datetime) -> dict[str, datetime]:
    """``at``: when it is to be done; ``until``: when it ends. Empty for no moment to come.

    For a price until a day means until its end; a discount of today ends then.
    """
    line, inclusive = best.line, best.command.intent == "set_price"
    factor = "query" in best.filled.slots
    parted = _parted(best, now, inclusive=inclusive)
    if parted is None:
        return {}
    begin, end = ({t.kind: t.value for t in tokens} for tokens in parted)
    lasting = times.lasting(line)
    today = _is_today(begin, now) and (factor or bool(end) or lasting is not None)
    found = {}
    if begin and not today:
        at = _moment(begin, now)
        if at is None:
            return {}
        found["at"] = at
    start = found.get("at", now)
    if lasting is not None and not end:
        return found | {"until": _full_minute(start + lasting[2])}
    if lasting is not None or not (end or today):
        return found if lasting is None else {}
    day = _closing_day(line, parted[1], inclusive=inclusive) if end else timedelta(days=1)
    until = _end(end or {"period": "today"}, start, whole=bool(day))
    return found | {"until": until + day} if until is not None else {}


def _is_today(begin: Mapping[str, Any], now: datetime) -> bool:
    """Whether a beginning names no more than the day that it is, and so means now."""
    day, part = _day(begin, now)
    return day == now.date() and not part and not begin.keys() & {"time", "later"}


def _parted(
    best: Candidate, now: datetime, *, inclusive: bool
) -> tuple[list[Token], list[Token]] | None:
    """The words of the beginning and those of the end; None for two days, which are no moment."""
    line = best.line
    tokens = [_dated(line, token, now) for token in line.tokens if token.kind in _MOMENT]
    if len(tokens) == 1 and inclusive and (range_ := _RANGE.fullmatch(str(tokens[0].value))):
        return [replace(tokens[0], value=range_[1])], [replace(tokens[0], value=range_[2])]
    border = 0 if inclusive and _UNTIL_FIRST.match(line.masked) else _border(line, tokens)
    begin = [token for token in tokens if token.start < border]
    end = [token for token in tokens if token.start >= border]
    if any(len({t.kind for t in part}) < len(part) for part in (begin, end)):
        return None  # 周六周日
    verb = line.places[best.cue.match.start()][0] if best.cue.letters else 0
    if not inclusive and not begin and all(token.end <= verb for token in end):
        return end, []  # 到周五上架 is then
    return begin, end


def _dated(line: Line, token: Token, now: datetime) -> Token:
    """3号 is the next third of a month; a year that is said is heeded."""
    said = line.text[token.start : token.end]
    if token.kind != "period" or not re.fullmatch(r"[0-9]{2}-[0-9]{2}", str(token.value)):
        return token
    day = int(token.value[-2:])
    last = (now.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if _DAY_ALONE.fullmatch(said) and not now.day <= day <= last.day:
        return replace(token, value=f"{now.month % 12 + 1:02d}-{day:02d}")
    year = _YEAR.match(said)
    found = _coming(token.value, now)
    other = year is not None and found is not None and int(year[0]) != found.year
    return replace(token, value="other year") if other else token


def _closing_day(line: Line, end: list[Token], *, inclusive: bool) -> timedelta:
    """What of the last day is still meant: all of it, of a weekend its second day too, or nothing."""
    if {t.kind for t in end} & {"time", "later"}:
        return timedelta(0)
    said = _said(line)
    if _LAST_DAY.search(said):
        return timedelta(days=1)
    if not inclusive or _RESTORED.search(line.masked):
        return timedelta(0)
    return timedelta(days=2 if said.endswith("末") else 1)


def _full_minute(moment: datetime) -> datetime:
    """It is cut to minutes: never earlier."""
    return moment + timedelta(minutes=1, microseconds=-1)


def _border(line: Line, tokens: list[Token]) -> int:
    """Where in the text the end begins; beyond the text when none is said."""
    said = next((t.start for t in tokens if _UNTIL.match(line.text[t.start : t.end])), None)
    if said is not None:
        return said
    match = _END.search(line.masked)
    return line.places[match.end()][0] if match else len(line.text)


def _end(moments: Mapping[str, Any], begin: datetime, *, whole: bool) -> datetime | None:
    """When it ends: the first such moment after it begins, so 周一 of a Friday is the next one.

    10点 of an evening's 8点 is its 22:00. ``whole``: a day, which may be that of the beginning.
    """
    if whole and _day(moments, begin)[0] == begin.date():
        return times.instant(begin.date(), None, begin)
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
        return _full_minute(later)
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
            return found if found - now.date() <= _FAR else None
    return None


def _scheduled(best: Candidate, moments: Mapping[str, datetime]) -> Reading | None:
    """The command with its moments; None when words are left that may mean something else."""
    filled, line = best.filled, best.line
    lasting = times.lasting(line)
    span = line.words(*lasting[:2]) if lasting else ""
    said = {line.text[t.start : t.end] for t in line.tokens if t.kind in _MOMENT}
    words = [word.replace(span, "") if span else word for word in filled.leftover]
    words = [word for word in words if word not in span]
    rest = [word for word in words if not (_LEADS.match(word) or _ends(word, moments))]
    spare = [word for word in filled.spare if word not in said and word not in span]
    acts = _ACTS.search(" ".join(filled.aside))
    if filled.bad or rest or spare or acts:
        return None
    when = {key: moment.strftime("%Y-%m-%dT%H:%M") for key, moment in moments.items()}
    slots = {**filled.slots, **when, "part": best.command.intent}
    return Reading(outcome="execute", intent="schedule", slots=slots)


def _ends(words: str, moments: Mapping[str, datetime]) -> bool:
    """Whether words that are left only say that things are as before then."""
    return "until" in moments and _BACK.match(words) is not None
