"""`kill -9` at any moment: nothing is lost, nothing is doubled, and few requests are sent again."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from interviewkit.harvest import Store
from interviewkit.sandbox import Sandbox

from .children import (
    CONCURRENCY,
    LEASE_OPTIONS,
    Child,
    Nursery,
    Requests,
    expire_leases,
    following,
    kept,
    moment,
    nursery,
    undisturbed,
    until_requests,
)

KILLS = 12
SOAK_KILLS = int(os.environ.get("INTERVIEWKIT_SOAK_KILLS", "200"))


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("INTERVIEWKIT_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
    print(f"INTERVIEWKIT_KILL_SEED={seed}")  # noqa: T201  # pytest shows it when the test fails
    return random.Random(seed)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/harvest.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


async def _killed(children: Nursery, rng: random.Random, *, requests: int) -> bool:
    """Start a harvest and kill it after some requests of its; whether it was still at work."""
    child: Child = children.start(**LEASE_OPTIONS)
    await until_requests(children.box, Requests.of(children.box).total + rng.randint(1, requests), child)
    await asyncio.sleep(moment(rng))
    return await child.kill()


@pytest.mark.parametrize("kills", [KILLS, pytest.param(SOAK_KILLS, marks=pytest.mark.soak)])
async def test_killed_harvests_store_each_report_once_and_repeat_few_requests(
    store_url: str, tmp_path: Path, rng: random.Random, kills: int
) -> None:
    async with Sandbox(sessions=max(150, 14 * kills), strict_limits=False) as box:
        expected, floor = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        each = max(4, floor.total // kills // 2)
        async with nursery(box, store_url, tmp_path) as children, await Store.open(store_url) as store:
            async with following(store) as follower:
                done = 0
                while done < kills:
                    assert await _killed(children, rng, requests=each), f"finished after {done} kills"
                    done += 1
                    await expire_leases(store)
                told = await children.finish(**LEASE_OPTIONS)
            found = await kept(store)
            last = await store.last_seq()
    assert told["ok"], told
    assert found == expected
    assert sorted(one.seq for one in found.values()) == list(range(1, last + 1)), "each report changed once"
    assert {key: content for key, (content, _) in follower.seen.items()} == {
        key: one.content_hash for key, one in expected.items()
    }
    spent = Requests.of(box)
    for vendor in floor.details:
        assert spent.details[vendor] - floor.details[vendor] <= CONCURRENCY * kills, vendor
        assert spent.lists[vendor] - floor.lists[vendor] <= floor.lists[vendor] * kills, vendor
    assert not box.violations


async def test_a_process_killed_while_it_makes_the_tables_leaves_a_store_that_opens(
    store_url: str, tmp_path: Path, rng: random.Random
) -> None:
    async with Sandbox(sessions=9, strict_limits=False) as box, nursery(box, store_url, tmp_path) as children:
        for _ in range(8):
            child = children.start(**LEASE_OPTIONS)
            await asyncio.sleep(rng.uniform(0, 0.12))
            await child.kill()
        async with await Store.open(store_url) as store:
            await expire_leases(store)
            told = await children.finish(**LEASE_OPTIONS)
            found = await kept(store)
    assert told["ok"], told
    assert len(found) == sum(one["new"] + one["unchanged"] for one in told["accounts"].values())
