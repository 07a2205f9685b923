"""What the fake keeps of what arrived, and how its parts refuse and answer."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import exchange

Json = dict[str, Any]
JSON_TYPE = "application/json; charset=utf-8"
Response = exchange.Response


class RefusalError(Exception):
    """The platform says no: ``code`` and ``msg`` go into the JSON of the answer."""

    def __init__(self, code: int, msg: str, *, status: int = 400) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg, self.status = code, msg, status


@dataclass(slots=True)
class Request(exchange.Request):
    """One request as it came."""

    def document(self) -> Json:
        """Its JSON object, whatever its content type says. Raises ``RefusalError`` (9499)."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise RefusalError(9499, "Bad Request")
        return found

    def matches(self, part: str) -> bool:
        """Whether ``part`` is in ``POST /open-apis/…``."""
        return part in self.label


def answer_json(document: Json, *, status: int = 200, headers: Json | None = None) -> Response:
    """An answer in Feishu's usual form."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": JSON_TYPE, **(headers or {})})


@dataclass(frozen=True, slots=True)
class Update:
    """A card was replaced: ``how`` is ``patch``, ``token`` (delayed) or ``answer`` (immediate)."""

    content: Json
    how: str
    at: float


@dataclass(slots=True)
class SentMessage:
    """A message the platform took; ``at`` is monotonic, ``sent_ms`` by the fake's clock."""

    message_id: str
    chat_id: str
    receive_id: str
    receive_id_type: str
    msg_type: str
    content: Json
    uuid: str
    reply_to: str
    at: float
    sent_ms: int
    updates: list[Update] = field(default_factory=list)
    recalled: bool = False

    @property
    def shown(self) -> Json:
        """The content after all updates."""
        return self.updates[-1].content if self.updates else self.content


@dataclass(frozen=True, slots=True)
class Upload:
    """An image or a file the platform took; ``as_field``: not as a file part of the form."""

    key: str
    kind: str
    name: str
    content: bytes
    file_type: str
    as_field: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """What came back over the long connection for one event."""

    code: int
    answer: Json | None
    biz_rt: str
    seconds: float
