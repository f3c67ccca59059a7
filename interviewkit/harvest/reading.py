"""Reading the reports that are due: several at a time, within the limits, and each stored before its place is free."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs
from sqlalchemy import delete, func, select

from interviewkit.errors import (
    AuthenticationError,
    ConfigurationError,
    InterviewKitError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    StoreError,
    TransportError,
    VendorUnavailableError,
)
from interviewkit.harvest import items, scans, schema
from interviewkit.harvest.artifacts import requests_of
from interviewkit.harvest.documents import Document, document
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.outcomes import Change, Outcome
from interviewkit.harvest.unreadable import keep
from interviewkit.harvest.work import HaltError, ParkedError, Work
from interviewkit.model import Report, SessionRef

BATCH = 100
FAILURES_IN_A_ROW = 6
"""So many reports that fail one after the other mean that the vendor is away."""
VENDOR_AWAY = timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class Done:
    """What became of one item: its new values, and a report to store, where one was read."""

    item: items.Values
    change: Change | None = None
    """`None`: storing the report tells whether it is new."""
    report: Report | None = None
    document: Document | None = None
    artifacts: Sequence[Mapping[str, Any]] | None = None
    error: InterviewKitError | None = None
    raw: Any = None
    erased: bool = False


class Reader:
    """Reads an account's due reports during one slice."""

    def __init__(self, work: Work, lease: Lease) -> None:
        self._work = work
        self._lease = lease
        self._waiting: list[tuple[Done, asyncio.Future[None]]] = []
        self._writing = False
        self._failures = 0
        self._halt: HaltError | None = None

    async def batch(self, *, until: float) -> bool:
        """Read the reports that have been due longest; whether there were any.

        Raises `HaltError` when nothing more can be sent for now, `ParkedError`, `StoreError`.
        """
        work = self._work
        now = work.clock()
        async with work.store.reading() as connection:
            wanted = items.due(work.account, now, work.settings.since, BATCH)
            rows = [dict(row) for row in (await connection.execute(wanted)).mappings()]
            if not rows:
                work.expected = 0
                return False
            table = schema.item
            due = (table.c.account == work.account) & (table.c.due_at <= now)
            counted = await connection.execute(select(func.count()).select_from(table).where(due))
            work.expected = counted.scalar_one()
        try:
            async with asyncio.TaskGroup() as group:
                await self._start(group, rows, until)
        except* (StoreError, ParkedError, ConfigurationError) as several:
            raise _first(several) from None
        if self._halt is not None:
            raise self._halt
        return True

    async def _start(self, group: asyncio.TaskGroup, rows: Sequence[Mapping[str, Any]], until: float) -> None:
        work, running, held = self._work, set[asyncio.Task[None]](), 0
        loop = asyncio.get_running_loop()
        for row in rows:
            cost = max(1, row["requests"])
            while running and (held + cost > work.settings.concurrency or not work.gate.admits(cost)):
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                held -= sum(int(task.get_name()) for task in done)
            if self._halt is not None or work.stopping() or loop.time() >= until:
                return
            if not work.gate.admits(cost):
                self._halt = HaltError(None, work.gate.free_at(cost))
                return
            held += cost
            running.add(group.create_task(self._one(row, cost), name=str(cost)))

    async def _one(self, row: Mapping[str, Any], cost: int) -> None:
        work = self._work
        ref = SessionRef.parse(row["ref"])
        with work.gate.holding(cost):
            done = await self._read(row, ref)
        if done is None:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((done, future))
        if not self._writing:
            await self._write()
        await future

    async def _read(self, row: Mapping[str, Any], ref: SessionRef) -> Done | None:
        """Read one report; `None`: it stays due."""
        work = self._work
        now = work.clock()
        try:
            found = await self._fetch(row, ref)
            self._failures = 0
            return found
        except NotFoundError as error:
            self._failures = 0
            values = items.missed(row, now=now)
            gone = values["phase"] == items.Phase.GONE
            return Done(item=values, change=Change.GONE if gone else Change.FAILED, error=error)
        except MalformedResponseError as error:
            values = items.unreadable(row, now=now, error=str(error))
            return Done(item=values, change=Change.UNREADABLE, error=error, raw=error.raw)
        except AuthenticationError as error:
            raise ParkedError(work.located(error)) from None
        except RateLimitedError as error:
            pause = timedelta(seconds=min(error.retry_after or 1.0, 86400.0))
            self._halt = HaltError(None, max(now + pause, work.gate.free_at(1)))
            return None
        except (StoreError, ConfigurationError):
            raise
        except (TransportError, VendorUnavailableError) as error:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW:
                self._halt = HaltError(work.located(error), now + VENDOR_AWAY)
            return Done(item=items.failed(row, now=now, error=str(error)), change=Change.FAILED, error=error)
        except Exception as error:  # noqa: BLE001 - a bug in one provider must not end the others' harvest
            known = work.located(error)
            return Done(item=items.failed(row, now=now, error=str(known)), change=Change.FAILED, error=known)

    async def _fetch(self, row: Mapping[str, Any], ref: SessionRef) -> Done:
        work, now = self._work, self._work.clock()
        stream = work.stream(row["stream"])
        if stream is None:  # of a plan that this version does not have any more
            report = await work.provider.fetch_report(ref)
            again = None
        else:
            report = await stream.report(ref, memo=row["memo"], fresh=work.fresh.pop(row["ref"], None))
            report = attrs.evolve(report, fetched_at=now)  # by the harvest's clock, from which `again` counts
            again = stream.again(report, reads=row["reads"] + 1)
        candidate = report.candidate
        if work.erasures.covers(work.account, row["ref"], None if candidate is None else candidate.email):
            return Done(item=dict(row), erased=True)
        artifacts, files = None, {}
        if work.artifacts is not None:
            with work.gate.holding(requests_of(work.provider, report)):
                collected = await work.artifacts.collect(work.provider, report)
            artifacts, files = collected.rows, dict(collected.files)
        made = document(report, files)
        if made.ref != row["ref"]:
            raise MalformedResponseError("the report is of another session than the one asked for", paths=("$",))
        values = items.read(row, final=report.is_final, again=again)
        return Done(item=values, report=report, document=made, artifacts=artifacts)

    # --- storing ---

    async def _write(self) -> None:
        """Store what has been read meanwhile, all of it in one transaction, until nothing waits."""
        self._writing = True
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    outcomes = await self._store([done for done, _ in batch])
                except BaseException:
                    for _, future in batch:
                        future.cancel()
                    raise
                for _, future in batch:
                    if not future.done():
                        future.set_result(None)
                for outcome in outcomes:
                    await self._work.report(outcome)
        finally:
            self._writing = False

    async def _store(self, batch: Sequence[Done]) -> list[Outcome]:
        work = self._work
        async with work.store.writing(self._lease) as connection:
            outcomes = await _store_reports(work, connection, [done for done in batch if done.document is not None])
            for done in batch:
                if done.erased:
                    table = schema.item
                    await connection.execute(
                        delete(table).where(table.c.account == work.account, table.c.ref == done.item["ref"])
                    )
                    continue
                if done.change is None:
                    continue
                ref = SessionRef.parse(done.item["ref"])
                seq = None
                if done.change is Change.GONE:
                    ((_, seq),) = await scans.mark_gone(work, connection, [done.item["ref"]])
                elif done.change is Change.UNREADABLE and done.error is not None:
                    await keep(
                        connection, work.account, done.item["stream"], done.raw, done.error, now=work.clock(),
                        ref=done.item["ref"],
                    )  # fmt: skip
                error = None if done.error is None else work.located(done.error)
                outcomes.append(Outcome(account=work.account, ref=ref, change=done.change, error=error, seq=seq))
            await items.put(connection, schema.item, [done.item for done in batch if not done.erased])
            await scans.save_gate(work, connection)
        return outcomes


