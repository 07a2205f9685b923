"""The HTTP side of WeCom; ``tests.fakes.http`` serves."""

from collections.abc import Callable

from tests.fakes.http import server
from tests.fakes.http.exchange import Answer
from tests.fakes.http.faults import Script
from tests.fakes.wecom.records import Request, Response


class HttpServer(server.HttpServer[Request]):
    """``note`` sees each request when it came and again, answered, before its answer goes."""

    def __init__(
        self,
        app: Callable[[Request], Answer],
        script: Script,
        *,
        note: Callable[[Request], None],
    ) -> None:
        self._note = note
        super().__init__(app, script, form=Request, name="fake-wecom")

    def came(self, request: Request) -> None:
        """Its status is 0 now."""
        self._note(request)

    def answered(self, request: Request, answer: Answer) -> None:
        """The request knows its errcode from now on; a proxy's answer has none."""
        request.errcode = answer.errcode if isinstance(answer, Response) else 0
        self._note(request)
