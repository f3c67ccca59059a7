"""What an interview is, whoever the vendor: the shared frozen classes that every provider speaks.

Times are aware and in UTC. `None` means that the vendor did not say. `raw` is the vendor's JSON object, untouched.
"""

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
    SessionKind,
    SessionStatus,
    SimilarityStatus,
    TaskKind,
    TimelineKind,
)

__all__ = [
    "AccountStatus",
    "Artifact",
    "ArtifactKind",
    "Assessment",
    "Candidate",
    "Decision",
    "Dropped",
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
    "undecoded",
]
