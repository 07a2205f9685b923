"""Takes the pictures of docs/cards.md anew: ``python -m tests.card_pictures``.

The cards are those that are sent; how the clients draw them is imitated in ``tests.looks``.
"""

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from bot.messages import Reply
from bot.platforms.base import Letter
from bot.platforms.calls import Calls
from bot.platforms.feishu.pieces import pieces as feishu_pieces
from bot.platforms.wecom import template_cards
from bot.platforms.wecom.pieces import Card, Piece
from bot.platforms.wecom.platform import WecomPlatform
from bot.settings.sections import Wecom
from tests.card_samples import replies
from tests.chromium import Chromium, Page
from tests.fakes.clock import FakeClock
from tests.looks import feishu, wecom
from tests.processes import ROOT

FOLDER = ROOT / "docs" / "images"
CSS = ROOT / "tests" / "looks" / "looks.css"
OWN = "https://shop.example"
WIDTH = 780  # a phone's 390, twice as fine
_COLOURS = 64

SAMPLES = (
    "order",
    "order-acted",
    "low-stock",
    "low-stock-acted",
    "digest",
    "summary",
    "confirm",
    "count",
)


def main(folder: Path = FOLDER) -> None:
    """Every sample on every platform."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, Chromium() as browser:
        said = replies(f"sqlite:///{made}/shop.db")
        for name, page in pages(said):
            path = Path(made) / f"{name}.html"
            path.write_text(page, encoding="utf-8")
            _photograph(browser, path, folder / f"card-{name}.png")


def pages(said: dict[str, Reply]) -> Iterator[tuple[str, str]]:
    """Names and pages. WeCom's webhook is told of the order."""
    for name in SAMPLES:
        letter = Letter("oc_group", said[name], key=name, card=7)
        cards = [piece.content for piece in feishu_pieces(letter, OWN)]
        yield f"feishu-{name}", _page("feishu", map(feishu.message, cards))
    platform = _wecom()
    for name in SAMPLES:
        letter = Letter("bot/group", said[name], key=name, card=7)
        shown = _in_place(letter) if name.endswith("-acted") else ()
        yield f"wecom-{name}", _page("wecom", map(wecom.message, shown or platform.render(letter)))
    letter = Letter("robot/orders", said["order"], key="webhook")
    yield "wecom-webhook", _page("wecom", map(wecom.message, platform.render(letter)))


def _in_place(letter: Letter) -> tuple[Piece, ...]:
    """What a pressed card becomes, as ``SocketChannel.edit`` does it; () when it is said anew."""
    make = template_cards.shortened if letter.reply.buttons else template_cards.notice
    card = make(letter, own_url=OWN)
    return (Card(card),) if card else ()


def _wecom() -> WecomPlatform:
    settings = Wecom.model_validate(
        {
            "aibot": {"bot_id": "aib", "secret": "s3cret", "name": "掌柜"},
            "robots": [{"name": "orders", "webhook": "https://qyapi.weixin.qq.com/x/send?key=k"}],
        }
    )
    return WecomPlatform(
        settings, window_s=300, own_url=OWN, welcome="", calls=Calls(), now=FakeClock()
    )


def _page(look: str, messages: Iterable[str]) -> str:
    said = "".join(
        '<div class="said"><div class="face">掌</div><div class="what">'
        f'<div class="who">掌柜<b>机器人</b></div>{message}</div></div>'
        for message in messages
    )
    style = CSS.read_text(encoding="utf-8")
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><body class="{look}">{said}'


def _photograph(browser: Chromium, page: Path, target: Path) -> None:
    """The whole page, as a file of few colours."""
    height = _opened(browser, page, 200).evaluate(
        "Math.ceil(document.body.getBoundingClientRect().height)"
    )
    _opened(browser, page, height).screenshot(target)
    image = Image.open(io.BytesIO(target.read_bytes())).convert("RGB")
    image.quantize(_COLOURS).save(target, optimize=True)


def _opened(browser: Chromium, page: Path, height: int) -> Page:
    tab = browser.page(WIDTH, height)
    tab.goto(page.as_uri())
    return tab


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
