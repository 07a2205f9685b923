"""What chat platforms call: verified over the raw bytes, durable, acknowledged; then done.

Each way in answers 404 while it is off, and 401 with a constant body to whatever does not prove
where it comes from.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from bot.messages import Reply
from bot.platforms.base import Inbound, Letter, RawRequest, VerificationError
from bot.settings import Settings
from store import inbox, outbox
from store.db import Database, Tx
from webhooks.api.problems import ProblemError
from webhooks.channels import Channels
from webhooks.metrics import Metrics
from webhooks.reception import Reception
from webhooks.shop import Shop

if TYPE_CHECKING:
    from bot.platforms.wecom.platform import WecomPlatform

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Entrance:
    """One address that a platform calls."""

    platform: str
    path: str
    methods: tuple[str, ...]
    receive: Callable[[RawRequest], Inbound] | None


def blueprint(shop: Shop, channels: Channels, reception: Reception) -> Blueprint:
    """``/webhooks/…``."""
    routes = Blueprint("callbacks", __name__)
    settings, database, metrics = shop.settings, shop.database, shop.metrics
    for entrance in _entrances(channels, settings):
        routes.add_url_rule(
            entrance.path,
            endpoint=entrance.path.replace("/", "_"),
            view_func=_view(entrance, database, channels, reception, metrics),
            # Every method comes in: what is off is not there at all, whatever is asked of it.
            methods=METHODS,
        )
    return routes


def _entrances(channels: Channels, settings: Settings) -> tuple[Entrance, ...]:
    called = settings.feishu.app_id and settings.feishu.mode == "callback"
    feishu = channels.feishu.receive if channels.feishu and called else None
    wecom = channels.wecom.entrances if channels.wecom else {}
    both = ("GET", "POST")
    return (
        Entrance("feishu", "/webhooks/feishu", ("POST",), feishu),
        Entrance("wecom", "/webhooks/wecom", both, wecom.get("app")),
        Entrance("wecom", "/webhooks/wecom/aibot", both, wecom.get("aibot")),
    )


def _view(
    entrance: Entrance,
    database: Database,
    channels: Channels,
    reception: Reception,
    metrics: Metrics,
) -> Callable[[], Response]:
    def view() -> Response:
        if entrance.receive is None:
            raise NotFound
        if request.method not in entrance.methods:
            raise MethodNotAllowed(list(entrance.methods))
        try:
            inbound = reception.take(entrance.receive, _raw())
        except VerificationError as error:
            metrics.webhook(entrance.platform, "refused")
            logger.warning(
                "callback_refused", extra={"platform": entrance.platform, "reason": str(error)}
            )
            raise ProblemError("unauthorized") from None
        metrics.webhook(entrance.platform, "accepted")
        body = inbound.body
        if inbound.polled and channels.wecom is not None:
            body = _polled(database, channels.wecom, inbound)
        return Response(body, content_type=inbound.content_type)

    return view


def _raw() -> RawRequest:
    headers = [(name.lower(), value) for name, value in request.headers]
    names = [name for name, _ in headers]
    repeated = {name for name in names if names.count(name) > 1}
    repeated |= {name for name, values in request.args.lists() if len(values) > 1}
    return RawRequest(
        method=request.method,
        query=request.args.to_dict(),
        headers=dict(headers),
        body=request.get_data(),
        repeated=frozenset(repeated),
    )


def _polled(database: Database, platform: "WecomPlatform", inbound: Inbound) -> bytes:
    """The answer to a message as it stands: the platform asks until it is finished."""
    name, _, message_id = inbound.polled.partition(":")
    found = database.read(lambda tx: inbox.find(tx, platform=name, message_id=message_id))
    if found is not None and not found.handled:
        return platform.poll_answer(inbound, None, finished=False)
    reply = Reply.from_json(found.reply) if found and found.reply else None
    if found is None or reply is None:
        return platform.poll_answer(inbound, None, finished=True)
    target = f"{name}:{found.chat_id}"
    letter = Letter(chat_id=found.chat_id, reply=reply, key=inbound.polled)
    more = len(platform.render(letter)) > 1

    def take(tx: Tx) -> bool:
        return outbox.take(tx, key=f"reply:{inbound.polled}", target=target, more=more)

    return platform.poll_answer(inbound, reply if database.run(take) else None, finished=True)
