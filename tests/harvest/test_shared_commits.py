"""Writers who share a commit on SQLite: each gets what it would get alone, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from interviewkit.errors import StoreError
from interviewkit.harvest import Store

from .writers import BACK_TO_THE_BEGINNING, Disk, connect, ended, fail, kept, put, settle, start, waiting, write


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(sqlite3, "connect", made.connect)
    return made


@pytest.fixture
async def store(disk: Disk, tmp_path: Path) -> AsyncIterator[Store]:
    async with asyncio.timeout(20), await Store.open(tmp_path / "store.db") as opened:
        disk.commits = 0
        yield opened


@pytest.fixture
def other(store: Store) -> Iterator[sqlite3.Connection]:
    """Another program's connection, which waits for nobody."""
    with contextlib.closing(connect(str(store.engine.url.database), timeout=0, isolation_level=None)) as opened:
        yield opened


async def test_writers_at_once_share_commits_and_return_when_their_rows_are_on_disk(
    store: Store, disk: Disk, other: sqlite3.Connection
) -> None:
    async def one(name: str) -> bool:
        await write(store, name)
        return name in kept(other)

    names = [f"n{number:02}" for number in range(40)]
    assert all(await asyncio.gather(*map(one, names)))
    assert kept(other) == names
    assert disk.commits < 40 / 4


async def test_nobody_waits_for_more_than_a_few_others(store: Store, disk: Disk) -> None:
    await asyncio.gather(*(write(store, f"n{number}") for number in range(1 + 16 + 16 + 7)))
    assert disk.commits == 4


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    ("bad", "error"),
    [(("own",), "LookupError"), (("own", None), "StoreError")],
    ids=["the caller's error", "a constraint"],
)
async def test_who_fails_loses_only_what_is_its_own(
    store: Store, disk: Disk, other: sqlite3.Connection, place: int, bad: tuple[str | None, ...], error: str
) -> None:
    writers = [lambda: start(store, "a"), lambda: start(store, "b")]
    writers.insert(place, lambda: start(store, *bad, then=fail))
    outcomes = await ended(*await waiting(store, disk, *writers))
    assert outcomes.pop(place) == error
    assert outcomes == ["", ""]
    assert kept(other) == ["a", "b", "first"]
    assert disk.commits == 2


@pytest.mark.parametrize("place", range(3))
async def test_who_is_cancelled_at_work_loses_only_what_is_its_own(
    store: Store, disk: Disk, other: sqlite3.Connection, place: int
) -> None:
    writers = [lambda: start(store, "a"), lambda: start(store, "b")]
    writers.insert(place, lambda: start(store, "own", then=asyncio.Event().wait))
    asked = await waiting(store, disk, *writers)
    await settle()
    asked[place].cancel()
    outcomes = await ended(*asked)
    assert outcomes.pop(place) == "CancelledError"
    assert outcomes == ["", ""]
    assert kept(other) == ["a", "b", "first"]


@pytest.mark.parametrize("cancelled", [(0,), (1,), (2,), (0, 1), (1, 2), (2, 1), (0, 1, 2)])
async def test_who_is_cancelled_before_its_turn_has_written_nothing(
    store: Store, disk: Disk, other: sqlite3.Connection, cancelled: tuple[int, ...]
) -> None:
    with disk.busy():
        first = start(store, "first")
        await settle()
        asked = [start(store, name) for name in "abc"]
        await settle()
        for one in cancelled:
            asked[one].cancel()
    outcomes = await ended(first, *asked)
    left = [name for place, name in enumerate("abc") if place not in cancelled]
    assert outcomes == ["", *("CancelledError" if one in cancelled else "" for one in range(3))]
    assert kept(other) == [*left, "first"]
    other.execute("BEGIN IMMEDIATE")


