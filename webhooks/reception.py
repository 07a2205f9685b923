"""Where platform requests become handled messages: verified, durable, answered, then done."""

import logging
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.dispatcher import Dispatcher
from bot.messages import Arrival, Attachment, Message
from bot.platforms.base import Inbound, RawRequest, SendError
from store.errors import StoreError

logger = logging.getLogger(__name__)

LANES = 8
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
        self._lanes = [ThreadPoolExecutor(1, thread_name_prefix="handle") for _ in range(LANES)]

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
        for message in inbound.messages:
            self.accept(message)
        for arrival in inbound.arrivals:
            take = self._part if arrival.left else self._dispatcher.arrive
            take(arrival)

    def accept(self, message: Message) -> None:
        """Keep one message and have it handled soon; a redelivery has no further effect."""
        accepted = self._dispatcher.receive(message)
        if accepted.reply is None:
            lane = self._lanes[zlib.crc32(message.chat_id.encode()) % LANES]
            lane.submit(self._handle, accepted.id, message)

    def close(self) -> None:
        """Finish what is being handled and leave the rest to the next start."""
        for lane in self._lanes:
            lane.shutdown(wait=True, cancel_futures=True)

    def _handle(self, inbox_id: int, message: Message) -> None:
        try:
            if self._dispatcher.wants_files(message):
                self._dispatcher.attach(inbox_id, message, self._fetch(message))
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
