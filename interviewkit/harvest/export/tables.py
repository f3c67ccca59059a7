"""The three tables of an export: a row per report, per task and per test case, with typed columns.

`account` and `ref` name the report in all three; a task is numbered by `task_position` in its report and a test case by
`position` in its task, both from 0, as in `report.tasks[task_position].test_cases[position]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.model import Report, Score
from interviewkit.serialize import to_json

if TYPE_CHECKING:
    from interviewkit.harvest.store import Record

Row = tuple[Any, ...]


class Kind(StrEnum):
    """What stands in a column; JSON is a text in Parquet and CSV, and a value of its own in JSON Lines."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    MOMENT = "moment"
    JSON = "json"


@attrs.frozen
class Column:
    """A column. Free text was typed by a person or printed by a program: CSV guards it against being a formula."""

    name: str
    kind: Kind = Kind.TEXT
    free_text: bool = False


@attrs.frozen
class TableShape:
    """A table: its name, its columns, and the rows that a stored report has in it."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[Record, Report], Iterator[Row]] = attrs.field(repr=False)
    """Given a stored report twice, as its row and read from its JSON, which takes long enough to be done once."""


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _free(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, free_text=True) for name in names)


def _of(kind: Kind, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name in names)


REPORT_COLUMNS = (
    *_text("account", "ref", "provider", "kind", "status"),
    *_free("vendor_status"),
    *_text("decision"),
    *_free("title", "candidate_name", "candidate_email"),
    *_text("assessment_id", "reference"),
    *_free("language"),
    *_of(Kind.NUMBER, "score_points", "score_max"),
    *_of(Kind.MOMENT, "created_at", "started_at", "ended_at"),
    *_of(Kind.FLAG, "is_final"),
    *_of(Kind.MOMENT, "fetched_at"),
    *_of(Kind.INTEGER, "seq"),
    *_of(Kind.MOMENT, "deleted_at"),
    *_of(Kind.JSON, "raw"),
)
TASK_COLUMNS = (
    *_text("account", "ref"),
    *_of(Kind.INTEGER, "task_position"),
    *_text("id"),
    *_free("title"),
    *_text("kind"),
    *_free("language", "vendor_language"),
    *_of(Kind.NUMBER, "score_points", "score_max"),
    *_of(Kind.FLAG, "auto_submitted"),
    *_of(Kind.JSON, "tags"),
    *_of(Kind.MOMENT, "updated_at"),
    *_of(Kind.JSON, "files"),
    *_free("description_html"),
    *_of(Kind.JSON, "raw"),
)
TEST_CASE_COLUMNS = (
    *_text("account", "ref"),
    *_of(Kind.INTEGER, "task_position", "position"),
    *_free("name"),
    *_of(Kind.FLAG, "passed"),
    *_of(Kind.NUMBER, "max_points"),
    *_of(Kind.FLAG, "is_sample"),
    *_free("output", "expected_output"),
    *_of(Kind.JSON, "raw"),
)
_STORED = tuple(column.name for column in REPORT_COLUMNS if column.name != "raw")


def _report_rows(record: Record, report: Report) -> Iterator[Row]:
    yield (*(record.row[name] for name in _STORED), report.raw)


def _task_rows(record: Record, report: Report) -> Iterator[Row]:
    for position, task in enumerate(report.tasks):
        yield (
            record.account, record.ref, position, task.id, task.title, task.kind.value, task.language,
            task.vendor_language, *_points(task.score),
            task.auto_submitted, list(task.tags), task.updated_at, [to_json(file) for file in task.files],
            task.description_html, task.raw,
        )  # fmt: skip


def _test_case_rows(record: Record, report: Report) -> Iterator[Row]:
    for task_position, task in enumerate(report.tasks):
        for position, case in enumerate(task.test_cases):
            yield (
                record.account, record.ref, task_position, position, case.name, case.passed, _number(case.max_points),
                case.is_sample, case.output, case.expected_output, case.raw,
            )  # fmt: skip


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _points(score: Score | None) -> tuple[float | None, float | None]:
    return (None, None) if score is None else (_number(score.points), _number(score.max_points))


REPORTS = TableShape("reports", REPORT_COLUMNS, _report_rows)
TASKS = TableShape("tasks", TASK_COLUMNS, _task_rows)
TEST_CASES = TableShape("test_cases", TEST_CASE_COLUMNS, _test_case_rows)
TABLES = (REPORTS, TASKS, TEST_CASES)
