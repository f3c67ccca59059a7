"""The gate: never more than the limit in any sliding window, whatever comes and goes, over processes and restarts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewkit import RateLimit
from interviewkit.harvest.gate import NEVER, Budget, Gate
from interviewkit.http.limits import Limiter, Slot, WindowLimiter

from .scripted import NOON, Clock

LIMIT = RateLimit(5, 10.0)


class Lax(WindowLimiter):
    """Tells its limit and keeps it not: what holds is the gate's doing."""

    def take(self, now: float) -> Slot | float:
        return Slot()

    def done(self, slot: Slot, now: float) -> None:
        slot.in_flight = False


class Site:
    """A gate before a limiter, and what left through it."""

    def __init__(self, clock: Clock, limit: RateLimit | None = LIMIT, *, lax: bool = False, **options: Any) -> None:
        self.clock = clock
        self.inner = Lax(limit) if lax else WindowLimiter(limit)
        self.gate = Gate(clock=clock, **options)
        self.door: Limiter = self.gate.install("api", "fingerprint", self.inner)
        self.under_way: list[Slot] = []

    @property
    def monotonic(self) -> float:
        return self.clock.now.timestamp() + 1000.0  # another clock, as the providers' is

    def take(self) -> float | None:
        """Send a request; the seconds to wait, where none may be sent."""
        slot = self.door.take(self.monotonic)
        if not isinstance(slot, Slot):
            return slot
        self.under_way.append(slot)
        return None

    def answer(self) -> None:
        self.door.done(self.under_way.pop(0), self.monotonic)

    def send(self, number: int = 1) -> None:
        for _ in range(number):
            assert self.take() is None
            self.answer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Site:
    return Site(clock)


def test_the_window_is_full_until_its_first_answer_is_old(site: Site, clock: Clock) -> None:
    site.send(2)
    clock.advance(seconds=4)
    site.send(3)
    wait = site.take()
    assert wait == pytest.approx(6, abs=0.01)
    assert (site.gate.remaining, site.gate.admits(1)) == (0, False)
    assert site.gate.free_at(1) == clock.now + timedelta(seconds=wait)
    assert site.gate.free_at(3) - clock.now == pytest.approx(timedelta(seconds=10), abs=timedelta(seconds=0.01))
    clock.advance(seconds=wait)
    assert site.gate.remaining == 2


def test_a_request_counts_from_its_answer_on(site: Site, clock: Clock) -> None:
    assert site.take() is None
    clock.advance(seconds=60)
    assert site.gate.remaining == 4  # under way
    site.answer()
    clock.advance(seconds=9.9)
    assert site.gate.remaining == 4
    clock.advance(seconds=0.2)
    assert site.gate.remaining == 5


def test_a_request_that_never_left_counts_nowhere(site: Site) -> None:
    budget = site.gate.budget = Budget(3)
    site.take()
    site.door.give_back(site.under_way.pop())
    assert (site.gate.remaining, site.gate.requests, budget.left) == (5, 0, 3)
    assert [site.inner.take(site.monotonic) for _ in range(5)] != []


def test_a_slot_counts_once_however_often_it_is_given_back(site: Site) -> None:
    site.take()
    slot = site.under_way.pop()
    for _ in range(2):
        site.door.done(slot, site.monotonic)
        site.door.give_back(slot)
    assert (site.gate.remaining, site.gate.requests) == (4, 1)


def test_interactive_calls_share_the_limiter_behind_the_gate(site: Site) -> None:
    for _ in range(4):
        slot = site.inner.take(site.monotonic)
        assert isinstance(slot, Slot)
        site.inner.done(slot, site.monotonic)
    assert site.take() is None
    assert site.take() == pytest.approx(10, abs=0.01)


def test_a_reserve_is_left_to_others(clock: Clock) -> None:
    site = Site(clock, RateLimit(10, 10.0), reserve=0.25)
    site.send(7)
    assert site.take() is not None
    assert isinstance(site.inner.take(site.monotonic), Slot)


