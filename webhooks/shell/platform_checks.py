"""The doctor's half that is about platforms: clocks, credentials, ways in, robots, fonts."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from bot.platforms.base import SendError
from bot.platforms.calls import Calls
from bot.platforms.pictures import font_path
from bot.settings import Robot, Settings
from bot.settings.kinds import is_loopback
from store import clock
from store.db import Database, database_now
from webhooks.engine import local_url
from webhooks.shell.findings import Check, Examination

OFF_S, FAR_OFF_S = 60, 300  # signatures are refused beyond 300 s
_CODE = re.compile(r"^-?\d|\bcode \d")  # WeCom's refusals and Feishu's
_AES_KEY = re.compile("[A-Za-z0-9]{43}")
# Robots' addresses: the hosts they are on besides that of base_url, and how their path begins.
_HOOKS = {
    "feishu": (("open.feishu.cn", "open.larksuite.com"), "/open-apis/bot/v2/hook/"),
    "wecom": (("qyapi.weixin.qq.com",), "/cgi-bin/webhook/send"),
}
_ROUTES = {
    "feishu": "/webhooks/feishu",
    "wecom.aibot": "/webhooks/wecom/aibot",
    "wecom.app": "/webhooks/wecom",
}
_CONSOLE = {
    "feishu": "事件与回调 → 事件配置、回调配置，两处都填 / enter it in both tabs",
    "wecom.aibot": "智能机器人 → API 配置 → 回调地址 / enter it at the robot's API settings",
    "wecom.app": "应用 → 接收消息 → 设置 API 接收 / enter it at the app's API reception",
}


def examinations(
    settings: Settings, database: Database | None, now: clock.Clock
) -> Iterator[tuple[str, Examination]]:
    """Each name with what makes its checks; what is switched off has none.

    What needs the network begins at once, all of it beside each other.
    """
    calls = Calls()
    with closing(calls), ThreadPoolExecutor(max_workers=4) as pool:
        network = _over_the_network(settings, database, calls, now)
        asked = {name: pool.submit(_all, check) for name, check in network}
        for name, answer in asked.items():
            yield name, answer.result
    yield from _on_paper(settings)


def _all(check: Examination) -> list[Check]:
    return list(check())


def _over_the_network(
    settings: Settings, database: Database | None, calls: Calls, now: clock.Clock
) -> Iterator[tuple[str, Examination]]:
    yield "clock", lambda: _clock(settings, database, calls, now)
    connected = _connected(settings)
    if connected:
        yield "connections", lambda: _connections(settings, calls, connected)
    if settings.feishu.app_id:
        yield "feishu", lambda: _feishu(settings, calls, now)
    if settings.wecom.app.agent_id or settings.wecom.aibot.on:
        yield "wecom", lambda: _wecom(settings, calls, now)


def _on_paper(settings: Settings) -> Iterator[tuple[str, Examination]]:
    yield "way in", lambda: _ways_in(settings)
    yield "robots", lambda: _robots(settings)
    if "wecom" in dict(_addresses(settings)):
        yield "fonts", _fonts


# -- clocks


def _clock(
    settings: Settings, database: Database | None, calls: Calls, now: clock.Clock
) -> Iterator[Check]:
    offsets = dict(_offsets(settings, database, calls, now))
    if not offsets:
        yield Check("clock", "ok", "not compared: no platform that tells the time is configured")
        return
    other, offset_s = max(offsets.items(), key=lambda entry: abs(entry[1]))
    if abs(offset_s) <= OFF_S:
        yield Check("clock", "ok", f"within {OFF_S} s of {', '.join(offsets)}")
        return
    detail = f"{abs(round(offset_s))} s {'ahead of' if offset_s > 0 else 'behind'} {other}"
    cure = "对时，签名才能通过 / set it, or signatures are refused: timedatectl set-ntp true"
    yield Check("clock", "fault" if abs(offset_s) > FAR_OFF_S else "warning", detail, cure)


def _offsets(
    settings: Settings, database: Database | None, calls: Calls, now: clock.Clock
) -> Iterator[tuple[str, float]]:
    """How many seconds our clock is ahead, by whose it was compared with."""
    for platform, url in _addresses(settings):
        date = _date(calls, url)
        if date is not None:
            yield platform, (now() - date).total_seconds()
    if database is not None and not database.sqlite:  # SQLite's clock is ours
        yield "the database", (now() - database.read(database_now)).total_seconds()


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    feishu, wecom = settings.feishu, settings.wecom
    if feishu.app_id or any(robot.on for robot in feishu.robots):
        yield "feishu", feishu.base_url
    if wecom.app.agent_id or wecom.aibot.on or any(robot.on for robot in wecom.robots):
        yield "wecom", wecom.base_url


def _date(calls: Calls, url: str) -> datetime | None:
    """What time it is there; None when nobody answers, which the credentials' check tells."""
    try:
        date = parsedate_to_datetime(calls.request("GET", f"{url}/").headers.get("date", ""))
    except (SendError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


# -- credentials


def _feishu(settings: Settings, calls: Calls, now: clock.Clock) -> Iterator[Check]:
    # Heavy (lark-oapi), so only where Feishu is configured.
    from bot.platforms.feishu.platform import FeishuPlatform  # noqa: PLC0415

    platform = FeishuPlatform(
        settings.feishu,
        window_s=settings.security.callback_window_seconds.feishu,
        own_url=_own_url(settings),
        calls=calls,
        now=now,
    )
    try:
        yield Check("feishu", "ok", f"credentials accepted, the bot is {platform.check()}")
    except SendError as error:
        cure = (
            "核对 feishu.app_id、feishu.app_secret；应用要开机器人能力并发布 / check both; "
            "the app needs the bot ability and a released version"
        )
        yield _refused("feishu", str(error), cure)


def _wecom(settings: Settings, calls: Calls, now: clock.Clock) -> Iterator[Check]:
    from bot.platforms.wecom.platform import WecomPlatform  # noqa: PLC0415

    platform = WecomPlatform(
        settings.wecom,
        window_s=settings.security.callback_window_seconds.wecom,
        own_url=_own_url(settings),
        welcome="",
        calls=calls,
        now=now,
    )
    try:
        for part, reason in platform.check():
            if not part.startswith("robot/"):  # told from its address alone, see ``_robot``
                yield _answer(f"wecom {part}", reason)
    except SendError as error:
        yield _answer("wecom", str(error))


def _answer(name: str, reason: str) -> Check:
    """What WeCom said; a refusal begins with its code."""
    if reason == "ok":
        return Check(name, "ok", "credentials accepted")
    if reason.startswith("not checked"):
        return Check(name, "ok", f"{reason}; see its connection below")
    cure = (
        "核对企业 ID、Secret、AgentId；60020：服务器地址不在「企业可信IP」里 / "
        "check id and secret; 60020: add the server's address to the trusted IPs"
    )
    return _refused(name, reason, cure)


def _refused(name: str, reason: str, cure: str) -> Check:
    """A fault; without a code of the platform's own it was not even reached."""
    if not _CODE.search(reason):
        cure = "看网络、防火墙、代理、base_url / check network, firewall, proxy and base_url"
    return Check(name, "fault", reason, cure)


def _own_url(settings: Settings) -> str:
    server = settings.server
    return settings.shop.public_url or local_url(server.host, server.port)


# -- ways in


def _ways_in(settings: Settings) -> Iterator[Check]:
    feishu, wecom = settings.feishu, settings.wecom
    if not dict(_addresses(settings)):
        cure = "STEPS.md、docs/feishu.md、docs/wecom.md；或先用 zhanggui chat / or zhanggui chat"
        yield Check("platforms", "warning", "no chat platform is switched on", cure)
    if feishu.app_id:
        yield _way_in(settings, "feishu", feishu.mode)
    if wecom.aibot.on:
        yield _way_in(settings, "wecom.aibot", wecom.aibot.mode)
    if wecom.app.agent_id:
        yield _way_in(settings, "wecom.app", "callback")


def _way_in(settings: Settings, part: str, mode: str) -> Check:
    name = f"{part} way in"
    if mode == "long_connection":
        return Check(name, "ok", "long connection: no public address needed")
    url, route = settings.shop.public_url, _ROUTES[part]
    if url.startswith("https://"):
        return Check(name, "ok", f"callback at {url}{route}; {_CONSOLE[part]}")
    cure = f"shop.public_url: https://你的地址，控制台里填 / and enter in the console: https://…{route}"
    wrong = f"{url} is not https" if url else "shop.public_url is empty"
    return Check(name, "fault", f"callback needs a public https address, but {wrong}", cure)


def _connected(settings: Settings) -> dict[str, str]:
    """The long connections that the shop should hold, by what the server calls them."""
    found = {}
    if settings.feishu.app_id and settings.feishu.mode == "long_connection":
        found["feishu"] = "feishu"
    if settings.wecom.aibot.on and settings.wecom.aibot.mode == "long_connection":
        found["wecom"] = "wecom.aibot"
    return found


def _connections(settings: Settings, calls: Calls, connected: dict[str, str]) -> Iterator[Check]:
    """What the running server says of them: a second connection would throw out the first."""
    url = local_url(settings.server.host, settings.server.port)
    try:
        told = calls.request("GET", f"{url}/readyz").document().get("checks", {})
    except SendError:
        told = {}
    for name, part in connected.items():
        state = str(told.get(name, "unknown"))
        detail = f"the server at {url} says: {state}" if told else f"no server answers at {url}"
        cure = _STATES.get(state, _STATES["connecting"] if told else _STATES["unknown"])
        if state == "connected":
            yield Check(f"{part} connection", "ok", detail)
        else:
            dead = state in {"replaced", "refused"}
            yield Check(f"{part} connection", "fault" if dead else "warning", detail, cure)


_STATES = {
    "unknown": "启动 zhanggui serve 后再看 / start zhanggui serve and look again",
    "connecting": "看网络和 serve 的日志 / look at the network and the log of serve",
    "replaced": "另一个程序占用了这个机器人：停掉它，再重启 serve / stop the other program that "
    "uses this robot, then restart serve",
    "refused": "凭证不对：核对编号和 Secret（853000），再重启 serve / the id or secret is wrong; "
    "mend it and restart serve",
}


def _robots(settings: Settings) -> Iterator[Check]:
    bases = {"feishu": settings.feishu.base_url, "wecom": settings.wecom.base_url}
    robots: dict[str, tuple[Robot, ...]] = {
        "feishu": settings.feishu.robots,
        "wecom": settings.wecom.robots,
    }
    for platform, listed in robots.items():
        for robot in listed:
            if robot.on:
                yield _robot(platform, robot, bases[platform])


def _robot(platform: str, robot: Robot, base_url: str) -> Check:
    """Whether a robot's address is one of its platform: what a shop says goes nowhere else."""
    hosts, path = _HOOKS[platform]
    parts = urlsplit(robot.webhook.get_secret_value())
    host = parts.hostname or ""
    name = f"{platform}.robots {robot.name}"
    cure = "从群设置里重新复制 webhook 地址 / copy the address from the group's settings anew"
    if not (host in hosts or host == urlsplit(base_url).hostname or is_loopback(host)):
        return Check(name, "fault", f"{host} is not a host of {platform}", cure)
    if not parts.path.startswith(path):
        return Check(name, "fault", f"its address must go on with {path}…", cure)
    return Check(name, "ok", f"sends through {host}; it cannot hear")


def _fonts() -> Iterator[Check]:
    path = font_path()
    if path:
        yield Check("fonts", "ok", str(path))
    else:
        cure = "apt install fonts-wqy-microhei"
        detail = "no Chinese font: the day's chart cannot be drawn for WeCom"
        yield Check("fonts", "warning", detail, cure)
