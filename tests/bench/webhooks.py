"""Webhooks received, verified, told apart and stored: how many a second, and how quickly beside slow clients."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp

from tests.bench.measure import Row
from tests.bench.webhooks_server import PATH, TOKEN

SESSION = json.loads(
    (Path(__file__).parent.parent / "payloads/codility/session_detail.not_started.response.json").read_bytes()
)
TURNS, TURN_SECONDS = 5, 0.5
SENDERS = 32
CORE = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
"""The server's."""
DUPLICATES = 10
"""One in so many deliveries comes a second time."""
SLOW_CLIENTS = 500
DRIP_SECONDS = 1.0
QUIET_SECONDS = 6.0
"""For how long the deliveries between the slow clients are timed."""
A_SECOND = 40
"""Deliveries between the slow clients."""
_SPARE_FILES = 200

numbers = itertools.count()


def delivery() -> tuple[bytes, dict[str, str]]:
    """A signed event that nobody has sent yet."""
    number = next(numbers)
    session = {**SESSION, "url": f"https://codility.com/api/sessions/BENCH{number:06}-ABC/", "candidate": f"b-{number}"}
    body = json.dumps({"event": "result", "session": session}).encode()
    checksum = hashlib.md5(body + TOKEN.encode(), usedforsecurity=False).hexdigest()
    return body, {"Authorization": f"Bearer {TOKEN}", "Checksum": checksum, "Content-Type": "application/json"}


async def webhooks() -> list[Row]:
    """The rows of both measurements."""
    with tempfile.TemporaryDirectory() as folder, on_other_cores():
        rates = await rates_of(Path(folder))
        with running("kit", Path(folder) / "slow.db") as url:
            late = await p99_between_slow_clients(url)
    kit, bare, whole = (statistics.median(rates[name]) for name in ("kit", "bare", "whole"))
    ratio = statistics.median(a / b for a, b in zip(rates["kit"], rates["bare"], strict=True))
    return [
        Row("webhooks: received, verified, stored", kit, 300, unit="/s", smaller_is_better=False),
        Row("webhooks: the same while events are processed", whole, None, unit="/s", smaller_is_better=False),
        Row("webhooks: a bare handler that inserts a row", bare, None, unit="/s", smaller_is_better=False),
        Row("webhooks: rate by that of the bare handler", ratio, None, unit="x", smaller_is_better=False),
        Row(f"webhooks: p99 beside {slow_clients()} clients at a byte a second", late, 1.0, unit="s"),
    ]


async def rates_of(folder: Path) -> dict[str, list[float]]:
    """Events a second of each server, in turns; each server has one core, and the senders have another."""
    kinds = ("kit", "bare", "whole")
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    sent: dict[str, int] = dict.fromkeys(kinds, 0)
    with contextlib.ExitStack() as stack:
        urls = {kind: stack.enter_context(running(kind, folder / f"{kind}.db")) for kind in kinds}
        for turn in range(TURNS + 1):
            for kind, url in urls.items():
                count, seconds = await _turn(url)
                sent[kind] += count
                if turn:  # the first one warms up
                    found[kind].append(count / seconds)
    for kind, table in (("kit", "webhook"), ("bare", "event")):
        with contextlib.closing(sqlite3.connect(folder / f"{kind}.db")) as connection:
            (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        least = sent[kind] * (1 - 1 / DUPLICATES) - SENDERS * TURNS if kind == "kit" else sent[kind]
        assert least <= rows <= sent[kind], f"{kind}: {sent[kind]} were sent, {rows} are stored"
    return found


async def _turn(url: str) -> tuple[int, float]:
    """Post to a server for a while; how many were accepted, in how many seconds."""
    loop, count = asyncio.get_running_loop(), 0

    async def send(session: aiohttp.ClientSession) -> None:
        nonlocal count
        last = delivery()
        while loop.time() < until:
            if next(numbers) % DUPLICATES:
                last = delivery()
            async with session.post(url + PATH, data=last[0], headers=last[1]) as answer:
                assert answer.status == 200
            count += 1

    async with aiohttp.ClientSession() as session:
        began = loop.time()
        until = began + TURN_SECONDS
        await asyncio.gather(*(send(session) for _ in range(SENDERS)))
    return count, loop.time() - began


async def p99_between_slow_clients(url: str) -> float:
    """Seconds within which 99 of 100 deliveries are answered, each over a connection of its own."""
    loop, took = asyncio.get_running_loop(), list[float]()

    async def deliver(session: aiohttp.ClientSession) -> None:
        body, headers = delivery()
        began = loop.time()
        async with session.post(url + PATH, data=body, headers=headers) as answer:
            assert answer.status == 200
        took.append(loop.time() - began)

    async with (
        slow(url, slow_clients()),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as one,
    ):
        sent = set[asyncio.Task[None]]()
        for _ in range(round(QUIET_SECONDS * A_SECOND)):
            sent.add(asyncio.create_task(deliver(one)))
            await asyncio.sleep(1 / A_SECOND)
        await asyncio.gather(*sent)
    return statistics.quantiles(took, n=100)[98]


@contextlib.asynccontextmanager
async def slow(url: str, count: int) -> AsyncIterator[None]:
    """So many clients that send a byte a second, half in a head and half in a body; who is cut off comes again."""
    host, port = url.removeprefix("http://").split(":")
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\n".encode()

    async def drip(number: int) -> None:
        await asyncio.sleep(number / count * DRIP_SECONDS)
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(head + (b"Content-Length: 100000\r\n\r\n" if number % 2 else b"X-Slow: "))
                try:
                    while not writer.is_closing():
                        await asyncio.sleep(DRIP_SECONDS)
                        writer.write(b"a")
                finally:
                    writer.transport.abort()

    tasks = [asyncio.create_task(drip(number)) for number in range(count)]
    await asyncio.sleep(2 * DRIP_SECONDS)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def slow_clients() -> int:
    """As many as there should be, or as the system lets a process have connections."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return SLOW_CLIENTS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < SLOW_CLIENTS + _SPARE_FILES:
        wanted = SLOW_CLIENTS + _SPARE_FILES
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(SLOW_CLIENTS, soft - _SPARE_FILES) if soft != resource.RLIM_INFINITY else SLOW_CLIENTS


@contextlib.contextmanager
def on_other_cores() -> Iterator[None]:
    """Leave the first core to the server, where there is another one for the clients."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    others = {core for core in cores if core != CORE}
    os.sched_setaffinity(0, others or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def running(kind: str, database: Path) -> Iterator[str]:
    """A server in a process of its own, pinned to one core; its URL."""
    script = str(Path(__file__).parent / "webhooks_server.py")
    with subprocess.Popen(
        [sys.executable, script, kind, str(database), str(CORE)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
