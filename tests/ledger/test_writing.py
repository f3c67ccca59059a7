"""One write from the claim to what is known of it, at a vendor of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from interviewkit import (
    ConfigurationError,
    DeadlineExceededError,
    InterviewKitError,
    InvalidArgumentError,
    Invitation,
    InviteLedger,
    OperationState,
    Outcome,
    ReferenceConflictError,
    StoreError,
    TransportError,
)
from interviewkit.http.limits import RIGHT
from interviewkit.ledger import MemoryJournal, Operation
from interviewkit.ledger.operations import Standing

from .scripted import MODEL, Vendor, invitation


async def state(vendor: Vendor, reference: str = "a-1") -> OperationState:
    operation = await vendor.ledger.find(account="acme", reference=reference)
    assert operation is not None
    return operation.state


# --- repeats ---


async def test_a_repeat_returns_the_same_result_and_sends_nothing() -> None:
    vendor = Vendor()
    first = await vendor.invite()
    again = await vendor.invite()
    assert first == again == invitation("a-1")
    assert again.raw == first.raw
    assert vendor.committed == ["a-1"]


async def test_a_repeat_with_other_data_names_the_fields_and_not_their_values() -> None:
    vendor = Vendor()
    await vendor.invite()
    with pytest.raises(ReferenceConflictError) as caught:
        await vendor.invite(email="other@example.com")
    assert caught.value.differing == ("candidate.email",)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert "example.com" not in str(caught.value)
    assert len(vendor.sent) == 1


async def test_without_a_reference_each_call_is_a_new_write() -> None:
    vendor = Vendor()
    await vendor.invite(None)
    await vendor.invite(None)
    assert len(vendor.sent) == 2


async def test_fifty_copies_at_once_send_one() -> None:
    vendor = Vendor()
    vendor.script = [lambda: asyncio.sleep(0.01)]
    results = await asyncio.gather(*(vendor.invite() for _ in range(50)))
    assert len(vendor.sent) == 1
    assert all(one == results[0] for one in results)


async def test_what_was_refused_may_be_repeated_with_other_data() -> None:
    vendor = Vendor()
    vendor.script = ["refused"]
    with pytest.raises(TransportError, match="scripted: refused") as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.REFUSED
    assert await state(vendor) is OperationState.NOT_DONE
    await vendor.invite(email="corrected@example.com")
    assert vendor.committed == ["a-1"]
    assert vendor.looks == []


async def test_what_never_left_may_be_repeated() -> None:
    vendor = Vendor()
    vendor.script = ["not sent"]
    with pytest.raises(TransportError):
        await vendor.invite()
    await vendor.invite()
    assert vendor.committed == ["a-1"]


async def test_an_erased_persons_reference_is_refused() -> None:
    vendor = Vendor()
    await vendor.invite()
    journal = vendor.ledger.journal
    (known,) = await journal.find()
    assert await journal.keep([attrs.evolve(known, state=OperationState.ERASED, result=None)])
    with pytest.raises(ReferenceConflictError, match="erased"):
        await vendor.invite()
    assert len(vendor.sent) == 1


# --- answers that stay away ---


async def test_a_lost_answer_is_found_at_once() -> None:
    vendor = Vendor()
    vendor.script = ["lost answer"]
    found = await vendor.invite()
    assert found.url is None
    assert vendor.committed == ["a-1"]
    assert vendor.looks == [1000.0]
    assert await vendor.invite() == found


async def test_it_is_sent_once_more_only_when_its_absence_is_certain() -> None:
    vendor = Vendor()
    vendor.script = ["lost"]
    await vendor.invite()
    assert vendor.committed == ["a-1"]
    (first, _), (second, _) = vendor.sent
    assert second - first > MODEL.certain_after
    assert vendor.looks[-1] - first > MODEL.certain_after, "a list that was asked for earlier proves nothing"
    assert vendor.looks == pytest.approx([1000, 1000 + MODEL.index_lag, 1000 + MODEL.certain_after], abs=0.01)


async def test_what_shows_late_is_found_and_not_sent_again() -> None:
    vendor = Vendor()
    vendor.script = ["hidden"]
    sleep = vendor.time.sleep

    async def show(seconds: float) -> None:
        await sleep(seconds)
        if vendor.time.now > 1059:
            vendor.listed.append("a-1")

    vendor.pacing = attrs.evolve(vendor.pacing, sleep=show)
    await vendor.invite()
    assert vendor.committed == ["a-1"]
    assert len(vendor.sent) == 1


async def test_two_failures_that_came_to_nothing_are_a_refusal() -> None:
    vendor = Vendor()
    vendor.script = ["lost", "lost"]
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.REFUSED
    assert "may be repeated" in str(caught.value)
    assert caught.value.retryable
    assert len(vendor.sent) == 2
    assert await state(vendor) is OperationState.NOT_DONE


async def test_lists_that_cannot_be_read_prove_nothing() -> None:
    vendor = Vendor(reconcile_timeout=100.0)
    vendor.script, vendor.look_fails = ["lost"], 10_000
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.operation_id is not None
    assert not caught.value.retryable
    assert await state(vendor) is OperationState.UNKNOWN
    assert len(vendor.sent) == 1
    assert vendor.looks == pytest.approx([1000, 1000.25, 1001, 1003.25, 1010, 1030.25, 1060.001, 1090], abs=1e-6)
    assert vendor.time.now <= 1100


async def test_a_list_that_cannot_tell_proves_nothing() -> None:
    vendor = Vendor()
    vendor.script, vendor.cannot_tell = ["lost"], True
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(vendor.sent) == 1


async def test_a_timeout_shorter_than_certainty_never_sends_again() -> None:
    vendor = Vendor(reconcile_timeout=MODEL.certain_after - 1)
    vendor.script = ["lost"]
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(vendor.sent) == 1


async def test_an_open_fate_is_looked_for_before_a_repeat_is_sent() -> None:
    vendor = Vendor()
    vendor.script, vendor.look_fails = ["hidden"], 10_000
    with pytest.raises(TransportError):
        await vendor.invite()
    vendor.look_fails, vendor.listed = 0, ["a-1"]
    await vendor.invite()
    assert vendor.committed == ["a-1"]


async def test_where_nothing_can_be_looked_for_the_fate_stays_open() -> None:
    vendor = Vendor()
    vendor.can_look, vendor.script = False, ["lost answer"]
    for _ in range(2):
        with pytest.raises(TransportError, match="no list of these") as caught:
            await vendor.invite(cannot_look="no list of these")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert str(caught.value.operation_id) in str(caught.value)
    assert len(vendor.sent) == 1


@pytest.mark.parametrize("can_look", [True, False])
async def test_what_the_vendor_said_it_did_is_never_sent_again(*, can_look: bool) -> None:
    vendor = Vendor()
    vendor.can_look, vendor.script = can_look, ["applied"]
    for _ in range(2):
        with pytest.raises(TransportError) as caught:
            await vendor.invite()
        assert caught.value.outcome is Outcome.APPLIED
        assert caught.value.operation_id is not None
    assert len(vendor.sent) == 1


# --- callers that go away ---


async def test_a_cancelled_call_leaves_what_was_sent_to_be_looked_for() -> None:
    vendor = Vendor()
    left = asyncio.Event()

    async def hang() -> None:
        left.set()
        vendor.committed.append("a-1")
        vendor.listed.append("a-1")
        await asyncio.sleep(10)

    vendor.script = [hang]
    call = asyncio.create_task(vendor.invite())
    await left.wait()
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call
    assert await state(vendor) is OperationState.UNKNOWN
    await vendor.invite()
    assert vendor.committed == ["a-1"]


async def test_a_call_that_is_cancelled_before_it_sent_leaves_nothing_open() -> None:
    vendor = Vendor()
    reading = asyncio.Event()

    async def prepare(operations: Sequence[Operation]) -> list[str]:
        reading.set()
        await asyncio.sleep(10)
        return []

    call = asyncio.create_task(vendor.writing(prepare=prepare).one(vendor.intent("a-1", leaves_at_once=False)))
    await reading.wait()
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call
    assert await state(vendor) is OperationState.NOT_DONE
    assert vendor.sent == []


async def test_what_cannot_be_prepared_is_not_sent() -> None:
    vendor = Vendor()

    async def prepare(operations: Sequence[Operation]) -> list[str]:
        raise TransportError("the list before could not be read")

    with pytest.raises(TransportError) as caught:
        await vendor.writing(prepare=prepare).one(vendor.intent("a-1", leaves_at_once=False))
    assert caught.value.outcome is Outcome.NOT_SENT
    assert vendor.sent == []


async def test_what_must_be_known_before_is_kept_before_the_request_leaves() -> None:
    vendor = Vendor()
    seen: list[Operation] = []

    async def prepare(operations: Sequence[Operation]) -> list[list[str]]:
        return [["before"] for _ in operations]

    async def look_into_the_journal() -> None:
        seen.extend(await vendor.ledger.journal.find())

    vendor.script = [look_into_the_journal]
    await vendor.writing(prepare=prepare).one(vendor.intent("a-1", leaves_at_once=False))
    assert [(one.state, one.baseline, one.attempts) for one in seen] == [(OperationState.SENT, ["before"], 1)]


async def test_whoever_stops_iterating_leaves_the_rest_settled_or_open() -> None:
    vendor = Vendor()
    vendor.script = ["ok", "lost", "ok"]
    outcomes = vendor.writing().many([vendor.intent(f"a-{one}") for one in range(3)])
    async with contextlib.aclosing(outcomes):
        async for _ in outcomes:
            break
    states = [await state(vendor, f"a-{one}") for one in range(3)]
    assert states == [OperationState.DONE, OperationState.UNKNOWN, OperationState.DONE]
    assert not any(one.holder for one in await vendor.ledger.journal.find())


async def test_nothing_leaves_once_the_hold_is_lost() -> None:
    class Deaf(MemoryJournal):
        async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
            return set()

    vendor = Vendor(InviteLedger(Deaf(), lease_seconds=0.03))

    async def held_up() -> None:
        await asyncio.sleep(0.04)
        check = RIGHT.get()
        assert check is not None
        check()

    vendor.script = [held_up]
    with pytest.raises(StoreError, match="held up"):
        await vendor.invite()
    assert vendor.committed == []


async def test_a_hold_is_renewed_while_the_work_takes() -> None:
    vendor = Vendor(InviteLedger(lease_seconds=0.03))

    async def slow() -> None:
        await asyncio.sleep(0.1)
        check = RIGHT.get()
        assert check is not None
        check()

    vendor.script = [slow]
    await vendor.invite()
    assert vendor.committed == ["a-1"]


async def test_a_dead_process_is_replaced_when_its_hold_ends_and_its_write_looked_for() -> None:
    vendor = Vendor(InviteLedger(lease_seconds=0.04))
    claims = await vendor.ledger.journal.claim([vendor.intent("a-1")], holder="dead", lease_seconds=0.04)
    assert claims[0].operation is not None
    vendor.committed, vendor.listed = ["a-1"], ["a-1"]
    found = await vendor.invite()
    assert found.url is None
    assert vendor.committed == ["a-1"]


async def test_who_waits_for_another_process_too_long_is_told_that_nothing_is_known() -> None:
    vendor = Vendor(reconcile_timeout=1.0)
    await vendor.ledger.journal.claim([vendor.intent("a-1")], holder="other", lease_seconds=60)
    vendor.pacing = attrs.evolve(vendor.pacing, reconcile_timeout=0.0)
    with pytest.raises(DeadlineExceededError, match="still at it") as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert vendor.sent == []


async def test_a_hold_that_is_renewed_stays_renewed_when_something_is_written_down() -> None:
    ledger = InviteLedger(lease_seconds=0.06)
    vendor = Vendor(ledger)

    async def prepare(operations: Sequence[Operation]) -> list[str]:
        await asyncio.sleep(0.2)  # longer than a hold without renewal
        return ["before"] * len(operations)

    async def slow() -> None:
        (known,) = await ledger.journal.find()
        assert known.is_held(datetime.now(UTC))
        other = InviteLedger(ledger.journal, lease_seconds=0.06)
        (claim,) = await other.journal.claim([vendor.intent("a-1")], holder="other", lease_seconds=1)
        assert claim.standing is Standing.BUSY

    vendor.script = [slow]
    await vendor.writing(prepare=prepare).one(vendor.intent("a-1", leaves_at_once=False))
    assert vendor.committed == ["a-1"]


async def test_what_waited_for_its_turn_and_was_cancelled_has_not_left() -> None:
    vendor = Vendor()
    vendor.pacing = attrs.evolve(vendor.pacing, asks_before_it_leaves=True)
    waiting = asyncio.Event()

    async def wait_for_the_limiter() -> None:
        waiting.set()
        await asyncio.sleep(10)

    vendor.script = [wait_for_the_limiter]
    call = asyncio.create_task(vendor.invite())
    await waiting.wait()
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call
    assert await state(vendor) is OperationState.NOT_DONE
    (known,) = await vendor.ledger.journal.find()
    assert (known.request, known.fields) == ({}, {}), "nothing of the candidate has to stay"


# --- writes that lists cannot tell apart ---


async def test_writes_that_lists_cannot_tell_apart_take_turns() -> None:
    vendor = Vendor()
    running: list[str] = []

    async def alone() -> None:
        running.append("in")
        assert running.count("in") - running.count("out") == 1
        await asyncio.sleep(0.01)
        running.append("out")

    vendor.script = [alone, alone]
    await asyncio.gather(*(vendor.writing().one(vendor.intent(ref, subject="same")) for ref in ("a-1", "a-2")))
    assert sorted(vendor.committed) == ["a-1", "a-2"]
    assert running == ["in", "out", "in", "out"]


# --- many in one go ---


async def test_of_a_batch_only_what_is_missing_is_sent_again() -> None:
    vendor = Vendor()
    vendor.script = ["ok", "lost answer", "lost", "refused"]
    intents = [vendor.intent(f"a-{one}") for one in range(4)]
    outcomes = {intent.reference: outcome async for intent, outcome in vendor.writing().many(intents)}
    assert [refs for _, refs in vendor.sent] == [("a-0", "a-1", "a-2", "a-3"), ("a-2",)]
    assert vendor.committed == ["a-0", "a-1", "a-2"]
    assert isinstance(outcomes["a-3"], TransportError)
    assert [isinstance(outcomes[f"a-{one}"], Invitation) for one in range(3)] == [True] * 3


async def test_a_batch_that_broke_as_a_whole_has_an_error_for_each_with_its_own_number() -> None:
    vendor = Vendor()
    vendor.can_look = False

    async def send(operations: Sequence[Operation]) -> list[Invitation | InterviewKitError]:
        raise TransportError("the line broke", outcome=Outcome.UNKNOWN)

    writing = vendor.writing()
    writing._write = attrs.evolve(writing._write, send=send)
    outcomes = [one async for _, one in writing.many([vendor.intent(f"a-{one}") for one in range(3)])]
    numbers = [one.operation_id for one in outcomes if isinstance(one, InterviewKitError)]
    assert len(set(numbers)) == 3
    assert None not in numbers


async def test_the_same_reference_twice_in_a_batch_is_one_write() -> None:
    vendor = Vendor()
    outcomes = [one async for _, one in vendor.writing().many([vendor.intent("a-1"), vendor.intent("a-1")])]
    assert vendor.committed == ["a-1"]
    assert outcomes == [invitation("a-1")] * 2


# --- a store that fails ---


class Failing(MemoryJournal):
    """A journal that fails at one of its methods."""

    def __init__(self, *, claim: bool = False, keep_done: bool = False) -> None:
        super().__init__()
        self.fails_to_claim = claim
        self.fails_to_keep = keep_done

    async def claim(self, intents, *, holder, lease_seconds):  # type: ignore[no-untyped-def]
        if self.fails_to_claim:
            raise StoreError("the disk is full")
        return await super().claim(intents, holder=holder, lease_seconds=lease_seconds)

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        if self.fails_to_keep and any(one.state is OperationState.DONE for one in operations):
            raise StoreError("the disk is full")
        return await super().keep(operations)


async def test_what_cannot_be_written_down_is_not_sent() -> None:
    vendor = Vendor(InviteLedger(Failing(claim=True)))
    with pytest.raises(StoreError, match="the disk is full") as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.NOT_SENT
    assert vendor.sent == []


async def test_a_result_that_cannot_be_kept_says_that_it_was_done_and_is_found_later() -> None:
    journal = Failing(keep_done=True)
    vendor = Vendor(InviteLedger(journal, lease_seconds=0.03))
    with pytest.raises(StoreError, match="it was done") as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.APPLIED
    journal.fails_to_keep = False
    await vendor.invite()
    assert vendor.committed == ["a-1"]


async def test_a_result_that_cannot_be_kept_at_first_is_kept_when_it_is_let_go() -> None:
    class FailingOnce(Failing):
        async def keep(self, operations: Sequence[Operation]) -> set[str]:
            try:
                return await super().keep(operations)
            except StoreError:
                self.fails_to_keep = False
                raise

    vendor = Vendor(InviteLedger(FailingOnce(keep_done=True)))
    with pytest.raises(StoreError, match="it was done"):
        await vendor.invite()
    assert await state(vendor) is OperationState.DONE
    assert await vendor.invite() == invitation("a-1")
    assert vendor.looks == []


# --- what stays open ---


async def broken(vendor: Vendor, step: str = "lost") -> str:
    """The number of a write whose fate is open."""
    vendor.script, vendor.look_fails = [step], 10_000
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    vendor.look_fails = 0
    assert caught.value.operation_id is not None
    return caught.value.operation_id


async def test_resolve_finds_what_shows_by_now() -> None:
    vendor = Vendor()
    number = await broken(vendor, "hidden")
    vendor.listed.append("a-1")
    operation = await vendor.ledger.resolve(number)
    assert operation.state is OperationState.DONE
    made = operation.read()
    assert isinstance(made, Invitation)
    assert made.reference == "a-1"
    assert (await vendor.invite()).ref == made.ref


async def test_resolve_is_certain_only_after_the_models_time() -> None:
    vendor = Vendor()
    number = await broken(vendor)
    (known,) = await vendor.ledger.journal.find()
    assert known.broke_at is not None
    await vendor.ledger.journal.keep([attrs.evolve(known, broke_at=known.broke_at + timedelta(hours=1))])
    assert (await vendor.ledger.resolve(number)).state is OperationState.UNKNOWN
    (known,) = await vendor.ledger.journal.find()
    assert known.broke_at is not None
    await vendor.ledger.journal.keep([attrs.evolve(known, broke_at=known.broke_at - timedelta(hours=2))])
    assert (await vendor.ledger.resolve(number)).state is OperationState.NOT_DONE
    assert len(vendor.sent) == 1, "resolve only reads"


async def test_a_persons_word_settles_what_no_list_shows() -> None:
    vendor = Vendor()
    vendor.can_look, vendor.script = False, ["lost", "lost answer"]
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    number = str(caught.value.operation_id)
    assert (await vendor.ledger.resolve(number)).state is OperationState.UNKNOWN
    assert (await vendor.ledger.resolve(number, happened=False)).state is OperationState.NOT_DONE
    with pytest.raises(TransportError):
        await vendor.invite()
    assert len(vendor.sent) == 2
    assert (await vendor.ledger.resolve(number, happened=True)).state is OperationState.DONE
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert caught.value.outcome is Outcome.APPLIED
    assert len(vendor.sent) == 2


async def test_resolve_says_what_it_lacks() -> None:
    ledger = InviteLedger()
    vendor = Vendor(ledger)
    number = await broken(vendor)
    with pytest.raises(InvalidArgumentError, match="no operation"):
        await ledger.resolve("0" * 32)
    del vendor
    gc.collect()
    with pytest.raises(ConfigurationError, match="acme"):
        await ledger.resolve(number)


async def test_resolve_leaves_alone_what_is_settled() -> None:
    vendor = Vendor()
    await vendor.invite()
    (known,) = await vendor.ledger.operations(account="acme", states=[OperationState.DONE])
    assert await vendor.ledger.resolve(known.id) == known
    with pytest.raises(InvalidArgumentError, match="done"):
        await vendor.ledger.resolve(known.id, happened=False)
    assert vendor.looks == []


async def test_an_operations_repr_tells_nothing_of_the_candidate() -> None:
    vendor = Vendor()
    await vendor.invite()
    (known,) = await vendor.ledger.operations()
    assert "example.com" not in repr(known)
    assert "a-1" not in repr(known)
