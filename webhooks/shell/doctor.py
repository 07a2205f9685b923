"""``zhanggui doctor``: looks at everything a shop needs and names the cure of what is wrong.

It writes nothing, works beside a running server, and calls only the platforms that are configured.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.settings import Settings, SettingsError, data_key_file, load
from store import clock, members, outbox, schema
from store.db import Database, Tx
from store.errors import BusyError, UnavailableError
from webhooks.shell import platform_checks
from webhooks.shell.findings import Check, Report, State, guarded, shown

MIB = 1 << 20
FULL, NEARLY_FULL = 100 * MIB, 500 * MIB  # free bytes: SQLite needs some to commit at all
WAIT_S = 2.0  # for a lock: a running server writes in milliseconds
LATE = timedelta(minutes=10)  # something waits this long only when a platform does not take it
_OTHERS_MAY_READ = 0o077


def examine(path: Path | None, *, now: clock.Clock = clock.now) -> Report:
    """Check the shop that ``path`` (else the usual place) configures."""
    try:
        settings = load(path)
    except SettingsError as error:
        cure = "按这一行改配置 / mend this line; docs/settings.md 有每个键 / has every key"
        return Report({}, (Check("config", "fault", str(error), cure),))
    return Report(shown(settings), tuple(_checks(settings, now)))


def _checks(settings: Settings, now: clock.Clock) -> Iterator[Check]:
    look = partial(guarded, settings.secret_values())
    source = settings.source or "no file: the defaults and the environment"
    yield Check("config", "ok", str(source))
    with ExitStack() as stack:
        opened: list[Database] = []

        def enter() -> Iterator[Check]:
            database = Database(settings.database_url, now=now, busy_timeout_s=WAIT_S)
            opened.append(stack.enter_context(closing(database)))
            return _database(database)

        ready = list(look("database", enter))
        yield from ready
        sound = all(check.state == "ok" for check in ready)
        inside = opened[0] if sound and schema.current(opened[0]) else None
        yield from look("disk", lambda: _disk(settings))
        yield from look("data_key", lambda: _data_key(settings))
        if sound:
            yield from look("owner", lambda: _owner(settings, inside))
        if inside is not None:
            yield from look("outbox", lambda: _outbox(inside))
        yield from look("public_url", lambda: _storefront(settings))
        for name, check in platform_checks.examinations(settings, inside, now):
            yield from look(name, check)


def _database(database: Database) -> Iterator[Check]:
    file = Path(database.url.database or "") if database.sqlite else None
    if file is not None and not file.exists():
        yield _unmade(file)
        return
    where = str(file) if file else f"{database.url.database} at {database.url.host}"
    try:
        yield _schema(where, schema.current(database), database)
    except BusyError:
        cure = "别的程序占着它 / another program holds it: try again, or look for a stuck process"
        yield Check("database", "warning", f"{where} is locked", cure)
    except UnavailableError as error:
        cure = "看路径、权限、地址、账号 / check its path and permissions, or address and user"
        yield Check("database", "fault", f"{where}: {error}", cure)


def _unmade(file: Path) -> Check:
    """What to say of a SQLite file that is not there yet."""
    folder = _nearest(file.parent)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check("database", "ok", f"none yet; zhanggui serve makes {file}")
    cure = f"chown / chmod {folder}"
    return Check("database", "fault", f"{file} cannot be made: {folder} is not writable", cure)


def _schema(where: str, revision: str | None, database: Database) -> Check:
    if revision is None:
        return Check("database", "ok", f"{where}, still empty; zhanggui serve makes its tables")
    if revision < schema.head():
        detail = f"{where}, schema {revision} is behind {schema.head()}"
        return Check("database", "warning", detail, "zhanggui db upgrade（serve 启动时也会做）")
    _write_and_undo(database)
    return Check("database", "ok", f"{where}, schema {revision}, writable")


class _UndoneError(Exception):
    """Takes back a write that was only tried."""


def _write_and_undo(database: Database) -> None:
    """Write a row and roll it back. Raises ``UnavailableError``, ``BusyError``."""

    def work(tx: Tx) -> None:
        members.seen(tx, platform="doctor", user_id="doctor")
        raise _UndoneError

    try:
        database.run(work)
    except _UndoneError:
        return


def _disk(settings: Settings) -> Iterator[Check]:
    file = settings.database_file
    folder = _nearest(file.parent if file else settings.folder)
    free = shutil.disk_usage(folder).free
    state: State = "fault" if free < FULL else "warning" if free < NEARLY_FULL else "ok"
    cure = "腾出空间：满了就收不了订单 / make room: a full disk takes no orders"
    detail = f"{free // MIB} MiB free at {folder}"
    yield Check("disk", state, detail, "" if state == "ok" else cure)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above that exists."""
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))


