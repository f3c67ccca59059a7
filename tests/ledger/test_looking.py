"""Looking for what became of a write: how often, how long at most, and what a look that was cut off is worth."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import attrs
import pytest

from interviewkit import (
    Candidate,
    Codility,
    CommitModel,
    DeadlineExceededError,
    InterviewKitError,
    InviteLedger,
    OperationState,
    Outcome,
    RateLimit,
    TransportError,
    connect,
)
from interviewkit.http.wire import Response
from interviewkit.ledger import Operation
from interviewkit.ledger.looking import Pacing, next_look, together
from interviewkit.sandbox import Fault, Sandbox
from interviewkit.testing.scripted import Scripted, Sent, answer

from .scripted import MODEL, Time, Vendor

ANALYST = Candidate(email="analyst@example.com", first_name="Quality", last_name="Analyst")
INVITE = "/api/tests/77/invite/"
DEADLINE = 1000.0 + 120.0
"""When the looking that begins at 1000 has to be over."""


@attrs.define
class Slow:
    """Codility with a list of so many pages, each of which takes so many seconds; no invitation ever comes through."""

    time: Time
    pages: int = 1
    seconds: float = 0.0
    retry_after: int | None = None

    def __call__(self, sent: Sent) -> Response:
        if sent.method == "POST":
            raise TransportError("the line broke", outcome=Outcome.UNKNOWN)
        if self.retry_after is not None:
            return answer(status=429, headers={"retry-after": str(self.retry_after)})
        self.time.now += min(self.seconds, sent.timeout)
        if self.seconds > sent.timeout:
            raise DeadlineExceededError("no answer in time")
        page = int((re.findall(r"page=(\d+)", sent.url) or ["1"])[0])
        following = f"https://codility.com/api/tests/77/sessions/?page={page + 1}" if page < self.pages else None
        return answer({"count": 0, "next": following, "previous": None, "results": []})


@contextlib.asynccontextmanager
async def codility(vendor: Slow, **more: Any) -> AsyncIterator[tuple[Codility, Scripted]]:
    transport = Scripted(respond=vendor)
    settings: dict[str, Any] = {"commit_model": MODEL, "ledger": InviteLedger(), "limit": None, **more}
    made = Codility(
        token="t", account=f"acme-{id(vendor)}", transport=transport, clock=vendor.time.clock, sleep=vendor.time.sleep,
        **settings,
    )  # fmt: skip
    async with made:
        yield made, transport


def sent_to(transport: Scripted, path: str) -> int:
    return sum(path in one.url for one in transport.sent)


async def unknown(provider: Codility) -> InterviewKitError:
    with pytest.raises(InterviewKitError) as caught:
        await provider.invite_candidate("77", ANALYST, reference="application-7")
    assert caught.value.outcome is Outcome.UNKNOWN
    return caught.value


# --- how long ---


async def test_a_list_of_many_pages_is_read_no_longer_than_the_caller_waits() -> None:
    vendor = Slow(Time(), pages=1000, seconds=20.0)
    async with codility(vendor) as (provider, transport):
        error = await unknown(provider)
        assert error.operation_id is not None
        assert vendor.time.now <= DEADLINE
        assert sent_to(transport, INVITE) == 1, "a look that was cut off does not show that it is missing"


async def test_waiting_for_the_rate_limit_counts_too() -> None:
    vendor = Slow(Time(), pages=3)
    async with codility(vendor, limit=RateLimit(2, 3600)) as (provider, transport):
        await unknown(provider)
        assert vendor.time.now <= DEADLINE
        assert sent_to(transport, INVITE) == 1


async def test_a_pause_that_the_vendor_asks_for_is_not_waited_out_beyond_the_end() -> None:
    vendor = Slow(Time(), retry_after=1000)
    async with codility(vendor) as (provider, _):
        await unknown(provider)
        assert vendor.time.now <= DEADLINE


async def test_a_look_that_never_ends_is_cut_off() -> None:
    vendor = Vendor(reconcile_timeout=0.04)
    vendor.pacing = attrs.evolve(vendor.pacing, clock=time.monotonic, sleep=asyncio.sleep)
    vendor.script = ["lost answer"]

    async def hang(_operations: Sequence[Operation]) -> Mapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    vendor.look = hang  # type: ignore[method-assign, assignment]
    async with asyncio.timeout(5):
        with pytest.raises(TransportError) as caught:
            await vendor.invite()
        assert caught.value.outcome is Outcome.UNKNOWN
        with pytest.raises(DeadlineExceededError, match="reconcile_timeout") as late:
            await vendor.ledger.resolve(str(caught.value.operation_id))
        assert late.value.operation_id == caught.value.operation_id


async def test_a_caller_who_goes_away_during_a_look_is_not_told_of_a_timeout() -> None:
    vendor, looking = Vendor(), asyncio.Event()
    vendor.script = ["lost answer"]

    async def hang(_operations: Sequence[Operation]) -> Mapping[str, Any]:
        looking.set()
        await asyncio.Event().wait()
        return {}

    vendor.look = hang  # type: ignore[method-assign, assignment]
    call = asyncio.create_task(vendor.invite())
    await looking.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    (known,) = await vendor.ledger.operations()
    assert (known.state, known.holder) == (OperationState.UNKNOWN, None)


async def test_nothing_is_sent_again_once_the_time_is_over() -> None:
    vendor = Vendor()
    vendor.script = ["lost"]
    look = vendor.look

    async def dawdle(operations: Sequence[Operation]) -> Mapping[str, Any]:
        found = await look(operations)
        if vendor.time.now > 1000 + MODEL.certain_after:
            vendor.time.now = DEADLINE
        return found

    vendor.look = dawdle  # type: ignore[method-assign, assignment]
    with pytest.raises(TransportError) as caught:
        await vendor.invite()
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.REFUSED, True)
    assert len(vendor.sent) == 1


async def test_a_write_whose_time_ran_out_meanwhile_holds_up_no_other() -> None:
    vendor = Vendor()
    vendor.script = ["lost", "lost"]
    vendor.cannot_tell = True
    sleep = vendor.time.sleep

    async def oversleep(seconds: float) -> None:
        await sleep(seconds if vendor.time.now < 1060 else 500)

    vendor.pacing = attrs.evolve(vendor.pacing, sleep=oversleep)
    outcomes = [one async for _, one in vendor.writing().many([vendor.intent("a-1"), vendor.intent("a-2")])]
    assert [isinstance(one, TransportError) and one.outcome for one in outcomes] == [Outcome.UNKNOWN] * 2
    assert max(vendor.looks) < DEADLINE


# --- how often ---


async def test_a_missing_write_costs_three_looks_however_many_were_lost_together() -> None:
    vendor = Vendor()
    vendor.script = ["lost"] * 100

    def tick() -> float:
        vendor.time.now += 0.0 if vendor.looks else 0.01  # each breaks a little later than the one before
        return vendor.time.now

    vendor.pacing = attrs.evolve(vendor.pacing, clock=tick)
    outcomes = [one async for _, one in vendor.writing().many([vendor.intent(f"a-{one}") for one in range(100)])]
    assert vendor.looks == pytest.approx([1000, 1000 + MODEL.index_lag, 1000 + MODEL.certain_after], abs=4.0)
    assert len(vendor.committed) == len(outcomes) == 100


async def test_at_codility_each_look_is_the_tests_list_once_and_nothing_more() -> None:
    vendor = Slow(Time(), pages=4, seconds=0.5)
    async with codility(vendor) as (provider, transport):
        with pytest.raises(InterviewKitError) as caught:
            await provider.invite_candidate("77", ANALYST, reference="application-7")
        assert caught.value.outcome is Outcome.REFUSED
        assert sent_to(transport, INVITE) == 2
        assert len(transport.sent) == 2 * (1 + 3 * 4)


async def test_what_is_there_at_once_costs_one_list_and_the_session_that_has_the_link() -> None:
    async with Sandbox(seed=4, sessions=10, strict_limits=False) as box:
        given: dict[str, Any] = dict(box.accounts["sandbox-codility"])
        async with connect(given.pop("provider"), **given, ledger=InviteLedger(), limit=None) as provider:
            test = await provider.list_assessments().first()
            assert test is not None
            box.codility.fail(Fault.reset(committed=True), method="POST")
            box.codility.counts.clear()
            made = await provider.invite_candidate(test.id, ANALYST, reference="application-7")
            assert made.url is not None
            assert dict(box.codility.counts) == {
                ("POST", "/api/tests/{test_id}/invite/"): 1, ("GET", "/api/tests/{test_id}/sessions/"): 1,
                ("GET", "/api/sessions/{session_id}/"): 1,
            }  # fmt: skip


async def test_lists_that_tell_nothing_are_read_less_and_less_often() -> None:
    vendor = Vendor()
    vendor.script, vendor.cannot_tell = ["lost"], True
    with pytest.raises(TransportError):
        await vendor.invite()
    assert vendor.looks == pytest.approx([1000, 1000.25, 1001, 1003.25, 1010, 1030.25, 1060, 1108], abs=0.01)


# --- when, as a function of facts ---


def pacing(model: CommitModel = MODEL, *, timeout: float = 120.0, now: float = 0.0) -> Pacing:
    return Pacing(model=model, reconcile_timeout=timeout, clock=lambda: now, sleep=asyncio.sleep)


@pytest.mark.parametrize(
    ("began", "now", "in_vain", "timeout", "expected"),
    [
        (0, 1, 0, 120, 30), (30, 31, 0, 120, 60.001), (0, 35, 0, 120, 35), (0, 70, 0, 120, 70),
        (0, 1, 0, 20, 18), (18, 18, 0, 20, None), (30, 31, 0, 60, 54), (54, 55, 0, 60, None),
        (0, 1, 1, 120, 1.25), (0, 1, 3, 120, 3.25), (50, 50, 9, 120, 60.001), (61, 61, 1, 120, 61.25),
        (61, 61, 9, 120, 108), (108, 108, 10, 120, None), (0, 0, 1, 1, 0.1), (0, 0, 1000, 20, 18),
    ],
)  # fmt: skip
def test_looks_come_at_the_lag_at_certainty_and_before_the_end(
    began: float, now: float, in_vain: int, timeout: float, expected: float | None
) -> None:
    found = next_look(pacing(timeout=timeout, now=now), broke=0.0, began=began, end=timeout, in_vain=in_vain)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("model", [CommitModel(commit_within=60, index_lag=0), CommitModel(commit_within=0.1)])
def test_a_model_without_a_time_between_has_no_look_between(model: CommitModel) -> None:
    found = next_look(pacing(model), broke=0.0, began=0.0, end=120.0, in_vain=0)
    assert found == pytest.approx(model.certain_after, abs=0.01)


def test_looks_that_are_due_at_almost_the_same_time_are_one() -> None:
    assert together([31.0, 30.0, 32.9, 34.0], pacing()) == 32.9
    assert together([31.0, 30.0, 32.9], pacing(timeout=10)) == 30.0
