"""What is pushed: each kind of outbox row turned into a card, in the language of its chat."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot import texts
from bot.messages import Button, Chart, Reply, Table
from bot.registry import Registry
from store import chats, clock, members, names, orders, outbox, reports
from store.db import Tx
from store.money import short_yuan
from store.orders import OrderView
from store.outbox import Parcel
from store.reports import Summary
from store.sealing import Vault
from store.skus import SkuView

NOTICE = "notice"
LEAST_RESTOCK = 10
ENOUGH = 3  # reorder points: a suggestion that lasts a while
_MOST_NAMED = 6  # SKUs that a summary names; the rest are counted


class Say(Protocol):
    """A sentence of ``bot.texts`` by its key, in one language."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the card of an outbox row, as things stand when it is sent.

    ``language`` is for chats that have none of their own.
    """

    vault: Vault
    zone: ZoneInfo
    commands: Registry
    language: str = "zh"

    def compose(self, tx: Tx, parcel: Parcel) -> Reply:
        """The card of a row.

        Raises ``OrderNotFoundError`` when it speaks of an order that is gone, ``KeyError`` for a
        kind nobody knows.
        """
        if "reply" in parcel.payload:
            return Reply.from_json(parcel.payload["reply"])
        return _KINDS[parcel.kind](self, tx, self._say(tx, parcel.target), parcel.payload)

    def announce_dead(self, tx: Tx, parcel: Parcel, reason: str) -> None:
        """Tell the shop's other chats that one cannot be reached; once a day for each."""
        if parcel.kind == NOTICE:
            return
        day = tx.now.astimezone(self.zone).date().isoformat()
        for target in chats.owners_targets(tx):
            if target != parcel.target:
                say = self._say(tx, target)
                text = say("push.dead.text", target=parcel.target, reason=reason[:80])
                outbox.post(
                    tx,
                    target=target,
                    topic=NOTICE,
                    kind=NOTICE,
                    key=f"dead:{parcel.target}:{day}",
                    payload={"reply": Reply(title=say("push.dead"), text=text).to_json()},
                    urgent=True,
                )

    def order_new(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """An order came in: what, how much, for whom (masked), and the next steps."""
        order = orders.view(tx, payload["order_no"])
        fields = (
            *_order_fields(say, order),
            (say("field.status"), say(f"status.{order.status}")),
            (say("field.contact"), self._contact(order)),
            (say("field.remark"), order.remark),
        )
        return Reply(
            title=say("push.order_new", order_no=order.order_no),
            fields=_filled(fields),
            buttons=self._steps(say, order),
            intent="order_show",
        )

    def order_changed(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """Somebody took an order one step further."""
        order = orders.view(tx, payload["order_no"])
        key = "push.order_paid" if payload["from"] == payload["to"] else "push.order_changed"
        title = say(
            key,
            order_no=order.order_no,
            before=say(f"status.{payload['from']}"),
            after=say(f"status.{payload['to']}"),
        )
        fields = (
            *_order_fields(say, order),
            (say("field.parcel"), f"{order.carrier or ''} {order.tracking_no or ''}".strip()),
            (say("field.who"), _person(tx, payload["actor"])),
        )
        return Reply(title=title, fields=_filled(fields), intent="order_show")

    def scarce(self, _: Tx, say: Say, payload: dict[str, Any], *, key: str) -> Reply:
        """Little or nothing of a SKU is left; one press restocks it."""
        sku = f"{payload['name']} {names.specs_text(payload['specs'])}".strip()
        units = _suggested(payload["available"], payload["reorder_point"])
        command = f"{self.commands['restock'].words[0]} {payload['sku']} {units}"
        return Reply(
            title=say(key, sku=f"{sku}（{payload['sku']}）"),
            text=say(f"{key}.text", **payload),
            buttons=(Button(say("push.button.restock", units=units), command, "primary"),),
            intent="low_stock",
        )

    def sku_changed(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """Somebody changed a price, a state or an alert level."""
        changed = tuple(
            (say(_FIELDS[field]), f"{_value(say, field, before)} → {_value(say, field, after)}")
            for field, (before, after) in payload["changed"].items()
        )
        who = (say("field.who"), _person(tx, payload["actor"]))
        title = say("push.sku_changed", sku=f"{payload['name']}（{payload['sku']}）")
        return Reply(title=title, fields=(*changed, who), intent="edit_sku")

    def summary(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """The day's figures."""
        day = date.fromisoformat(payload["day"])
        start, end = clock.day_bounds(day, day, self.zone)
        figures = reports.summary(tx, start=start, end=end)
        return summary_card(say, figures, title=say("summary.day", day=payload["day"]))

    def _say(self, tx: Tx, target: str) -> Say:
        platform, _, chat_id = target.partition(":")
        chat = chats.chat(tx, platform, chat_id)
        return partial(texts.say, chat.language if chat else self.language)

    def _contact(self, order: OrderView) -> str:
        contact = orders.contact(order, self.vault)
        if contact is None:
            return ""
        shown = orders.masked(contact)
        return " ".join(part for part in (shown.name, shown.phone, shown.address) if part)

    def _steps(self, say: Say, order: OrderView) -> tuple[Button, ...]:
        steps = {
            "ship": orders.SHIPPABLE,
            "mark_paid": orders.PAYABLE,
            "cancel_order": orders.CANCELLABLE,
        }
        buttons = [
            Button(say(f"button.{intent}"), f"{self.commands[intent].words[0]} {order.order_no}")
            for intent, states in steps.items()
            if order.status in states
        ]
        details = f"{self.commands['order_show'].words[0]} {order.order_no}"
        return (*buttons, Button(say("push.button.details"), details))


def summary_card(say: Say, figures: Summary, *, title: str) -> Reply:
    """A period in figures, its best sellers, and what to do next."""
    fields = (
        (say("field.orders"), str(figures.orders)),
        (say("field.units"), str(figures.units)),
        (say("field.total"), _yuan(figures.revenue_fen)),
        (say("summary.paid"), _yuan(figures.paid_fen)),
        (say("summary.unpaid"), str(figures.unpaid_orders)),
        (say("summary.cancelled"), str(figures.cancelled) if figures.cancelled else ""),
        (say("summary.to_ship"), str(figures.to_ship)),
        (say("summary.low_stock"), _named(figures.low_stock, with_units=True)),
        (say("summary.sold_out"), _named(figures.sold_out, with_units=False)),
    )
    return Reply(
        title=title,
        text=_next_steps(say, figures),
        fields=_filled(fields),
        table=_best_sellers(say, figures),
        chart=_chart(figures),
        buttons=_summary_buttons(say, figures),
        intent="summary",
    )


def _next_steps(say: Say, figures: Summary) -> str:
    restock = len(figures.low_stock) + len(figures.sold_out)
    steps = {"ship": figures.to_ship, "unpaid": figures.unpaid_orders, "restock": restock}
    said = [say(f"summary.next.{key}", number=number) for key, number in steps.items() if number]
    quiet = "" if figures.orders else say("summary.quiet")
    following = say("summary.next", steps=say("summary.and").join(said)) if said else ""
    return quiet + following


def _best_sellers(say: Say, figures: Summary) -> Table | None:
    if not figures.best:
        return None
    head = tuple(say(f"field.{key}") for key in ("product", "units", "total"))
    rows = tuple((row.title, str(row.units), _yuan(row.revenue_fen)) for row in figures.best)
    return Table(head, rows)


def _chart(figures: Summary) -> Chart | None:
    if len(figures.best) < 2:  # noqa: PLR2004  (one bar compares nothing)
        return None
    best = figures.best
    return Chart("bar", tuple(row.title for row in best), tuple(row.units for row in best))


def _summary_buttons(say: Say, figures: Summary) -> tuple[Button, ...]:
    # The label is a command's own word in either language.
    wanted = {"to_ship": figures.to_ship, "low_stock": figures.low_stock or figures.sold_out}
    labels = {key: say(f"push.button.{key}") for key, there in wanted.items() if there}
    return tuple(Button(label, _ASKS[key]) for key, label in labels.items())


def _named(skus: Iterable[SkuView], *, with_units: bool) -> str:
    titles = [f"{sku.title} {sku.available}" if with_units else sku.title for sku in skus]
    more = f" +{len(titles) - _MOST_NAMED}" if len(titles) > _MOST_NAMED else ""
    return "、".join(titles[:_MOST_NAMED]) + more


def _order_fields(say: Say, order: OrderView) -> tuple[tuple[str, str], ...]:
    goods = "、".join(f"{line.title} ×{line.quantity}" for line in order.lines)
    return ((say("field.goods"), goods), (say("field.total"), _yuan(order.total_fen)))


def _filled(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if value)


def _suggested(available: int, reorder_point: int) -> int:
    """Units to order: up to a few reorder points, in tens."""
    missing = max(ENOUGH * reorder_point - available, LEAST_RESTOCK)
    return math.ceil(missing / 10) * 10


def _person(tx: Tx, actor: str) -> str:
    platform, _, user_id = actor.partition(":")
    found = members.member(tx, platform, user_id)
    return found.name if found and found.name else actor


def _value(say: Say, field: str, value: Any) -> str:
    if field == "price_fen":
        return _yuan(value)
    if field == "status":
        return say(f"status.{value}")
    return str(value) if value else say("value.off")


def _yuan(fen: int) -> str:
    return f"¥{short_yuan(fen)}"


_ASKS = {"to_ship": "待发货", "low_stock": "缺货"}
_FIELDS = {
    "price_fen": "field.price",
    "status": "field.status",
    "reorder_point": "field.reorder_point",
}
_KINDS: dict[str, Callable[[Composer, Tx, Say, dict[str, Any]], Reply]] = {
    "order_new": Composer.order_new,
    "order_changed": Composer.order_changed,
    "low_stock": partial(Composer.scarce, key="push.low_stock"),
    "sold_out": partial(Composer.scarce, key="push.sold_out"),
    "sku_changed": Composer.sku_changed,
    "summary": Composer.summary,
}
