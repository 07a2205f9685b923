"""Which specs a product has and which values they take, as it is declared or put in words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.understanding.specs import COLOURS

KEYS = {
    "颜色": "颜色|色号|colou?rs?",
    "尺寸": "尺寸|尺码|码数|sizes?",
    "口味": "口味|味道|flavou?rs?",
    "香型": "香型|香味|scents?",
    "重量": "重量|净重|克重|weights?",
    "容量": "容量|volumes?",
    "包装": "包装|packaging",
    "款式": "款式|styles?",
}
_KEY = "|".join(
    f"(?P<k{number}>{re.sub('(?<=[一-鿿])(?=[一-鿿])', ' ?', words)})"
    for number, words in enumerate(KEYS.values())
)  # 颜 色 too
_WORDED = re.compile(rf"(?<![a-z])(?:{_KEY})(?![a-z=])(?!\s?=)", re.IGNORECASE)
# 颜色=白,黑 尺寸=S,M 包装?
_DECLARED = re.compile(
    r"(?P<key>(?:颜 (?=色)|尺 (?=[寸码])|口 (?=味)|重 (?=量)|容 (?=量)|款 (?=式))?[^\s=,;:?]{1,20})(?:\s?=\s?(?P<values>[^\s=;]{1,400}))?(?P<open>\?)?"
)
_LEADS = re.compile(
    r"^(?:[的就只仅要]|规格|可选|可以|选项|模板|选择|允许|准许|只许|限定?|设|定|填|选|有|为|是|成|留|分|按|用|能|许|准|必须|这?[一二两三四五六七八九几]? ?(?:样|种|个)"
    r"|[:,=]|\bfor [^:]{1,20}:|\b(?:come in|comes in|to|are|is|can be|only|allowed|options?|values?|just)\b|\s)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[,.]?(?:别的|其他|其它|不[让许准]).*"
    r"|(?:这|就|一共|共|总共)?[一二两三四五六七八九几] ?(?:样|种|个|款|色)(?:颜色|口味|尺寸)?(?:可选|都行)?|可选|都行|都可以|就行|就好|吧|了|选项|项|必填|必选|为必填|是必填项?|[.!。\s])+$"
)
_PARTS = re.compile(r"[、,/|;\s]+|和(?=[^和]{1,6}$)|\band\b|\bor\b", re.IGNORECASE)
_POLITE = re.compile(r"多?谢谢?(?:你|您|啦|了)?|辛苦了?|麻烦了?|please|pls|thanks", re.IGNORECASE)
_LONGEST = 12  # letters of a value
_NO_VALUE = re.compile(
    r"[不别让填请吗呢?]|必须|规格|选项|必填|建档|模板|\b(?:for|the|of|please|with)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec key in ``text[start:end]``; ``values`` None where any will do."""

    start: int
    end: int
    key: str
    values: tuple[str, ...] | None
    required: bool = True


def declared(text: str) -> Iterator[Declared]:
    """``颜色=白,黑 尺寸=S,M 包装?``."""
    for match in _DECLARED.finditer(text):
        values, optional = match["values"], match["open"] is not None
        if values is None and (not optional or match["key"] in {"吗", "呢"}):
            continue
        if values is not None and values.endswith("?"):
            values, optional = values[:-1], True
        said = tuple(v for v in re.split(r"[,/|]", values) if v) if values else None
        yield Declared(*match.span(), match["key"].replace(" ", ""), said, required=not optional)


def worded(text: str) -> Iterator[Declared]:
    """``颜色只准填黑、粉、白``, ``尺寸有 S M L 三种``, ``必须写颜色``."""
    found = list(_WORDED.finditer(text))
    ends = [*(match.start() for match in found), len(text)][1:]
    for match, end in zip(found, ends, strict=True):
        key = next(key for number, key in enumerate(KEYS) if match[f"k{number}"])
        said = _LEADS.sub("", text[match.end() : end])
        values = _values(_TAIL.sub("", said), key)
        yield Declared(match.start(), end if values else match.end(), key, values)


def _values(said: str, key: str) -> tuple[str, ...] | None:
    parts = [
        part
        for part in _PARTS.split(said.strip(" ,.;:"))
        if part and part not in "和及与跟" and not _POLITE.fullmatch(part)
    ]
    if len(parts) == 1 and key == "颜色" and re.fullmatch(f"[{COLOURS}]+", parts[0]):
        parts = list(parts[0])
    values = tuple(_whole(part, key) for part in parts)
    sayable = all(len(value) <= _LONGEST and not _NO_VALUE.search(value) for value in values)
    return values if values and sayable else None


def _whole(value: str, key: str) -> str:
    return f"{value}色" if key == "颜色" and value in COLOURS else value
