"""Events as the inbox has them: as they came, as they are held, and as they are counted."""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs


class EventState(StrEnum):
    """How far an event has come."""

    RECEIVED = "received"
    """Stored; it waits to be processed, for the first time or again."""
    DONE = "done"
    """Its report was fetched and stored, and the callbacks have returned."""
    FAILED = "failed"
    """Given up after a day of trying."""
    REFUSED = "refused"
    """Not believed: the vendor does not know the session, or says something else of it."""
    UNREADABLE = "unreadable"
    """JSON that is no event of its vendor."""


@attrs.frozen(kw_only=True)
class Arrival:
    """An event as it came, ready to be stored."""

    account: str
    dedupe_key: str
    provider: str
    state: EventState
    type: str | None = None
    ref: str | None = attrs.field(default=None, repr=False)
    reference: str | None = attrs.field(default=None, repr=False)
    subject: str | None = attrs.field(default=None, repr=False)
    is_verified: bool = False
    headers: str | None = attrs.field(default=None, repr=False)
    body: bytes = attrs.field(repr=False)
    error: str | None = None
    raw: Any = attrs.field(default=None, repr=False)
    """The decoded body, so that nothing is stored about an erased person."""


@attrs.frozen(kw_only=True, eq=False)
class Claimed:
    """An event that this process holds."""

    account: str
    dedupe_key: str
    provider: str
    type: str | None
    ref: str | None = attrs.field(repr=False)
    reference: str | None = attrs.field(repr=False)
    is_verified: bool
    headers: str | None = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    received_at: datetime
    retried_at: datetime | None = None
    """When a person asked to try it again."""
    tries: int
    fence: int
    claimed_at: datetime
    claimed_since: float = attrs.field(factory=time.monotonic)
    """The same moment by `time.monotonic`."""

    @property
    def age(self) -> float:
        """Seconds since it arrived: by the store's clock until it was claimed, and by ours since."""
        return self._since(self.received_at)

    @property
    def tried_for(self) -> float:
        """Seconds since it arrived, or since a person asked to try it again."""
        return self._since(self.retried_at or self.received_at)

    def _since(self, moment: datetime) -> float:
        return max(0.0, (self.claimed_at - moment).total_seconds() + time.monotonic() - self.claimed_since)


@attrs.frozen(kw_only=True)
class InboxProblem:
    """An event that nobody could make use of. Nothing of it is a candidate's."""

    id: str
    """What a person names it by: 12 hexadecimal digits."""
    account: str
    provider: str
    state: EventState
    type: str | None
    received_at: datetime
    tries: int
    error: str
    acknowledged_at: datetime | None = None
    """When a person took note of it."""


@attrs.frozen(kw_only=True)
class InboxStatus:
    """One account's events: how many are in which state."""

    account: str
    provider: str
    received: int = 0
    done: int = 0
    failed: int = 0
    refused: int = 0
    unreadable: int = 0
    acknowledged: int = 0
    """Those that failed or could not be read, and that a person took note of: they are in neither number."""
    retrying: int = 0
    """Those of `received` that failed at least once."""
    copies: int = 0
    """Deliveries in all, duplicates among them."""
    oldest_waiting: datetime | None = None
    problems: tuple[InboxProblem, ...] = ()
    """The newest of those that failed or could not be read, and that nobody took note of."""
