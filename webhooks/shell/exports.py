"""Files from the shop to the command line: SKUs and orders, CSV or XLSX by the file's ending."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from store import files, order_files, orders, sheets
from store.db import Database, Tx
from store.sheets import Cell
from webhooks.shell.failure import CommandError

NO_SHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".et")  # by these endings people expect another form

Progress = Callable[[], None]
Rows = Iterable[tuple[Cell, ...]]


def export_skus(database: Database, path: Path, progress: Progress) -> None:
    """Write every SKU to a file, whole or not at all. Raises ``CommandError``."""
    _written(database, path, files.exported, progress)


def export_orders(
    database: Database,
    path: Path,
    span: tuple[datetime | None, datetime | None],
    *,
    zone: ZoneInfo,
    progress: Progress,
) -> None:
    """The same of the orders created in ``span``, [start, end) with None for no bound."""
    start, end = span

    def rows(tx: Tx) -> Rows:
        fetch = partial(orders.oldest_first, tx, start=start, end=end)
        return order_files.rows(lambda after: fetch(after=after), zone)

    _written(database, path, rows, progress)


def _written(
    database: Database, path: Path, rows: Callable[[Tx], Rows], progress: Progress
) -> None:
    if path.suffix.lower() in NO_SHEETS:
        raise CommandError(f"{path}: write to a file that ends in .csv or .xlsx")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")

    def pour(tx: Tx) -> None:
        with draft.open("wb") as file:
            counted = _counted(rows(tx), progress)
            for piece in sheets.write(counted, sheets.form_of(path.name)):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    try:
        database.read(pour, snapshot=True)
        draft.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        draft.unlink(missing_ok=True)


def _counted(rows: Rows, progress: Progress) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield row
        progress()
