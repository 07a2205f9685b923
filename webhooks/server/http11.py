"""HTTP/1.1 parsing with bounds: how long a request's head may be, and how long it may take."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 << 10  # address and headers; proxies in front send far less
HEAD_TIMEOUT_S = 15.0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol reads a head of any length for any time; this one does not."""

    _head_bytes = 0
    _head_done = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection that says nothing is closed as well."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse a head that has become too long."""
        if self._head_done and self.cycle.response_complete:
            self._await_head()
        if not self._head_done:
            self._head_bytes += len(data)
        super().data_received(data)
        if (
            not self._head_done
            and self._head_bytes > HEAD_BYTES
            and not self.transport.is_closing()
        ):
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_done = True
        self._stop_clock()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes, self._head_done = 0, False
        self._stop_clock()
        self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self._close)

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
