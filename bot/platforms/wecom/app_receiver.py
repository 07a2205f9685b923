"""The self-built application's callback address (documents 90238, 90239 and 90240).

Every answer to a message is empty: what there is to say goes by message/send, so nobody's text is
ever put into an XML answer. wechatpy does not parse what comes in: it knows neither the events of
cards nor which application an event is for.
"""

import hashlib
import logging
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from bot.messages import FileRef, Message
from bot.platforms.base import Inbound, RawRequest, VerificationError
from bot.platforms.wecom import robot_events
from bot.platforms.wecom.crypto import MOST_BYTES, Callback, signed_at
from store.clock import Clock

logger = logging.getLogger(__name__)

# XML has room for a DOCTYPE, and so for entities, before the first element only.
_BEGINNING = re.compile(r"\s*(?:<\?xml [^<>?]{1,100}\?>\s*)?<xml>")
_MOST_TAGS = 4000  # a text of 2048 bytes may be all <; parsing them takes under 10 ms
_USER = re.compile(r"[!-~]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,20}")  # 64 bits; as text, a float would round it
_MAX_ID = 120
_MAX_CODE = 255
_NOTHING = Inbound(body=b"", content_type="text/plain; charset=utf-8")


class AppReceiver:
    """Reads what comes to the callback address. Thread-safe.

    Raises ``ValueError`` for a corp id, a token or a key that cannot be one.
    """

    def __init__(
        self,
        *,
        corp_id: str,
        agent_id: int,
        token: str,
        encoding_aes_key: str,
        window_s: int,
        now: Clock,
    ) -> None:
        if not corp_id:
            raise ValueError("the corp id is empty")
        self._callback = Callback(token, encoding_aes_key, corp_id, window_s=window_s, now=now)
        self._corp_id, self._agent_id = corp_id, str(agent_id)

    def receive(self, request: RawRequest) -> Inbound:
        """Verify, decrypt and parse. Raises ``VerificationError``."""
        if request.method == "GET":
            # A proxy may have turned + into a blank, which base64 does not have.
            echo = request.query.get("echostr", "").replace(" ", "+")
            return replace(_NOTHING, body=self._open(request, echo))
        if request.method != "POST":
            raise VerificationError("method")
        # Nothing else that stands outside is signed.
        encrypt = _word(read_xml(request.body), "Encrypt")
        inner = read_xml(self._open(request, encrypt))
        self._check_receiver(inner)
        message = _message(inner, signed_at(request.query))
        return replace(_NOTHING, messages=(message,) if message else ())

    def _open(self, request: RawRequest, encrypt: str) -> bytes:
        return self._callback.open(query=request.query, repeated=request.repeated, encrypt=encrypt)

    def _check_receiver(self, inner: dict[str, Any]) -> None:
        if _word(inner, "ToUserName") != self._corp_id:
            raise VerificationError("corp id")
        if "AgentID" in inner and _word(inner, "AgentID") != self._agent_id:
            raise VerificationError("agent id")


def read_xml(body: bytes) -> dict[str, Any]:
    """The elements of an ``<xml>``: text, a dict of more of them, a list of what came repeatedly.

    Raises ``VerificationError``, before any parsing for a DOCTYPE and what declares entities.
    """
    if len(body) > MOST_BYTES or body.count(b"<") > _MOST_TAGS:
        raise VerificationError("size")
    try:
        text = body.decode()
        if not _BEGINNING.match(text):
            raise VerificationError("beginning")
        found = xmltodict.parse(text)["xml"]
    except (ExpatError, ValueError) as error:
        raise VerificationError("not XML") from error
    if not isinstance(found, dict):
        raise VerificationError("shape")
    return found


def _word(elements: dict[str, Any], name: str) -> str:
    """The text of an element, "" for one that is missing or no mere text."""
    found = elements.get(name)
    return found if isinstance(found, str) else ""


def _message(inner: dict[str, Any], signed: datetime) -> Message | None:
    user = _word(inner, "FromUserName")
    if not _USER.fullmatch(user):
        return None
    kind = _word(inner, "MsgType")
    if kind == "event":
        return _pressed(inner, _bare(inner, _event_id(inner), signed))
    number = _word(inner, "MsgId")
    if kind not in {"text", "image"} or not _NUMBER.fullmatch(number):
        logger.info("app_message_ignored", extra={"kind": robot_events.kind_for_log(kind)})
        return None
    bare = _bare(inner, f"app:{number}", signed)
    if kind == "text":
        return replace(bare, text=_word(inner, "Content"))
    return _pictured(inner, bare)


def _bare(inner: dict[str, Any], message_id: str, signed: datetime) -> Message:
    user = _word(inner, "FromUserName")
    created = _word(inner, "CreateTime")
    return Message(
        platform="wecom",
        message_id=message_id,
        chat_id=f"app/{user.lower()}",
        chat_kind="direct",  # an application hears no group (document 90235)
        user_id=user.lower(),  # the platform itself answers with lower-cased ids
        user_name=user,
        text="",
        sent_at=robot_events.unix_moment(
            int(created) if _NUMBER.fullmatch(created) else None, signed
        ),
    )


def _event_id(inner: dict[str, Any]) -> str:
    """An event has no MsgId; CreateTime alone would make one of two presses in a second."""
    names = ("FromUserName", "CreateTime", "Event", "EventKey", "TaskId")
    key = "|".join(_word(inner, name) for name in names)
    if len(f"app:{key}") <= _MAX_ID:
        return f"app:{key}"
    return f"app:{hashlib.sha256(key.encode()).hexdigest()}"


def _pressed(inner: dict[str, Any], bare: Message) -> Message | None:
    event = _word(inner, "Event")
    pressed = None
    if event == "template_card_event" and _word(inner, "CreateTime"):
        pressed = robot_events.press(inner.get("EventKey"), inner.get("SelectedItems"))
    if pressed is None:
        logger.info("app_event_ignored", extra={"kind": robot_events.kind_for_log(event)})
        return None
    code = _word(inner, "ResponseCode")
    return replace(bare, press=pressed, handle={"edit": code} if 0 < len(code) <= _MAX_CODE else {})


def _pictured(inner: dict[str, Any], bare: Message) -> Message | None:
    media_id = _word(inner, "MediaId")
    if not media_id:
        return None
    return replace(bare, files=(FileRef(name="image", handle={"media_id": media_id}),))
