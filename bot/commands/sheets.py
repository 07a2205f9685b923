"""Goods as files: out of the chat, and into the shop."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from bot import texts
from bot.commands import _exported as exported
from bot.commands._exported import DATED, INSTEAD
from bot.commands._shown import sku_title, value, yuan
from bot.messages import Reply, Role, Table
from bot.registry import Context, Example, command
from bot.slots import ExportTopic, FileNo, Period, Rows, Span
from bot.texts import Text
from bot.understanding import specs_said
from store import attachments, files, names, sheets, skus
from store.columns import COLUMNS
from store.errors import BadFileError
from store.files import MOST_UNDOABLE, ImportPlan, RefusedRow, SkuSheet
from store.sheets import MIME, Form

SHOWN = 20  # rows of a preview; the counts are of all
NAMED = 10  # columns that were ignored
# Making a file of so many takes about a second, in which on SQLite nobody else writes.
MOST_ROWS = 20_000
MOST_IMPORTED = 5_000  # rows, of which no more may change something than one word takes back
EXCEL = re.compile("excel|xlsx", re.IGNORECASE)
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
    help=Text(
        "把商品、库存、订单或流水导出成 CSV 文件，说 excel 就是 XLSX",
        "Goods, stock, orders or the ledger as a CSV file; as XLSX if you say excel",
    ),
    examples=(
        Example("导出", {}, reply="CSV"),
        Example("导出 库存", {"topic": "stock"}, reply="CSV"),
        Example("导出 订单 本月", {"topic": "orders", "period": "this_month"}, reply="CSV"),
        Example("导出流水 excel", {"topic": "ledger"}, reply="XLSX"),
        Example("export", {}, reply="CSV"),
    ),
)
def export(ctx: Context, topic: ExportTopic = "skus", period: Period | None = None) -> Reply:
    """Goods, stock, orders or movements as a file; goods and stock import as they are."""
    rows = list(islice(exported.rows(ctx, topic, period), MOST_ROWS + 2))
    what = ctx.say(f"exported.{topic}")
    dated = topic in DATED and period is not None
    form: Form = "xlsx" if EXCEL.search(ctx.message.text) else "csv"
    small = len(rows) <= MOST_ROWS + 1
    content = b"".join(sheets.write(rows, form)) if small else b""
    if not small or len(content) > attachments.MAX_BYTES:
        return _too_many(ctx, topic, what, dated=dated)
    number = attachments.keep(
        ctx.tx,
        name=f"{what}-{_local(ctx, ctx.now):%Y%m%d-%H%M}.{form}",
        mime=MIME[form],
        content=content,
    )
    told = _named(ctx, what, period) if dated and period is not None else what
    facts = {"number": len(rows) - 1, "form": form.upper()}
    return Reply(
        title=ctx.say("title.export"), text=ctx.say("export.done", what=told, **facts), file=number
    )


def _too_many(ctx: Context, topic: str, what: str, *, dated: bool) -> Reply:
    cure = ctx.say("export.say_when", what=what) if topic in DATED and not dated else ""
    facts = {"limit": MOST_ROWS, "cure": cure, "instead": INSTEAD[topic]}
    return Reply(text=ctx.say("export.too_many", **facts), error="invalid_request")


def _named(ctx: Context, what: str, period: Span) -> str:
    """The period in days: ``今天`` in an old message says little."""
    last = _local(ctx, period.end - timedelta(microseconds=1))
    days = {"first": f"{_local(ctx, period.start):%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"}
    return ctx.say("export.period", what=what, **days)


def _local(ctx: Context, moment: datetime) -> datetime:
    return moment.astimezone(ctx.shop.zone)


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
        "导入商品：私聊发 CSV 或 XLSX 文件，或在群里回复文件并 @我 发「导入」",
        "Import goods: send a CSV or XLSX file in a direct chat, or reply to one in a group with "
        '"import"',
    ),
    examples=(
        Example("导入", {}, reply="导入", outcome="confirm"),
        Example("import", {}, reply="→", outcome="confirm"),
    ),
)
def import_(ctx: Context, file: FileNo | None = None, items: Rows | None = None) -> Reply:
    """Add and change SKUs from a file or a pasted table: every good row, or nothing.

    Bad rows are left out if whoever sent them says so. What one word could not take back is refused: a server's command line has the room for that.
    """
    kept = attachments.stored(ctx.tx, file) if file is not None else None
    if kept is None and not items:
        return _no(ctx, "no_file")
    sheet = _read(ctx, kept.content) if kept is not None else files.typed(items or [])
    if len(sheet.rows) > MOST_IMPORTED:
        return _no(ctx, "too_many", limit=MOST_IMPORTED)
    planned = _planned(ctx, sheet)
    told = _told(ctx, planned, kept.name if kept else "")
    good, bad = len(planned.new) + len(planned.changed), len(planned.refused)
    if bad and not good:
        refused = ctx.say("import.refused", number=bad)
        return replace(told, text=f"{refused}\n{told.text}".strip(), error="invalid_request")
    if bad:
        ctx.risk("bad_rows", bad=bad, good=good)
    ctx.agreed = repr((planned.new, planned.changed))  # the card shows the first rows alone
    if not files.apply(ctx.tx, planned, cause=ctx.cause):  # an error rolls back what was done
        return _no(ctx, "irrevocable", limit=MOST_UNDOABLE)
    return told


def _no(ctx: Context, why: str, **facts: object) -> Reply:
    return Reply(text=ctx.say(f"import.{why}", **facts), error="invalid_request")


def _told(ctx: Context, planned: ImportPlan, name: str) -> Reply:
    """What a sheet comes to: how its columns were read, the numbers, and the first rows."""
    counted = {"new": planned.new, "changed": planned.changed, "bad": planned.refused}
    fields = [(ctx.say(f"import.{key}"), str(len(found))) for key, found in counted.items()]
    rows = list(islice(_rows(ctx, planned), SHOWN + 1))
    head = tuple(ctx.say(key) for key in ("import.row", "field.product", "field.change"))
    cut = ctx.say("import.shown", number=SHOWN) if len(rows) > SHOWN else ""
    return Reply(
        title=f"{ctx.say('title.import')} {name}".strip(),
        text="\n".join(filter(None, (*_notes(ctx, planned), cut))),
        fields=(*fields, (ctx.say("import.unchanged"), str(planned.unchanged))),
        table=Table(head, tuple(rows[:SHOWN])) if rows else None,
    )


def _notes(ctx: Context, planned: ImportPlan) -> Iterator[str]:
    if planned.recognised:
        columns = ctx.listed(_column(ctx, *pair) for pair in planned.recognised)
        yield ctx.say("import.columns", columns=columns)
    if planned.ignored:
        more = "…" if len(planned.ignored) > NAMED else ""
        yield ctx.say("import.ignored", columns=ctx.listed(planned.ignored[:NAMED]) + more)
    if planned.stock_left_alone:
        yield ctx.say("import.stock_left")


def _column(ctx: Context, column: str, heading: str) -> str:
    """``编码←货号``, or the column alone where it is called so."""
    name = COLUMNS[column] if ctx.language == "zh" else column
    return name if heading.casefold() in {name, column} else f"{name}←{heading}"


def _planned(ctx: Context, sheet: SkuSheet) -> ImportPlan:
    if not sheet.rows:
        raise BadFileError("empty")
    return files.plan(
        ctx.tx,
        sheet,
        default_reorder_point=ctx.shop.default_reorder_point,
        worded=specs_said,
    )


def _read(ctx: Context, content: bytes) -> SkuSheet:
    return files.read(content, spec_keys=files.spec_keys(ctx.tx))


def _rows(ctx: Context, planned: ImportPlan) -> Iterator[tuple[str, str, str]]:
    """What is bad, what changes, what is new: in the order in which people should look at it."""
    for bad in planned.refused:
        yield str(bad.row), ctx.say("import.bad"), _reason(ctx, bad)
    for changed in planned.changed:
        fields = (
            f"{_label(ctx, name)} {value(ctx, name, before)} → {value(ctx, name, after)}"
            for name, (before, after) in changed.fields.items()
        )
        yield str(changed.row), sku_title(skus.view(ctx.tx, changed.code)), ctx.listed(fields)
    for new in planned.new:
        draft = new.draft
        title = f"{draft.name} {names.specs_text(draft.specs or {})}".strip()
        price = yuan(draft.price_fen)
        told = ctx.say("import.new_sku", price=price, stock=draft.stock)
        yield str(new.row), f"{title}（{draft.code}）" if draft.code else title, told


def _reason(ctx: Context, row: RefusedRow) -> str:
    """``价格「abc」：价格要写成元…``: the column, what stands there, and what is wrong with it."""
    column = COLUMNS.get(row.column, "") if ctx.language == "zh" else row.column
    where = f"{column}「{row.value}」" if row.value else column
    return f"{where}：{texts.explain(row.error, ctx.language)}"


def _label(ctx: Context, name: str) -> str:
    return ctx.say(_LABELS.get(name, f"field.{name}"))
