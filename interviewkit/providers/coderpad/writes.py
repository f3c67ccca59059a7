"""Pads found again: by a marker that the caller agreed to.

A pad has no field for a reference (https://coderpad.io/api, read 2026-11), but a title and notes for interviewers. With
`CoderPad(marker="notes")` or `"title"`, a short text without meaning for others is added there, and a pad whose answer
never came is looked for among those created last. The list is up to a minute behind; `CommitModel` waits that out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import attrs

from interviewkit.http.wire import Call, Page
from interviewkit.ledger.once import Once, candidate_of
from interviewkit.ledger.operations import Operation
from interviewkit.model import Candidate, Invitation, Session, moment
from interviewkit.providers.coderpad import translate
from interviewkit.providers.coderpad.shapes import Pad

_PAGES = 200
"""So many pages are read at most: 10,000 pads in the few minutes that are looked at."""


@attrs.frozen(kw_only=True)
class Writes:
    """How one account's pads are looked for."""

    send: Callable[[Call[Page[Pad]]], Awaitable[Page[Pad]]]
    list_pads: Callable[..., Call[Page[Pad]]]
    once: Once

    async def created(self, operations: Sequence[Operation]) -> dict[str, Session | None]:
        """The pads that bear the markers of sessions."""
        account = self.once.account
        return {
            one.id: None if pad is None else attrs.evolve(
                translate.session(pad, account=account), reference=one.reference
            )
            for one, pad in await self._found(operations)
        }  # fmt: skip

    async def invited(self, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        """The pads that bear the markers of invitations."""
        return {
            one.id: None if pad is None else attrs.evolve(
                translate.invitation(
                    pad, account=self.once.account, candidate=candidate_of(one) or Candidate(),
                    assessment_id=one.assessment_id, warnings=(),
                ),
                reference=one.reference,
            )
            for one, pad in await self._found(operations)
        }  # fmt: skip

    async def _found(self, operations: Sequence[Operation]) -> list[tuple[Operation, Pad | None]]:
        """Operations whose pad is there; with `None` where the list could not be read whole, or shows no marker."""
        untold: list[tuple[Operation, Pad | None]] = [(one, None) for one in operations if not one.request["is_marked"]]
        operations = [one for one in operations if one.request["is_marked"]]
        if not operations:
            return untold
        oldest = min(one.started_at for one in operations) - timedelta(seconds=self.once.pacing.model.clock_skew)
        wanted = {one.marker: one for one in operations}
        found = untold
        is_whole, cursor = True, None
        for _ in range(_PAGES):
            page = await self.send(self.list_pads(sort="created_at,desc", cursor=cursor))
            is_whole = is_whole and not page.problems
            for pad in page.items:
                borne = [marker for marker in wanted if _bears(pad, marker)]
                found += [(wanted.pop(marker), pad) for marker in borne]
            cursor = page.cursor
            if not wanted or cursor is None or any(_is_before(pad, oldest) for pad in page.items):
                break
        else:
            is_whole = False
        return found if is_whole else found + [(one, None) for one in wanted.values()]


def _bears(pad: Pad, marker: str) -> bool:
    return any(marker in text for text in (pad.title, pad.notes) if isinstance(text, str))


def _is_before(pad: Pad, oldest: datetime) -> bool:
    created = moment(pad.created_at, "$.created_at")
    return created is not None and created < oldest
