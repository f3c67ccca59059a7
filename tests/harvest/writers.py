"""Writers to a store on SQLite, and a disk under it that does as a test tells it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

from interviewkit.harvest import Store, items, schema
from interviewkit.harvest.engine import Transaction

AT = datetime(2026, 11, 2, tzinfo=UTC)
BACK_TO_THE_BEGINNING = """
    CREATE TRIGGER back BEFORE INSERT ON delivery WHEN NEW.consumer LIKE 'broken%'
    BEGIN SELECT RAISE(ROLLBACK, 'disk I/O error'); END
"""
connect = sqlite3.connect


class Disk:
    """What lies under a store: it counts commits, takes its time, and fails when told to."""

    def __init__(self) -> None:
        self.commits = 0
        self.opened = 0
        """Connections that are open."""
        self.failures: list[str] = []
        """What it says to the next commits; `""`: nothing is wrong."""
        self.goes_back = True
        self.free = threading.Event()
        self.free.set()

    def connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        disk = self

        class Driver(sqlite3.Connection):
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                disk.opened += 1

            def close(self) -> None:
                disk.opened -= 1
                super().close()

            def commit(self) -> None:
                if not self.in_transaction:
                    return
                disk.commits += 1
                disk.free.wait(5)
                if disk.failures and (said := disk.failures.pop(0)):
                    raise sqlite3.OperationalError(said)
                super().commit()

            def rollback(self) -> None:
                if not disk.goes_back:
                    raise sqlite3.OperationalError("disk I/O error")
                super().rollback()

        return connect(*args, **options, factory=Driver)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


def kept(other: sqlite3.Connection) -> list[str]:
    return sorted(name for (name,) in other.execute("SELECT consumer FROM delivery"))


async def put(transaction: Transaction, *names: str | None) -> None:
    for name in names:
        await items.put(transaction, schema.delivery, [{"consumer": name, "seq": 1, "delivered_at": AT}])


async def write(store: Store, *names: str | None, then: Callable[[], Coroutine[Any, Any, Any]] | None = None) -> None:
    async with store.writing() as transaction:
        await put(transaction, *names)
        if then is not None:
            await then()


async def settle() -> None:
    """Let everybody come to where nothing goes on by itself."""
    for _ in range(20):
        await asyncio.sleep(0)


async def fail() -> None:
    raise LookupError


def start(store: Store, *names: str | None, **options: Any) -> asyncio.Task[None]:
    return asyncio.create_task(write(store, *names, **options))


async def ended(*tasks: asyncio.Task[None]) -> list[str]:
    """How each of them ended: `""` or the name of an error."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return ["" if one is None else type(one).__name__ for one in found]


async def waiting(store: Store, disk: Disk, *writers: Callable[[], asyncio.Task[None]]) -> list[asyncio.Task[None]]:
    """Writers who asked, in this order, while the disk was busy with another one's commit; now it is free again."""
    with disk.busy():
        first = start(store, "first")
        await settle()
        asked = [one() for one in writers]
        await settle()
    await first
    return asked
