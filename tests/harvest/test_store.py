"""The store: its URL, its numbers, its transactions and its schema, on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    column,
    insert,
    inspect,
    make_url,
    select,
    table,
    text,
    update,
)

import interviewkit as ik
from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.harvest import Store, schema
from interviewkit.harvest.documents import document
from interviewkit.harvest.engine import connect, parse
from interviewkit.harvest.schema import VERSION_TABLE
from interviewkit.harvest.store import HEAD

from .stored import NIGHT, mark_deleted, put, report


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with await Store.open(store_url) as made:
        yield made


# --- URLs ---


@pytest.mark.parametrize(
    ("url", "driver", "database"),
    [
        ("sqlite:///file.db", "sqlite", "file.db"),
        ("sqlite:////abs/file.db", "sqlite", "/abs/file.db"),
        ("file.sqlite3", "sqlite", "file.sqlite3"),
        (Path("/abs/any name"), "sqlite", "/abs/any name"),
        ("postgresql://me@host/db", "postgresql+psycopg", "db"),
        ("postgres://me@host/db", "postgresql+psycopg", "db"),
    ],
)
def test_urls_name_a_file_or_a_database(url: Any, driver: str, database: str) -> None:
    assert (parse(url).drivername, parse(url).database) == (driver, database)


@pytest.mark.parametrize(
    "url",
    [
        "", "store", "store.txt", "mysql://me:s3cret@host/db", "sqlite://", "sqlite:///:memory:", "postgresql://host",
        "postgresql://me:s3cret@host:port/db", "s3cret@://x", None, 7,
    ],
)  # fmt: skip
def test_what_names_no_store_is_refused_without_the_url_in_the_text(url: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(url)
    assert "s3cret" not in str(refused.value)
    assert "sqlite:///interviewkit.db" in str(refused.value)


async def test_a_store_tells_its_name_without_the_password(postgres_url: str) -> None:
    async with await Store.open(postgres_url.replace("@", ":s3cret@", 1)) as store:
        assert "s3cret" not in store.name + repr(store)
        assert store.dialect == "postgresql"


@pytest.mark.parametrize("name", ["missing/store.db", "folder.db", "file.db/store.db"])
async def test_a_file_that_cannot_be_made_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "file.db").write_text("")
    with pytest.raises(ConfigurationError) as refused:
        await Store.open(tmp_path / name)
    assert "\n" not in str(refused.value)


async def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("my notes, which are long enough to be taken for a page of a database" * 20)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="no SQLite database"):
        await Store.open(path)
    assert path.read_bytes() == before


async def test_a_server_that_is_not_there_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="cannot be reached"):
        await Store.open("postgresql://me@127.0.0.1:9/db?connect_timeout=2")


async def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store:
        await put(store, report(1))
        assert modes(tmp_path) == {0o600}


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


# --- numbers ---


async def test_reports_come_by_number_and_deleted_ones_when_asked_for(store: Store) -> None:
    reports = [report(number) for number in range(1, 5)]
    await put(store, *reports)
    await put(store, report(2, title="changed"))
    await mark_deleted(store, reports[2])
    await put(store, report(9, account="other"))

    async def found(**options: Any) -> list[tuple[int, str]]:
        return [(one.seq, one.report.ref.id) async for one in store.records(**options)]

    assert await found() == [(1, "KK0001"), (4, "KK0004"), (5, "KK0002"), (7, "KK0009")]
    assert await found(include_deleted=True, since_seq=4) == [(5, "KK0002"), (6, "KK0003"), (7, "KK0009")]
    assert await found(until_seq=5, since_seq=1) == [(4, "KK0004"), (5, "KK0002")]
    assert await found(account="other") == [(7, "KK0009")]
    assert [one.session.title async for one in store.reports(since_seq=4, until_seq=5)] == ["changed"]
    assert await store.last_seq() == 7


async def test_more_reports_than_a_batch_come_each_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interviewkit.harvest.store._BATCH", 3)
    await put(store, *[report(number) for number in range(7)])
    assert [one.seq async for one in store.records()] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_reader_never_misses_a_number_while_accounts_write(store_url: str) -> None:
    """Numbers are seen in their order: whoever asks for what comes after the last one seen, gets all."""
    accounts, rounds = 4, 12
    seen: list[int] = []

    async def write(store: Store, account: str) -> None:
        for number in range(rounds):
            async with store.writing() as connection:
                first = await store.next_seq(connection, 2)
                await asyncio.sleep(0)
                for place in range(2):
                    made = document(report(2 * number + place, account=account))
                    row = {**made.columns, "account": account, "seq": first + place, "deleted_at": None}
                    await connection.execute(insert(schema.report).values(**row))

    async def read(store: Store) -> None:
        while len(seen) < 2 * accounts * rounds:
            seen.extend([one.seq async for one in store.records(since_seq=seen[-1] if seen else 0)])
            await asyncio.sleep(0)

    async with (
        await Store.open(store_url) as first, await Store.open(store_url) as second,
        asyncio.timeout(30), asyncio.TaskGroup() as group,
    ):  # fmt: skip
        for number in range(accounts):
            group.create_task(write((first, second)[number % 2], f"account-{number}"))
        group.create_task(read(second))
    assert seen == list(range(1, 2 * accounts * rounds + 1))


async def test_numbers_of_a_transaction_that_failed_are_given_again(store: Store) -> None:
    async def fail() -> None:
        async with store.writing() as connection:
            assert await store.next_seq(connection, 5) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with store.writing() as connection:
        assert await store.next_seq(connection, 5) == 1
        assert await store.next_seq(connection) == 6


# --- transactions ---


async def test_what_the_database_refuses_is_a_store_error_without_any_value(store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        async with store.writing() as connection:
            await connection.execute(insert(schema.counter).values(name="jane@example.com", value=None))
    assert "jane" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


async def test_writers_of_one_process_wait_for_each_other_however_many_there_are(store: Store) -> None:
    done: list[int] = []

    async def add(number: int) -> None:
        async with store.writing() as connection:
            value = (await connection.execute(select(schema.counter.c.value).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(update(schema.counter).values(value=value + 1))
        done.append(number)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(add(number))
    assert await store.last_seq() == 40
    if store.dialect == "sqlite":  # which knows no order of waiting itself
        assert done == list(range(40))


async def test_writers_that_are_cancelled_keep_no_lock(store: Store) -> None:
    async def slow() -> None:
        async with store.writing() as connection:
            await store.next_seq(connection)
            await asyncio.sleep(0.002)

    for pause in range(12):
        tasks = [asyncio.create_task(slow()) for _ in range(3)]
        await asyncio.sleep(0.0008 * pause)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(2), store.writing() as connection:
        await store.next_seq(connection)


# --- the schema ---


async def test_the_migrations_make_the_schema(store: Store) -> None:
    def differences(connection: Any) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
        )
        return list(compare_metadata(context, schema.metadata))

    async with store.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_store_opened_again_is_as_it_was(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        await put(store, report(1))
    async with await Store.open(store_url) as store:
        assert [one.ref.id async for one in store.reports()] == ["KK0001"]


version = table(VERSION_TABLE, column("version_num"))


async def test_a_store_of_a_newer_version_is_refused_unchanged(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        async with store.writing() as connection:
            await connection.execute(update(version).values(version_num="9999"))
        with pytest.raises(ConfigurationError, match="newer version") as refused:
            await Store.open(store_url)
        assert refused.value.hint == "upgrade interviewkit"
        async with store.reading() as connection:
            assert (await connection.execute(select(version.c.version_num))).scalar() == "9999"


async def test_tables_of_another_program_are_refused_and_stay(store_url: str) -> None:
    async with await Store.open(store_url) as store:
        async with store.writing() as connection:
            await connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        with pytest.raises(ConfigurationError, match="tables of another program"):
            await Store.open(store_url)


async def test_another_programs_file_is_refused_without_a_changed_byte(tmp_path: Path) -> None:
    path = tmp_path / "invoices.db"
    with contextlib.closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE invoice (number text)")
        theirs.commit()
    before = path.read_bytes()
    for create in (True, False):
        with pytest.raises(ConfigurationError, match=r"tables of another program \(invoice\)"):
            await Store.open(path, create=create)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["invoices.db"]


async def test_another_programs_migrations_in_the_same_database_are_left_alone(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('theirs')")
    async with await Store.open(postgres_url) as store:
        assert await store.last_seq() == 0
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("theirs",)]


async def test_a_store_that_is_not_there_is_not_made_without_being_asked(store_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no store"):
        await Store.open(store_url, create=False)
    assert not (tmp_path / "store.db").exists()


def _make_first_version(connection: Any) -> None:
    """The tables as the first release made them, each with a row, and a report as it was written then."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    script = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    with Operations.context(context):
        script.get_revision("0001").module.upgrade()
    context.stamp(script, "0001")
    first = MetaData()
    first.reflect(connection)
    for one in first.sorted_tables:
        if one.name not in {VERSION_TABLE, "counter", "report"}:
            connection.execute(insert(one).values({column.name: _value(column) for column in one.columns}))
    columns = document(report(1)).columns
    connection.execute(insert(schema.report).values(**columns, account="acme", seq=1, deleted_at=None))
    connection.execute(update(schema.counter).values(value=1))


