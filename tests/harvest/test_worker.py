"""Slices as jobs on PostgreSQL, with a stand-in for what a slice does."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from interviewkit import ConfigurationError, Hub
from interviewkit.harvest.jobs import SLICE, TICK, Pace, SliceWorker, queue_of
from interviewkit.harvest.leases import LeaseLostError
from interviewkit.harvest.schema import account as accounts
from interviewkit.harvest.slices import Next, Slice
from interviewkit.harvest.store import Store
from interviewkit.harvest.worker import work
from interviewkit.testing import FakeProvider

from .postgres import PostgresServer

QUICK = Pace(tick="* * * * * *", poll=0.05, heartbeat=0.2, stalled=20.0, patience=0.5)
ONCE = attrs.evolve(QUICK, tick="0 0 1 1 *")
"""Looks for accounts that are due at the start only."""
Ran = Callable[[], bool]


def end(state: str, until: datetime | None = None) -> Slice:
    return Slice(state=Next(state), until=until)


@attrs.define
class Slices:
    """What the slices of each account end with, one after the other; then they are done, and due in an hour."""

    store: Store
    script: dict[str, list[Slice | Exception]] = attrs.field(factory=dict)
    ran: list[str] = attrs.field(factory=list)

    async def __call__(self, label: str) -> Slice:
        self.ran.append(label)
        if planned := self.script.get(label):
            following = planned.pop(0)
            if isinstance(following, Exception):
                raise following
            return following
        row = _row(label, next_due=_in(3600), lease_until=None)
        async with self.store.writing() as connection:
            await connection.execute(
                insert(accounts).values(row).on_conflict_do_update(index_elements=["account"], set_=row)
            )
        return end("done")


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _row(label: str, **columns: Any) -> dict[str, Any]:
    return {"account": label, "provider": "fake", "scope": label, "fence": 0, **columns}


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    async with await Store.open(postgres_url) as opened:
        yield opened


@pytest.fixture
def slices(store: Store) -> Slices:
    return Slices(store)


@pytest.fixture
async def unheard() -> list[str]:
    """What asyncio says of errors that nobody heard of."""
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context["message"]))
    return told


@contextlib.asynccontextmanager
async def running(*workers: SliceWorker) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.timeout(90), asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run(stop))
        try:
            yield stop
        finally:
            stop.set()


@contextlib.asynccontextmanager
async def opened(*workers: SliceWorker) -> AsyncIterator[asyncio.TaskGroup]:
    """Workers that do nothing but what they are told to."""
    async with contextlib.AsyncExitStack() as stack:
        for worker in workers:
            await worker._make_tables()
            await stack.enter_async_context(worker._app.open_async())
        await stack.enter_async_context(asyncio.timeout(60))
        yield await stack.enter_async_context(asyncio.TaskGroup())


@attrs.frozen
class Stop:
    """Stops a worker's ticks between what they read and what they write, until they are to go on."""

    reached: asyncio.Event = attrs.field(factory=asyncio.Event)
    go_on: asyncio.Event = attrs.field(factory=asyncio.Event)

    @classmethod
    def at(cls, worker: SliceWorker, monkeypatch: pytest.MonkeyPatch) -> Stop:
        stop, read = cls(), worker._due

        async def stopped(*args: Any) -> list[str]:
            found = await read(*args)
            stop.reached.set()
            await stop.go_on.wait()
            return found

        monkeypatch.setattr(worker, "_due", stopped)
        return stop


