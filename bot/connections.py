"""Long connections: held by the process that does the background work, by no other."""

import logging
import threading
from collections.abc import Iterable

from bot.lease import Leadership
from bot.platforms.base import Ears, LongConnection

logger = logging.getLogger(__name__)

LOOK_S = 0.5


class Connections:
    """Opens the connections while this process holds the lease, closes them when it does not.

    One that another program took over stays closed until the lease is ours anew: two that fight
    for a robot hear nothing, both of them.
    """

    def __init__(
        self, leadership: Leadership, connections: Iterable[LongConnection], ears: Ears
    ) -> None:
        self._leadership = leadership
        self._connections = tuple(connections)
        self._ears = ears
        self._open = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="connections", daemon=True)

    def start(self) -> None:
        """Begin to hold them, or to wait for the lease."""
        if self._connections:
            self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def states(self) -> dict[str, str]:
        """The state of each by its name; see ``LongConnection.state``."""
        return {connection.name: connection.state() for connection in self._connections}

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._look(wanted=self._leadership.held() is not None)
            self._stopping.wait(LOOK_S)
        self._look(wanted=False)

    def _look(self, *, wanted: bool) -> None:
        if wanted == self._open:
            return
        self._open = wanted
        for connection in self._connections:
            try:
                if wanted:
                    connection.open(self._ears)
                else:
                    connection.close()
            except Exception:  # an edge: one connection must not take the others along
                logger.exception("connection_failed", extra={"connection": connection.name})