def _value(column: Column[Any]) -> Any:
    kinds = ((DateTime, NIGHT), (Boolean, True), (LargeBinary, b"1"), (Float, 1.5), (Integer, 1), (String, "1"))
    return next(value for kind, value in kinds if isinstance(column.type, kind))


def _rows(connection: Any) -> dict[str, list[Any]]:
    there = MetaData()
    there.reflect(connection)
    return {one.name: connection.execute(select(one)).all() for one in there.sorted_tables}


async def test_a_store_of_the_first_version_is_upgraded_with_its_rows(store_url: str) -> None:
    engine = connect(parse(store_url))
    async with engine.begin() as connection:
        await connection.run_sync(_make_first_version)
        before = await connection.run_sync(_rows)
    await engine.dispose()
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(before, 1)
    async with await Store.open(store_url) as store:
        assert [one async for one in store.reports()] == [report(1)]
        async with store.reading() as connection:
            after = await connection.run_sync(_rows)
        assert after.pop(VERSION_TABLE) == [(HEAD,)]
        assert {name: after[name] for name in before if name != VERSION_TABLE} == {
            name: rows for name, rows in before.items() if name != VERSION_TABLE
        }
        assert {name for name, rows in after.items() if not rows} == {"operation", "webhook"}
        await put(store, report(2))
        await test_the_migrations_make_the_schema(store)
        await test_primary_keys_and_indexes_are_those_of_the_schema(store)