async def until(true: Ran, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # of another process too
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def jobs(url: str) -> list[tuple[Any, ...]]:
    with connected(url) as connection:
        return connection.execute(
            "SELECT args, status FROM procrastinate_jobs WHERE task_name = %s", (SLICE,)
        ).fetchall()


def waits_for_a_lock(url: str) -> bool:
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with connected(url) as connection:
        return connection.execute(waiting).fetchone() is not None


def left(url: str) -> list[tuple[Any, ...]]:
    """The jobs that were begun and not ended."""
    return [job for job in jobs(url) if job[1] != "todo"]


async def test_every_account_goes_on_until_it_is_done(store: Store, slices: Slices, postgres_url: str) -> None:
    slices.script = {"a": [end("more"), end("more")], "b": [end("wait", _in(0.3))]}
    async with running(SliceWorker(store, ["a", "b", "c"], slices, pace=QUICK)):
        await until(lambda: not Counter("aaabbc") - Counter(slices.ran))
        await asyncio.sleep(0.05)
    assert Counter(slices.ran) == Counter("aaabbc")
    assert left(postgres_url) == []


async def test_an_account_that_waits_is_left_alone_until_then(store: Store) -> None:
    pause, begun = timedelta(seconds=1.2), []  # longer than from tick to tick

    async def waits(label: str) -> Slice:
        begun.append(datetime.now(UTC))
        return end("wait", begun[0] + pause if len(begun) == 1 else _in(3600))

    async with running(SliceWorker(store, ["a"], waits, pace=QUICK)):
        await until(lambda: len(begun) == 2)
    assert begun[1] - begun[0] >= pause


async def test_an_account_that_is_done_comes_again_when_it_is_due(store: Store, slices: Slices) -> None:
    async with running(SliceWorker(store, ["a"], slices, pace=QUICK)):
        await until(lambda: slices.ran == ["a"])
        await asyncio.sleep(0.05)
        async with store.writing() as connection:
            await connection.execute(update(accounts).values(next_due=_in(-1)))
        await until(lambda: slices.ran == ["a", "a"])


async def test_parked_held_and_later_accounts_get_no_job(store: Store, slices: Slices) -> None:
    async with store.writing() as connection:
        for row in (
            _row("parked", parked="401"), _row("held", holder="other", lease_until=_in(60)),
            _row("later", next_due=_in(60)), _row("lapsed", holder="dead", lease_until=_in(-1)), _row("due"),
        ):  # fmt: skip
            await connection.execute(insert(accounts).values(row))
    labels = ["parked", "held", "later", "lapsed", "due", "new"]
    async with running(SliceWorker(store, labels, slices, pace=QUICK)):
        await until(lambda: len({*slices.ran}) >= 3)
        await asyncio.sleep(0.05)
    assert {*slices.ran} == {"due", "lapsed", "new"}


async def test_a_slice_that_raises_is_tried_again_and_stops_nobody(
    store: Store, slices: Slices, caplog: pytest.LogCaptureFixture
) -> None:
    slices.script = {"bad": [RuntimeError("candidate@example.com")]}
    async with running(SliceWorker(store, ["bad", "good"], slices, pace=QUICK)):
        await until(lambda: slices.ran.count("bad") >= 2 and "good" in slices.ran)
    assert "candidate@example.com" not in caplog.text
    assert "account bad failed, again in 1 s: RuntimeError" in caplog.text


async def test_an_account_whose_key_is_refused_is_left_alone(store: Store, slices: Slices, postgres_url: str) -> None:
    async def refused(label: str) -> Slice:
        slices.ran.append(label)
        async with store.writing() as connection:
            await connection.execute(insert(accounts).values(_row(label, parked="401")).on_conflict_do_nothing())
        return end("parked")

    async with running(SliceWorker(store, ["a"], refused, pace=QUICK)):
        await until(lambda: bool(slices.ran))
        await asyncio.sleep(0.05)
    assert slices.ran == ["a"]
    assert left(postgres_url) == []


async def test_an_account_in_other_hands_is_not_asked_for_without_a_pause(postgres_url: str, slices: Slices) -> None:
    async def busy(label: str) -> Slice:
        slices.ran.append(label)
        if len(slices.ran) == 1:
            raise LeaseLostError("another process goes on with it")
        return end("busy", _in(-1)) if len(slices.ran) == 2 else end("done")

    async with await Store.open(postgres_url, lease_seconds=3) as store:
        began = asyncio.get_running_loop().time()
        async with running(SliceWorker(store, ["a"], busy, pace=QUICK)):
            await until(lambda: len(slices.ran) >= 3)
        assert asyncio.get_running_loop().time() - began > 0.55


async def test_workers_that_start_at_once_make_the_tables_once_and_double_no_job(store: Store, slices: Slices) -> None:
    labels = [f"account-{number}" for number in range(80)]
    async with running(*(SliceWorker(store, labels, slices, pace=QUICK) for _ in range(3))):
        await until(lambda: {*slices.ran} == {*labels})
        await asyncio.sleep(0.05)
    assert sorted(slices.ran) == sorted(labels)


async def test_a_worker_leaves_alone_what_it_has_no_credentials_for(
    store: Store, slices: Slices, postgres_url: str
) -> None:
    async with store.writing() as connection:
        await connection.execute(insert(accounts).values(_row("theirs")))
    async with running(SliceWorker(store, ["ours"], slices, pace=QUICK)):
        await until(lambda: "ours" in slices.ran)
        await asyncio.sleep(0.05)
    assert slices.ran == ["ours"]
    assert jobs(postgres_url) == [({"account": "theirs"}, "todo")]
    async with running(SliceWorker(store, ["theirs"], slices, pace=QUICK)):
        await until(lambda: slices.ran == ["ours", "theirs"])


async def test_a_slice_that_ends_during_a_tick_is_not_queued_again(
    store: Store, slices: Slices, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(label: str) -> Slice:
        begun.set()
        await go_on.wait()
        return await slices(label)

    other = SliceWorker(store, ["a"], slices, pace=ONCE)
    stop = Stop.at(other, monkeypatch)
    async with opened(other) as group:
        async with running(SliceWorker(store, ["a"], slow, pace=ONCE)):
            await begun.wait()
            group.create_task(other.tick())
            await stop.reached.wait()
            go_on.set()
            await until(lambda: not jobs(postgres_url))
        stop.go_on.set()
    assert jobs(postgres_url) == []


async def test_ticks_at_the_same_time_decide_one_after_the_other(
    store: Store, slices: Slices, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (SliceWorker(store, ["a"], slices, pace=ONCE) for _ in range(2))
    stop = Stop.at(one, monkeypatch)
    async with opened(one, other) as group:
        group.create_task(one.tick())
        await stop.reached.wait()
        second = group.create_task(other.tick())
        await until(lambda: second.done() or waits_for_a_lock(postgres_url))
        assert jobs(postgres_url) == []
        stop.go_on.set()
    assert jobs(postgres_url) == [({"account": "a"}, "todo")]


async def test_a_job_whose_end_could_not_be_written_keeps_nobody_from_its_account(
    store: Store, slices: Slices, monkeypatch: pytest.MonkeyPatch, unheard: list[str]
) -> None:
    finish = JobManager.finish_job
    failed: list[int | None] = []

    async def fails_once(manager: JobManager, job: Job, **options: Any) -> None:
        if job.task_name == SLICE and not failed:
            failed.append(job.id)
            raise ConnectorException
        await finish(manager, job, **options)

    monkeypatch.setattr(JobManager, "finish_job", fails_once)
    slices.script = {"a": [end("parked")]}  # without a successor, and due again at once
    async with running(SliceWorker(store, ["a"], slices, pace=QUICK)):
        await until(lambda: len(slices.ran) == 2)
    assert failed
    gc.collect()
    assert unheard == []


@pytest.mark.parametrize("label", ["x" * 200, "Büro " + "ü" * 60, "a:b#c'\"%s"])
async def test_any_label_makes_a_queue(store: Store, slices: Slices, label: str) -> None:
    assert len(f"procrastinate_queue_v1#{queue_of(label)}".encode()) < 64
    async with running(SliceWorker(store, [label], slices, pace=QUICK)):
        await until(lambda: slices.ran == [label])


async def test_what_dead_workers_left_behind_is_cleared_and_done_by_others(
    store: Store, slices: Slices, postgres_url: str
) -> None:
    worker = SliceWorker(store, ["a", "b"], slices, pace=QUICK)
    await worker._make_tables()
    with connected(postgres_url) as connection:
        late = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '30 s') RETURNING id"
        (dead,) = connection.execute(late).fetchone() or (None,)
        for row in (
            # died between deferring the successor and finishing; in a tick; and one whose number is gone already
            (queue_of("a"), SLICE, f"{SLICE}:a", '{"account": "a"}', "doing", dead),
            (queue_of("a"), SLICE, f"{SLICE}:a", '{"account": "a"}', "todo", None),
            (TICK, TICK, TICK, '{"timestamp": 1}', "doing", dead),
            (queue_of("b"), SLICE, f"{SLICE}:b", '{"account": "b"}', "doing", None),
        ):
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, worker_id) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                row,
            )
    async with running(worker):
        await until(lambda: {*slices.ran} == {"a", "b"})
        await asyncio.sleep(0.05)
    assert sorted(slices.ran) == ["a", "b"]
    assert left(postgres_url) == []


