"""Files over the long connection: init, chunks, finish (document 101463)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.wecom import multipart
from tests.fakes.wecom.records import Json, RefusalError
from tests.fakes.wecom.robot_says import FILES
from tests.fakes.wecom.world import World

_LIFE = timedelta(minutes=30)
_CHUNK = 512 << 10  # bytes before base64
_CHUNKS = 100
_BAD = 40058


@dataclass(slots=True)
class _Upload:
    kind: str
    name: str
    size: int
    count: int
    md5: str
    begun: datetime
    chunks: dict[int, bytes] = field(default_factory=dict)


class Uploads:
    """Each method gives the body of an ack. Raises ``RefusalError``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str, _Upload] = {}

    def begin(self, body: Json) -> Json:
        """``aibot_upload_media_init``."""
        count, size = body.get("total_chunks"), body.get("total_size")
        if body.get("type") not in FILES or not body.get("filename"):
            raise RefusalError(40004, "invalid media type or filename")
        if type(size) is not int or type(count) is not int or not 1 <= count <= _CHUNKS:
            raise RefusalError(_BAD, "total_size or total_chunks")
        upload_id = self._world.name("upload-")
        self._open[upload_id] = _Upload(
            kind=str(body["type"]),
            name=str(body["filename"]),
            size=size,
            count=count,
            md5=str(body.get("md5", "")),
            begun=self._world.now(),
        )
        return {"body": {"upload_id": upload_id}}

    def add(self, body: Json) -> Json:
        """``aibot_upload_media_chunk``; in any order, the same one again is no fault."""
        upload, index = self._upload(body), body.get("chunk_index")
        if type(index) is not int or not 0 <= index < upload.count:
            raise RefusalError(_BAD, "chunk_index")
        try:
            chunk = base64.b64decode(str(body.get("base64_data", "")), validate=True)
        except binascii.Error:
            raise RefusalError(_BAD, "base64_data") from None
        if not 0 < len(chunk) <= _CHUNK:
            raise RefusalError(_BAD, "chunk is empty or larger than 512 KB")
        upload.chunks[index] = chunk
        return {}

    def finish(self, body: Json) -> Json:
        """``aibot_upload_media_finish``."""
        upload = self._upload(body)
        content = b"".join(upload.chunks.get(index, b"") for index in range(upload.count))
        if len(upload.chunks) < upload.count or len(content) != upload.size:
            raise RefusalError(_BAD, "chunks are missing")
        if upload.md5 and hashlib.md5(content).hexdigest() != upload.md5:  # noqa: S324  # theirs
            raise RefusalError(_BAD, "md5 does not match")
        multipart.check(upload.kind, content)
        del self._open[str(body["upload_id"])]
        media_id = self._world.keep(upload.kind, upload.name, content, "bot")
        made = int(self._world.now().timestamp())
        return {"body": {"type": upload.kind, "media_id": media_id, "created_at": made}}

    def _upload(self, body: Json) -> _Upload:
        found = self._open.get(str(body.get("upload_id")))
        if found is None or self._world.now() - found.begun > _LIFE:
            raise RefusalError(_BAD, "upload_id is unknown or expired")
        return found
