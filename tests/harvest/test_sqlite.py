"""SQLite's transactions: who waits, who is cancelled, and what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import DateTime, select
from sqlalchemy.dialects.sqlite import dialect

from interviewkit.errors import StoreError
from interviewkit.harvest import Store, items, schema
from interviewkit.harvest.schema import Moment

AT = datetime(2026, 11, 2, 9, 30, tzinfo=timezone(timedelta(hours=2)))
ROW: dict[str, Any] = {"consumer": "nightly", "seq": 7, "delivered_at": AT}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def other(store: Store) -> Iterator[sqlite3.Connection]:
    """Another program's connection, which waits for nobody."""
    path = str(store.engine.url.database)
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as opened:
        yield opened


async def number(store: Store) -> int:
    async with store.writing() as connection:
        return await store.next_seq(connection)


async def test_a_writer_waits_for_another_process(store: Store, other: sqlite3.Connection) -> None:
    other.execute("BEGIN IMMEDIATE")
    writer = asyncio.create_task(number(store))
    await asyncio.sleep(0.01)
    assert not writer.done()
    other.execute("ROLLBACK")
    async with asyncio.timeout(5):
        assert await writer == 1


async def test_a_writer_that_is_cancelled_while_it_waits_leaves_no_lock(
    store: Store, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    writer = asyncio.create_task(number(store))
    await asyncio.sleep(0.01)
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    other.execute("ROLLBACK")
    await asyncio.sleep(0.02)  # whoever still asked for the lock would have it now
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    assert await number(store) == 1


async def test_a_writer_that_fails_has_written_nothing_and_leaves_no_lock(
    store: Store, other: sqlite3.Connection
) -> None:
    async def write() -> None:
        async with store.writing() as connection:
            await items.put(connection, schema.delivery, [ROW])
            await items.put(connection, schema.delivery, [{**ROW, "seq": None}])

    with pytest.raises(StoreError):
        await write()
    other.execute("BEGIN IMMEDIATE")
    assert other.execute("SELECT count(*) FROM delivery").fetchone() == (0,)
    other.execute("ROLLBACK")


async def test_rows_that_nobody_read_hold_no_part_of_the_file(store: Store, other: sqlite3.Connection) -> None:
    async with store.writing() as connection:
        await items.put(connection, schema.delivery, [{**ROW, "consumer": str(one)} for one in range(5)])
    async with store.reading() as connection:
        result = await connection.execute(select(schema.delivery))
        assert result.fetchone() is not None
    await number(store)
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


async def test_rows_that_are_put_read_as_they_were(store: Store, other: sqlite3.Connection) -> None:
    async with store.writing() as connection:
        await items.put(connection, schema.delivery, [{**ROW, "seq": 1}])
        await items.put(connection, schema.delivery, [ROW])
    async with store.reading() as connection:
        (row,) = (await connection.execute(select(schema.delivery))).mappings()
    assert dict(row) == ROW
    assert other.execute("SELECT delivered_at FROM delivery").fetchone() == ("2026-11-02 07:30:00.000000",)


async def test_of_a_row_that_is_there_only_the_changes_are_written(store: Store) -> None:
    async with store.writing() as connection:
        for row in (ROW, {**ROW, "seq": 9, "delivered_at": AT + timedelta(days=1)}):
            await items.put(connection, schema.delivery, [row], changes=("seq",))
    async with store.reading() as connection:
        (row,) = (await connection.execute(select(schema.delivery))).mappings()
    assert dict(row) == {**ROW, "seq": 9}


async def test_what_is_due_is_found_in_order_without_sorting_or_looking_at_the_rest(
    store: Store, other: sqlite3.Connection
) -> None:
    query = "SELECT * FROM item WHERE account = ? AND due_at <= ? ORDER BY due_at, ref LIMIT ?"
    (step,) = other.execute(f"EXPLAIN QUERY PLAN {query}", ("a", "2026-11-02", 100)).fetchall()
    assert step[-1] == "SEARCH item USING INDEX ix_item_due (account=? AND due_at<?)"


@pytest.mark.parametrize("moment", [AT, datetime(1, 2, 3, 4, 5, 6, 7, tzinfo=UTC), None])
def test_times_are_written_as_sqlalchemy_writes_them(moment: Any) -> None:
    here = dialect()
    theirs: Any = DateTime().dialect_impl(here).bind_processor(here)
    ours: Any = Moment().dialect_impl(here).bind_processor(here)
    assert ours(moment) == theirs(None if moment is None else moment.astimezone(UTC).replace(tzinfo=None))