async def test_who_is_cancelled_behind_one_at_work_is_gone_at_once(store: Store, other: sqlite3.Connection) -> None:
    go = asyncio.Event()
    first = start(store, "first", then=go.wait)
    await settle()
    behind = start(store, "behind")
    await settle()
    behind.cancel()
    assert await ended(behind) == ["CancelledError"]
    go.set()
    assert await ended(first) == [""]
    assert kept(other) == ["first"]


@pytest.mark.parametrize("cancelled", ["b", "bc", "cb", "c"])
async def test_those_to_whom_the_commit_was_left_may_be_cancelled(
    store: Store, other: sqlite3.Connection, cancelled: str
) -> None:
    go = asyncio.Event()
    asked = {"a": start(store, "a", then=go.wait)}
    await settle()
    asked |= {name: start(store, name) for name in "bc"}
    await settle()
    go.set()  # in the next round "a" ends its part, and these are cancelled before they know that it is their turn
    for name in cancelled:
        asyncio.get_running_loop().call_soon(asked[name].cancel)
    outcomes = await ended(*asked.values())
    assert outcomes == ["CancelledError" if name in cancelled else "" for name in "abc"]
    assert kept(other) == [name for name in "abc" if name not in cancelled]
    other.execute("BEGIN IMMEDIATE")


async def test_who_is_cancelled_while_the_disk_works_stays_until_it_is_done(
    store: Store, disk: Disk, other: sqlite3.Connection
) -> None:
    go = asyncio.Event()
    asked = [start(store, "a", then=go.wait)]
    await settle()
    asked.append(start(store, "b"))
    with disk.busy():
        go.set()
        await settle()
        asked[0].cancel()
        await settle()
        assert not asked[0].done()
    assert await ended(*asked) == ["CancelledError", ""]
    assert kept(other) == ["a", "b"]


@pytest.mark.parametrize("goes_back", [True, False], ids=["it goes back", "it cannot even go back"])
async def test_a_commit_that_fails_is_told_to_all_who_share_it_and_the_next_one_works(
    store: Store, disk: Disk, other: sqlite3.Connection, *, goes_back: bool
) -> None:
    disk.failures, disk.goes_back = ["", "database or disk is full"], goes_back
    asked = await waiting(store, disk, *[lambda: start(store, "own")] * 3)
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, StoreError) and "the disk is full" in str(one) for one in found)
    disk.goes_back = True
    assert kept(other) == ["first"]
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    await write(store, "next")
    assert kept(other) == ["first", "next"]


async def test_a_commit_that_fails_after_all_have_gone_makes_no_noise(
    store: Store, disk: Disk, other: sqlite3.Connection
) -> None:
    heard: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(context))
    disk.failures = ["disk I/O error"]
    with disk.busy():
        alone = start(store, "a")
        await settle()
        alone.cancel()
        await settle()
    assert await ended(alone) == ["CancelledError"]
    del alone
    await write(store, "next")
    gc.collect()
    assert (heard, kept(other)) == ([], ["next"])


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("swallowed", [False, True])
async def test_when_sqlite_goes_back_to_the_beginning_nobody_believes_in_what_was_before(
    store: Store, disk: Disk, other: sqlite3.Connection, place: int, *, swallowed: bool
) -> None:
    async def broken() -> None:
        async with store.writing() as transaction:
            with contextlib.suppress(sqlite3.Error) if swallowed else contextlib.nullcontext():
                await put(transaction, "broken")

    other.execute(BACK_TO_THE_BEGINNING)
    writers = [lambda: start(store, "a"), lambda: start(store, "b")]
    writers.insert(place, lambda: asyncio.create_task(broken()))
    asked = await waiting(store, disk, *writers)
    outcomes = await ended(*asked)
    assert outcomes == ["StoreError" if one <= place else "" for one in range(3)]
    assert swallowed or all("the disk cannot be written" in str(one.exception()) for one in asked[: place + 1])
    assert kept(other) == [*"ab"[place:], "first"]
    other.execute("BEGIN IMMEDIATE")


