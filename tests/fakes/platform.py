"""A chat platform that keeps what it was told, and fails when told to."""

import threading
from typing import TYPE_CHECKING

from bot.messages import Reply
from bot.platforms.base import Inbound, RawRequest, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable


class FakePlatform:
    """``said`` holds (chat id, reply, key); ``before`` runs first and may raise or wait."""

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.said: list[tuple[str, Reply, str]] = []
        self.before: Callable[[str, Reply], None] = lambda _chat, _reply: None
        self._guard = threading.Lock()

    def receive(self, request: RawRequest) -> Inbound:
        raise VerificationError(request.method)

    def render(self, reply: Reply) -> bytes:
        return reply.text.encode()

    def send(self, chat_id: str, reply: Reply, *, key: str) -> None:
        self.before(chat_id, reply)
        with self._guard:
            self.said.append((chat_id, reply, key))

    def texts(self, chat_id: str) -> list[str]:
        """What was said in a chat."""
        with self._guard:
            return [reply.text for chat, reply, _ in self.said if chat == chat_id]
