"""A reply as Feishu cards, JSON 2.0 (Feishu docs: 卡片 JSON 2.0 结构, 发送消息)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.messages import Reply
from bot.platforms.base import Letter
from bot.platforms.feishu.elements import Block, Element, Pen, plain_text, tags, weight

CARD_BYTES = 30_000  # of a request with a card
ROBOT_BYTES = 20_000  # of a custom robot's request
_REQUEST = 600  # for what stands around a card in a request
_MOST_ELEMENTS = 170  # the header has some more; 200 are too many
_MOST_TITLE = 100
_MOST_SUMMARY = 60
_NUMBER = " (999/999)"
_SCARCE = {"low_stock": "orange", "sold_out": "red"}


@dataclass(frozen=True, slots=True)
class Card:
    """One card, and the same in plain words for where it is not taken."""

    content: Element
    text: str


def spoken(reply: Reply, own_url: str) -> str | None:
    """The words of a reply that is nothing but words, for a text message; else None."""
    dressed = (reply.fields, reply.table, reply.chart, reply.presses, reply.title and reply.text)
    return None if any(dressed) else Pen(own_url).plain(reply.title or reply.text)


def render(
    letter: Letter, *, own_url: str, live: bool = True, most: int = CARD_BYTES
) -> tuple[Card, ...]:
    """The letter's reply as cards of at most ``most`` bytes each, in order; at least one.

    ``live``: presses come back; without, buttons say what to type.
    """
    pen = Pen(own_url, letter.card, live)
    title, blocks = _laid_out(letter.reply, pen)
    empty = _card(letter.reply, title + _NUMBER, [], summary=_NUMBER * 10)
    sheets = _packed(blocks, most - _REQUEST - weight(empty))
    return tuple(
        _finished(letter.reply, _numbered(title, number, len(sheets)), sheet)
        for number, sheet in enumerate(sheets, 1)
    )


def _laid_out(reply: Reply, pen: Pen) -> tuple[str, list[Block]]:
    """The title for the header, and what stands below: a long title too, for headers are cut."""
    title, blocks = pen.plain(reply.title), list(pen.blocks(reply))
    if blocks and len(title) <= _MOST_TITLE and "\n" not in title:
        return title, blocks
    return "", [*pen.passages(reply.title), *blocks]


def _packed(blocks: Iterable[Block], room: int) -> list[list[Block]]:
    """Blocks on as few cards as their order allows; a card has the rows of one table."""
    sheets: list[list[Block]] = [[]]
    left, held = room, Counter[str]()
    for block in blocks:
        more, kinds = weight(block.elements) + 1, tags(block.elements)
        both = held + kinds
        crowded = both.total() > _MOST_ELEMENTS or both["table"] > 1  # the rest of a long table
        if sheets[-1] and (more > left or crowded):
            sheets.append([])
            left, both = room, kinds
        sheets[-1].append(block)
        left, held = left - more, both
    return sheets


def _finished(reply: Reply, title: str, sheet: list[Block]) -> Card:
    words = [title, *(block.plain for block in sheet)]
    text = "\n".join(filter(None, words))
    summary = (title or text.lstrip()).split("\n")[0][:_MOST_SUMMARY]
    elements = [element for block in sheet for element in block.elements]
    return Card(_card(reply, title, elements, summary=summary), text)


def _card(reply: Reply, title: str, elements: list[Element], *, summary: str) -> Element:
    # The summary is what the list of chats shows.
    card: dict[str, Any] = {
        "schema": "2.0",
        "config": {"update_multi": True, "summary": {"content": summary}},
    }
    if title:
        card["header"] = {"title": plain_text(title), "template": _colour(reply)}
    return card | {"body": {"elements": elements}}


def _colour(reply: Reply) -> str:
    """Red: refused, or nothing is left; orange: somebody has to act; grey: all is done."""
    if reply.error is not None:
        return "red"
    if reply.outcome == "confirm":
        return "orange"
    if reply.intent in _SCARCE:
        return _SCARCE[reply.intent] if reply.buttons else "grey"
    # An order that is shipped or closed can at most be looked at, or taken one last step.
    done = reply.intent == "order_show" and len(reply.buttons) <= 1
    return "grey" if done else "blue"


def _numbered(title: str, number: int, total: int) -> str:
    return title if total == 1 else f"{title} ({number}/{total})".strip()


__all__ = ["CARD_BYTES", "ROBOT_BYTES", "Card", "render", "spoken"]
