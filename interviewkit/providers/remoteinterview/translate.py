"""RemoteInterview's and CodeInterview's words in the shared vocabulary: pure functions, and the tables they go by.

Sources: https://www.remoteinterview.io/api and https://codeinterview.io/api (read 2026-11).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from interviewkit.errors import MalformedResponseError
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Decision,
    Dropped,
    Invitation,
    RawJSON,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TestCaseResult,
    epoch_ms,
    quick,
    undecoded,
)
from interviewkit.providers.remoteinterview.shapes import (
    CandidateReport,
    CandidateScore,
    CreatedCandidate,
    CreatedPad,
    Pad,
    ReportTask,
    TaskCode,
    TaskTestCase,
    Test,
    TestCandidate,
)

PROVIDER = "remoteinterview"

# The vendor publishes these two words only, and `accepted` is a recruiter's verdict on a completed test (its list shows
# the word beside a score): https://www.remoteinterview.io/api, read 2026-11. Any other word is UNKNOWN, never a guess.
STATUS: Mapping[str, tuple[SessionStatus, Decision | None]] = {
    "accepted": (SessionStatus.COMPLETED, Decision.ACCEPTED),
    "completed": (SessionStatus.COMPLETED, None),
}
_NO_STATUS: tuple[SessionStatus, Decision | None] = (SessionStatus.UNKNOWN, None)

# Flags stand on project tasks only, as far as the vendor shows; a coding task has none, and is known by its keys.
_FLAGS: Mapping[str, TaskKind] = {
    "is_project": TaskKind.PROJECT,
    "is_sql": TaskKind.SQL,
    "is_multiple_choice": TaskKind.MULTIPLE_CHOICE,
    "is_open_ended": TaskKind.OPEN_ENDED,
}

# "C#" and "C/C++" are the vendor's published words; the latter's compiler takes both languages.
_LANGUAGES: Mapping[str, str] = {"c#": "csharp", "c/c++": "cpp", "c++": "cpp", "f#": "fsharp"}

_CODE_PATH = "main"
"""The vendor names no file: what the candidate wrote is given this path, without a suffix that would be a guess."""


def candidate_ref(test_id: str, candidate_id: str) -> SessionRef:
    """The reference of a candidate of a test. Raises `MalformedResponseError` for an id that is empty."""
    return SessionRef(provider=PROVIDER, kind=SessionKind.TAKE_HOME, id=_identity(candidate_id), parent=test_id)


def pad_ref(pad_id: str) -> SessionRef:
    """The reference of a live pad. Raises `MalformedResponseError` for an id that is empty."""
    return SessionRef(provider=PROVIDER, kind=SessionKind.LIVE, id=_identity(pad_id))


def _identity(given: str) -> str:
    if not given:
        raise MalformedResponseError("the answer is not what the vendor documents: no id at $.id", paths=("$.id",))
    return given


def identified(test: Test) -> Test:
    """The same test. Raises `MalformedResponseError` for an id that is empty."""
    _identity(test.id)
    return test


def language(word: str | None) -> str | None:
    """A language's name in lower case."""
    return None if not word else _LANGUAGES.get(word.lower(), word.lower())


def assessment(test: Test, *, account: str) -> Assessment:
    """A test; its `timestamp`, whose meaning the vendor does not say, is taken for its creation."""
    return Assessment(
        id=_identity(test.id),
        provider=PROVIDER,
        account=account,
        title=test.title,
        kind=SessionKind.TAKE_HOME,
        created_at=epoch_ms(test.timestamp, "$.timestamp"),
        raw=undecoded(test),
    )


def candidate_session(
    found: TestCandidate | CandidateReport, ref: SessionRef, *, account: str, title: str | None = None
) -> Session:
    """A candidate of a test; `title` is the test's, where it is known."""
    status, decision = STATUS.get(found.status or "", _NO_STATUS)
    return quick(Session)(
        ref=ref,
        provider=PROVIDER,
        account=account,
        kind=SessionKind.TAKE_HOME,
        status=status,
        vendor_status=found.status,
        decision=decision,
        title=title,
        candidate=Candidate(email=found.email, name=found.name, phone=_phone(found.phone), id=found.id),
        assessment_id=ref.parent,
        tags=_tags(found.tags),
        created_at=epoch_ms(found.added_at, "$.added_at"),
        score=_score(found.score),
        raw=undecoded(found),
    )


