"""A receiver of webhooks as a process of its own: `python webhooks_server.py KIND DATABASE CORE`, until stdin ends.

`kit` is the receiver behind its own server, storing events; `whole` also processes them meanwhile into the harvest's
store, from what was posted; `bare` is a plain aiohttp.web handler that inserts a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aiohttp import web

from interviewkit import Codility, Hub
from interviewkit.harvest import Store
from interviewkit.webhooks import WebhookReceiver
from interviewkit.webhooks.serve import Site, listen

ACCOUNT, SECRET, TOKEN = "acme", "acme-secret-0123456789", "callback-token"
PATH = f"/{ACCOUNT}/{SECRET}"


@contextlib.asynccontextmanager
async def kit(database: Path, *, is_processing: bool = False) -> AsyncIterator[str]:
    """The receiver, as `interviewkit webhooks serve` runs it."""
    async with (
        Hub([Codility(token="t", account=ACCOUNT, base_url="http://127.0.0.1:1")]) as hub,
        await Store.open(database) as store,
    ):
        receiver = WebhookReceiver(hub, store, secrets={ACCOUNT: SECRET}, tokens={ACCOUNT: TOKEN}, fetch_back=False)
        application = receiver.application()
        if not is_processing:
            application.cleanup_ctx.clear()  # it would start the receiver's processing
        async with Site(application, listen("127.0.0.1", 0), drain_seconds=1.0) as site:
            yield site.url


@contextlib.asynccontextmanager
async def bare(database: Path) -> AsyncIterator[str]:
    """What a person would write first: a row per delivery, as durable, without any check."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT, body TEXT)")

    async def take(request: web.Request) -> web.Response:
        event = await request.json()
        connection.execute("INSERT INTO event (type, body) VALUES (?, ?)", (event["event"], json.dumps(event)))
        return web.Response()

    application = web.Application()
    application.router.add_post(PATH, take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    listening = listen("127.0.0.1", 0)
    await web.SockSite(runner, listening).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    await runner.cleanup()
    connection.close()


async def main(kind: str, database: str, core: str) -> None:
    """Serve, print where, and end with standard input."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    made = bare(Path(database)) if kind == "bare" else kit(Path(database), is_processing=kind == "whole")
    async with made as url:
        print(url, flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
