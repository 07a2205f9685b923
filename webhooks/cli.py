"""The ``zhanggui`` command line. Each command is a thin call; what is heavy is imported inside."""

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webhooks.shell.failure import CommandError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.settings import Settings
    from store.db import Database
    from webhooks.engine import Engine
    from webhooks.shell.exports import Source

OK, FAILED = 0, 1
OWNER_CODE = timedelta(minutes=30)

app = typer.Typer(
    name="zhanggui",
    help="掌柜 Zhanggui: a shop that lives in a group chat.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
db = typer.Typer(help="Schema migrations.", no_args_is_help=True, rich_markup_mode=None)
sku = typer.Typer(help="SKUs from and to files.", no_args_is_help=True, rich_markup_mode=None)
levels = typer.Typer(help="Stock to files.", no_args_is_help=True, rich_markup_mode=None)
orders = typer.Typer(help="Orders to files.", no_args_is_help=True, rich_markup_mode=None)
ledger = typer.Typer(help="Movements to files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db, name="db")
app.add_typer(sku, name="sku")
app.add_typer(levels, name="stock")
app.add_typer(orders, name="orders")
app.add_typer(ledger, name="ledger")

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; else ZHANGGUI_CONFIG, else ./config.yaml."),
]


Export = Annotated[
    Path, typer.Argument(help="File to write; one that ends in .xlsx becomes XLSX, others CSV.")
]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day; else from the beginning."),
]
Last = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included; else up to now."),
]


class Role(StrEnum):
    """Roles as they are typed."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    VIEWER = "viewer"
    NONE = "none"


class NotifyPlatform(StrEnum):
    """Where a new shop will speak."""

    WECOM = "wecom"
    FEISHU = "feishu"
    BOTH = "both"


class Stock(StrEnum):
    """What an import does with the stock of known SKUs."""

    SET = "set"
    ADD = "add"


def main() -> None:
    """The entry point: exit code 0 done, 1 failed, 2 wrong use; a failure is one line."""
    try:
        app(prog_name="zhanggui")
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  (the edge: a person reads one line, a log has the rest)
        _explain(error)
        sys.exit(FAILED)


@app.command()
def demo(
    *,
    directory: Annotated[Path, typer.Option("--dir", help="Where the demo keeps its data.")] = Path(
        "zhanggui-demo"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1.")] = 8000,
    empty: Annotated[bool, typer.Option("--empty", help="Begin without sample goods.")] = False,
    orders_per_minute: Annotated[
        float, typer.Option(min=0, max=6000, help="Random orders, to watch the shop at work.")
    ] = 0,
) -> None:
    """A whole shop on this machine, with nothing to configure."""
    from webhooks.server.serving import start_logging  # noqa: PLC0415
    from webhooks.shell import demo as shop  # noqa: PLC0415

    settings = shop.settings_of(directory)
    start_logging(settings)
    shop.run(
        settings,
        port=port,
        empty=empty,
        orders_per_minute=orders_per_minute,
        on_open=lambda addresses: _show_addresses(addresses, directory),
    )


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make the shop in.")],
    *,
    project_name: Annotated[str, typer.Option(help="The shop's name.")],
    notify_platform: Annotated[NotifyPlatform, typer.Option(help="Where the shop speaks.")],
    low_stock_threshold: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Warn at this many units; 0 = never.")
    ] = 5,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of a folder in use, never secrets.")
    ] = False,
    no_git: Annotated[bool, typer.Option("--no-git", help="Make no git repository.")] = False,
) -> None:
    """Make the folder of a new shop: configuration, secrets, Docker, nginx, what to click."""
    from webhooks.shell import scaffold  # noqa: PLC0415

    try:
        name = scaffold.checked_name(project_name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--project-name") from error
    everywhere = notify_platform is NotifyPlatform.BOTH
    platforms = ("feishu", "wecom") if everywhere else (notify_platform.value,)
    shop = scaffold.NewShop(directory, name, platforms, low_stock_threshold)
    made = scaffold.make(shop, force=force, git=not no_git)
    for line in scaffold.report(shop, made):
        typer.echo(line)


@app.command()
def serve(
    *,
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="No sending and no jobs in this process.")
    ] = False,
) -> None:
    """Serve a shop: API, pages and, unless told otherwise, the background work."""
    from webhooks.server import serving  # noqa: PLC0415

    settings = _settings(config)
    serving.start_logging(settings)
    serving.serve(
        settings,
        host=settings.server.host if host is None else host,
        port=settings.server.port if port is None else port,
        worker=settings.server.worker and not no_worker,
    )


@app.command()
def worker(config: Config = None) -> None:
    """Do a shop's background work alone: sending, scheduled jobs."""
    from webhooks.server import serving  # noqa: PLC0415

    settings = _settings(config)
    serving.start_logging(settings)
    serving.work(settings)


