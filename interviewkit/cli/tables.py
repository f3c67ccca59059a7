"""Tables of cells that fit their screen: what has no room is shortened with an ellipsis or left out, never just cut."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_IN_BLOCK = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NUMBERS = frozenset({
    "score", "points", "tests passed", "files", "used", "remaining", "limit", "new", "changed", "unchanged", "gone",
    "unreadable", "failed", "requests", "reports", "open", "seq", "behind", "rows", "last failed",
    "waiting", "retrying", "refused", "acknowledged", "deliveries", "events", "tries",
})  # fmt: skip
_ONE_LINE = _NUMBERS | {
    "account", "vendor", "kind", "status", "word", "created", "at", "result", "feature", "state", "next due",
    "last run", "last state", "consumer",
}  # fmt: skip
_LEAST = {"ref": 29}
"""Columns that want more than the least room: CoderPad's and Codility's references stay whole."""
_NARROWEST = 10
_FOLDED = 24
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


def moment(value: datetime) -> str:
    """A time in UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """A table of cells: words stay on one line, long texts are folded so that they can be copied."""
    return fitted(columns, rows, title=title)[0]


def fitted(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    width: int | None = None,
    cut: Collection[int] = (),
    drop: Sequence[int] = (),
) -> tuple[Table, list[str]]:
    """A table that fits `width`, and the names of the columns that it does not show whole.

    The columns whose places `cut` names are shortened; those of `drop` are left out, in that order, when that is not
    enough. Where even then there is no room, every column is shortened.
    """
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(len(name), *(row[place].cell_len for row in cells), 1) for place, name in enumerate(columns)]
    least = [_least(name, widths[place], place in cut) for place, name in enumerate(columns)]
    shown = _shown(least, width, drop)
    crowded = width is not None and _taken(least, shown) > width
    room = (
        {} if width is None else _room(columns, widths, least, width, [place for place in shown if place in cut], shown)
    )
    made = Table(
        title=title and Text(clean(title)), title_justify="left", title_style="bold", header_style="bold",
        box=box.SIMPLE_HEAD, show_edge=False, show_header=any(columns), padding=(0, 1, 0, 0),
    )  # fmt: skip
    for place in shown:
        name = columns[place]
        fixed = name in _ONE_LINE or place in room
        made.add_column(
            Text(clean(name)),
            overflow="ellipsis" if fixed or crowded else "fold",
            no_wrap=fixed or crowded,
            min_width=room.get(place, widths[place]) if fixed and not crowded else None,
            max_width=room.get(place),
            justify="right" if name in _NUMBERS else "left",
        )
    for row in cells:
        made.add_row(*(row[place] for place in shown))
    lacking = {place for place in range(len(columns)) if crowded or place in room or place not in shown}
    return made, [name for place, name in enumerate(columns) if place in lacking]


def _least(name: str, width: int, can_be_cut: bool) -> int:
    """The least room of a column: all it wants, unless it may be cut or folded."""
    if can_be_cut:
        return min(width, _LEAST.get(name, _NARROWEST))
    return width if name in _ONE_LINE else min(width, _FOLDED)


def _taken(widths: Sequence[int], shown: Sequence[int]) -> int:
    """The width of a table's line: the columns, and two places between them."""
    return sum(widths[place] for place in shown) + 2 * len(shown) - 1


def _shown(least: Sequence[int], width: int | None, drop: Sequence[int]) -> list[int]:
    shown = list(range(len(least)))
    for place in drop:
        if width is None or _taken(least, shown) <= width:
            break
        shown.remove(place)
    return shown


def _room(
    columns: Sequence[str],
    widths: Sequence[int],
    least: Sequence[int],
    width: int,
    cut: Sequence[int],
    shown: Sequence[int],
) -> dict[int, int]:
    """How wide each column that may be cut becomes, where not all can be whole.

    What is left over the least goes to the texts that people read first, by what each lacks, and then to references.
    """
    if _taken(widths, shown) <= width:
        return {}
    left = max(0, width - _taken(least, shown))
    room = {place: least[place] for place in cut}
    for group in (
        [place for place in cut if columns[place] != "ref"],
        [place for place in cut if columns[place] == "ref"],
    ):
        lacking = sum(widths[place] - least[place] for place in group)
        given = min(left, lacking)
        for place in group:
            room[place] += given * (widths[place] - least[place]) // max(1, lacking)
        left -= given
    return {place: own for place, own in room.items() if own < widths[place]}
