"""Two worker processes on one PostgreSQL, at six accounts of two sandboxes: paused, killed, and without a database."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attrs
import pytest
from aiohttp import web
from sqlalchemy import select

from interviewkit import RateLimit, StoreError
from interviewkit.harvest import Store
from interviewkit.harvest.schema import account as accounts
from interviewkit.sandbox import Fault, FaultKind, Sandbox, SeenRequest
from interviewkit.sandbox.plays import PLAYS, Proceed

from .children import LISTS, Kept, Requests, count, kept, undisturbed
from .postgres import PostgresServer
from .worker_child import Job, Process, workers

SESSIONS = 60
LIMIT = RateLimit(15, 1.0)
CONCURRENCY = 8
"""Requests under way at an account, as `Harvester` has it."""
PATIENCE = 90.0


@attrs.define
class Scene:
    """Two sandboxes with three vendors each, and what a harvest in peace finds there."""

    boxes: list[Sandbox]
    store: Store
    job: Job
    expected: dict[tuple[str, str], Kept] = attrs.field(factory=dict)
    floors: list[Counter[str]] = attrs.field(factory=list)
    answering: asyncio.Event = attrs.field(factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def at_work(self, number: int, **options: Any) -> AsyncIterator[list[Process]]:
        """Workers in mid-run: reports of every account are on their way, and arrive once `answering` is set."""
        self.answering.clear()
        for vendor in self.vendors.values():
            vendor.fail(Fault.latency(0), times=None)
        async with workers(attrs.evolve(self.job, **options), number) as started:
            async with asyncio.timeout(PATIENCE):
                while not all(self.on_their_way(account) for account in self.vendors):
                    assert all(one.is_alive for one in started)
                    await asyncio.sleep(0.005)
            assert {*(await self.holders()).values()} == {one.pid for one in started}
            yield started

    async def hold(self, _fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
        """Answer lists at once, and of reports when the test wants it."""
        resource = request.match_info.route.resource
        if resource is None or resource.canonical not in LISTS:
            await self.answering.wait()
        return await proceed()

    def on_their_way(self, account: str) -> list[SeenRequest]:
        """The requests for reports that are not answered."""
        seen = self.vendors[account].seen
        return [request for request in seen if request.status is None and request.route not in LISTS]

    @property
    def vendors(self) -> dict[str, Any]:
        """The vendor behind each account."""
        return {
            f"sandbox-{vendor.name}-{number}": vendor for number, box in enumerate(self.boxes) for vendor in box.vendors
        }

    def touch(self, account: str, request: SeenRequest) -> str:
        """Change the session whose report was asked for; returns its reference."""
        vendor = self.vendors[account]
        (ref,) = (one for one in vendor.refs(organization=False) if all(part in request.path for part in _ident(one)))
        assert vendor.touch("/".join(_ident(ref)))
        return str(ref)

    async def harvested(self, folder: Path) -> dict[tuple[str, str], Kept]:
        """What a harvest in peace finds, and, in `floors`, asks for."""
        found: dict[tuple[str, str], Kept] = {}
        self.floors.clear()
        for number, box in enumerate(self.boxes):
            place = folder / str(number)
            place.mkdir(parents=True)
            reports, floor = await undisturbed(box, place, accounts=_labelled(number, box))
            found |= reports
            self.floors.append(floor.details)
            for vendor in box.vendors:
                vendor.heal()
                vendor.seen.clear()
        return found

    @property
    def repeated(self) -> int:
        """The most detail requests that any account got beyond those of a harvest in peace."""
        spent = [Requests.of(box).details for box in self.boxes]
        return max(has[name] - floor[name] for has, floor in zip(spent, self.floors, strict=True) for name in has)

    async def holders(self) -> dict[str, int]:
        """Which process has which account."""
        async with self.store.reading() as connection:
            held = select(accounts.c.account, accounts.c.holder).where(accounts.c.holder.is_not(None))
            return {row.account: int(row.holder.split(":")[1]) for row in await connection.execute(held)}

    async def complete(self, *others: Process) -> None:
        """Wait until all reports are there and nobody is at work."""
        async with asyncio.timeout(PATIENCE):
            while True:
                assert all(one.is_alive for one in others)
                with contextlib.suppress(StoreError):  # it is being restarted
                    stored = await count(self.store)
                    if stored == len(self.expected) and not await self.holders() and await self.is_idle():
                        return
                await asyncio.sleep(0.02)

    async def is_idle(self) -> bool:
        """Whether no account is due for a while."""
        async with self.store.reading() as connection:
            now = await self.store.now(connection)
            due = (await connection.execute(select(accounts.c.next_due))).scalars().all()
        return len(due) == len(self.job.accounts) and all(one and (one - now).total_seconds() > 20 for one in due)

    def crowded(self) -> list[float]:
        """The seconds in which a site got more requests than the limit admits, where they are too few."""
        limit, found = LIMIT, []
        for box in self.boxes:
            for vendor in box.vendors:
                for site in {seen.site for seen in vendor.seen}:
                    times = sorted(seen.at.timestamp() for seen in vendor.seen if seen.site == site)
                    spans = [late - early for early, late in zip(times, times[limit.requests :], strict=False)]
                    found += [span for span in spans if span < limit.per_seconds]
        return found


def _ident(ref: str) -> list[str]:
    return unquote(ref.split(":")[2]).split("/")


def _labelled(number: int, box: Sandbox) -> dict[str, dict[str, str]]:
    return {f"{label}-{number}": keywords for label, keywords in box.accounts.items()}


@pytest.fixture
async def scene(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with (
        Sandbox(seed=3, sessions=SESSIONS, strict_limits=False) as first,
        Sandbox(seed=4, sessions=SESSIONS, strict_limits=False) as second,
        await Store.open(postgres_url) as store,
    ):
        boxes = [first, second]
        known = {
            label: keywords for number, box in enumerate(boxes) for label, keywords in _labelled(number, box).items()
        }
        scene = Scene(boxes, store, Job(store=postgres_url, accounts=known, log=str(tmp_path / "workers.log")))
        scene.expected = await scene.harvested(tmp_path / "peace")
        monkeypatch.setitem(PLAYS, FaultKind.LATENCY, scene.hold)
        yield scene


async def stop(*processes: Process) -> list[int | None]:
    for one in processes:
        one.send(signal.SIGTERM)
    return [await one.ended() for one in processes]


async def test_two_workers_share_the_accounts_keep_the_limits_and_repeat_nothing(scene: Scene) -> None:
    async with scene.at_work(2, limit=LIMIT, lease_seconds=30) as (one, other):
        shares = Counter((await scene.holders()).values())
        scene.answering.set()
        await scene.complete(one, other)
        assert await stop(one, other) == [0, 0]
    assert shares == {one.pid: 3, other.pid: 3}
    assert await kept(scene.store) == scene.expected
    assert scene.repeated == 0
    assert scene.crowded() == []


async def test_a_paused_worker_that_wakes_up_writes_nothing_and_the_limits_hold(scene: Scene, tmp_path: Path) -> None:
    async with scene.at_work(2, limit=LIMIT) as (one, other):
        mine = [account for account, pid in (await scene.holders()).items() if pid == one.pid]
        account = next(name for name in mine if "coderpad" not in name)  # whose lists are reports already
        one.send(signal.SIGSTOP)
        asked = scene.on_their_way(account)
        scene.answering.set()
        await _answered(asked)  # the answers wait in the sockets of the paused worker
        stale = [scene.touch(account, request) for request in asked]
        await _held_by(scene, other, account)
        one.send(signal.SIGCONT)
        await scene.complete(one, other)
        assert await stop(one, other) == [0, 0]
    assert scene.crowded() == []
    assert scene.repeated <= CONCURRENCY
    found = await kept(scene.store)
    assert sorted(value.seq for value in found.values()) == list(range(1, len(found) + 1)), "written once each"
    fresh = await scene.harvested(tmp_path / "fresh")
    assert stale
    assert all(fresh[account, ref] != scene.expected[account, ref] for ref in stale)
    assert found == fresh


async def test_a_worker_that_is_killed_is_replaced_by_the_other(scene: Scene) -> None:
    async with scene.at_work(2) as (one, other):
        one.send(signal.SIGKILL)
        scene.answering.set()
        await scene.complete(other)
        assert await stop(other) == [0]
    assert await kept(scene.store) == scene.expected
    assert scene.repeated <= CONCURRENCY


@pytest.mark.parametrize("immediate", [False, True])
async def test_a_database_that_restarts_in_mid_run_is_got_over_without_help(
    scene: Scene, postgres: PostgresServer, *, immediate: bool
) -> None:
    async with scene.at_work(2) as (one, other):
        scene.answering.set()
        await asyncio.to_thread(postgres.restart, immediate=immediate)
        await scene.complete(one, other)
        assert await stop(one, other) == [0, 0]
    assert await kept(scene.store) == scene.expected
    assert scene.repeated <= CONCURRENCY


async def test_sigterm_leaves_the_work_to_others(scene: Scene) -> None:
    async with scene.at_work(1, lease_seconds=30) as (one,):
        one.send(signal.SIGTERM)
        scene.answering.set()
        assert await one.ended() == 0
    assert await scene.holders() == {}
    assert await count(scene.store) < len(scene.expected)
    async with workers(attrs.evolve(scene.job, lease_seconds=30), 1) as (other,):
        await scene.complete(other)
        assert await stop(other) == [0]
    assert await kept(scene.store) == scene.expected
    assert scene.repeated == 0


async def _answered(requests: list[SeenRequest]) -> None:
    """Wait until the vendor has answered, as things are now."""
    async with asyncio.timeout(PATIENCE):
        while any(request.status is None for request in requests):  # noqa: ASYNC110  # it is written by the sandbox
            await asyncio.sleep(0.005)


async def _held_by(scene: Scene, process: Process, account: str) -> None:
    """Wait until a worker has an account."""
    async with asyncio.timeout(PATIENCE):
        while (await scene.holders()).get(account) != process.pid:  # noqa: ASYNC110  # it is written by processes
            await asyncio.sleep(0.005)
