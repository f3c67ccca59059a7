"""From Codility's words to the shared model: pure functions, the one place that knows both vocabularies."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from interviewkit.errors import MalformedResponseError, Outcome
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Dropped,
    Invitation,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    Similarity,
    SimilarityStatus,
    TaskKind,
    TaskResult,
    TemporaryLink,
    moment,
    quick,
    undecoded,
)
from interviewkit.providers.codility.shapes import (
    CodeLive,
    CreditLevel,
    EmbedLink,
    InvitedCandidate,
    SessionDetail,
    SessionSummary,
    SimilarityCheck,
    Task,
    Test,
    Whiteboard,
)

PROVIDER = "codility"

LANGUAGES: Mapping[str, str] = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "c#": "csharp",
    "cs": "csharp",
    "c++": "cpp",
    "rb": "ruby",
    "pas": "pascal",
    "objc": "objective-c",
    "vb": "visual basic",
}
"""`prg_lang` in lower case and without its version → the usual name; the vendor publishes no list of its words."""

_VERSION = re.compile(r"(?<=.)[\s.\d]+$")

SIMILARITY: Mapping[str, SimilarityStatus] = {"acknowledged": SimilarityStatus.ACKNOWLEDGED}
"""`similarity.text` → status. No other word was ever published (https://codility.com/api-documentation/, 2026-11)."""

KINDS: Mapping[str, TaskKind] = {"sql": TaskKind.SQL}
"""Languages that tell another kind of task than coding."""

_LIVE_IDS = "CL-"
"""CodeLive sessions' ids begin so in the vendor's example: `CL-S4SWMD-QY6`."""


# --- ids -------------------------------------------------------------------------------------------------------------


_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://[^/?#]*)?(?P<path>[^?#]*)", re.IGNORECASE)
"""As RFC 3986 takes an address apart, in its appendix B."""


def id_after(word: str, url: str | None) -> str | None:
    """The segment that follows `word` in an address: `KKUFDG-5V5` of `https://…/api/sessions/KKUFDG-5V5/?format=json`.

    Host and query are not looked at.
    """
    address = _ADDRESS.match(url or "")
    segments = [part for part in address["path"].split("/") if part] if address else []
    return next((unquote(found) for before, found in pairwise(segments) if before == word), None)


def reference(session_id: str) -> SessionRef:
    """The reference of a session's id; its kind follows from the id."""
    kind = SessionKind.LIVE if session_id.upper().startswith(_LIVE_IDS) else SessionKind.TAKE_HOME
    return SessionRef(provider=PROVIDER, kind=kind, id=session_id)


def _text(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def _missing(path: str, raw: Any, *, outcome: Outcome | None = None) -> MalformedResponseError:
    return MalformedResponseError(
        f"the answer is not what the vendor documents: nothing that identifies it at {path}",
        paths=(path,), raw=raw, outcome=outcome,
    )  # fmt: skip


# --- sessions --------------------------------------------------------------------------------------------------------

_STATUS: Mapping[tuple[bool, bool, bool], SessionStatus] = {
    # started, evaluated, closed
    (False, False, False): SessionStatus.INVITED,
    (True, False, False): SessionStatus.IN_PROGRESS,  # or being evaluated: no field tells them apart
    (True, False, True): SessionStatus.COMPLETED,
    (True, True, False): SessionStatus.COMPLETED,
    (True, True, True): SessionStatus.COMPLETED,
    (False, True, False): SessionStatus.COMPLETED,
    (False, True, True): SessionStatus.COMPLETED,
    (False, False, True): SessionStatus.UNKNOWN,  # closed and never started: cancelled or expired
}


def status(*, started: bool, evaluated: bool, closed: bool, sealed: bool = False) -> SessionStatus:
    """Where a session stands, derived: Codility has no status field.

    `sealed` says that its detail offers no way to cancel it; one that was never started is then cancelled or expired,
    which no field tells apart.
    """
    found = _STATUS[started, evaluated, closed]
    return SessionStatus.UNKNOWN if sealed and found is SessionStatus.INVITED else found


def summary(row: SessionSummary, account: str) -> Session:
    """A row of a list: it holds no result, so a session that was closed counts as completed."""
    session_id = _text(row.id) or id_after("sessions", row.url)
    if session_id is None:
        raise _missing("$.id", row.raw)
    ref = reference(session_id)
    return quick(Session)(
        ref=ref,
        provider=PROVIDER,
        account=account,
        kind=ref.kind,
        status=status(started=row.start_date is not None, evaluated=False, closed=row.close_date is not None),
        candidate=_person(row, {}),
        assessment_id=id_after("tests", row.campaign_url),
        reference=_text(row.candidate),
        created_at=moment(row.create_date, "$.create_date"),
        started_at=moment(row.start_date, "$.start_date"),
        ended_at=moment(row.close_date, "$.close_date"),
        raw=undecoded(row),
    )


def session(detail: SessionDetail, account: str, *, requested: str) -> Session:
    """One session as a whole. It names itself by its address; else it is the one that was `requested`."""
    ref = reference(_text(detail.id) or id_after("sessions", detail.url) or requested)
    live = detail.codelive or CodeLive()
    started = moment(detail.start_date, "$.start_date") or moment(
        live.candidate_start_date, "$.codelive.candidate_start_date"
    )
    score = _total(detail)
    return quick(Session)(
        ref=ref,
        provider=PROVIDER,
        account=account,
        kind=ref.kind if detail.codelive is None else SessionKind.LIVE,
        status=status(
            started=started is not None,
            evaluated=score is not None,
            closed=detail.close_date is not None,
            sealed=detail.cancel_url is None and "cancel_url" in detail.raw,
        ),
        candidate=_person(detail, _attributes(detail)),
        assessment_id=id_after("tests", detail.campaign_url),
        reference=_text(detail.candidate),
        language=_only_language(detail),
        created_at=moment(detail.create_date, "$.create_date"),
        updated_at=moment(live.last_activity_date, "$.codelive.last_activity_date"),
        started_at=started,
        ended_at=moment(detail.close_date, "$.close_date"),
        candidate_url=detail.test_link,
        interviewer_url=detail.start_codelive_url,
        access_code=_text(live.access_code),
        report_url=detail.report_link,
        score=score,
        raw=undecoded(detail),
    )


def whiteboard(made: Whiteboard, account: str, *, title: str | None, warnings: tuple[Dropped, ...]) -> Session:
    """A new CodeLive session. Raises `MalformedResponseError` where its link does not tell its id: it was created."""
    session_id = id_after("test", made.test_url) or ""
    if not session_id.upper().startswith(_LIVE_IDS):
        raise _missing("$.test_url", made.raw, outcome=Outcome.APPLIED)
    return Session(
        ref=reference(session_id),
        provider=PROVIDER,
        account=account,
        kind=SessionKind.LIVE,
        status=SessionStatus.CREATED,
        title=title,
        candidate_url=made.test_url,
        access_code=_text(made.access_code),
        warnings=warnings,
        raw=undecoded(made),
    )


def _person(row: SessionSummary | SessionDetail, attributes: Mapping[str, Any]) -> Candidate | None:
    if not (row.email or row.first_name or row.last_name or attributes):
        return None
    return Candidate(
        email=row.email or None,
        first_name=row.first_name or None,
        last_name=row.last_name or None,
        attributes=attributes,
    )


def _attributes(detail: SessionDetail) -> dict[str, Any]:
    """Pre-test answers and `additional_data` under the vendor's names, those that were left out not among them."""
    data = detail.candidate_data
    if data is None:
        return {}
    names = ("field_of_study", "school", "academic_degree", "programming_experience", "profile_url", "additional_data")
    answers = {name: getattr(data, name) for name in names}
    return {name: value for name, value in answers.items() if value is not None and value != {}}


# --- reports ---------------------------------------------------------------------------------------------------------


def report(detail: SessionDetail, account: str, *, requested: str, fetched_at: datetime | None) -> Report:
    """A session's report. It is final once the session is evaluated: only the similarity check may still come."""
    found = session(detail, account, requested=requested)
    return quick(Report)(
        ref=found.ref,
        provider=PROVIDER,
        account=account,
        session=found,
        status=found.status,
        score=found.score,
        tasks=_tasks(detail),
        similarity=similarity(detail.similarity),
        artifacts=_artifacts(detail, found),
        is_final=found.score is not None,
        fetched_at=fetched_at,
        raw=undecoded(detail),
    )


def similarity(check: SimilarityCheck | None) -> Similarity:
    """What the check says; its report is opened by `report_link`, since the address in the payload needs a login."""
    if check is None:
        return Similarity(status=SimilarityStatus.NONE)
    known = SIMILARITY.get((check.text or "").casefold(), SimilarityStatus.UNKNOWN)
    return Similarity(status=known, vendor_status=check.text)


def language(word: str | None) -> str | None:
    """The usual name of a language, in lower case and without its version."""
    plain = _VERSION.sub("", (word or "").casefold())
    return LANGUAGES.get(plain, plain) or None


def _tasks(detail: SessionDetail) -> tuple[TaskResult, ...]:
    tasks = (detail.evaluation.tasks if detail.evaluation else None) or ()
    if not tasks:
        return ()
    rows = (detail.raw.get("evaluation") or {}).get("tasks") or [{}] * len(tasks)
    both = enumerate(zip(tasks, rows, strict=True))
    return tuple(_task(task, raw, f"$.evaluation.tasks[{at}]") for at, (task, raw) in both)


def _task(task: Task, raw: dict[str, Any], path: str) -> TaskResult:
    word = language(task.prg_lang)
    return quick(TaskResult)(
        id=task.name,
        title=task.task_name or task.name,
        kind=TaskKind.UNKNOWN if word is None else KINDS.get(word, TaskKind.CODING),
        language=word,
        vendor_language=task.prg_lang,
        score=_score(task.result, task.max_result, path),
        raw=raw,
    )


def _only_language(detail: SessionDetail) -> str | None:
    """The language of all tasks that were solved, if it is one."""
    tasks = (detail.evaluation.tasks if detail.evaluation else None) or ()
    words = {language(task.prg_lang) for task in tasks if task.prg_lang}
    return words.pop() if len(words) == 1 else None


def _total(detail: SessionDetail) -> Score | None:
    found = detail.evaluation
    return None if found is None else _score(found.result, found.max_result, "$.evaluation")


def _score(points: float | str | None, max_points: float | str | None, path: str) -> Score | None:
    """Points as they are given; some integrations get numbers as text."""
    given = _number(points, f"{path}.result")
    return None if given is None else Score(points=given, max_points=_number(max_points, f"{path}.max_result"))


def _number(value: float | str | None, path: str) -> float | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return value
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise MalformedResponseError(
            f"the answer is not what the vendor documents: no number at {path}", paths=(path,), raw=value
        )
    return found


def _artifacts(detail: SessionDetail, found: Session) -> tuple[Artifact, ...]:
    begun = found.status in {SessionStatus.IN_PROGRESS, SessionStatus.COMPLETED}
    offered = (
        (ArtifactKind.REPORT, detail.report_link, "text/html", bool(detail.report_link)),
        (ArtifactKind.PDF, None, "application/pdf", begun),
        (ArtifactKind.SIMILARITY, None, "text/html", detail.similarity is not None),
        (ArtifactKind.FEEDBACK, detail.feedback_link, "text/html", bool(detail.feedback_link)),
    )
    return tuple(
        quick(Artifact)(ref=found.ref, kind=kind, url=url, media_type=media_type, needs_auth=True)
        for kind, url, media_type, there in offered
        if there
    )


def link(made: EmbedLink) -> TemporaryLink:
    """A link that opens without a login."""
    return TemporaryLink(url=made.url, expires_at=moment(made.valid_until, "$.valid_until"))


# --- tests, invitations, the account ---------------------------------------------------------------------------------


def assessment(test: Test, account: str) -> Assessment:
    """A test."""
    test_id = _text(test.id) or id_after("tests", test.url)
    if test_id is None:
        raise _missing("$.id", test.raw)
    return Assessment(
        id=test_id,
        provider=PROVIDER,
        account=account,
        title=test.name,
        kind=SessionKind.TAKE_HOME,
        created_at=moment(test.create_date, "$.create_date"),
        is_archived=test.is_archived,
        public_url=test.public_test_link,
        raw=undecoded(test),
    )


def invitation(
    row: InvitedCandidate, account: str, *, candidate: Candidate, assessment_id: str, sent_id: str,
    warnings: tuple[Dropped, ...],
) -> Invitation:  # fmt: skip
    """A candidate's invitation, which no mail went with. Raises `MalformedResponseError`: the invitation stands."""
    session_id = id_after("sessions", row.session_url) or id_after("test", row.test_link)
    if session_id is None:
        raise _missing("$.candidates[].session_url", row.raw, outcome=Outcome.APPLIED)
    return Invitation(
        ref=reference(session_id),
        provider=PROVIDER,
        account=account,
        url=row.test_link,
        candidate=candidate,
        assessment_id=assessment_id,
        reference=sent_id,
        email_sent=False,
        warnings=warnings,
        raw=undecoded(row),
    )


def account_status(found: CreditLevel) -> AccountStatus:
    """What is left of the credits; the credentials are good, or there was no answer."""
    return AccountStatus(
        ok=True,
        remaining=found.credits_available,
        level=found.level,
        message=found.message,
        raw=undecoded(found),
    )
