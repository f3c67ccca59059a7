"""The sliding window, and who shares it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewkit.errors import Outcome, RateLimitedError, TransportError
from interviewkit.http.connection import Connection, Host
from interviewkit.http.credentials import StaticCredential
from interviewkit.http.limits import RateLimit, Slot, WindowLimiter, patience, shared_limiter
from interviewkit.http.refusal import refusal
from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Scripted, Sent, answer
from tests.http.calls import BASE, Clock, get, runner

OK = answer({"status": "OK"})


class Simulation:
    """Clients that ask one limiter, and a server that counts arrivals; time is made of numbers."""

    def __init__(self, requests: int, window: float) -> None:
        self.window = window
        self.limiter = WindowLimiter(RateLimit(requests, window))
        self.arrivals: list[float] = []

    def run(self, journeys: list[tuple[float, float, float, bool]]) -> None:
        """`journeys`: when it starts, the time to the server, the time of the answer, and whether it never leaves."""
        moments = [(start, 0, index) for index, (start, *_rest) in enumerate(journeys)]
        under_way: dict[int, Slot] = {}
        while moments:
            moments.sort()
            now, kind, index = moments.pop(0)
            _start, there, back, lost = journeys[index]
            if kind == 1:
                self.limiter.done(under_way.pop(index), now)
                continue
            slot = self.limiter.take(now)
            if not isinstance(slot, Slot):
                assert slot > 0
                moments.append((now + slot, 0, index))
            elif lost:
                self.limiter.give_back(slot)
            else:
                under_way[index] = slot
                self.arrivals.append(now + there)
                moments.append((now + there + back, 1, index))

    def most_in_a_window(self) -> int:
        times = sorted(self.arrivals)
        return max((sum(1 for other in times if at <= other < at + self.window - 1e-6) for at in times), default=0)


@settings(deadline=None, max_examples=150)
@given(
    requests=st.integers(1, 4),
    window=st.floats(0.5, 20),
    journeys=st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 10), st.floats(0, 10), st.booleans()), min_size=1, max_size=25
    ),
)
def test_a_server_never_counts_more_than_the_limit_in_any_window(
    requests: int, window: float, journeys: list[tuple[float, float, float, bool]]
) -> None:
    simulation = Simulation(requests, window)
    simulation.run(journeys)
    assert simulation.most_in_a_window() <= requests
    assert len(simulation.arrivals) == sum(not lost for *_times, lost in journeys)


def test_one_slow_request_does_not_hold_the_window_of_the_others() -> None:
    limiter = WindowLimiter(RateLimit(2, 1))
    slow, quick = limiter.take(0), limiter.take(0)
    assert isinstance(slow, Slot)
    assert isinstance(quick, Slot)
    limiter.done(quick, 0.1)
    assert limiter.take(0.5) == pytest.approx(0.6)
    assert isinstance(limiter.take(1.2), Slot)


def test_a_slot_is_freed_once_however_often_it_is_told() -> None:
    limiter = WindowLimiter(RateLimit(1, 10))
    slot = limiter.take(0)
    assert isinstance(slot, Slot)
    limiter.done(slot, 1)
    limiter.done(slot, 2)
    limiter.give_back(slot)
    assert limiter.take(10.9) == pytest.approx(0.1)
    assert isinstance(limiter.take(11), Slot)
    assert limiter.take(11) == 10


async def test_a_call_whose_slot_lies_beyond_the_deadline_is_refused_at_once() -> None:
    clock = Clock()
    run = runner([OK] * 3, clock=clock, limit=RateLimit(2, 60))
    await run.send(get())
    await run.send(get())
    with pytest.raises(RateLimitedError) as caught:
        await run.send(get())
    assert caught.value.retry_after == 60
    assert caught.value.outcome is Outcome.NOT_SENT
    assert (caught.value.provider, caught.value.operation) == ("acme", "get_pad")
    assert clock.slept == []


async def test_a_call_waits_for_a_slot_within_its_deadline() -> None:
    clock = Clock()
    run = runner([OK] * 2, clock=clock, limit=RateLimit(1, 20))
    await run.send(get())
    await run.send(get())
    assert clock.slept == [20]
    assert isinstance(run.transport, Scripted)
    assert [sent.timeout for sent in run.transport.sent] == [30, 10]


async def test_a_patient_call_waits_as_long_as_it_takes_and_then_has_its_whole_time() -> None:
    clock = Clock()
    run = runner([OK, answer(status=503), OK], clock=clock, limit=RateLimit(1, 3600))
    await run.send(get())
    with patience(None):
        await run.send(get())
    assert clock.slept == [3600, 0.5, 3599.5]
    assert isinstance(run.transport, Scripted)
    assert [sent.timeout for sent in run.transport.sent] == [30, 30, 30]


async def test_patience_ends() -> None:
    run = runner([OK] * 2, limit=RateLimit(1, 3600))
    await run.send(get())
    with patience(3599), pytest.raises(RateLimitedError):
        await run.send(get())


async def test_a_429_pauses_everyone_with_the_same_credentials() -> None:
    clock = Clock()
    limiter = WindowLimiter()
    first = runner([answer(status=429, headers={"retry-after": "40"})], clock=clock, limiter=limiter)
    other = runner([OK], clock=clock, limiter=limiter)
    for run in (first, other):
        with pytest.raises(RateLimitedError) as caught:
            await run.send(get())
        assert caught.value.retry_after == 40
    assert isinstance(other.transport, Scripted)
    assert other.transport.sent == []
    clock.now += 40
    assert await other.send(get()) == {"status": "OK"}


async def test_a_request_that_never_left_gives_its_slot_back() -> None:
    refused = TransportError("no connection", outcome=Outcome.NOT_SENT)
    run = runner([refused, refused, OK], limit=RateLimit(1, 3600))
    assert await run.send(get()) == {"status": "OK"}


class Stuck:
    """A transport that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def send(self, *_args: object, **_kwargs: object) -> Response:
        self.asked.set()
        return await asyncio.Future()


