"""Numbers as people write and say them: 1,280.00, 一百二, 两千三, 三点五, 1.2万, twenty-four."""

import re
from decimal import Decimal

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
    "俩": 2,
    "仨": 3,
}
_RANKS = {"十": 10, "百": 100, "千": 1000}
HANZI = r"[零〇一二两俩仨三四五六七八九十百千万廿卅]"
_WORDS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
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
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
ENGLISH = re.compile(
    rf"\b(?:(?:half a|a half|a couple of|a|{_ONES}|ten|\d+)[ -]dozen|(?:a|{_ONES})[ -]hundred(?:[ -](?:and[ -])?"
    rf"(?:(?:{_TENS})(?:[ -](?:{_ONES}))?|{'|'.join(sorted(_WORDS, key=len, reverse=True))}))?"
    rf"|(?:{_TENS})(?:[ -](?:{_ONES}))?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
DOZEN = 12


def arabic(written: str) -> Decimal | None:
    """``1,280.00`` and ``12``; None where the commas stand wrong."""
    text = written
    if "," in text:
        if not re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", text):
            return None
        text = text.replace(",", "")
    return Decimal(text) if re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,6})?", text) else None


def digits(written: str) -> str:
    """A number said digit by digit: ``二零八八`` is "2088"."""
    return "".join(str(_DIGITS[char]) for char in written)


def chinese(written: str) -> Decimal | None:
    """``一百二`` is 120, ``两千三`` 2300, ``一百零二`` 102, ``二零二六`` 2026, ``三点五`` 3.5."""
    text = written.replace("廿", "二十").replace("卅", "三十").replace("〇", "零")
    whole, point, part = text.partition("点")
    if point:
        digits = [_DIGITS[char] for char in part if char in _DIGITS]
        value = chinese(whole)
        if value is None or not part or len(digits) != len(part):
            return None
        return value + Decimal("0." + "".join(map(str, digits)))
    if re.fullmatch(r"[零一二三四五六七八九]{2,}", text):
        return Decimal("".join(str(_DIGITS[char]) for char in text)) if len(text) > 2 else None
    high, ten_thousand, low = text.rpartition("万")
    if not ten_thousand:
        return _below(text, 0)
    above = _below(high, 0)
    below = _below(low, 10_000) if low else Decimal(0)
    return None if above is None or below is None else above * 10_000 + below


_NUMERAL = re.compile(r"(?:零?[一二两俩仨三四五六七八九]?[十百千])*零?[一二两俩仨三四五六七八九]?")


def _below(text: str, above: int) -> Decimal | None:
    """A number under ten thousand; a last digit alone counts in the next lower rank: 一百二."""
    if not text or not _NUMERAL.fullmatch(text):
        return None
    total, digit, rank, zero = 0, None, above, False
    for char in text:
        if char in _RANKS:
            value = _RANKS[char]
            if (digit is None and value != 10) or (rank and value >= rank):
                return None
            total += (1 if digit is None else digit) * value
            digit, rank, zero = None, value, False
        else:
            zero = zero or char == "零"
            digit = _DIGITS[char] or None
    if digit is not None:
        total += digit * (rank // 10 if rank >= 100 and not zero else 1)
    return Decimal(total)


def english(written: str) -> Decimal | None:
    """``twenty-four``, ``a dozen``, ``two hundred and fifty``."""
    words = [w for w in re.split(r"[ -]+", written.casefold()) if w not in {"and", "of"}]
    if words[-1:] == ["dozen"]:
        return _dozens(words[:-1])
    total = 0
    for word in words:
        if word == "hundred":
            total = (total or 1) * 100
        elif word == "a":
            total += 1
        else:
            total += _WORDS.get(word, 0)
    return Decimal(total)


def _dozens(words: list[str]) -> Decimal | None:
    if "half" in words:
        return Decimal(DOZEN // 2)
    if words[:1] == ["a"]:
        return Decimal(DOZEN * 2 if "couple" in words else DOZEN)
    many = words[0] if words else "1"
    return Decimal(DOZEN * (int(many) if many.isdigit() else _WORDS.get(many, 1)))
