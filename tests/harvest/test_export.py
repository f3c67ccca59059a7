"""What stands in an export's files: columns, types, and what CSV guards."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import interviewkit as ik
from interviewkit.harvest.export import TABLES, Exported, export
from interviewkit.harvest.export.formats import FORMATS
from interviewkit.harvest.export.formulas import guard, unguard
from interviewkit.harvest.export.tables import REPORTS, TASKS, TEST_CASES, Kind
from interviewkit.harvest.store import Store

from .stored import NIGHT, mark_deleted, put, report, task

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")

ALL_FORMATS = pytest.mark.parametrize("format", list(FORMATS))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- what stands in the files ---


def test_the_columns_are_those_that_the_documents_promise() -> None:
    assert [column.name for column in REPORTS.columns] == [
        "account", "ref", "provider", "kind", "status", "vendor_status", "decision", "title", "candidate_name",
        "candidate_email", "assessment_id", "reference", "language", "score_points", "score_max", "created_at",
        "started_at", "ended_at", "is_final", "fetched_at", "seq", "deleted_at", "raw",
    ]  # fmt: skip
    assert [column.name for column in TASKS.columns] == [
        "account", "ref", "task_position", "id", "title", "kind", "language", "vendor_language", "score_points",
        "score_max", "auto_submitted", "tags", "updated_at", "files", "description_html", "raw",
    ]  # fmt: skip
    assert [column.name for column in TEST_CASES.columns] == [
        "account", "ref", "task_position", "position", "name", "passed", "max_points", "is_sample", "output",
        "expected_output", "raw",
    ]  # fmt: skip


async def test_parquet_is_typed_and_says_all_that_the_store_knows(store: Store, out: Path) -> None:
    files = (ik.SourceFile(path="a.py", content="print()", language="python"),)
    sorting = task("Sorting", True, False, None, tags=("hard", "é"), updated_at=NIGHT, files=files, auto_submitted=True)
    await put(store, report(1, sorting, raw={"id": 1, "nested": {"é": [None]}}))
    made = await export(store, out, format="parquet")
    assert made == Exported(
        files=tuple(out / f"{name}.parquet" for name in ("reports", "tasks", "test_cases")),
        rows={"reports": 1, "tasks": 1, "test_cases": 3}, first_seq=1, last_seq=1,
    )  # fmt: skip
    reports, tasks, cases = (pq.read_table(path).to_pylist() for path in made.files)
    assert reports[0] == {
        "account": "acme", "ref": "codility:take_home:KK0001", "provider": "codility", "kind": "take_home",
        "status": "completed", "vendor_status": None, "decision": None, "title": "Backend engineer",
        "candidate_name": "Candidate 1", "candidate_email": "candidate1@example.com", "assessment_id": "-Jr7",
        "reference": None, "language": None, "score_points": 7.0, "score_max": 10.0,
        "created_at": NIGHT.replace(minute=1), "started_at": None, "ended_at": None, "is_final": True,
        "fetched_at": NIGHT, "seq": 1, "deleted_at": None, "raw": '{"id":1,"nested":{"é":[null]}}',
    }  # fmt: skip
    assert tasks[0] == {
        "account": "acme", "ref": "codility:take_home:KK0001", "task_position": 0, "id": "sorting", "title": "Sorting",
        "kind": "unknown", "language": None, "vendor_language": None, "score_points": 1.0, "score_max": 3.0,
        "auto_submitted": True, "tags": '["hard","é"]', "updated_at": NIGHT,
        "files": '[{"path":"a.py","content":"print()","language":"python","history_url":null}]',
        "description_html": None, "raw": '{"name":"Sorting"}',
    }  # fmt: skip
    assert [(case["position"], case["passed"]) for case in cases] == [(0, True), (1, False), (2, None)]


async def test_parquets_schema_is_the_same_for_no_rows_and_for_columns_without_a_value(store: Store, out: Path) -> None:
    none = await export(store, out / "none", format="parquet")
    await put(store, report(1, task("Sorting", None)))
    some = await export(store, out / "some", format="parquet")
    assert none.rows == {"reports": 0, "tasks": 0, "test_cases": 0}
    types = {
        Kind.TEXT: pa.string(), Kind.JSON: pa.string(), Kind.NUMBER: pa.float64(), Kind.INTEGER: pa.int64(),
        Kind.FLAG: pa.bool_(), Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    for shape, *paths in zip(TABLES, none.files, some.files, strict=True):
        expected = pa.schema([(column.name, types[column.kind]) for column in shape.columns])
        assert [pq.read_schema(path) for path in paths] == [expected, expected]


async def test_json_lines_hold_raw_and_lists_as_values(store: Store, out: Path) -> None:
    await put(store, report(1, task("Sorting", True, tags=("hard",)), raw={"id": 1, "note": "a\u2028b"}))
    await export(store, out, format="jsonl")
    found = lines(out / "reports.jsonl")[0]
    assert list(found) == [column.name for column in REPORTS.columns]
    assert (found["raw"], found["created_at"], found["score_points"]) == (
        {"id": 1, "note": "a\u2028b"}, "2026-11-02T03:01:00Z", 7.0,
    )  # fmt: skip
    assert lines(out / "tasks.jsonl")[0]["tags"] == ["hard"]
    assert lines(out / "test_cases.jsonl")[0]["raw"] == {"ok": True}


async def test_a_query_over_the_parquet_files_tells_which_task_most_candidates_fail(store: Store, out: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    easy, hard = task("FizzBuzz", True, True), task("Graphs", True, False)
    await put(store, *(report(number, easy, hard if number % 3 else easy) for number in range(9)))
    await export(store, out, format="parquet")
    with duckdb.connect() as connection:
        failed = connection.execute(f"""
            select t.title, count(distinct (c.account, c.ref)) as candidates
            from '{out}/test_cases.parquet' c join '{out}/tasks.parquet' t using (account, ref, task_position)
            where not c.passed group by 1 order by 2 desc
        """).fetchall()  # noqa: S608
    assert failed == [("Graphs", 6)]


@ALL_FORMATS
async def test_letters_that_have_no_utf_8_form_stop_no_export(store: Store, out: Path, format: Any) -> None:
    odd = task("half \ud83d pair", True, description_html="\x00\ud800")
    await put(store, report(1, odd, raw={"note": "\udfff"}))
    made = await export(store, out, format=format)
    assert made.rows["tasks"] == 1
    if format == "csv":
        assert cells(made.files[1])[0]["title"] == "half \ufffd pair"
    if format == "jsonl":
        assert lines(made.files[0])[0]["raw"] == {"note": "\udfff"}


@ALL_FORMATS
async def test_a_deleted_report_is_there_with_its_tasks_and_the_time(store: Store, out: Path, format: Any) -> None:
    await put(store, report(1, task("Sorting", True)), report(2))
    await mark_deleted(store, report(1))
    made = await export(store, out, format=format)
    assert made.rows == {"reports": 2, "tasks": 1, "test_cases": 1}
    if format == "jsonl":
        assert [row["deleted_at"] for row in lines(made.files[0])] == [None, "2026-11-02T03:00:00Z"]


# --- CSV ---


async def test_csv_tells_nothing_from_an_empty_text(store: Store, out: Path) -> None:
    await put(store, report(1, task("Sorting", True, vendor_language="", description_html=None)))
    await export(store, out, format="csv")
    line = (out / "tasks.csv").read_text().splitlines()[1]
    assert line.startswith('"acme","codility:take_home:KK0001",0,"sorting","Sorting","unknown",,"",1,1,,')
    assert cells(out / "reports.csv")[0]["created_at"] == "2026-11-02 03:01:00.000000Z"


async def test_csv_guards_what_people_and_programs_wrote_and_leaves_ids_alone(store: Store, out: Path) -> None:
    person = ik.Candidate(email="=cmd@example.com", name="@SUM(A1)")
    case = ik.TestCaseResult(name="-1", output="\t=1", expected_output="＝1", raw={})
    sorting = ik.TaskResult(id="-t1", title="+1", language="=x", vendor_language=" -x", test_cases=(case,), raw={})
    shown = report(
        1, sorting, title='"=HYPERLINK()', candidate=person, reference="-ref", assessment_id="=a", account="-a"
    )
    await put(store, shown)
    await export(store, out, format="csv")
    row, one, tried = (cells(out / f"{shape.name}.csv")[0] for shape in TABLES)
    assert (row["account"], row["assessment_id"], row["reference"], one["id"]) == ("-a", "=a", "-ref", "-t1")
    assert (row["title"], row["candidate_name"], row["candidate_email"]) == (
        "'\"=HYPERLINK()", "'@SUM(A1)", "'=cmd@example.com",
    )  # fmt: skip
    assert (one["title"], one["language"], one["vendor_language"]) == ("'+1", "'=x", "' -x")
    assert (tried["name"], tried["output"], tried["expected_output"]) == ("'-1", "'\t=1", "'＝1")


def test_only_these_columns_are_ids_or_words_that_csv_leaves_alone() -> None:
    alone = {
        column.name for shape in TABLES for column in shape.columns if column.kind is Kind.TEXT and not column.free_text
    }
    assert alone == {"account", "ref", "provider", "kind", "status", "decision", "assessment_id", "reference", "id"}


@pytest.mark.parametrize(
    "text",
    [
        "=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "  =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\x00=1", "'=1", '"=1',
        "“=1", "'\r", " \n", "＝1", "＋", "－", "＠", "﹦1",
    ],
)  # fmt: skip
def test_text_that_a_spreadsheet_may_run_gets_an_apostrophe(text: str) -> None:
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "a=1", "1-1", "'quoted'", "[-1]", '{"a":1}', "é", "<p>=1</p>"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guard(text) == text


TEXTS = st.text(st.one_of(st.sampled_from("=+-@'\"\t\r\n ,;＝\ufeff"), st.characters(exclude_categories=["Cs"])))


@example(["'\r", "'=", "''", "'"])
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_csv_gives_back_every_text_but_for_the_apostrophe(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_cases.csv"
        writer = FORMATS["csv"](path, TEST_CASES)
        writer.write([("a", one, 0, at, one, None, 1.0, None, None, one, {one: one}) for at, one in enumerate(texts)])
        writer.close()
        rows = cells(path)
    assert [row["ref"] for row in rows] == texts
    assert [unguard(row["name"]) for row in rows] == [unguard(row["expected_output"]) for row in rows] == texts
    assert all(row["name"] in {text, f"'{text}"} for row, text in zip(rows, texts, strict=True))
    assert [json.loads(row["raw"]) for row in rows] == [{text: text} for text in texts]
