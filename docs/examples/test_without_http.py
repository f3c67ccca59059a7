"""Tests of a program's own code without any HTTP: a vendor in memory, and scripted answers."""

import interviewkit as ik
from interviewkit.testing import FakeProvider, Scripted, answer


# [start:fake]
async def test_a_finished_session_has_a_score() -> None:
    async with FakeProvider() as provider:
        session = await provider.create_session(title="Pairing")
        provider.vendor.finish(session.ref.id, points=7.5, max_points=10.0)
        report = await provider.fetch_report(session)
        assert report.score == ik.Score(points=7.5, max_points=10.0)


# [end:fake]


# [start:without]
async def test_our_code_asks_before_it_mails() -> None:
    async with FakeProvider(without={ik.Feature.EMAIL_CANDIDATE}) as provider:
        assert not provider.capabilities[ik.Feature.EMAIL_CANDIDATE]


# [end:without]


# [start:scripted]
async def test_a_read_is_repeated_after_a_503() -> None:
    script = Scripted([answer(status=503), answer({"credits_available": 3, "level": "warning"})])
    patient = ik.RetryPolicy(attempts=2, base_delay=0, max_delay=0)
    async with ik.Codility("token", transport=script, retry=patient) as codility:
        assert (await codility.check()).remaining == 3
    assert [sent.method for sent in script.sent] == ["GET", "GET"]


# [end:scripted]
