"""CoderPad's shapes in the shared model's words: pure functions, the one place that knows both vocabularies."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.errors import MalformedResponseError
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Dropped,
    Invitation,
    RawJSON,
    Report,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TimelineEvent,
    TimelineKind,
    closed,
    moment,
    opened,
    undecoded,
)
from interviewkit.providers.coderpad.shapes import Environment, Event, Pad, PadFields, Quota

if TYPE_CHECKING:
    from interviewkit.providers.coderpad.question_shapes import Question

PROVIDER = "coderpad"

DRAWING_LIFE = timedelta(minutes=5)
"""How long a drawing's signed URL is valid (https://coderpad.io/api, the field `drawing`, read 2026-11)."""

STATES: Mapping[str, SessionStatus] = {
    "pending": SessionStatus.CREATED,
    "draft": SessionStatus.CREATED,
    "started": SessionStatus.IN_PROGRESS,
    "active": SessionStatus.IN_PROGRESS,
    "running": SessionStatus.IN_PROGRESS,
    "ended": SessionStatus.COMPLETED,
    "finished": SessionStatus.COMPLETED,
    "completed": SessionStatus.COMPLETED,
    "deleted": SessionStatus.CANCELLED,
}
"""`state` → status. `pending`, `started` and `ended` are documented, the others were seen live."""

OVER = frozenset({"ended", "auto_ended"})
BEGUN = frozenset({"started", "joined", "left", "ran", "enabled", "disabled"})

KINDS: Mapping[str, SessionKind] = {"take_home": SessionKind.TAKE_HOME, "take-home": SessionKind.TAKE_HOME}
"""`Pad.type` and `Question.pad_type` → kind; a pad of any other type is a live one."""

EVENTS: Mapping[str, TimelineKind] = {
    "joined": TimelineKind.JOINED,
    "left": TimelineKind.LEFT,
    "ran": TimelineKind.RAN,
    "enabled": TimelineKind.EXECUTION_ENABLED,
    "disabled": TimelineKind.EXECUTION_DISABLED,
    "started": TimelineKind.STARTED,
    "ended": TimelineKind.ENDED,
    "auto_ended": TimelineKind.ENDED,
}
"""`Event.kind` → kind; any other word is `OTHER`, such as `added_question`."""

LANGUAGES: Mapping[str, str] = {
    "python3": "python",
    "node": "javascript",
    "nodejs": "javascript",
    "objc": "objective-c",
    "vb": "visual-basic",
}
"""CoderPad's word → the usual name; other words stay as they are. Projects (`multifile_java`) drop their prefix."""

TASK_KINDS: Mapping[str, TaskKind] = {"postgresql": TaskKind.SQL, "mysql": TaskKind.SQL}

_NAMELESS = "main"
"""Older pads hold one text without a file name: it is given this path, without a suffix that would be a guess."""

_SAID = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\S+): (?P<rest>.*)", re.DOTALL)
_RAN = re.compile(r"(?P<actor>.+) (?P<kind>ran) (?P<detail>\S+) code", re.DOTALL)
_DID = re.compile(r"(?P<actor>.+) (?P<kind>\w+) (?:the (?:pad|interview)|code execution)", re.DOTALL)

# --- sessions --------------------------------------------------------------------------------------------------------


def session(
    pad: PadFields, *, account: str, warnings: tuple[Dropped, ...] = (), events: Iterable[Event] | None = None
) -> Session:
    """A pad as a session. `events` are those that were fetched, where the pad itself holds only their URL.

    Raises `MalformedResponseError` for a time that is none.
    """
    known = inline_events(pad) if events is None else tuple(events)
    questions = as_ids(pad.question_ids)
    people = pad.participants
    made = opened(Session)
    made.ref = reference(pad.id)
    made.provider = PROVIDER
    made.account = account
    made.kind = KINDS.get(pad.type or "", SessionKind.LIVE)
    made.status = status(pad, known)
    made.vendor_status = pad.state
    made.title = pad.title
    made.assessment_id = questions[0] if questions else None
    made.language = language(pad.language)
    made.participants = tuple([name for name in people if name is not None]) if people else ()
    made.created_at = moment(pad.created_at, "$.created_at")
    made.updated_at = moment(pad.updated_at, "$.updated_at")
    made.started_at = _started(known) if known else None
    made.ended_at = moment(pad.ended_at, "$.ended_at")
    made.candidate_url = made.interviewer_url = pad.url
    made.playback_url = pad.playback
    made.warnings = warnings
    made.raw = undecoded(pad)
    # What a pad has not:
    made.candidate = made.reference = made.access_code = None
    made.decision = made.score = made.report_url = None
    made.tags = ()
    return closed(made, Session)


