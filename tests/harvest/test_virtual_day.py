"""A day at Codility's 500 requests an hour, in no time: the budget is used, and never exceeded."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from interviewkit import Hub, RateLimit, connect
from interviewkit.harvest import Harvester, Store
from interviewkit.http.limits import Slot
from interviewkit.http.retry import RetryPolicy
from interviewkit.sandbox import Sandbox, VirtualClock

HOUR = 3600.0
LIMIT = RateLimit(500, HOUR)
BETWEEN = 0.21
"""Seconds from one request to the next one, by the virtual clock."""


@attrs.define
class Open:
    """A limiter that lets everything through: the harvest's own gate is what is tested. Each request takes a while."""

    clock: VirtualClock
    limit: RateLimit = LIMIT
    sent: list[float] = attrs.field(factory=list)

    def take(self, now: float) -> Slot | float:
        self.clock.advance(BETWEEN)
        self.sent.append(self.clock.timestamp())
        return Slot()

    def done(self, slot: Slot, now: float) -> None:
        slot.in_flight = False

    def give_back(self, slot: Slot) -> None:
        slot.in_flight = False

    def pause(self, until: float) -> None:
        raise AssertionError("nobody asked for a pause")


def most_within_an_hour(times: list[float]) -> int:
    return max(bisect_right(times, at) - bisect_right(times, at - HOUR) for at in times)


@pytest.mark.parametrize("hours", [2, pytest.param(24, marks=pytest.mark.soak)])
async def test_the_budget_of_a_virtual_day_is_used_and_never_exceeded(hours: int, tmp_path: Path) -> None:
    clock = VirtualClock(datetime.now(UTC), frozen=True)
    limiter = Open(clock)
    began = clock.timestamp()

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.timestamp() >= began + hours * HOUR:
            harvester.stop()

    due = hours * LIMIT.requests
    async with Sandbox(sessions=5 * due, clock=clock, strict_limits=True) as box:
        keywords = {**box.accounts["sandbox-codility"]}
        codility = connect(keywords.pop("provider"), limiter=limiter, retry=RetryPolicy(attempts=1), **keywords)
        async with Hub([codility]) as hub, await Store.open(tmp_path / "day.db") as store:
            harvester = Harvester(hub, store, clock=clock.now, sleep=sleep)
            async for outcome in harvester.run():
                assert outcome.error is None
    (vendor,) = (one for one in box.vendors if one.name == "codility")
    within = [at for at in limiter.sent if at < began + hours * HOUR]
    (summary,) = harvester.summary.accounts
    print(f"{len(within)} of {due} requests, {vendor.busiest(HOUR)} in the busiest hour")  # noqa: T201
    assert summary.throttled == 0
    assert vendor.busiest(HOUR) <= LIMIT.requests
    assert most_within_an_hour(limiter.sent) <= LIMIT.requests
    assert len(within) >= 0.98 * due
    assert harvester.summary.ended_at is not None
    assert harvester.summary.ended_at - harvester.summary.started_at >= timedelta(hours=hours)
