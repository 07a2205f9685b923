"""Goods as files: out of the chat, and into the shop."""

from collections.abc import Iterator

from bot import texts
from bot.commands._shown import value
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, command
from bot.slots import ExportTopic, FileNo, Period, Rows
from bot.texts import Text
from store import attachments, files, skus
from store.errors import BadFileError
from store.files import ImportPlan, SkuSheet

CSV = "text/csv"
SHOWN = 20  # rows of a preview; the counts are of all
EXPORTED = ("skus", "stock")
_LABELS = {"price_fen": "field.price", "stock": "field.on_hand"}


@command(
    "export",
    words=("导出", "export"),
    says=(
        r"(?:导出|导一?份|导个|导|下载|拉|拉一?份|拉个|拉取|生成|打印|发|出|要|给|来)(?:一?份|一?下|个|张|我|来)*(?:成)?…(?:excel|csv|xlsx|表格|表|文件|报表|清单|明细|台账|电子表)(?:发|给|我|来|出来|一份|看看|版)*",
        r"(?:库存|订单|单子|商品|流水|销售|出入库|目录|价目|台账|盘点|变动)(?:明细|变动|流水)*(?:表格?|报表|清单|明细|台账|excel)?(?:给我|帮我)?(?:导|弄|做|拉|传|整)(?:出来?|个|一份|给我|成|一下|一个|张|份)*(?:表格|表|excel|文件|csv|报表)?",
        r"(?:库存|订单|商品|流水|销售|出入库|目录|价目|价格|盘点|台账)(?:明细|变动|流水)*(?:表格?|报表|excel)(?:发|给|传|来)(?:我|一份|过来|一下|给我)*",
        r"(?:给我|发我|出|来|要|拉|发)(?:一?份|个|张)?…(?:流水|订单|库存|商品|变动|明细)*(?:表格|报表|台账|excel|电子表)",
        r"(?:导出|导一份|导个|导出来|下载|拉出来)(?:一?份|一?下|成|我)*",
        r"(?:做成|弄成|整理成|转成|存成)(?:excel|csv|表格|表|文件)(?:发|给|我)*",
        r"\b(?:export(?:ed)?(?:…(?:to|as) (?:excel|csv|a spreadsheet|a sheet))?|download|dump|send (?:me|us)…(?:sheet|spreadsheet|csv|excel|xlsx|file|table)|(?:as|in) (?:a |an )?(?:sheet|spreadsheet|csv|excel|xlsx|file)|spreadsheet|csv|excel|xlsx)\b",
    ),
    role=Role.MANAGER,
    help=Text("把商品和库存导出成 CSV 文件", "Goods and stock as a CSV file"),
    examples=(
        Example("导出", {}, reply="CSV"),
        Example("导出 库存", {"topic": "stock"}, reply="CSV"),
        Example("export", {}, reply="CSV"),
    ),
)
def export(ctx: Context, topic: ExportTopic = "skus", period: Period | None = None) -> Reply:  # noqa: ARG001  (orders and the ledger will have one)
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
    says=(
        r"(?:批量)?(?:导入|上传|录入)(?:商品|表格|文件|excel|csv|库存|数据)*|批量(?:上架|上新|添加|录入|新增|建)(?:商品)?",
        r"\b(?:import|upload|bulk add|bulk upload|batch add)\b",
    ),
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
def import_(ctx: Context, file: FileNo | None = None, items: Rows | None = None) -> Reply:
    """Add and change SKUs from a file or a pasted table: all of it, or nothing."""
    kept = attachments.stored(ctx.tx, file) if file is not None else None
    if kept is None and not items:
        return Reply(text=ctx.say("import.no_file"), error="invalid_request")
    sheet = files.read(kept.content) if kept is not None else files.typed(items or [])
    planned = _planned(ctx, sheet)
    if planned.refused:
        return _refused(ctx, planned)
    ctx.agreed = repr((planned.new, planned.changed))  # the card shows the first rows alone
    files.apply(ctx.tx, planned, cause=ctx.cause)
    return Reply(
        title=f"{ctx.say('title.import')} {kept.name if kept else ''}".strip(),
        text=ctx.say("import.stock_left") if planned.stock_left_alone else "",
        fields=(
            (ctx.say("import.new"), str(len(planned.new))),
            (ctx.say("import.changed"), str(len(planned.changed))),
            (ctx.say("import.unchanged"), str(planned.unchanged)),
        ),
        table=_table(ctx, planned),
    )


def _planned(ctx: Context, sheet: SkuSheet) -> ImportPlan:
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
