"""Values recognised by their shape.

Numbers go through these patterns: ``int()`` alone would take ``1_0`` and digits of other scripts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.slots import Slot

# 箱 and 打 are missing on purpose: how many units a box holds nobody here knows.
UNITS = "件个只盒瓶包袋条双套罐张本支把台杯份枚颗册"
_UNIT = rf"(?:[{UNITS}](?![{UNITS}])|pcs|units?|pieces?)"
_YUAN = r"(?:块钱|元钱|元整|元|块|rmb|cny|yuan)"
_NUMBER = r"[+-]?[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?"
# A number ends here: no letter, digit of any script, underscore or power follows, nor 折 号 %.
_END = r"(?!(?![\u3400-\u9fff])\w)(?!\.[0-9])(?![%折号年月日点度楼层])"
_START = r"(?<![0-9A-Za-z_./])(?<![0-9A-Za-z\u3400-\u9fff]-)"

BARE = re.compile(rf"{_START}(?P<number>{_NUMBER})(?P<unit>\s?{_UNIT})?{_END}", re.IGNORECASE)
HANZI = re.compile(rf"(?P<number>[零一二两三四五六七八九十]{{1,3}})(?:{_UNIT})(?=$|[\s,;.])")
MONEY = (
    re.compile(rf"¥\s?(?P<number>{_NUMBER}){_YUAN}?{_END}", re.IGNORECASE),
    re.compile(rf"{_START}(?P<number>[0-9]+)[块元](?P<tenths>[0-9])(?:毛|角)?{_END}"),
    re.compile(rf"{_START}(?P<number>{_NUMBER})\s?{_YUAN}(?![0-9]){_END}", re.IGNORECASE),
)
ORDERS = (
    re.compile(r"#\s?(?P<number>[0-9]{1,20})(?![0-9A-Za-z_])"),
    re.compile(r"(?:订单号|订单|单号)\s?[:=]?\s?(?P<number>[0-9]{4,10})(?![0-9A-Za-z_])"),
    re.compile(r"(?<![0-9A-Za-z_.\-])(?P<number>[0-9]{4,10})(?![0-9A-Za-z_.\-])"),
)
TRACKING = re.compile(
    r"(?<![0-9A-Za-z])(?P<number>[A-Za-z]{1,4}[0-9]{5,22}|[0-9]{8,22})(?![0-9A-Za-z])"
)
SPEC = re.compile(r"(?P<key>[^\s=,;:]{1,20})\s?=\s?(?P<value>[^\s=;,]{1,40})[;,]?")
SCHEMA = re.compile(r"(?P<key>[^\s=,;?]{1,20})(?:\s?=\s?(?P<values>[^\s=;]{1,400}))?(?P<open>\?)?")
TIME = re.compile(r"(?<![0-9:])(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])(?![0-9:])")
TICKET = re.compile(r"(?<![0-9A-Za-z])(?P<ticket>[0-9A-F]{6})(?![0-9A-Za-z])")

# Spec values that are what they are wherever they stand; "颜色=" needs not be said for them.
_FREE_SPECS = (
    (
        "重量",
        re.compile(
            r"(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+)?\s?(?:kg|g|千克|公斤|克|斤)(?![0-9A-Za-z])",
            re.IGNORECASE,
        ),
    ),
    (
        "容量",
        re.compile(
            r"(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+)?\s?(?:ml|l|毫升|升)(?![0-9A-Za-z])", re.IGNORECASE
        ),
    ),
    ("尺寸", re.compile(r"(?<!\S)(?:XXS|XS|S|M|L|XL|XXL|XXXL|[2-5]XL|均码)(?!\S)", re.IGNORECASE)),
    ("颜色", re.compile(r"(?<!\S)[黑白灰红橙黄绿青蓝紫粉棕米金银咖]色(?!\S)")),
)

_PERIODS = (
    ("today", ("今天", "今日", "today")),
    ("yesterday", ("昨天", "昨日", "yesterday")),
    ("this_week", ("这个星期", "本周", "这周", "this week")),
    ("last_week", ("上个星期", "上周", "last week")),
    ("this_month", ("这个月", "本月", "this month")),
    ("last_month", ("上个月", "上月", "last month")),
)
_LAST_DAYS = re.compile(
    r"(?:最近|近|过去|last)\s?(?P<days>[0-9]{1,3})\s?(?:天|days)", re.IGNORECASE
)
_DAY = r"(?P<{m}>0?[1-9]|1[0-2])(?:月|-)(?P<{d}>[12][0-9]|3[01]|0?[1-9])[日号]?"
_DAYS = re.compile(
    r"(?<![0-9\-])"
    + _DAY.format(m="m1", d="d1")
    + r"\s?(?:\.\.|到|至|~)\s?"
    + _DAY.format(m="m2", d="d2")
    + r"(?![0-9\-])"
)
_ONE_DAY = re.compile(r"(?<![0-9\-])" + _DAY.format(m="m1", d="d1") + r"(?![0-9\-])")
_MONTH = re.compile(r"(?<![0-9])(?P<m1>0?[1-9]|1[0-2])月(?![0-9])")


@dataclass(frozen=True, slots=True)
class Bad:
    """Something stands where a value belongs and is none: ``rule`` whole, range or money."""

    written: str
    rule: str


class Scrap:
    """A line of which parts are read one after the other; what was taken is not read again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._free = [True] * len(text)

    def take(self, start: int, end: int) -> str:
        """Mark a span as read and return it."""
        self._free[start:end] = [False] * (end - start)
        return self.text[start:end]

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing of the span was read yet."""
        return all(self._free[start:end])

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches of ``pattern`` that lie wholly in what was not read yet."""
        return (
            m
            for m in pattern.finditer(self.text)
            if m.end() > m.start() and self.is_free(*m.span())
        )

    def first(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first such match, taken."""
        match = next(self.matches(pattern), None)
        if match is not None:
            self.take(*match.span())
        return match

    def segments(self) -> list[tuple[int, str]]:
        """The runs that were not read, each with its place, without blanks and stops."""
        found: list[tuple[int, str]] = []
        start = 0
        for end in range(len(self.text) + 1):
            if end < len(self.text) and self._free[end]:
                continue
            run = self.text[start:end].strip(" ,;:.!~、=")
            if run:
                found.append((self.text.index(run, start), run))
            start = end + 1
        return found

    def after_word(self, at: int) -> bool:
        """Whether an unread letter stands right before ``at``: a number there is glued."""
        return at > 0 and self._free[at - 1] and self.text[at - 1].isalpha()


def count(written: str, slot: Slot) -> int | Bad:
    """A whole number within the slot's bounds, with its sign."""
    text = written.replace(",", "") if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+", written) else written
    if not re.fullmatch(r"[0-9]{1,12}", text):
        return Bad(written, "range" if re.fullmatch(r"[+-]?[0-9]+", text) else "whole")
    value = int(text)
    return slot.sign * value if slot.least <= value <= slot.most else Bad(written, "range")


def fen(written: str, slot: Slot, tenths: str = "") -> int | Bad:
    """An amount of yuan with at most two decimals, in fen, within the slot's bounds."""
    text = re.sub(r",(?=[0-9]{3}(?![0-9]))", "", written)
    match = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?", f"{text}.{tenths}" if tenths else text)
    if match is None:
        return Bad(written, "money")
    value = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    return value if slot.least <= value <= slot.most else Bad(written, "money")


def hanzi(written: str) -> int:
    """``二十三`` -> 23; at most 99."""
    digits = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
    tens, ten, ones = written.rpartition("十")
    return 10 * (digits.get(tens, 1) if ten else 0) + digits.get(ones, 0)


def labelled(words: Sequence[str], leads: Sequence[str] = ()) -> re.Pattern[str]:
    """A label and the word after it, which a blank, a colon or nothing may separate."""
    label = "|".join(_word(word) for word in sorted(words, key=len, reverse=True))
    lead = "|".join(re.escape(word) for word in sorted(leads, key=len, reverse=True))
    optional = rf"(?:(?:{lead})\s?)?" if lead else ""
    return re.compile(rf"(?:{label})\s?[:=]?\s?{optional}(?P<chunk>[^\s,;]+)", re.IGNORECASE)


def leading_number(chunk: str) -> re.Match[str] | None:
    """The number (with currency and unit) that begins a labelled value."""
    pattern = (
        rf"¥?\s?(?P<number>{_NUMBER})\s?(?:[块元](?P<tenths>[0-9])(?![0-9])|{_YUAN}|{_UNIT})?{_END}"
    )
    return re.match(pattern, chunk, re.IGNORECASE)


def choice(scrap: Scrap, slot: Slot) -> str | None:
    """The value of the last word of a choice that is said: in 授权 王老板 店员 that is 店员."""
    said = [
        (match.end(), len(word), match, value)
        for value, words in slot.choices.items()
        for word in words
        for match in scrap.matches(re.compile(_word(word), re.IGNORECASE))
    ]
    if not said:
        return None
    _, _, match, value = max(said, key=lambda found: found[:2])
    scrap.take(*match.span())
    return value


def free_specs(scrap: Scrap) -> dict[str, str]:
    """Weights, volumes, sizes and colours that stand for themselves."""
    found: dict[str, str] = {}
    for key, pattern in _FREE_SPECS:
        match = scrap.first(pattern)
        if match is not None:
            found[key] = match[0].replace(" ", "")
    return found


def period(scrap: Scrap) -> str | None:
    """The contract's word for the period that is said."""
    for word, forms in _PERIODS:
        for form in forms:
            if scrap.first(re.compile(_word(form), re.IGNORECASE)):
                return word
    if days := scrap.first(_LAST_DAYS):
        return f"last_{int(days['days'])}_days"
    if days := scrap.first(_DAYS):
        return f"{_date(days, 1)}..{_date(days, 2)}"
    if days := scrap.first(_ONE_DAY):
        return _date(days, 1)
    month = scrap.first(_MONTH)
    return f"{int(month['m1']):02d}" if month else None


def _date(match: re.Match[str], which: int) -> str:
    return f"{int(match[f'm{which}']):02d}-{int(match[f'd{which}']):02d}"


def _word(word: str) -> str:
    """A pattern for ``word`` that cuts no Latin word."""
    left = r"(?<![0-9A-Za-z])" if word[0].isascii() and word[0].isalnum() else ""
    right = r"(?![0-9A-Za-z])" if word[-1].isascii() and word[-1].isalpha() else ""
    return f"{left}{re.escape(word)}{right}"
