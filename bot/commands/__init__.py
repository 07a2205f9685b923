"""The commands. Every module in this package declares some; a new file here is a new command."""

import importlib
import pkgutil
from collections.abc import Iterable


def load(path: Iterable[str], package: str) -> None:
    """Import the modules on ``path`` as part of ``package``; a leading ``_`` keeps one out."""
    for found in pkgutil.iter_modules(list(path)):
        if not found.name.startswith("_"):
            importlib.import_module(f"{package}.{found.name}")


load(__path__, __name__)
