"""What a person or a program sees: tables at a terminal, JSON Lines elsewhere, messages and bars on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Generic, NoReturn, TypeVar

import attrs
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from interviewkit.capabilities import Support
from interviewkit.cli.messages import told
from interviewkit.cli.tables import clean, fitted
from interviewkit.errors import InterviewKitError
from interviewkit.model import Assessment, Candidate, Score, Session
from interviewkit.serialize import dumps

Row = TypeVar("Row")

_PLAIN_WIDTH = 100
_ENDLESS = 10_000
"""Columns of a stream that is no terminal: a table there is as wide as its cells."""
_MARKS = {Support.NATIVE: "native", Support.EMULATED: "emulated", Support.UNSUPPORTED: "–"}


class _Console(Console):
    """A console that leaves a closed pipe to `run`."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def console(stream: IO[str]) -> Console:
    """A console over a stream; one that is no terminal gets plain text, and nothing is cut there."""
    width = None if stream.isatty() else _ENDLESS
    return _Console(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=False, width=width)


class Screen:
    """Where a command's results and messages go."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json or not sys.stdout.isatty()
        self.out = console(sys.stdout)
        self.err = console(sys.stderr)

    def line(self, value: Any) -> None:
        """One result as a line of JSON, out at once."""
        stream = sys.stdout
        if (stream.encoding or "").lower().replace("-", "") != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
        stream.write(dumps(value) + "\n")
        stream.flush()

    def say(self, text: str) -> None:
        """A message to the person, on stderr."""
        self.err.print(Text(clean(text)), soft_wrap=True)

    def warn(self, text: str) -> None:
        """A warning, on stderr."""
        self.err.print(Text.assemble(("warning: ", "yellow"), clean(text)), soft_wrap=True)

    def fail(self, error: InterviewKitError | str, label: str | None = None) -> None:
        """An error in one line, on stderr: what to do next in the command line's words, and the vendor's own."""
        where = f"{label}: " if label else ""
        text = told(error) if isinstance(error, InterviewKitError) else error
        self.err.print(Text.assemble(("error: ", "bold red"), clean(f"{where}{text}")), soft_wrap=True)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str | None = None,
        cut: Collection[int] = (),
        drop: Sequence[int] = (),
    ) -> list[str]:
        """A table on stdout, as wide as the terminal; the columns come back that could not be shown whole.

        The columns at the places `cut` are shortened first, then those at `drop` are left out, in that order.
        """
        made, lacking = fitted(columns, rows, title=title, width=self.out.width, cut=cut, drop=drop)
        self.out.print(made)
        return lacking

    def show(self, view: RenderableType) -> None:
        """Something of several parts on stdout; where there is no terminal, folded at 100 columns."""
        self.out.print(view, width=min(self.out.width, _ENDLESS if self.out.is_terminal else _PLAIN_WIDTH))

    def bar(self, *, counted: bool = True) -> Progress:
        """A progress bar on stderr that shows at a terminal only and goes away when it is done."""
        counts = (BarColumn(), MofNCompleteColumn()) if counted else (TextColumn("{task.completed:.0f}"),)
        return Progress(
            SpinnerColumn(), TextColumn("{task.description}"), *counts, TimeElapsedColumn(),
            console=self.err, transient=True, disable=not self.err.is_terminal,
        )  # fmt: skip


def day(value: datetime | None) -> str | None:
    """A time's day in UTC."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%d")


def points(score: Score | None) -> str | None:
    """A score as given: `72/100`, or `72` where the maximum is unknown."""
    if score is None:
        return None
    return f"{score.points:g}" if score.max_points is None else f"{score.points:g}/{score.max_points:g}"


def person(candidate: Candidate | None) -> str | None:
    """Who a candidate is: the name, else the e-mail address."""
    return None if candidate is None else candidate.display_name or candidate.email


@attrs.frozen
class Look(Generic[Row]):
    """How rows of one class look in a table: the columns, what stands in them, which may be cut, which left out."""

    columns: tuple[str, ...]
    row: Callable[[Row], tuple[object, ...]]
    cut: tuple[int, ...]
    drop: tuple[int, ...]


def _session_row(session: Session) -> tuple[object, ...]:
    return (
        session.account, session.ref, session.status, session.title, person(session.candidate), points(session.score),
        day(session.created_at or session.started_at),
    )  # fmt: skip


SESSIONS = Look(
    ("account", "ref", "status", "title", "candidate", "score", "created"), _session_row, (1, 3, 4), (6, 3, 5)
)


def _assessment_row(assessment: Assessment) -> tuple[object, ...]:
    return (
        assessment.account, assessment.id, assessment.kind, assessment.title, assessment.is_archived,
        day(assessment.created_at),
    )  # fmt: skip


ASSESSMENTS = Look(("account", "id", "kind", "title", "archived", "created"), _assessment_row, (3,), (5, 4))


def mark(support: Support) -> str:
    """A feature's support in the matrix."""
    return _MARKS[support]


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """An object's JSON without these fields."""
    return {name: found for name, found in value.items() if name not in names}
