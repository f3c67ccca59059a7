"""How a harvest reads Codility: its lists hold no result, so that what is read, and when, follows from the dates.

A session that was not started costs nothing. A started one is read once it is closed, or at the time by which
candidates of its test are usually done, and then ever more rarely until it has a result. The vendor documents neither
an order of its lists nor a filter (https://codility.com/api-documentation/, read 2026-11): a full scan finds out at
which end new rows appear, and news are looked for there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.errors import (
    InterviewKitError,
    InvalidRequestError,
    ListingUnstableError,
    MalformedResponseError,
    NotFoundError,
)
from interviewkit.http.wire import Page
from interviewkit.model import Report, Session, SessionRef
from interviewkit.plan import AT_ONCE, HarvestPlan, ListPage, Row, Scan, back_off, check_paging, digest
from interviewkit.providers.codility import calls, translate
from interviewkit.providers.codility.shapes import SessionSummary

if TYPE_CHECKING:
    from interviewkit.providers.codility import Codility

USUALLY_DONE = 2 * 3600
"""Seconds that a test is taken to last as long as none of its sessions told."""
_LONGEST = 7 * 86400
_TESTS = 200
"""So many tests' durations are kept."""
_OVERLAP = timedelta(seconds=120)
_FIRST, _LAST = "first", "last"
_SORTED = 0.9
"""The share of neighbouring rows that has to agree on an order for the list to count as sorted."""


def plan(provider: Codility) -> HarvestPlan:
    """One list: all sessions of the account."""
    return HarvestPlan((Sessions(provider),))


