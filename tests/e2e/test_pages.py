"""The storefront and the desk, as a browser without JavaScript uses them."""

from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store import codes, members, orders, shop, skus
from store.db import Database, Tx
from store.models import SkuStatus
from store.orders import OrderView
from store.skus import SkuPatch
from store.stock import Cause
from tests.conftest import AddSku
from tests.e2e.conftest import MakeShop
from tests.fakes.clock import FakeClock
from webhooks.app import create_app
from webhooks.shop import Shop

NOBODY = Cause("test", "test")
BUYER = {"name": "王小明", "phone": "138 0000 1234", "address": "杭州市西湖区文三路 1 号"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The pages know no SQL; one database is enough for them."""
    return sqlite_url


@pytest.fixture
def running(make_shop: MakeShop) -> Shop:
    facts = {"name": "山溪茶咖", "notice": "满百包邮", "contact": "微信 shanxi"}
    return make_shop(shop=facts, orders={"rate_limit": "5/minute"})


@pytest.fixture
def browser(running: Shop) -> FlaskClient:
    return create_app(running).test_client()


@dataclass
class Form(HTMLParser):
    """The fields of the page's order form as a browser would send them."""

    fields: dict[str, str] = field(default_factory=dict)
    offers: dict[str, bool] = field(default_factory=dict)  # choice -> may be chosen

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name, value = values.get("name"), values.get("value") or ""
        if tag != "input" or name is None:
            return
        if values.get("type") == "radio":
            self.offers[value] = "disabled" not in values
            if "checked" not in values:
                return
        self.fields[name] = value


def form_of(page: TestResponse) -> Form:
    form = Form()
    form.feed(page.text)
    return form


def product(browser: FlaskClient, name: str) -> str:
    """The address of a product, found by looking at the shop."""
    page = browser.get("/", query_string={"q": name}).text
    return page.partition('class="good ')[2].partition('href="')[2].partition('"')[0]


def order(browser: FlaskClient, page: str, **typed: str) -> TestResponse:
    """Fill in the order form and send it."""
    filled = form_of(browser.get(page)).fields | BUYER | typed
    return browser.post(page, data=filled)


def weight(browser: FlaskClient, address: str) -> int:
    """Bytes of a file."""
    with browser.get(address) as answer:
        assert answer.status_code == 200
        return len(answer.data)


def placed(db: Database) -> list[OrderView]:
    return db.read(lambda tx: orders.page(tx)[0])


def available(db: Database, code: str) -> int:
    return db.read(lambda tx: skus.view(tx, code)).available


def test_a_customer_orders_and_lands_on_the_page_of_the_order(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10, price_fen=4900)

    answer = order(browser, product(browser, "咖啡豆"), quantity="2", remark="要细粉")

    found = placed(db)[0]
    assert answer.status_code == 303
    address = urlsplit(answer.location)
    assert address.path == f"/orders/{found.order_no}"
    assert parse_qs(address.query) == {"token": [found.token]}
    assert (found.channel, found.remark, found.total_fen) == ("h5", "要细粉", 9800)
    page = browser.get(answer.location)
    assert page.status_code == 200
    for words in ("下单成功", found.order_no, "咖啡豆", "要细粉", "¥</small>98", "店家会联系你"):
        assert words in page.text
    assert BUYER["phone"] not in page.text  # the link gets passed on
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert 'zhanggui_orders_total{outcome="accepted"} 1.0' in browser.get("/metrics").text


def test_a_form_sent_twice_is_one_order_with_or_without_cookies(
    browser: FlaskClient, running: Shop, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10)
    address = product(browser, "咖啡豆")
    for client in (browser, create_app(running).test_client(use_cookies=False)):
        filled = form_of(client.get(address)).fields | BUYER
        first = client.post(address, data=filled)
        second = client.post(address, data=filled)
        assert first.location == second.location
    assert len(placed(db)) == 2
    assert available(db, "CF-001") == 8


def test_a_form_that_was_ordered_already_says_so_and_orders_anew_only_when_sent_again(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10)
    address = product(browser, "咖啡豆")
    filled = form_of(browser.get(address)).fields | BUYER
    browser.post(address, data=filled)

    back = browser.post(address, data=filled | {"quantity": "3"})
    assert back.status_code == 422
    assert "已经下过单" in back.text
    assert len(placed(db)) == 1
    assert browser.post(address, data=form_of(back).fields).status_code == 303
    assert len(placed(db)) == 2


def test_each_browser_is_a_customer_of_its_own(
    browser: FlaskClient, running: Shop, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10)
    address = product(browser, "咖啡豆")
    for client in (browser, browser, create_app(running).test_client()):
        order(client, address)
    third, second, first = (found.customer_id for found in placed(db))
    assert first == second != third
    cookie = browser.get_cookie("zhanggui_customer")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"quantity": "0"}, "1 到 9999"),
        ({"quantity": "-1"}, "1 到 9999"),
        ({"quantity": "1.5"}, "1 到 9999"),
        ({"quantity": "1_0"}, "1 到 9999"),
        ({"quantity": "１0000"}, "1 到 9999"),
        ({"quantity": "٣"}, "1 到 9999"),
        ({"quantity": "9" * 400}, "1 到 9999"),
        ({"quantity": ""}, "1 到 9999"),
        ({"name": ""}, "请填写姓名"),
        ({"name": "王" * 51}, "请填写姓名"),
        ({"name": "王\u202e明"}, "请填写姓名"),
        ({"phone": "not a number"}, "请检查电话号码"),
        ({"phone": ""}, "请检查电话号码"),
        ({"address": "路" * 201}, "地址最多 200 个字"),
        ({"remark": "好" * 201}, "备注最多 200 个字"),
        ({"remark": "\x00"}, "备注最多 200 个字"),
        ({"choice": ""}, "请选择一个规格"),
        ({"choice": "CF-001@0"}, "请选择一个规格"),
        ({"choice": "CF@001@9@"}, "请选择一个规格"),
    ],
)
def test_what_cannot_be_is_named_and_what_was_typed_stays(
    browser: FlaskClient, db: Database, add_sku: AddSku, typed: dict[str, str], words: str
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10)
    address = product(browser, "咖啡豆")

    answer = order(browser, address, **{"remark": "要细粉", **typed})

    assert answer.status_code == 422
    assert words in answer.text
    again = form_of(answer).fields
    kept = BUYER | {"remark": "要细粉"} | typed
    assert {name: again[name] for name in BUYER} == {name: kept[name] for name in BUYER}
    assert placed(db) == []


