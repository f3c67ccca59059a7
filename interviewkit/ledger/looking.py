"""When to look at a vendor's lists for a write whose answer stayed away, how long that may take, and when to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs

from interviewkit.errors import DeadlineExceededError, InterviewKitError
from interviewkit.http.limits import no_later_than, patience
from interviewkit.ledger.operations import CommitModel, Operation

Look = Callable[[Sequence[Operation]], Awaitable[Mapping[str, Any]]]
"""Reads the vendor's lists: operation id → its result, or `None` where the lists cannot tell. Left out: not there."""

_AGAIN = 0.25
"""Seconds after which lists that told nothing are read again; each further pause is three times as long."""
_RESERVE = 0.1
"""The part of `reconcile_timeout` that the last look has for reading, and the longest first pause."""
_TOGETHER = 0.05
"""Looks that lie closer together than this part of the time until certainty are one look: each costs requests."""
_AFTERWARDS = 0.001
"""Seconds: a look tells for certain when it begins after the model's time, and clocks are coarse."""


@attrs.frozen(kw_only=True)
class Pacing:
    """What the time does: a provider's clock and sleep, and how long it looks."""

    model: CommitModel
    reconcile_timeout: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    asks_before_it_leaves: bool = False
    """Whether what sends asks `RIGHT` for each request: then one that did not ask has not left."""

    @property
    def close(self) -> float:
        """Seconds within which looks are one look."""
        return min(_TOGETHER * self.model.certain_after, _RESERVE / 2 * self.reconcile_timeout)


async def look_until(
    end: float, look: Look, operations: Sequence[Operation], pacing: Pacing
) -> Mapping[str, Any]:  # fmt: skip
    """What the lists show, however many pages they have, read until `end` of the provider's clock.

    Raises what reading raises, and `DeadlineExceededError` when the end came first: a look that was cut off tells
    neither that something is there nor that it is not.
    """
    left = max(end - pacing.clock(), 0.0)
    with no_later_than(end), patience(left):
        try:
            async with asyncio.timeout(left) as limit:  # also what asks no runner: a store, a provider of others
                return await look(operations)
        except InterviewKitError:
            raise
        except TimeoutError:
            if not limit.expired():
                raise
    raise DeadlineExceededError("the vendor's lists could not be read within reconcile_timeout")


def next_look(pacing: Pacing, *, broke: float, began: float, end: float, in_vain: int) -> float | None:
    """When to look again after a look that began at `began` and settled nothing; `None`: not any more before `end`.

    A write shows at once, or when the lists have caught up with what was done before the line broke at `broke`, or its
    absence is certain: three looks, where they can be read. Those that told nothing, `in_vain` in a row, are repeated.
    """
    now, model = pacing.clock(), pacing.model
    certain = broke + model.certain_after + _AFTERWARDS
    if in_vain:
        at = now + min(_AGAIN, _RESERVE * pacing.reconcile_timeout) * 3.0 ** min(in_vain - 1, 20)
        at = min(at, certain) if now < certain else at
    else:
        caught_up = broke + model.index_lag
        at = caught_up if began < caught_up < certain - pacing.close else certain
    at = max(at, now)
    if at < end:
        return at
    last = end - _RESERVE * pacing.reconcile_timeout
    return last if now < last else None


def together(times: Sequence[float], pacing: Pacing) -> float:
    """When to look for several that are due at these times: once for those that are due at almost the same time."""
    first = min(times)
    return max(one for one in times if one <= first + pacing.close)