def test_work_that_begins_keeps_its_requests(site: Site) -> None:
    with site.gate.holding(3):
        assert site.gate.admits(2)
        assert not site.gate.admits(3)
        site.take()  # one of the three
        assert site.gate.admits(2)
    assert site.gate.admits(4)


def test_work_that_needs_more_than_the_limit_begins_with_a_fresh_window(site: Site, clock: Clock) -> None:
    assert site.gate.admits(99)
    site.send()
    assert not site.gate.admits(99)
    clock.advance(seconds=10.1)
    assert site.gate.admits(99)


def test_without_a_limit_everything_may_leave(clock: Clock) -> None:
    site = Site(clock, None)
    site.send(100)
    assert site.gate.admits(1000)
    assert (site.gate.remaining, site.gate.rate, site.gate.requests) == (None, None, 100)


def test_hosts_have_windows_of_their_own(site: Site) -> None:
    other = site.gate.install("pads", "another", WindowLimiter(RateLimit(2, 1.0)))
    site.send(5)
    assert isinstance(other.take(site.monotonic), Slot)
    assert (site.gate.scope, site.gate.rate, site.gate.remaining) == ("fingerprint", 0.5, 0)


def test_a_budget_is_never_exceeded_over_accounts(clock: Clock) -> None:
    budget = Budget(3)
    first, second = Site(clock, budget=budget), Site(clock, budget=budget)
    with first.gate.holding(2):
        assert second.gate.admits(1)
        assert not second.gate.admits(2)
    first.send(2)
    second.send(1)
    assert (first.take(), budget.exhausted) == (NEVER, True)


def test_a_pause_holds_for_as_long_as_it_was_told(site: Site, clock: Clock) -> None:
    site.send()
    site.door.pause(site.monotonic + 30)
    assert site.take() == pytest.approx(30)
    assert (site.gate.throttled, site.gate.admits(1), site.gate.free_at(1)) == (
        1, False, clock.now + timedelta(seconds=30),
    )  # fmt: skip
    clock.advance(seconds=30)
    assert site.take() is None


def test_pauses_of_unknown_length_grow_and_several_at_once_are_one(site: Site, clock: Clock) -> None:
    waits = []
    for _ in range(4):
        site.send()
        for _ in range(8):
            site.door.pause(site.monotonic + 0.001)
        waits.append(site.gate.free_at(0) - clock.now)
        clock.advance(seconds=20)
    assert waits == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    site.send()
    site.gate.calm()
    site.door.pause(site.monotonic)
    assert site.gate.free_at(0) - clock.now == timedelta(seconds=1)


# --- over processes ---


def row(site: Site) -> dict[str, Any]:
    state = site.gate.state()
    assert isinstance(json.loads(state["state"]), dict)
    return state


@pytest.mark.parametrize("skew", [0.0, 7200.0, -7200.0])
def test_another_process_takes_the_window_and_the_pause_over(clock: Clock, skew: float) -> None:
    """`skew`: how far the next machine's clock is ahead of the store's."""
    first = Site(clock)
    first.gate.restore({"state": "{}", "blocked_until": None}, now=clock.now, unknown=0)
    first.send(4)
    first.take()  # still under way: it counts from now on
    first.door.pause(first.monotonic + 5)
    written = row(first)
    assert written["blocked_until"] == clock.now + timedelta(seconds=5)
    clock.advance(seconds=2)
    second = Site(Clock(clock.now + timedelta(seconds=skew)))
    second.gate.restore(written, now=clock.now, unknown=0)
    assert second.gate.remaining == 0
    assert second.gate.free_at(0) - second.clock.now == pytest.approx(timedelta(seconds=3), abs=timedelta(seconds=0.01))
    second.clock.advance(seconds=8.1)
    assert second.gate.remaining == 5


def test_what_a_crashed_process_may_have_sent_counts_as_sent(clock: Clock, site: Site) -> None:
    site.gate.restore({"state": '{"api": []}', "blocked_until": None}, now=clock.now, unknown=3)
    assert site.gate.remaining == 2
    site.gate.restore(row(site), now=clock.now, unknown=16)
    assert site.gate.remaining == 0
    clock.advance(seconds=10.1)
    assert site.gate.remaining == 5


