"""A shop's day in a real Chromium: the manager in the chat, the customer on a phone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chromium import BrowserError, Chromium, ChromiumMissingError, Page
from tests.demo import Demo

pytestmark = [pytest.mark.drill, pytest.mark.browser]

PHONE = (390, 844)
DESKTOP = (1280, 860)
SEND_MUGS = (
    "(() => { const held = new DataTransfer(), box = document.querySelector('#file');"
    "held.items.add(new File(['名称,价格,编码\\n马克杯,39,MUG\\n'], 'mugs.csv'));"
    "box.files = held.files; box.dispatchEvent(new Event('change')); })()"
)
CARDS = ".said:not([data-who]) .card"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    try:
        browser = Chromium()
    except ChromiumMissingError as error:
        pytest.skip(str(error))
    with browser:
        yield browser


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with Demo(tmp_path / "shop") as running:
        yield running


@pytest.fixture
def visit(chromium: Chromium, demo: Demo) -> Iterator[Open]:
    """Opens a page of the demo; at the end none may have had an error or asked another host."""
    pages: list[Page] = []

    def open_page(address: str, *, phone: bool = False) -> Page:
        page = chromium.page(*(PHONE if phone else DESKTOP), phone=phone)
        pages.append(page)
        page.goto(demo.pages[address])
        return page

    yield open_page
    for page in pages:
        assert page.faults == []
        assert page.hosts == {f"127.0.0.1:{demo.port}"}


@pytest.fixture
def chat(visit: Open) -> Page:
    page = visit("chat")
    page.wait("document.querySelector('.welcome')")
    return page


def speak_as(page: Page, person: str) -> None:
    page.click(f'.person:has([value="{person}"])')


def say(page: Page, text: str) -> None:
    page.type("#text", text)
    page.enter()


def cards(page: Page) -> int:
    return int(page.evaluate(f"document.querySelectorAll({CARDS!r}).length"))


def answer(page: Page, text: str) -> str:
    """Say something and read the card that answers it; news may come before it."""
    before = cards(page)
    say(page, text)
    new = f"[...document.querySelectorAll({CARDS!r})].slice({before})"
    return str(page.wait(f"{new}.find((card) => !card.matches('.news'))?.innerText"))


def news(page: Page, words: str) -> str:
    """The card the bot showed by itself, with these words in it."""
    found = (
        f"[...document.querySelectorAll('.card.news')].find((c) => c.innerText.includes({words!r}))"
    )
    return str(page.wait(f"{found}?.innerText"))


def fits(page: Page) -> None:
    """Nothing sticks out at the side of the screen, once it is laid out."""
    assert page.wait("document.documentElement.scrollWidth <= screen.width")


def order(page: Page, product: str, quantity: int) -> None:
    page.click("a.good", holding=product)
    page.wait("document.querySelector('form.order')")
    fits(page)
    page.type("#quantity", str(quantity))
    page.type("#name", "王小明")
    page.type("#phone", "13800001234")
    page.click('button[type="submit"]')
    page.see("下单成功")
    fits(page)


def test_a_manager_restocks_and_sees_the_card(chat: Page) -> None:
    speak_as(chat, "manager")
    restocked = answer(chat, "咖啡豆+50")
    assert all(words in restocked for words in ("60 → 110", "李店长"))
    chat.goto(chat.evaluate("location.href"))
    chat.see("60 → 110")
    assert cards(chat) == 1


def test_an_order_from_a_phone_appears_live_in_the_chat(chat: Page, visit: Open) -> None:
    phone = visit("shop", phone=True)
    fits(phone)
    order(phone, "手冲壶", 2)
    number = str(phone.evaluate("document.querySelector('#status').dataset.order"))

    assert all(words in news(chat, number) for words in ("新订单", "手冲壶", "258"))
    speak_as(chat, "staff")
    assert number in answer(chat, f"发货 {number[-4:]} 顺丰 SF123456")
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.see("已发货")
    phone.see("SF123456")


def test_a_clerk_is_refused_what_is_the_managers_business(chat: Page) -> None:
    speak_as(chat, "staff")
    chat.click(".chip", holding="改价")
    chat.wait(f"document.querySelector({CARDS!r})")
    assert chat.evaluate(f"document.querySelector({CARDS!r}).classList.contains('refused')")
    speak_as(chat, "manager")
    assert "¥99" in answer(chat, "手冲壶 改价 99")
    chat.see("李店长")  # the answer says who; news of it goes to the other chats


def test_a_confirm_button_works_once(chat: Page) -> None:
    speak_as(chat, "manager")
    assert "请确认" in answer(chat, "SCH-01 盘点 0")
    chat.click(".card-buttons button", holding="确认")
    chat.see("李店长 已处理")
    chat.see("发「撤销」可恢复")
    assert "卖完了" in news(chat, "SCH-01")
    pressed = "[...document.querySelectorAll('.card-buttons')][0].querySelectorAll('button')"
    assert chat.evaluate(f"[...{pressed}].every((button) => button.disabled)")
    assert chat.evaluate(f"{pressed}[0].classList.contains('pressed')")
    chat.goto(chat.evaluate("location.href"))
    chat.see("李店长 已处理")


def test_an_export_can_be_saved_and_a_file_imported(chat: Page, visit: Open) -> None:
    speak_as(chat, "manager")
    assert "文件在下面" in answer(chat, "导出 商品")
    link = "document.querySelector('.card a.file')"
    saved = f"fetch({link}.href).then((found) => found.text())"
    assert chat.evaluate(f"{link}.download").endswith(".csv")
    chat.evaluate(f"{saved}.then((text) => {{ window.saved = text; }})")
    assert "KFD-250" in chat.wait("window.saved")

    chat.evaluate(SEND_MUGS)
    chat.see("mugs.csv")
    chat.see("马克杯")
    chat.click(".card-buttons button", holding="确认")
    chat.see("发「撤销」可恢复")
    phone = visit("chat", phone=True)
    phone.see("mugs.csv")
    fits(phone)


def test_markup_in_a_name_stays_text(chat: Page, visit: Open) -> None:
    speak_as(chat, "owner")
    name = "<img src=x onerror=alert(1)>"
    answer(chat, f"上架 {name} 5元 库存3")
    assert chat.evaluate("document.querySelectorAll('#feed img').length") == 0
    chat.see(name, within="#feed")
    assert visit("shop").evaluate("document.querySelectorAll('.goods img').length") == 0


def test_long_tables_scroll_inside_their_card_on_a_phone(visit: Open) -> None:
    phone = visit("chat", phone=True)
    phone.wait("document.querySelector('.welcome')")
    speak_as(phone, "owner")
    answer(phone, "帮助")
    answer(phone, "低库存 100")
    fits(phone)
    phone.click(".chat-tab[data-kind='direct']")
    answer(phone, "帮助")
    fits(phone)


def test_the_link_to_the_desk_opens_it_once(visit: Open) -> None:
    desk = visit("admin", phone=True)
    desk.click("button", holding="进入后台")
    desk.see("SCH-01")
    fits(desk)
    again = visit("admin")
    again.click("button", holding="进入后台")
    again.see("已经用过")
    again.faults.clear()  # the refusal's own 401


def test_the_bot_gives_a_link_to_the_desk_in_a_private_chat(chat: Page) -> None:
    speak_as(chat, "manager")
    chat.click(".chat-tab[data-kind='direct']")
    answer(chat, "后台")
    chat.goto(chat.wait("document.querySelector('.card a')?.href"))
    chat.click("button", holding="进入后台")
    chat.see("李店长")


def test_what_was_typed_outlives_a_server_that_dies(chromium: Chromium, tmp_path: Path) -> None:
    with Demo(tmp_path / "shop") as first:
        page = chromium.page(*DESKTOP)
        page.goto(first.pages["chat"])
        page.wait("document.querySelector('.welcome')")
        speak_as(page, "manager")
        answer(page, "咖啡豆+1")
        port = first.port
        first.kill()
        say(page, "咖啡豆+2")
        page.see("没有发出去")
        page.see("正在重连")
    with Demo(tmp_path / "shop", port=port):
        page.wait("document.querySelector('#line').textContent === ''", seconds=20)
        page.click("button", holding="重发")
        page.see("61 → 63", seconds=20)  # the dead one's lease must run out first
        page.wait("!document.querySelector('.failed, .sending')")
        said = "[...document.querySelectorAll('.said[data-who]')].map((n) => n.dataset.line)"
        assert page.evaluate(f"new Set({said}).size") == page.evaluate(f"{said}.length") == 2
        assert cards(page) == 2


def test_a_file_outlives_a_server_that_forgot_it(chromium: Chromium, tmp_path: Path) -> None:
    """It is there, the message that it goes with is lost, and its ticket opens nothing later."""
    with Demo(tmp_path / "shop") as first:
        page = chromium.page(*DESKTOP)
        page.goto(first.pages["chat"])
        page.wait("document.querySelector('.welcome')")
        speak_as(page, "manager")
        page.evaluate(
            "{ const whole = window.fetch; window.mend = () => { window.fetch = whole; };"
            "window.fetch = (to, how) => how?.method === 'POST'"
            " ? Promise.reject(new TypeError('lost')) : whole(to, how); }"
        )
        page.evaluate(SEND_MUGS)
        page.see("没有发出去")
        port = first.port
        first.kill()
        page.see("正在重连")
    with Demo(tmp_path / "shop", port=port):
        page.wait("document.querySelector('#line').textContent === ''", seconds=20)
        page.evaluate("window.mend()")
        page.click("button", holding="重发")
        page.see("马克杯", seconds=20)  # the dead one's lease must run out first
        page.wait("!document.querySelector('.failed, .sending')")


def test_a_double_tap_on_a_slow_line_is_one_order(visit: Open) -> None:
    phone = visit("shop", phone=True)
    phone.click("a.good", holding="手冲壶")
    phone.wait("document.querySelector('form.order')")
    phone.type("#name", "王小明")
    phone.type("#phone", "13800001234")
    phone.evaluate("document.querySelector('form.order').requestSubmit()")
    with suppress(BrowserError):  # the first may have left the page already
        phone.evaluate("document.querySelector('form.order')?.requestSubmit()")
    phone.see("下单成功")
    chat = visit("chat")
    chat.see("新订单")
    assert cards(chat) == 1
