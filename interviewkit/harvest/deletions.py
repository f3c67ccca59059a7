"""Sessions that the vendor has no more: who is missing from a full scan, and how they are marked. No row is removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from interviewkit.harvest import items, schema
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.work import Work
from interviewkit.model import SessionRef


async def unnamed(
    connection: Transaction, account: str, stream: str, refs: Sequence[str], *, since: datetime
) -> tuple[list[str], int]:
    """Of the sessions that a scan did not see, those that no unreadable row of it names; and how many such rows name
    none of them.

    A row that cannot be read may well be that of a session that is known: its id stands in the row as it came.
    """
    table = schema.unreadable
    mine = (table.c.account == account) & (table.c.stream == stream) & table.c.ref.is_(None)
    raws: list[bytes] = list(
        (await connection.execute(select(table.c.raw).where(mine, table.c.seen_at >= since))).scalars()
    )
    if not refs or not raws:
        return list(refs), len(raws)
    left, named = [], set[int]()
    for ref in refs:
        ident = SessionRef.parse(ref).id.encode()
        rows = [place for place, raw in enumerate(raws) if raw and ident in raw]
        named.update(rows)
        if not rows:
            left.append(ref)
    return left, len(raws) - len(named)


async def ask_for(connection: Transaction, account: str, refs: Sequence[str], *, now: datetime) -> None:
    """Let the reports of sessions tell whether they are gone: one that is not found twice is."""
    table = schema.item
    for some in items.chunks(refs):
        await connection.execute(
            update(table)
            .where(table.c.account == account, table.c.ref.in_(some), table.c.due_at.is_(None))
            .values(due_at=now)
        )


async def mark_gone(work: Work, connection: Transaction, refs: Sequence[str]) -> list[tuple[str, int | None]]:
    """Set `deleted_at` of sessions that the vendor has no more; rows stay."""
    table, reports = schema.item, schema.report
    for some in items.chunks(refs):
        await connection.execute(
            update(table)
            .where(table.c.account == work.account, table.c.ref.in_(some))
            .values(phase=items.Phase.GONE, due_at=None, memo=None, missed_at=None)
        )
    marked = dict(await _renumber(work, connection, refs, deleted_at=work.clock(), was=reports.c.deleted_at.is_(None)))
    return [(ref, marked.get(ref)) for ref in refs]


async def lift(work: Work, connection: Transaction, refs: Sequence[str]) -> list[tuple[str, int]]:
    """Take `deleted_at` back from sessions that are there again."""
    return await _renumber(work, connection, refs, deleted_at=None, was=schema.report.c.deleted_at.is_not(None))


async def _renumber(
    work: Work, connection: Transaction, refs: Sequence[str], *, deleted_at: datetime | None, was: Any
) -> list[tuple[str, int]]:
    reports = schema.report
    changed: list[str] = []
    for some in items.chunks(refs):
        mine = select(reports.c.ref).where(reports.c.account == work.account, reports.c.ref.in_(some), was)
        changed += (await connection.execute(mine)).scalars()
    if not changed:
        return []
    first = await work.store.next_seq(connection, len(changed))
    numbered = [(ref, first + place) for place, ref in enumerate(changed)]
    for ref, seq in numbered:
        await connection.execute(
            update(reports)
            .where(reports.c.account == work.account, reports.c.ref == ref)
            .values(deleted_at=deleted_at, seq=seq)
        )
    return numbered
