"""One report in full, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from interviewkit.cli.render import person, points
from interviewkit.cli.tables import cell, clean, clean_block, table
from interviewkit.model import Report, SourceFile, TaskResult, TestCaseResult

_VERDICT = {True: "passed", False: "failed", None: None}


def report_view(report: Report) -> RenderableType:
    """Head, tasks with test cases and files, notes, timeline, files beside the report, and warnings."""
    return Group(*_parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    about = report.session.title or person(report.candidate) or report.ref.kind
    yield Panel(_head(report), title=Text(clean(about)), title_align="left", expand=False)
    if report.tasks:
        yield table(
            ("task", "kind", "language", "score", "tests passed", "files"),
            ((_name(task, n), task.kind, task.language, points(task.score), _passed(task), len(task.files) or None)
             for n, task in enumerate(report.tasks, 1)),
            title="Tasks",
        )  # fmt: skip
    for number, task in enumerate(report.tasks, 1):
        yield from _task(task, _name(task, number))
    if report.notes:
        yield Panel(Text(clean_block(report.notes)), title="Notes", title_align="left", expand=False)
    if report.timeline:
        events = ((event.at, event.kind, event.actor, event.detail) for event in report.timeline)
        yield table(("at", "what", "who", "detail"), events, title="Timeline")
    if report.artifacts:
        files = ((one.kind, one.name, one.media_type, one.needs_auth) for one in report.artifacts)
        yield table(("file or page", "name", "type", "needs login"), files, title="Beside the report")
    for warning in report.warnings:
        yield Text(clean(f"warning: {warning.field}: {warning.reason}"), style="yellow")


def _head(report: Report) -> Table:
    session = report.session
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    similarity = report.similarity and (report.similarity.vendor_status or report.similarity.status)
    for name, value in (
        ("vendor", report.provider),
        ("account", report.account),
        ("reference", report.ref),
        ("candidate", person(report.candidate)),
        ("status", report.status),
        ("vendor's word", report.vendor_status),
        ("decision", report.decision),
        ("score", points(report.score)),
        ("language", session.language),
        ("started", session.started_at or session.created_at),
        ("ended", session.ended_at),
        ("similarity", similarity),
        ("final", report.is_final),
        ("fetched", report.fetched_at),
    ):
        if value is not None:
            grid.add_row(Text(name, style="dim"), cell(value))
    return grid


def _name(task: TaskResult, number: int) -> str:
    return task.title or task.id or f"task {number}"


def _passed(task: TaskResult) -> str | None:
    judged = [case for case in task.test_cases if case.passed is not None]
    return f"{sum(1 for case in judged if case.passed)}/{len(judged)}" if judged else None


def _task(task: TaskResult, name: str) -> Iterator[RenderableType]:
    if task.test_cases:
        yield table(
            ("test case", "result", "points", "sample"),
            (_case(case, number) for number, case in enumerate(task.test_cases, 1)),
            title=f"Test cases: {clean(name)}",
        )
    for file in task.files:
        yield from _file(file, task.language, name)


def _case(case: TestCaseResult, number: int) -> tuple[object, ...]:
    most = None if case.max_points is None else f"{case.max_points:g}"
    return (case.name or f"case {number}", _VERDICT[case.passed], most, case.is_sample)


def _file(file: SourceFile, language: str | None, name: str) -> Iterator[RenderableType]:
    yield Text(clean(f"{name} · {file.path}"), style="bold")
    if file.content is None:
        yield Padding(Text("no text", style="dim"), (0, 2))
        return
    text = clean_block(file.content).rstrip("\n")
    yield Syntax(text, file.language or language or "text", theme="ansi_dark", line_numbers=True, word_wrap=True)
