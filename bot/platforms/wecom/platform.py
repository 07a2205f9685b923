"""WeCom as one platform: the chat id's beginning says which of its channels is meant.

``bot/<chat>`` and ``bot/user/<person>`` are the intelligent robot's, ``app/<person>`` is the
self-built application's, ``robot/<name>`` a message-push webhook.
"""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from bot.messages import FileRef, Message, Reply
from bot.platforms.base import (
    EditError,
    Inbound,
    Letter,
    Line,
    RawRequest,
    SendError,
    TooLargeError,
    VerificationError,
)
from bot.platforms.calls import Calls
from bot.platforms.wecom import crypto
from bot.platforms.wecom.app_channel import AppChannel
from bot.platforms.wecom.app_client import AppClient
from bot.platforms.wecom.app_receiver import AppReceiver
from bot.platforms.wecom.pieces import Charts, Piece
from bot.platforms.wecom.robot_channel import CallbackChannel, SocketChannel
from bot.platforms.wecom.robot_receiver import WORKING, RobotReceiver
from bot.platforms.wecom.robot_webhook import WebhookRobot
from bot.platforms.wecom.socket import RobotSocket
from bot.settings.sections import Wecom
from bot.texts.platforms import spoken
from store.clock import Clock

MOST_FILE = 10 << 20  # bytes
_APP, _BOT, _ROBOT = "app/", "bot/", "robot/"
_SAID = "…"  # a stream must show something


class Channel(Protocol):
    """One of WeCom's ways to say something; see ``bot.platforms.base.Platform``."""

    def line(self) -> Line:
        """The limits and the faults it shares."""
        ...

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """The letter in pieces."""
        ...

    def send(self, letter: Letter, piece: Piece, number: int, /) -> str:
        """Say a piece."""
        ...

    def edit(self, letter: Letter, ref: str, /) -> str:
        """Change a card."""
        ...


