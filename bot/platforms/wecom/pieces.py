"""What a letter becomes on WeCom: pieces that each fit into one message."""

import logging
from dataclasses import dataclass
from typing import Any

from bot.messages import Attachment, Reply

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Markdown:
    """Text in the channel's dialect; never empty (WeCom refuses that: 44004)."""

    content: str


@dataclass(frozen=True, slots=True)
class Card:
    """A template card, as its JSON."""

    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file to download."""

    name: str
    mime: str
    content: bytes


Piece = Markdown | Card | Picture | File


def file_pieces(attachment: Attachment | None) -> tuple[Piece, ...]:
    """The file that goes with a letter, if there is one."""
    if attachment is None:
        return ()
    return (File(attachment.name, attachment.mime, attachment.content),)


class Charts:
    """Draws the charts of replies; where no font has Chinese they are left out."""

    def __init__(self) -> None:
        self._told = False

    def pieces(self, reply: Reply) -> tuple[Piece, ...]:
        """The reply's chart as a picture, if it has one."""
        if reply.chart is None:
            return ()
        # Here, for Pillow costs memory that a shop without WeCom need not pay.
        from bot.platforms.pictures import MissingFontError, chart_png  # noqa: PLC0415

        try:
            return (Picture("chart.png", chart_png(reply.chart, reply.chart.title)),)
        except MissingFontError as error:
            if not self._told:
                logger.warning("chart_left_out", extra={"reason": str(error)})
            self._told = True
            return ()
