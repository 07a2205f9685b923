"""A process of the shop in the background, without its threads."""

from typing import Any

from bot.connections import Connections
from bot.delivery import Leftovers, Sender
from bot.dispatcher import Dispatcher
from bot.lease import Leadership
from bot.messages import Reply
from bot.platforms.base import Ears
from bot.scheduler import Worker
from bot.settings import Settings
from store.db import Database
from tests.shop import VAULT


class Office:
    """A process with a worker whose clockwork the test turns by hand."""

    def __init__(self, db: Database, owner: str = "a", **settings: Any) -> None:
        self.faults: list[int] = []
        self.leadership = Leadership(db, owner=owner)
        self.sender = Sender(
            db,
            self.leadership,
            platforms={},
            compose=lambda _tx, _parcel: Reply(),
            announce_dead=lambda _tx, _parcel, _reason: None,
        )
        self.worker = Worker(
            db,
            self.leadership,
            settings=Settings.model_validate(settings),
            sender=self.sender,
            leftovers=Leftovers(db, lambda _: None),
            connections=Connections(self.leadership, (), Ears(lambda _: None, lambda *_: None)),
            actor=Dispatcher(db, vault=VAULT),
            on_audit=self.faults.append,
        )
        self.leadership.turn()
