"""What a harvest tells its caller: one outcome a report, the progress of an account, and the summary of a run."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from interviewkit.errors import InterviewKitError
from interviewkit.model import Report, SessionRef


class Change(StrEnum):
    """What a harvest found out about a session."""

    NEW = "new"
    """Its report was stored for the first time."""
    CHANGED = "changed"
    """Its report says something else than before, or the session is back after it was gone."""
    UNCHANGED = "unchanged"
    """Its report was read and says the same, or its row has not changed."""
    GONE = "gone"
    """The vendor has it no more; what was stored stays, marked as deleted."""
    UNREADABLE = "unreadable"
    """A row or report is not what the vendor documents; it is kept raw."""
    FAILED = "failed"
    """Its report could not be had this time; it will be tried again."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one session. Rows that a list shows unchanged are counted, and yield no outcome."""

    account: str
    ref: SessionRef | None
    """`None` for a row that names no session."""
    change: Change
    report: Report | None = attrs.field(default=None, repr=False)
    error: InterviewKitError | None = None
    seq: int | None = None
    """The number of the change in the store, where it changed."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far an account is."""

    account: str
    reports: int
    """Stored in this run, changed or not."""
    expected: int
    """Reports known to be due."""
    requests: int
    """Sent in this run."""
    remaining: int | None
    """Requests left in the limit's window, `None` without a limit."""
    listing: str | None = None
    """The list that is being read."""
    waiting_until: datetime | None = None
    busy: bool = False
    """Whether another process has the account, or had it and was killed: its lease runs out within half a minute."""
    eta: float | None = None
    """Seconds until the known reports are read, as far as the limit tells."""


@attrs.define(kw_only=True)
class Counts:
    """What a run did at one account."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    unreadable: int = 0
    failed: int = 0

    def add(self, change: Change, number: int = 1) -> None:
        """Count outcomes."""
        setattr(self, change.value, getattr(self, change.value) + number)

    @property
    def reports(self) -> int:
        """Reports that were read."""
        return self.new + self.changed + self.unchanged


class State(StrEnum):
    """How a run ended for an account."""

    DONE = "done"
    RUNNING = "running"
    STOPPED = "stopped"
    """It was asked to stop; the next run goes on there."""
    BUDGET = "budget"
    """The run's requests were used up; the next run goes on there."""
    BUSY = "busy"
    """Another process was harvesting the account."""
    NOT_DUE = "not_due"
    PARKED = "parked"
    """Its key is refused: it is left alone until it is asked for by hand."""
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class AccountSummary:
    """One account's part of a run."""

    account: str
    provider: str
    state: State
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    unreadable: int = 0
    failed: int = 0
    requests: int = 0
    throttled: int = 0
    """How often the vendor answered 429."""
    next_due: datetime | None = None
    error: InterviewKitError | None = None
    suspicious: int | None = None
    """So many sessions were missing from a full scan that none was marked as deleted."""


@attrs.frozen(kw_only=True)
class RunSummary:
    """What a run did."""

    accounts: tuple[AccountSummary, ...]
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether every account was harvested whole."""
        fine = {State.DONE, State.NOT_DUE}
        return all(one.state in fine and not one.failed and one.error is None for one in self.accounts)

    def total(self, name: str) -> int:
        """The sum of a count, such as `new` or `requests`, over all accounts."""
        return sum(getattr(one, name) for one in self.accounts)
