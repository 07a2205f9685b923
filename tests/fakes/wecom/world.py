"""The state all parts of the fake share, under one lock."""

import itertools
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.fakes.http.faults import Script
from tests.fakes.wecom import limits
from tests.fakes.wecom.records import Aibot, App, Frame, Json, Media, RefusalError, Request, Said
from tests.fakes.wecom.sealing import Keys

USERS = ("zhangsan", "lisi", "wangwu", "zhaoliu")
MEDIA_LIFE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Company:
    """What does not change: who is there, and how the time goes."""

    corp_id: str
    app: App
    aibot: Aibot
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    paced: bool
    overlong: str
    duplicates: str

    def keys(self, way: str) -> Keys:
        """For callbacks of ``app`` or ``aibot``."""
        if way == "app":
            return Keys(self.app.token, self.app.encoding_aes_key, self.corp_id)
        return Keys(self.aibot.token, self.aibot.encoding_aes_key, "")


@dataclass(slots=True)
class ResponseUrl:
    """Good for one answer in ``chat`` within an hour of ``made``."""

    chat: str
    msgid: str
    made: datetime
    used: bool = False


@dataclass(slots=True)
class World:
    """Everything that happened. Use it with ``changed`` held; that is a re-entrant lock."""

    company: Company
    base_url: str = ""
    app_callback: bool = True
    changed: threading.Condition = field(default_factory=threading.Condition)
    script: Script = field(default_factory=Script)
    users: set[str] = field(default_factory=lambda: set(USERS))
    requests: list[Request] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    dropped: list[Said] = field(default_factory=list)
    media: dict[str, Media] = field(default_factory=dict)
    downloads: dict[str, tuple[Media, bytes]] = field(default_factory=dict)
    webhooks: set[str] = field(default_factory=set)
    app_tasks: set[str] = field(default_factory=set)
    robot_tasks: set[str] = field(default_factory=set)
    spoken: dict[str, str] = field(default_factory=dict)  # chat id -> single or group
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    response_codes: dict[str, tuple[list[Said], datetime]] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _windows: dict[str, tuple[limits.Window, ...]] = field(default_factory=dict)

    def now(self) -> datetime:
        """By the clock that tokens, codes and callbacks go by."""
        return self.company.clock()

    def ticks(self) -> float:
        """Seconds of the clock that frequencies go by."""
        return self.company.monotonic()

    def name(self, start: str) -> str:
        """A new id."""
        return f"{start}{next(self.numbers)}-{secrets.token_hex(4)}"

    def put(self, said: Said) -> Said:
        """People see it from now on."""
        with self.changed:
            self.said.append(said)
            self.changed.notify_all()
        return said

    def notify(self) -> None:
        """Somebody may be waiting for what just happened."""
        with self.changed:
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Whether ``condition`` came true in time."""
        with self.changed:
            return self.changed.wait_for(condition, timeout_s)

    def passes(self, kind: str, name: str) -> bool:
        """Whether the frequency limit lets one more through, which is then counted."""
        if not self.company.paced:
            return True
        windows = self._windows.setdefault(f"{kind}/{name}", _LIMITS[kind]())
        return limits.passed(windows, self.ticks())

    def keep(self, kind: str, name: str, content: bytes, owner: str) -> str:
        """The media id of a file."""
        media_id = self.name("media-")
        self.media[media_id] = Media(kind, name, content, owner, self.now())
        return media_id

    def file(self, media_id: object, *, kind: str, owner: str) -> Media:
        """A file that may be sent by ``owner``. Raises ``RefusalError`` (40007)."""
        found = self.media.get(str(media_id))
        if found is None or found.owner != owner or self.now() - found.at > MEDIA_LIFE:
            raise RefusalError(40007, "invalid media_id")
        if found.kind != kind:
            raise RefusalError(40007, f"invalid media_id: a {found.kind} is no {kind}")
        return found

    def new_response_code(self, cards: list[Said]) -> str:
        """A code that changes ``cards`` once; they remember it."""
        code = self.name("rc-")
        self.response_codes[code] = (cards, self.now())
        for card in cards:
            card.response_code = code
        return code

    def offer(self, media: Media, aes_key: bytes) -> str:
        """The address where somebody finds a file that was sent to the robot, for five minutes."""
        name = secrets.token_hex(16)
        self.downloads[name] = (replace(media, at=self.now()), aes_key)
        return f"{self.base_url}/media/{name}"

    def new_response_url(self, chat: str, msgid: str) -> str:
        """An address for one later answer."""
        code = self.name("once-")
        self.response_urls[code] = ResponseUrl(chat, msgid, self.now())
        return f"{self.base_url}/cgi-bin/aibot/response?response_code={code}"


_LIMITS: dict[str, Callable[[], tuple[limits.Window, ...]]] = {
    "robot": limits.conversation,
    "member": limits.member,
    "webhook": limits.webhook,
}


def seen(document: Json, msgtype: str) -> Json:
    """The object under the msgtype's name. Raises ``RefusalError`` (44004)."""
    found = document.get(msgtype)
    if not isinstance(found, dict):
        raise RefusalError(44004, f"{msgtype} is empty")
    return found


def written(content: object, most: int, *, cut: bool = False) -> str:
    """Text that is there and not too long. Raises ``RefusalError`` (44004, 45002)."""
    if not isinstance(content, str) or not content.strip():
        raise RefusalError(44004, "empty content")
    data = content.encode()
    if len(data) <= most:
        return content
    if not cut:
        raise RefusalError(45002, f"content size out of limit {most}")
    return data[:most].decode(errors="ignore")
