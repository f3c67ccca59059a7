"""A run as its caller sees it: outcomes as they come, progress, and in the end a summary by account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import attrs
from sqlalchemy import insert, select

from interviewkit.errors import InterviewKitError, StoreError
from interviewkit.harvest import schema
from interviewkit.harvest.outcomes import AccountSummary, Outcome, Progress, RunSummary, State
from interviewkit.harvest.store import Store
from interviewkit.harvest.work import Work
from interviewkit.hub import Hub

_WAITING = 256
"""So many outcomes may wait for the caller before the harvest waits too."""


class Run:
    """One run over some accounts, and what it has to tell."""

    def __init__(
        self, hub: Hub, store: Store, labels: Sequence[str], *, clock: Callable[[], datetime],
        progress: Callable[[Progress], None] | None, stop: Callable[[], None], wake: bool = False,
    ) -> None:  # fmt: skip
        self.works: dict[str, Work] = {}
        self.outcomes: asyncio.Queue[Outcome | None] | None = None
        """Where a caller waits for outcomes, and at the end for `None`."""
        self.objection: Exception | None = None
        """What the caller's `progress` raised."""
        self.started = clock()
        self.wake = self.started if wake else None
        self._hub = hub
        self._store = store
        self._labels = labels
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._began: dict[str, datetime] = {}
        self._ended: dict[str, AccountSummary] = {}
        self._finished: datetime | None = None

    @property
    def summary(self) -> RunSummary:
        """What the run has done so far."""
        accounts = tuple(self._ended.get(label) or self._account(label, State.RUNNING) for label in self._labels)
        return RunSummary(accounts=accounts, started_at=self.started, ended_at=self._finished)

    def listen(self) -> asyncio.Queue[Outcome | None]:
        """Where outcomes come from now on."""
        self.outcomes = asyncio.Queue(_WAITING)
        return self.outcomes

    async def tell(self, outcome: Outcome) -> None:
        """Hand an outcome to the caller, and wait while too many are unread."""
        self.show(self.works[outcome.account])
        if self.outcomes is not None:
            await self.outcomes.put(outcome)

    def show(self, work: Work, *, waiting_until: datetime | None = None, busy: bool = False) -> None:
        """Tell how far an account is."""
        if self._progress is None:
            return
        gate, expected = work.gate, work.expected
        remaining, rate = gate.remaining, gate.rate
        eta = None if rate is None or remaining is None else max(0.0, (expected - remaining) / rate)
        if eta is not None and waiting_until is not None:
            eta += max(0.0, (waiting_until - self._clock()).total_seconds())
        told = Progress(
            account=work.account, reports=work.counts.reports, expected=expected, requests=gate.requests,
            remaining=remaining, listing=work.listing, waiting_until=waiting_until, busy=busy, eta=eta,
        )  # fmt: skip
        try:
            self._progress(told)
        except Exception as error:  # noqa: BLE001 - raised by the run, when what is in flight is stored
            self.objection = self.objection or error
            self._stop()

    def work_at(self, label: str) -> None:
        """A slice of an account begins; with the first one its pass does."""
        self._began.setdefault(label, self._clock())

    def begin(self, label: str) -> None:
        """Another pass of an account is to come."""
        self._began.pop(label, None)
        self._ended.pop(label, None)
        if label in self.works:
            self.works[label].begin()

    def end(
        self, label: str, state: State, *, next_due: datetime | None = None, error: InterviewKitError | None = None
    ) -> None:
        """A pass of an account ended."""
        self._ended[label] = self._account(label, state, next_due=next_due, error=error)

    def finish(self) -> None:
        """The run ended; whatever account did not come to its end was stopped."""
        for label in self._labels:
            if label not in self._ended:
                self.end(label, State.STOPPED)
        self._finished = self._clock()

    async def note(self, label: str) -> None:
        """Keep an account's pass in the store's history."""
        one = self._ended[label]
        names = ("account", "requests", "throttled", "new", "changed", "unchanged", "gone", "unreadable", "failed")
        row = {name: getattr(one, name) for name in names}
        error = None if one.error is None else str(one.error)
        row |= {"started_at": self._began.get(label, self.started), "ended_at": self._clock()}
        row |= {"state": one.state.value, "error": error}
        with contextlib.suppress(StoreError):  # the run itself has said what happened
            async with self._store.writing() as connection:
                await connection.execute(insert(schema.run).values(**row))

    def _account(
        self, label: str, state: State, *, next_due: datetime | None = None, error: InterviewKitError | None = None
    ) -> AccountSummary:
        work = self.works.get(label)
        return AccountSummary(
            account=label, provider=self._hub[label].name, state=state, next_due=next_due, error=error,
            requests=0 if work is None else work.gate.requests, throttled=0 if work is None else work.gate.throttled,
            suspicious=None if work is None else work.suspicious, **({} if work is None else attrs.asdict(work.counts)),
        )  # fmt: skip


async def by_need(store: Store, labels: Sequence[str]) -> list[tuple[str, datetime | None, bool]]:
    """The accounts, when each is due and whether it is parked, those first that have been due longest."""
    table = schema.account
    async with store.reading() as connection:
        rows = await connection.execute(select(table.c.account, table.c.next_due, table.c.parked))
        known = {row.account: (row.next_due, row.parked is not None) for row in rows}
    never = datetime.min.replace(tzinfo=UTC)
    found = [(label, *known.get(label, (None, False))) for label in labels]
    return sorted(found, key=lambda one: one[1] or never)
