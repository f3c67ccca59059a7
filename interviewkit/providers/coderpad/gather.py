"""What a pad's report takes beside the pad: its environments, four at a time, and its events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import attrs

from interviewkit.errors import NotFoundError, PermissionDeniedError
from interviewkit.fanout import together
from interviewkit.http.limits import PATIENCE
from interviewkit.http.wire import Call, Page
from interviewkit.model import Dropped
from interviewkit.pager import Pager
from interviewkit.providers.coderpad import reports
from interviewkit.providers.coderpad.calls import get_pad_environment, list_pad_events
from interviewkit.providers.coderpad.detail_shapes import Environment
from interviewkit.providers.coderpad.shapes import Event, Pad

_AT_ONCE = 4

Send = Callable[[Call[Any]], Awaitable[Any]]


@attrs.frozen
class Parts:
    """What was found, and warnings for what was not to be had."""

    environments: tuple[Environment, ...] = ()
    events: tuple[Event, ...] = ()
    warnings: tuple[Dropped, ...] = ()


async def parts(send: Send, pad: Pad) -> Parts:
    """Read a pad's environments and events. A 403 or 404 is a warning; any other error ends it."""
    jobs: list[Callable[[], Awaitable[Parts]]] = [
        partial(_environment, send, environment_id) for environment_id in reports.environment_ids(pad)
    ]
    jobs.append(partial(_events, send, pad))
    found = await together(jobs, concurrency=_AT_ONCE)
    return Parts(
        tuple([environment for part in found for environment in part.environments]),
        found[-1].events,
        tuple([warning for part in found for warning in part.warnings]),
    )


async def _environment(send: Send, environment_id: str) -> Parts:
    try:
        return Parts(environments=(await send(get_pad_environment(environment_id)),))
    except (NotFoundError, PermissionDeniedError) as error:
        return Parts(warnings=(_missing("tasks", f"environment {environment_id}", error.status),))


async def _events(send: Send, pad: Pad) -> Parts:
    """The events of a pad: from the pad itself in older answers, else from their endpoint, oldest first."""
    if not isinstance(pad.events, str):
        return Parts(events=reports.with_raw(pad))

    async def fetch(cursor: str | None) -> Page[Event]:
        page: Page[Event] = await send(list_pad_events(pad.id, sort="created_at,asc", cursor=cursor))
        return page

    pager = Pager(fetch, incomplete="flag", patience=PATIENCE.get(), provider="coderpad", operation="list_pad_events")
    try:
        events = tuple(await pager.collect(on_problem="collect"))
    except (NotFoundError, PermissionDeniedError) as error:
        return Parts(warnings=(_missing("timeline", "the list of events", error.status),))
    flaws = {
        f"{len(pager.problems)} events could not be read": bool(pager.problems),
        "events were lost while they were read": pager.incomplete,
    }
    warnings = tuple(Dropped(field="timeline", reason=why) for why, seen in flaws.items() if seen)
    return Parts(events=events, warnings=warnings)


def _missing(field: str, what: str, status: int | None) -> Dropped:
    return Dropped(field=field, reason=f"{what} is not to be had (HTTP {status})")
