"""Chats with the people who see the self-built application."""

from dataclasses import replace
from typing import Any

from bot.platforms.base import EditError, Letter, Line, SendError
from bot.platforms.wecom import markdown, rendering, template_cards
from bot.platforms.wecom.app_client import AppClient
from bot.platforms.wecom.pieces import Card, Charts, File, Markdown, Picture, Piece

PREFIX = "app/"
# 30 in a minute and 1000 in an hour for a person; what is over is dropped silently (90454).
_LINE = Line("wecom:app", burst=8, interval_s=3.7)


class AppChannel:
    """What is said to one person by the application. Thread-safe."""

    def __init__(self, client: AppClient, *, own_url: str, charts: Charts) -> None:
        self._client, self._own_url, self._charts = client, own_url, charts

    def line(self) -> Line:
        """All people share the application's faults, each has limits of their own."""
        return _LINE

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """Words in the application's small markdown, and cards."""
        return rendering.pieces(letter, markdown.APP, own_url=self._own_url, charts=self._charts)

    def send(self, letter: Letter, piece: Piece, _number: int) -> str:
        """Returns the ``response_code`` of a card, good for one change within 72 hours."""
        user = letter.chat_id.removeprefix(PREFIX)
        # Two people may rightly be told the same; a card has a task_id that no other has.
        card = isinstance(piece, Card)
        answer = self._client.send(user, self._message(piece), once=letter.again or card)
        return str(answer.get("response_code") or "") if card else ""

    def edit(self, letter: Letter, ref: str) -> str:
        """Returns "": the code is used up, the next press brings another."""
        make = template_cards.shortened if letter.reply.buttons else template_cards.closed
        # A task_id is used once, and the letter may be the very one that is on the screen.
        card = make(replace(letter, key=f"{letter.key}|{ref}"), own_url=self._own_url)
        if card is None:
            raise EditError("more than a card holds")
        try:
            self._client.update(letter.chat_id.removeprefix(PREFIX), ref, card)
        except SendError as error:
            if error.permanent and not error.gone:  # used up or too old: no page names the code
                raise EditError(str(error)) from error
            raise
        return ""

    def _message(self, piece: Piece) -> dict[str, Any]:
        match piece:
            case Markdown(content):
                return {"msgtype": "markdown", "markdown": {"content": content}}
            case Card(card):
                return {"msgtype": "template_card", "template_card": card}
            case Picture(name, content):
                media_id = self._client.upload("image", name, "image/png", content)
                return {"msgtype": "image", "image": {"media_id": media_id}}
            case File(name, mime, content):
                media_id = self._client.upload("file", name, mime, content)
                return {"msgtype": "file", "file": {"media_id": media_id}}
