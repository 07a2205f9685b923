"""What people wrote, made so that it can do nothing in a card or a text message.

Names, remarks and order notes end up in chats. They must not mention everybody, colour words, or
make links; only the shop's own address stays a link. Feishu docs: 富文本 (Markdown) 组件, where
HTML entities stand for what would be markup; 发送消息内容结构, where text takes ``<at>``, ``<b>``
and ``[text](link)``.
"""

import re

from bot import texts
from bot.platforms.wording import harmless

_MARKS = re.compile(r"[&<>*_~`\[\]()#|\\!{}$]|:(?=\w+:)")  # the last: emoji by name, ``:OK:``
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^((?:&#160;)*)([-+=])", re.MULTILINE)
_NUMBERED = re.compile(r"^((?:&#160;)*[0-9]+)\.", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!])")


def tame(text: str, own_url: str) -> str:
    """``text`` without broken or invisible characters, other people's links and mentions of all."""
    return harmless(texts.visible(text), own_url=own_url)


def as_plain(tamed: str) -> str:
    """What ``tame`` gave, for text messages and ``plain_text``: no tag, no link by brackets."""
    return _TAG.sub("＜", tamed).replace("](", "] (")


def as_markdown(tamed: str, own_url: str) -> str:
    """What ``tame`` gave, as card markdown that shows just these characters."""
    if not own_url:
        return _escaped(tamed)
    # What follows the address must not make another host of it.
    own = re.compile(
        f"({re.escape(own_url.rstrip('/'))}(?![\\w.@:%-])(?:[/?#][\\w./?#=&%~-]*)?)", re.ASCII
    )
    parts = own.split(tamed)
    links = [f"[{_escaped(url)}]({url})" for url in parts[1::2]]
    words = [_escaped(text) for text in parts[::2]]
    return "".join(text for pair in zip(words, [*links, ""], strict=True) for text in pair)


def _escaped(text: str) -> str:
    text = _MARKS.sub(lambda found: f"&#{ord(found[0])};", text)
    text = _INDENT.sub(lambda found: "&#160;" * len(found[0]), text)
    text = _BULLET.sub(lambda found: f"{found[1]}&#{ord(found[2])};", text)
    return _NUMBERED.sub(r"\1&#46;", text)