@pytest.mark.parametrize("immediate", [False, True])
async def test_a_restart_of_the_database_is_got_over(
    store: Store, slices: Slices, postgres: PostgresServer, unheard: list[str], *, immediate: bool
) -> None:
    labels = ["a", "b", "c"]
    slices.script = {label: [end("more")] * 10_000 for label in labels}
    async with running(SliceWorker(store, labels, slices, pace=QUICK)):
        await until(lambda: len(slices.ran) > 20)
        await asyncio.to_thread(postgres.stop, immediate=immediate)
        before = len(slices.ran)
        await asyncio.sleep(0.05)
        await asyncio.to_thread(postgres.start)
        await until(lambda: all(slices.ran[before:].count(label) > 2 for label in labels))
    gc.collect()
    assert unheard == []


def _forget_workers(url: str) -> None:
    with connected(url) as connection:
        connection.execute("DELETE FROM procrastinate_workers")


async def test_a_worker_whose_number_was_taken_from_it_goes_on(store: Store, slices: Slices, postgres_url: str) -> None:
    slices.script = {"a": [end("more")] * 1000}
    async with running(SliceWorker(store, ["a"], slices, pace=QUICK)):
        await until(lambda: len(slices.ran) > 5)
        # As another worker does after a pause of this one; in a thread, since this loop's worker may hold the row.
        await asyncio.to_thread(_forget_workers, postgres_url)
        before = len(slices.ran)
        await until(lambda: len(slices.ran) > before + 5)


