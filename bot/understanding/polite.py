"""A message without the politeness around it."""

import re

from bot.understanding import wording
from bot.understanding.normalise import SILENT

_END = " .!~;:,"
_EDGES = re.compile(
    rf"^(?:{SILENT.pattern}|\s)+(?![\u3400-\u9fffA-Za-z0-9])|(?:{SILENT.pattern}|\s)+$"
)
_REQUEST = re.compile(
    r"^(?:(?:能不能|可不可以|可以|能否|可否|能)(?:麻烦|请)?(?:你|您)?(?:帮|给我|替我|麻烦|把)|(?:can|could|would|will) (?:you|u)\b)",
    re.IGNORECASE,
)


def bare(text: str) -> str:
    """The line without greetings, please, thanks and the stop at its end.

    Of a request (能帮我…吗) the question mark goes too: it asks nothing.
    """
    whole = text = _EDGES.sub("", text)
    request = _REQUEST.match(text) is not None
    previous = None
    while text != previous:
        previous = text
        text = _EDGES.sub("", text)
        text = wording.POLITE_TAIL.sub("", text.rstrip(_END)).rstrip(_END).strip()
        if request:
            text = re.sub(r"[吗么不]?\??$", "", text).rstrip(_END)
        text = wording.POLITE_HEAD.sub("", text).lstrip(_END)
    nothing = text != whole and not wording.FILLER.sub("", text).strip()
    return "" if nothing else text  # of 辛苦大家了 a 了 would be left
