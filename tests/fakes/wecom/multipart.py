"""The one file of a multipart upload (上传临时素材, document 90253)."""

import re

from tests.fakes.wecom.records import RefusalError, Request

MEBI = 1 << 20
# 10 MB for images by 90253, 5 by the error page: the stricter.
_MOST = {"image": 5 * MEBI, "voice": 2 * MEBI, "video": 10 * MEBI, "file": 20 * MEBI}
_MAGIC = {"image": (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"), "voice": (b"#!AMR",)}
_NAME = re.compile(r'\bname="([^"]*)"')
# A filename* alone, as some clients send for Chinese names, is not read.
_FILENAME = re.compile(r'\bfilename="([^"]*)"')
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


def upload(request: Request, *, kinds: frozenset[str]) -> tuple[str, str, bytes]:
    """Kind, name and content. Raises ``RefusalError`` (40004, 44001, 45001)."""
    kind = request.query.get("type", "")
    if kind not in kinds:
        raise RefusalError(40004, "invalid media type")
    name, content = _media(request)
    check(kind, content)
    return kind, name, content


def check(kind: str, content: bytes) -> None:
    """Whether it may be kept. Raises ``RefusalError`` (40004, 44001, 45001)."""
    if len(content) <= 5:
        raise RefusalError(44001, "empty media data")
    if len(content) > _MOST[kind]:
        raise RefusalError(45001, "media size out of limit")
    if not content.startswith(_MAGIC.get(kind, (b"",))):
        raise RefusalError(40004, "not a file of this type")


def _media(request: Request) -> tuple[str, bytes]:
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise RefusalError(44001, "empty media data")
    for part in request.body.split(f"--{found[1]}".encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        fields = head.decode(errors="replace")
        name, filename = _NAME.search(fields), _FILENAME.search(fields)
        if name and name[1] == "media" and filename and filename[1]:
            return filename[1], content.removesuffix(b"\r\n")
    raise RefusalError(44001, "empty media data")