def test_times_ahead_of_the_clock_count_as_now(clock: Clock, site: Site) -> None:
    ahead = [clock.now.timestamp() + 3600] * 5
    site.gate.restore({"state": json.dumps({"api": ahead}), "blocked_until": None}, now=clock.now, unknown=0)
    assert site.gate.remaining == 0
    clock.advance(seconds=10.1)
    assert site.gate.remaining == 5


def test_a_limit_that_became_smaller_keeps_the_latest_times(clock: Clock) -> None:
    site = Site(clock, RateLimit(2, 10.0))
    times = [clock.now.timestamp() - ago for ago in (9, 8, 7, 1)]
    site.gate.restore({"state": json.dumps({"api": times}), "blocked_until": None}, now=clock.now, unknown=0)
    clock.advance(seconds=5)
    assert site.gate.remaining == 1


def test_a_host_without_a_limit_writes_no_times(clock: Clock) -> None:
    site = Site(clock, None)
    site.send(3)
    assert site.gate.state() == {"state": "{}", "blocked_until": None}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 6)),
        st.tuples(st.just("done"), st.integers(1, 6)),
        st.just(("back", 1)),
        st.just(("wait as told", 1)),
        st.tuples(st.just("wait"), st.floats(0.0, 12.0) | st.sampled_from([9.9, 9.99, 9.999, 10.0])),
        st.tuples(st.just("restart"), st.floats(-3600.0, 3600.0)),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_no_sliding_window_ever_holds_more_than_the_limit(steps: list[tuple[str, float]]) -> None:
    """The vendor counts a request when it arrives, at any time between its sending and its answer."""
    store = Clock()
    site = Site(Clock(store.now), lax=True)
    sent: list[list[datetime | None]] = []
    open_: list[list[datetime | None]] = []
    for step, number in steps:
        if step == "take":
            for _ in range(int(number)):
                if site.take() is None:
                    open_.append([store.now, None])
                    sent.append(open_[-1])
        elif step == "done":
            for one in open_[: int(number)]:
                site.answer()
                one[1] = store.now
            del open_[: int(number)]
        elif step == "back" and open_:
            site.door.give_back(site.under_way.pop(0))
            sent.remove(open_.pop(0))
        elif step.startswith("wait"):
            seconds = number if step == "wait" else (site.gate.free_at(1) - site.clock.now).total_seconds()
            store.advance(seconds=seconds)
            site.clock.advance(seconds=seconds)
        elif step == "restart":  # what is under way counts as answered now
            written = site.gate.state()
            for one in open_:
                one[1] = store.now
            open_.clear()
            site = Site(Clock(store.now + timedelta(seconds=number)), lax=True)
            site.gate.restore(written, now=store.now, unknown=0)
    window = timedelta(seconds=LIMIT.per_seconds)
    for arrivals in (
        sorted(began for began, _ in sent if began is not None),
        sorted(answered or store.now for _, answered in sent),
    ):
        for first, later in zip(arrivals, arrivals[LIMIT.requests :], strict=False):
            assert later - first >= window


def test_moments_are_aware() -> None:
    gate = Gate(clock=lambda: NOON)
    assert gate.free_at(1) == NOON
    assert gate.free_at(1).tzinfo is UTC


@pytest.mark.parametrize(("first_late", "second_late"), [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)])
def test_where_the_store_is_slow_to_tell_the_time_no_slot_is_given_too_early(
    clock: Clock, first_late: float, second_late: float
) -> None:
    def meet(site: Site, row: dict[str, Any], late: float) -> None:
        asked, told = site.gate.now(), clock.now
        clock.advance(seconds=late)
        site.gate.restore(row, now=told, unknown=0, asked=asked)

    first, second = Site(clock), Site(clock)
    meet(first, {"state": "{}", "blocked_until": None}, first_late)
    first.send(LIMIT.requests)
    free = clock.now + timedelta(seconds=LIMIT.per_seconds)
    meet(second, first.gate.state(), second_late)
    clock.now = free - timedelta(seconds=0.01)
    assert second.take() is not None
