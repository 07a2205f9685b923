"""Takes the pictures of docs/images anew: ``python -m tests.pictures``."""

import sys
import tempfile
from pathlib import Path

from tests.chromium import Chromium, Page
from tests.demo import Demo
from tests.processes import ROOT

PHONE = (390, 844)
DESKTOP = (1280, 900)
FOLDER = ROOT / "docs" / "images"


def main(folder: Path = FOLDER) -> None:
    """A morning in the demo shop, from every side."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as shop, Demo(Path(shop)) as demo, Chromium() as browser:
        chat = browser.page(*DESKTOP)
        chat.goto(demo.pages["chat"])
        chat.wait("document.querySelector('.welcome')")
        _say(chat, "manager", "咖啡豆+50")
        _buy(browser, demo, folder)
        chat.see("新订单")
        _keep(chat, folder / "chat.png")
        _say(chat, "staff", "低库存")
        _say(chat, "manager", "盘点 SCH-01 0")
        for name, dark in (("chat-phone.png", False), ("chat-phone-dark.png", True)):
            phone = browser.page(*PHONE, phone=True, dark=dark)
            phone.goto(demo.pages["chat"])
            phone.see("请确认")
            _keep(phone, folder / name)
        desk = browser.page(*DESKTOP)
        desk.goto(demo.pages["admin"])
        desk.click("button", holding="进入后台")
        desk.see("SCH-01")
        _keep(desk, folder / "admin.png")


def _say(page: Page, person: str, text: str) -> None:
    """Say something and wait for the answer."""
    answers = "document.querySelectorAll('.said:not([data-who]) .card:not(.news)').length"
    before = page.evaluate(answers)
    page.click(f'.person:has([value="{person}"])')
    page.type("#text", text)
    page.enter()
    page.wait(f"{answers} > {before}")


def _buy(browser: Chromium, demo: Demo, folder: Path) -> None:
    """A customer looks, chooses, orders."""
    phone = browser.page(*PHONE, phone=True)
    phone.goto(demo.pages["shop"])
    _keep(phone, folder / "shop-phone.png")
    phone.click("a.good", holding="龙井")
    phone.wait("document.querySelector('form.order')")
    phone.click(".option-face", holding="100g")
    phone.click("[data-step='1']")
    phone.evaluate("scrollTo(0, 0)")
    _keep(phone, folder / "product-phone.png")
    phone.type("#name", "王小明")
    phone.type("#phone", "13800001234")
    phone.type("#address", "杭州市西湖区文三路 1 号")
    phone.click('button[type="submit"]')
    phone.see("下单成功")
    _keep(phone, folder / "order-phone.png")


def _keep(page: Page, path: Path) -> None:
    """The screen once nothing moves on it any more."""
    page.wait("document.getAnimations().every((a) => a.playState === 'finished')")
    page.screenshot(path)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
