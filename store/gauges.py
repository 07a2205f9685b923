"""Figures an operator watches, each one cheap query."""

from datetime import datetime

from sqlmodel import col, func, select

from store.db import Tx
from store.models import JobRun, Sku, SkuStatus


def low_stock(tx: Tx) -> int:
    """How many SKUs on sale are at or under their reorder point (0 = alerts off)."""
    statement = select(func.count()).where(
        Sku.status == SkuStatus.ON_SALE,
        Sku.reorder_point > 0,
        col(Sku.on_hand) - col(Sku.reserved) <= col(Sku.reorder_point),
    )
    return tx.exec(statement).one()


def job_runs(tx: Tx) -> dict[str, datetime]:
    """When each scheduled job last ran."""
    return dict(tx.exec(select(JobRun.job, func.max(JobRun.ran_at)).group_by(JobRun.job)).all())
