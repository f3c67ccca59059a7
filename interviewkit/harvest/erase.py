"""Erasing a person: sessions, reports, files, invitations, webhooks, and every byte of them in the store's files."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import delete, select, text, union, update
from sqlalchemy.ext.asyncio import AsyncEngine

from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.harvest import schema
from interviewkit.harvest.content import folder_of, path_of, unfinished, writable
from interviewkit.harvest.engine import BUSY_SECONDS, Transaction, told
from interviewkit.harvest.erasures import (
    Erasures,
    find_key,
    hash_of_email,
    hash_of_ref,
    insert,
    make_key,
    wait_for_checks,
)
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.search import CHUNK, PEOPLE, Found, Person, conditions, find
from interviewkit.harvest.store import Store
from interviewkit.ledger.operations import OperationState
from interviewkit.model import SessionRef

__all__ = ["Erasures", "Forgotten", "forget"]

_PATIENCE = 35.0
"""Seconds to wait for an account that is being harvested: longer than a dead process keeps its lease."""
_CHECKPOINT_MS = 20_000
"""How long readers are waited for, so that SQLite's log can be emptied."""


@attrs.frozen(kw_only=True)
class Forgotten:
    """What was erased, or would be with `dry_run`. Its text tells nothing about the person."""

    accounts: tuple[str, ...] = ()
    """The accounts in which the person was found."""
    refs: tuple[str, ...] = attrs.field(default=(), repr=lambda refs: f"<{len(refs)}>")
    """The references of their sessions."""
    refs_by_account: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False, hash=False)
    """The same by account: the rows to delete in exports that were made."""
    items: int = 0
    reports: int = 0
    unreadable: int = 0
    artifacts: int = 0
    webhooks: int = 0
    operations: int = 0
    """Writes in the ledger: each stays as a number and a hash, by which a repeat is refused."""
    files: int = 0
    """Files removed, those included that belonged to nothing any more."""
    of_others: int = 0
    """How many of the reports name another candidate, but hold the person's address."""
    dry_run: bool = False


async def forget(
    store: Store, *, email: str | None = None, refs: Collection[SessionRef | str] = (), key: bytes | None = None,
    artifacts: Path | None = None, dry_run: bool = False, wait: float = _PATIENCE,
) -> Forgotten:  # fmt: skip
    """Erase a person, or single sessions, and see to it that no later harvest brings them back.

    With `email`, every session is erased whose report or row holds the address, whatever the way it is written: as
    the candidate's, as that of somebody who took part, or in a text. Try it with `dry_run` where the address may be
    an interviewer's too. With `refs`, these sessions are erased. What stays is a keyed hash of each, whose key lies
    outside the store: `key`, else `$INTERVIEWKIT_ERASURE_KEY`, else a file in the user's configuration, made now.
    `artifacts` is the folder of the harvest's files; a folder belongs to one store.

    The person's webhooks are deleted. Of an operation in the ledger its number, account, assessment and times stay, and
    a plain hash of account, method, assessment and reference: asking for the same once more is refused, not sent.
    Whoever guesses the reference can confirm it by that hash, so make references of numbers, not of addresses. A
    process that is at the operation right now keeps no result of it.

    On SQLite no byte of the person is left in the file, nor in those beside it. On PostgreSQL the tables are written
    anew; the server's write-ahead log, its archive and backups are the administrator's. At the vendors nothing changes.

    Raises `InvalidArgumentError`, `ConfigurationError` for a missing key or folder, and `StoreError` where an account
    is being harvested: then the others are done, and the same call again does the rest.
    """
    person = Person.of(email, refs)
    accounts = await _accounts(store)
    await _check_folder(store, artifacts)
    if dry_run:
        return _told([await find(store, name, person) for name in accounts], files=0, dry_run=True)
    secret = await _secret(store, key, artifacts)
    accounts = await _remember(store, secret, person, accounts)
    done: list[Found] = []
    busy: list[str] = []
    files = 0
    for name, (provider, scope) in accounts.items():
        async with _held(store, name, provider=provider, scope=scope, wait=wait) as lease:
            if lease is None:
                busy.append(name)
                continue
            found = await find(store, name, person)
            done.append(found)
            files += await _erase(store, lease, found, secret, artifacts)
    await _scour(store)
    if busy:
        raise StoreError(
            f"a harvest is running: {', '.join(busy)} could not be searched", retryable=True,
            hint="stop the harvest and run this again; what was erased in other accounts stays erased",
        )  # fmt: skip
    return _told(done, files=files, dry_run=False)


