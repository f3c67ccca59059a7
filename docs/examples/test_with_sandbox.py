"""How a team tests its own code against the sandbox: a fixture, candidates, faults and time."""

# [start:fixture]
from collections.abc import AsyncIterator

import pytest

import interviewkit as ik
from interviewkit.sandbox import Fault, Sandbox


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=1, sessions=9) as running:
        yield running


@pytest.fixture
async def codility(box: Sandbox) -> AsyncIterator[ik.InterviewProvider]:
    keywords = dict(box.accounts["sandbox-codility"])
    async with ik.connect(keywords.pop("provider"), **keywords) as provider:
        yield provider


# [end:fixture]


# [start:candidate]
async def test_a_candidate_who_finished_has_a_score(box: Sandbox, codility: ik.InterviewProvider) -> None:
    test = await codility.list_assessments().first()
    assert test is not None
    invitation = await codility.invite_candidate(test.id, ik.Candidate(email="robin@example.com"))
    assert (await codility.get_session(invitation)).status is ik.SessionStatus.INVITED
    await box.work(invitation, until="evaluated")
    report = await codility.fetch_report(invitation)
    assert report.is_final
    assert report.score is not None


# [end:candidate]


# [start:faults]
async def test_an_invitation_is_never_sent_twice(box: Sandbox, codility: ik.InterviewProvider) -> None:
    test = await codility.list_assessments().first()
    assert test is not None
    box.codility.fail(Fault.reset(committed=True), method="POST")
    with pytest.raises(ik.TransportError) as caught:
        await codility.invite_candidate(test.id, ik.Candidate(email="robin@example.com"))
    assert caught.value.outcome is ik.Outcome.UNKNOWN
    assert len([commit for commit in box.commits if commit.vendor == "codility"]) == 1


# [end:faults]


# [start:time]
async def test_a_report_link_expires(box: Sandbox, codility: ik.InterviewProvider) -> None:
    test = await codility.list_assessments().first()
    assert test is not None
    invitation = await codility.invite_candidate(test.id, ik.Candidate(email="robin@example.com"))
    await box.work(invitation)
    link = await codility.report_link(invitation)
    assert link.expires_at is not None
    assert link.expires_at > box.clock.now()
    box.clock.advance(seconds=30 * 24 * 3600)
    assert link.expires_at < box.clock.now()


# [end:time]
