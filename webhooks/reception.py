"""Where platform requests become handled messages: verified, durable, answered, then done."""

import logging
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bot.dispatcher import Dispatcher
from bot.messages import Arrival, Attachment, Message
from bot.platforms.base import Inbound, RawRequest, SendError, TooLargeError
from store.errors import StoreError

logger = logging.getLogger(__name__)

LANES = 8
STAND_BACK_S = 0.5  # that a command waits at the most while messages are being kept
Receive = Callable[[RawRequest], Inbound]


class Reception:
    """Takes what platforms send. The messages of one chat are handled one after the other.

    ``part`` is told of chats that the bot was put out of, ``fetch`` brings the files of a message,
    ``called`` the name of its sender where the platform does not tell it with the message.
    What is not handled when the process ends is in the inbox, and the worker finds it there.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        part: Callable[[Arrival], None] = lambda _: None,
        fetch: Callable[[Message], tuple[Attachment, ...]] = lambda _: (),
        called: Callable[[Message], str] = lambda _: "",
    ) -> None:
        self._dispatcher = dispatcher
        self._part = part
        self._fetch = fetch
        self._called = called
        self._asked: set[str] = set()
        self._guard = threading.Lock()
        self._waiting: set[int] = set()  # in a lane, or being handled
        self._lanes = [ThreadPoolExecutor(1, thread_name_prefix="handle") for _ in range(LANES)]
        self._keeping = _Keeping()

    def take(self, receive: Receive, request: RawRequest) -> Inbound:
        """Verify a request and keep its messages; they are durable when this returns.

        Raises ``VerificationError``, or ``BusyError`` and ``UnavailableError``: then nothing of the
        message at fault was kept, and the platform should send the request again.
        """
        inbound = receive(request)
        self.hear(inbound)
        return inbound

    def hear(self, inbound: Inbound) -> None:
        """Keep what came in by another way. Raises as ``take``."""
        with self._keeping.one():
            for message in inbound.messages:
                self.accept(message)
        for arrival in inbound.arrivals:
            take = self._part if arrival.left else self._dispatcher.arrive
            take(arrival)

    def accept(self, message: Message) -> None:
        """Keep one message and have it handled soon; a redelivery has no further effect."""
        accepted = self._dispatcher.receive(message)
        if accepted.reply is None:
            self._queue(accepted.id, message)

    def pick_up(self, inbox_id: int) -> None:
        """Have a message handled that was kept earlier, if that is not under way already."""
        message = self._dispatcher.waiting(inbox_id)
        if message is not None:
            self._queue(inbox_id, message)

    def close(self) -> None:
        """Finish what is being handled and leave the rest to the next start."""
        for lane in self._lanes:
            lane.shutdown(wait=True, cancel_futures=True)

    def _queue(self, inbox_id: int, message: Message) -> None:
        """Behind the others of its chat, once."""
        with self._guard:
            if inbox_id in self._waiting:
                return
            self._waiting.add(inbox_id)
        lane = self._lanes[zlib.crc32(message.chat_id.encode()) % LANES]
        lane.submit(self._done, inbox_id, message)

    def _done(self, inbox_id: int, message: Message) -> None:
        try:
            self._handle(inbox_id, message)
        finally:
            with self._guard:
                self._waiting.discard(inbox_id)

    def _handle(self, inbox_id: int, message: Message) -> None:
        self._keeping.pause(STAND_BACK_S)
        try:
            if self._dispatcher.wants_files(message):
                self._attach(inbox_id, message)
        except SendError as error:  # the command says that there is no file
            logger.warning("file_not_fetched", extra={"inbox": inbox_id, "reason": str(error)})
        except StoreError as error:
            logger.warning("message_waits", extra={"inbox": inbox_id, "reason": str(error)})
            return
        try:
            self._dispatcher.handle(inbox_id)
        except StoreError as error:
            logger.warning("message_waits", extra={"inbox": inbox_id, "reason": str(error)})
        except Exception:  # an edge: the lane must go on
            logger.exception("message_failed", extra={"inbox": inbox_id})
        else:
            self._get_to_know(message)

    def _attach(self, inbox_id: int, message: Message) -> None:
        try:
            files = self._fetch(message)
        except TooLargeError as error:
            logger.info("file_too_large", extra={"inbox": inbox_id, "reason": str(error)})
            self._dispatcher.attach_none(inbox_id, message)
        else:
            self._dispatcher.attach(inbox_id, message, files)

    def _get_to_know(self, message: Message) -> None:
        """Ask once what somebody is called; after the answer, which need not wait for it."""
        if message.user_name or message.actor in self._asked:
            return
        self._asked.add(message.actor)
        try:
            name = self._called(message) if self._dispatcher.nameless(message) else ""
            if name:
                self._dispatcher.meet(message, name)
        except (SendError, StoreError) as error:
            # Without the scope to know it people are called by their ids.
            logger.info("name_unknown", extra={"reason": str(error)})


class _Keeping:
    """Messages that are being kept: handling stands back for them.

    A platform gives up on a callback after one to five seconds, a person waits longer. Keeping one
    takes 3 ms, handling and answering it 15, in one queue for the write lock: with fifty callbacks
    at once this halves what they wait.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more meanwhile."""
        with self._changed:
            self._number += 1
        try:
            yield
        finally:
            with self._changed:
                self._number -= 1
                self._changed.notify_all()

    def pause(self, most_s: float) -> None:
        """Wait until none is being kept."""
        with self._changed:
            self._changed.wait_for(lambda: not self._number, timeout=most_s)
