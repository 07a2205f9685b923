"""The demo as a person starts it: a process of its own."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import ROOT

STOP_S = 30


class Demo:
    """A running ``zhanggui demo``; ``pages`` has the addresses it printed: chat, shop, admin."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        command = "from webhooks.cli import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", command, "demo", "--dir", str(folder), "--port", str(port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pages: dict[str, str] = {}
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name, _, address = line.strip().partition(" ")
            if address.strip().startswith("http"):
                self.pages[name] = address.strip()
            if {"chat", "shop", "admin"} <= self.pages.keys():
                return
        raise AssertionError(f"the demo ended with {self._process.wait()}")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.pages["shop"].rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
