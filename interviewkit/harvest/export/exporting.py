"""One export: which changes it holds, the files it makes, and the consumer's position that it moves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs
from sqlalchemy import Select, exists, select, text

from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.harvest import schema
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.export import consumers
from interviewkit.harvest.export.formats import FORMATS, check_format
from interviewkit.harvest.export.staging import Staging, refuse
from interviewkit.harvest.export.tables import TABLES, Row
from interviewkit.harvest.store import Record, Store

_BATCH_REPORTS = 1_000
_BATCH_LETTERS = 2_000_000
"""How many reports, or letters of their JSON, are in memory at a time; a Parquet file's row group."""
_FETCH = 20


@attrs.frozen(kw_only=True)
class Exported:
    """What an export made: its files, the rows in each table, and the range of `seq`, both ends included."""

    files: tuple[Path, ...]
    rows: Mapping[str, int]
    first_seq: int
    last_seq: int

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing new, and so no file was made."""
        return not self.files


@attrs.frozen(kw_only=True)
class _Span:
    """The changes after `since`, of some accounts or of all; `until` is the last one of the transaction's moment."""

    since: int
    until: int
    accounts: tuple[str, ...]

    def select(self, *columns: Any) -> Select[Any]:
        query = select(*columns).where(schema.report.c.seq > self.since)
        return query.where(schema.report.c.account.in_(self.accounts)) if self.accounts else query


async def export(
    store: Store,
    out: str | os.PathLike[str],
    *,
    format: Literal["parquet", "csv", "jsonl"],
    since_seq: int | None = None,
    consumer: str | None = None,
    overwrite: bool = False,
    accounts: Collection[str] = (),
) -> Exported:
    """Write the stored reports to a folder as `reports`, `tasks` and `test_cases`; see the package for their meaning.

    All reports go to `reports.parquet` and so on, also when there are none. With `since_seq` or `consumer` only what
    has changed since goes to `reports-<first>-<last>.parquet`; with nothing new no file is made. A consumer's position
    is kept in the store and moves when its files have their names: what a crash leaves undone is done again. All of an
    export is of one moment of the store. Memory does not grow with the number of reports.

    Raises `InvalidArgumentError` for arguments that make no sense, and `ConfigurationError` for an unknown account, a
    folder that cannot be written, a missing extra, and files that stand there already: then nothing was written. Raises
    `StoreError` when the store or the disk fails, or another export for the consumer ended first; then the consumer's
    position is where it was.
    """
    check_format(format)
    _check(since_seq, consumer, accounts)
    key = None if consumer is None else consumers.place(consumer, accounts)
    folder = Path(out)
    async with store.reading() as connection:
        span = await _span(store, connection, key, since_seq, tuple(accounts))
        increment = since_seq is not None or consumer is not None
        if increment and not await connection.scalar(select(exists(span.select(schema.report.c.seq)))):
            return _nothing(span)
        targets = {shape.name: folder / f"{shape.name}{_suffix(span, increment)}.{format}" for shape in TABLES}
        if key is None and not overwrite:
            refuse(targets.values())
        staging = Staging(folder, targets, FORMATS[format])
        with staging:
            rows = await _write(connection, span, staging)
            files = await _deliver(store, span, staging, key, overwrite=overwrite)
    return Exported(files=files, rows=rows, first_seq=span.since + 1, last_seq=span.until)


def _check(since_seq: int | None, consumer: str | None, accounts: Collection[str]) -> None:
    if isinstance(accounts, str):
        raise InvalidArgumentError("accounts are several labels, not one text")
    if since_seq is None:
        return
    if consumer is not None:
        raise InvalidArgumentError("either a consumer or since_seq: a consumer's position is kept in the store")
    if not isinstance(since_seq, int) or isinstance(since_seq, bool) or since_seq < 0:
        raise InvalidArgumentError("since_seq is a number of the column seq, or 0")


def _suffix(span: _Span, increment: bool) -> str:
    return f"-{span.since + 1:012d}-{span.until:012d}" if increment else ""


async def _span(
    store: Store, connection: Transaction, key: str | None, since_seq: int | None, accounts: tuple[str, ...]
) -> _Span:
    """The changes to export, of the moment at which this transaction begins."""
    if store.dialect == "postgresql":  # SQLite's transactions are of one moment anyway
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    counter = schema.counter
    until: int = (await connection.execute(select(counter.c.value).where(counter.c.name == "seq"))).scalar_one()
    since = since_seq or 0 if key is None else await consumers.position(connection, key)
    if since > until:
        raise InvalidArgumentError(f"since_seq lies beyond the store's last change, {until}")
    known = select(schema.account.c.account).union(select(schema.report.c.account))
    there = set((await connection.scalars(known)).all()) if accounts else set()
    unknown = sorted(set(accounts) - there)
    if unknown:
        raise ConfigurationError(
            f"the store has no account {', '.join(unknown)}", hint=f"there are: {', '.join(sorted(there)) or 'none'}"
        )
    return _Span(since=since, until=until, accounts=accounts)


async def _write(connection: Transaction, span: _Span, staging: Staging) -> dict[str, int]:
    counts = {shape.name: 0 for shape in TABLES}
    batch: dict[str, list[Row]] = {name: [] for name in counts}
    letters = 0
    async for row in _rows(connection, span):
        record = Record(account=row["account"], ref=row["ref"], seq=row["seq"], deleted_at=row["deleted_at"], row=row)
        report = record.report
        for shape in TABLES:
            batch[shape.name].extend(shape.rows(record, report))
        letters += len(row["payload"])
        if len(batch["reports"]) >= _BATCH_REPORTS or letters >= _BATCH_LETTERS:
            await _write_batch(staging, batch, counts)
            letters = 0
    await _write_batch(staging, batch, counts)
    await _in_thread(staging.finish)
    return counts


async def _rows(connection: Transaction, span: _Span) -> AsyncIterator[Mapping[str, Any]]:
    """The reports in the order of their last change, some at a time; all of the transaction's moment."""
    stored, last = schema.report, span.since
    while True:
        query = span.select(stored).where(stored.c.seq > last).order_by(stored.c.seq).limit(_FETCH)
        rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < _FETCH:
            return
        last = rows[-1]["seq"]


async def _write_batch(staging: Staging, batch: dict[str, list[Row]], counts: dict[str, int]) -> None:
    await _in_thread(lambda: staging.write(batch))
    for name, rows in batch.items():
        counts[name] += len(rows)
        rows.clear()


async def _deliver(
    store: Store, span: _Span, staging: Staging, key: str | None, *, overwrite: bool
) -> tuple[Path, ...]:
    if key is None:
        return staging.publish(overwrite=overwrite, same_is_fine=False)
    async with store.writing() as connection:
        await consumers.move(connection, key, before=span.since, after=span.until)
        return staging.publish(overwrite=overwrite, same_is_fine=True)


def _nothing(span: _Span) -> Exported:
    return Exported(files=(), rows={shape.name: 0 for shape in TABLES}, first_seq=span.since + 1, last_seq=span.until)


async def _in_thread(work: Callable[[], None]) -> None:
    """Do what blocks beside the event loop; a caller who is cancelled waits for its end, as files are cleared then."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
