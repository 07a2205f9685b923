"""Every setting: its key, kind, default and one line on what it does.

The descriptions are what config.example.yaml and docs/settings.md say: both are made from here.
"""

from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, SecretStr

from bot.settings import kinds
from bot.settings.kinds import Section
from store import money

_NONE = SecretStr("")
Topic = Literal["all", "orders", "low_stock", "summary", "changes"]
Mode = Literal["long_connection", "callback"]
Window = Annotated[int, Field(gt=0)]


class Shipping(Section):
    """What sending costs."""

    fee: kinds.Amount = Field("0", description="yuan added to every order")
    free_from: kinds.Amount = Field(
        "0", description="yuan of goods from which sending is free; 0 = never"
    )

    @property
    def fee_fen(self) -> int:
        """The fee in fen."""
        return money.parse_yuan(self.fee) or 0

    @property
    def free_from_fen(self) -> int:
        """Fen of goods from which sending is free; 0 = never."""
        return money.parse_yuan(self.free_from) or 0


class Shop(Section):
    """The shop itself, as customers see it."""

    name: str = Field("", max_length=60, description="the shop's name on pages and cards")
    timezone: kinds.Zone = Field(
        "Asia/Shanghai", description="where the shop's day begins and ends"
    )
    currency: Literal["CNY"] = Field("CNY", description="the one currency there is")
    public_url: kinds.PageUrl = Field(
        "", description="the address customers reach, https://…; needed for payment online"
    )
    logo: str = Field("", description="picture on the storefront: an address or a file")
    notice: str = Field("", max_length=500, description="a line at the top of the storefront")
    contact: str = Field("", max_length=200, description="how customers reach a person")
    default_reorder_point: int = Field(
        5,
        ge=0,
        le=1_000_000,
        description="warn at this many units, unless a SKU says otherwise; 0 = never",
    )
    payment: Literal["offline", "online"] = Field(
        "offline", description="offline: paid by hand; online: WeChat Pay or Alipay below"
    )
    pay_qr: str = Field(
        "", description="picture of the code customers pay by when offline: an address or a file"
    )
    shipping: Shipping = Shipping()
    language: Literal["zh", "en"] = Field("zh", description="what the bot speaks first")

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def online(self) -> bool:
        """Whether orders wait for an online payment."""
        return self.payment == "online"


class Database(Section):
    """Where the shop's data is."""

    url: kinds.DatabaseUrl = Field(
        SecretStr("sqlite:///data/zhanggui.db"),
        validate_default=True,
        description="a file, or mysql+pymysql://user:password@host/name",
    )


class Server(Section):
    """The server process."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 = every one"
    )
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 = any free one")
    admin_token: SecretStr = Field(
        _NONE, description="lets machines act as the owner by HTTP; empty = nobody"
    )
    trusted_proxies: tuple[kinds.Network, ...] = Field(
        (), description="proxies whose X-Forwarded-For is believed, as addresses or networks"
    )
    worker: bool = Field(
        default=True, description="do the background work (sending, scheduled jobs) in here too"
    )


class Redis(Section):
    """Optional: what several processes share. It never holds truth."""

    url: kinds.RedisUrl = Field(_NONE, description="redis://host:6379/0; empty = do without")


class Orders(Section):
    """Taking orders."""

    shards: int = Field(
        8, ge=1, le=64, description="queues by customer, so that one cannot hold up all"
    )
    queue_limit: int = Field(
        10_000, ge=1, description="orders waiting over all queues; more are told to try again"
    )
    deadline_ms: int = Field(2000, ge=1, description="longest wait in a queue, in milliseconds")
    reservation_minutes: float = Field(
        15,
        gt=0,
        le=100_000,
        description="an unpaid order holds its stock this long; may be decimal",
    )
    expiry_check_seconds: float = Field(
        30, gt=0, description="how often unpaid orders are looked through"
    )
    payment_query_seconds: float = Field(
        60, gt=0, description="an open payment is asked about after this, then rarer"
    )
    rate_limit: kinds.Rate = Field(
        "30/minute", description="orders per customer and per address; empty = no limit"
    )
    refund_limit_fen: int = Field(
        0, ge=0, description="refunds above this need the owner; 0 = every refund does"
    )


class Broadcast(Section):
    """What the shop says by itself."""

    daily_summary: kinds.ClockTime = Field(
        "21:00", description="shop-local time of the day's summary; empty = never"
    )
    quiet_hours: kinds.QuietHours = Field(
        "", description="such as 22:00-08:00: pushes wait, urgent ones pass, nothing is dropped"
    )
    merge_after: int = Field(
        3, ge=1, description="more than this many waiting for one chat become one card"
    )

    @property
    def summary_at(self) -> time | None:
        """The daily summary's shop-local time, None when it is off."""
        return kinds.read_clock(self.daily_summary) if self.daily_summary else None

    @property
    def quiet(self) -> tuple[time, time] | None:
        """Shop-local begin and end of the quiet hours; the end may be on the next day."""
        if not self.quiet_hours:
            return None
        return kinds.read_clock(self.quiet_hours), kinds.read_clock(self.quiet_hours[6:])


