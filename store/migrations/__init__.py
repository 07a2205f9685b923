"""Alembic's migrations of the store's tables, configured and run by ``store.schema``."""
