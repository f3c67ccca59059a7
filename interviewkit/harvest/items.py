"""What is known of each session: how a listed row, a report or a failure changes it. Pure functions but for the SQL."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Table, bindparam, select

from interviewkit.harvest import sqlite
from interviewkit.harvest.engine import Transaction, rows
from interviewkit.harvest.schema import item as items
from interviewkit.plan import Row

Values = dict[str, Any]
CHUNK = 400
"""Rows a statement: SQLite counts each value as a variable."""


class Phase(StrEnum):
    """Where a session stands for the harvest."""

    OPEN = "open"
    """Its report is due at `due_at`, or when its row changes."""
    FINAL = "final"
    """Its report is read and will not change."""
    GONE = "gone"
    """The vendor has it no more."""
    UNREADABLE = "unreadable"
    """Its report was not what the vendor documents; it is tried again when its row changes, and daily."""


READING = ("phase", "due_at", "memo", "done_digest", "reads", "failures", "missed_at", "error")
"""What a reading may change of an item; the other columns are the list's."""
MISSED_TWICE = timedelta(hours=1)
"""Two 404s so far apart mean that a session is deleted, not that an index is behind."""
UNREADABLE_AGAIN = timedelta(days=1)
_FIRST_FAILURE = timedelta(minutes=1)
_LONGEST_FAILURE = timedelta(hours=6)


def listed(old: Mapping[str, Any] | None, row: Row, *, account: str, stream: str, generation: int) -> Values | None:
    """What a listed row makes of its item; `None` where only its `generation` moves."""
    told = {"digest": row.digest, "memo": row.memo, "requests": row.requests, "at": latest(row)}
    if old is None:
        return {
            **told, "account": account, "ref": str(row.ref), "stream": stream, "phase": Phase.OPEN, "due_at": row.due,
            "done_digest": None, "reads": 0, "failures": 0, "missed_at": None, "generation": generation, "error": None,
        }  # fmt: skip
    known = {**old, "generation": generation}
    if old["phase"] == Phase.GONE:
        # What a scan had missed is back when it is listed; what was not found twice, only when its report can be read.
        ghost = old["missed_at"] is not None and row.due is not None
        back = {"phase": Phase.GONE if ghost else Phase.OPEN, "missed_at": old["missed_at"] if ghost else None}
        return {**known, **told, **back, "due_at": row.due, "failures": 0, "reads": 0, "error": None}
    if row.digest != old["digest"]:
        # Also one that is again as it was when it was read: whether that report was final is not known any more.
        phase = Phase.UNREADABLE if old["phase"] == Phase.UNREADABLE else Phase.OPEN
        return {
            **known, **told, "phase": phase, "due_at": row.due, "failures": 0, "reads": 0, "missed_at": None,
            "error": None,
        }  # fmt: skip
    if old["due_at"] is None and old["done_digest"] is None and row.due is not None:
        return {**known, **told, "due_at": row.due}
    return None


def latest(row: Row) -> datetime | None:
    """When anything last happened to a session, as far as its row tells."""
    session = row.session
    times = (session.updated_at, session.ended_at, session.started_at, session.created_at)
    return max((time for time in times if time is not None), default=None)


def read(old: Mapping[str, Any], *, final: bool, again: datetime | None) -> Values:
    """After its report was stored."""
    return {
        **old, "phase": Phase.FINAL if final else Phase.OPEN, "due_at": again, "memo": None,
        "done_digest": old["digest"], "reads": old["reads"] + 1, "failures": 0, "missed_at": None, "error": None,
    }  # fmt: skip


def missed(old: Mapping[str, Any], *, now: datetime) -> Values:
    """After the vendor did not find it: gone, when it was not found an hour before either."""
    first = old["missed_at"]
    if first is not None and now - first >= MISSED_TWICE:
        return {**old, "phase": Phase.GONE, "due_at": None, "memo": None, "error": None}
    return {**old, "missed_at": first or now, "due_at": (first or now) + MISSED_TWICE, "error": "not found"}


