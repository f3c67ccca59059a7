"""How a harvest reads RemoteInterview and CodeInterview: two lists at two hosts, each independent of the other.

Lists come whole, with neither paging nor a time of change (https://www.remoteinterview.io/api and
https://codeinterview.io/api, read 2026-11): each scan reads all rows, and a report is read when its row changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interviewkit.model import Report, Session, SessionKind, SessionRef
from interviewkit.plan import AT_ONCE, HarvestPlan, ListPage, Row, Scan, back_off, digest
from interviewkit.providers.remoteinterview.listing import AllSessions

if TYPE_CHECKING:
    from interviewkit.providers.remoteinterview import RemoteInterview

BEFORE_SUBMISSION = frozenset({"invited", "started", "pending", "not_started", "in_progress"})
"""Words that precede submission, in plain English: the vendor publishes none of them. Any other word, and any row with
a score, is taken for a report worth reading."""

_SCORE_COMES_WITHIN = timedelta(days=14)


def plan(provider: RemoteInterview, *, hosts: Mapping[str, str]) -> HarvestPlan:
    """The candidates of all tests, and the live pads."""
    return HarvestPlan((Candidates(provider, hosts), Pads(provider, hosts)))


class _Whole:
    """A list that is read whole at each scan."""

    has_news = False
    kind: SessionKind

    def __init__(self, provider: RemoteInterview, hosts: Mapping[str, str]) -> None:
        self._provider = provider
        # What it remembers within a scan are the tests' names and order, which a later one asks for again.
        self._fetch = AllSessions(provider.send, kind=self.kind, account=provider.account, hosts=hosts)

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        """Read one page: the candidates of one test, or all pads. Its cursor names a test, never a candidate."""
        page = await self._fetch(cursor)
        for problem in page.problems:
            problem.error.locate(provider="remoteinterview", operation="list_sessions", account=self._provider.account)
        return ListPage(rows=tuple(map(self._row, page.items)), problems=page.problems, cursor=page.cursor)

    async def report(self, ref: SessionRef, *, memo: str | None, fresh: Any) -> Report:
        """Read the report, by one request."""
        return await self._provider.fetch_report(ref)

    def _row(self, session: Session) -> Row:
        return Row(session=session, digest=digest(session.raw), due=self._due(session))

    def _due(self, session: Session) -> datetime | None:
        return AT_ONCE


class Candidates(_Whole):
    """The candidates, test by test: 1 request for the tests, and 1 a test."""

    name = "candidates"
    kind = SessionKind.TAKE_HOME

    def _due(self, session: Session) -> datetime | None:
        word = (session.vendor_status or "").strip().lower().replace("-", "_").replace(" ", "_")
        return None if session.score is None and word in BEFORE_SUBMISSION else AT_ONCE

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """Later, as long as there is no score: accounts of the older page show none in their lists.

        A candidate of a test without scores is not asked about for ever.
        """
        now = report.fetched_at or datetime.now(UTC)
        added = report.session.created_at
        waits = added is None or now - added <= _SCORE_COMES_WITHIN
        if report.score is not None or (report.is_final and not waits):
            return None
        return back_off(reads, began=added, now=now)


class Pads(_Whole):
    """The live pads: 1 request."""

    name = "pads"
    kind = SessionKind.LIVE

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """Later, as long as the pad is open: code and notes change, and stand in no list."""
        now = report.fetched_at or datetime.now(UTC)
        return None if report.is_final else back_off(reads, began=report.session.created_at, now=now)
