"""Feishu as a chat platform: an app with its chats, and groups' custom robots."""

import hashlib
import logging
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.messages import FileRef, Message
from bot.platforms.base import (
    EditError,
    Inbound,
    Letter,
    Line,
    LongConnection,
    RawRequest,
    SendError,
    VerificationError,
)
from bot.platforms.calls import Calls
from bot.platforms.feishu import cards, content, events
from bot.platforms.feishu.client import Client
from bot.platforms.feishu.codes import CardRefusedError, RecalledError
from bot.platforms.feishu.connection import FeishuConnection
from bot.platforms.feishu.elements import dumped
from bot.platforms.feishu.pieces import ROBOT, Piece, in_words, marked_again, pieces
from bot.platforms.feishu.receiver import Receiver
from bot.platforms.feishu.robot import Robot
from bot.settings.sections import Feishu
from store.clock import Clock

logger = logging.getLogger(__name__)
T = TypeVar("T")

_CHAT = Line("feishu", burst=2, interval_s=0.4)  # 5 a second and chat, all bots together
_FIRST_PAUSE_S, _LAST_PAUSE_S = 1.0, 60.0


class FeishuPlatform:
    """The app (on when ``app_id`` is set) and the robots (each on when it has an address).

    ``window_s``: how old a callback may be; ``own_url``: the one address that stays a link in what
    is said. Safe to use from several threads.
    """

    name = events.NAME

    def __init__(
        self, settings: Feishu, *, window_s: int, own_url: str, calls: Calls, now: Clock
    ) -> None:
        self._settings, self._own_url, self._calls = settings, own_url, calls
        self._client = Client(
            app_id=settings.app_id,
            app_secret=settings.app_secret.get_secret_value(),
            base_url=settings.base_url,
        )
        self._robots = {
            ROBOT + robot.name: Robot(
                robot.webhook.get_secret_value(), robot.secret.get_secret_value(), calls, now
            )
            for robot in settings.robots
            if robot.on
        }
        self._receiver = self._hearing(window_s, now)
        self._bot_open_id = ""
        self._closing = threading.Event()

    @property
    def bot_open_id(self) -> str:
        """The bot's own open_id, "" until it is known."""
        return self._bot_open_id

    def receive(self, request: RawRequest) -> Inbound:
        """Verify, decrypt and parse a callback. Raises ``VerificationError``."""
        if self._receiver is None:
            raise VerificationError("off")
        return self._receiver.receive(request)

    def connection(self) -> LongConnection | None:
        """The long connection, None when the app is off or hears by callbacks."""
        if not self._settings.app_id or self._settings.mode != "long_connection":
            return None
        return FeishuConnection(
            app_id=self._settings.app_id,
            app_secret=self._settings.app_secret.get_secret_value(),
            base_url=self._settings.base_url,
            parse=lambda envelope: events.parse(envelope, bot_open_id=self._bot_open_id),
        )

    def line(self, chat_id: str) -> Line:
        """A robot has a line of its own: 100 a minute, 5 a second."""
        if chat_id.startswith(ROBOT):
            return Line(f"{self.name}:{chat_id}", burst=3, interval_s=0.7)
        return _CHAT

    def render(self, letter: Letter) -> tuple[Piece, ...]:
        """A text message, or cards; then the file, if there is one."""
        return pieces(letter, self._own_url)

    def send(self, letter: Letter, piece: Piece, number: int) -> str:
        """Say one piece; returns the message's id for a card. Raises ``SendError``."""
        if letter.chat_id.startswith(ROBOT):
            self._robot(letter, piece)
            return ""
        return self._run(self._say(letter, piece, _uuid(letter, number)))

    def edit(self, letter: Letter, ref: str) -> str:
        """Put the letter in place of our card ``ref``. Raises ``EditError``, ``SendError``."""
        rendered = cards.render(letter, own_url=self._own_url)
        if letter.chat_id.startswith(ROBOT) or len(rendered) > 1 or letter.attachment is not None:
            raise EditError("not one card of ours")
        try:
            self._run(self._client.patch(ref, dumped(rendered[0].content)))
        except SendError as error:
            if not error.permanent or error.gone:
                raise
            # Too old, recalled, no card, not ours, not taken: saying it anew is right for all.
            raise EditError(str(error)) from None
        return ref

    def direct(self, user_id: str) -> str:
        """A person's open_id reaches that person alone."""
        return user_id if self._settings.app_id else ""

    def download(self, message: Message, number: int) -> bytes:
        """A file of a message, at most 10 MiB. Raises ``SendError``."""
        handle = message.files[number].handle
        return self._run(
            self._client.resource(handle["message_id"], handle["file_key"], handle["type"])
        )

    def parent_files(self, message: Message) -> tuple[FileRef, ...]:
        """The files of the message that this one replies to. Raises ``SendError``.

        A file cannot mention the bot, so in groups people reply to it (Feishu docs: 接收消息).
        """
        parent = message.handle.get("parent_id")
        if not parent:
            return ()
        found = self._run(self._client.message(parent))
        try:
            said = content.read(
                str(found.get("msg_type")),
                found["body"]["content"],
                message_id=parent,
                mentions=content.Mentions({}, frozenset()),
            )
        except (KeyError, TypeError, ValueError, RecursionError):
            return ()
        return said.files

    def called(self, open_id: str) -> str:
        """What somebody is called, "" when the app may not know. Raises ``SendError``."""
        return self._run(self._client.name(open_id)) if self._settings.app_id else ""

    def warm_up(self) -> None:
        """Import the SDK, and ask who the bot is until that is known or ``close`` is called."""
        if not self._settings.app_id:
            return
        self._client.load()
        pause_s, reason = _FIRST_PAUSE_S, ""
        while not self._closing.is_set():
            try:
                self.check()
            except SendError as error:
                if str(error) != reason:
                    reason = str(error)
                    logger.warning("feishu_bot_unknown", extra={"reason": reason})
            else:
                return
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_S)

    def ready(self) -> bool:
        """Whether sending would not have to import the SDK first."""
        return self._client.loaded or not self._settings.app_id

    def check(self) -> str:
        """Whether the app's credentials are good; returns the bot's name, "" without an app.

        Raises ``SendError`` that names the code.
        """
        if not self._settings.app_id:
            return ""
        self._bot_open_id, bot_name = self._run(self._client.bot())
        return bot_name

    def close(self) -> None:
        """End ``warm_up``."""
        self._closing.set()

    def _hearing(self, window_s: int, now: Clock) -> Receiver | None:
        """What verifies callbacks; None, and all are refused, where the app has none."""
        encrypt_key = self._settings.encrypt_key.get_secret_value()
        token = self._settings.verification_token.get_secret_value()
        called = self._settings.mode == "callback"
        if not (called and self._settings.app_id and encrypt_key and token):
            return None
        return Receiver(
            app_id=self._settings.app_id,
            encrypt_key=encrypt_key,
            verification_token=token,
            window_s=window_s,
            bot_open_id=lambda: self._bot_open_id,
            now=now,
        )

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine of the client gives, within ``CALL_S``."""
        if not self._settings.app_id:
            work.close()
            raise SendError("the app is off", permanent=True)
        self._client.load()
        return self._calls.run(work)

    async def _say(self, letter: Letter, piece: Piece, uuid: str) -> str:
        if piece.attachment is not None:
            kind, shown = await self._client.upload(piece.attachment)
            await self._place(letter, kind, shown, uuid)
            return ""
        try:
            placed = await self._place(letter, piece.kind, dumped(piece.content), uuid)
        except CardRefusedError as error:
            if piece.kind != "interactive":
                raise
            logger.warning("feishu_card_refused", extra={"reason": str(error)})
            words = in_words(piece)
            await self._place(letter, words.kind, dumped(words.content), f"{uuid}t")
            return ""
        return placed if piece.kind == "interactive" else ""

    async def _place(self, letter: Letter, kind: str, said: str, uuid: str) -> str:
        """Say it in answer to the letter's message, or by itself when there is none (any more)."""
        answered = letter.handle.get("message_id")
        if answered:
            try:
                return await self._client.reply(answered, kind, said, uuid=uuid)
            except RecalledError:
                pass
        return await self._client.create(letter.chat_id, kind, said, uuid=uuid)

    def _robot(self, letter: Letter, piece: Piece) -> None:
        robot = self._robots.get(letter.chat_id)
        if robot is None:
            raise SendError("no such robot", gone=True)
        if letter.again:
            piece = marked_again(piece, letter.key)
        try:
            robot.say(piece.kind, piece.content)
        except CardRefusedError as error:
            if piece.kind != "interactive":
                raise
            logger.warning("feishu_card_refused", extra={"reason": str(error)})
            words = in_words(piece)
            robot.say(words.kind, words.content)


def _uuid(letter: Letter, number: int) -> str:
    """The same for every try at a piece; at most 50 characters (Feishu docs: 发送消息)."""
    return hashlib.sha256(f"{letter.key}/{number}".encode("utf-8", "replace")).hexdigest()[:40]
