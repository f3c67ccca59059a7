"""A receiver in a process of its own, which kills itself where it is told to."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import attrs
from aiohttp import web

from interviewkit import Hub, WebhookEvent, connect
from interviewkit.harvest import Store
from interviewkit.webhooks import Schedule, WebhookReceiver
from interviewkit.webhooks.inbox import Inbox

PRELOADED = [
    "pytest", "aiohttp", "alembic.command", "cattrs", "interviewkit.webhooks.receiver",
    "interviewkit.webhooks.web", "interviewkit.http.transport", "interviewkit.providers.codility",
    "interviewkit.providers.remoteinterview", "sqlalchemy.dialects.postgresql.psycopg",
    "interviewkit.harvest.sqlite",
]  # fmt: skip


@attrs.frozen(kw_only=True)
class Job:
    """What a child does."""

    store: str
    accounts: dict[str, dict[str, Any]]
    secrets: dict[str, str]
    port: int
    ready: str
    """The file that says that it listens."""
    calls: str
    """The file that gets a line a callback."""
    crash: str | None = None
    """`stored`: between commit and answer; `called`: between callback and its being written down."""
    lease_seconds: float = 0.5


def run(job: Job) -> None:
    asyncio.run(_serve(job))


async def _serve(job: Job) -> None:
    async def note(event: WebhookEvent) -> None:
        with Path(job.calls).open("a") as file:  # noqa: ASYNC230 - the write must be done before the kill
            file.write(f"{event.dedupe_key} {event.reference}\n")
        if job.crash == "called":
            _die()

    if job.crash == "stored":
        put = Inbox.put

        async def put_and_die(self: Inbox, arrivals: Any) -> Any:
            await put(self, arrivals)
            _die()

        Inbox.put = put_and_die  # type: ignore[method-assign]
    providers = [
        connect(given.pop("provider"), account=label, limit=None, **given) for label, given in job.accounts.items()
    ]
    async with Hub(providers) as hub, await Store.open(job.store, lease_seconds=job.lease_seconds) as store:
        schedule = Schedule(first=0.01, longest=0.05, look_every=0.02)
        receiver = WebhookReceiver(hub, store, secrets=job.secrets, on_event=note, schedule=schedule)
        runner = web.AppRunner(receiver.application(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", job.port).start()
        Path(job.ready).touch()  # noqa: ASYNC240
        await asyncio.Event().wait()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@functools.cache
def _processes() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@asynccontextmanager
async def child(job: Job) -> AsyncIterator[BaseProcess]:
    """A child that listens; killed at the end."""
    Path(job.ready).unlink(missing_ok=True)  # noqa: ASYNC240
    process: BaseProcess = _processes().Process(target=run, args=(job,))
    process.start()
    try:
        async with asyncio.timeout(30):
            while not Path(job.ready).exists():  # noqa: ASYNC240 - a process sets no event
                assert process.is_alive()
                await asyncio.sleep(0.01)
        yield process
    finally:
        process.kill()
        await ended(process)


async def ended(process: BaseProcess) -> None:
    async with asyncio.timeout(30):
        while process.is_alive():  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
