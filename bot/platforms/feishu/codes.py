"""What Feishu's error codes mean for a message (Feishu docs: 发送消息, 服务端错误码, 频控策略)."""

import re
from collections.abc import Mapping

from bot.platforms.base import SendError

# The token is not taken (any more): worth one new token, and one more try.
STALE_TOKEN = frozenset({99991661, 99991663, 99991668})
# The message that is answered was recalled or deleted.
_RECALLED = frozenset({230011, 231003})
_TOO_FAST = frozenset({99991400, 230020, 11232, 11233, 11247})
# Being sent already (230049, 18121); uploads are closed for a while (232096).
_BUSY = frozenset({230049, 18121, 232096})
# Bot not in the chat, person out of its reach, bot ability off, person resigned, no such receiver,
# chat dissolved; 19001: the custom robot's address is dead.
_GONE = frozenset({230002, 230013, 230006, 230029, 230034, 232009, 19001})
# 230025 and 19036: too long; 9499: the robot did not understand the structure.
_CARD = frozenset({230099, 230025, 300305, 11310, 9499, 19036})
_CARD_RANGE = range(200_000, 201_000)  # of the card renderer: unknown property, wrong value, ...
_TOO_FAST_S = 1.0
_LONGEST_S = 600.0
_HTTP_TOO_MANY = 429
_HTTP_ERROR = 500
_MOST_REASON = 80


class CardRefusedError(SendError):
    """The card was not taken as a card; its content may be said as text."""


class RecalledError(SendError):
    """The message to be answered is gone; the answer may be said by itself."""


def failure(code: int, msg: str, headers: Mapping[str, str], status: int) -> SendError:
    """The error for an answer that is not ``code`` 0; header names are lower-case.

    A code that nobody knows is final. Nothing but the code and a few plain words of ``msg`` is
    kept: it may hold links (99991672) and what people wrote.
    """
    reason = _reason(code, msg, headers)
    if code in _RECALLED:
        return RecalledError(reason, permanent=True)
    if code in _CARD or code in _CARD_RANGE:
        return CardRefusedError(reason, permanent=True)
    if code in _TOO_FAST or status == _HTTP_TOO_MANY:
        return SendError(reason, retry_after_s=_told_s(headers))
    if code in _GONE or code in _BUSY:
        return SendError(reason, gone=code in _GONE)
    stale = code in STALE_TOKEN  # a new one was not taken either: no fault of this message
    down = status >= _HTTP_ERROR
    away = stale or down
    return SendError(reason, permanent=not away, unreachable=away, uncertain=down)


def no_token(code: int, msg: str, headers: Mapping[str, str], status: int) -> SendError:
    """The error when no token is given: what waits should go out once the settings are right."""
    error = failure(code, msg, headers, status)
    if not error.permanent:
        return error
    return SendError(f"no token: {error}", unreachable=True)


def _told_s(headers: Mapping[str, str]) -> float:
    """Seconds to wait, as the gateway says in a header of its own (Feishu docs: 频控策略)."""
    told = headers.get("x-ogw-ratelimit-reset") or headers.get("retry-after") or ""
    if not re.fullmatch(r"[0-9]{1,6}", told):
        return _TOO_FAST_S
    return min(max(float(told), _TOO_FAST_S), _LONGEST_S)


def _reason(code: int, msg: str, headers: Mapping[str, str]) -> str:
    plain = re.split(r"https?:|//", msg)[0]
    plain = re.sub(r"[\w.-]{24,}", "…", plain)  # tokens and the like
    plain = " ".join(re.sub(r"[^ -~…]+", " ", plain).split())[:_MOST_REASON].strip()
    logged = headers.get("x-tt-logid", "")
    trace = f" (log id {logged})" if re.fullmatch(r"[0-9A-Za-z]{1,64}", logged) else ""
    return f"code {code}: {plain}{trace}" if plain else f"code {code}{trace}"
