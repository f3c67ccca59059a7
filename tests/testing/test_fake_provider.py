"""`FakeProvider` as programs use it in their own tests."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from interviewkit import (
    ArtifactKind,
    AuthenticationError,
    Candidate,
    ConflictError,
    Decision,
    Feature,
    Score,
    SessionKind,
    SessionStatus,
    SimilarityStatus,
    TimelineKind,
    UnsupportedError,
)
from interviewkit.testing import FakeProvider, FakeVendor

JO = Candidate(email="jo.doe@example.com", name="Jo Doe")


async def test_an_invited_candidate_starts_finishes_and_leaves_a_report() -> None:
    async with FakeProvider() as provider:
        test = provider.vendor.add_assessment("Queues")
        invitation = await provider.invite_candidate(test, JO, reference="req-7")
        assert (await provider.get_session(invitation)).status is SessionStatus.INVITED
        provider.vendor.start(invitation.ref.id)
        assert (await provider.get_session(invitation)).status is SessionStatus.IN_PROGRESS
        provider.vendor.finish(invitation.ref.id, points=3, max_points=4)
        report = await provider.fetch_report(invitation)
        assert report.score == Score(points=3, max_points=4)
        assert (report.decision, report.is_final) == (Decision.ACCEPTED, True)
        assert report.session.reference == "req-7"
        assert report.candidate is not None
        assert report.candidate.email == "jo.doe@example.com"
        assert [event.kind for event in report.timeline] == [TimelineKind.JOINED, TimelineKind.LEFT]
        assert report.similarity is not None
        assert report.similarity.status is SimilarityStatus.NONE
        assert [case.passed for case in report.tasks[0].test_cases] == [True, False]


async def test_lists_are_paged_and_filtered() -> None:
    vendor = FakeVendor(page_size=2)
    test = vendor.add_assessment("Queues")
    vendor.add_assessment("Old", archived=True)
    for number in range(3):
        vendor.add_session(title=f"Interview {number}")
    vendor.add_session(kind="take_home", assessment=test)
    async with FakeProvider(vendor) as provider:
        assert len(await provider.list_sessions().collect()) == 4
        assert len(await provider.list_sessions(kind=SessionKind.TAKE_HOME).collect()) == 1
        assert len(await provider.list_sessions(assessment_id=test).collect()) == 1
        assert await provider.list_sessions(updated_since=datetime(2030, 1, 1, tzinfo=UTC)).collect() == []
        assert [one.title for one in await provider.list_assessments().collect()] == ["Queues"]
        assert len(await provider.list_assessments(include_archived=True).collect()) == 2


async def test_the_files_links_and_plan_of_a_finished_session_can_be_had() -> None:
    async with FakeProvider() as provider:
        session = await provider.create_session(title="Pairing")
        provider.vendor.finish(session.ref.id)
        artifact = (await provider.fetch_report(session)).artifacts[0]
        target = io.BytesIO()
        size = await provider.download(artifact, target)
        assert (artifact.kind, target.getvalue()[:5], size) == (ArtifactKind.PDF, b"%PDF-", len(target.getvalue()))
        assert (await provider.report_link(session)).expires_at is not None
        assert (await provider.check()).used == 1


async def test_what_has_ended_cannot_be_ended_again() -> None:
    async with FakeProvider() as provider:
        session = await provider.create_session(title="Pairing")
        await provider.end_session(session)
        assert (await provider.get_session(session)).status is SessionStatus.CANCELLED
        with pytest.raises(ConflictError):
            await provider.end_session(session)


async def test_two_providers_may_share_a_vendor_and_a_wrong_key_is_refused() -> None:
    vendor = FakeVendor()
    async with FakeProvider(vendor) as first, FakeProvider(vendor, account="second") as second:
        session = await first.create_session(title="Pairing")
        assert (await second.get_session(session.ref)).account == "second"
        async with FakeProvider(vendor, api_key="another-key") as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.get_session(session.ref)


async def test_features_can_be_taken_away() -> None:
    provider = FakeProvider(without={Feature.REPORT_LINK, Feature.CALLBACK}, unsupported="warn")
    async with provider:
        test = provider.vendor.add_assessment("Queues")
        assert not provider.capabilities.supports(Feature.REPORT_LINK)
        invitation = await provider.invite_candidate(test, JO, callback_url="https://ats.example.com/hook")
        assert [one.field for one in invitation.warnings] == ["callback_url"]
        with pytest.raises(UnsupportedError, match="left out"):
            await provider.report_link(invitation)


async def test_a_closed_fake_refuses_to_answer() -> None:
    provider = FakeProvider()
    await provider.aclose()
    with pytest.raises(ValueError, match="closed"):
        await provider.check()