@app.command()
def chat(
    *,
    text: Annotated[
        list[str] | None, typer.Argument(help="One message; without it a prompt.")
    ] = None,
    config: Config = None,
    user: Annotated[str, typer.Option("--as", help="Who is typing.")] = "owner",
    role: Annotated[Role | None, typer.Option(help="A role for this call.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print replies as JSON.")] = False,
) -> None:
    """Talk to the bot as in a direct chat."""
    from bot import messages  # noqa: PLC0415
    from webhooks.shell import terminal  # noqa: PLC0415

    with _engine(config) as engine:
        person = terminal.Terminal(
            engine.database,
            engine.dispatcher,
            user=terminal.user_id(user),
            role=messages.Role.of(role) if role else None,
        )

        def answer(said: str) -> str | None:
            reply = person.say(said)
            typer.echo(terminal.as_json(reply) if as_json else terminal.as_text(reply))
            saved = person.save(reply, Path.cwd())
            if saved is not None:  # beside the JSON, which is for programs
                typer.echo(f"  → {saved}", err=as_json)
            return reply.error

        if text:
            error = answer(" ".join(text))
            raise typer.Exit(FAILED if error == "internal_error" else OK)
        for line in _typed_lines():
            _converse(partial(answer, line))


@app.command()
def understand(
    *,
    catalogue: Annotated[
        Path | None, typer.Option(help="SKU file with the names that are known.")
    ] = None,
) -> None:
    """Read one message a line, print what each means as JSON; needs no shop."""
    from webhooks.shell import sku_files, terminal  # noqa: PLC0415

    known = sku_files.catalogue_of(catalogue) if catalogue else None
    for line in terminal.understand(_input_lines(), known):
        typer.echo(line)


