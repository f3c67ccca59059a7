"""The ledger's operations in the store: durable, and decided on once however many processes ask."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import attrs
from sqlalchemy import ARRAY, Integer, Row, bindparam, insert, select, text, update

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.schema import operation as operations_table
from interviewkit.harvest.store import Store
from interviewkit.ledger.journal import taken
from interviewkit.ledger.operations import Claim, Intent, Operation, OperationState, Standing, decide

_CHUNK = 400
"""Values a statement: SQLite counts each as a variable."""
_LOCKS = 720_611_503
"""The space of PostgreSQL's advisory locks for what is claimed."""
_STRIPES = 128
"""So many locks for all keys and subjects: the server has room for some thousands, and a batch may be large."""
_JSON = ("fields", "request", "baseline", "result")
_OURS = frozenset({Standing.NEW, Standing.AGAIN})
_columns = operations_table.c
_CHANGE = (
    update(operations_table)
    .where(_columns.id == bindparam("known_id"))
    .values({name: bindparam(f"new_{name}", type_=column.type) for name, column in _columns.items() if name != "id"})
)
_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, number) FROM unnest(CAST(:numbers AS integer[])) AS number"
).bindparams(bindparam("numbers", type_=ARRAY(Integer)))


class StoreJournal:
    """Operations in a harvest's store, SQLite or PostgreSQL: a `Journal` that outlives its process.

    Any number of processes and machines may share one; times are the database's. Methods raise `StoreError` when the
    store fails: nothing was written then, unless the connection to a server broke at the very end.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_owner = False

    @classmethod
    async def open(cls, url: str | os.PathLike[str], *, create: bool = True) -> Self:
        """A journal in the store at `url`, which `aclose` closes. Raises what `Store.open` raises."""
        made = cls(await Store.open(url, create=create))
        made._is_owner = True
        return made

    def __repr__(self) -> str:
        return f"<StoreJournal in {self._store.name}>"

    @property
    def store(self) -> Store:
        """The store that holds the operations."""
        return self._store

    async def claim(self, intents: Sequence[Intent], *, holder: str, lease_seconds: float) -> list[Claim]:
        """See `Journal.claim`: all of these in one transaction, so that a batch is durable as a whole or not at all."""
        async with self._store.writing() as connection:
            await self._enter(connection, intents)
            known = {one.key: one for one in await _known(connection, [one.key for one in intents])}
            now = await self._store.now(connection)
            crowded = await _crowded(connection, {one.subject for one in intents if one.subject is not None}, now)
            there, changed = {one.id for one in known.values()}, dict[str, Operation]()
            claims, until = list[Claim](), now + timedelta(seconds=lease_seconds)
            for intent in intents:
                made = decide(
                    intent, known.get(intent.key), now=now, holder=holder, lease_until=until,
                    is_crowded=intent.subject in crowded,
                )  # fmt: skip
                claims.append(made)
                if made.standing in _OURS and made.operation is not None:
                    known[intent.key] = changed[made.operation.id] = made.operation
                    if made.operation.subject is not None and made.operation.is_held(now):
                        crowded.add(made.operation.subject)
            await _add(connection, [one for one in changed.values() if one.id not in there])
            await _change(connection, [one for one in changed.values() if one.id in there])
        return claims

    async def keep(self, operations: Sequence[Operation]) -> set[str]:
        """See `Journal.keep`."""
        async with self._store.writing() as connection:
            fences = await _fences(connection, operations)
            kept = {one.id: one for one in operations if fences.get(one.id) == one.fence}
            await _change(connection, list(kept.values()))
        return set(kept)

    async def renew(self, operations: Sequence[Operation], *, lease_seconds: float) -> set[str]:
        """See `Journal.renew`."""
        async with self._store.writing() as connection:
            fences = await _fences(connection, operations)
            held = {one.id for one in operations if fences.get(one.id) == one.fence}
            until = await self._store.now(connection) + timedelta(seconds=lease_seconds)
            for some in _chunks(held):
                await connection.execute(
                    update(operations_table).where(_columns.id.in_(some)).values(lease_until=until)
                )
        return held

    async def get(self, operation_id: str) -> Operation | None:
        """See `Journal.get`."""
        async with self._store.reading() as connection:
            row = (await connection.execute(_one(operation_id))).one_or_none()
        return None if row is None else _read(row)

    async def find(
        self, *, account: str | None = None, subject: str | None = None, ref: str | None = None,
        reference: str | None = None, states: Collection[OperationState] = (), is_held: bool = False,
        limit: int = 1000,
    ) -> list[Operation]:  # fmt: skip
        """See `Journal.find`."""
        wanted = {"account": account, "subject": subject, "ref": ref, "reference": reference}
        query = select(operations_table).order_by(_columns.started_at, _columns.id).limit(limit)
        for name, value in wanted.items():
            if value is not None:
                query = query.where(_columns[name] == value)
        if states:
            query = query.where(_columns.state.in_([OperationState(one).value for one in states]))
        async with self._store.reading() as connection:
            if is_held:
                query = query.where(_is_held(await self._store.now(connection)))
            return [_read(row) for row in (await connection.execute(query)).all()]

    async def take(self, operation_id: str, *, holder: str, lease_seconds: float) -> Claim | None:
        """See `Journal.take`."""
        async with self._store.writing() as connection:
            row = (await connection.execute(_one(operation_id).with_for_update())).one_or_none()
            if row is None:
                return None
            now = await self._store.now(connection)
            made = taken(_read(row), now=now, holder=holder, lease_until=now + timedelta(seconds=lease_seconds))
            if made.standing is Standing.AGAIN and made.operation is not None:
                await _change(connection, [made.operation])
        return made

    async def aclose(self) -> None:
        """Close the store, if `open` opened it."""
        if self._is_owner:
            await self._store.aclose()

    async def _enter(self, connection: Transaction, intents: Sequence[Intent]) -> None:
        """Let whoever claims the same keys or subjects wait until the end of the transaction; SQLite has one writer.

        A key that nobody has claimed yet has no row to lock. Everybody locks in the same order, and rows after this.
        """
        if self._store.dialect == "sqlite":
            return
        names = {one.key for one in intents} | {one.subject for one in intents if one.subject is not None}
        await connection.execute(_LOCK, {"space": _LOCKS, "numbers": sorted({_stripe(name) for name in names})})


# --- statements ---


def _one(operation_id: str) -> Any:
    return select(operations_table).where(_columns.id == operation_id)


async def _known(connection: Transaction, keys: Collection[str]) -> list[Operation]:
    """The operations under these keys, held against changes until the end of the transaction."""
    found: list[Operation] = []
    for some in _chunks(keys):
        query = select(operations_table).where(_columns.key.in_(some)).order_by(_columns.key).with_for_update()
        found += [_read(row) for row in (await connection.execute(query)).all()]
    return found


async def _crowded(connection: Transaction, subjects: Collection[str], now: datetime) -> set[str]:
    """Those of the subjects that somebody is at work on."""
    found: set[str] = set()
    for some in _chunks(subjects):
        held = select(_columns.subject).where(_columns.subject.in_(some), _is_held(now))
        found.update((await connection.execute(held)).scalars())
    return found


def _is_held(now: datetime) -> Any:
    """Whether somebody is at work on an operation: `Operation.is_held` for the database."""
    return _columns.holder.is_not(None) & (_columns.lease_until > now)


async def _fences(connection: Transaction, operations: Iterable[Operation]) -> dict[str, int]:
    """The known fences, held against changes until the end of the transaction."""
    found: dict[str, int] = {}
    for some in _chunks({one.key for one in operations}):  # by their keys, in whose order all lock rows
        query = select(_columns.id, _columns.fence).where(_columns.key.in_(some)).order_by(_columns.key)
        found.update({row.id: row.fence for row in await connection.execute(query.with_for_update())})
    return found


async def _add(connection: Transaction, operations: Sequence[Operation]) -> None:
    if operations:
        await connection.execute(insert(operations_table), [_row(one) for one in operations])


async def _change(connection: Transaction, operations: Sequence[Operation]) -> None:
    rows = [
        {"known_id" if name == "id" else f"new_{name}": value for name, value in _row(one).items()}
        for one in operations
    ]
    if rows:
        await connection.execute(_CHANGE, rows)


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Values in an order that everybody keeps, a statement's worth at a time."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _stripe(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:4]) % _STRIPES


# --- rows ---


def _row(operation: Operation) -> dict[str, Any]:
    """An operation as a row."""
    row = {field.name: getattr(operation, field.name) for field in attrs.fields(Operation)}
    written = {name: _written(row[name]) for name in _JSON}
    return {**row, **written, "request": written["request"] if row["request"] else None, "state": row["state"].value}


def _read(row: Row[Any]) -> Operation:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name
    read = {name: None if values[name] is None else json.loads(values[name]) for name in _JSON}
    state = OperationState(values["state"])
    return Operation(**{**values, **read, "request": read["request"] or {}, "state": state})


def _written(value: Any) -> str | None:
    """A JSON value in ASCII, so that every database can hold it: NUL and lone surrogates are escaped."""
    if value is None:
        return None
    try:
        return json.dumps(value, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise InvalidArgumentError("what an operation keeps must be JSON") from None
