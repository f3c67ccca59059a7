"""What a harvest shows: a bar per account while it runs, a line per outcome into a pipe, and a summary at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column

from interviewkit.cli.messages import told
from interviewkit.cli.render import Screen
from interviewkit.cli.tables import clean
from interviewkit.errors import InterviewKitError
from interviewkit.serialize import to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from interviewkit.harvest import AccountSummary, Outcome, RunSummary
    from interviewkit.harvest import Progress as Told

COUNTS = ("new", "changed", "unchanged", "gone", "unreadable", "failed", "requests")
COLUMNS = ("account", "state", *COUNTS, "next due")
_DROP = (7, 1, 4)
"""Failures and states are told below the table too."""
_ENDED = frozenset({"done", "not_due"})


@attrs.define
class _Batch:
    """The reports of an account that were found due together: how many, and how many were done before and until now."""

    expected: int = 0
    before: int = 0
    told: int = 0


class Bars:
    """A bar per account on stderr, at a terminal only; gone at the end."""

    def __init__(self, screen: Screen, labels: Collection[str]) -> None:
        one_line = Column(no_wrap=True, overflow="ellipsis")
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False, table_column=one_line),
            BarColumn(bar_width=20), TextColumn("{task.fields[told]}", markup=False, table_column=one_line),
            console=screen.err, transient=True, disable=not screen.err.is_terminal, refresh_per_second=4,
        )  # fmt: skip
        self._tasks = {label: self._progress.add_task(clean(label), total=None, told="") for label in labels}
        self._batches = {label: _Batch() for label in labels}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def shown(self) -> bool:
        """Whether anybody sees them."""
        return not self._progress.disable

    def tell(self, now: Told) -> None:
        """How far an account is."""
        task = self._tasks[now.account]
        batch = self._batches[now.account]
        if now.expected != batch.expected:  # counted anew: all that was told before belongs to earlier batches
            batch.expected, batch.before = now.expected, batch.told
        batch.told = now.reports
        total = max(batch.before + now.expected, now.reports)
        self._progress.update(
            task, completed=now.reports, total=total or None, told=_progress(now, total, self._to_go(task))
        )

    def settle(self, summary: RunSummary) -> None:
        """Say of the accounts that are done when they are due next."""
        for one in summary.accounts:
            if one.state.value != "running":
                reports = one.new + one.changed + one.unchanged
                text = f"{reports} reports · {one.state.value.replace('_', ' ')}{_next(one.next_due)}"
                self._progress.update(self._tasks[one.account], completed=1, total=1, told=text)

    def _to_go(self, task: TaskID) -> float:
        return next((one.time_remaining or 0.0 for one in self._progress.tasks if one.id == task), 0.0)


def _progress(now: Told, total: int, to_go: float) -> str:
    parts = [f"{now.reports}/{total} reports"]
    if now.remaining is not None:
        parts.append(f"{now.remaining} requests left")
    if now.waiting_until is not None:
        parts.append(f"waiting until {_clock(now.waiting_until)}")
    elif now.busy:
        parts.append("waiting for another process to leave the account")
    elif now.listing is not None:
        parts.append(f"reading {clean(now.listing)}")
    seconds = max(now.eta or 0.0, to_go)
    if seconds >= 1 and now.expected:
        parts.append(f"{timedelta(seconds=round(seconds))} to go")
    return " · ".join(parts)


def _clock(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%H:%M:%S UTC")


def _next(due: datetime | None) -> str:
    return "" if due is None else f", next at {_clock(due)}"


def line(outcome: Outcome) -> dict[str, Any]:
    """An outcome in JSON."""
    return {
        "account": outcome.account,
        "ref": None if outcome.ref is None else str(outcome.ref),
        "change": outcome.change.value,
        "seq": outcome.seq,
        "error": None if outcome.error is None else to_json(outcome.error),
    }


def last_line(summary: RunSummary) -> dict[str, Any]:
    """The summary in JSON."""
    return {"summary": to_json(summary)}


def show(summary: RunSummary, screen: Screen, *, now: datetime) -> None:
    """The summary as a table, on stdout."""
    rows = [_row(one, now) for one in summary.accounts]
    screen.table(COLUMNS, rows, cut=(0,), drop=_DROP)


def _row(one: AccountSummary, now: datetime) -> tuple[object, ...]:
    counts = (getattr(one, name) for name in COUNTS)
    return (one.account, one.state.value.replace("_", " "), *counts, until(one.next_due, now))


def until(due: datetime | None, now: datetime) -> str | None:
    """How long it is until a time: `now`, `in 59 min`, `in 23 h`, `in 6 d`."""
    if due is None:
        return None
    seconds = (due - now).total_seconds()
    if seconds <= 0:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if round(seconds / size) > (1 if unit != "min" else 0):
            return f"in {round(seconds / size)} {unit}"
    return f"in {round(seconds)} s"


@attrs.define
class Failures:
    """The first error of each account's reports, of each kind."""

    first: dict[tuple[str, str], InterviewKitError] = attrs.field(factory=dict)

    def note(self, outcome: Outcome) -> None:
        """Keep it, if it is the first."""
        if outcome.error is not None:
            self.first.setdefault((outcome.account, outcome.change.value), outcome.error)

    def tell(self, accounts: Iterable[AccountSummary], screen: Screen) -> None:
        """What each account could not do, and why, in a line each on stderr."""
        for one in accounts:
            self._tell(one, screen)

    def _tell(self, one: AccountSummary, screen: Screen) -> None:
        if one.error is not None:
            screen.fail(one.error, one.account)
        elif one.state.value == "busy":
            screen.fail("another process is harvesting it", one.account)
        elif one.state.value not in _ENDED | {"running", "stopped", "budget"}:
            screen.fail(f"it is {one.state.value}", one.account)
        if one.failed:
            why = self.first.get((one.account, "failed"))
            screen.fail(
                f"{one.failed} report{'s' * (one.failed != 1)} could not be had this time, and will be tried again"
                + (f"; the first: {told(why)}" if why else ""),
                one.account,
            )
        if one.unreadable:
            why = self.first.get((one.account, "unreadable"))
            screen.warn(
                f"{one.account}: {one.unreadable} could not be read and {'are' if one.unreadable > 1 else 'is'} "
                f"kept raw{f'; the first: {told(why)}' if why else ''}"
            )
        if one.suspicious:
            screen.warn(
                f"{one.account}: {one.suspicious} sessions were missing from its lists, too many to believe: none was "
                "marked as gone"
            )
        if one.state.value == "budget":
            screen.say(f"{one.account}: the run's requests are used up; the next harvest goes on there")
