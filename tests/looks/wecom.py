"""WeCom's markdown and template cards as HTML (documents 99110, 90236 and 101032)."""

import base64
import html
import re
from collections.abc import Iterator
from typing import Any

from bot.platforms.wecom.pieces import Card, File, Markdown, Picture, Piece


def message(piece: Piece) -> str:
    """A piece as it stands in a bubble."""
    match piece:
        case Markdown(content):
            return f'<div class="bubble">{"".join(_markdown(content))}</div>'
        case Card(card):
            return _card(card)
        case Picture(_, content):
            data = base64.b64encode(content).decode()
            return f'<img class="picture" src="data:image/png;base64,{data}">'
        case File(name):
            return f'<div class="bubble">{html.escape(name)}</div>'


def _markdown(content: str) -> Iterator[str]:
    for block in content.split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("| "):
            yield _table(lines)
            continue
        for line in lines:
            kind = "h3" if line.startswith("### ") else "li" if line.startswith("- ") else "p"
            yield f"<{kind}>{_inline(line.removeprefix('### ').removeprefix('- '))}</{kind}>"
        yield '<div class="gap"></div>'


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(text))


def _table(lines: list[str]) -> str:
    head, sides, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    aligned = ["right" if side == "---:" else "left" for side in sides]

    def row(cells: list[str], kind: str) -> str:
        return "".join(
            f'<{kind} style="text-align:{side}">{_inline(cell)}</{kind}>'
            for cell, side in zip(cells, aligned, strict=True)
        )

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return f"<table><thead><tr>{row(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _card(card: dict[str, Any]) -> str:
    title = card["main_title"]
    parts = [f"<h3>{html.escape(title['title'])}</h3>"]
    if "desc" in title:
        parts.append(f'<p class="soft">{html.escape(title["desc"])}</p>')
    if "sub_title_text" in card:
        parts.append(f'<p class="sub">{html.escape(card["sub_title_text"])}</p>')
    pairs = "".join(
        f"<dt>{html.escape(pair['keyname'])}</dt><dd>{html.escape(pair['value'])}</dd>"
        for pair in card.get("horizontal_content_list", ())
    )
    parts.append(f"<dl>{pairs}</dl>" if pairs else "")
    buttons = "".join(
        f'<span class="button style{button["style"]}">{html.escape(button["text"])}</span>'
        for button in card.get("button_list", ())
    )
    parts.append(f'<div class="buttons">{buttons}</div>' if buttons else "")
    return f'<div class="card">{"".join(parts)}</div>'
