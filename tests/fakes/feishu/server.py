"""The HTTP side of Feishu; ``tests.fakes.http`` serves."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from tests.fakes.feishu.records import Request
from tests.fakes.http import server
from tests.fakes.http.exchange import Answer
from tests.fakes.http.faults import Script


class HttpServer(server.HttpServer[Request]):
    """Answers by ``app`` once ``record`` has the request, and calls ``wake`` before each answer."""

    signature: ClassVar[Mapping[str, str]] = {"X-Tt-Logid": "20260101fake"}

    def __init__(
        self,
        app: Callable[[Request], Answer],
        script: Script,
        *,
        record: Callable[[Request], None],
        wake: Callable[[], None],
    ) -> None:
        self._record, self._wake = record, wake
        super().__init__(app, script, form=Request, name="fake-feishu")

    def came(self, request: Request) -> None:
        """Keep it."""
        self._record(request)

    def answered(self, request: Request, answer: Answer) -> None:  # noqa: ARG002  # the base's
        """Somebody may be waiting for it."""
        self._wake()
