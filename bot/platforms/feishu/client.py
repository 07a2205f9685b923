"""Calls to the Feishu open platform, through lark_oapi.

The SDK is imported when it is first needed: it takes 1.7 s and 160 MB. Only its coroutines are
used, inside ``Calls.run``: its other calls wait 30 s for each read, and for ever for a server that
drips. Of its answers only status, headers and body are used: its own reading fails on what is not
JSON, and looks for headers in capitals that its coroutines never have.
"""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from bot.messages import Attachment
from bot.platforms.base import SendError, TooLargeError
from bot.platforms.calls import TIMEOUT, Answer
from bot.platforms.feishu import codes
from bot.platforms.feishu.tokens import Tokens

MOST_FILE = 10 << 20
_IMAGE_BYTES = 10 << 20  # Feishu docs: 上传图片
_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"})
_TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105  (an address)
_BOT = "/open-apis/bot/v3/info"
_USERS = "/open-apis/contact/v3/users"  # by open_id unless told otherwise
_OK = range(200, 300)
# For each call the SDK reads all the world's certificates, 20 ms in which the event loop stands
# still: twenty calls begun at once, and connecting takes longer than it may.
_AT_ONCE = 4

Ask = Callable[[Any], Any]  # from a RequestOption to a coroutine; a new request each time


class Client:
    """One app. ``load`` comes first; the coroutines belong into ``Calls.run``.

    They raise ``SendError``. Safe to use from several threads.
    """

    def __init__(self, *, app_id: str, app_secret: str, base_url: str) -> None:
        self._app_id, self._app_secret, self._base_url = app_id, app_secret, base_url
        self._guard = threading.Lock()
        self._sdk: Any = None
        self._client: Any = None
        self._tokens = Tokens(self._new_token)
        self._places = asyncio.Semaphore(_AT_ONCE)

    @property
    def loaded(self) -> bool:
        """Whether the SDK is imported."""
        return self._client is not None

    def load(self) -> None:
        """Import the SDK, in the caller's thread: the event loop would stand still meanwhile."""
        with self._guard:
            if self._client is None:
                self._sdk, self._client = _loaded(self._app_id, self._app_secret, self._base_url)

    async def create(self, receive_id: str, kind: str, content: str, *, uuid: str) -> str:
        """Say something in a chat (``oc_…``) or to a person (``ou_…``); returns the message's id.

        Within an hour the platform says things of one ``uuid`` once (Feishu docs: 发送消息).
        """
        id_type = "open_id" if receive_id.startswith("ou_") else "chat_id"
        v1 = self._sdk.im.v1

        def ask(option: Any) -> Any:
            body = v1.CreateMessageRequestBody.builder().receive_id(receive_id).msg_type(kind)
            body = body.content(content).uuid(uuid).build()
            request = v1.CreateMessageRequest.builder().receive_id_type(id_type).request_body(body)
            return self._client.im.v1.message.acreate(request.build(), option)

        return _message_id(await self._document(ask))

    async def reply(self, message_id: str, kind: str, content: str, *, uuid: str) -> str:
        """Answer a message; as ``create``, and ``RecalledError`` (Feishu docs: 回复消息)."""
        v1 = self._sdk.im.v1

        def ask(option: Any) -> Any:
            body = v1.ReplyMessageRequestBody.builder().msg_type(kind).content(content)
            body = body.reply_in_thread(False).uuid(uuid).build()  # noqa: FBT003  (the SDK's)
            request = v1.ReplyMessageRequest.builder().message_id(message_id).request_body(body)
            return self._client.im.v1.message.areply(request.build(), option)

        return _message_id(await self._document(ask))

    async def patch(self, message_id: str, content: str) -> None:
        """Put another card in place of one of ours (Feishu docs: 更新应用发送的消息卡片)."""
        v1 = self._sdk.im.v1

        def ask(option: Any) -> Any:
            body = v1.PatchMessageRequestBody.builder().content(content).build()
            request = v1.PatchMessageRequest.builder().message_id(message_id).request_body(body)
            return self._client.im.v1.message.apatch(request.build(), option)

        await self._document(ask)

    async def upload(self, attachment: Attachment) -> tuple[str, str]:
        """Give the platform a file; returns the kind and the content of the message that shows it.

        Feishu docs: 上传图片, 上传文件.
        """
        if attachment.mime in _IMAGES and len(attachment.content) <= _IMAGE_BYTES:
            return "image", await self._upload(self._image(attachment), "image_key")
        return "file", await self._upload(self._file(attachment), "file_key")

    async def resource(self, message_id: str, file_key: str, kind: str) -> bytes:
        """A file that came with a message, at most 10 MiB (Feishu docs: 获取消息中的资源文件)."""
        v1 = self._sdk.im.v1

        def ask(option: Any) -> Any:
            request = v1.GetMessageResourceRequest.builder().message_id(message_id)
            request = request.file_key(file_key).type(kind)
            return self._client.im.v1.message_resource.aget(request.build(), option)

        answer = await self._answer(ask)
        if len(answer.body) > MOST_FILE:
            raise TooLargeError("the file is larger than 10 MiB")
        return answer.body

    async def message(self, message_id: str) -> Mapping[str, Any]:
        """One message, {} when there is none (Feishu docs: 获取指定消息的内容)."""
        v1 = self._sdk.im.v1

        def ask(option: Any) -> Any:
            request = v1.GetMessageRequest.builder().message_id(message_id).build()
            return self._client.im.v1.message.aget(request, option)

        items = _object(await self._document(ask), "data").get("items")
        found = items[0] if isinstance(items, list) and items else None
        return found if isinstance(found, dict) else {}

    async def bot(self) -> tuple[str, str]:
        """The bot's own open_id and its name (Feishu docs: 获取机器人信息)."""
        bot = _object(await self._document(self._looked_up(_BOT)), "bot")
        return str(bot.get("open_id") or ""), str(bot.get("app_name") or "")

    async def name(self, open_id: str) -> str:
        """What somebody is called; needs a scope of its own (Feishu docs: 获取单个用户信息)."""
        found = await self._document(self._looked_up(f"{_USERS}/{quote(open_id, safe='')}"))
        return str(_object(_object(found, "data"), "user").get("name") or "")

    def _looked_up(self, path: str) -> Ask:
        def ask(option: Any) -> Any:
            lark = self._sdk
            request = lark.BaseRequest.builder().http_method(lark.HttpMethod.GET).uri(path)
            request = request.token_types({lark.AccessTokenType.TENANT}).build()
            return self._client.arequest(request, option)

        return ask

    def _image(self, attachment: Attachment) -> Ask:
        def ask(option: Any) -> Any:
            v1 = self._sdk.im.v1
            body = v1.CreateImageRequestBody.builder().image_type("message")
            body = body.image(_Upload(attachment)).build()
            request = v1.CreateImageRequest.builder().request_body(body).build()
            return self._client.im.v1.image.acreate(request, option)

        return ask

    def _file(self, attachment: Attachment) -> Ask:
        def ask(option: Any) -> Any:
            v1, upload = self._sdk.im.v1, _Upload(attachment)
            body = v1.CreateFileRequestBody.builder().file_type("stream").file_name(upload.name)
            request = v1.CreateFileRequest.builder().request_body(body.file(upload).build())
            return self._client.im.v1.file.acreate(request.build(), option)

        return ask

    async def _upload(self, ask: Ask, name: str) -> str:
        key = _object(await self._document(ask), "data").get(name)
        return json.dumps({name: str(key)})

    async def _document(self, ask: Ask) -> dict[str, Any]:
        return (await self._answer(ask)).document()

    async def _answer(self, ask: Ask) -> Answer:
        """A good answer; a token that is not taken any more is renewed once."""
        token = await self._tokens.current()
        answer = await self._asked(ask, token)
        if _code(answer)[0] in codes.STALE_TOKEN:
            self._tokens.drop(token)
            answer = await self._asked(ask, await self._tokens.current())
        code, msg = _code(answer)
        if code or answer.status not in _OK:
            raise codes.failure(code, msg, answer.headers, answer.status)
        return answer

    async def _asked(self, ask: Ask, token: str) -> Answer:
        option = self._sdk.RequestOption.builder().tenant_access_token(token).build()
        return await self._unread(lambda: ask(option))

    async def _new_token(self) -> tuple[str, float]:
        lark = self._sdk
        request = lark.BaseRequest.builder().http_method(lark.HttpMethod.POST).uri(_TOKEN)
        request = request.body({"app_id": self._app_id, "app_secret": self._app_secret}).build()
        answer = await self._unread(lambda: self._client.arequest(request))
        document = answer.document()
        token, expire = document.get("tenant_access_token"), document.get("expire")
        if document.get("code") != 0 or not isinstance(token, str) or not isinstance(expire, int):
            raise codes.no_token(*_code(answer), answer.headers, answer.status)
        return token, float(expire)

    async def _unread(self, begin: Callable[[], Any]) -> Answer:
        """What came back, whatever it is; ours to read."""
        wrong_shape = self._sdk.core.exception.UnmarshalException
        try:
            async with self._places:
                raw = (await begin()).raw
        except (ValueError, AttributeError, TypeError, RecursionError, wrong_shape):
            raise SendError("an answer without JSON", unreachable=True, uncertain=True) from None
        headers = {name.lower(): value for name, value in raw.headers.items()}
        return Answer(raw.status_code, headers, raw.content)


