"""A chat platform that keeps what it was told, and fails when told to."""

import threading
from typing import TYPE_CHECKING

from bot.platforms.base import EditError, Inbound, Letter, Line, RawRequest, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.messages import Reply


class FakePlatform:
    """``said`` holds (chat id, reply, key); ``before`` runs first and may raise or wait.

    With ``editable`` every card can be changed in place; ``edited`` holds (ref, reply). ``lines``
    gives a chat a line of its own kind.
    """

    def __init__(self, name: str = "fake", *, editable: bool = False) -> None:
        self.name = name
        self.said: list[tuple[str, Reply, str]] = []
        self.edited: list[tuple[str, Reply]] = []
        self.letters: list[Letter] = []
        self.before: Callable[[str, Reply], None] = lambda _chat, _reply: None
        self.lines: dict[str, Line] = {}
        self.editable = editable
        self._guard = threading.Lock()

    def receive(self, request: RawRequest) -> Inbound:
        raise VerificationError(request.method)

    def line(self, chat_id: str) -> Line:
        return self.lines.get(chat_id, Line(f"{self.name}/{chat_id}"))

    def render(self, letter: Letter) -> tuple[str, ...]:
        return tuple(letter.reply.text.split("\f"))

    def send(self, letter: Letter, piece: str, number: int) -> str:
        self.before(letter.chat_id, letter.reply)
        with self._guard:
            self.letters.append(letter)
            self.said.append((letter.chat_id, letter.reply, f"{letter.key}.{number}"))
        return f"ref-{letter.card}" if self.editable and piece is not None else ""

    def edit(self, letter: Letter, ref: str) -> str:
        if not self.editable:
            raise EditError(ref)
        with self._guard:
            self.edited.append((ref, letter.reply))
        return ref

    def direct(self, user_id: str) -> str:
        return user_id

    def texts(self, chat_id: str) -> list[str]:
        """What was said in a chat."""
        with self._guard:
            return [reply.text for chat, reply, _ in self.said if chat == chat_id]
