"""docs/cards.md shows every card there is a picture of, and every card can be drawn."""

import re
from pathlib import Path

from tests.card_pictures import FOLDER, pages
from tests.card_samples import replies
from tests.processes import ROOT

MOST_BYTES = 100_000


def test_every_sample_can_be_drawn_and_has_a_small_picture(sqlite_url: str) -> None:
    drawn = dict(pages(replies(sqlite_url)))

    assert all("新订单" in drawn[f"{look}-order"] for look in ("feishu", "wecom"))
    pictures = {path.name: path.stat().st_size for path in FOLDER.glob("card-*.png")}
    assert pictures.keys() == {f"card-{name}.png" for name in drawn}
    assert max(pictures.values()) < MOST_BYTES


def test_the_page_shows_each_picture_once() -> None:
    page = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")

    shown = [Path(source).name for source in re.findall(r'src="([^"]+)"', page)]
    assert sorted(shown) == sorted(path.name for path in FOLDER.glob("card-*.png"))
