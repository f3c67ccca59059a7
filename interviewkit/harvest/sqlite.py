"""SQLite's driver with few visits to the connection's thread: aiosqlite alone makes four a statement.

A transaction of a harvest is a handful of small statements, and waking a thread takes longer than most of them. The
thread does what may wait: for the lock that a write begins with, for rows that are read, and for the disk at the end
of a write. Once the lock is held, a write goes into SQLite's memory: that is done on the spot.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Self

import aiosqlite

AT_ONCE = 100
"""Rows that are read with the statement itself. A statement with fewer is over then."""
READING, WRITING = "BEGIN", "BEGIN IMMEDIATE"


async def connect(path: Path, *, busy_seconds: float) -> Connection:
    """Open a file, in autocommit. `busy_seconds` are waited for another process that writes to it."""
    connection = Connection(
        lambda: sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False),
        iter_chunk_size=AT_ONCE,
    )
    # A thread that waits for statements must not hold up the end of a process that was told to stop at once.
    thread: Any = getattr(connection, "_thread", connection)  # before aiosqlite 0.22 it was the thread itself
    assert isinstance(thread, Thread)  # noqa: S101
    thread.daemon = True
    await connection
    return connection


class Connection(aiosqlite.Connection):
    """A connection whose transactions begin with their first statement, which brings its first rows along."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        self._beginning: str | None = None
        """A transaction's first words, of which SQLite knows nothing yet."""
        self._begun: str | None = None
        """Those of a transaction that has begun, while the thread has nothing to do."""
        self._used = False
        """Whether anything was done since the last transaction's end."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, of which SQLite knows nothing yet either."""
        return Cursor(self)

    def begin(self, words: str) -> None:
        """Let the next statement begin a transaction. It is that one which fails when another process has the file."""
        self._beginning = words

    async def visit(self, function: Callable[..., Any], *given: Any) -> Any:
        """Call a function in the connection's thread, or on the spot."""
        self._used = True
        if self._begun == WRITING:
            return function(*given)
        begun, self._begun = self._begun, None
        if self._beginning is None:
            found = await self._execute(function, *given)  # type: ignore[no-untyped-call]
        else:
            begun, self._beginning = self._beginning, None
            found = await self._execute(self._after, begun, function, *given)  # type: ignore[no-untyped-call]
        self._begun = begun
        return found

    def _after(self, words: str, function: Callable[..., Any], *given: Any) -> Any:
        self.file.execute(words).close()
        return function(*given)

    async def commit(self) -> None:
        """Commit the transaction, if one has begun."""
        await self._finish(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        """Roll the transaction back, if one has begun."""
        await self._finish(sqlite3.Connection.rollback)

    async def _finish(self, end: Callable[[sqlite3.Connection], None]) -> None:
        begun, self._begun, self._beginning = self._begun, None, None
        if not self._used:
            return
        if begun == READING:
            end(self.file)
        else:
            await self._execute(end, self.file)  # type: ignore[no-untyped-call]
        self._used = False  # not if this was cancelled: then the next one to have the connection rolls back

    @property
    def file(self) -> sqlite3.Connection:
        """The open file, for a visit. Raises `ValueError` when it is closed."""
        return self._conn


class Cursor:
    """What SQLAlchemy asks of a cursor of aiosqlite."""

    __slots__ = ("_connection", "_open", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        """SQLite's cursor, while it has more rows."""
        self._rows: deque[Any] = deque()
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, words: str, *given: Any) -> Self:
        """Do a statement, and read its first rows."""
        await self.close()
        await self._connection.visit(self._start, self._connection.file.execute, words, *given)
        return self

    async def executemany(self, words: str, *given: Any) -> Self:
        """Do a statement for each set of parameters."""
        await self.close()
        await self._connection.visit(self._start, self._connection.file.executemany, words, *given)
        return self

    async def fetchone(self) -> Any:
        """The next row, or `None`."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """The next rows; none when there are no more."""
        wanted = size or self.arraysize
        if len(self._rows) < wanted and self._open is not None:
            await self._connection.visit(self._read, max(wanted, AT_ONCE))
        return [self._rows.popleft() for _ in range(min(wanted, len(self._rows)))]

    async def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""
        if self._open is not None:
            await self._connection.visit(self._read, None)
        rows, self._rows = self._rows, deque()
        return rows

    async def close(self) -> None:
        """Leave the rows that nobody read."""
        self._rows.clear()
        if self._open is not None:
            left, self._open = self._open, None
            await self._connection.visit(left.close)

    # --- in a visit ---

    def _start(self, statement: Callable[..., sqlite3.Cursor], *given: Any) -> None:
        cursor = self._open = statement(*given)
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self._read(AT_ONCE if cursor.description is not None else 0)
        self.rowcount = cursor.rowcount

    def _read(self, size: int | None) -> None:
        """Read so many more rows, `None`: all; at their end SQLite's cursor is closed."""
        assert self._open is not None  # noqa: S101
        rows = () if size == 0 else self._open.fetchall() if size is None else self._open.fetchmany(size)
        self._rows.extend(rows)
        if not size or len(rows) < size:
            self._open.close()
            self._open = None