async def _store_reports(work: Work, connection: Any, batch: Sequence[Done]) -> list[Outcome]:
    """Store reports; only those that say something else than before get a new `seq`."""
    table = schema.report
    refs = [done.item["ref"] for done in batch]
    known: dict[str, Any] = {}
    for some in items.chunks(refs):
        columns = select(table.c.ref, table.c.content_hash, table.c.deleted_at, table.c.seq)
        found = await connection.execute(columns.where(table.c.account == work.account, table.c.ref.in_(some)))
        known.update((row.ref, row) for row in found)
    judged = [(done, _change(known.get(done.item["ref"]), done)) for done in batch]
    moved = sum(change is not Change.UNCHANGED for _, change in judged)
    seq = await work.store.next_seq(connection, moved) if moved else 0
    rows, outcomes, files = [], [], []
    for done, change in judged:
        assert done.document is not None  # noqa: S101
        ref = done.item["ref"]
        kept = known[ref].seq if change is Change.UNCHANGED else seq
        seq += change is not Change.UNCHANGED
        rows.append({**done.document.columns, "account": work.account, "seq": kept, "deleted_at": None})
        if done.artifacts is not None:
            await connection.execute(
                delete(schema.artifact).where(schema.artifact.c.account == work.account, schema.artifact.c.ref == ref)
            )
            files += [{**one, "account": work.account, "ref": ref} for one in done.artifacts]
        told = None if change is Change.UNCHANGED else kept
        parsed = SessionRef.parse(ref)
        outcomes.append(Outcome(account=work.account, ref=parsed, change=change, report=done.report, seq=told))
    await items.put(connection, table, rows)
    await items.put(connection, schema.artifact, files)
    return outcomes


def _change(known: Any, done: Done) -> Change:
    if known is None:
        return Change.NEW
    assert done.document is not None  # noqa: S101
    same = known.content_hash == done.document.content_hash and known.deleted_at is None
    return Change.UNCHANGED if same else Change.CHANGED


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
