"""Replies as WeCom's markdown: markdown_v2 (document 99110), or the subset an application has.

Neither documents a way to escape, and a backslash is shown as it stands; so what would be markup
becomes its full-width look-alike. Only what is written here can make a heading, a link, a picture
or a mention.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.messages import Button, Reply
from bot.platforms import wording
from bot.platforms.wecom.pieces import Markdown
from bot.texts.platforms import spoken

_AGAIN_BYTES = 64  # of what ``marked`` adds


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a channel takes. ``most``: bytes of UTF-8 in one message; ``lists``: and tables."""

    most: int
    lists: bool = True


# Room is left for the mark of what may have been sent before.
WEBHOOK = Dialect(4096 - _AGAIN_BYTES)
ROBOT = Dialect(20480 - _AGAIN_BYTES)
APP = Dialect(2048, lists=False)


def pieces(
    reply: Reply,
    dialect: Dialect,
    *,
    own_url: str,
    hints: tuple[Button, ...] = (),
    mention: str = "",
    files: bool = True,
) -> tuple[Markdown, ...]:
    """The reply without its chart, split at the channel's limit; () when it has nothing to say.

    ``hints``: buttons that cannot act here, so that what to type is said; ``mention``: the name of
    the robot that hears it, "" where nobody need be mentioned. ``files``: whether the reply's file
    can follow.
    """
    notes = [_hint(button, mention, own_url) for button in hints]
    if reply.file is not None and not files:
        notes.append(spoken("platform.no_file"))
    text = "\n\n".join(filter(None, [*_blocks(reply, dialect, own_url), "\n".join(notes)]))
    return tuple(Markdown(piece) for piece in wording.split(text, dialect.most))


def marked(content: str, key: str) -> str:
    """``content`` with a mark that tells people that they may have read it already."""
    return f"{content}\n{spoken('platform.again', number=escaped(key[:8]))}"


def escaped(text: str, *, own_url: str = "") -> str:
    """``text`` without any meaning to the client, addresses that begin with ``own_url`` apart."""
    text = wording.harmless(text, own_url=own_url)
    if not own_url:
        return _bare(text)
    # After ``harmless`` no other address is left that begins like this.
    own = re.compile(rf"({re.escape(own_url.rstrip('/'))}(?:[/?#][A-Za-z0-9\-._~/?#=&%+]*)?)")
    parts = own.split(text)
    return "".join(part if odd % 2 else _bare(part) for odd, part in enumerate(parts))


def one_line(text: str) -> str:
    """``text`` with every run of blanks and line ends as one blank."""
    return " ".join(text.split())


def _blocks(reply: Reply, dialect: Dialect, own_url: str) -> Iterator[str]:
    """The parts of a reply, between which an empty line stands."""

    def safe(text: str) -> str:
        return escaped(text, own_url=own_url)

    if reply.title:
        yield f"### {safe(one_line(reply.title))}"
    yield safe(reply.text.strip("\n"))
    bullet = "- " if dialect.lists else ""
    yield "\n".join(_field(name, value, bullet, safe) for name, value in reply.fields)
    if reply.table is not None:
        head = [safe(cell) for cell in reply.table.head]
        rows = [[safe(cell) for cell in row] for row in reply.table.rows]
        yield (wording.markdown_table if dialect.lists else wording.plain_table)(head, rows)


def _field(name: str, value: str, bullet: str, safe: Callable[[str], str]) -> str:
    """A line; where the value has several, each of them is one of its own."""
    head = f"{bullet}**{safe(one_line(name))}**"
    lines = [safe(one_line(line)) for line in value.split("\n") if line.strip()]
    return "\n".join([f"{head} {' '.join(lines[:1])}", *(f"{bullet}{line}" for line in lines[1:])])


def _hint(button: Button, mention: str, own_url: str) -> str:
    """What to type; in a group the robot hears only what mentions it."""
    typed = f"@{mention} {button.command}" if mention else button.command
    command, label = (escaped(text, own_url=own_url) for text in (typed, button.label))
    return spoken("platform.hint", label=label, command=command)


# The asterisk that masks names and numbers becomes a dot: its look-alikes are wide, and tear them.
_WIDE = str.maketrans("*`[]<>|\\", "•｀［］＜＞｜＼")
_LINE_BEGIN = re.compile(r"^(\s*)#", re.MULTILINE)
_RULE = re.compile(r"^(\s*)([-=])(?=[-=\s]*$)", re.MULTILINE)  # a rule, or makes a heading above
_EDGE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # inside a code it means nothing
_STRIKE = re.compile(r"~(?=~)|(?<=~)~")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")  # &lt;@all&gt;


def _bare(text: str) -> str:
    text = _LINE_BEGIN.sub(r"\1＃", text.translate(_WIDE))
    text = _RULE.sub(lambda found: found[1] + {"-": "－", "=": "＝"}[found[2]], text)
    return _ENTITY.sub("＆", _STRIKE.sub("～", _EDGE.sub("＿", text)))