def _data_key(settings: Settings) -> Iterator[Check]:
    given = settings.security.data_key.get_secret_value()
    path = data_key_file(settings)
    made = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None
    if given:
        yield _given_key(path, differs=made not in {None, given})
    elif made is None:
        yield _unmade_key(settings, path)
    elif not made:
        cure = "把原来的密钥放回去 / put the shop's key back"
        yield Check("data_key", "fault", f"{path} is empty", cure)
    else:
        yield _made_key(path)


def _given_key(path: Path, *, differs: bool) -> Check:
    if not differs:
        return Check("data_key", "ok", "configured (security.data_key)")
    cure = "用原来的那把 / configure the one that the contacts so far were sealed with"
    detail = f"configured (security.data_key), but {path} holds another one, made earlier"
    return Check("data_key", "warning", detail, cure)


def _unmade_key(settings: Settings, path: Path) -> Check:
    file = settings.database_file
    if file is None or not file.exists():
        return Check("data_key", "ok", f"not configured: the first start makes one in {path}")
    cure = (
        "有备份就放回去；没有的话，之前的顾客资料读不出来 / put it back from a backup; "
        "without it contacts kept so far cannot be read"
    )
    return Check("data_key", "warning", f"not configured, and {path} is not there", cure)


def _made_key(path: Path) -> Check:
    detail = f"not configured: generated once, kept in {path}; back it up with the database"
    if path.stat().st_mode & _OTHERS_MAY_READ:
        return Check("data_key", "warning", f"{detail}. Others may read it", f"chmod 600 {path}")
    return Check("data_key", "ok", detail)


def _owner(settings: Settings, database: Database | None) -> Iterator[Check]:
    if settings.members.owners:
        yield Check("owner", "ok", f"{len(settings.members.owners)} in members.owners")
    elif database is not None and database.read(members.owned):
        yield Check("owner", "ok", "the shop has an owner")
    else:
        cure = "zhanggui owner-code，在群里发「我是店主 CODE」/ and send 我是店主 CODE in the group"
        yield Check("owner", "warning", "nobody owns the shop yet", cure)


def _outbox(database: Database) -> Iterator[Check]:
    pending, oldest_s = database.read(outbox.backlog)
    dead = database.read(lambda tx: outbox.dead_since(tx, tx.now - timedelta(days=1)))
    detail = f"{pending} waiting, the oldest for {round(oldest_s)} s, {dead} given up in a day"
    if dead or oldest_s > LATE.total_seconds():
        cure = "看 serve 的日志，以及下面各平台 / see the log of serve, and the platforms below"
        yield Check("outbox", "warning", detail, cure)
    else:
        yield Check("outbox", "ok", detail)


def _storefront(settings: Settings) -> Iterator[Check]:
    url = settings.shop.public_url
    if not url:
        cure = "要网店就填 https 地址，只用机器人不必 / set it for a storefront; the bot needs none"
        yield Check("public_url", "warning", "empty: customers cannot reach the storefront", cure)
    elif not url.startswith("https://"):
        cure = "配上证书（nginx.conf），改成 https:// / get a certificate and write https://"
        yield Check("public_url", "warning", f"{url} is not https", cure)
    elif not settings.server.trusted_proxies:
        cure = "server.trusted_proxies: [127.0.0.1]（nginx 所在的地址 / where nginx is）"
        detail = f"{url}; behind a proxy that is not trusted all customers share one rate limit"
        yield Check("public_url", "warning", detail, cure)
    else:
        yield Check("public_url", "ok", url)
