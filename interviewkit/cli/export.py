"""`export`: what was harvested as files, whole or what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from interviewkit.cli import stores
from interviewkit.cli.exits import DONE
from interviewkit.cli.render import Screen
from interviewkit.errors import InvalidArgumentError


async def export(
    *,
    format_: Annotated[Literal["parquet", "csv", "jsonl"], Parameter(name="--format")],
    store: stores.StoreURL = stores.DEFAULT,
    out: Path = Path("interviewkit-export"),
    since_seq: int | None = None,
    consumer: str | None = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    account: Annotated[tuple[str, ...], Parameter(negative="", allow_leading_hyphen=True)] = (),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write harvested reports to files: a row a report, a row a task, a row a test case.

    Parameters
    ----------
    format_
        parquet, csv or jsonl.
    out
        Folder for the files.
    since_seq
        Only what has changed since the change with this number.
    consumer
        Only what has changed since the last export under this name, which the store remembers.
    overwrite
        Replace files that are there.
    account
        Only this account; may be repeated.
    json
        JSON Lines instead of a table.
    """
    if since_seq is not None and consumer is not None:
        raise InvalidArgumentError("--since-seq and --consumer exclude each other: the store remembers a consumer's")
    if since_seq is not None and since_seq < 0:
        raise InvalidArgumentError("--since-seq is at least 0")
    screen = Screen(as_json=json)
    async with await stores.existing(store) as opened:
        from interviewkit.harvest.export import export as write

        made = await write(
            opened, out, format=format_, since_seq=since_seq, consumer=consumer, overwrite=overwrite, accounts=account
        )
    files = {path.name.partition(".")[0].partition("-")[0]: path for path in made.files}
    if screen.as_json:
        for table, path in files.items():
            screen.line({"table": table, "file": str(path), "rows": made.rows[table]})
    elif files:
        screen.table(("file", "rows"), [(path, made.rows[table]) for table, path in files.items()])
    if made.is_empty:
        screen.say(f"nothing has changed since change {made.last_seq}: no file was made")
    elif since_seq is not None or consumer is not None:
        screen.say(f"changes {made.first_seq} to {made.last_seq}")
    return DONE