def test_full_width_digits_are_digits(browser: FlaskClient, db: Database, add_sku: AddSku) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=10)
    assert order(browser, product(browser, "咖啡豆"), quantity="３").status_code == 303
    assert available(db, "CF-001") == 7


def test_a_shortage_says_how_many_are_left_and_takes_fewer_next(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=3)
    answer = order(browser, product(browser, "咖啡豆"), quantity="4")
    assert answer.status_code == 409
    assert "只剩 3 件" in answer.text
    filled = form_of(answer).fields
    assert filled["quantity"] == "4"
    assert browser.post(product(browser, "咖啡豆"), data=filled | {"quantity": "3"}).location
    assert available(db, "CF-001") == 0


def test_a_changed_price_is_shown_before_it_is_accepted(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=3, price_fen=4900)
    address = product(browser, "咖啡豆")
    filled = form_of(browser.get(address)).fields | BUYER
    db.run(lambda tx: skus.edit(tx, code="CF-001", patch=SkuPatch(price_fen=5200), cause=NOBODY))

    answer = browser.post(address, data=filled)
    assert answer.status_code == 409
    assert "原来 ¥49.00，现在 ¥52.00" in answer.text
    assert placed(db) == []
    assert browser.post(address, data=form_of(answer).fields).status_code == 303
    assert placed(db)[0].total_fen == 5200


def test_a_closed_shop_shows_its_goods_and_takes_no_order(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=3)
    address = product(browser, "咖啡豆")
    filled = form_of(browser.get(address)).fields | BUYER
    db.run(lambda tx: shop.set_open(tx, open=False, actor="test"))

    assert "打烊了" in browser.get("/").text
    answer = browser.post(address, data=filled)
    assert answer.status_code == 409
    assert "打烊了，暂不接单" in answer.text
    assert form_of(answer).fields["name"] == BUYER["name"]


