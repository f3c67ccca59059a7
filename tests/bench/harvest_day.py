"""A day of Codility's 500 requests an hour, by a clock that only sleeping and sending move."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import attrs

from interviewkit import Hub, RateLimit, connect
from interviewkit.harvest import Harvester, Store
from interviewkit.http.limits import Slot
from interviewkit.sandbox import Sandbox, VirtualClock
from interviewkit.sandbox.clock import EPOCH
from tests.bench.measure import Row

HOURS, HOUR = 24, 3600.0
LIMIT = RateLimit(500, HOUR)
BETWEEN = 0.21
"""Seconds from one request to the next one, by the virtual clock."""


@attrs.define
class Unguarded:
    """A limiter that lets everything through, so that it is the harvest that keeps the limit."""

    clock: VirtualClock
    limit: RateLimit = LIMIT

    def take(self, now: float) -> Slot | float:
        """A slot, a moment later."""
        self.clock.advance(BETWEEN)
        return Slot()

    def done(self, slot: Slot, now: float) -> None:
        """The harvest counts."""

    def give_back(self, slot: Slot) -> None:
        """The harvest counts."""

    def pause(self, until: float) -> None:
        """Never: the sandbox would have refused a request."""
        raise AssertionError


async def day() -> list[Row]:
    """The share of the budget that was used, and the most requests in any hour, as the sandbox saw them."""
    clock = VirtualClock(EPOCH, frozen=True)
    began = clock.timestamp()

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.timestamp() >= began + HOURS * HOUR:
            harvester.stop()

    budget = HOURS * LIMIT.requests
    async with Sandbox(sessions=5 * budget, clock=clock, strict_limits=True) as box:
        keywords = dict(box.accounts["sandbox-codility"])
        codility = connect(keywords.pop("provider"), limiter=Unguarded(clock), **keywords)
        with tempfile.TemporaryDirectory() as folder:
            async with Hub([codility]) as hub, await Store.open(Path(folder) / "day.db") as store:
                harvester = Harvester(hub, store, clock=clock.now, sleep=sleep)
                async for outcome in harvester.run():
                    assert outcome.error is None, outcome
        vendor = next(one for one in box.vendors if one.name == "codility")
        (times,) = vendor.arrivals.values()
        used = sum(at < began + HOURS * HOUR for at in times)
        busiest = vendor.busiest(HOUR)
    assert harvester.summary.total("throttled") == 0
    return [
        Row(f"a virtual day at {LIMIT.requests}/h: share of the budget used", used / budget, 0.98, None, "x", False),
        Row("a virtual day: requests in its busiest sliding hour", busiest, LIMIT.requests, unit=""),
    ]


if __name__ == "__main__":
    for one in asyncio.run(day()):
        print(one)  # noqa: T201
