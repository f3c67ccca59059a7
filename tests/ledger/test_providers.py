"""Providers of others and a ledger."""

from __future__ import annotations

import pytest

from interviewkit import (
    BaseProvider,
    Candidate,
    ConfigurationError,
    InvalidArgumentError,
    InviteLedger,
    Outcome,
    TransportError,
)
from interviewkit.testing import FakeProvider


def test_a_provider_that_does_not_write_through_a_ledger_refuses_one() -> None:
    class Plain(BaseProvider):
        name = "plain"

    with pytest.raises(ConfigurationError, match="ledger"):
        Plain(ledger=InviteLedger())


@pytest.mark.parametrize("wrong", ["memory", object(), True])
def test_what_is_no_ledger_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="InviteLedger"):
        FakeProvider(ledger=wrong)  # type: ignore[arg-type]


def test_what_is_no_commit_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="CommitModel"):
        FakeProvider(ledger=InviteLedger(), commit_model=30.0)  # type: ignore[arg-type]


async def test_the_fake_writes_once_too() -> None:
    async with FakeProvider(ledger=InviteLedger()) as fake:
        assessment_id = fake.vendor.add_assessment("Backend test")
        person = Candidate(email="analyst@example.com")
        first = await fake.invite_candidate(assessment_id, person, reference="application-7")
        again = await fake.invite_candidate(assessment_id, person, reference="application-7")
        session = await fake.create_session(title="Second round", reference="round-2")
        assert first == again
        assert await fake.create_session(title="Second round", reference="round-2") == session
        listed = [one async for one in fake.list_sessions()]
        assert [one.reference for one in listed].count("application-7") == 1
        assert [one.reference for one in listed].count("round-2") == 1


async def test_a_reference_that_no_database_could_index_is_refused() -> None:
    async with FakeProvider(ledger=InviteLedger()) as fake:
        with pytest.raises(InvalidArgumentError, match="1000 bytes"):
            await fake.create_session(title="Second round", reference="r" * 1001)


async def test_the_spelling_of_a_mailbox_makes_no_other_person() -> None:
    async with FakeProvider(ledger=InviteLedger()) as fake:
        assessment_id = fake.vendor.add_assessment("Backend test")
        first = await fake.invite_candidate(assessment_id, Candidate(email="Analyst@example.com"), reference="a-7")
        again = await fake.invite_candidate(assessment_id, Candidate(email="analyst@example.com"), reference="a-7")
        assert first == again


async def test_the_fake_finds_what_was_lost_on_the_way() -> None:
    async with FakeProvider(ledger=InviteLedger()) as fake:
        send = fake.send
        lost: list[object] = []

        async def lose_the_first_answer(call):  # type: ignore[no-untyped-def]
            answer = await send(call)
            if not call.repeatable and not lost:
                lost.append(answer)
                raise TransportError("the line broke", outcome=Outcome.UNKNOWN)
            return answer

        fake.send = lose_the_first_answer  # type: ignore[method-assign]
        assessment_id = fake.vendor.add_assessment("Backend test")
        person = Candidate(email="analyst@example.com")
        made = await fake.invite_candidate(assessment_id, person, reference="application-7")
        assert made.reference == "application-7"
        assert [one.reference async for one in fake.list_sessions()].count("application-7") == 1