def test_sold_out_specs_cannot_be_chosen_and_delisted_ones_are_gone(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    for code, size, on_hand in (("A", "S", 5), ("B", "M", 0), ("C", "L", 5)):
        add_sku(code, name="卫衣", specs={"尺寸": size}, on_hand=on_hand, price_fen=100)
    address = product(browser, "卫衣")
    filled = form_of(browser.get(address)).fields | BUYER
    db.run(lambda tx: skus.set_status(tx, code="C", status=SkuStatus.DELISTED, cause=NOBODY))

    assert form_of(browser.get(address)).offers == {"A@100": True, "B@100": False}
    answer = browser.post(address, data=filled | {"choice": "C@100"})
    assert answer.status_code == 409
    assert "已下架" in answer.text


def test_ordering_too_often_is_slowed_down_like_in_the_api(
    browser: FlaskClient, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=100)
    address = product(browser, "咖啡豆")
    answers = [order(browser, address) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "太频繁" in answers[-1].text
    assert form_of(answers[-1]).fields["name"] == BUYER["name"]


def test_a_customer_cancels_with_the_token_and_nobody_without(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=5)
    page = order(browser, product(browser, "咖啡豆")).location
    found = placed(db)[0]
    address = f"/orders/{found.order_no}/cancel"

    assert browser.post(address, data={"token": "wrong"}).status_code == 404
    assert browser.post(address).status_code == 404
    assert placed(db)[0].status == "confirmed"
    answer = browser.post(address, data={"token": found.token})
    assert answer.location == page
    assert "已取消" in browser.get(page).text
    assert available(db, "CF-001") == 5


def test_an_order_that_is_shipped_is_not_cancelled(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=5)
    page = order(browser, product(browser, "咖啡豆")).location
    found = placed(db)[0]
    db.run(
        lambda tx: orders.ship(
            tx, order_no=found.order_no, actor="test", carrier="顺丰", tracking_no="SF123"
        )
    )
    assert all(words in browser.get(page).text for words in ("已发货", "顺丰", "SF123"))
    answer = browser.post(f"/orders/{found.order_no}/cancel", data={"token": found.token})
    assert answer.status_code == 409
    assert "不能取消" in answer.text


def test_a_wrong_token_is_an_order_that_does_not_exist(
    browser: FlaskClient, db: Database, add_sku: AddSku
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=5)
    order(browser, product(browser, "咖啡豆"))
    number = placed(db)[0].order_no
    wrong = browser.get(f"/orders/{number}", query_string={"token": "wrong"})
    unknown = browser.get("/orders/1000000000", query_string={"token": "wrong"})
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)
    assert wrong.status_code == 404


def test_goods_are_found_by_category_word_and_initials(
    browser: FlaskClient, add_sku: AddSku
) -> None:
    add_sku("LC", name="绿茶", category="茶叶/绿茶", on_hand=5)
    add_sku("HC", name="红茶", category="茶叶/红茶", on_hand=5)
    add_sku("SCH", name="手冲壶", category="器具")
    for query, there, absent in (
        ({}, ("绿茶", "手冲壶", "已售罄"), ()),
        ({"category": "茶叶"}, ("绿茶</span>", "红茶</span>"), ("手冲壶",)),
        ({"category": "茶叶/红茶"}, ("红茶</span>",), ("绿茶</span>",)),
        ({"q": "手冲"}, ("手冲壶",), ("红茶</span>",)),
        ({"q": "sch"}, ("手冲壶",), ("红茶</span>",)),
        ({"q": "没有这个"}, ("没有找到商品",), ("手冲壶",)),
        ({"category": "/../\x00"}, ("绿茶",), ()),
        ({"cursor": "9" * 30}, ("绿茶",), ()),
        ({"cursor": "9" * 18}, ("还没有上架",), ()),
    ):
        page = browser.get("/", query_string=query)
        assert page.status_code == 200
        assert all(word in page.text for word in there), query
        assert not any(word in page.text for word in absent), query


def test_names_are_text_and_never_markup(browser: FlaskClient, add_sku: AddSku) -> None:
    add_sku("X", name='<script>alert(1)</script>"><img src=x>', on_hand=1)
    for address in ("/", product(browser, "script")):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_pages_load_little_and_nothing_from_elsewhere(
    browser: FlaskClient, add_sku: AddSku
) -> None:
    for number in range(30):
        add_sku(f"P-{number}", name=f"商品 {number}", on_hand=9)
    page = browser.get("/")
    assert "下一页" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert " style=" not in page.text
    files = [f"/static/{file}" for file in ("seal.svg", "base.css", "shop/shop.css")]
    assert all(file in page.text for file in files)
    assert len(page.data) + sum(weight(browser, file) for file in files) < 60_000


@pytest.mark.parametrize("address", ["/products/999", "/products/x", f"/products/{'9' * 25}"])
def test_what_is_not_there_is_said_in_words(browser: FlaskClient, address: str) -> None:
    page = browser.get(address)
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "没有这个页面" in page.text


def test_the_payment_code_is_shown_from_its_file(
    make_shop: MakeShop, db: Database, add_sku: AddSku, tmp_path: Path
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=5)
    (tmp_path / "pay.png").write_bytes(b"\x89PNG picture")
    (tmp_path / "secret.yaml").write_text("data_key: x")
    for name, status in (("pay.png", 200), ("secret.yaml", 404), ("missing.png", 404)):
        browser = create_app(make_shop(shop={"pay_qr": str(tmp_path / name)})).test_client()
        page = browser.get(order(browser, product(browser, "咖啡豆")).location)
        assert 'src="/pictures/pay_qr"' in page.text
        assert placed(db)[0].order_no[-4:] in page.text
        with browser.get("/pictures/pay_qr") as answer:
            assert answer.status_code == status
        assert browser.get("/pictures/admin_token").status_code == 404


# The desk


@pytest.fixture
def link(db: Database) -> str:
    """A sign-in link of the manager."""

    def work(tx: Tx) -> str:
        members.set_role(tx, platform="console", user_id="max", role="manager", name="阿Max")
        ttl = timedelta(minutes=10)
        return codes.issue(tx, purpose=codes.SIGN_IN, subject="console:max", ttl=ttl)

    return db.run(work)


def test_the_desk_shows_nothing_without_a_session(browser: FlaskClient, add_sku: AddSku) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=3)
    page = browser.get("/admin")
    assert page.status_code == 401
    assert "CF-001" not in page.text
    assert "后台" in page.text


