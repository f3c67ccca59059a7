"""The store as a source for dlt (https://dlthub.com/docs/general-usage/source, read 2026-11): three incremental tables.

    pipeline = dlt.pipeline("interviews", destination="duckdb", dataset_name="interviews")
    pipeline.run(reports_source("sqlite:///interviewkit.db"))

dlt keeps, with the data it has loaded, the number of the last change it took. It sends usage figures to its maker
unless `RUNTIME__DLTHUB_TELEMETRY=false` is set.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.harvest.export.tables import REPORTS, TABLES, Kind, TableShape
from interviewkit.harvest.store import Record, Store

if TYPE_CHECKING:
    from dlt.extract import DltSource

T = TypeVar("T")
_Item = dict[str, Any]

_PAGE = 100
_TYPES = {
    Kind.TEXT: "text",
    Kind.NUMBER: "double",
    Kind.INTEGER: "bigint",
    Kind.FLAG: "bool",
    Kind.MOMENT: "timestamp",
    Kind.JSON: "json",
}
_POSITIONS = {"tasks": ("task_position",), "test_cases": ("task_position", "position")}
_REMOVED = "removed"


def reports_source(store_url: str | os.PathLike[str], *, since_seq: int = 0) -> DltSource:
    """A dlt source with the resources `reports`, `tasks` and `test_cases`, each incremental by `seq`.

    They have the columns of an export; `tasks` and `test_cases` have `seq` as well, that of their report. A report that
    has changed takes the place of its old row, and so do all its tasks and test cases; one that was deleted has
    `deleted_at`. The column `removed`, through which dlt is told what is no more, is empty in what it loads.
    `since_seq` leaves out older changes on the first run. The store is opened when dlt reads the source.

    Raises `ConfigurationError` when dlt is not installed, and `InvalidArgumentError` for a number that is none.
    """
    if not isinstance(since_seq, int) or isinstance(since_seq, bool) or since_seq < 0:
        raise InvalidArgumentError("since_seq is a number of the column seq, or 0")
    try:
        import dlt
    except ImportError:
        missing = ConfigurationError("a dlt source needs dlt", hint="pip install 'interviewkit[dlt]'")
    else:

        @dlt.source(name="interviewkit")
        def interviewkit() -> Iterator[Any]:
            for shape in TABLES:
                yield _resource(store_url, shape, since_seq)

        return interviewkit()
    raise missing


def _resource(store_url: str | os.PathLike[str], shape: TableShape, since_seq: int) -> Any:
    import dlt

    # Every change has a number of its own, and none comes late: what is beyond the last one taken is what is new.
    numbers = dlt.sources.incremental("seq", initial_value=since_seq, range_start="open")

    def rows(seq: Any = numbers) -> Iterator[list[_Item]]:
        yield from _read(store_url, shape, seq.last_value)

    columns: dict[str, Any] = {
        column.name: {"data_type": _TYPES[column.kind], "nullable": True} for column in shape.columns
    }
    columns["seq"] = {"data_type": "bigint"}
    key = ("account", "ref", *_POSITIONS.get(shape.name, ()))
    if shape is not REPORTS:
        columns[_REMOVED] = {"data_type": "bool", "hard_delete": True}
    return dlt.resource(
        rows,
        name=shape.name,
        columns=columns,
        primary_key=key,
        merge_key=("account", "ref"),
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
    )


def _read(store_url: str | os.PathLike[str], shape: TableShape, since: int) -> Iterator[list[_Item]]:
    with _loop() as run, contextlib.ExitStack() as closing:
        store = run(Store.open(store_url, create=False))
        closing.callback(lambda: run(store.aclose()))
        until = run(store.last_seq())
        if since > until:
            raise ConfigurationError(
                f"dlt has taken {since} changes, and {store.name} holds {until}: it was made anew, or is another store",
                hint='to load all of it again: pipeline.run(..., refresh="drop_sources")',
            )
        records = store.records(since_seq=since, until_seq=until, include_deleted=True)
        while page := run(_page(records)):
            yield [item for record in page for item in _items(shape, record)]


async def _page(records: AsyncIterator[Record]) -> list[Record]:
    page: list[Record] = []
    async for record in records:
        page.append(record)
        if len(page) == _PAGE:
            break
    return page


def _items(shape: TableShape, record: Record) -> Iterator[_Item]:
    names = [column.name for column in shape.columns]
    # JSON holds such a letter only as an escape; few destinations take it.
    odd = any(escape in record.row["payload"] for escape in ("\\u0000", "\\ud"))
    none = True
    for row in shape.rows(record, record.report):
        item = {**dict(zip(names, row, strict=True)), "seq": record.seq}
        none = False
        yield _storable(item) if odd else item
    if none and shape is not REPORTS:
        # dlt removes what it has of a report when something of it comes: this says that nothing is left.
        place = dict.fromkeys(_POSITIONS[shape.name], -1)
        yield {"account": record.account, "ref": record.ref, **place, "seq": record.seq, _REMOVED: True}


def _storable(value: Any) -> Any:
    """The same without NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return value


@contextlib.contextmanager
def _loop() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """An event loop in a thread of its own: dlt's threads and a notebook's may have one already."""
    with ThreadPoolExecutor(1, "interviewkit-dlt") as thread:
        runner = asyncio.Runner()
        try:
            yield lambda work: thread.submit(runner.run, work).result()
        finally:
            thread.submit(runner.close).result()