class WecomPlatform:
    """All of WeCom that is switched on. Thread-safe.

    ``window_s``: how old a callback may be; ``own_url``: the shop's address, the one that words may
    lead to; ``welcome`` greets whoever opens the chat with the robot. Raises ``ValueError`` for
    keys that cannot be ones.
    """

    name = "wecom"

    def __init__(
        self,
        settings: Wecom,
        *,
        window_s: int,
        own_url: str,
        welcome: str,
        calls: Calls,
        now: Clock,
    ) -> None:
        self._settings, self._calls = settings, calls
        charts = Charts()
        self._webhooks = {
            robot.name: WebhookRobot(
                robot.name,
                robot.webhook.get_secret_value(),
                hearer=_hearer(settings),
                own_url=own_url,
                calls=calls,
                charts=charts,
            )
            for robot in settings.robots
            if robot.on
        }
        self.app = _app_receiver(settings, window_s, now)
        self._app_client = _app_client(settings, calls, now)
        self._app: Channel | None = None
        if self._app_client is not None:
            self._app = AppChannel(self._app_client, own_url=own_url, charts=charts)
        self.robot = _robot_receiver(settings, window_s, welcome, now)
        self._callback = CallbackChannel(own_url=own_url, calls=calls)
        self._socket = _socket(settings, welcome, now)
        self._bot: Channel | None = self._callback if self.robot is not None else None
        if self._socket is not None:
            self._bot = SocketChannel(self._socket, own_url=own_url, charts=charts, now=now)

    @property
    def entrances(self) -> Mapping[str, Callable[[RawRequest], Inbound]]:
        """What reads a callback, by the name of the way in: ``aibot`` and ``app``, if on."""
        receivers = {"aibot": self.robot, "app": self.app}
        return {name: found.receive for name, found in receivers.items() if found is not None}

    def receive(self, request: RawRequest) -> Inbound:  # noqa: ARG002  (the protocol's)
        """Nothing: there are two ways in, see ``entrances``."""
        raise VerificationError("no such way in")

    def poll_answer(self, inbound: Inbound, reply: Reply | None, *, finished: bool) -> bytes:
        """The body a poll is answered with: the reply's first piece; None: it is being worked on.

        Every call shows another text in place of the one before.
        """
        if self.robot is None:
            raise VerificationError("nobody polls")
        pieces = self._callback.words(reply) if reply is not None else ()
        content = pieces[0].content if pieces else (_SAID if finished else WORKING)
        return self.robot.poll_answer(inbound, content, finished=finished)

    def connection(self) -> RobotSocket | None:
        """The robot's long connection, None when it has none."""
        return self._socket

    def line(self, chat_id: str) -> Line:
        """What a message to this chat goes through."""
        found = self._channel(chat_id)
        return found.line() if found is not None else Line(f"wecom:{chat_id.partition('/')[0]}")

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """The letter in pieces that fit; forms are left out."""
        return self._needed(letter.chat_id).render(letter)

    def send(self, letter: Letter, piece: Piece, number: int) -> str:
        """Say one piece; returns what ``edit`` takes. Raises ``SendError``."""
        return self._needed(letter.chat_id).send(letter, piece, number)

    def edit(self, letter: Letter, ref: str) -> str:
        """Show ``letter`` in place of a card. Raises ``EditError``, ``SendError``."""
        found = self._channel(letter.chat_id)
        if found is None:
            raise EditError("no such chat")
        return found.edit(letter, ref)

    def direct(self, user_id: str) -> str:
        """The chat that this person alone reads, "" when there is none."""
        if self._app is not None:
            return f"{_APP}{user_id}"
        return f"{_BOT}user/{user_id}" if self._socket is not None else ""

    def download(self, message: Message, number: int) -> bytes:
        """A file that somebody sent, at most 10 MiB. Raises ``SendError``."""
        handle = message.files[number].handle
        if media_id := handle.get("media_id"):
            if self._app_client is None:
                raise SendError("the application is off", permanent=True)
            content = self._app_client.download(str(media_id))
        else:
            content = self._fetched(message.files[number])
        if len(content) > MOST_FILE:
            raise TooLargeError("the file is larger than 10 MiB")
        return content

    def check(self) -> tuple[tuple[str, str], ...]:
        """What is switched on, each with "ok" or what is wrong with it; nobody reads anything."""
        found = []
        if self._app_client is not None:
            found.append(("app", self._checked_app(self._app_client)))
        if self._bot is not None:
            # A second connection would throw out the one of the running shop.
            found.append(("aibot", "not checked: only the running shop may connect"))
        found += [(f"{_ROBOT}{name}", "not checked: only posting tells") for name in self._webhooks]
        return tuple(found)

    def _checked_app(self, client: AppClient) -> str:
        try:
            client.check()
        except SendError as error:
            return str(error)
        return "ok"

    def _channel(self, chat_id: str) -> Channel | None:
        if chat_id.startswith(_APP):
            return self._app
        if chat_id.startswith(_BOT):
            return self._bot
        return self._webhooks.get(chat_id.removeprefix(_ROBOT))

    def _needed(self, chat_id: str) -> Channel:
        found = self._channel(chat_id)
        if found is None:
            raise SendError("switched off, or no such robot", permanent=True)
        return found

    def _fetched(self, file: FileRef) -> bytes:
        """A robot's file: its url is good for five minutes, and what it gives is encrypted."""
        url, aeskey = str(file.handle.get("url", "")), file.handle.get("aeskey")
        if not self._may_fetch(url):
            raise SendError("a file from a place that is not WeCom's", permanent=True)
        answer = self._calls.request("GET", url)
        if answer.status != 200:  # noqa: PLR2004  (HTTP's own)
            raise SendError(f"the file answered HTTP {answer.status}", permanent=True)
        try:
            return crypto.open_media(answer.body, self._media_key(aeskey))
        except ValueError as error:
            raise SendError("the file cannot be decrypted", permanent=True) from error

    def _may_fetch(self, url: str) -> bool:
        home, there = urlsplit(self._settings.base_url), urlsplit(url)
        return there.scheme == "https" or (there.scheme, there.hostname) == ("http", home.hostname)

    def _media_key(self, aeskey: object) -> bytes:
        if isinstance(aeskey, str):
            return crypto.read_media_key(aeskey)
        return crypto.read_key(self._settings.aibot.encoding_aes_key.get_secret_value())


def _hearer(settings: Wecom) -> str:
    """What the robot that hears commands in groups is called there, "" when none is on."""
    robot = settings.aibot
    return (robot.name or spoken("platform.robot")) if robot.on else ""


def _app_receiver(settings: Wecom, window_s: int, now: Clock) -> AppReceiver | None:
    if not settings.app.agent_id:
        return None
    return AppReceiver(
        corp_id=settings.corp_id,
        agent_id=settings.app.agent_id,
        token=settings.app.token.get_secret_value(),
        encoding_aes_key=settings.app.encoding_aes_key.get_secret_value(),
        window_s=window_s,
        now=now,
    )


def _app_client(settings: Wecom, calls: Calls, now: Clock) -> AppClient | None:
    if not settings.app.agent_id:
        return None
    return AppClient(
        corp_id=settings.corp_id,
        secret=settings.app.secret.get_secret_value(),
        agent_id=settings.app.agent_id,
        base_url=settings.base_url,
        calls=calls,
        now=now,
    )


def _robot_receiver(
    settings: Wecom, window_s: int, welcome: str, now: Clock
) -> RobotReceiver | None:
    robot = settings.aibot
    if not robot.on or robot.mode != "callback":
        return None
    return RobotReceiver(
        token=robot.token.get_secret_value(),
        encoding_aes_key=robot.encoding_aes_key.get_secret_value(),
        name=robot.name,
        window_s=window_s,
        now=now,
        base_url=settings.base_url,
        welcome=welcome,
        corp_id=settings.corp_id,
    )


def _socket(settings: Wecom, welcome: str, now: Clock) -> RobotSocket | None:
    robot = settings.aibot
    if not robot.on or robot.mode != "long_connection":
        return None
    return RobotSocket(robot, welcome=welcome, corp_id=settings.corp_id, now=now)
