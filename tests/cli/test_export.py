"""`export`: the files it makes, what it prints, and what it refuses to touch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from tests.cli.conftest import Accounts, Run

OUT = "interviewkit-export"


@pytest.fixture(autouse=True)
def _filled(run: Run, accounts: Accounts) -> None:
    accounts(one={}, two={"pages": [("c",)]})
    assert run("harvest").code == 0


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_three_files_are_made_and_named_with_their_rows(run: Run, tmp_path: Path, ending: str) -> None:
    ran = run("export", "--format", ending)
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran.out) == [
        {"table": "reports", "file": f"{OUT}/reports.{ending}", "rows": 3},
        {"table": "tasks", "file": f"{OUT}/tasks.{ending}", "rows": 0},
        {"table": "test_cases", "file": f"{OUT}/test_cases.{ending}", "rows": 0},
    ]
    assert {*contents(tmp_path / OUT)} == {f"reports.{ending}", f"tasks.{ending}", f"test_cases.{ending}"}


def test_at_a_terminal_there_is_a_table(run: Run) -> None:
    ran = run("export", "--format", "parquet", "--out", "out", terminal=True)
    assert "out/reports.parquet" in ran.out
    assert "{" not in ran.out


def test_files_that_are_there_are_replaced_only_when_told(run: Run, tmp_path: Path) -> None:
    run("export", "--format", "jsonl", "--account", "one")
    before = contents(tmp_path / OUT)
    ran = run("export", "--format", "jsonl")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "--overwrite" in ran.err
    assert contents(tmp_path / OUT) == before
    assert run("export", "--format", "jsonl", "--overwrite").code == 0
    assert (tmp_path / OUT / "reports.jsonl").read_text().count("\n") == 3


def test_a_consumer_gets_what_has_changed_since_its_last_export(run: Run, accounts: Accounts, tmp_path: Path) -> None:
    first = run("export", "--format", "parquet", "--consumer", "warehouse")
    assert [one["rows"] for one in lines(first.out)] == [3, 0, 0]
    assert first.err == "changes 1 to 3\n"
    nothing = run("export", "--format", "parquet", "--consumer", "warehouse")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "nothing has changed since change 3: no file was made\n")
    accounts(one={"pages": [("a", "b", "e")]})
    run("harvest")
    (reports, *_) = lines(run("export", "--format", "parquet", "--consumer", "warehouse").out)
    assert (reports["rows"], "reports-" in reports["file"]) == (1, True)
    assert pq.read_table(tmp_path / reports["file"])["ref"].to_pylist() == ["fake:live:e"]


def test_an_increment_by_number_and_by_account(run: Run) -> None:
    assert lines(run("export", "--format", "csv", "--since-seq", "2").out)[0]["rows"] == 1
    assert lines(run("export", "--format", "csv", "--account", "two").out)[0]["rows"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--store", "other.db"), "there is no store other.db"),
        (("--store", "oracle://x"), "not oracle"),
        (("--since-seq", "-1"), "--since-seq is at least 0"),
        (("--since-seq", "99"), "beyond the store's last change, 3"),
        (("--since-seq", "1", "--consumer", "x"), "exclude each other"),
        (("--consumer", "a b"), "no name of a consumer"),
        (("--account", "nobody"), "the store has no account nobody (there are: one, two)"),
        (("--out", "interviewkit.toml"), "interviewkit.toml cannot be written"),
        (("--format", "xml"), 'Invalid value "xml"'),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    ran = run("export", *(() if "--format" in arguments else ("--format", "csv")), *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err
    assert {path.name for path in tmp_path.iterdir()} == before


def test_an_export_needs_a_format(run: Run) -> None:
    ran = run("export")
    assert (ran.code, "--format" in ran.err, ran.err.count("\n")) == (2, True, 1)