def _told(found: list[Found], *, files: int, dry_run: bool) -> Forgotten:
    def total(name: str) -> int:
        return sum(one.counts[name] for one in found)

    refs = {ref for one in found for ref in one.refs}
    return Forgotten(
        accounts=tuple(one.account for one in found if one), refs=tuple(sorted(refs)),
        refs_by_account={one.account: tuple(sorted(one.refs)) for one in found if one.refs}, items=total("item"),
        reports=total("report"), unreadable=total("unreadable"), artifacts=total("artifact"),
        webhooks=total("webhook"), operations=total("operation"), files=files,
        of_others=sum(one.of_others for one in found), dry_run=dry_run,
    )  # fmt: skip


async def _accounts(store: Store) -> dict[str, tuple[str, str]]:
    """All accounts with their provider and scope, such included that have rows only."""
    async with store.reading() as connection:
        table = schema.account
        known = await connection.execute(select(table.c.account, table.c.provider, table.c.scope))
        found = {row.account: (row.provider, row.scope) for row in known}
        for one in (schema.operation, schema.webhook):
            for row in await connection.execute(select(one.c.account, one.c.provider).distinct()):
                found.setdefault(row.account, (row.provider, f"unknown:{row.account}"))
        rows = union(*(select(one.c.account) for one in (*PEOPLE, schema.stream_state)))
        for name in (await connection.execute(rows)).scalars():
            found.setdefault(name, ("unknown", f"unknown:{name}"))
    return dict(sorted(found.items()))


async def _check_folder(store: Store, artifacts: Path | None) -> None:
    """Raise `ConfigurationError` where the store knows files and nobody said where they lie."""
    table = schema.artifact
    async with store.reading() as connection:
        query = select(table.c.account).where(table.c.sha256.is_not(None)).distinct()
        owners = (await connection.execute(query)).scalars().all()
    if not owners:
        return
    if artifacts is None:
        raise ConfigurationError("the harvest fetched files beside its reports", hint="name their folder: artifacts=")
    if not any(folder_of(artifacts, owner).is_dir() for owner in owners):
        raise ConfigurationError("the folder named is not that of the harvest's files", hint="name the right one")


async def _secret(store: Store, key: bytes | None, artifacts: Path | None) -> bytes:
    await Erasures.load(store, key)  # another key than that of earlier erasures is refused
    return find_key(key, store.folder, artifacts) or make_key(store.folder, artifacts)


