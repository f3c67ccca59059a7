"""Several processes at one store: side by side, and one that was stopped for longer than its lease."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from interviewkit.harvest import Store
from interviewkit.sandbox import Fault, Sandbox

from .children import (
    LEASE_OPTIONS,
    Child,
    Requests,
    dump,
    expire_leases,
    following,
    kept,
    nursery,
    undisturbed,
    until_idle,
    until_requests,
)


async def test_two_processes_on_one_sqlite_file_share_the_work_and_repeat_no_request(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/harvest.db"
    async with Sandbox(sessions=150, strict_limits=False) as box:
        expected, floor = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        async with nursery(box, url, tmp_path) as children, await Store.open(url) as store:
            async with following(store) as follower:
                pair = [children.start(**LEASE_OPTIONS) for _ in range(2)]
                codes = [await child.ended() for child in pair]
            found = await kept(store)
    assert codes == [0, 0], [child.told for child in pair]
    told = [one for child in pair for one in child.told["accounts"].values()]
    assert {one["state"] for one in told} <= {"done", "busy"}
    assert [one["error"] for one in told] == [None] * 6, "such as: database is locked"
    assert found == expected
    assert follower.seen.keys() == expected.keys()
    spent = Requests.of(box)
    assert spent.details == floor.details
    assert spent.total - floor.total <= 6, "a process that comes second may look at the lists for news, and no more"


async def test_processes_that_make_the_same_new_store_at_once_all_succeed(tmp_path: Path) -> None:
    async with Sandbox(sessions=0, strict_limits=False) as box:
        for attempt in range(2):
            url = f"sqlite:///{tmp_path}/new-{attempt}.db"
            async with nursery(box, url, tmp_path) as children:
                several = [children.start(lease_seconds=1.0) for _ in range(4)]
                codes = [await child.ended() for child in several]
                assert codes == [0] * 4, [child.told for child in several]


async def _stopped_in_mid_work(child: Child, store: Store, box: Sandbox) -> None:
    """Stop a process between two transactions, while it waits for answers, which come when it sleeps."""
    await until_requests(box, 12, child)
    for vendor in box.vendors:
        vendor.fail(Fault.latency(0.4), times=None)
    await until_requests(box, Requests.of(box).total + LEASE_OPTIONS["harvester"]["concurrency"], child)
    await asyncio.sleep(0.1)
    assert child.is_alive
    child.send(signal.SIGSTOP)
    await until_idle(store, child)
    for vendor in box.vendors:
        vendor.heal()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_process_that_was_stopped_for_longer_than_its_lease_writes_nothing(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sqlite = f"sqlite:///{tmp_path}/harvest.db"
    url: str = sqlite if engine == "sqlite" else request.getfixturevalue("postgres_url")
    async with Sandbox(sessions=90, strict_limits=False) as box:
        accounts = {"sandbox-coderpad": box.accounts["sandbox-coderpad"]}
        options = {**LEASE_OPTIONS, "accounts": accounts}
        expected, floor = await undisturbed(box, tmp_path, **options)
        async with nursery(box, url, tmp_path) as children, await Store.open(url) as store:
            paused = children.start(**{**options, "lease_seconds": 1.0}, slices=True)
            await _stopped_in_mid_work(paused, store, box)
            before = await kept(store)
            await asyncio.sleep(1.1)
            told = await children.finish(**options)
            after = await dump(store)
            paused.send(signal.SIGCONT)
            code = await paused.ended()
            assert await dump(store) == after
            found = await kept(store)
    assert told["ok"], told
    assert 0 < len(before) < len(expected), "it was stopped too early or too late"
    assert (code, paused.told["kind"]) == (1, "LeaseLostError")
    assert found == expected
    assert Requests.of(box).details.total() - floor.details.total() <= 2 * LEASE_OPTIONS["harvester"]["concurrency"]


async def test_a_killed_process_is_followed_by_another_when_its_lease_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/harvest.db"
    async with Sandbox(sessions=60, strict_limits=False) as box:
        expected, _ = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        async with nursery(box, url, tmp_path) as children:
            first = children.start(lease_seconds=1.5)
            await until_requests(box, 10, first)
            assert await first.kill()
            second = await children.finish(lease_seconds=1.5)
            async with await Store.open(url) as store:
                assert await kept(store) == expected
                assert await expire_leases(store) == 0, "all leases were given back"
    assert second["ok"], second
