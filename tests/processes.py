"""Other processes that tests start: small scripts that use the project."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def start(script: str, *arguments: str, at: Path = ROOT) -> "subprocess.Popen[str]":
    """Run a Python script with the project found in ``at``; its three streams are pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": str(at)},
        cwd=at,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: "subprocess.Popen[str]") -> None:
    """Wait for the script's line ``ready``."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "ready\n", process.communicate()


def go(process: "subprocess.Popen[str]") -> None:
    """Send the line the script waits for."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def ended(process: "subprocess.Popen[str]", timeout_s: float = 60) -> str:
    """What the script printed since; it must have ended well."""
    out, err = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, err
    return out
