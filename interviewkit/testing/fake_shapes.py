"""The fake vendor's words as classes, and what they mean in the shared model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from interviewkit.errors import MalformedResponseError
from interviewkit.http.wire import Page
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Decision,
    Invitation,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    Similarity,
    SimilarityStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TestCaseResult,
    TimelineEvent,
    TimelineKind,
    moment,
    undecoded,
)

NAME = "fake"

STATUSES: Mapping[str, SessionStatus] = {
    "created": SessionStatus.CREATED,
    "invited": SessionStatus.INVITED,
    "started": SessionStatus.IN_PROGRESS,
    "submitted": SessionStatus.SUBMITTED,
    "finished": SessionStatus.COMPLETED,
    "cancelled": SessionStatus.CANCELLED,
    "expired": SessionStatus.EXPIRED,
}
DECISIONS = {"accepted": Decision.ACCEPTED, "rejected": Decision.REJECTED}
KINDS = {"live": SessionKind.LIVE, "take_home": SessionKind.TAKE_HOME}
TASK_KINDS = {"coding": TaskKind.CODING, "project": TaskKind.PROJECT, "sql": TaskKind.SQL}
ARTIFACTS = {"pdf": ArtifactKind.PDF, "submission": ArtifactKind.SUBMISSION}
TIMELINE = {"joined": TimelineKind.JOINED, "left": TimelineKind.LEFT, "ran": TimelineKind.RAN}
SIMILARITIES = {"none": SimilarityStatus.NONE, "suspected": SimilarityStatus.SUSPECTED}

Raw = dict[str, Any]


@attrs.frozen(kw_only=True)
class Person:
    """A candidate."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    attributes: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class SessionRow:
    """A session, as every answer has it; the answer to an invitation also says whether it was `mailed`."""

    id: str
    kind: str | None = None
    state: str | None = None
    title: str | None = None
    language: str | None = None
    assessment: str | None = None
    reference: str | None = None
    verdict: str | None = None
    points: float | None = None
    max_points: float | None = None
    candidate: Person | None = None
    tags: list[str] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    access_code: str | None = None
    candidate_url: str | None = None
    interviewer_url: str | None = None
    mailed: bool | None = None
    raw: Raw = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class AssessmentRow:
    """An assessment."""

    id: str
    title: str | None = None
    kind: str | None = None
    created_at: str | None = None
    archived: bool | None = None
    public_url: str | None = None
    raw: Raw = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class CaseRow:
    """A test case."""

    name: str | None = None
    passed: bool | None = None
    points: float | None = None


@attrs.frozen(kw_only=True)
class FileRow:
    """A source file."""

    path: str
    content: str | None = None


@attrs.frozen(kw_only=True)
class TaskRow:
    """A task of a report."""

    id: str | None = None
    title: str | None = None
    kind: str | None = None
    language: str | None = None
    points: float | None = None
    max_points: float | None = None
    files: list[FileRow] | None = None
    cases: list[CaseRow] | None = None


@attrs.frozen(kw_only=True)
class EventRow:
    """A moment of a session."""

    at: str | None = None
    kind: str | None = None
    name: str | None = None
    email: str | None = None


@attrs.frozen(kw_only=True)
class DocumentRow:
    """A file beside a report."""

    name: str
    kind: str
    media_type: str | None = None


@attrs.frozen(kw_only=True)
class ReportRow:
    """A report."""

    session: SessionRow
    notes: str | None = None
    tasks: list[TaskRow] | None = None
    events: list[EventRow] | None = None
    similarity: str | None = None
    files: list[DocumentRow] | None = None
    raw: Raw = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class LinkRow:
    """A link that opens without a login."""

    url: str
    expires_at: str | None = None


@attrs.frozen(kw_only=True)
class AccountRow:
    """What is left of the plan."""

    used: int
    limit: int | None = None
    plan: str | None = None
    raw: Raw = attrs.field(factory=dict, repr=False, eq=False)


def _score(points: float | None, max_points: float | None) -> Score | None:
    return None if points is None else Score(points=points, max_points=max_points)


def _session_ref(row: SessionRow) -> SessionRef:
    if not row.id:
        raise MalformedResponseError("a session without an id at $.id", paths=("$.id",), raw=row.raw)
    return SessionRef(provider=NAME, kind=SessionKind.LIVE, id=row.id)


