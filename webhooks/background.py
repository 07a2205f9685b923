"""The background half of a shop, put together: lease, sender, leftovers, jobs."""

import logging
import os
import secrets
import socket

from bot.broadcasts import Composer
from bot.connections import Connections
from bot.delivery import Leftovers, Sender, quiet_for
from bot.dispatcher import Dispatcher
from bot.lease import Leadership
from bot.platforms.base import Ears
from bot.registry import COMMANDS
from bot.scheduler import Worker
from store.errors import StoreError
from store.outbox import Parcel
from webhooks.channels import Channels
from webhooks.reception import Reception
from webhooks.shop import Shop

logger = logging.getLogger(__name__)


def make_composer(shop: Shop, channels: Channels) -> Composer:
    """What makes the cards of a shop."""
    return Composer(
        vault=shop.vault,
        zone=shop.settings.shop.zone,
        commands=COMMANDS,
        language=shop.settings.shop.language,
        direct=channels.direct,
    )


def make_worker(
    shop: Shop, channels: Channels, reception: Reception, dispatcher: Dispatcher
) -> Worker:
    """The worker of a shop; it does nothing before it is started and holds the lease."""
    settings, composer = shop.settings, make_composer(shop, channels)
    leadership = Leadership(shop.database, owner=process_name())
    sender = Sender(
        shop.database,
        leadership,
        platforms=channels.platforms,
        compose=composer.compose,
        announce_dead=composer.announce_dead,
        quiet=quiet_for(settings.broadcast.quiet, settings.shop.zone, shop.now),
        on_result=lambda parcel, outcome: _count(shop, parcel, outcome),
        merge_after=settings.broadcast.merge_after,
    )
    connections = Connections(
        leadership,
        channels.connections,
        Ears(reception.hear, lambda platform, reason: _warn(shop, composer, platform, reason)),
    )
    shop.metrics.watch(sender.pacing.states)
    shop.health.watch(connections.states)
    return Worker(
        shop.database,
        leadership,
        settings=settings,
        sender=sender,
        leftovers=Leftovers(shop.database, reception.pick_up),
        connections=connections,
        actor=dispatcher,
        on_audit=shop.metrics.audited,
    )


def process_name() -> str:
    """A name that no other process has, on this machine or another, now or later."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"


def _warn(shop: Shop, composer: Composer, platform: str, reason: str) -> None:
    logger.error("connection_down", extra={"platform": platform, "reason": reason})
    try:
        shop.database.run(lambda tx: composer.warn(tx, platform, reason))
    except StoreError as error:  # the log has it
        logger.warning("outbox_unreachable", extra={"reason": str(error)})


def _count(shop: Shop, parcel: Parcel, outcome: str) -> None:
    shop.metrics.broadcast(parcel.topic, parcel.target.partition(":")[0], outcome)