def pad_session(pad: Pad, *, account: str, end_is_told: bool = True) -> Session:
    """A live pad, its status derived from `ended_at` alone, since the vendor gives none and tells no start.

    A time: COMPLETED. Null: CREATED, the pad is open. No such key: CREATED where the vendor tells the end of pads
    (`end_is_told`: a pad by itself, or a list in which one has ended), else UNKNOWN: the older page's list tells it of
    no pad at all.
    """
    return quick(Session)(
        ref=pad_ref(pad.id),
        provider=PROVIDER,
        account=account,
        kind=SessionKind.LIVE,
        status=_pad_status(pad, end_is_told=end_is_told),
        title=pad.name,
        language=language(pad.language),
        tags=_tags(pad.tags),
        created_at=epoch_ms(pad.timestamp, "$.timestamp"),
        ended_at=epoch_ms(pad.ended_at, "$.ended_at"),
        raw=undecoded(pad),
    )


def _pad_status(pad: Pad, *, end_is_told: bool) -> SessionStatus:
    if pad.ended_at is not None:
        return SessionStatus.COMPLETED
    return SessionStatus.CREATED if end_is_told or "ended_at" in pad.raw else SessionStatus.UNKNOWN


def created_session(
    made: CreatedPad, *, title: str | None, account: str, warnings: tuple[Dropped, ...], reference: str | None = None
) -> Session:
    """A pad that was just created: its one link is everybody's."""
    return Session(
        ref=pad_ref(made.id),
        provider=PROVIDER,
        account=account,
        kind=SessionKind.LIVE,
        status=SessionStatus.CREATED,
        title=title,
        reference=reference,
        candidate_url=made.url,
        warnings=warnings,
        raw=undecoded(made),
    )


def found_session(
    pad: Pad, *, account: str, warnings: tuple[Dropped, ...], reference: str | None = None
) -> Session:  # fmt: skip
    """A pad that was created, but whose answer never came: as the list shows it, without a link."""
    return attrs.evolve(pad_session(pad, account=account), reference=reference, warnings=warnings)


def invitation(
    made: CreatedCandidate, test_id: str, candidate: Candidate, *, account: str, warnings: tuple[Dropped, ...],
    reference: str | None = None,
) -> Invitation:  # fmt: skip
    """An invitation with its link as the vendor gave it: never parsed, re-encoded or made https."""
    return Invitation(
        ref=candidate_ref(test_id, made.id),
        provider=PROVIDER,
        account=account,
        url=made.url,
        candidate=attrs.evolve(candidate, id=made.id),
        assessment_id=test_id,
        reference=reference,
        email_sent=False,
        warnings=warnings,
        raw=undecoded(made),
    )


def found_invitation(
    row: TestCandidate, test_id: str, candidate: Candidate, *, account: str, warnings: tuple[Dropped, ...],
    reference: str | None = None,
) -> Invitation:  # fmt: skip
    """An invitation whose answer never came: as the test's list shows it, without a link."""
    return Invitation(
        ref=candidate_ref(test_id, row.id),
        provider=PROVIDER,
        account=account,
        url=None,
        candidate=attrs.evolve(candidate, id=row.id),
        assessment_id=test_id,
        reference=reference,
        email_sent=False,
        warnings=warnings,
        raw=undecoded(row),
    )


def candidate_report(found: CandidateReport, ref: SessionRef, *, account: str, fetched_at: datetime | None) -> Report:
    """A candidate's report; it is final once the test is completed (a verdict may still follow)."""
    tasks = found.tasks or []
    rows = _raw_rows(found.raw, "tasks", len(tasks))  # decodes `raw`, which the session then shares
    session = candidate_session(found, ref, account=account)
    return quick(Report)(
        ref=ref,
        provider=PROVIDER,
        account=account,
        session=session,
        status=session.status,
        vendor_status=session.vendor_status,
        decision=session.decision,
        score=session.score,
        tasks=tuple(_task(task, ref, rows[at], f"$.tasks[{at}]") for at, task in enumerate(tasks)),
        notes=found.notes if isinstance(found.notes, str) else None,
        is_final=session.status is SessionStatus.COMPLETED,
        fetched_at=fetched_at,
        raw=undecoded(found),
    )


