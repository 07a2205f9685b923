"""Reading passive replies to callbacks as the platform does (90238, 90241, 101033)."""

import json
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from tests.fakes.wecom import cards, robot_says, sealing
from tests.fakes.wecom.events import Callback
from tests.fakes.wecom.records import Json, RefusalError, Said, Update
from tests.fakes.wecom.world import World, written

_APP_TYPES = frozenset({"text", "image", "voice", "video", "news"})
_APP_UPDATES = frozenset({"update_button", "update_template_card"})
_APP_EVENTS = frozenset({"subscribe", "enter_agent", "LOCATION", "click", "view"})
_MOST = 2048


class ReplyError(Exception):
    """The platform does not like the reply; its text says what of it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a reply did: ``document`` is the decrypted reply."""

    document: Json | None = None
    said: Said | None = None
    update: Json | None = None


class Replies:
    """Opens replies and puts them on people's screens. Raises ``ReplyError``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams = robot_says.Streams(world)

    def take(self, callback: Callback, body: bytes, *, nonce: str) -> Effect:
        """The effect of what came back for a callback."""
        if not body:
            return Effect()
        keys = self._world.company.keys(callback.way)
        if callback.way == "app":
            document = _opened_xml(keys, body)
        else:
            document = _opened_json(keys, body, nonce)
        try:
            with self._world.changed:
                return self._applied(callback, document)
        except RefusalError as refusal:
            raise ReplyError(refusal.msg) from refusal

    def _applied(self, callback: Callback, document: Json) -> Effect:
        if callback.way == "app":
            return self._app(callback, document)
        if callback.trigger == "card":
            return self._pressed(callback, document)
        if callback.trigger == "event":
            raise ReplyError("only an empty answer is allowed")
        return self._robot(callback, document)

    def _robot(self, callback: Callback, document: Json) -> Effect:
        allowed = {
            "message": robot_says.TO_MESSAGE,
            "stream": robot_says.STREAMS,
            "enter_chat": robot_says.TO_VISIT,
        }[callback.trigger]
        words = robot_says.read(self._world, document, allowed)
        if not words.stream_id:
            how = "welcome" if callback.trigger == "enter_chat" else "answer"
            said = robot_says.show(
                self._world, words, chat=callback.chat, how=how, req_id=callback.key
            )
            return Effect(document, said)
        begun = callback.said
        if begun is not None and words.stream_id != callback.document["stream"]["id"]:
            raise ReplyError("another stream than the one that was polled")
        req_id = begun.req_id if begun is not None else callback.key
        said = self._streams.say(words, chat=callback.chat, req_id=req_id, since=callback.since)
        return Effect(document, said)

    def _pressed(self, callback: Callback, document: Json) -> Effect:
        pressed = str(callback.document["event"]["template_card_event"]["task_id"])
        card, userids = robot_says.updated_card(document, task_id=pressed)
        self._change(callback, card, userids)
        return Effect(document, None, card)

    def _app(self, callback: Callback, document: Json) -> Effect:
        _check_addresses(callback, document)
        msgtype = str(document.get("MsgType"))
        if callback.trigger == "card" and msgtype in _APP_UPDATES:
            return self._app_update(callback, document, msgtype)
        event = callback.document.get("Event")
        allowed = callback.trigger in {"message", "card"} or event in _APP_EVENTS
        if msgtype not in _APP_TYPES or not allowed:
            raise ReplyError(f"{msgtype} is not allowed here")
        content: Json = {k: v for k, v in document.items() if k not in _ENVELOPE}
        shown = content
        if msgtype == "text":
            shown = {"content": written(document.get("Content"), _MOST, cut=True)}
        said = Said(
            channel="app",
            chat=callback.user,
            msgtype=msgtype,
            content=shown,
            how="answer",
            at=self._world.ticks(),
            msgid=self._world.name("msg-"),
            req_id=callback.key,
            sent=content,
        )
        return Effect(document, self._world.put(said))

    def _app_update(self, callback: Callback, document: Json, msgtype: str) -> Effect:
        """Only the presser sees it."""
        card = dict(callback.said.card) if callback.said else {}
        if msgtype == "update_button":
            name = document.get("Button", {}).get("ReplaceName")
            card["replace_text"] = written(name, _MOST)
        else:
            found = document.get("TemplateCard", {})
            if found.get("CardType") not in cards.ALL:
                raise ReplyError("CardType")
            card = found
        self._change(callback, card, (callback.user,))
        return Effect(document, None, card)

    def _change(self, callback: Callback, card: Json, userids: tuple[str, ...]) -> None:
        if callback.said is not None:
            update = Update(card, "passive", userids, self._world.ticks())
            callback.said.updates.append(update)
        self._world.notify()


_ENVELOPE = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType"})


def _opened_json(keys: sealing.Keys, body: bytes, nonce: str) -> Json:
    envelope = _json(body)
    if set(envelope) != {"encrypt", "msgsignature", "timestamp", "nonce"}:
        raise ReplyError("fields of the envelope")
    if type(envelope["timestamp"]) is not int:
        raise ReplyError("timestamp is not a number")
    if envelope["nonce"] != nonce:
        raise ReplyError("nonce is not the one of the callback")
    _check_signature(keys, envelope, "msgsignature", "encrypt", "timestamp", "nonce")
    return _json(_decrypted(keys, envelope["encrypt"]).encode())


def _opened_xml(keys: sealing.Keys, body: bytes) -> Json:
    envelope = _xml(body.decode(errors="replace"))
    _check_signature(keys, envelope, "MsgSignature", "Encrypt", "TimeStamp", "Nonce")
    if not str(envelope["TimeStamp"]).isdigit():
        raise ReplyError("TimeStamp is not a number")
    return _xml(_decrypted(keys, str(envelope["Encrypt"])))


def _check_signature(
    keys: sealing.Keys, envelope: Json, signature: str, encrypt: str, *rest: str
) -> None:
    if not {signature, encrypt, *rest} <= set(envelope):
        raise ReplyError("fields of the envelope")
    timestamp, nonce = (str(envelope[name]) for name in rest)
    right = sealing.sign(keys.token, timestamp, nonce, str(envelope[encrypt]))
    if envelope[signature] != right:
        raise ReplyError("signature")


def _decrypted(keys: sealing.Keys, encrypt: str) -> str:
    try:
        return sealing.decrypt(keys, encrypt)
    except ValueError as error:
        raise ReplyError(f"cannot be decrypted: {error}") from error


def _check_addresses(callback: Callback, document: Json) -> None:
    """To and from are swapped in an answer."""
    wanted = (callback.document["FromUserName"], callback.document["ToUserName"])
    if (document.get("ToUserName"), document.get("FromUserName")) != wanted:
        raise ReplyError("ToUserName and FromUserName must be swapped")
    if not str(document.get("CreateTime", "")).isdigit():
        raise ReplyError("CreateTime")


def _json(body: bytes) -> Json:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ReplyError("not a JSON object")
    return found


def _xml(text: str) -> Json:
    try:
        root = ET.fromstring(text)  # noqa: S314  # our own code under test wrote it
    except ET.ParseError as error:
        raise ReplyError("not XML") from error
    names = [child.tag for child in root]
    if root.tag != "xml" or len(set(names)) < len(names):
        raise ReplyError("an element twice, or another root than xml")
    return {child.tag: _value(child) for child in root}


def _value(element: ET.Element) -> Any:
    return {child.tag: _value(child) for child in element} if len(element) else element.text or ""