async def test_whoever_waits_behind_one_that_was_taken_back_waits_for_another_process_too(
    store: Store, disk: Disk, other: sqlite3.Connection
) -> None:
    other.execute(BACK_TO_THE_BEGINNING)
    go = asyncio.Event()

    async def broken() -> None:
        async with store.writing() as transaction:
            try:
                await put(transaction, "broken")
            finally:
                other.execute("BEGIN IMMEDIATE")
                await go.wait()

    first = asyncio.create_task(broken())
    await settle()
    behind = start(store, "behind")
    await settle()
    go.set()
    await settle()
    assert not behind.done()
    other.execute("ROLLBACK")
    assert await ended(first, behind) == ["StoreError", ""]
    assert kept(other) == ["behind"]


async def test_those_who_wait_too_long_for_another_process_are_told_at_the_same_time(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interviewkit.harvest.engine.BUSY_SECONDS", 0.2)
    path = tmp_path / "store.db"
    async with asyncio.timeout(20), await Store.open(path) as store:
        with contextlib.closing(connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = asyncio.get_running_loop().time()
            assert await ended(*(start(store, name) for name in "abcdefghij")) == ["StoreError"] * 10
            assert 0.2 <= asyncio.get_running_loop().time() - began < 5 * 0.2
            late = start(store, "late")
            await settle()
            other.execute("ROLLBACK")
            assert await ended(late) == [""]
            assert kept(other) == ["late"]


async def test_who_has_waited_long_for_others_still_asks_once(store: Store, disk: Disk) -> None:
    store.engine._busy_seconds = 0.0
    first = start(store, "first")
    behind = start(store, "behind")
    assert await ended(first, behind) == ["", ""]


async def test_a_store_that_is_closed_lets_those_who_write_end(
    store: Store, disk: Disk, other: sqlite3.Connection
) -> None:
    with disk.busy():
        asked = [start(store, name) for name in "abc"]
        await settle()
        closing = asyncio.create_task(store.aclose())
        await settle()
        assert not closing.done()
    assert await ended(closing, *asked) == [""] * 4
    assert (disk.opened, kept(other)) == (0, ["a", "b", "c"])
    await write(store, "later")
    assert kept(other) == ["a", "b", "c", "later"]


async def test_a_reader_that_ends_after_the_store_was_closed_leaves_nothing_open(store: Store, disk: Disk) -> None:
    async with store.reading():
        await store.aclose()
        assert disk.opened == 1
    assert disk.opened == 0


async def test_a_store_may_be_closed_between_two_turns(store: Store, other: sqlite3.Connection) -> None:
    go = asyncio.Event()
    asked = [start(store, "a", then=go.wait)]
    await settle()
    asked.append(start(store, "b"))
    await settle()
    go.set()
    closing = asyncio.create_task(store.aclose())  # after "a" has ended its part, and before "b" has begun
    assert await ended(closing, *asked) == [""] * 3
    assert kept(other) == ["a", "b"]


def test_an_event_loop_that_ends_leaves_whole_shares_and_no_lock(disk: Disk, tmp_path: Path) -> None:
    async def main() -> None:
        store = await Store.open(tmp_path / "store.db")
        tasks.extend(start(store, f"{number}x", f"{number}y", then=settle) for number in range(40))
        while not any(one.done() for one in tasks):  # noqa: ASYNC110
            await asyncio.sleep(0)
        store.accompany(asyncio.create_task(store.aclose()))

    tasks: list[asyncio.Task[None]] = []
    asyncio.run(main())
    done = {f"{number}{part}" for number, one in enumerate(tasks) if not one.cancelled() for part in "xy"}
    with contextlib.closing(connect(tmp_path / "store.db", timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = kept(other)
    assert done <= set(found)
    assert len(done) < 80
    assert {name[:-1] + "x" for name in found} == {name[:-1] + "x" for name in found if name[-1] == "y"}
