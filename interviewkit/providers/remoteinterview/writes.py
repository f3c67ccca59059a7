"""Writes at RemoteInterview that happen once: told by what the list did not hold before.

The API takes no reference and makes a new link for a mailbox that was invited before (https://www.remoteinterview.io/api,
read 2026-11). So the test's list is read before the invitation, one request, and the result is a candidate with the
same e-mail whose id was not there. A live pad is told by its name in the same way (https://codeinterview.io/api).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from interviewkit.http.wire import Page
from interviewkit.ledger.looking import Look
from interviewkit.ledger.once import Once, by_caller, candidate_of
from interviewkit.ledger.operations import Operation, digest
from interviewkit.ledger.writing import Write
from interviewkit.model import Candidate, Dropped, Invitation, Session, epoch_ms
from interviewkit.providers.remoteinterview import translate
from interviewkit.providers.remoteinterview.calls import list_candidates, list_pads
from interviewkit.providers.remoteinterview.shapes import Pad, TestCandidate

NO_URL = Dropped(field="url", reason="found in the test's list, which has no links: see the vendor's page")
NO_PAD_URL = Dropped(field="candidate_url", reason="it was found in the list of pads, which has no links")


@attrs.frozen
class Seen:
    """A row of a list that fits: its reference, id and time, and the row."""

    ref: str
    id: str
    at: datetime | None
    row: Any


class Writes:
    """How one account's invitations and pads are prepared and looked for. `send` is the provider's."""

    def __init__(self, send: Any, once: Once) -> None:
        self._send = send
        self._once = once

    def look_for(self, name: str) -> Look | None:
        """How what a method wrote is found again."""
        looks: Mapping[str, Look] = {"invite_candidate": self.invited, "create_session": self.created}
        return looks.get(name)

    async def invite(
        self, send: Callable[[Operation], Awaitable[Invitation]], test_id: str, candidate: Candidate, *,
        told: Mapping[str, Any], reference: str | None, extra: Mapping[str, Any], warnings: tuple[Dropped, ...],
    ) -> Invitation:  # fmt: skip
        """Invite a candidate once; `send` does it."""
        mailbox = candidate.email or ""
        intent = self._once.intent(
            "invite_candidate", assessment_id=test_id, reference=reference, candidate=candidate,
            given={**told, "reference": None, "options": extra}, request={"email": mailbox},
            subject=[mailbox.strip().casefold()], leaves_at_once=False,
        )  # fmt: skip
        write = Write(shape=Invitation, send=by_caller, look=self.invited, prepare=self.candidates_before)
        return await self._once.write(intent, send, write, warnings=warnings)

    async def create(
        self, send: Callable[[Operation], Awaitable[Session]], *, title: str | None, candidate: Candidate | None,
        reference: str | None, extra: Mapping[str, Any], warnings: tuple[Dropped, ...],
    ) -> Session:  # fmt: skip
        """Create a live pad once; `send` does it. One without a name cannot be told from others."""
        intent = self._once.intent(
            "create_session", assessment_id=None, reference=reference, candidate=candidate,
            given={"title": title, "options": extra}, request={"title": title},
            subject=None if title is None else [title], leaves_at_once=title is None,
        )  # fmt: skip
        write = Write(shape=Session, send=by_caller, cannot_look="a pad without a name cannot be told from others")
        if title is not None:
            write = attrs.evolve(write, look=self.created, prepare=self.pads_before)
        return await self._once.write(intent, send, write, warnings=warnings)

    # --- candidates ---

    async def candidates_before(self, operations: Sequence[Operation]) -> list[list[str]]:
        """The ids that a mailbox already has in a test, as hashes: they decode to it."""
        found = []
        for one in operations:
            page = await self._send(list_candidates(one.assessment_id or ""))
            found.append([_mark(row.id) for row in page.items if _same(row.email, one.request["email"])])
        return found

    async def invited(self, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        """Who is in the lists now and was not before."""
        found: dict[str, Invitation | None] = {}
        for one in operations:
            test_id = one.assessment_id or ""
            page: Page[TestCandidate] = await self._send(list_candidates(test_id))
            rows = [
                Seen(str(translate.candidate_ref(test_id, row.id)), row.id, epoch_ms(row.added_at, "$.added_at"), row)
                for row in page.items
                if row.id and _same(row.email, one.request["email"])
            ]
            can_tell, new = await self._new(one, rows, is_whole=not page.problems)
            if new is not None or not can_tell:
                found[one.id] = None if new is None else _invitation(one, new.row, self._once.account)
        return found

    # --- pads ---

    async def pads_before(self, operations: Sequence[Operation]) -> list[list[str]]:
        """The ids of the pads that have a name already, as hashes."""
        page = await self._send(list_pads())
        return [[_mark(row.id) for row in page.items if row.name == one.request["title"]] for one in operations]

    async def created(self, operations: Sequence[Operation]) -> dict[str, Session | None]:
        """Which pads are in the list now and were not before."""
        page: Page[Pad] = await self._send(list_pads())
        found: dict[str, Session | None] = {}
        for one in operations:
            title = one.request.get("title")
            if title is None:
                found[one.id] = None
                continue
            rows = [
                Seen(str(translate.pad_ref(row.id)), row.id, epoch_ms(row.timestamp, "$.timestamp"), row)
                for row in page.items
                if row.id and row.name == title
            ]
            can_tell, new = await self._new(one, rows, is_whole=not page.problems)
            if new is not None or not can_tell:
                found[one.id] = None if new is None else _session(one, new.row, self._once.account)
        return found

    # --- both ---

    async def _new(self, operation: Operation, rows: Sequence[Seen], *, is_whole: bool) -> tuple[bool, Seen | None]:
        """Whether the list can tell, and what came of an operation: the oldest that was not there before."""
        before = frozenset(operation.baseline or ())
        taken, is_contested = await self._once.rivals(operation)
        oldest = operation.started_at - timedelta(seconds=self._once.pacing.model.clock_skew)
        new = [
            one for one in rows
            if _mark(one.id) not in before and one.ref not in taken and (one.at is None or one.at >= oldest)
        ]  # fmt: skip
        if not new or is_contested:
            return is_whole and not new, None
        return True, min(new, key=lambda one: one.at or oldest)


def _invitation(operation: Operation, row: TestCandidate, account: str) -> Invitation:
    person = candidate_of(operation) or Candidate(email=row.email)
    return translate.found_invitation(
        row, operation.assessment_id or "", person, account=account, warnings=(NO_URL,), reference=operation.reference
    )


def _session(operation: Operation, row: Pad, account: str) -> Session:
    return translate.found_session(row, account=account, warnings=(NO_PAD_URL,), reference=operation.reference)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.strip().casefold() == other.strip().casefold()


def _mark(ident: str) -> str:
    return digest(ident)[:24]
