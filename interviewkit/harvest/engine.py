"""From a store's URL to a database engine: SQLite in one file, or PostgreSQL over psycopg."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, CursorResult, Dialect, Executable, ScalarResult, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.harvest import sqlite
from interviewkit.harvest.schema import VERSION_TABLE

T = TypeVar("T")
_HINT = "write sqlite:///interviewkit.db, or postgresql://USER@HOST/DATABASE"
_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
BUSY_SECONDS = 60
"""How long a process waits for another one that is writing to the same SQLite file."""
_LEAST_IDLE = 5.0


def parse(url: str | os.PathLike[str]) -> URL:
    """A store's URL with its driver; a bare path is a SQLite file.

    Raises `ConfigurationError` without the URL in it.
    """
    text = os.fspath(url) if isinstance(url, os.PathLike) else url
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError("a store is named by a URL", hint=_HINT)
    if "://" not in text:
        if isinstance(url, str) and Path(text).suffix not in {".db", ".sqlite", ".sqlite3"}:
            raise ConfigurationError(
                "the store's name is neither a URL nor a file ending in .db or .sqlite", hint=_HINT
            )
        return URL.create("sqlite", database=text)
    scheme = text.partition("://")[0]
    driver = _DRIVERS.get(scheme)
    if driver is None:
        shown = scheme if scheme.replace("+", "").isalnum() else "something else"
        raise ConfigurationError(f"a store is SQLite or PostgreSQL, not {shown}", hint=_HINT)
    try:
        found = make_url(text).set(drivername=driver)
    except (ArgumentError, ValueError):
        raise ConfigurationError("the store's URL cannot be read", hint=_HINT) from None
    if driver.startswith("sqlite") and found.database in {None, "", ":memory:"}:
        raise ConfigurationError("the store's URL names no file", hint=_HINT)
    if driver.startswith("postgresql") and not found.database:
        raise ConfigurationError("the store's URL names no database", hint=_HINT)
    return found


def shown(url: URL) -> str:
    """The URL for messages: without its password and options."""
    if url.drivername.startswith("sqlite"):
        return str(url.database)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def connect(url: URL, *, idle_seconds: float = 30.0) -> AsyncEngine | sqlite.Engine:
    """What makes transactions.

    PostgreSQL ends a transaction that says nothing for `idle_seconds`: a machine that was paused in the middle of one
    would keep its locks, above all that of `seq`, which every writer needs.
    """
    if url.drivername.startswith("sqlite"):
        return _sqlite(url)
    try:
        engine = create_async_engine(url, pool_pre_ping=True, hide_parameters=True, pool_size=5, max_overflow=5)
    except ModuleNotFoundError:
        raise ConfigurationError(
            "a store on PostgreSQL needs an extra", hint="pip install 'interviewkit[postgres]'"
        ) from None

    def limit_idleness(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = {round(max(_LEAST_IDLE, idle_seconds) * 1000)}")
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", limit_idleness)
    return engine


def _sqlite(url: URL) -> sqlite.Engine:
    path = Path(str(url.database))
    try:
        # Candidates' data: for the owner's eyes only, from the first byte on. Its companions take over the mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"the store {path} cannot be opened: {error.strerror}", hint="name a file in a folder that can be written"
        ) from None
    _refuse_strangers(path)
    return sqlite.Engine(path, busy_seconds=BUSY_SECONDS)


def _refuse_strangers(path: Path) -> None:
    """Raise `ConfigurationError` for another program's file, before anything of it is changed."""
    if path.stat().st_size == 0:
        return
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as opened:
            names = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:  # whoever opens it for writing says why
        return
    if names and VERSION_TABLE not in names:
        raise ConfigurationError(
            f"{path} holds tables of another program ({', '.join(sorted(names)[:3])})", hint="name another file"
        )


class Transaction(Protocol):
    """A transaction that is under way: what is used of SQLAlchemy's `AsyncConnection`."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]: ...

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any: ...

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]: ...

    async def run_sync(self, function: Callable[..., T], *given: Any) -> T: ...


async def rows(
    connection: Transaction, statement: Executable, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:  # fmt: skip
    """What a select that is a constant finds: on SQLite it is prepared once, and done without SQLAlchemy."""
    if isinstance(connection, sqlite.Transaction):
        return connection.rows(statement, parameters)
    return [dict(row) for row in (await connection.execute(statement, parameters)).mappings()]


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what the database raises into `StoreError`, in one line without any value of a row."""
    try:
        yield
    except DBAPIError as error:
        raise _refusal(name, error) from None
    except sqlite3.Error as error:
        raise _refusal(name, DBAPIError(None, None, error)) from None
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        lost = isinstance(error, OSError | TimeoutError | PoolTimeoutError)
        raise StoreError(f"the store {name} failed ({type(error).__name__})", retryable=lost) from None


_CAUSES = (
    ("database or disk is full", "the disk is full", False),
    ("No space left on device", "the disk is full", False),
    ("could not extend file", "the disk is full", False),
    ("could not write", "the disk is full or broken", False),
    ("disk I/O error", "the disk cannot be written", False),
    ("readonly database", "the file cannot be written", False),
    ("FATAL:  database", "there is no such database", False),
    ("FATAL:  role", "there is no such role", False),
    ("FATAL:  password authentication failed", "the password is refused", False),
    ("no password supplied", "it wants a password", False),
    ("is locked", "another process holds it for too long", True),
    ("deadlock detected", "another process was in the way", True),
    ("file is not a database", "the file is no SQLite database", False),
    ("unable to open database file", "the file cannot be opened", False),
    ("malformed", "the file is damaged", False),
)
"""What databases say, in the user's words; and whether it may pass by itself."""


def _refusal(name: str, error: DBAPIError) -> StoreError:
    said = str(error.orig)
    for text, cause, retryable in _CAUSES:
        if text in said:
            return StoreError(f"the store {name} cannot be used: {cause}", retryable=retryable)
    state = getattr(error.orig, "sqlstate", None) or ""
    # No connection, or one that the server ended (PostgreSQL's classes 08 and 57P, and 25P03 after a pause; without a
    # state none was made).
    away = type(error.orig).__name__ in _LOST and (not state or state[:2] in {"08", "57"} or state == "25P03")
    if not isinstance(error.orig, sqlite3.Error) and (error.connection_invalidated or away):
        return StoreError(f"the store {name} cannot be reached", retryable=True, hint="is the server up?")
    kind = type(error.orig).__name__
    return StoreError(f"the store {name} refused a statement ({kind}{f', {state}' if state else ''})")


_LOST = frozenset({
    "OperationalError", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "InterfaceError", "ConnectionTimeout",
    "IdleInTransactionSessionTimeout",
})  # fmt: skip