@app.command()
def audit(
    *,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Recompute every stock figure from what is on record; exit 1 where they differ."""
    from dataclasses import asdict  # noqa: PLC0415

    from store import audit as figures  # noqa: PLC0415

    with _existing_database(_settings(config)) as database:
        report = database.read(figures.check, snapshot=True)
    faults = [asdict(fault) for fault in report.faults]
    if as_json:
        typer.echo(_dumped({"ok": report.ok, "checked": report.checked, "faults": faults}))
    else:
        for fault in faults:
            typer.echo("{sku} {field}: stored {stored}, computed {computed}".format(**fault))
        typer.echo(f"{report.checked} SKUs checked, {len(faults)} faults")
    if faults:
        raise typer.Exit(FAILED)


@app.command()
def doctor(
    *,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check settings, database, clock, credentials and addresses; exit 1 on a fault."""
    from webhooks import logs  # noqa: PLC0415
    from webhooks.shell import doctor as checkup  # noqa: PLC0415

    logs.configure(format="text", level="critical")  # the report says it all
    report = checkup.examine(config)
    if as_json:
        typer.echo(_dumped(report.document()))
    else:
        for line in report.lines():
            typer.echo(line)
    if report.faults:
        first, number = report.faults[0], len(report.faults)
        raise CommandError(f"faults: {number}; the first is {first.name}: {first.detail}")


@app.command("owner-code")
def owner_code(config: Config = None) -> None:
    """Print a code that makes whoever sends it in a chat the owner; works once, for 30 minutes."""
    from store import codes  # noqa: PLC0415

    with _engine(config) as engine:
        code = engine.database.run(lambda tx: codes.issue(tx, purpose=codes.OWNER, ttl=OWNER_CODE))
    typer.echo(code)
    typer.echo(f"在任意聊天里发送（30 分钟内有效）／ send in any chat: 我是店主 {code}", err=True)


@db.command()
def upgrade(config: Config = None) -> None:
    """Bring the schema up to date."""
    from store import schema  # noqa: PLC0415

    with _database(_settings(config)) as database:
        schema.upgrade(database)
        typer.echo(schema.current(database))


@db.command()
def current(config: Config = None) -> None:
    """Print the schema's revision."""
    from store import schema  # noqa: PLC0415

    with _existing_database(_settings(config)) as database:
        typer.echo(schema.current(database) or "empty")


@db.command()
def check(config: Config = None) -> None:
    """Compare the tables with what this program expects; exit 1 where they differ."""
    from store import schema  # noqa: PLC0415

    with _existing_database(_settings(config)) as database:
        differences = schema.check(database)
    for difference in differences:
        typer.echo(difference)
    if differences:
        raise typer.Exit(FAILED)
    typer.echo("up to date")


@sku.command("import")
def import_skus(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX file.")],
    *,
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; write nothing.")
    ] = False,
    stock: Annotated[
        Stock | None, typer.Option(help="What the stock of known SKUs means; else left alone.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Write the good rows when others are refused.")
    ] = False,
) -> None:
    """Add and change SKUs from a file: all of it or, when a row is refused, nothing."""
    from webhooks.shell import sku_files  # noqa: PLC0415

    with _engine(config) as engine, _progress("import", sku_files.STEPS) as step:
        importer = sku_files.Importer(
            engine.database,
            default_reorder_point=engine.settings.shop.default_reorder_point,
            progress=step,
        )
        sheet, planned = importer.plan(file, stock.value if stock else None)
        stopped = bool(planned.refused) and not partial
        if not dry_run and not stopped:
            planned = importer.write(sheet, planned)
    for line in sku_files.report(planned, rows=dry_run):
        typer.echo(line)
    if stopped:
        raise CommandError(f"{file}: {len(planned.refused)} rows refused, nothing written")


@sku.command("export")
def export_skus(file: Export, config: Config = None) -> None:
    """Write every SKU to a file that imports as it is."""
    from webhooks.shell import exports  # noqa: PLC0415

    _export(_settings(config), file, exports.skus())


@levels.command("export")
def export_stock(file: Export, config: Config = None) -> None:
    """Write what is on hand, reserved and available of every SKU to a file."""
    from webhooks.shell import exports  # noqa: PLC0415

    _export(_settings(config), file, exports.levels())


@orders.command("export")
def export_orders(
    file: Export, *, config: Config = None, first: First = None, last: Last = None
) -> None:
    """Write the orders of some days of the shop to a file, one row per line."""
    from webhooks.shell import exports  # noqa: PLC0415

    settings = _settings(config)
    span = _span(first, last, settings.shop.zone)
    _export(settings, file, exports.orders_of(span, settings.shop.zone))


@ledger.command("export")
def export_ledger(
    file: Export, *, config: Config = None, first: First = None, last: Last = None
) -> None:
    """Write the movements of some days of the shop to a file: who moved what, when, why."""
    from webhooks.shell import exports  # noqa: PLC0415

    shop = (settings := _settings(config)).shop
    span = _span(first, last, shop.zone)
    _export(settings, file, exports.ledger_of(span, shop.zone, shop.language))


