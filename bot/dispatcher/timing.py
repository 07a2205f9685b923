"""A command with a moment in its slots: shown now, done then, and put back when it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands._shown import Fields, moment
from bot.dispatcher import resolving
from bot.dispatcher.asking import Pending
from bot.messages import Button, Reply
from bot.registry import Context
from bot.slots import Kind
from store import skus, timed
from store.errors import InvalidValueError
from store.timed import Moments, TimedDraft, TimedView

BEGINS, ENDS, ACT = "at", "until", "part"  # the slots that say when, and which command

_WHAT = {  # what a command changes
    "set_price": "price",
    "delist": "status",
    "relist": "status",
    "open_shop": "shop",
    "close_shop": "shop",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """When the command that is about to be run is to be done, and put back.

    ``ids``: the SKUs that are meant today, whatever is added or renamed later.
    """

    context: Context
    pending: Pending
    moments: Moments
    ids: tuple[int, ...] = ()

    @property
    def later(self) -> bool:
        """Whether it is only tried out now, and done at its time."""
        return self.pending.act is None and self.moments.begins_at is not None

    def warn(self, *, changed: bool) -> None:
        """Have it confirmed when another act changes the same, or when nothing would change now.

        ``changed``: whether the command changed anything when it was tried out.
        """
        if self.pending.act is not None:
            return
        met = self.met()
        if met is not None:
            self.context.risk("timed_overlap", number=met.id)
        elif self.later and not changed:
            self.context.risk("timed_same")

    def shown(self, reply: Reply) -> Reply:
        """What the command says, with the moments in the shop's own time."""
        say = self.context.say
        begins = self._field("begins", self.moments.begins_at if self.later else None)
        ends = self._field("ends", self.moments.ends_at)
        title = reply.title if self.pending.act else say("timed.title", title=reply.title)
        priced = self.pending.command.intent == "set_price"
        stays = say("timed.stays") if priced and self.later and not ends else ""
        text = _lines(reply.text, stays)
        return replace(reply, title=title, text=text, fields=(*begins, *reply.fields, *ends))

    def kept(self, reply: Reply, changes: Sequence[Mapping[str, Any]]) -> Reply:
        """Keep the act for its next moment and say its number.

        ``changes`` are what it did already; where it did nothing there is nothing to put back.
        """
        if self.later:
            return self._told(reply, timed.add(self.context.tx, self._draft()), "timed.waits")
        if self.moments.ends_at is None:
            return reply
        if not changes:
            return replace(reply, text=_lines(reply.text, self._nothing()))
        if self.pending.act is not None:
            timed.begin(self.context.tx, self.pending.act, changes=changes)
            return self._told(reply, self.pending.act, "timed.lasts")
        act = timed.add(self.context.tx, self._draft(), changes=changes)
        return self._told(reply, act, "timed.lasts")

    def _nothing(self) -> str:
        """That there is nothing to put back, or which act puts it back already, and when."""
        met = self.met()
        if met is None or met.ends_at is None:
            return self.context.say("timed.nothing")
        when = moment(self.context, met.ends_at)
        return self.context.say("timed.nothing.but", number=met.id, when=when)

    def met(self) -> TimedView | None:
        """The next act that changes the same; of two states of which none ends each has its day."""
        what = _WHAT[self.pending.command.intent]
        for act in timed.waiting(self.context.tx):
            ends = what == "price" or act.ends_at is not None or self.moments.ends_at is not None
            same = what == "shop" or bool(set(self.ids) & set(_ids(act.slots)))
            if ends and same and _WHAT.get(act.intent) == what:
                return act
        return None

    def _told(self, reply: Reply, act: TimedView, key: str) -> Reply:
        say, where = self.context.say, self.context.message
        word = say("word.cancel_timed")
        heard = self.context.shop.pushes(where.platform, where.chat_id)
        text = _lines(
            reply.text,
            say(key, number=act.id, word=word),
            "" if heard else say("timed.mute"),
        )
        cancel = Button(say("button.cancel_timed", number=act.id), f"{word} {act.id}")
        return replace(reply, text=text, buttons=(*reply.buttons, cancel))

    def _draft(self) -> TimedDraft:
        where = self.context.message
        slots = dict(self.pending.slots)
        for key in (BEGINS, ENDS, ACT):
            slots.pop(key, None)
        target = next(
            (p for p in self.pending.command.parameters if p.slot.kind is Kind.SKUS), None
        )
        if target is not None:
            slots[target.key] = {"ids": list(self.ids)}
        return TimedDraft(
            origin=where.key,
            platform=where.platform,
            chat_id=where.chat_id,
            chat_kind=where.chat_kind,
            user_id=where.user_id,
            intent=self.pending.command.intent,
            slots=slots,
            moments=self.moments,
        )

    def _field(self, key: str, at: datetime | None) -> Fields:
        if at is None:
            return ()
        return ((self.context.say(f"timing.{key}"), moment(self.context, at)),)


def of(context: Context, pending: Pending) -> Timing | None:
    """The timing of a command, None for one that is done now and for good.

    Raises ``InvalidValueError`` for a moment that is over, and what ``resolving.arguments`` raises.
    """
    if pending.act is not None:
        return Timing(context, pending, Moments(ends_at=pending.act.ends_at))
    if not is_timed(pending.slots):
        return None
    begins = _instant(pending.slots.get(BEGINS), context.shop.zone)
    ends = _instant(pending.slots.get(ENDS), context.shop.zone)
    if begins is not None and begins <= context.now:
        raise InvalidValueError(BEGINS, "past")
    if ends is not None and ends <= (begins or context.now):
        raise InvalidValueError(ENDS, "before" if begins else "past")
    return Timing(context, pending, Moments(begins, ends), _pinned(context, pending))


def unmoved(context: Context, pending: Pending) -> str:
    """What an act will put back of what somebody just wanted and found so already; "" for none."""
    if pending.act is not None or pending.command.intent not in _WHAT:
        return ""
    met = Timing(context, pending, Moments(), _pinned(context, pending)).met()
    if met is None or not met.begun or met.ends_at is None:
        return ""
    say, when = context.say, moment(context, met.ends_at)
    return say("timed.unmoved", number=met.id, when=when, word=say("word.cancel_timed"))


def is_timed(slots: Mapping[str, Any]) -> bool:
    """Whether slots say when something is to be done or put back."""
    return bool(slots.keys() & {BEGINS, ENDS})


def _instant(local: str | None, zone: ZoneInfo) -> datetime | None:
    return datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC) if local else None


def _pinned(context: Context, pending: Pending) -> tuple[int, ...]:
    found = resolving.arguments(context, pending.command, pending.slots).get("skus", ())
    return tuple(skus.ids_of(context.tx, [sku.code for sku in found]))


def _ids(slots: Mapping[str, Any]) -> list[int]:
    return next((v["ids"] for v in slots.values() if isinstance(v, dict) and "ids" in v), [])


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