class Robot(Section):
    """A group's message-push address; off while ``webhook`` is empty."""

    name: str = Field(
        "orders", min_length=1, max_length=40, description="what logs and doctor call it"
    )
    webhook: kinds.WebhookUrl = Field(
        _NONE, description="the address the platform shows; empty = off"
    )
    topics: tuple[Topic, ...] = Field(
        ("all",), min_length=1, description="all, orders, low_stock, summary, changes"
    )

    @property
    def on(self) -> bool:
        """Whether anything is sent through it."""
        return bool(self.webhook.get_secret_value())


class FeishuRobot(Robot):
    """A custom bot of a Feishu group, send only."""

    secret: SecretStr = Field(_NONE, description="when its signature check is on")


class Feishu(Section):
    """Feishu (飞书). On when ``app_id`` is set."""

    app_id: str = Field("", description="cli_…, from the developer console")
    app_secret: SecretStr = Field(_NONE, description="from the same page")
    encrypt_key: SecretStr = Field(_NONE, description="for mode callback")
    verification_token: SecretStr = Field(_NONE, description="for mode callback")
    mode: Mode = Field(
        "long_connection", description="long_connection needs no public address; or callback"
    )
    base_url: kinds.ServiceUrl = Field(
        "https://open.feishu.cn", description="another address for a stand-in"
    )
    robots: tuple[FeishuRobot, ...] = Field(
        (FeishuRobot(),), description="groups' custom bots, send only"
    )


class WecomApp(Section):
    """A self-built app. On when ``agent_id`` is set; needs ``wecom.corp_id``."""

    agent_id: int = Field(0, ge=0, description="from the admin console")
    secret: SecretStr = Field(_NONE, description="of the app")
    token: SecretStr = Field(_NONE, description="of its callback")
    encoding_aes_key: SecretStr = Field(_NONE, description="of its callback")


class WecomAibot(Section):
    """The intelligent robot (智能机器人). On when ``bot_id`` or ``token`` is set."""

    mode: Mode = Field(
        "long_connection", description="long_connection: bot_id and secret; callback: the two below"
    )
    bot_id: str = Field("", description="for mode long_connection")
    secret: SecretStr = Field(_NONE, description="for mode long_connection")
    token: SecretStr = Field(_NONE, description="for mode callback")
    encoding_aes_key: SecretStr = Field(_NONE, description="for mode callback")
    name: str = Field(
        "", max_length=60, description="its name in groups, so that the mention can be taken off"
    )
    websocket_url: kinds.SocketUrl = Field(
        "wss://openws.work.weixin.qq.com", description="another address for a stand-in"
    )

    @property
    def on(self) -> bool:
        """Whether the robot is in use."""
        return bool(self.bot_id or self.token.get_secret_value())


class Wecom(Section):
    """WeCom (企业微信)."""

    corp_id: str = Field("", description="ww…, of the company")
    base_url: kinds.ServiceUrl = Field(
        "https://qyapi.weixin.qq.com", description="another address for a stand-in"
    )
    app: WecomApp = WecomApp()
    aibot: WecomAibot = WecomAibot()
    robots: tuple[Robot, ...] = Field(
        (Robot(),), description="groups' message-push webhooks, send only"
    )


