"""The plan of a provider that has none of its own: read the whole list, fetch what is new or has changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from interviewkit.errors import InterviewKitError, MalformedResponseError
from interviewkit.harvest.documents import without_links
from interviewkit.http.wire import Page
from interviewkit.model import Report, Session, SessionRef
from interviewkit.pager import Pager
from interviewkit.plan import AT_ONCE, HarvestPlan, ListPage, Row, Scan, back_off, check_paging, digest
from interviewkit.provider import InterviewProvider
from interviewkit.serialize import to_json

_NO_CONTENT = frozenset({
    "raw", "warnings", "account", "candidate_url", "interviewer_url", "playback_url", "report_url", "access_code",
})  # fmt: skip
"""Fields of a session that say nothing of its report: links, above all, may be others in each answer."""


def plan_of(provider: InterviewProvider) -> HarvestPlan:
    """How to harvest an account: the provider's own plan, or else the one that suits any."""
    own: Callable[[], HarvestPlan] | None = getattr(provider, "harvest_plan", None)
    return own() if callable(own) else HarvestPlan((Listed(provider),))


class Listed:
    """All sessions, by `list_sessions()`."""

    name = "sessions"
    has_news = False

    def __init__(self, provider: InterviewProvider) -> None:
        self._provider = provider
        self._pager: Pager[Session] | None = None
        self._rows = 0
        self._seen: set[str] = set()

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        """Read one page of the list, as the provider's pager has it."""
        if cursor is None or self._pager is None:
            self._pager, self._rows, self._seen = self._provider.list_sessions(), 0, set()
        page = await self._read(self._pager if cursor is None else self._pager.resume(cursor))
        self._rows += max(1, len(page.items) + len(page.problems))
        self._check(cursor, page)
        return ListPage(
            rows=tuple(map(self._row, page.items)),
            problems=page.problems,
            cursor=page.cursor,
            total=page.total,
        )

    async def report(self, ref: SessionRef, *, memo: str | None, fresh: Any) -> Report:
        """Fetch the report."""
        return await self._provider.fetch_report(ref)

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """Later, as long as the report is not final."""
        if report.is_final:
            return None
        began = report.session.started_at or report.session.created_at
        return back_off(reads, began=began, now=report.fetched_at or datetime.now(UTC))

    @staticmethod
    async def _read(pager: Pager[Session]) -> Page[Session]:
        async with aclosing(pager.pages()) as pages:
            return await anext(pages, Page(()))

    def _check(self, cursor: str | None, page: Page[Session]) -> None:
        """Each page is read by itself here, so the pager cannot see a list that leads back to itself."""
        repeats = page.cursor in self._seen
        try:
            check_paging(page.cursor if repeats else cursor, page.cursor, rows=self._rows, total=page.total)
        except MalformedResponseError as error:
            raise self._located(error) from None
        if page.cursor is not None:
            self._seen.add(page.cursor)

    def _row(self, session: Session) -> Row:
        raw: Any = session.raw
        if not raw:
            raw = {name: value for name, value in to_json(session).items() if name not in _NO_CONTENT}
        return Row(session=session, digest=digest(without_links(raw, files={}, raw=True)), due=AT_ONCE)

    def _located(self, error: InterviewKitError) -> InterviewKitError:
        account = self._provider.account
        return error.locate(provider=self._provider.name, operation="list_sessions", account=account)