async def _remember(
    store: Store, secret: bytes, person: Person, accounts: dict[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """Hashes come first: whoever adds rows from now on skips the person. Returns the accounts that have any by then."""
    while True:
        hashes = [] if person.email is None else [hash_of_email(secret, person.email)]
        hashes += [hash_of_ref(secret, name, ref) for name in accounts for ref in sorted(person.refs)]
        async with store.writing() as connection:
            await wait_for_checks(store, connection)
            await insert(connection, secret, hashes, await store.now(connection))
        remembered, accounts = set(accounts), await _accounts(store)
        if remembered.issuperset(accounts):
            return accounts


@contextlib.asynccontextmanager
async def _held(store: Store, account: str, *, provider: str, scope: str, wait: float) -> AsyncIterator[Lease | None]:
    """The account's lease, `None` where it cannot be had."""
    lease = await store.lease(account, scope=scope, provider=provider, wait=wait)
    if lease is None:
        yield None
        return
    lease.leaves_clean = lease.clean  # the next harvest counts what a process that died may have sent
    async with lease:
        yield lease


# --- rows and files ---


async def _erase(store: Store, lease: Lease, found: Found, secret: bytes, artifacts: Path | None) -> int:
    """Remove files, then rows, then files that belong to nothing: after a crash the same call does the rest."""
    files = 0
    if artifacts is not None:
        shas = await _only_of(store, found)
        files = await asyncio.to_thread(_remove, [path_of(artifacts, found.account, sha) for sha in shas])
    if found:
        async with store.writing(lease) as connection:
            # A row with one of these references may be on its way: whoever adds it has found none of them erased.
            await wait_for_checks(store, connection)
            hashes = [hash_of_ref(secret, found.account, ref) for ref in sorted(found.refs)]
            await insert(connection, secret, hashes, await store.now(connection))
            await _delete(connection, found)
            await _blank(connection, found)
    if artifacts is not None:
        kept = await _shas(store, found.account)
        async with store.reading() as connection:
            await lease.check(connection)  # nobody writes new files meanwhile
        files += await asyncio.to_thread(_sweep, folder_of(artifacts, found.account), set(kept.values()))
    return files


async def _delete(connection: Transaction, found: Found) -> None:
    for table in PEOPLE:
        if table is not schema.operation:
            for condition in conditions(table, found):
                await connection.execute(delete(table).where(condition))
    table = schema.stream_state
    for stream in found.streams:  # the list is read from its beginning
        here = (table.c.account == found.account) & (table.c.stream == stream)
        await connection.execute(
            update(table).where(here).values(scan=None, cursor=None, mark=None, next_mark=None, full_at=None)
        )


async def _blank(connection: Transaction, found: Found) -> None:
    """Leave of operations what refuses a repeat. A higher fence: whoever is at one has nothing more to keep there."""
    table = schema.operation
    keys: set[str] = set()
    for condition in conditions(table, found):
        keys.update((await connection.execute(select(table.c.key).where(condition))).scalars())
    ordered = sorted(keys)  # as the ledger locks them
    for start in range(0, len(ordered), CHUNK):
        mine = table.c.key.in_(ordered[start : start + CHUNK])
        await connection.execute(select(table.c.key).where(mine).order_by(table.c.key).with_for_update())
        await connection.execute(update(table).where(mine).values(fence=table.c.fence + 1, **_BLANK))


_BLANK: dict[str, Any] = {
    "state": OperationState.ERASED.value, "fields": "{}",
    **dict.fromkeys(("reference", "subject", "request", "baseline", "result", "ref", "error", "holder", "lease_until")),
}  # fmt: skip


async def _shas(store: Store, account: str) -> dict[tuple[str, int], str]:
    """The account's files by reference and position."""
    table = schema.artifact
    async with store.reading() as connection:
        query = select(table.c.ref, table.c.position, table.c.sha256)
        rows = await connection.execute(query.where(table.c.account == account, table.c.sha256.is_not(None)))
        return {(row.ref, row.position): row.sha256 for row in rows}


async def _only_of(store: Store, found: Found) -> set[str]:
    """The person's files that are nobody else's too."""
    own: set[str] = set()
    others: set[str] = set()
    for (ref, _position), sha in (await _shas(store, found.account)).items():
        (own if ref in found.refs else others).add(sha)
    return own - others


def _remove(paths: list[Path]) -> int:
    removed = 0
    with writable():
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
                removed += 1
    return removed


_SHA = re.compile(r"[0-9a-f]{64}")


def _sweep(folder: Path, kept: set[str]) -> int:
    """Remove unfinished files and those without a row; whatever else lies in the folder stays."""
    with writable():
        named = [
            path for path in folder.glob("??/*") if _SHA.fullmatch(path.name) and path.name[:2] == path.parent.name
        ]
        removed = _remove([*unfinished(folder), *(path for path in named if path.name not in kept)])
        for empty in {path.parent for path in named}:
            with contextlib.suppress(OSError):  # it is not empty
                empty.rmdir()
    return removed


# --- what databases keep of deleted rows ---


async def _scour(store: Store) -> None:
    """Write the store's files anew without what was deleted from them."""
    with told(store.name):
        if not isinstance(store.engine, AsyncEngine):
            await _scour_sqlite(store)
            return
        async with store.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in (*PEOPLE, schema.stream_state):
                await connection.execute(text(f"VACUUM (FULL, ANALYZE) {table.name}"))
            # The statistics of columns hold values of rows; without the right to it the server skips this one.
            await connection.execute(text("VACUUM FULL pg_catalog.pg_statistic"))


async def _scour_sqlite(store: Store) -> None:
    emptied = await asyncio.to_thread(_vacuum, str(store.engine.url.database))
    if emptied:
        return
    raise StoreError(
        f"another process reads {store.name} all the time, so that its log could not be emptied", retryable=True,
        hint="end the other process and run this again",
    )  # fmt: skip


def _vacuum(path: str) -> bool:
    """Write the file anew; whether its log could be emptied too."""
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MS}")
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy
