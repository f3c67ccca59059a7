"""Reports a second into SQLite, beside a plain script that sends the same requests."""

from __future__ import annotations

import asyncio
import contextlib
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
from interviewkit.harvest import Harvester, Next, Store
from tests.bench.harvest_bare import CONCURRENCY, BareLoop
from tests.bench.measure import Row

REPORTS = 5000
SESSIONS = 6450
"""Of which so many have a report."""
SLICES = {"bare": 1.0, "harvest": 2.0}
"""Seconds that each works before it is the other's turn: the machine's speed drifts, and both should feel it alike,
from the first report to about the last."""


@attrs.define
class Spent:
    """What one contestant took so far."""

    seconds: float = 0.0
    cpu: float = 0.0

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


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
    """Both in turns, slice by slice, over one sandbox, until each has stored everything."""
    spent = {"harvest": Spent(), "bare": Spent()}
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "harvest.db"
        async with sandbox(SESSIONS) as (ready, control), await Store.open(database) as store:
            bare = BareLoop(ready["accounts"], Path(folder) / "bare.db", control)
            accounts = {label: {**keywords, "limit": None} for label, keywords in ready["accounts"].items()}
            hub = Hub(connect(given.pop("provider"), account=label, **given) for label, given in accounts.items())
            counts = f"{ready['control_url']}/counts"
            asked = {"harvest": 0, "bare": 0}
            async with hub:
                harvester = Harvester(hub, store, concurrency=CONCURRENCY)
                left, more = set(accounts), True
                while left or more:
                    before = await _asked(control, counts)
                    with spent["bare"].counted():
                        more = more and await bare.slice(SLICES["bare"])
                    between = await _asked(control, counts)
                    with spent["harvest"].counted():
                        ended = await asyncio.gather(
                            *(harvester.run_slice(one, seconds=SLICES["harvest"]) for one in left)
                        )
                    asked["bare"] += between - before
                    asked["harvest"] += await _asked(control, counts) - between
                    left = {label for label, one in zip(left, ended, strict=True) if one.state is not Next.DONE}
            reports = bare.close()
            assert reports == await store.last_seq() > 0.98 * REPORTS, (reports, await store.last_seq())
            assert asked["bare"] == asked["harvest"], asked
        size = database.stat().st_size / reports
    wall = spent["bare"].seconds / spent["harvest"].seconds
    rows = [Row(f"{reports:,} reports into SQLite: rate / a bare loop's (wall)", wall, 0.6, smaller_is_better=False)]
    for name, one in spent.items():
        rows.append(Row(f"reports a second, wall: {name}", reports / one.seconds, None, unit="/s"))
        rows.append(Row(f"CPU a report: {name}", one.cpu / reports * 1e6, None, unit="us"))
    return [*rows, Row("store a report", size / 1024, None, unit="KiB")]


async def _asked(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        counts = await answer.json()
    return sum(number for of_vendor in counts.values() for number in of_vendor.values())


if __name__ == "__main__":
    for one in asyncio.run(rate()):
        print(one)  # noqa: T201
