"""The running shop: every object that routes, streams and the worker share."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from bot.settings import Settings
from store.clock import Clock
from store.db import Database
from store.ordering.requests import Terms
from store.sealing import Vault
from webhooks.access import Access
from webhooks.api.till import Till
from webhooks.health import Health
from webhooks.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Shop:
    """What ``webhooks.app.build`` made from the settings. Thread-safe throughout."""

    settings: Settings
    database: Database
    vault: Vault
    metrics: Metrics
    health: Health
    access: Access
    till: Till
    terms: Terms
    now: Clock

    def close(self) -> None:
        """Answer the orders that wait, then give the database's connections back."""
        self.till.intake.close()
        self.database.close()


def the_shop() -> Shop:
    """The shop whose app is answering the present request."""
    return cast("Shop", current_app.extensions["zhanggui"])
