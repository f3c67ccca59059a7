"""What every journal does, in memory and in a store: one holder an operation, and nothing kept by who lost it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewkit.ledger import Journal, Operation, OperationState
from interviewkit.ledger.operations import Claim, Intent, Standing, hashed

NEW, AGAIN, SETTLED, BUSY = Standing.NEW, Standing.AGAIN, Standing.SETTLED, Standing.BUSY
ODD = "r\0\ud800\x1a0000\\u0000 \U0001f600 'é\n"
ENDED = -1.0
"""The seconds of a lease that has ended when it begins."""


def intent(reference: str | None = "r-1", *, email: str = "robin@example.com", **options: Any) -> Intent:
    return Intent(**{
        "account": "acme", "provider": "codility", "name": "invite_candidate", "assessment_id": "-Jr7",
        "reference": reference, "fields": hashed("acme", {"candidate.email": email}),
        "request": {"candidate": {"email": email}}, **options,
    })  # fmt: skip


async def claim(journal: Journal, *intents: Intent, holder: str = "me", seconds: float = 30.0) -> list[Claim]:
    return await journal.claim(intents, holder=holder, lease_seconds=seconds)


async def held(journal: Journal, one: Intent | None = None, *, seconds: float = 30.0) -> Operation:
    """An operation that is ours."""
    (made,) = await claim(journal, one or intent(), seconds=seconds)
    assert made.operation is not None
    assert made.standing in {NEW, AGAIN}
    return made.operation


async def ended(journal: Journal, one: Operation, state: OperationState, **changes: Any) -> Operation:
    """The operation in a state in which nobody holds it."""
    there = attrs.evolve(one, state=state, holder=None, lease_until=None, **changes)
    assert await journal.keep([there]) == {one.id}
    return there


def standings(claims: Sequence[Claim]) -> list[Standing]:
    return [one.standing for one in claims]


# --- claims ---


async def test_what_was_never_asked_for_is_ours_and_written_down(journal: Journal) -> None:
    asked = intent(subject="s", request={"page": 3, "candidate": {"email": ODD}})
    (made,) = await claim(journal, asked)
    assert made.standing is NEW
    one = made.operation
    assert one is not None
    assert (one.id, one.key, one.reference, one.fence, one.holder) == (asked.id, asked.key, "r-1", 1, "me")
    assert (one.started_at, one.lease_until) == (made.now, made.now + timedelta(seconds=30))
    assert abs(made.now - datetime.now(UTC)) < timedelta(seconds=5)
    assert await journal.get(one.id) == one


async def test_of_fifty_who_ask_at_once_one_gets_it(journal: Journal) -> None:
    claims = await asyncio.gather(*(claim(journal, intent(), holder=str(number)) for number in range(50)))
    assert Counter(one.standing for (one,) in claims) == {NEW: 1, BUSY: 49}
    assert len({one.operation.id for (one,) in claims if one.operation is not None}) == 1


async def test_of_fifty_who_ask_for_the_same_subject_one_gets_it(journal: Journal) -> None:
    claims = await asyncio.gather(*(claim(journal, intent(f"r-{number}", subject="s")) for number in range(50)))
    assert Counter(one.standing for (one,) in claims) == {NEW: 1, BUSY: 49}
    assert len(await journal.find()) == 1


async def test_batches_in_any_order_never_wait_for_each_other_for_ever(journal: Journal) -> None:
    asked = [intent(f"r-{number}", subject=f"s-{number % 7}") for number in range(30)]

    async def one_of_many(seed: int) -> list[Claim]:
        mine = random.Random(seed).sample(asked, 20)
        claims = await claim(journal, *mine, holder=str(seed))
        ours = [made.operation for made in claims if made.operation is not None and made.standing is NEW]
        random.Random(seed).shuffle(ours)
        assert await journal.renew(ours, lease_seconds=30) == {one.id for one in ours}
        assert await journal.keep(ours) == {one.id for one in ours}
        return claims

    async with asyncio.timeout(20):
        claims = await asyncio.gather(*(one_of_many(seed) for seed in range(12)))
    assert sum(one.standing is NEW for batch in claims for one in batch) == 7


async def test_results_come_in_the_order_asked_for(journal: Journal) -> None:
    done = await ended(journal, await held(journal, intent("r-5")), OperationState.DONE, result={"a": 1})
    order = [7, 5, 0, 9, 2]
    claims = await claim(journal, *(intent(f"r-{number}") for number in order))
    assert [made.operation.reference for made in claims if made.operation] == [f"r-{number}" for number in order]
    assert standings(claims) == [NEW, SETTLED, NEW, NEW, NEW]
    assert claims[1].operation == done


async def test_a_batch_that_asks_twice_for_one_reference_gets_it_once(journal: Journal) -> None:
    claims = await claim(journal, intent("a"), intent("b"), intent("a"))
    assert standings(claims) == [NEW, NEW, BUSY]
    assert claims[2].operation == claims[0].operation


async def test_a_batch_of_one_subject_goes_one_by_one(journal: Journal) -> None:
    claims = await claim(journal, *(intent(name, subject="s") for name in "abc"), intent("d", subject="t"))
    assert standings(claims) == [NEW, BUSY, BUSY, NEW]
    assert claims[1].operation is None
    assert {one.reference for one in await journal.find()} == {"a", "d"}


async def test_a_subject_is_crowded_as_long_as_somebody_is_at_work_on_it(journal: Journal) -> None:
    first = await held(journal, intent("a", subject="s"))
    assert standings(await claim(journal, intent("b", subject="s"))) == [BUSY]
    await ended(journal, first, OperationState.UNKNOWN)
    assert standings(await claim(journal, intent("b", subject="s"), seconds=ENDED)) == [NEW]
    assert standings(await claim(journal, intent("c", subject="s"))) == [NEW]


async def test_an_operation_does_not_crowd_itself_nor_whoever_it_left(journal: Journal) -> None:
    await ended(journal, await held(journal, intent("a", subject="s")), OperationState.NOT_DONE)
    claims = await claim(journal, intent("a", subject="t"), intent("b", subject="s"), intent("c", subject="t"))
    assert standings(claims) == [NEW, NEW, BUSY]


async def test_without_a_reference_nothing_is_a_repeat(journal: Journal) -> None:
    asked = intent(None)
    assert standings(await claim(journal, asked, intent(None), asked)) == [NEW, NEW, BUSY]


async def test_the_same_reference_elsewhere_is_another_one(journal: Journal) -> None:
    others = [intent(account="other"), intent(name="create_session"), intent(assessment_id="-Jr8")]
    assert standings(await claim(journal, intent(), *others)) == [NEW] * 4


async def test_a_repeat_gets_the_result_and_one_with_other_data_is_told_the_fields(journal: Journal) -> None:
    result = {"url": "https://x.example/?a=1", "raw": {"deep": [1, 2.5, None, True, ODD]}}
    done = await ended(journal, await held(journal), OperationState.DONE, result=result, ref="codility:take_home:A-1")
    same, other = await claim(journal, intent(), intent(email="kim@example.com"))
    assert (same.standing, same.operation) == (SETTLED, done)
    assert (other.standing, other.differing) == (Standing.CONFLICT, ("candidate.email",))


async def test_what_is_known_not_to_have_happened_begins_anew(journal: Journal) -> None:
    first = await ended(journal, await held(journal), OperationState.NOT_DONE, error="refused", attempts=1)
    (made,) = await claim(journal, intent(email="kim@example.com"))
    assert made.operation is not None
    assert (made.standing, made.operation.id, made.operation.fence) == (NEW, first.id, first.fence + 1)
    assert (made.operation.error, made.operation.attempts) == (None, 1)
    assert await journal.get(first.id) == made.operation


async def test_an_erased_one_is_never_ours(journal: Journal) -> None:
    await ended(journal, await held(journal), OperationState.ERASED, fields={}, reference=None)
    assert standings(await claim(journal, intent(), intent(email="kim@example.com"))) == [Standing.ERASED] * 2


# --- leases and fences ---


async def test_a_lease_that_ended_leaves_an_open_fate_that_broke_at_its_end(journal: Journal) -> None:
    one = await held(journal, seconds=ENDED)
    assert await journal.keep([attrs.evolve(one, state=OperationState.SENT)]) == {one.id}
    (made,) = await claim(journal, intent(), holder="you")
    assert made.operation is not None
    assert (made.standing, made.operation.state) == (AGAIN, OperationState.UNKNOWN)
    assert made.operation.broke_at == one.lease_until == one.started_at - timedelta(seconds=1)
    assert (made.operation.holder, made.operation.fence) == ("you", one.fence + 1)
    assert await journal.get(one.id) == made.operation
    assert standings(await claim(journal, intent(), holder="me")) == [BUSY]


async def test_a_lost_fence_keeps_nothing(journal: Journal) -> None:
    lost, other = await held(journal, seconds=ENDED), await held(journal, intent("r-2"))
    there = await held(journal)
    assert there.id == lost.id
    assert await journal.keep([attrs.evolve(one, result={"a": 1}) for one in (lost, other)]) == {other.id}
    assert await journal.renew([lost, other], lease_seconds=90) == {other.id}
    assert await journal.get(lost.id) == there
    renewed = await journal.get(other.id)
    assert renewed is not None
    assert renewed.lease_until is not None
    assert renewed.lease_until - renewed.started_at > timedelta(seconds=89)
    assert renewed.result == {"a": 1}


async def test_what_nobody_wrote_down_is_not_kept(journal: Journal) -> None:
    one = await held(journal)
    stranger = attrs.evolve(one, id="nowhere", key="nowhere")
    assert await journal.keep([stranger]) == set()
    assert await journal.renew([stranger], lease_seconds=1) == set()
    assert (await journal.get("nowhere"), await journal.find()) == (None, [one])
    assert (await journal.keep([]), await journal.renew([], lease_seconds=1), await claim(journal)) == (
        set(),
        set(),
        [],
    )


async def test_everything_of_an_operation_is_kept_whatever_its_letters(journal: Journal) -> None:
    one = await held(journal, intent(ODD, assessment_id=ODD, subject="s"))
    full = attrs.evolve(
        one, state=OperationState.UNKNOWN, attempts=3, broke_at=one.started_at, settled_at=one.started_at,
        request={"page": ODD}, baseline=[ODD, 1], result={ODD: ODD}, ref="codility:take_home:A%00", error=ODD,
        fields={"notes": ODD},
    )  # fmt: skip
    assert await journal.keep([full]) == {one.id}
    assert await journal.get(one.id) == full
    assert await journal.find(reference=ODD, account="acme") == [full]
    assert standings(await claim(journal, intent(ODD, assessment_id=ODD, fields={"notes": ODD}), seconds=30)) == [BUSY]


@given(text=st.text(st.characters(exclude_categories=()), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_reference_is_found_again_as_it_was(journal: Journal, text: str) -> None:
    asked = intent(text, account=f"a-{random.random()}")
    one = await held(journal, asked)
    assert await journal.find(account=asked.account, reference=text) == [one]
    assert one.reference == text


# --- one by its number ---


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (OperationState.SENT, AGAIN), (OperationState.UNKNOWN, AGAIN), (OperationState.DONE, SETTLED),
        (OperationState.NOT_DONE, SETTLED), (OperationState.INTENDED, SETTLED),
        (OperationState.ERASED, Standing.ERASED),
    ],
)  # fmt: skip
async def test_only_an_open_fate_is_taken(journal: Journal, state: OperationState, standing: Standing) -> None:
    one = await ended(journal, await held(journal), state)
    made = await journal.take(one.id, holder="you", lease_seconds=30)
    assert made is not None
    assert made.operation is not None
    assert made.standing is standing
    taken = ("you", one.fence + 1) if standing is AGAIN else (None, one.fence)
    assert (made.operation.holder, made.operation.fence) == taken
    assert await journal.get(one.id) == made.operation


async def test_what_somebody_is_at_is_not_taken_and_what_is_not_there_is_none(journal: Journal) -> None:
    one = await held(journal)
    await journal.keep([attrs.evolve(one, state=OperationState.SENT)])
    made = await journal.take(one.id, holder="you", lease_seconds=30)
    assert made is not None
    assert (made.standing, made.operation and made.operation.holder) == (BUSY, "me")
    assert await journal.take("nowhere", holder="you", lease_seconds=30) is None


async def test_of_many_who_take_it_one_gets_it(journal: Journal) -> None:
    one = await ended(journal, await held(journal), OperationState.UNKNOWN)
    made = await asyncio.gather(*(journal.take(one.id, holder=str(n), lease_seconds=30) for n in range(20)))
    assert Counter(claim.standing for claim in made if claim) == {AGAIN: 1, BUSY: 19}


# --- finding ---


async def test_operations_are_found_by_all_that_is_given_the_oldest_first(journal: Journal) -> None:
    first = await held(journal, intent("a", subject="s"))
    second = await ended(journal, await held(journal, intent("b")), OperationState.DONE, ref="codility:take_home:A-1")
    third = await held(journal, intent("a", account="other"))
    assert await journal.find() == [first, second, third]
    assert await journal.find(limit=2) == [first, second]
    assert await journal.find(reference="a") == [first, third]
    assert await journal.find(reference="a", account="other") == [third]
    assert await journal.find(subject="s") == [first]
    assert await journal.find(ref="codility:take_home:A-1", states=[OperationState.DONE]) == [second]
    assert await journal.find(ref="codility:take_home:A-1", states=[OperationState.SENT]) == []
    assert await journal.find(states=[first.state, OperationState.SENT]) == [first, third]
