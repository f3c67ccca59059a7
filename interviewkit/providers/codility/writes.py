"""Writes at Codility that happen once: told by the candidate's id, which is the inviter's own.

The id of an invited candidate comes back in the test's list of sessions, which has no link; the session itself has it
(https://codility.com/api-documentation/, read 2026-11). No list shows whether a mail was sent, nor whiteboards' names.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import attrs

from interviewkit.errors import InterviewKitError, InvalidArgumentError, Outcome
from interviewkit.fanout import fan_out
from interviewkit.http.limits import patience
from interviewkit.http.wire import Call
from interviewkit.ledger.looking import Look
from interviewkit.ledger.once import Once, by_caller, candidate_of
from interviewkit.ledger.operations import Intent, Operation
from interviewkit.ledger.writing import Write
from interviewkit.model import Candidate, Dropped, Invitation, InviteOutcome, InviteRequest, Ref, Session
from interviewkit.pager import Pager
from interviewkit.providers.codility import invitations
from interviewkit.providers.codility.invitations import Plan, Row

SEVERAL = Dropped(field="ref", reason="the vendor lists several sessions for this reference: this is the first of them")
_MAILS_AT_ONCE = 4
_NOT_COMPARED = frozenset({"test_id", "callbacks"})
"""A callback's URL holds a secret that is exchanged now and then: the same invitation stays the same."""


class Reader(Protocol):
    """What looking takes of the provider."""

    @property
    def account(self) -> str: ...
    async def send(self, call: Call[Any]) -> Any: ...
    def list_sessions(self, *, assessment_id: str | None = None) -> Pager[Session]: ...
    async def get_session(self, ref: Ref) -> Session: ...


