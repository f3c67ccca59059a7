"""Harvesting a hub's accounts in one process: a loop over slices, side by side, with one summary."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError, StoreError
from interviewkit.harvest import slices
from interviewkit.harvest.artifacts import Artifacts
from interviewkit.harvest.default_plan import plan_of
from interviewkit.harvest.gate import Budget, Gate
from interviewkit.harvest.leases import LeaseLostError
from interviewkit.harvest.outcomes import Outcome, Progress, RunSummary, State
from interviewkit.harvest.runs import Run, by_need
from interviewkit.harvest.slices import Next, Slice
from interviewkit.harvest.store import Store
from interviewkit.harvest.work import Settings, Work, first_of
from interviewkit.hub import Hub

logger = logging.getLogger("interviewkit.harvest")

ACCOUNTS_AT_ONCE = 16
STORE_PATIENCE = 300.0
"""Seconds that a run waits for a store that is away, such as a database that is restarted."""
_IDLE = timedelta(seconds=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Harvester:
    """Brings every report of a hub's accounts into a store, inside each vendor's limits.

    `accounts` are the labels to harvest (all, when empty), `since` leaves out sessions of which nothing later is
    known, `artifacts` is a folder for the files beside reports, `max_requests` the most requests of one run,
    `concurrency` the requests under way at an account, `interval` and `sweep_every` the seconds until an account is
    due again and until its lists are read whole again, `reserve` the share of each limit, 0 to 1, that is left to
    others. `progress` is called now and then. `clock` and `sleep` can be handed in for tests.

    Raises `InvalidArgumentError` for an unknown account and for numbers that make no sense.
    """

    def __init__(
        self, hub: Hub, store: Store, *, accounts: Collection[str] = (), since: datetime | None = None,
        artifacts: str | os.PathLike[str] | None = None, max_requests: int | None = None, concurrency: int = 8,
        interval: float = 3600.0, sweep_every: float = 86400.0, reserve: float = 0.0, erasure_key: bytes | None = None,
        progress: Callable[[Progress], None] | None = None, clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        _check(
            since=since, max_requests=max_requests, concurrency=concurrency, interval=min(interval, sweep_every),
            reserve=reserve,
        )  # fmt: skip
        self._hub = hub
        self._store = store
        self._labels = tuple(dict.fromkeys(accounts)) or tuple(provider.account for provider in hub)
        for label in self._labels:
            hub[label]
        self._interval = timedelta(seconds=interval)
        self._settings = Settings(since=since, concurrency=concurrency, interval=interval, sweep_every=sweep_every)
        self._artifacts = None if artifacts is None else Artifacts(Path(artifacts))
        self._max_requests = max_requests
        self._reserve = reserve
        self._erasure_key = erasure_key
        self._progress = progress
        self._clock = clock
        self._sleep = sleep
        self._stop = asyncio.Event()
        self._budget = Budget(max_requests)
        self._current = self._new_run()

    @property
    def summary(self) -> RunSummary:
        """What the run has done so far."""
        return self._current.summary

    def stop(self) -> None:
        """Begin nothing new; what is in flight is finished and stored, and the next run goes on there."""
        self._stop.set()

    def run(self, *, only_due: bool = False) -> AsyncGenerator[Outcome, None]:
        """One pass over all accounts, until each is up to date; it waits for their limits.

        Every list is read, also one that was read a moment ago, unless `only_due` leaves out the accounts whose
        interval is not over and those whose key was refused. Yields what has changed, as it is stored; who leaves the
        loop early ends the run. Raises `StoreError` when the store fails for good.
        """
        return self._run(watch=False, only_due=only_due)

    def watch(self) -> AsyncGenerator[Outcome, None]:
        """The same for ever, each account at its interval, until `stop()`."""
        return self._run(watch=True, only_due=False)

    async def run_slice(self, account: str, *, seconds: float = 60.0) -> Slice:
        """Work at one account for a while: what a queue over several machines calls. Raises `StoreError`."""
        work = self._work(account)
        self._current.work_at(account)
        ended = await slices.run(work, seconds=seconds)
        verdict = self._verdict(work, ended)
        if verdict is not None:  # a pass is over: keep it in the history, and count the next one anew
            state, until, error = verdict
            self._current.end(account, state, next_due=until, error=error)
            await self._current.note(account)
            self._current.begin(account)
        return ended

    # --- a run ---

    async def _run(self, *, watch: bool, only_due: bool) -> AsyncGenerator[Outcome, None]:
        if self._current.outcomes is not None:
            raise InvalidArgumentError("this harvester is running already")
        self._stop.clear()
        self._budget = Budget(self._max_requests)
        run = self._current = self._new_run(wake=not (watch or only_due))
        outcomes = run.listen()
        whole = asyncio.create_task(self._accounts(run, outcomes, watch=watch, only_due=only_due))
        self._store.accompany(whole)
        try:
            while (outcome := await outcomes.get()) is not None:
                yield outcome
            try:
                await whole
            except BaseExceptionGroup as several:
                raise first_of(several) from None
            if run.objection is not None:
                raise run.objection
        finally:
            run.outcomes = None
            whole.cancel()
            while not outcomes.empty():  # whoever waits for a place in it can end
                outcomes.get_nowait()
            with contextlib.suppress(asyncio.CancelledError, Exception, BaseExceptionGroup):
                await whole

    async def _accounts(
        self, run: Run, outcomes: asyncio.Queue[Outcome | None], *, watch: bool, only_due: bool
    ) -> None:
        """All accounts side by side."""
        places = asyncio.Semaphore(ACCOUNTS_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                for label, due, parked in await by_need(self._store, self._labels):
                    if only_due and (parked or (due is not None and due > self._clock())):
                        run.end(label, State.PARKED if parked else State.NOT_DUE, next_due=due)
                        continue
                    group.create_task(self._account(label, places, watch=watch))
        except asyncio.CancelledError:
            run.finish()
            if outcomes.full():  # nobody reads any more, and so nobody makes room
                outcomes.get_nowait()
            outcomes.put_nowait(None)
            raise
        except BaseException:
            run.finish()
            await outcomes.put(None)
            raise
        run.finish()
        await outcomes.put(None)

    def _new_run(self, *, wake: bool = False) -> Run:
        return Run(
            self._hub, self._store, self._labels, clock=self._clock, progress=self._progress, stop=self.stop, wake=wake
        )

    async def _account(self, label: str, places: asyncio.Semaphore, *, watch: bool) -> None:
        """Slice after slice of one account, until it is done, or for ever."""
        while True:
            self._current.work_at(label)
            state, until, error = await self._pass_or_failure(label, places)
            self._current.end(label, state, next_due=until, error=error)
            await self._current.note(label)
            if not watch or state in {State.STOPPED, State.BUDGET, State.PARKED}:
                return
            pause = (until or self._clock() + self._interval) - self._clock()
            if not await self._wait(max(_IDLE, pause)):
                self._current.end(label, State.STOPPED, next_due=until)
                return
            self._current.begin(label)

    async def _pass_or_failure(
        self, label: str, places: asyncio.Semaphore
    ) -> tuple[State, datetime | None, InterviewKitError | None]:
        """A pass, whose unexpected end, such as a bug in somebody's provider, is that account's own."""
        try:
            return await self._pass(label, places)
        except (StoreError, ConfigurationError):
            raise
        except Exception as error:  # noqa: BLE001
            logger.error("the harvest of an account failed with %s", type(error).__name__)  # noqa: TRY400 - its text may hold data
            failure = InterviewKitError(
                f"the harvest failed with {type(error).__name__}", provider=self._hub[label].name, account=label,
                hint="this is a bug, in interviewkit or in the provider",
            )  # fmt: skip
            return State.FAILED, self._clock() + self._interval, failure

    async def _pass(
        self, label: str, places: asyncio.Semaphore
    ) -> tuple[State, datetime | None, InterviewKitError | None]:
        """Slices until there is nothing to do before a time, or nothing can be done."""
        busy_until: float | None = None
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            ended = await self._slice(label, places)
            work = self._current.works[label]
            self._current.show(work)
            verdict = self._verdict(work, ended)
            if verdict is not None:
                return verdict
            if ended.state is Next.BUSY:
                patience = 2 * self._store.lease_seconds
                busy_until = loop.time() + patience if busy_until is None or self._shares(label) else busy_until
                if loop.time() > busy_until:
                    return State.BUSY, ended.until, None
                self._current.show(work, busy=True)
                await self._wait(timedelta(seconds=min(1.0, self._store.lease_seconds / 10)))
                continue
            busy_until = None
            if ended.state is Next.WAIT and ended.until is not None:
                self._current.show(work, waiting_until=ended.until)
                await self._wait(ended.until - self._clock())
        return State.STOPPED, None, None

    async def _slice(self, label: str, places: asyncio.Semaphore) -> Slice:
        """One slice; a store that is away for a while is waited for. Raises `StoreError`."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + STORE_PATIENCE
        while True:
            try:
                work = self._work(label)
                async with places:
                    return await slices.run(work, seconds=60.0)
            except LeaseLostError:
                return Slice(state=Next.BUSY)
            except StoreError as error:
                if not error.retryable or loop.time() > give_up or self._stop.is_set():
                    raise
            await self._sleep(0.5)

    def _verdict(self, work: Work, ended: Slice) -> tuple[State, datetime | None, InterviewKitError | None] | None:
        """How the account's pass ends with this slice, `None`: it goes on."""
        if ended.state is Next.DONE:
            return State.DONE, ended.until, work.error
        if ended.state is Next.PARKED:
            return State.PARKED, None, ended.error
        if ended.error is not None:
            return State.FAILED, ended.until, ended.error
        over = ended.spent and not self._budget.promised  # what is promised to other accounts may be left over
        return (State.BUDGET, ended.until, None) if over else None

    def _shares(self, label: str) -> bool:
        """Whether another account of this run has the same credentials, so that they take turns."""
        scope = self._current.works[label].gate.scope
        return any(one != label and work.gate.scope == scope for one, work in self._current.works.items())

    async def _wait(self, pause: timedelta) -> bool:
        """Sleep; false when the harvest is to stop."""
        sleeping = asyncio.ensure_future(self._sleep(max(0.0, pause.total_seconds())))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, stopping):
                task.cancel()
            await asyncio.gather(sleeping, stopping, return_exceptions=True)
        return not self._stop.is_set()

    # --- an account ---

    def _work(self, label: str) -> Work:
        found = self._current.works.get(label)
        if found is None:
            gate = Gate(clock=self._clock, reserve=self._reserve, budget=self._budget)
            provider = _gated(self._hub[label], gate)
            gate.scope = f"{provider.name}:{gate.scope}" if gate.scope else f"account:{label}"
            found = self._current.works[label] = Work(
                provider=provider, plan=plan_of(provider), gate=gate, store=self._store, settings=self._settings,
                clock=self._clock, tell=self._current.tell, stopping=self._stop.is_set, artifacts=self._artifacts,
                wake=self._current.wake, erasure_key=self._erasure_key,
            )  # fmt: skip
        return found


def _gated(provider: Any, gate: Gate) -> Any:
    """The provider, asking the gate before each request; one without connections of ours goes its own way."""
    try:
        return provider.with_options(limiters=gate.install)
    except (AttributeError, ConfigurationError, TypeError):
        return provider


def _check(
    *, since: datetime | None, max_requests: int | None, concurrency: int, interval: float, reserve: float
) -> None:
    if since is not None and since.tzinfo is None:
        raise InvalidArgumentError("since= needs a time zone")
    if max_requests is not None and max_requests < 1:
        raise InvalidArgumentError("max_requests= is a whole number from 1 on")
    if concurrency < 1 or interval <= 0 or not 0 <= reserve < 1:
        raise InvalidArgumentError(
            "concurrency= is from 1 on, interval= and sweep_every= above 0, reserve= from 0 to below 1"
        )
