"""What a person or a program sees: tables at a terminal, JSON Lines elsewhere, messages and bars on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Generic, NoReturn, TypeVar

import attrs
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from interviewkit.capabilities import Support
from interviewkit.errors import InterviewKitError
from interviewkit.model import Assessment, Candidate, Score, Session
from interviewkit.serialize import dumps

Row = TypeVar("Row")

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_IN_BLOCK = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NUMBERS = frozenset({"score", "points", "tests passed", "files", "used", "remaining", "limit"})
_ONE_LINE = _NUMBERS | {"account", "vendor", "kind", "status", "word", "created", "at", "result", "feature"}
_REF = 28
_NARROWEST = 8
_WIDE = 120
_PLAIN_WIDTH = 100
_MARKS = {Support.NATIVE: "native", Support.EMULATED: "emulated", Support.UNSUPPORTED: "–"}
_STYLES = {
    "native": "green", "emulated": "yellow", "–": "dim", "completed": "green", "submitted": "green",
    "in_progress": "yellow", "cancelled": "red", "expired": "red", "yes": "green", "no": "red", "passed": "green",
    "failed": "red",
}  # fmt: skip


def clean(value: object) -> str:
    """A value on one line, without letters that steer a terminal."""
    return _CONTROL.sub(" ", str(value))


def clean_block(value: str) -> str:
    """Text of several lines, without letters that steer a terminal."""
    return _CONTROL_IN_BLOCK.sub(" ", value.replace("\r\n", "\n"))


class _Console(Console):
    """A console that leaves a closed pipe to `run`."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def console(stream: IO[str]) -> Console:
    """A console over a stream; one that is no terminal gets plain text of 100 columns."""
    plain = not stream.isatty()
    return _Console(
        file=stream, markup=False, highlight=False, emoji=False, soft_wrap=False, width=_PLAIN_WIDTH if plain else None
    )


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
        """An error in one line, on stderr."""
        where = f"{label}: " if label else ""
        self.err.print(Text.assemble(("error: ", "bold red"), clean(f"{where}{error}")), soft_wrap=True)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str | None = None,
        cut: Collection[int] = (),
        spare: int | None = None,
    ) -> None:
        """A table on stdout, as wide as the terminal; what begins at place `spare` is for wide terminals."""
        if spare is not None and self.out.width < _WIDE:
            columns, rows = columns[:spare], (row[:spare] for row in rows)
        self.out.print(table(columns, rows, title=title, width=self.out.width, cut=cut))

    def bar(self, *, counted: bool = True) -> Progress:
        """A progress bar on stderr that shows at a terminal only and goes away when it is done."""
        counts = (BarColumn(), MofNCompleteColumn()) if counted else (TextColumn("{task.completed:.0f}"),)
        return Progress(
            SpinnerColumn(), TextColumn("{task.description}"), *counts, TimeElapsedColumn(),
            console=self.err, transient=True, disable=not self.err.is_terminal,
        )  # fmt: skip


def cell(value: object) -> Text:
    """A table's cell: cleaned, coloured by its word, a dash for nothing."""
    if value is None or value == "":
        return Text("–", style="dim")
    if isinstance(value, Text):
        return value
    text = (
        moment(value)
        if isinstance(value, datetime)
        else clean("yes" if value is True else "no" if value is False else value)
    )
    return Text(text, style=_STYLES.get(text, ""))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    width: int | None = None,
    cut: Collection[int] = (),
) -> Table:
    """A table of cells: words stay on one line, long texts are folded so that they can be copied.

    With `width`, the columns whose places `cut` names are cut to fit, the others keep their room.
    """
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(len(name), *(row[place].cell_len for row in cells), 1) for place, name in enumerate(columns)]
    room = {} if width is None else _room(columns, widths, width, cut)
    made = Table(
        title=title and Text(clean(title)), title_justify="left", title_style="bold", header_style="bold",
        box=box.SIMPLE_HEAD, show_edge=False, show_header=any(columns), padding=(0, 1, 0, 0),
    )  # fmt: skip
    for place, name in enumerate(columns):
        fixed = name in _ONE_LINE or place in room
        made.add_column(
            Text(clean(name)),
            overflow="ellipsis" if place in room else "fold",
            no_wrap=fixed,
            min_width=room.get(place, widths[place]) if fixed else None,
            max_width=room.get(place),
            justify="right" if name in _NUMBERS else "left",
        )
    for row in cells:
        made.add_row(*row)
    return made


def _room(columns: Sequence[str], widths: Sequence[int], width: int, cut: Collection[int]) -> dict[int, int]:
    """How wide the columns to cut may be: what the others leave, shared out by what each would like."""
    others = sum(
        min(own, _REF) if columns[place] == "ref" else own for place, own in enumerate(widths) if place not in cut
    )
    spare = width - others - 2 * len(columns)
    wanted = sum(widths[place] for place in cut)
    if wanted <= spare:
        return {}
    return {place: max(_NARROWEST, spare * widths[place] // wanted) for place in cut}


def moment(value: datetime) -> str:
    """A time in UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


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
    """How rows of one class look in a table: the columns, what stands in them, and which may be cut."""

    columns: tuple[str, ...]
    row: Callable[[Row], tuple[object, ...]]
    cut: tuple[int, ...]
    spare: int | None = None


def _session_row(session: Session) -> tuple[object, ...]:
    return (
        session.account, session.ref, session.status, session.title, person(session.candidate), points(session.score),
        day(session.created_at or session.started_at),
    )  # fmt: skip


SESSIONS = Look(("account", "ref", "status", "title", "candidate", "score", "created"), _session_row, (3, 4), 6)


def _assessment_row(assessment: Assessment) -> tuple[object, ...]:
    return (
        assessment.account, assessment.id, assessment.kind, assessment.title, assessment.is_archived,
        day(assessment.created_at),
    )  # fmt: skip


ASSESSMENTS = Look(("account", "id", "kind", "title", "archived", "created"), _assessment_row, (3,), 5)


def mark(support: Support) -> str:
    """A feature's support in the matrix."""
    return _MARKS[support]


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """An object's JSON without these fields."""
    return {name: found for name, found in value.items() if name not in names}
