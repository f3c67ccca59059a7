"""Not run, but type-checked: how programs use the public names (pyright, strict)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import interviewkit as ik
from interviewkit.providers import coderpad, codility, remoteinterview


def show(*values: object) -> None:
    """Stands for whatever a program does with what it got."""


async def one_vendor() -> str | None:
    """A backend service with one vendor."""
    async with ik.CoderPad(api_key="key", timeout=10.0, retry=ik.RetryPolicy(attempts=2)) as pads:
        session: ik.Session = await pads.create_session(
            title="Backend interview", language="python", options=ik.CoderPadOptions(execution_enabled=False)
        )
        quota: coderpad.Quota = await pads.send(coderpad.get_quota())
        page: ik.Page[coderpad.Pad] = await pads.send(coderpad.list_pads(sort="updated_at,desc"))
        titles: list[str | None] = [pad.title for pad in page.items]
        report: ik.Report = await pads.fetch_report(session)
        if report.score is not None:
            show(report.score.percent, quota.pads_used, titles)
        return session.candidate_url


async def several_vendors(hub: ik.Hub) -> dict[str, ik.InterviewKitError]:
    """An ATS with several accounts."""
    async with hub:
        async for session in hub.list_sessions(kind=ik.SessionKind.TAKE_HOME):
            status: ik.SessionStatus = session.status
            show(session.ref, status.value)
        async for outcome in hub.fetch_reports(["codility:take_home:KKUFDG-5V5"]):
            error: ik.InterviewKitError | None = outcome.error
            if error is not None and error.retryable:
                show(error)
        return dict(hub.failures)


async def any_provider(provider: ik.InterviewProvider) -> list[ik.Session]:
    """Code that takes whichever provider it is given."""
    if provider.capabilities[ik.Feature.UPDATED_SINCE].support is ik.Support.UNSUPPORTED:
        return await provider.list_sessions().collect(limit=10)
    return await provider.list_sessions(updated_since=datetime(2026, 1, 1, tzinfo=UTC)).collect(limit=10)


async def batch(tests: ik.Codility) -> AsyncIterator[str]:
    """Many invitations, one outcome each."""
    people: list[ik.Candidate | ik.InviteRequest] = [
        ik.Candidate(email="candidate@example.com"),
        ik.InviteRequest(candidate=ik.Candidate(), reference="a-1"),
    ]
    async for outcome in tests.invite_candidates("42", people, email=ik.InvitationEmail(subject="Your test")):
        if outcome.invitation is not None and outcome.invitation.url is not None:
            yield outcome.invitation.url


async def typed_calls() -> None:
    """Every endpoint returns its own type."""
    codes = ik.connect("codility", token="token")
    credit: codility.CreditLevel = await codes.send(codility.get_credit_level())
    interviews = ik.RemoteInterview(api_key="key")
    tests: ik.Page[remoteinterview.Test] = await interviews.send(remoteinterview.list_tests())
    show(credit.level, [test.title for test in tests.items])


def all_of_them() -> list[ik.InterviewProvider]:
    """Each provider is an `InterviewProvider`."""
    return [ik.CoderPad(api_key="key"), ik.RemoteInterview(api_key="key"), ik.Codility(token="token")]
