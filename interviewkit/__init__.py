"""One async protocol for technical-interview vendors: CoderPad, RemoteInterview/CodeInterview and Codility.

Names are loaded when they are first used, so that `import interviewkit` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interviewkit.capabilities import Capabilities, Capability, Feature, Support
    from interviewkit.errors import (
        AuthenticationError,
        BadEventError,
        ConfigurationError,
        ConflictError,
        DeadlineExceededError,
        InterviewKitError,
        InvalidArgumentError,
        InvalidRequestError,
        ListingUnstableError,
        MalformedResponseError,
        NotFoundError,
        Outcome,
        PermissionDeniedError,
        QuotaExceededError,
        RateLimitedError,
        ReferenceConflictError,
        SignatureError,
        StoreError,
        TransportError,
        UnsupportedError,
        VendorError,
        VendorUnavailableError,
        WebhookError,
    )
    from interviewkit.http.credentials import TokenSource
    from interviewkit.http.limits import Limiter, RateLimit
    from interviewkit.http.observe import Attempt, AttemptResult, Observer
    from interviewkit.http.retry import RetryPolicy
    from interviewkit.http.wire import Call, Page, Problem
    from interviewkit.hub import Hub
    from interviewkit.ledger import CommitModel, InviteLedger, Operation, OperationState
    from interviewkit.model import (
        AccountStatus,
        Artifact,
        ArtifactKind,
        Assessment,
        Candidate,
        Decision,
        Dropped,
        EventType,
        Invitation,
        InvitationEmail,
        InviteOutcome,
        InviteRequest,
        Ref,
        Report,
        ReportOutcome,
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
        TemporaryLink,
        TestCaseResult,
        TimelineEvent,
        TimelineKind,
        WebhookEvent,
    )
    from interviewkit.pager import Pager
    from interviewkit.provider import BaseProvider, InterviewProvider, VendorOptions
    from interviewkit.providers.coderpad import CoderPad, CoderPadOptions
    from interviewkit.providers.codility import Codility, CodilityOptions
    from interviewkit.providers.remoteinterview import RemoteInterview, RemoteInterviewOptions
    from interviewkit.registry import connect

__version__ = "0.1.0"

_HOMES = {
    "capabilities": "Capabilities Capability Feature Support",
    "errors": (
        "AuthenticationError BadEventError ConfigurationError ConflictError DeadlineExceededError InterviewKitError "
        "InvalidArgumentError InvalidRequestError ListingUnstableError MalformedResponseError NotFoundError Outcome "
        "PermissionDeniedError QuotaExceededError RateLimitedError ReferenceConflictError SignatureError StoreError "
        "TransportError UnsupportedError VendorError VendorUnavailableError WebhookError"
    ),
    "http.credentials": "TokenSource",
    "http.limits": "Limiter RateLimit",
    "http.observe": "Attempt AttemptResult Observer",
    "http.retry": "RetryPolicy",
    "http.wire": "Call Page Problem",
    "hub": "Hub",
    "ledger": "CommitModel InviteLedger Operation OperationState",
    "model": (
        "AccountStatus Artifact ArtifactKind Assessment Candidate Decision Dropped EventType Invitation "
        "InvitationEmail InviteOutcome InviteRequest Ref Report ReportOutcome Score Session SessionKind SessionRef "
        "SessionStatus Similarity SimilarityStatus SourceFile TaskKind TaskResult TemporaryLink TestCaseResult "
        "TimelineEvent TimelineKind WebhookEvent"
    ),
    "pager": "Pager",
    "provider": "BaseProvider InterviewProvider VendorOptions",
    "providers.coderpad": "CoderPad CoderPadOptions",
    "providers.codility": "Codility CodilityOptions",
    "providers.remoteinterview": "RemoteInterview RemoteInterviewOptions",
    "registry": "connect",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AccountStatus",
    "Artifact",
    "ArtifactKind",
    "Assessment",
    "Attempt",
    "AttemptResult",
    "AuthenticationError",
    "BadEventError",
    "BaseProvider",
    "Call",
    "Candidate",
    "Capabilities",
    "Capability",
    "CoderPad",
    "CoderPadOptions",
    "Codility",
    "CodilityOptions",
    "CommitModel",
    "ConfigurationError",
    "ConflictError",
    "DeadlineExceededError",
    "Decision",
    "Dropped",
    "EventType",
    "Feature",
    "Hub",
    "InterviewKitError",
    "InterviewProvider",
    "InvalidArgumentError",
    "InvalidRequestError",
    "Invitation",
    "InvitationEmail",
    "InviteLedger",
    "InviteOutcome",
    "InviteRequest",
    "Limiter",
    "ListingUnstableError",
    "MalformedResponseError",
    "NotFoundError",
    "Observer",
    "Operation",
    "OperationState",
    "Outcome",
    "Page",
    "Pager",
    "PermissionDeniedError",
    "Problem",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitedError",
    "Ref",
    "ReferenceConflictError",
    "RemoteInterview",
    "RemoteInterviewOptions",
    "Report",
    "ReportOutcome",
    "RetryPolicy",
    "Score",
    "Session",
    "SessionKind",
    "SessionRef",
    "SessionStatus",
    "SignatureError",
    "Similarity",
    "SimilarityStatus",
    "SourceFile",
    "StoreError",
    "Support",
    "TaskKind",
    "TaskResult",
    "TemporaryLink",
    "TestCaseResult",
    "TimelineEvent",
    "TimelineKind",
    "TokenSource",
    "TransportError",
    "UnsupportedError",
    "VendorError",
    "VendorOptions",
    "VendorUnavailableError",
    "WebhookError",
    "WebhookEvent",
    "connect",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
