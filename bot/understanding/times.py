"""Periods, days and times of day as people say them."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.understanding import tokens
from bot.understanding.numerals import HANZI, chinese
from bot.understanding.tokens import Line

_N = rf"(?:[0-9]{{1,2}}|{HANZI}{{1,3}})"
_WEEKDAYS = {char: day for day, char in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_WORD = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)

_PERIODS = (
    ("today", r"今天一天|今天一整天|今天|今日|今儿个?|当天|当日|\btoday\b|\bso far today\b"),
    ("yesterday", r"昨天一天|昨天|昨日|昨儿个?|昨晚|\byesterday(?:'?s)?\b"),
    ("this_week", r"这个?星期|这个?礼拜|本周|这一?周|这个周|本星期|\bthis week(?:'s)?\b"),
    ("last_week", r"上个?星期|上个?礼拜|上一?周|上个周|\blast week(?:'s)?\b"),
    ("this_month", r"这个?月|本月|当月|\bthis month(?:'s)?\b"),
    ("last_month", r"上个?月|上一个月|\blast month(?:'s)?\b"),
)
_SIMPLE = tuple((word, re.compile(pattern, re.IGNORECASE | re.ASCII)) for word, pattern in _PERIODS)
_LAST_DAYS = re.compile(
    rf"(?:最近|近|过去|这|前)(?P<days>[0-9]{{1,3}}|{HANZI}{{1,3}})(?P<unit>天|日|个?星期|个?礼拜|周|个月)(?:内|里|以?来)?"
    r"|\b(?:last|past|previous) (?P<en>[0-9]{1,3}|two|three|four|five|six|seven|ten|fourteen|thirty) (?P<eu>days|weeks|months)\b"
    r"|(?P<few>最近一周|近一周|最近半个?月|近半个?月|半个月内|最近一个?月|近一个?月)",
    re.IGNORECASE | re.ASCII,
)
_EN_DAYS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "fourteen": 14,
    "thirty": 30,
}
_RANGE = re.compile(
    rf"(?<![0-9\-.])(?P<m1>{_N})(?:(?:月|-)|(?P<dot>[./]))(?P<d1>{_N})[日号]?\s?(?:\.\.|到|至|~|-|—|\bto\b)\s?"
    rf"(?:(?P<m2>{_N})(?:月|-|\.|/))?(?(dot)(?<=[./]))(?P<d2>{_N})(?:[日号]|(?![0-9a-z件个]))"
)
_DATE = re.compile(
    rf"(?<![0-9\-.])(?:20[0-9][0-9][-年/])?(?P<m>{_N})月(?:份)?(?P<d>{_N})(?:[日号]|(?![共起直般下定样些个件]))"
    r"|(?<![0-9\-.A-Za-z])(?:20[0-9][0-9][-年/])?(?P<m2>0?[1-9]|1[0-2])-(?P<d2>[0-3][0-9]|[1-9])(?![0-9\-])"
    r"|(?<![0-9\-.A-Za-z])(?P<m3>1[0-2]|[1-9])\.(?P<d3>[0-3]?[0-9])(?=那天|当天|[号日]|的?(?:营业额|销售额|流水|生意|销量|业绩))"
)
_EN_DATE = re.compile(
    rf"\b{_MONTH_WORD}\.? (?P<d1>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s?(?:-|to|until|through)\s?(?:(?P<month2>[a-z]+) )?(?P<d2>[0-9]{{1,2}})(?:st|nd|rd|th)?)?\b(?![:0-9])",
    re.IGNORECASE | re.ASCII,
)
_MONTH = re.compile(rf"(?<![0-9一二])(?P<m>{_N})月(?:份)?(?![0-9一二三四五六七八九十])")
_EN_MONTH = re.compile(
    rf"\b(?:in |for |of ){_MONTH_WORD}\b(?!\s?[0-9])|\b(?P<long>january|february|april|june|july|august|september|october|november|december)\b(?!\s?[0-9])",
    re.IGNORECASE | re.ASCII,
)
_PAST_DAY = re.compile(
    r"大前天|前天|前日|前儿|\bthe day before yesterday\b", re.IGNORECASE | re.ASCII
)
_DAY_OF_MONTH = re.compile(
    rf"(?<![0-9月一二三第])(?P<d>[12][0-9]|3[01]|[1-9]|{HANZI}{{1,3}})[号日](?![0-9a-zA-Z线楼店门电色])"
)
_WEEKDAY = re.compile(
    r"(?P<which>下下|下个?|上个?|这个?|本)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])"
    r"|\b(?:on |this |by |until |till )?(?P<next>next |last )?(?P<en>monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE | re.ASCII,
)
_COMING = re.compile(
    r"(?P<part>明早|明晚|今晚|今早|后天|明天|明日|明儿|大后天)|\b(?P<en>the day after tomorrow|tomorrow|tonight)\b",
    re.IGNORECASE | re.ASCII,
)
_PARTS = "凌晨|清晨|早上|早晨|一早|早|上午|中午|午后|下午|傍晚|晚上|夜里|夜间|晚"
_CLOCK = re.compile(
    rf"(?:(?<![明今后])(?P<part>{_PARTS}))?\s?(?<![0-9])(?!(?<=[早晚])(?<![今明后当].)一点(?=打烊|[关开][店门]|收摊|[上下]架))(?P<hour>[01]?[0-9]|2[0-4]|{HANZI}{{1,3}})(?:点钟?|时)"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|过?(?P<minute>[0-5]?[0-9]|{HANZI}{{1,3}})分?(?![个件块元天折0-9]))?整?"
    rf"|(?:(?<![明今后])(?P<part2>{_PARTS}))?\s?(?<![0-9:])(?P<h2>[01]?[0-9]|2[0-4]):(?P<m2>[0-5][0-9])(?![0-9:])\s?(?P<ap2>[ap]\.?m\b)?"
    r"|(?<![0-9A-Za-z])(?:at )?(?P<h3>1[0-2]|[1-9])(?:[:.](?P<m3>[0-5][0-9]))?\s?(?P<ap3>[ap]\.?m)\b"
    r"|\b(?:at )?half past (?P<h4>1[0-2]|[1-9]|\w+)(?P<eve> in the evening| at night| pm)?\b"
    r"|(?P<noon>\bnoon\b|\bmidday\b|正午)|(?P<midnight>\bmidnight\b|半夜12点|午夜)",
    re.IGNORECASE | re.ASCII,
)
# 8点 and 八点半, but not 早上8点, 20点 or 8:00.
_BARE_HOUR = re.compile(
    rf"(?P<hour>[1-9]|1[0-2]|{HANZI}{{1,3}})(?:点钟?|时)(?:半|[一三]刻|过?(?:[0-5]?[0-9]|{HANZI}{{1,3}})分?)?整?"
    r"|(?:at )?half past (?P<en>\w+)",
    re.IGNORECASE | re.ASCII,
)
_NOON = 12
# Months and years are asked about (see cautions.VAGUE): of those only a date says which day.
_LATER = re.compile(
    rf"(?P<n>[0-9]{{1,3}}(?:\.[0-9])?|{HANZI}{{1,3}}|半)个?(?P<half>半)?"
    r"(?P<unit>分钟|刻钟|小时|钟头|天|周|星期|礼拜)(?P<half2>半)?(?:之后|以后|后)"
    r"|\bin (?P<en>[0-9]{1,3}(?:\.[0-9])?|an?|one|two|three|four|half an)(?P<and> and a half)?"
    r" (?P<eu>minutes?|hours?|days?|weeks?)(?P<and2> and a half)?\b"
    r"|\b(?P<en2>[0-9]{1,3}|an?|one|two|three|four|half an)(?P<and3> and a half)?"
    r" (?P<eu2>minutes?|hours?|days?|weeks?)(?P<and4> and a half)? from now\b",
    re.IGNORECASE | re.ASCII,
)
_EN_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "half an": 0.5}
# The last day of a month or year, where something lasts until then: 到月底, 月末恢复.
_LAST_DAY = re.compile(
    r"(?<=[到至止])(?:这个?|本)?(?P<unit>月|年)[底末]"
    r"|(?:这个?|本)?(?P<unit2>月|年)[底末](?=为止|截止|结束|恢复)"
    r"|(?<=until )(?:the )?end of (?:the |this )?(?P<en>month|year)\b",
    re.IGNORECASE | re.ASCII,
)
# How long something lasts: 8折三天, 关店两小时. Not 三天后, 三天内, 卖了三天, 保质期三天.
_LASTING = tokens.pattern(
    rf"(?<![0-9.{HANZI[1:-1]}了过近每期这前后头第上下])(?:(?P<n>[0-9]{{1,3}}(?:\.[0-9])?|{HANZI}{{1,3}}|半|{{int}}|{{units}}|{{decimal}})个?(?P<half>半)?"
    r"(?P<unit>天|日|周|星期|礼拜|个?月|小时|钟头|分钟|刻钟)(?P<half2>半)?"
    r"(?![之以]?[后前内里]|以来|没|未|不|过期|到期|卖|一)"
    r"|\bfor ?(?:(?P<cell>{int}|{decimal})|an?|(?P<word>one|two|three|four)(?= and))(?P<and> ?and a half)? ?"
    r"(?P<en>minutes?|hours?|days?|weeks?|months?)(?P<and2> and a half)?\b)"
)
_WORD_HOURS = (
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

_SPANS = {
    "分": timedelta(minutes=1),
    "刻": timedelta(minutes=15),
    "小": timedelta(hours=1),
    "钟": timedelta(hours=1),
    "天": timedelta(days=1),
    "日": timedelta(days=1),
    "周": timedelta(weeks=1),
    "星": timedelta(weeks=1),
    "礼": timedelta(weeks=1),
    "个": timedelta(days=30),
    "月": timedelta(days=30),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}

ANY_DAY = datetime(
    2026, 1, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai")
)  # when nobody says what day it is
Found = tuple[int, int, str, object]
_NIGHT = {"下午", "傍晚", "晚上", "夜里", "夜间", "晚", "午后"}


def find(text: str, now: datetime) -> list[Found]:
    """Periods (kind ``period``), days to come (``day``: a date), times (``time``: HH:MM).

    Also instants (``later``). They may overlap; the earlier in the list is the surer.
    """
    found: list[Found] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            value = read(match, now)
            if value is not None:
                found.append((match.start(), match.end(), *value))
    return found


def number(text: str) -> int | None:
    """A small number in digits or characters."""
    if text.isdigit() and text.isascii():
        return int(text)
    value = chinese(text)
    return None if value is None or value != int(value) else int(value)


def instant(day: date | None, clock: str | None, now: datetime) -> datetime:
    """The next such moment: without a day the next time the clock says so, without a time 00:00."""
    hour, minute = map(int, (clock or "00:00").split(":"))
    base = day or now.date()
    moment = datetime.combine(base, time(), now.tzinfo) + timedelta(hours=hour, minutes=minute)
    if day is None and moment <= now:
        moment += timedelta(days=1)
    return moment


def lasting(line: Line) -> tuple[int, int, timedelta] | None:
    """The cells that say how long something lasts, and how long; None where nothing says so."""
    match = _LASTING.search(line.masked)
    if match is None:
        return None
    if match["en"]:
        said = line.at[match.start("cell")].value if match["cell"] else 1
        word = (match["word"] or "").casefold()
        count = float(_EN_COUNTS.get(word, said)) + _and_a_half(match)
        return *match.span(), _SPANS[match["en"].casefold().rstrip("s")] * count
    token = line.at.get(match.start("n"))
    count = float(token.value) if token is not None else _counted(match["n"])
    if not count:
        return None
    return *match.span(), _SPANS[match["unit"][0]] * (count + _and_a_half(match))


def _and_a_half(match: re.Match[str]) -> float:
    """What 一个半小时, 一天半 and ``an hour and a half`` add to their number."""
    said = match.groupdict()
    return 0.5 if any(v for k, v in said.items() if k.startswith(("half", "and"))) else 0.0


def bare_hour(said: str) -> int | None:
    """The hour of a clock of twelve that may be either half of the day; None for a plain one."""
    match = _BARE_HOUR.fullmatch(said)
    if match is None:
        return None
    words = (match["en"] or "").casefold()
    hour = _WORD_HOURS.index(words) if words in _WORD_HOURS[1:] else number(match["hour"] or words)
    return hour if hour is not None and 1 <= hour <= _NOON else None


def _last_day(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    year = "年" in match.groups() or (match["en"] or "").casefold() == "year"
    month = 12 if year else now.month
    first_beyond = date(now.year + month // 12, month % 12 + 1, 1)
    return "day", first_beyond - timedelta(days=1)


def _simple(word: str) -> Callable[[re.Match[str], datetime], tuple[str, object] | None]:
    return lambda _match, _now: ("period", word)


def _last_days(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    if match["few"]:
        few = match["few"]
        days = 7 if "周" in few else 15 if "半" in few else 30
        return "period", f"last_{days}_days"
    if match["en"]:
        count = _EN_DAYS.get(match["en"].casefold()) or number(match["en"])
        unit = {"days": 1, "weeks": 7, "months": 30}[match["eu"].casefold()]
    else:
        count = number(match["days"])
        said = match["unit"]
        unit = 1 if said in {"天", "日"} else 30 if "月" in said else 7
    return ("period", f"last_{count * unit}_days") if count else None


def _md(month: int | None, day: int | None) -> str | None:
    if month is None or day is None or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{month:02d}-{day:02d}"


def _range(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    month = number(match["m1"])
    first = _md(month, number(match["d1"]))
    last = _md(number(match["m2"]) if match["m2"] else month, number(match["d2"]))
    return ("period", f"{first}..{last}") if first and last else None


def _date(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    word = _md(
        number(match["m"] or match["m2"] or match["m3"]),
        number(match["d"] or match["d2"] or match["d3"]),
    )
    return ("period", word) if word else None


def _en_date(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    month = _MONTHS.index(match["month"][:3].casefold()) + 1
    first = _md(month, int(match["d1"]))
    if not match["d2"]:
        return ("period", first) if first else None
    other = (match["month2"] or "")[:3].casefold()
    last = _md(_MONTHS.index(other) + 1 if other in _MONTHS else month, int(match["d2"]))
    return ("period", f"{first}..{last}") if first and last else None


def _month(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    month = number(match["m"])
    return ("period", f"{month:02d}") if month and month <= 12 else None


def _en_month(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    word = (match["month"] or match["long"])[:3].casefold()
    return "period", f"{_MONTHS.index(word) + 1:02d}"


def _past_day(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    days = 3 if match[0].startswith("大") else 2
    return "period", f"{now - timedelta(days=days):%m-%d}"


def _day_of_month(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    day = number(match["d"])
    if day is None or not 1 <= day <= 31:
        return None
    return "period", f"{now:%m}-{day:02d}"


def _weekday(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    if match["en"]:
        wanted = _ENGLISH_DAYS.index(match["en"].casefold())
        which = (match["next"] or "").strip().casefold()
        weeks = {"next": 1, "last": -1}.get(which, 0)
    else:
        wanted = _WEEKDAYS[match["day"]]
        which = (match["which"] or "").rstrip("个")
        weeks = {"下": 1, "下下": 2, "上": -1}.get(which, 0)
    monday = now.date() - timedelta(days=now.weekday())
    day = monday + timedelta(days=wanted + 7 * weeks)
    return "day", day


def _coming(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    said = (match["part"] or match["en"]).casefold()
    ahead = {"今": 0, "明": 1, "后": 2, "大": 3}.get(said[0])
    if ahead is None:
        ahead = 2 if "after" in said else 0 if said == "tonight" else 1
    part = "晚" if said.endswith("晚") or said == "tonight" else "早" if said.endswith("早") else ""
    return "day", (now.date() + timedelta(days=ahead), part)


def _clock(match: re.Match[str], _: datetime) -> tuple[str, object] | None:
    groups = match.groupdict()
    if groups["noon"]:
        return "time", "12:00"
    if groups["midnight"]:
        return "time", "24:00"
    hour = _hour(groups)
    minute = _minute(groups)
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    return "time", f"{_afternoon(hour, groups):02d}:{minute:02d}"


def _hour(groups: dict[str, str | None]) -> int | None:
    said = groups["hour"] or groups["h2"] or groups["h3"] or groups["h4"] or ""
    if said.casefold() in _WORD_HOURS[1:]:
        return _WORD_HOURS.index(said.casefold())
    return number(said)


def _minute(groups: dict[str, str | None]) -> int | None:
    if groups["half"] or groups["h4"]:
        return 30
    if groups["quarter"]:
        return 15 if groups["quarter"] == "一" else 45
    said = groups["minute"] or groups["m2"] or groups["m3"]
    return number(said) if said else 0


def _afternoon(hour: int, groups: dict[str, str | None]) -> int:
    part = groups["part"] or groups["part2"] or ""
    half = (groups["ap2"] or groups["ap3"] or ("p" if groups["eve"] else "")).casefold()[:1]
    if hour == 12:
        return 24 if part in {"晚上", "晚", "夜里"} else 0 if half == "a" or part == "凌晨" else 12
    if (part in _NIGHT or half == "p") and hour < 12:
        return hour + 12
    if part == "中午" and hour < 3:
        return hour + 12
    return hour


def _later(match: re.Match[str], now: datetime) -> tuple[str, object] | None:
    unit = match["eu"] or match["eu2"]
    if unit:
        said = (match["en"] or match["en2"]).casefold()
        count = _EN_COUNTS.get(said) or float(said)
        span = _SPANS[unit.casefold().rstrip("s")]
    else:
        count = _counted(match["n"])
        span = _SPANS[match["unit"][0]]
    return "later", now + span * (count + _and_a_half(match))


def _counted(said: str) -> float:
    if said == "半":
        return 0.5
    return float(said) if said.isascii() else number(said) or 0


_READERS: tuple[tuple[re.Pattern[str], Callable[..., tuple[str, object] | None]], ...] = (
    (_LATER, _later),
    (_LAST_DAY, _last_day),
    (_RANGE, _range),
    (_EN_DATE, _en_date),
    (_DATE, _date),
    (_COMING, _coming),
    (_CLOCK, _clock),
    (_WEEKDAY, _weekday),
    (_LAST_DAYS, _last_days),
    *((pattern, _simple(word)) for word, pattern in _SIMPLE),
    (_PAST_DAY, _past_day),
    (_MONTH, _month),
    (_EN_MONTH, _en_month),
    (_DAY_OF_MONTH, _day_of_month),
)
