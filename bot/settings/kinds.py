"""The kinds of value a setting can have, each checked once, here."""

import ipaddress
import re
from collections.abc import Iterator
from datetime import time
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from store import money

TOPICS = ("all", "orders", "low_stock", "summary", "changes")
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_DATABASES = ("sqlite:///", "mysql+pymysql://")


class Section(BaseModel):
    """A part of the configuration, frozen.

    A key nobody knows is an error at the start, not a default at night.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        coerce_numbers_to_str=True,  # a merchant number without quotes is a number to YAML
        hide_input_in_errors=True,
        validate_default=False,
    )


def read_clock(text: str) -> time:
    """``HH:MM`` as a time of day."""
    return time(int(text[:2]), int(text[3:5]))


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secret_parts(value: str) -> Iterator[str]:
    """A secret, or what is secret of an address: its password, its last step, its query's values.

    Libraries log addresses in pieces, and a database's host is no secret.
    """
    if "://" not in value:
        yield value
        return
    parts = urlsplit(value)
    if parts.scheme in {"sqlite", "mysql+pymysql", "redis", "rediss"}:
        yield unquote(parts.password or "")
        yield parts.password or ""
        return
    yield value
    yield parts.path.rpartition("/")[2] if not parts.query else parts.query
    yield from (entry for entries in parse_qs(parts.query).values() for entry in entries)


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("is no time zone; write one like Asia/Shanghai")
    ZoneInfo(value)
    return value


def _amount(value: str) -> str:
    if money.parse_yuan(value) is None:
        raise ValueError("must be an amount in yuan such as 8 or 8.50")
    return value


def _clock_or_off(value: str) -> str:
    if value and not re.fullmatch(_TIME, value):
        raise ValueError('must be a time such as "21:00", or "" for never')
    return value


def _quiet(value: str) -> str:
    if value and not re.fullmatch(f"{_TIME}-{_TIME}", value):
        raise ValueError('must look like "22:00-08:00", or be "" for none')
    if value and value[:5] == value[6:]:
        raise ValueError("must not begin and end at the same time")
    return value


def _rate(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour|day)", value):
        raise ValueError('must look like "30/minute", or be "" for no limit')
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise ValueError(
            "must be an address such as 10.0.0.7 or a network such as 10.0.0.0/8"
        ) from error
    return value


def _person(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,16}:\S{1,120}", value):
        raise ValueError("must look like feishu:ou_123 or wecom:zhangsan")
    # WeCom takes ids in any case and answers in small letters; the bot knows people by those.
    return value.lower() if value.startswith("wecom:") else value


def _database(value: SecretStr) -> SecretStr:
    # The value stays out of the message: it holds the password.
    url = value.get_secret_value()
    if not url.startswith(_DATABASES) or url in _DATABASES:
        raise ValueError("must begin with sqlite:///FILE or mysql+pymysql://")
    try:
        urlsplit(url).port  # noqa: B018  (looking at it is what fails)
    except ValueError:
        raise ValueError("is no address") from None
    if ":memory:" in url:
        raise ValueError("a database in memory is gone at the end; name a file")
    return value


def _page(value: str) -> str:
    if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
        raise ValueError("must be an address that begins with https://")
    return value.rstrip("/")


def _peer(value: str, schemes: tuple[str, str]) -> None:
    parts = urlsplit(value)
    safe, plain = schemes
    if parts.hostname and parts.scheme == safe:
        return
    if parts.hostname and parts.scheme == plain and is_loopback(parts.hostname):
        return
    raise ValueError(f"must begin with {safe}:// ({plain}:// only to this very machine)")


def _service(value: str) -> str:
    _peer(value, ("https", "http"))
    return value.rstrip("/")


def _socket(value: str) -> str:
    _peer(value, ("wss", "ws"))
    return value


def _webhook(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        _peer(value.get_secret_value(), ("https", "http"))
    return value


def _redis(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not value.get_secret_value().startswith(
        ("redis://", "rediss://")
    ):
        raise ValueError("must begin with redis:// or rediss://")
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Amount = Annotated[str, AfterValidator(_amount)]
ClockTime = Annotated[str, AfterValidator(_clock_or_off)]
QuietHours = Annotated[str, AfterValidator(_quiet)]
Rate = Annotated[str, AfterValidator(_rate)]
Network = Annotated[str, AfterValidator(_network)]
Person = Annotated[str, AfterValidator(_person)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
PageUrl = Annotated[str, AfterValidator(_page)]
ServiceUrl = Annotated[str, AfterValidator(_service)]
SocketUrl = Annotated[str, AfterValidator(_socket)]
WebhookUrl = Annotated[SecretStr, AfterValidator(_webhook)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
