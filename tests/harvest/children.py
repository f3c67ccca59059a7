"""What the tests of kills share: harvests in child processes, and the judgement of what they left in a store."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import multiprocessing
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import func, select, text, update

from interviewkit.harvest import Store, schema
from interviewkit.sandbox import Sandbox

from . import driver

LISTS = {"/api/pads", "/1/tests", "/1/tests/{test_id}/candidates", "/1/pads", "/api/sessions/"}
"""The routes of lists; what else is asked for belongs to one report."""
PATIENCE = 60.0
PRELOADED = [
    "pytest", driver.__name__, "alembic.command", "alembic.runtime.environment", "cattrs",
    "interviewkit.harvest.erase", "interviewkit.harvest.sqlite", "interviewkit.http.transport",
    "interviewkit.providers.coderpad.harvest", "interviewkit.providers.codility.harvest",
    "interviewkit.providers.remoteinterview.harvest", "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
]  # fmt: skip
"""What a harvest imports: a child that is killed at random should be at work, not at imports."""
CONCURRENCY = 4
LEASE_OPTIONS: dict[str, Any] = {"lease_seconds": 10.0, "harvester": {"concurrency": CONCURRENCY}}
"""A lease that outlasts a busy machine's hiccups; tests end it by hand."""


@functools.cache
def _processes() -> Any:
    """Children are forked from a server that has imported everything: they start within milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@attrs.define
class Child:
    """A harvest in a process of its own."""

    process: BaseProcess
    job: driver.Job

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def send(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    async def kill(self) -> bool:
        """`kill -9`; whether that ended it, and not its own end."""
        self.process.kill()
        return await self.ended() == -signal.SIGKILL

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(PATIENCE):
            while self.process.is_alive():  # noqa: ASYNC110  # a process sets no event
                await asyncio.sleep(0.003)
        self.process.join()
        code = self.process.exitcode
        assert code is not None
        return code

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(Path(self.job.result).read_text())
        return found


@attrs.define
class Nursery:
    """Starts children for one sandbox and one store."""

    box: Sandbox
    url: str
    folder: Path
    children: list[Child] = attrs.field(factory=list)

    def start(self, **options: Any) -> Child:
        options.setdefault("accounts", self.box.accounts)
        result = self.folder / f"result-{len(self.children)}.json"
        job = driver.Job(store=self.url, result=str(result), **options)
        process = _processes().Process(target=driver.run, args=(job,), daemon=True)
        process.start()
        self.children.append(Child(process, job))
        return self.children[-1]

    async def finish(self, **options: Any) -> dict[str, Any]:
        """A harvest to its end."""
        child = self.start(**options)
        code = await child.ended()
        told = child.told
        assert code == 0, told
        return told


@contextlib.asynccontextmanager
async def nursery(box: Sandbox, url: str, folder: Path) -> AsyncIterator[Nursery]:
    """No child outlives its test."""
    made = Nursery(box, url, folder)
    try:
        yield made
    finally:
        for child in made.children:
            if child.is_alive:
                child.process.kill()
            child.process.join()
            child.process.close()


def troubles(told: Mapping[str, Any]) -> str:
    """What was wrong in a harvest."""
    names = ("state", "error", "failed", "unreadable", "suspicious")
    return "\n".join(f"{label}: { {name: one[name] for name in names} }" for label, one in told["accounts"].items())


# --- what the sandbox saw ---


@attrs.frozen
class Requests:
    """How many requests each vendor got."""

    lists: Counter[str]
    details: Counter[str]

    @classmethod
    def of(cls, box: Sandbox) -> Requests:
        lists: Counter[str] = Counter()
        details: Counter[str] = Counter()
        for vendor in box.vendors:
            for (_, route), number in vendor.counts.items():
                (lists if route in LISTS else details)[vendor.name] += number
        return cls(lists, details)

    @property
    def total(self) -> int:
        return self.lists.total() + self.details.total()

    def list_requests(self) -> int:
        return self.lists.total()


def forget_requests(box: Sandbox) -> None:
    for vendor in box.vendors:
        vendor.counts.clear()


async def until_requests(
    box: Sandbox, number: int, child: Child, counted: Callable[[Requests], int] = lambda requests: requests.total
) -> None:
    """Wait until the vendors got so many requests, or the child has ended."""
    async with asyncio.timeout(PATIENCE):
        while child.is_alive and counted(Requests.of(box)) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


# --- what stands in a store ---


@attrs.frozen
class Kept:
    """What a store says of a report."""

    content_hash: str
    deleted: bool
    seq: int = attrs.field(eq=False)


async def kept(store: Store) -> dict[tuple[str, str], Kept]:
    """Every stored report, and a look at the numbers: each of them once, none above the counter."""
    table = schema.report
    async with store.reading() as connection:
        rows = (await connection.execute(select(table))).all()
    numbers = sorted(row.seq for row in rows)
    assert len(numbers) == len(set(numbers))
    assert not numbers or numbers[-1] <= await store.last_seq()
    found = {(row.account, row.ref): Kept(row.content_hash, row.deleted_at is not None, row.seq) for row in rows}
    assert len(found) == len(rows)
    return found


async def undisturbed(box: Sandbox, folder: Path, **options: Any) -> tuple[dict[tuple[str, str], Kept], Requests]:
    """What a harvest stores that nobody disturbs, and what it asks for."""
    url = f"sqlite:///{folder}/undisturbed.db"
    forget_requests(box)
    async with nursery(box, url, folder) as children:
        told = await children.finish(**options)
    assert told["ok"], told
    requests = Requests.of(box)
    forget_requests(box)
    async with await Store.open(url) as store:
        return await kept(store), requests


async def expire_leases(store: Store) -> int:
    """Make a dead process's leases end now instead of in some seconds; how many there were."""
    table = schema.account
    async with store.writing() as connection:
        past = await store.now(connection) - timedelta(seconds=1)
        ended = await connection.execute(update(table).where(table.c.holder.is_not(None)).values(lease_until=past))
        return ended.rowcount


