"""Writes that happen once, and what vendors tell by webhook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Text

revision = "0002"
down_revision = "0001"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the ledger's table and the inbox."""
    _make_ledger()
    _make_inbox()


def _make_ledger() -> None:
    op.create_table(
        "operation",
        Column("id", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("assessment_id", Text),
        Column("reference", Text),
        Column("subject", Text),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("started_at", Moment, nullable=False),
        Column("broke_at", Moment),
        Column("settled_at", Moment),
        Column("fields", Text, nullable=False),
        Column("request", Text),
        Column("baseline", Text),
        Column("result", Text),
        Column("ref", Text),
        Column("error", Text),
        Column("fence", BigInteger, nullable=False),
        Column("holder", Text),
        Column("lease_until", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_operation"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_operation_account", "operation", ["account", "state"])
    op.create_index("ix_operation_ref", "operation", ["account", "ref"])
    op.create_index("ix_operation_reference", "operation", ["account", "reference"])
    op.create_index("ix_operation_subject", "operation", ["subject"])


def _make_inbox() -> None:
    op.create_table(
        "webhook",
        Column("account", Text, nullable=False),
        Column("dedupe_key", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("type", Text),
        Column("ref", Text),
        Column("reference", Text),
        Column("subject", Text),
        Column("state", Text, nullable=False),
        Column("is_verified", Boolean, nullable=False),
        Column("headers", Text),
        Column("body", LargeBinary),
        Column("received_at", Moment, nullable=False),
        Column("copies", Integer, nullable=False),
        Column("due_at", Moment),
        Column("retried_at", Moment),
        Column("tries", Integer, nullable=False),
        Column("done_at", Moment),
        Column("acknowledged_at", Moment),
        Column("error", Text),
        Column("fence", BigInteger, nullable=False),
        Column("holder", Text),
        Column("lease_until", Moment),
        sa.PrimaryKeyConstraint("account", "dedupe_key", name="pk_webhook"),
    )
    op.create_index("ix_webhook_due", "webhook", ["state", "due_at"])
    op.create_index("ix_webhook_ref", "webhook", ["account", "ref"])
    op.create_index("ix_webhook_subject", "webhook", ["account", "subject"])
