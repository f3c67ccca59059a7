"""Looking for a person in the store: in every row, whatever the way their address is written there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Row, Table, or_, select, tuple_

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest import schema
from interviewkit.harvest.addresses import holds, normal
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.store import Store
from interviewkit.ledger.operations import hashed
from interviewkit.model import SessionRef

CHUNK = 400
"""References a statement: SQLite counts each value as a variable."""
_BATCH = 200
PEOPLE = (schema.item, schema.report, schema.artifact, schema.unreadable, schema.webhook, schema.operation)
"""The tables with rows of one session each."""
_SHORTEST_ID = 6
"""Letters of the shortest id that is looked for in texts: shorter ones stand there by chance."""


@attrs.frozen(kw_only=True)
class Person:
    """Who is looked for: an address, in its normal form, and single sessions."""

    email: str | None = attrs.field(default=None, repr=False)
    refs: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    spellings: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    """The address as it was given, and in its normal form: a plain hash knows no other."""

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
        if email is None:
            return cls(refs=known)
        return cls(email=normal(email), refs=known, spellings=frozenset({email.strip(), normal(email)}))

    def is_in(self, text: str | bytes | None) -> bool:
        """Whether the address stands in a text."""
        if self.email is None or not text:
            return False
        return holds(text.decode(errors="replace") if isinstance(text, bytes) else text, self.email)

    def is_called(self, email: str | None) -> bool:
        """Whether this is the person's address."""
        return email is not None and self.email is not None and normal(email) == self.email

    def hashes(self, account: str) -> frozenset[str]:
        """What stands for the address among the fields of an operation."""
        made = (hashed(account, {"candidate.email": one})["candidate.email"] for one in self.spellings)
        return frozenset(made)

    @property
    def ids(self) -> frozenset[str]:
        """The sessions' own ids, for texts that name no whole reference."""
        ids = (SessionRef.parse(ref).id for ref in self.refs)
        return frozenset(one for one in ids if len(one) >= _SHORTEST_ID)


@attrs.define
class Found:
    """What one account has of the person."""

    account: str
    refs: set[str] = attrs.field(factory=set, repr=False)
    stray: list[tuple[str, str]] = attrs.field(factory=list, repr=False)
    """Stream and digest of unreadable rows."""
    webhooks: set[str] = attrs.field(factory=set, repr=False)
    """The keys of webhooks that hold the address, or an id."""
    operations: set[str] = attrs.field(factory=set, repr=False)
    """The ids of the ledger's operations about the person."""
    streams: list[str] = attrs.field(factory=list)
    """Streams whose cursor holds the address."""
    of_others: int = 0
    """How many of the reports name another candidate."""
    counts: dict[str, int] = attrs.field(factory=dict)
    """Rows by table."""

    def __bool__(self) -> bool:
        return bool(self.refs or self.stray or self.streams or self.webhooks or self.operations)


# Each table with the key by which it is read page after page, and the columns in which a person may stand.
_SOURCES: tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...] = (
    (schema.item, ("ref",), ("ref", "memo", "error")),
    (schema.report, ("ref",), ("ref", "candidate_email", "payload")),
    (schema.artifact, ("ref", "position"), ("ref", "name", "error")),
    (schema.unreadable, ("stream", "digest"), ("ref", "raw", "error")),
    (schema.stream_state, ("stream",), ("cursor", "mark", "next_mark")),
    (schema.webhook, ("dedupe_key",), ("dedupe_key", "ref", "reference", "headers", "body", "error")),
    (schema.operation, ("id",), ("reference", "fields", "request", "baseline", "result", "ref", "error")),
)


async def find(store: Store, account: str, person: Person) -> Found:
    """Everything of the person in one account."""
    found = Found(account)
    marks = _Marks(person, person.hashes(account), person.ids)
    for table, keys, texts in _SOURCES:
        async for rows in _pages(store, table, account, keys, texts):
            # Decoding takes a millisecond a report: the loop goes on meanwhile, and with it the lease's renewal.
            for row in await asyncio.to_thread(_matching, rows, texts, marks):
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


@attrs.frozen
class _Marks:
    """By what the person is known in one account."""

    person: Person
    hashes: frozenset[str]
    ids: frozenset[str]

    def are_in(self, row: dict[str, Any], texts: tuple[str, ...]) -> bool:
        """Whether a row is about the person."""
        if row.get("ref") in self.person.refs or self.person.is_called(row.get("candidate_email")):
            return True
        if any(self.person.is_in(row[name]) for name in texts):
            return True
        body, fields = row.get("body"), row.get("fields")
        if fields and any(one in fields for one in self.hashes):
            return True
        return body is not None and row["ref"] is None and any(one.encode() in body for one in self.ids)


def _matching(rows: list[Row[Any]], texts: tuple[str, ...], marks: _Marks) -> list[Row[Any]]:
    return [row for row in rows if marks.are_in(dict(row._mapping), texts)]  # noqa: SLF001


def _note(found: Found, table: Table, row: Row[Any], person: Person) -> None:
    if table is schema.stream_state:
        found.streams.append(row.stream)
        return
    if table is schema.unreadable:
        found.stray.append((row.stream, row.digest))
    elif table is schema.webhook:
        found.webhooks.add(row.dedupe_key)
    elif table is schema.operation:
        found.operations.add(row.id)
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
    for column, keys in ((schema.webhook.c.dedupe_key, found.webhooks), (schema.operation.c.id, found.operations)):
        if column.table is table:
            ordered = sorted(keys)
            for start in range(0, len(ordered), CHUNK):
                yield own & column.in_(ordered[start : start + CHUNK])
    if table is schema.unreadable:
        for start in range(0, len(found.stray), CHUNK // 2):
            some = found.stray[start : start + CHUNK // 2]
            named = or_(*(table.c.stream.__eq__(stream) & (table.c.digest == digest) for stream, digest in some))
            yield own & named & table.c.ref.is_(None)


async def _count(connection: Transaction, table: Table, found: Found) -> int:
    """How many rows these are; one may be meant by several conditions."""
    rows: set[tuple[Any, ...]] = set()
    for condition in conditions(table, found):
        rows.update(tuple(row) for row in await connection.execute(select(*table.primary_key).where(condition)))
    return len(rows)