def session(row: SessionRow, account: str) -> Session:
    """A session row as a `Session`."""
    return Session(
        ref=_session_ref(row), provider=NAME, account=account, kind=KINDS.get(row.kind or "", SessionKind.LIVE),
        status=STATUSES.get(row.state or "", SessionStatus.UNKNOWN), vendor_status=row.state,
        decision=DECISIONS.get(row.verdict or ""), title=row.title, candidate=candidate(row.candidate),
        assessment_id=row.assessment, reference=row.reference, language=row.language, tags=tuple(row.tags or ()),
        created_at=moment(row.created_at, "$.created_at"), updated_at=moment(row.updated_at, "$.updated_at"),
        started_at=moment(row.started_at, "$.started_at"), ended_at=moment(row.ended_at, "$.ended_at"),
        candidate_url=row.candidate_url, interviewer_url=row.interviewer_url, access_code=row.access_code,
        score=_score(row.points, row.max_points), raw=undecoded(row),
    )  # fmt: skip


def candidate(row: Person | None) -> Candidate | None:
    """A person as a `Candidate`."""
    if row is None:
        return None
    return Candidate(
        email=row.email, name=row.name, first_name=row.first_name, last_name=row.last_name, phone=row.phone, id=row.id,
        attributes=row.attributes or {},
    )  # fmt: skip


def invitation(row: SessionRow, account: str) -> Invitation:
    """The answer to an invitation as an `Invitation`."""
    return Invitation(
        ref=_session_ref(row), provider=NAME, account=account, url=row.candidate_url,
        candidate=candidate(row.candidate), assessment_id=row.assessment, reference=row.reference,
        email_sent=row.mailed, raw=undecoded(row),
    )  # fmt: skip


def assessment(row: AssessmentRow, account: str) -> Assessment:
    """An assessment row as an `Assessment`."""
    return Assessment(
        id=row.id, provider=NAME, account=account, title=row.title, kind=KINDS.get(row.kind or ""),
        created_at=moment(row.created_at, "$.created_at"), is_archived=row.archived, public_url=row.public_url,
        raw=undecoded(row),
    )  # fmt: skip


def report(row: ReportRow, account: str) -> Report:
    """A report as a `Report`; the row of its session stands in the report's own JSON."""
    whole = row.raw
    found = attrs.evolve(session(row.session, account), raw=whole["session"])
    return Report(
        ref=found.ref, provider=NAME, account=account, session=found, status=found.status,
        vendor_status=found.vendor_status, decision=found.decision, score=found.score, notes=row.notes,
        tasks=tuple(_task(task, raw) for task, raw in zip(row.tasks or (), whole.get("tasks") or (), strict=True)),
        timeline=tuple(_event(one, raw) for one, raw in zip(row.events or (), whole.get("events") or (), strict=True)),
        similarity=None if row.similarity is None else Similarity(
            status=SIMILARITIES.get(row.similarity, SimilarityStatus.UNKNOWN), vendor_status=row.similarity
        ),
        artifacts=tuple(_artifact(one, found.ref) for one in row.files or ()),
        is_final=found.status in {SessionStatus.COMPLETED, SessionStatus.CANCELLED}, raw=undecoded(row),
    )  # fmt: skip


def _task(row: TaskRow, raw: Raw) -> TaskResult:
    cases = [
        TestCaseResult(name=case.name, passed=case.passed, max_points=case.points, raw=one)
        for case, one in zip(row.cases or (), raw.get("cases") or (), strict=True)
    ]
    return TaskResult(
        id=row.id, title=row.title, kind=TASK_KINDS.get(row.kind or "", TaskKind.UNKNOWN), vendor_language=row.language,
        language=row.language and row.language.lower(), score=_score(row.points, row.max_points),
        files=tuple(SourceFile(path=one.path, content=one.content) for one in row.files or ()), test_cases=tuple(cases),
        raw=raw,
    )  # fmt: skip


def _event(row: EventRow, raw: Raw) -> TimelineEvent:
    return TimelineEvent(
        at=moment(row.at, "$.events.at"), kind=TIMELINE.get(row.kind or "", TimelineKind.OTHER), vendor_kind=row.kind,
        actor=row.name, actor_email=row.email, raw=raw,
    )  # fmt: skip


def _artifact(row: DocumentRow, ref: SessionRef) -> Artifact:
    kind = ARTIFACTS.get(row.kind, ArtifactKind.SUBMISSION)
    return Artifact(ref=ref, kind=kind, media_type=row.media_type, needs_auth=True, name=row.name)


def account_status(row: AccountRow) -> AccountStatus:
    """The plan as an `AccountStatus`."""
    left = None if row.limit is None else row.limit - row.used
    return AccountStatus(ok=True, used=row.used, remaining=left, limit=row.limit, level=row.plan, raw=undecoded(row))


def page_of(page: Page[Any], translate: Any, account: str) -> Page[Any]:
    """A page of rows as a page of the shared model."""
    return page.map(lambda row: translate(row, account))
