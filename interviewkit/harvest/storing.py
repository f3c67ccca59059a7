"""Storing what became of reports: documents, items and limits in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from interviewkit.errors import InterviewKitError
from interviewkit.harvest import items, scans, schema
from interviewkit.harvest.documents import Document
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.outcomes import Change, Outcome
from interviewkit.harvest.unreadable import forgive, keep
from interviewkit.harvest.work import Work
from interviewkit.model import Report, SessionRef


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
    was_unreadable: bool = False
    """Whether an earlier answer for this report is kept as unreadable."""


async def store(work: Work, lease: Lease, batch: Sequence[Done]) -> list[Outcome]:
    """Store reports, items and the account's limits in one transaction. Raises `StoreError`; then nothing was."""
    async with work.store.writing(lease) as connection:
        outcomes = await _store_reports(work, connection, [done for done in batch if done.document is not None])
        for done in batch:
            if done.erased:
                table, mine = schema.item, done.item["ref"]
                await connection.execute(delete(table).where(table.c.account == work.account, table.c.ref == mine))
                await work.erasures.add(connection, work.account, mine, work.clock())
                continue
            if done.change is None:
                continue
            ref = SessionRef.parse(done.item["ref"])
            seq = None
            if done.change is Change.GONE:
                ((_, seq),) = await scans.mark_gone(work, connection, [done.item["ref"]])
            elif (
                done.change is Change.UNREADABLE
                and done.error is not None
                and not work.erasures.covers_text(str(done.raw))
            ):
                await keep(
                    connection, work.account, done.item["stream"], done.raw, done.error, now=work.clock(),
                    ref=done.item["ref"],
                )  # fmt: skip
            error = None if done.error is None else work.located(done.error)
            outcomes.append(Outcome(account=work.account, ref=ref, change=done.change, error=error, seq=seq))
        await items.put(connection, schema.item, [done.item for done in batch if not done.erased])
        await scans.save_gate(work, connection)
    return outcomes


async def _store_reports(work: Work, connection: AsyncConnection, batch: Sequence[Done]) -> list[Outcome]:
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
    await forgive(connection, work.account, [done.item["ref"] for done in batch if done.was_unreadable])
    return outcomes


def _change(known: Any, done: Done) -> Change:
    if known is None:
        return Change.NEW
    assert done.document is not None  # noqa: S101
    same = known.content_hash == done.document.content_hash and known.deleted_at is None
    return Change.UNCHANGED if same else Change.CHANGED
