"""What a session leaves behind: tasks, files, events, scores, and what lies beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from interviewkit.errors import InterviewKitError
from interviewkit.model.masks import mask_email, mask_secret, mask_url, masked
from interviewkit.model.raw import keep_raw, raw_field
from interviewkit.model.references import SessionRef
from interviewkit.model.sessions import Candidate, Dropped, Score, Session
from interviewkit.model.words import (
    ArtifactKind,
    Decision,
    SessionStatus,
    SimilarityStatus,
    TaskKind,
    TimelineKind,
)


@attrs.frozen(kw_only=True)
class SourceFile:
    """A file as the candidate left it; `content` is `None` when the vendor gives none (a binary file)."""

    path: str
    content: str | None = attrs.field(default=None, repr=mask_secret)
    language: str | None = None
    history_url: str | None = masked(mask_url)


@keep_raw
@attrs.frozen(kw_only=True)
class TestCaseResult:
    """One test case of a task, as the vendor judged it."""

    __test__ = False  # not a test class, whatever its name

    name: str | None = None
    passed: bool | None = None
    max_points: float | None = None
    is_sample: bool | None = None
    output: str | None = attrs.field(default=None, repr=mask_secret)
    expected_output: str | None = attrs.field(default=None, repr=mask_secret)
    raw: dict[str, Any] = raw_field()


@attrs.frozen(kw_only=True)
class Artifact:
    """A file or page beside a report. `url` is `None` where the vendor makes it on request; see `provider.download`."""

    ref: SessionRef
    kind: ArtifactKind
    url: str | None = masked(mask_url)
    media_type: str | None = None
    expires_at: datetime | None = None
    needs_auth: bool = False
    name: str | None = None


@attrs.frozen(kw_only=True)
class TemporaryLink:
    """A link that opens without a login until `expires_at`: pass it on, do not store it."""

    url: str = attrs.field(repr=mask_url)
    expires_at: datetime | None = None


@keep_raw
@attrs.frozen(kw_only=True)
class TaskResult:
    """One task of a report. `description_html` is untrusted HTML; `vendor_language` the vendor's own word."""

    id: str | None = None
    title: str | None = None
    kind: TaskKind = TaskKind.UNKNOWN
    language: str | None = None
    vendor_language: str | None = None
    score: Score | None = None
    files: tuple[SourceFile, ...] = ()
    test_cases: tuple[TestCaseResult, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    auto_submitted: bool | None = None
    description_html: str | None = attrs.field(default=None, repr=mask_secret)
    tags: tuple[str, ...] = ()
    updated_at: datetime | None = None
    raw: dict[str, Any] = raw_field()


@keep_raw
@attrs.frozen(kw_only=True)
class TimelineEvent:
    """One moment of a session; `vendor_kind` is the vendor's own word."""

    at: datetime | None
    kind: TimelineKind
    vendor_kind: str | None = None
    actor: str | None = None
    actor_email: str | None = masked(mask_email)
    detail: str | None = None
    raw: dict[str, Any] = raw_field()


@attrs.frozen(kw_only=True)
class Similarity:
    """What the vendor's plagiarism check says, with its own word."""

    status: SimilarityStatus
    vendor_status: str | None = None
    report_url: str | None = masked(mask_url)


@keep_raw
@attrs.frozen(kw_only=True)
class Report:
    """What a session left behind. `is_final`: the vendor is not expected to add to it (see the vendor's page)."""

    ref: SessionRef
    provider: str
    account: str
    session: Session
    status: SessionStatus
    vendor_status: str | None = None
    decision: Decision | None = None
    score: Score | None = None
    tasks: tuple[TaskResult, ...] = ()
    notes: str | None = attrs.field(default=None, repr=mask_secret)
    timeline: tuple[TimelineEvent, ...] = ()
    similarity: Similarity | None = None
    artifacts: tuple[Artifact, ...] = ()
    is_final: bool = False
    fetched_at: datetime | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = raw_field()

    @property
    def candidate(self) -> Candidate | None:
        """The session's candidate."""
        return self.session.candidate


@attrs.frozen(kw_only=True)
class ReportOutcome:
    """What became of one reference: a report, or the error that came instead."""

    ref: SessionRef | str
    account: str
    report: Report | None = None
    error: InterviewKitError | None = None


@keep_raw
@attrs.frozen(kw_only=True)
class AccountStatus:
    """Whether the credentials are good, and what is left of the plan."""

    ok: bool
    used: int | None = None
    remaining: int | None = None
    limit: int | None = None
    unlimited: bool | None = None
    last_reset_at: datetime | None = None
    level: str | None = None
    message: str | None = None
    raw: dict[str, Any] = raw_field()
