"""The store's tables. A change here needs a migration in `migrations/versions`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

VERSION_TABLE = "interviewkit_version"
"""Where the migration stands; other programs in the same database may have Alembic's own table."""
REPORT_SCHEMA = 1
"""The version of what stands in `report.payload`."""


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, on databases that keep zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _written if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Whatever text callers give. PostgreSQL keeps no NUL, and no database a lone surrogate: they are written out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else _UNKEPT.sub(lambda found: f"\x1a{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else _WRITTEN_OUT.sub(lambda found: chr(int(found[1], 16)), value)


_UNKEPT = re.compile("[\0\x1a\ud800-\udfff]")
_WRITTEN_OUT = re.compile("\x1a([0-9a-f]{4})")


def _written(value: datetime | None) -> str | None:
    """A time as SQLAlchemy writes it into SQLite, only quicker: a report has a handful of them."""
    if value is None:
        return None
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

_DUE = text("due_at IS NOT NULL")

account = Table(
    "account",
    metadata,
    Column("account", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("scope", Text, nullable=False),  # which request limit it shares: a fingerprint, never a key
    Column("parked", Text),  # why nobody harvests it until it is asked for by hand
    Column("next_due", Moment),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("holder", Text),  # who holds the lease; still set after a crash
    Column("lease_until", Moment),
)

rate_scope = Table(
    "rate_scope",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("state", Text, nullable=False, default="{}"),  # endpoint -> times of its requests
    Column("blocked_until", Moment),
)

stream_state = Table(
    "stream_state",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("scan", Text),  # full, news, or null between scans
    Column("cursor", Text),
    Column("started_at", Moment),
    Column("next_mark", Text),  # becomes `mark` when the scan is complete
    Column("mark", Text),
    Column("generation", BigInteger, nullable=False, default=0),  # counts full scans
    Column("total", BigInteger),
    Column("skipped", BigInteger, nullable=False, default=0),  # rows of this scan that are no items
    Column("added", BigInteger, nullable=False, default=0),  # items that this scan found first
    Column("unstable", Boolean, nullable=False, default=False),
    Column("partial", Boolean, nullable=False, default=False),  # a part could not be read: nobody is found missing
    Column("full_at", Moment),  # when the last complete full scan ended
    Column("news_at", Moment),
    Column("suspicious", BigInteger),  # so many rows were missing that nobody was marked
)

item = Table(
    "item",
    metadata,
    Column("account", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("stream", Text, nullable=False),
    Column("phase", Text, nullable=False),  # open, final, gone, unreadable: see items.Phase
    Column("due_at", Moment),
    Column("at", Moment),  # the session's latest time, for `since`
    Column("digest", Text, nullable=False),  # of the row as it was last listed
    Column("done_digest", Text),  # of the row whose report was read last
    Column("memo", Text),
    Column("requests", Integer, nullable=False, default=1),
    Column("reads", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("missed_at", Moment),  # first 404
    Column("generation", BigInteger, nullable=False, default=0),  # of the full scan that saw it last
    Column("error", Text),
    Index("ix_item_due", "account", "due_at", sqlite_where=_DUE, postgresql_where=_DUE),
    Index("ix_item_generation", "account", "stream", "generation"),
    sqlite_with_rowid=False,  # clustered by its key: reports are read, and their items changed, in that order
)

report = Table(
    "report",
    metadata,
    Column("account", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
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
    Column("payload", Text, nullable=False),  # the whole report, as interviewkit.to_json writes it
    Column("content_hash", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("deleted_at", Moment),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("ref", Text),
    Column("raw", LargeBinary),
    Column("error", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

artifact = Table(
    "artifact",
    metadata,
    Column("account", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("media_type", Text),
    Column("sha256", Text),  # null: it could not be had, see `error`
    Column("size", BigInteger),
    Column("error", Text),
    Column("fetched_at", Moment, nullable=False),
    Index("ix_artifact_sha256", "sha256"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("hash", Text, primary_key=True),  # keyed; the key lies outside the store
    Column("key_id", Text, nullable=False),
    Column("erased_at", Moment, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("state", Text, nullable=False),  # how it ended: outcomes.State
    Column("requests", BigInteger, nullable=False),
    Column("throttled", BigInteger, nullable=False),
    Column("new", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("unreadable", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("error", Text),
    Index("ix_run_account", "account", "ended_at"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("delivered_at", Moment, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # a hash of account, name, assessment and reference
    Column("account", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),  # the protocol's method
    Column("assessment_id", AnyText),
    Column("reference", AnyText),
    Column("subject", Text),  # a hash that operations share whose results the vendor's lists cannot tell apart
    Column("state", Text, nullable=False),  # see ledger.State
    Column("attempts", Integer, nullable=False, default=0),
    Column("started_at", Moment, nullable=False),
    Column("broke_at", Moment),  # when the last attempt's answer stayed away
    Column("settled_at", Moment),
    Column("fields", Text, nullable=False),  # field -> hash of what was asked for
    Column("request", Text),  # what looking for the result takes; null once it is settled
    Column("baseline", Text),  # what was there before the first attempt
    Column("result", Text),
    Column("ref", Text),  # of the session that came of it
    Column("error", AnyText),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("holder", Text),
    Column("lease_until", Moment),
    Index("ix_operation_account", "account", "state"),
    Index("ix_operation_ref", "account", "ref"),
    Index("ix_operation_reference", "account", "reference"),
    Index("ix_operation_subject", "subject"),
)

webhook = Table(
    "webhook",
    metadata,
    Column("account", Text, primary_key=True),
    Column("dedupe_key", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("type", Text),  # null: it could not be read
    Column("ref", Text),
    Column("reference", AnyText),
    Column("subject", Text),  # a hash of the session: its events are processed in their order; null once done with
    Column("state", Text, nullable=False),  # see webhooks.EventState
    Column("is_verified", Boolean, nullable=False, default=False),
    Column("headers", Text),  # those that its reading takes
    Column("body", LargeBinary),  # null once it is done with
    Column("received_at", Moment, nullable=False),
    Column("copies", Integer, nullable=False, default=1),  # how often it came
    Column("due_at", Moment),
    Column("retried_at", Moment),  # when a person asked for another day of trying
    Column("tries", Integer, nullable=False, default=0),
    Column("done_at", Moment),
    Column("acknowledged_at", Moment),  # when a person took note that it failed or cannot be read
    Column("error", AnyText),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("holder", Text),
    Column("lease_until", Moment),
    Index("ix_webhook_due", "state", "due_at"),
    Index("ix_webhook_ref", "account", "ref"),
    Index("ix_webhook_subject", "account", "subject"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