class Writes:
    """How one account's invitations are sent once and looked for."""

    def __init__(self, provider: Reader, once: Once) -> None:
        self._provider = provider
        self._once = once

    def look_for(self, name: str) -> Look | None:
        """How what a method wrote is found again."""
        return self.invited if name == "invite_candidate" else None

    async def create_whiteboard(
        self, send: Callable[[Operation], Awaitable[Session]], *, reference: str | None, given: Mapping[str, Any],
        candidate: Candidate | None, warnings: tuple[Dropped, ...],
    ) -> Session:  # fmt: skip
        """Create a whiteboard once; `send` does it."""
        intent = self._once.intent(
            "create_session", assessment_id=None, reference=reference, given=given, candidate=candidate
        )
        write = Write(shape=Session, send=by_caller, cannot_look="the vendor has no list of whiteboards by name")
        return await self._once.write(intent, send, write, warnings=warnings)

    # --- invitations ---

    async def run(self, made: Plan, requests: Iterable[InviteRequest]) -> AsyncIterator[InviteOutcome]:
        """Invite batch by batch, each candidate once, then mail: one outcome a request, as it is known."""

        async def follow_up(outcome: InviteOutcome) -> InviteOutcome:
            return await self._mail(made, outcome)

        for rows, refused in invitations.batches(made, requests, may_repeat=True):
            invited = self._invite(made, rows, refused)
            done = fan_out(follow_up, invited, concurrency=_MAILS_AT_ONCE, patience=None)
            async with contextlib.aclosing(done) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def one(self, made: Plan, request: InviteRequest) -> Invitation:
        """Invite and mail one candidate once; raises what came instead."""
        (outcome,) = [one async for one in self._invite(made, [invitations.row(made, request)], waits=False)]
        if outcome.error is not None:
            raise outcome.error
        mailed = (await self._mail(made, outcome)).invitation
        assert mailed is not None  # noqa: S101
        return mailed

    async def _invite(
        self, made: Plan, rows: Sequence[Row], refused: Sequence[InviteOutcome] = (), *, waits: bool = True
    ) -> AsyncGenerator[InviteOutcome, None]:
        for one in refused:
            yield one
        intents: list[Intent] = []
        asked: dict[str, Row] = {}
        by_key: dict[str, Row] = {}
        for row in rows:
            try:
                intent = self._intent(made, row)
            except InvalidArgumentError as error:
                yield InviteOutcome(request=row.request, error=error)
                continue
            intents.append(intent)
            asked[intent.id] = by_key[intent.key] = row

        async def send(operations: Sequence[Operation]) -> Sequence[Invitation | InterviewKitError]:
            ours = [by_key[one.key] for one in operations]
            with patience(None) if waits else contextlib.nullcontext():
                outcomes = await invitations.invite_rows(self._provider.send, made, ours, self._provider.account)
            return [one.invitation or one.error or _neither() for one in outcomes]

        def complete(found: Invitation, operation: Operation) -> Invitation:
            return attrs.evolve(found, warnings=(*by_key[operation.key].warnings, *found.warnings))

        write = Write(shape=Invitation, send=send, look=self.invited, complete=complete)
        async with contextlib.aclosing(self._once.write_many(intents, write)) as outcomes:
            async for intent, outcome in outcomes:
                request = asked[intent.id].request
                if isinstance(outcome, InterviewKitError):
                    yield InviteOutcome(request=request, error=outcome)
                else:
                    yield InviteOutcome(request=request, invitation=outcome)

    def _intent(self, made: Plan, row: Row) -> Intent:
        plan = {
            field.name: getattr(made, field.name) for field in attrs.fields(Plan) if field.name not in _NOT_COMPARED
        }
        given = {**plan, "report_emails": [*made.report_emails]}
        return self._once.intent(
            "invite_candidate", assessment_id=made.test_id, reference=row.request.reference, given=given,
            candidate=row.request.candidate, request={"sent_id": str(row.sent.id)}, subject=[str(row.sent.id)],
        )  # fmt: skip

    async def invited(self, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        """The sessions of the tests that bear the candidates' ids."""
        by_test: defaultdict[str, list[Operation]] = defaultdict(list)
        for one in operations:
            by_test[one.assessment_id or ""].append(one)
        found: dict[str, Invitation | None] = {}
        for test_id, ours in by_test.items():
            found |= await self._invited_to(test_id, ours)
        return found

    async def _invited_to(self, test_id: str, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        skew = timedelta(seconds=self._once.pacing.model.clock_skew)
        wanted = {str(one.request["sent_id"]): one for one in operations}
        seen: defaultdict[str, list[Session]] = defaultdict(list)
        pager = self._provider.list_sessions(assessment_id=test_id)
        async for session in pager:
            operation = wanted.get(session.reference or "")
            if operation is None or (session.created_at and session.created_at < operation.started_at - skew):
                continue
            seen[operation.id].append(session)
        found: dict[str, Invitation | None] = {}
        for one in operations:
            taken, is_contested = await self._once.rivals(one)
            new = [session for session in seen[one.id] if str(session.ref) not in taken]
            if is_contested and new:
                found[one.id] = None
            elif new:
                try:
                    found[one.id] = await self._invitation(one, new)
                except InterviewKitError:  # it is there; the others' results need not wait for its link
                    found[one.id] = None
            elif pager.problems:
                found[one.id] = None
        return found

    async def _invitation(self, operation: Operation, sessions: Sequence[Session]) -> Invitation:
        """An invitation whose answer never came: the session tells its link."""
        first = min(sessions, key=lambda one: (one.created_at is None, one.created_at))
        whole = await self._provider.get_session(first.ref)
        return Invitation(
            ref=first.ref, provider=first.provider, account=first.account, url=whole.candidate_url,
            candidate=candidate_of(operation) or whole.candidate, assessment_id=operation.assessment_id,
            reference=first.reference, email_sent=False, warnings=(SEVERAL,) if len(sessions) > 1 else (),
            raw=dict(whole.raw),
        )  # fmt: skip

    # --- mails ---

    async def _mail(self, made: Plan, outcome: InviteOutcome) -> InviteOutcome:
        """Mail an invitation once. It stands when that fails: `email_sent` and a warning then say so."""
        invitation = outcome.invitation
        if made.mail is None or invitation is None:
            return outcome
        mailed = attrs.evolve(invitation, email_sent=True)

        async def send(_operation: Operation) -> Invitation:
            await self._provider.send(made.mail_call(invitation.ref.id))
            return mailed

        intent = self._once.intent(
            "send_email", assessment_id=made.test_id, reference=outcome.request.reference,
            given={"session": str(invitation.ref), "mail": made.mail},
        )  # fmt: skip
        write = Write(shape=Invitation, send=by_caller, cannot_look="the vendor does not show which mails it sent")
        try:
            await self._once.write(intent, send, write)
        except InterviewKitError as error:
            if error.outcome is not Outcome.APPLIED:
                return attrs.evolve(outcome, invitation=invitations.unmailed(invitation, error))
        return attrs.evolve(outcome, invitation=mailed)


def _neither() -> InterviewKitError:
    raise AssertionError("an outcome is an invitation or an error")
