"""Charts as pictures: Chinese is really drawn, nothing is cut, nothing overlaps."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFont

from bot.messages import Chart
from bot.platforms.fonts import Letters
from bot.platforms.pictures import WIDTH, MissingFontError, chart_png, font_path

PATH = font_path()
LONG = "咖啡豆 埃塞俄比亚耶加雪菲水洗一级 中浅烘 100% 阿拉比卡 整豆不磨粉 礼盒装带提袋 500g"
KINDS = {
    "long names": Chart("bar", (LONG, LONG + "二", "T恤"), (1_000_000, 5, 0)),
    "short names": Chart("bar", ("茶", "壶", "豆"), (12, 7, -3)),
    "losses and long names": Chart("bar", (LONG, "一款卖得很好的茶"), (-40, 30)),
    "many": Chart("bar", tuple(f"{LONG} {n}" for n in range(60)), tuple(range(60))),
    "a month": Chart("line", tuple(f"09-{n:02d}" for n in range(1, 31)), tuple(range(900, 930))),
    "a curve with long names": Chart("line", (LONG,) * 40, tuple(n % 7 for n in range(40))),
    "a loss": Chart("line", ("一", "二", "三"), (3, -5, 1_234_567)),
    "one point": Chart("line", ("一",), (5,)),
    "nothing sold": Chart("bar", ("一", "二"), (0, 0)),
    "nothing sold for days": Chart("line", ("一", "二"), (0, 0)),
    "no bars": Chart("bar", (), ()),
    "no points": Chart("line", (), ()),
}

pytestmark = pytest.mark.skipif(
    PATH is None and "CI" not in os.environ, reason="no font with Chinese on this machine"
)


@pytest.fixture
def letters() -> Letters:
    assert PATH is not None
    return Letters(PATH)


@pytest.mark.parametrize("chart", KINDS.values(), ids=KINDS)
def test_a_chart_is_a_small_picture_with_nothing_cut_at_its_edges(chart: Chart) -> None:
    content = chart_png(chart, f"本周热销：{LONG}")

    assert len(content) < 200_000
    image = _opened(content)
    assert image.width == WIDTH
    inside = (24, 24, image.width - 24, image.height - 24)
    edges = image.copy()
    edges.paste("white", inside)
    assert _ink(edges) is None
    assert _ink(image) is not None


def test_chinese_is_drawn_and_not_the_box_of_a_missing_letter(letters: Letters) -> None:
    shapes = {char: bytes(letters.of(40).getmask(char)) for char in "咖茶\U0010ffff"}

    assert len(set(shapes.values())) == 3
    pictures = {chart_png(Chart("bar", (name, "壶"), (2, 1))) for name in "咖茶"}
    assert len(pictures) == 2


def test_what_the_font_lacks_is_left_out(letters: Letters) -> None:
    assert letters.drawable("🍵 抹茶\n粉 \u202e1") == "抹茶 粉 1"
    with_emoji, without = (chart_png(Chart("bar", (n, "壶"), (2, 1))) for n in ("🍵抹茶", "抹茶"))
    assert with_emoji == without


def test_a_name_too_long_keeps_both_its_ends(letters: Letters) -> None:
    shorter = letters.fitted(LONG, 28, 400)

    assert letters.width(shorter, 28) <= 400
    assert shorter[:3] == LONG[:3]
    assert shorter[-4:] == "500g"
    assert "…" in shorter
    assert letters.fitted("茶", 28, 400) == "茶"
    assert letters.fitted("茶", 28, 1) == "…"


def test_names_below_a_curve_keep_apart(letters: Letters) -> None:
    days = tuple(f"2026-09-{n % 30 + 1:02d}" for n in range(50))
    image = _opened(chart_png(Chart("line", days, (5,) * 50)))

    below = image.crop((0, image.height - 70, WIDTH, image.height - 36)).convert("L")
    columns = (below.crop((x, 0, x + 1, below.height)) for x in range(WIDTH))
    dark = [column.getextrema() != (255, 255) for column in columns]
    groups = "".join("#" if ink else " " for ink in dark).split(" " * 12)
    widths = [len(group.strip()) for group in groups if group.strip()]
    assert len(widths) >= 4
    assert max(widths) <= letters.width("2026-09-08", 24) + 2


def test_the_greater_value_has_the_longer_bar() -> None:
    image = _opened(chart_png(Chart("bar", ("甲" * 30, "乙" * 30, "丙" * 30), (30, 20, 10))))

    rows = _blue(image)
    bars = sorted({n for n in rows if n > 100})
    assert bars[-1] / bars[0] == pytest.approx(3, rel=0.1)


def test_the_least_that_was_sold_is_still_to_be_seen() -> None:
    image = _opened(chart_png(Chart("bar", ("甲" * 30, "乙" * 30), (1_000_000, 1))))

    lower = image.crop((0, image.height * 2 // 3, WIDTH, image.height))
    assert max(_blue(lower)) > 4


def test_the_same_chart_is_the_same_picture() -> None:
    assert chart_png(KINDS["a loss"], "热销") == chart_png(KINDS["a loss"], "热销")


def test_without_a_font_there_is_no_picture() -> None:
    with pytest.raises(MissingFontError):
        chart_png(KINDS["a month"], find=lambda: None)


def test_a_font_is_looked_for_where_it_usually_is_then_asked_for(tmp_path: Path) -> None:
    usual = tmp_path / "usual.ttc"
    usual.touch()
    assert font_path((tmp_path / "absent.ttc", usual)) == usual
    assert font_path((), "no-such-program") is None
    assert font_path((), _program(tmp_path, "echo /f/x.ttf; exit 1")) is None
    assert font_path((), _program(tmp_path, "echo /f/bitmap.pcf.gz; echo /f/x.TTF")) == Path(
        "/f/x.TTF"
    )


def test_fontconfig_finds_a_font_that_opens() -> None:
    found = font_path(())
    if found is None:
        pytest.skip("no fontconfig on this machine")
    assert ImageFont.truetype(found, 12).getname()[0]


def _program(folder: Path, script: str) -> str:
    path = folder / "fc-list"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def _opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=["PNG"])
    image.load()
    return image.convert("RGB")


def _ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the picture is not white."""
    return ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()


def _blue(image: Image.Image) -> list[int]:
    """How many pixels of each row belong to bars."""
    where = [[image.getpixel((x, y)) for x in range(image.width)] for y in range(image.height)]
    return [row.count((51, 112, 255)) for row in where]
