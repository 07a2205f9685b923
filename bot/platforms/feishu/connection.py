"""Feishu's long connection, seen from the shop (Feishu docs: 使用长连接接收事件).

A child process holds it, see ``bot.platforms.feishu.listener``. Here the child is started, fed
with answers, watched, and started again.
"""

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bot.platforms.base import Ears, Inbound
from bot.platforms.feishu import events
from store.errors import StoreError

logger = logging.getLogger(__name__)

# -P: a folder called bot in the working directory is not taken for ours.
_COMMAND = (sys.executable, "-P", "-m", "bot.platforms.feishu.listener")
_FIRST_S, _MOST_S = 1.0, 60.0  # between two connections; it doubles while they do not last
_LASTED_S = 60.0
_START_S = 60.0  # a child imports the SDK first, which takes a small machine long
_END_S = 1.0  # from asking the child to end until it is killed
_JOIN_S = 0.9  # for the thread, after that; both together are less than two seconds


class FeishuConnection:
    """The long connection of one app.

    ``parse`` makes something of an envelope. ``silence_s``: a connection that shows no sign of life
    for so long is given up (Feishu lets us ping every 120 s).
    """

    name = events.NAME

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        base_url: str,
        parse: Callable[[dict[str, Any]], Inbound],
        silence_s: float = 300.0,
    ) -> None:
        self._credentials = {"app_id": app_id, "app_secret": app_secret, "base_url": base_url}
        self._parse, self._silence_s = parse, silence_s
        self._guard = threading.Lock()
        self._session: _Session | None = None

    def open(self, ears: Ears) -> None:
        """Connect in the background and keep connected; nothing when that is being done."""
        with self._guard:
            if self._session is None:
                hearing = _Hearing(self._parse, ears)
                self._session = _Session(self._credentials, hearing, self._silence_s)

    def close(self) -> None:
        """End the child, within two seconds."""
        with self._guard:
            session, self._session = self._session, None
        if session is not None:
            session.stop()

    def state(self) -> str:
        """``off``, ``connecting`` or ``connected``."""
        with self._guard:
            return "off" if self._session is None else self._session.state


class _Hearing:
    """Brings events to the ears and makes the child's answers of it."""

    def __init__(self, parse: Callable[[dict[str, Any]], Inbound], ears: Ears) -> None:
        self._parse, self._ears = parse, ears
        self._complained = False

    def answered(self, line: dict[str, Any]) -> dict[str, Any]:
        """The answer to the child's line about an event, once the event is durable."""
        try:
            answer = self._heard(line["payload"])
        except StoreError as error:
            logger.warning("feishu_event_not_kept", extra={"reason": error.code})
            return {"event": line["event"], "ok": False}
        except Exception:  # the edge: one event that breaks us must not end the connection
            logger.exception("feishu_event_failed")
            return {"event": line["event"], "ok": False}
        return {"event": line["event"], "ok": True, "answer": answer}

    def refused(self, code: object) -> None:
        """Somebody should know that Feishu does not want us; told once, until it does again."""
        logger.error("feishu_connection_refused", extra={"code": code})
        if not self._complained:
            with suppress(StoreError):  # then it is told at the next refusal
                self._ears.down(events.NAME, f"refused, code {code}")
                self._complained = True

    def welcomed(self) -> None:
        """Feishu took us."""
        logger.info("feishu_connected")
        self._complained = False

    def _heard(self, payload: str) -> Any:
        try:
            envelope = _envelope(payload)
        except (ValueError, RecursionError):  # it would not be better the next time
            logger.warning("feishu_event_malformed", extra={"kind": ""})
            return None
        inbound = self._parse(envelope)
        if inbound.messages or inbound.arrivals:
            self._ears.hear(inbound)
        # Only a press has an answer of its own, and must have one even when it is empty.
        return json.loads(inbound.body) if events.kind_of(envelope) == events.PRESS else None


class _Session:
    """From one ``open`` to its ``close``: one child after the other, in a thread of its own."""

    def __init__(self, credentials: dict[str, str], hearing: _Hearing, silence_s: float) -> None:
        self.state = "connecting"
        self._credentials, self._hearing, self._silence_s = credentials, hearing, silence_s
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._child: _Child | None = None
        self._thread = threading.Thread(target=self._run, name="feishu-connection", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the child and wait for the thread, though not for an event it may be storing."""
        with self._guard:
            self._closing.set()
            child = self._child
        if child is not None:
            child.end()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        pause_s = _FIRST_S
        while not self._closing.is_set():
            began = time.monotonic()
            refused = self._connection()
            self.state = "connecting"
            if time.monotonic() - began > _LASTED_S:
                pause_s = _FIRST_S
            self._closing.wait(_MOST_S if refused else pause_s)
            pause_s = min(2 * pause_s, _MOST_S)

    def _connection(self) -> bool:
        """Hold one connection until it ends; whether it was refused."""
        child = self._started()
        if child is None:
            return False
        try:
            return self._listen(child)
        finally:
            child.release()

    def _started(self) -> "_Child | None":
        with self._guard:
            if self._closing.is_set():
                return None
            try:
                self._child = _Child(self._credentials)
            except OSError as error:
                logger.warning("feishu_child_not_started", extra={"reason": error.strerror})
                return None
            return self._child

    def _listen(self, child: "_Child") -> bool:
        silence_s = max(self._silence_s, _START_S)
        while "lost" not in (line := child.line(silence_s)):
            if "event" in line:
                child.say(self._hearing.answered(line))
            elif "connected" in line:
                self.state, silence_s = "connected", self._silence_s
                self._hearing.welcomed()
            elif "refused" in line:
                self._hearing.refused(line["refused"])
                return True
        if not self._closing.is_set():
            logger.warning("feishu_connection_lost", extra={"reason": line["lost"]})
        return False


class _Child:
    """The process that holds a connection. Raises ``OSError`` when it cannot be started."""

    def __init__(self, credentials: dict[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (a command of our own)
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # tracebacks, with addresses and their tickets in them
            text=True,
            encoding="ascii",
            start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="feishu-child", daemon=True)
        self._reader.start()
        self.say(credentials)

    def say(self, said: dict[str, Any]) -> None:
        """One line to the child; nothing when it has died, which the next ``line`` tells."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(json.dumps(said) + "\n")
                self._process.stdin.flush()

    def line(self, silence_s: float) -> dict[str, Any]:
        """The next line; ``{"lost": reason}`` when there are no more, or none came for so long."""
        try:
            text = self._lines.get(timeout=silence_s)
            return _envelope(text) if text else {"lost": "ended"}
        except queue.Empty:
            return {"lost": "silent"}
        except ValueError:  # it was killed while writing
            return {"lost": "half a line"}

    def end(self) -> None:
        """End the process: asked to first, then killed."""
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def release(self) -> None:
        """End it and give everything back."""
        self.end()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was never written to a child that died
                    pipe.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put("")


def _envelope(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004  (what came in is wrong, not the program)
    return found
