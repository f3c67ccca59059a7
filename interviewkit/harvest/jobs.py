"""Slices as jobs: procrastinate hands them out to any number of processes, from the PostgreSQL that is also the store.

A job is a slice of one account, at most a minute of work, and holds the account's label only. Each account has a queue
of its own, and a worker fetches from those whose credentials it has. How procrastinate behaves was read in its source,
3.10, and at <https://procrastinate.readthedocs.io/> (read 2026-11).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import attrs
import psycopg
from procrastinate import App, JobContext, PsycopgConnector, sql
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, JobDeferrer, Status
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from interviewkit.errors import ConfigurationError, InterviewKitError, StoreError
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.leases import LeaseLostError
from interviewkit.harvest.schema import account as accounts
from interviewkit.harvest.slices import Next, Slice
from interviewkit.harvest.store import Store

logger = logging.getLogger("interviewkit.harvest")

SLICE = "interviewkit.slice"
TICK = "interviewkit.tick"
_TABLES_LOCK = 7_206_115_021
"""The advisory lock under which the queue's tables are made."""
_TICK_LOCK = 7_206_115_022
"""The advisory lock under which accounts that are due get their jobs; who is paused loses it with its transaction."""
_UNFINISHED = {Status.TODO.value, Status.DOING.value}
_LOST = (ConnectorException, StoreError, psycopg.Error, TimeoutError, OSError)
"""What a database that goes away raises, through procrastinate, the store and the driver."""


@attrs.frozen(kw_only=True)
class Pace:
    """How often a worker looks at the database, in seconds. The defaults suit an hourly or nightly harvest."""

    tick: str = "* * * * * */15"
    """When accounts that are due get their jobs, as cron writes it, with seconds as the sixth field."""
    poll: float = 2.0
    """Jobs that were put off are seen by polling alone; new ones are notified."""
    heartbeat: float = 10.0
    stalled: float = 30.0
    """A worker without a heartbeat for that long is dead, and its jobs are given to others."""
    patience: float = 30.0
    """The longest pause between attempts to reach a database that went away."""


