"""Delivery: what the outbox holds is said, and what a crash left in the inbox is answered."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from functools import partial
from zoneinfo import ZoneInfo

from bot.lease import Leadership
from bot.messages import Attachment, Reply
from bot.pacing import SEED_S, Pacing
from bot.platforms.base import EditError, Letter, Line, Platform, SendError
from store import attachments, inbox, jobs, outbox
from store.db import Database, Tx
from store.errors import BusyError, LeaseLostError, StoreError, UnavailableError
from store.jobs import Held
from store.outbox import Parcel

logger = logging.getLogger(__name__)

POLL_S = 1.0  # a commit of another process is noticed this late at most
THREADS = 16
# In a rush every order's commit wakes the sender; looking in vain takes half its time at most.
IDLE_SHARE = 1
FIRST_RETRY_S = 1.0
LAST_RETRY_S = 600.0
LONGEST_S = 18.0  # of one turn at a letter in pieces; then others of its chat may be more urgent
BUG_ATTEMPTS = 3  # a row that we cannot compose blocks its chat no longer than this
SETTLE_ATTEMPTS = 10
SETTLE_WAIT_S = 1.0

Compose = Callable[[Tx, Parcel], Reply]
Announce = Callable[[Tx, Parcel, SendError], None]


class PauseError(Exception):
    """A letter must wait: ``done`` of its pieces were said; go on after ``wait_s``."""

    def __init__(self, done: int, wait_s: float) -> None:
        super().__init__(done)
        self.done, self.wait_s = done, wait_s


class Sender:
    """Sends the outbox while this process holds the lease.

    A thread claims rows, at most one per target at a time, and a small pool sends them, as fast as
    ``pacing`` lets each target hear: a slow target delays nobody but itself. ``compose`` makes the
    reply of a row; ``announce_dead`` is called in the transaction that gives a row up, with the
    reason; ``on_result`` with every outcome: sent, retry or dead. More than ``merge_after`` rows
    of one topic that wait for one target are said as one.
    """

    def __init__(
        self,
        database: Database,
        leadership: Leadership,
        *,
        platforms: Mapping[str, Platform],
        compose: Compose,
        announce_dead: Announce,
        quiet: Callable[[Parcel], float] = lambda _: 0.0,
        on_result: Callable[[Parcel, str], None] = lambda _parcel, _outcome: None,
        merge_after: int = 0,
    ) -> None:
        self._database = database
        self._leadership = leadership
        self._platforms = platforms
        self._compose = compose
        self._announce_dead = announce_dead
        self._quiet = quiet
        self._on_result = on_result
        self._merge_after = merge_after
        self.pacing = Pacing(self._line)
        self._name = leadership.owner
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="send")
        self._flying: dict[int, tuple[Future[None], Parcel]] = {}
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="sender", daemon=True)
        database.on_commit(self._wake.set)
        leadership.on_gain(self._take_over)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being sent and give back what is not."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._guard:
            flying = list(self._flying.items())
        unsent = [parcel for _, (future, parcel) in flying if future.cancel()]
        self._pool.shutdown(wait=True)
        for parcel in unsent:
            self._put_off(parcel)

    def turn(self) -> float:
        """Claim what is due and hand it to the pool; returns the seconds until the next look."""
        held = self._leadership.held()
        free = THREADS - len(self._flying)
        if held is None or free <= 0:
            return POLL_S
        due_s = self._database.read(lambda tx: outbox.next_due_s(tx, self._wait_s))
        if due_s is None or due_s > 0:
            return POLL_S if due_s is None else min(due_s, POLL_S)
        claimed = self._database.run(lambda tx: self._claim(tx, held, free), patient=True)
        for parcel in claimed:
            self._launch(parcel)
        return 0.0 if claimed else POLL_S

    def deliver(self, parcel: Parcel) -> None:
        """Send one claimed row and write down what came of it."""
        if self._leadership.held() is None:
            self._put_off(parcel)
            return
        quiet_s = 0.0 if parcel.ref else self._quiet(parcel)  # changing a card makes no noise
        if quiet_s > 0:
            self._put_off(parcel, wait_s=quiet_s, calm=True)
            return
        try:
            self._say(parcel)
        except PauseError as pause:
            self._put_off(parcel, wait_s=pause.wait_s, done=pause.done)
        except SendError as error:
            self._give_back(parcel, error)
        except StoreError as error:
            self._give_back(parcel, _not_composed(error))
        except Exception as error:  # an edge: one row must not stop the others
            logger.exception("broadcast_failed", extra={"parcel": parcel.id, "kind": parcel.kind})
            tried = parcel.attempts >= BUG_ATTEMPTS
            self._give_back(parcel, SendError(type(error).__name__, permanent=tried))

    def _claim(self, tx: Tx, held: Held, most: int) -> list[Parcel]:
        jobs.guard(tx, held)
        return outbox.claim(
            tx,
            sender=self._name,
            most=most,
            wait_s=self._wait_s,
            merge_after=self._merge_after,
        )

    def _wait_s(self, target: str, *, urgent: bool, edit: bool) -> float:
        """One thing at a time for each target, however long a claim on the last one has run out."""
        with self._guard:
            busy = any(parcel.target == target for _, parcel in self._flying.values())
        return POLL_S if busy else self.pacing.wait_s(target, urgent=urgent, edit=edit)

    def _launch(self, parcel: Parcel) -> None:
        with self._guard:
            future = self._pool.submit(self.deliver, parcel)
            self._flying[parcel.id] = (future, parcel)
        future.add_done_callback(lambda _: self._landed(parcel.id))

    def _landed(self, parcel_id: int) -> None:
        with self._guard:
            self._flying.pop(parcel_id, None)
        self._wake.set()

    def _line(self, target: str) -> Line | None:
        name, _, chat_id = target.partition(":")
        platform = self._platforms.get(name)
        return platform.line(chat_id) if platform else None

    def _say(self, parcel: Parcel) -> None:
        """Change a card in place, or say it piece by piece."""
        name, _, _ = parcel.target.partition(":")
        platform = self._platforms.get(name)
        if platform is None:
            raise SendError(f"{name} is not switched on")
        letter = self._letter(parcel)
        if parcel.ref:
            edited = self._edited(platform, parcel, letter)
            if edited:
                return
            otherwise = parcel.payload.get("otherwise")
            if otherwise is None:  # the card stays as it was, and nobody waits for an answer
                self._sent(parcel, letter.reply, "")
                return
            # Something new: under the card's own key the platform would take it for the card.
            key = f"{letter.key}.{parcel.revision}"
            letter = replace(letter, reply=Reply.from_json(otherwise), key=key, handle={})
        self._said(platform, parcel, letter)

    def _edited(self, platform: Platform, parcel: Parcel, letter: Letter) -> bool:
        try:
            ref = self._call(parcel, 0, lambda: platform.edit(letter, parcel.ref), edit=True)
        except EditError:
            return False
        except SendError as error:
            if error.permanent and not error.gone:
                return False
            raise
        self._sent(parcel, letter.reply, ref)
        return True

    def _said(self, platform: Platform, parcel: Parcel, letter: Letter) -> None:
        ref, began = "", time.monotonic()
        pieces = platform.render(letter)
        self._show(parcel, letter.reply)
        for number, piece in enumerate(pieces):
            if number < parcel.done:
                continue
            if time.monotonic() - began > LONGEST_S:
                raise PauseError(number, 0.0)
            send = partial(platform.send, letter, piece, number)
            try:
                ref = self._call(parcel, number, send) or ref
            except SendError as error:
                error.done = number
                raise
        self._sent(parcel, letter.reply, ref)

    def _call(
        self, parcel: Parcel, done: int, call: Callable[[], str], *, edit: bool = False
    ) -> str:
        """One call to the platform, when the pacing lets it; ``done`` pieces were said before."""
        target, urgent = parcel.target, parcel.urgent
        if not self.pacing.begin(target, urgent=urgent, edit=edit):
            raise PauseError(done, self.pacing.wait_s(target, urgent=urgent, edit=edit))
        answered: bool | None = None
        pause_s: float | None = None
        try:
            ref = call()
            answered = True
        except EditError:
            answered = True
            raise
        except SendError as error:
            answered, pause_s = not error.unreachable, error.retry_after_s
            raise
        finally:
            self.pacing.end(target, answered=answered, pause_s=pause_s)
        return ref

    def _letter(self, parcel: Parcel) -> Letter:
        reply, attachment = self._database.read(lambda tx: self._composed(tx, parcel))
        return Letter(
            chat_id=parcel.target.partition(":")[2],
            reply=reply,
            key=parcel.key or str(parcel.id),
            card=parcel.id,
            handle=parcel.payload.get("handle") or {},
            again=parcel.unsure,
            attachment=attachment,
        )

    def _composed(self, tx: Tx, parcel: Parcel) -> tuple[Reply, Attachment | None]:
        reply = self._compose(tx, parcel)
        kept = attachments.stored(tx, reply.file) if reply.file is not None else None
        return reply, Attachment(kept.name, kept.mime, kept.content) if kept else None

    def _sent(self, parcel: Parcel, reply: Reply, ref: str) -> None:
        said = reply.to_json()
        shown = reply.commands
        if self._settle(
            lambda tx: outbox.sent(
                tx, parcel=parcel, sender=self._name, said=said, ref=ref, shown=shown
            )
        ):
            self._report(parcel, "sent")

    def _show(self, parcel: Parcel, reply: Reply) -> None:
        """Write down the buttons that are about to be seen; those of answers are already."""
        shown = reply.commands
        if shown.keys() - parcel.payload.get("buttons", {}).keys():
            self._settle(lambda tx: outbox.show(tx, parcel=parcel, sender=self._name, shown=shown))

    def _put_off(
        self, parcel: Parcel, *, wait_s: float = 0, done: int = 0, calm: bool = False
    ) -> None:
        self._settle(
            lambda tx: outbox.put_off(
                tx, parcel=parcel, sender=self._name, wait_s=wait_s, done=done, calm=calm
            )
        )

    def _give_back(self, parcel: Parcel, error: SendError) -> None:
        retry_s = None if error.permanent else wait_s(parcel.attempts, error.retry_after_s)
        dead: list[bool] = []

        def write(tx: Tx) -> bool:
            gone = outbox.failed(
                tx,
                parcel=parcel,
                sender=self._name,
                error=str(error),
                retry_after_s=retry_s,
                unsure=error.uncertain,
                done=error.done,
                patient=error.unreachable,
            )
            if gone:
                self._announce_dead(tx, parcel, error)
            dead[:] = [gone]
            return True

        if self._settle(write):
            self._report(parcel, "dead" if dead[0] else "retry", reason=str(error))

    def _report(self, parcel: Parcel, outcome: str, **fields: str) -> None:
        extra = {"parcel": parcel.id, "kind": parcel.kind, "target": parcel.target, **fields}
        level = logging.INFO if outcome == "sent" else logging.WARNING
        logger.log(level, "broadcast_%s", outcome, extra=extra)
        self._on_result(parcel, outcome)

    def _settle(self, work: Callable[[Tx], bool]) -> bool:
        """Write down what became of a row; what is not written down is sent again, so insist."""
        for _ in range(SETTLE_ATTEMPTS):
            try:
                return self._database.run(work, patient=True)
            except (BusyError, UnavailableError):
                time.sleep(SETTLE_WAIT_S)
        return False

    def _take_over(self, _: Held) -> None:
        """Free what a sender that lost the lease, or died, had claimed."""
        try:
            self._database.run(lambda tx: outbox.free_claims(tx, but=self._name))
            said = self._database.read(lambda tx: outbox.recently_said(tx, within_s=SEED_S))
            self.pacing.seed(said)
        except StoreError as error:  # then they end by themselves
            logger.warning("outbox_unreachable", extra={"reason": str(error)})
        self._wake.set()

    def _loop(self) -> None:
        pause_s = 0.0
        while not self._stopping.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            if self._stopping.is_set():
                return
            began = time.monotonic()
            try:
                pause_s = self.turn()
            except LeaseLostError:
                pause_s = POLL_S
            except StoreError as error:
                logger.warning("outbox_unreachable", extra={"reason": str(error)})
                pause_s = POLL_S
            except Exception:  # an edge: the thread must not die of one failure
                logger.exception("sender_failed")
                pause_s = POLL_S
            if pause_s:
                self._stopping.wait(IDLE_SHARE * (time.monotonic() - began))


class Leftovers:
    """Finds messages that were received and never handled: a crash lies between."""

    def __init__(self, database: Database, handle: Callable[[int], object]) -> None:
        self._database = database
        self._handle = handle
        self._seen: frozenset[int] = frozenset()

    def sweep(self, *, at_once: bool = False) -> int:
        """Handle what is still waiting since the sweep before (``at_once``: all that waits).

        What came in meanwhile is being handled by the thread that received it. Returns how many.
        """
        waiting = frozenset(self._database.read(inbox.waiting))
        late = sorted(waiting if at_once else waiting & self._seen)
        self._seen = waiting
        for number in late:
            logger.info("message_left_over", extra={"inbox": number})
            try:
                self._handle(number)
            except Exception:  # an edge: one message must not hold up the others
                logger.exception("message_failed", extra={"inbox": number})
        return len(late)


def quiet_for(
    hours: tuple[clock_time, clock_time] | None, zone: ZoneInfo, now: Callable[[], datetime]
) -> Callable[[Parcel], float]:
    """How many seconds a row should wait for the end of the quiet hours.

    Answers never wait, nor what cannot: sold out, a dead chat. Low stock can.
    """

    def quiet_s(parcel: Parcel) -> float:
        urgent = parcel.urgent and parcel.kind != "low_stock"
        if hours is None or urgent or parcel.kind == "reply":
            return 0.0
        return _until_loud_s(hours, now().astimezone(zone))

    return quiet_s


def _until_loud_s(hours: tuple[clock_time, clock_time], local: datetime) -> float:
    begin, end = hours
    at = local.time().replace(tzinfo=None)
    inside = begin <= at < end if begin < end else at >= begin or at < end
    if not inside:
        return 0.0
    loud = datetime.combine(local.date(), end, local.tzinfo)
    if loud <= local:
        loud += timedelta(days=1)
    return loud.timestamp() - local.timestamp()


def _not_composed(error: StoreError) -> SendError:
    """What it speaks of is gone: trying again is pointless, unless the database is away."""
    away = isinstance(error, BusyError | UnavailableError)
    return SendError(f"{error.code}: {error}", permanent=not away)


def wait_s(attempts: int, told_s: float | None) -> float:
    """Seconds until the next attempt, doubled each time; jitter keeps many from coming at once."""
    if told_s is not None:
        return min(told_s, LAST_RETRY_S)
    longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts - 1, 20))
    return longest * random.uniform(0.75, 1.0)  # noqa: S311  (jitter, not a secret)
