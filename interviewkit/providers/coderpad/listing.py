"""CoderPad's pads as a list of sessions, filtered here: it has no filters (https://coderpad.io/api, 2026-11)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self, cast

import attrs
import msgspec

from interviewkit.errors import ListingUnstableError
from interviewkit.http.wire import Call, Page
from interviewkit.model import Session, SessionKind
from interviewkit.pager import OnProblem, Pager
from interviewkit.providers.coderpad import translate
from interviewkit.providers.coderpad.answers import Answer, Listing
from interviewkit.providers.coderpad.calls import check_cursor
from interviewkit.providers.coderpad.shapes import Event, Id, Pad

OVERLAP = timedelta(seconds=120)
"""Lists are about a minute behind, so a change shortly after `updated_since` may still carry an older time."""


class PadRow(msgspec.Struct, gc=False):
    """The fields of a pad that a session shows, times decoded: the others are skipped, and the whole row is in `raw`.

    Reading it costs a third of reading a `Pad`.
    """

    id: str
    title: str | None = None
    state: str | None = None
    language: str | None = None
    participants: list[str | None] | None = None
    events: tuple[Event | str | None, ...] | str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    url: str | None = None
    playback: str | None = None
    type: str | None = None
    question_ids: tuple[Id | None, ...] | Id | None = None
    raw: Any = None


SESSION = Answer(PadRow)
SESSIONS = Listing(PadRow, "pads")
_FLOOR = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)


@attrs.frozen(kw_only=True)
class Wanted:
    """Which sessions are asked for."""

    kind: SessionKind | None = None
    assessment_id: str | None = None
    not_before: datetime | None = None

    @classmethod
    def of(cls, *, kind: SessionKind | None, assessment_id: str | None, updated_since: datetime | None) -> Self:
        """What a caller asks for, with room for lists that are behind."""
        not_before = None if updated_since is None else max(updated_since, _FLOOR) - OVERLAP
        return cls(kind=kind, assessment_id=assessment_id, not_before=not_before)

    def is_met_by(self, session: Session) -> bool:
        """Whether the session belongs into the list."""
        if self.kind is not None and session.kind != self.kind:
            return False
        if self.assessment_id is not None and self.assessment_id not in _question_ids(session):
            return False
        return not self.is_behind(session)

    def is_behind(self, session: Session) -> bool:
        """Whether the session was last changed too long ago; newest come first, so none after it is wanted."""
        return self.not_before is not None and session.updated_at is not None and session.updated_at < self.not_before


@attrs.frozen(kw_only=True)
class Sweep:
    """Fetches one page of sessions."""

    send: Callable[[Call[Page[PadRow]]], Awaitable[Page[PadRow]]]
    list_pads: Callable[..., Call[Page[Pad]]]
    account: str
    wanted: Wanted

    async def __call__(self, cursor: str | None) -> Page[Session]:
        check_cursor(cursor, "list_sessions")
        # Oldest first, a new pad moves nothing: https://coderpad.io/api sorts newest first unless told.
        sort = "created_at,asc" if self.wanted.not_before is None else "updated_at,desc"
        page = await self.send(self.list_pads(sort=sort, cursor=cursor).reading(SESSIONS))
        return page.map(partial(translate.session, account=self.account))


class SessionPager(Pager[Session]):
    """The sessions that are wanted, of pages that are watched whole: a filter hides no loss.

    A page of a filtered list may be empty, and has no `total`. With `not_before`, the list ends with the page on which
    an older session stands. Raises what `Pager` raises.
    """

    async def _read(self, on_problem: OnProblem) -> AsyncGenerator[Page[Session], None]:
        wanted = cast("Sweep", self._fetch).wanted
        async with aclosing(super()._read(on_problem)) as pages:
            if wanted == Wanted():
                async for page in pages:
                    yield page
                return
            delivered, largest, shrank = 0, 0, False
            async for page in pages:
                shrank = shrank or (page.total is not None and page.total < largest)
                largest = max(largest, page.total or 0)
                ends = any(map(wanted.is_behind, page.items))
                items = tuple(filter(wanted.is_met_by, page.items))
                delivered += len(items)
                yield Page(items, page.problems, None if ends else page.cursor, None)
                if ends:
                    break
            else:
                return
        if shrank:
            self.incomplete = True
            if self._on_incomplete == "raise":
                raise ListingUnstableError(
                    "the list lost rows while it was read", delivered=delivered,
                    provider=self._provider, operation=self._operation,
                )  # fmt: skip


def _question_ids(session: Session) -> tuple[str, ...]:
    return translate.as_ids(session.raw.get("question_ids"))