def reference(pad_id: str) -> SessionRef:
    """The reference of a pad: all pads share one space of ids, which is called `live`."""
    if not pad_id:
        raise MalformedResponseError("the answer is not what the vendor documents: empty text at $.id", paths=("$.id",))
    made = opened(SessionRef)
    made.provider, made.kind, made.id, made.parent = PROVIDER, SessionKind.LIVE, pad_id, None
    return closed(made, SessionRef)


def status(pad: PadFields, events: Sequence[Event] = ()) -> SessionStatus:
    """Where a pad stands. The first row that fits rules:

    | the pad has | status |
    | --- | --- |
    | a `state` of the table `STATES`, whatever `ended_at` says | the table's |
    | another `state` | `UNKNOWN` |
    | `ended_at` | `COMPLETED` |
    | an event `ended` or `auto_ended` | `COMPLETED` |
    | an event `started`, `joined`, `left`, `ran`, `enabled` or `disabled` | `IN_PROGRESS` |
    | participants | `IN_PROGRESS` |
    | none of these | `CREATED` |
    """
    if pad.state is not None:
        return STATES.get(pad.state) or STATES.get(pad.state.lower(), SessionStatus.UNKNOWN)
    kinds = {event.kind for event in events}
    if pad.ended_at is not None or not OVER.isdisjoint(kinds):
        return SessionStatus.COMPLETED
    if not BEGUN.isdisjoint(kinds) or any(pad.participants or ()):
        return SessionStatus.IN_PROGRESS
    return SessionStatus.CREATED


@functools.lru_cache(maxsize=256)
def language(word: str | None) -> str | None:
    """A language's usual name, in lower case."""
    if not word:
        return None
    plain = word.lower().removeprefix("multifile_")
    return LANGUAGES.get(plain, plain)


def question_ids(pad: PadFields) -> tuple[str, ...]:
    """The ids of the pad's questions, as text."""
    return as_ids(pad.question_ids)


def environment_ids(pad: Pad) -> tuple[str, ...]:
    """The ids of the pad's environments, as text."""
    return as_ids(pad.pad_environment_ids)


def invitation(
    pad: Pad, *, account: str, candidate: Candidate, assessment_id: str | None, warnings: tuple[Dropped, ...]
) -> Invitation:
    """A pad that was made for a candidate, as an invitation: the vendor mails nothing."""
    return Invitation(
        ref=reference(pad.id),
        provider=PROVIDER,
        account=account,
        url=pad.url,
        candidate=candidate,
        assessment_id=assessment_id,
        email_sent=False,
        warnings=warnings,
        raw=undecoded(pad),
    )


def assessment(question: Question, *, account: str) -> Assessment:
    """A question, from which pads are made; one for `any` type of pad has no kind of its own."""
    kinds = {"live": SessionKind.LIVE, **KINDS}
    return Assessment(
        id=str(question.id),
        provider=PROVIDER,
        account=account,
        title=question.title,
        kind=kinds.get(question.pad_type or ""),
        created_at=moment(question.created_at, "$.created_at"),
        raw=undecoded(question),
    )


def account_status(quota: Quota) -> AccountStatus:
    """The quota. `remaining` and `limit` are `None` with an unlimited plan; with overages, pads can go beyond them."""
    limit = quota.billing_cycle_pad_limit
    return AccountStatus(
        ok=True,
        used=quota.pads_used,
        remaining=quota.pads_remaining,
        limit=quota.monthly_pad_limit if limit is None else limit,
        unlimited=quota.unlimited,
        last_reset_at=moment(quota.quota_reset_at, "$.quota_reset_at"),
        raw=undecoded(quota),
    )


# --- reports ---------------------------------------------------------------------------------------------------------


def report(
    pad: Pad, environments: Sequence[Environment], events: Sequence[Event], *,
    account: str, fetched_at: datetime, warnings: tuple[Dropped, ...] = (),
) -> Report:  # fmt: skip
    """A pad, its environments and its events as a report.

    It is final once the pad has ended or is deleted: the API opens no pad again. `raw` holds the three answers.
    """
    found = session(pad, account=account, events=events)
    return Report(
        ref=found.ref,
        provider=PROVIDER,
        account=account,
        session=found,
        status=found.status,
        vendor_status=found.vendor_status,
        tasks=tuple(map(task, environments)) or _only_text(pad),
        notes=pad.notes,
        timeline=timeline(events),
        artifacts=artifacts(pad, fetched_at=fetched_at),
        is_final=found.status in {SessionStatus.COMPLETED, SessionStatus.CANCELLED},
        fetched_at=fetched_at,
        warnings=warnings,
        raw=RawJSON({  # type: ignore[arg-type]  # decoded when it is first read
            "pad": undecoded(pad),
            "environments": [undecoded(environment) for environment in environments],
            "events": pad.raw.get("events") if inline_events(pad) else [undecoded(event) for event in events],
        }),
    )  # fmt: skip


