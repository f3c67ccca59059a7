"""What a vendor's lists know: each row as it was some seconds of real time ago."""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

import attrs

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


@attrs.define
class Lag:
    """By how many seconds of real time a vendor's lists are behind its writes."""

    seconds: float = 0.0


class Index(Generic[Key, Row]):
    """Copies of the rows that changed; each change comes up, in the order of the changes, once the lag is over.

    The lag in force when a list is read decides, so that a shorter one brings up what waits, and a longer one hides
    nothing that was already shown.
    """

    def __init__(self, lag: Lag) -> None:
        self._lag = lag
        self._waiting: deque[tuple[float, Key, Row]] = deque()
        self._known: dict[Key, Row] = {}

    def put(self, key: Key, row: Row) -> None:
        """Hand over a row that has just changed; it is copied one level deep."""
        self._waiting.append((time.monotonic(), key, copy.copy(row)))

    def get(self, key: Key) -> Row | None:
        """The row as lists show it; None as long as no change of it has come up."""
        self._catch_up()
        return self._known.get(key)

    def discard(self, key: Key) -> None:
        """Forget a row that is gone."""
        self._known.pop(key, None)
        self._waiting = deque(entry for entry in self._waiting if entry[1] != key)

    def _catch_up(self) -> None:
        if not self._waiting:
            return
        until = time.monotonic() - self._lag.seconds
        while self._waiting and self._waiting[0][0] <= until:
            _, key, row = self._waiting.popleft()
            self._known[key] = row
