"""Many writers at once on SQLite in bad weather: the rows are the judge."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from interviewkit.errors import StoreError
from interviewkit.harvest import Store

from .writers import BACK_TO_THE_BEGINNING, Disk, connect, fail, kept, put, write


class Storm:
    """Many writers at once, of whom some fail, some are cancelled, and some meet another process or a bad disk."""

    def __init__(self, store: Store, disk: Disk, other: sqlite3.Connection, seed: int) -> None:
        self.store, self.disk, self.other = store, disk, other
        self.random = random.Random(seed)
        self.ends: dict[str, str] = {}
        self.noise: list[Any] = []

    async def writer(self, name: str) -> None:
        chance, pause = self.random.random(), self.random.choice([0, 0, 0, 1, 3])
        try:
            async with self.store.writing() as transaction:
                await put(transaction, f"{name}x")
                for _ in range(pause):
                    await asyncio.sleep(0)
                await put(transaction, f"broken{name}" if chance < 0.03 else None if chance < 0.1 else f"{name}y")
                if chance > 0.9:
                    await fail()
        except BaseException as error:
            self.ends[name] = type(error).__name__
            if not isinstance(error, StoreError | LookupError | asyncio.CancelledError):
                raise
        else:
            self.ends[name] = ""
            assert {f"{name}x", f"{name}y"} <= set(kept(self.other))

    async def weather(self) -> None:
        while True:
            with contextlib.suppress(sqlite3.OperationalError):
                self.other.execute("BEGIN IMMEDIATE")
                try:
                    await asyncio.sleep(self.random.choice([0.001, 0.02]))
                finally:
                    self.other.execute("ROLLBACK")
            if self.random.random() < 0.2:
                self.disk.failures = ["disk I/O error"]
            await asyncio.sleep(0.01)

    async def blow(self, count: int) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: self.noise.append(context))
        weather = asyncio.create_task(self.weather())
        tasks = []
        for number in range(count):
            tasks.append(asyncio.create_task(self.writer(f"{number}")))
            if self.random.random() < 0.15:
                self.random.choice(tasks[-30:]).cancel()
            if self.random.random() < 0.2:
                await asyncio.sleep(self.random.choice([0, 0, 0.001]))
        await asyncio.gather(*tasks, return_exceptions=True)
        weather.cancel()
        await asyncio.gather(weather, return_exceptions=True)


@pytest.mark.parametrize("seed", range(2))
async def test_after_a_storm_the_rows_are_those_of_the_writers_who_heard_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    disk = Disk()
    monkeypatch.setattr(sqlite3, "connect", disk.connect)
    monkeypatch.setattr("interviewkit.harvest.engine.BUSY_SECONDS", 0.015)
    path = tmp_path / "store.db"
    async with asyncio.timeout(60), await Store.open(path) as store:
        with contextlib.closing(connect(path, timeout=0, isolation_level=None)) as other:
            other.execute(BACK_TO_THE_BEGINNING)
            storm = Storm(store, disk, other, seed)
            await storm.blow(1000)
            disk.failures.clear()
            await write(store, "lastx", "lasty")
            found = kept(other)
    names = {name[:-1] for name in found}
    assert found == sorted(name + part for name in names for part in "xy")
    sure = {name for name, end in storm.ends.items() if not end} | {"last"}
    maybe = {name for name, end in storm.ends.items() if end == "CancelledError"}
    assert sure <= names <= sure | maybe
    assert {"", "CancelledError", "LookupError", "StoreError"} == set(storm.ends.values())
    assert storm.noise == []
