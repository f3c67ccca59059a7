"""Work on many things at once: bounded, lazily fed, each result as it is done, nothing left running behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from interviewkit.errors import InvalidArgumentError
from interviewkit.http.limits import check_patience
from interviewkit.http.limits import patience as be_patient

T = TypeVar("T")
U = TypeVar("U")


async def fan_out(
    work: Callable[[T], Awaitable[U]],
    items: Iterable[T] | AsyncIterable[T],
    *,
    concurrency: int,
    patience: float | None,
) -> AsyncGenerator[U, None]:
    """Run `work` on each item, at most `concurrency` at a time, and yield results in the order they are done.

    Items are taken only when a worker is free. An exception of `work` or of the items ends the run and is raised here;
    when the caller stops iterating, what is under way is cancelled and an async generator of items is closed.
    """
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise InvalidArgumentError("concurrency is a whole number from 1 on")
    check_patience(patience)
    # Those of a plain iterable are there at once: a task that waits for each would cost more than many a piece of work.
    there = iter(()) if isinstance(items, AsyncIterable) else iter(items)
    feed = _closing(items) if isinstance(items, AsyncIterable) else None
    running: set[asyncio.Task[U]] = set()
    coming: asyncio.Task[T] | None = None
    try:
        while True:
            with be_patient(patience):
                for item in islice(there, concurrency - len(running)):
                    running.add(asyncio.ensure_future(_start(work, item)))
            if feed is not None and coming is None and len(running) < concurrency:
                coming = asyncio.ensure_future(_next(feed))
            waiting: set[asyncio.Task[Any]] = {*running, *([coming] if coming else ())}
            if not waiting:
                return
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if coming is not None and coming.done():
                if isinstance(coming.exception(), _End):
                    feed = None
                else:
                    there = iter((coming.result(),))
                coming = None
            for task in [task for task in running if task.done()]:
                running.discard(task)
                yield task.result()
    finally:
        left = [*running, *([coming] if coming else ())]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if feed is not None:
            await feed.aclose()


async def together(jobs: Sequence[Callable[[], Awaitable[U]]], *, concurrency: int) -> list[U]:
    """Run the jobs, at most `concurrency` at a time, and return their results in the order of the jobs.

    The first exception of a job ends the run and is raised here; what else is under way is cancelled.
    """
    queue = iter(enumerate(jobs))
    found: dict[int, U] = {}

    async def work() -> None:
        for number, job in queue:
            found[number] = await job()

    before = _cancellations()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in jobs[1:concurrency]:
                group.create_task(work())
            await work()  # this task is one of the workers: a task costs more than many a job
    except BaseExceptionGroup as failed:
        if _cancellations() > before:  # which a job that fails at the same moment does not hide
            raise asyncio.CancelledError from None
        raise failed.exceptions[0] from None
    if len(found) < len(jobs):  # a job was cancelled from within, which a group does not tell of
        raise asyncio.CancelledError
    return [found[number] for number in range(len(jobs))]


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


class _End(Exception):  # noqa: N818
    """The items are at an end (`StopAsyncIteration` cannot leave a task)."""


async def _next(feed: AsyncIterator[T]) -> T:
    try:
        return await anext(feed)
    except StopAsyncIteration:
        raise _End from None


async def _start(work: Callable[[T], Awaitable[U]], item: T) -> U:
    return await work(item)


async def _closing(items: AsyncIterable[T]) -> AsyncGenerator[T, None]:
    try:
        async for item in items:
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
