"""A small third-party provider: sessions of one invented vendor, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from interviewkit import (
    Assessment,
    BaseProvider,
    Candidate,
    Capabilities,
    Capability,
    Feature,
    InterviewKitError,
    MalformedResponseError,
    NotFoundError,
    Page,
    Pager,
    Problem,
    Ref,
    Report,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    Support,
)

NATIVE = Capability(Support.NATIVE)


def session(account: str, ident: str, *, provider: str = "fake", title: str | None = None) -> Session:
    return Session(
        ref=SessionRef(provider=provider, kind=SessionKind.LIVE, id=ident),
        provider=provider,
        account=account,
        kind=SessionKind.LIVE,
        status=SessionStatus.COMPLETED,
        title=title or f"Interview {ident}",
        candidate=Candidate(name="Backend Candidate", email="candidate@example.com"),
        access_code="sesame",
        candidate_url="https://fake.example/s?key=secret",
        raw={"id": ident},
    )


class FakeProvider(BaseProvider):
    """Lists `pages` of ids; `failing` raises after them; `delay` seconds go by before each page."""

    name = "fake"
    ref_kind = SessionKind.LIVE
    capabilities = Capabilities(
        {Feature.LIST_SESSIONS: NATIVE, Feature.FETCH_REPORT: NATIVE, Feature.LIST_ASSESSMENTS: NATIVE}
    )

    def __init__(
        self,
        api_key: str,
        *,
        account: str | None = None,
        pages: Sequence[Sequence[str]] = (("a", "b"),),
        failing: Exception | None = None,
        closing: Exception | None = None,
        delay: float = 0.0,
        bad_rows: int = 0,
        loud: bool = False,
    ) -> None:
        super().__init__(account=account)
        self.api_key = api_key
        self.pages = pages
        self.failing = failing
        self.closing = closing
        self.delay = delay
        self.bad_rows = bad_rows
        self.closed = False
        self.read = 0

    def list_sessions(
        self, *, kind: SessionKind | None = None, assessment_id: str | None = None,
        updated_since: datetime | None = None,
    ) -> Pager[Session]:  # fmt: skip
        self.require(Feature.LIST_SESSIONS)
        if updated_since is not None:
            self.refuse(Feature.UPDATED_SINCE)

        async def fetch(cursor: str | None) -> Page[Session]:
            number = int(cursor or 0)
            await asyncio.sleep(self.delay)
            if self.closed:
                raise InterviewKitError("the provider is closed")
            if self.failing is not None and number >= len(self.pages):
                raise self.failing
            self.read += 1
            last = number + 1 >= len(self.pages) and self.failing is None
            items = tuple(session(self.account, one) for one in self.pages[number])
            problems = tuple(Problem({}, MalformedResponseError("no id")) for _ in range(self.bad_rows))
            return Page(items, problems, cursor=None if last else str(number + 1))

        return Pager(fetch, provider=self.name, operation="list_sessions")

    def list_assessments(self, *, include_archived: bool = False) -> Pager[Assessment]:
        async def fetch(cursor: str | None) -> Page[Assessment]:
            return Page((Assessment(id="-Jr", provider=self.name, account=self.account, title="Algorithms"),))

        return Pager(fetch)

    async def fetch_report(self, ref: Ref) -> Report:
        known = self.resolve(ref)
        await asyncio.sleep(self.delay)
        if known.id == "missing":
            raise NotFoundError("no such session", provider=self.name, operation="fetch_report", status=404)
        found = session(self.account, known.id)
        return Report(ref=known, provider=self.name, account=self.account, session=found, status=found.status)

    async def aclose(self) -> None:
        await asyncio.sleep(self.delay)
        self.closed = True
        if self.closing is not None:
            raise self.closing


def trouble(text: str = "the vendor is away") -> InterviewKitError:
    return InterviewKitError(text, provider="fake", operation="list_sessions")


__all__ = ["FakeProvider", "session", "trouble"]
