"""`kill -9` at any moment: nothing is lost, nothing is doubled, and few requests are sent again."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import attrs
import pytest
from sqlalchemy import func, select

from interviewkit.harvest import Store, schema
from interviewkit.sandbox import Sandbox

from .children import (
    CONCURRENCY,
    LEASE_OPTIONS,
    Child,
    Nursery,
    Requests,
    count,
    expire_leases,
    following,
    kept,
    moment,
    nursery,
    troubles,
    undisturbed,
    until_requests,
)

KILLS = 12
A_DAY = 86_400.0
"""Seconds after which lists are read whole again."""
AT_LISTS = 0.3
"""The share of kills that wait for a page of a list, which are few."""
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
    """Start a harvest and kill it, at a list's page or after some requests of its; whether it was still at work."""
    box, seen = children.box, Requests.of(children.box)
    child: Child = children.start(**LEASE_OPTIONS)
    if rng.random() < AT_LISTS:
        await until_requests(box, seen.lists.total() + 1, child, Requests.list_requests)
    else:
        await until_requests(box, seen.total + rng.randint(1, requests), child)
    await asyncio.sleep(moment(rng))
    return await child.kill()


@attrs.define
class Books:
    """How many requests of each vendor led to no stored report, so that they have to be sent again."""

    box: Sandbox
    store: Store
    untold: Counter[str]
    """Requests of which lists do not tell: further pages of a pad's events."""
    lost: Counter[str] = attrs.field(factory=Counter)

    async def balance(self) -> None:
        """After a kill: no account lost more than it had under way."""
        lost = Requests.of(self.box).details - await told_of(self.store)
        for vendor in lost:
            assert lost[vendor] - self.lost[vendor] <= CONCURRENCY + self.untold[vendor], vendor
        self.lost = lost


async def told_of(store: Store) -> Counter[str]:
    """The requests that the stored reports took, as far as lists tell."""
    table, accounts = schema.item, schema.account
    query = select(accounts.c.provider, func.sum(table.c.requests)).where(
        table.c.account == accounts.c.account, table.c.reads > 0
    )
    async with store.reading() as connection:
        rows = await connection.execute(query.group_by(accounts.c.provider))
        return Counter({provider: int(number) for provider, number in rows})


@pytest.mark.parametrize("kills", [KILLS, pytest.param(SOAK_KILLS, marks=pytest.mark.soak)])
async def test_killed_harvests_store_each_report_once_and_repeat_few_requests(
    store_url: str, tmp_path: Path, rng: random.Random, kills: int
) -> None:
    async with Sandbox(sessions=max(150, 14 * kills), strict_limits=False) as box:
        expected, floor = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        async with nursery(box, store_url, tmp_path) as children, await Store.open(store_url) as store:
            async with await Store.open(tmp_path / "undisturbed.db") as peaceful:
                books = Books(box, store, untold=floor.details - await told_of(peaceful))
            async with following(store) as follower:
                for number in range(kills):
                    left = floor.details.total() - (await count(store))
                    each = max(3, left // (kills - number) // 2)
                    assert await _killed(children, rng, requests=each), f"finished after {number} kills"
                    await books.balance()
                    await expire_leases(store)
                told = await children.finish(**LEASE_OPTIONS)
            found = await kept(store)
            last = await store.last_seq()
    assert told["ok"], troubles(told)
    assert found == expected
    assert sorted(one.seq for one in found.values()) == list(range(1, last + 1)), "each report changed once"
    assert {key: content for key, (content, _) in follower.seen.items()} == {
        key: one.content_hash for key, one in expected.items()
    }
    spent = Requests.of(box)
    for vendor in floor.lists:
        assert spent.details[vendor] - floor.details[vendor] <= CONCURRENCY * kills, vendor
        assert spent.lists[vendor] - floor.lists[vendor] <= floor.lists[vendor] * kills, vendor
    assert not box.violations


async def test_killed_harvests_find_every_change_and_deletion_once(
    store_url: str, tmp_path: Path, rng: random.Random
) -> None:
    async with (
        Sandbox(sessions=240, strict_limits=False) as box,
        await Store.open(store_url) as store,
        nursery(box, store_url, tmp_path) as children,
        following(store) as follower,
    ):
        await children.finish(**LEASE_OPTIONS)
        before = await kept(store)
        changed, removed = _disturb(box, rng, sorted(ref for _, ref in before))
        for day in range(1, KILLS // 2):
            child = children.start(**LEASE_OPTIONS, ahead=day * A_DAY)
            await until_requests(box, Requests.of(box).total + rng.randint(1, 3), child)
            await asyncio.sleep(moment(rng))
            await child.kill()
            await expire_leases(store)
        told = await children.finish(**LEASE_OPTIONS, ahead=KILLS * A_DAY)
        after = await kept(store)
        last = await store.last_seq()
    # a deleted session whose report is due is a 404 at first, which may pass: it counts as failed
    assert all(one["state"] == "done" and one["error"] is None for one in told["accounts"].values()), troubles(told)
    assert {ref for (_, ref), one in after.items() if one.deleted} == removed
    moved = {key[1] for key, one in after.items() if one.seq != before[key].seq}
    assert moved == changed | removed
    assert last == len(before) + len(moved), "no change was counted twice"
    assert follower.seen == {key: (one.content_hash, one.deleted) for key, one in after.items()}


def _disturb(box: Sandbox, rng: random.Random, refs: list[str]) -> tuple[set[str], set[str]]:
    """Let people change some sessions and delete others."""
    chosen = rng.sample(refs, 24)
    for ref in chosen[:12]:
        box.touch(ref)
    for ref in chosen[12:]:
        box.remove(ref)
    return set(chosen[:12]), set(chosen[12:])


async def test_a_process_killed_while_it_makes_the_tables_leaves_a_store_that_opens(
    store_url: str, tmp_path: Path, rng: random.Random
) -> None:
    async with Sandbox(sessions=9, strict_limits=False) as box:
        expected, _ = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        async with nursery(box, store_url, tmp_path) as children:
            for _ in range(8):
                child = children.start(**LEASE_OPTIONS)
                await asyncio.sleep(rng.uniform(0, 0.12))
                await child.kill()
            async with await Store.open(store_url) as store:
                await expire_leases(store)
                told = await children.finish(**LEASE_OPTIONS)
                found = await kept(store)
    assert told["ok"], troubles(told)
    assert found == expected
