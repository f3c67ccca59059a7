"""Reports for a store that no harvest has filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update

import interviewkit as ik
from interviewkit.harvest import schema
from interviewkit.harvest.documents import document
from interviewkit.harvest.store import Store

NIGHT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def task(title: str, *passed: bool | None, **fields: Any) -> ik.TaskResult:
    """A task whose test cases passed or not."""
    cases = tuple(
        ik.TestCaseResult(name=f"case {number}", passed=one, output="ok", raw={"ok": one})
        for number, one in enumerate(passed)
    )
    given = {"id": title.lower(), "score": ik.Score(points=sum(map(bool, passed)), max_points=len(passed)), **fields}
    return ik.TaskResult(title=title, test_cases=cases, raw={"name": title}, **given)


def report(number: int, *tasks: ik.TaskResult, account: str = "acme", raw: Any = None, **fields: Any) -> ik.Report:
    """A candidate's test; `fields` are its session's."""
    ref = ik.SessionRef(provider="codility", kind=ik.SessionKind.TAKE_HOME, id=f"KK{number:04d}")
    given = {
        "title": "Backend engineer", "assessment_id": "-Jr7",
        "candidate": ik.Candidate(email=f"candidate{number}@example.com", name=f"Candidate {number}"),
        "created_at": NIGHT + timedelta(minutes=number), **fields,
    }  # fmt: skip
    session = ik.Session(
        ref=ref, provider="codility", account=account, kind=ref.kind, status=ik.SessionStatus.COMPLETED, **given
    )
    return ik.Report(
        ref=ref, provider="codility", account=account, session=session, status=session.status, tasks=tasks,
        score=ik.Score(points=7, max_points=10), is_final=True, fetched_at=NIGHT, raw=raw or {"id": number},
    )  # fmt: skip


async def put(store: Store, *reports: ik.Report) -> None:
    """Store reports as the harvest does: each change has the next number."""
    table = schema.report
    async with store.writing() as connection:
        for one in reports:
            found = document(one)
            seq = await store.next_seq(connection)
            await connection.execute(delete(table).where(table.c.account == one.account, table.c.ref == found.ref))
            row = {**found.columns, "account": one.account, "seq": seq, "deleted_at": None}
            await connection.execute(insert(table).values(**row))


async def mark_deleted(store: Store, one: ik.Report) -> None:
    """Note that the vendor has a report no more."""
    table = schema.report
    async with store.writing() as connection:
        seq = await store.next_seq(connection)
        gone = update(table).where(table.c.account == one.account, table.c.ref == str(one.ref))
        await connection.execute(gone.values(seq=seq, deleted_at=NIGHT))
