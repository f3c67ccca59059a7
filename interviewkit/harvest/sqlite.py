"""SQLite's driver with one visit to the connection's thread a statement, where aiosqlite alone makes four.

A transaction of a harvest is a handful of small statements. Most of its time would be spent waking threads: for the
cursor, the statement, its rows, and the cursor's end.
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


async def connect(path: Path, *, busy_seconds: float) -> Connection:
    """Open a file, in autocommit. `busy_seconds` are waited for another process that writes to it."""
    connection = Connection(
        lambda: sqlite3.connect(path, timeout=busy_seconds, isolation_level=None), iter_chunk_size=AT_ONCE
    )
    # A thread that waits for statements must not hold up the end of a process that was told to stop at once.
    thread: Thread = getattr(connection, "_thread", connection)  # before aiosqlite 0.22 it was the thread itself
    thread.daemon = True
    await connection
    return connection


class Connection(aiosqlite.Connection):
    """A connection whose cursors read a statement's first rows with the statement."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, of which SQLite knows nothing yet."""
        return Cursor(self)

    async def visit(self, function: Callable[..., Any], *given: Any) -> Any:
        """Call a function in the connection's thread."""
        return await self._execute(function, *given)  # type: ignore[no-untyped-call]

    @property
    def file(self) -> sqlite3.Connection:
        """The open file, for the connection's thread. Raises `ValueError` when it is closed."""
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

    async def execute(self, *given: Any) -> Self:
        """Do a statement, and read its first rows."""
        await self._do(self._connection.file.execute, given)
        return self

    async def executemany(self, *given: Any) -> Self:
        """Do a statement for each set of parameters."""
        await self._do(self._connection.file.executemany, given)
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

    async def _do(self, statement: Callable[..., sqlite3.Cursor], given: Sequence[Any]) -> None:
        await self.close()
        await self._connection.visit(self._begin, statement, given)

    # --- in the connection's thread ---

    def _begin(self, statement: Callable[..., sqlite3.Cursor], given: Sequence[Any]) -> None:
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
