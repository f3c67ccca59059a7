"""A worker in a process of its own, for tests that stop, kill and starve it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any

import attrs

from interviewkit import Hub, RateLimit, connect
from interviewkit.harvest.harvester import Harvester
from interviewkit.harvest.jobs import Pace
from interviewkit.harvest.slices import Slice
from interviewkit.harvest.worker import work
from interviewkit.http.retry import RetryPolicy

PATIENCE = 60.0
PACE = Pace(tick="* * * * * *", poll=0.1, heartbeat=0.3, stalled=2.0, patience=1.0)


@attrs.frozen(kw_only=True)
class Job:
    """What a worker works at: accounts as the sandbox names them, each with the same limit."""

    store: str
    accounts: dict[str, dict[str, Any]]
    limit: RateLimit | None = None
    lease_seconds: float = 4.0
    concurrency: int = 6
    log: str = os.devnull


def run(job: Job, start: Barrier) -> None:
    """Work until SIGTERM, as the command line does; no slice begins before as many have to as pass `start`."""
    _begin_at(start)
    logging.basicConfig(filename=job.log, level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True)
    asyncio.run(_work(job))


def _begin_at(start: Barrier) -> None:
    """Hold this process's first slices until those of the others begin too, however late these are with imports."""
    run_slice, begun = Harvester.run_slice, asyncio.Event()

    async def together(self: Harvester, account: str, **options: Any) -> Slice:
        if not begun.is_set():
            await asyncio.to_thread(start.wait, PATIENCE)
            begun.set()
        return await run_slice(self, account, **options)

    Harvester.run_slice = together  # type: ignore[method-assign]


async def _work(job: Job) -> None:
    providers = []
    for label, given in job.accounts.items():
        keywords = {**given}
        name = keywords.pop("provider")
        options = {"account": label, "limit": job.limit, "retry": RetryPolicy(attempts=1)}
        providers.append(connect(name, **options, **keywords))
    async with Hub(providers) as hub:
        await work(hub, job.store, concurrency=job.concurrency, lease_seconds=job.lease_seconds, pace=PACE)


@attrs.frozen
class Process:
    """A running worker."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def ended(self, seconds: float = 20.0) -> int | None:
        """Its exit code."""
        await asyncio.to_thread(self.process.join, seconds)
        return self.process.exitcode


@contextlib.asynccontextmanager
async def workers(job: Job, number: int) -> AsyncIterator[list[Process]]:
    """So many workers, each of which begins with as many of the accounts as the others; none outlives its test."""
    context = multiprocessing.get_context("forkserver")
    job = attrs.evolve(job, concurrency=len(job.accounts) // number)
    start = context.Barrier(len(job.accounts) if number > 1 else 1)
    started = [Process(context.Process(target=run, args=(job, start), daemon=True)) for _ in range(number)]
    for one in started:
        one.process.start()
    try:
        yield started
    finally:
        for one in started:
            if one.is_alive:
                one.process.kill()
            await asyncio.to_thread(one.process.join)
