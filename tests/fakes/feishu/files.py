"""Uploads and downloads ("上传图片", "上传文件", "获取消息中的资源文件")."""

from io import BytesIO
from typing import Any
from urllib.parse import quote

from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser

from tests.fakes.feishu.records import RefusalError, Request, Response, Upload, answer_json
from tests.fakes.feishu.world import World, new_id

LARGEST = {"image": 10 << 20, "file": 30 << 20}
_FILE_TYPES = {"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"}
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"\0\0")


class Files:
    """The routes of files. Each runs while the world is held."""

    def __init__(self, world: World) -> None:
        self._world = world

    def upload(self, request: Request, kind: str) -> Response:
        """POST /open-apis/im/v1/images or /files; ``kind`` is ``image`` or ``file``."""
        form, files = _multipart(request)
        part, field = files.get(kind), form.get(kind)
        # The SDK's synchronous path sends a bare file object as a field without a file name.
        if part is None and field is None:
            raise _bad(f"{kind} is missing")
        content = part.stream.read() if part is not None else (field or "").encode()
        self._check(kind, form, content)
        upload = Upload(
            key=new_id("img_v3" if kind == "image" else "file_v3"),
            kind=kind,
            name=form.get("file_name", (part.filename if part is not None else "") or ""),
            content=content,
            file_type=form.get(f"{kind}_type", ""),
            as_field=part is None,
        )
        self._world.uploads[upload.key] = upload
        return answer_json({"code": 0, "msg": "success", "data": {f"{kind}_key": upload.key}})

    def download(self, request: Request, message_id: str, key: str) -> Response:
        """GET /open-apis/im/v1/messages/:message_id/resources/:file_key?type=file|image."""
        if request.query.get("type") not in {"file", "image"}:
            raise _bad("type is missing")
        if message_id in self._world.recalled:
            raise RefusalError(230110, "The message is deleted.")
        resource = self._world.resources.get((message_id, key))
        if resource is None or resource.kind != request.query["type"]:
            raise RefusalError(234003, "File not in msg.")
        disposition = f"attachment; filename*=UTF-8''{quote(resource.name)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Disposition": disposition}
        return Response(200, resource.content, headers)

    def _check(self, kind: str, form: Any, content: bytes) -> None:
        if kind == "image" and form.get("image_type") not in {"message", "avatar"}:
            raise _bad("image_type is wrong or missing")
        if kind == "file" and (
            form.get("file_type") not in _FILE_TYPES or not form.get("file_name")
        ):
            raise _bad("file_type or file_name is wrong or missing")
        if not content:
            raise RefusalError(234010, "File's size can't be 0.")
        if len(content) > LARGEST[kind]:
            raise RefusalError(234006, "The file size exceed the max value.")
        if kind == "image" and not content.startswith(_PICTURES):
            raise RefusalError(234011, "Can't recognize the image format.")


def _multipart(request: Request) -> tuple[MultiDict[str, str], MultiDict[str, Any]]:
    mime, _, rest = request.headers.get("content-type", "").partition(";")
    options = dict(part.strip().split("=", 1) for part in rest.split(";") if "=" in part)
    if mime != "multipart/form-data" or "boundary" not in options:
        raise _bad("no multipart form")
    options["boundary"] = options["boundary"].strip('"')
    # Parts stay in memory: werkzeug's temporary files would be closed by nobody.
    parser = FormDataParser(stream_factory=lambda *_, **__: BytesIO(), silent=False)
    try:
        _, form, files = parser.parse(BytesIO(request.body), mime, len(request.body), options)
    except ValueError:
        raise _bad("the form cannot be read") from None
    return form, files


def _bad(why: str) -> RefusalError:
    return RefusalError(234001, f"Invalid request param. ext={why}")
