"""Cards that are changed in place, rows said as one, chats that are gone, attachments."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.migrations import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    for table, column in _added():
        steps.add_column(table, column)
    steps.create_table(
        "attachment",
        sa.Column("id", steps.BIG_ID, nullable=False),
        sa.Column("name", sa.String(190), nullable=False),
        sa.Column("mime", sa.String(120), nullable=False),
        sa.Column("content", steps.BLOB, nullable=False),
        sa.Column("created_at", steps.INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sqlite_autoincrement=True,
    )
    steps.create_index("ix_attachment_created_at", "attachment", ["created_at"])


def downgrade() -> None:
    """Take it away again."""
    steps.drop_table("attachment")
    for table, column in _added():
        steps.drop_column(table, column.name)


def _added() -> tuple[tuple[str, sa.Column[Any]], ...]:
    return (
        ("outbox", sa.Column("ref", sa.String(255), nullable=False, server_default="")),
        ("outbox", sa.Column("revision", sa.Integer(), nullable=False, server_default="0")),
        ("outbox", sa.Column("batch", sa.BigInteger(), nullable=True)),
        (
            "outbox",
            sa.Column("unsure", sa.Boolean(), nullable=False, server_default=sa.text("0")),
        ),
        ("chat", sa.Column("disabled", sa.String(80), nullable=False, server_default="")),
    )