async def test_stop_finishes_the_slices_in_flight(store: Store, postgres_url: str) -> None:
    begun, told, finished = asyncio.Event(), asyncio.Event(), []

    async def slow(label: str) -> Slice:
        begun.set()
        await told.wait()
        finished.append(label)
        return end("more")

    async with running(SliceWorker(store, ["a"], slow, finish=told.set, pace=QUICK)) as stop:
        await begun.wait()
        stop.set()
    assert finished == ["a"]
    assert jobs(postgres_url) == [({"account": "a"}, "todo")]


async def test_a_cancelled_worker_finishes_the_slices_in_flight(store: Store, postgres_url: str) -> None:
    begun, told, finished = asyncio.Event(), asyncio.Event(), []

    async def slow(label: str) -> Slice:
        begun.set()
        await told.wait()
        finished.append(label)
        return end("more")

    worker = asyncio.create_task(SliceWorker(store, ["a"], slow, finish=told.set, pace=QUICK).run(asyncio.Event()))
    await begun.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(30):
            await worker
    assert finished == ["a"]
    assert jobs(postgres_url) == [({"account": "a"}, "todo")]


async def test_tables_of_another_procrastinate_are_refused(store: Store, slices: Slices, postgres_url: str) -> None:
    worker = SliceWorker(store, ["a"], slices, pace=QUICK)
    await worker._make_tables()
    with connected(postgres_url) as connection:
        connection.execute("DROP FUNCTION procrastinate_fetch_job_v2")
    with pytest.raises(ConfigurationError, match="another version of procrastinate"):
        await worker.run(asyncio.Event())


async def test_a_worker_that_cannot_begin_says_why(postgres: PostgresServer) -> None:
    hub = Hub([FakeProvider(account="acme")])
    with pytest.raises(ConfigurationError, match="share a store on PostgreSQL"):
        await work(hub, "sqlite:///interviewkit.db")
    with pytest.raises(ConfigurationError, match="needs an account"):
        await work(Hub([]), postgres.url("postgres"))
    with pytest.raises(ConfigurationError, match="concurrency"):
        await work(hub, postgres.url("postgres"), concurrency=0)
    with pytest.raises(ConfigurationError):
        await work(hub, postgres.url("no_such_database"))
