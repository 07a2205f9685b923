"""Commands that are done, or put back, at a time."""

import sqlalchemy as sa
from alembic import op

from store.migrations import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add their table."""
    steps.create_table(
        "timed_act",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("origin", sa.String(190), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("chat_id", sa.String(120), nullable=False),
        sa.Column("chat_kind", sa.String(8), nullable=False),
        sa.Column("user_id", sa.String(120), nullable=False),
        sa.Column("intent", sa.String(32), nullable=False),
        sa.Column("slots", steps.JSON, nullable=False),
        sa.Column("changes", steps.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("begins_at", steps.INSTANT, nullable=True),
        sa.Column("ends_at", steps.INSTANT, nullable=True),
        sa.Column("due_at", steps.INSTANT, nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.Column("settled_at", steps.INSTANT, nullable=True),
        sa.CheckConstraint(
            "begins_at IS NOT NULL OR ends_at IS NOT NULL", name=op.f("ck_timed_act_moment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timed_act")),
        sa.UniqueConstraint("origin", name=op.f("uq_timed_act_origin")),
        sqlite_autoincrement=True,
    )
    steps.create_index("ix_timed_act_settled_at", "timed_act", ["settled_at"])
    steps.create_index("ix_timed_act_state_due_at", "timed_act", ["state", "due_at"])


def downgrade() -> None:
    """Take it away again."""
    steps.drop_table("timed_act")
