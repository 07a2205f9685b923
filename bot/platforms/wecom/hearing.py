"""What a long connection hears is told to the shop in order, in a thread of its own.

The thread that reads the connection must not wait for the database: answers come in there too.
"""

import logging
import queue
import threading
import time

from bot.platforms.base import Ears, Inbound
from store.errors import StoreError

logger = logging.getLogger(__name__)

PATIENCE_S = 600.0  # a database that restarts costs no message
PAUSE_S = 0.5
_MOST_WAITING = 1000


class Hearing:
    """Tells ``ears`` what is put in. The platform never says a thing twice, so it tries again."""

    def __init__(
        self, ears: Ears, *, pause_s: float = PAUSE_S, patience_s: float = PATIENCE_S
    ) -> None:
        self._ears, self._pause_s, self._patience_s = ears, pause_s, patience_s
        self._waiting: queue.Queue[Inbound | None] = queue.Queue(_MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._turn, name="wecom-hearing", daemon=True)
        self._thread.start()

    def put(self, inbound: Inbound) -> None:
        """Returns at once."""
        try:
            self._waiting.put_nowait(inbound)
        except queue.Full:
            _dropped(inbound)

    def close(self, within_s: float) -> None:
        """Tell what waits, and end."""
        self._closing.set()
        try:
            self._waiting.put(None, timeout=within_s)
        except queue.Full:
            logger.warning("hearing_not_drained", extra={"platform": "wecom"})
        self._thread.join(within_s)

    def _turn(self) -> None:
        while (inbound := self._waiting.get()) is not None:
            try:
                self._tell(inbound)
            except Exception:  # an edge: one message must not make the robot deaf
                logger.exception("message_failed", extra={"platform": "wecom"})

    def _tell(self, inbound: Inbound) -> None:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                self._ears.hear(inbound)
            except StoreError as error:
                logger.warning("message_not_kept", extra={"platform": "wecom", "code": error.code})
            else:
                return
            if self._closing.wait(self._pause_s) or time.monotonic() > until:
                break
        _dropped(inbound)


def _dropped(inbound: Inbound) -> None:
    for message in inbound.messages:
        logger.error("message_dropped", extra={"key": message.key})
