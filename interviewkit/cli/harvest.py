"""`harvest`: every report of every account into a store, in one pass or for ever."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from interviewkit.cli import accounts, harvest_view, signals, stores
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.dates import moment
from interviewkit.cli.exits import DONE, FAILED, INTERRUPTED, PARTLY, USAGE, USAGE_ERRORS
from interviewkit.cli.folders import check_writable
from interviewkit.cli.render import Screen
from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.harvest import Harvester, Outcome, RunSummary

HOUR = 3600.0
_YEAR = 365 * 24 * HOUR
_GLANCE = 0.3
"""Seconds between two looks at which accounts have ended."""


async def harvest(
    *,
    store: stores.StoreURL = stores.DEFAULT,
    since: str | None = None,
    artifacts_to: Annotated[Path | None, Parameter(name="--artifacts")] = None,
    max_requests: int | None = None,
    watch: Annotated[bool, Parameter(negative="")] = False,
    due: Annotated[bool, Parameter(negative="")] = False,
    interval: float = 3600.0,
    sweep_every: float = 24.0,
    concurrency: int = 8,
    common: Common = COMMON,
) -> int:
    """Bring every report of every account into a store, inside the vendors' limits; the next run brings what is new.

    Parameters
    ----------
    since
        Leave out sessions of which nothing is known since this ISO 8601 date or time; UTC unless it says its offset.
    artifacts_to
        Fetch the files beside the reports too, into this folder.
    max_requests
        At most so many requests to the vendors in this run; the next one goes on there.
    watch
        Go on for ever, each account at its interval, until Ctrl-C.
    due
        Only the accounts whose interval is over.
    interval
        Seconds until an account is due again.
    sweep_every
        Hours until an account's lists are read whole again, which shows what is gone at the vendor.
    concurrency
        Requests under way at one account. With more a harvest is quicker, and repeats more after a kill.
    """
    start = moment(since, "--since")
    check_numbers(interval=interval, sweep_every=sweep_every, concurrency=concurrency, max_requests=max_requests)
    if watch and due:
        raise InvalidArgumentError("--watch and --due exclude each other: a watch goes by the intervals anyway")
    stores.check(store)
    check_artifacts(artifacts_to)
    from interviewkit.harvest import Harvester, Store

    screen = Screen(as_json=common.json)
    async with accounts.opened(common) as hub, await Store.open(store) as opened:
        with harvest_view.Bars(screen, hub.labels) as bars:
            harvester = Harvester(
                hub, opened, since=start, artifacts=artifacts_to, max_requests=max_requests, concurrency=concurrency,
                interval=interval, sweep_every=sweep_every * HOUR, progress=bars.tell if bars.shown else None,
            )  # fmt: skip
            outcomes = harvester.watch() if watch else harvester.run(only_due=due)
            failures, interrupted = await _follow(harvester, outcomes, bars, screen)
        summary = harvester.summary
    if screen.as_json:
        screen.line(harvest_view.last_line(summary))
    else:
        harvest_view.show(summary, screen, now=datetime.now(UTC))
    failures.tell(summary.accounts, screen)
    return INTERRUPTED if interrupted else verdict(summary)


def check_numbers(*, interval: float, sweep_every: float, concurrency: int, max_requests: int | None = None) -> None:
    """Raise `InvalidArgumentError` for numbers that make no sense."""
    if not 0 < interval <= _YEAR or not math.isfinite(interval):
        raise InvalidArgumentError(f"--interval is a number of seconds above 0, up to {_YEAR:.0f}, a year")
    if not 0 < sweep_every <= _YEAR / HOUR:
        raise InvalidArgumentError(f"--sweep-every is a number of hours above 0, up to {_YEAR / HOUR:.0f}, a year")
    if concurrency < 1:
        raise InvalidArgumentError("--concurrency is at least 1")
    if max_requests is not None and max_requests < 1:
        raise InvalidArgumentError("--max-requests is at least 1")


def check_artifacts(folder: Path | None) -> None:
    """Raise `ConfigurationError` for a folder that cannot be written."""
    if folder is not None:
        try:
            check_writable(folder)
        except InterviewKitError as error:
            raise ConfigurationError(error.message) from None


async def _follow(
    harvester: Harvester, outcomes: AsyncIterator[Outcome], bars: harvest_view.Bars, screen: Screen
) -> tuple[harvest_view.Failures, bool]:
    """Tell of the outcomes as they come, until the run ends; and whether it was interrupted."""
    failures, interrupted = harvest_view.Failures(), False
    broken: OSError | None = None

    def stop() -> None:
        nonlocal interrupted
        interrupted = True
        harvester.stop()
        screen.say("finishing what is in flight; Ctrl-C once more ends at once")

    def end() -> None:
        with contextlib.suppress(OSError):
            screen.err.show_cursor()
            screen.out.file.flush()
        os._exit(INTERRUPTED)  # the store is whole at any moment, and the next run counts what was under way

    looking = asyncio.create_task(_look(harvester, bars)) if bars.shown else None
    try:
        with signals.handled(stop, end):
            async for outcome in outcomes:
                failures.note(outcome)
                if screen.as_json and broken is None:
                    try:
                        screen.line(harvest_view.line(outcome))
                    except OSError as error:  # whoever reads has seen enough, or the disk is full
                        broken = error
                        harvester.stop()
    finally:
        if looking is not None:
            looking.cancel()
    if broken is not None:
        raise broken
    return failures, interrupted


async def _look(harvester: Harvester, bars: harvest_view.Bars) -> None:
    while True:
        bars.settle(harvester.summary)
        await asyncio.sleep(_GLANCE)


def verdict(summary: RunSummary) -> int:
    """The exit code of a run that nobody interrupted: what the budget left over is no failure."""
    from interviewkit.harvest import State

    undone = {State.FAILED, State.PARKED, State.BUSY}
    bad = [one for one in summary.accounts if one.state in undone or one.error is not None or one.failed]
    if not bad:
        return DONE
    if len(bad) < len(summary.accounts) or any(
        one.state not in undone or one.new or one.changed or one.unchanged or one.gone for one in bad
    ):
        return PARTLY
    return USAGE if all(isinstance(one.error, USAGE_ERRORS) for one in bad) else FAILED
