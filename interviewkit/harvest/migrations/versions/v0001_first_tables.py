"""The first tables."""

from __future__ import annotations

from alembic import op

from interviewkit.harvest.schema import counter, metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    metadata.create_all(op.get_bind())
    op.bulk_insert(counter, [{"name": "seq", "value": 0}])
