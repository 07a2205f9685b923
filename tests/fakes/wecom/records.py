"""What the fake keeps of what arrived, and how its parts refuse and answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.http import exchange

Json = dict[str, Any]
JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class App:
    """A self-built application (自建应用); by default the one of the vectors."""

    agent_id: int = 1000002
    secret: str = "app-secret-of-the-fake-0123456789abcdefgh"
    token: str = "ShopBotAppTok3n2026"
    encoding_aes_key: str = "58yvInkxuBUlfUGjoJpQ4KgUwqQxvJTJSwdSVTEmLVw"


@dataclass(frozen=True, slots=True)
class Aibot:
    """An intelligent robot (智能机器人); by default the one of the vectors."""

    bot_id: str = "AIBOT-SHOP-1"
    secret: str = "robot-secret-of-the-fake-0123456789abcdef"
    token: str = "ShopAiBotTok3n2026"
    encoding_aes_key: str = "9rnwjE9zspgf0uRLc9FziBYpp14PL5nuLdUtSPXhzn0"
    name: str = "店小二"


class RefusalError(Exception):
    """The platform says no, with HTTP 200 all the same."""

    def __init__(self, code: int, msg: str) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg = code, msg


class PressError(Exception):
    """A person could not press this: it is not there, greyed, or a link."""


@dataclass(slots=True)
class Request(exchange.Request):
    """One request as it came; ``errcode`` is that of its answer, 0 while there is none."""

    errcode: int = 0

    def document(self) -> Json:
        """Its JSON object, whatever its content type says. Raises ``RefusalError``."""
        try:
            text = self.body.decode()
        except UnicodeDecodeError:
            raise RefusalError(40033, "invalid charset. Warning: wrong json format.") from None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise RefusalError(44004, "empty content. Warning: wrong json format.")
        return found


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back, as JSON unless ``headers`` say otherwise."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})
    errcode: int = 0


def taken(**fields: Any) -> Response:
    """The platform did as it was told."""
    return Response(json.dumps({"errcode": 0, "errmsg": "ok", **fields}).encode())


def refused(code: int, msg: str, **fields: Any) -> Response:
    """It did not; the text is not to be relied upon, as the real one's is not."""
    hint = (
        f"{msg}, hint: [1767225600_77_0123456789abcdef], from ip: 127.0.0.1, "
        f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    )
    document = {"errcode": code, "errmsg": hint, **fields}
    return Response(json.dumps(document).encode(), errcode=code)


@dataclass(slots=True)
class Frame:
    """A frame of the long connection as it came; ``errcode`` stays None until it is answered."""

    cmd: str
    req_id: str
    body: Json
    at: float
    errcode: int | None = None

    @property
    def label(self) -> str:
        """Such as ``WS aibot_send_msg``."""
        return f"WS {self.cmd}"


@dataclass(frozen=True, slots=True)
class Update:
    """A card was changed: ``how`` is ``code`` (response_code), ``answer`` or ``passive``.

    ``userids`` are those who see it, () for everybody.
    """

    content: Json
    how: str
    userids: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Media:
    """A file that was uploaded ``at``, by the clock; ``owner``: "corp", "webhook:<key>", "bot"."""

    kind: str
    name: str
    content: bytes
    owner: str
    at: datetime


@dataclass(slots=True)
class Said:
    """Something people can see; the package's docstring says what the fields mean."""

    channel: str
    chat: str
    msgtype: str
    content: Json
    how: str
    at: float
    msgid: str
    req_id: str = ""
    sent: Json = field(default_factory=dict)
    file: Media | None = None
    finished: bool = True
    response_code: str = ""
    updates: list[Update] = field(default_factory=list)
    pieces: list[Json] = field(default_factory=list)

    @property
    def shown(self) -> Json:
        """The content after all updates."""
        return self.updates[-1].content if self.updates else self.content

    @property
    def card(self) -> Json:
        """The template card as it is shown now, {} when there is none."""
        if self.updates or self.msgtype == "template_card":
            return self.shown
        found = self.content.get("template_card", {})
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Heard:
    """Something the robot was told over the long connection; ``sent_at`` is by the fake's clock."""

    req_id: str
    msgid: str
    chat: str
    chattype: str
    user: str
    document: Json
    sent_at: datetime
