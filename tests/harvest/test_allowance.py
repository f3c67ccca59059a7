"""What a process has sent stands in the store before much more may leave: a kill takes no count with it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

import interviewkit as ik
from interviewkit.harvest import Harvester, Store, schema
from interviewkit.harvest.gate import ALLOWANCE
from interviewkit.sandbox import Fault, Sandbox

LIMIT = ik.RateLimit(100, 60)


def talkative(box: Sandbox) -> None:
    """Let every pad have ten pages of events, so that one report is many requests."""
    pads = box.coderpad.pads
    for ident in pads.ids(everybodys=False):
        pad = pads.find(ident)
        assert pad is not None
        for number in range(500):
            pad.event(pad.updated_at + timedelta(seconds=number), "ran", "Guest", None, "ran python code", "python")
        pads.changed(pad)


async def told(store: Store) -> int:
    """How many requests the store knows of."""
    async with store.reading() as connection:
        rows = (await connection.execute(select(schema.rate_scope.c.state))).scalars()
        return sum(len(times) for row in rows for times in json.loads(row).values())


async def _until(box: Sandbox, requests: int) -> None:
    async with asyncio.timeout(20):
        while len(box.coderpad.seen) < requests:  # noqa: ASYNC110 - the sandbox tells nobody
            await asyncio.sleep(0.002)


async def test_of_the_requests_under_a_limit_few_are_unknown_to_the_store_at_any_time(tmp_path: Path) -> None:
    async with Sandbox(sessions=30, quirks=False) as box:
        talkative(box)
        box.coderpad.fail(Fault.latency(0.01), times=None)
        keywords: dict[str, Any] = {**box.accounts["sandbox-coderpad"], "account": "pads", "limit": LIMIT}
        provider = ik.connect(keywords.pop("provider"), **keywords)
        async with provider, await Store.open(tmp_path / "store.db") as store:
            harvest = asyncio.create_task(_run(ik.Hub([provider]), store))
            for wanted in (20, 40, 60, 80):
                await _until(box, wanted)
                sent = len(box.coderpad.seen)
                assert sent - await told(store) <= 2 * ALLOWANCE
            harvest.cancel()
            await asyncio.gather(harvest, return_exceptions=True)


async def _run(hub: ik.Hub, store: Store) -> None:
    async for _ in Harvester(hub, store).run():
        pass
