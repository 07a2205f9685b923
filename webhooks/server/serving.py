"""The processes of a shop: the server, the worker, their signals and their exclusive files."""

import contextlib
import errno
import fcntl
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from flask import Blueprint

from bot.dispatcher import Dispatcher, first_time
from bot.messages import Arrival
from bot.platforms.console import ConsolePlatform
from bot.scheduler import Worker
from bot.settings import Settings
from store.db import Tx
from webhooks import callbacks, logs
from webhooks.app import build
from webhooks.background import make_composer, make_worker
from webhooks.channels import PURPOSE, Channels, configure, make_channels
from webhooks.engine import local_url, make_dispatcher, prepare
from webhooks.reception import Reception
from webhooks.server.asgi import BACKLOG, create_asgi, make_server
from webhooks.server.gate import Stream
from webhooks.shell.failure import CommandError
from webhooks.shop import Shop

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A shop ready to be served: its parts, and the address it listens on."""

    shop: Shop
    dispatcher: Dispatcher
    channels: Channels
    reception: Reception
    url: str


@dataclass(frozen=True, slots=True)
class Extras:
    """What is served besides a shop's own routes; ``close`` is called at the end."""

    blueprints: tuple[Blueprint, ...] = ()
    streams: Mapping[str, Stream] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    worker: bool,
    prepare_extras: Callable[[Opened], Extras] = lambda _: Extras(),
) -> None:
    """Serve a shop until SIGTERM or SIGINT; the answers under way are finished first.

    Raises ``CommandError`` when the port is taken or another ``serve`` has the SQLite file.
    """
    with _signals() as stop, listening(host, port) as listener, alone(settings.database_file):
        shop = build(settings)
        with contextlib.closing(shop):
            opened = _opened(shop, _address(listener))
            extras = prepare_extras(opened)
            platforms = callbacks.blueprint(shop, opened.channels, opened.reception)
            gate = create_asgi(
                shop, blueprints=(platforms, *extras.blueprints), streams=extras.streams
            )
            with contextlib.ExitStack() as open_parts:
                open_parts.callback(opened.channels.close)
                open_parts.callback(opened.reception.close)
                open_parts.callback(extras.close)
                opened.channels.warm_up()
                if worker:
                    background = _background(opened)
                    open_parts.callback(background.stop)
                logger.info("serving", extra={"url": opened.url, "worker": worker})
                if not stop.is_set():
                    make_server(gate).run(sockets=[listener])
    logger.info("stopped")


def work(settings: Settings) -> None:
    """Do the background work of a shop until SIGTERM or SIGINT."""
    with _signals() as stop, contextlib.closing(build(settings)) as shop:
        opened = _opened(shop, "")
        opened.channels.warm_up()
        background = _background(opened)
        logger.info("working")
        try:
            stop.wait()
        finally:
            background.stop()
            opened.reception.close()
            opened.channels.close()
    logger.info("stopped")


def start_logging(settings: Settings) -> None:
    """Send the logs of this process to standard error, as the settings say."""
    logs.configure(
        format=settings.log.format, level=settings.log.level, secrets=settings.secret_values()
    )


@contextlib.contextmanager
def alone(database: Path | None) -> Iterator[None]:
    """Be the only server of an SQLite file.

    The kernel lets go of the lock whatever way the process ends. Raises ``CommandError``.
    """
    if database is None:
        yield
        return
    path = database.with_name(database.name + ".serve.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror})") from error
    try:
        _lock(descriptor, database)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises ``CommandError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # A server that was just killed leaves connections behind which would hold the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            raise CommandError(_unbound(host, port, error)) from error
        yield listener


def _opened(shop: Shop, url: str) -> Opened:
    prepare(shop.database, shop.settings)
    dispatcher = make_dispatcher(
        shop.settings, shop.database, shop.vault, url=url, observe=shop.metrics.command
    )
    console = ConsolePlatform(shop.vault.derived(PURPOSE), now=shop.now)
    channels = make_channels(shop.settings, console, shop.settings.shop.public_url or url)
    shop.database.run(lambda tx: configure(tx, shop.settings))
    shop.health.need(channels.states)
    composer = make_composer(shop, channels)

    def part(arrival: Arrival) -> None:
        target = f"{arrival.platform}:{arrival.chat_id}"

        def work(tx: Tx) -> None:
            if first_time(tx, arrival):
                composer.part(tx, target, "机器人被移出群 bot removed")

        shop.database.run(work)

    reception = Reception(dispatcher, part=part, fetch=channels.fetch, called=channels.called)
    return Opened(shop, dispatcher, channels, reception, url)


def _background(opened: Opened) -> Worker:
    worker = make_worker(opened.shop, opened.channels, opened.reception, opened.dispatcher)
    worker.start()
    return worker


def _lock(descriptor: int, database: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CommandError(f"another zhanggui serves {database} already") from error


def _unbound(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose one with --port"
    return f"cannot listen on {host}:{port} ({getattr(error, 'strerror', None) or error})"


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """SIGTERM and SIGINT set the event instead of ending the process half way.

    uvicorn puts its own handlers over these while it runs, and sends the signal on afterwards.
    """
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return local_url(host, port)
