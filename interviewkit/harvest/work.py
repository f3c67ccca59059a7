"""One account at work: what every step of a slice needs, and how a failure ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import attrs

from interviewkit.errors import InterviewKitError, RateLimitedError
from interviewkit.harvest.artifacts import Artifacts
from interviewkit.harvest.erasures import Erasures
from interviewkit.harvest.gate import Gate
from interviewkit.harvest.outcomes import Change, Counts, Outcome
from interviewkit.harvest.store import Store
from interviewkit.plan import HarvestPlan, Stream
from interviewkit.provider import InterviewProvider

_LONGEST_PAUSE = 86400.0
"""Seconds: a broken proxy may ask for years."""


@attrs.frozen(kw_only=True)
class Settings:
    """How a harvest is done, at every account alike."""

    since: datetime | None = None
    concurrency: int = 8
    interval: float = 3600.0
    """Seconds until an account is due again."""
    sweep_every: float = 86400.0
    """Seconds until lists are read whole again."""


@attrs.define(kw_only=True, eq=False)
class Work:
    """An account while a process harvests it; it outlives the slices."""

    provider: InterviewProvider
    plan: HarvestPlan
    gate: Gate
    store: Store
    settings: Settings
    clock: Callable[[], datetime]
    tell: Callable[[Outcome], Awaitable[None]]
    stopping: Callable[[], bool]
    wake: datetime | None = None
    """Lists that were read before this time are read again, whatever the interval says."""
    artifacts: Artifacts | None = None
    erasures: Erasures = attrs.field(factory=Erasures)
    """Who was erased and must not come back."""
    erasure_key: bytes | None = attrs.field(default=None, repr=False)
    counts: Counts = attrs.field(factory=Counts)
    fresh: dict[str, Any] = attrs.field(factory=dict)
    """Vendor rows of the pages listed last, by reference: their links still open."""
    due: int = 0
    """How many of those rows made a report due."""
    listing: str | None = None
    expected: int = 0
    suspicious: int | None = None
    error: InterviewKitError | None = None
    """What the run has to say of the account although it went on."""
    rescans: dict[str, int] = attrs.field(factory=dict)

    resting: dict[str, tuple[datetime, InterviewKitError]] = attrs.field(factory=dict)
    """Streams whose lists could not be read, until when they are left alone, and why."""
    refused: dict[str, InterviewKitError] = attrs.field(factory=dict)
    """Streams whose host refuses the key, and its answer."""

    def begin(self) -> None:
        """Forget what was counted: a new pass begins."""
        self.counts = Counts()
        self.rescans.clear()
        self.resting.clear()
        self.refused.clear()
        self.error = self.suspicious = None
        self.gate.requests = self.gate.throttled = 0

    @property
    def account(self) -> str:
        """The account's label."""
        return self.provider.account

    def stream(self, name: str) -> Stream | None:
        """The plan's stream of that name."""
        return next((stream for stream in self.plan.streams if stream.name == name), None)

    async def report(self, outcome: Outcome) -> None:
        """Count an outcome and tell the caller."""
        self.counts.add(outcome.change)
        await self.tell(outcome)

    def failure(self, error: Exception, ref: Any = None, change: Change = Change.FAILED) -> Outcome:
        """An outcome that says why."""
        return Outcome(account=self.account, ref=ref, change=change, error=self.located(error))

    def located(self, error: Exception) -> InterviewKitError:
        """The error of this account; of another kind than ours: a bug in a provider, told without its text."""
        if isinstance(error, InterviewKitError):
            return error.locate(provider=self.provider.name, operation=None, account=self.account)
        return InterviewKitError(
            f"the provider failed with {type(error).__name__}", provider=self.provider.name, account=self.account,
            hint="this is a bug in the provider",
        )  # fmt: skip

    def refuse(self, stream: str, error: InterviewKitError, *, until: datetime) -> ParkedError | None:
        """Leave a stream alone whose host refuses the key; the account is parked when all of them do."""
        self.refused[stream] = self.located(error)
        self.resting[stream] = (until, self.refused[stream])
        refused = all(one.name in self.refused for one in self.plan.streams)
        return ParkedError(self.refused[stream]) if refused else None

    def throttled(self, error: RateLimitedError) -> HaltError:
        """How to go on after a request that was refused, by the vendor or by the gate."""
        now, budget = self.clock(), self.gate.budget
        if budget.exhausted:
            return HaltError(None, now, spent=True)
        told = min(error.retry_after or 0.0, _LONGEST_PAUSE)
        if not self.gate.guards:
            self.gate.pause(told)
        return HaltError(None, max(now + timedelta(seconds=told), self.gate.free_at(1)))


class ParkedError(Exception):
    """The account's key is refused."""

    def __init__(self, error: InterviewKitError) -> None:
        super().__init__(str(error))
        self.error = error


class HaltError(Exception):
    """The account cannot go on before `until`; with `spent`, since the run's requests are used up or promised."""

    def __init__(self, error: InterviewKitError | None, until: datetime, *, spent: bool = False) -> None:
        super().__init__("" if error is None else str(error))
        self.error = error
        self.until = until
        self.spent = spent


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of those that ended tasks side by side."""
    found = group.exceptions[0]
    return first_of(found) if isinstance(found, BaseExceptionGroup) else found
