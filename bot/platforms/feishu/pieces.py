"""A letter in Feishu's own form: the messages that say it, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.messages import Attachment
from bot.platforms.base import Letter
from bot.platforms.feishu import cards
from bot.platforms.feishu.elements import Pen
from bot.platforms.wording import split
from bot.texts.platforms import spoken

_TEXT_BYTES = 8_000  # four times as many at most in a request, of which 20 KB are the least limit
ROBOT = "robot/"


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: ``kind`` is text, interactive (a card) or file.

    ``text`` says the same in words. A file's ``content`` is made when it is uploaded.
    """

    kind: str
    content: Mapping[str, Any]
    text: str = ""
    attachment: Attachment | None = None


def pieces(letter: Letter, own_url: str) -> tuple[Piece, ...]:
    """The letter as messages within the limits of its chat."""
    file = letter.attachment
    if letter.chat_id.startswith(ROBOT):
        said = _said(letter, own_url, live=False)
        return (*said, *(_left_out(file) if file is not None else ()))
    sent = () if file is None else (Piece("file", {}, attachment=file),)
    return (*_said(letter, own_url, live=True), *sent)


def marked_again(piece: Piece, key: str) -> Piece:
    """The piece with a line by which people know it again if it comes twice."""
    line = spoken("platform.again", number=key[:8])
    if piece.kind == "text":
        return in_words(replace(piece, text=f"{piece.text}\n{line}"))
    body = piece.content["body"]
    elements = [*body["elements"], {"tag": "markdown", "content": line}]
    content = {**piece.content, "body": {**body, "elements": elements}}
    return replace(piece, content=content, text=f"{piece.text}\n{line}")


def in_words(piece: Piece) -> Piece:
    """The piece as a text message."""
    return Piece("text", {"text": piece.text}, piece.text)


def _said(letter: Letter, own_url: str, *, live: bool) -> tuple[Piece, ...]:
    words = cards.spoken(letter.reply, own_url)
    if words is not None:
        return _texts(words)
    most = cards.CARD_BYTES if live else cards.ROBOT_BYTES
    rendered = cards.render(letter, own_url=own_url, live=live, most=most)
    return tuple(Piece("interactive", card.content, card.text) for card in rendered)


def _left_out(file: Attachment) -> tuple[Piece, ...]:
    """A custom robot takes no files; its group is told of them."""
    return _texts(spoken("platform.file_left_out", name=Pen("").plain(file.name)))


def _texts(words: str) -> tuple[Piece, ...]:
    return tuple(Piece("text", {"text": text}, text) for text in split(words, _TEXT_BYTES))
