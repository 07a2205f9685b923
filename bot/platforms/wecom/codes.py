"""What WeCom's error codes mean for whoever sends (全局错误码, document 90455)."""

import re
from collections.abc import Mapping
from typing import Any

from bot.platforms.base import SendError

LIMIT_S = 60.0  # a minute's limit blocks for a minute (访问频率限制, document 90454)
_LIMITED = frozenset({45009, 846607})  # 846607: a robot's conversation limit, third parties say
_BUSY = frozenset({-1, 45033})
_STALE_TOKEN = frozenset({40014, 42001})
_UPLOAD_AGAIN = frozenset({40007})  # every try uploads anew
_GONE = frozenset({40003, 60111, 81013, 93000, 93004, 93008})
_MOST = 80  # characters of a text that somebody else wrote
_ADDRESS = re.compile(r"\S*://\S*|\b\d{1,3}(?:\.\d{1,3}){3}\b|\S*(?:key|token|secret|code)=\S*")


class StaleTokenError(SendError):
    """The access token was refused: another one may be taken."""


def failure(errcode: int, errmsg: str) -> SendError:
    """The error to raise for a refusal; its text begins with the code and holds no address."""
    reason = f"{errcode} {_plain(errmsg)}".rstrip()
    if errcode in _STALE_TOKEN:
        return StaleTokenError(reason)
    if errcode in _LIMITED:
        return SendError(reason, retry_after_s=LIMIT_S)
    if errcode in _GONE:
        return SendError(reason, gone=True)
    return SendError(reason, permanent=errcode not in _BUSY | _UPLOAD_AGAIN)


def checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer again when it says that all went well: HTTP status is 200 even for errors.

    Raises ``SendError``; for what is no answer of WeCom's too (unreachable, uncertain).
    """
    errcode = document.get("errcode")
    if not isinstance(errcode, int):
        raise SendError("an answer without errcode", unreachable=True, uncertain=True)
    if errcode != 0:
        raise failure(errcode, str(document.get("errmsg", "")))
    return document


def _plain(errmsg: str) -> str:
    """``errmsg`` without its hint, which holds our address and WeCom's."""
    bare = errmsg.partition(", hint:")[0].partition(", from ip:")[0]
    return " ".join(_ADDRESS.sub("…", bare).split())[:_MOST]
