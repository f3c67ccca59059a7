"""Reading the reports that are due: several at a time, within the limits, and each stored before its place is free."""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import attrs
from sqlalchemy import func, select

from interviewkit.errors import (
    AuthenticationError,
    InterviewKitError,
    MalformedResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    StoreError,
    TransportError,
    VendorUnavailableError,
)
from interviewkit.harvest import items, schema
from interviewkit.harvest.artifacts import requests_of
from interviewkit.harvest.documents import document
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.outcomes import Change
from interviewkit.harvest.storing import Done, store
from interviewkit.harvest.work import HaltError, ParkedError, Work, first_of
from interviewkit.model import SessionRef, undecoded
from interviewkit.plan import back_off
from interviewkit.serialize import dumps

BATCH = 100
BUDGET_AGAIN = timedelta(seconds=1)
"""When to look again whether other accounts have left some of the run's requests."""
SOONEST = timedelta(minutes=1)
"""No report is read again sooner, whatever a plan says."""
FAILURES_IN_A_ROW = 6
"""So many reports that fail one after the other mean that the vendor is away."""
VENDOR_AWAY = timedelta(minutes=5)
COMPANY, LONGEST_COMPANY = 0.01, 0.05
"""Seconds after which no other report is expected to be stored with, and that a report waits for others at most."""


def _cost(row: Mapping[str, Any]) -> int:
    """How many requests a report takes."""
    requests: int = row["requests"]
    return max(1, requests)


class Read(StrEnum):
    """How many of the reports that were due a batch has read."""

    NONE = "none"
    """None was due."""
    SOME = "some"
    ALL = "all"


