"""The worker: what a shop does by itself, in one process at a time."""

import logging
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Protocol, TypeVar

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.connections import Connections
from bot.delivery import Leftovers, Sender
from bot.lease import Leadership
from bot.settings import Settings
from store import audit, chats, cleanup, jobs, outbox, timed
from store.db import Database, Tx
from store.errors import LeaseLostError, StoreError
from store.jobs import Held

logger = logging.getLogger(__name__)
T = TypeVar("T")

SUMMARY, CLEANUP, AUDIT = "summary", "cleanup", "audit"
CLEAN_AT = time(3, 30)  # shop-local, when nobody sells anything; later on days it was missed
SWEEP_S = 3
ACT_S = 1  # a look at an index, and what was said for 18:00 is done at 18:00
# A machine that stalled for ten minutes still does what was due; what a day has once, the job's
# own slot makes once, however late it comes.
MISFIRE_GRACE_S = 600
_CLOCK = re.compile(r"\d\d:\d\d")


class Actor(Protocol):
    """Does what was timed; both methods in the transaction they are given."""

    def act(self, tx: Tx, number: int) -> None:
        """Do the act of this number, if it is due."""
        ...

    def give_up(self, tx: Tx, number: int, reference: str) -> None:
        """Settle one that cannot be done, by what stands in the log under this reference."""
        ...