async def test_a_cancelled_request_counts_and_leaks_no_slot() -> None:
    clock, stuck = Clock(), Stuck()
    limiter = WindowLimiter(RateLimit(1, 20))
    call = asyncio.ensure_future(runner(stuck, clock=clock, limiter=limiter).send(get()))
    await stuck.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert limiter.take(clock.now) == 20
    assert isinstance(limiter.take(clock.now + 20), Slot)


async def test_a_cancelled_waiter_takes_no_slot() -> None:
    clock = Clock()
    limiter = WindowLimiter(RateLimit(1, 20))
    held = limiter.take(clock.now)
    assert isinstance(held, Slot)
    run = runner([OK], clock=clock, limiter=limiter)
    waiting = asyncio.ensure_future(run.send(get()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    limiter.give_back(held)
    assert isinstance(limiter.take(clock.now), Slot)


def _connection(
    respond: Callable[[Sent], Response],
    *,
    key: str = "k",
    limit: RateLimit | None = None,
    published: RateLimit | None = None,
) -> Connection:
    clock = Clock()
    host = Host(base_url=BASE, credential=StaticCredential(key, header="Bearer {}"), limit=published)
    settings_: Any = {"transport": Scripted(respond=respond), "clock": clock, "sleep": clock.sleep}
    if limit is not None:
        settings_["limit"] = limit
    return Connection.open("acme", {"api": host}, refusal, settings_)


def _ok(_sent: Sent) -> Response:
    return OK


async def test_providers_with_the_same_credentials_share_one_limit() -> None:
    one, same = (_connection(_ok, key="shared", published=RateLimit(3, 3600)) for _ in range(2))
    other = _connection(_ok, key="another", published=RateLimit(3, 3600))
    for connection in (one, same, one):
        await connection.send(get())
    with pytest.raises(RateLimitedError):
        await same.send(get())
    assert await other.send(get()) == {"status": "OK"}


async def test_the_callers_limit_goes_before_the_published_one() -> None:
    connection = _connection(_ok, key="own", limit=RateLimit(1, 3600), published=RateLimit(500, 3600))
    await connection.send(get())
    with pytest.raises(RateLimitedError):
        await connection.send(get())


def test_the_strictest_limit_that_was_asked_for_rules() -> None:
    limiter = shared_limiter("acme:strict", RateLimit(10, 60))
    assert shared_limiter("acme:strict", RateLimit(500, 60)) is limiter
    assert limiter.limit == RateLimit(10, 60)
    shared_limiter("acme:strict", RateLimit(5, 60))
    shared_limiter("acme:strict", None)
    assert limiter.limit == RateLimit(5, 60)


def test_a_limiter_that_nobody_uses_is_forgotten() -> None:
    shared_limiter("acme:gone", RateLimit(1, 60))
    gc.collect()
    assert shared_limiter("acme:gone", None).limit is None


_kept: list[WindowLimiter] = []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_test_here_shares_a_window_with_another(turn: str) -> None:
    limiter = shared_limiter("acme:kept", RateLimit(1, 60))
    assert not any(limiter is kept for kept in _kept), turn
    _kept.append(limiter)
