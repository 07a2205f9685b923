"""What is pushed: each kind of outbox row turned into a card, in the language of its chat."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot import digests, texts
from bot.digests import FIELDS, goods, value, yuan
from bot.messages import Button, Chart, Form, Input, Reply, Table
from bot.platforms.base import SendError
from bot.registry import Registry
from bot.texts import Say
from store import chats, clock, members, names, orders, outbox, reports
from store.db import Tx
from store.models import OrderStatus
from store.orders import OrderStep, OrderView
from store.outbox import Parcel
from store.reports import Summary
from store.sealing import Vault
from store.skus import SkuView

NOTICE = "notice"
LEAST_RESTOCK = 10
ENOUGH = 3  # reorder points: a suggestion that lasts a while
_MOST_NAMED = 6  # SKUs that a summary names; the rest are counted


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the card of an outbox row, as things stand when it is sent.

    ``language`` is for chats that have none of their own. ``direct`` finds the chat that one person
    of a platform reads alone, "" for none.
    """

    vault: Vault
    zone: ZoneInfo
    commands: Registry
    language: str = "zh"
    direct: Callable[[str, str], str] = lambda _platform, _user: ""

    def compose(self, tx: Tx, parcel: Parcel) -> Reply:
        """The card of a row.

        Raises ``OrderNotFoundError`` when it speaks of an order that is gone, ``KeyError`` for a
        kind nobody knows.
        """
        say = self._say(tx, parcel.target)
        if parcel.merged:
            return digests.compose(tx, say, parcel.merged)
        kind = _KINDS.get(parcel.kind)
        if kind is None:
            return Reply.from_json(parcel.payload["reply"])
        return kind(self, tx, say, parcel.payload)

    def announce_dead(self, tx: Tx, parcel: Parcel, error: SendError) -> None:
        """Tell the shop's other chats, and its owners, what was given up; once a day for each chat.

        A chat that is gone is spoken to no more, until somebody speaks there again.
        """
        if error.gone:
            self.part(tx, parcel.target, str(error))
        elif parcel.kind != NOTICE:
            self._tell(tx, parcel.target, "push.dead", reason=str(error)[:80])

    def part(self, tx: Tx, target: str, reason: str) -> None:
        """A chat is gone: give up what waits for it and tell the others."""
        platform, _, chat_id = target.partition(":")
        outbox.bury(tx, target, error=reason)
        if chats.disable(tx, platform=platform, chat_id=chat_id, reason=reason):
            self._tell(tx, target, "push.gone", reason=reason[:80])

    def warn(self, tx: Tx, platform: str, reason: str) -> None:
        """Tell that a connection is down for good, and the cure."""
        key = "push.replaced" if reason == "replaced" else "push.down"
        self._tell(tx, platform, key, reason=reason[:80])

    def _tell(self, tx: Tx, about: str, key: str, *, reason: str) -> None:
        day = tx.now.astimezone(self.zone).date().isoformat()
        for target in self._hearers(tx):
            if target == about:
                continue
            say = self._say(tx, target)
            name = _chat_name(tx, about)
            text = say(f"{key}.text", target=name, reason=reason)
            outbox.post(
                tx,
                target=target,
                topic=NOTICE,
                kind=NOTICE,
                key=f"{key}:{about}:{day}",
                payload={"reply": Reply(title=say(key), text=text).to_json()},
                urgent=True,
            )

    def _hearers(self, tx: Tx) -> list[str]:
        """The shop's chats, and where each owner is reached alone."""
        owners = (person for person in members.listed(tx) if person.role == members.OWNER)
        alone = (
            (person.platform, self.direct(person.platform, person.user_id)) for person in owners
        )
        direct = [f"{platform}:{chat_id}" for platform, chat_id in alone if chat_id]
        return list(dict.fromkeys([*chats.owners_targets(tx), *direct]))

    def order_new(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """An order came in: what, how much, for whom (masked), the next steps, and who did what."""
        order = orders.view(tx, payload["order_no"])
        steps = orders.steps(tx, order.order_no)
        key = "push.order_now" if steps else "push.order_new"
        status = say(f"status.{order.status}")
        fields = (
            *_order_fields(say, order),
            (say("field.status"), status),
            (say("field.contact"), self._contact(order)),
            (say("field.remark"), order.remark),
            (say("field.parcel"), _parcel(order)),
            *(self._step(tx, say, step) for step in steps),
        )
        return Reply(
            title=say(key, order_no=order.order_no, status=status),
            fields=_filled(fields),
            buttons=self._steps(say, order),
            form=self._parcel_form(say, order),
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
            (say("field.parcel"), _parcel(order)),
            (say("field.who"), members.called(tx, payload["actor"])),
        )
        return Reply(title=title, fields=_filled(fields), intent="order_show")

    def scarce(self, tx: Tx, say: Say, payload: dict[str, Any], *, key: str) -> Reply:
        """Little or nothing of a SKU is left; one press restocks it, and then it says who did."""
        sku = f"{payload['name']} {names.specs_text(payload['specs'])}".strip()
        units = _suggested(payload["available"], payload["reorder_point"])
        said = Reply(
            title=say(key, sku=f"{sku}（{payload['sku']}）"),
            text=say(f"{key}.text", **payload),
            intent=key.removeprefix("push."),
        )
        done = tuple(payload.get("pressed", {}).values())
        if done:
            restocked = say("push.restocked")
            return replace(said, fields=tuple((restocked, self._by(tx, **by)) for by in done))
        word = f"{self.commands['restock'].words[0]} {payload['sku']}"
        label = say("push.button.restock", units=units)
        units_input = Input("units", say("field.units"), required=True)
        return replace(
            said,
            buttons=(Button(label, f"{word} {units}", "primary"),),
            form=Form((units_input,), Button(say("title.restock"), f"{word} {{units}}")),
        )

    def sku_changed(self, tx: Tx, say: Say, payload: dict[str, Any]) -> Reply:
        """Somebody changed a price, a state or an alert level."""
        changed = tuple(
            (say(FIELDS[field]), f"{value(say, field, before)} → {value(say, field, after)}")
            for field, (before, after) in payload["changed"].items()
        )
        who = (say("field.who"), members.called(tx, payload["actor"]))
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

    def _step(self, tx: Tx, say: Say, step: OrderStep) -> tuple[str, str]:
        """What was done with an order, by whom and when."""
        word = say("push.paid" if step.before == step.after else f"status.{step.after}")
        return word[:1].upper() + word[1:], self._by(tx, by=step.actor, at=step.at.isoformat())

    def _by(self, tx: Tx, *, by: str, at: str) -> str:
        """``小陈 11-25 14:03``."""
        local = datetime.fromisoformat(at).astimezone(self.zone)
        return f"{members.called(tx, by)} {local.strftime('%m-%d %H:%M')}"

    def _parcel_form(self, say: Say, order: OrderView) -> Form | None:
        """Where a platform has forms, the parcel's number is typed into the card."""
        if order.status not in orders.SHIPPABLE:
            return None
        inputs = (
            Input("carrier", say("field.carrier")),
            Input("tracking_no", say("field.tracking_no"), required=True),
        )
        word = self.commands["ship"].words[0]
        command = f"{word} {order.order_no} {{carrier}} {{tracking_no}}"
        return Form(inputs, Button(say("push.button.ship_with"), command, "primary"))

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
            Button(
                say(f"button.{intent}"),
                f"{self.commands[intent].words[0]} {order.order_no}",
                _STYLES.get(intent, ""),
            )
            for intent, states in steps.items()
            if order.status in states or (intent == "mark_paid" and _owed(order))
        ]
        details = f"{self.commands['order_show'].words[0]} {order.order_no}"
        return (*buttons, Button(say("push.button.details"), details))


