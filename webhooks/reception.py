"""Where platform requests become handled messages: verified, durable, answered, then done."""

import logging
import zlib
from concurrent.futures import ThreadPoolExecutor

from bot.dispatcher import Dispatcher
from bot.messages import Message
from bot.platforms.base import Inbound, Platform, RawRequest
from store.errors import StoreError

logger = logging.getLogger(__name__)

LANES = 8


class Reception:
    """Takes what platforms send. The messages of one chat are handled one after the other.

    What is not handled when the process ends is in the inbox, and the worker finds it there.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._lanes = [ThreadPoolExecutor(1, thread_name_prefix="handle") for _ in range(LANES)]

    def take(self, platform: Platform, request: RawRequest) -> Inbound:
        """Verify a request and keep its messages; they are durable when this returns.

        Raises ``VerificationError``, or ``BusyError`` and ``UnavailableError``: then nothing of the
        message at fault was kept, and the platform should send the request again.
        """
        inbound = platform.receive(request)
        for message in inbound.messages:
            self.accept(message)
        return inbound

    def accept(self, message: Message) -> None:
        """Keep one message and have it handled soon; a redelivery has no further effect."""
        accepted = self._dispatcher.receive(message)
        if accepted.reply is None:
            lane = self._lanes[zlib.crc32(message.chat_id.encode()) % LANES]
            lane.submit(self._handle, accepted.id)

    def close(self) -> None:
        """Finish what is being handled and leave the rest to the next start."""
        for lane in self._lanes:
            lane.shutdown(wait=True, cancel_futures=True)

    def _handle(self, inbox_id: int) -> None:
        try:
            self._dispatcher.handle(inbox_id)
        except StoreError as error:
            logger.warning("message_waits", extra={"inbox": inbox_id, "reason": str(error)})
        except Exception:  # an edge: the lane must go on
            logger.exception("message_failed", extra={"inbox": inbox_id})
