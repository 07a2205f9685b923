"""What the self-built application calls: documents 90236, 94888, 90253, 90254."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.fakes.wecom import cards, multipart
from tests.fakes.wecom.records import (
    Json,
    Media,
    Refusal,
    Request,
    Response,
    Said,
    Update,
    refused,
    taken,
)
from tests.fakes.wecom.tokens import Tokens
from tests.fakes.wecom.world import World, seen, written

_MOST = 2048  # bytes of text and of markdown alike
_CODE_LIFE = timedelta(hours=72)
_PLAIN = frozenset({"text", "markdown", "textcard", "news"})
_FILES = frozenset({"image", "voice", "video", "file"})


class AppApi:
    """Each method answers one request; all but the token's need a token."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens
        self._taken: dict[str, datetime] = {}
        self.routes: dict[str, Callable[[Request], Response]] = {
            "GET /cgi-bin/gettoken": tokens.issue,
            "POST /cgi-bin/message/send": self._send,
            "POST /cgi-bin/message/update_template_card": self._update,
            "POST /cgi-bin/media/upload": self._upload,
            "GET /cgi-bin/media/get": self._download,
            "GET /cgi-bin/getcallbackip": self._callback_addresses,
        }

    def _callback_addresses(self, request: Request) -> Response:
        self._tokens.check(request)
        return taken(ip_list=["127.0.0.1"])

    def _upload(self, request: Request) -> Response:
        self._tokens.check(request)
        kind, name, content = multipart.upload(request, kinds=_FILES)
        media_id = self._world.keep(kind, name, content, "corp")
        made = str(int(self._world.now().timestamp()))  # a string, unlike everywhere else
        return taken(type=kind, media_id=media_id, created_at=made)

    def _download(self, request: Request) -> Response:
        self._tokens.check(request)
        media_id = request.query.get("media_id")
        found = self._world.media.get(str(media_id))
        media = self._world.file(media_id, kind=found.kind if found else "", owner="corp")
        return attachment(media.name, media.content)

    def _send(self, request: Request) -> Response:
        self._tokens.check(request)
        document = request.document()
        self._check_agent(document)
        good, unknown = self._receivers(document)
        if not good:
            return refused(81013, "user & party & tag all invalid", invaliduser="|".join(unknown))
        said = self._message(document)
        if not self._is_repeated(document):
            said = [self._shown(user, said[0]) for user in good]
        return taken(
            invaliduser="|".join(unknown),
            invalidparty="",
            invalidtag="",
            msgid=said[0].msgid,
            **self._code(document, said),
        )

    def _check_agent(self, document: Json) -> None:
        agent_id = document.get("agentid")
        if type(agent_id) is not int or agent_id != self._world.company.app.agent_id:
            raise Refusal(301002, "not allow operate another agent with this accesstoken")

    def _receivers(self, document: Json) -> tuple[list[str], list[str]]:
        """Those who see it, and those who cannot, lower-cased as the platform answers them."""
        asked = document.get("touser", "")
        if not isinstance(asked, str):
            raise Refusal(40058, "touser must be a string")
        if asked == "@all":
            return sorted(self._world.users), []
        names = dict.fromkeys(name.lower() for name in asked.split("|") if name)
        good = [name for name in names if name in self._world.users]
        return good, [name for name in names if name not in good]

    def _message(self, document: Json) -> list[Said]:
        """What people will see, not yet addressed to anybody."""
        msgtype = document.get("msgtype")
        if msgtype in _FILES:
            return [self._new(msgtype, seen(document, msgtype), self._file(document, msgtype))]
        if msgtype == "template_card":
            return [self._new(msgtype, self._card(document))]
        if msgtype not in _PLAIN:
            raise Refusal(40008, "invalid message type")
        content = seen(document, msgtype)
        return [self._new(msgtype, _checked(msgtype, content), sent=content)]

    def _new(
        self, msgtype: str, content: Json, file: Media | None = None, *, sent: Json | None = None
    ) -> Said:
        return Said(
            channel="app",
            chat="",
            msgtype=msgtype,
            content=content,
            how="send",
            at=self._world.ticks(),
            msgid=self._world.name("msg-"),
            sent=sent or content,
            file=file,
        )

    def _shown(self, user: str, made: Said) -> Said:
        said = Said(
            channel="app",
            chat=user,
            msgtype=made.msgtype,
            content=made.content,
            how="send",
            at=made.at,
            msgid=made.msgid,
            sent=made.sent,
            file=made.file,
        )
        if not self._world.passes("member", user):
            self._world.dropped.append(said)
            return said
        return self._world.put(said)

    def _card(self, document: Json) -> Json:
        card = cards.check(seen(document, "template_card"))
        if card["card_type"] in cards.INTERACTIVE and not self._world.app_callback:
            raise Refusal(40058, "interactive template_card needs a callback url")
        if not self._is_repeated(document):
            cards.register(card, self._world.app_tasks)
        return card

    def _code(self, document: Json, said: list[Said]) -> Json:
        interactive = document.get("template_card", {}).get("card_type") in cards.INTERACTIVE
        return {"response_code": self._world.new_response_code(said)} if interactive else {}

    def _file(self, document: Json, kind: str) -> Media:
        return self._world.file(seen(document, kind).get("media_id"), kind=kind, owner="corp")

    def _is_repeated(self, document: Json) -> bool:
        """Whether the same was taken before, as far as the sender asked to look for it."""
        plain = {k: v for k, v in document.items() if "duplicate_check" not in k}
        same, now = json.dumps(plain, sort_keys=True), self._world.now()
        asked = document.get("enable_duplicate_check") == 1
        before = self._taken.get(same)
        interval_s = min(int(document.get("duplicate_check_interval", 1800)), 4 * 3600)
        if asked and before is not None and now - before <= timedelta(seconds=interval_s):
            return True
        return False

    def _update(self, request: Request) -> Response:
        self._tokens.check(request)
        document = request.document()
        self._check_agent(document)
        users = _userids(document)
        content = _new_card(document)
        shown = self._used_up(document.get("response_code"))
        everybody = document.get("atall") == 1
        for said in shown:
            if everybody or said.chat in users:
                card = content or {**said.card, "replace_text": document["button"]["replace_name"]}
                said.updates.append(Update(card, "code", (said.chat,), self._world.ticks()))
        self._world.notify()
        return taken(invaliduser=[user for user in users if user not in self._world.users])

    def _used_up(self, code: Any) -> list[Said]:
        """The cards that a code changes; it works once."""
        shown, made = self._world.response_codes.pop(str(code), ([], None))
        if made is None:
            raise Refusal(40058, "response_code is invalid or used")
        if self._world.now() - made > _CODE_LIFE:
            raise Refusal(40058, "response_code is expired")
        return shown


