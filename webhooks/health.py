"""What readiness depends on besides the database; parts of the shop add themselves."""

from collections.abc import Callable, Mapping

States = Callable[[], Mapping[str, str]]
OK = "ok"


class Health:
    """States by name, asked when somebody wants to know; ``ok`` and what is no fault of ours."""

    def __init__(self) -> None:
        self._needed: list[States] = []
        self._watched: list[States] = []

    def need(self, states: States) -> None:
        """The shop is not ready before all of these are ``ok``."""
        self._needed.append(states)

    def watch(self, states: States) -> None:
        """Told, but never a reason to take the process for broken: a platform may be away."""
        self._watched.append(states)

    def needed(self) -> dict[str, str]:
        """What must be ``ok``."""
        return {name: state for states in self._needed for name, state in states().items()}

    def watched(self) -> dict[str, str]:
        """What is merely told."""
        return {name: state for states in self._watched for name, state in states().items()}
