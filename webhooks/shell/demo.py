"""The demo: a whole shop on one machine, with sample goods and people to speak as."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.messages import Role
from bot.platforms.base import RawRequest
from bot.settings import Settings, SettingsError, load
from store import chats, codes, members, skus
from store.db import Tx
from store.errors import StoreError
from store.ordering import placing
from store.ordering.requests import Contact, LineRequest, OrderRequest
from store.skus import SkuDraft, SkuView
from store.stock import Cause
from webhooks.pages.chat import GROUP, GROUP_NAME, PEOPLE, LiveChat
from webhooks.pages.chat import blueprint as chat_page
from webhooks.server.gate import StreamRequest
from webhooks.server.serving import Extras, Opened, serve
from webhooks.shop import Shop

logger = logging.getLogger(__name__)

LINK_TTL = timedelta(minutes=30)
STREAM = "/chat/events"
_OWNER = "console:owner"
_CAUSE = "demo"

_CONFIG = """\
# Made by "zhanggui demo". Every setting there is: config.example.yaml, docs/settings.md.
shop:
  name: 掌柜小店
  notice: "这是演示店铺，下单不会真的发货。A demo: nothing is really sent."
database:
  url: sqlite:///zhanggui.db
log:
  level: warning # what happens is on the pages
"""


@dataclass(frozen=True, slots=True)
class Good:
    """One SKU of the sample catalogue."""

    code: str
    name: str
    specs: dict[str, str]
    price_fen: int
    stock: int
    reorder_point: int
    category: str


GOODS = (
    Good("KFD-250", "咖啡豆", {"重量": "250g"}, 6800, 60, 10, "咖啡/咖啡豆"),
    Good("GE-Y", "挂耳咖啡", {"口味": "原味"}, 3900, 48, 10, "咖啡/挂耳"),
    Good("GE-Z", "挂耳咖啡", {"口味": "榛果"}, 4200, 36, 10, "咖啡/挂耳"),
    Good("LJ-100", "龙井", {"重量": "100g"}, 12800, 30, 6, "茶叶/绿茶"),
    Good("LJ-250", "龙井", {"重量": "250g"}, 29800, 14, 4, "茶叶/绿茶"),
    Good("ZS-100", "正山小种", {"重量": "100g"}, 8800, 25, 6, "茶叶/红茶"),
    Good("MC-30", "抹茶粉", {"重量": "30g"}, 5600, 5, 8, "茶叶/抹茶"),
    Good("SCH-01", "手冲壶", {}, 12900, 12, 5, "器具/冲煮"),
    Good("LZ-100", "滤纸", {"包装": "100张"}, 1800, 120, 20, "器具/冲煮"),
    Good("GWB-B", "盖碗", {"颜色": "白色"}, 6600, 18, 5, "器具/茶具"),
    Good("GWB-Q", "盖碗", {"颜色": "青色"}, 6600, 9, 5, "器具/茶具"),
    Good("LH-01", "双人下午茶礼盒", {}, 26800, 16, 4, "礼盒"),
)


def settings_of(folder: Path) -> Settings:
    """The demo's settings; at the first start its folder and config.yaml are made.

    Raises ``SettingsError``.
    """
    path = folder / "config.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(_CONFIG, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written ({error.strerror})") from error
    return load(path)


def run(
    settings: Settings,
    *,
    port: int,
    empty: bool,
    orders_per_minute: float,
    on_open: Callable[[dict[str, str]], None],
) -> None:
    """Serve the demo until SIGTERM or SIGINT; ``on_open`` gets the addresses of its pages.

    Raises ``CommandError``.
    """

    def prepare(opened: Opened) -> Extras:
        opened.shop.database.run(lambda tx: furnish(tx, empty=empty))
        customers = Customers(opened.shop, orders_per_minute)
        live = LiveChat(
            opened.shop.database, opened.channels.console, lambda request: _take(opened, request)
        )
        customers.start()
        on_open(addresses(opened))

        return Extras(
            blueprints=(chat_page(live),),
            streams={STREAM: lambda request: live.stream(_position(request))},
            close=customers.stop,
        )

    serve(settings, host="127.0.0.1", port=port, worker=True, prepare_extras=prepare)


def furnish(tx: Tx, *, empty: bool) -> bool:
    """Give a new shop its people, its group and, unless ``empty``, its goods.

    A shop that has people is left as it is. Returns whether anything was done.
    """
    if members.owned(tx):
        return False
    for person in PEOPLE:
        members.seen(tx, platform="console", user_id=person.id, name=person.name)
        if person.role is not Role.NONE:
            members.set_role(tx, platform="console", user_id=person.id, role=person.role.word)
    chats.bind(tx, platform="console", chat_id=GROUP, kind="group", name=GROUP_NAME)
    if not empty:
        for good in GOODS:
            _add(tx, good)
    return True


def addresses(opened: Opened) -> dict[str, str]:
    """Where to go: the chat, the shop, and a link that signs the owner in once."""
    code = opened.shop.database.run(
        lambda tx: codes.issue(tx, purpose=codes.SIGN_IN, subject=_OWNER, ttl=LINK_TTL)
    )
    url = opened.url
    return {"chat": f"{url}/chat", "shop": f"{url}/", "admin": f"{url}/admin?code={code}"}


class Customers:
    """Places random orders, by the same operation that real ones go through."""

    def __init__(self, shop: Shop, per_minute: float) -> None:
        self._shop = shop
        self._pause_s = 60 / per_minute if per_minute > 0 else None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="customers", daemon=True)

    def start(self) -> None:
        """Begin to order, when there is anything to do."""
        if self._pause_s is not None:
            self._thread.start()

    def stop(self) -> None:
        """Order no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def order(self) -> None:
        """Place one order. Raises ``StoreError`` when the shop does not take it."""
        database = self._shop.database
        request = database.read(_random_request)
        if request is not None:
            database.run(
                lambda tx: placing.place(
                    tx, request, terms=self._shop.terms, vault=self._shop.vault
                )
            )

    def _loop(self) -> None:
        while not self._stopping.wait(self._pause_s):
            try:
                self.order()
            except StoreError as error:  # sold out, closed: the next one may be luckier
                logger.info("demo_order_refused", extra={"code": error.code})
            except Exception:  # an edge: the demo goes on
                logger.exception("demo_order_failed")


