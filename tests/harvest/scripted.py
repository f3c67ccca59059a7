"""A vendor that does as a test tells it, with a plan of its own, and harvests of it by a clock that the test moves."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Table, select

import interviewkit as ik
from interviewkit.capabilities import Capabilities
from interviewkit.harvest import Change, Harvester, Outcome, Store
from interviewkit.http.wire import Problem
from interviewkit.plan import AT_ONCE, HarvestPlan, ListPage, Row, Scan, back_off
from interviewkit.provider import BaseProvider

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@attrs.define
class Clock:
    """Stands still unless it is moved, or slept by."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@attrs.define(kw_only=True)
class Entry:
    """A session at the vendor."""

    version: int = 1
    due: datetime | None = AT_ONCE
    final: bool = True
    at: datetime | None = NOON
    requests: int = 1
    says: str = "well done"
    raw: Any = None
    email: str | None = None
    error: Exception | None = None
    """What asking for its report raises."""


class Listing:
    """A list; `entries` can be changed at any time."""

    def __init__(self, vendor: Vendor, name: str = "sessions") -> None:
        self.vendor = vendor
        self.name = name
        self.has_news = False
        self.counts = True
        self.size = 10
        self.entries: dict[str, Entry] = {}
        self.arrived: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.error: Exception | None = None
        self.before_page: Callable[[int], object] = lambda _number: None
        self.pages: list[Scan] = []
        self.read: list[str] = []

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        start = int(cursor or 0)
        self.pages.append(scan)
        self.before_page(len(self.pages))
        if self.error is not None:
            raise self.error
        names = list(self.entries)
        for name in names:
            self.arrived.setdefault(name, len(self.arrived))
        if scan is Scan.NEWS:
            names = [name for name in names if self.arrived[name] >= int(mark or 0)]
        some, end = names[start : start + self.size], start + self.size
        return ListPage(
            rows=tuple(self._row(name) for name in some),
            problems=tuple(self.problems) if start == 0 else (),
            cursor=str(end) if end < len(names) else None,
            total=len(self.entries) + len(self.problems) if self.counts else None,
            mark=str(len(self.arrived)) if self.has_news else None,
        )

    async def report(self, ref: ik.SessionRef, *, memo: str | None, fresh: Any) -> ik.Report:
        self.read.append(ref.id)
        entry = self.entries.get(ref.id)
        if entry is None:
            raise ik.NotFoundError("no such session", status=404)
        if entry.error is not None:
            raise entry.error
        session = self._session(ref.id)
        return ik.Report(
            ref=ref, provider=self.vendor.name, account=self.vendor.account, session=session, status=session.status,
            is_final=entry.final, fetched_at=datetime.now(UTC), raw=entry.raw or {"says": entry.says},
        )  # fmt: skip

    def again(self, report: ik.Report, *, reads: int) -> datetime | None:
        assert report.fetched_at is not None
        return None if report.is_final else back_off(reads, began=None, now=report.fetched_at)

    def _session(self, name: str) -> ik.Session:
        entry = self.entries[name]
        return ik.Session(
            ref=self.vendor.ref(name), provider=self.vendor.name, account=self.vendor.account,
            kind=ik.SessionKind.TAKE_HOME, status=ik.SessionStatus.COMPLETED, created_at=entry.at,
            candidate=None if entry.email is None else ik.Candidate(email=entry.email),
        )  # fmt: skip

    def _row(self, name: str) -> Row:
        entry = self.entries[name]
        return Row(
            session=self._session(name), digest=f"{name}-{entry.version}", due=entry.due, requests=entry.requests,
            memo="{}",
        )  # fmt: skip


class Vendor(BaseProvider):
    """One account of it. It has no connection of ours, so that no limit guards it."""

    name = "scripted"
    capabilities = Capabilities()

    def __init__(self, account: str = "acme", *, lists: tuple[str, ...] = ("sessions",), sessions: int = 0) -> None:
        super().__init__(account=account)
        self.lists = {name: Listing(self, name) for name in lists}
        self.sessions = next(iter(self.lists.values()))
        for number in range(sessions):
            self.sessions.entries[f"s{number:03}"] = Entry()

    def ref(self, name: str) -> ik.SessionRef:
        return ik.SessionRef(provider=self.name, kind=ik.SessionKind.TAKE_HOME, id=name)

    def harvest_plan(self) -> HarvestPlan:
        return HarvestPlan(tuple(self.lists.values()))

    async def aclose(self) -> None:
        """There is nothing to close."""


@attrs.define
class Pass:
    """What a run told."""

    outcomes: list[Outcome]
    summary: Any

    def of(self, change: Change) -> list[str]:
        return [one.ref.id for one in self.outcomes if one.ref is not None and one.change is change]

    @property
    def account(self) -> Any:
        (one,) = self.summary.accounts
        return one


@attrs.define
class Place:
    """Vendors, a store and a clock."""

    store: Store
    hub: ik.Hub
    clock: Clock

    async def harvest(self, *, only_due: bool = False, **options: Any) -> Pass:
        self.clock.advance(seconds=1)
        harvester = Harvester(self.hub, self.store, **{"clock": self.clock, "sleep": self.clock.sleep, **options})
        outcomes = [outcome async for outcome in harvester.run(only_due=only_due)]
        return Pass(outcomes, harvester.summary)

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        async with self.store.reading() as connection:
            return [dict(row) for row in (await connection.execute(select(table))).mappings()]

    async def stored(self) -> dict[str, tuple[int, bool]]:
        """Session -> its number, and whether it is deleted."""
        records = self.store.records(include_deleted=True)
        return {one.report.ref.id: (one.seq, one.deleted_at is not None) async for one in records}


@contextlib.asynccontextmanager
async def place(url: str | Path, *vendors: Any) -> AsyncIterator[Place]:
    """A new store at `url`, and these vendors."""
    async with ik.Hub(vendors) as hub, await Store.open(url) as store:
        yield Place(store, hub, Clock())
