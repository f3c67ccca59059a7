"""Many things at once: bounded, lazy, in the order in which they are done, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from interviewkit.errors import InvalidArgumentError
from interviewkit.fanout import fan_out, together
from interviewkit.http.limits import PATIENCE


class Work:
    """Counts what is under way; each item takes so many turns of the loop as its number says."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.started: list[int] = []
        self.cancelled: list[int] = []

    async def __call__(self, item: int) -> int:
        self.started.append(item)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            for _ in range(item):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.append(item)
            raise
        finally:
            self.running -= 1
        return item


def run(work: Work, items: object, concurrency: int = 3) -> AsyncIterator[int]:
    return fan_out(work, items, concurrency=concurrency, patience=None)  # type: ignore[arg-type]


async def test_every_item_is_worked_on_once_and_no_more_than_so_many_at_a_time() -> None:
    work = Work()
    found = [result async for result in run(work, [50, 10, 40, 20, 30] * 10, 3)]
    assert sorted(found) == sorted([50, 10, 40, 20, 30] * 10)
    assert len(work.started) == 50
    assert work.most == 3


async def test_results_come_in_the_order_in_which_they_are_done() -> None:
    assert [result async for result in run(Work(), [40, 1, 20])] == [1, 20, 40]


@pytest.mark.parametrize("items", [[], iter(())])
async def test_nothing_gives_nothing(items: object) -> None:
    assert [result async for result in run(Work(), items)] == []


async def test_items_are_taken_only_when_a_worker_is_free() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield 50

    results = run(Work(), items(), 4)
    await anext(results)
    assert len(taken) <= 2 * 4 + 1
    await results.aclose()  # type: ignore[attr-defined]


async def test_a_slow_source_does_not_hold_results_back() -> None:
    gate = asyncio.Event()

    async def items() -> AsyncIterator[int]:
        yield 1
        await gate.wait()
        yield 2

    results = run(Work(), items())
    assert await asyncio.wait_for(anext(results), 1) == 1
    gate.set()
    assert await asyncio.wait_for(anext(results), 1) == 2
    with pytest.raises(StopAsyncIteration):
        await anext(results)


def _others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_leaving_early_cancels_what_is_under_way_and_closes_the_source() -> None:
    work, closed = Work(), []

    async def items() -> AsyncIterator[int]:
        try:
            for number in (50, 10_000, 10_000, 10_000):
                yield number
        finally:
            closed.append(True)

    results = run(work, items(), 3)
    await anext(results)
    await results.aclose()  # type: ignore[attr-defined]
    assert work.running == 0
    assert work.cancelled
    assert closed == [True]
    assert _others() == set()


async def test_cancelling_the_caller_leaves_no_task() -> None:
    work = Work()

    async def caller() -> None:
        async for _result in run(work, [10_000] * 5, 3):
            pass

    task = asyncio.ensure_future(caller())
    while len(work.started) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.cancelled == [10_000] * 3
    assert _others() == set()


async def test_an_exception_of_the_work_ends_the_run() -> None:
    async def fail(item: int) -> int:
        if item == 2:
            raise LookupError(item)
        await asyncio.sleep(item)
        return item

    with pytest.raises(LookupError):
        [result async for result in fan_out(fail, [60, 2, 60], concurrency=3, patience=None)]
    assert _others() == set()


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_exception_of_the_source_is_raised(asynchronous: bool) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError

    async def later() -> AsyncIterator[int]:
        for item in items():
            yield item

    with pytest.raises(LookupError):
        [result async for result in run(Work(), later() if asynchronous else items())]
    assert _others() == set()


@pytest.mark.parametrize("wrong", [0, -1])
async def test_concurrency_is_at_least_one(wrong: int) -> None:
    with pytest.raises(InvalidArgumentError):
        [result async for result in run(Work(), [1], wrong)]


@pytest.mark.parametrize(("patience", "seconds"), [(None, float("inf")), (7.0, 7.0)])
async def test_the_work_is_patient_and_the_caller_is_not(patience: float | None, seconds: float) -> None:
    async def work(_item: int) -> float:
        return PATIENCE.get()

    async for found in fan_out(work, [1, 2], concurrency=2, patience=patience):
        assert found == seconds
        assert PATIENCE.get() == 0


@pytest.mark.parametrize("given", [{"concurrency": "3"}, {"concurrency": True}, {"patience": -1}, {"patience": "1"}])
async def test_numbers_that_are_none_are_refused_before_anything_is_taken(given: dict[str, Any]) -> None:
    items = iter([1])
    with pytest.raises(InvalidArgumentError):
        await anext(fan_out(Work(), items, **{"concurrency": 3, "patience": None, **given}))
    assert next(items) == 1


# --- a few jobs, whose results belong together -----------------------------------------------------------------------


def jobs(work: Work, *turns: int) -> list[partial[Any]]:
    return [partial(work, number) for number in turns]


async def test_jobs_give_their_results_in_their_own_order_and_no_more_than_so_many_run_at_a_time() -> None:
    work = Work()
    assert await together(jobs(work, 50, 10, 40, 20, 30, 5), concurrency=3) == [50, 10, 40, 20, 30, 5]
    assert work.most == 3
    assert _others() == set()


async def test_no_jobs_give_nothing() -> None:
    assert await together([], concurrency=3) == []


async def test_one_job_takes_no_task() -> None:
    async def whose() -> object:
        return asyncio.current_task()

    assert await together([whose], concurrency=3) == [asyncio.current_task()]


async def _fail(turns: int = 3) -> int:
    for _ in range(turns):
        await asyncio.sleep(0)
    raise LookupError


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_job_that_fails_ends_the_others_and_is_raised_as_itself(place: int) -> None:
    work = Work()
    some: list[Any] = jobs(work, 10_000, 10_000, 10_000, 10_000)
    some.insert(place, _fail)
    with pytest.raises(LookupError):
        await together(some, concurrency=3)
    assert work.cancelled == [10_000] * 2
    assert len(work.started) == 2
    assert _others() == set()


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancelled_caller_ends_all_jobs_even_when_one_fails_at_that_moment(fails: bool) -> None:
    work, gate = Work(), asyncio.Event()

    async def fail() -> int:
        await gate.wait()
        raise LookupError

    some: list[Any] = [*jobs(work, 10_000, 10_000), fail]
    task = asyncio.ensure_future(together(some, concurrency=3))
    while len(work.started) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    if fails:
        gate.set()
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.cancelled == [10_000] * 2
    assert _others() == set()


@pytest.mark.parametrize("place", [0, 1])
async def test_a_job_that_is_cancelled_from_within_is_not_taken_for_done(place: int) -> None:
    async def cancelled() -> int:
        raise asyncio.CancelledError

    some: list[Any] = jobs(Work(), 3)
    some.insert(place, cancelled)
    with pytest.raises(asyncio.CancelledError):
        await together(some, concurrency=3)
