"""Reports a second into SQLite, beside a plain script that sends the same requests."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import attrs

from interviewkit import Hub, connect
from interviewkit.harvest import Harvester, Store
from tests.bench.harvest_bare import BareLoop
from tests.bench.measure import Row, median, ratio

REPORTS = 5000
SESSIONS = 6450
"""Of which so many have a report."""
BOUND = 0.6
CONCURRENCIES = (8, 24)
"""Requests at a time at each account: as users get them unasked, and many.

With few the harvest waits where the script does not: a request's place is free when its report is stored, and the
script's when it is answered.
"""
ROUNDS = 5
"""Each contestant's turns: the machine's speed drifts, and both should feel it alike."""


@attrs.define
class Spent:
    """What a contestant took for a round."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextlib.contextmanager
def counted() -> Iterator[Spent]:
    """Count what happens inside."""
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent.seconds, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu


@contextlib.asynccontextmanager
async def sandbox(sessions: int) -> AsyncIterator[tuple[dict[str, Any], aiohttp.ClientSession]]:
    """A sandbox without limits in a process of its own, so that only the clients' CPU is counted."""
    command = [
        sys.executable, "-m", "interviewkit.sandbox", "--json", "--exit-with-parent", "--sessions", str(sessions),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220 - it starts before anything is measured
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            async with aiohttp.ClientSession() as session:
                answer = await session.post(f"{ready['control_url']}/limits", json={"requests": None})
                assert answer.status == 200
                yield ready, session
        finally:
            process.stdin.close()


async def rate() -> list[Row]:
    """Both harvest everything over one sandbox, one after the other, in several rounds."""
    async with sandbox(SESSIONS) as (ready, control):
        return [row for concurrency in CONCURRENCIES for row in await _rows(concurrency, ready, control)]


async def _rows(concurrency: int, ready: dict[str, Any], control: aiohttp.ClientSession) -> list[Row]:
    """The ratio, and what it was made of."""
    rounds: dict[str, list[Spent]] = {"bare": [], "harvest": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            reports, size = await _round(Path(folder), ready, control, rounds, concurrency)
    walls, cpus = (
        {name: [getattr(one, what) for one in found] for name, found in rounds.items()} for what in ("seconds", "cpu")
    )
    at_a_time = f"{concurrency} requests at a time"
    name = f"{reports:,} reports into SQLite, {at_a_time}: rate / a bare loop's (wall)"
    rows = [Row(name, ratio(walls, "bare", "harvest"), BOUND, smaller_is_better=False)]
    for name in rounds:
        rows.append(Row(f"reports a second, {at_a_time}: {name}", reports / median(walls, name), None, unit="/s"))
        rows.append(Row(f"CPU a report, {at_a_time}: {name}", median(cpus, name) / reports * 1e6, None, unit="us"))
    return [*rows, Row(f"store a report, {at_a_time}", size / reports / 1024, None, unit="KiB")]


async def _round(
    folder: Path, ready: dict[str, Any], control: aiohttp.ClientSession, rounds: dict[str, list[Spent]],
    concurrency: int,
) -> tuple[int, int]:  # fmt: skip
    """One round of both: how many reports there are, and the size of the harvest's store."""
    counts = f"{ready['control_url']}/counts"
    database = folder / "harvest.db"
    before = await _asked(control, counts)
    gc.collect()
    bare = BareLoop(ready["accounts"], folder / "bare.db", control, concurrency=concurrency)
    with counted() as spent:
        await bare.run()
    reports = bare.close()
    rounds["bare"].append(spent)
    between = await _asked(control, counts)
    accounts = {label: {**keywords, "limit": None} for label, keywords in ready["accounts"].items()}
    hub = Hub(connect(given.pop("provider"), account=label, **given) for label, given in accounts.items())
    async with hub, await Store.open(database) as store:
        harvester = Harvester(hub, store, concurrency=concurrency)
        gc.collect()
        with counted() as spent:
            async for _ in harvester.run():
                pass
        stored = await store.last_seq()
    rounds["harvest"].append(spent)
    assert reports == stored > 0.98 * REPORTS, (reports, stored)
    asked = await _asked(control, counts)
    assert between - before == asked - between, (between - before, asked - between)
    return reports, database.stat().st_size


async def _asked(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        counts = await answer.json()
    return sum(number for of_vendor in counts.values() for number in of_vendor.values())


if __name__ == "__main__":
    for one in asyncio.run(rate()):
        print(one)  # noqa: T201
