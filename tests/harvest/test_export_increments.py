"""Which changes an export holds, a consumer's position, and files that are whole or not there."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError, StoreError
from interviewkit.harvest import schema
from interviewkit.harvest.export import consumers, export, exporting, staging
from interviewkit.harvest.store import Store

from .stored import mark_deleted, put, report, task


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with await Store.open(url) as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir()) if out.exists() else []


def there(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)


def refs(path: Path) -> list[str]:
    return [json.loads(line)["ref"][-4:] for line in path.read_text().splitlines()]


def increment(first: int, last: int) -> list[str]:
    return [f"{name}-{first:012d}-{last:012d}.jsonl" for name in ("reports", "tasks", "test_cases")]


async def position(store: Store, key: str) -> int:
    async with store.reading() as connection:
        return await consumers.position(connection, key)


# --- increments ---


async def test_a_consumer_gets_each_change_once_in_files_named_by_their_range(store: Store, out: Path) -> None:
    await put(store, report(1, task("Sorting", True)), report(2), report(3))
    first = await export(store, out, format="jsonl", consumer="warehouse")
    assert [path.name for path in first.files] == increment(1, 3)
    await put(store, report(2, task("Sorting", True)))
    await mark_deleted(store, report(3))
    second = await export(store, out, format="jsonl", consumer="warehouse")
    assert (second.first_seq, second.last_seq, second.rows) == (4, 5, {"reports": 2, "tasks": 1, "test_cases": 1})
    assert names(out) == sorted(increment(1, 3) + increment(4, 5))
    assert refs(second.files[0]) == ["0002", "0003"]
    assert await position(store, "warehouse") == 5


async def test_with_nothing_new_no_file_is_made_and_the_export_says_so(store: Store, out: Path) -> None:
    await put(store, report(1))
    await export(store, out / "first", format="jsonl", consumer="warehouse")
    again = await export(store, out / "second", format="jsonl", consumer="warehouse")
    assert again.is_empty
    assert again.rows == {"reports": 0, "tasks": 0, "test_cases": 0}
    assert not (out / "second").exists()
    assert (await export(store, out / "third", format="jsonl", since_seq=1)).is_empty


async def test_since_seq_exports_what_changed_after_it_and_moves_no_consumer(store: Store, out: Path) -> None:
    await put(store, report(1), report(2), report(3))
    made = await export(store, out, format="jsonl", since_seq=2)
    assert refs(made.files[0]) == ["0003"]
    assert names(out) == increment(3, 3)
    with pytest.raises(ConfigurationError, match="holds reports-"):
        await export(store, out, format="jsonl", since_seq=2)
    assert await position(store, "warehouse") == 0


async def test_an_export_of_some_accounts_has_a_position_of_its_own(store: Store, out: Path) -> None:
    await put(store, report(1, account="acme"), report(2, account="other"))
    some = await export(store, out / "some", format="jsonl", consumer="warehouse", accounts=["other"])
    every = await export(store, out / "every", format="jsonl", consumer="warehouse")
    assert (refs(some.files[0]), refs(every.files[0])) == (["0002"], ["0001", "0002"])
    assert (await export(store, out / "more", format="jsonl", consumer="warehouse", accounts=["other"])).is_empty


async def test_an_export_is_of_one_moment_while_the_store_changes(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = [report(number) for number in range(30)]
    await put(store, *everyone)
    monkeypatch.setattr(exporting, "_BATCH_REPORTS", 5)
    monkeypatch.setattr(exporting, "_FETCH", 5)
    write, write_batch, written = exporting._write, exporting._write_batch, []

    async def begin(*args: Any) -> dict[str, int]:
        await put(store, *everyone[:9])
        return await write(*args)

    async def go_on(*args: Any) -> None:
        await write_batch(*args)
        if not written:
            await put(store, *everyone, report(99))
        written.append(1)

    monkeypatch.setattr(exporting, "_write", begin)
    monkeypatch.setattr(exporting, "_write_batch", go_on)
    whole = await export(store, out / "whole", format="jsonl")
    assert len(written) == 7
    assert refs(whole.files[0]) == [f"{number:04d}" for number in range(30)]
    assert whole.last_seq == 30
    assert (await store.last_seq()) == 70


# --- two at a time, and crashes ---


async def test_of_two_exports_for_a_consumer_the_slower_one_fails_and_leaves_nothing(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, report(1))
    write, reached, go_on = exporting._write, asyncio.Event(), asyncio.Event()

    async def and_wait(*args: Any) -> dict[str, int]:
        counts = await write(*args)
        reached.set()
        await go_on.wait()
        return counts

    monkeypatch.setattr(exporting, "_write", and_wait)
    slow = asyncio.create_task(export(store, out / "slow", format="jsonl", consumer="warehouse"))
    await reached.wait()
    monkeypatch.setattr(exporting, "_write", write)
    await put(store, report(2))
    fast = await export(store, out / "fast", format="jsonl", consumer="warehouse")
    go_on.set()
    with pytest.raises(StoreError, match="was faster") as caught:
        await slow
    assert caught.value.retryable
    assert refs(fast.files[0]) == ["0001", "0002"]
    assert names(out / "slow") == []
    assert await position(store, "warehouse") == 2


async def test_an_export_that_is_cancelled_leaves_nothing(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, report(1))
    write, running, ended = staging.Staging.write, threading.Event(), threading.Event()

    def slowly(self: staging.Staging, rows: Any) -> None:
        running.set()
        time.sleep(0.03)
        write(self, rows)
        ended.set()

    monkeypatch.setattr(staging.Staging, "write", slowly)
    task = asyncio.create_task(export(store, out, format="jsonl", consumer="warehouse"))
    await asyncio.to_thread(running.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert names(out) == []
    assert await position(store, "warehouse") == 0


async def test_a_crash_before_the_position_moved_repeats_the_same_files(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, report(1))
    publish = staging.Staging.publish

    def and_die(self: staging.Staging, **how: bool) -> Any:
        publish(self, **how)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(staging.Staging, "publish", and_die)
        with pytest.raises(KeyboardInterrupt):
            await export(store, out, format="jsonl", consumer="warehouse")
    assert names(out) == increment(1, 1)
    assert await position(store, "warehouse") == 0
    made = await export(store, out, format="jsonl", consumer="warehouse")
    assert [path.name for path in made.files] == increment(1, 1)
    assert await position(store, "warehouse") == 1


async def test_a_crash_while_files_are_written_leaves_none_of_them(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, report(1))

    def full(_self: staging.Staging) -> None:
        with staging._told(out, "failed", StoreError):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging.Staging, "finish", full)
    with pytest.raises(StoreError, match="No space left on device"):
        await export(store, out, format="jsonl", consumer="warehouse")
    assert names(out) == []
    assert await position(store, "warehouse") == 0


async def test_what_a_killed_export_left_goes_away_a_day_later(store: Store, out: Path) -> None:
    for name in ("old", "young"):
        folder = out / f"{staging._PREFIX}{name}"
        folder.mkdir(parents=True)
        (folder / "reports.jsonl").write_text("half")
    yesterday = time.time() - 2 * 86_400
    for path in (out / f"{staging._PREFIX}old" / "reports.jsonl", out / f"{staging._PREFIX}old"):
        os.utime(path, (yesterday, yesterday))
    await export(store, out, format="jsonl")
    assert names(out) == [f"{staging._PREFIX}young", "reports.jsonl", "tasks.jsonl", "test_cases.jsonl"]


# --- what is refused ---


async def test_files_that_are_there_already_are_refused_before_anything_is_written_and_stay_as_they_are(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(out / "tasks.jsonl", "mine")
    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_write", None)
        with pytest.raises(ConfigurationError, match=r"holds tasks.jsonl already; nothing was written .*--overwrite"):
            await export(store, out, format="jsonl")
    assert names(out) == ["tasks.jsonl"]
    assert (out / "tasks.jsonl").read_text() == "mine"
    await export(store, out, format="jsonl", overwrite=True)
    assert (out / "tasks.jsonl").read_text() == ""


async def test_a_consumers_increment_replaces_no_other_file_of_its_name(store: Store, out: Path) -> None:
    await put(store, report(1))
    there(out / increment(1, 1)[2], "another store's")
    with pytest.raises(ConfigurationError, match="holds test_cases-"):
        await export(store, out, format="jsonl", consumer="warehouse")
    assert names(out) == increment(1, 1)[2:]
    assert await position(store, "warehouse") == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"format": "xlsx"}, InvalidArgumentError, "no export format 'xlsx' .known are parquet, csv, jsonl"),
        ({"since_seq": -1}, InvalidArgumentError, "since_seq is a number"),
        ({"since_seq": True}, InvalidArgumentError, "since_seq is a number"),
        ({"since_seq": 9}, InvalidArgumentError, "lies beyond the store's last change, 1"),
        ({"since_seq": 0, "consumer": "a"}, InvalidArgumentError, "either a consumer or since_seq"),
        ({"consumer": ""}, InvalidArgumentError, "no name of a consumer"),
        ({"consumer": "a b"}, InvalidArgumentError, "no name of a consumer"),
        ({"consumer": "../a"}, InvalidArgumentError, "no name of a consumer"),
        ({"accounts": "acme"}, InvalidArgumentError, "not one text"),
        ({"accounts": ["acme", "nobody"]}, ConfigurationError, "no account nobody .there are: acme, idle"),
    ],
)
async def test_arguments_that_make_no_sense_are_refused_before_anything_is_written(
    store: Store, out: Path, arguments: dict[str, Any], kind: type[InterviewKitError], words: str
) -> None:
    await put(store, report(1))
    async with store.writing() as connection:
        await connection.execute(insert(schema.account).values(account="idle", provider="codility", scope="x"))
    with pytest.raises(kind, match=words):
        await export(store, out, **{"format": "jsonl", **arguments})
    assert "out" not in names(out.parent)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl"])
async def test_files_are_their_owners_alone_unless_they_replace_one_with_another_mode(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch, format: Any
) -> None:
    await put(store, report(1, task("Sorting", True)))
    staged: list[int] = []
    finish = staging.Staging.finish

    def watched(files: staging.Staging) -> None:
        finish(files)
        staged.extend(path.stat().st_mode & 0o777 for path in out.glob(".interviewkit-export-*/*"))

    monkeypatch.setattr(staging.Staging, "finish", watched)
    files = first, second, third = (await export(store, out, format=format)).files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    first.chmod(0o640)
    second.unlink()
    second.symlink_to(third)
    third.chmod(0o644)
    await export(store, out, format=format, overwrite=True)
    assert [path.lstat().st_mode & 0o777 for path in (first, second, third)] == [0o640, 0o600, 0o644]
    assert staged == [0o600] * 6


async def test_a_folder_that_cannot_be_made_is_one_clear_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"the export to .* cannot be written: Not a directory"):
        await export(store, tmp_path / "file" / "out", format="jsonl")


async def test_without_pyarrow_json_lines_can_be_written_and_the_rest_says_what_to_install(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"needs pyarrow .pip install 'interviewkit\[harvest\]'"):
        await export(store, out, format="parquet")
    assert not (await export(store, out, format="jsonl")).is_empty


# --- size ---


async def test_memory_does_not_grow_with_the_number_of_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_BATCH_REPORTS", 25)
    big = {"blob": "x" * 5_000}
    peaks = []
    async with await Store.open(tmp_path / "store.db") as store:
        await export(store, tmp_path / "warm", format="jsonl")
        for number in (100, 400):
            await put(store, *(report(at, task("Sorting", True), raw=big) for at in range(number)))
            tracemalloc.start()
            await export(store, tmp_path / str(number), format="jsonl")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


async def test_large_reports_make_smaller_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, batches = staging.Staging.write, []

    def counted(self: staging.Staging, rows: Any) -> None:
        batches.append(len(rows["reports"]))
        write(self, rows)

    monkeypatch.setattr(staging.Staging, "write", counted)
    monkeypatch.setattr(exporting, "_BATCH_LETTERS", 20_000)
    async with await Store.open(tmp_path / "store.db") as store:
        await put(store, *(report(number, raw={"blob": "x" * 9_000}) for number in range(5)))
        await export(store, tmp_path / "out", format="jsonl")
    assert batches == [3, 2]


async def test_a_parquet_files_row_groups_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    monkeypatch.setattr(exporting, "_BATCH_REPORTS", 4)
    async with await Store.open(tmp_path / "store.db") as store:
        await put(store, *(report(number, task("Sorting", True, True)) for number in range(10)))
        made = await export(store, tmp_path / "out", format="parquet")
    metadata = [pq.read_metadata(path) for path in made.files]
    assert [[found.row_group(at).num_rows for at in range(found.num_row_groups)] for found in metadata] == [
        [4, 4, 2], [4, 4, 2], [8, 8, 4],
    ]  # fmt: skip
