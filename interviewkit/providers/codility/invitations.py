"""Inviting at Codility: many candidates in one call, each row of the answer matched by id, then the mails."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import attrs

from interviewkit.errors import InterviewKitError, InvalidArgumentError, MalformedResponseError, Outcome
from interviewkit.fanout import fan_out
from interviewkit.http.limits import patience
from interviewkit.http.wire import Call, Page
from interviewkit.model import Candidate, Dropped, Invitation, InvitationEmail, InviteOutcome, InviteRequest
from interviewkit.provider import BaseProvider
from interviewkit.providers.codility import calls, translate
from interviewkit.providers.codility.shapes import EventCallback, InviteCandidate, InvitedCandidate

LARGEST_BATCH = 100
"""Candidates in one call: the vendor documents no limit, so an unknown fate never concerns more than these."""

_MAILS_AT_ONCE = 4

Send = Callable[[Call[Any]], Awaitable[Any]]


@attrs.frozen(kw_only=True)
class Plan:
    """What is the same for all candidates that are invited together."""

    test_id: str
    mail: InvitationEmail | None = None
    callbacks: tuple[EventCallback, ...] = ()
    report_emails: Sequence[str] = ()
    redirect_url: str | None = None
    additional_data: Any = attrs.field(default=None, hash=False, repr=False)
    extra: Any = attrs.field(default=None, hash=False, repr=False)

    def call(self, rows: Sequence[Row]) -> Call[Page[InvitedCandidate]]:
        """The one call that invites these candidates."""
        return calls.invite(
            self.test_id, [row.sent for row in rows], rpt_emails=self.report_emails or None,
            event_callbacks=self.callbacks, extra=self.extra,
        )  # fmt: skip

    def mail_call(self, session_id: str) -> Call[Any]:
        """The call that mails one of them."""
        mail = self.mail or InvitationEmail()
        return calls.send_session_email(
            session_id, subject=mail.subject, content=mail.content, reply_to=mail.reply_to, cc=mail.cc
        )


@attrs.frozen(kw_only=True)
class Row:
    """One candidate, as asked for and as sent."""

    request: InviteRequest
    sent: InviteCandidate
    warnings: tuple[Dropped, ...] = ()


def plan(
    assessment_id: str | None, *, email: InvitationEmail | bool, callback_url: str | None,
    event_callbacks: Sequence[EventCallback], report_emails: Sequence[str], redirect_url: str | None,
    additional_data: Any, extra: Any,
) -> Plan:  # fmt: skip
    """Check what all candidates share, before anything is sent. Raises `InvalidArgumentError`."""
    if assessment_id is None:
        raise InvalidArgumentError(
            "Codility invites to a test: its id is missing", provider=translate.PROVIDER, operation="invite_candidate",
            hint="take assessment_id from list_assessments()",
        )  # fmt: skip
    calls.check_url("callback_url", callback_url)
    both = () if callback_url is None else tuple(EventCallback(event=name, url=callback_url) for name in calls.EVENTS)
    made = Plan(
        test_id=assessment_id,
        mail=InvitationEmail() if email is True else email or None,
        callbacks=(*both, *event_callbacks),
        report_emails=report_emails,
        redirect_url=redirect_url,
        additional_data=additional_data,
        extra=extra,
    )
    probe = InviteCandidate(id="any", redirect_url=redirect_url)
    made.call([Row(request=InviteRequest(candidate=Candidate()), sent=probe)])
    made.mail_call("any")
    return made


def row(made: Plan, request: InviteRequest) -> Row:
    """One candidate as it is sent, with warnings for what has no place there. Raises `InvalidArgumentError`.

    A candidate without reference and id gets a unique one, by which the answer's row and later the session are found.
    """
    person = request.candidate
    if made.mail is not None and not person.email:
        raise InvalidArgumentError(
            "a candidate without e-mail cannot be mailed", provider=translate.PROVIDER, operation="invite_candidate"
        )
    split = bool(person.first_name or person.last_name)
    stored = person.attributes.get("additional_data")
    sent = InviteCandidate(
        id=person.id or uuid.uuid4().hex if request.reference is None else request.reference,
        first_name=person.first_name if split else person.name,
        last_name=person.last_name,
        email=person.email,
        redirect_url=made.redirect_url,
        additional_data=stored if made.additional_data is None else made.additional_data,
    )
    calls.check_candidate(sent)
    return Row(request=request, sent=sent, warnings=_without_place(made, request, split=split))


def _without_place(made: Plan, request: InviteRequest, *, split: bool) -> tuple[Dropped, ...]:
    person = request.candidate
    joined = " ".join(part for part in (person.first_name, person.last_name) if part)
    others = {key: value for key, value in person.attributes.items() if key != "additional_data"}
    second = person.attributes.get("additional_data") if made.additional_data is not None else None
    return BaseProvider.note(
        {
            "name": (
                None if person.name == joined else person.name,
                "Codility has first and last name: they were sent instead"
                if split
                else "Codility has first and last name: it was sent whole as the first name",
            ),
            "phone": (person.phone, "Codility has no place for it"),
            "id": (
                None if request.reference in {None, person.id} else person.id,
                "Codility has one id for a candidate: the reference was sent",
            ),
            "attributes": (others, "Codility stores nothing with a candidate but additional_data"),
            "additional_data": (second, "that of the options was sent"),
        }
    )


def batches(
    made: Plan, requests: Iterable[InviteRequest], *, may_repeat: bool = False
) -> Iterator[tuple[list[Row], list[InviteOutcome]]]:
    """Rows in batches of one call each, and the outcomes of requests that cannot be sent; taken as they are needed.

    `may_repeat`: a reference may come again, since a ledger tells.
    """
    used: set[str] = set()
    rows: list[Row] = []
    refused: list[InviteOutcome] = []
    for request in requests:
        try:
            made_row = row(made, request)
            if not (may_repeat and request.reference is not None):
                _claim(used, str(made_row.sent.id))
        except InvalidArgumentError as error:
            refused.append(InviteOutcome(request=request, error=error))
        else:
            rows.append(made_row)
        if len(rows) == LARGEST_BATCH or len(refused) == LARGEST_BATCH:
            yield rows, refused
            rows, refused = [], []
    if rows or refused:
        yield rows, refused


def _claim(used: set[str], sent_id: str) -> None:
    if sent_id in used:
        raise InvalidArgumentError(
            "another candidate of this batch has the same reference", provider=translate.PROVIDER,
            operation="invite_candidates", hint="the vendor's answer could not be told apart",
        )  # fmt: skip
    used.add(sent_id)


def match(made: Plan, rows: Sequence[Row], answer: Page[InvitedCandidate], account: str) -> list[InviteOutcome]:
    """An outcome for each candidate that was sent, whatever the answer holds."""
    known = {str(one.id): one for one in answer.items if one.id is not None}
    if len(rows) == len(answer.items) == 1 and answer.items[0].id is None:
        known = {str(rows[0].sent.id): answer.items[0]}  # the only one of the answer is the only one that was asked for
    unread = {str(one.raw.get("id")): one.error for one in answer.problems if isinstance(one.raw, dict)}
    return [_outcome(made, one, known.get(str(one.sent.id)), unread.get(str(one.sent.id)), account) for one in rows]


def _outcome(
    made: Plan, asked: Row, found: InvitedCandidate | None, unread: MalformedResponseError | None, account: str
) -> InviteOutcome:
    try:
        if found is None:
            raise unread or MalformedResponseError(
                "the answer is not what the vendor documents: it does not hold every candidate that was sent",
                paths=("$.candidates",), hint="look for the reference among the test's sessions before you repeat it",
            )  # fmt: skip
        return InviteOutcome(
            request=asked.request,
            invitation=translate.invitation(
                found, account, candidate=asked.request.candidate, assessment_id=made.test_id,
                sent_id=str(asked.sent.id), warnings=asked.warnings,
            ),
        )  # fmt: skip
    except MalformedResponseError as error:
        error.outcome = error.outcome or (Outcome.UNKNOWN if error is not unread else Outcome.APPLIED)
        error.locate(provider=translate.PROVIDER, operation="invite", account=account)
        return InviteOutcome(request=asked.request, error=error)


async def run(send: Send, made: Plan, requests: Iterable[InviteRequest], account: str) -> AsyncIterator[InviteOutcome]:
    """Invite batch by batch, then mail: one outcome a request, as it is known. Waits for the rate limiter."""

    async def follow_up(outcome: InviteOutcome) -> InviteOutcome:
        return await mail(send, made, outcome)

    for rows, refused in batches(made, requests):
        with patience(None):
            outcomes = await invite_rows(send, made, rows, account)
        done = fan_out(follow_up, [*refused, *outcomes], concurrency=_MAILS_AT_ONCE, patience=None)
        async with contextlib.aclosing(done) as mailed:
            async for outcome in mailed:
                yield outcome


async def one(send: Send, made: Plan, request: InviteRequest, account: str) -> Invitation:
    """Invite and mail one candidate; raises what came instead."""
    (outcome,) = await invite_rows(send, made, [row(made, request)], account)
    if outcome.error is not None:
        raise outcome.error
    return cast("Invitation", (await mail(send, made, outcome)).invitation)


async def invite_rows(send: Send, made: Plan, rows: Sequence[Row], account: str) -> list[InviteOutcome]:
    """Invite in one call; its failure is every candidate's."""
    if not rows:
        return []
    try:
        return match(made, rows, await send(made.call(rows)), account)
    except InterviewKitError as error:
        return [InviteOutcome(request=one.request, error=error) for one in rows]


async def mail(send: Send, made: Plan, outcome: InviteOutcome) -> InviteOutcome:
    """Mail an invitation. It stands when that fails: `email_sent` and a warning then say so."""
    invitation = outcome.invitation
    if made.mail is None or invitation is None:
        return outcome
    try:
        await send(made.mail_call(invitation.ref.id))
    except InterviewKitError as error:
        return attrs.evolve(outcome, invitation=unmailed(invitation, error))
    return attrs.evolve(outcome, invitation=attrs.evolve(invitation, email_sent=True))


def unmailed(invitation: Invitation, error: InterviewKitError) -> Invitation:
    """An invitation whose mail failed, or may have."""
    known = error.outcome in {Outcome.REFUSED, Outcome.NOT_SENT}
    said = "the invitation stands, but it was not mailed" if known else "it is not known whether it was mailed"
    number = "" if known or error.operation_id is None else f" [operation {error.operation_id}]"
    return attrs.evolve(
        invitation,
        email_sent=False if known else None,
        warnings=(*invitation.warnings, Dropped(field="email", reason=f"{said}: {error.message}{number}")),
    )
