"""Steps that migrations are made of.

Each may run again after a kill: MySQL commits DDL statement by statement.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
JSON = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def create_table(name: str, *parts: sa.Column[Any] | sa.Constraint, **sqlite: bool) -> None:
    """Make a table, on MySQL one that tells ``a`` from ``A`` and keeps emoji.

    ``sqlite``: options of SQLAlchemy's dialect, ``sqlite_...``.
    """
    op.create_table(
        name,
        *parts,
        if_not_exists=True,
        **sqlite,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Make an index. MySQL knows no IF NOT EXISTS here."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column, nullable or with a server default: the version before goes on writing."""
    if column.name not in {found["name"] for found in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)


def drop_column(table: str, name: str) -> None:
    """Drop a column."""
    if name in {found["name"] for found in sa.inspect(op.get_bind()).get_columns(table)}:
        op.drop_column(table, name)


def drop_table(name: str) -> None:
    """Drop a table with its indexes."""
    op.drop_table(name, if_exists=True)
