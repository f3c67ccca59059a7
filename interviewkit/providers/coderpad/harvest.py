"""How a harvest reads CoderPad: a row of a list is a whole pad, so a report costs its code and its events only.

Lists have 50 rows a page and no filter, and are up to a minute behind (https://coderpad.io/api, read 2026-11). A full
scan goes by creation, which changes do not disturb; news by the time of change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.errors import (
    InterviewKitError,
    InvalidRequestError,
    ListingUnstableError,
    MalformedResponseError,
    NotFoundError,
)
from interviewkit.http.decode import structure
from interviewkit.http.wire import Call, Page
from interviewkit.model import Artifact, ArtifactKind, Report, SessionRef, undecoded
from interviewkit.plan import AT_ONCE, HarvestPlan, ListPage, Row, Scan, canonical, check_paging, fingerprint
from interviewkit.providers.coderpad import gather, reports, translate
from interviewkit.providers.coderpad.calls import get_pad, list_organization_pads, list_pads
from interviewkit.providers.coderpad.listing import OVERLAP
from interviewkit.providers.coderpad.shapes import Pad

if TYPE_CHECKING:
    from interviewkit.providers.coderpad import CoderPad

_BEHIND = timedelta(minutes=1)
"""How old a list can be, and the links in it (https://coderpad.io/api, read 2026-11)."""
_NO_LINK = {"expired_link": None}
"""What stands in a memo in the place of the drawing's signed link, the one link that expires."""
_NEWEST, _OLDEST = "desc", "asc"
_SORTS = {_NEWEST: "updated_at,desc", _OLDEST: "created_at,asc"}


def plan(provider: CoderPad, *, organization: bool) -> HarvestPlan:
    """One list: the key's own pads, or those of the whole organization."""
    return HarvestPlan((Pads(provider, list_organization_pads if organization else list_pads),))


@attrs.frozen(kw_only=True)
class Listed:
    """A pad as a list showed it, and when."""

    pad: Pad
    at: datetime


@attrs.frozen
class _Place:
    """A place in a scan, as its cursor: the order, how many rows came so far, and the vendor's own cursor."""

    order: str
    rows: int = 0
    cursor: str | None = None

    def __str__(self) -> str:
        return f"{self.order}:{self.rows}:{self.cursor or ''}"

    @classmethod
    def parse(cls, text: str) -> _Place:
        order, _, rest = text.partition(":")
        rows, _, cursor = rest.partition(":")
        if order not in _SORTS or not (rows.isascii() and rows.isdigit()):
            raise _unstable("the scan was begun by another version")
        return cls(order, int(rows), cursor or None)


class Pads:
    """The list of pads.

    A full scan begins with the pads that were changed last, whose newest one tells where the next scan for news ends;
    then come all pads, oldest first. Where the first page holds all there are, it is the whole scan.
    """

    name = "pads"
    has_news = True

    def __init__(self, provider: CoderPad, listed_by: Callable[..., Call[Page[Pad]]]) -> None:
        self._provider = provider
        self._listed_by = listed_by

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        """Read one page, by one request."""
        since = None
        if scan is Scan.NEWS:
            since = _moment(mark)
        place = _Place(_NEWEST) if cursor is None else _Place.parse(cursor)
        found = await self._fetch(place)
        at = datetime.now(UTC)
        page = found.map(lambda pad: self._row(pad, at))
        rows = place.rows + max(1, len(found.items) + len(found.problems))
        try:
            check_paging(place.cursor, page.cursor, rows=rows, total=page.total)
        except MalformedResponseError as error:
            raise self._located(error) from None
        following = None if page.cursor is None else _Place(place.order, rows, page.cursor)
        problems = page.problems
        if scan is Scan.NEWS and any(_is_behind(row, since) for row in page.items):
            following = None
        elif scan is Scan.FULL and cursor is None and following is not None:
            following, problems = _Place(_OLDEST), ()  # rows that cannot be read come again, and count once
        return ListPage(
            rows=page.items,
            problems=problems,
            cursor=None if following is None else str(following),
            total=page.total,
            mark=_mark(page.items) if cursor is None else None,
        )

    async def report(self, ref: SessionRef, *, memo: str | None, fresh: Any) -> Report:
        """Read the pad's environments and events; the pad itself only where neither row nor memo is there."""
        if not isinstance(fresh, Listed) and memo is None:
            return await self._provider.fetch_report(ref)
        try:
            pad, at = (fresh.pad, fresh.at) if isinstance(fresh, Listed) else (_recalled(str(memo)), None)
            found = await gather.parts(self._provider.send, pad)
            if found.warnings:
                # What is missing may be missing because the pad is gone: only the pad itself tells, by its 404.
                pad, at = await self._provider.send(get_pad(ref.id)), datetime.now(UTC)
            made = reports.report(
                pad, found.environments, found.events, account=self._provider.account, fetched_at=datetime.now(UTC),
                warnings=found.warnings,
            )  # fmt: skip
        except InterviewKitError as error:
            raise self._located(error, "fetch_report") from None
        dated = _dated(made, pad, at)
        return made if dated == made.artifacts else attrs.evolve(made, artifacts=dated, raw=undecoded(made))

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """Never: a pad that changes is listed anew."""
        return None

    async def _fetch(self, place: _Place) -> Page[Pad]:
        try:
            return await self._provider.send(self._listed_by(sort=_SORTS[place.order], cursor=place.cursor))
        except (NotFoundError, InvalidRequestError):
            if place.cursor is None:
                raise
        raise self._located(_unstable("the vendor no longer knows the page that the list was to go on with"))

    def _row(self, pad: Pad, at: datetime) -> Row:
        memo = _memo(pad.raw)
        return Row(
            session=translate.session(pad, account=self._provider.account),
            digest=fingerprint(memo),
            due=AT_ONCE,
            requests=len(reports.environment_ids(pad)) + isinstance(pad.events, str),
            memo=memo.decode(),
            fresh=Listed(pad=pad, at=at),
        )

    def _located(self, error: InterviewKitError, operation: str = "list_sessions") -> InterviewKitError:
        return error.locate(provider=translate.PROVIDER, operation=operation, account=self._provider.account)


def _memo(raw: dict[str, Any]) -> bytes:
    """The row without the drawing's link, which lives for five minutes."""
    return canonical({**raw, "drawing": _NO_LINK} if raw.get("drawing") else raw)


def _recalled(memo: str) -> Pad:
    raw = json.loads(memo)
    pad = structure({**raw, "drawing": None}, Pad) if raw.get("drawing") == _NO_LINK else structure(raw, Pad)
    return attrs.evolve(pad, raw=raw)


def _dated(report: Report, pad: Pad, at: datetime | None) -> tuple[Artifact, ...]:
    """The report's artifacts; a drawing's link expires by the time of the list, and a memo has none at all."""
    if at is None:
        if pad.raw.get("drawing") != _NO_LINK:
            return report.artifacts
        drawing = Artifact(ref=report.ref, kind=ArtifactKind.DRAWING, expires_at=report.fetched_at)
        place = sum(one.kind is ArtifactKind.PLAYBACK for one in report.artifacts)
        return (*report.artifacts[:place], drawing, *report.artifacts[place:])
    expires_at = at - _BEHIND + reports.DRAWING_LIFE
    return tuple(
        attrs.evolve(one, expires_at=expires_at) if one.kind is ArtifactKind.DRAWING else one
        for one in report.artifacts
    )


def _mark(rows: tuple[Row, ...]) -> str | None:
    """Where the next scan for news ends: the newest change, and two minutes of overlap before it."""
    newest = max((row.session.updated_at for row in rows if row.session.updated_at is not None), default=None)
    return None if newest is None else (newest - OVERLAP).isoformat()


def _moment(mark: str | None) -> datetime:
    try:
        return datetime.fromisoformat(mark or "")
    except ValueError:
        raise _unstable("no full scan said where news begin") from None


def _is_behind(row: Row, since: datetime | None) -> bool:
    updated = row.session.updated_at
    return since is not None and updated is not None and updated < since


def _unstable(text: str) -> ListingUnstableError:
    return ListingUnstableError(text, provider=translate.PROVIDER, operation="list_sessions", hint="begin a full scan")
