"""Whether the next request may leave: a window of past requests that outlives the process.

The windows are pyrate-limiter's buckets. Its `Limiter` is not used: one blocked account would hold up a free one, and
each starts a thread. A request counts from its answer on, so that the vendor's own count stays below the limit however
long it was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
from pyrate_limiter import InMemoryBucket, Rate, RateItem

from interviewkit.http.limits import Limiter, RateLimit, Slot

_TICKS = 1000
"""A bucket counts in whole milliseconds."""
_ROUNDING = 0.002
"""Seconds by which a slot is given later, since a bucket's times are rounded."""
_TOLD = 0.1
"""Seconds: a shorter pause is none that the vendor asked for, only the time that passed since its answer."""
_LONGEST_GUESS = 300.0
"""Seconds: the longest pause after a 429 that does not say how long. The first one is a second, each next one twice."""
ALLOWANCE = 16
"""So many requests may leave under a limit before the store has been told: what a killed process may have sent."""
_UNTIL_SAVED = 0.01
"""Seconds after which a request asks again whether the store has been told."""
NEVER = 10.0**9
"""Seconds until a run whose budget is used up may send again."""


@attrs.define(eq=False)
class _Window:
    """The requests of one host; times are seconds of the harvest's clock."""

    inner: Limiter
    limit: RateLimit | None
    bucket: InMemoryBucket | None
    in_flight: int = 0

    @classmethod
    def of(cls, inner: Limiter, reserve: float) -> _Window:
        limit: RateLimit | None = getattr(inner, "limit", None)
        if limit is None:
            return cls(inner, None, None)
        own = RateLimit(max(1, int(limit.requests * (1 - reserve))), limit.per_seconds)
        return cls(inner, own, InMemoryBucket([Rate(own.requests, max(1, round(own.per_seconds * _TICKS)))]))

    def free(self, now: float) -> int | None:
        """How many requests may leave now, `None`: as many as you like."""
        if self.limit is None or self.bucket is None:
            return None
        self.bucket.leak(round((now - _ROUNDING) * _TICKS))
        return max(0, self.limit.requests - self.bucket.count() - self.in_flight)

    def admits(self, now: float, wanted: int, held: int) -> bool:
        """Whether so many may leave beside `held`; what needs more than the whole limit begins with a fresh window."""
        free = self.free(now)
        if free is None or self.limit is None:
            return True
        return free - max(0, held - self.in_flight) >= min(wanted, self.limit.requests)

    def wait(self, now: float, wanted: int = 1) -> float:
        """Seconds until so many requests may leave."""
        free = self.free(now)
        if free is None or free >= wanted or self.bucket is None or self.limit is None:
            return 0.0
        missing = min(wanted - free, self.bucket.count())
        if missing < 1:
            return self.limit.per_seconds  # all of them are under way
        oldest = self.bucket.items[missing - 1].timestamp / _TICKS
        return max(_ROUNDING, oldest + self.limit.per_seconds + 2 * _ROUNDING - now)

    def count(self, at: float) -> None:
        """Note a request that was answered at that time."""
        if self.bucket is not None:
            items = self.bucket.items
            tick = round(at * _TICKS)
            items.append(RateItem("", max(tick, items[-1].timestamp) if items else tick))

    def times(self, now: float) -> list[float]:
        """When the window's requests were answered; those under way count as answered now."""
        self.free(now)
        known = [] if self.bucket is None else [item.timestamp / _TICKS for item in self.bucket.items]
        return [*known, *([now] * self.in_flight)]


class _Slot(Slot):
    __slots__ = ("inner",)

    def __init__(self, inner: Slot) -> None:
        super().__init__()
        self.inner = inner


@attrs.define(eq=False)
class Budget:
    """How many requests may still leave in a run, over all its accounts; `None`: as many as the limits allow."""

    left: int | None = None
    promised: int = 0
    """Those that work already begun may still send."""

    def admits(self, requests: int) -> bool:
        """Whether work of so many requests may begin."""
        return self.left is None or self.left - self.promised >= requests

    @property
    def exhausted(self) -> bool:
        """Whether nothing may leave any more."""
        return self.left is not None and self.left <= 0


