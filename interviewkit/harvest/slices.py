"""The unit of work: one account, at most a minute, and all of its progress in the store."""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import StrEnum

import attrs
from sqlalchemy import func, select, update

from interviewkit.errors import (
    AuthenticationError,
    InterviewKitError,
    PermissionDeniedError,
    RateLimitedError,
    StoreError,
)
from interviewkit.harvest import items, scans, schema
from interviewkit.harvest.erasures import Erasures
from interviewkit.harvest.gate import ALLOWANCE
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.reading import BATCH, Read, Reader
from interviewkit.harvest.work import HaltError, ParkedError, Work

_STORE_AGAIN = 0.2
"""Seconds until the store is told again of requests, when it could not be."""
_PAGES = 20
"""So many pages of lists are read at most while reports that are due wait."""
LISTING_FAILED = scans.RESCAN_LATER
"""How long a list that could not be read is left alone."""


class Next(StrEnum):
    """What a slice says at its end."""

    DONE = "done"
    """Nothing is due before `until`."""
    MORE = "more"
    """There is more to do at once."""
    WAIT = "wait"
    """Nothing may be sent, or nobody answers, before `until`."""
    PARKED = "parked"
    """The key is refused."""
    BUSY = "busy"
    """Another process is at this account, or at one with the same credentials, until `until`."""


@attrs.frozen(kw_only=True)
class Slice:
    """How a slice ended."""

    state: Next
    until: datetime | None = None
    error: InterviewKitError | None = None
    spent: bool = False
    """It waits since the run's requests are used up, or promised to other accounts."""


async def run(work: Work, *, seconds: float) -> Slice:
    """Harvest an account for a while. Raises `StoreError`."""
    lease = await work.store.lease(work.account, scope=work.gate.scope or work.account, provider=work.provider.name)
    if lease is None:
        return Slice(state=Next.BUSY, until=work.gate.free_at(0))
    async with lease:
        await _load(work, lease)
        saving = asyncio.create_task(_keep_told(work, lease))
        try:
            ended = await _steps(work, lease, until=asyncio.get_running_loop().time() + seconds)
        except ParkedError as parked:
            ended = Slice(state=Next.PARKED, error=parked.error)
        except HaltError as halt:
            ended = Slice(state=Next.WAIT, until=halt.until, error=halt.error, spent=halt.spent)
        finally:
            work.listing = None
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
        return attrs.evolve(ended, until=await _save(work, lease, ended))


async def _load(work: Work, lease: Lease) -> None:
    """Take over the limits as others left them; what a crashed process may have sent counts as sent."""
    # Not before the lease: who holds it erases.
    work.erasures = await Erasures.load(work.store, work.erasure_key)
    scope = schema.rate_scope
    async with work.store.reading() as connection:
        row = (await connection.execute(select(scope).where(scope.c.scope == work.gate.scope))).mappings().first()
        asked = work.gate.now()
        # Machines that share a store go by its clock; a SQLite file has none, and is used by one machine.
        now = work.clock() if work.store.dialect == "sqlite" else await work.store.now(connection)
    if row is not None:
        # The dead process may have been about to tell of as many as it could send meanwhile.
        unknown = 0 if lease.clean else 2 * ALLOWANCE
        work.gate.restore(dict(row), now=now, unknown=unknown, asked=asked)


async def _keep_told(work: Work, lease: Lease) -> None:
    """Tell the store of requests that left, whenever so many have that no more may before it knows."""
    while True:
        await work.gate.full.wait()
        try:
            async with work.store.writing(lease) as connection:
                await scans.save_gate(work, connection)
        except StoreError:  # whoever stores what was read finds out, and says so
            await asyncio.sleep(_STORE_AGAIN)


async def _steps(work: Work, lease: Lease, *, until: float) -> Slice:
    loop = asyncio.get_running_loop()
    reader = Reader(work, lease)
    while True:
        if work.stopping() or loop.time() >= until:
            return Slice(state=Next.MORE, until=work.clock())
        read = await reader.batch(until=until)
        if read is Read.SOME or (read is Read.ALL and (work.stopping() or loop.time() >= until)):
            continue
        following = await _fill(work, lease, until=until)
        if following is not None and read is Read.NONE:
            return Slice(state=Next.DONE, until=following)


async def _fill(work: Work, lease: Lease, *, until: float) -> datetime | None:
    """Read a page of a list that is due, and, where nothing is scarce, pages for a whole batch of reports.

    Where requests are limited, those that bring reports go first; and links to files grow old while reports wait.
    Returns and raises what `_list` does for the first page.
    """
    loop = asyncio.get_running_loop()
    work.fresh.clear()
    work.due = 0
    following = await _list(work, lease)
    scarce = not work.gate.is_open or work.gate.budget.left is not None or work.artifacts is not None
    for _ in range(_PAGES - 1):
        ended = following is not None or work.stopping() or loop.time() >= until
        if scarce or ended or not 0 < work.due < BATCH:
            break
        try:
            following = await _list(work, lease)
        except HaltError:  # it is raised again once what is due has been read
            break
    return None if work.due else following


async def _list(work: Work, lease: Lease) -> datetime | None:
    """Read one page of a list that is due; when none is, the time of the next one.

    Raises `HaltError` when none is left but such as cannot be read.
    """
    now = work.clock()
    states = await scans.states(work)
    following: list[datetime] = []
    for stream in work.plan.streams:
        state = states[stream.name]
        rested, _ = work.resting.get(stream.name, (now, None))
        due = max(scans.due(work, stream, state, now), rested)
        if due > now:
            following.append(due)
            continue
        if not work.gate.admits(1):
            raise HaltError(None, work.gate.free_at(1), spent=not work.gate.budget.admits(1))
        work.listing = stream.name
        try:
            await scans.page(work, lease, stream, scans.begin(work, stream, state, now))
        except (AuthenticationError, PermissionDeniedError) as error:
            parked = work.refuse(stream.name, error, until=now + LISTING_FAILED)
            if parked is not None:
                raise parked from None
        except RateLimitedError as error:
            raise work.throttled(error) from None
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one vendor does must not end the others' harvest
            work.resting[stream.name] = (now + LISTING_FAILED, work.located(error))
        else:
            work.resting.pop(stream.name, None)
            work.refused.pop(stream.name, None)
        return None
    if work.resting:
        _, why = min(work.resting.values(), key=lambda one: one[0])
        raise HaltError(why, min(following, default=now))
    return min(following, default=now)


async def _save(work: Work, lease: Lease, ended: Slice) -> datetime | None:
    """Write down the account's limits, and when it is due next, which is returned."""
    table, accounts = schema.item, schema.account
    async with work.store.writing(lease) as connection:
        wanted = items.wanted(work.account, work.settings.since) & table.c.due_at.is_not(None)
        earliest = (await connection.execute(select(func.min(table.c.due_at)).where(wanted))).scalar()
        due = ended.until
        if ended.state is Next.DONE and earliest is not None and due is not None:
            due = min(due, earliest)
        parked = str(ended.error) if ended.state is Next.PARKED else None
        await connection.execute(
            update(accounts).where(accounts.c.account == work.account).values(next_due=due, parked=parked)
        )
        await scans.save_gate(work, connection)
    return due
