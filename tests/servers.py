"""Real ``zhanggui`` processes that drills start, kill, stop and ask."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.processes import ROOT

ENTRY = "from webhooks.cli import main; main()"
START_S = 60.0
ADMIN_TOKEN = "admin-token-of-the-drills"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], *, within_s: float, what: str) -> float:
    """Wait for something; returns the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


class Process:
    """One ``zhanggui`` process; its log goes to a file, which goes on from start to start."""

    def __init__(self, folder: Path, *arguments: str, name: str = "log") -> None:
        self._arguments = arguments
        self._folder = folder
        self._log = folder / f"{name}.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", ENTRY, *self._arguments],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """End it as an operator would; returns the exit code."""
        self.signal(signal.SIGTERM)
        assert self._process is not None
        return self._process.wait(START_S)

    def events(self) -> list[dict[str, Any]]:
        """What it logged, over all its starts; a line that a kill cut short is left out."""
        found = []
        for line in self._log.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return [entry for entry in found if isinstance(entry, dict)]

    def logged(self, event: str) -> int:
        """How often it logged this event."""
        return sum(entry["event"] == event for entry in self.events())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
        self.kill()


class Server(Process):
    """A server on a port of its own that stays the same from start to start."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        super().__init__(folder, *arguments, "--port", str(self.port), name="server")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_ready(self) -> float:
        """Wait until it serves; returns the seconds that took."""
        return wait_until(self.ready, within_s=START_S, what="ready")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-c", ENTRY, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def configure(folder: Path, database_url: str, **sections: dict[str, Any]) -> None:
    """A configuration for a shop that many orders may reach."""
    content = {
        "database": {"url": re.sub(r"^mysql://", "mysql+pymysql://", database_url)},
        "server": {"admin_token": ADMIN_TOKEN},
        "orders": {"rate_limit": ""},
        "log": {"format": "json"},
        **sections,
    }
    (folder / "config.yaml").write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