def _take(opened: Opened, request: RawRequest) -> None:
    opened.reception.take(opened.channels.console.receive, request)


def _position(request: StreamRequest) -> str:
    """Where a page is: a browser that reconnects says so in a header, one that opens in the URL."""
    return request.headers.get("last-event-id") or request.query.get("after", "")


def _add(tx: Tx, good: Good) -> SkuView:
    draft = SkuDraft(
        name=good.name,
        price_fen=good.price_fen,
        reorder_point=good.reorder_point,
        code=good.code,
        specs=good.specs,
        stock=good.stock,
        category=good.category,
        demo=True,
    )
    return skus.add(tx, draft, cause=Cause(f"{_CAUSE}:{good.code}", "job:demo", "演示"))


_FAMILY = "赵钱孙李周吴郑王"
_CITIES = ("杭州市西湖区文三路", "上海市静安区南京西路", "成都市锦江区春熙路")


def _random_request(tx: Tx) -> OrderRequest | None:
    """A few units of a few SKUs that are there, for a made-up customer."""
    found, _ = skus.page(tx, status="on_sale", limit=100)
    there = [sku for sku in found if sku.available]
    if not there:
        return None
    customer = _roll(99)
    return OrderRequest(
        customer_id=f"demo-{customer}",
        lines=tuple(LineRequest(sku.code, _roll(min(2, sku.available))) for sku in _some(there)),
        contact=Contact(
            name=f"{_FAMILY[customer % len(_FAMILY)]}女士",
            phone=f"138{customer:04d}{customer * 97 % 10_000:04d}",
            address=f"{_CITIES[customer % len(_CITIES)]}{customer}号",
        ),
        channel="h5",
    )


def _some(there: list[SkuView]) -> list[SkuView]:
    """One to three of them, each once."""
    wanted = {_roll(len(there)) for _ in range(_roll(3))}
    return [there[number - 1] for number in wanted]


def _roll(sides: int) -> int:
    """1 to ``sides``."""
    return random.randint(1, sides)  # noqa: S311  (a toy)