class _Upload(io.BytesIO):
    """A file under its name.

    The coroutines take nothing but file objects: bytes and the tuple of the other calls are sent
    as text, and reported as done.
    """

    def __init__(self, attachment: Attachment) -> None:
        super().__init__(attachment.content)
        self.name = attachment.name or "file"


def _loaded(app_id: str, app_secret: str, base_url: str) -> tuple[Any, Any]:
    import lark_oapi  # noqa: PLC0415  (1.7 s and 160 MB: only where Feishu is used)

    builder = lark_oapi.Client.builder().app_id(app_id).app_secret(app_secret)
    builder = builder.enable_set_token(True)  # noqa: FBT003  (the SDK's)
    client = builder.timeout(TIMEOUT).log_level(lark_oapi.LogLevel.WARNING).build()
    client.config.domain = base_url.rstrip("/")  # the builder takes no other machine by http
    talkative = logging.getLogger("Lark")
    for handler in tuple(talkative.handlers):  # it would say everything twice, on stdout
        talkative.removeHandler(handler)
    return lark_oapi, client


def _code(answer: Answer) -> tuple[int, str]:
    """The code and the words of an answer; 0 for a file, which comes bare."""
    kind = answer.headers.get("content-type", "")
    bare = not any(other in kind for other in ("json", "html"))
    if answer.status in _OK and (bare or "content-disposition" in answer.headers):
        return 0, ""
    document = answer.document()
    code = document.get("code")
    if not isinstance(code, int):
        raise SendError(f"HTTP {answer.status} without a code", unreachable=True, uncertain=True)
    return code, str(document.get("msg", ""))


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _message_id(document: Mapping[str, Any]) -> str:
    return str(_object(document, "data").get("message_id") or "")
