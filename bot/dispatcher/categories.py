"""Categories as people say them: by a part of the name, the outer one for those inside it."""

from collections.abc import Sequence


def outermost(paths: Sequence[str]) -> list[str]:
    """The categories that are in no other one."""
    return list(dict.fromkeys(path.partition("/")[0] for path in paths))


def alike(paths: Sequence[str], words: str) -> list[str]:
    """Categories with this name, else those whose name contains it or is in it; each by its name.

    One that is inside another such is left out.
    """
    folded = words.casefold()
    chains = [path.split("/") for path in paths]
    exact = [name for chain in chains for name in chain if name.casefold() == folded]
    if exact:
        return exact[:1]
    named = (next((n for n in chain if folded in n.casefold()), "") for chain in chains)
    return list(dict.fromkeys(name for name in named if name))