def pad_report(pad: Pad, *, account: str, fetched_at: datetime) -> Report:
    """What a pad left: its last code as one task, and the interviewers' notes; it is final once the pad has ended."""
    session = pad_session(pad, account=account)
    return quick(Report)(
        ref=session.ref,
        provider=PROVIDER,
        account=account,
        session=session,
        status=session.status,
        tasks=() if pad.code is None and pad.language is None else (_pad_task(pad),),
        notes=pad.notes,
        is_final=session.status is SessionStatus.COMPLETED,
        fetched_at=fetched_at,
        raw=undecoded(pad),
    )


def account_status(tests: tuple[Test, ...], unreadable: int) -> AccountStatus:
    """That the key is good, and how many tests it sees."""
    return AccountStatus(
        ok=True,
        message=f"{len(tests) + unreadable} tests to be seen",
        raw=RawJSON({"tests": [undecoded(test) for test in tests]}),  # type: ignore[arg-type]
    )


def _task(task: ReportTask, ref: SessionRef, raw: dict[str, Any], at: str) -> TaskResult:
    written = TaskCode(code=task.code) if isinstance(task.code, str) else task.code or TaskCode()
    word = written.codemode
    cases = task.testcases or []
    rows = _raw_rows(raw, "testcases", len(cases))
    return quick(TaskResult)(
        id=task.id,
        title=task.title,
        kind=_kind(task),
        language=language(word),
        vendor_language=word,
        score=None if task.given_score is None else Score(points=task.given_score, max_points=task.total_score),
        files=_files(written.code, word),
        test_cases=tuple([_test_case(case, row) for case, row in zip(cases, rows, strict=True)]),
        artifacts=tuple(
            Artifact(ref=ref, kind=ArtifactKind.SUBMISSION, url=file.url, name=file.name)
            for file in task.submission or ()
        ),
        auto_submitted=task.is_auto_submitted,
        description_html=task.body,
        tags=_tags(task.tags),
        updated_at=epoch_ms(task.last_updated, f"{at}.last_updated"),
        raw=raw,
    )


def _test_case(case: TaskTestCase, raw: dict[str, Any]) -> TestCaseResult:
    return quick(TestCaseResult)(
        name=case.name,
        passed=case.result,
        max_points=case.points,
        is_sample=case.is_sample,
        output=case.output,
        expected_output=case.expected_output,
        raw=raw,
    )


def _pad_task(pad: Pad) -> TaskResult:
    return TaskResult(
        title=pad.name,
        kind=TaskKind.CODING,
        language=language(pad.language),
        vendor_language=pad.language,
        files=_files(pad.code, pad.language),
        raw=undecoded(pad),
    )


def _kind(task: ReportTask) -> TaskKind:
    flagged = [kind for flag, kind in _FLAGS.items() if getattr(task, flag)]
    if flagged:
        return flagged[0] if len(flagged) == 1 else TaskKind.UNKNOWN
    if task.testcases is not None or task.code is not None:
        return TaskKind.CODING
    return TaskKind.UNKNOWN if task.submission is None else TaskKind.PROJECT


def _files(code: str | None, word: str | None) -> tuple[SourceFile, ...]:
    return () if code is None else (SourceFile(path=_CODE_PATH, content=code, language=language(word)),)


def _score(score: CandidateScore | None) -> Score | None:
    return None if score is None or score.got is None else Score(points=score.got, max_points=score.total)


def _phone(phone: str | int | None) -> str | None:
    return None if phone is None else str(phone)


def _tags(tags: list[Any] | None) -> tuple[str, ...]:
    """Tags that are text; candidates' tags are empty in all of the vendor's samples, others would stay in `raw`."""
    return tuple(tag for tag in tags or () if isinstance(tag, str))


def _raw_rows(owner: dict[str, Any], key: str, count: int) -> list[dict[str, Any]]:
    """The vendor's objects under a key; empty ones where the owner was not read from the vendor's JSON."""
    found = owner.get(key)
    return found if isinstance(found, list) and len(found) == count else [{} for _ in range(count)]
