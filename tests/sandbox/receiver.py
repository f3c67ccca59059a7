"""Somebody on loopback to whom webhooks are posted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
from aiohttp import web


@attrs.frozen
class Post:
    """One webhook as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Keeps every post and answers it with the next of `answers`, then with 200."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self.meanwhile: Callable[[Post], Awaitable[None]] | None = None
        self.url = ""
        self._seen = 0

    async def take(self, request: web.Request) -> web.Response:
        post = Post(request.path, dict(request.headers), await request.read())
        self.posts.append(post)
        if self.meanwhile is not None:
            await self.meanwhile(post)
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": self.url} if status // 100 == 3 else {})

    @property
    def events(self) -> list[str]:
        """The events that arrived, in their order."""
        return [post.json.get("event") or post.json["type"] for post in self.posts]

    def callbacks(self, *events: str) -> list[dict[str, str]]:
        """An invite's `event_callbacks`, all to one URL."""
        return [{"event": event, "url": self.url} for event in events or ("result", "similarity")]


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/{tail:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/s3cret?account=1"
    try:
        yield receiver
    finally:
        await runner.cleanup()
