"""The operations of the protocol as a table: how a check runs each, and what comes out."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from interviewkit.capabilities import Feature
from interviewkit.model import AccountStatus, Assessment, Invitation, Report, Session, TemporaryLink
from interviewkit.provider import InterviewProvider
from interviewkit.testing.backend import Backend


@attrs.frozen
class Operation:
    """One operation: the feature it needs, how to run it, and the type of its result (of each row, for a list)."""

    name: str
    feature: Feature
    run: Callable[[InterviewProvider, Backend], Awaitable[Any]]
    result: type[Any] | None
    by_id: bool = False
    is_list: bool = False


async def _create(provider: InterviewProvider, backend: Backend) -> Session:
    return await provider.create_session(**backend.create)


async def _sessions(provider: InterviewProvider, backend: Backend) -> list[Session]:
    return await provider.list_sessions(**backend.listing).collect()


async def _session(provider: InterviewProvider, backend: Backend) -> Session:
    return await provider.get_session(backend.finished)


async def _report(provider: InterviewProvider, backend: Backend) -> Report:
    return await provider.fetch_report(backend.finished)


async def _invite(provider: InterviewProvider, backend: Backend) -> Invitation:
    return await provider.invite_candidate(backend.assessment_id, backend.candidate, **backend.invite)


async def _assessments(provider: InterviewProvider, backend: Backend) -> list[Assessment]:
    return await provider.list_assessments().collect()


async def _end(provider: InterviewProvider, backend: Backend) -> None:
    await provider.end_session(backend.endable or backend.unfinished)


async def _link(provider: InterviewProvider, backend: Backend) -> TemporaryLink:
    return await provider.report_link(backend.finished)


async def _check(provider: InterviewProvider, backend: Backend) -> AccountStatus:
    return await provider.check()


async def download(provider: InterviewProvider, backend: Backend) -> bytes:
    """Run the download of the backend's artifact, into memory."""
    assert backend.artifact is not None, "DOWNLOAD is declared: tell the Backend an artifact="
    target = io.BytesIO()
    size = await provider.download(backend.artifact, target)
    assert size == len(target.getvalue()), "download returns another size than it wrote"
    return target.getvalue()


OPERATIONS = (
    Operation("create_session", Feature.CREATE_SESSION, _create, Session),
    Operation("list_sessions", Feature.LIST_SESSIONS, _sessions, Session, is_list=True),
    Operation("get_session", Feature.GET_SESSION, _session, Session, by_id=True),
    Operation("fetch_report", Feature.FETCH_REPORT, _report, Report, by_id=True),
    Operation("invite_candidate", Feature.INVITE_CANDIDATE, _invite, Invitation),
    Operation("list_assessments", Feature.LIST_ASSESSMENTS, _assessments, Assessment, is_list=True),
    Operation("end_session", Feature.END_SESSION, _end, None),
    Operation("report_link", Feature.REPORT_LINK, _link, TemporaryLink),
    Operation("check", Feature.CHECK, _check, AccountStatus),
)
"""All that one call does. `download` stands apart: its file may lie outside the vendor's API."""
