"""Run every comparison and print one table; ends with 1 when a bound does not hold."""

from __future__ import annotations

import asyncio
import multiprocessing
import platform
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.table import Table

from tests.bench.calls import one_call, pipeline
from tests.bench.harvest import harvest
from tests.bench.imports import imports
from tests.bench.measure import ROUNDS, Row
from tests.bench.memory import memory
from tests.bench.pages import pages
from tests.bench.webhooks import webhooks

PARTS: tuple[Callable[[], Awaitable[list[Row]]], ...] = (
    imports, pipeline, one_call, pages, memory, harvest, webhooks
)  # fmt: skip


def rows_of(number: int) -> list[Row]:
    """One comparison's rows."""

    async def compared() -> list[Row]:
        return await PARTS[number]()

    return asyncio.run(compared())


def every() -> list[Row]:
    """All rows, one comparison after another, each in a process of its own: none works in what another has left."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as process:
        return [row for rows in process.map(rows_of, range(len(PARTS))) for row in rows]


def main() -> int:
    """Print the table."""
    rows = every()
    table = Table(title=f"Python {platform.python_version()}, medians of {ROUNDS} interleaved rounds, CPU unless said")
    for heading in ("what", "measured", "bound", "aim", ""):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for row in rows:
        bound = "" if row.bound is None else f"{'<=' if row.smaller_is_better else '>='} {row.bound:g}"
        aim = "" if row.aim is None else f"{row.aim:g}"
        verdict = {None: "", True: "holds", False: "BROKEN"}[row.holds]
        table.add_row(row.name, f"{row.measured:,.2f} {row.unit}", bound, aim, verdict)
    Console(width=110).print(table)
    return 1 if any(row.holds is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
