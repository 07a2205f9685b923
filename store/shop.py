"""Whether the shop takes orders."""

from datetime import UTC

from store.db import Tx
from store.models import ShopState


def is_open(tx: Tx, *, lock: bool = False) -> bool:
    """Open until somebody closed it; ``lock``: nobody does before the transaction ends."""
    row = tx.get(ShopState, ShopState.ONLY, with_for_update=lock, populate_existing=lock)
    return row is None or row.open


def set_open(tx: Tx, *, open: bool, actor: str) -> bool:  # noqa: A002  (the trade's word)
    """Open or close the shop for new orders; returns whether that changed anything."""
    row = tx.get(ShopState, ShopState.ONLY, with_for_update=True) or ShopState()
    if row.open == open:
        return False
    at = tx.now.astimezone(UTC).isoformat()  # tells this change from a later one
    tx.changes.append({"kind": "shop", "before": row.open, "after": open, "version": at})
    row.open, row.changed_by, row.changed_at = open, actor, tx.now
    tx.add(row)
    return True
