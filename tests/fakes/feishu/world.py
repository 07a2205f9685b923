"""Who and what there is on the platform, what it was sent, and waiting for it."""

import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition

from tests.fakes.feishu.records import Json, RefusalError, Request, SentMessage, Upload

Clock = Callable[[], datetime]


def real_time() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """An id such as ``om_…``, never seen before."""
    return f"{prefix}_{uuid.uuid4().hex}"


@dataclass(slots=True)
class Chat:
    """A group, or (``person`` set) what one person alone reads."""

    chat_id: str
    name: str
    person: str = ""
    bot_in: bool = True


@dataclass(slots=True)
class Robot:
    """A group's custom robot."""

    token: str
    secret: str
    keyword: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message a person sent: what ``GET /messages/:id`` shows of it."""

    message: Json
    sender: Json


@dataclass(frozen=True, slots=True)
class Resource:
    """A file or an image inside a message."""

    name: str
    content: bytes
    kind: str


class Pace:
    """At most ``most`` within any ``window_s`` real seconds, for each key."""

    def __init__(self, most: int, window_s: float) -> None:
        self._most, self._window_s = most, window_s
        self._seen: dict[str, deque[float]] = {}

    def takes(self, key: str) -> bool:
        """Whether one more is allowed now; it then counts."""
        now, seen = time.monotonic(), self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - self._window_s:
            seen.popleft()
        if len(seen) >= self._most:
            return False
        seen.append(now)
        return True


class World:
    """The platform's memory. Everything in it is read and changed while ``changed`` is held."""

    def __init__(self, clock: Clock, *, paced: bool) -> None:
        self.changed = Condition()
        self._changes = 0
        self.clock, self.paced = clock, paced
        self.chats: dict[str, Chat] = {}
        self.users: dict[str, str] = {}
        self.muted: set[str] = set()
        self.robots: dict[str, Robot] = {}
        self.requests: list[Request] = []
        self.sent: list[SentMessage] = []
        self.received: dict[str, Received] = {}
        self.recalled: set[str] = set()
        self.uploads: dict[str, Upload] = {}
        self.resources: dict[tuple[str, str], Resource] = {}

    def now_s(self) -> float:
        """The platform's own time, Unix seconds."""
        return self.clock().timestamp()

    def now_ms(self) -> int:
        """The same in milliseconds."""
        return round(self.now_s() * 1000)

    def record(self, request: Request) -> None:
        """Keep a request."""
        with self.changed:
            self.requests.append(request)

    def wake(self) -> None:
        """Something happened that somebody may wait for."""
        with self.changed:
            self._changes += 1
            self.changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float = 10) -> None:
        """Return once ``condition`` holds; it runs without any lock. Raises ``TimeoutError``."""
        until = time.monotonic() + timeout_s
        seen = self._changes
        while not condition():
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"nothing of the kind within {timeout_s:g} s")
            with self.changed:
                # Conditions may look at more than this fake, which then cannot wake us.
                if self._changes == seen:
                    self.changed.wait(min(left, 0.05))
                seen = self._changes

    def add_chat(self, chat_id: str = "", name: str = "", *, person: str = "") -> str:
        """A chat with the bot in it; also puts the bot back into one it had left."""
        chat_id = chat_id or new_id("oc")
        with self.changed:
            self.chats[chat_id] = Chat(chat_id, name or "测试群", person)
        return chat_id

    def add_user(self, open_id: str = "", name: str = "") -> str:
        """A person whom the app may write to."""
        open_id = open_id or new_id("ou")
        with self.changed:
            self.users[open_id] = name or "测试员"
            self.add_chat(_direct_id(open_id), person=open_id)
        return open_id

    def direct(self, open_id: str) -> str:
        """The ``oc_…`` of a person's own chat with the bot."""
        with self.changed:
            return self.chats[_direct_id(open_id)].chat_id

    def remove_bot(self, chat_id: str) -> None:
        """The bot is put out of a chat."""
        with self.changed:
            self.chats[chat_id].bot_in = False

    def mute(self, open_id: str) -> None:
        """A person is no longer within the app's availability."""
        with self.changed:
            self.muted.add(open_id)

    def recall(self, message_id: str) -> None:
        """A message is taken back."""
        with self.changed:
            self.recalled.add(message_id)
            for message in self.sent:
                if message.message_id == message_id:
                    message.recalled = True

    def add_file(self, message_id: str, name: str, content: bytes, *, kind: str = "file") -> str:
        """Something that can be downloaded from a message; its key."""
        key = new_id("img_v3" if kind == "image" else "file_v3")
        with self.changed:
            self.resources[message_id, key] = Resource(name, content, kind)
        return key

    def find(self, message_id: str) -> SentMessage | None:
        """A message of the bot's own."""
        found = [message for message in self.sent if message.message_id == message_id]
        return found[0] if found else None

    def require_json(self, request: Request) -> Json:
        """The body of a request that must say it is JSON. Raises ``RefusalError``."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusalError(9499, "Bad Request: Content-Type is not application/json")
        return request.document()


def _direct_id(open_id: str) -> str:
    return "oc_direct" + uuid.uuid5(uuid.NAMESPACE_OID, open_id).hex
