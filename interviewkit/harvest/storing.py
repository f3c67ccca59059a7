"""Storing what became of reports: documents, items and limits in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs
from sqlalchemy import delete, select

from interviewkit.errors import InterviewKitError
from interviewkit.harvest import deletions, items, scans, schema
from interviewkit.harvest.documents import Document
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.outcomes import Change, Outcome
from interviewkit.harvest.unreadable import forgive, keep
from interviewkit.harvest.work import Work
from interviewkit.model import Report, SessionRef

_reports = schema.report
_KNOWN = (_reports.c.ref, _reports.c.content_hash, _reports.c.deleted_at, _reports.c.seq, _reports.c.fetched_at)
_SOONEST = timedelta(minutes=1)
"""When a report is read again that was asked for too early."""


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
        read = [done for done in batch if done.document is not None]
        outcomes, overtaken = await _store_reports(work, connection, read)
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
                ((_, seq),) = await deletions.mark_gone(work, connection, [done.item["ref"]])
            elif done.change is Change.UNREADABLE and done.error is not None:
                await keep(
                    connection, work.account, done.item["stream"], done.raw, done.error, now=work.clock(),
                    erasures=work.erasures, ref=done.item["ref"],
                )  # fmt: skip
            error = None if done.error is None else work.located(done.error)
            outcomes.append(Outcome(account=work.account, ref=ref, change=done.change, error=error, seq=seq))
        known = [{**done.item, **overtaken.get(done.item["ref"], {})} for done in batch if not done.erased]
        await items.put(connection, schema.item, known, changes=items.READING)
        await scans.save_gate(work, connection)
    return outcomes


async def _store_reports(
    work: Work, connection: Transaction, batch: Sequence[Done]
) -> tuple[list[Outcome], dict[str, items.Values]]:
    """Store reports; only those that say something else than before get a new `seq`.

    Those that were asked for before what a webhook has brought meanwhile are left out; what that makes of their items.
    """
    table = schema.report
    refs = [done.item["ref"] for done in batch]
    known = {row["ref"]: row for row in await items.by_refs(connection, _KNOWN, work.account, refs)}
    soonest = work.clock() + _SOONEST
    overtaken: dict[str, items.Values] = {
        ref: {"phase": items.Phase.OPEN, "due_at": max(soonest, known[ref]["fetched_at"])}
        for ref in (done.item["ref"] for done in batch if _is_overtaken(known.get(done.item["ref"]), done))
    }
    outcomes = [
        Outcome(account=work.account, ref=SessionRef.parse(ref), change=Change.UNCHANGED) for ref in sorted(overtaken)
    ]
    batch = [done for done in batch if done.item["ref"] not in overtaken]
    judged = [(done, _change(known.get(done.item["ref"]), done)) for done in batch]
    moved = sum(change is not Change.UNCHANGED for _, change in judged)
    seq = await work.store.next_seq(connection, moved) if moved else 0
    rows, files = [], []
    for done, change in judged:
        assert done.document is not None  # noqa: S101
        ref = done.item["ref"]
        kept = known[ref]["seq"] if change is Change.UNCHANGED else seq
        seq += change is not Change.UNCHANGED
        rows.append({**done.document.columns, "account": work.account, "seq": kept, "deleted_at": None})
        if done.artifacts is not None:
            files += await _replaced(connection, work.account, ref, done.artifacts)
        told = None if change is Change.UNCHANGED else kept
        parsed = done.report.ref if done.report is not None else SessionRef.parse(ref)
        outcomes.append(Outcome(account=work.account, ref=parsed, change=change, report=done.report, seq=told))
    await items.put(connection, table, rows)
    await items.put(connection, schema.artifact, files)
    await forgive(connection, work.account, [done.item["ref"] for done in batch if done.was_unreadable])
    return outcomes, overtaken


async def _replaced(
    connection: Transaction, account: str, ref: str, artifacts: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """A report's files as rows to be stored; one that could not be had this time keeps the row of the last time."""
    table = schema.artifact
    mine = (table.c.account == account) & (table.c.ref == ref)
    had = (await connection.execute(select(table).where(mine, table.c.sha256.is_not(None)))).mappings()
    known = {(row["kind"], row["name"]): dict(row) for row in had}
    await connection.execute(delete(table).where(mine))
    return [
        {**(one if one["sha256"] is not None else known.get((one["kind"], one["name"]), one)),
         "account": account, "ref": ref, "position": one["position"]}
        for one in artifacts
    ]  # fmt: skip


def _is_overtaken(known: Any, done: Done) -> bool:
    asked = None if done.document is None else done.document.columns["fetched_at"]
    return known is not None and asked is not None and known["fetched_at"] > asked


def _change(known: Any, done: Done) -> Change:
    if known is None:
        return Change.NEW
    assert done.document is not None  # noqa: S101
    same = known["content_hash"] == done.document.content_hash and known["deleted_at"] is None
    return Change.UNCHANGED if same else Change.CHANGED