def summary_card(say: Say, figures: Summary, *, title: str) -> Reply:
    """A period in figures, its best sellers, and what to do next."""
    fields = (
        (say("field.orders"), str(figures.orders)),
        (say("field.units"), str(figures.units)),
        (say("field.total"), yuan(figures.revenue_fen)),
        (say("summary.paid"), yuan(figures.paid_fen)),
        (say("summary.unpaid"), str(figures.unpaid_orders)),
        (say("summary.cancelled"), str(figures.cancelled) if figures.cancelled else ""),
        (say("summary.to_ship"), str(figures.to_ship)),
        (say("summary.low_stock"), _named(say, figures.low_stock, with_units=True)),
        (say("summary.sold_out"), _named(say, figures.sold_out, with_units=False)),
    )
    return Reply(
        title=title,
        text=_next_steps(say, figures),
        fields=_filled(fields),
        table=_best_sellers(say, figures),
        chart=_chart(say, figures),
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
    rows = tuple((row.title, str(row.units), yuan(row.revenue_fen)) for row in figures.best)
    return Table(head, rows)


def _chart(say: Say, figures: Summary) -> Chart | None:
    if len(figures.best) < 2:  # noqa: PLR2004  (one bar compares nothing)
        return None
    best = figures.best
    labels, values = tuple(row.title for row in best), tuple(row.units for row in best)
    return Chart("bar", labels, values, say("summary.chart"))


def _summary_buttons(say: Say, figures: Summary) -> tuple[Button, ...]:
    # The label is a command's own word in either language.
    wanted = {"to_ship": figures.to_ship, "low_stock": figures.low_stock or figures.sold_out}
    labels = {key: say(f"push.button.{key}") for key, there in wanted.items() if there}
    return tuple(Button(label, _ASKS[key]) for key, label in labels.items())


def _named(say: Say, skus: Iterable[SkuView], *, with_units: bool) -> str:
    titles = [
        say("summary.left", sku=sku.title, number=sku.available) if with_units else sku.title
        for sku in skus
    ]
    more = f" +{len(titles) - _MOST_NAMED}" if len(titles) > _MOST_NAMED else ""
    return say("list.comma").join(titles[:_MOST_NAMED]) + more


def _order_fields(say: Say, order: OrderView) -> tuple[tuple[str, str], ...]:
    return ((say("field.goods"), goods(say, order)), (say("field.total"), yuan(order.total_fen)))


def _owed(order: OrderView) -> bool:
    """Whether goods are gone and the money is not in."""
    return order.status == OrderStatus.SHIPPED and order.paid_at is None


def _parcel(order: OrderView) -> str:
    return f"{order.carrier or ''} {order.tracking_no or ''}".strip()


def _chat_name(tx: Tx, target: str) -> str:
    """A chat as people call it, else as the platform does."""
    platform, _, chat_id = target.partition(":")
    known = chats.chat(tx, platform, chat_id)
    return f"{platform} {known.name}" if known and known.name else target


def _filled(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in fields if value)


def _suggested(available: int, reorder_point: int) -> int:
    """Units to order: up to a few reorder points, in tens."""
    missing = max(ENOUGH * reorder_point - available, LEAST_RESTOCK)
    return math.ceil(missing / 10) * 10


_STYLES = {"ship": "primary", "cancel_order": "danger"}
_ASKS = {"to_ship": "待发货", "low_stock": "缺货"}
_KINDS: dict[str, Callable[[Composer, Tx, Say, dict[str, Any]], Reply]] = {
    "order_new": Composer.order_new,
    "order_changed": Composer.order_changed,
    "low_stock": partial(Composer.scarce, key="push.low_stock"),
    "sold_out": partial(Composer.scarce, key="push.sold_out"),
    "sku_changed": Composer.sku_changed,
    "summary": Composer.summary,
}
