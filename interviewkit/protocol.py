"""The one protocol that every vendor's provider speaks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, TypeVar, runtime_checkable

import attrs

from interviewkit import model
from interviewkit.capabilities import Capabilities
from interviewkit.http.wire import Call
from interviewkit.model import (
    ArtifactKind,
    Assessment,
    Candidate,
    Invitation,
    InvitationEmail,
    InviteOutcome,
    InviteRequest,
    Ref,
    Session,
    SessionKind,
)
from interviewkit.pager import Pager

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class VendorOptions:
    """What only one vendor has; `extra` is merged last into the body that is sent."""

    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=lambda value: str(sorted(value)), hash=False)


@runtime_checkable
class InterviewProvider(Protocol):
    """One vendor, one set of credentials, one vocabulary."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def capabilities(self) -> Capabilities: ...

    async def create_session(
        self, *, title: str | None = None, language: str | None = None, candidate: Candidate | None = None,
        template_id: str | None = None, notes: str | None = None, private: bool | None = None,
        reference: str | None = None, options: VendorOptions | None = None,
    ) -> Session: ...  # fmt: skip
    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]: ...  # fmt: skip
    async def get_session(self, ref: Ref) -> Session: ...
    async def fetch_report(self, ref: Ref) -> model.Report: ...
    def fetch_reports(
        self, refs: Iterable[Ref] | AsyncIterable[Ref], *, concurrency: int = 8, patience: float | None = None
    ) -> AsyncIterator[model.ReportOutcome]: ...
    async def invite_candidate(
        self, assessment_id: str | None, candidate: Candidate, *, reference: str | None = None,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> Invitation: ...  # fmt: skip
    def invite_candidates(
        self, assessment_id: str | None, requests: Iterable[InviteRequest | Candidate], *,
        email: InvitationEmail | bool = False, callback_url: str | None = None, report_emails: Sequence[str] = (),
        redirect_url: str | None = None, options: VendorOptions | None = None,
    ) -> AsyncIterator[InviteOutcome]: ...  # fmt: skip
    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]: ...
    async def end_session(self, ref: Ref) -> None: ...
    async def report_link(self, ref: Ref, *, kind: ArtifactKind = ArtifactKind.REPORT) -> model.TemporaryLink: ...
    async def download(self, artifact: model.Artifact, target: str | os.PathLike[str] | BinaryIO) -> int: ...
    async def check(self) -> model.AccountStatus: ...
    async def send(self, call: Call[T]) -> T: ...
    async def aclose(self) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
