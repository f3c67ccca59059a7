"""Storing a report that came by another way than a harvest's slice, beside harvests that may be running."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select

from interviewkit.harvest import items, schema
from interviewkit.harvest.artifacts import files_of
from interviewkit.harvest.default_plan import plan_of
from interviewkit.harvest.documents import Document, document
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.screening import Screen, Trace
from interviewkit.harvest.store import Store
from interviewkit.harvest.unreadable import forgive
from interviewkit.model import Report
from interviewkit.provider import InterviewProvider
from interviewkit.serialize import dumps

_reports = schema.report
_BESIDE_HARVEST = (
    select(schema.account.c.account).where(schema.account.c.account == bindparam("mine")).with_for_update()
)
"""Takes turns with the account's harvest, which locks the same row whenever it writes, and before its other rows."""
_KEPT_WHEN_UNCHANGED = ("fetched_at", "is_final")


class Taken(StrEnum):
    """What became of a report."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
    """What is stored was asked for later: nothing was changed."""
    ERASED = "erased"
    """It is about a person who was erased: nothing was stored."""


class Intake:
    """Takes reports into a harvest's store. It needs no lease: a harvest of the same account may be running."""

    def __init__(self, store: Store, screen: Screen) -> None:
        self._store = store
        self._screen = screen

    async def take(self, provider: InterviewProvider, report: Report) -> tuple[Taken, int | None]:
        """Store a report as a harvest would, and say what became of it, with the number of the change.

        `report.fetched_at` is when it was asked for: what is stored of a later time stays. Files that it names are left
        to the next harvest. Raises `StoreError`, and `ConfigurationError` when the key of erasures is missing; then
        nothing was stored.
        """
        made = document(report)
        async with self._screen.writing([_trace(report)]) as (connection, (is_erased,)):
            if is_erased:
                return Taken.ERASED, None
            await connection.execute(_BESIDE_HARVEST, {"mine": report.account})
            row = (await connection.execute(_known(report.account, made.ref))).mappings().one_or_none()
            known = None if row is None else dict(row)
            taken = _judge(known, made)
            if taken is Taken.OUTDATED:
                return taken, None
            seq = None if taken is Taken.UNCHANGED else await self._store.next_seq(connection)
            columns = _columns(known, made, taken, seq)
            await connection.execute(_upsert(connection.dialect.name), {**columns, "account": report.account})
            await self._mark_read(connection, provider, report, has_new_files=taken is not Taken.UNCHANGED)
        return taken, seq

    async def is_erased(self, report: Report) -> bool:
        """Whether a report is about a person who was erased. Raises `StoreError` and `ConfigurationError`."""
        async with self._screen.writing([_trace(report)]) as (_, (is_erased,)):
            return is_erased

    async def _mark_read(
        self, connection: Transaction, provider: InterviewProvider, report: Report, *, has_new_files: bool
    ) -> None:  # fmt: skip
        """Spare the next harvest a reading of what it knows the row of; a session not yet listed it finds itself."""
        item = (await items.known(connection, report.account, [str(report.ref)])).get(str(report.ref))
        if item is None:
            return
        stream = next((one for one in plan_of(provider).streams if one.name == item["stream"]), None)
        again = None if stream is None else stream.again(report, reads=item["reads"] + 1)
        if has_new_files and files_of(provider, report):
            again = await self._store.now(connection)
        after = items.read(item, final=report.is_final, again=again)
        await items.put(connection, schema.item, [after], changes=items.READING)
        if item["phase"] == items.Phase.UNREADABLE:
            await forgive(connection, report.account, [str(report.ref)])


def _trace(report: Report) -> Trace:
    return Trace(account=report.account, refs=(report.ref,), text=lambda: dumps(report))


def _known(account: str, ref: str) -> Any:
    return select(_reports).where(_reports.c.account == account, _reports.c.ref == ref).with_for_update()


def _judge(known: Mapping[str, Any] | None, made: Document) -> Taken:
    if known is None:
        return Taken.NEW
    asked: datetime = made.columns["fetched_at"]
    if known["fetched_at"] > asked or (known["deleted_at"] is not None and known["deleted_at"] > asked):
        return Taken.OUTDATED
    same = known["content_hash"] == made.content_hash and known["deleted_at"] is None
    return Taken.UNCHANGED if same else Taken.CHANGED


def _columns(known: Mapping[str, Any] | None, made: Document, taken: Taken, seq: int | None) -> dict[str, Any]:
    """The row to store. One that says the same stays as it is, with what the harvest knows of the files behind it."""
    if known is not None and taken is Taken.UNCHANGED:
        return {**known, **{name: made.columns[name] for name in _KEPT_WHEN_UNCHANGED}}
    return {**made.columns, "seq": seq, "deleted_at": None}


@functools.cache
def _upsert(dialect: str) -> Any:
    """A row in place of an older one; should a newer one be there by now, that stays."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    made = insert(_reports)
    values = {column.name: made.excluded[column.name] for column in _reports.c if not column.primary_key}
    return made.on_conflict_do_update(
        index_elements=["account", "ref"], set_=values, where=_reports.c.fetched_at <= made.excluded.fetched_at
    )
