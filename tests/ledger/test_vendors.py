"""Each vendor's writes with a ledger, whatever becomes of the answer: the sandbox's commit log is the judge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import attrs
import pytest

from interviewkit import (
    Candidate,
    CoderPadOptions,
    CommitModel,
    Feature,
    InterviewKitError,
    InvalidArgumentError,
    InvitationEmail,
    InviteLedger,
    InviteRequest,
    MalformedResponseError,
    OperationState,
    Outcome,
    Page,
    Problem,
    ReferenceConflictError,
    Support,
    UnsupportedError,
    connect,
)
from interviewkit.sandbox import Fault, Sandbox

MODEL = CommitModel(commit_within=0.15, index_lag=0.15)
VENDORS = ("coderpad", "remoteinterview", "codility")
ANALYST = Candidate(email="analyst@example.com", first_name="Quality", last_name="Analyst")
FAULTS = {
    "reset before": Fault.reset(), "reset after": Fault.reset(committed=True), "late": Fault.late_commit(0.05),
    "500 before": Fault.server_error(500), "502 after": Fault.server_error(502, committed=True),
    "silence before": Fault.timeout(0.4), "silence after": Fault.timeout(0.4, committed=True),
    "cut short": Fault.truncated(), "not json": Fault.garbage("html"),
}  # fmt: skip

Open = Callable[..., Any]


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=4, sessions=20, strict_limits=False, index_lag=0.05) as box:
        yield box


@pytest.fixture
async def open_provider(box: Sandbox) -> AsyncIterator[Open]:
    """Providers of the sandbox's accounts by vendor; keywords as for every provider."""
    async with AsyncExitStack() as stack:

        async def make(vendor: str, **more: Any) -> Any:
            (given,) = (dict(one) for one in box.accounts.values() if one["provider"] == vendor)
            settings: dict[str, Any] = {"ledger": InviteLedger(), "commit_model": MODEL, "reconcile_timeout": 3.0}
            settings |= {"timeout": 0.3, "limit": None}
            if vendor == "coderpad":
                settings["marker"] = "notes"
            return await stack.enter_async_context(connect(given.pop("provider"), **{**settings, **given, **more}))

        yield make


async def test_id(provider: Any) -> str:
    first = await provider.list_assessments().first()
    return str(first.id)


test_id.__test__ = False  # type: ignore[attr-defined]


def written(box: Sandbox, vendor: str) -> list[str]:
    """What really happened, by kind."""
    return [commit.kind for commit in getattr(box, vendor).commits]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_invitation_happens_once(box: Sandbox, open_provider: Open, vendor: str, fault: str) -> None:
    provider = await open_provider(vendor)
    assessment = await test_id(provider)
    getattr(box, vendor).fail(FAULTS[fault], method="POST")
    made = await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    again = await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    await asyncio.sleep(0.06)
    assert len(written(box, vendor)) == 1
    assert made == again
    assert made.ref.id == getattr(box, vendor).commits[0].id
    assert made.reference == "application-7"
    assert (await provider.get_session(made.ref)).ref == made.ref


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vendor", ["coderpad", "remoteinterview"])
async def test_a_session_is_created_once(box: Sandbox, open_provider: Open, vendor: str, fault: str) -> None:
    provider = await open_provider(vendor)
    getattr(box, vendor).fail(FAULTS[fault], method="POST")
    made = await provider.create_session(title="Second round", reference="round-2")
    assert await provider.create_session(title="Second round", reference="round-2") == made
    await asyncio.sleep(0.06)
    assert len(written(box, vendor)) == 1
    assert made.ref.id == getattr(box, vendor).commits[0].id
    assert made.reference == "round-2"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_with_a_ledger_every_vendor_takes_a_reference(open_provider: Open, vendor: str) -> None:
    provider = await open_provider(vendor)
    assert provider.capabilities[Feature.REFERENCE].support is not Support.UNSUPPORTED
    assert (await provider.create_session(title="Second round", reference="round-2")).warnings == ()


@pytest.mark.parametrize("vendor", ["coderpad", "remoteinterview"])
async def test_without_a_ledger_a_reference_is_refused_as_before(open_provider: Open, vendor: str) -> None:
    provider = await open_provider(vendor, ledger=None)
    with pytest.raises(UnsupportedError):
        await provider.invite_candidate(await test_id(provider), ANALYST, reference="application-7")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_same_reference_for_another_person_is_refused(
    box: Sandbox, open_provider: Open, vendor: str
) -> None:  # fmt: skip
    provider = await open_provider(vendor)
    assessment = await test_id(provider)
    await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    other = Candidate(email="tester@example.com", first_name="Quality", last_name="Analyst")
    with pytest.raises(ReferenceConflictError) as caught:
        await provider.invite_candidate(assessment, other, reference="application-7")
    assert caught.value.differing == ("candidate.email",)
    assert len(written(box, vendor)) == 1


