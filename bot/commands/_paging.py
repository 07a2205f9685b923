"""Long lists in pages: 更多 says the last list again, one page further on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from bot.messages import Button, Reply
from bot.registry import Context

PAGE = 20  # rows: as many as a phone shows without scrolling for long

Row = TypeVar("Row")


def fetched(page: int) -> int:
    """How many rows to fetch for this page (from 1): all up to its end, and one beyond it."""
    return PAGE * page + 1


def rows_of(found: Sequence[Row], page: int) -> Sequence[Row]:
    """The rows of this page."""
    return found[PAGE * (page - 1) : PAGE * page]


def paged(ctx: Context, reply: Reply, found: Sequence[object], page: int) -> Reply:
    """The list's reply with the way to the next page, or that there is none any more."""
    if page > 1 and not rows_of(found, page):
        return Reply(text=ctx.say("more.none"))
    if len(found) < fetched(page):
        return reply
    text = "\n".join(part for part in (reply.text, ctx.say("more.how")) if part)
    button = Button(ctx.say("button.more"), ctx.say("word.more"))
    return replace(reply, text=text, buttons=(*reply.buttons, button))
