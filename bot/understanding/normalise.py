"""A message as the reader sees it: one width, one kind of quote, plain blanks."""

import re

MAX_CHARS = 1000  # longer than any command in the strict form

# By table, not NFKC: NFKC turns "1²" into "12".
_TABLE: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TABLE |= dict.fromkeys(map(ord, "\u3000\u00a0\t\u2002\u2003\u2009"), " ")
_TABLE |= dict.fromkeys(map(ord, "“”„‟「」『』"), '"')
_TABLE |= dict.fromkeys(map(ord, "‘’‚‛"), "'")
_TABLE |= dict.fromkeys(map(ord, "−–—﹣"), "-")
_TABLE |= {ord("﹢"): "+", ord("￥"): "¥", ord("。"): ".", ord("〇"): "零"}

_POLITE_HEAD = re.compile(r"^(?:麻烦|请|帮忙|帮我|please|pls)[\s,]*", re.IGNORECASE)
_POLITE_TAIL = re.compile(
    r"(?:[\s,]*(?:谢谢|多谢|辛苦了|please|pls|thanks|thank you))+$", re.IGNORECASE
)
_END = " .!~;,、"


def normalise(text: str) -> str:
    """``text`` with widths, quotes and blanks folded; line breaks stay. Case stays."""
    folded = text.translate(_TABLE)
    lines = (
        re.sub(r" +", " ", line).strip() for line in re.split(r"\r\n|[\n\r\u2028\u2029]", folded)
    )
    return "\n".join(line for line in lines if line)


def bare(text: str) -> str:
    """A normalised line without polite words around it and without the stop at its end."""
    previous = None
    while text != previous:
        previous = text
        text = _POLITE_HEAD.sub("", text)
        text = _POLITE_TAIL.sub("", text.rstrip(_END)).rstrip(_END).strip()
    return text
