"""CoderPad's pads, environments and events as a report: pure functions, loaded with the first report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from interviewkit.model import (
    Artifact,
    ArtifactKind,
    Dropped,
    RawJSON,
    Report,
    SessionStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TimelineEvent,
    TimelineKind,
    moment,
    quick,
    undecoded,
)
from interviewkit.providers.coderpad.detail_shapes import Environment
from interviewkit.providers.coderpad.shapes import Event, Pad
from interviewkit.providers.coderpad.translate import PROVIDER, as_ids, inline_events, language, reference, session

DRAWING_LIFE = timedelta(minutes=5)
"""How long a drawing's signed URL is valid (https://coderpad.io/api, the field `drawing`, read 2026-11)."""

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

TASK_KINDS: Mapping[str, TaskKind] = {"postgresql": TaskKind.SQL, "mysql": TaskKind.SQL}

_NAMELESS = "main"
"""Older pads hold one text without a file name: it is given this path, without a suffix that would be a guess."""


def report(
    pad: Pad, environments: Sequence[Environment], events: Sequence[Event], *,
    account: str, fetched_at: datetime, warnings: tuple[Dropped, ...] = (),
) -> Report:  # fmt: skip
    """A pad, its environments and its events as a report.

    It is final once the pad has ended or is deleted: the API opens no pad again. `raw` holds the three answers.
    """
    found = session(pad, account=account, events=events)
    return quick(Report)(
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
    return quick(TaskResult)(
        id=str(environment.id),
        kind=TASK_KINDS.get(name or "", TaskKind.CODING),
        language=name,
        vendor_language=environment.language,
        files=tuple(
            quick(SourceFile)(
                path=file.path or _NAMELESS, content=file.contents, language=name, history_url=file.history
            )
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
    return tuple(quick(Artifact)(ref=ref, kind=kind, url=url, **rest) for kind, url, rest in listed if url)


def environment_ids(pad: Pad) -> tuple[str, ...]:
    """The ids of the pad's environments, as text."""
    return as_ids(pad.pad_environment_ids)


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
    return quick(TimelineEvent)(
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