# --- what only one vendor has ---


async def test_remoteinterviews_list_has_no_link_so_none_is_invented(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("remoteinterview")
    box.remoteinterview.fail(Fault.reset(committed=True), method="POST")
    made = await provider.invite_candidate(await test_id(provider), ANALYST, reference="application-7")
    assert made.url is None
    assert "url" in {one.field for one in made.warnings}


async def test_remoteinterview_reads_the_list_once_before_an_invitation(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("remoteinterview")
    assessment = await test_id(provider)
    box.remoteinterview.counts.clear()
    await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    route = "/1/tests/{test_id}/candidates"
    assert dict(box.remoteinterview.counts) == {("GET", route): 1, ("POST", route): 1}


async def test_remoteinterview_tells_a_new_invitation_from_an_older_one(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("remoteinterview")
    assessment = await test_id(provider)
    older = await provider.invite_candidate(assessment, ANALYST, reference="application-1")
    box.remoteinterview.fail(Fault.reset(), method="POST")
    newer = await provider.invite_candidate(assessment, ANALYST, reference="application-2")
    assert older.ref != newer.ref
    assert len(written(box, "remoteinterview")) == 2


async def test_who_was_invited_by_hand_before_is_not_taken_for_the_result(box: Sandbox, open_provider: Open) -> None:
    by_hand = await open_provider("remoteinterview", ledger=None)
    assessment = await test_id(by_hand)
    older = await by_hand.invite_candidate(assessment, ANALYST)
    await asyncio.sleep(0.06)  # until the list shows it
    provider = await open_provider("remoteinterview")
    box.remoteinterview.fail(Fault.reset(), method="POST")
    newer = await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    assert newer.ref != older.ref
    assert len(written(box, "remoteinterview")) == 2


async def test_an_older_session_with_the_same_reference_is_not_taken_for_the_result(
    box: Sandbox, open_provider: Open
) -> None:
    by_hand = await open_provider("codility", ledger=None)
    assessment = await test_id(by_hand)
    box.codility.clock_skew = -10 * MODEL.clock_skew
    older = await by_hand.invite_candidate(assessment, ANALYST, reference="application-7")
    box.codility.clock_skew = 0.0
    provider = await open_provider("codility")
    box.codility.fail(Fault.reset(), method="POST")
    newer = await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    assert newer.ref != older.ref
    assert len(written(box, "codility")) == 2


async def test_two_open_fates_of_one_mailbox_are_not_guessed(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("remoteinterview", reconcile_timeout=0.5)
    assessment = await test_id(provider)
    route = "/1/tests/{test_id}/candidates"
    box.remoteinterview.fail(Fault.reset(), method="POST")
    lists = Fault.server_error(500)
    errors: list[InterviewKitError] = []
    for reference in ("application-1", "application-2"):
        sent = asyncio.create_task(provider.invite_candidate(assessment, ANALYST, reference=reference))
        while box.remoteinterview.counts["POST", route] < len(errors) + 1:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        box.remoteinterview.fail(lists, method="GET", route=route, times=None)
        with pytest.raises(InterviewKitError) as caught:
            await sent
        errors.append(caught.value)
        box.remoteinterview.heal()
        if reference == "application-1":
            box.remoteinterview.fail(Fault.reset(committed=True), method="POST")
    assert [one.outcome for one in errors] == [Outcome.UNKNOWN] * 2
    await asyncio.sleep(0.4)
    states = [(await provider.once.ledger.resolve(str(one.operation_id))).state for one in errors]
    assert states == [OperationState.UNKNOWN] * 2, "one was sent, and nobody can say which"
    assert len(written(box, "remoteinterview")) == 1


async def test_another_callback_url_makes_no_other_invitation(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    assessment = await test_id(provider)
    urls = ["https://hooks.example.com/old-secret", "https://hooks.example.com/new-secret"]
    first, again = [
        await provider.invite_candidate(assessment, ANALYST, reference="application-7", callback_url=url)
        for url in urls
    ]
    assert first == again
    assert len(written(box, "codility")) == 1


async def test_codilitys_link_comes_from_the_session(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    box.codility.fail(Fault.reset(committed=True), method="POST")
    found = await provider.invite_candidate(await test_id(provider), ANALYST, reference="application-7")
    plain = await provider.get_session(found.ref)
    assert found.url is not None
    assert found.url == plain.candidate_url


async def test_a_mail_is_never_sent_twice(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    assessment = await test_id(provider)
    box.codility.fail(Fault.reset(committed=True), route="/api/sessions/{session_id}/email/")
    results = [
        await provider.invite_candidate(assessment, ANALYST, reference="application-7", email=InvitationEmail())
        for _ in range(2)
    ]
    assert written(box, "codility") == ["session.invite", "session.email"]
    assert [one.email_sent for one in results] == [None, None]
    (operation,) = [one for one in await provider.once.ledger.operations() if one.name == "send_email"]
    assert operation.id in results[0].warnings[-1].reason
    assert (await provider.once.ledger.resolve(operation.id)).state is OperationState.UNKNOWN
    await provider.once.ledger.resolve(operation.id, happened=True)
    told = await provider.invite_candidate(assessment, ANALYST, reference="application-7", email=InvitationEmail())
    assert told.email_sent is True
    assert written(box, "codility") == ["session.invite", "session.email"]


async def test_a_mail_that_was_refused_is_sent_by_the_repeat(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    assessment = await test_id(provider)
    box.codility.fail(Fault.server_error(400), route="/api/sessions/{session_id}/email/")
    first = await provider.invite_candidate(assessment, ANALYST, reference="application-7", email=True)
    again = await provider.invite_candidate(assessment, ANALYST, reference="application-7", email=True)
    assert (first.email_sent, again.email_sent) == (False, True)
    assert written(box, "codility") == ["session.invite", "session.email"]


@pytest.mark.parametrize(("vendor", "more"), [("codility", {}), ("coderpad", {"marker": None})])
async def test_what_no_list_shows_stays_open_until_somebody_says(
    box: Sandbox, open_provider: Open, vendor: str, more: dict[str, Any]
) -> None:
    provider = await open_provider(vendor, **more)
    getattr(box, vendor).fail(Fault.reset(committed=True), method="POST")
    for _ in range(2):
        with pytest.raises(InterviewKitError) as caught:
            await provider.create_session(title="Second round", reference="round-2")
        assert caught.value.outcome is Outcome.UNKNOWN
    assert len(written(box, vendor)) == 1
    operation = await provider.once.ledger.resolve(str(caught.value.operation_id))
    assert operation.state is OperationState.UNKNOWN
    await provider.once.ledger.resolve(operation.id, happened=False)
    await provider.create_session(title="Second round", reference="round-2")
    assert len(written(box, vendor)) == 2


@pytest.mark.parametrize("marker", ["title", "notes"])
async def test_coderpads_marker_stands_where_it_was_agreed_to(box: Sandbox, open_provider: Open, marker: str) -> None:
    provider = await open_provider("coderpad", marker=marker)
    made = await provider.create_session(title="Second round", notes="Ask for tests", reference="round-2")
    (operation,) = await provider.once.ledger.operations()
    raw = made.raw
    assert operation.marker in raw[marker]
    assert raw[marker].startswith({"title": "Second round", "notes": "Ask for tests"}[marker])
    other = {"title": "notes", "notes": "title"}[marker]
    assert operation.marker not in raw[other]
    assert "round-2" not in str(raw)


async def test_a_batch_that_was_applied_in_part_is_completed_row_by_row(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    assessment = await test_id(provider)
    people = [
        InviteRequest(candidate=Candidate(email=f"applicant-{one}@example.com"), reference=f"application-{one}")
        for one in range(6)
    ]
    box.codility.fail(Fault.partial_batch(4))
    outcomes = [one async for one in provider.invite_candidates(assessment, people)]
    assert all(one.invitation is not None for one in outcomes)
    assert sorted(one.detail["candidate"] for one in box.codility.commits) == [one.reference for one in people]
    again = [one async for one in provider.invite_candidates(assessment, people)]
    assert {one.invitation.ref for one in again} == {one.invitation.ref for one in outcomes}
    assert len(box.codility.commits) == 6


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_batch_that_is_given_up_half_way_goes_on_with_the_same_references(
    box: Sandbox, open_provider: Open, vendor: str
) -> None:
    provider = await open_provider(vendor)
    assessment = await test_id(provider)
    people = [
        InviteRequest(candidate=Candidate(email=f"applicant-{one}@example.com"), reference=f"application-{one}")
        for one in range(8)
    ]
    outcomes = provider.invite_candidates(assessment, people)
    async for _ in outcomes:
        break
    await outcomes.aclose()
    done = [one async for one in provider.invite_candidates(assessment, people)]
    assert all(one.invitation is not None for one in done), [one.error for one in done]
    await asyncio.sleep(0.06)
    assert len(written(box, vendor)) == 8


async def test_a_pad_that_bears_no_marker_is_never_taken_for_missing(box: Sandbox, open_provider: Open) -> None:
    ledger = InviteLedger()
    unmarked = await open_provider("coderpad", marker=None, ledger=ledger)
    box.coderpad.fail(Fault.reset(committed=True), method="POST")
    with pytest.raises(InterviewKitError) as caught:
        await unmarked.create_session(title="Second round", reference="round-2")
    await asyncio.sleep(2 * MODEL.certain_after)
    marked = await open_provider("coderpad", ledger=ledger, reconcile_timeout=0.2)
    assert (await ledger.resolve(str(caught.value.operation_id))).state is OperationState.UNKNOWN
    with pytest.raises(InterviewKitError) as again:
        await marked.create_session(title="Second round", reference="round-2")
    assert again.value.outcome is Outcome.UNKNOWN
    assert len(written(box, "coderpad")) == 1


async def test_two_vendors_under_one_label_are_not_mixed_up(box: Sandbox, open_provider: Open) -> None:
    ledger = InviteLedger()
    pads = await open_provider("coderpad", ledger=ledger, account="acme")
    other = await open_provider("remoteinterview", ledger=ledger, account="acme")
    first = await pads.create_session(title="Second round", reference="round-2")
    second = await other.create_session(title="Second round", reference="round-2")
    assert (first.provider, second.provider) == ("coderpad", "remoteinterview")


async def test_one_row_that_cannot_be_kept_ends_no_batch(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("codility")
    people = [
        InviteRequest(candidate=Candidate(email="applicant-0@example.com"), reference="r" * 2000),
        InviteRequest(candidate=Candidate(email="applicant-1@example.com", attributes={"tags": {1}}), reference="a-1"),
        InviteRequest(candidate=Candidate(email="applicant-2@example.com"), reference="a-2"),
    ]
    outcomes = [one async for one in provider.invite_candidates(await test_id(provider), people)]
    told = {one.request.reference: one for one in outcomes}
    assert isinstance(told["r" * 2000].error, InvalidArgumentError)
    assert isinstance(told["a-1"].error, InvalidArgumentError)
    assert told["a-2"].invitation is not None


async def test_a_pad_for_another_user_cannot_be_looked_for(box: Sandbox, open_provider: Open) -> None:
    provider = await open_provider("coderpad")
    box.coderpad.fail(Fault.reset(), method="POST")
    options = CoderPadOptions(user_email="recruiter@example.com")
    with pytest.raises(InterviewKitError, match="another user") as caught:
        await provider.create_session(title="Second round", reference="round-2", options=options)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert written(box, "coderpad") == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_row_that_cannot_be_read_may_be_the_one(box: Sandbox, open_provider: Open, vendor: str) -> None:
    provider = await open_provider(vendor, reconcile_timeout=0.6)
    assessment = await test_id(provider)
    getattr(box, vendor).fail(Fault.reset(), method="POST")
    send = provider.send

    async def with_an_unread_row(call: Any) -> Any:
        answer = await send(call)
        if not isinstance(answer, Page):
            return answer
        return attrs.evolve(answer, problems=(Problem(raw={}, error=MalformedResponseError("no id")),))

    provider.send = with_an_unread_row
    with pytest.raises(InterviewKitError) as caught:
        await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert written(box, vendor) == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_lists_that_cannot_be_read_prove_nothing(box: Sandbox, open_provider: Open, vendor: str) -> None:
    provider = await open_provider(vendor, reconcile_timeout=0.6)
    assessment = await test_id(provider)
    getattr(box, vendor).fail(Fault.reset(), method="POST")
    getattr(box, vendor).fail(Fault.garbage("wrong_shape"), method="GET", times=None)
    with pytest.raises(InterviewKitError) as caught:
        await provider.invite_candidate(assessment, ANALYST, reference="application-7")
    expected = Outcome.NOT_SENT if vendor == "remoteinterview" else Outcome.UNKNOWN
    assert caught.value.outcome is expected, "RemoteInterview's list is read before"
    assert written(box, vendor) == []
    assert "example.com" not in str(caught.value)