class Gate:
    """An account's limits, counters and pauses over all its hosts; its state goes into the store and comes from there.

    `clock` tells the time of day; in the store stand times of the store's own clock, which `restore` compares with it.
    `reserve` is the share of a limit, 0 to 1, that is left to others.
    """

    def __init__(self, *, clock: Callable[[], datetime], reserve: float = 0.0, budget: Budget | None = None) -> None:
        self.scope = ""
        """A fingerprint of the account's credentials."""
        self.requests = 0
        self.throttled = 0
        """How often the vendor answered 429."""
        self.budget = budget or Budget()
        self.held = 0
        """Requests that work already begun may still send."""
        self._clock = clock
        self._reserve = reserve
        self._windows: dict[str, _Window] = {}
        self._paused_until = 0.0
        self._refusals = 0
        self._skew = 0.0
        self._unsaved = 0
        """Requests that the store has not been told of."""
        self.full = asyncio.Event()
        """Set when no request may leave before `state` has been stored."""

    def install(self, endpoint: str, fingerprint: str, limiter: Limiter) -> Limiter:
        """Stand before a host's limiter, which is still asked: interactive calls in this process share it."""
        self.scope = self.scope or fingerprint
        self._windows[endpoint] = _Window.of(limiter, self._reserve)
        return _Door(self, self._windows[endpoint])

    # --- asked before work is begun ---

    def admits(self, requests: int) -> bool:
        """Whether work of so many requests may begin now, beside what has been begun."""
        now = self.now()
        if now < self._paused_until or not self.budget.admits(requests):
            return False
        return all(window.admits(now, requests, self.held) for window in self._windows.values())

    def hold(self, requests: int) -> None:
        """Keep so many requests for work that begins; below zero for work that has ended."""
        self.held += requests
        self.budget.promised += requests

    @contextlib.contextmanager
    def holding(self, requests: int) -> Iterator[None]:
        """Keep so many requests for work that is under way."""
        self.hold(requests)
        try:
            yield
        finally:
            self.hold(-requests)

    def free_at(self, requests: int) -> datetime:
        """When so many requests may leave."""
        now = self.now()
        waits = [window.wait(now, requests) for window in self._windows.values()]
        return _moment(max(now + max(waits, default=0.0), self._paused_until))

    @property
    def remaining(self) -> int | None:
        """How many requests the limit's window still has, `None` without a limit."""
        frees = [window.free(self.now()) for window in self._windows.values()]
        return min((free for free in frees if free is not None), default=None)

    @property
    def rate(self) -> float | None:
        """Requests a second that the limits allow in the long run, `None` without a limit."""
        limits = [window.limit for window in self._windows.values() if window.limit is not None]
        return min((limit.requests / limit.per_seconds for limit in limits), default=None)

    # --- the store's row ---

    @property
    def is_open(self) -> bool:
        """Whether there is no limit and never was a pause, so that there is nothing to write down."""
        return not self._paused_until and all(window.bucket is None for window in self._windows.values())

    def state(self) -> dict[str, Any]:
        """The row of `rate_scope`."""
        now = self.now()
        times = {name: window.times(now) for name, window in self._windows.items() if window.bucket is not None}
        shifted = {name: [round(time + self._skew, 3) for time in known] for name, known in times.items()}
        paused = self._paused_until > now
        self._unsaved = 0  # should storing fail, the caller knows them still: see `restore`
        self.full.clear()
        return {
            "state": json.dumps(shifted, separators=(",", ":")),
            "blocked_until": _moment(self._paused_until + self._skew) if paused else None,
        }

    def restore(self, row: Mapping[str, Any], *, now: datetime, unknown: int, asked: float | None = None) -> None:
        """Take over what others sent; `unknown` more may have left since they last wrote it down.

        `now` is the store's time, asked for at `asked`: how the clocks differ is known as exactly as the answer was
        quick, and is taken in favour of the vendor. What this process has sent since it last wrote it down stays.
        """
        here = self.now()
        self._skew = now.timestamp() - (here if asked is None else asked)  # of times that go out: rather too late
        skew = now.timestamp() - here  # of times that come in: the same
        stored: dict[str, list[float]] = json.loads(row["state"])
        for name, window in self._windows.items():
            if window.bucket is not None and window.limit is not None:
                known = [time - skew for time in stored.get(name, ())]
                latest = max(known, default=0.0) + _ROUNDING
                own = [time for time in window.times(here) if time > latest]
                window.bucket.flush()
                times = sorted([*known, *own, *([here] * unknown)])
                for time in times[-window.limit.requests :]:
                    window.count(min(time, here))
        blocked: datetime | None = row["blocked_until"]
        if blocked is not None:
            self._paused_until = max(self._paused_until, blocked.timestamp() - skew)

    # --- the doors' side ---

    def now(self) -> float:
        """Seconds of the harvest's clock."""
        return self._clock().timestamp()

    def pause(self, seconds: float) -> None:
        """The vendor refused a request for so long, or, with about 0 seconds, for nobody knows how long."""
        self.throttled += 1
        now = self.now()
        if seconds < _TOLD:
            if now < self._paused_until:  # one of several that were under way
                return
            seconds = min(2.0**self._refusals, _LONGEST_GUESS)
            self._refusals = min(self._refusals + 1, 16)
        self._paused_until = max(self._paused_until, now + seconds)

    def calm(self) -> None:
        """The vendor answers again."""
        self._refusals = 0

    @property
    def guards(self) -> bool:
        """Whether the account's requests go through this gate at all."""
        return bool(self._windows)

    def wait(self, window: _Window) -> float:
        """Seconds until this host may be asked."""
        if self.budget.exhausted:
            return NEVER
        if window.bucket is None and not self._paused_until:
            return 0.0
        if window.bucket is not None and self._unsaved >= ALLOWANCE:
            self.full.set()
            return _UNTIL_SAVED
        now = self.now()
        return max(self._paused_until - now, window.wait(now))

    def spend(self, requests: int) -> None:
        """Count requests that leave, or, below zero, that never left."""
        self.requests += requests
        self._unsaved += requests
        if self.budget.left is not None:
            self.budget.left -= requests


class _Door:
    """One host's limiter: both the account's window and the process's own limiter must let a request through."""

    def __init__(self, gate: Gate, window: _Window) -> None:
        self._gate = gate
        self._window = window
        self._now = 0.0

    def take(self, now: float) -> Slot | float:
        self._now = now
        wait = self._gate.wait(self._window)
        if wait > 0:
            return wait
        inner = self._window.inner.take(now)
        if not isinstance(inner, Slot):
            return inner
        self._window.in_flight += 1
        self._gate.spend(1)
        return _Slot(inner)

    def done(self, slot: Slot, now: float) -> None:
        self._now = now
        if isinstance(slot, _Slot) and slot.in_flight:
            slot.in_flight = False
            self._window.inner.done(slot.inner, now)
            self._window.in_flight -= 1
            if self._window.bucket is not None:
                self._window.count(self._gate.now())

    def give_back(self, slot: Slot) -> None:
        if isinstance(slot, _Slot) and slot.in_flight:
            slot.in_flight = False
            self._window.inner.give_back(slot.inner)
            self._window.in_flight -= 1
            self._gate.spend(-1)

    def pause(self, until: float) -> None:
        self._window.inner.pause(until)
        self._gate.pause(max(0.0, until - self._now))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