class Reader:
    """Reads an account's due reports during one slice."""

    def __init__(self, work: Work, lease: Lease) -> None:
        self._work = work
        self._lease = lease
        self._due: collections.deque[Mapping[str, Any]] = collections.deque()
        self._begun = 0
        self._until = 0.0
        self._group = asyncio.TaskGroup()
        self._waiting: list[tuple[Done, int]] = []
        """What was read, and how many requests it took."""
        self._writing = False
        self._held = 0
        """Requests of the reports that were begun and are not stored yet."""
        self._reading = 0
        self._enough = asyncio.Event()
        """Set when nothing is being read any more."""
        self._latest = 0.0
        """When a report was read last."""
        self._failures = 0
        self._denied = 0
        self._end: HaltError | ParkedError | None = None
        """Why no report is begun any more; those that are under way are finished."""

    async def batch(self, *, until: float) -> Read:
        """Read the reports that have been due longest.

        Raises `HaltError` when nothing more can be sent for now, `ParkedError`, `StoreError`.
        """
        work = self._work
        now = work.clock()
        async with work.store.reading() as connection:
            rows = await items.due(connection, work.account, now, work.settings.since, BATCH, refused=work.refused)
            work.expected = len(rows)
            if not rows:
                return Read.NONE
            if len(rows) == BATCH:
                due = items.wanted(work.account, work.settings.since) & (schema.item.c.due_at <= now)
                counted = await connection.execute(select(func.count()).select_from(schema.item).where(due))
                work.expected = counted.scalar_one()
        self._due, self._begun, self._until = collections.deque(rows), 0, until
        try:
            async with asyncio.TaskGroup() as self._group:
                self._begin()
        except* StoreError as several:
            raise first_of(several) from None
        finally:
            self._hold(-self._held)  # of those that a failure has ended
        if self._end is not None:
            raise self._end
        if not self._begun and not self._due:
            raise HaltError(None, work.clock() + BUDGET_AGAIN, spent=True)
        return Read.ALL if self._begun == len(rows) < BATCH else Read.SOME

    def _begin(self) -> None:
        """Begin one report after the other, as long as there is room for their requests and they may leave.

        Whatever makes room begins those that were left, by `_go_on`.
        """
        work, gate = self._work, self._work.gate
        loop = asyncio.get_running_loop()
        while (place := self._fitting()) is not None:
            row = self._due[place]
            cost = _cost(row)
            if self._held and not gate.admits(cost):
                return
            if self._end is not None or work.stopping() or loop.time() >= self._until:
                return
            del self._due[place]
            if row["stream"] in work.refused:
                self._begun += 1  # it is left alone, which is no lack of requests
                continue
            if not gate.budget.admits(cost):
                continue  # another one may take fewer
            if not gate.admits(cost):
                self._end = HaltError(None, gate.free_at(cost))
                return
            self._begun += 1
            self._hold(cost)  # now: the task itself begins after the next row has asked
            self._group.create_task(self._one(row, cost))

    def _go_on(self) -> None:
        """Begin more, unless the group is ending: its tasks are cancelled then, which a provider may have hidden."""
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            self._begin()

    def _fitting(self) -> int | None:
        """Which report that is due comes next: the first one for whose requests there is room."""
        room = self._work.settings.concurrency - self._held
        return next((place for place, row in enumerate(self._due) if not self._held or _cost(row) <= room), None)

    def _hold(self, requests: int) -> None:
        """Set requests aside for reports, or give them back."""
        self._held += requests
        self._work.gate.hold(requests)

    async def _one(self, row: Mapping[str, Any], cost: int) -> None:
        self._reading += 1
        try:
            done = await self._read(row, SessionRef.parse(row["ref"]))
        finally:
            self._reading -= 1
            if not self._reading:
                self._enough.set()
        if done is None:
            self._hold(-cost)
            self._go_on()
            return
        self._waiting.append((done, cost))
        self._latest = asyncio.get_running_loop().time()
        if not self._writing:
            await self._write()

    async def _read(self, row: Mapping[str, Any], ref: SessionRef) -> Done | None:
        """Read one report; `None`: it stays due."""
        work = self._work
        now = work.clock()
        try:
            found = await self._fetch(row, ref)
            self._answered()
            return found
        except NotFoundError as error:
            self._answered()
            values = items.missed(row, now=now)
            change = Change.GONE if values["phase"] == items.Phase.GONE else Change.FAILED
            # What was gone already is still gone, which is no news.
            return Done(item=values, change=None if row["phase"] == items.Phase.GONE else change, error=error)
        except MalformedResponseError as error:
            self._answered()
            values = items.unreadable(row, now=now, error=str(error))
            return Done(item=values, change=Change.UNREADABLE, error=error, raw=error.raw)
        except AuthenticationError as error:
            self._refused(row["stream"], error)
        except RateLimitedError as error:
            self._end = self._end or work.throttled(error)
        except StoreError:
            raise
        except (TransportError, VendorUnavailableError, PermissionDeniedError) as error:
            self._failed(row["stream"], error)
            return Done(item=items.failed(row, now=now, error=str(error)), change=Change.FAILED, error=error)
        except Exception as error:  # noqa: BLE001 - a bug in one provider must not end the others' harvest
            known = work.located(error)
            return Done(item=items.failed(row, now=now, error=str(known)), change=Change.FAILED, error=known)
        return None

    async def _fetch(self, row: Mapping[str, Any], ref: SessionRef) -> Done:
        work, now = self._work, self._work.clock()
        stream = work.stream(row["stream"])
        if stream is None:  # of a plan that this version does not have any more
            report = await work.provider.fetch_report(ref)
            again = None
        else:
            report = await stream.report(ref, memo=row["memo"], fresh=work.fresh.pop(row["ref"], None))
            # by the harvest's clock, from which `again` counts; the vendor's JSON stays undecoded
            report = attrs.evolve(report, fetched_at=now, raw=undecoded(report))
            again = stream.again(report, reads=row["reads"] + 1)
        if work.erasures.any and work.erasures.covers_report(report, dumps(report)):
            return Done(item=dict(row), erased=True)
        artifacts, files = None, {}
        if work.artifacts is not None:
            with work.gate.holding(requests_of(work.provider, report)):
                collected = await work.artifacts.collect(work.provider, report, still=self._still_ours)
            artifacts, files = collected.rows, dict(collected.files)
            if collected.retryable:  # a file is missing
                began = report.session.started_at or report.session.created_at
                later = back_off(row["reads"] + 1, began=began, now=now)
                again = later if again is None else min(again, later)
        if again is not None:
            again = max(again, now + SOONEST)
        made = document(report, files)
        if made.ref != row["ref"]:
            raise MalformedResponseError("the report is of another session than the one asked for", paths=("$",))
        return Done(
            item=items.read(row, final=report.is_final, again=again), report=report, document=made,
            artifacts=artifacts, was_unreadable=row["phase"] == items.Phase.UNREADABLE,
        )  # fmt: skip

    def _failed(self, stream: str, error: InterviewKitError) -> None:
        """One report that cannot be had is its own matter; several in a row are the host's."""
        if isinstance(error, PermissionDeniedError):
            self._denied += 1
            if self._denied >= FAILURES_IN_A_ROW:
                self._refused(stream, error)
            return
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            work = self._work
            self._end = self._end or HaltError(work.located(error), work.clock() + VENDOR_AWAY)

    def _refused(self, stream: str, error: InterviewKitError) -> None:
        """A host refuses the key: its other reports stay due, and those of other hosts go on."""
        work = self._work
        self._end = self._end or work.refuse(stream, error, until=work.clock() + VENDOR_AWAY)

    def _answered(self) -> None:
        """The vendor is there."""
        self._failures = self._denied = 0
        self._work.gate.calm()

    async def _still_ours(self) -> None:
        async with self._work.store.reading() as connection:
            await self._lease.check(connection)

    # --- storing ---

    async def _write(self) -> None:
        """Store what has been read meanwhile, all of it in one transaction, until nothing waits."""
        self._writing = True
        try:
            while self._waiting:
                await self._company()
                batch, self._waiting = self._waiting, []
                outcomes = await store(self._work, self._lease, [done for done, _ in batch])
                self._hold(-sum(cost for _, cost in batch))
                self._go_on()
                for outcome in outcomes:
                    await self._work.report(outcome)
        finally:
            self._writing = False

    async def _company(self) -> None:
        """Wait while others keep coming: one transaction for many costs little more than one for one."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST_COMPANY
        while self._reading and loop.time() < (until := min(end, self._latest + COMPANY)):
            self._enough.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._enough.wait()
