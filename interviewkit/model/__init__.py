"""What an interview is, whoever the vendor: the shared frozen classes that every provider speaks.

Times are aware and in UTC. `None` means that the vendor did not say. `raw` is the vendor's JSON object, untouched.
What stands in `reports` and `events` is loaded when it is first used: a program that only lists sessions does without.
Modules that it loads on its way name those classes as `model.Report`, which looks them up when it is run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from interviewkit.model.masks import (
    mask_email,
    mask_id,
    mask_phone,
    mask_secret,
    mask_url,
)
from interviewkit.model.quick import (
    closed,
    opened,
    quick,
)
from interviewkit.model.raw import (
    LazySlot,
    RawJSON,
    keep_raw,
    undecoded,
)
from interviewkit.model.references import (
    SessionRef,
)
from interviewkit.model.sessions import (
    Assessment,
    Candidate,
    Dropped,
    Invitation,
    InvitationEmail,
    InviteOutcome,
    InviteRequest,
    Ref,
    Score,
    Session,
)
from interviewkit.model.times import (
    epoch_ms,
    moment,
)
from interviewkit.model.words import (
    ArtifactKind,
    Decision,
    EventType,
    SessionKind,
    SessionStatus,
    SimilarityStatus,
    TaskKind,
    TimelineKind,
)

if TYPE_CHECKING:
    from interviewkit.model.events import (
        WebhookEvent,
    )
    from interviewkit.model.reports import (
        AccountStatus,
        Artifact,
        Report,
        ReportOutcome,
        Similarity,
        SourceFile,
        TaskResult,
        TemporaryLink,
        TestCaseResult,
        TimelineEvent,
    )

__all__ = [
    "AccountStatus",
    "Artifact",
    "ArtifactKind",
    "Assessment",
    "Candidate",
    "Decision",
    "Dropped",
    "EventType",
    "Invitation",
    "InvitationEmail",
    "InviteOutcome",
    "InviteRequest",
    "LazySlot",
    "RawJSON",
    "Ref",
    "Report",
    "ReportOutcome",
    "Score",
    "Session",
    "SessionKind",
    "SessionRef",
    "SessionStatus",
    "Similarity",
    "SimilarityStatus",
    "SourceFile",
    "TaskKind",
    "TaskResult",
    "TemporaryLink",
    "TestCaseResult",
    "TimelineEvent",
    "TimelineKind",
    "WebhookEvent",
    "closed",
    "epoch_ms",
    "keep_raw",
    "mask_email",
    "mask_id",
    "mask_phone",
    "mask_secret",
    "mask_url",
    "moment",
    "opened",
    "quick",
    "undecoded",
]


def _load(name: str) -> Any:
    home = "events" if name == "WebhookEvent" else "reports"
    found = vars(importlib.import_module(f"{__name__}.{home}")) if name in __all__ else {}
    if name not in found:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, found[name])


if not TYPE_CHECKING:  # a type checker knows the names above, and should tell of others
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