def _export(settings: "Settings", file: Path, source: "Source") -> None:
    from webhooks.shell import exports  # noqa: PLC0415

    with _existing_database(settings) as database, _progress("export", None) as step:
        exports.export(database, file, source, step)


def _span(
    first: datetime | None, last: datetime | None, zone: "ZoneInfo"
) -> tuple[datetime | None, datetime | None]:
    if first and last and first > last:
        raise typer.BadParameter("the last day is before the first", param_hint="--to")
    return _bound(first, zone, end=False), _bound(last, zone, end=True)


def _bound(day: datetime | None, zone: "ZoneInfo", *, end: bool) -> datetime | None:
    """The instant at which a shop's day begins or ends."""
    from store import clock  # noqa: PLC0415

    return None if day is None else clock.day_bounds(day.date(), day.date(), zone)[end]


@contextmanager
def _progress(label: str, length: int | None) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr when that is a terminal; call it after each step."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    unknown = itertools.count() if length is None else None
    with typer.progressbar(unknown, length=length, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def _settings(config: Path | None) -> "Settings":
    from bot.settings import load  # noqa: PLC0415

    return load(config)


@contextmanager
def _engine(config: Path | None) -> Iterator["Engine"]:
    from webhooks import engine, logs  # noqa: PLC0415

    settings = _settings(config)
    level = "debug" if settings.log.level == "debug" else "error"  # the reply is what counts here
    logs.configure(format=settings.log.format, level=level, secrets=settings.secret_values())
    with engine.open_engine(settings) as opened:
        yield opened


@contextmanager
def _database(settings: "Settings") -> Iterator["Database"]:
    from store.db import Database  # noqa: PLC0415

    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _existing_database(settings: "Settings") -> Iterator["Database"]:
    """The database, which must be there: an empty new one would answer, and be the wrong one."""
    file = settings.database_file
    if file is not None and not file.exists():
        raise CommandError(f"there is no database at {file}")
    with _database(settings) as database:
        yield database


def _converse(turn: Callable[[], object]) -> None:
    """One turn of a conversation, which goes on when the database was busy."""
    from store.errors import StoreError  # noqa: PLC0415

    try:
        turn()
    except StoreError as error:
        _explain(error)


def _typed_lines() -> Iterator[str]:
    """What a person types, line by line; with a prompt when it is a person."""
    if not sys.stdin.isatty():
        yield from (line for line in _input_lines() if line.strip())
        return
    import readline  # noqa: F401, PLC0415  (gives input() its history and editing)

    typer.echo("掌柜 Zhanggui。发「帮助」看命令，Ctrl-D 退出。", err=True)
    while True:
        try:
            line = input("> ")
        except EOFError:
            typer.echo(err=True)
            return
        if line.strip():
            yield line


def _input_lines() -> Iterator[str]:
    """Lines of standard input; bytes that are no UTF-8 become U+FFFD instead of an error."""
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", "replace").rstrip("\r\n")


def _show_addresses(addresses: dict[str, str], directory: Path) -> None:
    for name, address in addresses.items():
        typer.echo(f"{name:<6} {address}")
    typer.echo(f"\nData is kept in {directory}. Ctrl-C stops.")
    sys.stdout.flush()


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _explain(error: Exception) -> None:
    """Say in one line why the command failed."""
    words = _words(error)
    typer.echo(f"zhanggui: {' '.join(words.split())}", err=True)


def _words(error: Exception) -> str:
    from bot.settings import SettingsError  # noqa: PLC0415
    from bot.texts import explain  # noqa: PLC0415
    from store.errors import BusyError, StoreError, UnavailableError  # noqa: PLC0415

    if isinstance(error, CommandError | SettingsError | BusyError | UnavailableError):
        return str(error)
    if isinstance(error, StoreError):
        return explain(error, "en")
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