def _open(url: str, barrier: Any, results: Any) -> None:
    async def open_it() -> int:
        async with await Store.open(url) as store:
            return await store.last_seq()

    barrier.wait(30)
    try:
        results.put(asyncio.run(open_it()))
    except ik.InterviewKitError as error:
        results.put(str(error))


def test_processes_that_make_the_schema_at_once_all_succeed(store_url: str) -> None:
    context = multiprocessing.get_context("forkserver")
    barrier, results = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_open, args=(store_url, barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [results.get(timeout=30) for _ in processes] == [0, 0, 0]
    for process in processes:
        process.join(30)


async def test_sqlite_keeps_what_was_committed_and_nothing_of_what_was_deleted(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "store.db") as store, store.reading() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    with sqlite3.connect(tmp_path / "store.db") as plain:
        assert plain.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [(HEAD,)]  # noqa: S608
    plain.close()


async def test_primary_keys_and_indexes_are_those_of_the_schema(store: Store) -> None:
    """Alembic's comparison does not look at keys."""
    Shape = tuple[list[str], str | None, set[tuple[str | None, tuple[str, ...]]]]  # noqa: N806

    def found(connection: Any) -> dict[str, Shape]:
        looked = inspect(connection)
        shapes = {}
        for one in schema.metadata.sorted_tables:
            key = looked.get_pk_constraint(one.name)
            indexes = {(index["name"], tuple(index["column_names"])) for index in looked.get_indexes(one.name)}
            own = {index for index in indexes if str(index[0]).startswith("ix_")}
            shapes[one.name] = (key["constrained_columns"], key["name"], own)
        return shapes

    def expected(one: Table) -> Shape:
        indexes = {(index.name, tuple(column.name for column in index.columns)) for index in one.indexes}
        return [column.name for column in one.primary_key], f"pk_{one.name}", indexes

    async with store.reading() as connection:
        shapes = await connection.run_sync(found)
    assert shapes == {one.name: expected(one) for one in schema.metadata.sorted_tables}


async def test_runs_are_numbered_by_the_database(store: Store) -> None:
    counts = dict.fromkeys(("requests", "throttled", "new", "changed", "unchanged", "gone", "unreadable", "failed"), 0)
    async with store.writing() as connection:
        for _ in range(2):
            row = {"account": "acme", "started_at": NIGHT, "ended_at": NIGHT, "state": "done", **counts}
            await connection.execute(insert(schema.run).values(**row))
        assert (await connection.execute(select(schema.run.c.id))).scalars().all() == [1, 2]


@pytest.mark.parametrize(
    ("change", "cause"), [({"database": "nowhere"}, "no such database"), ({"username": "nobody"}, "no such role")]
)
async def test_a_database_or_role_that_is_not_there_is_told_from_a_server_that_is_away(
    postgres_url: str, change: dict[str, str], cause: str
) -> None:
    url = make_url(postgres_url).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=cause):
        await Store.open(url)
