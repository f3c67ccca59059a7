"""SQLite without a driver of its own kind: statements are done on the spot, and a thread waits for the disk.

A transaction of a harvest is a handful of small statements, each done sooner than a thread is woken. What may take
long is to wait: for another process that writes, which is asked for again and again, and for the disk at the end of a
write. A task that is cancelled leaves no lock behind, since no thread can get one for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, CursorResult, Dialect, Executable, Insert, NullPool, ScalarResult, create_engine
from sqlalchemy import Engine as SyncEngine
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

T = TypeVar("T")
_DIALECT = dialect()
_SOONEST, _LATEST = 0.001, 0.05
"""Seconds between two questions whether another process has finished writing."""
_COMPILED = 64
"""Statements that are kept compiled."""
_TOGETHER = 16
"""Writers who share a commit at most."""
_LOG_PAGES = 4000
"""How long the log grows (16 MiB) before it goes into the file, which holds up whoever wants to commit."""
_IDLE = 4
"""Connections that are kept for the next readers."""


class Transaction:
    """What SQLAlchemy's `AsyncConnection` offers within a transaction, as far as it is used here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._results: list[CursorResult[Any]] = []
        """Those that have more rows."""

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Do a statement."""
        result: CursorResult[Any] = self._connection.execute(statement, parameters)
        self._results = [one for one in (*self._results, result) if one.cursor is not None]
        return result

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """The first column of a statement's first row, or `None`.

        A statement with parameters had better be a constant: it is compiled once.
        """
        if parameters is None:
            return self._connection.scalar(statement)
        for row in self.rows(statement, parameters):
            return next(iter(row.values()))
        return None

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        """The first column of a statement's rows."""
        return (await self.execute(statement, parameters)).scalars()

    def rows(self, statement: Executable, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Do a statement that is a constant: its rows by the names of their columns."""
        prepared = _query(statement)
        found = _driver(self._connection).execute(prepared.text, prepared.values(parameters)).fetchall()
        return [prepared.named(row) for row in found]

    def put(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do an insert for each row; all of them have the same columns."""
        prepared = _insert(statement, tuple(rows[0]))
        _driver(self._connection).executemany(prepared.text, map(prepared.values, rows)).close()

    async def run_sync(self, function: Callable[..., T], *given: Any) -> T:
        """Call a function that wants SQLAlchemy's own connection."""
        return function(self._connection, *given)

    def end(self) -> None:
        """Leave the rows that nobody read: SQLite would keep the whole file as it was for them."""
        for result in self._results:
            result.close()


class _Prepared:
    """A statement that is compiled once: SQLAlchemy takes longer to prepare an execution than SQLite to do it."""

    def __init__(self, statement: Any, names: tuple[str, ...] | None = None) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT, column_keys=names)
        binds = [compiled.binds[name] for name in compiled.positiontup]
        self.text = str(compiled)
        self._places = tuple(compiled.positiontup)
        self._fixed = {name: one.value for name, one in zip(self._places, binds, strict=True) if not one.required}
        written = [one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for one in binds]
        self._written = [(place, write) for place, write in enumerate(written) if write is not None]
        columns = () if names is not None else tuple(statement.exported_columns)
        self._columns = tuple(column.name for column in columns)
        read = [column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns]
        self._read = [(name, write) for name, write in zip(self._columns, read, strict=True) if write is not None]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Parameters, or a row's values, in the order of the statement."""
        known = {**self._fixed, **given} if self._fixed else given
        found = [known[name] for name in self._places]
        for place, write in self._written:
            if found[place] is not None:
                found[place] = write(found[place])
        return found

    def named(self, row: Sequence[Any]) -> dict[str, Any]:
        """A row's values as Python's, by the names of their columns."""
        found = dict(zip(self._columns, row, strict=True))
        for name, read in self._read:
            if found[name] is not None:
                found[name] = read(found[name])
        return found


_insert = functools.lru_cache(_COMPILED)(_Prepared)
_query = functools.lru_cache(_COMPILED)(_Prepared)