class Worker:
    """Sends the outbox, picks up what crashes left behind, and runs the jobs of the day.

    Every process may have one; only the holder of the lease does anything. ``on_audit`` gets the
    number of faults of each audit.
    """

    def __init__(
        self,
        database: Database,
        leadership: Leadership,
        *,
        settings: Settings,
        sender: Sender,
        leftovers: Leftovers,
        connections: Connections,
        actor: Actor,
        on_audit: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._leadership = leadership
        self._zone = settings.shop.zone
        self._summary_at = settings.broadcast.daily_summary
        self._sender = sender
        self._leftovers = leftovers
        self._connections = connections
        self._actor = actor
        self._on_audit = on_audit
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begin to work, or to wait for the lease; returns at once."""
        self._scheduler = self._planned()
        self._leadership.on_gain(self._catch_up)
        self._scheduler.start()
        self._sender.start()
        self._connections.start()
        self._leadership.start()

    def stop(self) -> None:
        """Finish what is being done, and let another process go on."""
        if self._scheduler is None:
            return
        self._scheduler.shutdown(wait=True)
        # Answers may go through the connections: they end last.
        self._sender.stop()
        self._connections.stop()
        self._leadership.stop()

    def summarise(self) -> None:
        """Queue the day's summary for the chats whose time has come today."""
        for at in sorted(self._database.read(self._times)):
            if self._local().time() >= _read(at):
                self._write(lambda tx, held, at=at: self._queue_summary(tx, held, at))  # type: ignore[misc]  # mypy cannot type a default of a lambda

    def act(self) -> None:
        """Do what was timed and is due, each in a transaction of its own, however late."""
        for number in self._database.read(timed.due):
            try:
                self._write(lambda tx, _, number=number: self._actor.act(tx, number))  # type: ignore[misc]  # mypy cannot type a default of a lambda
            except StoreError:
                raise  # the database's or the lease's: it is tried again
            except Exception:  # an edge: one act must not hold up the others, nor come for ever
                reference = secrets.token_hex(2).upper()
                logger.exception("act_failed", extra={"reference": reference, "act": number})
                self._give_up(number, reference)

    def _give_up(self, number: int, reference: str) -> None:
        self._write(lambda tx, _: self._actor.give_up(tx, number, reference))

    def clean(self) -> None:
        """Once a day, forget what has served its time, in small bites."""
        local = self._local()
        if local.time() < CLEAN_AT:
            return
        day = local.date().isoformat()
        if not self._write(lambda tx, held: _first(tx, held, CLEANUP, day)):
            return
        while self._write(lambda tx, _: cleanup.prune(tx)):
            pass

    def audit(self) -> None:
        """Once an hour, recompute the stock and tell of differences."""
        hour = self._local().strftime("%Y-%m-%dT%H%z")
        if self._write(lambda tx, held: _first(tx, held, AUDIT, hour)):
            self.look()

    def look(self) -> None:
        """Recompute the stock for the gauge."""
        report = self._database.read(audit.check, snapshot=True)
        self._on_audit(len(report.faults))
        if report.faults:
            logger.error("audit_faults", extra={"faults": len(report.faults)})

    def _planned(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=self._zone,
            executors={"default": {"type": "threadpool", "max_workers": 4}},
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": MISFIRE_GRACE_S,
            },
        )
        plan = (
            (self.summarise, CronTrigger(second=0, timezone=self._zone)),
            (self.clean, CronTrigger(minute="*/10", second=30, timezone=self._zone)),
            (self.audit, CronTrigger(minute=7, timezone=self._zone)),
            (self.act, IntervalTrigger(seconds=ACT_S, timezone=self._zone)),
            (self._leftovers.sweep, IntervalTrigger(seconds=SWEEP_S, timezone=self._zone)),
        )
        for work, trigger in plan:
            scheduler.add_job(self._guarded, trigger, args=[work], name=work.__name__)
        return scheduler

    def _catch_up(self, _: Held) -> None:
        """The one before us may be gone for hours: do now what is due."""
        if self._scheduler is None:
            return
        for work in (self._sweep_all, self.act, self.summarise, self.clean, self.look):
            self._scheduler.add_job(self._guarded, args=[work], name=work.__name__)

    def _sweep_all(self) -> None:
        self._leftovers.sweep(at_once=True)

    def _guarded(self, work: Callable[[], object]) -> None:
        """Run a job if we hold the lease; one that fails is logged and comes again."""
        if self._leadership.held() is None:
            return
        try:
            work()
        except LeaseLostError:
            logger.warning("job_stopped", extra={"job": work.__name__})
        except StoreError as error:
            logger.warning("job_failed", extra={"job": work.__name__, "reason": str(error)})
        except Exception:  # an edge: the next run must come all the same
            logger.exception("job_failed", extra={"job": work.__name__})

    def _write(self, work: Callable[[Tx, Held], T]) -> T:
        """Run ``work`` in a transaction that a holder of the lease alone can commit."""
        held = self._leadership.held()
        if held is None:
            raise LeaseLostError

        def guarded(tx: Tx) -> T:
            jobs.guard(tx, held)
            return work(tx, held)

        return self._database.run(guarded)

    def _times(self, tx: Tx) -> set[str]:
        """The times of day at which some chat wants its summary."""
        wanted = {at for _, at in chats.subscribers(tx, SUMMARY)} | {self._summary_at}
        return {at for at in wanted if _CLOCK.fullmatch(at)}

    def _queue_summary(self, tx: Tx, held: Held, at: str) -> None:
        local = tx.now.astimezone(self._zone)
        day = local.date().isoformat()
        if not _first(tx, held, SUMMARY, f"{day}T{at}"):
            return
        due = datetime.combine(local.date(), _read(at), self._zone)
        # A chat that joins in the evening hears of a day at its end, so from the next day on.
        for target, own in chats.subscribers(tx, SUMMARY, bound_by=due.astimezone(UTC)):
            if (own or self._summary_at) == at:
                outbox.post(
                    tx,
                    target=target,
                    topic=SUMMARY,
                    kind=SUMMARY,
                    key=f"summary:{day}",
                    payload={"day": day},
                )

    def _local(self) -> datetime:
        return self._database.now().astimezone(self._zone)


def _first(tx: Tx, held: Held, job: str, slot: str) -> bool:
    return jobs.once(tx, job=job, slot=slot, epoch=held.epoch)


def _read(at: str) -> time:
    return time(int(at[:2]), int(at[3:]))
