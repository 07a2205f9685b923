"""SKU files from the command line."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bot.texts import explain
from bot.understanding import Catalogue, Entry, specs_said
from store import columns, files, journal, names, sheets
from store.db import Database, Tx
from store.errors import InvalidValueError, StaleVersionError
from store.files import ChangedSku, ImportPlan, RefusedRow, SkuSheet, StockMode
from store.money import to_yuan
from store.stock import Cause
from webhooks.shell.failure import CommandError

ACTOR = "console:owner"
ATTEMPTS = 3  # a SKU may be edited between planning and writing; then it is planned anew
STEPS = 3

Progress = Callable[[], None]


class Importer:
    """Imports one file; ``progress`` is called after each of ``STEPS`` steps."""

    def __init__(
        self, database: Database, *, default_reorder_point: int, progress: Progress
    ) -> None:
        self._database = database
        self._default_reorder_point = default_reorder_point
        self._progress = progress

    def plan(self, path: Path, stock_mode: StockMode | None) -> tuple[SkuSheet, ImportPlan]:
        """What importing the file would do. Raises ``CommandError``, ``BadFileError``."""
        content = content_of(path)
        keys = self._database.read(files.spec_keys)
        sheet = files.read(content, spec_keys=keys)
        self._progress()
        planned = self._planned(sheet, stock_mode)
        self._progress()
        return sheet, planned

    def write(self, sheet: SkuSheet, planned: ImportPlan) -> ImportPlan:
        """Write what was planned, the refused rows left out; returns what was written."""
        for _ in range(ATTEMPTS - 1):
            with suppress(StaleVersionError):
                return self._written(planned)
            planned = self._planned(sheet, planned.stock_mode)
        return self._written(planned)

    def _planned(self, sheet: SkuSheet, stock_mode: StockMode | None) -> ImportPlan:
        return self._database.read(
            lambda tx: files.plan(
                tx,
                sheet,
                stock_mode=stock_mode,
                default_reorder_point=self._default_reorder_point,
                worded=specs_said,
            ),
            snapshot=True,
        )

    def _written(self, planned: ImportPlan) -> ImportPlan:
        origin = f"import:{secrets.token_hex(8)}"

        def work(tx: Tx) -> None:
            files.apply(tx, planned, cause=Cause(origin, ACTOR))
            journal.record(tx, actor=ACTOR, origin=origin, intent="import")

        self._database.run(work)
        self._progress()
        return planned


def content_of(path: Path) -> bytes:
    """The file's bytes, of one that is too large no more than shows it. Raises ``CommandError``."""
    try:
        with path.open("rb") as file:
            return file.read(sheets.MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror})") from error


def catalogue_of(path: Path) -> Catalogue:
    """The names of a SKU file, for understanding without a shop. Raises ``CommandError``."""
    sheet = files.read(content_of(path))
    return Catalogue(_entries(path, sheet))


def report(planned: ImportPlan, *, rows: bool) -> Iterator[str]:
    """What an import does, a line each; ``rows``: new and changed rows too, not only refused."""
    if rows:
        for new in planned.new:
            specs = names.specs_text(dict(new.draft.specs or {}))
            code = new.draft.code or "(a code is made)"
            yield f"row {new.row}: new {code} {new.draft.name} {specs}".rstrip()
        yield from (_changed(change) for change in planned.changed)
    yield from (refusal(row) for row in planned.refused)
    counts = (
        f"{len(planned.new)} new, {len(planned.changed)} changed, {planned.unchanged} unchanged"
    )
    yield f"{counts}, {len(planned.refused)} refused"
    if planned.stock_left_alone:
        number = planned.stock_left_alone
        yield f"stock of {number} known SKUs left alone; --stock set or --stock add would book it"
    if rows:
        yield f"columns: {', '.join(_column(*pair) for pair in planned.recognised)}"
    if planned.ignored:
        yield f"columns ignored: {', '.join(planned.ignored)}"


def refusal(row: RefusedRow) -> str:
    """Why a row is refused."""
    where = f"row {row.row}" + (f", {row.column}" if row.column else "")
    value = f" ({row.value!r})" if row.value else ""
    return f"{where}: {explain(row.error, 'en')}{value}"


def _entries(path: Path, sheet: SkuSheet) -> Iterator[Entry]:
    for row in sheet.rows:
        try:
            item = files.item(row)
            specs = columns.told(item.words, specs_said, values={}, said=item.specs or {})
        except InvalidValueError as error:
            raise CommandError(f"{path}: row {row.number}: {explain(error, 'en')}") from error
        yield Entry(item.code or "", item.name or "", specs)


def _column(column: str, heading: str) -> str:
    return column if column == heading.casefold() else f"{column} <- {heading}"


def _changed(change: ChangedSku) -> str:
    fields = (
        f"{name} {_shown(name, a)} -> {_shown(name, b)}" for name, (a, b) in change.fields.items()
    )
    return f"row {change.row}: changed {change.code}: {'; '.join(fields)}"


def _shown(name: str, value: object) -> str:
    if name == "price_fen" and isinstance(value, int):
        return to_yuan(value)
    return names.specs_text(value) if isinstance(value, dict) else str(value)
