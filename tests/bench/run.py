"""Run every comparison and print one table; ends with 1 when a bound does not hold."""

from __future__ import annotations

import asyncio
import platform
import sys
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


async def every() -> list[Row]:
    """All rows, one comparison after another."""
    rows: list[Row] = []
    for part in (imports, pipeline, one_call, pages, memory, harvest, webhooks):
        rows.extend(await part())
    return rows


def main() -> int:
    """Print the table."""
    rows = asyncio.run(every())
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
