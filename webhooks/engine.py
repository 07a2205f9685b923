"""A shop without HTTP: what the server, the worker and the terminal commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.dispatcher import Dispatcher
from bot.registry import ShopFacts
from bot.settings import Settings, data_key
from store import members, schema
from store.db import Database, Tx
from store.ordering.requests import Terms
from store.sealing import Vault


@dataclass(frozen=True, slots=True)
class Engine:
    """An open shop: its database is up to date, its configured owners are appointed."""

    settings: Settings
    database: Database
    vault: Vault
    dispatcher: Dispatcher


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """Open a shop for one command; works beside a running server.

    Raises ``SettingsError``, ``UnavailableError``, ``BusyError``.
    """
    database = Database(settings.database_url)
    try:
        prepare(database, settings)
        vault = Vault(data_key(settings))
        yield Engine(settings, database, vault, make_dispatcher(settings, database, vault))
    finally:
        database.close()


def prepare(database: Database, settings: Settings) -> None:
    """Bring the schema up to date and appoint the owners that the settings name."""
    schema.upgrade(database)
    if database.read(lambda tx: list(_unappointed(tx, settings))):
        database.run(lambda tx: _appoint(tx, settings))


def make_dispatcher(
    settings: Settings,
    database: Database,
    vault: Vault,
    *,
    url: str = "",
    observe: Callable[[str, str, float], None] | None = None,
) -> Dispatcher:
    """What handles messages; ``observe`` gets intent, outcome and seconds of each.

    ``url``: where the server listens, when that is not what the settings say; links lead there
    unless the shop has a public address.
    """
    local = url or local_url(settings.server.host, settings.server.port)
    facts = ShopFacts(
        name=settings.shop.name,
        url=settings.shop.public_url or local,
        default_reorder_point=settings.shop.default_reorder_point,
        zone=settings.shop.zone,
        terms=order_terms(settings),
        pushes=lambda platform, chat_id: _pushes(settings, platform, chat_id),
    )
    return Dispatcher(
        database, vault=vault, shop=facts, language=settings.shop.language, observe=observe
    )


def _pushes(settings: Settings, platform: str, chat_id: str) -> bool:
    """WeCom's robot speaks unasked over its long connection only (WeCom docs: 100719)."""
    by_callback = settings.wecom.aibot.mode == "callback"
    return not (platform == "wecom" and chat_id.startswith("bot/") and by_callback)


def order_terms(settings: Settings) -> Terms:
    """How the shop takes orders."""
    return Terms(
        online=settings.shop.online,
        reservation=timedelta(minutes=settings.orders.reservation_minutes),
        shipping_fee_fen=settings.shop.shipping.fee_fen,
        free_from_fen=settings.shop.shipping.free_from_fen,
    )


def local_url(host: str, port: int) -> str:
    """The address of a server on this machine; one that listens everywhere is here too."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (looked up, not bound)
    host = everywhere.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _unappointed(tx: Tx, settings: Settings) -> Iterator[tuple[str, str]]:
    for person in settings.members.owners:
        platform, _, user_id = person.partition(":")
        known = members.member(tx, platform, user_id)
        if known is None or known.role != members.OWNER:
            yield platform, user_id


def _appoint(tx: Tx, settings: Settings) -> None:
    for platform, user_id in list(_unappointed(tx, settings)):
        members.set_role(tx, platform=platform, user_id=user_id, role=members.OWNER)
