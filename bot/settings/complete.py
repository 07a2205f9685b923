"""What must be there together: a way in or out that is on needs its secrets."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import SecretStr

from bot.settings.errors import SettingsError
from bot.settings.sections import Settings

_AIBOT = {
    "long_connection": ("wecom.aibot.bot_id", "wecom.aibot.secret"),
    "callback": ("wecom.aibot.token", "wecom.aibot.encoding_aes_key"),
}


def check(settings: Settings) -> None:
    """Raise ``SettingsError`` naming the first key that a switched-on part still lacks.

    Nothing turns verification off: a part without its secrets does not start.
    """
    for part, needs in _parts(settings):
        for key in needs:
            if not _present(settings, key):
                raise SettingsError(f"{key}: is needed, because {part}")
    _check_robot_names(settings)
    _check_aes_keys(settings)


def _parts(settings: Settings) -> Iterator[tuple[str, Iterable[str]]]:
    """Each part that is on: why it is, and the keys it needs."""
    feishu, wecom = settings.feishu, settings.wecom
    if feishu.app_id:
        yield "feishu.app_id is set", ["feishu.app_secret"]
        if feishu.mode == "callback":
            yield "feishu.mode is callback", ["feishu.encrypt_key", "feishu.verification_token"]
    if wecom.app.agent_id:
        needs = ("corp_id", "app.secret", "app.token", "app.encoding_aes_key")
        yield "wecom.app.agent_id is set", [f"wecom.{key}" for key in needs]
    if wecom.aibot.on:
        yield f"wecom.aibot is on with mode {wecom.aibot.mode}", _AIBOT[wecom.aibot.mode]
    yield from _payments(settings)


def _payments(settings: Settings) -> Iterator[tuple[str, Iterable[str]]]:
    if settings.wechatpay.mchid:
        keys = (
            "appid",
            "serial_no",
            "private_key_file",
            "apiv3_key",
            "public_key_id",
            "public_key_file",
        )
        yield "wechatpay.mchid is set", [f"wechatpay.{key}" for key in keys]
    if settings.alipay.app_id:
        yield "alipay.app_id is set", ["alipay.private_key_file", "alipay.alipay_public_key_file"]
    if settings.shop.online:
        why = "shop.payment is online"
        if not (settings.wechatpay.mchid or settings.alipay.app_id):
            yield f"{why} (or alipay.app_id)", ["wechatpay.mchid"]
        yield why, ["shop.public_url"]


def _present(settings: Settings, key: str) -> bool:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _check_aes_keys(settings: Settings) -> None:
    """Nothing that WeCom sends could be read with a key of another shape."""
    wecom = settings.wecom
    on = {"app": bool(wecom.app.agent_id), "aibot": wecom.aibot.on}
    for part, section in (("app", wecom.app), ("aibot", wecom.aibot)):
        key = section.encoding_aes_key.get_secret_value()
        if on[part] and key and not re.fullmatch(r"[A-Za-z0-9+/]{43}", key):
            raise SettingsError(
                f"wecom.{part}.encoding_aes_key: must be the 43 characters of the console, "
                f"has {len(key)}"
            )


def _check_robot_names(settings: Settings) -> None:
    for section, robots in (("feishu", settings.feishu.robots), ("wecom", settings.wecom.robots)):
        names = [robot.name for robot in robots if robot.on]
        for name in names:
            if names.count(name) > 1:
                raise SettingsError(f"{section}.robots: two robots are called {name}")
