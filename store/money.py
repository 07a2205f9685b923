"""Money is integer fen everywhere; yuan exists only as text."""

import re

MAX_PRICE_FEN = 100_000_000  # one million yuan: keeps 50 lines x 9999 units far below 2**53

_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")


def to_yuan(fen: int) -> str:
    """``8800`` -> ``"88.00"``, the form of files and pages."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def short_yuan(fen: int) -> str:
    """``8800`` -> ``"88"``, ``990`` -> ``"9.90"``: the form of chat."""
    text = to_yuan(fen)
    return text.removesuffix(".00")


def parse_yuan(text: str) -> int | None:
    """Fen of plain decimal yuan (``88``, ``88.5``, ``88.00``), None when it is no such amount."""
    match = _YUAN.fullmatch(text.strip())
    if match is None:
        return None
    whole, part = match.groups()
    return int(whole) * 100 + int((part or "").ljust(2, "0"))
