"""Several values of a spec in one line: a SKU of each combination, shown before they are made."""

import pytest

from bot.commands.skus import MOST_AT_ONCE
from store import audit, skus
from store.db import Database
from store.skus import SkuView
from tests.fakes.clock import FakeClock
from tests.shop import Talk, fill, spoken


@pytest.fixture
def talk(db: Database, clock: FakeClock) -> Talk:
    fill(db)
    return Talk(db, clock)


def of(talk: Talk, name: str) -> list[SkuView]:
    found = talk.db.read(lambda tx: skus.of_name(tx, name))
    return [sku for sku in found if sku.status == "on_sale"]


@pytest.mark.parametrize(
    "said",
    [
        "上架 棉袜 颜色=白,黑 尺寸=M,L 15元 库存10",
        "上架 棉袜 颜色=白、黑 尺码=M、L 15元 库存10",
        "上架 棉袜 颜色=白/黑,尺寸=M/L,15元,库存10",
        "上架 棉袜 颜色有白、黑 尺码 M、L 15元 库存10",
        "上架 棉袜 颜色=白，颜色=黑，尺寸=M，尺寸=L，15元 库存10",
    ],
)
def test_each_combination_is_shown_made_after_a_yes_and_undone_as_one(
    talk: Talk, said: str
) -> None:
    asked = talk.say(said)

    assert asked.outcome == "confirm"
    assert "会新增 4 个规格" in asked.text
    assert asked.table is not None
    assert [row[1:] for row in asked.table.rows] == [
        (f"棉袜 {colour} {size}", "新增 ¥15，库存 10") for colour in "白黑" for size in "ML"
    ]
    assert of(talk, "棉袜") == []

    assert talk.say("是").error is None
    assert [(s.specs, s.price_fen, s.on_hand) for s in of(talk, "棉袜")] == [
        ({"颜色": colour, "尺寸": size}, 1500, 10) for colour in "白黑" for size in "ML"
    ]
    assert talk.db.read(audit.check).ok

    talk.say("撤销")
    assert of(talk, "棉袜") == []


@pytest.mark.parametrize(
    ("said", "name", "specs", "stock"),
    [
        ("上架 水杯 88元 大/中/小", "水杯", [{"尺寸": v} for v in "大中小"], 0),
        ("上架 水杯 大/中/小 88元", "水杯", [{"尺寸": v} for v in "大中小"], 0),
        ("上架 水杯 88元 大号/小号 库存5", "水杯", [{"尺寸": v} for v in ("大号", "小号")], 5),
        ("上架 棉袜 88元 黑/白/灰 库存50", "棉袜", [{"颜色": v} for v in "黑白灰"], 50),
    ],
)
def test_plain_values_with_strokes_between_need_no_key(
    talk: Talk, said: str, name: str, specs: list[dict[str, str]], stock: int
) -> None:
    assert talk.say(said).outcome == "confirm"
    assert of(talk, name) == []
    talk.say("是")

    found = [(s.specs, s.price_fen, s.on_hand) for s in of(talk, name)]
    assert found == [(one, 8800, stock) for one in specs]


def test_what_the_product_has_stays_and_its_spelling_is_taken(talk: Talk) -> None:
    asked = talk.say("上架 T恤 颜色=白,黑 尺码=M,L 69元 库存10")

    assert "尺寸「M」以前没有过" in asked.text
    assert asked.table is not None
    assert [row[1:] for row in asked.table.rows] == [
        ("T恤 白色 M", "新增 ¥69，库存 10"),
        ("T恤 白色 L", "已有（在售），不变"),
        ("T恤 黑色 M", "新增 ¥69，库存 10"),
        ("T恤 黑色 L", "已有（在售），不变"),
    ]
    talk.say("是")
    assert len(of(talk, "T恤")) == 4
    assert talk.db.read(lambda tx: skus.view(tx, "TX-B-L")).price_fen == 5900

    again = talk.say("上架 T恤 颜色=白,黑 尺码=L 69元")
    assert again.error == "code_taken"


def test_one_value_takes_the_products_spelling_too(talk: Talk) -> None:
    talk.say("上架 T恤 颜色=白 尺寸=XL 59元")
    talk.say("是")

    assert [sku.specs for sku in of(talk, "T恤")][-1] == {"颜色": "白色", "尺寸": "XL"}


def test_a_stock_beside_two_sizes_is_a_stock(talk: Talk) -> None:
    talk.say("上架 帆布鞋 尺码=38,39 129元 20双")
    talk.say("是")

    assert [(s.specs, s.on_hand) for s in of(talk, "帆布鞋")] == [
        ({"尺寸": "38"}, 20),
        ({"尺寸": "39"}, 20),
    ]


def test_a_price_after_the_values_is_no_value(talk: Talk) -> None:
    talk.say("上架 帆布鞋 颜色=白,黑,129")
    talk.say("是")

    assert [(s.specs, s.price_fen) for s in of(talk, "帆布鞋")] == [
        ({"颜色": "白"}, 12900),
        ({"颜色": "黑"}, 12900),
    ]


def test_one_code_for_several_is_refused(talk: Talk) -> None:
    refused = talk.say("上架 棉袜 颜色=白,黑 15元 编码 MW-1")

    assert refused.error == "invalid_request"
    assert "一个编码只能给一个规格" in refused.text
    assert of(talk, "棉袜") == []


def test_more_than_a_card_can_show_is_a_sheet(talk: Talk) -> None:
    sizes = ",".join(f"尺{n}" for n in range(MOST_AT_ONCE // 2 + 1))
    refused = talk.say(f"上架 棉袜 颜色=白,黑 尺寸={sizes} 15元")

    assert refused.error == "invalid_request"
    assert f"最多上架 {MOST_AT_ONCE} 个规格" in refused.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("规格 T恤 颜色=白,黑,灰 尺寸=M,L", "颜色=白色,黑色,灰色"),
        ("规格 T恤 颜色=白色,黑 尺寸=L", "颜色=白色,黑色"),
        ("规格 T恤 颜色=白,黑,迷彩 尺寸=L", "颜色=白色,黑色,迷彩"),
    ],
)
def test_a_schema_takes_the_spelling_of_the_product(talk: Talk, said: str, shown: str) -> None:
    told = talk.say(said)

    assert told.error is None
    assert shown in spoken(told).replace("、", ",")