def attachment(name: str, content: bytes) -> Response:
    """A file in an answer."""
    disposition = f"attachment; filename=\"{quote(name)}\"; filename*=utf-8''{quote(name)}"
    headers = {"Content-Type": "application/octet-stream", "Content-Disposition": disposition}
    return Response(content, headers=headers)


def _checked(msgtype: str, content: Json) -> Json:
    if msgtype == "text":
        return {**content, "content": written(content.get("content"), _MOST, cut=True)}
    if msgtype == "markdown":
        written(content.get("content"), _MOST)
    if msgtype == "textcard":
        for name in ("title", "description", "url"):
            written(content.get(name), _MOST)
    if msgtype == "news" and not 1 <= len(content.get("articles", [])) <= 8:
        raise Refusal(40058, "articles must be 1 to 8")
    return content


def _userids(document: Json) -> list[str]:
    found = document.get("userids", [])
    if not isinstance(found, list):
        raise Refusal(40058, "userids must be an array")
    return [str(user).lower() for user in found]


def _new_card(document: Json) -> Json | None:
    """The card that comes in the old one's place; None when only its button turns grey."""
    if "template_card" in document:
        return cards.check(document["template_card"])
    button = document.get("button")
    if not isinstance(button, dict) or not button.get("replace_name"):
        raise Refusal(40058, "neither button nor template_card")
    return None
