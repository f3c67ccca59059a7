"""Looking for a person in the store: in every row, whatever the way their address is written there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Row, Table, func, or_, select, tuple_

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest import schema
from interviewkit.harvest.addresses import holds, normal
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.store import Store
from interviewkit.model import SessionRef

CHUNK = 400
"""References a statement: SQLite counts each value as a variable."""
_BATCH = 200
PEOPLE = (schema.item, schema.report, schema.artifact, schema.unreadable)
"""The tables with rows of one session each."""


@attrs.frozen(kw_only=True)
class Person:
    """Who is looked for: an address, in its normal form, and single sessions."""

    email: str | None = attrs.field(default=None, repr=False)
    refs: frozenset[str] = attrs.field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, email: str | None, refs: Collection[SessionRef | str]) -> Person:
        """Read what the user gave. Raises `InvalidArgumentError`."""
        if isinstance(refs, str | SessionRef):
            raise InvalidArgumentError("refs is a collection of references, not one of them")
        known = frozenset(str(SessionRef.parse(ref) if isinstance(ref, str) else ref) for ref in refs)
        if email is not None and not (isinstance(email, str) and all(normal(email).partition("@"))):
            raise InvalidArgumentError("email is no e-mail address")
        if email is None and not known:
            raise InvalidArgumentError("nobody to forget was named", hint="give an e-mail address, or references")
        return cls(email=None if email is None else normal(email), refs=known)

    def is_in(self, text: str | bytes | None) -> bool:
        """Whether the address stands in a text."""
        if self.email is None or not text:
            return False
        return holds(text.decode(errors="replace") if isinstance(text, bytes) else text, self.email)

    def is_called(self, email: str | None) -> bool:
        """Whether this is the person's address."""
        return email is not None and self.email is not None and normal(email) == self.email


@attrs.define
class Found:
    """What one account has of the person."""

    account: str
    refs: set[str] = attrs.field(factory=set, repr=False)
    stray: list[tuple[str, str]] = attrs.field(factory=list, repr=False)
    """Stream and digest of unreadable rows."""
    streams: list[str] = attrs.field(factory=list)
    """Streams whose cursor holds the address."""
    of_others: int = 0
    """How many of the reports name another candidate."""
    counts: dict[str, int] = attrs.field(factory=dict)
    """Rows by table."""

    def __bool__(self) -> bool:
        return bool(self.refs or self.stray or self.streams)


# Each table with the key by which it is read page after page, and the columns in which a person may stand.
_SOURCES: tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...] = (
    (schema.item, ("ref",), ("ref", "memo", "error")),
    (schema.report, ("ref",), ("ref", "candidate_email", "payload")),
    (schema.artifact, ("ref", "position"), ("ref", "name", "error")),
    (schema.unreadable, ("stream", "digest"), ("ref", "raw", "error")),
    (schema.stream_state, ("stream",), ("cursor", "mark", "next_mark")),
)


async def find(store: Store, account: str, person: Person) -> Found:
    """Everything of the person in one account."""
    found = Found(account)
    for table, keys, texts in _SOURCES:
        async for rows in _pages(store, table, account, keys, texts):
            # Decoding takes a millisecond a report: the loop goes on meanwhile, and with it the lease's renewal.
            for row in await asyncio.to_thread(_matching, rows, texts, person):
                _note(found, table, row, person)
    async with store.reading() as connection:
        found.counts = {table.name: await _count(connection, table, found) for table in PEOPLE}
    return found


async def _pages(
    store: Store, table: Table, account: str, keys: tuple[str, ...], texts: tuple[str, ...]
) -> AsyncIterator[list[Row[Any]]]:
    """A table's rows, a transaction a page, so that nobody waits for the whole of it."""
    order = [table.c[key] for key in keys]
    columns = {name: table.c[name] for name in (*keys, *texts)}
    last: tuple[Any, ...] | None = None
    while True:
        query = select(*columns.values()).where(table.c.account == account).order_by(*order).limit(_BATCH)
        if last is not None:
            query = query.where(tuple_(*order) > tuple_(*last))
        async with store.reading() as connection:
            rows = list((await connection.execute(query)).all())
        yield rows
        if len(rows) < _BATCH:
            return
        last = tuple(rows[-1]._mapping[key] for key in keys)  # noqa: SLF001  # SQLAlchemy's public name


def _matching(rows: list[Row[Any]], texts: tuple[str, ...], person: Person) -> list[Row[Any]]:
    return [row for row in rows if _matches(dict(row._mapping), texts, person)]  # noqa: SLF001


def _matches(row: dict[str, Any], texts: tuple[str, ...], person: Person) -> bool:
    if row.get("ref") in person.refs or person.is_called(row.get("candidate_email")):
        return True
    return any(person.is_in(row[name]) for name in texts)


def _note(found: Found, table: Table, row: Row[Any], person: Person) -> None:
    if table is schema.stream_state:
        found.streams.append(row.stream)
        return
    if table is schema.unreadable:
        found.stray.append((row.stream, row.digest))
    if row.ref is not None:
        found.refs.add(row.ref)
    if table is schema.report and person.email is not None and row.ref not in person.refs:
        found.of_others += row.candidate_email is not None and not person.is_called(row.candidate_email)


def conditions(table: Table, found: Found) -> Iterator[ColumnElement[bool]]:
    """Which rows of a table are the person's, in conditions small enough for a statement."""
    own = table.c.account == found.account
    refs = sorted(found.refs)
    for start in range(0, len(refs), CHUNK):
        yield own & table.c.ref.in_(refs[start : start + CHUNK])
    if table is schema.unreadable:
        for start in range(0, len(found.stray), CHUNK // 2):
            some = found.stray[start : start + CHUNK // 2]
            named = or_(*(table.c.stream.__eq__(stream) & (table.c.digest == digest) for stream, digest in some))
            yield own & named & table.c.ref.is_(None)


async def _count(connection: Transaction, table: Table, found: Found) -> int:
    total = 0
    for condition in conditions(table, found):
        query = select(func.count()).select_from(table).where(condition)
        total += (await connection.execute(query)).scalar_one()
    return total
