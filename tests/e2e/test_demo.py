"""The demo: a furnished shop at the first start, the same shop at the next."""

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from store import audit, chats, members, orders, skus
from store.db import Database
from tests.demo import Demo
from tests.e2e.conftest import MakeShop
from webhooks.shell import demo
from webhooks.shell.demo import GOODS, Customers, furnish, settings_of

if TYPE_CHECKING:
    from bot.settings import Settings

SECOND_START_S = 40.0  # promised are 4; a test asserts with ten-fold slack


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The demo lives on SQLite."""
    return sqlite_url


def test_a_new_shop_gets_people_a_group_and_goods_once(db: Database) -> None:
    assert db.run(lambda tx: furnish(tx, empty=False))
    assert not db.run(lambda tx: furnish(tx, empty=False))

    found, _ = db.read(lambda tx: skus.page(tx, limit=100))
    roles = {m.user_id: m.role for m in db.read(members.listed)}
    group = db.read(lambda tx: chats.chat(tx, "console", "group"))

    assert len(found) == len(GOODS)
    assert roles == {"owner": "owner", "manager": "manager", "staff": "staff"}
    assert group is not None
    assert group.bound
    assert db.read(lambda tx: len(skus.low_stock(tx))) == 1  # so that there is something to see
    assert db.read(audit.check).ok


def test_an_empty_shop_has_people_and_no_goods_and_stays_empty(db: Database) -> None:
    db.run(lambda tx: furnish(tx, empty=True))
    db.run(lambda tx: furnish(tx, empty=False))
    assert db.read(skus.page)[0] == []
    assert db.read(members.owned)


@pytest.mark.parametrize("words", ["咖啡豆", "手冲壶", "抹茶粉", "SCH-01"])
def test_the_goods_of_the_readme_are_certain(db: Database, words: str) -> None:
    db.run(lambda tx: furnish(tx, empty=False))
    assert db.read(lambda tx: skus.one(tx, words)).available > 0


def test_random_customers_order_what_is_there(make_shop: MakeShop, db: Database) -> None:
    db.run(lambda tx: furnish(tx, empty=False))
    customers = Customers(make_shop(), per_minute=0)
    for _ in range(30):
        customers.order()
    placed, _ = db.read(lambda tx: orders.page(tx, limit=100))
    assert len(placed) == 30
    assert db.read(audit.check).ok


def test_customers_of_an_empty_shop_go_away(make_shop: MakeShop, db: Database) -> None:
    db.run(lambda tx: furnish(tx, empty=True))
    Customers(make_shop(), per_minute=0).order()
    assert db.read(orders.page)[0] == []


def test_the_configuration_is_written_once_and_may_be_changed(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    first = settings_of(folder)
    assert first.database_file == folder / "zhanggui.db"
    (folder / "config.yaml").write_text("shop: {name: Mine}\n", encoding="utf-8")
    assert settings_of(folder).shop.name == "Mine"


def test_the_demo_opens_keeps_its_data_and_opens_again_soon(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    with Demo(folder) as running:
        pages = dict(running.pages)
        assert status(pages["chat"]) == 200
        assert status(pages["shop"]) == 200
        sign_in(pages["admin"])
    (stock,) = read_stock(folder, "KFD-250")
    began = time.monotonic()
    with Demo(folder) as running:
        assert time.monotonic() - began < SECOND_START_S
        assert running.pages["admin"] != pages["admin"]
        assert status(running.pages["chat"]) == 200
    assert read_stock(folder, "KFD-250") == [stock]


def status(address: str) -> int:
    return httpx.get(address, timeout=10, trust_env=False).status_code


def sign_in(link: str) -> None:
    """The link opens the desk, once; the page that spends it is a form."""
    with httpx.Client(timeout=10, trust_env=False, follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
        address, _, code = link.partition("?code=")
        assert "咖啡豆" in browser.post(address, data={"code": code}).text
        assert "咖啡豆" in browser.get(address).text
    with httpx.Client(timeout=10, trust_env=False, follow_redirects=True) as stranger:
        assert stranger.post(address, data={"code": code}).status_code == 401


def read_stock(folder: Path, *codes: str) -> list[int]:
    settings: Settings = demo.settings_of(folder)
    with closing(Database(settings.database_url)) as database:
        return [database.read(lambda tx, c=code: skus.view(tx, c)).on_hand for code in codes]  # type: ignore[misc]  # mypy cannot type a default of a lambda
