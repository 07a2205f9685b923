"""The intelligent robot's long connection, kept open (智能机器人长连接, document 101463).

There is one connection per robot: a new one throws the old one out. Whoever is thrown out must not
come back by itself, or two programs would throw each other out for ever.
"""

import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException

from bot.platforms.base import Ears, Inbound, SendError
from bot.platforms.wecom import robot_events
from bot.platforms.wecom.hearing import Hearing
from bot.platforms.wecom.link import Frame, Link, dial
from bot.settings.sections import WecomAibot
from store.clock import Clock
from store.errors import StoreError

logger = logging.getLogger(__name__)

_JOIN_S = 0.4  # for each of two threads; with the link's own 0.8 s it stays below two seconds
_HEARD = ("aibot_msg_callback", "aibot_event_callback")
_REPLACED = "replaced"
_REMEMBERED = 200  # pressed cards; each can be changed for five seconds only


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between pings; before reconnecting, doubled up to the last; after bad keys."""

    ping_s: float = 30.0
    first_retry_s: float = 1.0
    last_retry_s: float = 60.0
    refused_retry_s: float = 300.0


class RobotSocket:
    """Holds the connection, hears and asks through it. Thread-safe.

    ``welcome`` greets whoever opens the chat with the robot for the first time of the day.
    """

    name = "wecom"

    def __init__(
        self,
        settings: WecomAibot,
        *,
        now: Clock,
        welcome: str = "",
        corp_id: str = "",
        pace: Pace | None = None,
    ) -> None:
        self._settings, self._welcome, self._corp_id = settings, welcome, corp_id
        self._now, self._pace = now, pace or Pace()
        self._state = "off"
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._link: Link | None = None
        self._thread: threading.Thread | None = None
        self._hearing: Hearing | None = None
        self._pressed: OrderedDict[str, str] = OrderedDict()

    def open(self, ears: Ears) -> None:
        """Connect in the background and keep connected; opened twice, it is opened once."""
        if self._thread is not None and self._thread.is_alive() and not self._stopping.is_set():
            return
        self._stopping = threading.Event()
        self._state = "connecting"
        self._hearing = Hearing(ears)
        self._thread = threading.Thread(
            target=self._live,
            args=[ears, self._hearing, self._stopping],
            name="wecom-socket",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Hang up, within two seconds; what was heard before is still told."""
        with self._guard:
            self._stopping.set()
            link = self._link
        if link is not None:
            link.close()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        if self._hearing is not None:
            self._hearing.close(_JOIN_S)
        self._state = "off"

    def state(self) -> str:
        """See ``LongConnection.state``."""
        return self._state

    def request(
        self, command: str, body: Mapping[str, Any], *, req_id: str = ""
    ) -> Mapping[str, Any]:
        """What the platform answers within ``CALL_S`` when it agrees. Raises ``SendError``.

        ``req_id`` is that of the message or event the request belongs to.
        """
        link = self._link
        if link is None or not link.subscribed:
            raise SendError("not connected", unreachable=True, retry_after_s=2)
        return link.request(command, body, req_id=req_id)

    def task_of(self, req_id: str) -> str:
        """The ``task_id`` of the card that was pressed in this event, "" when it is not known."""
        return self._pressed.get(req_id, "")

    def _live(self, ears: Ears, hearing: Hearing, stopping: threading.Event) -> None:
        """Connect again and again, until told to stop or thrown out."""
        patience = _Patience(self._pace)
        while not stopping.is_set():
            fault = self._once(hearing, stopping)
            if stopping.is_set():
                return
            if self._state == _REPLACED:
                _complain(ears, _REPLACED)
                return
            wait_s = patience.wait_s(fault)
            self._state = "refused" if patience.refusals else "connecting"
            if fault is not None and patience.refusals == 1:
                _complain(ears, str(fault))
            stopping.wait(wait_s)

    def _once(self, hearing: Hearing, stopping: threading.Event) -> SendError | None:
        """One connection from beginning to end; None when it was good for a while."""
        link: Link | None = None
        try:
            link = dial(self._settings.websocket_url, ping_s=self._pace.ping_s)
            self._listen(link, hearing, stopping)
        except SendError as error:
            return error
        except (WebSocketException, OSError) as error:
            logger.info("socket_lost", extra={"platform": self.name, "kind": type(error).__name__})
        finally:
            if link is not None:
                self._let_go(link)
        good = link is not None and link.subscribed
        return None if good else SendError("cannot connect", unreachable=True)

    def _let_go(self, link: Link) -> None:
        with self._guard:
            if self._link is link:  # not the one of an opening since
                self._link = None
        link.close()

    def _listen(self, link: Link, hearing: Hearing, stopping: threading.Event) -> None:
        """Subscribe, and take what is heard until the connection ends."""
        with self._guard:
            if stopping.is_set():
                return
            self._link = link
        link.subscribe(self._settings.bot_id, self._settings.secret.get_secret_value())
        self._state = "connected"
        logger.info("socket_connected", extra={"platform": self.name})
        for frame in link.frames():
            if frame.command not in _HEARD:
                continue
            if _event(frame) == "disconnected_event":
                self._state = _REPLACED
                return
            try:
                self._take(frame, link, hearing)
            except ConnectionClosed:
                return
            except Exception:  # an edge: one frame must not make the robot deaf
                logger.exception("frame_failed", extra={"platform": self.name})

    def _take(self, frame: Frame, link: Link, hearing: Hearing) -> None:
        kind = _event(frame)
        if kind == "enter_chat" and self._welcome:  # within five seconds, or never
            welcome = {"msgtype": "text", "text": {"content": self._welcome}}
            link.tell("aibot_respond_welcome_msg", welcome, req_id=frame.req_id)
        if kind == "template_card_event":
            self._remember(frame)
        message = robot_events.parse(
            frame.body,
            name=self._settings.name,
            sent_at=self._now(),
            req_id=frame.req_id,
            corp_id=self._corp_id,
        )
        if message is not None:
            hearing.put(Inbound(messages=(message,)))

    def _remember(self, frame: Frame) -> None:
        """A card is changed under the ``task_id`` that its event named."""
        detail = frame.body["event"].get("template_card_event")
        known = isinstance(detail, dict)
        self._pressed[frame.req_id] = str(detail.get("task_id", "")) if known else ""
        while len(self._pressed) > _REMEMBERED:
            self._pressed.popitem(last=False)