class Engine:
    """A SQLite file: one connection that writes, whose users take turns, and some that read."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self.url = URL.create("sqlite", database=str(path))
        self._path = path
        self._busy_seconds = busy_seconds
        self._engine = create_engine(self.url, creator=self._open, poolclass=NullPool, hide_parameters=True)
        # SQLite has one writer: those of this process take turns here, in order, and not by trying again and again.
        self._turn = asyncio.Lock()
        self._asking = 0
        """How many wait for their turn."""
        self._shared: _Shared | None = None
        """What was written and is not committed yet, since another writer's turn has come."""
        self._writer: Connection | None = None
        self._disk = _thread()
        self._readers: list[Connection] = []

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._engine.dialect

    @property
    def sync_engine(self) -> SyncEngine:
        """SQLAlchemy's engine, for its events."""
        return self._engine

    def _open(self) -> sqlite3.Connection:
        made = sqlite3.connect(
            self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )  # fmt: skip
        try:
            self._keep_a_log(made)
            for pragma in ("synchronous=FULL", "secure_delete=ON", f"wal_autocheckpoint={_LOG_PAGES}"):
                made.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            made.close()
            raise
        return made

    def _keep_a_log(self, driver: sqlite3.Connection) -> None:
        """Write ahead. SQLite does not wait when several processes turn a new file to that at once: we do."""
        give_up = time.monotonic() + self._busy_seconds
        while True:
            try:
                driver.execute("PRAGMA journal_mode=WAL").close()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise
                time.sleep(_SOONEST)
            else:
                return

    @contextlib.asynccontextmanager
    async def begin(self, *, writes: bool = True) -> AsyncIterator[Transaction]:
        """A transaction: of one moment; one that `writes` begins when nobody else does.

        Writers who ask while the disk is at work share the next commit, each behind a savepoint of its own.
        """
        if not writes:
            with self._reader() as reader, _transaction(reader) as transaction:
                _driver(reader).execute("BEGIN").close()
                yield transaction
            return
        give_up = asyncio.get_running_loop().time() + self._busy_seconds  # also of what those before have waited
        await self._take_turn()
        try:
            shared = self._shared = self._shared or await self._open_for_writing(give_up)
        except BaseException:
            self._turn.release()
            raise
        try:
            with shared.part() as transaction:
                yield transaction
        finally:
            if self._asking and shared.parts < _TOGETHER and shared.lost is None:
                self._turn.release()
            else:
                self._end(shared)
        await shared.end()
        if shared.error is not None:
            raise shared.error

    async def _take_turn(self) -> None:
        self._asking += 1
        try:
            await self._turn.acquire()
        except asyncio.CancelledError:
            if self._shared is not None and self._asking == 1 and not self._turn.locked():
                await self._turn.acquire()  # at once: those before had left the end to this one
                self._end(self._shared)
            raise
        finally:
            self._asking -= 1

    async def _open_for_writing(self, give_up: float) -> _Shared:
        if self._writer is None:
            self._writer = self._engine.connect()
            _driver(self._writer).execute("PRAGMA busy_timeout = 0").close()
        await self._lock(_driver(self._writer), give_up)
        return _Shared(self._writer)

    def _end(self, shared: _Shared) -> None:
        """Commit in a thread; the next writer's turn comes when the disk has done its work."""
        self._shared = None
        if shared.lost is not None or not shared.parts:
            self._close(shared, shared.lost)
            return
        self._disk.submit(self._commit, shared, asyncio.get_running_loop())

    def _commit(self, shared: _Shared, loop: asyncio.AbstractEventLoop) -> None:
        error: Exception | None = None
        try:
            shared.driver.commit()
        except Exception as failed:  # noqa: BLE001 - those who wait in the loop raise it
            error = failed
        loop.call_soon_threadsafe(self._close, shared, error)

    def _close(self, shared: _Shared, error: Exception | None) -> None:
        shared.close(error)
        if shared.driver.in_transaction:  # not even going back was possible: closing the file ends it
            self._forget_writer()
        self._turn.release()

    def _forget_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.invalidate()
            writer.close()

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Connection]:
        idle = self._readers
        reader = idle.pop() if idle else self._engine.connect()
        try:
            yield reader
        finally:
            if idle is self._readers and len(idle) < _IDLE:
                idle.append(reader)
            else:
                reader.close()

    async def _lock(self, driver: sqlite3.Connection, give_up: float) -> None:
        """Begin to write, as soon as no other process does."""
        loop, pause = asyncio.get_running_loop(), _SOONEST
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE").close()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > give_up:
                    raise
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LATEST)

    async def dispose(self) -> None:
        """Close the connections, that of the writers when those who write now have ended. It may be used again."""
        idle, self._readers = self._readers, []
        for reader in idle:
            reader.close()
        await self._take_turn()
        while (shared := self._shared) is not None:
            self._end(shared)
            await shared.end()
            await self._take_turn()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self._disk.shutdown(wait=False)  # it has nothing to do
        self._disk = _thread()
        self._turn.release()


class _Shared:
    """A transaction that writes, and what several users write in it."""

    def __init__(self, connection: Connection) -> None:
        self.driver = _driver(connection)
        self.parts = 0
        """How many users wait for its end."""
        self.lost: Exception | None = None
        """Why nothing in it can be kept."""
        self.error: Exception | None = None
        """Why nothing of it was kept, when it has ended."""
        self._has_ended = False
        self._waiters: list[asyncio.Future[None]] = []
        self._root = connection.begin()
        self._connection = connection

    @contextlib.contextmanager
    def part(self) -> Iterator[Transaction]:
        """One user's share: all of it, or, after an exception, nothing."""
        self.driver.execute("SAVEPOINT part").close()
        transaction = Transaction(self._connection)
        try:
            try:
                yield transaction
            finally:
                transaction.end()
            self.driver.execute("RELEASE part").close()
        except BaseException as error:
            self._leave_out(error)
            raise
        self.parts += 1

    def _leave_out(self, error: BaseException) -> None:
        """Go back to where a part began; after some errors SQLite has gone back to the very beginning by itself."""
        try:
            self.driver.execute("ROLLBACK TO part").close()
            self.driver.execute("RELEASE part").close()
        except sqlite3.Error as no_way_back:
            self.lost = error if isinstance(error, sqlite3.Error | DBAPIError) else no_way_back

    def close(self, error: Exception | None) -> None:
        """Tell everybody how it ended: with the driver's commit or, for an `error` or without parts, as if never."""
        try:
            if error is None and self.parts:
                self._root.commit()  # which the driver has done
            else:
                self._root.rollback()
        except SQLAlchemyError as failed:
            error = error or failed
        self.error, self._has_ended = error, True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def end(self) -> None:
        """Wait for the end, which cannot be stopped: who is cancelled waits for it too, and is cancelled then."""
        cancelled: asyncio.CancelledError | None = None
        while not self._has_ended:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError as request:
                cancelled = request
        if cancelled is not None:
            raise cancelled


@contextlib.contextmanager
def _transaction(connection: Connection) -> Iterator[Transaction]:
    transaction = Transaction(connection)
    with connection.begin():
        try:
            yield transaction
        finally:
            transaction.end()


def _driver(connection: Connection) -> sqlite3.Connection:
    found: Any = connection.connection.driver_connection
    return cast("sqlite3.Connection", found)


def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="interviewkit-disk")
