"""The background half of a shop, put together: lease, sender, leftovers, jobs."""

import os
import secrets
import socket
from collections.abc import Iterable

from bot.broadcasts import Composer
from bot.delivery import Leftovers, Sender, quiet_for
from bot.dispatcher import Dispatcher
from bot.lease import Leadership
from bot.platforms.base import Platform
from bot.registry import COMMANDS
from bot.scheduler import Worker
from store.outbox import Parcel
from webhooks.shop import Shop


def make_worker(shop: Shop, dispatcher: Dispatcher, platforms: Iterable[Platform]) -> Worker:
    """The worker of a shop; it does nothing before it is started and holds the lease."""
    settings = shop.settings
    composer = Composer(
        vault=shop.vault,
        zone=settings.shop.zone,
        commands=COMMANDS,
        language=settings.shop.language,
    )
    leadership = Leadership(shop.database, owner=process_name())
    sender = Sender(
        shop.database,
        leadership,
        platforms={platform.name: platform for platform in platforms},
        compose=composer.compose,
        announce_dead=composer.announce_dead,
        quiet=quiet_for(settings.broadcast.quiet, settings.shop.zone, shop.now),
        on_result=lambda parcel, outcome: _count(shop, parcel, outcome),
    )
    return Worker(
        shop.database,
        leadership,
        settings=settings,
        sender=sender,
        leftovers=Leftovers(shop.database, dispatcher.handle),
        on_audit=shop.metrics.audited,
    )


def process_name() -> str:
    """A name that no other process has, on this machine or another, now or later."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"


def _count(shop: Shop, parcel: Parcel, outcome: str) -> None:
    shop.metrics.broadcast(parcel.topic, parcel.target.partition(":")[0], outcome)
