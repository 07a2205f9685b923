"""What Alembic runs for every command: the connection comes from ``store.schema``."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from store import models, schema

# Drafts name plain SQLAlchemy types: a migration must not change when our own types do.
_RENDERED = {
    models.Instant: "steps.INSTANT",
    models.Json: "steps.JSON",
}


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(item, AutoString):
        return f"sa.String({item.length})"
    if type(item) in _RENDERED:
        autogen.imports.add("from store.migrations import steps")
        return _RENDERED[type(item)]
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite changes a column only by building the table anew
    render_item=_render,
    **schema.COMPARED,
)
with context.begin_transaction():
    context.run_migrations()
