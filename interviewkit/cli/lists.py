"""`assessments` and `sessions`: the rows of all accounts, each account's failure apart."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, TypeVar

from cyclopts import Parameter

from interviewkit.cli import accounts, render
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.dates import moment
from interviewkit.cli.exits import verdict
from interviewkit.cli.render import Screen
from interviewkit.errors import InvalidArgumentError
from interviewkit.hub import Hub, Listing
from interviewkit.model import Assessment, Session, SessionKind
from interviewkit.serialize import to_json

_HIDDEN = ("raw", "access_code", "candidate_url", "interviewer_url", "playback_url", "report_url")
"""What a list leaves out unless told --full: bulk, and links and codes that let their holder in."""

Row = TypeVar("Row", Session, Assessment)


async def assessments(
    *,
    archived: Annotated[bool, Parameter(negative="")] = False,
    limit: int | None = None,
    full: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """List what candidates can be invited to.

    Parameters
    ----------
    archived
        Also those that are archived.
    limit
        At most so many.
    full
        In JSON, everything that the vendor said.
    """
    return await _show(
        common, lambda hub: hub.list_assessments(include_archived=archived), render.ASSESSMENTS, limit, full
    )


async def sessions(
    *,
    kind: SessionKind | None = None,
    assessment: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    updated_since: str | None = None,
    limit: int | None = None,
    full: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """List the sessions of all accounts.

    Parameters
    ----------
    kind
        Only sessions of this kind.
    assessment
        Only those of the assessment with this id.
    updated_since
        Only those that changed since this ISO 8601 time; UTC unless it says its offset.
    limit
        At most so many.
    full
        In JSON, everything that the vendor said, links and access codes included.
    """
    since = moment(updated_since, "--updated-since")
    return await _show(
        common,
        lambda hub: hub.list_sessions(kind=kind, assessment_id=assessment, updated_since=since),
        render.SESSIONS,
        limit,
        full,
    )


async def _show(
    common: Common,
    ask: Callable[[Hub], Listing[Row]],
    look: render.Look[Row],
    limit: int | None,
    full: bool,
) -> int:
    if limit is not None and limit < 1:
        raise InvalidArgumentError("--limit is at least 1")
    screen = Screen(as_json=common.json)
    count = 0
    async with accounts.opened(common) as hub:
        listing = ask(hub)
        if screen.as_json:
            async for item in _first(listing, limit):
                screen.line(to_json(item) if full else render.without(to_json(item), *_HIDDEN))
                count += 1
        else:
            kept: list[Row] = []
            with screen.bar(counted=False) as bar:
                task = bar.add_task("rows")
                async for item in _first(listing, limit):
                    kept.append(item)
                    bar.update(task, completed=len(kept))
            count = len(kept)
            order = {label: place for place, label in enumerate(hub.labels)}
            kept.sort(key=lambda item: order.get(item.account, len(order)))
            lacking = screen.table(look.columns, map(look.row, kept), cut=look.cut, drop=look.drop)
            told = f"{count} row{'s' * (count != 1)} of {len(hub)} account{'s' * (len(hub) != 1)}"
            screen.say(f"{told}; not whole at this width: {', '.join(lacking)} (--json has all)" if lacking else told)
    return verdict(screen, listing.failures, listing.problems, accounts_asked=len(hub), done=count > 0)


async def _first(listing: Listing[Row], limit: int | None) -> AsyncIterator[Row]:
    left = limit
    async with contextlib.aclosing(aiter(listing)) as rows:
        async for item in rows:
            yield item
            left = None if left is None else left - 1
            if left == 0:
                return
