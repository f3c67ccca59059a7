"""Rate limits by credential: every provider in this process with the same credentials shares one window."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import attrs

from interviewkit.errors import ConfigurationError, InvalidArgumentError

PATIENCE: ContextVar[float] = ContextVar("interviewkit_patience", default=0.0)
"""Seconds that calls in this context wait for a slot beyond their own deadline (pagers, `fetch_reports`)."""
UNTIL: ContextVar[float] = ContextVar("interviewkit_until", default=float("inf"))
"""When calls in this context end at the latest, by their provider's clock, however patient they are."""
RIGHT: ContextVar[Callable[[], None] | None] = ContextVar("interviewkit_right", default=None)
"""Asked by calls in this context right before their request leaves; what it raises keeps the request from leaving."""


@contextmanager
def only_while(check: Callable[[], None]) -> Iterator[None]:
    """Let requests of calls inside leave only while `check` raises nothing."""
    token = RIGHT.set(check)
    try:
        yield
    finally:
        RIGHT.reset(token)


@contextmanager
def no_later_than(end: float) -> Iterator[None]:
    """Let calls inside end by this time of their provider's clock, whatever their own deadlines and patience are."""
    token = UNTIL.set(min(end, UNTIL.get()))
    try:
        yield
    finally:
        UNTIL.reset(token)


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """Let calls inside wait `seconds` for a slot (`None`: as long as it takes)."""
    check_patience(seconds)
    token = PATIENCE.set(float("inf") if seconds is None else seconds)
    try:
        yield
    finally:
        PATIENCE.reset(token)


def check_patience(seconds: object) -> None:
    """Raise `InvalidArgumentError` for what is neither `None` nor a number of seconds from zero on."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if seconds is not None and not (number and seconds >= 0):  # type: ignore[operator]
        raise InvalidArgumentError("patience is a number of seconds from 0 on, or None for as long as it takes")


@attrs.frozen
class RateLimit:
    """At most `requests` in any window of `per_seconds` seconds."""

    requests: int
    per_seconds: float

    def __attrs_post_init__(self) -> None:
        if self.requests < 1 or self.per_seconds <= 0:
            raise ConfigurationError("RateLimit: requests >= 1 and per_seconds > 0")


class Slot:
    """One request's place in the window."""

    __slots__ = ("in_flight",)

    def __init__(self, *, in_flight: bool = True) -> None:
        self.in_flight = in_flight


class Limiter(Protocol):
    """What a provider asks before each request: implement it to share a limit over processes."""

    def take(self, now: float) -> Slot | float:
        """A slot for a request that is sent now, or the seconds until the next one may be free."""

    def done(self, slot: Slot, now: float) -> None:
        """The request of this slot was answered, or failed after it had left."""

    def give_back(self, slot: Slot) -> None:
        """The request of this slot never left."""

    def pause(self, until: float) -> None:
        """The vendor asked for a pause: no slot before this time."""


class WindowLimiter:
    """A sliding window that counts a request until `per_seconds` after its answer came.

    Counting from the answer, not from the sending, keeps the vendor's own count below the limit however long a request
    is under way. Times are the provider's monotonic clock, in seconds.
    """

    def __init__(self, limit: RateLimit | None = None) -> None:
        self.limit = limit
        self._in_flight = 0
        self._answered: deque[float] = deque()
        self._paused_until = 0.0

    def take(self, now: float) -> Slot | float:
        if now < self._paused_until:
            return self._paused_until - now
        limit = self.limit
        if limit is None:
            return _UNCOUNTED
        answered = self._answered
        oldest = now - limit.per_seconds
        while answered and answered[0] <= oldest:
            answered.popleft()
        if self._in_flight + len(answered) >= limit.requests:
            return max(_SHORTEST_WAIT, answered[0] - oldest) if answered else limit.per_seconds
        self._in_flight += 1
        return Slot()

    def done(self, slot: Slot, now: float) -> None:
        if slot.in_flight:
            slot.in_flight = False
            self._in_flight -= 1
            self._answered.append(now)

    def give_back(self, slot: Slot) -> None:
        if slot.in_flight:
            slot.in_flight = False
            self._in_flight -= 1

    def pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)


_UNCOUNTED = Slot(in_flight=False)
_SHORTEST_WAIT = 0.001
"""Seconds: a wait that rounding made nothing would spin."""

_shared: weakref.WeakValueDictionary[str, WindowLimiter] = weakref.WeakValueDictionary()


def shared_limiter(fingerprint: str, limit: RateLimit | None) -> WindowLimiter:
    """The one limiter of everyone in this process who uses these credentials; the strictest limit asked for rules."""
    found = _shared.get(fingerprint)
    if found is None:
        found = _shared[fingerprint] = WindowLimiter(limit)
    elif limit is not None and (found.limit is None or _rate(limit) < _rate(found.limit)):
        found.limit = limit
    return found


def _rate(limit: RateLimit) -> tuple[float, int]:
    return (limit.requests / limit.per_seconds, limit.requests)
