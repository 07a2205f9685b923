"""A group's custom bot: an address that takes messages, and nothing else.

Feishu docs: 自定义机器人使用指南.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms.base import SendError
from bot.platforms.calls import Calls
from bot.platforms.feishu import codes
from store.clock import Clock

_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Robot:
    """``webhook`` is the address and a secret at once; ``secret`` is "" without signatures."""

    webhook: str
    secret: str
    calls: Calls
    now: Clock

    def say(self, kind: str, content: Mapping[str, Any]) -> None:
        """Say a ``text`` or an ``interactive`` card, as objects. Raises ``SendError``.

        There is no key that would make a repetition one message.
        """
        holder = "card" if kind == "interactive" else "content"
        answer = self.calls.request(
            "POST", self.webhook, document={**self._signed(), "msg_type": kind, holder: content}
        )
        found = answer.document()
        code = found.get("code", found.get("StatusCode"))  # the older name
        if not isinstance(code, int):
            raise SendError(
                f"HTTP {answer.status} without a code", unreachable=True, uncertain=True
            )
        if code or answer.status not in _OK:  # refusals come with 200 as well
            raise codes.failure(code, str(found.get("msg", "")), answer.headers, answer.status)

    def _signed(self) -> dict[str, str]:
        if not self.secret:
            return {}
        timestamp = str(int(self.now().timestamp()))
        return {"timestamp": timestamp, "sign": signature(timestamp, self.secret)}


def signature(timestamp: str, secret: str) -> str:
    """The signature of a request: the text is the key, and the message is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
