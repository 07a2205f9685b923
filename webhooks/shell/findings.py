"""What a doctor finds: the checks of a shop, and how they are shown."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from json import dumps
from typing import Any, Literal

from pydantic import SecretStr

from bot.settings import Settings
from bot.settings.kinds import Section

State = Literal["ok", "warning", "fault"]
HIDDEN = "***"
_MARKS = {"ok": "✓", "warning": "!", "fault": "✗"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``cure`` says what to do about it, "" when nothing need be done."""

    name: str
    state: State
    detail: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything looked at; ``settings`` are the effective ones without a secret in them."""

    settings: Mapping[str, Any]
    checks: tuple[Check, ...]

    @property
    def faults(self) -> list[Check]:
        """What must be mended."""
        return [check for check in self.checks if check.state == "fault"]

    def document(self) -> dict[str, Any]:
        """The report for machines."""
        checks = [asdict(check) for check in self.checks]
        return {"ok": not self.faults, "settings": dict(self.settings), "checks": checks}

    def lines(self) -> Iterator[str]:
        """The report for people: a line a section, a line a check, each cure under its check."""
        for section, values in self.settings.items():
            yield f"{section}: {', '.join(_flat(values))}"
        for check in self.checks:
            yield f"{_MARKS[check.state]} {check.name}: {check.detail}"
            if check.cure:
                yield f"    → {check.cure}"


Examination = Callable[[], Iterable[Check]]


def guarded(secrets: Iterable[str], name: str, examination: Examination) -> Iterator[Check]:
    """The checks; one that breaks is a fault itself, and the others are made all the same."""
    try:
        yield from list(examination())
    except Exception as error:  # noqa: BLE001  (the edge: a doctor tells what he could not do)
        first = next(iter(str(error).splitlines()), "")
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            first = first.replace(secret, HIDDEN)
        yield Check(name, "fault", f"{type(error).__name__}: {first}")


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as JSON has them; a secret is ``HIDDEN`` when set, "" when empty."""
    return {name: _shown(value) for name, value in settings}


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, Section):
        return {name: _shown(inner) for name, inner in value}
    return [_shown(inner) for inner in value] if isinstance(value, tuple) else value


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """``key=value`` for every value, inner sections' keys with dots."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={dumps(value, ensure_ascii=False)}"
