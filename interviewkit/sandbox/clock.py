"""The sandbox's clock: real time plus an offset that users move, so that links expire without waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .checks import number

EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""Everything in the base population happened before this moment; everything done to the sandbox happens after it."""
MOST_AHEAD = 100 * 365.25 * 86400
"""Seconds that a clock can be moved in its life: beyond the life of every link, and within every form of time."""


class VirtualClock:
    """Tells the vendors' time: real time plus an offset, or, when `frozen`, only what `advance` adds."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._start = start or max(datetime.now(UTC), EPOCH)
        self._frozen = frozen
        self._began = time.monotonic()
        self._offset = 0.0
        self.watchers: list[Callable[[], None]] = []
        """Called whenever somebody moved the clock."""

    @property
    def is_frozen(self) -> bool:
        """Whether only `advance` moves the clock."""
        return self._frozen

    def now(self) -> datetime:
        """The vendors' present moment, aware, in UTC."""
        elapsed = 0.0 if self._frozen else time.monotonic() - self._began
        return self._start + timedelta(seconds=elapsed + self._offset)

    def timestamp(self) -> float:
        """The same moment in seconds since 1970."""
        return self.now().timestamp()

    def milliseconds(self) -> int:
        """The same moment in milliseconds since 1970."""
        return int(self.timestamp() * 1000)

    @property
    def left(self) -> float:
        """The seconds that the clock can still be moved by."""
        return MOST_AHEAD - self._offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock on by `seconds` and tell the new moment.

        Raises `ValueError` for a step backwards and for more than a century, over the clock's whole life.
        """
        number("seconds", seconds, 0, self.left)
        self._offset += seconds
        for tell in list(self.watchers):
            tell()
        return self.now()


class VendorClock:
    """The sandbox's clock as one vendor states it: off by `skew` seconds, ahead or behind."""

    def __init__(self, true: VirtualClock) -> None:
        self.true = true
        self.skew = 0.0

    def now(self) -> datetime:
        """The moment that the vendor takes for the present one, aware, in UTC."""
        return self.true.now() + timedelta(seconds=self.skew)

    def timestamp(self) -> float:
        """The same moment in seconds since 1970."""
        return self.now().timestamp()