class Wechatpay(Section):
    """WeChat Pay, API v3. On when ``mchid`` is set."""

    mchid: str = Field("", description="the merchant's number")
    appid: str = Field("", description="the app customers pay in")
    app_secret: SecretStr = Field(
        _NONE, description="of that app; only paying inside WeChat needs it"
    )
    serial_no: str = Field("", description="of the merchant's certificate")
    private_key_file: str = Field("", description="apiclient_key.pem, or its bare base64")
    apiv3_key: SecretStr = Field(_NONE, description="32 characters, set by the merchant")
    public_key_id: str = Field("", description="PUB_KEY_ID_…, of WeChat Pay's key")
    public_key_file: str = Field("", description="WeChat Pay's public key")
    base_url: kinds.ServiceUrl = Field(
        "https://api.mch.weixin.qq.com", description="another address for a stand-in"
    )


class Alipay(Section):
    """Alipay. On when ``app_id`` is set."""

    app_id: str = Field("", description="the app's number")
    private_key_file: str = Field("", description="the app's private key, PEM or bare base64")
    alipay_public_key_file: str = Field("", description="Alipay's public key (not the app's)")
    seller_id: str = Field("", description="2088…; notices for others are refused when it is set")
    gateway: kinds.ServiceUrl = Field(
        "https://openapi.alipay.com/gateway.do",
        description="another address for the sandbox or a stand-in",
    )


class CallbackWindows(Section):
    """How old a signed callback may be, in seconds; 300 s in the future is refused too."""

    feishu: Window = Field(28_800, description="Feishu signs once and redelivers for hours")
    wecom: Window = Field(300, description="WeCom's redeliveries are signed anew")
    payments: Window = Field(300, description="payment notices")


class Security(Section):
    """Secrets and how long things are kept."""

    data_key: SecretStr = Field(
        _NONE, description="encrypts customers' contacts; empty = made once, beside the database"
    )
    retention_days: int = Field(
        180, ge=2, description="days that customers' contacts are kept after their order is done"
    )
    callback_window_seconds: CallbackWindows = CallbackWindows()


class Members(Section):
    """Who owns the shop."""

    owners: tuple[kinds.Person, ...] = Field(
        (), description="such as feishu:ou_123 or wecom:zhangsan"
    )


class Log(Section):
    """What the process says about itself, on standard error."""

    format: Literal["text", "json"] = Field(
        "text", description="text for people, json for machines"
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning, error"
    )


class Backup(Section):
    """Backups by schedule."""

    dir: str = Field("", description="folder for a daily backup; empty = none")
    keep: int = Field(7, ge=1, description="how many are kept")


class Settings(Section):
    """All of it."""

    shop: Shop = Shop()
    database: Database = Database()
    server: Server = Server()
    redis: Redis = Redis()
    orders: Orders = Orders()
    broadcast: Broadcast = Broadcast()
    feishu: Feishu = Feishu()
    wecom: Wecom = Wecom()
    wechatpay: Wechatpay = Wechatpay()
    alipay: Alipay = Alipay()
    security: Security = Security()
    members: Members = Members()
    log: Log = Log()
    backup: Backup = Backup()

    _folder: Path = PrivateAttr(default_factory=Path.cwd)
    _source: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path:
        """The folder relative paths counted from."""
        return self._folder

    @property
    def source(self) -> Path | None:
        """The file the settings came from, None when there was none."""
        return self._source

    @property
    def database_url(self) -> str:
        """The database's URL, its password included: not for logs."""
        return self.database.url.get_secret_value()

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, None on MySQL."""
        url = self.database_url
        return (
            Path(url.removeprefix("sqlite:///").split("?")[0])
            if url.startswith("sqlite:///")
            else None
        )

    def secret_values(self) -> frozenset[str]:
        """Every secret that is set, and the parts of secret addresses that are: what logs hide."""
        return frozenset(part for value in _secrets(self) for part in kinds.secret_parts(value))

    def placed(self, folder: Path, source: Path | None) -> "Settings":
        """The same settings, knowing where they came from."""
        copy = self.model_copy()
        copy._folder, copy._source = folder, source  # noqa: SLF001  (its own copy)
        return copy


def _secrets(value: object) -> Iterator[str]:
    """The secrets in a section, its own sections and lists included."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Section | tuple):
        for entry in value:
            yield from _secrets(entry[1] if isinstance(value, Section) else entry)
