"""The harvest's store: transactions, the numbers of changes, and the reports that were stored."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import attrs
from sqlalchemy import bindparam, column, func, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.harvest import schema, sqlite
from interviewkit.harvest.engine import Transaction, connect, parse, shown, told
from interviewkit.harvest.schema import VERSION_TABLE
from interviewkit.model import Report
from interviewkit.serialize import report_from_json

if TYPE_CHECKING:
    from interviewkit.harvest.leases import Lease

HEAD = "0002"
"""The newest migration."""
_BATCH = 200
_NEXT_SEQ = (
    update(schema.counter)
    .where(schema.counter.c.name == "seq")
    .values(value=schema.counter.c.value + bindparam("count"))
    .returning(schema.counter.c.value)
)
_SCHEMA_LOCK = 7_206_115_020
"""The advisory lock under which PostgreSQL's tables are made."""


@attrs.frozen(kw_only=True)
class Record:
    """A stored report. `row` holds the columns of the table `report`."""

    account: str
    ref: str = attrs.field(repr=False)
    seq: int
    deleted_at: datetime | None
    row: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def report(self) -> Report:
        """The report, read from its JSON."""
        return report_from_json(json.loads(self.row["payload"]))


class Store:
    """Where reports are kept: a SQLite file or a PostgreSQL database. Open it with `Store.open`."""

    def __init__(
        self, engine: AsyncEngine | sqlite.Engine, *, name: str, folder: Path | None, lease_seconds: float
    ) -> None:
        self.engine = engine
        self.name = name
        self.folder = folder
        self.lease_seconds = lease_seconds
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, url: str | os.PathLike[str], *, lease_seconds: float = 30.0, create: bool = True) -> Self:
        """Open a store, and make or migrate its tables under a lock; without `create` it has to be there already.

        Raises `ConfigurationError` for a URL that names no store, a folder that cannot be written, a server that
        cannot be reached, tables of somebody else, and a store of a newer version than this package.
        """
        known = parse(url)
        folder = Path(str(known.database)).parent if known.drivername.startswith("sqlite") else None
        if folder is not None and not create and not os.path.isfile(str(known.database)):  # noqa: ASYNC240
            raise _no_store(shown(known))
        engine = connect(known, idle_seconds=lease_seconds)
        store = cls(engine, name=shown(known), folder=folder, lease_seconds=lease_seconds)
        try:
            await store._prepare(create=create)
        except StoreError as error:
            await store.aclose()
            hint = None if error.hint == StoreError.default_hint else error.hint  # nothing was stored here yet
            raise ConfigurationError(error.message, hint=hint) from None
        except BaseException:
            await store.aclose()
            raise
        return store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Store {self.name}>"

    def accompany(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task before the store is closed, should it still be running then."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End the harvests that are still running, and close the store's connections."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.engine.dispose()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    # --- transactions ---

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A transaction that only reads. Raises `StoreError`."""
        with told(self.name):
            async with self._begin(writes=False) as transaction:
                yield transaction

    @contextlib.asynccontextmanager
    async def writing(self, lease: Lease | None = None) -> AsyncIterator[Transaction]:
        """A transaction that writes, committed at its end; with a lease only while that holds.

        Raises `LeaseLostError`, or `StoreError`; then nothing was written.
        """
        with told(self.name):
            async with self._begin(writes=True) as transaction:
                if lease is not None:
                    await lease.check(transaction)
                yield transaction

    def _begin(self, *, writes: bool) -> AbstractAsyncContextManager[Transaction]:
        if isinstance(self.engine, sqlite.Engine):
            return self.engine.begin(writes=writes)
        return cast("AbstractAsyncContextManager[Transaction]", self.engine.begin())

    async def now(self, connection: Transaction) -> datetime:
        """The time that all machines which share the store agree on: the database's."""
        if self.dialect == "sqlite":
            return datetime.now(UTC)
        found: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return found.astimezone(UTC)

    async def next_seq(self, connection: Transaction, count: int = 1) -> int:
        """The first of `count` new numbers. Whoever has them writes alone until the end of the transaction."""
        last: int = await connection.scalar(_NEXT_SEQ, {"count": count})
        return last - count + 1

    async def last_seq(self) -> int:
        """The number of the last change."""
        async with self.reading() as connection:
            counter = schema.counter
            found: int = (await connection.execute(select(counter.c.value).where(counter.c.name == "seq"))).scalar_one()
            return found

    async def lease(self, account: str, *, scope: str, provider: str, wait: float = 0.0) -> Lease | None:
        """The exclusive right to harvest an account, or `None` when somebody else has it for `wait` more seconds."""
        from interviewkit.harvest.leases import Lease

        give_up = asyncio.get_running_loop().time() + wait
        while True:
            lease = await Lease.take(self, account, scope=scope, provider=provider)
            if lease is not None or asyncio.get_running_loop().time() >= give_up:
                return lease
            await asyncio.sleep(min(0.2, self.lease_seconds / 10))

    # --- what was stored ---

    async def reports(
        self, *, account: str | None = None, since_seq: int = 0, until_seq: int | None = None,
        include_deleted: bool = False,
    ) -> AsyncIterator[Report]:  # fmt: skip
        """The stored reports in the order of their last change; memory does not grow with their number."""
        async for record in self.records(
            account=account, since_seq=since_seq, until_seq=until_seq, include_deleted=include_deleted
        ):
            yield record.report

    async def records(
        self, *, account: str | None = None, since_seq: int = 0, until_seq: int | None = None,
        include_deleted: bool = False,
    ) -> AsyncIterator[Record]:  # fmt: skip
        """The same with `seq` and `deleted_at`. A report that changes meanwhile may come again, with its new `seq`."""
        stored, last = schema.report, since_seq
        while True:
            query = select(stored).where(stored.c.seq > last).order_by(stored.c.seq).limit(_BATCH)
            if account is not None:
                query = query.where(stored.c.account == account)
            if until_seq is not None:
                query = query.where(stored.c.seq <= until_seq)
            if not include_deleted:
                query = query.where(stored.c.deleted_at.is_(None))
            async with self.reading() as connection:
                rows = (await connection.execute(query)).mappings().all()
            for row in rows:
                yield Record(
                    account=row["account"], ref=row["ref"], seq=row["seq"], deleted_at=row["deleted_at"], row=dict(row)
                )
            if len(rows) < _BATCH:
                return
            last = rows[-1]["seq"]

    # --- the schema ---

    async def _prepare(self, *, create: bool) -> None:
        async with self.reading() as connection:
            version = await connection.run_sync(_version)
        if version == HEAD:
            return
        if version is None and not create:
            raise _no_store(self.name)
        async with self.writing() as connection:
            if self.dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
            await connection.run_sync(_migrate, self.name)


def _no_store(name: str) -> ConfigurationError:
    return ConfigurationError(f"there is no store {name}", hint="a harvest makes one")


def _version(connection: Any) -> str | None:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    return found


def _migrate(connection: Any, name: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import inspect

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    script = ScriptDirectory.from_config(config)
    present = _version(connection)
    if present is None:
        ours = set(schema.metadata.tables) & set(inspect(connection).get_table_names())
        if ours:
            raise ConfigurationError(
                f"{name} holds tables of another program ({', '.join(sorted(ours))})", hint="name another store"
            )
    elif present not in {revision.revision for revision in script.walk_revisions()}:
        raise ConfigurationError(
            f"the store {name} was made by a newer version of interviewkit", hint="upgrade interviewkit"
        )
    with EnvironmentContext(config, script, fn=lambda revision, _context: script._upgrade_revs("head", revision)):  # noqa: SLF001
        script.run_env()