class SliceWorker:
    """Runs slices as jobs of a queue in the store's database; `run_slice` does the work of an account."""

    def __init__(
        self, store: Store, labels: Sequence[str], run_slice: Callable[[str], Awaitable[Slice]], *,
        concurrency: int = 4, finish: Callable[[], None] = lambda: None, pace: Pace,
    ) -> None:  # fmt: skip
        self._store = store
        self._labels = tuple(labels)
        self._run_slice = run_slice
        self._concurrency = concurrency
        self._finish = finish
        self._pace = pace
        self._failures: dict[str, int] = {}
        self._dead: int | None = None  # our own worker's number, when the database went away before it could sign off
        _, self._connection = store.engine.dialect.create_connect_args(store.engine.url)
        self._app = App(
            connector=PsycopgConnector(
                kwargs=self._connection, min_size=1, max_size=concurrency + 4, timeout=10.0, name="harvest"
            )
        )
        # No `retry`: a job with a queueing lock that is put back while its successor waits is stuck for ever. A slice
        # catches what goes wrong and defers its successor itself. No `lock` either: jobs that share one are noticed by
        # the next poll only, and the lease in the store lets no two slices of an account run.
        self._app.task(name=SLICE)(self._slice)
        # One periodic task for all accounts, since procrastinate silently defers no more than about seventy; without a
        # `lock`, with which a worker that dies in a tick would stop all later ones; and before all slices that wait.
        tick = self._app.task(name=TICK, queue=TICK, queueing_lock=TICK, priority=1)(self._periodic)
        self._app.periodic(cron=pace.tick)(tick)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what is in flight is finished. Raises `ConfigurationError` at the start only."""
        await self._make_tables()
        pause, loop = 0.5, asyncio.get_running_loop()
        while not stop.is_set():
            began = loop.time()
            # procrastinate's worker returns as if it had been asked to when its database goes away, or raises
            try:
                await self._serve(stop)
            except _LOST as error:
                logger.info("the queue's worker ended: %s", type(error).__name__)
            if stop.is_set():
                return
            pause = 0.5 if loop.time() - began > self._pace.patience else min(2 * pause, self._pace.patience)
            logger.warning("the queue in %s was lost: trying again in %.0f s", self._store.name, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def tick(self) -> None:
        """Give a job to each account that is due, in nobody's hands, and has none; remove those of the dead.

        However many workers tick while slices begin and end, no account gets a job too many, unless its worker was
        taken for dead and was not. Raises `StoreError`, and what procrastinate raises.
        """
        jobs = self._app.job_manager
        for task in (SLICE, TICK):
            for job in await jobs.get_stalled_jobs(task_name=task, seconds_since_heartbeat=self._pace.stalled):
                await self._forget(job)
        # The successor of a slice whose worker was taken for dead may come in between: the next tick sees it.
        with contextlib.suppress(AlreadyEnqueued):
            async with self._store.writing() as connection:
                # Where an account has no job, only a tick gives it one, and ticks take turns: who has none now has none
                # until the commit. A slice's job is there until its successor is, and until it is written when the
                # account is due again; so jobs are looked at first, and then who is due.
                await connection.execute(select(func.pg_advisory_xact_lock(_TICK_LOCK)))
                busy = {
                    job.task_kwargs.get("account")
                    for job in await jobs.list_jobs_async(task=SLICE)
                    if job.status in _UNFINISHED
                }
                idle = [self._job(account).job for account in await self._due(connection) if account not in busy]
                if idle:
                    raw = await cast("AsyncConnection", connection).get_raw_connection()
                    await jobs.batch_defer_jobs_async(idle, connection=raw.driver_connection)

    async def _serve(self, stop: asyncio.Event) -> None:
        pace = self._pace
        worker = Worker(
            self._app, queues=[TICK, *map(queue_of, self._labels)], concurrency=self._concurrency,
            fetch_job_polling_interval=pace.poll, update_heartbeat_interval=pace.heartbeat,
            stalled_worker_timeout=pace.stalled, install_signal_handlers=False, delete_jobs="always",
            worker_middleware=[_see_to_its_end],
        )  # fmt: skip
        stopping = asyncio.create_task(stop.wait())
        running: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(10):
                await self._app.open_async()
                await self._bury()
                await self.tick()
            running = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if running is not None:
                if stop.is_set() or not running.done():
                    self._finish()
                worker.stop()  # type: ignore[no-untyped-call]
                # shielded: what is in flight is finished, also when our caller was cancelled
                await asyncio.wait({running})
                self._dead = worker.worker_id
            # also after a failed opening: procrastinate keeps the dead pool and opens no other
            await self._app.close_async()
        await running

    async def _slice(self, account: str) -> None:
        try:
            ended = await self._run_slice(account)
            self._failures.pop(account, None)
        except LeaseLostError:
            ended = Slice(state=Next.BUSY)
        except Exception as error:  # noqa: BLE001  # a job that fails has no successor
            ended = Slice(state=Next.WAIT, until=self._after_failure(account, error))
        if ended.state in {Next.DONE, Next.PARKED}:
            return  # the tick sees when it is due, and whether it is still parked
        at = None if ended.state is Next.MORE else ended.until
        if ended.state is Next.BUSY or (ended.state is Next.WAIT and at is None):
            at = max(at or _later(0), _later(self._store.lease_seconds / 10))
        for pause in (0.2, 0.5, 1, 2, 4, 8):
            with contextlib.suppress(*_LOST):
                await self._defer(account, at)
                return
            await asyncio.sleep(pause)
        logger.warning("the queue cannot be reached: account %s goes on with the next tick", account)

    def _after_failure(self, account: str, error: Exception) -> datetime:
        """When to try an account again: after 1, 2, 4 … 256 seconds."""
        failures = self._failures[account] = self._failures.get(account, 0) + 1
        pause = 2 ** min(failures - 1, 8)
        # the text of an error that is not ours may hold a candidate's data
        told = str(error) if isinstance(error, InterviewKitError) else type(error).__name__
        logger.warning("account %s failed, again in %d s: %s", account, pause, told)
        return _later(pause)

    async def _periodic(self, timestamp: int) -> None:
        try:
            await self.tick()
        except _LOST as error:
            logger.info("the tick of %d failed: %s", timestamp, type(error).__name__)

    async def _due(self, connection: Transaction) -> list[str]:
        now = await self._store.now(connection)
        columns = (accounts.c.account, accounts.c.parked, accounts.c.next_due, accounts.c.lease_until)
        rows = (await connection.execute(select(*columns).order_by(accounts.c.next_due.nulls_first()))).all()
        known = {row.account for row in rows}
        new = [label for label in self._labels if label not in known]
        return new + [
            row.account
            for row in rows
            if row.parked is None
            and (row.next_due is None or row.next_due <= now)
            and (row.lease_until is None or row.lease_until <= now)
        ]

    def _job(self, account: str, at: datetime | None = None) -> JobDeferrer:
        return self._app.configure_task(
            SLICE, queue=queue_of(account), queueing_lock=f"{SLICE}:{account}", schedule_at=at,
            task_kwargs={"account": account},
        )  # fmt: skip

    async def _defer(self, account: str, at: datetime | None) -> None:
        with contextlib.suppress(AlreadyEnqueued):
            await self._job(account, at).defer_async()

    async def _bury(self) -> None:
        """Give up the jobs of our own worker that the database lost: its number is not used again."""
        if self._dead is not None:
            for job in await self._app.job_manager.list_jobs_async(worker_id=self._dead, status="doing"):
                await self._forget(job)
            self._dead = None

    async def _forget(self, job: Job) -> None:
        """Remove a job whose worker is dead; its account is due, so that it gets another one."""
        if job.id is not None:
            with contextlib.suppress(ConnectorException):  # another tick was quicker
                await self._app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)

    async def _make_tables(self) -> None:
        """The queue's tables, made under a lock since several workers may start at once."""
        try:
            async with await psycopg.AsyncConnection.connect(**self._connection) as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
                found = await (await connection.execute("SELECT to_regclass('procrastinate_jobs')")).fetchone()
                if found == (None,):
                    await connection.execute(SchemaManager.get_schema())
                missing = await (await connection.execute(_MISSING, (_functions(),))).fetchall()
        except psycopg.Error as error:
            raise ConfigurationError(
                f"the queue's tables cannot be made in {self._store.name} ({type(error).__name__})",
                hint="the user needs the right to create tables",
            ) from None
        if missing:
            raise ConfigurationError(
                f"the queue's tables in {self._store.name} are of another version of procrastinate",
                hint="apply procrastinate's migrations to the database",
            )


async def _see_to_its_end(run: Callable[[], Awaitable[object]], context: JobContext, worker: Worker) -> object:
    """Renew a worker that could not tell the database that a job ended: it stands there as under way, for good.

    procrastinate runs a job, and tells of its end, in a task of whose failure nobody hears.
    """

    def ended(task: asyncio.Task[object]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.info("the end of a job could not be written: %s", type(error).__name__)
            worker.stop()  # type: ignore[no-untyped-call]

    task = asyncio.current_task()
    if task is not None:
        task.add_done_callback(ended)
    return await run()


_MISSING = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regproc(name) IS NULL"


def _functions() -> list[str]:
    """The functions that this version of procrastinate calls; their names hold versions."""
    return sorted(
        {name for query in sql.queries.values() for name in re.findall(r"procrastinate_\w+_v\d+(?=\()", query)}
    )


def queue_of(account: str) -> str:
    """The queue of an account: a name that fits into PostgreSQL's 63 bytes for a channel, whatever the label."""
    name = f"account:{account}"
    if len(name.encode()) <= 40:
        return name
    return f"account:{hashlib.sha256(account.encode()).hexdigest()[:32]}"


def _later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
