"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, Text

revision = "0001"
down_revision = None

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make all tables."""
    _make_accounts()
    _make_sessions()
    _make_reports()
    _make_books()


def _make_accounts() -> None:
    op.create_table(
        "account",
        Column("account", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("parked", Text),
        Column("next_due", Moment),
        Column("fence", BigInteger, nullable=False),
        Column("holder", Text),
        Column("lease_until", Moment),
        sa.PrimaryKeyConstraint("account", name="pk_account"),
    )
    op.create_table(
        "rate_scope",
        Column("scope", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("blocked_until", Moment),
        sa.PrimaryKeyConstraint("scope", name="pk_rate_scope"),
    )
    op.create_table(
        "stream_state",
        Column("account", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("scan", Text),
        Column("cursor", Text),
        Column("started_at", Moment),
        Column("next_mark", Text),
        Column("mark", Text),
        Column("generation", BigInteger, nullable=False),
        Column("total", BigInteger),
        Column("skipped", BigInteger, nullable=False),
        Column("added", BigInteger, nullable=False),
        Column("unstable", Boolean, nullable=False),
        Column("partial", Boolean, nullable=False),
        Column("full_at", Moment),
        Column("news_at", Moment),
        Column("suspicious", BigInteger),
        sa.PrimaryKeyConstraint("account", "stream", name="pk_stream_state"),
    )


def _make_sessions() -> None:
    op.create_table(
        "item",
        Column("account", Text, nullable=False),
        Column("ref", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("phase", Text, nullable=False),
        Column("due_at", Moment),
        Column("at", Moment),
        Column("digest", Text, nullable=False),
        Column("done_digest", Text),
        Column("memo", Text),
        Column("requests", Integer, nullable=False),
        Column("reads", Integer, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("missed_at", Moment),
        Column("generation", BigInteger, nullable=False),
        Column("error", Text),
        sa.PrimaryKeyConstraint("account", "ref", name="pk_item"),
        sqlite_with_rowid=False,
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_item_due", "item", ["account", "due_at"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_item_generation", "item", ["account", "stream", "generation"])
    op.create_table(
        "unreadable",
        Column("account", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("ref", Text),
        Column("raw", LargeBinary),
        Column("error", Text, nullable=False),
        Column("seen_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("account", "stream", "digest", name="pk_unreadable"),
    )


def _make_reports() -> None:
    op.create_table(
        "report",
        Column("account", Text, nullable=False),
        Column("ref", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("vendor_status", Text),
        Column("decision", Text),
        Column("title", Text),
        Column("candidate_name", Text),
        Column("candidate_email", Text),
        Column("assessment_id", Text),
        Column("reference", Text),
        Column("language", Text),
        Column("score_points", Float),
        Column("score_max", Float),
        Column("created_at", Moment),
        Column("started_at", Moment),
        Column("ended_at", Moment),
        Column("is_final", Boolean, nullable=False),
        Column("fetched_at", Moment, nullable=False),
        Column("payload", Text, nullable=False),
        Column("content_hash", Text, nullable=False),
        Column("schema_version", Integer, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("deleted_at", Moment),
        sa.PrimaryKeyConstraint("account", "ref", name="pk_report"),
        sa.UniqueConstraint("seq"),
    )
    op.create_table(
        "artifact",
        Column("account", Text, nullable=False),
        Column("ref", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text),
        Column("media_type", Text),
        Column("sha256", Text),
        Column("size", BigInteger),
        Column("error", Text),
        Column("fetched_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("account", "ref", "position", name="pk_artifact"),
    )
    op.create_index("ix_artifact_sha256", "artifact", ["sha256"])


def _make_books() -> None:
    op.create_table(
        "erasure",
        Column("hash", Text, nullable=False),
        Column("key_id", Text, nullable=False),
        Column("erased_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_erasure"),
    )
    op.create_table(
        "run",
        Column("id", Integer, nullable=False),
        Column("account", Text, nullable=False),
        Column("started_at", Moment, nullable=False),
        Column("ended_at", Moment, nullable=False),
        Column("state", Text, nullable=False),
        Column("requests", BigInteger, nullable=False),
        Column("throttled", BigInteger, nullable=False),
        Column("new", BigInteger, nullable=False),
        Column("changed", BigInteger, nullable=False),
        Column("unchanged", BigInteger, nullable=False),
        Column("gone", BigInteger, nullable=False),
        Column("unreadable", BigInteger, nullable=False),
        Column("failed", BigInteger, nullable=False),
        Column("error", Text),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_account", "run", ["account", "ended_at"])
    op.create_table(
        "delivery",
        Column("consumer", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("delivered_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("consumer", name="pk_delivery"),
    )
    counter = op.create_table(
        "counter",
        Column("name", Text, nullable=False),
        Column("value", BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.bulk_insert(counter, [{"name": "seq", "value": 0}])
