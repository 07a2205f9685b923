"""Several events said as one card: nothing is left out, every order number is in it."""

from collections.abc import Iterator, Sequence

from bot.messages import Button, Reply, Table
from bot.texts import Say
from store import names, orders
from store.db import Tx
from store.errors import OrderNotFoundError
from store.money import short_yuan
from store.orders import OrderView
from store.outbox import Parcel

IN_FULL = 12  # orders that are told with their goods; of more the numbers have to do
_TO_SHIP, _LOW_STOCK = "待发货", "缺货"  # commands' own words in either language


def compose(tx: Tx, say: Say, parcels: Sequence[Parcel]) -> Reply:
    """One card for rows of one topic, in their order."""
    return _TOPICS[parcels[0].topic](tx, say, parcels)


def goods(say: Say, order: OrderView) -> str:
    """``咖啡豆 ×2、手冲壶 ×1``."""
    return say("list.comma").join(f"{line.title} ×{line.quantity}" for line in order.lines)


def yuan(fen: int) -> str:
    """``¥88``."""
    return f"¥{short_yuan(fen)}"


def _orders(tx: Tx, say: Say, parcels: Sequence[Parcel]) -> Reply:
    new = [parcel for parcel in parcels if parcel.kind == "order_new"]
    changed = [parcel for parcel in parcels if parcel.kind != "order_new"]
    found = [order for parcel in new if (order := _order(tx, parcel))]
    parts = []
    if new:
        parts.append(say("digest.new", number=len(new)))
    if changed:
        parts.append(say("digest.changed", number=len(changed)))
    total = sum(order.total_fen for order in found)
    return Reply(
        title=say("summary.and").join(parts),
        text="\n".join((*_news(say, found), *_steps(say, changed))),
        fields=((say("field.total"), yuan(total)),) if found else (),
        buttons=(Button(say("push.button.to_ship"), _TO_SHIP),) if found else (),
        intent="orders_list",
    )


def _news(say: Say, found: Sequence[OrderView]) -> Iterator[str]:
    if len(found) > IN_FULL:
        yield " ".join(order.order_no for order in found)
        return
    for order in found:
        yield f"• {order.order_no} {goods(say, order)} {yuan(order.total_fen)}"


def _steps(say: Say, changed: Sequence[Parcel]) -> Iterator[str]:
    for parcel in changed:
        before, after = parcel.payload["from"], parcel.payload["to"]
        word = say("push.paid") if before == after else say(f"status.{after}")
        yield f"• {parcel.payload['order_no']} {word}"


def _scarce(_: Tx, say: Say, parcels: Sequence[Parcel]) -> Reply:
    head = tuple(say(f"field.{key}") for key in ("code", "product", "available", "reorder_point"))
    # The newest state of a SKU is what counts.
    newest = {parcel.payload["sku"]: parcel.payload for parcel in parcels}
    rows = tuple(
        (
            payload["sku"],
            f"{payload['name']} {names.specs_text(payload['specs'])}".strip(),
            str(payload["available"]),
            str(payload["reorder_point"]),
        )
        for payload in newest.values()
    )
    return Reply(
        title=say("title.low_stock", number=len(rows)),
        table=Table(head, rows),
        buttons=(Button(say("push.button.low_stock"), _LOW_STOCK),),
        intent="low_stock",
    )


def _changes(_: Tx, say: Say, parcels: Sequence[Parcel]) -> Reply:
    lines = [
        f"• {parcel.payload['name']}（{parcel.payload['sku']}）{_fields(say, parcel)}"
        for parcel in parcels
    ]
    title = say("digest.skus", number=len(parcels))
    return Reply(title=title, text="\n".join(lines), intent="edit_sku")


def _fields(say: Say, parcel: Parcel) -> str:
    return say("list.comma").join(
        f"{say(FIELDS[field])} {value(say, field, before)} → {value(say, field, after)}"
        for field, (before, after) in parcel.payload["changed"].items()
    )


def value(say: Say, field: str, shown: object) -> str:
    """A changed value of a SKU as people say it."""
    if field == "price_fen" and isinstance(shown, int):
        return yuan(shown)
    if field == "status":
        return say(f"status.{shown}")
    return str(shown) if shown else say("value.off")


def _order(tx: Tx, parcel: Parcel) -> OrderView | None:
    try:
        return orders.view(tx, parcel.payload["order_no"])
    except OrderNotFoundError:
        return None


FIELDS = {
    "price_fen": "field.price",
    "status": "field.status",
    "reorder_point": "field.reorder_point",
}
_TOPICS = {"orders": _orders, "low_stock": _scarce, "changes": _changes}
