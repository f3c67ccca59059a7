"""The store as a dlt source: a real pipeline into DuckDB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest.store import Store

from .stored import mark_deleted, put, report, task

dlt = pytest.importorskip("dlt", reason="dlt is not installed")
duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
PipelineStepFailed = pytest.importorskip("dlt.pipeline.exceptions").PipelineStepFailed

Run = Callable[..., None]
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def change(url: str) -> Callable[[Callable[[Store], Coroutine[Any, Any, None]]], None]:
    async def work(do: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        async with await Store.open(url) as store:
            await do(store)

    return lambda do: asyncio.run(work(do))


@pytest.fixture
def load(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    from interviewkit.harvest.dlt import reports_source

    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.chdir(tmp_path)
    target = dlt.destinations.duckdb(str(tmp_path / "warehouse.duckdb"))
    pipeline = dlt.pipeline(
        "harvest", destination=target, dataset_name="interviews", pipelines_dir=str(tmp_path / "pipelines")
    )
    return lambda **how: pipeline.run(reports_source(url), **how).raise_on_failed_jobs()


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def rows(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
            found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
            return found

    return rows


TASKS = "select ref[-4:], title, score_points from interviews.tasks order by 1, task_position"


def test_a_second_run_loads_what_has_changed_and_drops_tasks_and_cases_that_are_no_more(
    change: Any, load: Run, ask: Ask
) -> None:
    change(lambda store: put(store, *(report(n, task("Sorting", True, False), task("SQL", True)) for n in (1, 2, 3))))
    load()
    assert ask(TASKS) == [(f"000{n}", title, 1.0) for n in (1, 2, 3) for title in ("Sorting", "SQL")]
    assert ask("select count(*) from interviews.test_cases") == [(9,)]

    async def later(store: Store) -> None:
        await put(store, report(1, task("Sorting", True, True)), report(2), report(4, task("SQL")))
        await mark_deleted(store, report(3))

    change(later)
    load()
    kept = [("0003", "Sorting", 1.0), ("0003", "SQL", 1.0)]
    assert ask(TASKS) == [("0001", "Sorting", 2.0), *kept, ("0004", "SQL", 0.0)]
    assert ask("select ref[-4:], count(*) from interviews.test_cases group by 1 order by 1") == [
        ("0001", 2),
        ("0003", 3),
    ]
    assert ask("select ref[-4:], seq, deleted_at is null from interviews.reports order by 1") == [
        ("0001", 4, True), ("0002", 5, True), ("0003", 7, False), ("0004", 6, True),
    ]  # fmt: skip


def test_a_run_with_nothing_new_loads_nothing(change: Any, load: Run, ask: Ask) -> None:
    change(lambda store: put(store, report(1, task("Sorting", True))))
    load()
    load()
    assert ask("select count(*) from interviews._dlt_loads") == [(1,)]


def test_a_store_that_was_made_anew_is_not_taken_for_one_with_nothing_new(
    change: Any, load: Run, ask: Ask, tmp_path: Path
) -> None:
    change(lambda store: put(store, report(1), report(2)))
    load()
    for file in tmp_path.glob("store.db*"):
        file.unlink()
    change(lambda store: put(store, report(3)))
    with pytest.raises(PipelineStepFailed, match=r"2 changes.* holds 1.*refresh"):
        load()
    assert ask("select count(*) from interviews.reports") == [(2,)]
    load(refresh="drop_sources")
    assert ask("select ref[-4:] from interviews.reports") == [("0003",)]


def test_raw_is_one_json_column_whatever_letters_it_holds(change: Any, load: Run, ask: Ask) -> None:
    raw = {"note": "a\x00b\ud800c", "deep": [{"er": [1, {"x": None}]}]}
    change(lambda store: put(store, report(1, task("Sorting"), raw=raw)))
    load()
    assert ask("select raw->>'note', raw->>'$.deep[0].er[0]' from interviews.reports") == [("a\ufffdb\ufffdc", "1")]
    tables = "select table_name from information_schema.tables where table_schema = 'interviews' order by 1"
    assert [name for (name,) in ask(tables) if not name.startswith("_dlt")] == ["reports", "tasks", "test_cases"]


def test_a_source_can_be_read_where_an_event_loop_runs(change: Any, url: str, load: Run, ask: Ask) -> None:
    change(lambda store: put(store, report(1)))

    async def notebook() -> None:
        load()

    asyncio.run(notebook())
    assert ask("select ref from interviews.reports") == [("codility:take_home:KK0001",)]


def test_a_report_that_changes_while_it_is_read_comes_once_and_again_in_the_next_run(
    change: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interviewkit.harvest import dlt as source
    from interviewkit.harvest.export.tables import REPORTS

    monkeypatch.setattr(source, "_PAGE", 1)
    monkeypatch.setattr("interviewkit.harvest.store._BATCH", 1)
    change(lambda store: put(store, report(1), report(2), report(3)))
    pages = source._read(url, REPORTS, 0)
    first = next(pages)
    change(lambda store: put(store, report(1), report(3)))
    assert [item["seq"] for page in (first, *pages) for item in page] == [1, 2]
    assert [item["seq"] for page in source._read(url, REPORTS, 2) for item in page] == [4, 5]


def test_a_store_that_is_not_there_is_not_made(load: Run, tmp_path: Path) -> None:
    with pytest.raises(PipelineStepFailed, match=r"there is no store .*store\.db"):
        load()
    assert not (tmp_path / "store.db").exists()


@pytest.mark.parametrize("number", [-1, True, "7"])
def test_a_source_wants_a_number_of_seq(url: str, number: Any) -> None:
    from interviewkit.harvest.dlt import reports_source

    with pytest.raises(InvalidArgumentError, match="since_seq"):
        reports_source(url, since_seq=number)