def task(environment: Environment) -> TaskResult:
    """An environment with its files."""
    name = language(environment.language)
    return TaskResult(
        id=str(environment.id),
        kind=TASK_KINDS.get(name or "", TaskKind.CODING),
        language=name,
        vendor_language=environment.language,
        files=tuple(
            SourceFile(path=file.path or _NAMELESS, content=file.contents, language=name, history_url=file.history)
            for file in environment.file_contents or ()
        ),
        updated_at=moment(environment.updated_at, "$.updated_at"),
        raw=undecoded(environment),
    )


def _only_text(pad: Pad) -> tuple[TaskResult, ...]:
    """The text of an older pad, which has no environments; null means that there is none to be had."""
    if pad.contents is None:
        return ()
    name = language(pad.language)
    file = SourceFile(path=_NAMELESS, content=pad.contents, language=name, history_url=pad.history)
    kind = TASK_KINDS.get(name or "", TaskKind.CODING)
    return (TaskResult(kind=kind, language=name, vendor_language=pad.language, files=(file,)),)


def artifacts(pad: Pad, *, fetched_at: datetime) -> tuple[Artifact, ...]:
    """What lies beside the report: the playback page (for a person who is logged in), the drawing, the edit history."""
    ref = reference(pad.id)
    listed: tuple[tuple[ArtifactKind, str | None, dict[str, Any]], ...] = (
        (ArtifactKind.PLAYBACK, pad.playback, {"media_type": "text/html", "needs_auth": True}),
        (ArtifactKind.DRAWING, pad.drawing, {"expires_at": fetched_at + DRAWING_LIFE}),
        (ArtifactKind.HISTORY, pad.history, {"media_type": "application/json"}),
    )
    return tuple(Artifact(ref=ref, kind=kind, url=url, **rest) for kind, url, rest in listed if url)


# --- events ----------------------------------------------------------------------------------------------------------


def inline_events(pad: PadFields) -> tuple[Event, ...]:
    """The events that a pad itself holds: whole in older answers, as text in the oldest, none in newer ones."""
    if not isinstance(pad.events, tuple):
        return ()
    return tuple(_said(event) if isinstance(event, str) else event for event in pad.events if event is not None)


def with_raw(pad: Pad) -> tuple[Event, ...]:
    """`inline_events`, each with the vendor's own object as its `raw`."""
    events = inline_events(pad)
    rows = [row for row in pad.raw.get("events") or () if row is not None] if events else []
    return tuple(
        attrs.evolve(event, raw=row) if isinstance(row, dict) else event
        for event, row in zip(events, rows or [None] * len(events), strict=True)
    )


def timeline(events: Iterable[Event]) -> tuple[TimelineEvent, ...]:
    """Events as a timeline, oldest first; those without a time come last."""
    moments = [timeline_event(event) for event in events]
    times = [one.at for one in moments if one.at is not None]
    if times and times[0] > times[-1]:
        moments.reverse()  # newest first, as the vendor lists them: keeps the order of events of the same second
    last = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(moments, key=lambda one: one.at or last))


def timeline_event(event: Event) -> TimelineEvent:
    """One event; `detail` is the vendor's metadata: the language of a run, the id of an added question."""
    kind = EVENTS.get(event.kind or "", TimelineKind.OTHER)
    return TimelineEvent(
        at=moment(event.created_at, "$.created_at"),
        kind=kind,
        vendor_kind=event.kind,
        actor=event.user_name,
        actor_email=event.user_email,
        detail=_detail(event),
        raw=undecoded(event),
    )


def _detail(event: Event) -> str | None:
    if event.metadata is not None:
        return str(event.metadata)
    return event.message if event.kind is None else None


def _said(text: str) -> Event:
    """An event of 2015, which was its message alone: `2014-11-14T03:06:39Z: Guest 202 ran csharp code`."""
    found = _SAID.fullmatch(text)
    if found is None:
        return Event(message=text)
    at, rest = found["at"], found["rest"]
    try:
        moment(at, "$.events")
    except MalformedResponseError:
        return Event(message=text)
    parts = _RAN.fullmatch(rest) or _DID.fullmatch(rest)
    if parts is None:
        return Event(message=text, created_at=at)
    said = parts.groupdict()
    return Event(message=text, kind=said["kind"], metadata=said.get("detail"), user_name=said["actor"], created_at=at)


def _started(events: Iterable[Event]) -> datetime | None:
    times = (moment(event.created_at, "$.events") for event in events if event.kind == "started")
    return min(filter(None, times), default=None)


def as_ids(value: Any) -> tuple[str, ...]:
    """Ids as text, whether they came as a list or as a single one."""
    if not value and value != 0:
        return ()
    listed = value if isinstance(value, list | tuple) else (value,)
    return tuple([str(one) for one in listed if one is not None])
