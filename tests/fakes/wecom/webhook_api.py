"""Message-push robots (消息推送, document 99110): the key in the address is the credential."""

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from tests.fakes.wecom import cards, multipart
from tests.fakes.wecom.records import Json, Media, RefusalError, Request, Response, Said, taken
from tests.fakes.wecom.world import World, seen, written

if TYPE_CHECKING:
    from collections.abc import Callable


_TEXT = 2048
_MARKDOWN = 4096
_IMAGE = 2 << 20
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class WebhookApi:
    """Sending and uploading; nothing comes back from there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cut = world.company.overlong == "cut"
        self.routes: dict[str, Callable[[Request], Response]] = {
            "POST /cgi-bin/webhook/send": self._send,
            "POST /cgi-bin/webhook/upload_media": self._upload,
        }

    def _upload(self, request: Request) -> Response:
        # An empty file is told before a wrong key is.
        kind, name, content = multipart.upload(request, kinds=frozenset({"file", "voice"}))
        key = self._key(request)
        media_id = self._world.keep(kind, name, content, f"webhook:{key}")
        made = str(int(self._world.now().timestamp()))
        return taken(type=kind, media_id=media_id, created_at=made)

    def _send(self, request: Request) -> Response:
        key = self._key(request)
        document = request.document()
        msgtype = str(document.get("msgtype"))
        content, file = self._checked(key, msgtype, document)
        if not self._world.passes("webhook", key):
            raise RefusalError(45009, "api freq out of limit")
        self._world.put(
            Said(
                channel=f"webhook:{key}",
                chat="",
                msgtype=msgtype,
                content=content,
                how="send",
                at=self._world.ticks(),
                msgid=self._world.name("msg-"),
                sent=document[msgtype],
                file=file,
            )
        )
        return taken()

    def _key(self, request: Request) -> str:
        key = request.query.get("key", "")
        if key not in self._world.webhooks:
            raise RefusalError(93000, "invalid webhook url")
        return key

    def _checked(self, key: str, msgtype: str, document: Json) -> tuple[Json, Media | None]:
        if msgtype in {"text", "markdown", "markdown_v2"}:
            content = seen(document, msgtype)
            most = _TEXT if msgtype == "text" else _MARKDOWN
            return {
                **content,
                "content": written(content.get("content"), most, cut=self._cut),
            }, None
        if msgtype == "image":
            return _image(seen(document, msgtype), self._world)
        if msgtype in {"file", "voice"}:
            media_id = seen(document, msgtype).get("media_id")
            file = self._world.file(media_id, kind=msgtype, owner=f"webhook:{key}")
            return seen(document, msgtype), file
        if msgtype == "template_card":
            return cards.check(seen(document, msgtype), kinds=cards.NOTICES), None
        if msgtype == "news":
            return _news(seen(document, msgtype)), None
        raise RefusalError(40008, "invalid message type")


def _image(content: Json, world: World) -> tuple[Json, Media]:
    try:
        picture = base64.b64decode(str(content.get("base64", "")), validate=True)
    except binascii.Error:
        raise RefusalError(40009, "invalid image size: not base64") from None
    if not picture.startswith(_PICTURES) or len(picture) > _IMAGE:
        raise RefusalError(40009, "invalid image size")
    if hashlib.md5(picture).hexdigest() != content.get("md5"):  # noqa: S324  # the protocol's
        raise RefusalError(301019, "md5 of the image does not match")
    return content, Media("image", "image", picture, "", world.now())


def _news(content: Json) -> Json:
    articles = content.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise RefusalError(40058, "articles must be 1 to 8")
    for article in articles:
        written(article.get("title"), 128)
        written(article.get("url"), 2048)
    return content
