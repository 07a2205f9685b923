"""A letter in pieces, for the channels in which buttons can be pressed."""

from bot.platforms.base import Letter
from bot.platforms.wecom import markdown, template_cards
from bot.platforms.wecom.pieces import Card, Charts, Piece, file_pieces


def pieces(
    letter: Letter, dialect: markdown.Dialect, *, own_url: str, charts: Charts
) -> tuple[Piece, ...]:
    """One card when all of it fits into one; else the words, and then cards with the buttons."""
    beside = (*charts.pieces(letter.reply), *file_pieces(letter.attachment))
    card = template_cards.whole(letter, own_url=own_url)
    if card is not None:
        return (Card(card), *beside)
    words = markdown.pieces(letter.reply, dialect, own_url=own_url)
    return (*words, *beside, *map(Card, template_cards.buttons(letter, own_url=own_url)))
