"""What tests against the stand-ins share: patience with a busy machine."""

import httpx
import pytest

from bot.platforms import calls
from bot.platforms.base import CALL_S

PATIENT_S = 3.0  # a machine that stands still for a second is no platform that does not answer


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TIMEOUT", httpx.Timeout(CALL_S, connect=PATIENT_S))
