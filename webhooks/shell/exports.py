"""Files from the shop to the command line, CSV or XLSX by the file's ending."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import ledger_files
from bot.ledger_files import Wording
from store import files, members, order_files, orders, sheets, stock
from store.db import Database, Tx
from store.sheets import Cell
from webhooks.shell.failure import CommandError

NO_SHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".et")  # by these endings people expect another form

Progress = Callable[[], None]
Rows = Iterable[tuple[Cell, ...]]
Source = Callable[[Tx], Rows]
Span = tuple[datetime | None, datetime | None]  # [start, end), None for no bound


def skus() -> Source:
    """Every SKU, as it is imported."""
    return files.exported


def levels() -> Source:
    """Every SKU with what orders hold of it and what may still be sold."""
    return files.exported_stock


def orders_of(span: Span, zone: ZoneInfo) -> Source:
    """The lines of the orders created in ``span``."""
    start, end = span

    def rows(tx: Tx) -> Rows:
        fetch = partial(orders.oldest_first, tx, start=start, end=end)
        return order_files.rows(lambda after: fetch(after=after), zone)

    return rows


def ledger_of(span: Span, zone: ZoneInfo, language: str) -> Source:
    """The movements made in ``span``."""
    start, end = span

    def rows(tx: Tx) -> Rows:
        fetch = partial(stock.ledger, tx, start=start, end=end)
        wording = Wording(zone, language, partial(members.called, tx))
        return ledger_files.rows(lambda after: fetch(after=after), wording)

    return rows


def export(database: Database, path: Path, source: Source, progress: Progress) -> None:
    """Write a file, whole or not at all. Raises ``CommandError``."""
    if path.suffix.lower() in NO_SHEETS:
        raise CommandError(f"{path}: write to a file that ends in .csv or .xlsx")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")

    def pour(tx: Tx) -> None:
        with draft.open("wb") as file:
            rows = _counted(source(tx), progress)
            for piece in sheets.write(rows, sheets.form_of(path.name)):
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
