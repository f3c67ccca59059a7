"""A disk that is full in the middle of a harvest: one clear line, a store that stays whole, and a later run goes on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from interviewkit.harvest import Store
from interviewkit.sandbox import Sandbox

from .children import LEASE_OPTIONS, Requests, expire_leases, forget_requests, kept, nursery, undisturbed

FULL: list[tuple[dict[str, Any], str]] = [
    ({"most_pages": 100}, "the disk is full"),  # what SQLite says when the system says ENOSPC
    ({"largest_file": 800_000}, "the disk cannot be written"),  # a quota, or a file system with small files
]


@pytest.mark.parametrize(("limits", "cause"), FULL, ids=["full", "quota"])
async def test_a_full_disk_is_told_in_one_line_and_a_later_run_goes_on(
    limits: dict[str, int], cause: str, tmp_path: Path
) -> None:
    path = tmp_path / "harvest.db"
    url = f"sqlite:///{path}"
    async with Sandbox(sessions=150, strict_limits=False) as box:
        expected, floor = await undisturbed(box, tmp_path, **LEASE_OPTIONS)
        async with nursery(box, url, tmp_path) as children:
            first = children.start(**LEASE_OPTIONS, **limits)
            assert await first.ended() == 1
            told = first.told
            with contextlib.closing(sqlite3.connect(path)) as raw:
                assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            async with await Store.open(url) as store:
                before = await kept(store)
                await expire_leases(store)
                again = await children.finish(**LEASE_OPTIONS)
                after = await kept(store)
    assert told["kind"] == "StoreError"
    assert cause in told["error"]
    assert "\n" not in told["error"]
    assert 0 < len(before) < len(expected), "the disk was full too early or too late"
    assert again["ok"], again
    assert after == expected
    assert {key: after[key].seq for key in before} == {key: one.seq for key, one in before.items()}
    repeated = Requests.of(box).details - floor.details
    assert repeated.total() <= 3 * LEASE_OPTIONS["harvester"]["concurrency"]


async def test_a_run_that_finds_the_disk_full_again_asks_the_vendors_for_little(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/harvest.db"
    async with Sandbox(sessions=90, strict_limits=False) as box, nursery(box, url, tmp_path) as children:
        assert await children.start(most_pages=80).ended() == 1
        async with await Store.open(url) as store:
            await expire_leases(store)
        forget_requests(box)
        again = children.start(most_pages=80)
        assert await again.ended() == 1
    assert "the disk is full" in again.told["error"]
    assert Requests.of(box).total <= 3 * (8 + 8)
