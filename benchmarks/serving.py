"""A real ``zhanggui serve`` on a directory of its own, and a client that keeps connections busy."""

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ZHANGGUI = Path(sys.executable).with_name("zhanggui")
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its port, process id, start-up time in seconds, and its database's URL."""

    port: int
    pid: int
    start_s: float
    database_url: str

    @property
    def rss_mb(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did: answers per status, seconds, and each answer's time in milliseconds."""

    codes: dict[int, int]
    seconds: float
    times_ms: list[float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return sum(self.codes.values()) / self.seconds

    def percentile(self, share: float) -> float:
        """The time in milliseconds that ``share`` of the answers stayed under."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@contextmanager
def served(database_url: str | None = None, **environment: str) -> Iterator[Served]:
    """Serve a new shop on a free port of 127.0.0.1, and stop it at the end."""
    with tempfile.TemporaryDirectory() as place:
        port = _free_port()
        url = database_url or f"sqlite:///{place}/zhanggui.db"
        env = (
            os.environ
            | {"ZHANGGUI__DATABASE__URL": url, "ZHANGGUI__LOG__LEVEL": "error"}
            | environment
        )
        began = time.perf_counter()
        process = subprocess.Popen([ZHANGGUI, "serve", "--port", str(port)], cwd=place, env=env)
        try:
            _wait(port)
            yield Served(port, process.pid, time.perf_counter() - began, url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def load(port: int, *, connections: int, seconds: float, request: Callable[[int], bytes]) -> Load:
    """Keep ``connections`` busy for ``seconds``; ``request(n)`` is the whole n-th request."""
    return asyncio.run(_load(port, connections, seconds, request))


def median(figures: list[float]) -> float:
    """The middle one."""
    return statistics.median(figures)


def say(line: str) -> None:
    """A line of the table."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _load(
    port: int, connections: int, seconds: float, request: Callable[[int], bytes]
) -> Load:
    codes: dict[int, int] = {}
    times_ms: list[float] = []
    numbers = iter(range(10**9))
    end = time.perf_counter() + seconds

    async def keep_busy() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            writer.write(request(next(numbers)))
            status = await _answer(reader)
            times_ms.append((time.perf_counter() - began) * 1000)
            codes[status] = codes.get(status, 0) + 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(keep_busy() for _ in range(connections)))
    return Load(codes, time.perf_counter() - began, times_ms)


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the server did not answer")