async def until_idle(store: Store, child: Child) -> None:
    """Let a stopped process go on by milliseconds until it stands between two transactions."""
    async with asyncio.timeout(PATIENCE):
        while not await _is_idle(store):
            child.send(signal.SIGCONT)
            await asyncio.sleep(0.002)
            child.send(signal.SIGSTOP)


async def _is_idle(store: Store) -> bool:
    """Whether nobody is about to write."""
    if store.dialect == "postgresql":
        await asyncio.sleep(0.05)  # what is on its way to the server arrives
        async with store.reading() as connection:
            writers = text(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL OR (datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle')"
            )
            busy: int = (await connection.execute(writers)).scalar_one()
            return busy == 0
    with contextlib.closing(sqlite3.connect(str(store.engine.url.database), timeout=0, isolation_level=None)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        probe.execute("ROLLBACK")
        return True


async def dump(store: Store) -> dict[str, list[Mapping[str, Any]]]:
    """Every row of every table."""
    async with store.reading() as connection:
        return {
            table.name: [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for table in schema.metadata.sorted_tables
        }


async def count(store: Store, table: Any = schema.report) -> int:
    async with store.reading() as connection:
        found: int = (await connection.execute(select(func.count()).select_from(table))).scalar_one()
        return found


class Follower:
    """A reader of `seq > n` beside the harvest: it must not miss a change, nor see a number again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.last = 0
        self.seen: dict[tuple[str, str], tuple[str, bool]] = {}

    async def look(self) -> None:
        async for record in self._store.records(since_seq=self.last, include_deleted=True):
            assert record.seq > self.last
            self.last = record.seq
            self.seen[record.account, record.ref] = (record.row["content_hash"], record.deleted_at is not None)

    async def follow(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def following(store: Store) -> AsyncIterator[Follower]:
    """A follower at work in the background; it has seen everything at the end."""
    follower = Follower(store)
    task = asyncio.create_task(follower.follow())
    try:
        yield follower
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await follower.look()


def moment(rng: random.Random) -> float:
    """Seconds until a kill: mostly at once, at times a little later."""
    return rng.choice((0.0, rng.uniform(0, 0.004), rng.uniform(0, 0.02)))