@attrs.define
class _Place:
    """A place in a scan, and what the scan has learned so far: it stands in the cursor, and at the end in the mark."""

    page: str | None = None
    """The vendor's own cursor: of the next page, or, in a mark, of the last one."""
    rows: int = 0
    rising: int = 0
    falling: int = 0
    before: str | None = None
    """When the row before was created."""
    newest: str | None = None
    """When the newest row was created."""
    known: str | None = None
    """The newest row's time as the mark had it, within a scan for news."""
    newer: int = 0
    """How many rows of this scan are newer than that."""
    total: int | None = None
    """How many rows there were, as the mark had it."""
    end: str | None = None
    """At which end new rows appear, as the mark had it."""
    durations: dict[str, int] = attrs.field(factory=dict)
    """Test → seconds within which most candidates were done."""

    def dump(self) -> str:
        """As text, for a cursor or a mark."""
        kept = {name: value for name, value in attrs.asdict(self, recurse=False).items() if value not in (None, {})}
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def load(cls, text: str | None) -> _Place:
        """Raises `ListingUnstableError` for a text of another version."""
        try:
            found = json.loads(text or "{}")
            return cls(**found)
        except (TypeError, ValueError):
            raise _unstable("the scan was begun by another version") from None

    def learn(self, session: Session) -> None:
        """Take note of a row: where it stands, and how long its test took."""
        created = None if session.created_at is None else session.created_at.isoformat()
        if created is not None:
            if self.before is not None:
                self.rising += created > self.before
                self.falling += created < self.before
            self.before = created
            self.newer += self.known is not None and created > self.known
            self.newest = max(created, self.newest or created)
        started, closed, test = session.started_at, session.ended_at, session.assessment_id
        if started is None or closed is None or test is None or closed < started:
            return
        if self.known is not None:  # scans for news see the same few rows again and again
            return
        took = min(int((closed - started).total_seconds()), _LONGEST)
        before = self.durations.pop(test, took)
        # Up at once, down slowly: nine in ten candidates are done by then.
        self.durations[test] = before + ((took - before) // 2 if took > before else (took - before) // 16)
        while len(self.durations) > _TESTS:
            del self.durations[next(iter(self.durations))]

    def new_rows_at(self) -> str | None:
        """At which end new rows appear, as far as the rows tell."""
        told = self.rising + self.falling
        if max(self.rising, self.falling) <= _SORTED * told:
            return None
        return _LAST if self.rising > self.falling else _FIRST

    def mark(self, last_page: str | None, total: int | None) -> str | None:
        """Where news are to be looked for; `None` for a list in no order, which has to be read whole."""
        end = self.end or self.new_rows_at()
        if last_page is None and end is None:
            end = _LAST  # one page: reading from the last page on is reading everything
        if end is None:
            return None
        page = last_page if end == _LAST else None
        return _Place(page=page, newest=self.newest, total=total, end=end, durations=self.durations).dump()


class Sessions:
    """The list of all sessions."""

    name = "sessions"
    has_news = True

    def __init__(self, provider: Codility) -> None:
        self._provider = provider

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        """Read one page, by one request.

        A scan for news begins at the end where new rows appear, and ends where all are known.
        """
        news = scan is Scan.NEWS
        place = _Place.load(cursor) if cursor is not None else _begin(mark, news=news)
        here = place.page
        found = await self._fetch(here)
        sessions = found.map(lambda row: translate.summary(row, self._provider.account))
        self._check_marked(place, sessions, begins=news and cursor is None)
        for session in sessions.items:
            place.learn(session)
        place.rows += max(1, len(sessions.items) + len(sessions.problems))
        try:
            check_paging(here, found.cursor, rows=place.rows, total=found.total)
        except MalformedResponseError as error:
            raise self._located(error) from None
        for problem in sessions.problems:
            self._located(problem.error)
        ends = found.cursor is None or (news and _is_known(place, sessions))
        place.page = found.cursor
        return ListPage(
            rows=tuple(self._row(session, place.durations) for session in sessions.items),
            problems=sessions.problems,
            cursor=None if ends else place.dump(),
            total=found.total,
            mark=place.mark(here, found.total) if ends else None,
        )

    async def report(self, ref: SessionRef, *, memo: str | None, fresh: Any) -> Report:
        """Read the session, by one request."""
        return await self._provider.fetch_report(ref)

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """Later, as long as there is no result; one that is over without a start never has one."""
        started = report.session.started_at
        if report.is_final or started is None:
            return None
        return back_off(reads, began=started, now=report.fetched_at or datetime.now(UTC))

    async def _fetch(self, page: str | None) -> Page[SessionSummary]:
        try:
            return await self._provider.send(calls.list_sessions(page))
        except (NotFoundError, InvalidRequestError):
            if page is None:
                raise
        raise self._located(_unstable("the page that the list was to go on with is gone"))

    def _check_marked(self, place: _Place, sessions: Page[Session], *, begins: bool) -> None:
        """Rows that were deleted pull later ones onto earlier pages, where news would be missed."""
        first = next((one.created_at for one in sessions.items if one.created_at is not None), None)
        moved = first is not None and place.known is not None and first.isoformat() > place.known
        if begins and place.end == _LAST and place.page is not None and moved:
            raise self._located(_unstable("rows before the marked page were deleted"))

    def _row(self, session: Session, durations: dict[str, int]) -> Row:
        raw = session.raw
        told = {name: raw.get(name) for name in _DIGESTED}
        told["similarity"] = (told["similarity"] or {}).get("text")
        return Row(session=session, digest=digest(told), due=_due(session, durations))

    def _located(self, error: InterviewKitError) -> InterviewKitError:
        return error.locate(provider=translate.PROVIDER, operation="list_sessions", account=self._provider.account)


_DIGESTED = ("start_date", "close_date", "similarity", "candidate", "first_name", "last_name", "email")


def _begin(mark: str | None, *, news: bool) -> _Place:
    """The first page of a scan, with what earlier ones have learned."""
    if not news:
        try:
            return _Place(durations=_Place.load(mark).durations)
        except ListingUnstableError:
            return _Place()
    found = _Place.load(mark)
    if found.end is None:
        raise _unstable("no full scan said where news appear")
    whole = found.end == _LAST and found.page is None  # one page at that time: it tells no order that can be relied on
    return attrs.evolve(found, known=found.newest, end=None if whole else found.end)


def _is_known(place: _Place, sessions: Page[Session]) -> bool:
    """Whether a page of a list that begins with its news reached rows of the last scan.

    Where the list grew by more rows than are newer, some came late: two minutes more are read.
    """
    if place.end != _FIRST or place.known is None:
        return False
    known = datetime.fromisoformat(place.known)
    grown = None if sessions.total is None or place.total is None else sessions.total - place.total
    since = known if grown is not None and grown <= place.newer else known - _OVERLAP
    return any(one.created_at is not None and one.created_at <= since for one in sessions.items)


def _due(session: Session, durations: dict[str, int]) -> datetime | None:
    if session.started_at is None:
        return None
    if session.ended_at is not None:
        return AT_ONCE
    return session.started_at + timedelta(seconds=durations.get(session.assessment_id or "", USUALLY_DONE))


def _unstable(text: str) -> ListingUnstableError:
    return ListingUnstableError(text, provider=translate.PROVIDER, operation="list_sessions", hint="begin a full scan")