def unreadable(old: Mapping[str, Any], *, now: datetime, error: str) -> Values:
    """After its report was not what the vendor documents."""
    return {
        **old, "phase": Phase.UNREADABLE, "due_at": now + UNREADABLE_AGAIN, "failures": old["failures"] + 1,
        "error": error,
    }  # fmt: skip


def failed(old: Mapping[str, Any], *, now: datetime, error: str) -> Values:
    """After a failure that may pass: later and later."""
    pause = min(_FIRST_FAILURE * 2 ** min(old["failures"], 12), _LONGEST_FAILURE)
    return {**old, "due_at": now + pause, "failures": old["failures"] + 1, "error": error}


# --- statements -------------------------------------------------------------------------------------------------------


def chunks(long: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """Pieces of a long list."""
    return (long[start : start + size] for start in range(0, len(long), size))


async def known(connection: Transaction, account: str, refs: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The items of these references."""
    return {row["ref"]: row for row in await by_refs(connection, items.columns, account, refs)}


async def by_refs(
    connection: Transaction, columns: Iterable[Column[Any]], account: str, refs: Sequence[str]
) -> list[Values]:
    """The rows of an account's references in one table."""
    found: list[Values] = []
    for some in chunks(refs):
        found += await rows(connection, _by_refs(tuple(columns), len(some)), {"mine": account, **named(some)})
    return found


@functools.lru_cache(64)
def _by_refs(columns: tuple[Column[Any], ...], count: int) -> Any:
    table = columns[0].table
    return select(*columns).where(table.c.account == bindparam("mine"), table.c.ref.in_(parameters(count)))


def parameters(count: int) -> list[BindParameter[Any]]:
    """So many parameters of one statement, for a list of values; `named` gives them."""
    return [bindparam(f"value_{number}") for number in range(count)]


def named(values: Iterable[Any]) -> dict[str, Any]:
    """Values for `parameters`."""
    return {f"value_{number}": value for number, value in enumerate(values)}


async def put(
    connection: Transaction, table: Table, made: Sequence[Mapping[str, Any]], *, changes: tuple[str, ...] | None = None
) -> None:
    """Insert rows, each in place of one with the same key, or with only these `changes` to it.

    What is not named is not written, nor is an index on it.
    """
    if not made:
        return
    statement = _upsert(connection.dialect.name, table, tuple(made[0]), changes)
    if isinstance(connection, sqlite.Transaction):
        connection.put(statement, made)
    else:
        await connection.execute(statement, [dict(row) for row in made])


@functools.cache  # making the statement takes longer than executing it
def _upsert(dialect: str, table: Table, names: tuple[str, ...], changes: tuple[str, ...] | None) -> Any:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    made = insert(table)
    others = {name: made.excluded[name] for name in changes or names if not table.c[name].primary_key}
    keys = [column.name for column in table.primary_key]
    return made.on_conflict_do_update(index_elements=keys, set_=others)


async def due(
    connection: Transaction, account: str, now: datetime, since: datetime | None, limit: int, *,
    refused: Collection[str] = (),
) -> list[Values]:  # fmt: skip
    """The items whose reports are due, those that have waited longest first, but for those of `refused` streams."""
    given = {"mine": account, "now": now, "most": limit, **named(sorted(refused))}
    if since is not None:
        given["since"] = since
    return await rows(connection, _due(since=since is not None, refused=len(refused)), given)


@functools.cache
def _due(*, since: bool, refused: int) -> Any:
    statement = select(items).where(items.c.account == bindparam("mine"), items.c.due_at <= bindparam("now"))
    if since:
        statement = statement.where((items.c.at >= bindparam("since")) | items.c.at.is_(None))
    if refused:
        statement = statement.where(items.c.stream.not_in(parameters(refused)))
    return statement.order_by(items.c.due_at, items.c.ref).limit(bindparam("most"))


def wanted(account: str, since: datetime | None) -> ColumnElement[bool]:
    """The items of which anything is known from `since` on, and those without any time."""
    mine = items.c.account == account
    return mine if since is None else mine & ((items.c.at >= since) | items.c.at.is_(None))