class _Patience:
    """How long to wait before the next try."""

    def __init__(self, pace: Pace) -> None:
        self._pace, self._next_s = pace, pace.first_retry_s
        self.refusals = 0  # in a row: the keys are not taken

    def wait_s(self, fault: SendError | None) -> float:
        """Seconds; ``fault`` is why it was not connected, None when it was."""
        if fault is not None and fault.permanent:
            self.refusals += 1
            return self._pace.refused_retry_s
        if fault is None:
            self.refusals, self._next_s = 0, self._pace.first_retry_s
        told_s = (fault.retry_after_s if fault else None) or 0.0
        wait_s = self._next_s * random.uniform(0.75, 1.25)  # noqa: S311  (jitter, not a secret)
        self._next_s = min(2 * self._next_s, self._pace.last_retry_s)
        return max(told_s, wait_s)


def _event(frame: Frame) -> str:
    """The kind of an event, "" for what is none."""
    event = frame.body.get("event")
    return str(event.get("eventtype", "")) if isinstance(event, dict) else ""


def _complain(ears: Ears, reason: str) -> None:
    logger.warning("socket_down", extra={"platform": RobotSocket.name, "reason": reason})
    try:
        ears.down(RobotSocket.name, reason)
    except StoreError as error:
        logger.warning("complaint_not_kept", extra={"code": error.code})
