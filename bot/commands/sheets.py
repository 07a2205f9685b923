"""Goods as files: out of the chat, and into the shop."""

from collections.abc import Iterator

from bot import texts
from bot.commands._shown import value
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, command
from bot.slots import ExportTopic, FileNo
from bot.texts import Text
from store import attachments, files, skus
from store.errors import BadFileError
from store.files import ImportPlan

CSV = "text/csv"
SHOWN = 20  # rows of a preview; the counts are of all
EXPORTED = ("skus", "stock")
_LABELS = {"price_fen": "field.price", "stock": "field.on_hand"}


@command(
    "export",
    words=("导出", "export"),
    role=Role.MANAGER,
    help=Text("把商品和库存导出成 CSV 文件", "Goods and stock as a CSV file"),
    examples=(
        Example("导出", {}, reply="CSV"),
        Example("导出 库存", {"topic": "stock"}, reply="CSV"),
        Example("export", {}, reply="CSV"),
    ),
)
def export(ctx: Context, topic: ExportTopic = "skus") -> Reply:
    """Every SKU as a file that imports as it is."""
    if topic not in EXPORTED:
        return Reply(text=ctx.say("export.later"), error="invalid_request")
    content = b"".join(files.export(ctx.tx))
    name = f"{ctx.say('export.name')}-{ctx.now.astimezone(ctx.shop.zone):%Y%m%d-%H%M}.csv"
    number = attachments.keep(ctx.tx, name=name, mime=CSV, content=content)
    rows = max(content.count(b"\n") - 1, 0)
    return Reply(
        title=ctx.say("title.export"), text=ctx.say("export.done", number=rows), file=number
    )


@command(
    "import",
    words=("导入", "import"),
    role=Role.MANAGER,
    writes=True,
    confirms=True,
    help=Text(
        "导入商品：私聊发 CSV 文件，或在群里回复文件并 @我 发「导入」",
        'Import goods: send a CSV file in a direct chat, or reply to one in a group with "import"',
    ),
    examples=(
        Example("导入", {}, reply="导入", outcome="confirm"),
        Example("import", {}, reply="→", outcome="confirm"),
    ),
)
def import_(ctx: Context, file: FileNo | None = None) -> Reply:
    """Add and change SKUs from a file: all of it, or nothing when a row is refused."""
    kept = attachments.stored(ctx.tx, file) if file is not None else None
    if kept is None:
        return Reply(text=ctx.say("import.no_file"), error="invalid_request")
    planned = _planned(ctx, kept.content)
    if planned.refused:
        return _refused(ctx, planned)
    files.apply(ctx.tx, planned, cause=ctx.cause)
    return Reply(
        title=f"{ctx.say('title.import')} {kept.name}",
        text=ctx.say("import.stock_left") if planned.stock_left_alone else "",
        fields=(
            (ctx.say("import.new"), str(len(planned.new))),
            (ctx.say("import.changed"), str(len(planned.changed))),
            (ctx.say("import.unchanged"), str(planned.unchanged)),
        ),
        table=_table(ctx, planned),
    )


def _planned(ctx: Context, content: bytes) -> ImportPlan:
    sheet = files.read(content)
    if not sheet.rows:
        raise BadFileError("empty")
    return files.plan(ctx.tx, sheet, default_reorder_point=ctx.shop.default_reorder_point)


def _refused(ctx: Context, planned: ImportPlan) -> Reply:
    rows = tuple(
        (str(row.row), row.column or "", texts.explain(row.error, ctx.language))
        for row in planned.refused[:SHOWN]
    )
    head = tuple(ctx.say(key) for key in ("import.row", "import.column", "import.reason"))
    return Reply(
        text=ctx.say("import.refused", number=len(planned.refused)),
        table=Table(head, rows),
        error="invalid_request",
    )


def _table(ctx: Context, planned: ImportPlan) -> Table | None:
    rows = tuple(_rows(ctx, planned))[:SHOWN]
    head = (ctx.say("field.code"), ctx.say("field.product"), ctx.say("field.change"))
    return Table(head, rows) if rows else None


def _rows(ctx: Context, planned: ImportPlan) -> Iterator[tuple[str, str, str]]:
    for new in planned.new:
        yield new.draft.code or "", new.draft.name, ctx.say("import.new")
    for changed in planned.changed:
        fields = (
            f"{_label(ctx, name)} {value(ctx, name, before)} → {value(ctx, name, after)}"
            for name, (before, after) in changed.fields.items()
        )
        yield changed.code, skus.view(ctx.tx, changed.code).title, "、".join(fields)


def _label(ctx: Context, name: str) -> str:
    return ctx.say(_LABELS.get(name, f"field.{name}"))
