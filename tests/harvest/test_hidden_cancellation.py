"""A provider that hides that it was cancelled keeps no harvest from ending as it should."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.errors import StoreError
from interviewkit.harvest import Harvester
from interviewkit.harvest.outcomes import State

from .scripted import Place, Vendor, place
from .writers import Disk

LIMIT = 5.0
"""Seconds within which each has to end."""


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(sqlite3, "connect", made.connect)
    return made


@pytest.fixture(params=["another error", "nothing"])
def vendor(request: pytest.FixtureRequest, disk: Disk) -> Vendor:
    """Of which all reports but the first take their time, and say something else when they are cancelled."""
    made = Vendor(sessions=12)
    made.sessions.size, answer = 100, made.sessions.report

    async def slow(ref: ik.SessionRef, **named: Any) -> ik.Report:
        if ref.id == "s000":
            return await answer(ref, **named)
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            if request.param == "another error":
                raise ik.TransportError("reset") from None
        return await answer(ref, **named)

    made.sessions.report = slow  # type: ignore[method-assign]
    return made


@pytest.fixture
async def here(disk: Disk, vendor: Vendor, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path / "store.db", vendor) as made:
        yield made


@pytest.mark.parametrize("watches", [False, True])
async def test_a_run_that_is_left_early_is_stopped(here: Place, *, watches: bool) -> None:
    harvester = Harvester(here.hub, here.store, concurrency=3)
    async with asyncio.timeout(LIMIT):
        async with contextlib.aclosing(harvester.watch() if watches else harvester.run()) as outcomes:
            async for _ in outcomes:
                break
    (one,) = harvester.summary.accounts
    assert (one.state, one.error) == (State.STOPPED, None)


async def test_a_disk_that_fails_is_told(here: Place, vendor: Vendor, disk: Disk) -> None:
    answer = vendor.sessions.report

    async def failing(ref: ik.SessionRef, **named: Any) -> ik.Report:
        if ref.id == "s000":
            disk.failures[:] = ["disk I/O error"]
        return await answer(ref, **named)

    vendor.sessions.report = failing  # type: ignore[method-assign]
    async with asyncio.timeout(LIMIT):
        with pytest.raises(StoreError):
            await here.harvest(concurrency=3)
