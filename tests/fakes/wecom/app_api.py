"""What the self-built application calls: documents 90236, 94888, 90253, 90254."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.fakes.wecom import cards, multipart
from tests.fakes.wecom.records import (
    Json,
    Media,
    RefusalError,
    Request,
    Response,
    Said,
    Update,
    refused,
    taken,
)
from tests.fakes.wecom.repeats import Repeats
from tests.fakes.wecom.tokens import Tokens
from tests.fakes.wecom.world import World, seen, written

if TYPE_CHECKING:
    from collections.abc import Callable


_MOST = 2048  # bytes of text and of markdown alike
_CODE_LIFE = timedelta(hours=72)
_PLAIN = frozenset({"text", "markdown", "textcard", "news"})
_FILES = frozenset({"image", "voice", "video", "file"})


class AppApi:
    """Each method answers one request; all but the token's need a token."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens
        self._repeats = Repeats(flagged_only=world.company.duplicates == "flagged")
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
        invalid = {"invaliduser": "|".join(unknown), "invalidparty": "", "invalidtag": ""}
        if not good:
            return refused(81013, "user & party & tag all invalid", **invalid)
        if self._repeats.known(document, self._world.now()):
            return taken(**invalid, msgid=self._world.name("msg-"))
        made = self._message(document)
        self._repeats.remember(document, self._world.now())
        said = [self._shown(user, made) for user in good]
        return taken(**invalid, msgid=made.msgid, **self._code(made, said))

    def _check_agent(self, document: Json) -> None:
        agent_id = document.get("agentid")
        if type(agent_id) is not int or agent_id != self._world.company.app.agent_id:
            raise RefusalError(301002, "not allow operate another agent with this accesstoken")

    def _receivers(self, document: Json) -> tuple[list[str], list[str]]:
        """Those who see it, and those who cannot, lower-cased as the platform answers them."""
        asked = document.get("touser", "")
        if not isinstance(asked, str):
            raise RefusalError(40058, "touser must be a string")
        if asked == "@all":
            return sorted(self._world.users), []
        names = dict.fromkeys(name.lower() for name in asked.split("|") if name)
        good = [name for name in names if name in self._world.users]
        return good, [name for name in names if name not in good]

    def _message(self, document: Json) -> Said:
        """What people will see, not yet addressed to anybody."""
        msgtype = document.get("msgtype")
        if msgtype in _FILES:
            return self._new(msgtype, seen(document, msgtype), self._file(document, msgtype))
        if msgtype == "template_card":
            return self._new(msgtype, self._card(document))
        if msgtype not in _PLAIN:
            raise RefusalError(40008, "invalid message type")
        sent = seen(document, msgtype)
        return replace(self._new(msgtype, _checked(msgtype, sent)), sent=sent)

    def _new(self, msgtype: str, content: Json, file: Media | None = None) -> Said:
        return Said(
            channel="app",
            chat="",
            msgtype=msgtype,
            content=content,
            how="send",
            at=self._world.ticks(),
            msgid=self._world.name("msg-"),
            sent=content,
            file=file,
        )

    def _shown(self, user: str, made: Said) -> Said:
        said = replace(made, chat=user, updates=[])
        if not self._world.passes("member", user):
            self._world.dropped.append(said)
            return said
        return self._world.put(said)

    def _card(self, document: Json) -> Json:
        card = cards.check(seen(document, "template_card"))
        if card["card_type"] in cards.INTERACTIVE and not self._world.app_callback:
            raise RefusalError(40058, "interactive template_card needs a callback url")
        cards.register(card, self._world.app_tasks)
        return card

    def _code(self, made: Said, said: list[Said]) -> Json:
        if made.content.get("card_type") not in cards.INTERACTIVE:
            return {}
        return {"response_code": self._world.new_response_code(said)}

    def _file(self, document: Json, kind: str) -> Media:
        return self._world.file(seen(document, kind).get("media_id"), kind=kind, owner="corp")

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
            raise RefusalError(40058, "response_code is invalid or used")
        if self._world.now() - made > _CODE_LIFE:
            raise RefusalError(40058, "response_code is expired")
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
        raise RefusalError(40058, "articles must be 1 to 8")
    return content


def _userids(document: Json) -> list[str]:
    found = document.get("userids", [])
    if not isinstance(found, list):
        raise RefusalError(40058, "userids must be an array")
    return [str(user).lower() for user in found]


def _new_card(document: Json) -> Json | None:
    """The card that comes in the old one's place; None when only its button turns grey."""
    if "template_card" in document:
        return cards.check(document["template_card"])
    button = document.get("button")
    if not isinstance(button, dict) or not button.get("replace_name"):
        raise RefusalError(40058, "neither button nor template_card")
    return None