def test_looking_at_the_link_spends_nothing_and_the_button_works_once(
    browser: FlaskClient, running: Shop, add_sku: AddSku, link: str
) -> None:
    add_sku("CF-001", name="咖啡豆", on_hand=3, reorder_point=5)
    for _ in range(3):
        assert "进入后台" in browser.get("/admin", query_string={"code": link}).text

    entered = browser.post("/admin", data={"code": link})
    assert entered.status_code == 303
    page = browser.get(entered.location)
    assert page.status_code == 200
    assert all(word in page.text for word in ("CF-001", "低库存", "阿Max"))
    other = create_app(running).test_client()
    again = other.post("/admin", data={"code": link})
    assert again.status_code == 401
    assert "已经用过" in again.text
    assert other.get("/admin").status_code == 401


def test_a_link_that_is_too_old_or_made_up_opens_nothing(
    browser: FlaskClient, clock: FakeClock, link: str
) -> None:
    clock.advance(minutes=11)
    for code in (link, "made-up", "", "x" * 5000):
        assert browser.post("/admin", data={"code": code}).status_code == 401
    assert browser.get("/admin").status_code == 401


def test_signing_out_and_losing_the_role_end_the_session(
    browser: FlaskClient, db: Database, link: str
) -> None:
    browser.post("/admin", data={"code": link})
    db.run(lambda tx: members.set_role(tx, platform="console", user_id="max", role="none"))
    assert browser.get("/admin").status_code == 401
    db.run(lambda tx: members.set_role(tx, platform="console", user_id="max", role="viewer"))
    assert browser.get("/admin").status_code == 200
    assert browser.post("/admin/leave").status_code == 303
    assert browser.get("/admin").status_code == 401


def test_another_site_signs_nobody_in_or_out(browser: FlaskClient, link: str) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/admin", data={"code": link}, headers=foreign).status_code == 403
    assert browser.post("/admin", data={"code": link}).status_code == 303
    assert browser.post("/admin/leave", headers=foreign).status_code == 403
    assert browser.get("/admin").status_code == 200


def test_the_sku_table_is_searched_filtered_and_paged(
    browser: FlaskClient, db: Database, add_sku: AddSku, link: str
) -> None:
    for number in range(60):
        add_sku(f"P-{number:02}", name=f"商品 {number:02}", on_hand=9)
    add_sku("OLD", name="旧货")
    db.run(lambda tx: skus.set_status(tx, code="OLD", status=SkuStatus.DELISTED, cause=NOBODY))
    browser.post("/admin", data={"code": link})

    first = browser.get("/admin").text
    assert "P-49" in first
    assert "P-50" not in first
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "P-50" in browser.get(following).text
    for query, there, absent in (
        ({"q": "旧货"}, "OLD", "P-01"),
        ({"status": "delisted"}, "OLD", "P-01"),
        ({"status": "on_sale"}, "P-01", "OLD"),
        ({"status": "nonsense", "after": "x"}, "P-01", "P-50"),
        ({"q": "没有"}, "没有符合的商品", "P-01"),
    ):
        page = browser.get("/admin", query_string=query).text
        assert there in page, query
        assert absent not in page, query
