"""When to try again: a pure function of what happened so far."""

from __future__ import annotations

import email.utils
import enum
import re
from datetime import UTC, datetime

import attrs

from interviewkit.errors import ConfigurationError


@attrs.frozen
class RetryPolicy:
    """How often and how patiently a call is repeated.

    `attempts` counts the first one; `base_delay` and `max_delay` are seconds. `RetryPolicy(attempts=1)` never repeats.
    """

    attempts: int = 3
    base_delay: float = 0.5
    max_delay: float = 8.0

    def __attrs_post_init__(self) -> None:
        if self.attempts < 1 or self.base_delay < 0 or self.max_delay < self.base_delay:
            raise ConfigurationError("RetryPolicy: attempts >= 1 and 0 <= base_delay <= max_delay")


class Failure(enum.Enum):
    """How an attempt failed."""

    NOT_CONNECTED = "not_connected"
    """No byte of the request left."""
    BROKEN = "broken"
    """The request left, and no whole answer came."""
    REFUSED = "refused"
    """The vendor answered with an error status."""


_READ_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

LONGEST_PAUSE = 3600.0
"""Seconds for which a `Retry-After` is obeyed without asking again: a broken proxy may ask for years."""


def next_wait(
    policy: RetryPolicy,
    failure: Failure,
    *,
    attempt: int,
    status: int | None,
    repeatable: bool,
    retry_after: float | None,
    remaining: float,
    jitter: float,
) -> float | None:
    """Seconds to wait before the next attempt, or `None`: give up.

    A write is repeated only when the failed attempt provably did nothing: it never left, or it was turned away with
    429. `jitter` is a random number from 0 to 1; `remaining` the seconds until the call's deadline.
    """
    if attempt >= policy.attempts:
        return None
    if failure is Failure.REFUSED:
        if status not in _READ_AGAIN or not (repeatable or status == 429):
            return None
    elif failure is Failure.BROKEN and not repeatable:
        return None
    backoff = min(policy.max_delay, policy.base_delay * 2 ** (attempt - 1))
    wait = backoff * (0.5 + jitter / 2)
    if retry_after is not None:
        wait = max(wait, retry_after)
    return wait if wait < remaining else None


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date (RFC 9110, 10.2.3).

    `None` for a text that is neither; a date in the past is zero seconds.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _FOREVER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard parser raises for odd texts
        return None


_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_FOREVER = 1e9
"""Seconds: more than that is the same as never, and digits without end are no number."""
